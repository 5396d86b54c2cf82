/* test-when.c - base/when: points in time as people write them, in several zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/civil.h"
#include "count.h"

/* Sunday 2024-03-31 10:20:30.5 UTC, nine hours after Berlin's clocks went forward */
#define NOW INT64_C(1711880430500000000)
#define BERLIN "Europe/Berlin"

static int when(const char *s, const char *tz, enum count_unit store, int64_t *t)
{
	size_t len = strlen(s);
	char *exact = malloc(len + (len == 0));
	struct count_error err = { 0 };
	int ret;

	memcpy(exact, s, len);
	ret = count_when_parse(exact, len, COUNT_TIME_AUTO, store, NOW, tz, t, &err);
	free(exact);
	assert_true((ret == COUNT_OK) == (err.text[0] == '\0'));
	return ret;
}

/* The text and, in ISO 8601, what it means. */
static void test_good(void **state)
{
	static const struct { const char *text, *tz, *want; } cases[] = {
		{ "0", NULL, "1970-01-01T00:00:00Z" }, { "1700000000", NULL, "2023-11-14T22:13:20Z" },
		{ "1700000000123", NULL, "2023-11-14T22:13:20.123Z" }, { "-1", NULL, "1969-12-31T23:59:59Z" },
		{ "1.7e9", NULL, "2023-11-14T22:13:20Z" }, { "+5", NULL, "1970-01-01T00:00:05Z" },
		{ "2024-05-01", NULL, "2024-05-01T00:00:00Z" }, { "2024-05", NULL, "2024-05-01T00:00:00Z" },
		{ "2024-05-01T10:00", NULL, "2024-05-01T10:00:00Z" },
		{ "2024-05-01 10:00:01", "UTC", "2024-05-01T10:00:01Z" },
		{ "2024-05-01T10:00:00.1239Z", NULL, "2024-05-01T10:00:00.123Z" },
		{ "2024-05-01T10:00:00,5Z", NULL, "2024-05-01T10:00:00.500Z" },
		{ "1969-12-31T23:59:59.9999Z", NULL, "1969-12-31T23:59:59.999Z" },
		{ "2024-05-01T10:00:00+02:00", NULL, "2024-05-01T08:00:00Z" },
		{ "2024-05-01T10:00-0330", BERLIN, "2024-05-01T13:30:00Z" },
		{ "2024-05-01t10:00:00+02", NULL, "2024-05-01T08:00:00Z" },
		{ "2024-05-01T24:00Z", NULL, "2024-05-02T00:00:00Z" },
		{ "2016-12-31T23:59:60Z", NULL, "2017-01-01T00:00:00Z" },
		{ "+12024-05-01T00:00:00Z", NULL, "+12024-05-01T00:00:00Z" },
		{ "-0001-12-31T23:59:59Z", NULL, "-0001-12-31T23:59:59Z" },
		{ "2024-02-29", NULL, "2024-02-29T00:00:00Z" },
		{ "2024-05-01", BERLIN, "2024-04-30T22:00:00Z" }, { "2024-01", BERLIN, "2023-12-31T23:00:00Z" },
		{ "2024-03-31 02:30", BERLIN, "2024-03-31T01:00:00Z" },		/* in the gap */
		{ "2024-10-27 02:30", BERLIN, "2024-10-27T00:30:00Z" },		/* the first of two */
		{ "2024-05-01T10:00:00Z", BERLIN, "2024-05-01T10:00:00Z" },
		{ "now", NULL, "2024-03-31T10:20:30.500Z" }, { "NOW", NULL, "2024-03-31T10:20:30.500Z" },
		{ "now-1h", NULL, "2024-03-31T09:20:30.500Z" }, { "now+1d", NULL, "2024-04-01T10:20:30.500Z" },
		{ "now-1h30m", NULL, "2024-03-31T08:50:30.500Z" }, { "+1h", NULL, "2024-03-31T11:20:30.500Z" },
		{ "now-1d+2h", NULL, "2024-03-30T12:20:30.500Z" }, { "-700ms", NULL, "2024-03-31T10:20:29.800Z" },
		{ "-7d", NULL, "2024-03-24T10:20:30.500Z" }, { "-1w", NULL, "2024-03-24T10:20:30.500Z" },
		{ "-1d", BERLIN, "2024-03-30T11:20:30.500Z" },		/* 23 hours: 12:20 local both days */
		{ "-24h", BERLIN, "2024-03-30T10:20:30.500Z" },
		{ "-1mo", NULL, "2024-02-29T10:20:30.500Z" },		/* Mar 31 becomes Feb 29 */
		{ "+1mo", NULL, "2024-04-30T10:20:30.500Z" }, { "-13mo", NULL, "2023-02-28T10:20:30.500Z" },
		{ "-1y", NULL, "2023-03-31T10:20:30.500Z" },
		{ "today", NULL, "2024-03-31T00:00:00Z" }, { "yesterday", NULL, "2024-03-30T00:00:00Z" },
		{ "tomorrow", NULL, "2024-04-01T00:00:00Z" }, { "tomorrow", BERLIN, "2024-03-31T22:00:00Z" },
		{ "today", BERLIN, "2024-03-30T23:00:00Z" }, { "today", "Pacific/Kiritimati", "2024-03-31T10:00:00Z" },
		{ "yesterday 09:30", NULL, "2024-03-30T09:30:00Z" }, { "today+9h", NULL, "2024-03-31T09:00:00Z" },
		{ "sunday", NULL, "2024-03-31T00:00:00Z" }, { "monday 09:00", NULL, "2024-03-25T09:00:00Z" },
		{ "Sat", NULL, "2024-03-30T00:00:00Z" }, { "monday-1w", NULL, "2024-03-18T00:00:00Z" },
		{ "tue 12:00:01", BERLIN, "2024-03-26T11:00:01Z" },
	};
	char out[COUNT_STAMP_MAX];
	int64_t t;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].tz != NULL && access("/usr/share/zoneinfo/" BERLIN, R_OK) != 0)
			continue;
		if (when(cases[i].text, cases[i].tz, COUNT_UNIT_MS, &t) != COUNT_OK)
			fail_msg("%s", cases[i].text);
		count_stamp_format(t, COUNT_UNIT_MS, COUNT_TIME_FORMAT_ISO, out);
		if (strcmp(out, cases[i].want) != 0)
			fail_msg("%s: %s, not %s", cases[i].text, out, cases[i].want);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"", " ", "-", "+", "nonsense", "2024-13-01", "2024-00-01", "2024-02-30", "2023-02-29", "2024-5-1",
		"2024-05-01T", "2024-05-01T25:00", "2024-05-01T10", "2024-05-01T10:60", "2024-05-01T10:00:61",
		"2024-05-01T24:01", "2024-05-01T10:00:00.Z", "2024-05-01T10:00Zx", "2024-05-01T10:00+25:00",
		"2024-05-01T10:00+02:", "2024-05-01Z", "2024-05-01 ", "2024-05-", "2024-", "2024-05-01-02",
		"2024-05T10:00", "24-05-01", "12024-05-01", "now-", "now-7", "now 1h", "nowx", "-7x", "7d",
		"-0d", "today 9:00", "today 09", "todayx", "mond", "monday 09:00x", " now", "now ", "1e", "e",
		"--1d", "-1d1h", "99999999999999999999999-01-01", "now-9223372036854775807y",
		"now-9223372036854775807d", "now+9223372036854775807h", "+292277026596-12-05", "1 2",
		"9223372036854775807mo",
	};
	int64_t t = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (when(texts[i], NULL, COUNT_UNIT_MS, &t) != COUNT_ERR_INVALID)
			fail_msg("%s is accepted", texts[i]);
	assert_int_equal(when("2024-05-01", "No/Where", COUNT_UNIT_MS, &t), COUNT_ERR_INVALID);
	assert_int_equal(when("2300-01-01", NULL, COUNT_UNIT_NS, &t), COUNT_ERR_INVALID);
	assert_int_equal(t, 5);
}

/* What is printed as ISO 8601 is read back, from one end of time to the other. */
static void test_round_trip(void **state)
{
	char out[COUNT_STAMP_MAX];
	uint64_t seed = 7;
	int64_t back;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t t;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		t = (int64_t)seed >> (i % 40);
		for (int unit = COUNT_UNIT_MS; unit <= COUNT_UNIT_NS; unit++) {
			size_t n = count_stamp_format(t, (enum count_unit)unit, COUNT_TIME_FORMAT_ISO, out);

			assert_int_equal(count_when_parse(out, n, COUNT_TIME_AUTO, (enum count_unit)unit,
							  0, NULL, &back, NULL), COUNT_OK);
			assert_int_equal(back, t);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_refused), cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
