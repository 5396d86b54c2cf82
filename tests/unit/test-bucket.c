/* test-bucket.c - base/bucket: steps of the clock and of the calendar, to both ends of time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bucket.h"
#include "base/civil.h"
#include "base/tz.h"
#include "count.h"

#define HOUR INT64_C(3600)

static struct bucket make(const char *step, const struct tz *tz, enum count_unit store)
{
	struct count_duration d;
	struct bucket b;

	assert_int_equal(count_duration_parse(step, strlen(step), &d, NULL), COUNT_OK);
	assert_int_equal(bucket_init(&b, d, tz, store, NULL), COUNT_OK);
	return b;
}

static struct tz *zone(const char *name)
{
	struct tz *tz;

	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		skip();
	assert_int_equal(tz_open(name, &tz, NULL), COUNT_OK);
	return tz;
}

static int64_t utc(int64_t y, int m, int d, int h)
{
	return civil_to_days(y, m, d) * DAY_S + h * HOUR;
}

/* Walks from one time to another: no gap, no overlap, each time in its own bucket. */
static void check_walk(const struct bucket *b, int64_t from, int64_t to, int64_t probe)
{
	int64_t start = bucket_start(b, from);

	assert_true(start <= from);
	while (start < to) {
		int64_t next = bucket_next(b, start);

		assert_true(next > start);
		for (int64_t t = start; t < next; t += probe) {
			assert_int_equal(bucket_start(b, t), start);
			assert_int_equal(bucket_next(b, t), next);
		}
		assert_int_equal(bucket_start(b, next - 1), start);
		assert_int_equal(bucket_start(b, next), next);
		start = next;
	}
}

static void test_fixed(void **state)
{
	struct bucket b = make("15s", NULL, COUNT_UNIT_MS);

	(void)state;
	assert_int_equal(bucket_start(&b, 1700000001234), 1699999995000);
	assert_int_equal(bucket_next(&b, 1699999995000), 1700000010000);
	assert_int_equal(bucket_start(&b, -1), -15000);
	assert_int_equal(bucket_start(&b, 0), 0);
	b = make("1d", NULL, COUNT_UNIT_S);
	assert_int_equal(bucket_start(&b, utc(2024, 5, 1, 13)), utc(2024, 5, 1, 0));
	b = make("1w", NULL, COUNT_UNIT_S);
	assert_int_equal(bucket_start(&b, utc(2024, 5, 1, 13)), utc(2024, 4, 29, 0));	/* a Monday */
	assert_int_equal(bucket_start(&b, 0), utc(1969, 12, 29, 0));
	check_walk(&b, -DAY_S * 30, DAY_S * 30, HOUR * 7);
	b = make("1ms", NULL, COUNT_UNIT_NS);
	check_walk(&b, -5000000, 5000000, 333333);
}

static void test_calendar_utc(void **state)
{
	struct bucket b = make("1mo", NULL, COUNT_UNIT_S);

	(void)state;
	assert_int_equal(bucket_start(&b, utc(2024, 2, 29, 13)), utc(2024, 2, 1, 0));
	assert_int_equal(bucket_next(&b, utc(2024, 2, 1, 0)), utc(2024, 3, 1, 0));
	assert_int_equal(bucket_start(&b, -1), utc(1969, 12, 1, 0));
	check_walk(&b, utc(1899, 12, 1, 0), utc(1904, 3, 1, 0), 86400 * 3 + 11);
	b = make("3mo", NULL, COUNT_UNIT_MS);
	assert_int_equal(bucket_start(&b, utc(2024, 6, 30, 0) * 1000), utc(2024, 4, 1, 0) * 1000);
	b = make("5y", NULL, COUNT_UNIT_S);
	assert_int_equal(bucket_start(&b, utc(2024, 6, 30, 0)), utc(2020, 1, 1, 0));
	assert_int_equal(bucket_next(&b, utc(2024, 6, 30, 0)), utc(2025, 1, 1, 0));
}

/* Lengths in seconds of the days that begin at `start` and its successors. */
static void check_days(const char *name, int64_t start, const int *hours10, size_t n)
{
	struct tz *tz = zone(name);
	struct bucket b = make("1d", tz, COUNT_UNIT_S);

	assert_int_equal(bucket_start(&b, start), start);
	for (size_t i = 0; i < n; i++) {
		int64_t next = bucket_next(&b, start);

		assert_int_equal(next - start, hours10[i] * HOUR / 10);
		start = next;
	}
	tz_close(tz);
}

