/* test-column-damage.c - codec/column: cut, flipped and made-up bytes do no harm, and are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/coder.h"

static int64_t times[COLUMN_MAX_POINTS], got_times[COLUMN_MAX_POINTS];
static double values[COLUMN_MAX_POINTS], got_values[COLUMN_MAX_POINTS];
static struct chunk_coder *coder;

static uint64_t next(uint64_t *state)	/* splitmix64 */
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static double digits15(double v)	/* as printed so and read back */
{
	char text[64];

	snprintf(text, sizeof(text), "%.15g", v);
	return strtod(text, NULL);
}

/* A copy of exactly that many bytes, so that a sanitizer sees a read past the end. */
static uint8_t *exact_copy(const struct buf *b, size_t len)
{
	uint8_t *p = malloc(len + (len == 0));

	if (len != 0)
		memcpy(p, b->data, len);
	return p;
}

static void fill_mixture(uint64_t *seed, size_t n)
{
	int64_t t = (int64_t)(*seed % 1000000);

	for (size_t i = 0; i < n; i++) {
		t += 1 + (int64_t)(next(seed) % (*seed % 7 == 0 ? 100000 : 3));
		times[i] = t;
		switch (next(seed) % (1 + *seed % 5)) {
		case 0: values[i] = (double)(next(seed) % 1000) / 10; break;
		case 1: values[i] = i == 0 ? 1 : values[i - 1]; break;
		case 2: values[i] = (double)(next(seed) % 1000) / 7; break;
		case 3: values[i] = (double)(next(seed) % 1000) * 0.01; break;
		default: values[i] = f64_from_bits(next(seed)); break;
		}
	}
}

/* Values that make a column of each kind, for damage(). */
static void fill_kind(unsigned kind, uint64_t *seed, size_t n)
{
	fill_mixture(seed, n);
	for (size_t i = 0; i < n && kind != 0; i++) {
		uint64_t x = next(seed);

		switch (kind) {
		case 1: values[i] = (double)(x % 5000) / 100; break;
		case 2: values[i] = (double)(x % 5000) / 60; break;
		case 3: values[i] = digits15((double)(x % 5000) / 60); break;
		case 4: values[i] = f64_from_bits(UINT64_C(0x4037000000000000) + (x >> 30)); break;
		case 5: values[i] = f64_from_bits(UINT64_C(0x3ff0123456789abc) * (x % 7 + 1) >> 2); break;
		case 6: values[i] = (double)(x >> (40 + next(seed) % 24)); break;
		case 7: values[i] = i < n / 2 ? 4.5 : (double)(x % 1000) * 0.1; break;
		case 8: values[i] = f64_from_bits(x); break;
		default: values[i] = 0.1; break;
		}
	}
}

