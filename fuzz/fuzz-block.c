/*
 * fuzz-block - hostile block files into the block reader.
 *
 * Input: a block file.  It is read as it stands, then again with its checksums put right from the outside
 * in, so that what lies behind them is reached; all that is accepted must keep the reader's promises.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/block.h"
#include "format/block_layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct scratch { struct chunk_coder *coder; int64_t times[COLUMN_MAX_POINTS]; double values[COLUMN_MAX_POINTS]; };

static void promise(bool kept)
{
	if (!kept)
		abort();
}

/* Header, footer and index; the groups are put right as far as the index is usable. */
static void repair(uint8_t *p, size_t size)
{
	uint8_t *footer = p + size - FOOTER_LEN;
	uint64_t table = get_u64(footer + FOOTER_TABLE), index = get_u64(footer + FOOTER_INDEX);
	size_t end = size - FOOTER_LEN;

	memcpy(p, HEADER_MAGIC, MAGIC_LEN);
	put_u32(p + HEADER_CRC, crc32c(0, p, HEADER_CRC));
	memcpy(footer + FOOTER_MAGIC_OFF, FOOTER_MAGIC, MAGIC_LEN);
	if (index <= end && table <= index) {
		for (uint64_t at = index; end - at >= 8; at += 4) {
			uint64_t lo = get_u32(p + at), hi = get_u32(p + at + 4);

			if (lo + 4 <= hi && hi <= index - table)
				put_u32(p + table + hi - 4, crc32c(0, p + table + lo, hi - 4 - lo));
		}
		put_u32(footer + FOOTER_INDEX_CRC, crc32c(0, p + index, end - index));
	}
	put_u32(footer + FOOTER_CRC, crc32c(crc32c(0, p + HEADER_CRC, 4), footer, FOOTER_CRC));
}

/* The checksum of a shared column, as far as its length can be read. */
static void repair_shared(uint8_t *data, const struct block *b, uint64_t off)
{
	const uint8_t *p = data + off, *end = data + b->dirs_off;
	uint64_t v = 0, edited = 0;

	if (off < HEADER_LEN || off >= b->dirs_off)
		return;
	p = varint_get(p, end, &edited);
	for (unsigned i = 0; p != NULL && i < 2; i++)
		p = varint_get(p, end, &v);
	if (p != NULL && (edited & 1) != 0) {
		p = varint_get(p, end, &v);
		if (p != NULL && v == 0)
			p = varint_get(p, end, &v);
	}
	if (p != NULL)
		p = varint_get(p, end, &v);
	if (p != NULL && v <= (uint64_t)(end - p) && (uint64_t)(end - p) - v >= 4)
		put_u32(data + (p - data) + v, crc32c(0, data + off, (size_t)(p - data) + v - off));
}

static void read_chunks(uint8_t *data, const struct block *b, const struct block_series *s, bool mend,
			struct scratch *x)
{
	struct block_chunk_cursor cur = { 0 };
	struct block_chunk c;
	uint64_t points = 0, n = 0;
	int ret;

	while ((ret = block_next_chunk(b, s, &cur, &c, NULL)) == COUNT_OK) {
		promise(c.stats.count >= 1 && c.stats.count <= COLUMN_MAX_POINTS);
		promise(c.stats.first_time >= s->first_time && c.stats.last_time <= s->last_time);
		points += c.stats.count;
		promise(++n <= s->chunks);
		if (mend) {
			c.checked = true;
			c.dict_crc = crc32c(0, b->data + c.dict_off, c.dict_len);
			if (c.times.kind == BLOCK_TIMES_SHARED || c.times.kind == BLOCK_TIMES_EDITED)
				repair_shared(data, b, c.times.off);
		}
		promise(strlen(block_times_name(b, &c)) > 0 && strlen(block_values_name(b, &c)) > 0);
		if (column_pages(c.stats.count) > 1)
			block_read_pages(b, &c, x->coder, 1, 1, x->times, x->values, NULL);
		if (block_read_chunk(b, &c, x->coder, x->times, x->values, NULL) == COUNT_OK)
			promise(x->times[0] == c.stats.first_time);
	}
	if (ret == COUNT_ERR_NOTFOUND && n == s->chunks)
		promise(points == s->points);
}

static void read_all(uint8_t *p, size_t size, bool mend, struct scratch *x)
{
	struct block_series_cursor *cur = calloc(1, sizeof(*cur));
	struct block_series *s = calloc(1, sizeof(*s));
	struct block b;
	uint64_t n = 0;
	int ret = block_open(&b, p, size, NULL);

	while (ret == COUNT_OK && n < 4096) {
		ret = block_next_series(&b, cur, NULL);
		if (ret == COUNT_ERR_NOTFOUND)
			break;
		n++;
		if (ret != COUNT_OK) {
			ret = COUNT_OK;
			continue;
		}
		if (mend && cur->s.dir_len >= 4 && cur->s.dir_len <= size && cur->s.dir_off <= size - cur->s.dir_len)
			put_u32(p + cur->s.dir_off + cur->s.dir_len - 4,
				crc32c(0, p + cur->s.dir_off, cur->s.dir_len - 4));
		read_chunks(p, &b, &cur->s, mend, x);
		if (block_find(&b, cur->s.name, cur->s.name_len, s, NULL) == COUNT_OK)
			promise(strcmp(s->name, cur->s.name) == 0);
	}
	free(cur);
	free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scratch *x = malloc(sizeof(*x));
	uint8_t *p = malloc(size > 0 ? size : 1);	/* exact: an overrun is seen */

	x->coder = chunk_coder_new();
	memcpy(p, data, size);
	read_all(p, size, false, x);
	if (size >= HEADER_LEN + FOOTER_LEN) {
		repair(p, size);
		read_all(p, size, true, x);
	}
	chunk_coder_delete(x->coder);
	free(x);
	free(p);
	return 0;
}
