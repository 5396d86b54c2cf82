/*
 * block_writer.c - writing a block file from front to back; see block.h and count-block(5).
 *
 * Columns go to the sink at once.  What finds them again (chunk directories, series table,
 * index of groups) grows in memory, some 40 bytes a chunk and a series, and follows at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/block.h"
#include "format/block_layout.h"
#include "format/block_open.h"
#include "format/block_stats.h"
#include "format/block_times.h"

#define STATS_MIN_POINTS 17	/* fewer are decoded as fast as statistics are read */

struct block_writer {
	struct block_info info;
	block_sink *sink;
	void *arg;
	int status;			/* the first failure */
	uint64_t off;			/* bytes given to the sink */
	uint32_t footer_seed;		/* ties the footer to the header */

	struct buf dirs, table, index;	/* the regions so far; index without its last entry */
	struct buf column;		/* scratch: times, then values of a chunk */
	struct block_times times;

	/* The series being written. */
	char name[COUNT_SERIES_MAX];
	size_t name_len;
	uint64_t data_off;		/* of its first column */
	uint64_t chunks, points;
	int64_t first_time, last_time, prev_last;	/* prev_last: of the last entry in dir */
	struct chunk_codecs prev_codecs;
	struct buf dir;			/* its directory but for the pending chunk */
	struct block_chunk pending;	/* its newest chunk: the only one is written shorter */
	bool pending_shared;		/* its times are those of an earlier chunk */

	/* The group being written. */
	size_t group_start;		/* in table */
	unsigned in_group;
	int64_t base_time;
	char prev_name[COUNT_SERIES_MAX];
	size_t prev_name_len;
};

static int fail(struct block_writer *w, int status)
{
	if (w->status == COUNT_OK)
		w->status = status;
	return w->status;
}

static int emit(struct block_writer *w, const void *data, size_t len)
{
	if (w->status == COUNT_OK && len > 0 && w->sink(w->arg, data, len) != 0)
		fail(w, COUNT_ERR_IO);
	w->off += len;
	return w->status;
}

static int write_header(struct block_writer *w)
{
	uint8_t h[HEADER_LEN] = { 0 };

	memcpy(h, HEADER_MAGIC, MAGIC_LEN);
	put_u16(h + HEADER_VERSION, BLOCK_VERSION);
	h[HEADER_UNIT] = (uint8_t)w->info.unit;
	h[HEADER_LEVEL] = (uint8_t)w->info.level;
	memcpy(h + HEADER_ID, w->info.id, 16);
	put_u64(h + HEADER_SEG_LO, w->info.seg_lo);
	put_u64(h + HEADER_SEG_HI, w->info.seg_hi);
	put_i64(h + HEADER_WINDOW, w->info.window);
	put_u32(h + HEADER_CRC, crc32c(0, h, HEADER_CRC));
	w->footer_seed = crc32c(0, h + HEADER_CRC, 4);
	return emit(w, h, HEADER_LEN);
}

int block_writer_new(const struct block_info *info, block_sink *sink, void *arg,
		     struct block_writer **w)
{
	struct block_writer *n;
	int ret;

	if (info->unit > COUNT_UNIT_NS || info->level > BLOCK_MAX_LEVEL || info->seg_lo > info->seg_hi)
		return COUNT_ERR_INVALID;
	n = calloc(1, sizeof(*n));
	if (n == NULL)
		return COUNT_ERR_NOMEM;
	n->info = *info;
	n->info.first_time = n->info.last_time = 0;
	n->info.series = n->info.points = n->info.chunks = 0;
	n->sink = sink;
	n->arg = arg;
	ret = write_header(n);
	if (ret != COUNT_OK) {
		block_writer_delete(n);
		return ret;
	}
	*w = n;
	return COUNT_OK;
}

void block_writer_delete(struct block_writer *w)
{
	if (w == NULL)
		return;
	buf_free(&w->dirs);
	buf_free(&w->table);
	buf_free(&w->index);
	buf_free(&w->column);
	buf_free(&w->dir);
	block_times_free(&w->times);
	free(w);
}

