/* history.c - a store and the truth about it; see history.h. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
/* cmocka.h needs the above first */
#include <cmocka.h>

#include "engine/merge.h"
#include "history.h"

int64_t history_clock_offset_s;

/* The library's clock: the kernel's, moved. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	int ret = (int)syscall(SYS_clock_gettime, id, ts);

	if (ret == 0 && id == CLOCK_REALTIME)
		ts->tv_sec += history_clock_offset_s;
	return ret;
}

uint64_t history_random(struct history *h)
{
	h->seed ^= h->seed << 13;
	h->seed ^= h->seed >> 7;
	h->seed ^= h->seed << 17;
	return h->seed;
}

static void ok(int ret, const struct count_error *err)
{
	if (ret != COUNT_OK)
		print_error("status %d: %s\n", ret, err->text);
	assert_int_equal(ret, COUNT_OK);
}

static int first_segment(void *arg, uint64_t *first, struct count_error *err)
{
	const struct history *h = arg;
	struct current cur;
	int ret;

	current_init(&cur);
	ret = datadir_read_current(&h->db->dir, &cur, err);
	*first = cur.first_segment;
	current_free(&cur);
	return ret;
}

void history_begin(struct history *h, uint64_t seed, size_t nseries, int64_t *stamps, size_t n)
{
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	struct count_config cfg;
	struct count_error err = { 0 };

	*h = (struct history){ .seed = seed * 0x9e3779b97f4a7c15u | 1, .nseries = nseries,
			       .nstamps = n, .stamps = stamps, .next_value = 1 };
	snprintf(h->dir, sizeof(h->dir), "%s/count-history.XXXXXX", tmp);
	assert_non_null(mkdtemp(h->dir));
	h->value = calloc(nseries * n, sizeof(*h->value));
	h->have = calloc(nseries * n, sizeof(*h->have));
	count_config_init(&cfg);
	cfg.data_dir = h->dir;
	ok(count_open(&cfg, COUNT_OPEN_CREATE, &h->db, &err), &err);
	ok(hot_appender_open(h->db->dir.wal_fd, h->db->dir.wal_path, first_segment, h, &h->app,
			     &err), &err);
	hot_appender_keep(h->app, false);
}

void history_end(struct history *h)
{
	char cmd[128];

	hot_appender_close(h->app);
	count_close(h->db);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", h->dir);
	assert_int_equal(system(cmd), 0);
	free(h->stamps);
	free(h->value);
	free(h->have);
}

void history_name(size_t series, char out[64])
{
	snprintf(out, 64, "series%zu{host=\"h%zu\"}", series * 7 % 100, series);
}

void history_put(struct history *h, size_t series, const size_t *at, size_t n)
{
	char name[64];
	int64_t *times = calloc(n, sizeof(*times));
	double *values = calloc(n, sizeof(*values));
	struct walframe_series s = { .name = name, .n = (uint32_t)n, .times = times,
				     .values = values };
	struct count_error err = { 0 };

	history_name(series, name);
	s.name_len = (uint32_t)strlen(name);
	s.hash = walframe_hash(name, s.name_len);
	for (size_t i = 0; i < n; i++) {
		size_t cell = series * h->nstamps + at[i];

		times[i] = h->stamps[at[i]];
		values[i] = h->noisy ? (double)history_random(h) : h->next_value++;
		h->value[cell] = values[i];
		h->have[cell] = true;
	}
	ok(hot_append(h->app, &s, 1, &err), &err);
	free(times);
	free(values);
}

struct count_flush_report history_flush(struct history *h, bool compact)
{
	struct count_flush_options opt;
	struct count_flush_report report;
	struct count_error err = { 0 };

	count_flush_options_init(&opt);
	opt.no_compact = !compact;
	ok(count_flush_with(h->db, &opt, &report, &err), &err);
	return report;
}

/* ---- Merges that no rule would choose ---- */

static void merge_files(struct history *h, struct maint *m)
{
	size_t *files = calloc(m->cur.nblocks, sizeof(*files)), n = 0;
	const struct current_block *b = &m->cur.blocks[history_random(h) % m->cur.nblocks];
	unsigned up = (unsigned)(history_random(h) % 6);
	struct compact_job job = { .files = files, .level = b->level + up,
				   .max_windows = 1 + history_random(h) % 4,
				   .route = history_random(h) % 2,
				   .keep_from = INT64_MIN };
	struct count_error err = { 0 };

	if (job.level > window_top(m->unit))
		job.level = window_top(m->unit);
	job.window = window_of(m->unit, job.level, b->first_time);
	for (size_t i = 0; i < m->cur.nblocks; i++)
		if (window_of(m->unit, job.level, m->cur.blocks[i].first_time) == job.window &&
		    m->cur.blocks[i].level <= job.level && !m->cur.blocks[i].pinned &&
		    (&m->cur.blocks[i] == b || history_random(h) % 2 == 0))
			files[n++] = i;
	job.nfiles = n;
	if (n == 0) {	/* all of them are being archived */
		free(files);
		return;
	}
	ok(compact_merge(m, &job, &err), &err);
	assert_int_equal(m->damage.code, COUNT_OK);
	free(files);
}

