/*
 * archive_edit.c - local points against a manifest, to new objects; see archive_edit.h.
 *
 * Time is cut into parts: clusters, which are blocks of the manifest that overlap each other (mostly one block), and
 * the gaps between them.  A cluster that is merged is walked in windows, from one block's start to
 * the next, so that only the objects that reach into a window are held.
 */
#include "engine/archive_edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/archive_cold.h"
#include "engine/archive_pack.h"
#include "engine/merge.h"

#define LIVE_MAX 1024		/* objects that overlap at one time */

enum edit_state { NEXT_PART, NEXT_WINDOW, FETCHING, MERGING, PART_DONE, ENDED };

struct live {		/* a block of the cluster that reaches into the window */
	size_t block;		/* in in.m->blocks */
	bool supplied;
	struct fetched f;
};

struct edit {
	struct edit_input in;
	struct packer *pack;
	struct merge *merge;
	struct piece_list all, pieces;	/* all: not read, only looked at */
	size_t next_piece;		/* in all: those before end before the part */
	size_t *order;			/* blocks of the manifest by start */
	size_t next;			/* in order: the first block of the next cluster */
	bool *dropped, *relied;		/* of each block */

	enum edit_state state;
	int64_t from, last;		/* the part */
	int64_t gap_from;		/* where the next gap begins */
	bool past_gap, past_all;	/* that gap was taken; nothing begins after the last cluster */
	size_t lo, hi;			/* of order: the cluster; lo == hi: a gap */
	size_t window;			/* of order: the next block that is not live yet */
	int64_t window_from, window_last, window_next;
	struct live **live;
	size_t nlive;
	uint64_t held;			/* bytes */
	size_t given;			/* objects of this part */

	struct cold_object object;
	bool has_object;
	struct manifest_block *stored;
	size_t nstored, stored_cap;
};

static const struct manifest_block *block_at(const struct edit *e, size_t i)
{
	return &e->in.m->blocks[e->order[i]];
}

/* ---- Making one ---- */

static int by_start(const void *a, const void *b, void *arg)
{
	const struct manifest *m = arg;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;

	if (m->blocks[i].start != m->blocks[j].start)
		return m->blocks[i].start < m->blocks[j].start ? -1 : 1;
	return i < j ? -1 : i > j;
}

static bool allocate(struct edit *e)
{
	size_t n = e->in.m->nblocks + 1;

	e->order = calloc(n, sizeof(*e->order));
	e->dropped = calloc(n, sizeof(*e->dropped));
	e->relied = calloc(n, sizeof(*e->relied));
	e->live = calloc(LIVE_MAX, sizeof(struct live *));
	e->pack = pack_new(e->in.unit, e->in.object_bytes, e->in.level, e->in.coder);
	return e->order != NULL && e->dropped != NULL && e->relied != NULL && e->live != NULL && e->pack != NULL &&
	       merge_new(&e->pieces, INT64_MIN, INT64_MAX, e->in.coder, &e->merge) == COUNT_OK;
}

int edit_new(const struct edit_input *in, struct edit **edit, struct count_error *err)
{
	struct edit *e = calloc(1, sizeof(*e));
	int ret = COUNT_OK;

	if (e == NULL)
		return err_nomem(err);
	e->in = *in;
	e->gap_from = INT64_MIN;
	if (!allocate(e))
		ret = err_nomem(err);
	for (size_t i = 0; i < in->m->nblocks && ret == COUNT_OK; i++)
		e->order[i] = i;
	if (ret == COUNT_OK) {
		if (in->m->nblocks > 1)
			qsort_r(e->order, in->m->nblocks, sizeof(*e->order), by_start, (void *)in->m);
		if (in->cutoff > INT64_MIN)
			ret = in->find(in->arg, INT64_MIN, in->cutoff - 1, &e->all, err);
	}
	if (ret == COUNT_OK)
		ret = in->check(in->arg, err);
	if (ret != COUNT_OK) {
		edit_delete(e);
		return ret;
	}
	*edit = e;
	return COUNT_OK;
}

static void drop_live(struct edit *e, size_t i)
{
	fetched_close(&e->live[i]->f);
	free(e->live[i]);
	e->live[i] = e->live[--e->nlive];
}

