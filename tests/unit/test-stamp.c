/* test-stamp.c - base/stamp, base/duration, base/civil: times and lengths of time as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/duration.h"
#include "base/stamp.h"
#include "count.h"

#define AUTO COUNT_TIME_AUTO
#define S COUNT_UNIT_S
#define MS COUNT_UNIT_MS
#define US COUNT_UNIT_US
#define NS COUNT_UNIT_NS

static int parse(const char *s, enum count_time_unit given, enum count_unit store, int64_t *t, bool *cut)
{
	struct count_error err = { 0 };
	size_t len = strlen(s);
	char *exact = malloc(len + (len == 0));
	int ret;

	memcpy(exact, s, len);
	ret = count_stamp_parse(exact, len, given, store, t, cut, &err);
	free(exact);
	assert_true((ret == COUNT_OK) == (err.text[0] == '\0'));
	return ret;
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		enum count_time_unit given;
		enum count_unit store;
		int64_t want;
		bool cut;
	} cases[] = {
		{ "1700000000", AUTO, MS, 1700000000000, false }, { "0", AUTO, MS, 0, false },
		{ "1700000000123", AUTO, MS, 1700000000123, false },
		{ "1700000000123456", AUTO, MS, 1700000000123, true },
		{ "1700000000123456789", AUTO, MS, 1700000000123, true },
		{ "1700000000123456789", AUTO, NS, 1700000000123456789, false },
		{ "99999999999", AUTO, S, 99999999999, false },		/* the last second */
		{ "100000000000", AUTO, S, 100000000, false },		/* the first millisecond */
		{ "99999999999999", AUTO, MS, 99999999999999, false },
		{ "100000000000000", AUTO, MS, 100000000000, false },
		{ "99999999999999999", AUTO, US, 99999999999999999, false },
		{ "100000000000000000", AUTO, US, 100000000000000, false },
		{ "-99999999999", AUTO, S, -99999999999, false },
		{ "-100000000001", AUTO, S, -100000001, true },		/* toward the past */
		{ "000001700000000", AUTO, S, 1700000000, false },
		{ "0000000000001700000000", AUTO, S, 1700000000, false }, { "+5", AUTO, S, 5, false },
		{ "1700000000.1234", AUTO, MS, 1700000000123, true },
		{ "1700000000.123000", AUTO, MS, 1700000000123, false },
		{ "-1.5", AUTO, S, -2, true }, { "-1.0", AUTO, S, -1, false }, { "-0.1", AUTO, S, -1, true },
		{ "-0.0", AUTO, S, 0, false }, { ".5", AUTO, MS, 500, false }, { "5.", AUTO, MS, 5000, false },
		{ "1.7e9", AUTO, MS, 1700000000000, false }, { "17e8", AUTO, S, 1700000000, false },
		{ "1700000000000e-3", AUTO, S, 1700000000, false }, { "1e-999999999999", AUTO, S, 0, true },
		{ "0e999999999999999", AUTO, NS, 0, false }, { "0.000000e99", AUTO, NS, 0, false },
		{ "1700000000.999999999", AUTO, NS, 1700000000999999999, false },
		{ "1500", COUNT_TIME_MS, S, 1, true }, { "1.5", COUNT_TIME_MS, US, 1500, false },
		{ "1700000000123", COUNT_TIME_S, S, 1700000000123, false },
		{ "5", COUNT_TIME_NS, MS, 0, true }, { "-5", COUNT_TIME_NS, MS, -1, true },
		{ "9223372036854775807", AUTO, NS, INT64_MAX, false },
		{ "-9223372036854775808", AUTO, NS, INT64_MIN, false },
		{ "99999999999999999999", AUTO, MS, 99999999999999, true },
		{ "9223372036854775.807", COUNT_TIME_S, MS, INT64_MAX, false },
	};
	int64_t t;
	bool cut;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].text, cases[i].given, cases[i].store, &t, &cut), COUNT_OK);
		assert_int_equal(t, cases[i].want);
		assert_int_equal(cut, cases[i].cut);
	}
}

static void test_parse_refused(void **state)
{
	static const char *const texts[] = {
		"", "-", ".", "-.", "+", "1x", " 1", "1 ", "0x10", "nan", "inf", "1e", "1e+", "e5", "1.2.3",
		"1e5.5", "--1", "9223372036854775808", "-9223372036854775809", "1e40", "1e999999999999999",
		"-9223372036854775808.5", "99999999999999999999999999999999",
	};
	int64_t t = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(parse(texts[i], COUNT_TIME_NS, NS, &t, NULL), COUNT_ERR_INVALID);
	assert_int_equal(parse("9223372036854776", COUNT_TIME_S, MS, &t, NULL), COUNT_ERR_INVALID);
	assert_int_equal(t, 5);
}

