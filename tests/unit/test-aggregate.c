/*
 * test-aggregate.c - engine/aggregate: every aggregate against a plain one made from all points of a
 * bucket at once, fed in batches of any size and by statistics.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "engine/aggregate.h"

enum { POINTS = 600, AGGS = 17, ROUNDS = 400 };

static const char *const agg_names[AGGS] = {
	"avg", "sum", "min", "max", "count", "first", "last", "stddev", "median", "p0", "p37.5",
	"p99", "p100", "rate", "irate", "increase", "delta",
};

struct row {
	int64_t time;
	bool have[AGGS];
	double value[AGGS];
};

static uint64_t seed = 88172645463325252u;

static uint64_t random_u64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static size_t below(size_t n)
{
	return (size_t)(random_u64() >> 11) % n;
}

static void make_specs(struct count_agg_spec *specs)
{
	for (size_t i = 0; i < AGGS; i++)
		assert_int_equal(count_agg_parse(agg_names[i], strlen(agg_names[i]), &specs[i]),
				 COUNT_OK);
}

/* ---- The plain way ---- */

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double plain_quantile(const double *v, size_t n, double q)
{
	double *copy = malloc(n * sizeof(*copy)), rank = (double)(n - 1) * q, r;
	size_t k = (size_t)rank;

	memcpy(copy, v, n * sizeof(*copy));
	qsort(copy, n, sizeof(*copy), order);
	r = copy[k];
	if (k + 1 < n && rank > (double)k && copy[k] != copy[k + 1])
		r = (double)((long double)copy[k] * (1 - (rank - (double)k)) +
			     (long double)copy[k + 1] * (rank - (double)k));
	free(copy);
	return r;
}

static double plain_step(double a, double b)
{
	return b < a ? b : b - a;
}

/* Bucket of points [lo, hi) of v; prev: there is a point before lo. */
static bool plain(enum count_agg agg, double q, const int64_t *t, const double *v, size_t lo,
		  size_t hi, double bucket_s, double *r)
{
	long double sum = 0, square = 0, steps = 0;
	double min = NAN, max = NAN;
	size_t n = hi - lo;
	bool nan = false, any_step = lo > 0 || n > 1;

	for (size_t i = lo; i < hi; i++) {
		sum += v[i];
		nan |= isnan(v[i]);
		min = isnan(min) || v[i] < min ? v[i] : min;
		max = isnan(max) || v[i] > max ? v[i] : max;
		if (i > 0)
			steps += plain_step(v[i - 1], v[i]);
	}
	for (size_t i = lo; i < hi; i++)
		square += (v[i] - sum / n) * (v[i] - sum / n);
	switch (agg) {
	case COUNT_AGG_AVG: *r = (double)(sum / n); return true;
	case COUNT_AGG_SUM: *r = (double)sum; return true;
	case COUNT_AGG_MIN: *r = min; return true;
	case COUNT_AGG_MAX: *r = max; return true;
	case COUNT_AGG_COUNT: *r = (double)n; return true;
	case COUNT_AGG_FIRST: *r = v[lo]; return true;
	case COUNT_AGG_LAST: *r = v[hi - 1]; return true;
	case COUNT_AGG_STDDEV: *r = (double)sqrtl(square / n); return true;
	case COUNT_AGG_MEDIAN: *r = nan ? NAN : plain_quantile(v + lo, n, 0.5); return true;
	case COUNT_AGG_QUANTILE: *r = nan ? NAN : plain_quantile(v + lo, n, q); return true;
	case COUNT_AGG_DELTA: *r = v[hi - 1] - v[lo]; return true;
	case COUNT_AGG_INCREASE: *r = (double)steps; return any_step;
	case COUNT_AGG_RATE: *r = (double)(steps / bucket_s); return any_step;
	case COUNT_AGG_IRATE:
		if (any_step)
			*r = plain_step(v[hi - 2], v[hi - 1]) / ((double)(t[hi - 1] - t[hi - 2]) / 1e3);
		return any_step;
	}
	return false;
}

/* ---- The way of the library ---- */

struct got {
	const struct count_agg_spec *specs;
	unsigned needs;
	struct agg_acc acc;
	struct bucket_span span;
	bool open;
	struct row rows[POINTS];
	size_t n;
};

static void close_bucket(struct got *g)
{
	struct row *r = &g->rows[g->n++];

	r->time = g->span.start;
	for (size_t i = 0; i < AGGS; i++)
		r->have[i] = (agg_needs(&g->specs[i], 1) & ~g->needs) == 0 &&
			     agg_acc_result(&g->acc, &g->specs[i], &r->value[i]);
}