void edit_delete(struct edit *e)
{
	if (e == NULL)
		return;
	while (e->nlive > 0)
		drop_live(e, 0);
	for (size_t i = 0; i < e->nstored; i++)
		manifest_block_free(&e->stored[i]);
	free(e->stored);
	cold_object_free(&e->object);
	merge_delete(e->merge);
	pack_delete(e->pack);
	piece_list_free(&e->all);
	piece_list_free(&e->pieces);
	free(e->order);
	free(e->dropped);
	free(e->relied);
	free(e->live);
	free(e);
}

/* ---- Parts ---- */

/* Does any local piece reach into from .. last?  Asked in ascending order. */
static bool has_local(struct edit *e, int64_t from, int64_t last)
{
	while (e->next_piece < e->all.len && e->all.v[e->next_piece].last < from)
		e->next_piece++;
	for (size_t i = e->next_piece; i < e->all.len && e->all.v[i].first <= last; i++)
		if (e->all.v[i].last >= from)
			return true;
	return false;
}

/* The pieces of a stretch of time, the local ones if `local`, and a merge over them. */
static int begin_merge(struct edit *e, int64_t from, int64_t last, bool local, struct count_error *err)
{
	int ret = COUNT_OK;

	e->pieces.len = 0;
	if (local)
		ret = e->in.find(e->in.arg, from, last, &e->pieces, err);
	for (size_t i = 0; i < e->nlive && ret == COUNT_OK; i++)
		if (fetched_pieces(&e->live[i]->f, (struct rank){ 0, e->live[i]->block + 1 }, from, last,
				   &e->pieces) != COUNT_OK)
			ret = err_nomem(err);
	if (ret != COUNT_OK)
		return ret;
	piece_list_sort(&e->pieces);
	merge_reset(e->merge, &e->pieces, from, last);
	return COUNT_OK;
}

/* Number and hash of the local points from first to last time of a block, due or not; *due: are some? */
static int look_at_local(struct edit *e, const struct manifest_block *b, uint64_t *points, uint8_t sum[16],
			 bool *due, struct count_error *err)
{
	struct points_hash *hash = points_hash_new();
	struct merge_step step;
	int ret = hash == NULL ? err_nomem(err) : begin_merge(e, b->start, b->end, true, err);

	*points = 0;
	*due = false;
	while (ret == COUNT_OK && (ret = merge_next(e->merge, NULL, NULL, &step, err)) == 1) {
		points_hash_add(hash, step.times, step.values, step.n);
		*points += step.n;
		*due |= step.times[0] < e->in.cutoff;
		ret = COUNT_OK;
	}
	if (ret == COUNT_OK)
		points_hash_end(hash, sum);
	points_hash_delete(hash);
	return ret == COUNT_OK ? e->in.check(e->in.arg, err) : ret;
}

static bool is_ours(const struct edit *e, const struct manifest_block *b)
{
	return b->writer != NULL && strcmp(b->writer, e->in.writer) == 0;
}

/* A cluster of one block: *merge tells whether it must be looked at. */
static int judge_block(struct edit *e, size_t i, bool *merge, struct count_error *err)
{
	const struct manifest_block *b = block_at(e, i);
	uint64_t points;
	uint8_t sum[16];
	bool due;
	int ret;

	*merge = false;
	if (!has_local(e, b->start, b->end))
		return COUNT_OK;
	ret = look_at_local(e, b, &points, sum, &due, err);
	if (ret != COUNT_OK || !due)
		return ret;
	*merge = !b->has_hash || points != b->points || memcmp(sum, b->points_hash, sizeof(sum)) != 0 ||
		 !is_ours(e, b);
	e->relied[e->order[i]] = !*merge;
	return COUNT_OK;
}

/* The cluster at e->next. */
static void take_cluster(struct edit *e)
{
	int64_t last = block_at(e, e->next)->end;

	e->lo = e->next;
	e->from = block_at(e, e->lo)->start;
	for (e->hi = e->lo + 1; e->hi < e->in.m->nblocks && block_at(e, e->hi)->start <= last; e->hi++)
		if (block_at(e, e->hi)->end > last)
			last = block_at(e, e->hi)->end;
	e->last = last;
	e->next = e->hi;
	e->past_gap = false;
	e->past_all = last == INT64_MAX;
	e->gap_from = e->past_all ? last : last + 1;
}

