/* block_encode.c - the points of a series, or the chunks of another block, into a block; see block.h. */
#include <stdlib.h>

#include "base/crc32c.h"
#include "format/block_open.h"
#include "format/block_writer.h"

#define STATS_MIN_POINTS 512	/* fewer are decoded in less time than their statistics are read */

static bool ascending(const int64_t *times, size_t n)
{
	bool ok = true;

	for (size_t i = 1; i < n; i++)
		ok &= times[i - 1] < times[i];
	return ok;
}

static bool in_order(const struct block_writer *w, int64_t first, uint64_t seg_lo, uint64_t seg_hi)
{
	return w->name_len > 0 && seg_lo <= seg_hi && (w->chunks == 0 || first >= w->before.stats.first_time);
}

/* Where the times go; a new shared column is written.  column: their encoding, if there is one. */
static int place_times(struct block_writer *w, struct chunk_coder *coder, const int64_t *times, size_t n,
		       const uint8_t *column, size_t column_len, struct block_new *new)
{
	struct block_times_put put;
	int ret = block_table_settle(w);

	if (ret == COUNT_OK)
		ret = block_times_put(&w->times, coder, w->info.coding, times, n, w->off, column, column_len, &put);
	if (ret != COUNT_OK)
		return block_writer_fail(w, ret);
	block_writer_emit(w, put.shared, put.shared_len);
	new->c.times = put.place;
	if (put.place.kind == BLOCK_TIMES_EDITED) {
		new->edits = put.bytes;
		new->c.times.edits_len = (uint32_t)put.len;
	} else {
		new->times = put.bytes;
		new->c.times_len = (uint32_t)put.len;
	}
	return w->status;
}

/* Notes where a chunk begins, for the next series; without memory that costs space only. */
static void note_cut(struct block_writer *w, int64_t first)
{
	struct block_cuts *c = &w->cuts;

	if (c->n == c->cap) {
		size_t cap = c->cap == 0 ? 64 : 2 * c->cap;
		int64_t *v = reallocarray(c->v, cap, sizeof(*v));

		if (v == NULL)
			return;
		c->v = v;
		c->cap = cap;
	}
	if (c->n == 0 || first > c->v[c->n - 1])
		c->v[c->n++] = first;
}

/* A chunk; dict: NULL, or the dictionary of the run, whose bytes are in new_dict. */
static int add_points(struct block_writer *w, struct chunk_coder *coder, const struct column_dict *dict,
		      const int64_t *times, const double *values, size_t n, uint64_t seg_lo, uint64_t seg_hi)
{
	struct block_new new = { .c = { .seg_lo = seg_lo, .seg_hi = seg_hi, .has_stats = n >= STATS_MIN_POINTS } };
	bool used = false;
	int ret = place_times(w, coder, times, n, NULL, 0, &new);

	if (ret != COUNT_OK)
		return ret;
	if (new.c.has_stats)
		stats_of(times, values, n, &new.c.stats);
	new.c.stats.count = n;
	new.c.stats.first_time = times[0];
	new.c.stats.last_time = times[n - 1];
	buf_clear(&w->values);
	ret = column_encode_values(coder, w->info.coding, dict, values, n, &w->values, &used);
	if (ret == COUNT_OK && w->values.failed)
		ret = COUNT_ERR_NOMEM;
	if (ret != COUNT_OK)
		return block_writer_fail(w, ret);
	new.values = w->values.data;
	new.c.values_len = (uint32_t)w->values.len;
	if (used) {
		new.dict = w->new_dict.data;
		new.c.dict_len = (uint32_t)w->new_dict.len;
	}
	note_cut(w, times[0]);
	return block_table_chunk(w, &new);
}

int block_writer_chunk(struct block_writer *w, struct chunk_coder *coder, const int64_t *times,
		       const double *values, size_t n, uint64_t seg_lo, uint64_t seg_hi)
{
	if (w->status != COUNT_OK)
		return w->status;
	if (n == 0 || n > COLUMN_MAX_POINTS || !ascending(times, n) || !in_order(w, times[0], seg_lo, seg_hi))
		return block_writer_fail(w, COUNT_ERR_INVALID);
	return add_points(w, coder, NULL, times, values, n, seg_lo, seg_hi);
}

/* The dictionary of the chunks of a run, if it has more than one and is worth it. */
static int make_dict(struct block_writer *w, struct chunk_coder *coder, const double *values, size_t n,
		     struct column_dict *dict)
{
	int ret;

