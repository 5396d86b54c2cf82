/* ints.c - see ints.h. */
#include "codec/ints.h"

#define ORDER_MASK 3
#define HAS_FACTOR 4
#define HEADER_MAX (1 + 3 * VARINT_MAX)

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

/* d[i] = m[i + 1] - m[i], n of them; d may be m. */
static void differences(int64_t *d, const int64_t *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		d[i] = (int64_t)((uint64_t)m[i + 1] - (uint64_t)m[i]);
}

/* Writes what is left of m at that order to work, and returns how many; *m is updated to where it is. */
static size_t residuals(const int64_t *m, size_t n, unsigned order, int64_t *work)
{
	if (order == 0) {
		memcpy(work, m + 1, (n - 1) * sizeof(*m));
		return n - 1;
	}
	differences(work, m, n - 1);
	if (order == 1 || n < 2)
		return n - 1;
	differences(work, work, n - 2);
	return n - 2;
}

bool ints_put(struct buf *out, int64_t *x, size_t n, unsigned orders, size_t limit, int64_t *work)
{
	uint8_t head[HEADER_MAX];
	size_t best = limit, at = 0, left;
	int64_t first = x[0];
	uint64_t f = divide_out(x, n);
	unsigned order = 3;

	for (unsigned o = 0; o <= 2; o++) {
		size_t bytes;

		if ((orders & INTS_ORDER(o)) == 0)
			continue;
		left = residuals(x, n, o, work);
		bytes = pack_size(work, left, best) + (o == 2);	/* order 2 has m[1] apart */
		if (bytes < best) {
			best = bytes;
			order = o;
		}
	}
	if (order > 2)
		return false;		/* none below the limit */
	head[at++] = (uint8_t)(order | (f > 1 ? HAS_FACTOR : 0));
	at += varint_put(head + at, zigzag(first));
	if (f > 1)
		at += varint_put(head + at, f);
	if (order == 2 && n > 1)
		at += varint_put(head + at, zigzag(x[1]));
	if (at + best - (order == 2) >= limit)
		return false;
	buf_put(out, head, at);
	left = residuals(x, n, order, work);
	return pack_put(out, work, left) && !out->failed;
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