/* The gap before the next cluster, or behind them all; false: it has no time that is due. */
static bool take_gap(struct edit *e)
{
	bool more = e->next < e->in.m->nblocks;
	int64_t end = more ? block_at(e, e->next)->start : e->in.cutoff;	/* not in it */

	e->past_gap = true;
	if (end > e->in.cutoff)
		end = e->in.cutoff;
	if (e->past_all || e->gap_from >= end)
		return false;
	e->from = e->gap_from;
	e->last = end - 1;
	e->lo = e->hi = e->next;
	return has_local(e, e->from, e->last);
}

static int next_part(struct edit *e, struct count_error *err)
{
	bool merge = true;
	int ret = COUNT_OK;

	e->given = 0;
	if (!e->past_gap) {
		if (!take_gap(e))
			return COUNT_OK;
		e->state = MERGING;
		return begin_merge(e, e->from, e->last, true, err);
	}
	if (e->next == e->in.m->nblocks) {
		e->state = ENDED;
		return COUNT_OK;
	}
	take_cluster(e);
	if (e->hi - e->lo == 1)
		ret = judge_block(e, e->lo, &merge, err);
	if (ret != COUNT_OK || !merge)
		return ret;
	e->window = e->lo;
	e->window_next = e->from;
	e->state = NEXT_WINDOW;
	return COUNT_OK;
}

/* ---- Windows of a cluster ---- */

static int add_live(struct edit *e, size_t i, struct count_error *err)
{
	const struct manifest_block *b = block_at(e, i);
	uint64_t bytes = b->size != 0 ? b->size : OBJECT_MAX_BYTES;

	e->held = bytes;
	for (size_t k = 0; k < e->nlive; k++)
		e->held += e->in.m->blocks[e->live[k]->block].size;
	if (e->nlive == LIVE_MAX || (e->held > EDIT_HELD_BYTES && e->nlive > 0))
		return err_set(err, COUNT_ERR_COLD, "%.300s: too many objects overlap here to merge them",
			       b->key);
	e->live[e->nlive] = calloc(1, sizeof(struct live));
	if (e->live[e->nlive] == NULL)
		return err_nomem(err);
	e->live[e->nlive++]->block = e->order[i];
	return COUNT_OK;
}

/* From one block's start to the next; also the cut-off ends one, for local points behind it stay out. */
static int next_window(struct edit *e, struct count_error *err)
{
	int ret = COUNT_OK;

	e->window_from = e->window_next;
	for (size_t i = e->nlive; i-- > 0;)
		if (e->in.m->blocks[e->live[i]->block].end < e->window_from)
			drop_live(e, i);
	while (e->window < e->hi && block_at(e, e->window)->start == e->window_from && ret == COUNT_OK)
		ret = add_live(e, e->window++, err);
	e->window_last = e->window < e->hi ? block_at(e, e->window)->start - 1 : e->last;
	if (e->window_from < e->in.cutoff && e->window_last >= e->in.cutoff)
		e->window_last = e->in.cutoff - 1;
	if (e->window_last < e->last)
		e->window_next = e->window_last + 1;
	e->state = FETCHING;
	return ret;
}

static struct live *not_supplied(const struct edit *e)
{
	for (size_t i = 0; i < e->nlive; i++)
		if (!e->live[i]->supplied)
			return e->live[i];
	return NULL;
}

size_t edit_wanted(const struct edit *e)
{
	return not_supplied(e)->block;
}

int edit_supply(struct edit *e, struct cold_object *o, struct count_error *err)
{
	struct live *l = not_supplied(e);
	int ret = COUNT_OK;

	if (o != NULL)
		ret = fetched_open(&l->f, o, &e->in.m->blocks[l->block], e->in.coder, err);
	l->supplied = ret == COUNT_OK;
	return ret;
}

/* ---- Points ---- */

