/*
 * test-archive-publish.c - engine/archive_publish: what was archived leaves the local blocks, all else is answered
 * as before; whatever happens beside it, and wherever it ends.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka.h needs the above first */
#include <cmocka.h>

#include "engine/archive.h"
#include "engine/blockname.h"
#include "engine/piece.h"
#include "history.h"

#define HOUR_MS INT64_C(3600000)

struct run {
	struct archive a;
	struct count_archive_options opt;
	struct count_archive_report report;
};

static void change_pins(struct history *h, int64_t cutoff, bool pin)
{
	struct current cur;
	int fd;

	assert_int_equal(datadir_lock(&h->db->dir, 5000, &fd, NULL), COUNT_OK);
	assert_int_equal(datadir_read_current(&h->db->dir, &cur, NULL), COUNT_OK);
	for (size_t i = 0; i < cur.nblocks; i++)
		cur.blocks[i].pinned = pin && cur.blocks[i].first_time < cutoff;
	assert_int_equal(datadir_publish(&h->db->dir, &cur, NULL), COUNT_OK);
	current_free(&cur);
	close(fd);
}

static size_t count_pins(const struct history *h)
{
	struct current cur;
	size_t n = 0;

	assert_int_equal(datadir_read_current(&h->db->dir, &cur, NULL), COUNT_OK);
	for (size_t i = 0; i < cur.nblocks; i++)
		n += cur.blocks[i].pinned;
	current_free(&cur);
	return n;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct archive_series *)a)->name, ((const struct archive_series *)b)->name);
}

/* What archive_choose() does, with the series of `done` (a mask) proved to be in the bucket. */
static void run_begin(struct run *r, struct history *h, int64_t cutoff, uint64_t done)
{
	*r = (struct run){ 0 };
	r->a = (struct archive){ .db = h->db, .opt = &r->opt, .report = &r->report, .cutoff = cutoff, .lock_fd = -1,
				 .now_s = 1700000000 };
	change_pins(h, cutoff, true);
	assert_int_equal(snapshot_open(&h->db->dir, INT64_MIN, cutoff - 1, &r->a.snap, NULL), COUNT_OK);
	r->a.pinned = calloc(r->a.snap.nblocks + 1, sizeof(*r->a.pinned));
	for (size_t i = 0; i < r->a.snap.nblocks; i++)
		r->a.pinned[i] = r->a.snap.current.blocks[i].pinned;
	r->a.series = calloc(h->nseries, sizeof(*r->a.series));
	for (size_t i = 0; i < h->nseries; i++) {
		struct archive_series *s = &r->a.series[r->a.nseries++];

		s->name = calloc(1, 64);
		history_name(i, s->name);
		s->name_len = strlen(s->name);
		s->done = (done >> i & 1) != 0;
	}
	qsort(r->a.series, r->a.nseries, sizeof(*r->a.series), by_name);
}

static void run_end(struct run *r)
{
	snapshot_close(&r->a.snap);
	cold_index_close(r->a.index);
	for (size_t i = 0; i < r->a.nseries; i++)
		free(r->a.series[i].name);
	free(r->a.series);
	free(r->a.pinned);
}

static struct cold_index *open_index(const struct history *h)
{
	struct count_error err = { 0 };
	struct cold_index *x = NULL;
	struct current cur;

