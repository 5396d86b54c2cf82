/*
 * cold_read.c - pieces of the cold tier to points; see source_cold.h.
 *
 * An object is taken when the first of its pieces is read and kept until the last one is.  Chunks are decoded one by
 * one, into the caller's columns, and trimmed to the piece.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "codec/legacy.h"
#include "engine/source_cold.h"

/* ---- The object ---- */

static int damaged(struct cold_source *s, size_t block, const char *what, uint64_t at, struct count_error *err)
{
	s->failed = block;
	s->has_failed = true;
	return err_set(err, COUNT_ERR_COLD, "%s: %s %" PRIu64, s->manifest.blocks[block].key, what, at);
}

/* The points of an object of the prototype, which nothing promises to ascend. */
struct point {
	int64_t time;
	double value;
	size_t i;
};

static int by_time(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	if (p->time != q->time)
		return p->time < q->time ? -1 : 1;
	return (p->i > q->i) - (p->i < q->i);
}

/* Of equal times the later of the array stays. */
static bool sort_points(struct cold_block *b)
{
	struct point *v = calloc(b->n + 1, sizeof(*v));
	size_t n = 0;

	if (v == NULL)
		return false;
	for (size_t i = 0; i < b->n; i++)
		v[i] = (struct point){ b->times[i], b->values[i], i };
	qsort(v, b->n, sizeof(*v), by_time);
	for (size_t i = 0; i < b->n; i++) {
		if (i + 1 < b->n && v[i + 1].time == v[i].time)
			continue;
		b->times[n] = v[i].time;
		b->values[n++] = v[i].value;
	}
	b->n = n;
	free(v);
	return true;
}

static bool ascends(const int64_t *times, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (times[i - 1] >= times[i])
			return false;
	return true;
}

static int decode_legacy(struct cold_source *s, size_t i, struct count_error *err)
{
	struct cold_block *b = &s->blocks[i];
	const struct cold_object *o = &b->object;
	uint64_t at = 0;

	b->n = (size_t)o->block.points;
	/* A code takes at least a bit: what claims more points than that lies. */
	if (o->block.points == 0 || o->block.points > 8 * (uint64_t)(o->legacy_values.len + 1))
		return damaged(s, i, "more points than its bytes can hold:", o->block.points, err);
	b->times = calloc(b->n, sizeof(*b->times));
	b->values = calloc(b->n, sizeof(*b->values));
	if (b->times == NULL || b->values == NULL)
		return err_nomem(err);
	if (legacy_decode_times(o->legacy_times.data, o->legacy_times.len, b->n, b->times, &at) != COUNT_OK)
		return damaged(s, i, "bad times at byte", at, err);
	if (legacy_decode_values(o->legacy_values.data, o->legacy_values.len, b->n, b->values, &at) != COUNT_OK)
		return damaged(s, i, "bad values at byte", at, err);
	return ascends(b->times, b->n) || sort_points(b) ? COUNT_OK : err_nomem(err);
}

static int open_chunks(struct cold_source *s, size_t i, struct count_error *err)
{
	struct cold_block *b = &s->blocks[i];
	const struct manifest_block *m = &s->manifest.blocks[i];
	uint64_t at = 0;
	int ret = chunklist_open(&b->list, b->object.chunks.data, b->object.chunks.len, &at);

	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	if (ret != COUNT_OK)
		return damaged(s, i, "bad list of chunks at byte", at, err);
	/* The sweep of a merge relies on the ends of a piece. */
	if (b->list.n == 0 || b->list.v[0].first != m->start || b->list.v[b->list.n - 1].last != m->end)
		return damaged(s, i, "other times than its manifest says; chunks:", b->list.n, err);
	return COUNT_OK;
}

/* An object that the bytes' checksum proved needs no second proof. */
static int begin_hash(struct cold_source *s, size_t i, struct count_error *err)
{
	const struct manifest_block *m = &s->manifest.blocks[i];

	if (m->checksum != NULL || !m->has_hash)
		return COUNT_OK;
	s->blocks[i].hash = points_hash_new();
	return s->blocks[i].hash != NULL ? COUNT_OK : err_nomem(err);
}

static int open_block(struct cold_source *s, size_t i, struct count_error *err)
{
	struct cold_block *b = &s->blocks[i];
	int ret;

	if (b->open)
		return COUNT_OK;
	ret = cold_view_fetch(s->view, err);
	if (ret == COUNT_OK)
		ret = cold_fetch_take(s->view->fetch, &s->manifest.blocks[i], s->name, s->len, &b->object, err);
	if (ret != COUNT_OK) {
		s->failed = i;
		s->has_failed = true;
		return ret;
	}
	b->open = true;
	ret = b->object.kind == OBJECT_LEGACY ? decode_legacy(s, i, err) : open_chunks(s, i, err);
	if (ret == COUNT_OK)
		ret = begin_hash(s, i, err);
	if (ret != COUNT_OK)
		cold_block_close(b);
	return ret;
}

