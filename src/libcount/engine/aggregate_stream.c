/* aggregate_stream.c - one series through its buckets; see aggregate.h. */
#include "engine/aggregate.h"

void agg_stream_begin(struct agg_stream *s)
{
	s->acc = NULL;
	s->have_prev = false;
}

void agg_stream_before(struct agg_stream *s, int64_t time, double value)
{
	s->have_prev = true;
	s->prev_time = time;
	s->prev = value;
}

static double step(double from, double to)
{
	return to < from ? to : to - from;	/* a counter that fell began anew at 0 */
}

/* From a to b; exact unless it is over 2^53 ticks. */
static double seconds(const struct agg_stream *s, int64_t a, int64_t b)
{
	return (double)((uint64_t)b - (uint64_t)a) / s->ticks_per_s;
}

/* The seconds that a rate is over: the bucket inside the range; without a step, where the range has
 * no end, up to the first and the last point. */
static double rate_seconds(const struct agg_stream *s)
{
	const struct buckets *b = s->buckets;
	int64_t lo = s->span.first, hi = s->span.last;

	if (lo < b->from)
		lo = b->from;
	if (hi > b->last)
		hi = b->last;
	if (lo == INT64_MIN)
		lo = s->first_time;
	if (hi == INT64_MAX)
		return seconds(s, lo, s->prev_time);
	return seconds(s, lo, hi) + 1 / s->ticks_per_s;
}

static void leave(struct agg_stream *s)
{
	struct agg_acc *a = s->acc;

	if (a == NULL)
		return;
	dd_add(&a->delta, s->prev - s->first);
	a->n_delta++;
	if (s->steps > 0) {
		double over = rate_seconds(s), last = seconds(s, s->prev2_time, s->prev_time);

		dd_merge(&a->increase, s->increase);
		a->n_increase++;
		if (over > 0) {
			dd_add(&a->rate, dd_value(s->increase) / over);
			a->n_rate++;
		}
		dd_add(&a->irate, step(s->prev2, s->prev) / last);
		a->n_irate++;
	}
	s->acc = NULL;
}

static int enter(struct agg_stream *s, int64_t time, double value)
{
	if (s->acc != NULL && time <= s->span.last)
		return COUNT_OK;
	leave(s);
	buckets_find(s->buckets, time, &s->span);
	s->acc = s->enter(s->arg, &s->span);
	s->first_time = time;
	s->first = value;
	s->increase = (struct dd){ 0 };
	s->steps = 0;
	return s->acc != NULL ? COUNT_OK : COUNT_ERR_NOMEM;
}

static void add_steps(struct agg_stream *s, const double *v, size_t n)
{
	double prev = s->prev;
	size_t i = 0;

	if (!s->have_prev)
		prev = v[i++];
	s->steps += n - i;
	for (; i < n; i++) {
		dd_add(&s->increase, step(prev, v[i]));
		prev = v[i];
	}
}

static void remember(struct agg_stream *s, const int64_t *times, const double *values, size_t n)
{
	if (n > 1) {
		s->prev2_time = times[n - 2];
		s->prev2 = values[n - 2];
	} else {
		s->prev2_time = s->prev_time;
		s->prev2 = s->prev;
	}
	s->have_prev = true;
	s->prev_time = times[n - 1];
	s->prev = values[n - 1];
}

/* How many of the points, ascending, are at or before `last`. */
static size_t count_until(const int64_t *times, size_t n, int64_t last)
{
	size_t lo = 0, step_len = 1;

	if (times[n - 1] <= last)
		return n;
	/* Gallop: buckets are mostly much shorter than a batch. */
	while (lo + step_len < n && times[lo + step_len] <= last) {
		lo += step_len;
		step_len *= 2;
	}
	if (lo + step_len < n)
		n = lo + step_len;
	while (lo < n) {
		size_t mid = lo + (n - lo) / 2;

		if (times[mid] <= last)
			lo = mid + 1;
		else
			n = mid;
	}
	return lo;
}

int agg_stream_points(struct agg_stream *s, const int64_t *times, const double *values, size_t n)
{
	while (n > 0) {
		int ret = enter(s, times[0], values[0]);
		size_t k;

		if (ret != COUNT_OK)
			return ret;
		k = count_until(times, n, s->span.last);
		if (!agg_acc_add(s->acc, s->needs, times, values, k))
			return COUNT_ERR_NOMEM;
		if (s->needs & AGG_NEED_STEPS)
			add_steps(s, values, k);
		remember(s, times, values, k);
		times += k;
		values += k;
		n -= k;
	}
	return COUNT_OK;
}

bool agg_stream_wants_stats(const struct agg_stream *s, int64_t first, int64_t last)
{
	struct bucket_span span;

	if (!agg_takes_stats(s->needs))
		return false;
	if (s->acc != NULL && first <= s->span.last)
		return last <= s->span.last;
	buckets_find(s->buckets, first, &span);
	return last <= span.last;
}

int agg_stream_stats(struct agg_stream *s, const struct chunk_stats *st)
{
	int ret = enter(s, st->first_time, st->first);

	if (ret != COUNT_OK)
		return ret;
	agg_acc_add_stats(s->acc, st);
	remember(s, &st->last_time, &st->last, 1);
	return COUNT_OK;
}

void agg_stream_end(struct agg_stream *s)
{
	leave(s);
}
