/*
 * test-api.c - count.h as a stranger uses it: what is refused, and how; what holds on return.
 *
 * Only the public interface, linked with the shared library.  test-api-host.c has what concerns the
 * process around it.
 */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "apidir.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static size_t length(const char *series)
{
	struct count_points got;
	size_t len;

	assert_int_equal(count_query_range(db, series, INT64_MIN, INT64_MAX, &got, &err), COUNT_OK);
	len = got.len;
	count_points_free(&got);
	return len;
}

/* ---- Handles ---- */

static void test_open(void **state)
{
	struct count_config cfg;
	count_db *sentinel = (count_db *)&cfg, *d = sentinel;
	char path[128];
	bool created = true;

	(void)state;
	count_config_init(&cfg);
	snprintf(path, sizeof(path), "%s/none", api_top);
	cfg.data_dir = path;
	assert_refused(COUNT_ERR_NOTFOUND, path, count_open(&cfg, COUNT_OPEN_EXISTING, &d, &err));
	assert_int_equal(count_open(&cfg, COUNT_OPEN_EXISTING, &d, NULL), COUNT_ERR_NOTFOUND);
	assert_int_equal(access(path, F_OK), -1);
	assert_refused(COUNT_ERR_INVALID, "flag", count_open(&cfg, 2, &d, &err));
	assert_refused(COUNT_ERR_INVALID, "unit", count_create(&cfg, (enum count_unit)9, NULL, &err));
	assert_int_equal(access(path, F_OK), -1);
	cfg.data_dir = "";
	assert_refused(COUNT_ERR_INVALID, "", count_open(&cfg, COUNT_OPEN_CREATE, &d, &err));
	cfg.data_dir = "/proc/version";
	assert_refused(COUNT_ERR_IO, "/proc/version", count_open(&cfg, COUNT_OPEN_CREATE, &d, &err));
	assert_ptr_equal(d, sentinel);

	assert_true(count_db_created(db));
	assert_int_equal(count_db_unit(db), COUNT_UNIT_MS);
	assert_int_equal(count_open(&api_cfg, COUNT_OPEN_CREATE, &d, &err), COUNT_OK);
	assert_false(count_db_created(d));
	count_close(d);
	count_close(NULL);
	assert_int_equal(count_create(&api_cfg, COUNT_UNIT_MS, &created, &err), COUNT_OK);
	assert_false(created);
	assert_refused(COUNT_ERR_INVALID, api_dir, count_create(&api_cfg, COUNT_UNIT_NS, NULL, &err));
	cfg.data_dir = path;
	assert_int_equal(count_create(&cfg, COUNT_UNIT_NS, &created, &err), COUNT_OK);
	assert_true(created);
	assert_int_equal(count_open(&cfg, COUNT_OPEN_CREATE, &d, &err), COUNT_OK);
	assert_int_equal(count_db_unit(d), COUNT_UNIT_NS);
	count_close(d);
	count_config_free(&cfg);
}

/* The configuration may go as soon as the directory is open. */
static void test_config_is_copied(void **state)
{
	struct count_config cfg;
	struct count_point p = { 1, 2 };
	char name[96];
	count_db *d;

	(void)state;
	strcpy(name, api_dir);
	count_config_init(&cfg);
	cfg.data_dir = name;
	assert_int_equal(count_open(&cfg, COUNT_OPEN_EXISTING, &d, &err), COUNT_OK);
	memset(name, 'x', sizeof(name) - 1);
	memset(&cfg, 0xff, sizeof(cfg));
	assert_int_equal(count_insert(d, "a", &p, 1, &err), COUNT_OK);
	assert_int_equal(count_flush(d, NULL, &err), COUNT_OK);
	count_close(d);
	assert_int_equal(length("a"), 1);
}

