/*
 * reduce.h - an array of doubles to its sum, its least and its greatest: kernels for each level of cpu.h.
 *
 * The sum is a pair of doubles that is not rounded in between.  Values go in rows of 16 to 16 lanes; a lane keeps the
 * sum of its values and, by two-sum (Knuth, TAOCP 2, 4.2.2), that of all rounding errors; the lanes are
 * joined as a tree.  Every level does the same additions in the same order, so all give the same bits.
 *
 * How exact: of n <= REDUCE_MAX values 64 or fewer pass a lane.  A rounding error is at most 2^-53 S, S the sum of the
 * magnitudes, so what a lane keeps of them stays below 64 * 2^-53 S, and adding them up rounds 64
 * times, the tree some 10 times more: hi + lo differs from the true sum by less than 2^-93 S (1e-28), mostly by
 * far less.
 */
#ifndef COUNT_BASE_REDUCE_H
#define COUNT_BASE_REDUCE_H

#include <stddef.h>

#include "base/cpu.h"

#define REDUCE_MAX 1024		/* values a call; more would only add up more errors */

struct reduced_sum {
	double hi, lo;		/* hi is the nearest double to hi + lo; an empty sum is +0, +0 */
};

struct reduced_range {
	double min, max;	/* of the values that are no NaN; +inf, -inf: there are none.  A zero has any sign */
	size_t nan;
};

struct reduce_kernels {
	/* n <= REDUCE_MAX.  hi is not finite when a value is not, or a sum on the way: nothing else is told then. */
	struct reduced_sum (*sum)(const double *v, size_t n);
	struct reduced_range (*range)(const double *v, size_t n);	/* any n */
};

/* For a level that this machine has; a level that the compiler does not know gives the next lower one. */
const struct reduce_kernels *reduce_kernels(enum cpu_level level);

extern const struct reduce_kernels reduce_plain, reduce_avx2, reduce_avx512;	/* private */

#endif
