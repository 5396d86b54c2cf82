/*
 * fuzz-chunk-decode - hostile bytes into the chunk decoder.
 *
 * Input: number of points (2 bytes, little-endian), time codec, value codec, and a chunk.  What is
 * accepted must survive another round trip.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(struct chunk_coder *c, const int64_t *times, const double *values, size_t n)
{
	int64_t *t = malloc(n * sizeof(*t));
	double *v = malloc(n * sizeof(*v));
	struct chunk_codecs ids;
	struct buf b = { 0 };

	if (chunk_encode(c, times, values, n, &b, &ids) != COUNT_OK ||
	    chunk_decode(c, b.data, b.len, ids, n, t, v) != COUNT_OK ||
	    memcmp(t, times, n * sizeof(*t)) != 0 || memcmp(v, values, n * sizeof(*v)) != 0)
		abort();
	buf_free(&b);
	free(t);
	free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chunk_coder *c;
	struct chunk_codecs ids;
	int64_t *times;
	double *values;
	size_t n;

	if (size < 4)
		return 0;
	n = get_u16(data) % CHUNK_MAX_POINTS + 1;
	ids = (struct chunk_codecs){ data[2], data[3] };
	c = chunk_coder_new();
	times = malloc(n * sizeof(*times));	/* exact: an overrun is seen */
	values = malloc(n * sizeof(*values));
	if (chunk_decode(c, data + 4, size - 4, ids, n, times, values) == COUNT_OK)
		round_trip(c, times, values, n);
	chunk_decode_values(c, data + 4, size - 4, ids.value, n, values);
	chunk_decode_times(c, data + 4, size - 4, ids.time, n, times);
	chunk_coder_delete(c);
	free(times);
	free(values);
	return 0;
}
