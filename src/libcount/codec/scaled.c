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

/* Where a is low to low + span - 1, a * 10^power / q has 15 digits before the point. */
struct digits { uint64_t low, span; unsigned power; };

static uint64_t divide_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

/*
 * Which power makes a / q 15 digits long, a > 0, and what else it serves.  No overflow: q * 10^14 <= 10^18,
 * a * 10^power < q * 10^15 <= 10^19.
 */
static struct digits digits_of(uint64_t a, uint64_t q)
{
	unsigned j = 0;

	if (a < q) {
		for (j = 15; a * powers[j] < q * powers[14]; j++)	/* ends at 18: q <= 10^4 */
			;
	} else {
		while (j < 14 && a < q * powers[14 - j])
			j++;
	}
	if (j >= 15) {
		uint64_t low = divide_up(q * powers[14], powers[j]);

		return (struct digits){ low, (j == 15 ? q : divide_up(q * powers[14], powers[j - 1])) - low, j };
	}
	return (struct digits){ q * powers[14 - j], (j == 0 ? 0 : q * powers[15 - j]) - q * powers[14 - j], j };
}

/* x / q to 15 digits: the integer nearest to x * 10^j / q, over 10^j, where j makes it 15 digits long. */
static double digits15(int64_t x, uint64_t q)
{
	uint64_t a = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
	unsigned j;
	double d;

	if (a == 0)
		return 0;
	j = digits_of(a, q).power;
	d = (double)((a * powers[j] + q / 2) / q) / scale_powers[j];
	return x < 0 ? -d : d;
}

/* a / q by UINT64_MAX / q: the estimate is too low by 1 at most, for what is left out of both is below 1. */
static inline uint64_t divide_by(uint64_t a, uint64_t q, uint64_t reciprocal)
{
	uint64_t n = (uint64_t)((unsigned __int128)a * reciprocal >> 64);

	return n + (a - n * q >= q);
}

void scale_values15(double divisor, const int64_t *x, size_t n, double *values)
{
	uint64_t q = (uint64_t)divisor, reciprocal = UINT64_MAX / q;
	struct digits g = { .low = 1 };

	for (size_t i = 0; i < n; i++) {
		uint64_t a = x[i] < 0 ? 0 - (uint64_t)x[i] : (uint64_t)x[i];
		double d;

		if (a - g.low >= g.span) {
			if (a == 0) {
				values[i] = 0;
				continue;
			}
			g = digits_of(a, q);
		}
		d = (double)divide_by(a * powers[g.power] + q / 2, q, reciprocal) / scale_powers[g.power];
		values[i] = x[i] < 0 ? -d : d;
	}
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
