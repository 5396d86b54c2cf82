/* test-legacy.c - codec/legacy: each code of the prototype, every cut, every first byte of a code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/legacy.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const uint8_t times_bytes[] = {
	0xe8, 0x03, 0, 0, 0, 0, 0, 0,		/* 1000 */
	0, 0xac, 0x02,				/* gap 300 */
	0x01,					/* again 300 */
	0x02, 0x00,				/* 63 less: 237 */
	0x02, 0xff,				/* 192 more: 429 */
	0x04, 0x00, 0x00,			/* 255 less: 174 */
	0x04, 0xff, 0xff,			/* 65280 more: 65454 */
	0x08, 0x52, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,	/* -65454: 0 */
	0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,	/* -1 */
};
static const int64_t times[] = { 1000, 1300, 1600, 1837, 2266, 2440, 67894, 67894, 67893 };

static const uint8_t values_bytes[] = {
	0, 0, 0, 0, 0, 0, 0xf8, 0x3f,		/* 1.5: 3ff8 0000 0000 0000 */
	0x01,					/* again */
	0x02, 13, 1, 0x01,			/* bit 64 - 13 - 1 = 50: 3ffc..., 1.75 */
	0x02, 0, 1, 0x01,			/* the sign: -1.75 */
	0x02, 32, 32, 0x01, 0x00, 0x00, 0x80,	/* the lower half */
	0x04, 0x01, 0, 0, 0x80, 0, 0, 0xfc, 0xbf,	/* all bits: 0 */
	0x04, 0x01, 0, 0, 0, 0, 0, 0xf4, 0x7f,	/* a NaN that signals */
};
static const uint64_t values[] = {
	0x3ff8000000000000, 0x3ff8000000000000, 0x3ffc000000000000, 0xbffc000000000000, 0xbffc000080000001, 0,
	0x7ff4000000000001,
};

static void test_times(void **state)
{
	int64_t got[N(times)];
	uint64_t at = 99;

	(void)state;
	assert_int_equal(legacy_decode_times(times_bytes, sizeof(times_bytes), N(times), got, &at), COUNT_OK);
	assert_memory_equal(got, times, sizeof(times));
	assert_int_equal(at, 99);
	assert_int_equal(legacy_decode_times(NULL, 0, 1, got, NULL), COUNT_ERR_CORRUPT);
	/* Every cut, and one point more or fewer than there is. */
	for (size_t len = 0; len < sizeof(times_bytes); len++)
		assert_int_equal(legacy_decode_times(times_bytes, len, N(times), got, NULL), COUNT_ERR_CORRUPT);
	assert_int_equal(legacy_decode_times(times_bytes, sizeof(times_bytes), N(times) - 1, got, &at),
			 COUNT_ERR_CORRUPT);
	assert_int_equal(at, sizeof(times_bytes) - 9);
	assert_int_equal(legacy_decode_times(times_bytes, 8, 1, got, NULL), COUNT_OK);
	assert_int_equal(legacy_decode_times(times_bytes, 8, 0, got, NULL), COUNT_ERR_CORRUPT);
}

static void test_negative_gap(void **state)
{
	uint8_t bytes[8 + 2 + 1] = { [8] = 1, [9] = 10, [10] = 1 };
	int64_t got[3];

	(void)state;
	put_i64(bytes, INT64_MIN + 5);		/* sums wrap */
	assert_int_equal(legacy_decode_times(bytes, sizeof(bytes), 3, got, NULL), COUNT_OK);
	assert_true(got[1] == INT64_MAX - 4 && got[2] == INT64_MAX - 14);
	bytes[8] = 2;				/* no sign */
	assert_int_equal(legacy_decode_times(bytes, sizeof(bytes), 3, got, NULL), COUNT_ERR_CORRUPT);
}

static void test_values(void **state)
{
	double got[N(values)];
	uint64_t at = 0;

	(void)state;
	assert_int_equal(legacy_decode_values(values_bytes, sizeof(values_bytes), N(values), got, NULL), COUNT_OK);
	assert_memory_equal(got, values, sizeof(values));
	for (size_t len = 0; len < sizeof(values_bytes); len++)
		assert_int_equal(legacy_decode_values(values_bytes, len, N(values), got, &at), COUNT_ERR_CORRUPT);
	assert_int_equal(at, sizeof(values_bytes) - 9);
	assert_int_equal(legacy_decode_values(values_bytes, sizeof(values_bytes), N(values) - 1, got, NULL),
			 COUNT_ERR_CORRUPT);
}

static void test_bad_codes(void **state)
{
	static const uint8_t bad_values[][7] = {
		{ 2, 0, 0, 0 },			/* no bits */
		{ 2, 10, 33, 1, 1, 1, 1 },	/* too many */
		{ 2, 40, 25, 1, 1, 1, 1 },	/* past the 64th */
		{ 2, 255, 1, 1 },
		{ 2, 0, 3, 8 },			/* a bit above the three */
	};
	uint8_t bytes[8 + 9] = { 0 };
	int64_t t[3];
	double v[2];

	(void)state;
	for (size_t i = 0; i < N(bad_values); i++)
		for (size_t len = 0; len <= 7; len++) {
			memcpy(bytes + 8, bad_values[i], 7);
			assert_int_equal(legacy_decode_values(bytes, 8 + len, 2, v, NULL), COUNT_ERR_CORRUPT);
		}
	for (unsigned c = 0; c < 256; c++) {
		uint8_t time_bytes[8 + 2 + 9] = { [10] = (uint8_t)c };

		memset(bytes, 0, sizeof(bytes));
		bytes[8] = (uint8_t)c;
		if (c != 1 && c != 2 && c != 4)
			for (size_t len = 9; len <= sizeof(bytes); len++)
				assert_int_equal(legacy_decode_values(bytes, len, 2, v, NULL), COUNT_ERR_CORRUPT);
		if (c != 1 && c != 2 && c != 4 && c != 8)
			for (size_t len = 11; len <= sizeof(time_bytes); len++)
				assert_int_equal(legacy_decode_times(time_bytes, len, 3, t, NULL), COUNT_ERR_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_negative_gap),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bad_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
