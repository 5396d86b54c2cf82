/*
 * test-digits.c - cli/digits: the numbers of rows are the library's texts, byte for byte, whatever came before them.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "digits.h"

enum { ROUNDS = 400000 };

static uint64_t seed = 88172645463325252u;

static uint64_t random_u64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static void same_value(double v, unsigned *scale)
{
	char is[COUNT_VALUE_MAX + 1], want[COUNT_VALUE_MAX];
	size_t n, len = count_value_format(v, want);
	unsigned before = *scale;

	memset(is, '#', sizeof(is));
	n = digits_value(is, v, scale);
	assert_true(*scale <= DIGITS_MAX_SCALE);
	if (n != len || memcmp(is, want, len) != 0 || is[COUNT_VALUE_MAX] != '#')
		fail_msg("%.17g after values of scale %u is %s, not %.*s", v, before, want, (int)n, is);
}

/* Of each kind of value some, at each scale. */
static void values(void **state)
{
	static const double odd[] = { 0.0, -0.0, NAN, INFINITY, -INFINITY, DBL_MAX, -DBL_MAX, DBL_MIN, DBL_TRUE_MIN,
		0.1, 0.3, 1e-6, 1e-7, 9.5e-7, 1e15, 1e15 - 1, 999999999999999, 9999999999999.98, 99999999.5,
		1e8, 1e8 - 1, 1e21, 1e22, 0x1p53, 0x1p53 + 2, 0.05, 0.000001, 0.0000015, 123456789.123456,
		4.35, 2.675, 1.005 };

	(void)state;
	for (unsigned scale = 0; scale <= DIGITS_MAX_SCALE; scale++) {
		for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
			unsigned s = scale, t = scale;

			same_value(odd[i], &s);
			same_value(-odd[i], &t);
		}
	}
	for (unsigned i = 0, scale = 0; i < ROUNDS; i++) {
		static const double pow10[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8 };
		uint64_t r = random_u64(), bits = random_u64();
		double v = (double)(r >> (11 + r % 53)) / pow10[random_u64() % 9];

		if (i % 16 == 0)
			memcpy(&v, &bits, 8);
		if (i % 5 == 0)
			v = nextafter(v, i % 2 != 0 ? INFINITY : -INFINITY);
		if (i % 64 == 0)
			scale = 0;
		same_value(i % 3 == 0 ? -v : v, &scale);
	}
}

/* Every number of up to five digits, with each number of them behind the point, and the last of each length. */
static void short_decimals(void **state)
{
	unsigned scale = 0;

	(void)state;
	for (unsigned n = 0; n < 100000; n++) {
		same_value(n, &scale);
		same_value(n / 1e2, &scale);
		same_value(n / 1e5, &scale);
	}
	for (double n = 10; n < 1e17; n *= 10) {
		for (unsigned k = 0; k <= DIGITS_MAX_SCALE; k++) {
			scale = k;
			same_value((n - 1) / pow(10, k), &scale);
			same_value(n / pow(10, k), &scale);
			same_value((n + 1) / pow(10, k), &scale);
		}
	}
}

static void same_stamp(struct digits_stamp *s, int64_t t)
{
	char is[COUNT_STAMP_MAX + 1], want[COUNT_STAMP_MAX];
	size_t len = count_stamp_format(t, s->unit, s->format, want), n;

	memset(is, '#', sizeof(is));
	n = digits_stamp(s, t, is);
	if (n != len || memcmp(is, want, len) != 0 || is[COUNT_STAMP_MAX] != '#')
		fail_msg("stamp %lld of unit %d in format %d is %s, not %.*s", (long long)t, (int)s->unit,
			 (int)s->format, want, (int)n, is);
}

/* Walks with steps of all sizes, in both directions, from small and large beginnings. */
static void stamps(void **state)
{
	static const int64_t begin[] = { 0, -100000000, 9999, 100000000, 1700000000, 1700000000000, 1700000000000000,
		1700000000000000000, INT64_MIN, INT64_MAX - 5, -1, 253402300799, 253402300799999 };

	(void)state;
	for (int unit = COUNT_UNIT_S; unit <= COUNT_UNIT_NS; unit++) {
		for (int format = COUNT_TIME_FORMAT_UNIT; format <= COUNT_TIME_FORMAT_ISO; format++) {
			struct digits_stamp s = { .unit = (enum count_unit)unit,
						  .format = (enum count_time_format)format };

			for (size_t b = 0; b < sizeof(begin) / sizeof(begin[0]); b++) {
				uint64_t t = (uint64_t)begin[b];

				for (unsigned i = 0; i < 3000; i++) {
					uint64_t step = random_u64() >> (random_u64() % 60 + 4);

					if (i % 3 != 0)
						step = step % 100 * (i % 2 != 0 ? 1000 : 1);
					same_stamp(&s, (int64_t)t);
					t += i % 17 == 0 ? 0 - step : step;
				}
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(short_decimals),
		cmocka_unit_test(stamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
