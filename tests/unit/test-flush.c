/* test-flush.c - engine/flush: plans, leftovers, damage in the log, retention, jumps of the clock. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
/* cmocka.h needs the above first */
#include <cmocka.h>

#include "history.h"

enum { DAY_S = 86400 };
#define DAY_MS (INT64_C(1000) * DAY_S)

static int64_t now_ms(void)
{
	return (int64_t)(time(NULL) + history_clock_offset_s) * 1000;
}

/* One series with a stamp every `step` ms up to now. */
static void begin(struct history *h, size_t n, int64_t step)
{
	int64_t *stamps = calloc(n, sizeof(*stamps)), now = now_ms();

	for (size_t i = 0; i < n; i++)
		stamps[i] = now - (int64_t)(n - 1 - i) * step;
	history_begin(h, 1, 1, stamps, n);
}

static void put(struct history *h, size_t from, size_t n)
{
	size_t *at = calloc(n, sizeof(*at));

	for (size_t i = 0; i < n; i++)
		at[i] = from + i;
	history_put(h, 0, at, n);
	free(at);
}

/* ---- Windows and plans ---- */

static void test_windows(void **state)
{
	(void)state;
	for (int unit = COUNT_UNIT_S; unit <= COUNT_UNIT_NS; unit++) {
		int64_t day = window_day((enum count_unit)unit), first, last;
		unsigned top = window_top((enum count_unit)unit), level;
		int64_t window;

		assert_int_equal(window_of((enum count_unit)unit, 0, -1), -1);
		assert_int_equal(window_of((enum count_unit)unit, 0, -day), -1);
		assert_int_equal(window_of((enum count_unit)unit, 0, -day - 1), -2);
		assert_int_equal(window_of((enum count_unit)unit, 1, 4 * day), 1);
		assert_int_equal(window_of((enum count_unit)unit, top, INT64_MAX), 0);
		assert_int_equal(window_of((enum count_unit)unit, top, INT64_MIN), -1);
		window_bounds((enum count_unit)unit, top, 0, &first, &last);
		assert_true(first == 0 && last == INT64_MAX);
		window_bounds((enum count_unit)unit, 1, -1, &first, &last);
		assert_true(first == -4 * day && last == -1);
		assert_true(window_join((enum count_unit)unit, 3 * day, 4 * day, &level, &window));
		assert_true(level == 2 && window == 0);
		assert_false(window_join((enum count_unit)unit, -1, 0, &level, &window));
	}
}

static struct plan plan_of(const int64_t *times, size_t n, uint64_t each, uint64_t nseries)
{
	struct histogram h;
	struct plan plan;
	int64_t until;

	histogram_init(&h, COUNT_UNIT_MS);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(histogram_add(&h, times[i], each), COUNT_OK);
	plan_make(&h, nseries, PLAN_MAX, INT64_MIN, &plan);
	for (size_t i = 0; i < n; i++) {
		int slot = plan_route(&plan, times[i], &until);

		assert_true(slot >= 0 && plan.v[slot].first <= times[i] && until >= times[i] &&
			    until <= plan.v[slot].last);
	}
	histogram_free(&h);
	return plan;
}

static void test_plans(void **state)
{
	int64_t *t = calloc(100000, sizeof(*t));
	struct plan p;

	(void)state;
	t[0] = 1700000000000;
	p = plan_of(t, 1, 100000, 1);
	assert_true(p.n == 1 && p.v[0].level == 0);
	/* Much of today and a stray stamp of 1970: today keeps a file of its own. */
	t[1] = 5;
	for (size_t i = 2; i < 100; i++)
		t[i] = t[0] + (int64_t)i;
	p = plan_of(t, 100, 20000, 1);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.v[0].level, 0);
	/* A few thousand points are not worth a second file. */
	assert_int_equal(plan_of(t, 100, 100, 1).n, 1);
	/* Ten full days: smaller windows; ten sparse ones: one file. */
	for (size_t i = 0; i < 10; i++)
		t[i] = (20000 + (int64_t)i) * DAY_MS;
	assert_true(plan_of(t, 10, 200000, 10).n > 2);
	assert_int_equal(plan_of(t, 10, 100, 10).n, 1);
	/* 100,000 windows each side of 1970 are too many to count one by one. */
	for (size_t i = 0; i < 100000; i++)
		t[i] = ((int64_t)i - 50000) * 3 * DAY_MS;
	assert_true(plan_of(t, 100000, 5, 1).n <= PLAN_MAX);
	assert_int_equal(plan_of(t, 100000, 1, 1000).n, 2);
	free(t);
}

/* ---- Flush ---- */

