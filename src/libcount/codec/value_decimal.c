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
#include "codec/coder.h"
#include "codec/scaled.h"

#define SAMPLES 32
#define NO_POWER 255
#define TRIAL_RUN 256		/* values, on which powers compete */
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

/* Of several powers the one that makes a run from the middle shortest. */
static uint8_t best_power(struct chunk_coder *c, const double *values, size_t n, const uint8_t *k,
			  size_t tries, struct buf *out)
{
	size_t m = n < TRIAL_RUN ? n : TRIAL_RUN, start = out->len, least = SIZE_MAX;
	uint8_t best = k[0];

	for (size_t i = 0; i < tries; i++) {
		struct scale s = { SCALE_DIVIDE, scale_powers[k[i]] };
		uint8_t head = k[i];

		if (scaled_put(c, &s, values + (n - m) / 2, m, &head, 1, HAS_FIXES, least, out)) {
			least = out->len - start;
			best = k[i];
		}
		out->len = start;
	}
	return best;
}

static bool decimal_put(struct chunk_coder *c, const double *values, size_t n, size_t limit,
			struct buf *out)
{
	struct scale s = { .way = SCALE_DIVIDE };
	struct powers p;
	size_t tries;
	uint8_t k[3];

	sample(values, n, &p);
	tries = candidates(&p, k);
	if (tries == 0)
		return false;
	if (tries > 1)
		k[0] = best_power(c, values, n, k, tries, out);
	s.divisor = scale_powers[k[0]];
	return scaled_put(c, &s, values, n, k, 1, HAS_FIXES, limit, out);
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
