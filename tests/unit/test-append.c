/*
 * test-append.c - hot/append: tears, full disks, stopped writers, failed syncs, rotation; and
 * writers that are killed at random beside a flush, against what was acknowledged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "waldir.h"

static struct waldir dir;

static struct hot_appender *open_appender(void)
{
	struct hot_appender *a;

	assert_int_equal(hot_appender_open(dir.fd, dir.path, NULL, NULL, &a, NULL), COUNT_OK);
	return a;
}

/* The log is undamaged and holds these many frames in these many segments. */
static void expect_log(size_t nsegments, size_t nframes)
{
	struct hot_log log;

	assert_int_equal(hot_log_open(dir.fd, dir.path, 1, &log, NULL), COUNT_OK);
	assert_false(log.damaged);
	assert_int_equal(log.nsegments, nsegments);
	assert_int_equal(log.nframes, nframes);
	hot_log_close(&log);
}

static int setup(void **state)
{
	(void)state;
	waldir_make(&dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	waldir_remove(&dir);
	return 0;
}

static void test_two_appenders_share_a_segment(void **state)
{
	struct hot_appender *a = open_appender(), *b = open_appender();
	uint64_t bytes, frames;

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(append_point(a, "a", i, i), COUNT_OK);
		assert_int_equal(append_point(b, "b", i, i), COUNT_OK);
	}
	expect_log(1, 20);
	assert_int_equal(hot_log_size(dir.fd, dir.path, &bytes, &frames, NULL), COUNT_OK);
	assert_int_equal(frames, 20);
	assert_true(bytes < 20 * 88 + WALSEG_HEADER);
	hot_appender_close(a);
	hot_appender_close(b);
}

/* However a segment ends, the next frame is readable, and nothing that was there has changed. */
static void test_after_every_cut(void **state)
{
	struct hot_appender *a = open_appender();
	struct buf whole = { 0 }, after = { 0 };

	(void)state;
	assert_int_equal(append_point(a, "a", 1, 1), COUNT_OK);
	assert_int_equal(append_point(a, "a", 2, 2.5), COUNT_OK);
	hot_appender_close(a);
	waldir_get(&dir, 1, &whole);
	for (size_t len = 1; len <= whole.len; len++) {
		size_t first_end = WALSEG_HEADER + get_u32(whole.data + WALSEG_HEADER + 8);
		bool good = len == first_end || len == whole.len;

		waldir_empty(&dir);
		waldir_put(&dir, 1, whole.data, len);
		a = open_appender();
		assert_int_equal(append_point(a, "b", 3, 3), COUNT_OK);
		expect_log(good ? 1 : 2, 1u + (len >= first_end) + (len == whole.len));
		waldir_get(&dir, 1, &after);
		assert_memory_equal(after.data, whole.data, len);
		assert_true(good || after.len == len);
		hot_appender_close(a);
	}
	buf_free(&whole);
	buf_free(&after);
}

static void test_earlier_boot(void **state)
{
	struct hot_appender *a = open_appender();
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(append_point(a, "a", 1, 1), COUNT_OK);
	hot_appender_close(a);
	waldir_get(&dir, 1, &b);
	b.data[20] ^= 1;
	put_u32(b.data + 36, crc32c(0, b.data, 36));
	waldir_put(&dir, 1, b.data, b.len);
	a = open_appender();
	assert_int_equal(append_point(a, "a", 2, 1), COUNT_OK);
	expect_log(2, 2);
	hot_appender_close(a);
	buf_free(&b);
}

static void test_newer_version_is_refused(void **state)
{
	struct hot_appender *a = open_appender();
	uint8_t h[WALSEG_HEADER], zero[16] = { 0 };

	(void)state;
	walseg_put(h, zero, zero);
	put_u32(h + 8, WALSEG_VERSION + 1);
	put_u32(h + 36, crc32c(0, h, 36));
	waldir_put(&dir, 1, h, sizeof(h));
	assert_int_equal(append_point(a, "a", 1, 1), COUNT_ERR_VERSION);
	hot_appender_close(a);
}

static int first_is_seven(void *arg, uint64_t *first, struct count_error *err)
{
	(void)arg;
	(void)err;
	*first = 7;
	return COUNT_OK;
}

