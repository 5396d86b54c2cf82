/* test-tz.c - base/tz: zones against the C library, gaps and folds, rules, damaged files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/tz.h"
#include "count.h"

static const char *const zones[] = {
	"Africa/Casablanca", "America/Havana", "America/New_York", "America/Nuuk", "America/Sao_Paulo",
	"America/St_Johns", "Antarctica/Troll", "Asia/Gaza", "Asia/Kathmandu", "Asia/Kolkata",
	"Asia/Tehran", "Australia/Lord_Howe", "Europe/Berlin", "Europe/Dublin", "Pacific/Apia",
	"Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Kwajalein", "UTC", "EST5EDT",
};

static bool have(const char *zone)
{
	char path[128];

	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
	return access(path, R_OK) == 0;
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 16;
}

static void check_against_libc(const char *zone, struct tz *tz)
{
	uint64_t seed = 1;

	setenv("TZ", zone, 1);
	tzset();
	for (int i = 0; i < 3000; i++) {
		/* 1890 to 2130, and now and then the year 9000 */
		int64_t utc = (int64_t)(next_random(&seed) % 7573824000) - 2524608000;
		time_t when;
		struct tm tm;

		if (i % 16 == 0)
			utc += INT64_C(86400) * 146097 * 17;
		when = utc;
		localtime_r(&when, &tm);
		if (tz_offset(tz, utc, NULL) != tm.tm_gmtoff)
			fail_msg("%s at %lld: %d, not %ld", zone, (long long)utc,
				 (int)tz_offset(tz, utc, NULL), tm.tm_gmtoff);
	}
}

/* tz_to_utc() by its definition, near the changes of some years. */
static void check_first_instant(const char *zone, struct tz *tz)
{
	int64_t utc = INT64_C(86400) * 365 * 40, until;

	for (int i = 0; i < 12; i++) {
		tz_offset(tz, utc, &until);
		if (until == INT64_MAX)
			return;
		for (int64_t local = until - 100000; local < until + 100000; local += 1799) {
			int64_t u = tz_to_utc(tz, local);

			assert_true(tz_to_local(tz, u) >= local);
			assert_true(tz_to_local(tz, u - 1) < local);
			for (int64_t v = u - 187200; v < u; v += 899)
				if (tz_to_local(tz, v) >= local)
					fail_msg("%s: %lld is not the first", zone, (long long)u);
		}
		utc = until;
	}
}

static void test_zones(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		struct tz *tz;

		if (!have(zones[i]))
			continue;
		assert_int_equal(tz_open(zones[i], &tz, NULL), COUNT_OK);
		check_against_libc(zones[i], tz);
		check_first_instant(zones[i], tz);
		tz_close(tz);
	}
}

static int64_t at(int64_t y, int m, int d, int h, int min)
{
	return civil_to_days(y, m, d) * DAY_S + h * 3600 + min * 60;
}

static void test_gap_and_fold(void **state)
{
	struct tz *tz;

	(void)state;
	if (!have("Europe/Berlin"))
		skip();
	assert_int_equal(tz_open("Europe/Berlin", &tz, NULL), COUNT_OK);
	/* 2024-03-31 02:00 to 03:00 does not exist; the change is at 01:00 UTC */
	assert_int_equal(tz_to_utc(tz, at(2024, 3, 31, 1, 59)), at(2024, 3, 31, 0, 59));
	assert_int_equal(tz_to_utc(tz, at(2024, 3, 31, 2, 0)), at(2024, 3, 31, 1, 0));
	assert_int_equal(tz_to_utc(tz, at(2024, 3, 31, 2, 30)), at(2024, 3, 31, 1, 0));
	assert_int_equal(tz_to_utc(tz, at(2024, 3, 31, 3, 0)), at(2024, 3, 31, 1, 0));
	assert_int_equal(tz_to_utc(tz, at(2024, 3, 31, 3, 30)), at(2024, 3, 31, 1, 30));
	/* 2024-10-27 02:00 to 03:00 comes twice, first at 00:00 UTC */
	assert_int_equal(tz_to_utc(tz, at(2024, 10, 27, 2, 30)), at(2024, 10, 27, 0, 30));
	assert_int_equal(tz_to_utc(tz, at(2024, 10, 27, 3, 0)), at(2024, 10, 27, 2, 0));
	assert_int_equal(tz_to_utc(tz, at(2500, 7, 1, 12, 0)), at(2500, 7, 1, 10, 0));	/* by the rule */
	assert_true(!tz_fixed(tz));
	tz_to_utc(tz, INT64_MIN);
	tz_to_utc(tz, INT64_MAX);
	tz_to_local(tz, INT64_MIN);
	tz_to_local(tz, INT64_MAX);
	tz_close(tz);
}

