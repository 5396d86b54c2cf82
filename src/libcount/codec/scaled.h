/*
 * scaled.h - values that are integers over a common divisor, and what that leaves over.
 *
 * An approximation a[i] is computed from an integer x[i] in one of the ways below, and
 *
 *	bits of value i = bits of a[i] + fix[i]		(64-bit integers, wrapping)
 *
 * so any double at all can be stored: a number of the form expected needs fix 0, one that is some ulps
 * off a small fix, and NaN, infinities and strays a large one, which packing sets apart.
 */
#ifndef COUNT_CODEC_SCALED_H
#define COUNT_CODEC_SCALED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCALE_MAX_POWER 22	/* 10^22 is the last power of ten that a double holds exactly */
#define SCALE_MAX_QUOTIENT 10000
#define SCALE_ROUND_LIMIT 2251799813685248.0		/* 2^51 */
#define SCALE_ROUND_MAGIC 6755399441055744.0		/* 1.5 * 2^52: adding it leaves no room for a fraction */

enum scale_way {
	SCALE_DIVIDE,		/* a = x / divisor, one correctly rounded division */
	SCALE_DIGITS15,		/* a = x / divisor rounded to 15 significant digits (half away from
				 * zero), as a program prints it with %.15g; divisor at most
				 * SCALE_MAX_QUOTIENT */
};

struct scale {
	enum scale_way way;
	double divisor;		/* an integer from 1 on */
};

extern const double scale_powers[SCALE_MAX_POWER + 1];	/* of ten */

/* a for one x; of SCALE_DIGITS15 for n of them, faster where they are of similar size. */
double scale_value(const struct scale *s, int64_t x);
void scale_values15(double divisor, const int64_t *x, size_t n, double *values);

/* The integer whose a is v or is near it; false if v is NaN or beyond 2^53 / divisor. */
bool scale_integer(const struct scale *s, double v, int64_t *x);

#endif
