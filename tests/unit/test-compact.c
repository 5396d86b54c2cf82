/*
 * test-compact.c - engine/compact: whatever the data, few files; and points are not rewritten for
 * ever.
 *	COMPACT_SCALE=10	ten times the points
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* cmocka.h needs the above first */
#include <cmocka.h>

#include "engine/piece.h"
#include "history.h"

#define DAY_MS INT64_C(86400000)

static size_t scale(void)
{
	const char *env = getenv("COMPACT_SCALE");

	return env != NULL ? strtoul(env, NULL, 10) : 1;
}

static void assert_few(const struct history *h)
{
	uint64_t bytes;
	size_t n = history_files(h, &bytes);

	if (n > 64 + bytes / (256 << 20))
		print_error("%zu files\n", n);
	assert_true(n <= 64 + bytes / (256 << 20));
}

static void report(struct history *h, const char *what)
{
	uint64_t bytes;
	size_t n;

	history_check(h);
	n = history_files(h, &bytes);
	print_message("%s: %zu files, %llu bytes\n", what, n, (unsigned long long)bytes);
	assert_few(h);
}

static int64_t *steps(size_t n, int64_t start, int64_t step)
{
	int64_t *v = calloc(n, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = (int64_t)((uint64_t)start + i * (uint64_t)step);
	return v;
}

/* Every series gets [from, from + n) in one frame each. */
static void put_all(struct history *h, size_t from, size_t n)
{
	size_t *at = calloc(n, sizeof(*at));

	for (size_t i = 0; i < n; i++)
		at[i] = from + i;
	for (size_t s = 0; s < h->nseries; s++)
		history_put(h, s, at, n);
	free(at);
}

/* Live data: a flush each five minutes for days. */
static void test_live(void **state)
{
	size_t n = 6000 * scale(), rewritten = 0;
	struct history h;

	(void)state;
	history_begin(&h, 1, 20, steps(n, (int64_t)time(NULL) * 1000 - (int64_t)n * 60000, 60000), n);
	for (size_t i = 0; i + 15 <= n; i += 15) {
		struct count_flush_report r;

		put_all(&h, i, 15);
		r = history_flush(&h, true);
		rewritten += r.blocks_removed;
		assert_few(&h);
	}
	report(&h, "live");
	assert_true(rewritten < n / 15 * 2);
	history_end(&h);
}

static void test_many_series(void **state)
{
	size_t nseries = 1000 * scale();
	struct history h;

	(void)state;
	history_begin(&h, 1, nseries, steps(100, 1700000000000, 10000), 100);
	for (size_t i = 0; i < 10; i++) {
		put_all(&h, i * 10, 10);
		history_flush(&h, true);
	}
	report(&h, "many series");
	history_end(&h);
}

/* Days in random order, a flush every few lines. */
static void shuffled(struct history *h, size_t each)
{
	size_t *order = calloc(h->nstamps, sizeof(*order));

	for (size_t i = 0; i < h->nstamps; i++)
		order[i] = i;
	for (size_t i = h->nstamps; i-- > 1;) {
		size_t k = history_random(h) % (i + 1), t = order[i];

		order[i] = order[k];
		order[k] = t;
	}
	for (size_t i = 0; i < h->nstamps; i++) {
		history_put(h, 0, &order[i], 1);
		if (i % each == 0) {
			history_flush(h, true);
			assert_few(h);
		}
	}
	history_flush(h, true);
	free(order);
}

static void test_random_days(void **state)
{
	size_t n = 1000 * scale();
	struct history h;

	(void)state;
	for (size_t each = 1; each <= 3; each += 2) {
		history_begin(&h, each, 1, steps(n, 0, 17 * DAY_MS), n);
		shuffled(&h, each);
		report(&h, "random days");
		history_end(&h);
	}
}

/* All times there are: half of these are before 1970, half after the present. */
static void test_far(void **state)
{
	size_t n = 1000 * scale();
	struct history h;

	(void)state;
	history_begin(&h, 3, 1, steps(n, INT64_MIN, (int64_t)(UINT64_MAX / n)), n);
	shuffled(&h, 2);
	report(&h, "far past and future");
	history_end(&h);
}

/* One point in each of many days, in order, flushed at once or one by one. */
static void test_one_a_day(void **state)
{
	size_t n = 1000 * scale();
	struct history h;

	(void)state;
	history_begin(&h, 1, 1, steps(n, -5000 * DAY_MS, DAY_MS), n);
	put_all(&h, 0, n / 2);
	assert_int_equal(history_flush(&h, true).blocks_written, 1);
	for (size_t i = n / 2; i < n; i++) {
		put_all(&h, i, 1);
		history_flush(&h, true);
		assert_few(&h);
	}
	report(&h, "one a day");
	history_end(&h);
}

/* ---- Sparse series beside dense ones ---- */

enum { DENSE = 8, THIN = 3, DAYS = 200, A_DAY = 720, FLUSHES = 4 };

static void count_chunks(const struct history *h, size_t series, size_t *chunks, size_t *points)
{
	struct piece_list list = { 0 };
	struct count_error err = { 0 };
	struct snapshot snap;
	char name[64];

	history_name(series, name);
	assert_int_equal(snapshot_open(&h->db->dir, INT64_MIN, INT64_MAX, &snap, &err), COUNT_OK);
	assert_int_equal(pieces_find(&snap, name, strlen(name), INT64_MIN, INT64_MAX,
				     COUNT_TIER_ALL, &list, &err), COUNT_OK);
	*chunks += list.len;
	for (size_t i = 0; i < list.len; i++)
		*points += list.v[i].count;
	piece_list_free(&list);
	snapshot_close(&snap);
}

/* A stretch of the clock: dense series at each stamp, the others at each hour. */
static void put_stretch(struct history *h, size_t from, size_t n)
{
	size_t at[A_DAY], k;

	for (size_t s = 0; s < DENSE + THIN; s++) {
		k = 0;
		for (size_t i = from; i < from + n; i++)
			if (s < DENSE || (i + s) % (A_DAY / 24) == 0)
				at[k++] = i;
		if (k > 0)
			history_put(h, s, at, k);
	}
}

static void test_sparse(void **state)
{
	size_t n = DAYS * A_DAY, each = A_DAY / FLUSHES, chunks = 0, points = 0, most = 0, files;
	int64_t start = (int64_t)time(NULL) / 86400 * 86400 - DAYS * 86400;
	uint64_t flushed = 0, rewritten = 0, bytes, before;
	struct history h;

	(void)state;
	history_begin(&h, 1, DENSE + THIN, steps(n, start * 1000, DAY_MS / A_DAY), n);
	h.noisy = true;
	h.db->file_bytes = 60 << 10;	/* a day has 46 KiB, as 196 MiB of the usual 256 */
	for (size_t i = 0; i < n; i += each) {
		history_clock_offset_s = start + (int64_t)(i + each) * (86400 / A_DAY) - time(NULL);
		put_stretch(&h, i, each);
		before = h.db->bytes_written;
		history_flush(&h, false);
		flushed += h.db->bytes_written - before;
		before = h.db->bytes_written;
		history_flush(&h, true);
		rewritten += h.db->bytes_written - before;
		files = history_files(&h, &bytes);
		if (files > most + bytes / h.db->file_bytes)
			most = files - bytes / h.db->file_bytes;
	}
	history_check(&h);
	for (size_t s = DENSE; s < DENSE + THIN; s++)
		count_chunks(&h, s, &chunks, &points);
	print_message("sparse: %zu files of %llu bytes in all, at most %zu above one a limit; %zu "
		      "points a chunk; %.2f bytes rewritten per byte flushed\n", files,
		      (unsigned long long)bytes, most, points / chunks,
		      (double)rewritten / (double)flushed);
	assert_true(most <= 64);
	assert_true(points / chunks >= 500);
	assert_true(rewritten < 4 * flushed);
	history_clock_offset_s = 0;
	history_end(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_many_series),
		cmocka_unit_test(test_random_days),
		cmocka_unit_test(test_far),
		cmocka_unit_test(test_one_a_day),
		cmocka_unit_test(test_sparse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
