/*
 * time_delta.c - times by the gaps between them, by the changes of the gaps, or by the distance
 * from a grid.
 *
 *	delta	integers (ints.h) of order 1: gaps, over their common divisor; so stamps on whole
 *		seconds cost seconds, whatever the unit
 *	delta-of-delta	the same of order 2: steady gaps that change seldom
 *	grid	the step, a zigzag varint, then integers of order 0: time i less i * step, wrapping.
 *		For a sampler that keeps to its grid with a jitter: gaps would carry the
 *		jitter of two points each
 */
#include "codec/coder.h"

static bool put_order(struct chunk_coder *c, const int64_t *times, size_t n, size_t limit,
		      struct buf *out, unsigned orders)
{
	memcpy(c->ints, times, n * sizeof(*times));
	return ints_put(out, c->ints, n, orders, limit, c->work);
}

static bool delta_put(struct chunk_coder *c, const int64_t *times, size_t n, size_t limit,
		      struct buf *out)
{
	return put_order(c, times, n, limit, out, INTS_ORDER(1));
}

static bool dod_put(struct chunk_coder *c, const int64_t *times, size_t n, size_t limit,
		    struct buf *out)
{
	return put_order(c, times, n, limit, out, INTS_ORDER(2));
}

static bool delta_get(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
		      int64_t *times)
{
	if (ints_get(p, end, n, c->ints) != end)
		return false;
	memcpy(times, c->ints, n * sizeof(*times));
	return true;
}

static bool grid_put(struct chunk_coder *c, const int64_t *times, size_t n, size_t limit,
		     struct buf *out)
{
	uint64_t first = (uint64_t)times[0];
	uint64_t step = n > 1 ? ((uint64_t)times[n - 1] - first + (n - 1) / 2) / (n - 1) : 0;
	uint8_t head[VARINT_MAX];
	size_t len = varint_put(head, zigzag((int64_t)step));

	for (size_t i = 0; i < n; i++)
		c->ints[i] = (int64_t)((uint64_t)times[i] - i * step);
	if (len >= limit)
		return false;
	buf_put(out, head, len);
	return ints_put(out, c->ints, n, INTS_ORDER(0), limit - len, c->work);
}

static bool grid_get(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
		     int64_t *times)
{
	uint64_t step;

	if ((p = varint_get(p, end, &step)) == NULL || ints_get(p, end, n, c->ints) != end)
		return false;
	step = (uint64_t)unzigzag(step);
	for (size_t i = 0; i < n; i++)
		times[i] = (int64_t)((uint64_t)c->ints[i] + i * step);
	return true;
}

const struct time_codec time_delta = { "delta", delta_put, delta_get };
const struct time_codec time_dod = { "delta-of-delta", dod_put, delta_get };
const struct time_codec time_grid = { "grid", grid_put, grid_get };
