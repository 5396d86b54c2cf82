/*
 * test-query.c - the public calls end to end: random inserts, rewrites and flushes against a plain
 * model; the same answers from the log, from blocks, and from both.
 */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "count.h"

enum { SERIES = 3, SLOTS = 3000, TICK = 1000 };

static const char *const names[SERIES] = { "cpu{host=\"a\"}", "cpu{host=\"b\"}", "mem" };

/* The model: slot i of a series is the point at i * TICK, if there is one. */
static struct { bool have[SLOTS]; double value[SLOTS]; } model[SERIES];
static char dir[] = "/tmp/count-test-query-XXXXXX";
static uint64_t seed;

static size_t below(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % n;
}

static count_db *open_db(void)
{
	struct count_config cfg;
	struct count_error err = { 0 };
	count_db *db;

	count_config_init(&cfg);
	cfg.data_dir = dir;
	if (count_open(&cfg, COUNT_OPEN_CREATE, &db, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	assert_int_equal(count_set_sync(db, COUNT_SYNC_NONE), COUNT_OK);
	return db;
}

static int setup(void **state)
{
	memset(model, 0, sizeof(model));
	seed = 42;
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	*state = open_db();
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	count_close(*state);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void flush(count_db *db)
{
	struct count_error err = { 0 };
	size_t n;

	if (count_flush(db, &n, &err) != COUNT_OK)
		fail_msg("%s", err.text);
}

/* A run of new points, or rewrites of old ones, of one series. */
static void insert_some(count_db *db)
{
	struct count_point pts[200];
	size_t s = below(SERIES), n = 1 + below(below(3) == 0 ? 200 : 5), at = below(SLOTS);
	size_t stride = 1 + below(3);
	struct count_error err = { 0 };

	for (size_t i = 0; i < n; i++) {
		size_t slot = (at + i * stride) % SLOTS;
		double v = (double)below(1000) / 8;

		pts[i] = (struct count_point){ (int64_t)slot * TICK, v };
		model[s].have[slot] = true;
		model[s].value[slot] = v;
	}
	if (count_insert(db, names[s], pts, n, &err) != COUNT_OK)
		fail_msg("%s", err.text);
}

static void check_range(count_db *db, size_t s, int64_t from, int64_t to)
{
	struct count_points got;
	size_t n = 0;

	assert_int_equal(count_query_range(db, names[s], from, to, &got, NULL), COUNT_OK);
	for (size_t i = 0; i < SLOTS; i++) {
		int64_t t = (int64_t)i * TICK;

		if (!model[s].have[i] || t < from || (t >= to && to != INT64_MAX))
			continue;
		assert_true(n < got.len);
		assert_true(got.v[n].time == t && got.v[n].value == model[s].value[i]);
		n++;
	}
	assert_int_equal(n, got.len);
	count_points_free(&got);
}

/* The points of one bucket, by the plain way; false: nothing. */
static bool plain(size_t s, enum count_agg agg, int64_t from, int64_t to, int64_t lo, int64_t hi,
		  double *r)
{
	double sum = 0, min = INFINITY, max = -INFINITY, first = 0, last = 0, prev = 0, inc = 0;
	size_t n = 0, steps = 0;
	bool have_prev = false;

	for (size_t i = 0; i < SLOTS; i++) {
		int64_t t = (int64_t)i * TICK;
		double v = model[s].value[i];

		if (!model[s].have[i] || t >= to || t >= hi)
			continue;
		if (t >= from && t >= lo) {
			sum += v;
			min = fmin(min, v);
			max = fmax(max, v);
			first = n++ == 0 ? v : first;
			last = v;
			if (have_prev) {
				inc += v < prev ? v : v - prev;
				steps++;
			}
		}
		have_prev = true;
		prev = v;
	}
	*r = agg == COUNT_AGG_AVG ? sum / (double)n : agg == COUNT_AGG_SUM ? sum :
	     agg == COUNT_AGG_MIN ? min : agg == COUNT_AGG_MAX ? max :
	     agg == COUNT_AGG_COUNT ? (double)n : agg == COUNT_AGG_FIRST ? first :
	     agg == COUNT_AGG_LAST ? last : agg == COUNT_AGG_DELTA ? last - first : inc;
	return agg == COUNT_AGG_INCREASE ? steps > 0 : n > 0;
}

static void check_aggregate(count_db *db, size_t s, enum count_agg agg, int64_t from, int64_t to,
			    int64_t step)
{
	struct count_points got;
	size_t n = 0;

	assert_int_equal(count_query_aggregated(db, names[s], from, to, step, agg, &got, NULL), 0);
	for (int64_t lo = 0; lo < SLOTS * TICK; lo += step) {
		double want;

		if (lo + step <= from || lo >= to ||
		    !plain(s, agg, from, to, lo, lo + step, &want))
			continue;
		assert_true(n < got.len);
		assert_int_equal(got.v[n].time, lo);
		if (fabs(got.v[n].value - want) > 1e-12 * (1 + fabs(want)))
			fail_msg("agg %d at %lld: %.17g, not %.17g", (int)agg, (long long)lo,
				 got.v[n].value, want);
		n++;
	}
	assert_int_equal(n, got.len);
	count_points_free(&got);
}

static void check_last(count_db *db, int64_t from, int64_t to)
{
	struct count_query q;
	struct count_batch b;
	count_cursor *cur;

	count_query_init(&q);
	q.mode = COUNT_QUERY_LAST;
	q.from = from;
	q.to = to;
	assert_int_equal(count_query_open(db, &q, &cur, NULL), COUNT_OK);
	for (size_t s = 0; s < SERIES; s++) {
		size_t i = SLOTS;

		while (i > 0 && (!model[s].have[i - 1] || (int64_t)(i - 1) * TICK >= to))
			i--;
		if (i == 0 || (int64_t)(i - 1) * TICK < from)
			continue;
		assert_int_equal(count_cursor_next(cur, &b, NULL), 1);
		assert_string_equal(b.series, names[s]);
		assert_true(b.n == 1 && b.times[0] == (int64_t)(i - 1) * TICK);
		assert_true(b.values[0] == model[s].value[i - 1]);
	}
	assert_int_equal(count_cursor_next(cur, &b, NULL), 0);
	count_cursor_close(cur);
}

static void check_some(count_db *db)
{
	static const enum count_agg aggs[] = {
		COUNT_AGG_AVG, COUNT_AGG_SUM, COUNT_AGG_MIN, COUNT_AGG_MAX, COUNT_AGG_COUNT,
		COUNT_AGG_FIRST, COUNT_AGG_LAST, COUNT_AGG_DELTA, COUNT_AGG_INCREASE,
	};
	int64_t end = SLOTS * TICK, from = (int64_t)below(SLOTS * TICK);
	int64_t to = from + (int64_t)below((size_t)(end - from)) + 1;

	for (size_t s = 0; s < SERIES; s++) {
		enum count_agg agg = aggs[below(sizeof(aggs) / sizeof(aggs[0]))];

		check_range(db, s, INT64_MIN, INT64_MAX);
		check_range(db, s, from, to);
		check_aggregate(db, s, agg, 0, end, 1000 * (1 + (int64_t)below(900)));
		check_aggregate(db, s, agg, from, to, 1000 * (1 + (int64_t)below(90)));
	}
	check_last(db, from, to);
	check_last(db, INT64_MIN, INT64_MAX);
}

static void test_against_model(void **state)
{
	count_db *db = *state;

	for (size_t round = 0; round < 60; round++) {
		for (size_t i = below(12); i-- > 0;)
			insert_some(db);
		if (below(4) == 0)
			flush(db);
		check_some(db);
	}
	flush(db);
	check_some(db);
}

/* ---- Selectors, folding, summaries ---- */

static void put(count_db *db, const char *series, int64_t t, double v)
{
	struct count_point p = { t, v };

	assert_int_equal(count_insert(db, series, &p, 1, NULL), COUNT_OK);
}

/* All rows of a query as one text. */
static const char *answer(count_db *db, const struct count_query *q)
{
	static char text[4096];
	struct count_error err = { 0 };
	struct count_batch b;
	count_cursor *cur;
	size_t n = 0;
	int ret = count_query_open(db, q, &cur, &err);

	text[0] = '\0';
	if (ret != COUNT_OK)
		return "error";
	while ((ret = count_cursor_next(cur, &b, &err)) == 1) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", b.series);
		for (size_t i = 0; i < b.n; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %lld=%g",
					      (long long)b.times[i], b.values[i]);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "; ");
	}
	assert_int_equal(ret, 0);
	count_cursor_close(cur);
	return text;
}

static const char *names_of(count_db *db, const char *a, const char *b)
{
	const char *selectors[] = { a, b };
	struct count_query q;

	count_query_init(&q);
	q.mode = COUNT_QUERY_LIST;
	q.selectors = selectors;
	q.nselectors = (a != NULL) + (b != NULL);
	return answer(db, &q);
}

static void check_selectors(count_db *db)
{
	assert_string_equal(names_of(db, NULL, NULL),
			    "a; cpu; cpu{dc=\"x\",host=\"a\"}; cpu{host=\"a\"}; {\"c*\"}; ");
	assert_string_equal(names_of(db, "cpu", NULL), "cpu; ");
	assert_string_equal(names_of(db, "cpu{}", NULL), "cpu; ");
	assert_string_equal(names_of(db, "cpu{host=\"a\", dc=\"x\"}", NULL), "cpu{dc=\"x\",host=\"a\"}; ");
	assert_string_equal(names_of(db, "cpu{dc=\"x\"}", NULL), "cpu{dc=\"x\",host=\"a\"}; ");
	assert_string_equal(names_of(db, "cp*", NULL), "cpu; cpu{dc=\"x\",host=\"a\"}; cpu{host=\"a\"}; ");
	assert_string_equal(names_of(db, "c*", NULL), "{\"c*\"}; ");
	assert_string_equal(names_of(db, "a", "cp?"), "a; cpu; cpu{dc=\"x\",host=\"a\"}; cpu{host=\"a\"}; ");
	assert_string_equal(names_of(db, "cpu", "cpu"), "cpu; ");
	assert_string_equal(names_of(db, "nosuch", "a"), "a; ");
	assert_string_equal(names_of(db, "cpu{", NULL), "error");
}

static void put_five(count_db *db)
{
	put(db, "cpu", 1000, 1);
	put(db, "cpu{host=\"a\"}", 1000, 2);
	put(db, "cpu{host=\"a\",dc=\"x\"}", 2000, 3);
	put(db, "a", INT64_C(1700000000000), 4);
	put(db, "{\"c*\"}", 1000, 5);
}

static void test_selectors(void **state)
{
	count_db *db = *state;

	put_five(db);
	check_selectors(db);
	flush(db);
	check_selectors(db);
	put(db, "cpu", 3000, 1);
	check_selectors(db);
}

static void check_summary(count_db *db, int64_t from, size_t unmatched, uint64_t series)
{
	static const char *const selectors[] = { "cpu", "cqu", "a" };
	struct count_query_summary s;
	struct count_query q;
	struct count_batch b;
	const char *near;
	count_cursor *cur;

	count_query_init(&q);
	q.selectors = selectors;
	q.nselectors = 3;
	q.from = from;
	q.to = INT64_C(1600000000000);
	assert_int_equal(count_query_open(db, &q, &cur, NULL), COUNT_OK);
	while (count_cursor_next(cur, &b, NULL) == 1)
		;
	assert_int_equal(count_cursor_summary(cur, &s, NULL), COUNT_OK);
	assert_int_equal(s.nunmatched, unmatched);
	assert_int_equal(s.series, series);
	assert_true(s.have_times && s.oldest == 1000 && s.newest == INT64_C(1700000000000));
	assert_string_equal(count_cursor_unmatched(cur, 0, &near), "cqu");
	assert_string_equal(near, "cpu");
	assert_null(count_cursor_unmatched(cur, 1, NULL));
	count_cursor_close(cur);
}

/* A series that lies wholly outside the range is matched all the same. */
static void test_summary(void **state)
{
	count_db *db = *state;

	put_five(db);
	check_summary(db, 5000, 1, 2);
	flush(db);
	check_summary(db, 5000, 1, 2);
	check_summary(db, 0, 1, 2);
	check_summary(db, INT64_MIN, 1, 2);
}

/* A pattern is not called useless because another has taken its series first. */
static void test_both_match(void **state)
{
	static const char *const selectors[] = { "a*", "?" };
	struct count_query_summary s;
	struct count_query q;
	struct count_batch b;
	count_cursor *cur;

	put_five(*state);
	count_query_init(&q);
	q.selectors = selectors;
	q.nselectors = 2;
	assert_int_equal(count_query_open(*state, &q, &cur, NULL), COUNT_OK);
	assert_int_equal(count_cursor_next(cur, &b, NULL), 1);
	assert_int_equal(count_cursor_next(cur, &b, NULL), 0);
	assert_int_equal(count_cursor_summary(cur, &s, NULL), COUNT_OK);
	assert_true(s.nunmatched == 0 && s.series == 1 && s.rows == 1 && !s.have_times);
	count_cursor_close(cur);
}

/* Of several writes of the newest point the last one counts, however they begin. */
static void test_last_rewritten(void **state)
{
	static const int64_t firsts[] = { 3000, 1000, 2000, 4000, 1500 };
	struct count_query q;
	char want[32];

	count_query_init(&q);
	q.mode = COUNT_QUERY_LAST;
	for (size_t i = 0; i < 5; i++) {
		struct count_point pts[] = { { firsts[i], 0 }, { 5000, (double)i } };

		assert_int_equal(count_insert(*state, "x", pts, 2, NULL), COUNT_OK);
		snprintf(want, sizeof(want), "x 5000=%zu; ", i);
		assert_string_equal(answer(*state, &q), want);
		if (i == 2)
			flush(*state);
	}
	q.to = 5000;	/* all pieces are cut */
	assert_string_equal(answer(*state, &q), "x 4000=0; ");
}

static void test_aggregates(void **state)
{
	static const char *const by[] = { "host" };
	struct count_agg_spec aggs[2];
	struct count_duration step = { 1, COUNT_DURATION_SECOND };
	const char *cpu = "cp*";
	struct count_query q;
	count_db *db = *state;

	put_five(db);
	put(db, "cpu", 3000, 7);
	assert_int_equal(count_agg_parse("sum", 3, &aggs[0]), COUNT_OK);
	assert_int_equal(count_agg_parse("rate", 4, &aggs[1]), COUNT_OK);
	count_query_init(&q);
	q.selectors = &cpu;
	q.nselectors = 1;
	q.aggs = aggs;
	q.naggs = 2;
	assert_string_equal(answer(db, &q), "cpu:sum 1000=8; cpu:rate 1000=3; "
			    "cpu:sum{dc=\"x\",host=\"a\"} 2000=3; cpu:sum{host=\"a\"} 1000=2; ");
	q.from = 500;
	assert_string_equal(answer(db, &q), "cpu:sum 500=8; cpu:rate 500=2.4; "
			    "cpu:sum{dc=\"x\",host=\"a\"} 500=3; cpu:sum{host=\"a\"} 500=2; ");
	q.fold = true;
	q.by = by;
	q.nby = 1;
	q.step = &step;
	q.naggs = 1;
	assert_string_equal(answer(db, &q), "cpu:sum 1000=1 3000=7; cpu:sum{host=\"a\"} 1000=2 2000=3; ");
	q.fill = COUNT_FILL_PREVIOUS;
	q.to = 5000;
	q.limit = 6;
	assert_string_equal(answer(db, &q),
			    "cpu:sum 1000=1 2000=1 3000=7 4000=7; cpu:sum{host=\"a\"} 1000=2 2000=3; ");
	q.from = 1000;	/* the range is empty: matched, no rows, no error */
	q.to = 1000;
	assert_string_equal(answer(db, &q), "");
}

static void test_refused(void **state)
{
	struct count_agg_spec avg = { .agg = COUNT_AGG_AVG, .name = "avg" };
	struct count_duration step = { 1, COUNT_DURATION_SECOND }, fine = { 1, COUNT_DURATION_NS };
	struct count_query q;

	count_query_init(&q);
	q.step = &step;
	assert_string_equal(answer(*state, &q), "error");
	q.aggs = &avg;
	q.naggs = 1;
	assert_string_equal(answer(*state, &q), "");
	q.tz = "No/Where";
	assert_string_equal(answer(*state, &q), "error");
	q.tz = NULL;
	q.step = &fine;
	assert_string_equal(answer(*state, &q), "error");
	q.step = NULL;
	q.fill = COUNT_FILL_ZERO;
	assert_string_equal(answer(*state, &q), "error");
	count_query_init(&q);
	q.fold = true;
	assert_string_equal(answer(*state, &q), "error");
	assert_int_equal(count_query_range(*state, "x{", 0, 1, &(struct count_points){ 0 }, NULL),
			 COUNT_ERR_INVALID);
}

/* ---- Damage ---- */

/* Flips a byte near the middle of the only block: of a chunk of points. */
static void damage_block(void)
{
	char path[200], command[200];
	struct stat st;
	FILE *p;
	uint8_t byte;
	int fd;

	snprintf(command, sizeof(command), "ls %s/blocks/*.blk", dir);
	p = popen(command, "r");
	assert_non_null(p);
	assert_non_null(fgets(path, sizeof(path), p));
	pclose(p);
	path[strcspn(path, "\n")] = '\0';
	assert_int_equal(chmod(path, 0600), 0);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	assert_int_equal(pread(fd, &byte, 1, st.st_size / 2), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, st.st_size / 2), 1);
	close(fd);
}

