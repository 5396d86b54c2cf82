/* test-block.c - format/block: round trips, finding, copies, and damage at every byte. */
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

static const struct block_info plain = {
	.unit = COUNT_UNIT_MS, .id = { 1, 2, 3 }, .seg_lo = 3, .seg_hi = 9, .level = 2, .window = -5,
};

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

static struct block_info finish(struct block_writer *w)
{
	struct block_info info;

	assert_int_equal(block_writer_finish(w, &info), COUNT_OK);
	block_writer_delete(w);
	return info;
}

/* ---- A model: series with chunks of points ---- */

struct model_chunk { size_t n; int64_t *times; double *values; uint64_t lo, hi; };
struct model_series { char name[COUNT_SERIES_MAX + 1]; size_t len; struct model_chunk *chunks; size_t nchunks; };
struct model { struct model_series *v; size_t n; };

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

static void random_chunk(struct model_chunk *c, int64_t *t, size_t max)
{
	unsigned kind = (unsigned)rng(6), jitter = (unsigned)rng(2);

	c->n = 1 + rng(max);
	if (rng(5) == 0)
		c->n = c->n <= max / 2 ? 1 : max;
	c->times = calloc(c->n, sizeof(*c->times));
	c->values = calloc(c->n, sizeof(*c->values));
	assert_true(c->times != NULL && c->values != NULL);
	for (size_t i = 0; i < c->n; i++) {
		*t += 1000 + (int64_t)(jitter ? rng(2000) : 0);
		c->times[i] = *t;
		c->values[i] = random_value(kind);
	}
	c->lo = rng(3) == 0 ? rng(100) : 3;
	c->hi = c->lo == 3 ? 9 : c->lo + rng(5);
}

