/*
 * civil.h - days since 1970-01-01 <-> dates of the Gregorian calendar, also long before 1582.
 *
 * After H. Hinnant, chrono-Compatible Low-Level Date Algorithms: years are counted from March, so
 * that the leap day is the last of its year.  Right for all days that any int64 of seconds has.
 */
#ifndef COUNT_BASE_CIVIL_H
#define COUNT_BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define DAY_S INT64_C(86400)
#define CIVIL_YEAR_MAX INT64_C(1000000000000)	/* far beyond an int64 of seconds: no overflow below */

struct civil {
	int64_t year;
	int month, day;		/* from 1 */
};

static inline int64_t floor_div(int64_t a, int64_t b)	/* b > 0 */
{
	return a / b - (a % b < 0);
}

static inline int64_t floor_mod(int64_t a, int64_t b)	/* b > 0 */
{
	return a % b + (a % b < 0 ? b : 0);
}

static inline int64_t civil_to_days(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2), era = floor_div(y, 400), yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static inline struct civil civil_from_days(int64_t days)
{
	int64_t z = days + 719468, era = floor_div(z, 146097), doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int doy = (int)(doe - (365 * yoe + yoe / 4 - yoe / 100)), mp = (5 * doy + 2) / 153;
	int month = mp < 10 ? mp + 3 : mp - 9;

	return (struct civil){ yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1 };
}

static inline bool civil_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static inline int civil_month_days(int64_t year, int month)
{
	return month == 2 ? 28 + civil_leap(year) : 30 + (month + month / 8) % 2;
}

/* 0 Sunday to 6 Saturday. */
static inline int civil_weekday(int64_t days)
{
	return (int)floor_mod(days + 4, 7);
}

#endif
