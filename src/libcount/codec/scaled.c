/* scaled.c - see scaled.h. */
#include "codec/scaled.h"

#include "codec/ordered.h"

#define EXACT_LIMIT 9007199254740992.0		/* 2^53 */

const double scale_powers[SCALE_MAX_POWER + 1] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
	1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static const uint64_t powers[20] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000,
	100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000,
	10000000000000000, 100000000000000000, 1000000000000000000, UINT64_C(10000000000000000000),
};

/*
 * x / q to 15 digits: the integer nearest to x * 10^j / q, over 10^j, where j makes it 15 digits long.
 * No overflow: x * 10^j < q * 10^15 <= 10^19, and q * 10^14 <= 10^18.
 */
static double digits15(int64_t x, uint64_t q)
{
	uint64_t a = x < 0 ? 0 - (uint64_t)x : (uint64_t)x, n;
	unsigned j = 0;
	double d;

	if (a == 0)
		return 0;
	if (a < q) {
		for (j = 15; a * powers[j] < q * powers[14]; j++)	/* ends at 18: q <= 10^4 */
			;
	} else {
		while (j < 14 && a < q * powers[14 - j])
			j++;
	}
	n = (a * powers[j] + q / 2) / q;
	d = (double)n / scale_powers[j];
	return x < 0 ? -d : d;
}

double scale_value(const struct scale *s, int64_t x)
{
	if (s->way == SCALE_DIGITS15)
		return digits15(x, (uint64_t)s->divisor);
	return (double)x / s->divisor;
}

/* Whole numbers of 2^51 to 2^53, where the product may be one or two off. */
static int64_t nearest_large(const struct scale *s, double v, double product)
{
	int64_t x = (int64_t)product, best = x;
	int64_t want = double_to_ordered(v);
	uint64_t least = UINT64_MAX;

	for (int64_t y = x - 2; y <= x + 2; y++) {
		int64_t off = want - double_to_ordered((double)y / s->divisor);
		uint64_t distance = off < 0 ? 0 - (uint64_t)off : (uint64_t)off;

		if (distance < least) {
			least = distance;
			best = y;
		}
	}
	return best;
}

bool scale_integer(const struct scale *s, double v, int64_t *x)
{
	double product = v * s->divisor;

	if (product < SCALE_ROUND_LIMIT && product > -SCALE_ROUND_LIMIT) {
		*x = (int64_t)(product + SCALE_ROUND_MAGIC - SCALE_ROUND_MAGIC);
		return true;
	}
	if (product < EXACT_LIMIT && product > -EXACT_LIMIT) {
		*x = s->way == SCALE_DIVIDE ? nearest_large(s, v, product) : (int64_t)product;
		return true;
	}
	return false;
}