static int by_name(const void *a, const void *b)
{
	const struct model_series *x = a, *y = b;
	int order = memcmp(x->name, y->name, x->len < y->len ? x->len : y->len);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static void random_name(struct model_series *s, size_t i)
{
	if (rng(50) == 0) {
		s->len = COUNT_SERIES_MAX;
		memset(s->name, 'x', s->len);
		snprintf(s->name + 4000, 90, "%zu", i);
		s->name[4000 + strlen(s->name + 4000)] = 'y';
		return;
	}
	snprintf(s->name, sizeof(s->name), "%s%llu%s{host=\"%zu\"}", rng(2) ? "cpu" : "\xc3\xa9",
		 (unsigned long long)rng(20), rng(2) ? ".user" : "", i);
	s->len = strlen(s->name);
}

static void model_make(struct model *m, size_t n, size_t max_chunks, size_t max_points)
{
	m->n = n;
	m->v = calloc(n + 1, sizeof(*m->v));
	assert_non_null(m->v);
	for (size_t i = 0; i < n; i++) {
		struct model_series *s = &m->v[i];
		int64_t t = 1700000000000 + (int64_t)rng(100000);

		random_name(s, i);
		s->nchunks = 1 + rng(max_chunks);
		s->chunks = calloc(s->nchunks, sizeof(*s->chunks));
		assert_non_null(s->chunks);
		for (size_t j = 0; j < s->nchunks; j++) {
			random_chunk(&s->chunks[j], &t, max_points);
			if (rng(4) == 0)
				t -= 500;	/* the next one overlaps */
		}
	}
	qsort(m->v, n, sizeof(*m->v), by_name);
}

static void model_free(struct model *m)
{
	for (size_t i = 0; i < m->n; i++) {
		for (size_t j = 0; j < m->v[i].nchunks; j++) {
			free(m->v[i].chunks[j].times);
			free(m->v[i].chunks[j].values);
		}
		free(m->v[i].chunks);
	}
	free(m->v);
}

static void model_write(const struct model *m, struct chunk_coder *coder, struct buf *out)
{
	struct block_writer *w = start(out, &plain);
	struct block_info info;

	for (size_t i = 0; i < m->n; i++) {
		const struct model_series *s = &m->v[i];

		assert_int_equal(block_writer_series(w, s->name, s->len), COUNT_OK);
		for (size_t j = 0; j < s->nchunks; j++) {
			const struct model_chunk *c = &s->chunks[j];

			assert_int_equal(block_writer_chunk(w, coder, c->times, c->values, c->n,
							     c->lo, c->hi), COUNT_OK);
		}
	}
	assert_true(block_writer_size(w) <= UINT64_C(1) << 40);
	info = finish(w);
	assert_int_equal(info.series, m->n);
	assert_false(out->failed);
}

static bool stats_equal(const struct chunk_stats *a, const struct chunk_stats *b)
{
	return a->count == b->count && a->nan_count == b->nan_count &&
	       a->first_time == b->first_time && a->last_time == b->last_time &&
	       f64_bits(a->min) == f64_bits(b->min) && f64_bits(a->max) == f64_bits(b->max) &&
	       f64_bits(a->sum.hi) == f64_bits(b->sum.hi) && f64_bits(a->sum.lo) == f64_bits(b->sum.lo) &&
	       f64_bits(a->first) == f64_bits(b->first) && f64_bits(a->last) == f64_bits(b->last);
}

/* Whether what was read is exactly that chunk. */
static bool chunk_equal(const struct block_chunk *c, const int64_t *times, const double *values,
			const struct model_chunk *m)
{
	struct chunk_stats st;

	stats_of(m->times, m->values, m->n, &st);
	if (c->stats.count != m->n || c->seg_lo != m->lo || c->seg_hi != m->hi ||
	    c->stats.first_time != st.first_time || c->stats.last_time != st.last_time)
		return false;
	if (c->has_stats && !stats_equal(&c->stats, &st))
		return false;
	return memcmp(times, m->times, m->n * sizeof(*times)) == 0 &&
	       memcmp(values, m->values, m->n * sizeof(*values)) == 0;
}

/*
 * Reads a series; each answer must be right or COUNT_ERR_CORRUPT (COUNT_ERR_VERSION for a codec id).
 * Returns the number of chunks that were right.
 */
static size_t check_series(const struct block *b, const struct block_series *s,
			   const struct model_series *m, struct chunk_coder *coder)
{
	static int64_t times[COLUMN_MAX_POINTS];
	static double values[COLUMN_MAX_POINTS];
	struct block_chunk_cursor cur = { 0 };
	struct block_chunk c;
	size_t good = 0;
	uint64_t at = UINT64_MAX;
	int ret;

	assert_int_equal(s->chunks, m->nchunks);
	for (size_t i = 0; (ret = block_next_chunk(b, s, &cur, &c, &at)) == COUNT_OK; i++) {
		ret = block_read_chunk(b, &c, coder, times, values, &at);
		assert_true(i < m->nchunks);
		if (ret == COUNT_OK) {
			assert_true(chunk_equal(&c, times, values, &m->chunks[i]));
			good++;
		} else {
			assert_int_equal(ret, COUNT_ERR_CORRUPT);
			assert_true(at < b->len);
		}
	}
	if (ret != COUNT_ERR_NOTFOUND) {
		assert_int_equal(ret, COUNT_ERR_CORRUPT);
		assert_true(at < b->len);
	}
	return good;
}

/* Finds and lists all; returns the number of chunks that came out right by listing. */
static size_t check_all(const struct block *b, const struct model *m, struct chunk_coder *coder)
{
	static struct block_series s;
	static struct block_series_cursor cur;
	size_t good = 0, listed = 0, next = 0;
	uint64_t at = 0;
	int ret;

	for (size_t i = 0; i < m->n; i++) {
		ret = block_find(b, m->v[i].name, m->v[i].len, &s, &at);
		if (ret == COUNT_OK)
			assert_memory_equal(s.name, m->v[i].name, m->v[i].len + 1);
		else
			assert_int_equal(ret, COUNT_ERR_CORRUPT);
	}
	cur = (struct block_series_cursor){ 0 };
	while ((ret = block_next_series(b, &cur, &at)) != COUNT_ERR_NOTFOUND) {
		if (ret != COUNT_OK) {
			assert_int_equal(ret, COUNT_ERR_CORRUPT);
			continue;
		}
		while (next < m->n && (m->v[next].len != cur.s.name_len ||
				       memcmp(m->v[next].name, cur.s.name, cur.s.name_len) != 0))
			next++;
		assert_true(next < m->n);
		good += check_series(b, &cur.s, &m->v[next], coder);
		assert_true(++listed <= m->n);
	}
	return good;
}

static size_t model_chunks(const struct model *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->v[i].nchunks;
	return n;
}

static void test_round_trip(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 15, 16, 17, 33, 63, 64, 65, 200 };
	struct chunk_coder *coder = chunk_coder_new();

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buf out = { 0 };
		struct model m;
		struct block b;

		model_make(&m, sizes[i], 5, sizes[i] > 100 ? 60 : 2000);
		model_write(&m, coder, &out);
		assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
		assert_true(b.info.unit == plain.unit && b.info.level == 2 && b.info.window == -5 &&
			    b.info.seg_lo == 3 && b.info.seg_hi == 9 && b.info.id[2] == 3);
		assert_int_equal(b.info.chunks, model_chunks(&m));
		assert_int_equal(check_all(&b, &m, coder), model_chunks(&m));
		model_free(&m);
		buf_free(&out);
	}
	chunk_coder_delete(coder);
}

