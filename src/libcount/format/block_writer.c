/*
 * block_writer.c - writing a block file from front to back; see block.h and count-block(5).
 *
 * Columns go to the sink at once, but for the first chunk of a series, since an only chunk is kept
 * otherwise, and for the small ones of a group.  What finds them again (chunk directories, series table,
 * index of groups) grows in memory, some 20 bytes a chunk and a series, and follows at the end.
 */
#include "format/block_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/block_layout.h"
#include "format/block_stats.h"

int block_writer_fail(struct block_writer *w, int status)
{
	if (w->status == COUNT_OK)
		w->status = status;
	return w->status;
}

int block_writer_emit(struct block_writer *w, const void *data, size_t len)
{
	if (w->status == COUNT_OK && len > 0 && w->sink(w->arg, data, len) != 0)
		block_writer_fail(w, COUNT_ERR_IO);
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
	h[HEADER_CODING] = (uint8_t)w->info.coding;
	memcpy(h + HEADER_ID, w->info.id, 16);
	put_u64(h + HEADER_SEG_LO, w->info.seg_lo);
	put_u64(h + HEADER_SEG_HI, w->info.seg_hi);
	put_i64(h + HEADER_WINDOW, w->info.window);
	put_u32(h + HEADER_CRC, crc32c(0, h, HEADER_CRC));
	w->footer_seed = crc32c(0, h + HEADER_CRC, 4);
	return block_writer_emit(w, h, HEADER_LEN);
}

int block_writer_new(const struct block_info *info, block_sink *sink, void *arg,
		     struct block_writer **w)
{
	struct block_writer *n;
	int ret;

	if (info->unit > COUNT_UNIT_NS || info->level > BLOCK_MAX_LEVEL || info->seg_lo > info->seg_hi ||
	    info->coding > COLUMN_MAX)
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
	block_times_free(&w->times);
	buf_free(&w->dirs);
	buf_free(&w->table);
	buf_free(&w->index);
	buf_free(&w->dir);
	buf_free(&w->held);
	buf_free(&w->held_edits);
	buf_free(&w->values);
	buf_free(&w->dict);
	buf_free(&w->new_dict);
	buf_free(&w->group.names);
	buf_free(&w->group.edits);
	buf_free(&w->group.run);
	free(w->copied);
	free(w->cuts.v);
	free(w->cuts_before.v);
	free(w);
}

uint64_t block_writer_size(const struct block_writer *w)
{
	return w->off + w->held.len + w->group.run.len + w->dirs.len + w->dir.len + w->table.len + w->index.len +
	       w->group.names.len + FOOTER_LEN;
}

/* ---- Series ---- */

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
	struct block_cuts cuts = w->cuts_before;

	if (w->status != COUNT_OK || w->chunks == 0)
		return w->status;
	if (block_table_add(w) != COUNT_OK)
		return w->status;
	count_series(w);
	w->chunks = w->points = 0;
	w->dict.len = 0;
	w->cuts_before = w->cuts;
	w->cuts = cuts;
	w->cuts.n = 0;
	return COUNT_OK;
}

int block_writer_series(struct block_writer *w, const char *name, size_t len)
{
	size_t min = len < w->name_len ? len : w->name_len;
	int order;

	if (end_series(w) != COUNT_OK)
		return w->status;
	if (len == 0 || len > COUNT_SERIES_MAX)
		return block_writer_fail(w, COUNT_ERR_INVALID);
	order = memcmp(name, w->name, min);
	if (order < 0 || (order == 0 && len <= w->name_len))
		return block_writer_fail(w, COUNT_ERR_INVALID);
	memcpy(w->name, name, len);
	w->name_len = len;
	return COUNT_OK;
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
	return block_writer_emit(w, f, FOOTER_LEN);
}

int block_writer_finish(struct block_writer *w, struct block_info *info)
{
	uint64_t dirs_off, table_off, index_off;

	if (end_series(w) != COUNT_OK || block_table_end(w) != COUNT_OK)
		return w->status;
	dirs_off = w->off;
	table_off = dirs_off + w->dirs.len;
	index_off = table_off + w->table.len;
	block_writer_emit(w, w->dirs.data, w->dirs.len);
	block_writer_emit(w, w->table.data, w->table.len);
	block_writer_emit(w, w->index.data, w->index.len);
	write_footer(w, dirs_off, table_off, index_off);
	if (w->status != COUNT_OK)
		return w->status;
	*info = w->info;
	w->status = COUNT_ERR_INVALID;		/* nothing may follow */
	return COUNT_OK;
}