static void test_format(void **state)
{
	static const struct {
		int64_t t;
		enum count_unit store;
		enum count_time_format format;
		const char *want;
	} cases[] = {
		{ 1700000000123, MS, COUNT_TIME_FORMAT_UNIT, "1700000000123" },
		{ 1700000000123, MS, COUNT_TIME_FORMAT_S, "1700000000.123" },
		{ 1700000000500, MS, COUNT_TIME_FORMAT_S, "1700000000.5" },
		{ 1700000000000, MS, COUNT_TIME_FORMAT_S, "1700000000" },
		{ 1700000000123, MS, COUNT_TIME_FORMAT_NS, "1700000000123000000" },
		{ -1, MS, COUNT_TIME_FORMAT_S, "-0.001" }, { 0, MS, COUNT_TIME_FORMAT_NS, "0" },
		{ -1500, MS, COUNT_TIME_FORMAT_S, "-1.5" }, { 10, NS, COUNT_TIME_FORMAT_S, "0.00000001" },
		{ INT64_MAX, S, COUNT_TIME_FORMAT_NS, "9223372036854775807000000000" },
		{ INT64_MIN, S, COUNT_TIME_FORMAT_NS, "-9223372036854775808000000000" },
		{ INT64_MIN, NS, COUNT_TIME_FORMAT_S, "-9223372036.854775808" },
		{ 1714557600000, MS, COUNT_TIME_FORMAT_ISO, "2024-05-01T10:00:00Z" },
		{ 1714557600123, MS, COUNT_TIME_FORMAT_ISO, "2024-05-01T10:00:00.123Z" },
		{ 1714557600123456, US, COUNT_TIME_FORMAT_ISO, "2024-05-01T10:00:00.123456Z" },
		{ 1714557600123000000, NS, COUNT_TIME_FORMAT_ISO, "2024-05-01T10:00:00.123Z" },
		{ 1714557600000000001, NS, COUNT_TIME_FORMAT_ISO, "2024-05-01T10:00:00.000000001Z" },
		{ -1, MS, COUNT_TIME_FORMAT_ISO, "1969-12-31T23:59:59.999Z" },
		{ 253402300800, S, COUNT_TIME_FORMAT_ISO, "+10000-01-01T00:00:00Z" },
		{ -62167219200, S, COUNT_TIME_FORMAT_ISO, "0000-01-01T00:00:00Z" },
		{ -62167219201, S, COUNT_TIME_FORMAT_ISO, "-0001-12-31T23:59:59Z" },
		{ INT64_MAX, S, COUNT_TIME_FORMAT_ISO, "+292277026596-12-04T15:30:07Z" },
		{ INT64_MIN, S, COUNT_TIME_FORMAT_ISO, "-292277022657-01-27T08:29:52Z" },
	};
	char out[COUNT_STAMP_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = count_stamp_format(cases[i].t, cases[i].store, cases[i].format, out);

		assert_string_equal(out, cases[i].want);
		assert_int_equal(len, strlen(out));
	}
}

static void test_durations(void **state)
{
	static const struct { const char *text; int64_t n; enum count_duration_unit unit; } good[] = {
		{ "15s", 15, COUNT_DURATION_SECOND }, { "5m", 5, COUNT_DURATION_MINUTE },
		{ "1h", 1, COUNT_DURATION_HOUR }, { "7d", 7, COUNT_DURATION_DAY },
		{ "2w", 2, COUNT_DURATION_WEEK }, { "1mo", 1, COUNT_DURATION_MONTH },
		{ "1y", 1, COUNT_DURATION_YEAR }, { "10ms", 10, COUNT_DURATION_MS },
		{ "1h30m", 90, COUNT_DURATION_MINUTE }, { "1m500ms", 60500, COUNT_DURATION_MS },
		{ "1s1us", 1000001, COUNT_DURATION_US }, { "9ns", 9, COUNT_DURATION_NS },
		{ "1h0s", 3600, COUNT_DURATION_SECOND }, { "007d", 7, COUNT_DURATION_DAY },
	};
	static const char *const bad[] = {
		"", "5", "s", "-5s", "+5s", "0s", "0h0m", "1.5h", "5 m", "5mon", "1d12h", "1h1h", "1m1h",
		"9223372036854775808s", "9000000000000000000h1ns", "1x", "5S", "1y6mo", "5m ", " 5m", "1w1d",
	};
	struct count_duration d;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(count_duration_parse(good[i].text, strlen(good[i].text), &d, NULL), 0);
		assert_int_equal(d.n, good[i].n);
		assert_int_equal(d.unit, good[i].unit);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(count_duration_parse(bad[i], strlen(bad[i]), &d, NULL),
				 COUNT_ERR_INVALID);
	d = (struct count_duration){ 1, COUNT_DURATION_YEAR };
	assert_int_equal(count_duration_approx(d, MS), INT64_C(365) * 86400000);
	d = (struct count_duration){ 1500, COUNT_DURATION_US };
	assert_int_equal(count_duration_approx(d, MS), 2);
	d = (struct count_duration){ INT64_MAX, COUNT_DURATION_YEAR };
	assert_int_equal(count_duration_approx(d, NS), INT64_MAX);
}

static void test_civil(void **state)
{
	int64_t days = civil_to_days(-401, 1, 1);

	(void)state;
	for (int64_t y = -401; y < 2500; y++)
		for (int m = 1; m <= 12; m++)
			for (int d = 1; d <= civil_month_days(y, m); d++, days++) {
				struct civil c = civil_from_days(days);

				if (civil_to_days(y, m, d) != days || c.year != y || c.month != m || c.day != d)
					fail_msg("%d-%d-%d", (int)y, m, d);
			}
	assert_int_equal(civil_to_days(1970, 1, 1), 0);
	assert_int_equal(civil_weekday(0), 4);
	assert_int_equal(civil_weekday(civil_to_days(2024, 5, 1)), 3);
	assert_int_equal(civil_weekday(-5), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse), cmocka_unit_test(test_parse_refused),
		cmocka_unit_test(test_format), cmocka_unit_test(test_durations),
		cmocka_unit_test(test_civil),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