static void test_not_below_first(void **state)
{
	struct hot_appender *a;
	struct hot_log log;

	(void)state;
	waldir_put(&dir, 6, "", 0);		/* flushed, its removal failed */
	assert_int_equal(hot_appender_open(dir.fd, dir.path, first_is_seven, NULL, &a, NULL), COUNT_OK);
	assert_int_equal(append_point(a, "a", 1, 1), COUNT_OK);
	assert_int_equal(hot_log_open(dir.fd, dir.path, 7, &log, NULL), COUNT_OK);
	assert_int_equal(log.nframes, 1);
	hot_log_close(&log);
	hot_appender_close(a);
}

static void limit_file_size(rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

/* Every write that meets the limit is cut; the frame is whole in the next segment. */
static void test_cut_writes(void **state)
{
	struct hot_appender *a = open_appender();

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	limit_file_size(200);
	for (int i = 0; i < 10; i++)
		assert_int_equal(append_point(a, "a", i, i + 0.5), COUNT_OK);
	limit_file_size(100);			/* not even one fits: cut twice, then an error */
	assert_int_equal(append_point(a, "a", 10, 0.5), COUNT_ERR_IO);
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(append_point(a, "a", 11, 0.5), COUNT_OK);
	hot_appender_close(a);
	{
		struct hot_log log;

		assert_int_equal(hot_log_open(dir.fd, dir.path, 1, &log, NULL), COUNT_OK);
		assert_false(log.damaged);
		assert_int_equal(log.nframes, 11);
		assert_true(log.nsegments > 5);
		hot_log_close(&log);
	}
}

static int fail_once_left;
static int fail_some(int fd)
{
	if (fail_once_left > 0) {
		fail_once_left--;
		errno = EIO;
		return -1;
	}
	return fdatasync(fd);
}

static void test_failed_sync(void **state)
{
	struct hot_appender *a = open_appender();

	(void)state;
	hot_appender_set_sync(a, fail_some);
	assert_int_equal(append_point(a, "a", 1, 1), COUNT_OK);
	assert_int_equal(hot_sync(a, NULL), COUNT_OK);
	assert_int_equal(append_point(a, "a", 2, 1), COUNT_OK);
	assert_int_equal(append_point(a, "a", 3, 1), COUNT_OK);
	assert_true(hot_dirty_since_ns(a) != 0);
	fail_once_left = 1;
	assert_int_equal(hot_sync(a, NULL), COUNT_OK);
	assert_int_equal(hot_dirty_since_ns(a), 0);
	expect_log(2, 5);			/* 2 and 3 again, in the new segment */
	assert_int_equal(append_point(a, "a", 4, 1), COUNT_OK);
	fail_once_left = 2;
	assert_int_equal(hot_sync(a, NULL), COUNT_ERR_IO);
	assert_true(hot_dirty_since_ns(a) != 0);
	assert_int_equal(hot_sync(a, NULL), COUNT_OK);	/* a third time, in a fourth segment */
	expect_log(4, 8);
	hot_appender_close(a);
}

/* Frames left behind in a rotated segment are synced with the rest. */
static void test_sync_over_segments(void **state)
{
	struct hot_appender *a = open_appender();

	(void)state;
	hot_appender_set_sync(a, fail_some);
	for (uint64_t i = 1; i <= 20; i++) {
		assert_int_equal(append_point(a, "a", (int64_t)i, 1), COUNT_OK);
		assert_int_equal(segment_create(dir.fd, dir.path, i + 1, NULL), COUNT_OK);
	}
	fail_once_left = 1;
	assert_int_equal(hot_sync(a, NULL), COUNT_OK);
	expect_log(21, 40);
	hot_appender_close(a);
}

static void test_stopped_holder(void **state)
{
	struct hot_appender *a = open_appender();
	int fd;

	(void)state;
	assert_int_equal(append_point(a, "a", 1, 1), COUNT_OK);
	fd = openat(dir.fd, "000000000001.wal", O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(append_point(a, "a", 2, 1), COUNT_OK);
	expect_log(2, 2);
	close(fd);
	hot_appender_close(a);
}

/* The frame of the writer that was left behind is where readers look. */
static void expect_third_only(void)
{
	struct hot_log log;

	assert_int_equal(hot_log_open(dir.fd, dir.path, 3, &log, NULL), COUNT_OK);
	assert_int_equal(log.nsegments, 1);
	assert_int_equal(log.nframes, 1);
	hot_log_close(&log);
}

static void test_rotate(void **state)
{
	struct hot_appender *a = open_appender();
	uint64_t first, n;

	(void)state;
	assert_int_equal(hot_rotate(dir.fd, dir.path, 1, &first, NULL), COUNT_OK);
	assert_int_equal(first, 1);
	assert_int_equal(hot_rotate(dir.fd, dir.path, 1, &first, NULL), COUNT_OK);
	assert_int_equal(first, 1);		/* nothing in it */
	assert_int_equal(append_point(a, "a", 1, 1), COUNT_OK);
	assert_int_equal(hot_rotate(dir.fd, dir.path, 1, &first, NULL), COUNT_OK);
	assert_int_equal(first, 2);
	assert_int_equal(append_point(a, "a", 2, 1), COUNT_OK);
	expect_log(2, 2);
	assert_int_equal(hot_remove_below(dir.fd, dir.path, 2, &n, NULL), COUNT_OK);
	assert_int_equal(n, 1);
	hot_appender_close(a);
}

/* A backup made of links, or a damaged segment that flush keeps: the file has a name left, but no
 * reader looks there. */
static void test_second_name(void **state)
{
	struct hot_appender *a = open_appender(), *b = open_appender();
	uint64_t n;

	(void)state;
	assert_int_equal(append_point(a, "a", 1, 1), COUNT_OK);
	assert_int_equal(linkat(dir.fd, "000000000001.wal", dir.fd, "backup", 0), 0);
	assert_int_equal(segment_create(dir.fd, dir.path, 2, NULL), COUNT_OK);
	assert_int_equal(append_point(b, "b", 1, 1), COUNT_OK);
	assert_int_equal(segment_create(dir.fd, dir.path, 3, NULL), COUNT_OK);
	assert_int_equal(hot_remove_below(dir.fd, dir.path, 3, &n, NULL), COUNT_OK);
	assert_int_equal(n, 2);
	assert_int_equal(append_point(a, "a", 2, 1), COUNT_OK);
	expect_third_only();
	assert_int_equal(unlinkat(dir.fd, "backup", 0), 0);
	hot_appender_close(a);
	hot_appender_close(b);
}

/* ---- Killed writers beside a flush ---- */

#define WRITERS 4
#define MAX_ITEMS 200000
#define BIG 20000			/* points of a frame that takes many pages */

struct shared {
	_Atomic uint64_t first;			/* what CURRENT would name */
	_Atomic uint32_t next[WRITERS];		/* the item a writer tries next */
	_Atomic uint32_t acked[WRITERS][MAX_ITEMS / 32];
};
static struct shared *shared;
static uint8_t seen[WRITERS][MAX_ITEMS];

static int shared_first(void *arg, uint64_t *first, struct count_error *err)
{
	(void)arg;
	(void)err;
	*first = atomic_load(&shared->first);
	return COUNT_OK;
}

static double item_value(int w, int64_t i)
{
	return sqrt((double)(w + 1) * (double)(i + 2));
}

/* An item is a frame of one point, at times followed by many of a series that only fills. */
static void writer_main(int w)
{
	static int64_t times[BIG];
	static double values[BIG];
	char name[] = { 'w', (char)('0' + w), 0 };
	struct hot_appender *a;

	if (hot_appender_open(dir.fd, dir.path, shared_first, NULL, &a, NULL) != COUNT_OK)
		_exit(1);
	for (uint32_t i; (i = atomic_fetch_add(&shared->next[w], 1)) < MAX_ITEMS;) {
		double v = item_value(w, i);
		int64_t t = i;
		struct walframe_series s[2] = { one_series(name, &t, &v, 1) };
		size_t n = 1;

		if (i % 64 == 63) {
			for (int k = 0; k < BIG; k++) {
				times[k] = k * (int64_t)k;
				values[k] = item_value(w, k);
			}
			s[n++] = one_series("fill", times, values, BIG);
			if (walframe_order(&s[0], &s[1]) > 0) {
				struct walframe_series x = s[0];

				s[0] = s[1];
				s[1] = x;
			}
		}
		if (hot_append(a, s, n, NULL) != COUNT_OK || (i % 100 == 0 && hot_sync(a, NULL) != COUNT_OK))
			_exit(1);
		atomic_fetch_or(&shared->acked[w][i / 32], 1u << i % 32);
	}
	_exit(0);
}

static pid_t start_writer(int w)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		writer_main(w);
	return pid;
}

static void note_run(const struct hot_run *found)
{
	struct hot_run run = *found;
	struct hot_run_cursor cur = { 0 };
	int64_t t;
	double v;
	size_t n = 1;

	assert_int_equal(hot_run_check(&run), COUNT_OK);
	if (run.name[0] != 'w') {
		assert_int_equal(run.points, BIG);
		return;
	}
	assert_int_equal(hot_run_next(&run, &cur, &t, &v, &n), COUNT_OK);
	assert_true(n == 1 && v == item_value(run.name[1] - '0', t));
	seen[run.name[1] - '0'][t] = 1;
}

/* What a flush does: rotate, take what is below, publish, remove. */
static void flush_once(bool last)
{
	uint64_t first = atomic_load(&shared->first), first_new, removed;
	struct hot_log log;
	struct hot_run run;

	assert_int_equal(hot_rotate(dir.fd, dir.path, first, &first_new, NULL), COUNT_OK);
	assert_int_equal(hot_log_open(dir.fd, dir.path, first, &log, NULL), COUNT_OK);
	assert_false(log.damaged);
	assert_int_equal(log.warnings.len, 0);
	for (size_t i = 0; i < log.nframes; i++) {
		if (log.frames[i].segment >= first_new && !last)
			continue;
		for (uint32_t k = 0; k < log.frames[i].nruns; k++) {
			assert_int_equal(hot_frame_run(&log.frames[i], k, &run), COUNT_OK);
			note_run(&run);
		}
	}
	hot_log_close(&log);
	atomic_store(&shared->first, first_new);
	assert_int_equal(hot_remove_below(dir.fd, dir.path, first_new, &removed, NULL), COUNT_OK);
}

static unsigned count_lost(unsigned *acked)
{
	unsigned lost = 0;

	*acked = 0;
	for (int w = 0; w < WRITERS; w++) {
		for (uint32_t i = 0; i < MAX_ITEMS; i++) {
			bool ack = (shared->acked[w][i / 32] >> i % 32 & 1) != 0;

			*acked += ack;
			lost += ack && !seen[w][i];
		}
	}
	return lost;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void test_killed_writers_and_a_flush(void **state)
{
	double end = seconds() + 2;
	pid_t pid[WRITERS];
	unsigned kills = 0, flushes = 0, acked, lost;
	uint64_t rng = 88172645463325252u;

	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	shared->first = 1;
	for (int w = 0; w < WRITERS; w++)
		pid[w] = start_writer(w);
	while (seconds() < end) {
		int w = (int)(rng % WRITERS), status;

		rng ^= rng << 13;
		rng ^= rng >> 7;
		rng ^= rng << 17;
		usleep((useconds_t)(rng % 3000));
		if (rng % 3 != 0) {
			kill(pid[w], SIGKILL);
			assert_int_equal(waitpid(pid[w], &status, 0), pid[w]);
			assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
			pid[w] = start_writer(w);
			kills++;
		}
		flush_once(false);
		flushes++;
	}
	for (int w = 0; w < WRITERS; w++) {
		kill(pid[w], SIGKILL);
		waitpid(pid[w], NULL, 0);
	}
	flush_once(true);
	lost = count_lost(&acked);
	print_message("%u acknowledged, %u kills, %u flushes, segment %u\n", acked, kills, flushes,
		      (unsigned)shared->first);
	assert_int_equal(lost, 0);
	assert_true(acked > 1000);
	munmap(shared, sizeof(*shared));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_two_appenders_share_a_segment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_after_every_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_earlier_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newer_version_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_below_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_sync, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sync_over_segments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stopped_holder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_writers_and_a_flush, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
