/*
 * chunklist.c - the chunks of an object; see chunklist.h and count-manifest(5), CHUNKS.
 *
 * A directory, then the columns it tells of, without gaps, to the last byte: so an entry needs no offset,
 * and since chunks ascend without overlap, times are differences that have no sign.  A dictionary stands before
 * the columns of the first chunk that needs it, and serves until there is another.
 */
#include "format/chunklist.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "codec/dict_cache.h"

enum {
	LIST_VERSION = 2,
	HEAD_SIZE = 0,		/* u32: bytes of the directory */
	HEAD_CRC = 4,		/* u32: CRC32C of the four bytes before, then the directory */
	HEAD_LEN = 8,
	ENTRY_MIN = 9,		/* bytes: flags, gap, span, two lengths, CRC32C */
	ENTRY_MAX = 1 + 6 * VARINT_MAX + 8,
	SAME_POINTS = 1,	/* flags: as in the entry before */
	WITH_DICT = 2,		/* the values need the dictionary */
};

/* Its dictionary stands before it and serves no chunk before. */
static bool brings_dict(const struct chunklist_entry *e)
{
	return e->dict_len > 0 && e->dict_off + e->dict_len == e->off;
}

/* Where its bytes begin. */
static size_t begin_of(const struct chunklist_entry *e)
{
	return brings_dict(e) ? e->dict_off : e->off;
}

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

/* That of dict, the entry that met one last, or NULL; or a new one, to be found at off. */
static const uint8_t *get_dict(const uint8_t *p, const uint8_t *end, const struct chunklist_entry *dict, size_t off,
			       struct chunklist_entry *e)
{
	uint32_t len;

	p = get_small(p, end, &len);
	if (p == NULL || (len == 0 && dict == NULL) || (len > 0 && end - p < 4))
		return NULL;
	e->dict_len = len > 0 ? len : dict->dict_len;
	e->dict_crc = len > 0 ? get_u32(p) : dict->dict_crc;
	e->dict_off = len > 0 ? off : dict->dict_off;
	e->off += len;
	return len > 0 ? p + 4 : p;
}

