/*
 * test-reduce.c - base/reduce: each level gives the bits of plain C, for any number of values, and the sum is as
 * exact as reduce.h says, against one that never rounds.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/reduce.h"

enum { KINDS = 8 };

static uint64_t seed = 88172645463325252u;

static uint64_t random_u64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static double uniform(void)
{
	return (double)(random_u64() >> 11) * 0x1p-53;
}

/* Values of one kind: decimals, integers, wild magnitudes, terms that cancel, zeros of both signs, any bits. */
static double value_of(unsigned kind, size_t i)
{
	switch (kind) {
	case 0: return (double)(random_u64() % 20000) / 100 - 50;
	case 1: return (double)(random_u64() % 1000000000);
	case 2: return ldexp(uniform() - 0.5, (int)(random_u64() % 200) - 100);
	case 3: return (i % 2 == 0 ? 1e16 : -1e16) + uniform();
	case 4: return i % 3 == 0 ? -0.0 : i % 3 == 1 ? 0.0 : DBL_TRUE_MIN * (double)(random_u64() % 3);
	case 5: return random_u64() % 50 == 0 ? NAN : uniform();
	case 6: return random_u64() % 100 == 0 ? (random_u64() % 2 ? INFINITY : -INFINITY) : uniform() * DBL_MAX;
	default: return f64_from_bits(random_u64());
	}
}

/* An expansion: doubles that do not overlap, smallest first, whose sum is exact (Shewchuk 1997, grow-expansion). */
struct exact { double part[REDUCE_MAX + 8]; size_t n; };

static void exact_add(struct exact *e, double x)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->n; i++) {
		double sum = x + e->part[i], b = sum - x, rest = (x - (sum - b)) + (e->part[i] - b);

		if (rest != 0)
			e->part[kept++] = rest;
		x = sum;
	}
	if (x != 0)
		e->part[kept++] = x;
	e->n = kept;
}

/* |hi + lo - sum of v| / sum of |v|, or 0 */
static double error_of(const double *v, size_t n, struct reduced_sum s)
{
	struct exact e = { .n = 0 };
	double magnitude = 0, rest = 0;

	for (size_t i = 0; i < n; i++) {
		exact_add(&e, v[i]);
		magnitude += fabs(v[i]);
	}
	exact_add(&e, -s.hi);
	exact_add(&e, -s.lo);
	for (size_t i = 0; i < e.n; i++)
		rest += e.part[i];
	return rest == 0 ? 0 : fabs(rest) / magnitude;
}

static void same_bits(double a, double b, const char *what, unsigned kind, size_t n, int level)
{
	if (f64_bits(a) != f64_bits(b) && !(isnan(a) && isnan(b)))
		fail_msg("%s of %zu values of kind %u: %.17g, at level %d %.17g", what, n, kind, a, level, b);
}

/* v is followed by nothing that may be read. */
static void check(const double *v, size_t n, unsigned kind, double *worst)
{
	struct reduced_sum s = reduce_plain.sum(v, n);
	struct reduced_range r = reduce_plain.range(v, n);
	double min = INFINITY, max = -INFINITY;
	size_t nan = 0;

	for (size_t i = 0; i < n; i++) {
		min = v[i] < min ? v[i] : min;
		max = v[i] > max ? v[i] : max;
		nan += isnan(v[i]);
	}
	same_bits(min + 0.0, r.min + 0.0, "least", kind, n, 0);
	same_bits(max + 0.0, r.max + 0.0, "greatest", kind, n, 0);
	assert_int_equal(nan, r.nan);
	for (int level = CPU_PLAIN + 1; level <= (int)cpu_level(); level++) {
		const struct reduce_kernels *k = reduce_kernels((enum cpu_level)level);
		struct reduced_sum sum = k->sum(v, n);
		struct reduced_range range = k->range(v, n);

		same_bits(s.hi, sum.hi, "sum", kind, n, level);
		same_bits(isfinite(s.hi) ? s.lo : 0, isfinite(s.hi) ? sum.lo : 0, "rest of the sum", kind, n, level);
		same_bits(min + 0.0, range.min + 0.0, "least", kind, n, level);
		same_bits(max + 0.0, range.max + 0.0, "greatest", kind, n, level);
		assert_int_equal(nan, range.nan);
	}
	if (kind < 5) {
		assert_true(isfinite(s.hi));
		assert_true(s.hi + s.lo == s.hi);
		*worst = fmax(*worst, error_of(v, n, s));
	}
	if (nan > 0)
		assert_true(isnan(s.hi));
}

static void levels_agree(void **state)
{
	double worst = 0;

	(void)state;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		for (size_t n = 0; n <= REDUCE_MAX; n += n < 140 ? 1 : 1 + random_u64() % 60) {
			/* at the very end of an allocation, so that a sanitizer sees a step beyond */
			double *v = malloc(n * sizeof(*v) + 1);

			for (size_t i = 0; i < n; i++)
				v[i] = value_of(kind, i);
			check(v, n, kind, &worst);
			free(v);
		}
	}
	print_message("largest error of a sum: 2^%.1f of the magnitudes\n", worst > 0 ? log2(worst) : -1100);
	assert_true(worst < 0x1p-93);
}

/* One place has the extreme value, or the NaN. */
static void every_place(void **state)
{
	double v[200];

	(void)state;
	for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
		const struct reduce_kernels *k = reduce_kernels((enum cpu_level)level);

		for (size_t n = 1; n <= 200; n++) {
			for (size_t i = 0; i < n; i++)
				v[i] = 1;
			for (size_t i = 0; i < n; i++) {
				v[i] = -7;
				assert_true(k->range(v, n).min == -7 && k->sum(v, n).hi == (double)n - 8);
				v[i] = 7;
				assert_true(k->range(v, n).max == 7 && k->sum(v, n).hi == (double)n + 6);
				v[i] = NAN;
				assert_int_equal(k->range(v, n).nan, 1);
				assert_true(isnan(k->sum(v, n).hi));
				v[i] = 1;
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_agree),
		cmocka_unit_test(every_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
