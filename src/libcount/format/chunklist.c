/*
 * chunklist.c - the chunks of an object; see chunklist.h and count-manifest(5), CHUNKS.
 *
 * A directory, then the columns it tells of, without gaps, to the last byte: so an entry needs no offset,
 * and since chunks ascend without overlap, times are differences that have no sign.
 */
#include "format/chunklist.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"

enum {
	LIST_VERSION = 2,
	HEAD_SIZE = 0,		/* u32: bytes of the directory */
	HEAD_CRC = 4,		/* u32: CRC32C of the four bytes before, then the directory */
	HEAD_LEN = 8,
	ENTRY_MIN = 9,		/* bytes: flags, gap, span, two lengths, CRC32C */
	ENTRY_MAX = 1 + 5 * VARINT_MAX + 4,
	SAME_POINTS = 1,	/* flags: as in the entry before */
};

/* ---- Reading ---- */

/* A varint that fits in 32 bits. */
static const uint8_t *get_small(const uint8_t *p, const uint8_t *end, uint32_t *v)
{
	uint64_t wide;

	p = varint_get(p, end, &wide);
	if (p == NULL || wide > UINT32_MAX)
		return NULL;
	*v = (uint32_t)wide;
	return p;
}

/* The first and last time; the span is at least points - 1, since times ascend strictly. */
static const uint8_t *get_times(const uint8_t *p, const uint8_t *end, const struct chunklist_entry *before,
				struct chunklist_entry *e)
{
	uint64_t gap, span, room;

	p = varint_get(p, end, &gap);
	if (p != NULL)
		p = varint_get(p, end, &span);
	if (p == NULL)
		return NULL;
	if (before == NULL) {
		e->first = unzigzag(gap);
	} else {
		room = (uint64_t)INT64_MAX - (uint64_t)before->last;	/* of times above the one before */
		if (gap >= room)
			return NULL;
		e->first = (int64_t)((uint64_t)before->last + 1 + gap);
	}
	if (span > (uint64_t)INT64_MAX - (uint64_t)e->first || span < e->points - 1 ||
	    (e->points == 1 && span != 0))
		return NULL;
	e->last = (int64_t)((uint64_t)e->first + span);
	return p;
}

static const uint8_t *get_entry(const uint8_t *p, const uint8_t *end, const struct chunklist_entry *before,
				struct chunklist_entry *e)
{
	uint8_t flags;

	if (p == end)
		return NULL;
	flags = *p++;
	if (flags > SAME_POINTS || (flags != 0 && before == NULL))
		return NULL;
	if ((flags & SAME_POINTS) != 0)
		e->points = before->points;
	else
		p = get_small(p, end, &e->points);
	if (p == NULL || e->points == 0 || e->points > COLUMN_MAX_POINTS)
		return NULL;
	p = get_times(p, end, before, e);
	if (p != NULL)
		p = get_small(p, end, &e->times_len);
	if (p != NULL)
		p = get_small(p, end, &e->values_len);
	if (p == NULL || end - p < 4)
		return NULL;
	e->crc = get_u32(p);
	return p + 4;
}

static int corrupt(uint64_t *at, uint64_t where)
{
	if (at != NULL)
		*at = where;
	return COUNT_ERR_CORRUPT;
}

/* The directory's checksum is right. */
static int read_directory(struct chunklist *l, const uint8_t *p, const uint8_t *end, uint64_t *at)
{
	size_t off = (size_t)(end - l->data);
	uint64_t n;

	if (p == end)
		return corrupt(at, HEAD_LEN);
	if (*p > LIST_VERSION)
		return COUNT_ERR_VERSION;
	if (*p++ != LIST_VERSION)
		return corrupt(at, HEAD_LEN);
	p = varint_get(p, end, &n);
	if (p == NULL || n == 0 || n > (size_t)(end - p) / ENTRY_MIN)
		return corrupt(at, HEAD_LEN + 1);
	l->v = calloc(n, sizeof(*l->v));
	if (l->v == NULL)
		return COUNT_ERR_NOMEM;
	for (; l->n < n; l->n++) {
		struct chunklist_entry *e = &l->v[l->n];
		const uint8_t *next = get_entry(p, end, l->n == 0 ? NULL : e - 1, e);

		if (next == NULL || (uint64_t)e->times_len + e->values_len > l->len - off)
			return corrupt(at, (uint64_t)(p - l->data));
		e->off = off;
		off += (size_t)e->times_len + e->values_len;
		p = next;
	}
	if (p != end)
		return corrupt(at, (uint64_t)(p - l->data));
	return off == l->len ? COUNT_OK : corrupt(at, off);
}