/* Its bytes are expected at e->off, which moves behind a dictionary. */
static const uint8_t *get_entry(const uint8_t *p, const uint8_t *end, const struct chunklist_entry *before,
				const struct chunklist_entry *dict, struct chunklist_entry *e)
{
	uint8_t flags;

	if (p == end)
		return NULL;
	flags = *p++;
	if (flags > (SAME_POINTS | WITH_DICT) || ((flags & SAME_POINTS) != 0 && before == NULL))
		return NULL;
	if ((flags & SAME_POINTS) != 0)
		e->points = before->points;
	else
		p = get_small(p, end, &e->points);
	if (p == NULL || e->points == 0 || e->points > COLUMN_MAX_POINTS)
		return NULL;
	p = get_times(p, end, before, e);
	if (p != NULL && (flags & WITH_DICT) != 0)
		p = get_dict(p, end, dict, e->off, e);
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
	const struct chunklist_entry *dict = NULL;
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
		const uint8_t *next;

		e->off = off;
		next = get_entry(p, end, l->n == 0 ? NULL : e - 1, dict, e);
		if (next == NULL || e->off > l->len || (uint64_t)e->times_len + e->values_len > l->len - e->off)
			return corrupt(at, (uint64_t)(p - l->data));
		off = e->off + e->times_len + e->values_len;
		dict = e->dict_len > 0 ? e : dict;
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

static int read_dict(const struct chunklist *l, const struct chunklist_entry *e, struct chunk_coder *coder,
		     const struct column_dict **dict, uint64_t *at)
{
	const uint8_t *p = l->data + e->dict_off;
	int ret;

	if (crc32c(0, p, e->dict_len) != e->dict_crc)
		return corrupt(at, e->dict_off);
	ret = dict_cache_decode(coder, p, e->dict_len, dict);
	return ret == COUNT_ERR_CORRUPT ? corrupt(at, e->dict_off) : ret;
}

int chunklist_read(const struct chunklist *l, size_t i, struct chunk_coder *coder, int64_t *times,
		   double *values, uint64_t *at)
{
	const struct chunklist_entry *e = &l->v[i];
	const struct column_dict *dict = NULL;
	const uint8_t *p = l->data + e->off;
	int ret = e->dict_len > 0 ? read_dict(l, e, coder, &dict, at) : COUNT_OK;

	if (ret != COUNT_OK)
		return ret;
	if (crc32c(0, p, (size_t)e->times_len + e->values_len) != e->crc)
		return corrupt(at, e->off);
	ret = column_decode_times(coder, p, e->times_len, e->first, e->last, e->points, 0, column_pages(e->points),
				  times);
	if (ret == COUNT_OK)
		ret = column_decode_values(coder, p + e->times_len, e->values_len, dict, e->points, 0,
					   column_pages(e->points), values);
	if (ret != COUNT_OK)
		return ret == COUNT_ERR_CORRUPT ? corrupt(at, e->off) : ret;
	for (size_t k = 1; k < e->points; k++)
		if (times[k - 1] >= times[k])
			return corrupt(at, e->off);
	return times[0] == e->first && times[e->points - 1] == e->last ? COUNT_OK : corrupt(at, e->off);
}

/* ---- Writing ---- */

int chunklist_dict_make(struct chunklist_dict *d, struct chunk_coder *coder, enum column_level level,
			const double *values, size_t n)
{
	int ret;

	chunklist_dict_free(d);
	ret = column_dict_make(coder, level, values, n, &d->bytes, &d->dict);
	if (ret == COUNT_OK && d->bytes.failed)
		ret = COUNT_ERR_NOMEM;
	if (ret != COUNT_OK)
		chunklist_dict_free(d);
	return ret;
}

void chunklist_dict_free(struct chunklist_dict *d)
{
	free(d->dict.v);
	buf_free(&d->bytes);
	*d = (struct chunklist_dict){ 0 };
}

/* Columns may take no bytes at all, and then there is no buffer. */
static const uint8_t *column_at(const struct chunklist_writer *w, size_t off)
{
	return w->columns.data != NULL ? w->columns.data + off : (const uint8_t *)"";
}

/* The last chunk with a dictionary, before number end; NULL: none. */
static const struct chunklist_entry *last_dict(const struct chunklist_writer *w, size_t end)
{
	while (end > 0 && w->v[end - 1].dict_len == 0)
		end--;
	return end > 0 ? &w->v[end - 1] : NULL;
}

/* The dictionary for e, whose columns are the last: the one at hand if that is the same, else put before them. */
static int put_dict(struct chunklist_writer *w, const struct buf *bytes, struct chunklist_entry *e)
{
	const struct chunklist_entry *d = last_dict(w, w->n);
	uint8_t *p;

	if (d != NULL && d->dict_len == bytes->len &&
	    memcmp(w->columns.data + d->dict_off, bytes->data, bytes->len) == 0) {
		e->dict_off = d->dict_off;
		e->dict_len = d->dict_len;
		e->dict_crc = d->dict_crc;
		return COUNT_OK;
	}
	if (!buf_reserve(&w->columns, bytes->len))
		return COUNT_ERR_NOMEM;
	p = w->columns.data + e->off;
	memmove(p + bytes->len, p, w->columns.len - e->off);
	memcpy(p, bytes->data, bytes->len);
	w->columns.len += bytes->len;
	e->dict_off = e->off;
	e->dict_len = (uint32_t)bytes->len;
	e->dict_crc = crc32c(0, bytes->data, bytes->len);
	e->off += bytes->len;
	return COUNT_OK;
}

static int encode(struct chunklist_writer *w, struct chunk_coder *coder, enum column_level level,
		  const struct chunklist_dict *dict, const int64_t *times, const double *values,
		  struct chunklist_entry *e)
{
	bool with = dict != NULL && dict->dict.n > 0, used = false;
	int ret = column_encode_times(coder, level, times, e->points, &w->columns);

	e->times_len = (uint32_t)(w->columns.len - e->off);
	if (ret == COUNT_OK)
		ret = column_encode_values(coder, level, with ? &dict->dict : NULL, values, e->points, &w->columns,
					   &used);
	if (ret == COUNT_OK && w->columns.failed)
		ret = COUNT_ERR_NOMEM;
	if (ret != COUNT_OK)
		return ret;
	e->values_len = (uint32_t)(w->columns.len - e->off - e->times_len);
	e->crc = crc32c(0, column_at(w, e->off), w->columns.len - e->off);
	return used ? put_dict(w, &dict->bytes, e) : COUNT_OK;
}

int chunklist_add(struct chunklist_writer *w, struct chunk_coder *coder, enum column_level level,
		  const struct chunklist_dict *dict, const int64_t *times, const double *values, size_t n)
{
	size_t at = w->columns.len;
	struct chunklist_entry e;
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
	ret = encode(w, coder, level, dict, times, values, &e);
	if (ret != COUNT_OK) {
		w->columns.len = at;
		w->columns.failed = false;
		return ret;
	}
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
	if (e->dict_len > 0)
		flags |= WITH_DICT;
	*p++ = flags;
	if ((flags & SAME_POINTS) == 0)
		p += varint_put(p, e->points);
	p += varint_put(p, before == NULL ? zigzag(e->first) : (uint64_t)e->first - (uint64_t)before->last - 1);
	p += varint_put(p, (uint64_t)e->last - (uint64_t)e->first);
	if (e->dict_len > 0)
		p += varint_put(p, brings_dict(e) ? e->dict_len : 0);
	if (brings_dict(e)) {
		put_u32(p, e->dict_crc);
		p += 4;
	}
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

/* The chunks from number at on, with their bytes; of the dictionary of others that they need a copy. */
static bool move_rest(const struct chunklist_writer *w, size_t at, struct chunklist_writer *rest)
{
	const struct chunklist_entry *old = last_dict(w, at);
	size_t from = begin_of(&w->v[at]), need = at, end = w->columns.len, added = 0;

	while (need < w->n && w->v[need].dict_len == 0)
		need++;
	if (need < w->n && !brings_dict(&w->v[need])) {
		end = w->v[need].off;
		added = old->dict_len;
	}
	if (!buf_reserve(&rest->columns, w->columns.len - from + added))
		return false;
	buf_put(&rest->columns, column_at(w, from), end - from);
	if (added > 0) {
		buf_put(&rest->columns, column_at(w, old->dict_off), added);
		buf_put(&rest->columns, column_at(w, end), w->columns.len - end);
	}
	for (size_t i = at; i < w->n; i++) {
		struct chunklist_entry *e = &rest->v[i - at];

		*e = w->v[i];
		e->off = e->off - from + (added > 0 && i >= need ? added : 0);
		if (e->dict_len > 0 && added > 0 && w->v[i].dict_off == old->dict_off)
			e->dict_off = end - from;
		else if (e->dict_len > 0)
			e->dict_off = e->dict_off - from + added;
	}
	return true;
}

int chunklist_split(struct chunklist_writer *w, size_t at, struct chunklist_writer *rest)
{
	size_t n = w->n - at;

	*rest = (struct chunklist_writer){ 0 };
	if (n == 0)
		return COUNT_OK;
	rest->v = calloc(n, sizeof(*rest->v));
	if (rest->v == NULL || !move_rest(w, at, rest)) {
		chunklist_writer_free(rest);
		return COUNT_ERR_NOMEM;
	}
	rest->n = rest->cap = n;
	w->columns.len = begin_of(&w->v[at]);
	w->n = at;
	return COUNT_OK;
}

void chunklist_writer_free(struct chunklist_writer *w)
{
	free(w->v);
	buf_free(&w->columns);
	*w = (struct chunklist_writer){ 0 };
}
