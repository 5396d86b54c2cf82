/* source_cold.c - names, extents and pieces of the cold tier, from the index alone; see source_cold.h. */
#include "engine/source_cold.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ---- What the entries of the index say ---- */

static int find_entry(struct cold_source *s, const char *name, size_t len, struct coldindex_entry *e,
		      struct count_error *err)
{
	int ret = cold_index_find(s->view->index, name, len, e, err);

	return ret == 1 ? e->any : ret;
}

static int cold_has(void *state, const char *name, size_t len, struct count_error *err)
{
	struct coldindex_entry e;

	return find_entry(state, name, len, &e, err);
}

static int cold_extent(void *state, const char *name, size_t len, struct extent *x, struct count_error *err)
{
	struct coldindex_entry e;
	int ret = find_entry(state, name, len, &e, err);

	if (ret == 1)
		extent_add(x, e.first, e.last);
	return ret < 0 ? ret : COUNT_OK;
}

static int cold_latest(void *state, const char *name, size_t len, bool *any, int64_t *latest,
		       struct count_error *err)
{
	struct coldindex_entry e;
	int ret = find_entry(state, name, len, &e, err);

	if (ret == 1 && (!*any || e.last > *latest)) {
		*any = true;
		*latest = e.last;
	}
	return ret < 0 ? ret : COUNT_OK;
}

static void cold_extent_all(void *state, struct extent *x)
{
	struct cold_source *s = state;
	struct cold_totals t = { 0 };

	if (cold_index_totals(s->view->index, &t, NULL) == COUNT_OK && t.any)
		extent_add(x, t.first, t.last);
}

/*
 * The name is a copy: the index may change under the walk, when a manifest is read again in the midst of a query.
 * Then the walk begins anew, behind the last name.
 */
struct cold_names {
	struct name_iter base;
	const struct cold_view *view;
	struct cold_index_cursor cursor;
	uint64_t version;
	char name[COUNT_SERIES_MAX + 1];
	size_t len;
};

static int cold_names_next(struct name_iter *it, const char **name, size_t *len, struct count_error *err)
{
	struct cold_names *n = (struct cold_names *)it;
	struct coldindex_entry e;
	int ret;

	if (n->version != n->view->version)
		n->cursor = (struct cold_index_cursor){ 0 };
	n->version = n->view->version;
	do {
		ret = cold_index_next(n->view->index, &n->cursor, &e, err);
	} while (ret == 1 && (!e.any || name_order(e.name, e.name_len, n->name, n->len) <= 0));
	if (ret != 1)
		return ret;
	memcpy(n->name, e.name, e.name_len);
	n->len = e.name_len;
	*name = n->name;
	*len = n->len;
	return 1;
}

static void cold_names_close(struct name_iter *it)
{
	free(it);
}

static const struct name_iter_ops cold_names_ops = { cold_names_next, cold_names_close };

static int cold_names(void *state, struct name_iter **it, struct count_error *err)
{
	struct cold_source *s = state;
	struct cold_names *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return err_nomem(err);
	n->base.ops = &cold_names_ops;
	n->view = s->view;
	n->version = s->view->version;
	*it = &n->base;
	return COUNT_OK;
}

/* ---- The manifest of one series ---- */

void cold_block_close(struct cold_block *b)
{
	chunklist_close(&b->list);
	cold_object_free(&b->object);
	free(b->times);
	free(b->values);
	b->times = NULL;
	b->values = NULL;
	b->n = 0;
	points_hash_delete(b->hash);
	b->hash = NULL;
	b->open = false;
}

void cold_source_unload(struct cold_source *s)
{
	for (size_t i = 0; s->blocks != NULL && i < s->manifest.nblocks; i++)
		if (s->blocks[i].open)
			cold_block_close(&s->blocks[i]);
	free(s->blocks);
	s->blocks = NULL;
	manifest_free(&s->manifest);
	s->loaded = false;
	s->has_failed = false;
}

/* Rows that are not in order, or do not lie in the block, are not used. */
static bool days_good(const struct manifest_block *b)
{
	for (size_t i = 0; i < b->ndays; i++) {
		const struct chunk_stats *d = &b->days[i];

		if (d->first_time > d->last_time || d->count == 0 || d->first_time < b->start ||
		    d->last_time > b->end || (i > 0 && d->first_time <= b->days[i - 1].last_time))
			return false;
	}
	return b->ndays > 0 && b->days[0].first_time == b->start && b->days[b->ndays - 1].last_time == b->end;
}

struct span {
	int64_t start, end;
	size_t block;
};

static int by_start(const void *a, const void *b)
{
	const struct span *p = a, *q = b;

	return (p->start > q->start) - (p->start < q->start);
}

/* A sweep: a block overlaps an earlier one if the furthest end so far reaches it, a later one if it
 * reaches the next start. */
static int find_overlaps(struct cold_source *s)
{
	const struct manifest *m = &s->manifest;
	struct span *v = calloc(m->nblocks + 1, sizeof(*v));
	int64_t reach = INT64_MIN;

	if (v == NULL)
		return COUNT_ERR_NOMEM;
	for (size_t i = 0; i < m->nblocks; i++)
		v[i] = (struct span){ m->blocks[i].start, m->blocks[i].end, i };
	qsort(v, m->nblocks, sizeof(*v), by_start);
	for (size_t i = 0; i < m->nblocks; i++) {
		s->blocks[v[i].block].overlaps = (i > 0 && reach >= v[i].start) ||
						 (i + 1 < m->nblocks && v[i + 1].start <= v[i].end);
		if (v[i].end > reach)
			reach = v[i].end;
	}
	free(v);
	return COUNT_OK;
}