int chunklist_open(struct chunklist *l, const uint8_t *data, size_t len, uint64_t *at)
{
	uint32_t size;
	int ret;

	*l = (struct chunklist){ .data = data, .len = len };
	if (len < HEAD_LEN)
		return corrupt(at, len);
	size = get_u32(data + HEAD_SIZE);
	if (size > len - HEAD_LEN)
		return corrupt(at, HEAD_SIZE);
	if (crc32c(crc32c(0, data, HEAD_CRC), data + HEAD_LEN, size) != get_u32(data + HEAD_CRC))
		return corrupt(at, HEAD_CRC);
	ret = read_directory(l, data + HEAD_LEN, data + HEAD_LEN + size, at);
	if (ret != COUNT_OK)
		chunklist_close(l);
	return ret;
}

void chunklist_close(struct chunklist *l)
{
	free(l->v);
	*l = (struct chunklist){ 0 };
}

int chunklist_read(const struct chunklist *l, size_t i, struct chunk_coder *coder, int64_t *times,
		   double *values, uint64_t *at)
{
	const struct chunklist_entry *e = &l->v[i];
	const uint8_t *p = l->data + e->off;
	int ret;

	if (crc32c(0, p, (size_t)e->times_len + e->values_len) != e->crc)
		return corrupt(at, e->off);
	ret = column_decode_times(coder, p, e->times_len, e->first, e->last, e->points, 0, column_pages(e->points),
				  times);
	if (ret == COUNT_OK)
		ret = column_decode_values(coder, p + e->times_len, e->values_len, NULL, e->points, 0,
					   column_pages(e->points), values);
	if (ret != COUNT_OK)
		return ret == COUNT_ERR_CORRUPT ? corrupt(at, e->off) : ret;
	for (size_t k = 1; k < e->points; k++)
		if (times[k - 1] >= times[k])
			return corrupt(at, e->off);
	return times[0] == e->first && times[e->points - 1] == e->last ? COUNT_OK : corrupt(at, e->off);
}

/* ---- Writing ---- */

/* Columns may take no bytes at all, and then there is no buffer. */
static const uint8_t *column_at(const struct chunklist_writer *w, size_t off)
{
	return w->columns.data != NULL ? w->columns.data + off : (const uint8_t *)"";
}

int chunklist_add(struct chunklist_writer *w, struct chunk_coder *coder, enum column_level level,
		  const int64_t *times, const double *values, size_t n)
{
	size_t at = w->columns.len;
	struct chunklist_entry e;
	bool used;
	int ret;

	if (n == 0 || n > COLUMN_MAX_POINTS || (w->n > 0 && times[0] <= w->v[w->n - 1].last))
		return COUNT_ERR_INVALID;
	for (size_t i = 1; i < n; i++)
		if (times[i - 1] >= times[i])
			return COUNT_ERR_INVALID;
	if (w->n == w->cap) {
		size_t cap = w->cap == 0 ? 64 : w->cap * 2;
		struct chunklist_entry *v = reallocarray(w->v, cap, sizeof(*v));

		if (v == NULL)
			return COUNT_ERR_NOMEM;
		w->v = v;
		w->cap = cap;
	}
	e = (struct chunklist_entry){ .first = times[0], .last = times[n - 1], .points = (uint32_t)n, .off = at };
	ret = column_encode_times(coder, level, times, n, &w->columns);
	e.times_len = (uint32_t)(w->columns.len - at);
	if (ret == COUNT_OK)
		ret = column_encode_values(coder, level, NULL, values, n, &w->columns, &used);
	if (ret == COUNT_OK && w->columns.failed)
		ret = COUNT_ERR_NOMEM;
	if (ret != COUNT_OK) {
		w->columns.len = at;
		w->columns.failed = false;
		return ret;
	}
	e.values_len = (uint32_t)(w->columns.len - at - e.times_len);
	e.crc = crc32c(0, column_at(w, at), w->columns.len - at);
	w->v[w->n++] = e;
	return COUNT_OK;
}

