/*
 * kernels.h - the inner loops of decoding, each for the vectors of a processor level (base/cpu.h).
 *
 * A kernel takes a whole group (pack.h) and checks nothing; page.h and pack.h are what others call, and
 * only they hold the pointer that kernels_best() gave.  All levels compute the same bits:
 *
 *	integers wrap, so the order of sums does not matter;
 *	int64 to double is rounded once, to nearest even;
 *	a division is rounded once.  With fused multiply-add it is a product and two corrections (P. Markstein,
 *	IA-64 and Elementary Functions, 2000): y = RN(1 / d), q = RN(x y), r = x - q d exactly, RN(q + r y).
 *	That is the quotient where the divisor is an integer whose odd part is below 2^53 / 3: |q - x / d| is
 *	at most 1.5 ulp, so what is rounded last is off x / d by at most 1.5 * 2^-53 ulp; and x / d is no
 *	nearer than ulp / 2 / (odd part of d) to where rounding changes, as x and d * (ulp / 2) are multiples of
 *	powers of two.  10^22 has the odd part 5^22 = 2.4 * 10^15 < 3.0 * 10^15 = 2^53 / 3.
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
	double divisor;		/* of quotients32: an integer from 1 on, its odd part at most 5^22 */
	uint8_t order;		/* 0 to 2 */
	bool zigzag;		/* fields hold zigzags */
};

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

	/* x / divisor; any x. */
	void (*quotients)(const int64_t *x, double divisor, double *values);

	/* Doubles from integers in the same order (coder.h, double_to_ordered). */
	void (*unordered)(const int64_t *x, double *values);
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
