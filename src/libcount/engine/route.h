/*
 * route.h - which series are too thin for the window that is being written.
 *
 * In a store with many dense series a day's file is too large to be merged upward, and a series of
 * a point an hour would stay in chunks of 24 points for ever.  So a flush or a compaction writes the
 * dense series to the window's own file and the sparse ones to a file of an ancestor window, in which
 * they come to about 1,000 points; those files are small and merge among themselves.
 *
 * Two fixed levels take them, 64 and 1,024 days, rather than whichever fits best: all that
 * moves out of any day then meets in the same few windows, and one job makes two files more
 * at most.  Nothing is moved that merging upward would bring together anyway: the window up to which
 * files of this density still fit under the size limit (the natural one) is good enough
 * if a series has a quarter of a chunk in it.
 *
 * Points only ever move to wider windows here, so this ends.  Pure arithmetic: no I/O, no clock.
 */
#ifndef COUNT_ENGINE_ROUTE_H
#define COUNT_ENGINE_ROUTE_H

#include "engine/flush_plan.h"

#define ROUTE_TOP 5		/* the highest level of a wide window */

struct route {
	bool on;
	bool whole;		/* the window is quiet and at least half of it is at hand */
	unsigned level;		/* of the window of dense series */
	unsigned natural;	/* up to which its files merge anyway */
	double length;		/* of that window, in times */
	double covered;		/* of it by the input */
};

/*
 * For a window in which `bytes` of points cover that much time.  Adds up to two wide windows to the
 * plan if any series could want them.
 */
void route_begin(struct route *r, enum count_unit unit, struct plan *plan, size_t base, bool quiet,
		 double covered, uint64_t bytes, uint64_t limit);
/* The slot in the plan of a series with n points from first to last, or -1: as all others. */
int route_series(const struct route *r, const struct plan *plan, uint64_t n, int64_t first,
		 int64_t last);

#endif
