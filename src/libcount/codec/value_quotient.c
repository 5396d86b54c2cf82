/*
 * value_quotient.c - averages and ratios: integers over a common denominator (scaled.h).
 *
 *	byte	bit 0: fixes follow the integers; the others are 0
 *	varint	the denominator, 1 to 10000
 *
 *	quotient	SCALE_DIVIDE, a quotient computed in double precision
 *	quotient15	SCALE_DIGITS15, one that was printed with 15 digits and read back
 *
 * The denominator is the common multiple of those that the continued fractions of a sample give.
 */
#include "codec/coder.h"
#include "codec/scaled.h"

#define SAMPLES 32
#define PROBES 4		/* if none of the first ones is a fraction, the rest is not looked at */
#define HAS_FIXES 1

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

/* The least q for which some x / q is v, 0 if there is none: the convergents of |v|'s continued fraction. */
static uint64_t denominator(enum scale_way way, double v)
{
	double rest = v < 0 ? -v : v;
	uint64_t p1 = 1, p0 = 0, q1 = 0, q0 = 1;	/* the last convergent and the one before */

	if (!(rest < 1e12))
		return 0;
	v = rest;
	for (;;) {
		uint64_t part, p, q;
		struct scale s = { .way = way };

		if (!(rest < 1e12))
			return 0;
		part = (uint64_t)rest;
		p = part * p1 + p0;
		q = part * q1 + q0;
		if (q > SCALE_MAX_QUOTIENT || p > (uint64_t)1 << 50)
			return 0;
		s.divisor = (double)q;
		if (scale_value(&s, (int64_t)p) == v)
			return q;
		p0 = p1;
		q0 = q1;
		p1 = p;
		q1 = q;
		rest = 1 / (rest - (double)part);	/* infinite ends it above */
	}
}

/* A denominator that serves most of the values, 0 if none does. */
static uint64_t common_denominator(enum scale_way way, const double *values, size_t n)
{
	size_t m = n < SAMPLES ? n : SAMPLES, found = 0;
	uint64_t common = 1;

	for (size_t i = 0; i < m; i++) {
		uint64_t q = denominator(way, values[i * n / m]), all;

		if (i == PROBES && found == 0)
			return 0;
		if (q == 0)
			continue;
		all = common / gcd(common, q) * q;
		if (all > SCALE_MAX_QUOTIENT)
			continue;
		common = all;
		found++;
	}
	if (SCALE_MAX_QUOTIENT % common == 0)
		return 0;	/* divides a power of ten: these are decimals */
	return found * 2 > m ? common : 0;
}

static bool put(enum scale_way way, struct chunk_coder *c, const double *values, size_t n,
		size_t limit, struct buf *out)
{
	uint64_t q = common_denominator(way, values, n);
	struct scale s = { way, (double)q };
	uint8_t head[1 + VARINT_MAX] = { 0 };

	if (q == 0)
		return false;
	return scaled_put(c, &s, values, n, head, 1 + varint_put(head + 1, q), HAS_FIXES, limit, out);
}

static bool get(enum scale_way way, struct chunk_coder *c, const uint8_t *p, const uint8_t *end,
		size_t n, double *values)
{
	struct scale s = { .way = way };
	uint8_t flags;
	uint64_t q;

	if (p == end)
		return false;
	flags = *p++;
	if ((flags & ~HAS_FIXES) != 0 || (p = varint_get(p, end, &q)) == NULL || q == 0 ||
	    q > SCALE_MAX_QUOTIENT)
		return false;
	s.divisor = (double)q;
	return scaled_get(c, &s, flags != 0, p, end, n, values);
}

static bool quotient_put(struct chunk_coder *c, const double *values, size_t n, size_t limit,
			 struct buf *out)
{
	return put(SCALE_DIVIDE, c, values, n, limit, out);
}

static bool quotient_get(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
			 double *values)
{
	return get(SCALE_DIVIDE, c, p, end, n, values);
}

static bool quotient15_put(struct chunk_coder *c, const double *values, size_t n, size_t limit,
			   struct buf *out)
{
	return put(SCALE_DIGITS15, c, values, n, limit, out);
}

static bool quotient15_get(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
			   double *values)
{
	return get(SCALE_DIGITS15, c, p, end, n, values);
}

const struct value_codec value_quotient = { "quotient", quotient_put, quotient_get };
const struct value_codec value_quotient15 = { "quotient15", quotient15_put, quotient15_get };
