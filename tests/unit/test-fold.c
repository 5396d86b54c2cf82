/* test-fold.c - engine/fold, engine/fill, engine/suggest: groups, empty buckets, near names. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/fill.h"
#include "engine/fold.h"
#include "engine/suggest.h"

/* ---- Folding ---- */

static void add(struct fold *f, unsigned needs, const char *series, int64_t t, double a, double b)
{
	static struct count_series_parts parts;
	struct buckets buckets;
	struct count_duration step = { 10, COUNT_DURATION_SECOND };
	struct agg_stream s = { .needs = needs, .buckets = &buckets, .ticks_per_s = 1,
				.enter = fold_enter, .arg = f };

	assert_int_equal(buckets_init(&buckets, INT64_MIN, INT64_MAX, &step, NULL, COUNT_UNIT_S, NULL), 0);
	assert_int_equal(count_series_parse(series, strlen(series), &parts), COUNT_OK);
	assert_int_equal(fold_series(f, &parts, NULL), COUNT_OK);
	agg_stream_begin(&s);
	assert_int_equal(agg_stream_points(&s, (int64_t[]){ t, t + 1 }, (double[]){ a, b }, 2), 0);
	agg_stream_end(&s);
	buckets_free(&buckets);
}

static double result(struct fold_group *g, size_t bucket, enum count_agg agg)
{
	struct count_agg_spec spec = { .agg = agg, .quantile = 0.5 };
	double r = NAN;

	assert_true(agg_acc_result(&g->buckets[bucket].acc, &spec, &r));
	return r;
}

static void expect_name(const struct fold *f, size_t group, const char *want)
{
	char out[COUNT_SERIES_MAX + 1];
	size_t len;

	assert_int_equal(fold_name(f, f->groups[group], "avg", out, &len, NULL), COUNT_OK);
	assert_string_equal(out, want);
	assert_int_equal(len, strlen(want));
}

#define ALL_NEEDS (AGG_NEED_SUM | AGG_NEED_MINMAX | AGG_NEED_DEVIATIONS | AGG_NEED_VALUES | \
		   AGG_NEED_STEPS)

static void test_fold(void **state)
{
	static const char *const by[] = { "dc" };
	struct fold f = { .by = by, .nby = 1 };

	(void)state;
	add(&f, ALL_NEEDS, "cpu{dc=\"b\",host=\"1\"}", 100, 1, 3);
	add(&f, ALL_NEEDS, "cpu{dc=\"b\",host=\"2\"}", 100, 10, 20);
	add(&f, ALL_NEEDS, "cpu{dc=\"a\",host=\"3\"}", 105, 7, 9);
	add(&f, ALL_NEEDS, "cpu{dc=\"b\",host=\"3\"}", 90, 5, 5);
	add(&f, ALL_NEEDS, "cpu{host=\"4\"}", 100, -1, -1);
	assert_int_equal(fold_finish(&f, NULL), COUNT_OK);
	assert_int_equal(f.n, 3);
	expect_name(&f, 0, "cpu:avg");		/* a missing label is empty */
	expect_name(&f, 1, "cpu:avg{dc=\"a\"}");
	expect_name(&f, 2, "cpu:avg{dc=\"b\"}");
	assert_int_equal(f.groups[2]->n, 2);
	assert_int_equal(f.groups[2]->buckets[0].span.start, 90);
	assert_int_equal(f.groups[2]->buckets[1].span.start, 100);
	assert_true(result(f.groups[2], 1, COUNT_AGG_AVG) == 8.5);
	assert_true(result(f.groups[2], 1, COUNT_AGG_COUNT) == 4);
	assert_true(result(f.groups[2], 1, COUNT_AGG_MEDIAN) == 6.5);
	assert_true(result(f.groups[2], 1, COUNT_AGG_MAX) == 20);
	assert_true(result(f.groups[2], 1, COUNT_AGG_FIRST) == 1);	/* equal times: by series */
	assert_true(result(f.groups[2], 1, COUNT_AGG_LAST) == 20);
	assert_true(result(f.groups[2], 1, COUNT_AGG_INCREASE) == 12);	/* per series, then summed */
	assert_true(result(f.groups[2], 1, COUNT_AGG_RATE) == 1.2);
	assert_true(result(f.groups[2], 1, COUNT_AGG_DELTA) == 12);
	assert_true(result(f.groups[2], 1, COUNT_AGG_STDDEV) == sqrt((56.25 + 30.25 + 2.25 + 132.25) / 4));
	fold_free(&f);
}

static void test_fold_names(void **state)
{
	struct fold all = { .nby = 0 };
	static const char *const by[] = { "__name__", "k", "" };
	struct fold named = { .by = by, .nby = 3 };

	(void)state;
	add(&all, AGG_NEED_SUM, "disk.\xc3\xa4", 0, 1, 2);
	add(&all, AGG_NEED_SUM, "disk.\xc3\xb6{k=\"v\"}", 0, 1, 2);
	add(&named, AGG_NEED_SUM, "x{k=\"v\"}", 0, 1, 2);
	add(&named, AGG_NEED_SUM, "y{k=\"v\"}", 0, 1, 2);
	assert_int_equal(fold_finish(&all, NULL), COUNT_OK);
	assert_int_equal(fold_finish(&named, NULL), COUNT_OK);
	assert_int_equal(all.n, 1);
	expect_name(&all, 0, "{\"disk.*:avg\"}");	/* no half of a character */
	assert_int_equal(named.n, 2);
	expect_name(&named, 0, "x:avg{k=\"v\"}");
	expect_name(&named, 1, "y:avg{k=\"v\"}");
	fold_free(&all);
	fold_free(&named);
}

