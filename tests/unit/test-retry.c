/* test-retry.c - s3/retry: waits within their bounds, deadlines, and how many at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "s3/retry.h"

static const struct retry_policy policy = { .tries = 5, .timeout_ms = 20000 };
static const struct retry_policy many = { .tries = 100, .timeout_ms = 20000 };

static void test_jitter(void **state)
{
	static const int64_t most[] = { 100, 200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000 };

	(void)state;
	for (uint32_t tries = 1; tries <= 10; tries++) {
		int64_t max = most[tries - 1];

		assert_int_equal(retry_wait(&many, tries, 0, 0, -1, 0), 0);
		assert_int_equal(retry_wait(&many, tries, 0, 0, -1, (uint64_t)max), max);
		assert_int_equal(retry_wait(&many, tries, 0, 0, -1, (uint64_t)max + 1), 0);
		assert_true(retry_wait(&many, tries, 0, 0, -1, UINT64_MAX) <= max);
	}
	assert_true(retry_wait(&many, 99, 0, 0, -1, UINT64_MAX) <= RETRY_CAP_MS);
}

static void test_end(void **state)
{
	(void)state;
	assert_true(retry_wait(&policy, 4, 0, 0, -1, 7) >= 0);
	assert_int_equal(retry_wait(&policy, 5, 0, 0, -1, 7), -1);
	/* 5 time-outs and a minute after the first began it is over, whatever is left. */
	assert_int_equal(retry_wait(&policy, 1, 1000, 161000, -1, 0), 0);
	assert_int_equal(retry_wait(&policy, 1, 1000, 161001, -1, 0), -1);
	assert_int_equal(retry_wait(&policy, 1, 1000, 161000, -1, 1), -1);
}

static void test_retry_after(void **state)
{
	(void)state;
	assert_int_equal(retry_wait(&policy, 1, 0, 0, 3, 50), 3000);
	assert_int_equal(retry_wait(&policy, 1, 0, 0, 0, 50), 50);
	assert_int_equal(retry_wait(&policy, 1, 0, 0, 60, 50), 60000);
	assert_int_equal(retry_wait(&policy, 1, 0, 0, 61, 50), -1);
	assert_int_equal(retry_wait(&policy, 1, 0, 0, INT64_MAX, 50), -1);
	assert_int_equal(retry_wait(&policy, 1, 0, 150000, 20, 0), -1);
}

static void test_window(void **state)
{
	struct retry_window w;

	(void)state;
	retry_window_init(&w, 8);
	assert_int_equal(w.limit, 8);
	retry_window_throttled(&w, 10, 100);
	assert_int_equal(w.limit, 4);
	retry_window_throttled(&w, 20, 101);	/* of the same burst */
	assert_int_equal(w.limit, 4);
	retry_window_throttled(&w, 100, 200);
	retry_window_throttled(&w, 200, 300);
	assert_int_equal(w.limit, 1);
	retry_window_throttled(&w, 300, 400);
	assert_int_equal(w.limit, 1);
	for (int i = 0; i < 15; i++)
		retry_window_good(&w, 500);
	assert_int_equal(w.limit, 1);
	retry_window_good(&w, 500);
	assert_int_equal(w.limit, 2);
	for (int i = 0; i < 10000; i++)
		retry_window_good(&w, 600);
	assert_int_equal(w.limit, 8);
	retry_window_init(&w, 1);
	retry_window_throttled(&w, 0, 1);
	retry_window_good(&w, 2);
	assert_int_equal(w.limit, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jitter), cmocka_unit_test(test_end), cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_window),
	};

	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