/* The first error stays until the caller empties err. */
static void test_first_error(void **state)
{
	struct count_point p = { 1, 2 };

	(void)state;
	assert_int_equal(count_insert(db, "a{", &p, 1, &err), COUNT_ERR_INVALID);
	char first[sizeof(err.text)];
	strcpy(first, err.text);
	assert_int_equal(count_query_aggregated(db, "a", 0, 1, 0, COUNT_AGG_AVG, NULL, &err),
			 COUNT_ERR_INVALID);
	assert_string_equal(err.text, first);
	assert_int_equal(count_insert(db, "a", &p, 1, &err), COUNT_OK);
	assert_string_equal(err.text, first);
}

/* ---- Writing ---- */

static void test_insert_refused(void **state)
{
	static const char *const bad[] = {
		"", " ", "a{", "a}", "a{b}", "a{b=c}", "a{b=\"c\",b=\"d\"}", "a{b=\"\",b=\"\"}", "{}",
		"a\nb", "a\x7f", "\xff", "a{b=\"\xc0\x80\"}", "a{b=\"\\n\"}", "a\"b",
	};
	struct count_point p = { 1, 2 };
	char longest[COUNT_SERIES_MAX + 2];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_refused(COUNT_ERR_INVALID, "", count_insert(db, bad[i], &p, 1, &err));
		assert_int_equal(count_insert(db, bad[i], &p, 1, NULL), COUNT_ERR_INVALID);
		assert_int_equal(count_insert(db, bad[i], NULL, 0, NULL), COUNT_ERR_INVALID);
	}
	memset(longest, 'x', sizeof(longest));
	longest[COUNT_SERIES_MAX + 1] = '\0';
	assert_refused(COUNT_ERR_INVALID, "", count_insert(db, longest, &p, 1, &err));
	longest[COUNT_SERIES_MAX] = '\0';
	assert_int_equal(count_insert(db, longest, &p, 1, &err), COUNT_OK);
	assert_int_equal(length(longest), 1);
	/* More at once than a frame holds is refused before a point is looked at. */
	assert_refused(COUNT_ERR_INVALID, "points", count_insert(db, "a", &p, COUNT_INSERT_MAX + 1, &err));
	assert_refused(COUNT_ERR_INVALID, "points", count_insert(db, "a", &p, SIZE_MAX, &err));
	assert_int_equal(count_insert(db, "a", NULL, 0, &err), COUNT_OK);
	assert_int_equal(length("a"), 0);
	assert_int_equal(count_set_sync(db, COUNT_SYNC_INTERVAL), COUNT_ERR_INVALID);
	assert_int_equal(count_set_sync(db, COUNT_SYNC_EXIT), COUNT_ERR_INVALID);
	assert_int_equal(count_set_sync(db, COUNT_SYNC_NONE), COUNT_OK);
}

static void assert_points(count_db *d, const char *series, const struct count_point *want, size_t n)
{
	struct count_points got;

	assert_int_equal(count_query_range(d, series, INT64_MIN, INT64_MAX, &got, &err), COUNT_OK);
	assert_int_equal(got.len, n);
	for (size_t i = 0; i < n; i++) {
		assert_true(got.v[i].time == want[i].time);
		assert_memory_equal(&got.v[i].value, &want[i].value, sizeof(double));
	}
	count_points_free(&got);
}

