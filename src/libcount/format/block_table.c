/* block_table.c - writing chunk directories and the series table; see block_writer.h and count-block(5). */
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/block_stats.h"
#include "format/block_writer.h"

/* A place in a buffer, which may never have had a byte. */
static const uint8_t *at(const struct buf *b, size_t off)
{
	return b->data != NULL ? b->data + off : NULL;
}

/* ---- The fields of an entry ---- */

static uint64_t span_of(const struct block_chunk *c)
{
	return (uint64_t)c->stats.last_time - (uint64_t)c->stats.first_time;
}

/* The flags that the times of c have after those of `before`, NULL if there are none; and its recency. */
static unsigned entry_flags(const struct block_writer *w, const struct block_chunk *before, const struct block_chunk *c)
{
	unsigned flags = c->times.kind;

	if (before != NULL && c->times.kind == BLOCK_TIMES_REGULAR ?
	    before->times.kind == BLOCK_TIMES_REGULAR && c->times.step != 0 && c->times.step == before->times.step :
	    before != NULL && span_of(c) == span_of(before))
		flags |= ENTRY_SAME_SPAN;
	if (c->seg_lo != w->info.seg_lo || c->seg_hi != w->info.seg_hi)
		flags |= ENTRY_RECENCY;
	if (c->has_stats)
		flags |= ENTRY_STATS;
	return flags;
}

/* Count, times and their place, as the flags say; first: of what the first time is counted from. */
static void put_times(struct buf *b, unsigned flags, const struct block_chunk *c, int64_t first, const uint8_t *edits)
{
	const struct block_times_place *t = &c->times;

	if ((flags & ENTRY_SAME_COUNT) == 0)
		buf_put_varint(b, c->stats.count);
	buf_put_varint(b, zigzag((int64_t)((uint64_t)c->stats.first_time - (uint64_t)first)));
	if ((flags & ENTRY_SAME_SPAN) == 0 && c->stats.count > 1)
		buf_put_varint(b, t->kind == BLOCK_TIMES_REGULAR ? t->step : span_of(c));
	if (t->kind == BLOCK_TIMES_OWN)
		buf_put_varint(b, t->len);
	if (t->kind == BLOCK_TIMES_SHARED || t->kind == BLOCK_TIMES_EDITED)
		buf_put_varint(b, t->off);
	if (t->kind == BLOCK_TIMES_EDITED) {
		if (t->off == 0)
			buf_put_varint(b, t->step);
		buf_put_varint(b, t->edits_len);
		buf_put(b, edits, t->edits_len);
	}
}

static void put_recency(struct buf *b, unsigned flags, const struct block_chunk *c)
{
	if ((flags & ENTRY_RECENCY) == 0)
		return;
	buf_put_varint(b, c->seg_lo);
	buf_put_varint(b, c->seg_hi - c->seg_lo);
}

static void put_crc(struct buf *b, size_t from)
{
	if (!b->failed)
		buf_put_u32(b, crc32c(0, b->data + from, b->len - from));
}

/* ---- Chunk directories ---- */

static bool follows(const struct block_chunk *before, const struct block_chunk *c)
{
	uint64_t step = before->times.step;
	int64_t next;

	return before->times.kind == BLOCK_TIMES_REGULAR && c->times.kind == BLOCK_TIMES_REGULAR && step != 0 &&
	       (c->times.step == step || c->stats.count == 1) && step <= INT64_MAX &&
	       !__builtin_add_overflow(before->stats.last_time, (int64_t)step, &next) &&
	       next == c->stats.first_time;
}

/* The dictionary: that at hand, or this one, which goes to the file. */
static void put_dict(struct block_writer *w, const struct block_new *n)
{
	const struct block_chunk *c = &n->c;

	if (w->dict.len == c->dict_len && memcmp(w->dict.data, n->dict, c->dict_len) == 0) {
		buf_put_varint(&w->dir, 0);
		return;
	}
	buf_put_varint(&w->dir, c->dict_len);
	buf_put_u32(&w->dir, crc32c(0, n->dict, c->dict_len));
	block_writer_emit(w, n->dict, c->dict_len);
	buf_clear(&w->dict);
	buf_put(&w->dict, n->dict, c->dict_len);
	if (w->dict.failed)
		block_writer_fail(w, COUNT_ERR_NOMEM);
}