	buf_clear(&w->new_dict);
	ret = column_dict_make(coder, w->info.coding, values, n, &w->new_dict, dict);
	return ret == COUNT_OK && w->new_dict.failed ? COUNT_ERR_NOMEM : ret;	/* dict is freed by the caller */
}

int block_writer_points(struct block_writer *w, struct chunk_coder *coder, const int64_t *times,
			const double *values, size_t n, bool more, uint64_t seg_lo, uint64_t seg_hi,
			size_t *taken)
{
	static const int64_t per_second[] = { 1, 1000, 1000000, 1000000000 };
	int64_t day = 86400 * per_second[w->info.unit];
	struct column_dict dict = { 0 };
	int ret = COUNT_OK;
	size_t len;

	*taken = 0;
	if (w->status != COUNT_OK)
		return w->status;
	if (n == 0 || n > BLOCK_RUN_POINTS || !ascending(times, n) || !in_order(w, times[0], seg_lo, seg_hi))
		return block_writer_fail(w, COUNT_ERR_INVALID);
	len = block_cut(&w->cuts_before, day, times, n, more);
	if (len > 0 && len < n)
		ret = make_dict(w, coder, values, n, &dict);
	while (ret == COUNT_OK && len > 0) {
		ret = add_points(w, coder, dict.n > 0 ? &dict : NULL, times + *taken, values + *taken, len, seg_lo,
				 seg_hi);
		*taken += len;
		len = *taken == n ? 0 : block_cut(&w->cuts_before, day, times + *taken, n - *taken, more);
	}
	free(dict.v);
	return ret == COUNT_OK ? ret : block_writer_fail(w, ret);
}

/* ---- Chunks as they stand ---- */

/* The times of a chunk of another block, and their encoding if it has one. */
static int copied_times(const struct block *from, const struct block_chunk *c, struct chunk_coder *coder,
			int64_t *times, const uint8_t **column, size_t *len, uint64_t *at)
{
	struct block_shared s;
	int ret = block_read_chunk(from, c, coder, times, NULL, at);

	*column = NULL;
	*len = 0;
	if (ret == COUNT_OK && c->times.kind == BLOCK_TIMES_SHARED)
		ret = block_shared_at(from, c->times.off, &s, at);
	if (ret != COUNT_OK)
		return ret;
	if (c->times.kind == BLOCK_TIMES_OWN) {
		*column = from->data + c->times.off;
		*len = c->times.len;
	} else if (c->times.kind == BLOCK_TIMES_SHARED && !s.edited) {
		*column = s.bytes;
		*len = s.len;
	}
	return COUNT_OK;
}

int block_writer_copy(struct block_writer *w, struct chunk_coder *coder, const struct block *from,
		      const struct block_chunk *c, uint64_t *at)
{
	struct block_new new = { .c = { .stats = c->stats, .has_stats = c->has_stats, .seg_lo = c->seg_lo,
					.seg_hi = c->seg_hi, .values_len = c->values_len, .dict_len = c->dict_len } };
	size_t n = (size_t)c->stats.count, len;
	const uint8_t *column;
	int ret;

	if (w->status != COUNT_OK)
		return w->status;
	if (w->copied == NULL && (w->copied = calloc(COLUMN_MAX_POINTS, sizeof(*w->copied))) == NULL)
		return COUNT_ERR_NOMEM;
	ret = c->checked ? COUNT_OK : block_check_chunk(from, c, at);
	if (ret == COUNT_OK && c->dict_len > 0 && crc32c(0, from->data + c->dict_off, c->dict_len) != c->dict_crc)
		ret = block_damage(at, c->dict_off);
	if (ret == COUNT_OK)
		ret = copied_times(from, c, coder, w->copied, &column, &len, at);
	if (ret != COUNT_OK)
		return ret;
	if (!in_order(w, c->stats.first_time, c->seg_lo, c->seg_hi) ||
	    (w->info.coding == COLUMN_MAX && from->info.coding != COLUMN_MAX))
		return block_writer_fail(w, COUNT_ERR_INVALID);
	ret = place_times(w, coder, w->copied, n, column, len, &new);
	if (ret != COUNT_OK)
		return ret;
	new.values = from->data + c->values_off;
	new.dict = from->data + c->dict_off;
	note_cut(w, w->copied[0]);
	return block_table_chunk(w, &new);
}