static struct agg_acc *enter(void *arg, const struct bucket_span *span)
{
	struct got *g = arg;

	if (g->open)
		close_bucket(g);
	g->open = true;
	g->span = *span;
	agg_acc_reset(&g->acc);
	return &g->acc;
}

static void feed(struct agg_stream *s, const int64_t *t, const double *v, size_t n, bool stats)
{
	for (size_t i = 0; i < n;) {
		size_t k = 1 + below(below(4) == 0 ? n - i : (n - i < 9 ? n - i : 9));

		if (stats && agg_stream_wants_stats(s, t[i], t[i + k - 1])) {
			struct chunk_stats st;

			stats_of(t + i, v + i, k, &st);
			assert_int_equal(agg_stream_stats(s, &st), COUNT_OK);
		} else {
			assert_int_equal(agg_stream_points(s, t + i, v + i, k), COUNT_OK);
		}
		i += k;
	}
	agg_stream_end(s);
}

enum kind { TAME, INTEGERS, COUNTER, WILD, KINDS };

static double make_value(enum kind kind, double prev)
{
	static const double odd[] = { NAN, INFINITY, -INFINITY, -0.0, 0.0, 1e308, -1e308, 5e-324 };

	switch (kind) {
	case TAME:
		return (double)(int64_t)random_u64() / 1e13;
	case INTEGERS:
		return (double)below(7) - 3;
	case COUNTER:
		return below(20) == 0 ? (double)below(5) : prev + (double)below(100);
	default:
		return below(6) == 0 ? odd[below(8)] : (double)(int64_t)random_u64() / 1e17;
	}
}

static size_t make_points(enum kind kind, int64_t *t, double *v)
{
	size_t n = 1 + below(POINTS - 1);
	int64_t time = (int64_t)below(2000000) - 1000000;

	for (size_t i = 0; i < n; i++) {
		time += 1 + (int64_t)below(below(10) == 0 ? 30000 : 900);
		t[i] = time;
		v[i] = make_value(kind, i > 0 ? v[i - 1] : 0);
	}
	return n;
}

static void expect_same(const char *agg, double want, double got, double scale)
{
	if (isnan(want) ? isnan(got) : want == got || fabs(want - got) <= 1e-14 * (scale + fabs(want)))
		return;
	fail_msg("%s: want %.17g, got %.17g", agg, want, got);
}

static void compare(const struct count_agg_spec *specs, const unsigned needs, const struct got *g,
		    const int64_t *t, const double *v, size_t n, int64_t step, enum kind kind)
{
	size_t row = 0;

	for (size_t lo = 0, hi; lo < n; lo = hi, row++) {
		int64_t start = (t[lo] - (t[lo] % step + step) % step);
		double scale = 0;

		for (hi = lo; hi < n && t[hi] < start + step; hi++)
			scale = fmax(scale, fabs(v[hi]));
		assert_true(row < g->n);
		assert_int_equal(g->rows[row].time, start);
		for (size_t i = 0; i < AGGS; i++) {
			double want = 0, slack = scale * (double)(hi - lo + 1);
			bool have = plain(specs[i].agg, specs[i].quantile, t, v, lo, hi,
					  (double)step / 1e3, &want);

			if ((agg_needs(&specs[i], 1) & ~needs) != 0)
				continue;
			/* what long double does and double cannot, or neither */
			if (kind == WILD && specs[i].agg != COUNT_AGG_COUNT &&
			    specs[i].agg != COUNT_AGG_MIN && specs[i].agg != COUNT_AGG_MAX &&
			    specs[i].agg != COUNT_AGG_FIRST && specs[i].agg != COUNT_AGG_LAST &&
			    !isnan(want))
				continue;
			assert_int_equal(have, g->rows[row].have[i]);
			if (have)
				expect_same(agg_names[i], want, g->rows[row].value[i], slack);
		}
	}
	assert_int_equal(row, g->n);
}

