/*
 * aggregate.h - points to aggregates: one accumulator a bucket, exact sums, whole chunks by their
 * statistics.
 *
 * Bytes in memory only: the caller brings the points of one series in ascending order, in batches
 * of any size, and names the accumulator of each bucket, which several series may share.
 *
 *	avg sum		by sums of two doubles, so that batches and statistics give the same
 *	min max		pass over NaN unless there is nothing else; never -0
 *	stddev		of the population: sums of deviations from the bucket's first value, of
 *			two doubles (Chan, Golub, LeVeque 1983, "shifted data"); since that
 *			value is one of the n, at most log2(n) bits cancel of 106
 *	median pNN	linear between ranks (type 7 of Hyndman and Fan 1996): keeps the values
 *			of the bucket, 8 bytes each
 *	increase	sum of steps between neighbours, a fall counts the new value; the step from the
 *			last point before the bucket is included; nothing without any step
 *	rate		increase / seconds of the bucket, or of the part of it inside the range
 *	irate		the last step / its seconds
 *	delta		last - first
 *
 * The last four are of one series; in an accumulator that several share they are summed.
 */
#ifndef COUNT_ENGINE_AGGREGATE_H
#define COUNT_ENGINE_AGGREGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/stats.h"
#include "count.h"
#include "engine/buckets.h"

enum agg_need {			/* what the accumulators must keep */
	AGG_NEED_SUM = 1,
	AGG_NEED_MINMAX = 2,
	AGG_NEED_DEVIATIONS = 4,
	AGG_NEED_VALUES = 8,
	AGG_NEED_STEPS = 16,
};
unsigned agg_needs(const struct count_agg_spec *aggs, size_t n);
/* Can statistics of a chunk stand for its points? */
static inline bool agg_takes_stats(unsigned needs)
{
	return (needs & (AGG_NEED_DEVIATIONS | AGG_NEED_VALUES | AGG_NEED_STEPS)) == 0;
}

struct agg_acc {		/* all zero: of no points */
	uint64_t count, nan_count;
	int64_t first_time, last_time;
	double first, last;
	double min, max;	/* where count > nan_count */
	struct dd sum;
	double shift;		/* stddev: deviations from this value ... */
	struct dd dev, dev2;	/* ... their sum, and that of their squares */
	double *values;		/* owned */
	size_t nvalues, values_cap;
	struct dd increase, rate, irate, delta;		/* sums over series, ... */
	uint64_t n_increase, n_rate, n_irate, n_delta;	/* ... of those that have one */
};

void agg_acc_free(struct agg_acc *a);
void agg_acc_reset(struct agg_acc *a);	/* of no points, but keeps its memory */
/* n >= 1 points of one series, ascending.  false: out of memory. */
bool agg_acc_add(struct agg_acc *a, unsigned needs, const int64_t *times, const double *values,
		 size_t n);
void agg_acc_add_stats(struct agg_acc *a, const struct chunk_stats *st);
/* false: there is no such aggregate.  Reorders a->values. */
bool agg_acc_result(struct agg_acc *a, const struct count_agg_spec *spec, double *result);

/* The value at quantile q (0 .. 1) of n >= 1 values without NaN, which are reordered. */
double agg_quantile(double *v, size_t n, double q);

/* ---- One series, bucket by bucket ---- */

/* The accumulator for the bucket `span`, NULL when out of memory; asked for when a series enters it. */
typedef struct agg_acc *agg_enter(void *arg, const struct bucket_span *span);

struct agg_stream {
	unsigned needs;
	const struct buckets *buckets;
	double ticks_per_s;
	agg_enter *enter;
	void *arg;
	/* private */
	struct agg_acc *acc;		/* NULL: in no bucket */
	struct bucket_span span;
	bool have_prev;			/* the last two points of the series, before the bucket too */
	int64_t prev_time, prev2_time;
	double prev, prev2;
	int64_t first_time;		/* of the series in the bucket */
	double first;
	struct dd increase;
	uint64_t steps;
};

void agg_stream_begin(struct agg_stream *s);	/* the next series; the first fields are kept */
/* The last point before those that come, for the step into the first bucket. */
void agg_stream_before(struct agg_stream *s, int64_t time, double value);
int agg_stream_points(struct agg_stream *s, const int64_t *times, const double *values, size_t n);
/* Do points from first to last lie in one bucket, so that statistics would do? */
bool agg_stream_wants_stats(const struct agg_stream *s, int64_t first, int64_t last);
int agg_stream_stats(struct agg_stream *s, const struct chunk_stats *st);
void agg_stream_end(struct agg_stream *s);	/* leaves the last bucket */

#endif
