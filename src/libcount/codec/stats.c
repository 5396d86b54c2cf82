/* stats.c - statistics of a chunk, and the rare cases of sums; see stats.h. */
#include "codec/stats.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define LANES 8			/* independent sums: additions need not wait for each other */
#define SCALE_DOWN 0x1p-64	/* keeps any sum of 2^63 doubles finite */
#define SCALE_UP 0x1p64

static bool is_infinite(struct dd s) { return isinf(s.hi) && s.lo == 0; }

/* A sum that is no infinity and no NaN, times 2^-64. */
static struct dd scaled_down(struct dd s)
{
	if (isinf(s.hi))
		return (struct dd){ s.lo, 0 };
	return (struct dd){ s.hi * SCALE_DOWN, s.lo * SCALE_DOWN };
}

void dd_add_special(struct dd *s, struct dd t)
{
	struct dd sum;

	if (isnan(s->hi) || isnan(t.hi) ||
	    (is_infinite(*s) && is_infinite(t) && s->hi != t.hi)) {
		*s = (struct dd){ NAN, 0 };
		return;
	}
	if (is_infinite(*s) || is_infinite(t)) {
		*s = (struct dd){ is_infinite(*s) ? s->hi : t.hi, 0 };
		return;
	}
	sum = scaled_down(*s);
	dd_merge(&sum, scaled_down(t));
	if (isinf(sum.hi * SCALE_UP))
		*s = (struct dd){ copysign(INFINITY, sum.hi), sum.hi };
	else
		*s = (struct dd){ sum.hi * SCALE_UP, sum.lo * SCALE_UP };
}

double dd_mean(struct dd s, uint64_t n)
{
	double mean;

	if (!isinf(s.hi) || is_infinite(s))
		return s.hi / (double)n;
	mean = s.lo / (double)n * SCALE_UP;
	return isinf(mean) ? copysign(DBL_MAX, mean) : mean;	/* the sum's rounding error showed */
}

struct lanes {
	double hi[LANES], lo[LANES], min[LANES], max[LANES];
	uint64_t nan[LANES];
};

/* Adds LANES values, one to each lane. */
static inline void add_row(struct lanes *restrict l, const double *restrict v)
{
	for (size_t i = 0; i < LANES; i++) {
		double x = v[i], sum = l->hi[i] + x, b = sum - l->hi[i];

		l->lo[i] += (l->hi[i] - (sum - b)) + (x - b);
		l->hi[i] = sum;
		l->min[i] = x < l->min[i] ? x : l->min[i];
		l->max[i] = x > l->max[i] ? x : l->max[i];
		l->nan[i] += x != x;
	}
}

static void finish(const struct lanes *l, struct chunk_stats *st)
{
	st->min = l->min[0];
	st->max = l->max[0];
	for (size_t i = 0; i < LANES; i++) {
		st->min = l->min[i] < st->min ? l->min[i] : st->min;
		st->max = l->max[i] > st->max ? l->max[i] : st->max;
		st->nan_count += l->nan[i];
		dd_merge(&st->sum, (struct dd){ l->hi[i], 0 });
		dd_merge(&st->sum, (struct dd){ l->lo[i], 0 });
	}
	st->min = st->nan_count == st->count ? NAN : st->min + 0.0;	/* + 0.0: -0 becomes +0 */
	st->max = st->nan_count == st->count ? NAN : st->max + 0.0;
}

void stats_of(const int64_t *times, const double *values, size_t n, struct chunk_stats *st)
{
	struct lanes l = { 0 };
	double last[LANES];
	size_t i;

	*st = (struct chunk_stats){
		.first_time = times[0], .last_time = times[n - 1], .count = n,
		.first = values[0], .last = values[n - 1],
	};
	for (i = 0; i < LANES; i++) {
		l.min[i] = INFINITY;
		l.max[i] = -INFINITY;
	}
	for (i = 0; n - i >= LANES; i += LANES)
		add_row(&l, values + i);
	if (i < n) {		/* the last row is filled up with its own values, its sums apart */
		for (size_t k = 0; k < LANES; k++)
			last[k] = values[i + k < n ? i + k : i];
		for (size_t k = 0; i + k < n; k++)
			dd_add(&st->sum, last[k]);
		for (size_t k = 0; k < n - i; k++)
			st->nan_count += last[k] != last[k];
		for (size_t k = 0; k < LANES; k++) {
			l.min[k] = last[k] < l.min[k] ? last[k] : l.min[k];
			l.max[k] = last[k] > l.max[k] ? last[k] : l.max[k];
		}
	}
	finish(&l, st);
	if (!(st->sum.hi - st->sum.hi == 0)) {	/* infinite or NaN, perhaps only on the way */
		st->sum = (struct dd){ 0 };
		for (i = 0; i < n; i++)
			dd_add(&st->sum, values[i]);
	}
	st->sum.hi += 0.0;
}

void stats_merge(struct chunk_stats *into, const struct chunk_stats *later)
{
	into->last_time = later->last_time;
	into->last = later->last;
	into->count += later->count;
	into->nan_count += later->nan_count;
	if (isnan(into->min) || later->min < into->min)
		into->min = later->min;
	if (isnan(into->max) || later->max > into->max)
		into->max = later->max;
	dd_merge(&into->sum, later->sum);
}