static bool is_left_out(const struct cold_view *v, const char *key)
{
	for (size_t i = 0; i < v->nleft_keys; i++)
		if (strcmp(v->left_keys[i], key) == 0)
			return true;
	return false;
}

static int prepare_blocks(struct cold_source *s)
{
	const struct manifest *m = &s->manifest;

	s->blocks = calloc(m->nblocks + 1, sizeof(*s->blocks));
	if (s->blocks == NULL)
		return COUNT_ERR_NOMEM;
	for (size_t i = 0; i < m->nblocks; i++) {
		s->blocks[i].days_good = days_good(&m->blocks[i]);
		s->blocks[i].left_out = is_left_out(s->view, m->blocks[i].key);
	}
	return find_overlaps(s);
}

int cold_source_load(struct cold_source *s, const char *name, size_t len, struct count_error *err)
{
	bool again = s->len == len && memcmp(s->name, name, len) == 0;
	struct coldindex_entry e;
	int ret;

	if (s->loaded && again && s->version == s->view->version)
		return 1;
	cold_source_unload(s);
	if (!again) {
		s->refreshed = false;
		s->left = false;
		memcpy(s->name, name, len);
		s->name[len] = '\0';
		s->len = len;
	}
	ret = cold_index_manifest(s->view->index, name, len, &s->manifest, &e, err);
	if (ret != 1)
		return ret;
	if (prepare_blocks(s) != COUNT_OK) {
		cold_source_unload(s);
		return err_nomem(err);
	}
	s->loaded = true;
	s->version = s->view->version;
	return 1;
}

/* ---- Pieces ---- */

static int add_piece(struct cold_source *s, size_t block, int64_t first, int64_t last, uint64_t count,
		     const struct chunk_stats *stats, struct piece_list *out)
{
	struct piece *p = piece_list_add(out);

	if (p == NULL)
		return COUNT_ERR_NOMEM;
	p->first = first;
	p->last = last;
	p->count = count;
	p->rank = (struct rank){ 0, block + 1 };
	p->room = COLUMN_MAX_POINTS;	/* also keeps it from being gathered with tiny ones, read or not */
	p->ops = &piece_cold_ops;
	p->u.object.source = s;
	p->u.object.block = block;
	p->u.object.stats = stats;
	return COUNT_OK;
}

/* The rows of days that overlap the range: [*lo, *hi). */
static void days_inside(const struct manifest_block *b, int64_t from, int64_t last, size_t *lo, size_t *hi)
{
	for (*lo = 0; *lo < b->ndays && b->days[*lo].last_time < from; ++*lo)
		;
	for (*hi = *lo; *hi < b->ndays && b->days[*hi].first_time <= last; ++*hi)
		;
}

static int add_block(struct cold_source *s, size_t i, int64_t from, int64_t last, struct piece_list *out)
{
	const struct manifest_block *b = &s->manifest.blocks[i];
	const struct cold_block *c = &s->blocks[i];
	bool alone = !c->overlaps || s->pieces == COLD_ENDS, stats = alone && b->has_stats;
	uint64_t count = 0;
	size_t lo, hi;
	int ret = COUNT_OK;

	if (!c->days_good)
		return add_piece(s, i, b->start, b->end, b->points, stats ? &b->stats : NULL, out);
	days_inside(b, from, last, &lo, &hi);
	if (lo == hi)
		return COUNT_OK;	/* no day of it has a point in the range */
	if (s->pieces != COLD_WHOLE && alone) {
		for (size_t d = lo; d < hi && ret == COUNT_OK; d++)
			ret = add_piece(s, i, b->days[d].first_time, b->days[d].last_time, b->days[d].count,
					&b->days[d], out);
		return ret;
	}
	for (size_t d = lo; d < hi; d++)
		count += b->days[d].count;
	return add_piece(s, i, b->days[lo].first_time, b->days[hi - 1].last_time, count,
			 stats && hi - lo == b->ndays ? &b->stats : NULL, out);
}

static int cold_find(void *state, const char *name, size_t len, int64_t from, int64_t last,
		     struct piece_list *out, struct count_error *err)
{
	struct cold_source *s = state;
	struct coldindex_entry e;
	int ret = find_entry(s, name, len, &e, err);

	if (ret != 1 || e.last < from || e.first > last)
		return ret < 0 ? ret : COUNT_OK;
	ret = cold_source_load(s, name, len, err);
	if (ret != 1)
		return ret;
	for (size_t i = 0; i < s->manifest.nblocks; i++) {
		const struct manifest_block *b = &s->manifest.blocks[i];

		if (b->end < from || b->start > last || s->blocks[i].left_out || b->points == 0)
			continue;
		if (add_block(s, i, from, last, out) != COUNT_OK)
			return err_nomem(err);
	}
	return COUNT_OK;
}

const struct source_ops source_cold = {
	.tier = COUNT_TIER_COLD, .has = cold_has, .extent = cold_extent, .latest = cold_latest,
	.extent_all = cold_extent_all, .names = cold_names, .find = cold_find,
};
