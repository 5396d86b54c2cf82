/*
 * time_regular.c - times without a pattern, and times with the simplest one.
 *
 *	raw	n times of 8 bytes
 *	regular	the first time and the step, zigzag varints; time i is first + i * step, wrapping
 */
#include "codec/coder.h"

static bool raw_put(struct chunk_coder *c, const int64_t *times, size_t n, size_t limit,
		    struct buf *out)
{
	(void)c;
	if (n * sizeof(*times) >= limit)
		return false;
	buf_put(out, times, n * sizeof(*times));
	return !out->failed;
}

static bool raw_get(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
		    int64_t *times)
{
	(void)c;
	if ((size_t)(end - p) != n * sizeof(*times))
		return false;
	memcpy(times, p, n * sizeof(*times));
	return true;
}

static bool regular_put(struct chunk_coder *c, const int64_t *times, size_t n, size_t limit,
			struct buf *out)
{
	uint64_t step = n > 1 ? (uint64_t)times[1] - (uint64_t)times[0] : 0;
	uint8_t bytes[2 * VARINT_MAX];
	size_t len;

	(void)c;
	for (size_t i = 1; i < n; i++)
		if ((uint64_t)times[i] - (uint64_t)times[i - 1] != step)
			return false;
	len = varint_put(bytes, zigzag(times[0]));
	len += varint_put(bytes + len, zigzag((int64_t)step));
	if (len >= limit)
		return false;
	buf_put(out, bytes, len);
	return !out->failed;
}

static bool regular_get(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
			int64_t *times)
{
	uint64_t first = 0, step = 0;

	(void)c;
	if ((p = varint_get(p, end, &first)) == NULL || varint_get(p, end, &step) != end)
		return false;
	first = (uint64_t)unzigzag(first);
	step = (uint64_t)unzigzag(step);
	for (size_t i = 0; i < n; i++)
		times[i] = (int64_t)(first + i * step);
	return true;
}

const struct time_codec time_raw = { "raw", raw_put, raw_get };
const struct time_codec time_regular = { "regular", regular_put, regular_get };
