/* column.c - columns in pages; see column.h. */
#include "codec/column.h"

#include <stdlib.h>

#include "codec/coder.h"

/* A page: one byte with its codec, then what that codec makes of it. */

/* Where page i of a column stands; false if the lengths in front of the pages do not fit. */
static bool find_page(const uint8_t *p, size_t len, size_t n, unsigned i, const uint8_t **page, size_t *page_len)
{
	unsigned pages = column_pages(n);
	const uint8_t *end = p + len;
	uint64_t before = 0, own = 0, v;

	for (unsigned k = 0; k + 1 < pages; k++) {
		p = varint_get(p, end, &v);
		if (p == NULL || v > len)
			return false;
		if (k < i)
			before += v;
		if (k == i)
			own = v;
	}
	if (before > (size_t)(end - p))
		return false;
	*page = p + before;
	if (i + 1 == pages)
		own = (size_t)(end - *page);
	*page_len = own;
	return own <= (size_t)(end - *page) && own > 0;
}

/* Puts the varints of the lengths before the pages that start at out->data + start. */
static int put_lengths(struct buf *out, size_t start, const size_t *lengths, unsigned pages)
{
	uint8_t head[COLUMN_PAGES * VARINT_MAX];
	size_t n = 0;

	for (unsigned i = 0; i + 1 < pages; i++)
		n += varint_put(head + n, lengths[i]);
	if (out->failed || !buf_reserve(out, n))
		return COUNT_ERR_NOMEM;
	memmove(out->data + start + n, out->data + start, out->len - start);
	memcpy(out->data + start, head, n);
	out->len += n;
	return COUNT_OK;
}

static bool is_regular(const int64_t *times, size_t n)
{
	uint64_t step = n < 2 ? 0 : (uint64_t)times[1] - (uint64_t)times[0];

	for (size_t i = 2; i < n; i++)
		if ((uint64_t)times[i] - (uint64_t)times[i - 1] != step)
			return false;
	/* what a reader computes from first and last must be the same */
	return n < 2 || ((uint64_t)times[n - 1] - (uint64_t)times[0]) / (n - 1) == step;
}

int column_encode_times(struct chunk_coder *c, enum column_level level, const int64_t *times, size_t n,
			struct buf *out)
{
	size_t start = out->len, lengths[COLUMN_PAGES];
	int64_t relative[COLUMN_PAGE];
	int ret = COUNT_OK;

	(void)level;
	if (n == 0 || n > COLUMN_MAX_POINTS)
		return COUNT_ERR_INVALID;
	if (is_regular(times, n))
		return COUNT_OK;
	for (unsigned i = 0; i < column_pages(n) && ret == COUNT_OK; i++) {
		size_t m = column_page_len(n, i), at = out->len;
		uint8_t id;

		for (size_t k = 0; k < m; k++)
			relative[k] = (int64_t)((uint64_t)times[i * COLUMN_PAGE + k] - (uint64_t)times[0]);
		buf_put_u8(out, 0);
		ret = chunk_encode_times(c, relative, m, out, &id);
		if (ret == COUNT_OK && !out->failed)
			out->data[at] = id;
		lengths[i] = out->len - at;
	}
	if (ret == COUNT_OK)
		ret = put_lengths(out, start, lengths, column_pages(n));
	if (ret != COUNT_OK)
		out->len = start;
	return ret;
}

int column_encode_values(struct chunk_coder *c, enum column_level level, const struct column_dict *dict,
			 const double *values, size_t n, struct buf *out, bool *used)
{
	size_t start = out->len, lengths[COLUMN_PAGES];
	int ret = COUNT_OK;

	(void)level;
	(void)dict;
	*used = false;
	if (n == 0 || n > COLUMN_MAX_POINTS)
		return COUNT_ERR_INVALID;
	for (unsigned i = 0; i < column_pages(n) && ret == COUNT_OK; i++) {
		size_t at = out->len;
		uint8_t id;

		buf_put_u8(out, 0);
		ret = chunk_encode_values(c, values + i * COLUMN_PAGE, column_page_len(n, i), out, &id);
		if (ret == COUNT_OK && !out->failed)
			out->data[at] = id;
		lengths[i] = out->len - at;
	}
	if (ret == COUNT_OK)
		ret = put_lengths(out, start, lengths, column_pages(n));
	if (ret != COUNT_OK)
		out->len = start;
	return ret;
}

int column_dict_make(struct chunk_coder *c, enum column_level level, const double *values, size_t n,
		     struct buf *out, struct column_dict *dict)
{
	(void)c, (void)level, (void)values, (void)n, (void)out;
	*dict = (struct column_dict){ 0 };
	return COUNT_OK;
}

int column_decode_times(struct chunk_coder *c, const uint8_t *p, size_t len, int64_t first, int64_t last,
			size_t n, unsigned from, unsigned pages, int64_t *times)
{
	uint64_t step = (uint64_t)column_regular_step(len, first, last, n);

	if (n == 0 || n > COLUMN_MAX_POINTS || pages == 0 || from >= column_pages(n) || pages > column_pages(n) - from)
		return COUNT_ERR_INVALID;
	for (unsigned i = from; i < from + pages; i++) {
		size_t m = column_page_len(n, i), page_len;
		uint64_t base = (uint64_t)first + step * i * COLUMN_PAGE;
		const uint8_t *page;
		int ret;

		if (len == 0) {
			for (size_t k = 0; k < m; k++)
				times[k] = (int64_t)(base + step * k);
		} else {
			if (!find_page(p, len, n, i, &page, &page_len))
				return COUNT_ERR_CORRUPT;
			ret = chunk_decode_times(c, page + 1, page_len - 1, page[0], m, times);
			if (ret != COUNT_OK)
				return ret;
			for (size_t k = 0; k < m; k++)
				times[k] = (int64_t)((uint64_t)times[k] + (uint64_t)first);
		}
		times += m;
	}
	return COUNT_OK;
}

int column_decode_values(struct chunk_coder *c, const uint8_t *p, size_t len, const struct column_dict *dict,
			 size_t n, unsigned from, unsigned pages, double *values)
{
	(void)dict;
	if (n == 0 || n > COLUMN_MAX_POINTS || pages == 0 || from >= column_pages(n) || pages > column_pages(n) - from)
		return COUNT_ERR_INVALID;
	for (unsigned i = from; i < from + pages; i++) {
		size_t m = column_page_len(n, i), page_len;
		const uint8_t *page;
		int ret;

		if (!find_page(p, len, n, i, &page, &page_len))
			return COUNT_ERR_CORRUPT;
		ret = chunk_decode_values(c, page + 1, page_len - 1, page[0], m, values);
		if (ret != COUNT_OK)
			return ret;
		values += m;
	}
	return COUNT_OK;
}

int column_dict_decode(struct chunk_coder *c, const uint8_t *p, size_t len, struct column_dict *dict)
{
	(void)c, (void)p, (void)len;
	*dict = (struct column_dict){ 0 };
	return COUNT_ERR_VERSION;
}

static const char *known(const char *name)
{
	return name != NULL ? name : "unknown";
}

const char *column_times_name(const uint8_t *p, size_t len, size_t n)
{
	const uint8_t *page;

	if (len == 0)
		return "regular";
	return find_page(p, len, n, 0, &page, &len) ? known(chunk_time_codec_name(page[0])) : "unknown";
}

const char *column_values_name(const uint8_t *p, size_t len, size_t n)
{
	const uint8_t *page;

	return find_page(p, len, n, 0, &page, &len) ? known(chunk_value_codec_name(page[0])) : "unknown";
}
