/* test-writer.c - engine/writer and insert: what is added is in the log, the later of equals once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "count.h"
#include "engine/db.h"
#include "engine/runsort.h"
#include "hot/append.h"
#include "hot/log.h"

#define SERIES 40
#define TIMES 500

static char path[64];
static count_db *db;
static double want[SERIES][TIMES];	/* 0: no point there */
static uint64_t rng = 88172645463325252u;

static uint64_t rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	return rng ^= rng << 17;
}

static int setup(void **state)
{
	struct count_config cfg;

	(void)state;
	strcpy(path, "writerdir.XXXXXX");
	assert_non_null(mkdtemp(path));
	count_config_init(&cfg);
	assert_int_equal(count_config_set(&cfg, "DATA_DIR", path, "test", NULL), COUNT_OK);
	assert_int_equal(count_open(&cfg, COUNT_OPEN_CREATE, &db, NULL), COUNT_OK);
	count_config_free(&cfg);
	memset(want, 0, sizeof(want));
	return 0;
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	count_close(db);
	snprintf(cmd, sizeof(cmd), "rm -rf ./%s", path);
	return system(cmd);
}

static uint32_t id_of(count_writer *w, unsigned series)
{
	char name[32];
	uint32_t id = UINT32_MAX;
	int len = snprintf(name, sizeof(name), "cpu{host=\"%u\"}", series);

	assert_int_equal(count_writer_series(w, name, (size_t)len, &id, NULL), COUNT_OK);
	return id;
}

static void open_log(struct hot_log *log)
{
	assert_int_equal(hot_log_open(db->dir.wal_fd, db->dir.wal_path, 1, log, NULL), COUNT_OK);
	assert_false(log->damaged);
}

/* The log, later frames over earlier ones, against want. */
static void compare(void)
{
	static double got[SERIES][TIMES];
	struct hot_log log;

	memset(got, 0, sizeof(got));
	open_log(&log);
	for (size_t f = 0; f < log.nframes; f++) {
		for (uint32_t i = 0; i < log.frames[f].nruns; i++) {
			struct hot_run_cursor cur = { 0 };
			int64_t t[TIMES];
			double v[TIMES];
			size_t n = TIMES;
			struct hot_run run;
			unsigned series;

			assert_int_equal(hot_frame_run(&log.frames[f], i, &run), COUNT_OK);
			assert_int_equal(hot_run_check(&run), COUNT_OK);
			assert_int_equal(hot_run_next(&run, &cur, t, v, &n), COUNT_OK);
			assert_int_equal(n, run.points);
			series = (unsigned)strtoul(run.name + strlen("cpu{host=\""), NULL, 10);
			for (size_t k = 0; k < n; k++)
				got[series][t[k]] = v[k];
		}
	}
	assert_memory_equal(got, want, sizeof(want));
	hot_log_close(&log);
}

static void add_random(count_writer *w, unsigned n)
{
	while (n-- > 0) {
		unsigned s = (unsigned)(rnd() % SERIES), t = (unsigned)(rnd() % TIMES);
		double v = 1 + (double)(rnd() % 1000) / (rnd() % 2 == 0 ? 1 : 7);

		assert_int_equal(count_writer_add(w, id_of(w, s), t, v, NULL), COUNT_OK);
		want[s][t] = v;
	}
}

static void test_random_order(void **state)
{
	struct count_writer_stats st;
	count_writer *w;

	(void)state;
	assert_int_equal(count_writer_open(db, COUNT_SYNC_ALWAYS, &w, NULL), COUNT_OK);
	for (int i = 0; i < 20; i++) {
		add_random(w, (unsigned)(rnd() % 3000));	/* at times few of the series */
		if (i == 10)
			add_random(w, 1);
		assert_int_equal(count_writer_commit(w, NULL), COUNT_OK);
		assert_int_equal(count_writer_pending(w), 0);
		compare();
	}
	count_writer_stats(w, &st);
	assert_true(st.committed == st.points && st.synced == st.points && st.replaced > 0);
	assert_true(st.frames > 0 && st.bytes > 0 && st.dirty_since_ns == 0);
	assert_int_equal(count_writer_close(w, NULL), COUNT_OK);
	compare();
}

static void test_interval(void **state)
{
	struct count_writer_stats st;
	count_writer *w;

	(void)state;
	assert_int_equal(count_writer_open(db, COUNT_SYNC_INTERVAL, &w, NULL), COUNT_OK);
	add_random(w, 1);
	assert_int_equal(count_writer_commit(w, NULL), COUNT_OK);
	count_writer_stats(w, &st);
	assert_true(st.committed == 1 && st.synced == 0 && st.dirty_since_ns != 0);
	usleep(1010 * 1000);
	assert_int_equal(count_writer_commit(w, NULL), COUNT_OK);
	count_writer_stats(w, &st);
	assert_true(st.synced == 1 && st.dirty_since_ns == 0);
	assert_int_equal(count_writer_close(w, NULL), COUNT_OK);
}

static void test_close_commits(void **state)
{
	count_writer *w;

	(void)state;
	assert_int_equal(count_writer_open(db, COUNT_SYNC_NONE, &w, NULL), COUNT_OK);
	add_random(w, 200000);			/* more than a batch */
	assert_true(count_writer_pending(w) < 200000);
	assert_int_equal(count_writer_close(w, NULL), COUNT_OK);
	compare();
}

