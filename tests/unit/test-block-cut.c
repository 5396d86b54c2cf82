/* test-block-cut.c - format/block_cut: dense days end chunks, others fill them, and neighbours are cut alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/block_cut.h"

#define DAY INT64_C(86400)
#define MOST 40000

struct cuts { size_t end[100], n; };

static int64_t times[MOST];

/* All chunks of n points; those before their last are told that more may follow, as a writer does. */
static struct cuts cut_all(const struct block_cuts *before, size_t n)
{
	struct cuts c = { .n = 0 };

	for (size_t at = 0; at < n;) {
		size_t len = block_cut(before, DAY, times + at, n - at, false);

		assert_in_range(len, 1, COLUMN_MAX_POINTS);
		assert_true(len <= n - at);
		at += len;
		c.end[c.n++] = at;
	}
	return c;
}

static void fill(int64_t start, int64_t step, size_t n)
{
	for (size_t i = 0; i < n; i++)
		times[i] = start + (int64_t)i * step;
}

/* Begun at 22:13:20, every 10 s: what is left of that day, whole days in two chunks, the last one's beginning. */
static void test_dense_days(void **state)
{
	const struct block_cuts none = { 0 };
	const size_t want[] = { 640, 640 + 5120, 640 + 8640, 640 + 8640 + 5120, 640 + 2 * 8640, 18000 };
	struct cuts c;

	(void)state;
	fill(1700000000, 10, 18000);
	c = cut_all(&none, 18000);
	assert_int_equal(c.n, 6);
	for (size_t i = 0; i < c.n; i++)
		assert_int_equal(c.end[i], want[i]);
}

/* A few minutes of a dense day are not worth a chunk. */
static void test_few_at_start(void **state)
{
	const struct block_cuts none = { 0 };

	(void)state;
	fill(DAY - 1000, 10, 100 + 720);
	assert_int_equal(cut_all(&none, 820).n, 1);
}

/* A minute apart days are not dense: chunks are filled. */
static void test_sparse_days(void **state)
{
	const struct block_cuts none = { 0 };
	struct cuts c;

	(void)state;
	fill(1700000000, 60, 20000);
	c = cut_all(&none, 20000);
	assert_int_equal(c.n, 3);
	assert_int_equal(c.end[0], COLUMN_MAX_POINTS);
	assert_int_equal(c.end[1], 2 * COLUMN_MAX_POINTS);
}

/* Of two series the second lacks a point: it is cut at the same times. */
static void test_aligned(void **state)
{
	struct block_cuts before = { 0 };
	int64_t first[100];
	struct cuts c;

	(void)state;
	fill(1700000000, 60, 20000);
	c = cut_all(&before, 20000);
	first[0] = times[0];
	for (size_t i = 0; i + 1 < c.n; i++)
		first[i + 1] = times[c.end[i]];
	before = (struct block_cuts){ .v = first, .n = c.n };
	for (size_t i = 5000; i + 1 < 20000; i++)
		times[i] = times[i + 1];
	c = cut_all(&before, 19999);
	assert_int_equal(c.end[0], COLUMN_MAX_POINTS - 1);
	assert_int_equal(c.end[1], 2 * COLUMN_MAX_POINTS - 1);
}

/* Near the ends of what a time can be. */
static void test_extremes(void **state)
{
	const struct block_cuts none = { 0 };

	(void)state;
	fill(INT64_MAX - 4999, 1, 5000);
	assert_int_equal(cut_all(&none, 5000).end[0], 5000);
	fill(INT64_MIN, 1, 5000);
	assert_true(cut_all(&none, 5000).n >= 1);
	times[0] = INT64_MIN;
	times[1] = INT64_MAX;
	assert_int_equal(cut_all(&none, 2).n, 1);
}

/* So many points ahead must be seen before the first chunk is sure. */
static void test_more(void **state)
{
	const struct block_cuts none = { 0 };

	(void)state;
	fill(0, 10, BLOCK_CUT_AHEAD + 1);
	assert_int_equal(block_cut(&none, DAY, times, BLOCK_CUT_AHEAD, true), 0);
	assert_int_equal(block_cut(&none, DAY, times, BLOCK_CUT_AHEAD + 1, true),
			 block_cut(&none, DAY, times, BLOCK_CUT_AHEAD + 1, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dense_days),
		cmocka_unit_test(test_few_at_start),
		cmocka_unit_test(test_sparse_days),
		cmocka_unit_test(test_aligned),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
