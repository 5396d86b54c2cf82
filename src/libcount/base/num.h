/*
 * num.h - decimal text <-> double, for code that reads many numbers.
 *
 * num_parse() takes the short decimals that metrics are made of inline and leaves the rest to
 * num_parse_slow(); count_value_parse() and count_value_format() are declared in count.h.
 */
#ifndef COUNT_BASE_NUM_H
#define COUNT_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NUM_NAN_BITS UINT64_C(0x7ff8000000000000)

/* 10^k for k <= 22 is a double without rounding. */
#define NUM_EXACT_POW10 22
extern const double num_exact_pow10[NUM_EXACT_POW10 + 1];

/* What count_value_parse() accepts, all of it; false: not a number, or it overflows. */
bool num_parse_slow(const char *s, size_t len, double *v);

/*
 * The same.  Up to 17 bytes of sign, digits and one point hold at most 17 digits, so w does not
 * overflow; when w <= 2^53, w and 10^frac are both exact and the one rounding of the division is
 * the right one (W. Clinger, How to Read Floating Point Numbers Accurately, PLDI 1990).
 */
static inline bool num_parse(const char *s, size_t len, double *v)
{
	const char *p = s, *end = s + len, *point = NULL;
	uint64_t w = 0;
	bool neg = false;

	if (len == 0 || len > 17)
		return num_parse_slow(s, len, v);
	if (*p == '-') {
		neg = true;
		p++;
	}
	for (; p < end; p++) {
		unsigned d = (unsigned)(unsigned char)*p - '0';

		if (d <= 9)
			w = w * 10 + d;
		else if (*p == '.' && point == NULL)
			point = p;
		else
			return num_parse_slow(s, len, v);
	}
	if (w > UINT64_C(1) << 53 || len < (size_t)neg + (point != NULL) + 1)
		return num_parse_slow(s, len, v);

	double r = (double)w;

	if (point != NULL)
		r /= num_exact_pow10[end - point - 1];
	*v = neg ? -r : r;
	return true;
}

/* Decimal digits of v, no NUL; returns the length, at most 20. */
size_t num_put_u64(char *out, uint64_t v);

#endif
