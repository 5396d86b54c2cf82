/*
 * digits.h - the numbers that nearly every row has, written inline.
 *
 * Short decimals and stamps near the one before; anything else goes through the library's exact writers.
 * What is written here is the same text: a decimal of up to 15 digits that reads as v is the only one so
 * short that does, and whether it does is one rounded division of two exact doubles.
 */
#ifndef CLI_DIGITS_H
#define CLI_DIGITS_H

#include <endian.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "count.h"

#define DIGITS_MAX_SCALE 6	/* digits after the point; none needs an exponent */

/* The digits of v < 10^8, zeros in front, as 8 characters of which the first is the lowest byte. */
static inline uint64_t digits_of(uint32_t v)
{
	/* halves, pairs, digits: a division by 10^k is a multiplication in each lane at once */
	uint64_t four = v / 10000, x = four | (uint64_t)(v - 10000 * (uint32_t)four) << 32;
	uint64_t two = (x * 10486 >> 20) & UINT64_C(0x7f0000007f), y = two | (x - 100 * two) << 16;
	uint64_t one = (y * 103 >> 10) & UINT64_C(0x000f000f000f000f);

	return (one | (y - 10 * one) << 8) + UINT64_C(0x3030303030303030);
}

static inline void digits_store(char *to, uint64_t w)
{
	w = htole64(w);
	memcpy(to, &w, 8);
}

static inline unsigned digits_count(uint64_t n)
{
	static const uint64_t pow10[16] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
		10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000 };
	/* 1233 / 4096 is log10(2): right, or one too many when n is below that power of ten */
	unsigned bits = 64 - (unsigned)__builtin_clzll(n | 1), k = bits * 1233 >> 12;

	return k + (n >= pow10[k] || k == 0);
}

/* n / 10^scale, n < 10^15: its digits and the point.  Needs room for 24 bytes; returns the length. */
static inline size_t digits_put(char *to, uint64_t n, unsigned scale)
{
	unsigned len = digits_count(n), whole;

	if (len <= scale)
		len = scale + 1;	/* 0.05 */
	whole = len - scale;
	if (len <= 8) {
		uint64_t w = digits_of((uint32_t)n) >> (64 - 8 * len);

		digits_store(to, w);
		if (scale > 0)
			digits_store(to + whole + 1, w >> 8 * whole);
	} else {
		uint64_t top = n / 100000000;
		unsigned __int128 w = (unsigned __int128)digits_of((uint32_t)(n - top * 100000000)) << 64;

		w = (w | digits_of((uint32_t)top)) >> (128 - 8 * len);
		digits_store(to, (uint64_t)w);
		digits_store(to + 8, (uint64_t)(w >> 64));
		if (scale > 0) {
			w >>= 8 * whole;
			digits_store(to + whole + 1, (uint64_t)w);
			digits_store(to + whole + 9, (uint64_t)(w >> 64));
		}
	}
	if (scale == 0)
		return len;
	to[whole] = '.';
	return len + 1;
}

/* By the library, and how many digits stood after the point, for those that follow. */
size_t digits_value_slow(char *to, double v, unsigned *scale);

/*
 * The text of v as count_value_format() has it.  *scale, 0 at first, is what the values before took.
 * Needs room for COUNT_VALUE_MAX bytes; returns the length.
 */
static inline size_t digits_value(char *to, double v, unsigned *scale)
{
	static const double pow10[DIGITS_MAX_SCALE + 1] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6 };
	double a = fabs(v), scaled = a * pow10[*scale];
	unsigned k = *scale;
	uint64_t n;

	if (!(scaled < 1e15 - 1))
		return digits_value_slow(to, v, scale);
	n = (uint64_t)(int64_t)(scaled + 0.5);	/* signed converts faster */
	if ((double)(int64_t)n / pow10[k] != a)
		return digits_value_slow(to, v, scale);
	for (; k > 0 && n % 10 == 0; k--)
		n /= 10;
	*to = '-';
	to += signbit(v) != 0;
	return (signbit(v) != 0) + digits_put(to, n, k);
}

/* The text of a stamp, and which others differ from it in a few digits only.  All zero but for the first two. */
struct digits_stamp {
	enum count_unit unit;
	enum count_time_format format;
	int64_t base;		/* stamps base <= t < base + span have this text but for what stands at `at` */
	uint64_t span;		/* 0: none */
	size_t at, len;
	char text[COUNT_STAMP_MAX];
};

/* By the library, and ready for stamps that follow. */
size_t digits_stamp_slow(struct digits_stamp *s, int64_t t, char *to);
size_t digits_stamp_iso(const struct digits_stamp *s, uint64_t since, char *to);	/* 0: it cannot */

/* The text of t as count_stamp_format() has it, without NUL.  Needs room for COUNT_STAMP_MAX bytes. */
static inline size_t digits_stamp(struct digits_stamp *s, int64_t t, char *to)
{
	uint64_t since = (uint64_t)t - (uint64_t)s->base;
	size_t n = 0;

	if (since < s->span && s->format != COUNT_TIME_FORMAT_ISO) {
		memcpy(to, s->text, sizeof(s->text));
		digits_store(to + s->at, digits_of((uint32_t)since));
		return s->len;
	}
	if (since < s->span)
		n = digits_stamp_iso(s, since, to);
	return n > 0 ? n : digits_stamp_slow(s, t, to);
}

#endif
