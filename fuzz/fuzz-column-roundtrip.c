/*
 * fuzz-column-roundtrip - any points through the encoders of columns at each level, and back.
 *
 * Input: a byte of shape, a byte of repetition, then 8 bytes a point.  The shape's bits say how the 8 bytes become
 * a value: as they are, a decimal, a quotient, a repetition; and a time: as it is, a gap, a small gap.  The points
 * are repeated, each time a little different, as often as the second byte says.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/chunk.h"
#include "codec/column.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static double value_from(unsigned shape, uint64_t x, double before)
{
	switch (shape & 7) {
	case 0: return f64_from_bits(x);
	case 1: return (double)(int64_t)(x >> 40) / 100;
	case 2: return (double)(int64_t)(x >> 44) * 0.001;
	case 3: return (double)(int64_t)(x >> 48) / 60;
	case 4: return (x & 3) != 0 ? before : f64_from_bits(x);
	case 5: return (double)(float)(int64_t)(x >> 36);
	case 6: return (double)(x & 15);
	default: return (x & 31) == 0 ? f64_from_bits(x) : (double)(x >> 52) / 10;
	}
}

static int64_t time_from(unsigned shape, uint64_t x, int64_t before)
{
	switch (shape >> 3 & 3) {
	case 0: return (int64_t)x;
	case 1: return (int64_t)((uint64_t)before + (x >> 48) * 1000);
	case 2: return (int64_t)((uint64_t)before + 60000 + (x & 63));
	default: return (int64_t)((uint64_t)before + ((x & 63) == 0 ? x : 10));
	}
}

static void round_trip(struct chunk_coder *c, enum column_level level, const int64_t *times, const double *values,
		       size_t n)
{
	int64_t *t = malloc(n * sizeof(*t));
	double *v = malloc(n * sizeof(*v));
	struct buf b = { 0 };
	size_t len;
	bool used;

	if (column_encode_times(c, level, times, n, &b) != COUNT_OK || b.len > n * COLUMN_MAX_POINT_BYTES + 64)
		abort();
	len = b.len;
	if (column_encode_values(c, level, NULL, values, n, &b, &used) != COUNT_OK || used ||
	    b.len - len > n * COLUMN_MAX_POINT_BYTES + 64)
		abort();
	if (column_decode_times(c, b.data, len, times[0], times[n - 1], n, 0, column_pages(n), t) != COUNT_OK ||
	    column_decode_values(c, len == 0 ? b.data : b.data + len, b.len - len, NULL, n, 0, column_pages(n), v) !=
	    COUNT_OK || memcmp(t, times, n * sizeof(*t)) != 0 || memcmp(v, values, n * sizeof(*v)) != 0)
		abort();
	buf_free(&b);
	free(t);
	free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size < 2 ? 0 : (size - 2) / 8, all;
	struct chunk_coder *c;
	int64_t *times;
	double *values;

	if (n == 0 || n > COLUMN_MAX_POINTS)
		return 0;
	all = n * (1u << data[1] % 8);
	all = all < COLUMN_MAX_POINTS ? all : COLUMN_MAX_POINTS;
	c = chunk_coder_new();
	times = malloc(all * sizeof(*times));
	values = malloc(all * sizeof(*values));
	for (size_t i = 0; i < all; i++) {
		uint64_t x = get_u64(data + 2 + 8 * (i % n)) + i / n * (data[1] & 8 ? UINT64_C(0x1000100000) : 0);

		values[i] = value_from(data[0], x, i == 0 ? 0 : values[i - 1]);
		times[i] = time_from(data[0], x, i == 0 ? 0 : times[i - 1]);
	}
	for (int level = COLUMN_FAST; level <= COLUMN_MAX; level++)
		round_trip(c, (enum column_level)level, times, values, all);
	chunk_coder_delete(c);
	free(times);
	free(values);
	return 0;
}
