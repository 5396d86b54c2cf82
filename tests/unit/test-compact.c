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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_many_series),
		cmocka_unit_test(test_random_days),
		cmocka_unit_test(test_far),
		cmocka_unit_test(test_one_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