/* Decoding must end, and stay inside its arrays; a sanitizer sees whether it does. */
static void damage(void **state)
{
	uint64_t seed = 8;
	unsigned accepted = 0;
	bool used;

	(void)state;
	for (int round = 0; round < 60; round++) {
		size_t n = round < 10 ? (size_t)round / 2 + 1 : round % 5 == 0 ? 1025 + next(&seed) % 1100 :
									 1 + next(&seed) % 300;
		enum column_level level = (enum column_level)(round % 3);
		unsigned pages = column_pages(n);
		struct buf b = { 0 }, t = { 0 };

		fill_kind((unsigned)round % 10, &seed, n);
		assert_int_equal(column_encode_values(coder, level, NULL, values, n, &b, &used), COUNT_OK);
		assert_int_equal(column_encode_times(coder, level, times, n, &t), COUNT_OK);
		for (size_t cut = 0; cut < b.len; cut++) {
			uint8_t *p = exact_copy(&b, cut);

			accepted += column_decode_values(coder, p, cut, NULL, n, 0, pages, got_values) == COUNT_OK &&
				    cut > 9;	/* but for constants */
			free(p);
		}
		for (size_t cut = 1; cut < t.len; cut++) {
			uint8_t *p = exact_copy(&t, cut);

			accepted += column_decode_times(coder, p, cut, times[0], times[n - 1], n, 0, pages,
							got_times) == COUNT_OK;
			free(p);
		}
		for (size_t bit = 0; bit < b.len * 8; bit += 1 + b.len / 200) {
			b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			column_decode_values(coder, b.data, b.len, NULL, n, 0, pages, got_values);
			column_decode_values(coder, b.data, b.len, NULL, n, pages - 1, 1, got_values);
			b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t bit = 0; bit < t.len * 8; bit += 1 + t.len / 200) {
			t.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			column_decode_times(coder, t.data, t.len, times[0], times[n - 1], n, 0, pages, got_times);
			t.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		buf_free(&b);
		buf_free(&t);
	}
	assert_int_equal(accepted, 0);
}

/* Well-formed but for one thing each. */
static void broken_columns(void **state)
{
	static const uint8_t nested[] = { 6, 0, 1, 9, 6, 0, 1, 2, 1, 0x3f, 0, 0, 0, 0, 0, 0 };
	static const uint8_t rank[] = { 6, 0, 1, 2, 1, 0x3f, 4, 0 }, none[] = { 6, 0, 0, 0, 0, 0 };
	static const uint8_t many[] = { 6, 0, 2, 0, 0, 0 }, power[] = { 2, 23, 0, 0 };
	static const uint8_t flag[] = { 2, 0x80, 0, 0 }, zero[] = { 3, 0, 0, 0, 0 };
	static const uint8_t large[] = { 4, 0, 0x91, 0x4e, 0, 0 };
	static const uint8_t order[] = { 2 | 3 << 4, 0, 0, 0 }, trailing[] = { 2, 0, 0, 0, 0 };
	static const uint8_t factor[] = { 2, 0x20, 1, 0, 0 }, fixes[] = { 2 | 0x80, 0, 0, 0, 2 };
	static const uint8_t ordered[] = { 5 | 0x80, 0, 0, 0, 0 }, no_power[] = { 5, 1, 0, 0 };
	static const uint8_t dict[] = { 7, 0, 0, 0 }, constant[] = { 1, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	static const uint8_t bits[] = { 1 | 0x40, 9 };
	static const uint8_t wide[] = { 9, 1 | 7 << 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const struct { const uint8_t *p; size_t len; const char *what; } bad[] = {
		{ nested, sizeof(nested), "a set in a set" },
		{ rank, sizeof(rank), "a rank beyond the set" },
		{ none, sizeof(none), "an empty set" },
		{ many, sizeof(many), "more distinct values than values" },
		{ power, sizeof(power), "10^23" },
		{ flag, sizeof(flag), "an unknown flag" },
		{ zero, sizeof(zero), "division by zero" },
		{ large, sizeof(large), "a denominator of 10001" },
		{ order, sizeof(order), "order 3" },
		{ trailing, sizeof(trailing), "a byte too many" },
		{ factor, sizeof(factor), "a factor of 1" },
		{ fixes, sizeof(fixes), "an unknown kind of fixes" },
		{ ordered, sizeof(ordered), "fixes of ordered integers" },
		{ no_power, sizeof(no_power), "a power of ordered integers" },
		{ dict, sizeof(dict), "no dictionary" },
		{ constant, sizeof(constant), "a constant of nine bytes" },
		{ bits, sizeof(bits), "a constant in tokens" },
		{ wide, sizeof(wide), "a field wider than a double" },
	};
	static const uint8_t later[] = { 11, 0, 0, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (column_decode_values(coder, bad[i].p, bad[i].len, NULL, 1, 0, 1, got_values) != COUNT_ERR_CORRUPT)
			fail_msg("accepted: %s", bad[i].what);
	assert_int_equal(column_decode_values(coder, later, 4, NULL, 1, 0, 1, got_values), COUNT_ERR_VERSION);
	assert_int_equal(column_decode_times(coder, later, 4, 0, 0, 1, 0, 1, got_times), COUNT_ERR_VERSION);
	assert_string_equal(column_values_name(later, 4, 1), "unknown");
	assert_string_equal(column_times_name(later, 4, 1), "unknown");
}

static void refusals(void **state)
{
	struct buf b = { 0 };
	bool used;

	(void)state;
	assert_int_equal(column_encode_times(coder, COLUMN_FAST, times, 0, &b), COUNT_ERR_INVALID);
	assert_int_equal(column_encode_times(coder, COLUMN_FAST, times, COLUMN_MAX_POINTS + 1, &b), COUNT_ERR_INVALID);
	assert_int_equal(column_encode_values(coder, COLUMN_FAST, NULL, values, 0, &b, &used), COUNT_ERR_INVALID);
	assert_int_equal(column_encode_values(coder, COLUMN_FAST, NULL, values, COLUMN_MAX_POINTS + 1, &b, &used),
			 COUNT_ERR_INVALID);
	assert_int_equal(b.len, 0);
	assert_int_equal(column_decode_values(coder, NULL, 0, NULL, 0, 0, 1, got_values), COUNT_ERR_INVALID);
	assert_int_equal(column_decode_values(coder, NULL, 0, NULL, 1024, 0, 0, got_values), COUNT_ERR_INVALID);
	assert_int_equal(column_decode_values(coder, NULL, 0, NULL, 1024, 1, 1, got_values), COUNT_ERR_INVALID);
	assert_int_equal(column_decode_values(coder, NULL, 0, NULL, 1025, 0, 3, got_values), COUNT_ERR_INVALID);
	assert_int_equal(column_decode_times(coder, NULL, 0, 0, 0, COLUMN_MAX_POINTS + 1, 0, 1, got_times),
			 COUNT_ERR_INVALID);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damage),
		cmocka_unit_test(broken_columns),
		cmocka_unit_test(refusals),
	};
	int failed;

	coder = chunk_coder_new();
	if (coder == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	chunk_coder_delete(coder);
	return failed;
}