/* Adds a chunk to the directory, and its columns to the file; before: NULL if it is the first. */
static void put_entry(struct block_writer *w, const struct block_chunk *before, struct block_new *n)
{
	struct block_chunk *c = &n->c;
	struct buf *d = &w->dir;
	unsigned flags = entry_flags(w, before, c);

	if (before == NULL) {
		buf_put_varint(d, w->off);
		w->place = w->off;
	}
	if (c->stats.count == (before != NULL ? before->stats.count : COLUMN_MAX_POINTS))
		flags |= ENTRY_SAME_COUNT;
	if (c->dict_len > 0)
		flags |= ENTRY_DICT;
	if (before != NULL && follows(before, c)) {
		flags &= ~(unsigned)(ENTRY_KIND | ENTRY_SAME_SPAN);
		buf_put_u8(d, (uint8_t)flags);
		if ((flags & ENTRY_SAME_COUNT) == 0)
			buf_put_varint(d, c->stats.count);
	} else {
		buf_put_u8(d, (uint8_t)flags);
		put_times(d, flags, c, before != NULL ? before->stats.last_time : w->first_time, n->edits);
	}
	put_recency(d, flags, c);
	if (c->times.kind == BLOCK_TIMES_SHARED || c->times.kind == BLOCK_TIMES_EDITED)
		buf_put_varint(d, w->off - w->place);
	if (c->dict_len > 0)
		put_dict(w, n);
	block_writer_emit(w, n->times, c->times_len);
	block_writer_emit(w, n->values, c->values_len);
	w->place = w->off;
	buf_put_varint(d, c->values_len);
	buf_put_u32(d, c->crc);
	if (c->has_stats)
		block_stats_put(d, &c->stats);
}

/* The first chunk is not the only one, so it goes to a directory. */
static void put_held(struct block_writer *w)
{
	struct block_new first = {
		.c = w->before, .edits = w->held_edits.data, .times = w->held.data,
		.values = at(&w->held, w->before.times_len),
	};

	put_entry(w, NULL, &first);
	buf_clear(&w->held);
	buf_clear(&w->held_edits);
}

static void hold(struct block_writer *w, const struct block_new *n)
{
	buf_put(&w->held, n->times, n->c.times_len);
	buf_put(&w->held, n->values, n->c.values_len);
	buf_put(&w->held_edits, n->edits, n->c.times.edits_len);
}

int block_table_settle(struct block_writer *w)
{
	if (w->chunks == 1 && w->dir.len == 0)
		put_held(w);
	return w->status;
}

int block_table_chunk(struct block_writer *w, struct block_new *n)
{
	struct block_chunk *c = &n->c;
	const struct chunk_stats *st = &c->stats;

	if (w->chunks == 0) {
		w->first_time = st->first_time;
		buf_clear(&w->dir);
	}
	c->crc = crc32c(crc32c(0, n->times, c->times_len), n->values, c->values_len);
	if (w->chunks == 0 && c->dict_len == 0)
		hold(w, n);
	else
		put_entry(w, w->chunks == 0 ? NULL : &w->before, n);
	if (w->chunks == 0 || st->last_time > w->last_time)
		w->last_time = st->last_time;
	w->chunks++;
	w->points += st->count;
	w->before = *c;
	if (w->dir.failed || w->held.failed || w->held_edits.failed)
		block_writer_fail(w, COUNT_ERR_NOMEM);
	return w->status;
}

/* ---- The series table ---- */

static bool is_small(const struct block_chunk *c)
{
	return (uint64_t)c->times_len + c->values_len < SMALL_BYTES;
}

/* Exactly the times of the chunk before. */
static bool same_times(const struct block_pending_group *g, const struct block_pending *before,
		       const struct block_pending *s)
{
	const struct block_times_place *a = &before->chunk.times, *b = &s->chunk.times;

	return a->kind != BLOCK_TIMES_OWN && a->kind == b->kind && a->off == b->off && a->step == b->step &&
	       before->points == s->points && before->first_time == s->first_time &&
	       before->last_time == s->last_time && a->edits_len == b->edits_len &&
	       (a->edits_len == 0 ||
		memcmp(g->edits.data + before->edits, g->edits.data + s->edits, a->edits_len) == 0);
}