uint64_t block_writer_size(const struct block_writer *w)
{
	return w->off + w->dirs.len + w->dir.len + w->table.len + w->index.len + FOOTER_LEN;
}

/* ---- Chunk directories ---- */

static unsigned entry_flags(const struct block_writer *w, const struct block_chunk *c, bool first,
			    bool only)
{
	unsigned flags = w->pending_shared ? ENTRY_SHARED_TIMES : 0;

	if (!first && c->codecs.time == w->prev_codecs.time && c->codecs.value == w->prev_codecs.value)
		flags |= ENTRY_SAME_CODECS;
	if (c->seg_lo != w->info.seg_lo || c->seg_hi != w->info.seg_hi)
		flags |= ENTRY_RECENCY;
	if (c->has_stats)
		flags |= ENTRY_STATS;
	if (!only && c->stats.count == CHUNK_POINTS)
		flags |= ENTRY_NOMINAL;
	return flags;
}

/* Adds the pending chunk to the directory. */
static void put_entry(struct block_writer *w, bool first, bool only)
{
	const struct block_chunk *c = &w->pending;
	const struct chunk_stats *st = &c->stats;
	unsigned flags = entry_flags(w, c, first, only);
	struct buf *d = &w->dir;

	if (first)
		buf_put_varint(d, w->data_off);
	buf_put_u8(d, (uint8_t)flags);
	if ((flags & ENTRY_SAME_CODECS) == 0) {
		buf_put_u8(d, c->codecs.time);
		buf_put_u8(d, c->codecs.value);
	}
	if (!first)
		buf_put_varint(d, zigzag((int64_t)((uint64_t)st->first_time - (uint64_t)w->prev_last)));
	if (!only)
		buf_put_varint(d, (uint64_t)st->last_time - (uint64_t)st->first_time);
	if (!only && (flags & ENTRY_NOMINAL) == 0)
		buf_put_varint(d, st->count);
	if ((flags & ENTRY_RECENCY) != 0) {
		buf_put_varint(d, c->seg_lo);
		buf_put_varint(d, c->seg_hi - c->seg_lo);
	}
	if (w->pending_shared)
		buf_put_varint(d, c->times_off);
	buf_put_varint(d, c->times_len);
	buf_put_varint(d, c->values_len);
	buf_put_u32(d, c->crc);
	if (c->has_stats)
		block_stats_put(d, st);
	w->prev_codecs = c->codecs;
	w->prev_last = st->last_time;
}

static void put_crc(struct buf *b, size_t from)
{
	if (!b->failed)
		buf_put_u32(b, crc32c(0, b->data + from, b->len - from));
}

/* ---- The series table ---- */

/* Ends the group, if one is begun. */
static void end_group(struct block_writer *w)
{
	if (w->in_group == 0)
		return;
	put_crc(&w->table, w->group_start);
	w->in_group = 0;
}

static void begin_group(struct block_writer *w)
{
	w->group_start = w->table.len;
	w->base_time = w->first_time;
	w->prev_name_len = 0;
	buf_put_u32(&w->index, (uint32_t)w->table.len);
	buf_put_varint(&w->table, w->dirs.len);
	buf_put_varint(&w->table, zigzag(w->base_time));
}

static void put_series(struct block_writer *w)
{
	struct buf *t = &w->table;
	size_t shared = 0, max;

	if (w->in_group == 0)
		begin_group(w);
	max = w->name_len < w->prev_name_len ? w->name_len : w->prev_name_len;
	while (shared < max && w->name[shared] == w->prev_name[shared])
		shared++;
	buf_put_varint(t, shared);
	buf_put_varint(t, w->name_len - shared);
	buf_put(t, w->name + shared, w->name_len - shared);
	buf_put_varint(t, w->chunks);
	buf_put_varint(t, w->points);
	buf_put_varint(t, w->dir.len);
	buf_put_varint(t, zigzag((int64_t)((uint64_t)w->first_time - (uint64_t)w->base_time)));
	buf_put_varint(t, (uint64_t)w->last_time - (uint64_t)w->first_time);
	memcpy(w->prev_name, w->name, w->name_len);
	w->prev_name_len = w->name_len;
	if (++w->in_group == GROUP_SERIES)
		end_group(w);
}

