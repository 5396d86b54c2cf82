/* test-helpers.c - parts of an answer: whoever reads them, and whenever, they are the answer in its order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "count.h"

enum { SERIES = 120, POINTS = 40, LONG = 90000, HELPERS = 3, PARTS = 200 };

static char dir[] = "/tmp/count-test-helpers-XXXXXX";

struct text {
	char *s;
	size_t len;
};

static void put_batch(struct text *t, const struct count_batch *b)
{
	t->s = realloc(t->s, t->len + (b->n + 1) * 100 + b->series_len);
	assert_non_null(t->s);
	for (size_t i = 0; i < b->n || i == 0; i++)
		t->len += (size_t)sprintf(t->s + t->len, "%.*s %.17g %lld\n", i == 0 ? (int)b->series_len : 0,
					  b->series, b->n > 0 ? b->values[i] : 0,
					  b->n > 0 ? (long long)b->times[i] : 0);
}

/* The batches cut a series at other places: that a name begins a batch does not count. */
static void join_lines(struct text *t)
{
	char *to = t->s, *last = NULL;
	size_t last_len = 0;

	for (char *p = t->s, *end; t->len > 0 && p < t->s + t->len; p = end + 1) {
		size_t len = strcspn(p, " ");

		end = strchr(p, '\n');
		if (len > 0 && last != NULL && len == last_len && memcmp(p, last, len) == 0) {
			p += len;
		} else if (len > 0) {
			last = to;
			last_len = len;
		}
		memmove(to, p, (size_t)(end + 1 - p));
		to += end + 1 - p;
	}
	t->len = t->len > 0 ? (size_t)(to - t->s) : 0;
}

static void read_all(count_cursor *cur, struct text *t)
{
	struct count_error err = { 0 };
	struct count_batch b;
	int ret;

	while ((ret = count_cursor_next(cur, &b, &err)) == 1)
		put_batch(t, &b);
	if (ret != 0)
		fail_msg("%s", err.text);
}

