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

static inline bool number_value(const char *s, size_t len, double *value)
{
	static const double pow10[16] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
		1e12, 1e13, 1e14, 1e15 };
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
	*value = (double)m / pow10[point == 0 ? 0 : len - point];
	if (negative)
		*value = -*value;
	return true;
}

/* Whole numbers that need no rounding: the store's unit is as fine as the stamp's or finer. */
static inline bool number_stamp(const char *s, size_t len, enum count_time_unit given,
				enum count_unit store, int64_t *time)
{
	static const int64_t scale[4] = { 1, 1000, 1000000, 1000000000 };
	int64_t t = 0;
	unsigned unit;

	if (len == 0 || len > 18)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned d = (unsigned)(unsigned char)s[i] - '0';

		if (d > 9)
			return false;
		t = t * 10 + d;
	}
	if (given == COUNT_TIME_AUTO)
		unit = t < 100000000000 ? 0 : t < 100000000000000 ? 1 : t < 100000000000000000 ? 2 : 3;
	else
		unit = (unsigned)given - COUNT_TIME_S;
	if (unit > (unsigned)store)
		return false;
	return !__builtin_mul_overflow(t, scale[(unsigned)store - unit], time);
}

#endif
