/*
 * flush_plan.h - windows of time, and into which of them a flush or compaction writes.
 *
 * Windows are 4^level UTC days (1, 4, 16, 64, ...), aligned to multiples since 1970, so they nest;
 * at the highest level one window each side of 1970 holds every time of the unit.  Points are
 * counted by window, then a plan of a few windows is made; a point goes to the smallest one of the
 * plan that holds it.  Pure arithmetic: no I/O, no clock.
 */
#ifndef COUNT_ENGINE_FLUSH_PLAN_H
#define COUNT_ENGINE_FLUSH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"

int64_t window_day(enum count_unit unit);		/* times in a day */
int64_t window_of(enum count_unit unit, unsigned level, int64_t time);
/* First and last time in a window, cut off at what int64_t holds. */
void window_bounds(enum count_unit unit, unsigned level, int64_t window, int64_t *first,
		   int64_t *last);
unsigned window_top(enum count_unit unit);		/* the highest level */
/* The smallest window that holds both; where they lie on either side of 1970 there is none: false. */
bool window_join(enum count_unit unit, int64_t first, int64_t last, unsigned *level,
		 int64_t *window);

/* ---- Counting points by window ---- */

struct histogram_bin { int64_t window; uint64_t points; };	/* points 0: free */
struct histogram {
	enum count_unit unit;
	unsigned level;			/* of its windows; rises when there are too many */
	struct histogram_bin *bins;	/* hash table until it is sorted */
	size_t nbins, cap;
};
void histogram_init(struct histogram *h, enum count_unit unit);
void histogram_free(struct histogram *h);
int histogram_add(struct histogram *h, int64_t time, uint64_t points);
/* Points spread over first .. last.  COUNT_ERR_STOPPED: too wide to say, add their times. */
int histogram_add_span(struct histogram *h, int64_t first, int64_t last, uint64_t points);
int histogram_add_times(struct histogram *h, const int64_t *times, size_t n);

/* ---- The plan ---- */

#define PLAN_MAX 8
#define PLAN_SLOTS (PLAN_MAX + 2)	/* with the wide windows of route.h */

struct plan_window {
	unsigned level;
	int64_t window;
	int64_t first, last;		/* its bounds */
	uint64_t points;		/* about */
};

struct plan {
	struct plan_window v[PLAN_SLOTS];	/* smallest first, then the wide ones */
	size_t n, nwide;
};

/*
 * At most max (2 .. PLAN_MAX) windows for what the histogram counted; leaves it sorted, good for
 * nothing else.  Few points stay in one file; many go into smaller windows while these get about 500
 * points a series, and a window that holds most points gets a file of its own, so that a few stray
 * stamps do not spread the rest over centuries.  Windows that end before `quiet` are not split.
 */
void plan_make(struct histogram *h, uint64_t nseries, size_t max, int64_t quiet, struct plan *plan);
/* A plan of that one window. */
void plan_single(enum count_unit unit, unsigned level, int64_t window, struct plan *plan);
/* The slot of a time, or -1; *until is the last time up to which that holds. */
int plan_route(const struct plan *plan, int64_t time, int64_t *until);
/* The same for a series that goes to the wide window in that slot (-1: none) as far as it reaches. */
int plan_route_wide(const struct plan *plan, int wide, int64_t time, int64_t *until);

#endif
