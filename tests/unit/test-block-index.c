/* test-block-index.c - format/block: statistics bit for bit, what the index costs, shared times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "format/block.h"
#include "format/block_stats.h"

static const struct block_info plain = { .unit = COUNT_UNIT_MS, .seg_lo = 3, .seg_hi = 9 };

static uint64_t rng_state = 42;

static uint64_t rng(uint64_t below)	/* splitmix64 */
{
	uint64_t z = rng_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

static int to_buf(void *arg, const void *data, size_t len)
{
	buf_put(arg, data, len);
	return 0;
}

static struct block_writer *start(struct buf *out, const struct block_info *info)
{
	struct block_writer *w = NULL;

	assert_int_equal(block_writer_new(info, to_buf, out, &w), COUNT_OK);
	return w;
}

static void finish(struct block_writer *w)
{
	struct block_info info;

	assert_int_equal(block_writer_finish(w, &info), COUNT_OK);
	block_writer_delete(w);
}

static double random_value(unsigned kind)
{
	switch (kind % 6) {
	case 0: return 7;
	case 1: return (double)rng(100000) / 100;
	case 2: return f64_from_bits(rng(UINT64_MAX));
	case 3: return (double)rng(1000) - 500;
	case 4: return rng(3) == 0 ? -0.0 : NAN;
	default: return (double)rng(UINT64_MAX) / 3e18;
	}
}

static bool stats_equal(const struct chunk_stats *a, const struct chunk_stats *b)
{
	return a->count == b->count && a->nan_count == b->nan_count &&
	       a->first_time == b->first_time && a->last_time == b->last_time &&
	       f64_bits(a->min) == f64_bits(b->min) && f64_bits(a->max) == f64_bits(b->max) &&
	       f64_bits(a->sum.hi) == f64_bits(b->sum.hi) && f64_bits(a->sum.lo) == f64_bits(b->sum.lo) &&
	       f64_bits(a->first) == f64_bits(b->first) && f64_bits(a->last) == f64_bits(b->last);
}

static size_t stats_round_trip(const double *values, size_t n)
{
	int64_t times[1024];
	struct chunk_stats st, got = { 0 };
	struct buf out = { 0 };
	size_t len;

	for (size_t i = 0; i < n; i++)
		times[i] = (int64_t)i;
	stats_of(times, values, n, &st);
	block_stats_put(&out, &st);
	len = out.len;
	got.count = n;
	got.first_time = 0;
	got.last_time = (int64_t)n - 1;
	assert_ptr_equal(block_stats_get(out.data, out.data + len, &got), out.data + len);
	assert_true(stats_equal(&st, &got));
	for (size_t i = 0; i < len; i++) {	/* cut: refused, or shorter by a form of less bytes */
		got.count = n;
		assert_null(block_stats_get(out.data, out.data + i, &got));
	}
	buf_free(&out);
	return len;
}

static void test_stats(void **state)
{
	static const double odd[] = {
		0.0, -0.0, 1, -1, 0.1, -0.3, 1e15, 9007199254740993.0, 1e300, -1e300, 5e-324, 1.7e308,
		123456.789, 1e-14, INFINITY, -INFINITY, NAN,
	};
	double v[1024];

	(void)state;
	for (size_t i = 0; i < 17; i++) {
		for (size_t n = 1; n <= 1024; n *= 2) {
			for (size_t k = 0; k < n; k++)
				v[k] = odd[i];
			stats_round_trip(v, n);
		}
		for (size_t j = 0; j < 17; j++) {
			for (size_t k = 0; k < 1024; k++)
				v[k] = odd[k % 3 == 0 ? i : j];
			stats_round_trip(v, 1024);
		}
	}
	for (unsigned i = 0; i < 2000; i++) {
		size_t n = 1 + rng(1024);

		for (size_t k = 0; k < n; k++)
			v[k] = random_value(rng(2) ? i : (unsigned)rng(6));
		stats_round_trip(v, n);
	}
}

/* What an index costs; the limits are promises of count-block(5). */
static void test_overhead(void **state)
{
	struct chunk_coder *coder = chunk_coder_new();
	static const char *const kinds[] = { "constant", "decimal", "integer", "counter", "float" };
	int64_t times[1024];
	double values[1024];

	(void)state;
	for (unsigned kind = 0; kind < 5; kind++) {
		struct buf out = { 0 };
		struct block_writer *w = start(&out, &plain);
		uint64_t data;
		double sum = 1e9;
		struct block b;

		assert_int_equal(block_writer_series(w, "a", 1), COUNT_OK);
		for (size_t c = 0; c < 100; c++) {
			for (size_t i = 0; i < 1024; i++) {
				times[i] = 1700000000000 + (int64_t)(c * 1024 + i) * 10000 + (int64_t)rng(9);
				sum += (double)rng(5000);
				values[i] = kind == 0 ? 3.5 : kind == 1 ? (double)rng(10000) / 100 :
					kind == 2 ? (double)rng(1000000) : kind == 3 ? sum :
					(double)rng(UINT64_MAX) / 1e19;
			}
			assert_int_equal(block_writer_chunk(w, coder, times, values, 1024, 3, 9), COUNT_OK);
		}
		finish(w);
		assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
		data = out.len - b.dirs_off + 64;
		print_message("%s: %.1f bytes a chunk\n", kinds[kind], (double)data / 100);
		assert_true(data <= 100 * (kind == 4 ? 70 : 60));
		buf_free(&out);
	}
	chunk_coder_delete(coder);
}

static void test_many_short(void **state)
{
	enum { SERIES = 100000 };
	struct chunk_coder *coder = chunk_coder_new();
	struct buf out = { 0 };
	struct block_writer *w = start(&out, &plain);
	struct block_series_cursor cur = { 0 };
	uint64_t columns, n = 0;
	struct block b;

	(void)state;
	for (unsigned i = 0; i < SERIES; i++) {
		int64_t times[4] = { 1700000000000, 1700000010003, 1700000020001, 1700000030002 };
		double values[4] = { i, i + 1, i + 2, i + 3 };
		char name[64];

		snprintf(name, sizeof(name), "node_cpu{host=\"%06u\"}", i);
		assert_int_equal(block_writer_series(w, name, strlen(name)), COUNT_OK);
		assert_int_equal(block_writer_chunk(w, coder, times, values, 4, 3, 9), COUNT_OK);
	}
	finish(w);
	assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
	columns = b.dirs_off - 64;
	print_message("%.1f bytes a short series, %.1f of them columns\n", (double)out.len / SERIES,
		      (double)columns / SERIES);
	assert_true(out.len <= 16 * SERIES);
	while (block_next_series(&b, &cur, NULL) == COUNT_OK)
		n++;
	assert_int_equal(n, SERIES);
	buf_free(&out);
	chunk_coder_delete(coder);
}

/* Names by a pattern: what many have in common is kept once a group. */
static void test_patterns(void **state)
{
	static const char *const metrics[] = { "cpu.load1", "cpu.usage", "disk.used_percent", "http.requests",
					       "mem.cached_bytes", "mem.used_bytes", "net.latency_ms" };
	enum { HOSTS = 300, METRICS = sizeof(metrics) / sizeof(metrics[0]) };
	struct chunk_coder *coder = chunk_coder_new();
	struct buf out = { 0 };
	struct block_writer *w = start(&out, &plain);
	struct block_series_cursor cur = { 0 };
	char names[HOSTS * METRICS][48];
	struct block_series s;
	int64_t time = 7;
	struct block b;

	(void)state;
	for (unsigned i = 0; i < HOSTS * METRICS; i++) {
		double value = i;

		snprintf(names[i], sizeof(names[i]), "fleet.web%.*s%03u.%s", (int)i / 700, "zzz", i / METRICS,
			 metrics[i % METRICS]);
		assert_int_equal(block_writer_series(w, names[i], strlen(names[i])), COUNT_OK);
		assert_int_equal(block_writer_chunk(w, coder, &time, &value, 1, 3, 9), COUNT_OK);
	}
	finish(w);
	assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
	print_message("%.1f bytes a series in the table\n", (double)(b.index_off - b.table_off) / (HOSTS * METRICS));
	assert_true(b.index_off - b.table_off <= 8 * HOSTS * METRICS);
	for (unsigned i = 0; i < HOSTS * METRICS; i++) {
		char absent[64];

		assert_int_equal(block_next_series(&b, &cur, NULL), COUNT_OK);
		assert_string_equal(cur.s.name, names[i]);
		assert_int_equal(block_find(&b, names[i], strlen(names[i]), &s, NULL), COUNT_OK);
		assert_string_equal(s.name, names[i]);
		snprintf(absent, sizeof(absent), "%s.", names[i]);
		assert_int_equal(block_find(&b, absent, strlen(absent), &s, NULL), COUNT_ERR_NOTFOUND);
	}
	assert_int_equal(block_next_series(&b, &cur, NULL), COUNT_ERR_NOTFOUND);
	buf_free(&out);
	chunk_coder_delete(coder);
}

/* Series of one scrape: one column of times for all. */
static void test_shared_times(void **state)
{
	struct chunk_coder *coder = chunk_coder_new();
	struct buf out = { 0 };
	struct block_writer *w = start(&out, &plain);
	int64_t times[1024], got[1024];
	double values[1024], v[1024];
	struct block b;

	(void)state;
	for (size_t i = 0; i < 1024; i++)
		times[i] = 1700000000000 + (int64_t)i * 10000 + (int64_t)rng(1000);
	for (unsigned s = 0; s < 100; s++) {
		char name[16];

		snprintf(name, sizeof(name), "s%03u", s);
		for (size_t i = 0; i < 1024; i++)
			values[i] = s;
		assert_int_equal(block_writer_series(w, name, 4), COUNT_OK);
		assert_int_equal(block_writer_chunk(w, coder, times, values, 1024, 3, 9), COUNT_OK);
	}
	finish(w);
	print_message("%.3f bytes a point\n", (double)out.len / 102400);
	assert_true(out.len < 10000);
	assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
	for (unsigned s = 0; s < 100; s++) {
		struct block_chunk_cursor cc = { 0 };
		struct block_series series;
		struct block_chunk c;
		char name[16];

		snprintf(name, sizeof(name), "s%03u", s);
		assert_int_equal(block_find(&b, name, 4, &series, NULL), COUNT_OK);
		assert_int_equal(block_next_chunk(&b, &series, &cc, &c, NULL), COUNT_OK);
		assert_int_equal(block_read_chunk(&b, &c, coder, got, v, NULL), COUNT_OK);
		assert_memory_equal(got, times, sizeof(times));
		assert_true(v[0] == s && v[1023] == s);
	}
	buf_free(&out);
	chunk_coder_delete(coder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_overhead),
		cmocka_unit_test(test_many_short),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_shared_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