/* On return everybody sees the points: this handle, one opened before, one opened after a flush. */
static void test_insert_is_seen(void **state)
{
	static const struct count_point in[] = {
		{ 5, 1 }, { INT64_MAX, -0.0 }, { 3, NAN }, { 5, 2 }, { INT64_MIN, INFINITY }, { 3, 7 },
	};
	static const struct count_point want[] = {
		{ INT64_MIN, INFINITY }, { 3, 7 }, { 5, 2 }, { INT64_MAX, -0.0 },
	}, later[] = { { INT64_MIN, INFINITY }, { 3, 7 }, { 5, 9 }, { INT64_MAX, -0.0 } };
	struct count_points got;
	size_t moved = 0;
	count_db *other;

	(void)state;
	assert_int_equal(count_open(&api_cfg, COUNT_OPEN_EXISTING, &other, &err), COUNT_OK);
	assert_int_equal(count_insert(db, "a{y=\"2\", x=\"1\",}", in, COUNT_OF(in), &err), COUNT_OK);
	assert_points(db, "a{x=\"1\",y=\"2\"}", want, 4);
	assert_points(other, "{\"a\",y=\"2\",x=\"1\",z=\"\"}", want, 4);
	assert_int_equal(count_flush(other, &moved, &err), COUNT_OK);
	assert_int_equal(moved, 4);
	assert_points(db, "a{x=\"1\",y=\"2\"}", want, 4);
	assert_int_equal(count_insert(other, "a{x=\"1\",y=\"2\"}", &later[2], 1, &err), COUNT_OK);
	assert_points(db, "a{x=\"1\",y=\"2\"}", later, 4);
	count_close(other);

	/* from is in, to is out; but to INT64_MAX has no end. */
	assert_int_equal(count_query_range(db, "a{x=\"1\",y=\"2\"}", 3, 5, &got, &err), COUNT_OK);
	assert_int_equal(got.len, 1);
	count_points_free(&got);
	count_points_free(&got);	/* empty is fine */
	assert_null(got.v);
	assert_int_equal(count_query_range(db, "a{x=\"1\",y=\"2\"}", INT64_MAX, INT64_MAX, &got, &err),
			 COUNT_OK);
	assert_int_equal(got.len, 1);
	count_points_free(&got);
}

static void test_writer(void **state)
{
	struct count_writer_stats stats;
	count_writer *w = NULL;
	uint32_t a, b, again;

	(void)state;
	assert_refused(COUNT_ERR_INVALID, "sync", count_writer_open(db, (enum count_sync)9, &w, &err));
	assert_null(w);
	assert_int_equal(count_writer_open(db, COUNT_SYNC_EXIT, &w, &err), COUNT_OK);
	assert_refused(COUNT_ERR_INVALID, "", count_writer_series(w, "a{", 2, &a, &err));
	assert_refused(COUNT_ERR_INVALID, "canonical", count_writer_series(w, "a{}", 3, &a, &err));
	assert_refused(COUNT_ERR_INVALID, "", count_writer_series(w, "", 0, &a, &err));
	assert_refused(COUNT_ERR_INVALID, "id 0", count_writer_add(w, 0, 1, 1, &err));
	assert_int_equal(count_writer_series(w, "axx", 1, &a, &err), COUNT_OK);
	assert_int_equal(count_writer_series(w, "b", 1, &b, &err), COUNT_OK);
	assert_int_equal(count_writer_series(w, "a", 1, &again, &err), COUNT_OK);
	assert_int_equal(a, 0);
	assert_int_equal(b, 1);
	assert_int_equal(again, a);
	assert_int_equal(count_writer_add(w, 2, 1, 1, NULL), COUNT_ERR_INVALID);

	assert_int_equal(count_writer_commit(w, &err), COUNT_OK);	/* nothing: nothing happens */
	for (int i = 0; i < 10; i++)
		assert_int_equal(count_writer_add(w, i % 2 ? b : a, i % 8, i, &err), COUNT_OK);
	assert_int_equal(count_writer_pending(w), 10);
	assert_int_equal(length("a"), 0);
	assert_int_equal(count_writer_commit(w, &err), COUNT_OK);
	assert_int_equal(count_writer_pending(w), 0);
	assert_int_equal(length("a"), 4);
	count_writer_stats(w, &stats);
	assert_int_equal(stats.points, 10);
	assert_int_equal(stats.committed, 10);
	assert_int_equal(stats.synced, 0);
	assert_int_equal(stats.replaced, 2);
	assert_int_equal(stats.frames, 1);
	assert_true(stats.dirty_since_ns > 0);
	assert_int_equal(count_writer_sync(w, &err), COUNT_OK);
	count_writer_stats(w, &stats);
	assert_int_equal(stats.synced, 10);
	assert_int_equal(stats.dirty_since_ns, 0);
	assert_int_equal(count_writer_add(w, a, 100, 0, &err), COUNT_OK);
	assert_int_equal(count_writer_close(w, &err), COUNT_OK);	/* commits */
	assert_int_equal(length("a"), 5);
	assert_int_equal(count_writer_close(NULL, &err), COUNT_OK);
	assert_int_equal(err.code, COUNT_OK);
}