static size_t shared_bytes(const struct block_pending_group *g, const struct block_pending *a,
			   const struct block_pending *b)
{
	const uint8_t *p = g->names.data + a->name, *q = g->names.data + b->name;
	size_t max = a->name_len < b->name_len ? a->name_len : b->name_len, n = 0;

	while (n < max && p[n] == q[n])
		n++;
	return n;
}

static const uint8_t *rest_of(const struct block_pending_group *g, const struct block_pending *s)
{
	return g->names.data + s->name + s->shared;
}

/*
 * Flags and name, the rest of it by that of one of the group which is as long and differs in the first bytes at most;
 * shared: what the name before shares with the one before that.
 */
static void put_name(struct buf *t, const struct block_pending_group *g, struct block_pending *s, size_t shared,
		     unsigned flags)
{
	const uint8_t *rest = rest_of(g, s);
	size_t len = s->name_len - s->shared, own = len, which = 0, like = 0;

	for (const struct block_pending *e = s; e-- != g->v && own > 0;) {
		const uint8_t *other = rest_of(g, e);
		size_t differ = len;

		if (!e->full)
			continue;
		if (e->name_len - e->shared == len)
			while (differ > 0 && other[differ - 1] == rest[differ - 1])
				differ--;
		if (differ < own && (differ == 0 || differ + 1 < len)) {
			own = differ;
			like = which << NAME_WHICH | NAME_LIKE | (own > 0 ? NAME_OWN : 0);
			shared = e->shared;
		}
		which++;
	}
	s->full = like == 0;
	buf_put_u8(t, (uint8_t)(flags | (s->shared == shared ? ENTRY_SAME_SHARED : 0)));
	buf_put_varint(t, s->full ? 2 * len : like);
	if (!s->full && own > 0)
		buf_put_varint(t, own);
	if (s->shared != shared)
		buf_put_varint(t, s->shared);
	buf_put(t, rest, own);
}

static void put_columns(struct block_writer *w, const struct block_chunk *c, uint64_t *place)
{
	struct buf *t = &w->table;

	buf_put_varint(t, c->values_len);
	if (is_small(c))
		return;
	buf_put_varint(t, c->crc_off - *place);
	buf_put_u32(t, c->crc);
	*place = c->crc_off + c->crc_len;
}

struct table_state {
	const struct block_pending *before;	/* of any kind */
	size_t shared;
	uint64_t place;
	int64_t first;
};

static void put_series(struct block_writer *w, struct block_pending *s, struct table_state *st)
{
	const struct block_pending_group *g = &w->group;
	const struct block_pending *before = st->before != NULL && st->before->dir_len == 0 ? st->before : NULL;
	const struct block_chunk *c = &s->chunk;
	struct buf *t = &w->table;

	s->shared = st->before != NULL ? shared_bytes(g, st->before, s) : 0;
	if (s->dir_len > 0) {
		put_name(t, g, s, st->shared, ENTRY_DIRECTORY);
		buf_put_varint(t, s->chunks);
		buf_put_varint(t, s->points);
		buf_put_varint(t, zigzag((int64_t)((uint64_t)s->first_time - (uint64_t)st->first)));
		buf_put_varint(t, (uint64_t)s->last_time - (uint64_t)s->first_time);
		buf_put_varint(t, s->dir_len);
	} else {
		unsigned flags = entry_flags(w, before != NULL ? &before->chunk : NULL, c);
		if (before != NULL && same_times(g, before, s)) {
			flags &= ~(unsigned)(ENTRY_KIND | ENTRY_SAME_SPAN);
			put_name(t, g, s, st->shared, flags);
		} else {
			flags |= before != NULL && before->points == s->points ? ENTRY_SAME_COUNT : 0;
			put_name(t, g, s, st->shared, flags);
			put_times(t, flags, c, st->first, at(&g->edits, s->edits));
		}
		put_recency(t, flags, c);
		put_columns(w, c, &st->place);
		if (c->has_stats)
			block_stats_put(t, &c->stats);
	}
	st->before = s;
	st->shared = s->shared;
	st->first = s->first_time;
}

