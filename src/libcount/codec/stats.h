/*
 * stats.h - what a chunk's header says about its points, so that a query need not decode it.
 *
 * Sums are double-doubles (hi + lo, about 106 bits), so a sum merged from statistics and one made by
 * decoding agree to 1e-15 relative, whatever the order of the additions.  (The error is
 * below 1e-29 of the sum of the magnitudes: only terms that cancel to 1e-14 of that show it.)
 */
#ifndef COUNT_CODEC_STATS_H
#define COUNT_CODEC_STATS_H

#include <stddef.h>
#include <stdint.h>

/*
 * A sum, normalised so that hi is the nearest double.  Beyond finite sums:
 *	NaN was added, or infinities of both signs:	hi NaN, lo 0
 *	an infinity was added:				hi that infinity, lo 0
 *	a finite sum beyond the range of double:	hi that infinity, lo the sum times 2^-64;
 *		it comes back into range when later terms cancel (less exact: lo is one double)
 * All zero is the empty sum.  A zero sum is +0.
 */
struct dd { double hi, lo; };

void dd_add_special(struct dd *s, struct dd t);	/* dd_merge() where a plain addition is not finite */

/* Adds another sum.  Two-sum: Knuth, TAOCP 2, 4.2.2; double-double: Dekker 1971. */
static inline void dd_merge(struct dd *s, struct dd t)
{
	double sum = s->hi + t.hi, b = sum - s->hi;
	double err = (s->hi - (sum - b)) + (t.hi - b) + (s->lo + t.lo);
	double hi = sum + err;

	if (!(hi - hi == 0)) {		/* not finite */
		dd_add_special(s, t);
		return;
	}
	*s = (struct dd){ hi, err - (hi - sum) };
}

/* Adds one value. */
static inline void dd_add(struct dd *s, double x)
{
	dd_merge(s, (struct dd){ x, 0 });
}

/* The sum as one double, correctly signed infinity or NaN where it is none. */
static inline double dd_value(struct dd s) { return s.hi; }

/* The mean of n > 0 values, finite also where their sum is beyond the range of double. */
double dd_mean(struct dd s, uint64_t n);

struct chunk_stats {
	int64_t first_time, last_time;
	uint64_t count, nan_count;	/* count includes the NaN */
	double min, max;		/* of the values that are no NaN, NaN if there are none; never -0 */
	struct dd sum;			/* of all values */
	double first, last;		/* bit for bit */
};

/* Of n >= 1 points, ascending in time. */
void stats_of(const int64_t *times, const double *values, size_t n, struct chunk_stats *st);

/* Joins the statistics of points that all come later; both counts are at least 1. */
void stats_merge(struct chunk_stats *into, const struct chunk_stats *later);

#endif
