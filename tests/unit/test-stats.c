/* test-stats.c - codec/stats: extremes, counts, and sums that do not depend on the way they were made. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "codec/stats.h"

#define N 4096

static int64_t times[N];
static double values[N];

static uint64_t next(uint64_t *state)	/* splitmix64 */
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static double magnitudes;	/* the sum of |x| of the values under test */

static bool close_to(double a, double b)
{
	return f64_bits(a) == f64_bits(b) || (isnan(a) && isnan(b)) ||
	       fabs(a - b) <= 1e-15 * fabs(b) + 1e-29 * magnitudes;
}

/* One by one, in parts of several sizes merged, and at once must agree. */
static double sum_all_ways(size_t n)
{
	static const size_t parts[] = { 1, 3, 8, 13, 128, 1000 };
	struct chunk_stats whole, part, joined;
	struct dd s = { 0 };

	magnitudes = 0;
	for (size_t i = 0; i < n; i++) {
		dd_add(&s, values[i]);
		magnitudes += isfinite(values[i]) ? fabs(values[i]) * 0x1p-64 : 0;
	}
	magnitudes = magnitudes < DBL_MAX * 0x1p-64 ? magnitudes * 0x1p64 : DBL_MAX;
	stats_of(times, values, n, &whole);
	if (!close_to(dd_value(whole.sum), dd_value(s)))
		fail_msg("%.17g at once, %.17g one by one", dd_value(whole.sum), dd_value(s));
	for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
		for (size_t i = 0; i < n; i += parts[k]) {
			stats_of(times + i, values + i, n - i < parts[k] ? n - i : parts[k], &part);
			if (i == 0)
				joined = part;
			else
				stats_merge(&joined, &part);
		}
		if (!close_to(dd_value(joined.sum), dd_value(s)))
			fail_msg("%.17g in parts of %zu, %.17g one by one", dd_value(joined.sum),
				 parts[k], dd_value(s));
		joined.sum = whole.sum;
		assert_memory_equal(&joined, &whole, sizeof(whole));
	}
	return dd_value(s);
}

static void sums(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (size_t n = 1; n < N; n = n * 2 + 1) {
		for (size_t i = 0; i < n; i++)
			values[i] = 0.1 * (double)(next(&seed) % 1000000);
		sum_all_ways(n);
		for (size_t i = 0; i < n; i++)		/* huge terms that cancel */
			values[i] = i % 4 == 0 ? 1e20 : i % 4 == 2 ? -1e20 : 0.1;
		sum_all_ways(n);
		for (size_t i = 0; i < n; i++)		/* every exponent; of one sign */
			values[i] = fabs(f64_from_bits(next(&seed) % UINT64_C(0x7fe0000000000000)));
		sum_all_ways(n);
	}
	for (size_t i = 0; i < 1000; i++)
		values[i] = 0.1;
	assert_true(sum_all_ways(1000) == 100);
	values[0] = 1e16;
	values[1] = 1;
	values[2] = -1e16;
	assert_true(sum_all_ways(3) == 1);
}

static void beyond_finite(void **state)
{
	(void)state;
	for (size_t i = 0; i < 100; i++)
		values[i] = 1;
	values[50] = INFINITY;
	assert_true(sum_all_ways(100) == INFINITY);
	values[51] = -INFINITY;
	assert_true(isnan(sum_all_ways(100)));
	values[51] = DBL_MAX;
	assert_true(sum_all_ways(100) == INFINITY);
	values[50] = -INFINITY;
	assert_true(sum_all_ways(100) == -INFINITY);
	values[50] = 3;
	values[51] = NAN;
	assert_true(isnan(sum_all_ways(100)));
	for (size_t i = 0; i < 100; i++)	/* out of range, and back */
		values[i] = i < 50 ? 0x1p1023 : -0x1p1023;
	assert_true(sum_all_ways(100) == 0);
	values[99] = 0;
	assert_true(sum_all_ways(100) == 0x1p1023);
	values[98] = 0;
	assert_true(sum_all_ways(100) == INFINITY);
}

static void means(void **state)
{
	struct dd s = { 0 };

	(void)state;
	for (int i = 0; i < 10; i++)
		dd_add(&s, DBL_MAX);
	assert_true(dd_value(s) == INFINITY);
	assert_true(dd_mean(s, 10) <= DBL_MAX && dd_mean(s, 10) >= DBL_MAX * (1 - 1e-15));
	s = (struct dd){ 0 };
	dd_add(&s, 1);
	dd_add(&s, 2);
	assert_true(dd_mean(s, 2) == 1.5);
}

static void extremes_and_counts(void **state)
{
	struct chunk_stats st;

	(void)state;
	for (size_t n = 1; n < 40; n++) {
		for (size_t at = 0; at < n; at++) {
			for (size_t i = 0; i < n; i++) {
				times[i] = (int64_t)i * 10;
				values[i] = i == at ? -5.0 : (double)i;
			}
			stats_of(times, values, n, &st);
			assert_true(st.min == -5 && st.max == (n == 1 ? -5.0 :
				    (double)(at == n - 1 ? n - 2 : n - 1)));
			values[at] = NAN;
			stats_of(times, values, n, &st);
			assert_int_equal(st.nan_count, 1);
			assert_int_equal(st.count, n);
			assert_int_equal(st.last_time, (int64_t)(n - 1) * 10);
			assert_true(n == 1 ? isnan(st.min) && isnan(st.max) :
				    st.min == (at == 0 ? 1 : 0));
			assert_true(isnan(st.sum.hi) && st.sum.lo == 0);
			assert_true(f64_bits(st.first) == f64_bits(values[0]));
			assert_true(f64_bits(st.last) == f64_bits(values[n - 1]));
		}
	}
	values[0] = -0.0;
	values[1] = NAN;
	stats_of(times, values, 2, &st);
	assert_true(!signbit(st.min) && !signbit(st.max) && signbit(st.first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums),
		cmocka_unit_test(beyond_finite),
		cmocka_unit_test(means),
		cmocka_unit_test(extremes_and_counts),
	};

	for (size_t i = 0; i < N; i++)
		times[i] = (int64_t)i;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
