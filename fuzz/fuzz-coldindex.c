/*
 * fuzz-coldindex - hostile files of the cold index into its reader.
 *
 * Input: a file.  It is read as it stands, then again with its checksums put right from the inside out, so that what
 * lies behind them is reached; a manifest that is accepted must come back the same when it is written again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/coldindex.h"
#include "format/coldindex_layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(bool kept)
{
	if (!kept)
		abort();
}

/* Head and body of the record in [p, p + len). */
static void repair_record(uint8_t *p, uint64_t len)
{
	uint64_t head;

	if (len < COLDX_LENGTHS + COLDX_CRC)
		return;
	head = get_u32(p);
	if (head > len - COLDX_LENGTHS - COLDX_CRC)
		return;
	/* Its length follows from its place, so that inserted bytes do not end all. */
	put_u32(p + 4, (uint32_t)(len - COLDX_LENGTHS - COLDX_CRC - head));
	put_u32(p + COLDX_LENGTHS + head, crc32c(0, p, COLDX_LENGTHS + head));
	if (len - COLDX_LENGTHS - COLDX_CRC - head >= COLDX_CRC) {
		uint8_t *body = p + COLDX_LENGTHS + head + COLDX_CRC, *crc = p + len - COLDX_CRC;

		put_u32(crc, crc32c(0, body, (size_t)(crc - body)));
	}
}

static void repair(uint8_t *p, size_t size)
{
	uint8_t *footer = p + size - COLDX_FOOTER;
	uint64_t facts = get_u32(p + COLDX_FACTS_LEN_AT), table, n, end = size - COLDX_FOOTER;
	uint32_t crc = 0;

	memcpy(p, COLDX_HEADER_MAGIC, COLDX_MAGIC);
	put_u32(p + COLDX_HEADER_CRC_AT, crc32c(0, p, COLDX_HEADER_CRC_AT));
	if (facts > end - COLDX_HEADER - COLDX_CRC)
		return;
	put_u32(p + COLDX_HEADER + facts, crc32c(0, p + COLDX_HEADER, facts));
	n = get_u64(footer + COLDX_COUNT_AT) % (end / 8 + 1);
	table = end - 8 * n;
	put_u64(footer + COLDX_COUNT_AT, n);
	put_u64(footer + COLDX_TABLE_AT, table);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t from = get_u64(p + table + 8 * i), to = i + 1 < n ? get_u64(p + table + 8 * (i + 1)) : table;

		if (from >= COLDX_HEADER + facts + COLDX_CRC && from <= to && to <= table)
			repair_record(p + from, to - from);
	}
	put_u32(footer + COLDX_TABLE_CRC_AT, crc32c(0, p + table, 8 * n));
	crc = crc32c(crc, p + COLDX_HEADER_CRC_AT, COLDX_CRC);
	crc = crc32c(crc, p + COLDX_HEADER + facts, COLDX_CRC);
	put_u32(footer + COLDX_FOOTER_CRC_AT, crc32c(crc, footer, COLDX_FOOTER_CRC_AT));
	memcpy(footer + COLDX_END_MAGIC_AT, COLDX_FOOTER_MAGIC, COLDX_MAGIC);
}

/* Written again it is the same, and so is what is written then. */
static void write_again(const struct coldindex_entry *e, const struct manifest *m)
{
	struct buf once = { 0 }, twice = { 0 };
	struct manifest back = { 0 };
	struct coldindex_entry f;

	promise(coldindex_put_record(&once, e->name, e->name_len, m, "", e->checked_s, e->foreign) == COUNT_OK);
	promise(coldindex_record_read(once.data, once.len, &f) == COUNT_OK);
	promise(f.blocks == m->nblocks && f.any == (m->nblocks > 0));
	promise(coldindex_manifest(&f, &back) == COUNT_OK);
	promise(back.nblocks == m->nblocks && back.ngarbage == m->ngarbage);
	promise(coldindex_put_record(&twice, e->name, e->name_len, &back, "", e->checked_s, e->foreign) == COUNT_OK);
	promise(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	manifest_free(&back);
	buf_free(&once);
	buf_free(&twice);
}

static void read_record(const struct coldindex *x, uint64_t i)
{
	struct coldindex_entry e;
	struct manifest m = { 0 };
	uint64_t at = 0, found;
	int ret = coldindex_get(x, i, &e, &at);

	promise(ret == COUNT_OK || at <= x->len);
	if (ret != COUNT_OK)
		return;
	promise(e.name_len > 0 && e.first <= e.last);
	if (coldindex_lower_bound(x, e.name, e.name_len, &found, &at) == COUNT_OK)
		promise(found <= x->n);
	if (coldindex_manifest(&e, &m) != COUNT_OK) {
		promise(m.nblocks == 0 && m.series == NULL);
		return;
	}
	promise(!e.gone && m.series_len == e.name_len);
	for (size_t k = 0; k < m.nblocks; k++)
		promise(m.blocks[k].key != NULL && m.blocks[k].start <= m.blocks[k].end);
	write_again(&e, &m);
	manifest_free(&m);
}

static void read_file(const uint8_t *p, size_t size)
{
	struct coldindex x;
	uint64_t at = 0;

	if (coldindex_open(&x, p, size, &at) != COUNT_OK) {
		promise(at <= size);
		return;
	}
	promise(x.facts.scope != NULL);
	coldindex_verify(&x, &at);
	for (uint64_t i = 0; i < x.n; i++)
		read_record(&x, i);
	coldindex_close(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size > 0 ? size : 1);

	memcpy(exact, data, size);
	read_file(exact, size);
	if (size >= COLDX_HEADER + COLDX_CRC + COLDX_FOOTER) {
		repair(exact, size);
		read_file(exact, size);
	}
	free(exact);
	return 0;
}