/* ---- Reading ---- */

static void test_one_series_refused(void **state)
{
	struct count_points sentinel = { (struct count_point *)&err, 7 }, got = sentinel;
	struct count_point p[] = { { -1, 1 }, { 0, 2 }, { 9, 4 }, { 10, 8 } };

	(void)state;
	assert_int_equal(count_insert(db, "a", p, 4, &err), COUNT_OK);
	for (int64_t step = -1; step <= 0; step++)
		assert_refused(COUNT_ERR_INVALID, "step", count_query_aggregated(db, "a", 0, 9, step,
				COUNT_AGG_AVG, &got, &err));
	assert_refused(COUNT_ERR_INVALID, "step", count_query_aggregated(db, "a", 0, 9, INT64_MIN,
			COUNT_AGG_AVG, &got, &err));
	assert_refused(COUNT_ERR_INVALID, "quantile", count_query_aggregated(db, "a", 0, 9, 1,
			COUNT_AGG_QUANTILE, &got, &err));
	assert_refused(COUNT_ERR_INVALID, "aggregate", count_query_aggregated(db, "a", 0, 9, 1,
			(enum count_agg)99, &got, &err));
	assert_refused(COUNT_ERR_INVALID, "", count_query_range(db, "a{", 0, 9, &got, &err));
	assert_refused(COUNT_ERR_INVALID, "", count_query_range(db, "", 0, 9, &got, &err));
	assert_int_equal(count_query_range(db, "a{", 0, 9, &got, NULL), COUNT_ERR_INVALID);
	assert_memory_equal(&got, &sentinel, sizeof(got));

	assert_int_equal(count_query_range(db, "no.such", 0, 9, &got, &err), COUNT_OK);
	assert_int_equal(got.len, 0);
	assert_int_equal(count_query_range(db, "a", 9, 0, &got, &err), COUNT_OK);
	assert_int_equal(got.len, 0);
	assert_int_equal(count_query_range(db, "a*", INT64_MIN, INT64_MAX, &got, &err), COUNT_OK);
	assert_int_equal(got.len, 0);	/* a name, not a selector */
	count_points_free(&got);

	/* A step longer than all time is one bucket on each side of 0. */
	assert_int_equal(count_query_aggregated(db, "a", INT64_MIN, INT64_MAX, INT64_MAX, COUNT_AGG_SUM,
						&got, &err), COUNT_OK);
	assert_int_equal(got.len, 2);
	assert_true(got.v[0].value == 1 && got.v[1].time == 0 && got.v[1].value == 14);
	count_points_free(&got);
	/* A bucket is stamped with its start, though that may lie before from. */
	assert_int_equal(count_query_aggregated(db, "a", 7, 11, 10, COUNT_AGG_SUM, &got, &err), COUNT_OK);
	assert_int_equal(got.len, 2);
	assert_true(got.v[0].time == 0 && got.v[0].value == 4 && got.v[1].time == 10);
	count_points_free(&got);
}

