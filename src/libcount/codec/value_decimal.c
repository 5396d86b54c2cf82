/*
 * value_decimal.c - values with few decimals: an integer over a power of ten (scaled.h, SCALE_DIVIDE).
 *
 *	byte	bits 0-6: the power, 0 to 22; bit 7: fixes follow the integers
 *
 * Most metrics are such numbers: ALP (Afroozeh et al., SIGMOD 2024) found the same.  Division rather than
 * multiplication by 10^-k, since the division of two exact numbers is rounded once, which is
 * how strtod made the value.  Sums and products of decimals (45.501999999999995) are a few
 * ulps off: these cost a small fix each, less than the digits that would name them exactly.
 */
#include "codec/scaled.h"

#define SAMPLES 32
#define NO_POWER 255
#define SMALL_FIX 16		/* ulps; a larger fix is not worth while */

#define HAS_FIXES 0x80

/* The powers wanted by a sample: sorted, NO_POWER for a value that no power serves. */
struct powers {
	uint8_t exact[SAMPLES];		/* for a fix of 0 */
	uint8_t near[SAMPLES];		/* for a small fix */
	size_t n;
};

static void find_powers(double v, uint8_t *exact, uint8_t *near)
{
	*exact = *near = NO_POWER;
	for (uint8_t k = 0; k <= SCALE_MAX_POWER; k++) {
		struct scale s = { SCALE_DIVIDE, scale_powers[k] };
		uint64_t off;
		int64_t x;

		if (!scale_integer(&s, v, &x))
			return;
		off = f64_bits(v) - f64_bits(scale_value(&s, x));
		if (*near == NO_POWER && off + SMALL_FIX <= 2 * SMALL_FIX)
			*near = k;
		if (off == 0) {
			*exact = k;
			return;
		}
	}
}

static void insert(uint8_t *sorted, size_t n, uint8_t k)
{
	while (n > 0 && sorted[n - 1] > k) {
		sorted[n] = sorted[n - 1];
		n--;
	}
	sorted[n] = k;
}

static void sample(const double *values, size_t n, struct powers *p)
{
	size_t m = n < SAMPLES ? n : SAMPLES;

	p->n = 0;
	for (size_t i = 0; i < m; i++) {
		uint8_t exact, near;

		find_powers(values[i * n / m], &exact, &near);
		insert(p->exact, p->n, exact);
		insert(p->near, p->n, near);
		p->n++;
	}
}

/* The powers worth trying, at most 3, best first; none if most values have none. */
static size_t candidates(const struct powers *p, uint8_t *k)
{
	size_t n = 0, most = p->n;
	uint8_t near = p->near[p->n - 1 - p->n / 8];

	while (most > 0 && p->exact[most - 1] == NO_POWER)
		most--;
	if (most > p->n / 2) {
		k[n++] = p->exact[most - 1];
		if (p->exact[most - 1 - most / 8] != k[0])
			k[n++] = p->exact[most - 1 - most / 8];
	}
	if (near != NO_POWER && (n == 0 || near < k[n - 1]))
		k[n++] = near;
	return n;
}

static bool decimal_put(struct chunk_coder *c, const double *values, size_t n, size_t limit,
			struct buf *out)
{
	size_t start = out->len;
	struct powers p;
	uint8_t k[3];
	size_t tries;
	bool found = false;

	sample(values, n, &p);
	tries = candidates(&p, k);
	for (size_t i = 0; i < tries; i++) {
		struct scale s = { SCALE_DIVIDE, scale_powers[k[i]] };
		size_t before = out->len, len;

		if (!scaled_put(c, &s, values, n, &k[i], 1, HAS_FIXES, limit, out)) {
			out->len = before;
			continue;
		}
		len = out->len - before;	/* better than the one before it: takes its place */
		memmove(out->data + start, out->data + before, len);
		out->len = start + len;
		limit = len;
		found = true;
	}
	return found && !out->failed;
}

static bool decimal_get(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
			double *values)
{
	struct scale s = { .way = SCALE_DIVIDE };

	if (p == end || (*p & ~HAS_FIXES) > SCALE_MAX_POWER)
		return false;
	s.divisor = scale_powers[*p & ~HAS_FIXES];
	return scaled_get(c, &s, (*p & HAS_FIXES) != 0, p + 1, end, n, values);
}

const struct value_codec value_decimal = { "decimal", decimal_put, decimal_get };
