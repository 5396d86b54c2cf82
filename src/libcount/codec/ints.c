/* ints.c - see ints.h. */
#include "codec/ints.h"

#include <stddef.h>

#define ORDER_MASK 3
#define HAS_FACTOR 4
#define HEADER_MAX (1 + 3 * VARINT_MAX)

#define SAMPLE_FROM 512		/* shorter sequences are planned whole */
#define SAMPLE_EVERY 4		/* groups; of 1024 the second and the sixth */
#define SAMPLE_MARGIN 16	/* how far behind an order may be in the sample: 1/16 */

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* x[i] becomes (x[i] - x[0]) / f; returns the greatest such f, 1 if all are equal. */
static uint64_t divide_out(int64_t *x, size_t n)
{
	uint64_t first = (uint64_t)x[0], f = 0;

	for (size_t i = 0; i < n; i++) {
		x[i] = (int64_t)((uint64_t)x[i] - first);
		if (f != 1 && x[i] != 0)
			f = gcd(magnitude(x[i]), f);
	}
	if (f < 2 || f > INT64_MAX)
		return 1;
	for (size_t i = 0; i < n; i++)
		x[i] /= (int64_t)f;
	return f;
}

/*
 * Writes to d what is left at that order of the m from number i on, n of them.  Subtracts from m[i - order]
 * on, so i is at least 1, and 2 for order 2.
 */
static void residuals(int64_t *restrict d, const int64_t *restrict m, size_t i, size_t n,
		      unsigned order)
{
	const uint64_t *u = (const uint64_t *)m + i;	/* differences wrap */

	switch (order) {
	case 0:
		memcpy(d, m + i, n * sizeof(*d));
		break;
	case 1:
		for (size_t k = 0; k < n; k++)
			d[k] = (int64_t)(u[k] - u[(ptrdiff_t)k - 1]);
		break;
	default:
		for (size_t k = 0; k < n; k++)
			d[k] = (int64_t)(u[k] - 2 * u[(ptrdiff_t)k - 1] + u[(ptrdiff_t)k - 2]);
		break;
	}
}

/* How many of the first m an order leaves out. */
static size_t left_out(size_t n, unsigned order)
{
	return order == 2 && n > 1 ? 2 : 1;
}

/*
 * Drops from the set the orders that a sample of the groups shows to be of no use: much longer than the
 * best of them, or than limit.
 */
static unsigned promising(const int64_t *m, size_t n, unsigned orders, size_t limit)
{
	size_t bytes[3] = { SIZE_MAX, SIZE_MAX, SIZE_MAX }, best = SIZE_MAX, seen = 0, fair;
	unsigned good = 0;

	if (n < SAMPLE_FROM)
		return orders;
	for (size_t i = PACK_GROUP; i + PACK_GROUP <= n; i += SAMPLE_EVERY * PACK_GROUP)
		seen += PACK_GROUP;
	for (unsigned o = 0; o <= 2; o++) {
		if ((orders & INTS_ORDER(o)) == 0)
			continue;
		bytes[o] = 0;
		for (size_t i = PACK_GROUP; i + PACK_GROUP <= n; i += SAMPLE_EVERY * PACK_GROUP) {
			struct pack_plan plan;
			int64_t d[PACK_GROUP];

			residuals(d, m, i, PACK_GROUP, o);
			bytes[o] += pack_plan(&plan, d, PACK_GROUP, SIZE_MAX);
		}
		best = bytes[o] < best ? bytes[o] : best;
	}
	fair = limit > n * 8 ? SIZE_MAX / 2 : limit * seen / n;
	for (unsigned o = 0; o <= 2; o++)
		if ((orders & INTS_ORDER(o)) != 0 && bytes[o] <= best + best / SAMPLE_MARGIN + 2 &&
		    bytes[o] <= fair + fair / 8 + 8)
			good |= INTS_ORDER(o);
	return good;
}

bool ints_put(struct buf *out, int64_t *x, size_t n, unsigned orders, size_t limit, int64_t *work)
{
	struct pack_plan plans[2], *best = NULL, *next = plans;
	uint8_t head[HEADER_MAX];
	int64_t first = x[0];
	uint64_t f = divide_out(x, n);
	size_t at = 0, skip, least = limit;
	unsigned order = 0;

	orders = promising(x, n, orders, limit);
	for (unsigned o = 0; o <= 2; o++) {
		size_t apart = o == 2;		/* order 2 has m[1], a byte at least, in the head */

		skip = left_out(n, o);
		if ((orders & INTS_ORDER(o)) == 0)
			continue;
		residuals(work, x, skip, n - skip, o);
		if (pack_plan(next, work, n - skip, least) + apart < least) {
			least = next->bytes + apart;
			best = next;
			next = best == plans ? plans + 1 : plans;
			order = o;
		}
	}
	if (best == NULL)
		return false;		/* none is below the limit */
	head[at++] = (uint8_t)(order | (f > 1 ? HAS_FACTOR : 0));
	at += varint_put(head + at, zigzag(first));
	if (f > 1)
		at += varint_put(head + at, f);
	if (order == 2 && n > 1)
		at += varint_put(head + at, zigzag(x[1]));
	if (at + best->bytes >= limit)
		return false;
	buf_put(out, head, at);
	skip = left_out(n, order);
	residuals(work, x, skip, n - skip, order);
	return pack_put(out, best, work, n - skip) && !out->failed;
}

static void sum_up(int64_t *x, size_t n, uint64_t first, uint64_t f, uint64_t step, unsigned order)
{
	uint64_t m = 0;

	x[0] = (int64_t)first;
	if (order == 0) {
		for (size_t i = 1; i < n; i++)
			x[i] = (int64_t)(first + f * (uint64_t)x[i]);
	} else if (order == 1) {
		for (size_t i = 1; i < n; i++) {
			m += (uint64_t)x[i];
			x[i] = (int64_t)(first + f * m);
		}
	} else {
		for (size_t i = 1; i < n; i++) {
			if (i > 1)
				step += (uint64_t)x[i];
			m += step;
			x[i] = (int64_t)(first + f * m);
		}
	}
}

const uint8_t *ints_get(const uint8_t *p, const uint8_t *end, size_t n, int64_t *x)
{
	uint64_t first, f = 1, step = 0;
	size_t from = 1;
	unsigned head;

	if (p == end)
		return NULL;
	head = *p++;
	if ((head & ~(ORDER_MASK | HAS_FACTOR)) != 0 || (head & ORDER_MASK) > 2 ||
	    (p = varint_get(p, end, &first)) == NULL)
		return NULL;
	if ((head & HAS_FACTOR) != 0 && (p = varint_get(p, end, &f)) == NULL)
		return NULL;
	if ((head & ORDER_MASK) == 2 && n > 1) {
		if ((p = varint_get(p, end, &step)) == NULL)
			return NULL;
		from = 2;
	}
	if (n > from && (p = pack_get(p, end, n - from, x + from)) == NULL)
		return NULL;
	sum_up(x, n, (uint64_t)unzigzag(first), f, (uint64_t)unzigzag(step), head & ORDER_MASK);
	return p;
}
