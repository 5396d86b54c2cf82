/*
 * buckets.h - which bucket a point belongs to: half-open, aligned to multiples of the step.
 *
 * Steps up to the hour are multiples since 1970 UTC; days and longer follow the calendar of a
 * zone (base/bucket.h).  Without a step one bucket takes the whole range.
 */
#ifndef COUNT_ENGINE_BUCKETS_H
#define COUNT_ENGINE_BUCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bucket.h"
#include "base/tz.h"
#include "count.h"

struct bucket_span {
	int64_t start;		/* the stamp: its first tick, even where the range cuts it */
	int64_t first, last;	/* both inclusive */
};

struct buckets {
	int64_t from, last;	/* the range of the query; INT64_MIN, INT64_MAX: no end */
	bool whole;		/* without a step */
	int64_t approx;		/* the usual length of a step, in ticks */
	struct bucket step;
	struct tz *zone;	/* owned; NULL: UTC */
};

/* step NULL: one bucket.  COUNT_ERR_INVALID: unknown zone, or a step finer than the unit. */
int buckets_init(struct buckets *b, int64_t from, int64_t last, const struct count_duration *step,
		 const char *tz, enum count_unit unit, struct count_error *err);
void buckets_free(struct buckets *b);

/*
 * The bucket of t.  Of the whole range without a beginning the stamp is INT64_MIN: the caller
 * puts the first point's time there.
 */
void buckets_find(const struct buckets *b, int64_t t, struct bucket_span *span);

/* About how many buckets lie from a to b, at most INT64_MAX. */
int64_t buckets_between(const struct buckets *b, int64_t first, int64_t last);

#endif
