/* coldindex.c - reading a file of the cold index; see coldindex.h and coldindex_layout.h. */
#include "format/coldindex.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/coldindex_layout.h"

/* ---- Facts ---- */

void coldindex_facts_free(struct coldindex_facts *f)
{
	free(f->scope);
	free(f->region);
	*f = (struct coldindex_facts){ 0 };
}

int coldindex_facts_copy(const struct coldindex_facts *from, struct coldindex_facts *to)
{
	struct coldindex_facts f = *from;

	f.scope = from->scope == NULL ? NULL : strdup(from->scope);
	f.region = from->region == NULL ? NULL : strdup(from->region);
	if ((from->scope != NULL && f.scope == NULL) || (from->region != NULL && f.region == NULL)) {
		coldindex_facts_free(&f);
		return COUNT_ERR_NOMEM;
	}
	*to = f;
	return COUNT_OK;
}

static int read_facts(const uint8_t *data, size_t len, struct coldindex_facts *f)
{
	struct coldx_in in = { .p = data, .end = data + len };
	bool nomem = false;
	uint64_t n;

	*f = (struct coldindex_facts){ 0 };
	f->unit = coldx_u8(&in);
	f->if_absent = coldx_u8(&in);
	f->if_match = coldx_u8(&in);
	n = coldx_u8(&in);
	f->bare_etag = n == 1;
	in.bad |= n > 1 || f->unit > COUNT_UNIT_NS;
	f->synced_s = coldx_signed(&in);
	n = coldx_varint(&in);
	coldx_text(&in, n, &f->scope, &nomem);
	n = coldx_varint(&in);	/* length + 1; 0: none */
	if (n > 0)
		coldx_text(&in, n - 1, &f->region, &nomem);
	if (in.bad || in.p != in.end) {
		coldindex_facts_free(f);
		return nomem ? COUNT_ERR_NOMEM : COUNT_ERR_CORRUPT;
	}
	return COUNT_OK;
}

/* ---- The file ---- */

static int corrupt(uint64_t *at, uint64_t where)
{
	if (at != NULL)
		*at = where;
	return COUNT_ERR_CORRUPT;
}

static int check_header(const uint8_t *data, size_t len, uint32_t *facts_len, uint64_t *at)
{
	if (len < COLDX_HEADER + COLDX_CRC + COLDX_FOOTER)
		return corrupt(at, len);
	if (memcmp(data, COLDX_HEADER_MAGIC, COLDX_MAGIC) != 0 ||
	    crc32c(0, data, COLDX_HEADER_CRC_AT) != get_u32(data + COLDX_HEADER_CRC_AT))
		return corrupt(at, 0);
	if (get_u16(data + COLDX_VERSION_AT) > COLDINDEX_VERSION)
		return COUNT_ERR_VERSION;
	*facts_len = get_u32(data + COLDX_FACTS_LEN_AT);
	if (get_u16(data + COLDX_VERSION_AT) == 0 || get_u16(data + COLDX_VERSION_AT + 2) != 0 ||
	    *facts_len > COLDX_FACTS_MAX || *facts_len > len - COLDX_HEADER - COLDX_CRC - COLDX_FOOTER)
		return corrupt(at, COLDX_VERSION_AT);
	return COUNT_OK;
}

/* The table lies between the records, which begin at `records`, and the footer. */
static int check_footer(struct coldindex *x, uint64_t records, uint64_t *at)
{
	uint64_t footer = x->len - COLDX_FOOTER, table_len;
	const uint8_t *p = x->data + footer;
	uint32_t crc = crc32c(0, x->data + COLDX_HEADER_CRC_AT, COLDX_CRC);

	crc = crc32c(crc, x->data + records - COLDX_CRC, COLDX_CRC);
	crc = crc32c(crc, p, COLDX_FOOTER_CRC_AT);
	if (memcmp(p + COLDX_END_MAGIC_AT, COLDX_FOOTER_MAGIC, COLDX_MAGIC) != 0 ||
	    crc != get_u32(p + COLDX_FOOTER_CRC_AT))
		return corrupt(at, footer);
	x->table_off = get_u64(p + COLDX_TABLE_AT);
	x->n = get_u64(p + COLDX_COUNT_AT);
	if (x->table_off < records || x->table_off > footer ||
	    __builtin_mul_overflow(x->n, 8u, &table_len) || table_len != footer - x->table_off)
		return corrupt(at, footer);
	if (crc32c(0, x->data + x->table_off, table_len) != get_u32(p + COLDX_TABLE_CRC_AT))
		return corrupt(at, x->table_off);
	/* What is no record would never be looked at. */
	if (x->n == 0 ? x->table_off != records : get_u64(x->data + x->table_off) != records)
		return corrupt(at, x->table_off);
	return COUNT_OK;
}

int coldindex_open(struct coldindex *x, const uint8_t *data, size_t len, uint64_t *at)
{
	struct coldindex r = { .data = data, .len = len };
	uint32_t facts_len;
	int ret = check_header(data, len, &facts_len, at);

	if (ret != COUNT_OK)
		return ret;
	if (crc32c(0, data + COLDX_HEADER, facts_len) != get_u32(data + COLDX_HEADER + facts_len))
		return corrupt(at, COLDX_HEADER);
	ret = check_footer(&r, (uint64_t)COLDX_HEADER + facts_len + COLDX_CRC, at);
	if (ret != COUNT_OK)
		return ret;
	ret = read_facts(data + COLDX_HEADER, facts_len, &r.facts);
	if (ret == COUNT_ERR_CORRUPT)
		return corrupt(at, COLDX_HEADER);
	if (ret == COUNT_OK)
		*x = r;
	return ret;
}