static void test_damage(void **state)
{
	static struct count_point pts[40000];
	struct count_error err = { 0 };
	struct count_query q;
	struct count_batch b;
	count_cursor *cur;
	size_t n = 0;
	int ret;

	for (size_t i = 0; i < 40000; i++)
		pts[i] = (struct count_point){ (int64_t)i, (double)(below(1u << 30)) / 7 };
	assert_int_equal(count_insert(*state, "x", pts, 40000, NULL), COUNT_OK);
	flush(*state);
	damage_block();
	count_query_init(&q);
	assert_int_equal(count_query_open(*state, &q, &cur, NULL), COUNT_OK);
	while ((ret = count_cursor_next(cur, &b, &err)) == 1)
		n += b.n;
	assert_int_equal(ret, COUNT_ERR_CORRUPT);
	assert_non_null(strstr(err.text, ".blk"));
	assert_true(n >= 30000 && n < 40000);	/* the other chunks */
	assert_int_equal(count_cursor_next(cur, &b, &err), 0);
	count_cursor_close(cur);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_against_model, setup, teardown),
		cmocka_unit_test_setup_teardown(test_selectors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_summary, setup, teardown),
		cmocka_unit_test_setup_teardown(test_both_match, setup, teardown),
		cmocka_unit_test_setup_teardown(test_last_rewritten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_aggregates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
