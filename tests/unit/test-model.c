/*
 * test-model.c - random histories of writing, flushing and compacting against a plain table in which
 * the last write wins.
 *
 * Stamps come from a small set, so that points clash all the time; besides flushes, files are
 * merged in sets that no rule would choose, which is what puts recency to the test.
 *	test-model [COUNT [SEED]]	COUNT histories from that seed on; also MODEL_HISTORIES
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

enum { DENSE = 3000, SPARSE = 60 };

static size_t nhistories = 200;
static uint64_t first_seed = 1;

static int by_time(const void *a, const void *b)
{
	int64_t p = *(const int64_t *)a, q = *(const int64_t *)b;

	return p < q ? -1 : p > q;
}

/* Stamps in ms: a dense stretch over some days up to now, and some anywhere. */
static int64_t *make_stamps(uint64_t seed, size_t *n)
{
	int64_t *v = calloc(DENSE + SPARSE, sizeof(*v));
	struct history rnd = { .seed = seed * 0x9e3779b97f4a7c15u | 1 };
	int64_t now = (int64_t)time(NULL) * 1000, step = 1 + (int64_t)(history_random(&rnd) % 200000);
	size_t kept = 1;

	for (size_t i = 0; i < DENSE; i++)
		v[i] = now - (int64_t)i * step;
	for (size_t i = 0; i < SPARSE; i++) {
		unsigned bits = (unsigned)(history_random(&rnd) % 64);
		int64_t t = (int64_t)(history_random(&rnd) >> bits);

		v[DENSE + i] = i == 0 ? INT64_MIN : i == 1 ? INT64_MAX : i % 2 ? t : -t;
	}
	qsort(v, DENSE + SPARSE, sizeof(*v), by_time);
	for (size_t i = 1; i < DENSE + SPARSE; i++)
		if (v[i] != v[kept - 1])
			v[kept++] = v[i];
	*n = kept;
	return v;
}

/* A few points anywhere in a small part of the stamps, or a long run. */
static void put_random(struct history *h)
{
	size_t series = history_random(h) % h->nseries, n = 0;
	size_t *at = calloc(h->nstamps, sizeof(*at));

	if (history_random(h) % 8 == 0) {
		size_t from = history_random(h) % h->nstamps, len = history_random(h) % 2500;

		for (size_t i = from; i < h->nstamps && i < from + len; i++)
			at[n++] = i;
	} else {
		size_t stride = 1 + history_random(h) % 97;

		for (size_t i = history_random(h) % 50 * 40; i < h->nstamps && n < 40; i += stride)
			if (history_random(h) % 2)
				at[n++] = i;
	}
	if (n > 0)
		history_put(h, series, at, n);
	free(at);
}

static void one_history(uint64_t seed)
{
	struct history h;
	size_t n, steps;
	int64_t *stamps = make_stamps(seed, &n);

	history_begin(&h, seed, 1 + seed % 4, stamps, n);
	if (seed % 2)		/* small files: sparse series go to wider windows */
		h.db->file_bytes = 2048 << seed / 2 % 4;
	steps = 10 + history_random(&h) % 40;
	for (size_t i = 0; i < steps; i++) {
		switch (history_random(&h) % 8) {
		case 0:
		case 1:
			history_flush(&h, false);
			break;
		case 2:
			history_merge_some(&h);
			break;
		case 3:
			if (history_random(&h) % 4 == 0)
				history_flush(&h, true);
			else
				history_merge_some(&h);
			break;
		default:
			put_random(&h);
		}
		if (i % 8 == 7)
			history_check(&h);
	}
	history_check(&h);
	history_flush(&h, true);
	history_check(&h);
	history_end(&h);
}

static void test_histories(void **state)
{
	(void)state;
	for (size_t i = 0; i < nhistories; i++) {
		const char *trace = getenv("MODEL_TRACE");

		if (trace != NULL)
			print_message("seed %llu\n", (unsigned long long)(first_seed + i));
		one_history(first_seed + i);
	}
	print_message("%zu histories, seeds %llu to %llu\n", nhistories,
		      (unsigned long long)first_seed,
		      (unsigned long long)(first_seed + nhistories - 1));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_histories) };
	const char *env = getenv("MODEL_HISTORIES");

	if (env != NULL)
		nhistories = strtoul(env, NULL, 10);
	if (argc > 1)
		nhistories = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
