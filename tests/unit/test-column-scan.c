/* test-column-scan.c - codec/scan: every level of vectors computes what plain arithmetic does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/bits.h"
#include "codec/scaled.h"
#include "codec/scan.h"

static uint64_t next(uint64_t *state)	/* splitmix64 */
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static int64_t left(const int64_t *m, unsigned order)
{
	uint64_t d = (uint64_t)m[0];

	if (order == 1)
		d -= (uint64_t)m[-1];
	else if (order == 2)
		d = d - 2 * (uint64_t)m[-1] + (uint64_t)m[-2];
	return (int64_t)d;
}

static void check_lengths(const struct scan_lengths *l, const int64_t *m, unsigned order, bool narrow, int level)
{
	int64_t min = INT64_MAX, max = INT64_MIN;

	for (size_t i = 0; i < SCAN_GROUP; i++) {
		int64_t d = left(m + i, order);

		if (narrow)
			d = (int32_t)(uint32_t)d;
		min = d < min ? d : min;
		max = d > max ? d : max;
		if (l->length[i] != bits_length(zigzag(d)))
			fail_msg("level %d, order %u: the length of %lld is not %u", level, order, (long long)d,
				 l->length[i]);
	}
	assert_true(l->min == min);
	assert_true(l->max == max);
}

static void lengths(void **state)
{
	static int64_t wide[2 + SCAN_GROUP];
	static int32_t narrow[2 + SCAN_GROUP];
	uint64_t seed = 1;

	(void)state;
	for (unsigned trial = 0; trial < 4000; trial++) {
		for (size_t i = 0; i < 2 + SCAN_GROUP; i++) {
			unsigned width = trial % 4 == 3 ? (unsigned)(next(&seed) % 65) : trial % 65;

			wide[i] = unzigzag(next(&seed) & bits_mask(width));
			if (trial % 7 == 0)	/* around powers of two */
				wide[i] = (int64_t)((UINT64_C(1) << (trial % 64)) + next(&seed) % 5 - 2);
		}
		for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
			const struct scans *s = scans_of((enum cpu_level)level);
			unsigned order = trial % 3;
			struct scan_lengths l;

			s->lengths64(wide + 2, order, &l);
			check_lengths(&l, wide + 2, order, false, level);
			for (size_t i = 0; i < 2 + SCAN_GROUP; i++)
				narrow[i] = (int32_t)(uint32_t)wide[i];
			s->lengths32(narrow + 2, order, &l);
			check_lengths(&l, wide + 2, order, true, level);
		}
	}
}

/* Integers and fixes as scale_integer() and scale_value() have them. */
static void quotients(void **state)
{
	double values[SCAN_GROUP];
	int64_t x[SCAN_GROUP], fix[SCAN_GROUP], want;
	uint64_t seed = 2;

	(void)state;
	for (unsigned trial = 0; trial < 20000; trial++) {
		struct scale s = { SCALE_DIVIDE, trial % 5 == 4 ? 60 : scale_powers[trial % 23] };
		bool exact = true, near = true;

		for (size_t i = 0; i < SCAN_GROUP; i++)
			values[i] = (double)unzigzag(next(&seed) & bits_mask(trial / 23 % 53)) / s.divisor;
		if (trial % 8 == 0) {
			static const double odd[] = { NAN, INFINITY, -INFINITY, -0.0, 1e300, 4.9e-324, M_PI, 0.1 };

			values[next(&seed) % SCAN_GROUP] = odd[next(&seed) % 8];
		}
		for (size_t i = 0; i < SCAN_GROUP; i++) {
			near &= fabs(values[i] * s.divisor) < 0x1p51;
			exact &= near && scale_integer(&s, values[i], &want) &&
				 f64_bits(scale_value(&s, want)) == f64_bits(values[i]);
		}
		for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
			assert_int_equal(scans_of((enum cpu_level)level)->quotients(values, s.divisor, x, fix),
					 exact ? SCAN_EXACT : near ? SCAN_FIXED : SCAN_FAR);
			for (size_t i = 0; near && i < SCAN_GROUP; i++) {
				scale_integer(&s, values[i], &want);
				assert_true(x[i] == want);
				assert_true(f64_bits(scale_value(&s, want)) + (uint64_t)fix[i] == f64_bits(values[i]));
			}
		}
	}
}