/* A merge leaves damaged pieces out: here that would lose points. */
static int check_read(struct edit *e, struct count_error *err)
{
	for (size_t i = 0; i < e->nlive; i++)
		if (e->live[i]->f.failed != COUNT_OK)
			return err_set(err, COUNT_ERR_COLD, "%.300s: damaged chunk",
				       e->in.m->blocks[e->live[i]->block].key);
	return e->in.check(e->in.arg, err);
}

static int merge_some(struct edit *e, struct count_error *err)
{
	struct merge_step step;
	int ret = merge_next(e->merge, NULL, NULL, &step, err);

	if (ret == 1)
		return pack_points(e->pack, step.times, step.values, step.n) == COUNT_OK ? COUNT_OK : err_nomem(err);
	if (ret == 0) {
		ret = check_read(e, err);
		e->state = e->lo == e->hi || e->window_last == e->last ? PART_DONE : NEXT_WINDOW;
	}
	return ret;
}

static int add_replaces(struct edit *e, struct cold_object *o)
{
	size_t n = e->hi - e->lo;

	if (n == 0)
		return COUNT_OK;
	o->replaces = calloc(n, sizeof(*o->replaces));
	if (o->replaces == NULL)
		return COUNT_ERR_NOMEM;
	for (size_t i = e->lo; i < e->hi; i++) {
		char *key = strdup(block_at(e, i)->key);

		if (key == NULL)
			return COUNT_ERR_NOMEM;
		o->replaces[o->nreplaces++] = key;
		e->dropped[e->order[i]] = true;
	}
	return COUNT_OK;
}

static int give_object(struct edit *e, struct count_error *err)
{
	pack_take(e->pack, &e->object);
	e->has_object = true;
	e->given++;
	e->object.series = strndup(e->in.name, e->in.name_len);
	e->object.series_len = e->in.name_len;
	if (e->object.series == NULL || add_replaces(e, &e->object) != COUNT_OK)
		return err_nomem(err);
	return COUNT_OK;
}

/* All objects of the part can be taken.  One that says what the old one said is not wanted. */
static int part_done(struct edit *e, struct count_error *err)
{
	const struct manifest_block *b = e->hi - e->lo == 1 ? block_at(e, e->lo) : NULL;
	struct cold_object o = { 0 };
	bool same;

	if (pack_end(e->pack) != COUNT_OK)
		return err_nomem(err);
	while (e->nlive > 0)
		drop_live(e, 0);
	e->state = NEXT_PART;
	if (b == NULL || !b->has_hash || e->given > 0 || pack_ready(e->pack) != 1)
		return COUNT_OK;
	pack_take(e->pack, &o);
	same = o.block.points == b->points &&
	       memcmp(o.block.points_hash, b->points_hash, sizeof(b->points_hash)) == 0;
	if (!same)
		return pack_put_back(e->pack, &o) == COUNT_OK ? COUNT_OK : err_nomem(err);
	cold_object_free(&o);
	e->relied[e->order[e->lo]] = true;
	return COUNT_OK;
}

/* Of a cluster of one block the first object waits: it may turn out to be the only one, and the old one. */
static bool can_give(const struct edit *e)
{
	bool waits = e->state != NEXT_PART && e->state != ENDED && e->hi - e->lo == 1 && e->given == 0;

	return pack_ready(e->pack) > (waits ? 1 : 0);
}

int edit_next(struct edit *e, enum edit_want *want, struct count_error *err)
{
	int ret = COUNT_OK;

	while (ret == COUNT_OK) {
		if (e->has_object || can_give(e)) {
			*want = EDIT_OBJECT;
			return e->has_object ? COUNT_OK : give_object(e, err);
		}
		if (e->state == ENDED) {
			*want = EDIT_END;
			return COUNT_OK;
		}
		if (e->state == FETCHING && not_supplied(e) != NULL) {
			*want = EDIT_FETCH;
			return COUNT_OK;
		}
		switch (e->state) {
		case NEXT_PART:		ret = next_part(e, err); break;
		case NEXT_WINDOW:	ret = next_window(e, err); break;
		case FETCHING:
			e->state = MERGING;
			ret = begin_merge(e, e->window_from, e->window_last, e->window_from < e->in.cutoff, err);
			break;
		case MERGING:		ret = merge_some(e, err); break;
		case PART_DONE:		ret = part_done(e, err); break;
		case ENDED:		break;
		}
	}
	return ret;
}

