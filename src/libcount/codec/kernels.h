/*
 * kernels.h - the inner loops of decoding, and of planning to pack, for the vectors of each level (base/cpu.h).
 *
 * A kernel takes a whole group (pack.h) and checks nothing; page.h and pack.h are what others call, and
 * only they hold the pointer that kernels_best() gave.  All levels compute the same bits:
 *
 *	integers wrap, so the order of sums does not matter;
 *	int64 to double is rounded once, to nearest even;
 *	a division is rounded once.  With fused multiply-add that takes two operations, if the divisor's inverse is
 *	there to twice the precision (N. Brisebarre and J.-M. Muller, "Correctly rounded multiplication by arbitrary
 *	precision constants", IEEE Transactions on Computers 57, 2008): with y = RN(1 / d) and z = RN(1 / d - y),
 *	the quotient is RN(x y + RN(x z)).
 *
 * Why that is x / d rounded, for integers d that sums_divide() takes: what is rounded last is off x / d by at most
 * e = 2^-52 |1 - y d| |x / d|, for the errors of z and of x z are 2^-53 of z each.  With u the ulp of x / d,
 * |x / d| < 2^53 u, so e < 2 u |1 - y d|.  The result can be wrong only if x / d is as near as that to a midpoint
 * of two doubles, an odd multiple m of u / 2.  Let o be the odd part of d, d = o 2^k.  x / d is no midpoint (it would
 * have to be x = m d exactly, of more bits than x has); if u 2^k / 2 <= the ulp of x, then x - m d is a multiple of
 * u 2^k / 2, so |x / d - m| >= u / (2 o): too far, if |1 - y d| o < 1 / 4.  Else it is a multiple of the ulp of x,
 * which divided by d is at least u / 2, and too far as well.  |1 - y d| is at most 2^-53, so d to 2^51 pass; of
 * the powers of ten to 10^22 each does, by computation.
 *
 * The tables are constants: nothing is set up, nothing is patched.
 */
#ifndef COUNT_CODEC_KERNELS_H
#define COUNT_CODEC_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpu.h"

/*
 * What turns the fields of a group into the integers of a page (page.h), and where its sums stand: a kernel
 * leaves them for the group that follows.  32-bit kernels use the low halves.
 */
struct sums {
	uint64_t base;		/* of the group: added to what its fields hold */
	uint64_t m;		/* of the integer before: (x - first) / factor, orders 1 and 2 */
	uint64_t step;		/* from the m before that one, order 2 */
	uint64_t first, factor;
	double divisor;		/* by sums_divide() */
	double inverse, inverse_low;
	uint8_t order;		/* 0 to 2 */
	bool zigzag;		/* fields hold zigzags */
};

/* d: an integer from 1 to 2^51, or a power of ten to 10^22. */
void sums_divide(struct sums *s, double d);

/* 128 at a time; no alignment is asked for, and no array overlaps another. */
struct kernels {
	const char *name;

	/* Fields of width w, 16 w bytes; fields32 up to 32, fields64 up to 64. */
	void (*fields32)(const uint8_t *p, unsigned w, uint32_t *u);
	void (*fields64)(const uint8_t *p, unsigned w, uint64_t *u);

	/* Zigzag and base alone. */
	void (*unzigzag32)(const struct sums *s, const uint32_t *u, int32_t *v);

	/* x = first + factor * m, modulo 2^64; m is summed up modulo 2^32, then signed, or modulo 2^64. */
	void (*ints32)(struct sums *s, const uint32_t *u, int64_t *x);
	void (*ints64)(struct sums *s, const uint64_t *u, int64_t *x);

	/* ints32, then quotients, where factor is at most 2^22 and first from -2^53 to 2^53: then
	 * doubles compute x exactly but for one rounding, the same as that of int64 to double. */
	void (*quotients32)(struct sums *s, const uint32_t *u, double *values);

	/*
	 * ints64, then quotients, where first is as for quotients32, and doubles compute each x exactly but for one
	 * rounding.  That they do if no m is 2^51 or more, or below -2^51, and no product with the factor, rounded
	 * up to a power of two, is beyond 2^53; else false, s is as before and values are undefined.
	 */
	bool (*quotients64)(struct sums *s, const uint64_t *u, double *values);

	/* x / divisor; any x.  Of s only the divisor counts. */
	void (*quotients)(const struct sums *s, const int64_t *x, double *values);

	/* Doubles from integers in the same order (coder.h, double_to_ordered). */
	void (*unordered)(const int64_t *x, double *values);

	/* For planning: least and greatest; the bit lengths of zigzags, or of v - base, as 128 bytes in
	 * any order. */
	void (*range)(const int64_t *v, int64_t *min, int64_t *max);
	void (*lengths)(const int64_t *v, bool zigzags, int64_t base, uint64_t *lengths);
};

#define KERNELS_MAX_FACTOR (UINT64_C(1) << 22)		/* of quotients32 */
#define KERNELS_MAX_FIRST (INT64_C(1) << 53)

/* Those for this processor, once a coder; then those of a level, for tests: NULL where the compiler
 * cannot make them, and only to be called where cpu_level() is as high. */
const struct kernels *kernels_best(void);
const struct kernels *kernels_of(enum cpu_level level);

/* Inside: the tables, and what more than one of them has. */
extern const struct kernels kernels_plain, kernels_avx2, kernels_avx512;
void kernels_fields32(const uint8_t *p, unsigned w, uint32_t *u);

#endif