static void test_absent(void **state)
{
	struct chunk_coder *coder = chunk_coder_new();
	struct block_series s;
	struct buf out = { 0 };
	struct model m;
	struct block b;

	(void)state;
	model_make(&m, 100, 1, 3);
	model_write(&m, coder, &out);
	assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
	assert_int_equal(block_find(&b, "", 0, &s, NULL), COUNT_ERR_NOTFOUND);
	assert_int_equal(block_find(&b, "\x01", 1, &s, NULL), COUNT_ERR_NOTFOUND);
	assert_int_equal(block_find(&b, "\xff", 1, &s, NULL), COUNT_ERR_NOTFOUND);
	for (size_t i = 0; i < m.n; i++) {
		char name[COUNT_SERIES_MAX + 1];
		size_t len = m.v[i].len;

		memcpy(name, m.v[i].name, len);
		assert_int_equal(block_find(&b, name, len - 1, &s, NULL), COUNT_ERR_NOTFOUND);
		name[len] = '!';
		assert_int_equal(block_find(&b, name, len + 1, &s, NULL), COUNT_ERR_NOTFOUND);
		name[len - 1]++;
		assert_int_equal(block_find(&b, name, len, &s, NULL), COUNT_ERR_NOTFOUND);
	}
	model_free(&m);
	buf_free(&out);
	chunk_coder_delete(coder);
}

/* All chunks of one block by copy into another. */
static void test_copy(void **state)
{
	struct chunk_coder *coder = chunk_coder_new();
	struct buf out = { 0 }, out2 = { 0 };
	struct block_series_cursor cur = { 0 };
	struct block_writer *w = start(&out2, &plain);
	struct model m;
	struct block b, b2;

	(void)state;
	model_make(&m, 40, 6, 1500);
	model_write(&m, coder, &out);
	assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
	while (block_next_series(&b, &cur, NULL) == COUNT_OK) {
		struct block_chunk_cursor cc = { 0 };
		struct block_chunk c;

		assert_int_equal(block_writer_series(w, cur.s.name, cur.s.name_len), COUNT_OK);
		while (block_next_chunk(&b, &cur.s, &cc, &c, NULL) == COUNT_OK)
			assert_int_equal(block_writer_copy(w, coder, &b, &c, NULL), COUNT_OK);
	}
	finish(w);
	assert_int_equal(out.len, out2.len);
	assert_memory_equal(out.data, out2.data, out.len);
	assert_int_equal(block_open(&b2, out2.data, out2.len, NULL), COUNT_OK);
	assert_int_equal(check_all(&b2, &m, coder), model_chunks(&m));
	model_free(&m);
	buf_free(&out);
	buf_free(&out2);
	chunk_coder_delete(coder);
}