	assert_int_equal(datadir_read_current(&h->db->dir, &cur, &err), COUNT_OK);
	if (cold_index_open(&h->db->dir, &cur, "file:///b/p", &x, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	current_free(&cur);
	return x;
}

/* The run knows of a manifest, which the index should say afterwards. */
static void learn_manifest(struct run *r, const struct history *h)
{
	struct manifest m = { .series = (char *)"x", .series_len = 1 };
	struct count_error err = { 0 };

	r->a.index = open_index(h);
	if (cold_index_put(r->a.index, "x", 1, &m, "etag", 1700000000, &err) != COUNT_OK)
		fail_msg("%s", err.text);
}

static bool index_says(const struct history *h)
{
	struct cold_index *x = open_index(h);
	struct coldindex_entry e;
	int ret = cold_index_find(x, "x", 1, &e, NULL);

	cold_index_close(x);
	assert_true(ret >= 0);
	return ret == 1;
}

/* The same in the history; how many points that were. */
static uint64_t forget(struct history *h, int64_t cutoff, uint64_t done)
{
	uint64_t n = 0;

	for (size_t i = 0; i < h->nseries; i++) {
		for (size_t k = 0; k < h->nstamps && h->stamps[k] < cutoff && (done >> i & 1) != 0; k++) {
			n += h->have[i * h->nstamps + k];
			h->have[i * h->nstamps + k] = false;
		}
	}
	return n;
}

static int64_t *steps(size_t n, int64_t start, int64_t step)
{
	int64_t *v = calloc(n, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = start + (int64_t)i * step;
	return v;
}

/* A stretch of some series, often one that has points already; dense or with gaps. */
static void put_some(struct history *h, size_t nseries)
{
	size_t n = 1 + history_random(h) % 1500, from = history_random(h) % h->nstamps, *at;
	size_t stride = history_random(h) % 2 == 0 ? 1 : 1 + history_random(h) % 40;

	n = n < (h->nstamps - from) / stride ? n : (h->nstamps - from) / stride + ((h->nstamps - from) % stride > 0);
	at = calloc(n, sizeof(*at));
	for (size_t i = 0; i < n; i++)
		at[i] = from + i * stride;
	history_put(h, history_random(h) % nseries, at, n);
	free(at);
}

static void put_and_flush(struct history *h, size_t nseries)
{
	for (size_t k = history_random(h) % 6; k-- > 0;)
		put_some(h, nseries);
	history_flush(h, history_random(h) % 3 == 0);
	if (history_random(h) % 3 == 0)
		history_merge_some(h);
}

static void publish_ok(struct run *r)
{
	struct count_error err = { 0 };

	if (archive_publish(&r->a, &err) != COUNT_OK)
		fail_msg("%s", err.text);
}

/* Files with numbers from `from` on were made at this level. */
static void check_level(const struct history *h, uint64_t from, enum column_level level)
{
	struct snapshot snap;

	assert_int_equal(snapshot_open(&h->db->dir, INT64_MIN, INT64_MAX, &snap, NULL), COUNT_OK);
	for (size_t i = 0; i < snap.nblocks; i++)
		assert_true(snap.blocks[i].entry->number < from || snap.blocks[i].block.info.coding == level);
	snapshot_close(&snap);
}

/* Random stores, cut-offs and sets of done series; more of everything while the run is under way; at each level. */
static void test_random(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct history h;

		history_begin(&h, seed, 3, steps(3000, 1700000000000, HOUR_MS / 4), 3000);
		h.db->file_bytes = seed % 3 == 0 ? 20000 : 0;
		for (int round = 0; round < 6; round++) {
			int64_t cutoff = h.stamps[history_random(&h) % h.nstamps] + (int64_t)(history_random(&h) % 2);
			uint64_t done = history_random(&h), old;
			struct run r;

			put_and_flush(&h, 3);
			run_begin(&r, &h, cutoff, done);
			r.opt.keep_local = round == 3;
			r.opt.level = (enum count_level)(seed % 3);
			old = round == 3 ? 0 : forget(&h, cutoff, done);
			if (round % 2 == 0)
				put_and_flush(&h, 3);	/* late points too */
			publish_ok(&r);
			if (round % 2 == 1)
				check_level(&h, r.a.snap.current.next_number, maint_coding(r.opt.level));
			assert_true(r.report.removed_points >= old);
			assert_true(old > 0 || r.report.removed_points == 0);
			assert_int_equal(count_pins(&h), 0);
			history_check(&h);
			run_end(&r);
		}
		history_end(&h);
	}
}

/* Another process writes, flushes and compacts all the while. */
static void write_beside(const char *dir, const char *name, const struct history *h)
{
	struct count_config cfg;
	count_db *db;

	count_config_init(&cfg);
	cfg.data_dir = dir;
	if (count_open(&cfg, 0, &db, NULL) != COUNT_OK)
		_exit(1);
	for (size_t i = 0; i < h->nstamps; i++) {
		struct count_point p = { h->stamps[i], (double)i };

		if (count_insert(db, name, &p, 1, NULL) != COUNT_OK)
			_exit(2);
		if (i % 3 == 0) {
			struct count_error err = { 0 };
			struct count_flush_options opt;

			count_flush_options_init(&opt);
			opt.wait_ms = 10000;
			if (count_flush_with(db, &opt, NULL, &err) != COUNT_OK) {
				fprintf(stderr, "%s\n", err.text);
				_exit(3);
			}
		}
	}
	count_close(db);
	_exit(0);
}

static void test_beside(void **state)
{
	struct history h;
	char name[64];
	int status, rounds = 0;
	pid_t pid;

	(void)state;
	history_begin(&h, 77, 5, steps(1500, 1700000000000, HOUR_MS), 1500);
	history_name(4, name);
	pid = fork();
	if (pid == 0)
		write_beside(h.dir, name, &h);
	for (; waitpid(pid, &status, WNOHANG) == 0; rounds++) {
		int64_t cutoff = h.stamps[history_random(&h) % h.nstamps];
		uint64_t done = history_random(&h) & 0xf;
		struct run r;

		put_some(&h, 4);
		put_some(&h, 4);
		history_flush(&h, false);
		run_begin(&r, &h, cutoff, done);
		forget(&h, cutoff, done);
		put_some(&h, 4);
		publish_ok(&r);
		run_end(&r);
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(rounds > 0);
	for (size_t i = 0; i < h.nstamps; i++) {
		h.have[4 * h.nstamps + i] = true;
		h.value[4 * h.nstamps + i] = (double)i;
	}
	history_check(&h);
	history_end(&h);
}

/* Killed anywhere: the state before or after, and the next flush leaves no file too many. */
static void test_killed(void **state)
{
	size_t before = 0, after = 0;
	struct history h;

	(void)state;
	history_begin(&h, 5, 4, steps(2000, 1700000000000, HOUR_MS), 2000);
	for (int round = 0; round < 80; round++) {
		int64_t cutoff = h.stamps[500 + history_random(&h) % 1000];
		uint64_t done = 1 + history_random(&h) % 15;
		struct run r;
		pid_t pid;

		for (int i = 0; i < 5; i++)
			put_some(&h, 4);
		history_flush(&h, false);
		run_begin(&r, &h, cutoff, done);
		if (round % 2 == 0)
			learn_manifest(&r, &h);
		pid = fork();
		if (pid == 0)
			_exit(archive_publish(&r.a, NULL) == COUNT_OK ? 0 : 1);
		usleep(history_random(&h) % 4000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (count_pins(&h) == 0 && ++after > 0)
			forget(&h, cutoff, done);
		else
			before++;
		change_pins(&h, cutoff, false);
		history_flush(&h, true);
		history_check(&h);
		run_end(&r);
	}
	print_message("killed: %zu times before, %zu after\n", before, after);
	history_end(&h);
}

/* Index and points change together. */
static void test_index(void **state)
{
	struct count_error err = { 0 };
	struct history h;
	struct run r;

	(void)state;
	history_begin(&h, 6, 2, steps(1000, 1700000000000, HOUR_MS), 1000);
	for (int i = 0; i < 6; i++)
		put_some(&h, 2);
	history_flush(&h, false);
	run_begin(&r, &h, h.stamps[500], 3);
	learn_manifest(&r, &h);
	forget(&h, h.stamps[500], 3);
	publish_ok(&r);
	assert_false(cold_index_changed(r.a.index));
	assert_true(index_says(&h));
	history_check(&h);
	run_end(&r);
	/* What was published meanwhile by itself is no other run's. */
	run_begin(&r, &h, h.stamps[700], 3);
	learn_manifest(&r, &h);
	assert_int_equal(cold_index_publish(r.a.index, 0, &err), COUNT_OK);
	forget(&h, h.stamps[700], 3);
	publish_ok(&r);
	history_check(&h);
	run_end(&r);
	history_end(&h);
}

/* A disk that is full: nothing leaves, nothing is pinned, and the next run does it. */
static void test_no_room(void **state)
{
	struct rlimit limit, tiny;
	struct count_error err = { 0 };
	struct history h;
	struct run r;
	int64_t cutoff;

	(void)state;
	history_begin(&h, 9, 3, steps(3000, 1700000000000, HOUR_MS / 6), 3000);
	h.noisy = true;
	for (int i = 0; i < 20; i++)
		put_some(&h, 3);
	history_flush(&h, false);
	cutoff = h.stamps[1500];
	run_begin(&r, &h, cutoff, 7);
	learn_manifest(&r, &h);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	tiny = (struct rlimit){ 2000, limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	assert_int_equal(archive_publish(&r.a, &err), COUNT_ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_non_null(strstr(err.text, "blocks/"));
	assert_int_equal(r.report.removed_points, 0);
	assert_int_equal(count_pins(&h), 0);
	assert_true(index_says(&h));
	history_check(&h);
	run_end(&r);
	run_begin(&r, &h, cutoff, 7);
	forget(&h, cutoff, 7);
	publish_ok(&r);
	history_check(&h);
	run_end(&r);
	history_end(&h);
}

/* Somebody removed archive.lock, and another run freed the pins or the blocks. */
static void test_not_alone(void **state)
{
	struct count_error err = { 0 };
	struct history h;
	struct run r;

	(void)state;
	history_begin(&h, 3, 2, steps(1000, 1700000000000, HOUR_MS), 1000);
	for (int i = 0; i < 4; i++)
		put_some(&h, 2);
	history_flush(&h, false);
	run_begin(&r, &h, h.stamps[500], 3);
	learn_manifest(&r, &h);
	change_pins(&h, 0, false);
	assert_int_equal(archive_publish(&r.a, &err), COUNT_ERR_LOCKED);
	assert_non_null(strstr(err.text, "archive.lock"));
	assert_false(index_says(&h));
	run_end(&r);
	history_flush(&h, true);
	history_check(&h);
	history_end(&h);
}

/* Joins files 0 and 2, between which 1 lies in recency: their chunks stay apart, and overlap. */
static void join_around(struct history *h)
{
	struct count_flush_options opt = { 0 };
	struct count_flush_report report = { 0 };
	size_t files[] = { 0, 2 };
	struct maint m = { .dir = &h->db->dir, .opt = &opt, .report = &report, .unit = COUNT_UNIT_MS,
			   .coder = chunk_coder_new() };
	struct compact_job job = { .files = files, .nfiles = 2, .max_windows = 1, .keep_from = INT64_MIN };
	int fd;

	assert_int_equal(datadir_lock(m.dir, 0, &fd, NULL), COUNT_OK);
	assert_int_equal(datadir_read_current(m.dir, &m.cur, NULL), COUNT_OK);
	assert_int_equal(m.cur.nblocks, 3);
	job.level = m.cur.blocks[0].level;
	job.window = m.cur.blocks[0].window;
	assert_int_equal(compact_merge(&m, &job, NULL), COUNT_OK);
	assert_int_equal(m.cur.nblocks, 2);
	close(fd);
	current_free(&m.cur);
	chunk_coder_delete(m.coder);
}

/* Of overlapping chunks the one that began first may be the later one when both are cut. */
static void test_overlapping(void **state)
{
	size_t a[] = { 0, 100, 300 }, b[] = { 5, 50, 250 }, c[] = { 10, 50, 60, 300 };
	struct history h;
	struct run r;

	(void)state;
	history_begin(&h, 4, 1, steps(400, 1700000000000 / HOUR_MS * HOUR_MS, HOUR_MS / 60), 400);
	history_put(&h, 0, a, 3);
	history_flush(&h, false);
	history_put(&h, 0, b, 3);
	history_flush(&h, false);
	history_put(&h, 0, c, 4);
	history_flush(&h, false);
	join_around(&h);
	history_check(&h);
	run_begin(&r, &h, h.stamps[30], 1);
	assert_int_equal(forget(&h, h.stamps[30], 1), 3);
	publish_ok(&r);
	assert_int_equal(r.report.removed_points, 3);
	history_check(&h);
	run_end(&r);
	history_end(&h);
}

/* ---- Damage ---- */

static void put_range(struct history *h, size_t series, size_t from, size_t n)
{
	size_t *at = calloc(n, sizeof(*at));

	for (size_t i = 0; i < n; i++)
		at[i] = from + i;
	history_put(h, series, at, n);
	free(at);
}

static void flip(const struct history *h, uint64_t number, long offset)
{
	char name[BLOCK_NAME_MAX], path[256];
	FILE *f;
	int c;

	block_name(number, name);
	snprintf(path, sizeof(path), "%s/%s", h->db->dir.blocks_path, name);
	f = fopen(path, "r+");
	assert_non_null(f);
	fseek(f, offset, SEEK_SET);
	c = fgetc(f);
	fseek(f, offset, SEEK_SET);
	fputc(c ^ 0x10, f);
	fclose(f);
}

static uint64_t points_of(const struct history *h, size_t series)
{
	struct snapshot snap;
	struct piece_list l = { 0 };
	uint64_t n = 0;
	char name[64];

	history_name(series, name);
	assert_int_equal(snapshot_open(&h->db->dir, INT64_MIN, INT64_MAX, &snap, NULL), COUNT_OK);
	assert_int_equal(pieces_find(&snap, name, strlen(name), INT64_MIN, INT64_MAX, COUNT_TIER_ALL, &l, NULL), 0);
	for (size_t i = 0; i < l.len; i++)
		n += l.v[i].count;
	piece_list_free(&l);
	snapshot_close(&snap);
	return n;
}

/*
 * A file with a broken chunk of series 0 and points of 1 cannot be rewritten, so these two stay, in all files;
 * series 2 leaves.
 */
static void test_damaged(void **state)
{
	struct count_error err = { 0 };
	struct history h;
	struct run r;

	(void)state;
	history_begin(&h, 11, 3, steps(400, 1700000000000 / HOUR_MS * HOUR_MS, HOUR_MS / 60), 400);
	h.noisy = true;
	put_range(&h, 0, 200, 200);
	put_range(&h, 1, 0, 200);
	history_flush(&h, false);
	put_range(&h, 1, 100, 100);	/* newer values of the same times */
	put_range(&h, 2, 0, 300);
	history_flush(&h, false);
	flip(&h, 1, 100);	/* the first chunk begins at 64 */
	run_begin(&r, &h, h.stamps[200], 7);
	assert_int_equal(r.a.snap.nblocks, 2);
	assert_int_equal(archive_publish(&r.a, &err), COUNT_ERR_CORRUPT);
	assert_non_null(strstr(err.text, "000000000001.blk: damaged at byte"));
	run_end(&r);
	assert_int_equal(points_of(&h, 0), 200);
	assert_int_equal(points_of(&h, 1), 300);
	assert_int_equal(points_of(&h, 2), 100);
	assert_int_equal(r.report.removed_points, 200);
	assert_int_equal(count_pins(&h), 0);
	history_end(&h);
}

/* A file that cannot be opened may hold an older value of anything; pinned or not. */
static void check_unreadable(bool pinned)
{
	struct count_error err = { 0 };
	struct history h;
	struct run r;

	history_begin(&h, 12, 2, steps(400, 1700000000000 / HOUR_MS * HOUR_MS, HOUR_MS / 60), 400);
	put_range(&h, 0, 0, 200);
	history_flush(&h, false);
	put_range(&h, 1, 0, 200);
	history_flush(&h, false);
	flip(&h, 1, 0);
	run_begin(&r, &h, h.stamps[200], 3);
	r.a.pinned[0] = pinned;
	assert_int_equal(archive_publish(&r.a, &err), COUNT_ERR_CORRUPT);
	run_end(&r);
	assert_int_equal(points_of(&h, 1), 200);
	history_end(&h);
}

static void test_unreadable(void **state)
{
	(void)state;
	check_unreadable(true);
	check_unreadable(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_not_alone),
		cmocka_unit_test(test_overlapping),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
