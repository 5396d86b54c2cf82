/* coldindex_write.c - making records and files of the cold index; see coldindex.h and coldindex_layout.h. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/coldindex_layout.h"

/* ---- Records ---- */

static void put_crc(struct buf *out, size_t from)
{
	if (!out->failed)
		buf_put_u32(out, crc32c(0, out->data + from, out->len - from));
}

static void put_head(struct buf *out, const struct coldindex_entry *e)
{
	buf_put_u8(out, (uint8_t)((e->gone ? COLDX_GONE : 0) | (e->foreign ? COLDX_FOREIGN : 0) |
				  (e->any ? COLDX_ANY : 0)));
	buf_put_varint(out, e->name_len);
	buf_put(out, e->name, e->name_len);
	coldx_put_signed(out, (uint64_t)e->checked_s);
	buf_put_varint(out, e->etag_len);
	buf_put(out, e->etag, e->etag_len);
	if (!e->any)
		return;
	coldx_put_signed(out, (uint64_t)e->first);
	buf_put_varint(out, (uint64_t)e->last - (uint64_t)e->first);
	buf_put_varint(out, e->blocks);
	buf_put_varint(out, e->points);
	buf_put_varint(out, e->bytes);
}

/* e's head; its body is `body` with its checksum. */
static int put_record(struct buf *out, const struct coldindex_entry *e, const uint8_t *body, size_t body_len)
{
	struct buf r = { 0 };
	size_t head;

	buf_put_u64(&r, 0);
	put_head(&r, e);
	head = r.len - COLDX_LENGTHS;
	if (!r.failed && body_len <= UINT32_MAX) {
		put_u32(r.data, (uint32_t)head);
		put_u32(r.data + 4, (uint32_t)body_len);
	}
	put_crc(&r, 0);
	buf_put(&r, body, body_len);
	r.failed |= body_len > UINT32_MAX;
	if (!r.failed)
		buf_put(out, r.data, r.len);
	out->failed |= r.failed;
	buf_free(&r);
	return out->failed ? COUNT_ERR_NOMEM : COUNT_OK;
}

int coldindex_put_entry(struct buf *out, const struct coldindex_entry *e, int64_t checked_s)
{
	struct coldindex_entry now = *e;

	now.checked_s = checked_s;
	return put_record(out, &now, e->body, e->body_len);
}

static uint64_t add_clamped(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static void sum_up(const struct manifest *m, struct coldindex_entry *e)
{
	e->any = m->nblocks > 0;
	e->blocks = m->nblocks;
	for (size_t i = 0; i < m->nblocks; i++) {
		const struct manifest_block *b = &m->blocks[i];

		if (i == 0 || b->start < e->first)
			e->first = b->start;
		if (i == 0 || b->end > e->last)
			e->last = b->end;
		e->points = add_clamped(e->points, b->points);
		e->bytes = add_clamped(e->bytes, b->size);
	}
}

int coldindex_put_record(struct buf *out, const char *name, size_t name_len, const struct manifest *m,
			 const char *etag, int64_t checked_s, bool foreign)
{
	struct coldindex_entry e = { .name = name, .name_len = name_len, .gone = m == NULL, .foreign = foreign,
				     .checked_s = checked_s };
	struct buf body = { 0 };
	int ret;

	if (m != NULL) {
		e.etag = etag;
		e.etag_len = strlen(etag);
		sum_up(m, &e);
		coldindex_put_body(m, &body);
		put_crc(&body, 0);
	}
	out->failed |= body.failed;
	ret = out->failed ? COUNT_ERR_NOMEM : put_record(out, &e, body.data, body.len);
	buf_free(&body);
	return ret;
}

/* ---- Files ---- */

static void put_facts(struct buf *out, const struct coldindex_facts *f)
{
	const char *scope = f->scope != NULL ? f->scope : "";

	buf_put_u8(out, (uint8_t)f->unit);
	buf_put_u8(out, f->if_absent);
	buf_put_u8(out, f->if_match);
	buf_put_u8(out, f->bare_etag);
	coldx_put_signed(out, (uint64_t)f->synced_s);
	buf_put_varint(out, strlen(scope));
	buf_put(out, scope, strlen(scope));
	buf_put_varint(out, f->region == NULL ? 0 : strlen(f->region) + 1);
	if (f->region != NULL)
		buf_put(out, f->region, strlen(f->region));
}

int coldindex_begin(struct coldindex_writer *w, const struct coldindex_facts *facts, struct buf *out)
{
	struct buf f = { 0 }, h = { 0 };

	*w = (struct coldindex_writer){ 0 };
	put_facts(&f, facts);
	if (!f.failed && f.len > COLDX_FACTS_MAX) {
		buf_free(&f);
		return COUNT_ERR_INVALID;
	}
	buf_put(&h, COLDX_HEADER_MAGIC, COLDX_MAGIC);
	buf_put_u16(&h, COLDINDEX_VERSION);
	buf_put_u16(&h, 0);
	buf_put_u32(&h, (uint32_t)f.len);
	put_crc(&h, 0);
	buf_put(&h, f.data, f.len);
	put_crc(&h, COLDX_HEADER);
	h.failed |= f.failed;
	buf_free(&f);
	if (!h.failed)
		buf_put(out, h.data, h.len);
	out->failed |= h.failed;
	w->at = h.len;
	w->head = h;
	return out->failed ? COUNT_ERR_NOMEM : COUNT_OK;
}

int coldindex_record(struct coldindex_writer *w, size_t record_len)
{
	if (w->n == w->cap) {
		size_t cap = w->cap * 2 + 64;
		uint64_t *v = reallocarray(w->offsets, cap, sizeof(*v));

		if (v == NULL)
			return COUNT_ERR_NOMEM;
		w->offsets = v;
		w->cap = cap;
	}
	w->offsets[w->n++] = w->at;
	w->at += record_len;
	return COUNT_OK;
}

int coldindex_end(struct coldindex_writer *w, struct buf *out)
{
	size_t start = out->len, table = w->n * 8;
	uint32_t crc = crc32c(0, w->head.data + COLDX_HEADER_CRC_AT, COLDX_CRC);

	crc = crc32c(crc, w->head.data + w->head.len - COLDX_CRC, COLDX_CRC);
	buf_put(out, w->offsets, table);
	buf_put_u64(out, w->at);
	buf_put_u64(out, w->n);
	if (!out->failed)
		buf_put_u32(out, crc32c(0, out->data + start, table));
	if (!out->failed)
		buf_put_u32(out, crc32c(crc, out->data + start + table, COLDX_FOOTER_CRC_AT));
	buf_put(out, COLDX_FOOTER_MAGIC, COLDX_MAGIC);
	return out->failed ? COUNT_ERR_NOMEM : COUNT_OK;
}

void coldindex_writer_free(struct coldindex_writer *w)
{
	buf_free(&w->head);
	free(w->offsets);
	*w = (struct coldindex_writer){ 0 };
}