static void test_query_refused(void **state)
{
	static const struct count_agg_spec avg = { .agg = COUNT_AGG_AVG, .name = "avg" };
	static const struct count_agg_spec bad = { .agg = (enum count_agg)99, .name = "bad" };
	static const struct count_agg_spec p200 = { COUNT_AGG_QUANTILE, 2, "p200" };
	static const struct count_agg_spec pnan = { COUNT_AGG_QUANTILE, NAN, "pnan" };
	static const struct count_agg_spec endless = { COUNT_AGG_AVG, 0, "sixteencharacte" };
	static const struct count_duration hour = { 1, COUNT_DURATION_HOUR }, zero = { 0, COUNT_DURATION_HOUR };
	static const struct count_duration odd = { 1, (enum count_duration_unit)99 };
	static const char *const a[] = { "a" }, *const open_brace[] = { "a{" };
	static const struct { struct count_query q; const char *text; } cases[] = {
		{ { .tiers = 0 }, "tier" },
		{ { .tiers = 7, .mode = (enum count_query_mode)9 }, "mode" },
		{ { .tiers = 7, .mode = COUNT_QUERY_LAST, .aggs = &avg, .naggs = 1 }, "aggregates" },
		{ { .tiers = 7, .step = &hour }, "aggregate" },
		{ { .tiers = 7, .fold = true, .by = a, .nby = 1 }, "aggregate" },
		{ { .tiers = 7, .aggs = &avg, .naggs = 1, .step = &zero }, "step" },
		{ { .tiers = 7, .aggs = &avg, .naggs = 1, .step = &odd }, "step" },
		{ { .tiers = 7, .aggs = &avg, .naggs = 1, .fill = COUNT_FILL_ZERO }, "step" },
		{ { .tiers = 7, .aggs = &avg, .naggs = 1, .step = &hour, .fill = (enum count_fill)9 }, "fill" },
		{ { .tiers = 7, .aggs = &bad, .naggs = 1 }, "aggregate" },
		{ { .tiers = 7, .aggs = &p200, .naggs = 1 }, "quantile" },
		{ { .tiers = 7, .aggs = &pnan, .naggs = 1 }, "quantile" },
		{ { .tiers = 7, .selectors = open_brace, .nselectors = 1 }, "" },
	};
	count_cursor *cur = NULL;
	struct count_query q;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_refused(COUNT_ERR_INVALID, cases[i].text, count_query_open(db, &cases[i].q, &cur, &err));
		assert_int_equal(count_query_open(db, &cases[i].q, &cur, NULL), COUNT_ERR_INVALID);
		assert_null(cur);
	}
	count_query_init(&q);
	q.aggs = &endless;
	q.naggs = 1;
	assert_int_equal(count_query_open(db, &q, &cur, &err), COUNT_OK);
	count_cursor_close(cur);
	count_cursor_close(NULL);
}

/* Past the end and after the summary a cursor says 0, again and again. */
static void test_cursor_end(void **state)
{
	static const char *const selectors[] = { "a*", "zzz" };
	struct count_point p[] = { { 1, 1 }, { 2, 2 }, { 3, 3 } };
	struct count_query_summary sum;
	struct count_batch b;
	const char *nearest = "";
	struct count_query q;
	count_cursor *cur;

	(void)state;
	assert_int_equal(count_insert(db, "ab", p, 3, &err), COUNT_OK);
	count_query_init(&q);
	q.selectors = selectors;
	q.nselectors = 2;
	q.limit = 2;
	assert_int_equal(count_query_open(db, &q, &cur, &err), COUNT_OK);
	assert_int_equal(count_insert(db, "ab", p, 1, &err), COUNT_OK);	/* beside an open cursor */
	assert_int_equal(count_cursor_next(cur, &b, &err), 1);
	assert_int_equal(b.n, 2);
	assert_int_equal(strlen(b.series), b.series_len);
	assert_string_equal(b.series, "ab");
	assert_null(b.empty);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(count_cursor_next(cur, &b, &err), 0);
		assert_int_equal(b.n, 0);
	}
	assert_int_equal(count_cursor_summary(cur, &sum, &err), COUNT_OK);
	assert_int_equal(sum.rows, 2);
	assert_int_equal(sum.series, 1);
	assert_int_equal(sum.nunmatched, 1);
	assert_true(sum.have_times && sum.oldest == 1 && sum.newest == 3);
	assert_string_equal(count_cursor_unmatched(cur, 0, &nearest), "zzz");
	assert_null(nearest);
	assert_null(count_cursor_unmatched(cur, 1, NULL));
	assert_int_equal(count_cursor_next(cur, &b, &err), 0);
	count_cursor_close(cur);
}

/* ---- Maintenance ---- */

