/* test-times-cache.c - engine/times_cache: what is found is what was added, also when there are too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/times_cache.h"

enum { COLUMNS = 200, POINTS = 50 };

static struct block_chunk chunk_of(size_t i)
{
	struct block_chunk c = { .has_stats = true };

	/* neighbours differ in one thing each */
	c.times.kind = i % 5 == 4 ? BLOCK_TIMES_EDITED : BLOCK_TIMES_SHARED;
	c.times.off = 1000 + i / 5;
	c.stats.count = POINTS - (i % 5 == 1);
	c.stats.first_time = (int64_t)(i / 5) * 100 + (i % 5 == 2);
	c.stats.last_time = (int64_t)(i / 5) * 100 + 5000 + (i % 5 == 3);
	return c;
}

/* Asks as queries do: all columns of a series, series after series. */
static unsigned pass(struct times_cache *cache, size_t columns)
{
	unsigned found = 0;

	for (size_t i = 0; i < columns; i++) {
		struct block_chunk c = chunk_of(i);
		const int64_t *times = times_cache_find(cache, i / 5 % 3, &c);
		int64_t *room;

		if (times != NULL) {
			found++;
			for (size_t k = 0; k < c.stats.count; k++)
				assert_int_equal(times[k], i * 1000 + k);
			continue;
		}
		room = times_cache_add(cache, i / 5 % 3, &c);
		if (room == NULL)
			continue;	/* the first time */
		for (size_t k = 0; k < c.stats.count; k++)
			room[k] = (int64_t)(i * 1000 + k);
	}
	return found;
}

static void finds(void **state)
{
	struct times_cache *cache = times_cache_new();

	(void)state;
	assert_int_equal(pass(cache, 40), 0);
	assert_int_equal(pass(cache, 40), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(pass(cache, 40), 40);
	for (unsigned i = 0; i < 5; i++)
		pass(cache, COLUMNS);
	pass(cache, 40);
	pass(cache, 40);
	assert_int_equal(pass(cache, 40), 40);
	times_cache_free(cache);
}

/* What could not be decoded is not found again, and another block's column is another. */
static void drops(void **state)
{
	struct times_cache *cache = times_cache_new();
	struct block_chunk c = chunk_of(0);

	(void)state;
	assert_null(times_cache_find(cache, 0, &c));
	assert_null(times_cache_add(cache, 0, &c));
	assert_null(times_cache_find(cache, 0, &c));
	assert_non_null(times_cache_add(cache, 0, &c));
	assert_non_null(times_cache_find(cache, 0, &c));
	assert_null(times_cache_find(cache, 1, &c));
	times_cache_drop(cache);
	assert_null(times_cache_find(cache, 0, &c));
	assert_null(times_cache_add(cache, 0, &c));
	times_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(finds), cmocka_unit_test(drops) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