static void run(unsigned needs, bool stats)
{
	static int64_t t[POINTS];
	static double v[POINTS];
	static struct got g;
	struct count_agg_spec specs[AGGS];

	make_specs(specs);
	for (size_t round = 0; round < ROUNDS; round++) {
		enum kind kind = (enum kind)(round % KINDS);
		int64_t step = 1 + (int64_t)below(20000);
		struct count_duration dur = { step, COUNT_DURATION_MS };
		size_t n = make_points(kind, t, v);
		struct buckets b;
		struct agg_stream s = { .needs = needs, .buckets = &b, .ticks_per_s = 1e3,
					.enter = enter, .arg = &g };

		g.specs = specs;
		g.needs = needs;
		g.n = 0;
		g.open = false;
		assert_int_equal(buckets_init(&b, INT64_MIN, INT64_MAX, &dur, NULL, COUNT_UNIT_MS,
					      NULL), COUNT_OK);
		agg_stream_begin(&s);
		feed(&s, t, v, n, stats);
		close_bucket(&g);
		compare(specs, needs, &g, t, v, n, step, kind);
		buckets_free(&b);
	}
	agg_acc_free(&g.acc);
}

static void test_points(void **state)
{
	(void)state;
	run(AGG_NEED_SUM | AGG_NEED_MINMAX | AGG_NEED_DEVIATIONS | AGG_NEED_VALUES | AGG_NEED_STEPS,
	    false);
}

static void test_stats(void **state)
{
	(void)state;
	run(AGG_NEED_SUM | AGG_NEED_MINMAX, true);
}

/* ---- Single things ---- */

static double one(const char *name, const double *v, size_t n, bool *have)
{
	static const int64_t t[] = { 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000 };
	struct count_agg_spec spec;
	struct buckets b = { .from = INT64_MIN, .last = INT64_MAX, .whole = true };
	struct got g = { .specs = NULL };
	struct agg_stream s = { .buckets = &b, .ticks_per_s = 1e3, .enter = enter, .arg = &g };
	double r = 0;

	assert_int_equal(count_agg_parse(name, strlen(name), &spec), COUNT_OK);
	s.needs = agg_needs(&spec, 1);
	agg_stream_begin(&s);
	assert_int_equal(agg_stream_points(&s, t, v, n), COUNT_OK);
	agg_stream_end(&s);
	*have = agg_acc_result(&g.acc, &spec, &r);
	agg_acc_free(&g.acc);
	return r;
}

#define ONE(name, want, ...) do {						\
		const double v_[] = { __VA_ARGS__ };				\
		bool have_;							\
		double r_ = one(name, v_, sizeof(v_) / sizeof(v_[0]), &have_);	\
										\
		assert_true(have_);						\
		if (f64_bits(r_) != f64_bits(want) && !(isnan(r_) && isnan(want)))	\
			fail_msg("%s: %.17g, not %.17g", name, r_, (double)(want));	\
	} while (0)

static void test_rules(void **state)
{
	(void)state;
	ONE("sum", 2.0, 1e100, 1, -1e100, 1);		/* compensated */
	ONE("sum", 1e-20, 1, 1e-20, -1);
	ONE("avg", NAN, 1, NAN);
	ONE("sum", NAN, INFINITY, -INFINITY);
	ONE("sum", INFINITY, 1, INFINITY);
	ONE("avg", 1.5e308, 1.5e308, 1.5e308, 1.5e308);	/* the sum is out of range */
	ONE("count", 3.0, NAN, NAN, 1);
	ONE("min", 1.0, NAN, 2, 1);
	ONE("max", 2.0, NAN, 2, 1);
	ONE("min", NAN, NAN, NAN);
	ONE("min", 0.0, -0.0);				/* never -0, as statistics have it */
	ONE("first", -0.0, -0.0, 1);			/* bit for bit */
	ONE("min", INFINITY, INFINITY, NAN);
	ONE("max", -INFINITY, -INFINITY);
	ONE("stddev", 0.0, 5);
	ONE("stddev", 2.0, 2, 4, 4, 4, 5, 5, 7, 9);
	ONE("stddev", 2.0, 1e15 + 2, 1e15 + 4, 1e15 + 4, 1e15 + 4, 1e15 + 5, 1e15 + 5, 1e15 + 7, 1e15 + 9);
	ONE("stddev", NAN, 1, NAN);
	ONE("stddev", NAN, 1, INFINITY);
	ONE("stddev", 0.0, 0.1, 0.1, 0.1);
	ONE("median", 2.5, 4, 1, 3, 2);
	ONE("median", 3.0, 5, 3, 1);
	ONE("p25", 1.75, 1, 2, 3, 4);
	ONE("p99.9", 10.0, 10);
	ONE("median", NAN, 1, NAN, 3);
	ONE("p50", INFINITY, 1, INFINITY, INFINITY);
	ONE("median", 0.0, 1.5e308, -1.5e308);
	ONE("increase", 5.0, 1, 3, 6);
	ONE("increase", 6.0, 1, 5, 2);			/* a reset counts the new value */
	ONE("rate", 2.5, 1, 3, 6);			/* over 2 s, first to last */
	ONE("irate", 3.0, 1, 3, 6);
	ONE("irate", 1.0, 1, 3, 1);
	ONE("delta", -1.0, 3, 9, 2);
	ONE("delta", 0.0, 3);
}