static void test_flush(void **state)
{
	struct count_flush_options opt;
	struct count_flush_report r;
	struct count_point p[] = { { 1, 1 }, { 2, 2 }, { 3, 3 } };
	char name[128];
	size_t n = 99;
	int fd;

	(void)state;
	assert_int_equal(count_flush(db, &n, &err), COUNT_OK);
	assert_int_equal(n, 0);
	assert_int_equal(count_insert(db, "a", p, 3, &err), COUNT_OK);
	count_flush_options_init(&opt);
	opt.dry_run = true;
	assert_int_equal(count_flush_with(db, &opt, &r, &err), COUNT_OK);
	assert_int_equal(r.points_flushed, 3);
	opt.dry_run = false;
	opt.retention = "90";
	assert_refused(COUNT_ERR_INVALID, "retention", count_flush_with(db, &opt, &r, &err));
	opt.retention = "1h";
	assert_refused(COUNT_ERR_INVALID, "day", count_flush_with(db, &opt, &r, &err));
	opt.retention = NULL;

	snprintf(name, sizeof(name), "%s/lock", api_dir);
	fd = open(name, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	opt.wait_ms = 0;
	n = 99;
	assert_refused(COUNT_ERR_LOCKED, "", count_flush_with(db, &opt, NULL, &err));
	assert_int_equal(count_insert(db, "a", p, 3, &err), COUNT_OK);	/* waits for no maintenance */
	assert_int_equal(length("a"), 3);
	close(fd);

	assert_int_equal(count_flush_with(db, &opt, &r, &err), COUNT_OK);
	assert_int_equal(r.points_flushed, 3);
	assert_int_equal(r.blocks_written, 1);
	assert_int_equal(r.blocks, 1);
	assert_true(r.segments_removed == 1 && r.bytes > 0 && r.points_expired == 0);
	assert_int_equal(count_flush(db, NULL, &err), COUNT_OK);
	assert_int_equal(length("a"), 3);
}

/* A bucket in a directory: what is old goes, with what is asked of the plain and the long form. */
static void test_archive(void **state)
{
	const int64_t day = 86400000;
	struct count_point p[] = { { 1 * day, 1 }, { 2 * day + 1, 2 }, { 20 * day, 3 } };
	struct count_archive_options opt;
	struct count_archive_report r;
	struct count_error why = { 0 };
	char endpoint[128];
	size_t n = 99;
	count_db *d;

	(void)state;
	assert_int_equal(count_insert(db, "a", p, 3, &err), COUNT_OK);
	assert_refused(COUNT_ERR_INVALID, "S3_ENABLED", count_archive(db, 20 * day, &n, &err));
	assert_int_equal(n, 0);
	snprintf(endpoint, sizeof(endpoint), "file://%s", api_top);
	api_cfg.s3_enabled = true;
	api_cfg.s3_bucket = "bucket";
	assert_int_equal(count_config_set(&api_cfg, "S3_ENDPOINT", endpoint, "test", &err), COUNT_OK);
	assert_int_equal(count_open(&api_cfg, COUNT_OPEN_EXISTING, &d, &err), COUNT_OK);
	count_archive_options_init(&opt);
	opt.jobs = 65;
	assert_refused(COUNT_ERR_INVALID, "65", count_archive_with(d, &opt, &r, &err));
	opt.jobs = 1;
	opt.older_than = "14";
	assert_refused(COUNT_ERR_INVALID, "", count_archive_with(d, &opt, NULL, &err));
	opt.older_than = "18d";
	opt.now = 20 * day;
	if (count_archive_with(d, &opt, &r, &why) != COUNT_OK)
		fail_msg("%s", why.text);
	assert_int_equal(r.objects, 1);		/* up to midnight: the second point is a millisecond too young */
	assert_int_equal(r.points, 1);
	assert_int_equal(r.removed_points, 1);
	assert_int_equal(r.cutoff_days, 18);
	assert_int_equal(count_archive(d, 20 * day, &n, &err), COUNT_OK);
	assert_int_equal(n, 0);			/* it waits */
	assert_int_equal(count_force_archival(d, 20 * day, &n, &err), COUNT_OK);
	assert_int_equal(n, 1);
	assert_int_equal(length("a"), 1);	/* in the handle without S3 */
	count_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_config_is_copied, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_first_error, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_insert_refused, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_insert_is_seen, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_writer, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_one_series_refused, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_query_refused, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_cursor_end, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_flush, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_archive, api_setup, api_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