void history_merge_some(struct history *h)
{
	struct count_flush_options opt = { 0 };
	struct count_flush_report report = { 0 };
	struct maint m = { .dir = &h->db->dir, .opt = &opt, .report = &report,
			   .unit = h->db->dir.format.unit, .now_s = time(NULL),
			   .file_bytes = h->db->file_bytes };
	struct count_error err = { 0 };
	int fd;

	m.coder = chunk_coder_new();
	current_init(&m.cur);
	ok(datadir_lock(m.dir, 0, &fd, &err), &err);
	ok(datadir_read_current(m.dir, &m.cur, &err), &err);
	if (m.cur.nblocks > 0)
		merge_files(h, &m);
	close(fd);
	current_free(&m.cur);
	chunk_coder_delete(m.coder);
	free(m.bad);
}

/* ---- The comparison ---- */

/* The points at stamps [at, end), and no others, also if `from` and `last` stand between two stamps. */
static void check_series(struct history *h, struct snapshot *snap, struct chunk_coder *coder, size_t series,
			 size_t at, size_t end, int64_t from, int64_t last)
{
	struct piece_list list = { 0 };
	struct count_error err = { 0 };
	struct merge_step step;
	struct merge *m;
	char name[64];
	int ret;

	history_name(series, name);
	ok(pieces_find(snap, name, strlen(name), from, last, COUNT_TIER_ALL, &list, &err), &err);
	assert_int_equal(merge_new(&list, from, last, coder, &m), COUNT_OK);
	while ((ret = merge_next(m, NULL, NULL, &step, &err)) == 1) {
		for (size_t i = 0; i < step.n; i++, at++) {
			while (at < end && h->stamps[at] < step.times[i]) {
				assert_false(h->have[series * h->nstamps + at]);
				at++;
			}
			assert_true(at < end);
			assert_int_equal(h->stamps[at], step.times[i]);
			assert_true(h->have[series * h->nstamps + at]);
			assert_true(h->value[series * h->nstamps + at] == step.values[i]);
		}
	}
	ok(ret, &err);
	for (; at < end; at++)
		assert_false(h->have[series * h->nstamps + at]);
	merge_delete(m);
	piece_list_free(&list);
}

/* Of all series the same random range. */
static void check_range(struct history *h, struct snapshot *snap, struct chunk_coder *coder)
{
	size_t lo = history_random(h) % h->nstamps, hi = lo + 1 + history_random(h) % (h->nstamps - lo);
	int64_t from = h->stamps[lo], last = h->stamps[hi - 1];

	from -= lo > 0 && history_random(h) % 2 && h->stamps[lo - 1] < from - 1;
	last += hi < h->nstamps && history_random(h) % 2 && last + 1 < h->stamps[hi];
	for (size_t i = 0; i < h->nseries; i++)
		check_series(h, snap, coder, i, lo, hi, from, last);
}

/* Every file is named, and lies in its window. */
static void check_files(const struct history *h, const struct current *cur)
{
	DIR *d = opendir(h->db->dir.blocks_path);
	struct dirent *e;
	size_t n = 0;

	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	assert_int_equal(n, cur->nblocks);
	for (size_t i = 0; i < cur->nblocks; i++) {
		const struct current_block *b = &cur->blocks[i];
		enum count_unit unit = h->db->dir.format.unit;

		assert_int_equal(window_of(unit, b->level, b->first_time), b->window);
		assert_int_equal(window_of(unit, b->level, b->last_time), b->window);
		assert_true(b->seg_lo <= b->seg_hi && b->seg_hi < cur->first_segment);
		assert_true(b->number < cur->next_number);
	}
}

void history_check(struct history *h)
{
	struct chunk_coder *coder = chunk_coder_new();
	struct count_error err = { 0 };
	struct snapshot snap;

	ok(snapshot_open(&h->db->dir, INT64_MIN, INT64_MAX, &snap, &err), &err);
	for (size_t i = 0; i < h->nseries; i++)
		check_series(h, &snap, coder, i, 0, h->nstamps, INT64_MIN, INT64_MAX);
	for (size_t i = 0; i < 4; i++)
		check_range(h, &snap, coder);
	if (snap.ndamages != 0)
		print_error("%s\n", snap.damage.text);
	assert_int_equal(snap.ndamages, 0);
	check_files(h, &snap.current);
	snapshot_close(&snap);
	chunk_coder_delete(coder);
}

size_t history_files(const struct history *h, uint64_t *bytes)
{
	struct count_error err = { 0 };
	struct current cur;
	size_t n;

	current_init(&cur);
	ok(datadir_read_current(&h->db->dir, &cur, &err), &err);
	n = cur.nblocks;
	*bytes = 0;
	for (size_t i = 0; i < n; i++)
		*bytes += cur.blocks[i].size;
	current_free(&cur);
	return n;
}