void edit_take(struct edit *e, struct cold_object *o)
{
	*o = e->object;
	e->object = (struct cold_object){ 0 };
	e->has_object = false;
}

int edit_stored(struct edit *e, struct manifest_block *entry)
{
	if (e->nstored == e->stored_cap) {
		size_t cap = e->stored_cap * 2 + 4;
		struct manifest_block *v = reallocarray(e->stored, cap, sizeof(*v));

		if (v == NULL)
			return COUNT_ERR_NOMEM;
		e->stored = v;
		e->stored_cap = cap;
	}
	e->stored[e->nstored++] = *entry;
	*entry = (struct manifest_block){ 0 };
	return COUNT_OK;
}

bool edit_changes(const struct edit *e)
{
	return e->nstored > 0;
}

size_t edit_relied(const struct edit *e, size_t i)
{
	while (i < e->in.m->nblocks && !e->relied[i])
		i++;
	return i;
}

size_t edit_stored_blocks(const struct edit *e, const struct manifest_block **v)
{
	*v = e->stored;
	return e->nstored;
}

/* ---- The manifest ---- */

/* Where a key stands among the blocks of m, nblocks if nowhere; hint: where it may be. */
static size_t find_key(const struct manifest *m, const char *key, size_t hint)
{
	if (hint < m->nblocks && strcmp(m->blocks[hint].key, key) == 0)
		return hint;
	for (size_t i = 0; i < m->nblocks; i++)
		if (strcmp(m->blocks[i].key, key) == 0)
			return i;
	return m->nblocks;
}

/* A block that the edit does not know lies over what it stored: they would be in two objects. */
static bool lies_over(const struct edit *e, const struct manifest_block *b)
{
	for (const struct manifest_block *s = e->stored; s < e->stored + e->nstored; s++)
		if (b->start <= s->end && s->start <= b->end && strcmp(b->key, s->key) != 0)
			return true;
	return false;
}

/* Everything that the edit was built on stands in m as it was, and nothing new is in its way. */
static bool still_holds(const struct edit *e, const struct manifest *m)
{
	for (size_t i = 0; i < e->in.m->nblocks; i++) {
		const struct manifest_block *b = &e->in.m->blocks[i];
		size_t at;

		if (!e->dropped[i] && !e->relied[i])
			continue;
		at = find_key(m, b->key, i);
		if (at == m->nblocks || m->blocks[at].points != b->points ||
		    m->blocks[at].has_hash != b->has_hash ||
		    memcmp(m->blocks[at].points_hash, b->points_hash, sizeof(b->points_hash)) != 0)
			return false;
	}
	for (size_t i = 0; i < m->nblocks; i++)
		if (find_key(e->in.m, m->blocks[i].key, i) == e->in.m->nblocks && lies_over(e, &m->blocks[i]))
			return false;
	for (size_t i = 0; i < e->nstored; i++)
		if (edit_is_garbage(m, e->stored[i].key))
			return false;
	return true;
}

int edit_apply(const struct edit *e, int64_t now_s, struct manifest *m)
{
	if (!still_holds(e, m))
		return EDIT_AGAIN;
	for (size_t i = e->in.m->nblocks; i-- > 0;) {
		const char *key = e->in.m->blocks[i].key;
		size_t at;

		if (!e->dropped[i])
			continue;
		if (edit_add_garbage(m, key, now_s) != COUNT_OK)
			return COUNT_ERR_NOMEM;
		if (e->in.forecast)	/* it stands for what was not read of it */
			continue;
		at = find_key(m, key, i);
		if (at < m->nblocks)	/* nothing forbids a manifest to name an object twice */
			manifest_drop_block(m, at);
	}
	for (size_t i = 0; i < e->nstored; i++) {
		struct manifest_block *b;

		/* Ours from a try whose answer was lost, before somebody else wrote. */
		if (find_key(m, e->stored[i].key, m->nblocks) != m->nblocks)
			continue;
		b = manifest_add_block(m);
		if (b == NULL || manifest_block_copy(&e->stored[i], b) != COUNT_OK)
			return COUNT_ERR_NOMEM;
		b->seq = m->seq;
	}
	return COUNT_OK;
}