/* One point and none before it: there is no step, so there is nothing. */
static void test_nothing(void **state)
{
	static const char *const names[] = { "increase", "rate", "irate" };
	const double v = 7;
	bool have;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		one(names[i], &v, 1, &have);
		assert_false(have);
	}
}

/* The step into the bucket counts, and the rate is over the part of the bucket in the range. */
static void test_before(void **state)
{
	static const int64_t t[] = { 61000, 70000 };
	static const double v[] = { 5, 8 };
	struct count_duration minute = { 1, COUNT_DURATION_MINUTE };
	struct count_agg_spec inc = { .agg = COUNT_AGG_INCREASE }, rate = { .agg = COUNT_AGG_RATE };
	struct got g = { .specs = NULL };
	struct buckets b;
	struct agg_stream s = { .needs = AGG_NEED_STEPS, .buckets = &b, .ticks_per_s = 1e3,
				.enter = enter, .arg = &g };
	double r;

	(void)state;
	assert_int_equal(buckets_init(&b, 61000, INT64_MAX, &minute, "UTC", COUNT_UNIT_MS, NULL), 0);
	agg_stream_begin(&s);
	agg_stream_before(&s, 50000, 1);
	assert_int_equal(agg_stream_points(&s, t, v, 2), COUNT_OK);
	agg_stream_end(&s);
	assert_int_equal(g.span.start, 60000);
	assert_true(agg_acc_result(&g.acc, &inc, &r) && r == 7);
	assert_true(agg_acc_result(&g.acc, &rate, &r) && r == 7 / 59.0);
	buckets_free(&b);
}

static void test_quantile_order(void **state)
{
	static double v[5000];

	(void)state;
	for (size_t round = 0; round < 60; round++) {
		size_t n = 1 + below(5000), kind = round % 5;
		double q = (double)below(1001) / 1000, want;

		for (size_t i = 0; i < n; i++)
			v[i] = kind == 0 ? (double)i : kind == 1 ? -(double)i : kind == 2 ? 1.0 :
			       kind == 3 ? (double)below(4) : (double)(int64_t)random_u64();
		want = plain_quantile(v, n, q);
		expect_same("quantile", want, agg_quantile(v, n, q), fabs(want));
	}
}

/* A small spread far from zero: squares of the values themselves would lose it. */
static void test_stddev_far(void **state)
{
	struct agg_acc a = { 0 };
	struct count_agg_spec spec = { .agg = COUNT_AGG_STDDEV };
	static double v[1000];
	static int64_t t[1000];
	long double mean = 0, square = 0;
	double r;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		t[i] = (int64_t)i;
		v[i] = 1e12 + (double)below(1000) / 1000;
		mean += ((long double)v[i] - 1e12L) / 1000;
	}
	for (size_t i = 0; i < 1000; i++)
		square += (v[i] - 1e12L - mean) * (v[i] - 1e12L - mean);
	assert_true(agg_acc_add(&a, AGG_NEED_DEVIATIONS, t, v, 300));
	assert_true(agg_acc_add(&a, AGG_NEED_DEVIATIONS, t + 300, v + 300, 700));
	assert_true(agg_acc_result(&a, &spec, &r));
	assert_true(fabsl(r / sqrtl(square / 1000) - 1) < 1e-14L);
}

static void test_names(void **state)
{
	static const char *const wrong[] = { "", "p", "AVG", "avgs", "p101", "p-1", "p1e1", "p.", "mean", "1p",
					     "p99.99999999999999999" };
	struct count_agg_spec spec;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)

			assert_int_equal(count_agg_parse(wrong[i], strlen(wrong[i]), &spec),
					 COUNT_ERR_INVALID);
	assert_int_equal(count_agg_parse("p99.9", 5, &spec), COUNT_OK);
	assert_true(spec.agg == COUNT_AGG_QUANTILE && fabs(spec.quantile - 0.999) < 1e-15);
	assert_string_equal(spec.name, "p99.9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_before),
		cmocka_unit_test(test_quantile_order),
		cmocka_unit_test(test_stddev_far),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