/* Tables grow, buckets arrive in any order. */
static void test_fold_many(void **state)
{
	static const char *const by[] = { "g" };
	struct fold f = { .by = by, .nby = 1 };

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		char name[64];

		snprintf(name, sizeof(name), "x{g=\"%u\"}", i % 500);
		add(&f, AGG_NEED_SUM, name, (int64_t)(i * 7919 % 3001) * 10, 1, 1);
	}
	assert_int_equal(fold_finish(&f, NULL), COUNT_OK);
	assert_int_equal(f.n, 500);
	for (size_t i = 0; i < f.n; i++) {
		assert_int_equal(f.groups[i]->n, 6);
		for (size_t k = 1; k < 6; k++)
			assert_true(f.groups[i]->buckets[k - 1].span.start <
				    f.groups[i]->buckets[k].span.start);
	}
	fold_free(&f);
}

/* ---- Filling ---- */

static const char *filled(enum count_fill fill, int64_t first, int64_t last)
{
	static char text[400];
	struct count_duration step = { 10, COUNT_DURATION_SECOND };
	struct column in = { 0 }, out = { 0 };
	struct buckets b;
	size_t n = 0;

	column_put(&in, 20, 1);
	column_put(&in, 30, 2);
	column_put(&in, 60, 5);
	assert_int_equal(buckets_init(&b, INT64_MIN, INT64_MAX, &step, NULL, COUNT_UNIT_S, NULL), 0);
	assert_int_equal(fill_column(&in, fill, &b, first, last, &out, NULL), COUNT_OK);
	text[0] = '\0';
	for (size_t i = 0; i < out.n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      out.empty != NULL && out.empty[i] ? "%d=- " : "%d=%g ",
				      (int)out.times[i], out.values[i]);
	column_free(&in);
	column_free(&out);
	buckets_free(&b);
	return text;
}

static void test_fill(void **state)
{
	(void)state;
	assert_string_equal(filled(COUNT_FILL_NULL, 20, 60), "20=1 30=2 40=- 50=- 60=5 ");
	assert_string_equal(filled(COUNT_FILL_NULL, 3, 79), "0=- 10=- 20=1 30=2 40=- 50=- 60=5 70=- ");
	assert_string_equal(filled(COUNT_FILL_ZERO, 3, 70), "0=0 10=0 20=1 30=2 40=0 50=0 60=5 70=0 ");
	assert_string_equal(filled(COUNT_FILL_PREVIOUS, 3, 70), "20=1 30=2 40=2 50=2 60=5 70=5 ");
	assert_string_equal(filled(COUNT_FILL_LINEAR, 3, 70), "20=1 30=2 40=3 50=4 60=5 ");
}

/* A millisecond over ten years, and over all of time. */
static void test_fill_refused(void **state)
{
	static const int64_t ends[] = { INT64_C(315360000000), INT64_MAX };
	struct count_duration step = { 1, COUNT_DURATION_MS };
	struct column in = { 0 }, out = { 0 };
	struct buckets b;

	(void)state;
	column_put(&in, 0, 1);
	assert_int_equal(buckets_init(&b, 0, INT64_MAX, &step, NULL, COUNT_UNIT_MS, NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		struct count_error err = { 0 };

		assert_int_equal(fill_column(&in, COUNT_FILL_ZERO, &b, i == 0 ? 0 : INT64_MIN, ends[i],
					     &out, &err), COUNT_ERR_INVALID);
		assert_non_null(strstr(err.text, "10000000 rows"));
		assert_int_equal(out.n, 0);
	}
	column_free(&in);
	column_free(&out);
	buckets_free(&b);
}

/* ---- Suggestions ---- */

static const char *suggested(const char *typed)
{
	static struct suggest s;
	static const char *const names[] = {
		"cpu.idle", "cpu.load{host=\"a\"}", "cpu.load{host=\"b\"}", "disk.free",
		"{\"my cpu\"}", "x",
	};

	suggest_begin(&s, typed);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		suggest_offer(&s, names[i], strlen(names[i]));
	return suggest_found(&s) != NULL ? suggest_found(&s) : "";
}

static void test_suggest(void **state)
{
	(void)state;
	assert_string_equal(suggested("cpu.ilde"), "cpu.idle");
	assert_string_equal(suggested("CPU.Idle"), "cpu.idle");
	assert_string_equal(suggested("dsk.free"), "disk.free");
	assert_string_equal(suggested("disk"), "disk.free");
	assert_string_equal(suggested("free"), "disk.free");
	assert_string_equal(suggested("disks.*"), "disk.free");
	assert_string_equal(suggested("cpu.load{host=\"c\"}"), "cpu.load{host=\"a\"}");
	assert_string_equal(suggested("cpu.load{host=\"b\",x=\"y\"}"), "cpu.load{host=\"a\"}");
	assert_string_equal(suggested("{\"my cpus\"}"), "{\"my cpu\"}");
	assert_string_equal(suggested("temperature"), "");
	assert_string_equal(suggested("*"), "");
	assert_string_equal(suggested(""), "");
}

static void test_distance(void **state)
{
	static const struct { const char *a, *b; unsigned d; } cases[] = {
		{ "", "", 0 }, { "a", "", 1 }, { "abc", "abc", 0 }, { "abc", "acb", 1 },
		{ "kitten", "sitting", 3 }, { "abcd", "efgh", 4 }, { "abcdefgh", "x", 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(suggest_distance(cases[i].a, strlen(cases[i].a), cases[i].b,
						  strlen(cases[i].b), 4), cases[i].d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_fold_names),
		cmocka_unit_test(test_fold_many),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_fill_refused),
		cmocka_unit_test(test_suggest),
		cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
