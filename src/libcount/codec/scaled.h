/*
 * scaled.h - values that are integers over a common divisor, and what that leaves over.
 *
 * An approximation a[i] is computed from an integer column x in one of the ways below, and
 *
 *	bits of value i = bits of a[i] + fix[i]		(64-bit integers, wrapping)
 *
 * so any double at all can be stored: a number of the form expected needs fix 0, one that is some ulps
 * off a small fix, and NaN, infinities and strays a large one, which packing sets apart.
 *
 *	integers (ints.h)	x
 *	packed (pack.h)		fix[0]..., present only if the codec's header says so
 */
#ifndef COUNT_CODEC_SCALED_H
#define COUNT_CODEC_SCALED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct chunk_coder;

#define SCALE_MAX_POWER 22	/* 10^22 is the last power of ten that a double holds exactly */
#define SCALE_MAX_QUOTIENT 10000

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

/* a for one x. */
double scale_value(const struct scale *s, int64_t x);

/* The integer whose a is v or is near it; false if v is NaN or beyond 2^53 / divisor. */
bool scale_integer(const struct scale *s, double v, int64_t *x);

/*
 * Appends head[0..head_len), the integers and, if there are any, the fixes; when there are,
 * fix_flag is set in head[0].  False, as in struct value_codec, from limit bytes on.
 */
bool scaled_put(struct chunk_coder *c, const struct scale *s, const double *values, size_t n,
		uint8_t *head, size_t head_len, uint8_t fix_flag, size_t limit, struct buf *out);

/* Reads what follows the head; must end exactly at end. */
bool scaled_get(struct chunk_coder *c, const struct scale *s, bool fixes, const uint8_t *p,
		const uint8_t *end, size_t n, double *values);

#endif