static void put_runs(struct buf *t, const struct block_pending_group *g)
{
	size_t start = 0;

	for (unsigned i = 0; i * BLOCK_RUN < g->n; i++) {
		size_t len = g->run_ends[i] - start;

		buf_put_varint(t, len);
		if (len > 0)
			buf_put_u32(t, crc32c(0, g->run.data + start, len));
		start += len;
	}
}

static void put_head(struct block_writer *w, uint64_t run_off)
{
	struct block_pending_group *g = &w->group;
	struct buf *t = &w->table;
	bool dirs = false;

	for (unsigned i = 0; i < g->n; i++)
		dirs = dirs || g->v[i].dir_len > 0;
	buf_put_u8(t, (uint8_t)((g->run.len > 0 ? GROUP_RUN : 0) | (dirs ? GROUP_DIRS : 0)));
	buf_put_varint(t, g->place);
	if (g->run.len > 0) {
		buf_put_varint(t, run_off - g->place);
		put_runs(t, g);
	}
	if (dirs)
		buf_put_varint(t, g->dir_off);
	buf_put_varint(t, zigzag(g->v[0].first_time));
}

/* Writes the group, if one is begun. */
static int end_group(struct block_writer *w)
{
	struct block_pending_group *g = &w->group;
	struct table_state st = { .place = g->place };
	size_t start = w->table.len;
	uint64_t run_off = w->off;

	if (g->n == 0)
		return w->status;
	block_writer_emit(w, g->run.data, g->run.len);
	buf_put_u32(&w->index, (uint32_t)start);
	put_head(w, run_off);
	st.first = g->v[0].first_time;
	for (unsigned i = 0; i < g->n; i++)
		put_series(w, &g->v[i], &st);
	put_crc(&w->table, start);
	g->n = 0;
	buf_clear(&g->names);
	buf_clear(&g->edits);
	buf_clear(&g->run);
	if (w->table.failed || w->index.failed)
		return block_writer_fail(w, COUNT_ERR_NOMEM);
	if (w->table.len > UINT32_MAX / 2)
		return block_writer_fail(w, COUNT_ERR_INVALID);	/* the index counts in 32 bits */
	return w->status;
}

/* The only chunk of the series: to the run of the group if it is small, else to the file. */
static void add_only(struct block_writer *w, struct block_pending *s)
{
	struct block_pending_group *g = &w->group;
	struct block_chunk *c = &s->chunk;

	*c = w->before;
	s->edits = g->edits.len;
	buf_put(&g->edits, w->held_edits.data, w->held_edits.len);
	if (is_small(c)) {
		buf_put(&g->run, w->held.data, w->held.len);
	} else {
		c->crc_off = w->off;
		c->crc_len = w->held.len;
		block_writer_emit(w, w->held.data, w->held.len);
	}
	buf_clear(&w->held);
	buf_clear(&w->held_edits);
}

int block_table_add(struct block_writer *w)
{
	struct block_pending_group *g = &w->group;
	struct block_pending *s = &g->v[g->n];

	if (g->n == 0) {
		g->place = w->off;
		g->dir_off = w->dirs.len;
	}
	*s = (struct block_pending){
		.name = g->names.len, .name_len = w->name_len, .chunks = w->chunks, .points = w->points,
		.first_time = w->first_time, .last_time = w->last_time,
	};
	buf_put(&g->names, w->name, w->name_len);
	if (w->dir.len > 0) {
		put_crc(&w->dir, 0);
		s->dir_len = w->dir.len;
		buf_put(&w->dirs, w->dir.data, w->dir.len);
		buf_clear(&w->dir);
	} else {
		add_only(w, s);
	}
	if (w->dir.failed || w->dirs.failed || g->names.failed || g->edits.failed || g->run.failed)
		return block_writer_fail(w, COUNT_ERR_NOMEM);
	g->run_ends[g->n / BLOCK_RUN] = g->run.len;
	return ++g->n == BLOCK_GROUP ? end_group(w) : w->status;
}

int block_table_end(struct block_writer *w)
{
	if (end_group(w) != COUNT_OK)
		return w->status;
	buf_put_u32(&w->index, (uint32_t)w->table.len);
	return w->index.failed ? block_writer_fail(w, COUNT_ERR_NOMEM) : w->status;
}