static void test_odd_days(void **state)
{
	(void)state;
	check_days("Europe/Berlin", utc(2024, 3, 29, 23), (int[]){ 240, 230, 240 }, 3);
	check_days("Europe/Berlin", utc(2024, 10, 25, 22), (int[]){ 240, 250, 240 }, 3);
	check_days("America/New_York", utc(2024, 11, 2, 4), (int[]){ 240, 250, 240 }, 3);
	/* midnight itself is skipped on 2018-11-04 and comes back an hour early on 2018-02-18 */
	check_days("America/Sao_Paulo", utc(2018, 11, 3, 3), (int[]){ 240, 230, 240 }, 3);
	check_days("America/Sao_Paulo", utc(2018, 2, 16, 2), (int[]){ 240, 250, 240 }, 3);
	check_days("Asia/Kolkata", utc(2024, 3, 30, 18) + 1800, (int[]){ 240, 240, 240 }, 3);
	check_days("Australia/Lord_Howe", utc(2024, 4, 5, 13), (int[]){ 240, 245, 240 }, 3);
	check_days("Australia/Lord_Howe", utc(2024, 10, 4, 13) + 1800, (int[]){ 240, 235, 240 }, 3);
	check_days("Africa/Casablanca", utc(2024, 3, 8, 23), (int[]){ 240, 250, 240 }, 3);
	check_days("Africa/Casablanca", utc(2024, 4, 13, 0), (int[]){ 240, 230, 240 }, 3);
	/* 2011-12-30 was not, in Samoa; before it UTC-10, after it UTC+14 */
	check_days("Pacific/Apia", utc(2011, 12, 28, 10), (int[]){ 240, 240, 240 }, 3);
	/* set back at 00:01: the minute before belongs to the new day, as does the hour that returns */
	check_days("America/St_Johns", utc(2010, 11, 6, 2) + 1800, (int[]){ 240, 250, 240 }, 3);
}

/* At 00:01 of 2010-11-07 the clocks went back to 23:01: that hour stays in the day that has begun. */
static void test_day_shown_again(void **state)
{
	int64_t midnight = utc(2010, 11, 7, 2) + 1800;
	struct tz *tz = zone("America/St_Johns");
	struct bucket b = make("1d", tz, COUNT_UNIT_S);

	(void)state;
	for (int64_t t = midnight; t < midnight + 2 * HOUR; t += 59) {
		assert_int_equal(bucket_start(&b, t), midnight);
		assert_int_equal(bucket_next(&b, t), midnight + 25 * HOUR);
	}
	tz_close(tz);
}

static void test_walks(void **state)
{
	static const char *const names[] = {
		"America/Sao_Paulo", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe",
		"Africa/Casablanca", "Pacific/Apia", "Europe/Berlin", "Pacific/Kwajalein",
	};
	static const char *const steps[] = { "1d", "2d", "1w", "1mo", "1y" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct tz *tz = zone(names[i]);

		for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
			struct bucket b = make(steps[k], tz, COUNT_UNIT_S);

			check_walk(&b, utc(2009, 6, 1, 0), utc(2013, 1, 1, 0), 7 * HOUR + 1234);
			check_walk(&b, utc(2100, 1, 1, 0), utc(2101, 1, 1, 0), 7 * HOUR + 1234);
		}
		tz_close(tz);
	}
}

static void test_ends_of_time(void **state)
{
	static const char *const steps[] = { "1s", "7h", "1d", "3d", "1w", "1mo", "1y", "2000000h" };

	(void)state;
	for (int unit = COUNT_UNIT_S; unit <= COUNT_UNIT_NS; unit++)
		for (size_t k = 0; k < 2 * sizeof(steps) / sizeof(steps[0]); k++) {
			struct tz *tz = k % 2 ? zone("Europe/Berlin") : NULL;
			struct bucket b = make(steps[k / 2], tz, (enum count_unit)unit);
			int64_t first = bucket_next(&b, INT64_MIN), last = bucket_start(&b, INT64_MAX);

			assert_int_equal(bucket_start(&b, INT64_MIN), INT64_MIN);
			assert_int_equal(bucket_start(&b, first), first);
			assert_int_equal(bucket_start(&b, first - 1), INT64_MIN);
			assert_int_equal(bucket_next(&b, last), INT64_MAX);
			assert_int_equal(bucket_next(&b, INT64_MAX), INT64_MAX);
			assert_int_equal(bucket_next(&b, last - 1), last);
			tz_close(tz);
		}
}

static void test_refused(void **state)
{
	struct count_duration d = { 1500, COUNT_DURATION_US };
	struct bucket b;

	(void)state;
	assert_int_equal(bucket_init(&b, d, NULL, COUNT_UNIT_MS, NULL), COUNT_ERR_INVALID);
	assert_int_equal(bucket_init(&b, d, NULL, COUNT_UNIT_US, NULL), COUNT_OK);
	d = (struct count_duration){ 0, COUNT_DURATION_DAY };
	assert_int_equal(bucket_init(&b, d, NULL, COUNT_UNIT_MS, NULL), COUNT_ERR_INVALID);
	d = (struct count_duration){ INT64_MAX, COUNT_DURATION_YEAR };
	assert_int_equal(bucket_init(&b, d, NULL, COUNT_UNIT_MS, NULL), COUNT_ERR_INVALID);
	d.unit = COUNT_DURATION_WEEK;
	assert_int_equal(bucket_init(&b, d, NULL, COUNT_UNIT_S, NULL), COUNT_ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed), cmocka_unit_test(test_calendar_utc),
		cmocka_unit_test(test_odd_days), cmocka_unit_test(test_day_shown_again),
		cmocka_unit_test(test_walks),
		cmocka_unit_test(test_ends_of_time), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