static void count_series(struct block_writer *w)
{
	struct block_info *i = &w->info;

	if (i->series == 0 || w->first_time < i->first_time)
		i->first_time = w->first_time;
	if (i->series == 0 || w->last_time > i->last_time)
		i->last_time = w->last_time;
	i->series++;
	i->chunks += w->chunks;
	i->points += w->points;
}

/* Ends the series, if one is begun; one without chunks is as if it had never been. */
static int end_series(struct block_writer *w)
{
	if (w->status != COUNT_OK || w->chunks == 0)
		return w->status;
	put_entry(w, w->chunks == 1, w->chunks == 1);
	put_crc(&w->dir, 0);
	put_series(w);
	count_series(w);
	buf_put(&w->dirs, w->dir.data, w->dir.len);
	if (w->dir.failed || w->dirs.failed || w->table.failed || w->index.failed)
		return fail(w, COUNT_ERR_NOMEM);
	if (w->table.len > UINT32_MAX / 2)
		return fail(w, COUNT_ERR_INVALID);	/* the index counts in 32 bits */
	buf_clear(&w->dir);
	w->chunks = w->points = 0;
	return COUNT_OK;
}

int block_writer_series(struct block_writer *w, const char *name, size_t len)
{
	size_t min = len < w->name_len ? len : w->name_len;
	int order;

	if (end_series(w) != COUNT_OK)
		return w->status;
	if (len == 0 || len > COUNT_SERIES_MAX)
		return fail(w, COUNT_ERR_INVALID);
	order = memcmp(name, w->name, min);
	if (order < 0 || (order == 0 && len <= w->name_len))
		return fail(w, COUNT_ERR_INVALID);
	memcpy(w->name, name, len);
	w->name_len = len;
	w->data_off = w->off;
	return COUNT_OK;
}

/* ---- Chunks ---- */

/* Appends the columns at p, times first, to the file, and the chunk to the series; c has all but
 * places and checksum. */
static int add_chunk(struct block_writer *w, struct block_chunk *c, const uint8_t *times,
		     const uint8_t *values)
{
	bool shared = block_times_find(&w->times, times, c->times_len, c->codecs.time, &c->times_off);

	c->crc = crc32c(crc32c(0, times, c->times_len), values, c->values_len);
	if (!shared) {
		c->times_off = w->off;
		block_times_add(&w->times, times, c->times_len, c->codecs.time, w->off);
		emit(w, times, c->times_len);
	}
	c->values_off = w->off;
	emit(w, values, c->values_len);
	if (w->chunks > 0)
		put_entry(w, w->chunks == 1, false);
	if (w->chunks == 0)
		w->first_time = c->stats.first_time;
	if (w->chunks == 0 || c->stats.last_time > w->last_time)
		w->last_time = c->stats.last_time;
	w->chunks++;
	w->points += c->stats.count;
	w->pending = *c;
	w->pending_shared = shared;
	return w->dir.failed ? fail(w, COUNT_ERR_NOMEM) : w->status;
}

static bool chunk_in_order(const struct block_writer *w, const struct chunk_stats *st,
			   uint64_t seg_lo, uint64_t seg_hi)
{
	return w->name_len > 0 && seg_lo <= seg_hi && st->count >= 1 &&
	       st->count <= CHUNK_MAX_POINTS && st->first_time <= st->last_time &&
	       (w->chunks == 0 || st->first_time >= w->pending.stats.first_time);
}

static bool ascending(const int64_t *times, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (times[i - 1] >= times[i])
			return false;
	return true;
}