/* A chunk damaged in the source is refused, and the writer goes on. */
static void test_copy_damaged(void **state)
{
	struct chunk_coder *coder = chunk_coder_new();
	struct buf out = { 0 }, out2 = { 0 };
	struct block_writer *w = start(&out, &plain);
	int64_t times[] = { 1, 5, 7 };
	double values[] = { 1.5, 2, 1e300 };
	struct block_chunk_cursor cc = { 0 };
	struct block_series s;
	struct block_chunk c;
	struct block b;
	uint64_t at = 0;

	(void)state;
	assert_int_equal(block_writer_series(w, "a", 1), COUNT_OK);
	assert_int_equal(block_writer_chunk(w, coder, times, values, 3, 3, 9), COUNT_OK);
	finish(w);
	assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
	assert_int_equal(block_find(&b, "a", 1, &s, NULL), COUNT_OK);
	assert_int_equal(block_next_chunk(&b, &s, &cc, &c, NULL), COUNT_OK);
	out.data[c.values_off] ^= 1;
	w = start(&out2, &plain);
	assert_int_equal(block_writer_series(w, "a", 1), COUNT_OK);
	assert_int_equal(block_writer_copy(w, coder, &b, &c, &at), COUNT_ERR_CORRUPT);
	assert_int_equal(at, c.values_off);
	out.data[c.values_off] ^= 1;
	assert_int_equal(block_writer_copy(w, coder, &b, &c, &at), COUNT_OK);
	assert_int_equal(finish(w).points, 3);
	buf_free(&out);
	buf_free(&out2);
	chunk_coder_delete(coder);
}

/* Every byte changed in every bit, and every cut: right answers or COUNT_ERR_CORRUPT. */
static void test_damage(void **state)
{
	struct chunk_coder *coder = chunk_coder_new();
	struct buf out = { 0 };
	size_t silent = 0;
	struct model m;
	struct block b;

	(void)state;
	model_make(&m, 20, 3, 20);
	for (size_t i = 0; i < m.n; i++)
		m.v[i].len = m.v[i].len > 200 ? 200 : m.v[i].len, m.v[i].name[m.v[i].len] = '\0';
	model_write(&m, coder, &out);
	for (size_t i = 0; i < out.len; i++) {
		uint8_t was = out.data[i], *cut = malloc(i + 1);	/* exact: ASan sees what is past it */
		unsigned bit = (unsigned)rng(8);

		out.data[i] ^= (uint8_t)(1u << bit);
		if (block_open(&b, out.data, out.len, NULL) == COUNT_OK)
			silent += check_all(&b, &m, coder) == model_chunks(&m);
		out.data[i] = was;
		assert_non_null(cut);
		memcpy(cut, out.data, i);
		assert_int_equal(block_open(&b, cut, i, NULL), COUNT_ERR_CORRUPT);
		free(cut);
	}
	assert_int_equal(silent, 0);
	out.data[8] = 3;	/* a version, but no checksum */
	assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_ERR_CORRUPT);
	model_free(&m);
	buf_free(&out);
	chunk_coder_delete(coder);
}

static void test_orders(void **state)
{
	struct chunk_coder *coder = chunk_coder_new();
	int64_t times[] = { 1, 5, 5 };
	double values[] = { 1, 2, 3 };
	struct buf out = { 0 };
	struct block_info info;
	struct block_writer *w;

	(void)state;
	w = start(&out, &plain);
	assert_int_equal(block_writer_chunk(w, coder, times, values, 1, 1, 1), COUNT_ERR_INVALID);
	assert_int_equal(block_writer_finish(w, &info), COUNT_ERR_INVALID);
	block_writer_delete(w);
	w = start(&out, &plain);
	assert_int_equal(block_writer_series(w, "b", 1), COUNT_OK);
	assert_int_equal(block_writer_chunk(w, coder, times, values, 3, 1, 1), COUNT_ERR_INVALID);
	block_writer_delete(w);
	w = start(&out, &plain);
	assert_int_equal(block_writer_series(w, "b", 1), COUNT_OK);
	assert_int_equal(block_writer_chunk(w, coder, times + 1, values, 1, 1, 1), COUNT_OK);
	assert_int_equal(block_writer_chunk(w, coder, times, values, 1, 1, 1), COUNT_ERR_INVALID);
	block_writer_delete(w);
	w = start(&out, &plain);
	assert_int_equal(block_writer_series(w, "b", 1), COUNT_OK);
	assert_int_equal(block_writer_series(w, "b", 1), COUNT_ERR_INVALID);
	block_writer_delete(w);
	buf_clear(&out);
	w = start(&out, &plain);	/* a series without chunks leaves no trace */
	assert_int_equal(block_writer_series(w, "a", 1), COUNT_OK);
	assert_int_equal(block_writer_series(w, "b", 1), COUNT_OK);
	assert_int_equal(finish(w).series, 0);
	buf_free(&out);
	chunk_coder_delete(coder);
}

