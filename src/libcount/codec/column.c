/* column.c - columns in pages; see column.h. */
#include "codec/column.h"

#include "codec/coder.h"

bool column_range(size_t n, unsigned from, unsigned pages, size_t *entries)
{
	if (n == 0 || n > COLUMN_MAX_POINTS || pages == 0 || from >= column_pages(n) || pages > column_pages(n) - from)
		return false;
	*entries = (size_t)(pages - 1) * COLUMN_PAGE + column_page_len(n, from + pages - 1);
	return true;
}

bool column_spans(const uint8_t *p, const uint8_t *end, size_t n, struct column_span *span)
{
	unsigned pages = column_pages(n);
	uint64_t len[COLUMN_PAGES];

	for (unsigned i = 0; i + 1 < pages; i++)
		if ((p = varint_get(p, end, &len[i])) == NULL)
			return false;
	for (unsigned i = 0; i < pages; i++) {
		size_t left = (size_t)(end - p);

		if (i + 1 == pages)
			len[i] = left;
		if (len[i] > left)
			return false;
		span[i].p = p;
		p += len[i];
		span[i].end = p;
	}
	return true;
}

int column_encode_values(struct chunk_coder *c, enum column_level level, const struct column_dict *dict,
			 const double *values, size_t n, struct buf *out, bool *used)
{
	size_t start = out->len;
	int ret;

	if (n == 0 || n > COLUMN_MAX_POINTS)
		return COUNT_ERR_INVALID;
	ret = values_encode(c, 0, level, dict, values, n, out, used);
	if (ret != COUNT_OK)
		out->len = start;
	return ret;
}

int column_decode_values(struct chunk_coder *c, const uint8_t *p, size_t len, const struct column_dict *dict,
			 size_t n, unsigned from, unsigned pages, double *values)
{
	size_t entries;

	if (!column_range(n, from, pages, &entries))
		return COUNT_ERR_INVALID;
	return values_decode(c, 0, p, len, dict, n, from, pages, values);
}

const char *column_values_name(const uint8_t *p, size_t len, size_t n)
{
	static const char *const names[16][2] = {
		[TRANSFORM_CONSTANT] = { "constant", NULL },
		[TRANSFORM_DECIMAL] = { "decimal", "decimal, tokens" },
		[TRANSFORM_QUOTIENT] = { "quotient", "quotient, tokens" },
		[TRANSFORM_QUOTIENT15] = { "quotient15", "quotient15, tokens" },
		[TRANSFORM_ORDERED] = { "ordered", "ordered, tokens" },
		[TRANSFORM_SET] = { "set", "set, tokens" },
		[TRANSFORM_SERIES] = { "dictionary", "dictionary, tokens" },
		[TRANSFORM_XOR] = { "xor", NULL },
		[TRANSFORM_RAW] = { "raw", NULL },
	};
	const char *name;
	unsigned transform;

	if (len == 0)
		return "zero";
	transform = p[0] & 0xf;
	if (transform == TRANSFORM_RAW && len < n * sizeof(double))
		return "mixed";		/* each page by itself */
	name = names[transform >= TRANSFORM_SHORT ? TRANSFORM_DECIMAL : transform][(p[0] & DESCRIPTION_TOKENS) != 0];
	return name != NULL ? name : "unknown";
}