int block_writer_points(struct block_writer *w, struct chunk_coder *coder, const int64_t *times,
			const double *values, size_t n, uint64_t seg_lo, uint64_t seg_hi)
{
	struct block_chunk c = { .has_stats = n >= STATS_MIN_POINTS, .seg_lo = seg_lo, .seg_hi = seg_hi };
	size_t split;
	int ret;

	if (w->status != COUNT_OK)
		return w->status;
	if (n == 0 || n > CHUNK_MAX_POINTS || !ascending(times, n))
		return fail(w, COUNT_ERR_INVALID);
	stats_of(times, values, n, &c.stats);
	if (!chunk_in_order(w, &c.stats, seg_lo, seg_hi))
		return fail(w, COUNT_ERR_INVALID);
	buf_clear(&w->column);
	ret = chunk_encode_times(coder, times, n, &w->column, &c.codecs.time);
	split = w->column.len;
	if (ret == COUNT_OK)
		ret = chunk_encode_values(coder, values, n, &w->column, &c.codecs.value);
	if (ret != COUNT_OK)
		return fail(w, ret);
	c.times_len = (uint32_t)split;
	c.values_len = (uint32_t)(w->column.len - split);
	return add_chunk(w, &c, w->column.data, w->column.data + split);
}

int block_writer_copy(struct block_writer *w, const struct block *from, const struct block_chunk *c,
		      uint64_t *at)
{
	struct block_chunk copy = *c;

	if (w->status != COUNT_OK)
		return w->status;
	if (block_check_chunk(from, c, at) != COUNT_OK)
		return COUNT_ERR_CORRUPT;
	if (!chunk_in_order(w, &c->stats, c->seg_lo, c->seg_hi))
		return fail(w, COUNT_ERR_INVALID);
	return add_chunk(w, &copy, from->data + c->times_off, from->data + c->values_off);
}

/* ---- The end ---- */

static int write_footer(struct block_writer *w, uint64_t dirs_off, uint64_t table_off,
			uint64_t index_off)
{
	uint8_t f[FOOTER_LEN] = { 0 };

	put_u64(f + FOOTER_DIRS, dirs_off);
	put_u64(f + FOOTER_TABLE, table_off);
	put_u64(f + FOOTER_INDEX, index_off);
	put_u64(f + FOOTER_SERIES, w->info.series);
	put_u64(f + FOOTER_CHUNKS, w->info.chunks);
	put_u64(f + FOOTER_POINTS, w->info.points);
	put_i64(f + FOOTER_FIRST, w->info.first_time);
	put_i64(f + FOOTER_LAST, w->info.last_time);
	put_u32(f + FOOTER_INDEX_CRC, crc32c(0, w->index.data, w->index.len));
	put_u32(f + FOOTER_CRC, crc32c(w->footer_seed, f, FOOTER_CRC));
	memcpy(f + FOOTER_MAGIC_OFF, FOOTER_MAGIC, MAGIC_LEN);
	return emit(w, f, FOOTER_LEN);
}

int block_writer_finish(struct block_writer *w, struct block_info *info)
{
	uint64_t dirs_off, table_off, index_off;

	if (end_series(w) != COUNT_OK)
		return w->status;
	end_group(w);
	buf_put_u32(&w->index, (uint32_t)w->table.len);
	if (w->table.failed || w->index.failed)
		return fail(w, COUNT_ERR_NOMEM);
	dirs_off = w->off;
	table_off = dirs_off + w->dirs.len;
	index_off = table_off + w->table.len;
	emit(w, w->dirs.data, w->dirs.len);
	emit(w, w->table.data, w->table.len);
	emit(w, w->index.data, w->index.len);
	write_footer(w, dirs_off, table_off, index_off);
	if (w->status != COUNT_OK)
		return w->status;
	*info = w->info;
	w->status = COUNT_ERR_INVALID;		/* nothing may follow */
	return COUNT_OK;
}
