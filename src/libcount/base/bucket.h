/*
 * bucket.h - slices of time, as --step cuts them.
 *
 * Buckets are half-open, follow each other without gaps, and begin at multiples of the step:
 *
 *	ns to h	counted from 1970-01-01T00:00:00Z, whatever the zone
 *	d	n days, counted from 1970-01-01, each from midnight in the zone
 *	w	n weeks, counted from the one of Monday 1969-12-29 that holds 1970-01-01
 *	mo y	n months or years, counted from January 1970
 *
 * A midnight that the zone skips is the first instant after it; one that it repeats, the
 * first of the two.  So days of 23 and 25 hours come out as such.
 */
#ifndef COUNT_BASE_BUCKET_H
#define COUNT_BASE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/civil.h"
#include "base/tz.h"
#include "count.h"

struct bucket {
	bool fixed;
	int64_t width, origin;	/* fixed: in store units; origin < width */
	int64_t n;		/* else: n units of the calendar */
	enum count_duration_unit unit;
	const struct tz *tz;	/* borrowed; NULL: UTC */
	enum count_unit store;
};

/* COUNT_ERR_INVALID: the step is not a whole number of store units, or longer than int64 holds. */
int bucket_init(struct bucket *b, struct count_duration step, const struct tz *tz,
		enum count_unit store, struct count_error *err);

int64_t bucket_start_calendar(const struct bucket *b, int64_t t);
int64_t bucket_next_calendar(const struct bucket *b, int64_t start);

/* The first time of the bucket that holds t; INT64_MIN when that lies before it. */
static inline int64_t bucket_start(const struct bucket *b, int64_t t)
{
	int64_t start;

	if (!b->fixed)
		return bucket_start_calendar(b, t);

	/* t - origin may not fit: take both modulo the width, each in [0, width) */
	int64_t into = floor_mod(t, b->width) - b->origin;

	if (into < 0)
		into += b->width;
	return __builtin_sub_overflow(t, into, &start) ? INT64_MIN : start;
}

/*
 * The start of the bucket after the one that begins at start (any time of it will do): > start.
 * INT64_MAX when there is none; then that bucket holds INT64_MAX too, and a caller who
 * cuts at the end must not wait for a time beyond it.
 */
static inline int64_t bucket_next(const struct bucket *b, int64_t start)
{
	int64_t next;

	if (!b->fixed)
		return bucket_next_calendar(b, start);
	/* from a saturated start the next is not one width away */
	if (start < INT64_MIN + b->width) {
		int64_t into = floor_mod(start, b->width) - b->origin;

		return start + (b->width - (into < 0 ? into + b->width : into));
	}
	return __builtin_add_overflow(bucket_start(b, start), b->width, &next) ? INT64_MAX : next;
}

#endif