static int setup(void **state)
{
	static struct count_point pts[LONG];
	struct count_config cfg;
	struct count_error err = { 0 };
	count_db *db;
	size_t n;

	assert_non_null(mkdtemp(dir));
	count_config_init(&cfg);
	cfg.data_dir = dir;
	assert_int_equal(count_open(&cfg, COUNT_OPEN_CREATE, &db, &err), COUNT_OK);
	assert_int_equal(count_set_sync(db, COUNT_SYNC_NONE), COUNT_OK);
	for (int s = 0; s <= SERIES; s++) {
		char name[32];
		size_t npoints = s == SERIES / 2 ? LONG : POINTS;

		snprintf(name, sizeof(name), "s%d{n=\"%d\"}", s, s % 3);
		for (size_t i = 0; i < npoints; i++)
			pts[i] = (struct count_point){ (int64_t)i * 1000, (double)i / (s + 1) };
		assert_int_equal(count_insert(db, name, pts, npoints, &err), COUNT_OK);
		if (s == SERIES / 3 || s == SERIES / 3 * 2)
			assert_int_equal(count_flush(db, &n, &err), COUNT_OK);
	}
	assert_int_equal(count_insert(db, "s60{n=\"0\"}", pts, POINTS, &err), COUNT_OK);
	*state = db;
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	count_close(*state);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* All helpers take a part, then read, the last first. */
static size_t read_parts(count_cursor *cur, struct text *all)
{
	static struct text parts[PARTS];
	count_cursor *helpers[HELPERS];
	size_t n = 0, taken;

	memset(parts, 0, sizeof(parts));
	for (size_t i = 0; i < HELPERS; i++) {
		assert_int_equal(count_cursor_help(cur, &helpers[i], NULL), COUNT_OK);
		assert_non_null(helpers[i]);
	}
	do {
		for (taken = 0; taken < HELPERS; taken++) {
			int ret = count_cursor_take(helpers[taken], NULL);

			assert_in_range(ret, 0, 1);
			if (ret == 0)
				break;
		}
		for (size_t i = taken; i-- > 0;)
			read_all(helpers[i], &parts[n + i]);
		n += taken;
		assert_true(n + HELPERS <= PARTS);
	} while (taken == HELPERS);
	assert_int_equal(count_cursor_take(helpers[0], NULL), 0);
	for (size_t i = 0; i < HELPERS; i++)
		count_cursor_close(helpers[i]);
	for (size_t i = 0; i < n; i++) {
		all->s = realloc(all->s, all->len + parts[i].len + 1);
		assert_non_null(all->s);
		memcpy(all->s + all->len, parts[i].s != NULL ? parts[i].s : "", parts[i].len);
		all->len += parts[i].len;
		free(parts[i].s);
	}
	return n;
}

static void check(count_db *db, const struct count_query *q, size_t least)
{
	struct count_query_summary one, many;
	struct text want = { 0 }, got = { 0 };
	count_cursor *cur;

	assert_int_equal(count_query_open(db, q, &cur, NULL), COUNT_OK);
	read_all(cur, &want);
	assert_int_equal(count_cursor_summary(cur, &one, NULL), COUNT_OK);
	count_cursor_close(cur);
	assert_int_equal(count_query_open(db, q, &cur, NULL), COUNT_OK);
	assert_in_range(read_parts(cur, &got), least, PARTS);
	read_all(cur, &got);	/* nothing more */
	assert_int_equal(count_cursor_summary(cur, &many, NULL), COUNT_OK);
	count_cursor_close(cur);
	join_lines(&want);
	join_lines(&got);
	assert_int_equal(want.len, got.len);
	assert_true(want.len == 0 || memcmp(want.s, got.s, want.len) == 0);
	assert_int_equal(one.series, many.series);
	assert_int_equal(one.rows, many.rows);
	assert_int_equal(one.nunmatched, many.nunmatched);
	free(want.s);
	free(got.s);
}

static void test_same(void **state)
{
	static const char *const some[] = { "s1*", "nothing*", "s60{n=\"0\"}", "s7{n=\"1\"}" };
	struct count_duration step = { 10, COUNT_DURATION_SECOND };
	struct count_agg_spec aggs[2];
	struct count_query q;

	count_query_init(&q);
	check(*state, &q, 6);
	q.from = 20000;
	q.to = 80000000;
	check(*state, &q, 6);
	q.mode = COUNT_QUERY_LAST;
	check(*state, &q, 3);
	q.mode = COUNT_QUERY_LIST;
	check(*state, &q, 3);
	q.mode = COUNT_QUERY_POINTS;
	assert_int_equal(count_agg_parse("rate", 4, &aggs[0]), COUNT_OK);
	assert_int_equal(count_agg_parse("p90", 3, &aggs[1]), COUNT_OK);
	q.aggs = aggs;
	q.naggs = 2;
	q.step = &step;
	check(*state, &q, 3);
	count_query_init(&q);
	q.selectors = some;
	q.nselectors = 4;
	check(*state, &q, 3);
	q.selectors = some + 2;
	q.nselectors = 1;
	check(*state, &q, 4);
}

/* The cursor answers itself, and all of it. */
static void check_whole(count_db *db, const struct count_query *q)
{
	struct text want = { 0 }, got = { 0 };
	count_cursor *cur, *helper;

	assert_int_equal(count_query_open(db, q, &cur, NULL), COUNT_OK);
	read_all(cur, &want);
	assert_int_equal(count_cursor_help(cur, &helper, NULL), COUNT_OK);	/* it was begun */
	assert_null(helper);
	count_cursor_close(cur);
	assert_int_equal(count_query_open(db, q, &cur, NULL), COUNT_OK);
	assert_int_equal(count_cursor_help(cur, &helper, NULL), COUNT_OK);
	assert_null(helper);
	read_all(cur, &got);
	count_cursor_close(cur);
	assert_int_equal(want.len, got.len);
	assert_true(want.len == 0 || memcmp(want.s, got.s, want.len) == 0);
	free(want.s);
	free(got.s);
}

static void test_whole(void **state)
{
	static const char *const one[] = { "s7{n=\"1\"}" }, *const none[] = { "nothing" };
	struct count_agg_spec agg;
	struct count_query q;

	count_query_init(&q);
	q.limit = 1000;
	check_whole(*state, &q);
	count_query_init(&q);
	q.from = q.to = 5;
	check_whole(*state, &q);
	count_query_init(&q);
	q.mode = COUNT_QUERY_LIST;
	check_whole(*state, &q);
	count_query_init(&q);
	assert_int_equal(count_agg_parse("sum", 3, &agg), COUNT_OK);
	q.aggs = &agg;
	q.naggs = 1;
	q.fold = true;
	check_whole(*state, &q);
	count_query_init(&q);
	q.selectors = one;
	q.nselectors = 1;
	check_whole(*state, &q);
	q.mode = COUNT_QUERY_LAST;
	check_whole(*state, &q);
	q.mode = COUNT_QUERY_POINTS;
	q.selectors = none;
	check(*state, &q, 0);
}

static void test_refused(void **state)
{
	count_cursor *cur, *helper, *other;
	struct count_query q;

	count_query_init(&q);
	assert_int_equal(count_query_open(*state, &q, &cur, NULL), COUNT_OK);
	assert_int_equal(count_cursor_take(cur, NULL), COUNT_ERR_INVALID);
	assert_int_equal(count_cursor_help(cur, &helper, NULL), COUNT_OK);
	assert_int_equal(count_cursor_help(helper, &other, NULL), COUNT_ERR_INVALID);
	count_cursor_close(helper);
	count_cursor_close(cur);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
