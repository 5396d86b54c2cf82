/*
 * fuzz-chunk-roundtrip - any points through the chunk encoder and back.
 *
 * Input: a byte of shape, then 8 bytes a point.  Its bits say how the 8 bytes become a value: as they
 * are, a decimal, a quotient, a repetition; and a time: as it is, a gap, a small gap.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/chunk.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size == 0 ? 0 : (size - 1) / 8;
	struct chunk_coder *c;
	struct chunk_codecs ids;
	struct buf b = { 0 };
	int64_t *times, *t;
	double *values, *v;

	if (n == 0 || n > CHUNK_MAX_POINTS)
		return 0;
	c = chunk_coder_new();
	times = malloc(n * sizeof(*times));
	t = malloc(n * sizeof(*t));
	values = malloc(n * sizeof(*values));
	v = malloc(n * sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		uint64_t x = get_u64(data + 1 + 8 * i);

		values[i] = value_from(data[0], x, i == 0 ? 0 : values[i - 1]);
		times[i] = time_from(data[0], x, i == 0 ? 0 : times[i - 1]);
	}
	if (chunk_encode(c, times, values, n, &b, &ids) != COUNT_OK ||
	    chunk_decode(c, b.data, b.len, ids, n, t, v) != COUNT_OK ||
	    memcmp(t, times, n * sizeof(*t)) != 0 || memcmp(v, values, n * sizeof(*v)) != 0 ||
	    b.len > n * CHUNK_MAX_POINT_BYTES + 64)
		abort();
	chunk_coder_delete(c);
	buf_free(&b);
	free(times);
	free(t);
	free(values);
	free(v);
	return 0;
}
