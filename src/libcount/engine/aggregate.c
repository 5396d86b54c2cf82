/* aggregate.c - accumulators of a bucket; see aggregate.h. */
#include "engine/aggregate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/reduce.h"

unsigned agg_needs(const struct count_agg_spec *aggs, size_t n)
{
	unsigned needs = 0;

	for (size_t i = 0; i < n; i++) {
		switch (aggs[i].agg) {
		case COUNT_AGG_AVG:
		case COUNT_AGG_SUM:
			needs |= AGG_NEED_SUM;
			break;
		case COUNT_AGG_MIN:
		case COUNT_AGG_MAX:
			needs |= AGG_NEED_MINMAX;
			break;
		case COUNT_AGG_STDDEV:
			needs |= AGG_NEED_DEVIATIONS;
			break;
		case COUNT_AGG_MEDIAN:
		case COUNT_AGG_QUANTILE:
			needs |= AGG_NEED_VALUES | AGG_NEED_MINMAX;	/* counts the NaN */
			break;
		case COUNT_AGG_RATE:
		case COUNT_AGG_IRATE:
		case COUNT_AGG_INCREASE:
			needs |= AGG_NEED_STEPS;
			break;
		case COUNT_AGG_COUNT:
		case COUNT_AGG_FIRST:
		case COUNT_AGG_LAST:
		case COUNT_AGG_DELTA:
			break;
		}
	}
	return needs;
}

void agg_acc_free(struct agg_acc *a)
{
	free(a->values);
	*a = (struct agg_acc){ 0 };
}

void agg_acc_reset(struct agg_acc *a)
{
	double *values = a->values;
	size_t cap = a->values_cap;

	*a = (struct agg_acc){ .values = values, .values_cap = cap };
}

/* ---- Adding ---- */

/* What is not finite, if only on the way, goes the slow way. */
static void add_sum(struct dd *sum, const double *v, size_t n)
{
	const struct reduce_kernels *kernels = reduce_kernels(cpu_level());

	while (n > 0) {
		size_t some = n < REDUCE_MAX ? n : REDUCE_MAX;
		struct reduced_sum r = kernels->sum(v, some);

		if (isfinite(r.hi)) {
			dd_merge(sum, (struct dd){ r.hi, r.lo });
		} else {
			for (size_t i = 0; i < some; i++)
				dd_add(sum, v[i]);
		}
		v += some;
		n -= some;
	}
}

static double least(double a, double b) { return b < a ? b : a; }
static double most(double a, double b) { return b > a ? b : a; }

static void add_min_max(struct agg_acc *a, const double *v, size_t n)
{
	struct reduced_range r = reduce_kernels(cpu_level())->range(v, n);
	bool none = a->count == a->nan_count;	/* of the points before these */

	a->nan_count += r.nan;
	if (r.nan == n)
		return;
	a->min = none ? r.min : least(a->min, r.min);
	a->max = none ? r.max : most(a->max, r.max);
}

static void add_deviations(struct agg_acc *a, const double *v, size_t n)
{
	if (a->count == 0)
		a->shift = v[0];
	for (size_t i = 0; i < n; i++) {
		double d = v[i] - a->shift, square = d * d;

		dd_add(&a->dev, d);
		dd_merge(&a->dev2, (struct dd){ square, isfinite(square) ? fma(d, d, -square) : 0 });
	}
}

static bool add_values(struct agg_acc *a, const double *v, size_t n)
{
	if (n > a->values_cap - a->nvalues) {
		size_t cap = a->values_cap + a->values_cap / 2 + n;
		double *p = reallocarray(a->values, cap, sizeof(*p));

		if (p == NULL)
			return false;
		a->values = p;
		a->values_cap = cap;
	}
	memcpy(a->values + a->nvalues, v, n * sizeof(*v));
	a->nvalues += n;
	return true;
}

/* First and last in time; of equal times the first series has the first, the last the last. */
static void add_ends(struct agg_acc *a, int64_t first_time, double first, int64_t last_time,
		     double last)
{
	if (a->count == 0 || first_time < a->first_time) {
		a->first_time = first_time;
		a->first = first;
	}
	if (a->count == 0 || last_time >= a->last_time) {
		a->last_time = last_time;
		a->last = last;
	}
}

bool agg_acc_add(struct agg_acc *a, unsigned needs, const int64_t *times, const double *values,
		 size_t n)
{
	if ((needs & AGG_NEED_VALUES) && !add_values(a, values, n))
		return false;
	if (needs & AGG_NEED_SUM)
		add_sum(&a->sum, values, n);
	if (needs & AGG_NEED_MINMAX)
		add_min_max(a, values, n);
	if (needs & AGG_NEED_DEVIATIONS)
		add_deviations(a, values, n);
	add_ends(a, times[0], values[0], times[n - 1], values[n - 1]);
	a->count += n;
	return true;
}