static void test_names(void **state)
{
	static const char *const bad[] = {
		"", "/etc/passwd", "../../../etc/passwd", "Europe/../UTC", "Europe", "Europe/", "no/such",
		"Europe//Berlin", "a b", "zone.tab", ".hidden", "Europe/Berlin\n",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	struct tz *tz;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct count_error err = { 0 };

		assert_int_equal(tz_open(bad[i], &tz, &err), COUNT_ERR_INVALID);
		assert_true(err.text[0] != '\0');
	}
	assert_int_equal(tz_open("UTC", &tz, NULL), COUNT_OK);
	assert_true(tz_fixed(tz) && tz_to_local(tz, 5) == 5 && tz_to_utc(tz, 5) == 5);
	tz_close(tz);
	assert_int_equal(tz_open(NULL, &tz, NULL), COUNT_OK);
	tz_close(tz);
	assert_int_equal(tz_open("local", &tz, NULL), COUNT_OK);
	tz_close(tz);
	tz_close(NULL);
	assert_true(tz_fixed(NULL) && tz_to_utc(NULL, 7) == 7);
}

static void test_rules(void **state)
{
	static const char *const good[] = {
		"UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "<+0330>-3:30", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
		"EST5EDT,0/0,J365/25", "IST-1GMT0,M10.5.0,M3.5.0/1", "AAA-24",
	};
	static const char *const bad[] = {
		"", "C", "CET", "CET-25", "CET-1CEST", "CET-1CEST,", "CET-1CEST,M3.5.0",
		"CET-1CEST,M3.5.0,M10.5.0x", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J5", "CET-1CEST,366,5", "CET-1CEST,M3.5.0/168,J5",
		"<+03", "<+0!>3x", "CET99999999999999999999",
	};
	struct tz_posix p;
	int64_t until;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(tz_posix_parse(good[i], strlen(good[i]), &p));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(tz_posix_parse(bad[i], strlen(bad[i]), &p));

	assert_true(tz_posix_parse("EST5EDT,0/0,J365/25", 19, &p));	/* DST all year */
	for (int64_t t = 0; t < 3 * 366 * DAY_S; t += 1800)
		assert_int_equal(tz_posix_offset(&p, t, &until), -4 * 3600);
	assert_true(tz_posix_parse("CET-1CEST,J60/0,J300/0", 22, &p));	/* J60 is March 1 in any year */
	assert_int_equal(tz_posix_offset(&p, at(2024, 2, 29, 22, 59), &until), 3600);
	assert_int_equal(until, at(2024, 2, 29, 23, 0));
	assert_int_equal(tz_posix_offset(&p, at(2024, 2, 29, 23, 0), &until), 7200);
	assert_int_equal(tz_posix_offset(&p, at(2023, 2, 28, 23, 0), &until), 7200);
}

/* Cut at each length, and each byte changed: an answer or a refusal, no more. */
static void test_damage(void **state)
{
	static uint8_t file[65536];
	FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
	size_t len;
	struct tz *tz;

	(void)state;
	if (f == NULL)
		skip();
	len = fread(file, 1, sizeof(file), f);
	fclose(f);
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = malloc(n + (n == 0));

		memcpy(cut, file, n);
		if (tz_load(cut, n, "x", &tz, NULL) == COUNT_OK)
			tz_close(tz);
		free(cut);
	}
	for (size_t i = 0; i < len; i++) {
		uint8_t was = file[i];

		file[i] ^= 0x81;
		if (tz_load(file, len, "x", &tz, NULL) == COUNT_OK) {
			tz_to_utc(tz, 1700000000);
			tz_to_utc(tz, 17000000000);
			tz_close(tz);
		}
		file[i] = was;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zones), cmocka_unit_test(test_gap_and_fold),
		cmocka_unit_test(test_names), cmocka_unit_test(test_rules), cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