static int full_disk(void *arg, const void *data, size_t len)
{
	size_t *room = arg;

	(void)data;
	if (len > *room)
		return -1;
	*room -= len;
	return 0;
}

static void test_sink_fails(void **state)
{
	struct chunk_coder *coder = chunk_coder_new();
	int64_t times[] = { 1 };
	double values[] = { 1 };
	int ret = COUNT_ERR_IO;

	(void)state;
	for (size_t size = 0; ret != COUNT_OK; size++) {
		struct block_writer *w = NULL;
		struct block_info info;
		size_t room = size;

		assert_true(size < 1000);
		ret = block_writer_new(&plain, full_disk, &room, &w);
		if (ret == COUNT_OK)
			ret = block_writer_series(w, "a", 1);
		if (ret == COUNT_OK)
			ret = block_writer_chunk(w, coder, times, values, 1, 1, 1);
		if (ret == COUNT_OK)
			ret = block_writer_finish(w, &info);
		assert_true(ret == COUNT_OK || ret == COUNT_ERR_IO);
		block_writer_delete(w);
	}
	chunk_coder_delete(coder);
}

/* Extremes of times and of everything that is counted in differences. */
static void test_extremes(void **state)
{
	struct chunk_coder *coder = chunk_coder_new();
	int64_t times[] = { INT64_MIN, 0, INT64_MAX }, got[3];
	double values[] = { -INFINITY, 5e-324, INFINITY }, v[3];
	struct block_chunk_cursor cc = { 0 };
	struct buf out = { 0 };
	struct block_writer *w = start(&out, &plain);
	struct block_series s;
	struct block_chunk c;
	struct block b;

	(void)state;
	assert_int_equal(block_writer_series(w, "a", 1), COUNT_OK);
	assert_int_equal(block_writer_chunk(w, coder, times, values, 3, 0, UINT64_MAX), COUNT_OK);
	assert_int_equal(block_writer_chunk(w, coder, times + 2, values, 1, 0, UINT64_MAX), COUNT_OK);
	finish(w);
	assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
	assert_int_equal(block_find(&b, "a", 1, &s, NULL), COUNT_OK);
	assert_true(s.first_time == INT64_MIN && s.last_time == INT64_MAX);
	assert_int_equal(block_next_chunk(&b, &s, &cc, &c, NULL), COUNT_OK);
	assert_true(c.seg_lo == 0 && c.seg_hi == UINT64_MAX);
	assert_int_equal(block_read_chunk(&b, &c, coder, got, v, NULL), COUNT_OK);
	assert_memory_equal(got, times, sizeof(times));
	assert_memory_equal(v, values, sizeof(values));
	assert_int_equal(block_next_chunk(&b, &s, &cc, &c, NULL), COUNT_OK);
	assert_int_equal(block_read_chunk(&b, &c, coder, NULL, v, NULL), COUNT_OK);
	assert_int_equal(block_read_chunk(&b, &c, coder, got, NULL, NULL), COUNT_OK);
	assert_int_equal(block_next_chunk(&b, &s, &cc, &c, NULL), COUNT_ERR_NOTFOUND);
	buf_free(&out);
	chunk_coder_delete(coder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_copy_damaged),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_sink_fails),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