void agg_acc_add_stats(struct agg_acc *a, const struct chunk_stats *st)
{
	if (st->nan_count < st->count) {
		bool none = a->count == a->nan_count;

		a->min = none ? st->min : least(a->min, st->min);
		a->max = none ? st->max : most(a->max, st->max);
	}
	dd_merge(&a->sum, st->sum);
	add_ends(a, st->first_time, st->first, st->last_time, st->last);
	a->nan_count += st->nan_count;
	a->count += st->count;
}

/* ---- Results ---- */

static double stddev(const struct agg_acc *a)
{
	double n = (double)a->count;
	double square = a->dev.hi * a->dev.hi, mean, rest;
	struct dd var = a->dev2;

	if (!isfinite(square))
		return a->dev.hi - a->dev.hi == 0 ? INFINITY : NAN;
	/* dev^2 / n as two doubles, from the sum of the squares */
	rest = fma(a->dev.hi, a->dev.hi, -square) + 2 * a->dev.hi * a->dev.lo;
	mean = square / n;
	rest = (fma(-mean, n, square) + rest) / n;
	dd_merge(&var, (struct dd){ -mean, -rest });
	if (isnan(var.hi))
		return NAN;
	return var.hi > 0 ? sqrt(var.hi / n) : 0;
}

static void swap(double *a, double *b)
{
	double t = *a;

	*a = *b;
	*b = t;
}

/*
 * Puts the k-th smallest of n values at v[k], no larger ones before it, no smaller ones behind
 * (Hoare's FIND, 1961).  The pivot is drawn, so no order of the values is a bad one.
 */
static void select_rank(double *v, size_t n, size_t k)
{
	ptrdiff_t lo = 0, hi = (ptrdiff_t)n - 1, rank = (ptrdiff_t)k;
	uint64_t random = 0x9e3779b97f4a7c15u ^ n;

	while (lo < hi) {
		ptrdiff_t i = lo, j = hi;
		double pivot;

		random = random * 6364136223846793005u + 1442695040888963407u;
		pivot = v[lo + (ptrdiff_t)((random >> 33) % (uint64_t)(hi - lo + 1))];
		while (i <= j) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i <= j)
				swap(&v[i++], &v[j--]);
		}
		if (rank <= j)
			hi = j;
		else if (rank >= i)
			lo = i;
		else
			return;
	}
}

double agg_quantile(double *v, size_t n, double q)
{
	double rank = (double)(n - 1) * q, low, next, part;
	size_t k = (size_t)rank;

	if (k > n - 1)
		k = n - 1;
	part = rank - (double)k;
	select_rank(v, n, k);
	low = v[k];
	if (part <= 0 || k + 1 == n)
		return low + 0.0;
	next = v[k + 1];
	for (size_t i = k + 2; i < n; i++)
		next = least(next, v[i]);
	if (low == next)
		return low + 0.0;
	if (!isfinite(next - low))	/* infinite, or beyond the range of double */
		return low * (1 - part) + next * part;
	/* From the nearer end, so that the result lies between both. */
	return part < 0.5 ? low + (next - low) * part : next - (next - low) * (1 - part);
}

static double quantile(struct agg_acc *a, double q)
{
	return a->nan_count > 0 ? NAN : agg_quantile(a->values, a->nvalues, q);
}

static bool sum_of_series(struct dd sum, uint64_t n, double *result)
{
	*result = dd_value(sum);
	return n > 0;
}

bool agg_acc_result(struct agg_acc *a, const struct count_agg_spec *spec, double *result)
{
	bool only_nan = a->count == a->nan_count;

	if (a->count == 0)
		return false;
	switch (spec->agg) {
	case COUNT_AGG_AVG:
		*result = dd_mean(a->sum, a->count);
		return true;
	case COUNT_AGG_SUM:
		*result = dd_value(a->sum);
		return true;
	case COUNT_AGG_MIN:
		*result = only_nan ? NAN : a->min + 0.0;
		return true;
	case COUNT_AGG_MAX:
		*result = only_nan ? NAN : a->max + 0.0;
		return true;
	case COUNT_AGG_COUNT:
		*result = (double)a->count;
		return true;
	case COUNT_AGG_FIRST:
		*result = a->first;
		return true;
	case COUNT_AGG_LAST:
		*result = a->last;
		return true;
	case COUNT_AGG_STDDEV:
		*result = stddev(a);
		return true;
	case COUNT_AGG_MEDIAN:
		*result = quantile(a, 0.5);
		return true;
	case COUNT_AGG_QUANTILE:
		*result = quantile(a, spec->quantile);
		return true;
	case COUNT_AGG_RATE:
		return sum_of_series(a->rate, a->n_rate, result);
	case COUNT_AGG_IRATE:
		return sum_of_series(a->irate, a->n_irate, result);
	case COUNT_AGG_INCREASE:
		return sum_of_series(a->increase, a->n_increase, result);
	case COUNT_AGG_DELTA:
		return sum_of_series(a->delta, a->n_delta, result);
	}
	return false;
}