const char *chunklist_times_name(const struct chunklist_writer *w)
{
	return column_times_name(column_at(w, w->v[0].off), w->v[0].times_len, w->v[0].points);
}

const char *chunklist_values_name(const struct chunklist_writer *w)
{
	return column_values_name(column_at(w, w->v[0].off + w->v[0].times_len), w->v[0].values_len, w->v[0].points);
}

static uint8_t *put_entry(uint8_t *p, const struct chunklist_entry *before, const struct chunklist_entry *e)
{
	uint8_t flags = 0;

	if (before != NULL && before->points == e->points)
		flags |= SAME_POINTS;
	*p++ = flags;
	if ((flags & SAME_POINTS) == 0)
		p += varint_put(p, e->points);
	p += varint_put(p, before == NULL ? zigzag(e->first) : (uint64_t)e->first - (uint64_t)before->last - 1);
	p += varint_put(p, (uint64_t)e->last - (uint64_t)e->first);
	p += varint_put(p, e->times_len);
	p += varint_put(p, e->values_len);
	put_u32(p, e->crc);
	return p + 4;
}

size_t chunklist_size(const struct chunklist_writer *w)
{
	return HEAD_LEN + 1 + VARINT_MAX + w->n * 20 + w->columns.len;
}

int chunklist_finish(struct chunklist_writer *w, struct buf *out)
{
	size_t at = out->len, size;
	uint8_t *p, *head;

	if (w->n == 0)
		return COUNT_ERR_INVALID;
	if (w->n > UINT32_MAX / ENTRY_MAX - 1 ||
	    !buf_reserve(out, HEAD_LEN + 1 + VARINT_MAX + w->n * ENTRY_MAX + w->columns.len))
		return COUNT_ERR_NOMEM;
	head = out->data + at;
	p = head + HEAD_LEN;
	*p++ = LIST_VERSION;
	p += varint_put(p, w->n);
	for (size_t i = 0; i < w->n; i++)
		p = put_entry(p, i == 0 ? NULL : &w->v[i - 1], &w->v[i]);
	size = (size_t)(p - head) - HEAD_LEN;
	put_u32(head + HEAD_SIZE, (uint32_t)size);
	put_u32(head + HEAD_CRC, crc32c(crc32c(0, head, HEAD_CRC), head + HEAD_LEN, size));
	out->len = at + HEAD_LEN + size;
	buf_put(out, w->columns.data, w->columns.len);
	chunklist_writer_free(w);
	return COUNT_OK;
}

int chunklist_split(struct chunklist_writer *w, size_t at, struct chunklist_writer *rest)
{
	size_t n = w->n - at, off = n == 0 ? w->columns.len : w->v[at].off;

	*rest = (struct chunklist_writer){ 0 };
	if (n == 0)
		return COUNT_OK;
	rest->v = calloc(n, sizeof(*rest->v));
	if (rest->v == NULL || !buf_reserve(&rest->columns, w->columns.len - off)) {
		chunklist_writer_free(rest);
		return COUNT_ERR_NOMEM;
	}
	memcpy(rest->v, w->v + at, n * sizeof(*rest->v));
	for (size_t i = 0; i < n; i++)
		rest->v[i].off -= off;
	rest->n = rest->cap = n;
	buf_put(&rest->columns, column_at(w, off), w->columns.len - off);
	w->n = at;
	w->columns.len = off;
	return COUNT_OK;
}

void chunklist_writer_free(struct chunklist_writer *w)
{
	free(w->v);
	buf_free(&w->columns);
	*w = (struct chunklist_writer){ 0 };
}