static void differences(void **state)
{
	int64_t m[2 + 64], d[64];
	uint64_t seed = 4;

	(void)state;
	for (unsigned trial = 0; trial < 4000; trial++) {
		unsigned order = 1 + trial % 2;
		bool narrow = trial / 2 % 2 != 0;
		size_t n = 8 * (trial % 9);

		for (size_t i = 0; i < 2 + n; i++)
			m[i] = unzigzag(next(&seed) & bits_mask(trial % 65));
		for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
			scans_of((enum cpu_level)level)->differences(m + 2, n, order, narrow, d);
			for (size_t i = 0; i < n; i++) {
				const uint64_t *u = (const uint64_t *)m + 2 + i;
				uint64_t want = order == 1 ? u[0] - u[-1] : u[0] - 2 * u[-1] + u[-2];

				assert_true(d[i] == (narrow ? (int32_t)(uint32_t)want : (int64_t)want));
			}
		}
	}
}

/* x / q to 15 digits, by the definition. */
static double digits15(int64_t x, uint64_t q)
{
	unsigned __int128 a = x < 0 ? 0 - (uint64_t)x : (uint64_t)x, power = 1, n;
	unsigned j = 0;

	while (a != 0 && j < 22 && a * power < q * (unsigned __int128)UINT64_C(100000000000000)) {
		power *= 10;
		j++;
	}
	n = (a * power + q / 2) / q;
	return (x < 0 && n != 0 ? -1 : 1) * ((double)(uint64_t)n / scale_powers[j]);
}

static void quotients15(void **state)
{
	int64_t x[200];
	double values[200];
	uint64_t seed = 5;

	(void)state;
	for (unsigned trial = 0; trial < 20000; trial++) {
		uint64_t q = trial < SCALE_MAX_QUOTIENT ? 1 + trial : 1 + next(&seed) % SCALE_MAX_QUOTIENT;
		struct scale s = { SCALE_DIGITS15, (double)q };
		unsigned width = trial % 51;
		size_t n = trial % 200;

		for (size_t i = 0; i < n; i++) {
			x[i] = unzigzag(next(&seed) & bits_mask(trial % 3 == 0 ? (unsigned)(next(&seed) % 51) : width));
			if (trial % 5 == 0)	/* about where the digits become more */
				x[i] = x[i] % 3 + (int64_t)(scale_powers[trial / 5 % 13] * (trial % 2 ? s.divisor : 1));
			x[i] %= INT64_C(1) << 53;
		}
		scale_values15((double)q, x, n, values);
		for (size_t i = 0; i < n; i++) {
			assert_true(f64_bits(values[i]) == f64_bits(digits15(x[i], q)));
			assert_true(f64_bits(values[i]) == f64_bits(scale_value(&s, x[i])));
		}
	}
}

static void offsets(void **state)
{
	int64_t x[64], copy[64];
	int32_t narrow[64];
	uint64_t seed = 3;

	(void)state;
	for (unsigned trial = 0; trial < 4000; trial++) {
		int64_t base = (int64_t)next(&seed) >> trial % 64;
		size_t n = 8 * (trial % 9);
		bool fits = true;

		for (size_t i = 0; i < n; i++) {
			x[i] = (int64_t)((uint64_t)base + (uint64_t)unzigzag(next(&seed) & bits_mask(20 + trial % 14)));
			fits &= x[i] - base == (int32_t)(x[i] - base);
		}
		for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
			memcpy(copy, x, sizeof(x));
			assert_int_equal(scans_of((enum cpu_level)level)->offsets(copy, n, base, narrow), fits);
			for (size_t i = 0; i < n; i++)
				assert_true(copy[i] == x[i] - base && narrow[i] == (int32_t)(uint32_t)(x[i] - base));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(quotients),
		cmocka_unit_test(differences),
		cmocka_unit_test(quotients15),
		cmocka_unit_test(offsets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
