/*
 * fuzz-column-decode - hostile bytes into the decoders of columns and dictionaries.
 *
 * Input: number of points (2 bytes, little-endian), a byte of choices, the length of a dictionary (1 byte), the
 * dictionary, and a column.  Each page must decode to what the whole decodes to, and what is accepted must survive
 * another round trip.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/chunk.h"
#include "codec/column.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void values_again(struct chunk_coder *c, enum column_level level, const struct column_dict *dict,
			 const double *values, size_t n)
{
	double *v = malloc(n * sizeof(*v));
	struct buf b = { 0 };
	bool used;

	must(column_encode_values(c, level, dict, values, n, &b, &used) == COUNT_OK);
	must(b.len <= n * COLUMN_MAX_POINT_BYTES + 64);
	must(column_decode_values(c, b.data, b.len, used ? dict : NULL, n, 0, column_pages(n), v) == COUNT_OK);
	must(memcmp(v, values, n * sizeof(*v)) == 0);
	buf_free(&b);
	free(v);
}

static void times_again(struct chunk_coder *c, enum column_level level, const int64_t *times, size_t n)
{
	int64_t *t = malloc(n * sizeof(*t));
	struct buf b = { 0 };

	must(column_encode_times(c, level, times, n, &b) == COUNT_OK);
	must(b.len <= n * COLUMN_MAX_POINT_BYTES + 64);
	must(column_decode_times(c, b.data, b.len, times[0], times[n - 1], n, 0, column_pages(n), t) == COUNT_OK);
	must(memcmp(t, times, n * sizeof(*t)) == 0);
	buf_free(&b);
	free(t);
}

static void values(struct chunk_coder *c, enum column_level level, const struct column_dict *dict, const uint8_t *p,
		   size_t len, size_t n)
{
	double *v = malloc(n * sizeof(*v)), page[COLUMN_PAGE];	/* exact: an overrun is seen */

	column_values_name(p, len, n);
	if (column_decode_values(c, p, len, dict, n, 0, column_pages(n), v) == COUNT_OK) {
		for (unsigned i = 0; i < column_pages(n); i++) {
			must(column_decode_values(c, p, len, dict, n, i, 1, page) == COUNT_OK);
			must(memcmp(page, v + (size_t)i * COLUMN_PAGE, column_page_len(n, i) * sizeof(*v)) == 0);
		}
		values_again(c, level, dict, v, n);
	}
	free(v);
}

static void times(struct chunk_coder *c, enum column_level level, const uint8_t *p, size_t len, size_t n)
{
	int64_t *t = malloc(n * sizeof(*t)), page[COLUMN_PAGE], first = 1000, last = INT64_MAX - 5;

	column_times_name(p, len, n);
	if (column_decode_times(c, p, len, first, last, n, 0, column_pages(n), t) == COUNT_OK) {
		for (unsigned i = 0; i < column_pages(n); i++) {
			must(column_decode_times(c, p, len, first, last, n, i, 1, page) == COUNT_OK);
			must(memcmp(page, t + (size_t)i * COLUMN_PAGE, column_page_len(n, i) * sizeof(*t)) == 0);
		}
		times_again(c, level, t, n);
	}
	free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct column_dict dict = { 0 };
	struct chunk_coder *c;
	enum column_level level;
	size_t n, dict_len;

	if (size < 4)
		return 0;
	n = get_u16(data) % COLUMN_MAX_POINTS + 1;
	level = (enum column_level)(data[2] % 3);
	dict_len = data[3] < size - 4 ? data[3] : size - 4;
	c = chunk_coder_new();
	must(c != NULL);
	column_dict_decode(c, data + 4, dict_len, &dict);
	values(c, level, dict.n != 0 ? &dict : NULL, data + 4 + dict_len, size - 4 - dict_len, n);
	times(c, level, data + 4 + dict_len, size - 4 - dict_len, n);
	free(dict.v);
	chunk_coder_delete(c);
	return 0;
}