/* ---- Pieces ---- */

/* The points of [*pos, n) that lie in the piece, moved to the front; the new n. */
static size_t trim(const struct piece *p, int64_t *times, double *values, size_t n)
{
	size_t lo = 0;

	while (n > 0 && times[n - 1] > p->last)
		n--;
	while (lo < n && times[lo] < p->first)
		lo++;
	if (lo > 0 && lo < n) {
		memmove(times, times + lo, (n - lo) * sizeof(*times));
		memmove(values, values + lo, (n - lo) * sizeof(*values));
	}
	return n - lo;
}

/* 0: no chunk is left that reaches into the piece. */
static int read_chunk(struct piece *p, struct chunk_coder *coder, int64_t *times, double *values, size_t *n,
		      struct count_error *err)
{
	struct cold_source *s = p->u.object.source;
	struct cold_block *b = &s->blocks[p->u.object.block];
	size_t room = *n;

	if (b->hash != NULL && p->u.object.next == 0)
		points_hash_reset(b->hash);
	for (*n = 0; *n == 0 && p->u.object.next < b->list.n; p->u.object.next++) {
		const struct chunklist_entry *e = &b->list.v[p->u.object.next];
		uint64_t at = e->off;
		int ret;

		if (e->last < p->first)
			continue;
		if (e->first > p->last)
			break;
		if (e->points > room)
			return err_set(err, COUNT_ERR_INVALID, "no room for a chunk");
		ret = chunklist_read(&b->list, p->u.object.next, coder, times, values, &at);
		if (ret == COUNT_ERR_NOMEM)
			return err_nomem(err);
		if (ret == COUNT_ERR_VERSION)
			return damaged(s, p->u.object.block, "of a newer version, upgrade this program: codec at byte",
				       at, err);
		if (ret != COUNT_OK)
			return damaged(s, p->u.object.block, "damaged chunk at byte", at, err);
		if (b->hash != NULL)
			points_hash_add(b->hash, times, values, e->points);
		*n = trim(p, times, values, e->points);
	}
	return COUNT_OK;
}

static void copy_points(struct piece *p, const struct cold_block *b, int64_t *times, double *values, size_t *n)
{
	size_t room = *n, k = 0;

	for (; p->u.object.next < b->n && k < room; p->u.object.next++) {
		int64_t t = b->times[p->u.object.next];

		if (t > p->last)
			break;
		if (t < p->first)
			continue;
		times[k] = t;
		values[k++] = b->values[p->u.object.next];
	}
	*n = k;
}

static int check_hash(struct piece *p, struct count_error *err)
{
	struct cold_source *s = p->u.object.source;
	struct cold_block *b = &s->blocks[p->u.object.block];
	const struct manifest_block *m = &s->manifest.blocks[p->u.object.block];
	uint8_t hash[16];

	if (b->hash == NULL || p->first != m->start || p->last != m->end)
		return COUNT_OK;	/* only a part was read */
	points_hash_end(b->hash, hash);
	if (memcmp(hash, m->points_hash, sizeof(hash)) == 0)
		return COUNT_OK;
	return damaged(s, p->u.object.block, "its points are not those of its manifest, which says", m->points, err);
}

static int end_piece(struct piece *p, struct count_error *err)
{
	struct cold_block *b = &p->u.object.source->blocks[p->u.object.block];
	int ret = check_hash(p, err);

	p->u.object.done = true;
	if (p->u.object.read && b->pieces > 0 && --b->pieces == 0)
		cold_block_close(b);
	return ret;
}

static int cold_read(struct piece *p, struct chunk_coder *coder, int64_t *times, double *values, size_t *n,
		     struct count_error *err)
{
	struct cold_source *s = p->u.object.source;
	struct cold_block *b = &s->blocks[p->u.object.block];
	int ret;

	if (p->u.object.done) {
		*n = 0;
		return COUNT_OK;
	}
	ret = open_block(s, p->u.object.block, err);
	if (ret != COUNT_OK)
		return ret;
	if (b->object.kind == OBJECT_LEGACY)
		copy_points(p, b, times, values, n);
	else
		ret = read_chunk(p, coder, times, values, n, err);
	if (ret == COUNT_OK && *n == 0)
		ret = end_piece(p, err);
	else if (p->u.object.next % 16 == 0)
		cold_fetch_pump(s->view->fetch);
	return ret;
}

static bool cold_stats(const struct piece *p, struct chunk_stats *stats)
{
	if (p->u.object.read || p->u.object.stats == NULL)
		return false;
	*stats = *p->u.object.stats;
	return true;
}

const struct piece_ops piece_cold_ops = { .tier = COUNT_TIER_COLD, .read = cold_read, .stats = cold_stats };