void coldindex_close(struct coldindex *x)
{
	coldindex_facts_free(&x->facts);
	*x = (struct coldindex){ 0 };
}

/* ---- Records ---- */

static void read_totals(struct coldx_in *in, struct coldindex_entry *e)
{
	uint64_t span;

	e->first = coldx_signed(in);
	span = coldx_varint(in);
	e->last = (int64_t)((uint64_t)e->first + span);
	in->bad |= e->last < e->first;
	e->blocks = coldx_varint(in);
	e->points = coldx_varint(in);
	e->bytes = coldx_varint(in);
	in->bad |= e->blocks == 0;
}

static bool read_head(struct coldx_in *in, struct coldindex_entry *e)
{
	uint8_t flags = coldx_u8(in);

	e->gone = (flags & COLDX_GONE) != 0;
	e->foreign = (flags & COLDX_FOREIGN) != 0;
	e->any = (flags & COLDX_ANY) != 0;
	e->name_len = (size_t)coldx_varint(in);
	in->bad |= flags > COLDX_FLAGS || (e->gone && e->any) || e->name_len == 0 || e->name_len > COUNT_SERIES_MAX;
	e->name = (const char *)coldx_bytes(in, e->name_len);
	e->checked_s = coldx_signed(in);
	e->etag_len = (size_t)coldx_varint(in);
	e->etag = (const char *)coldx_bytes(in, e->etag_len);
	if (e->any)
		read_totals(in, e);
	return !in->bad && in->p == in->end;
}

int coldindex_record_read(const uint8_t *p, size_t len, struct coldindex_entry *e)
{
	struct coldindex_entry r = { 0 };
	uint64_t head, body;
	struct coldx_in in;

	if (len < COLDX_LENGTHS + COLDX_CRC)
		return COUNT_ERR_CORRUPT;
	head = get_u32(p);
	body = get_u32(p + 4);
	if (head + body != len - COLDX_LENGTHS - COLDX_CRC)
		return COUNT_ERR_CORRUPT;
	if (crc32c(0, p, COLDX_LENGTHS + head) != get_u32(p + COLDX_LENGTHS + head))
		return COUNT_ERR_CORRUPT;
	in = (struct coldx_in){ .p = p + COLDX_LENGTHS, .end = p + COLDX_LENGTHS + head };
	if (!read_head(&in, &r) || r.gone != (body == 0))
		return COUNT_ERR_CORRUPT;
	r.body = p + COLDX_LENGTHS + head + COLDX_CRC;
	r.body_len = (size_t)body;
	*e = r;
	return COUNT_OK;
}

uint64_t coldindex_offset(const struct coldindex *x, uint64_t i)
{
	return i < x->n ? get_u64(x->data + x->table_off + 8 * i) : x->table_off;
}

int coldindex_get(const struct coldindex *x, uint64_t i, struct coldindex_entry *e, uint64_t *at)
{
	uint64_t off = coldindex_offset(x, i), end = coldindex_offset(x, i + 1);

	if (i >= x->n || off > end || end > x->table_off)
		return corrupt(at, x->table_off + (i < x->n ? 8 * i : 0));
	if (coldindex_record_read(x->data + off, (size_t)(end - off), e) != COUNT_OK)
		return corrupt(at, off);
	return COUNT_OK;
}

int coldindex_name_order(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return c != 0 ? c : (a_len > b_len) - (a_len < b_len);
}

int coldindex_lower_bound(const struct coldindex *x, const char *name, size_t len, uint64_t *i, uint64_t *at)
{
	uint64_t lo = 0, hi = x->n;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		struct coldindex_entry e;
		int ret = coldindex_get(x, mid, &e, at);

		if (ret != COUNT_OK)
			return ret;
		if (coldindex_name_order(e.name, e.name_len, name, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*i = lo;
	return COUNT_OK;
}

int coldindex_check_body(const struct coldindex_entry *e)
{
	size_t len = e->body_len;

	if (e->gone)
		return COUNT_OK;
	if (len < COLDX_CRC || crc32c(0, e->body, len - COLDX_CRC) != get_u32(e->body + len - COLDX_CRC))
		return COUNT_ERR_CORRUPT;
	return COUNT_OK;
}

int coldindex_verify(const struct coldindex *x, uint64_t *at)
{
	struct coldindex_entry e, before = { 0 };

	for (uint64_t i = 0; i < x->n; i++) {
		int ret = coldindex_get(x, i, &e, at);

		if (ret != COUNT_OK)
			return ret;
		if (i > 0 && coldindex_name_order(before.name, before.name_len, e.name, e.name_len) >= 0)
			return corrupt(at, coldindex_offset(x, i));
		if (coldindex_check_body(&e) != COUNT_OK)
			return corrupt(at, (uint64_t)(e.body - x->data));
		before = e;
	}
	return COUNT_OK;
}