static void test_empty(void **state)
{
	struct history h;
	struct count_flush_report r;
	uint64_t bytes;

	(void)state;
	begin(&h, 10, 1000);
	r = history_flush(&h, true);
	assert_int_equal(r.points_flushed, 0);
	assert_int_equal(history_files(&h, &bytes), 0);
	put(&h, 0, 10);
	put(&h, 5, 5);
	r = history_flush(&h, true);
	assert_int_equal(r.points_flushed, 10);
	assert_int_equal(r.segments_removed, 1);
	assert_int_equal(r.blocks_written, r.blocks);
	history_check(&h);
	r = history_flush(&h, true);
	assert_int_equal(r.points_flushed + r.segments_removed + r.blocks_written, 0);
	history_end(&h);
}

/* More points of one series than a flush decodes at once, some of them written twice. */
static void test_long_series(void **state)
{
	size_t n = 3300000;
	struct history h;

	(void)state;
	begin(&h, n, 100);
	put(&h, 0, n / 2);
	put(&h, n / 2, n - n / 2);
	put(&h, n / 4, n / 2);
	assert_int_equal(history_flush(&h, true).points_flushed, n);
	history_check(&h);
	history_end(&h);
}

static void touch(const struct history *h, const char *name)
{
	int fd = openat(h->db->dir.blocks_fd, name, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static bool exists(const struct history *h, const char *name)
{
	return faccessat(h->db->dir.blocks_fd, name, F_OK, 0) == 0;
}

/* Leftovers go, but not what somebody holds, nor what is none of ours. */
static void test_sweep(void **state)
{
	struct history h;
	int fd;

	(void)state;
	begin(&h, 10, 1000);
	touch(&h, "000000000090.blk");
	touch(&h, "000000000091.tmp");
	touch(&h, "000000000001.tmp");	/* the number that comes next, held by a stopped run */
	touch(&h, "notes.txt");
	fd = openat(h.db->dir.blocks_fd, "000000000001.tmp", O_RDONLY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	put(&h, 0, 10);
	history_flush(&h, true);
	assert_false(exists(&h, "000000000090.blk"));
	assert_false(exists(&h, "000000000091.tmp"));
	assert_true(exists(&h, "000000000001.tmp"));
	assert_true(exists(&h, "000000000002.blk"));
	assert_true(exists(&h, "notes.txt"));
	close(fd);
	history_flush(&h, true);
	assert_false(exists(&h, "000000000001.tmp"));
	unlinkat(h.db->dir.blocks_fd, "notes.txt", 0);
	history_check(&h);
	history_end(&h);
}

static void test_dry_run(void **state)
{
	struct count_flush_options opt;
	struct count_flush_report r;
	struct history h;
	uint64_t bytes;
	int fd;

	(void)state;
	begin(&h, 10, 1000);
	put(&h, 0, 10);
	count_flush_options_init(&opt);
	opt.dry_run = true;
	opt.wait_ms = 0;
	assert_int_equal(datadir_lock(&h.db->dir, 0, &fd, NULL), COUNT_OK);
	assert_int_equal(count_flush_with(h.db, &opt, &r, NULL), COUNT_OK);
	assert_int_equal(r.points_flushed, 10);
	assert_int_equal(history_files(&h, &bytes), 0);
	opt.dry_run = false;
	assert_int_equal(count_flush_with(h.db, &opt, &r, NULL), COUNT_ERR_LOCKED);
	close(fd);
	history_end(&h);
}

/* A damaged segment does not stop the log, and is not lost. */
static void test_damage(void **state)
{
	struct count_error err = { 0 };
	struct history h;
	size_t size;
	char byte;
	int fd;

	(void)state;
	begin(&h, 100, 1000);
	put(&h, 0, 50);
	fd = openat(h.db->dir.wal_fd, "000000000001.wal", O_RDWR);
	assert_true(fd >= 0);
	size = (size_t)lseek(fd, 0, SEEK_END);
	put(&h, 50, 50);
	/* The last value of the first frame is wrong now. */
	assert_int_equal(pread(fd, &byte, 1, (off_t)size - 8), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)size - 8), 1);
	close(fd);
	assert_int_equal(count_flush(h.db, NULL, &err), COUNT_ERR_CORRUPT);
	assert_non_null(strstr(err.text, "000000000001.wal"));
	assert_int_equal(faccessat(h.db->dir.wal_fd, "000000000001.damaged", F_OK, 0), 0);
	assert_int_not_equal(faccessat(h.db->dir.wal_fd, "000000000001.wal", F_OK, 0), 0);
	for (size_t i = 0; i < 50; i++)
		h.have[i] = false;
	history_check(&h);
	put(&h, 0, 50);
	history_flush(&h, true);
	history_check(&h);
	history_end(&h);
}

/* A block that cannot be read stays, is named, and does not keep the others from being joined. */
static void test_damaged_block(void **state)
{
	struct count_flush_report r;
	struct count_flush_options opt;
	struct count_error err = { 0 };
	struct history h;
	int fd;

	(void)state;
	begin(&h, 100, 1);
	for (size_t i = 0; i < 9; i++) {
		put(&h, i * 10, 10);
		history_flush(&h, false);
	}
	fd = openat(h.db->dir.blocks_fd, "000000000009.blk", O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	count_flush_options_init(&opt);
	put(&h, 90, 10);
	assert_int_equal(count_flush_with(h.db, &opt, &r, &err), COUNT_ERR_CORRUPT);
	assert_non_null(strstr(err.text, "000000000009.blk"));
	assert_int_equal(r.points_flushed, 10);
	assert_true(exists(&h, "000000000009.blk"));
	assert_true(r.blocks < 5);
	history_end(&h);
}

/* ---- Retention ---- */

static int retain(struct history *h, const char *dur, bool yes, struct count_flush_report *r,
		  struct count_error *err)
{
	struct count_flush_options opt;

	count_flush_options_init(&opt);
	opt.retention = dur;
	opt.retention_confirmed = yes;
	*err = (struct count_error){ 0 };
	return count_flush_with(h->db, &opt, r, err);
}

static void forget_before(struct history *h, int64_t cutoff)
{
	for (size_t i = 0; i < h->nstamps; i++)
		if (h->stamps[i] < cutoff)
			h->have[i] = false;
}

static int64_t day_of(int64_t t)
{
	return t - (t % DAY_MS + DAY_MS) % DAY_MS;
}

static void test_retention(void **state)
{
	struct count_flush_report r;
	struct count_error err;
	struct history h;
	int64_t now = now_ms();

	(void)state;
	begin(&h, 2400, 3600 * 1000);		/* 100 days */
	for (size_t i = 0; i < 24; i++) {
		put(&h, i * 100, 100);
		if (i % 5 == 4)
			history_flush(&h, false);
	}
	assert_int_equal(retain(&h, "90", false, &r, &err), COUNT_ERR_INVALID);
	assert_int_equal(retain(&h, "12h", false, &r, &err), COUNT_ERR_INVALID);
	assert_non_null(strstr(err.text, "--yes"));
	h.db->s3_enabled = true;
	assert_int_equal(retain(&h, "30d", false, &r, &err), COUNT_OK);
	assert_int_equal(r.points_expired, 0);
	h.db->s3_enabled = false;
	history_check(&h);
	assert_int_equal(retain(&h, "30d", false, &r, &err), COUNT_OK);
	assert_in_range(r.points_expired, 69 * 24, 70 * 24);
	forget_before(&h, day_of(now - 30 * DAY_MS));
	history_check(&h);
	assert_int_equal(retain(&h, "30d", false, &r, &err), COUNT_OK);
	assert_int_equal(r.points_expired, 0);
	assert_int_equal(r.blocks_written, 0);
	history_clock_offset_s = DAY_S;
	assert_int_equal(retain(&h, "30d", false, &r, &err), COUNT_OK);
	assert_int_equal(r.points_expired, 24);
	history_clock_offset_s = 0;
	history_end(&h);
}

/* R12: a clock far ahead deletes nothing at once, nor does a stamp from the future. */
static void test_clock_jump(void **state)
{
	static const struct { int64_t days; bool deletes; } runs[] = {
		{ 0, false }, { 400, false }, { 400, false }, { 0, false }, { 1, false },
		{ -400, false }, { 0, false }, { 2, false },
	};
	struct count_flush_report r;
	struct count_error err;
	struct history h;

	(void)state;
	begin(&h, 100, 3600 * 1000);
	h.stamps[99] = now_ms() + 1000 * DAY_MS;
	put(&h, 0, 100);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		history_clock_offset_s = runs[i].days * DAY_S;
		assert_int_equal(retain(&h, "100d", false, &r, &err), COUNT_OK);
		assert_int_equal(r.points_expired > 0, runs[i].deletes);
		history_check(&h);
	}
	/* The clock was right after all: a day of runs later it counts. */
	history_clock_offset_s = INT64_C(400) * DAY_S;
	assert_int_equal(retain(&h, "100d", false, &r, &err), COUNT_OK);
	assert_int_equal(r.points_expired, 0);
	history_clock_offset_s += DAY_S + 60;
	assert_int_equal(retain(&h, "100d", false, &r, &err), COUNT_OK);
	assert_int_equal(r.points_expired, 99);
	history_clock_offset_s = 0;
	history_end(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_long_series),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_dry_run),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_damaged_block),
		cmocka_unit_test(test_retention),
		cmocka_unit_test(test_clock_jump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
