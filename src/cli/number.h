/*
 * number.h - the numbers that nearly every line has, read inline.
 *
 * Short decimals and whole stamps only; anything else returns false, and the library's exact
 * readers decide.  What is answered here is exact too: up to 15 digits are a whole number below
 * 2^53, a power of ten up to 10^15 is a double, and one division of the two rounds once (Clinger 1990).
 */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"

static const double number_pow10[16] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15 };

/* digits / 10^decimals: below 10^15, or without decimals, so that one of the two operations rounds at most. */
static inline double number_decimal(uint64_t digits, size_t decimals, bool negative)
{
	double v = (double)digits / number_pow10[decimals];

	return negative ? -v : v;
}

static inline bool number_value(const char *s, size_t len, double *value)
{
	bool negative = len > 0 && s[0] == '-';
	size_t i = negative, point = 0, digits;
	uint64_t m = 0;

	if (len > 17)
		return false;
	for (; i < len; i++) {
		unsigned d = (unsigned)(unsigned char)s[i] - '0';

		if (d <= 9)
			m = m * 10 + d;
		else if (s[i] == '.' && point == 0)
			point = i + 1;
		else
			return false;
	}
	digits = len - negative - (point != 0);
	if (digits == 0 || digits > 15)
		return false;
	*value = number_decimal(m, point == 0 ? 0 : len - point, negative);
	return true;
}

/* A whole stamp in the store's unit; false where that would round or overflow. */
static inline bool number_scale(int64_t t, enum count_time_unit given, enum count_unit store, int64_t *time)
{
	static const int64_t scale[4] = { 1, 1000, 1000000, 1000000000 };
	unsigned unit;

	if (given == COUNT_TIME_AUTO)
		unit = t < 100000000000 ? 0 : t < 100000000000000 ? 1 : t < 100000000000000000 ? 2 : 3;
	else
		unit = (unsigned)given - COUNT_TIME_S;
	return unit <= (unsigned)store && !__builtin_mul_overflow(t, scale[(unsigned)store - unit], time);
}

/* Whole numbers that need no rounding: the store's unit is as fine as the stamp's or finer. */
static inline bool number_stamp(const char *s, size_t len, enum count_time_unit given,
				enum count_unit store, int64_t *time)
{
	int64_t t = 0;

	if (len == 0 || len > 18)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned d = (unsigned)(unsigned char)s[i] - '0';

		if (d > 9)
			return false;
		t = t * 10 + d;
	}
	return number_scale(t, given, store, time);
}

#endif