static void test_failed_commit_keeps_the_batch(void **state)
{
	struct rlimit r, old;
	struct count_error err = { 0 };
	struct count_writer_stats st;
	count_writer *w;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(count_writer_open(db, COUNT_SYNC_EXIT, &w, NULL), COUNT_OK);
	add_random(w, 1000);
	r = old;
	r.rlim_cur = 1000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
	assert_int_equal(count_writer_commit(w, &err), COUNT_ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_true(err.text[0] != '\0' && count_writer_pending(w) == 1000);
	count_writer_stats(w, &st);
	assert_int_equal(st.committed, 0);
	add_random(w, 10);
	assert_int_equal(count_writer_commit(w, NULL), COUNT_OK);
	compare();
	count_writer_stats(w, &st);
	assert_true(st.committed == 1010 && st.synced == 0 && st.dirty_since_ns != 0);
	assert_int_equal(count_writer_close(w, NULL), COUNT_OK);
}

/* The table of series is dropped when it is large; ids begin anew. */
static void test_epoch(void **state)
{
	static char name[4000];
	uint32_t id, epoch;
	count_writer *w;
	unsigned n = 0;

	(void)state;
	assert_int_equal(count_writer_open(db, COUNT_SYNC_NONE, &w, NULL), COUNT_OK);
	epoch = count_writer_epoch(w);
	memset(name, 'x', sizeof(name));
	while (count_writer_epoch(w) == epoch) {
		assert_true(n < 50000);
		snprintf(name, 7, "%06u", n++);
		name[6] = 'x';
		assert_int_equal(count_writer_series(w, name, sizeof(name), &id, NULL), COUNT_OK);
		assert_int_equal(count_writer_add(w, id, 1, 1, NULL), COUNT_OK);
	}
	assert_true(n > 10000);
	assert_int_equal(count_writer_add(w, id, 1, 1, NULL), COUNT_ERR_INVALID);
	assert_int_equal(id_of(w, 1), 0);
	assert_int_equal(count_writer_close(w, NULL), COUNT_OK);
}

static void test_not_canonical(void **state)
{
	count_writer *w;
	uint32_t id;

	(void)state;
	assert_int_equal(count_writer_open(db, COUNT_SYNC_NONE, &w, NULL), COUNT_OK);
	assert_int_equal(count_writer_series(w, "x{}", 3, &id, NULL), COUNT_ERR_INVALID);
	assert_int_equal(count_writer_series(w, "", 0, &id, NULL), COUNT_ERR_INVALID);
	assert_int_equal(count_writer_close(w, NULL), COUNT_OK);
}

static void test_insert(void **state)
{
	struct count_point pts[] = { { 5, 1 }, { 3, 2 }, { 5, 3 }, { 4, 4 } };

	(void)state;
	assert_int_equal(count_set_sync(db, COUNT_SYNC_INTERVAL), COUNT_ERR_INVALID);
	assert_int_equal(count_insert(db, "cpu{ host = \"7\" }", pts, 4, NULL), COUNT_OK);
	want[7][3] = 2;
	want[7][4] = 4;
	want[7][5] = 3;
	compare();
	assert_int_equal(count_set_sync(db, COUNT_SYNC_NONE), COUNT_OK);
	for (unsigned i = 0; i < 100; i++) {
		pts[0] = (struct count_point){ i, i + 1.5 };
		assert_int_equal(count_insert(db, "cpu{host=\"7\"}", pts, 1, NULL), COUNT_OK);
		want[7][i] = i + 1.5;
	}
	compare();
	assert_int_equal(count_insert(db, "{", pts, 1, NULL), COUNT_ERR_INVALID);
	assert_int_equal(count_insert(db, "x", pts, 0, NULL), COUNT_OK);
	compare();
}

static int by_time(const void *a, const void *b)
{
	const struct count_point *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

static void test_runsort(void **state)
{
	struct runsort s = { 0 };

	(void)state;
	for (int k = 0; k < 2000; k++) {
		uint32_t n = 1 + (uint32_t)(rnd() % 200), m = n;
		struct count_point p[200];
		int64_t t[200];
		double v[200];

		for (uint32_t i = 0; i < n; i++) {
			t[i] = k % 2 == 0 ? (int64_t)(rnd() % 64) : (int64_t)(i + rnd() % 3);
			v[i] = i;
			p[i] = (struct count_point){ t[i] * 256 + i, v[i] };	/* the order of arrival in it */
		}
		qsort(p, n, sizeof(*p), by_time);
		assert_int_equal(runsort(&s, t, v, &m), COUNT_OK);
		for (uint32_t i = 0, out = 0; i < n; i++) {
			if (i + 1 < n && p[i + 1].time / 256 == p[i].time / 256)
				continue;
			assert_true(out < m && t[out] == p[i].time / 256 && v[out] == p[i].value);
			out++;
			assert_true(i + 1 < n || out == m);
		}
	}
	runsort_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runsort),
		cmocka_unit_test_setup_teardown(test_random_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interval, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close_commits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_commit_keeps_the_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_epoch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_canonical, setup, teardown),
		cmocka_unit_test_setup_teardown(test_insert, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
