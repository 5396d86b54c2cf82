/* test-block-times.c - format/block: shared and edited times, pages, dictionaries, cuts, levels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "format/block.h"
#include "format/block_cut.h"
#include "format/block_edits.h"
#include "format/block_times.h"

enum { MAX_N = 300000, DAY = 86400 };

static struct chunk_coder *coder;
static int64_t times[MAX_N], got_times[MAX_N];
static double values[MAX_N], got_values[MAX_N];

static uint64_t rng_state = 7;

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

static struct block_writer *start(struct buf *out, enum column_level level)
{
	struct block_info info = { .unit = COUNT_UNIT_S, .coding = level, .seg_lo = 1, .seg_hi = 2 };
	struct block_writer *w = NULL;

	assert_int_equal(block_writer_new(&info, to_buf, out, &w), COUNT_OK);
	return w;
}

static void finish(struct block_writer *w)
{
	struct block_info info;

	assert_int_equal(block_writer_finish(w, &info), COUNT_OK);
	block_writer_delete(w);
}

static void put_series(struct block_writer *w, const char *name, size_t n)
{
	size_t at = 0, taken;

	assert_int_equal(block_writer_series(w, name, strlen(name)), COUNT_OK);
	while (at < n) {
		size_t some = n - at < BLOCK_RUN_POINTS ? n - at : BLOCK_RUN_POINTS;

		assert_int_equal(block_writer_points(w, coder, times + at, values + at, some, some < n - at, 1, 2,
						     &taken), COUNT_OK);
		assert_true(taken > 0 && (taken == some || some < n - at));
		at += taken;
	}
}

/* ---- Edits ---- */

static void edits_round_trip(const struct block_base *base, const int64_t *t, size_t n, size_t most)
{
	struct buf out = { 0 };
	int64_t *got = calloc(n, sizeof(*got));

	assert_non_null(got);
	assert_true(block_edits_put(base, t, n, 1u << 24, &out));
	assert_true(out.len <= most);
	assert_true(block_edits_apply(base, out.data, out.len, t[0], got, n));
	assert_memory_equal(got, t, n * sizeof(*t));
	for (size_t i = 0; i < out.len; i++) {	/* cut or changed: refused, or other times of as many */
		uint8_t *cut = malloc(i + 1);

		assert_non_null(cut);
		memcpy(cut, out.data, i);
		block_edits_apply(base, cut, i, t[0], got, n);
		cut[i] = (uint8_t)(out.data[i] ^ (1u << rng(8)));
		block_edits_apply(base, cut, i + 1, t[0], got, n);
		free(cut);
	}
	free(got);
	buf_free(&out);
}

/* Ticks, of which some are missing, late, or come in between. */
static size_t make_ticks(int64_t *t, size_t n, int64_t step, unsigned missing, unsigned late, unsigned extra)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t tick = 19675 * (int64_t)DAY + (int64_t)i * step;

		if (missing > 0 && rng(missing) == 0)
			continue;
		t[k++] = tick + (late > 0 && rng(late) == 0);
		if (extra > 0 && rng(extra) == 0)
			t[k++] = tick + step / 2;
	}
	return k;
}

static void test_edits(void **state)
{
	static const int64_t far[] = { INT64_MIN, -5, 0, INT64_MAX - 1, INT64_MAX };
	struct block_base base = { 0 };
	int64_t other[4000];

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		size_t n = make_ticks(times, 2 + rng(3000), 10, (unsigned)rng(3) * 50, (unsigned)rng(3) * 40,
				      (unsigned)rng(3) * 90);
		size_t m = make_ticks(other, 3000, 10, (unsigned)rng(3) * 50, (unsigned)rng(3) * 40, 0);

		if (n == 0)
			continue;
		base = (struct block_base){ .first = times[0], .step = 10 };
		edits_round_trip(&base, times, n, n * 4 + 64);
		base = (struct block_base){ .v = other, .n = m };
		edits_round_trip(&base, times, n, n * 4 + 64);
	}
	/* Nothing in common, and the ends of time. */
	base = (struct block_base){ .v = far, .n = 5 };
	edits_round_trip(&base, times, make_ticks(times, 100, 3, 0, 0, 0), 4000);
	base = (struct block_base){ .first = far[0], .step = 7 };
	edits_round_trip(&base, far, 5, 300);
	base = (struct block_base){ .first = far[0], .step = UINT64_MAX };
	edits_round_trip(&base, far, 5, 300);
	base = (struct block_base){ .v = times, .n = 100 };
	edits_round_trip(&base, far, 5, 300);
}

static void test_hostile_edits(void **state)
{
	static const int64_t v[] = { 1, 2, 3, 4 };
	static const struct { uint8_t bytes[4], len; bool good; } cases[] = {
		{ { 0 }, 0, true }, { { 4 << 2 | 1, 0 }, 2, false }, { { 0, 0 }, 2, false },
		{ { 0 << 2 | 1, 0 }, 2, true }, { { 3, 0 }, 2, false }, { { 5 << 2, 0 }, 2, false },
		{ { 4 << 2, 0 }, 2, false }, { { 0, 0x80 }, 2, false }, { { 3 << 2 | 2, 2 }, 2, true },
		{ { 4 << 2 | 2, 2 }, 2, false }, { { 0, 3 }, 2, false }, { { 0, 4 }, 2, false },
	};
	struct block_base base = { .v = v, .n = 4 };
	int64_t got[4];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (block_edits_apply(&base, cases[i].bytes, cases[i].len, 1, got, 4) != cases[i].good)
			fail_msg("case %zu", i);
}

/* ---- Whole blocks ---- */

/* What the series number i of the blocks below has; returns how many points. */
static size_t fill(unsigned i)
{
	size_t n = 0;

	rng_state = i / 3;	/* three alike */
	switch (i % 4) {
	case 0: n = make_ticks(times, 2000 + i, 10, 0, 0, 0); break;
	case 1: n = make_ticks(times, 2500, 10, 300, 0, 0); break;
	case 2: n = make_ticks(times, 3000, 10, 0, 10, 0); break;
	default: n = make_ticks(times, 100, 10, 7, 5, 9); break;
	}
	if (i % 5 == 0) {	/* as the others, but for a point */
		memmove(times + n / 2, times + n / 2 + 1, (n - n / 2 - 1) * sizeof(*times));
		n--;
	}
	for (size_t k = 0; k < n; k++)
		values[k] = (double)rng(1000) / 10 + i;
	return n;
}

static size_t read_all(const struct block *b, struct block_chunk *c, size_t nseries)
{
	size_t good = 0;

	for (unsigned i = 0; i < nseries; i++) {
		struct block_chunk_cursor cc = { 0 };
		static struct block_series s;
		char name[16];
		size_t n = fill(i);

		snprintf(name, sizeof(name), "s%03u", i);
		if (block_find(b, name, 4, &s, NULL) != COUNT_OK || s.points != n ||
		    block_next_chunk(b, &s, &cc, c, NULL) != COUNT_OK || c->stats.count != n ||
		    block_read_chunk(b, c, coder, got_times, got_values, NULL) != COUNT_OK)
			continue;
		assert_memory_equal(got_times, times, n * sizeof(*times));
		assert_memory_equal(got_values, values, n * sizeof(*values));
		good++;
	}
	return good;
}

static struct buf make_block(size_t nseries)
{
	struct buf out = { 0 };
	struct block_writer *w = start(&out, COLUMN_DEFAULT);

	for (unsigned i = 0; i < nseries; i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%03u", i);
		put_series(w, name, fill(i));
	}
	finish(w);
	return out;
}

static void test_shared(void **state)
{
	struct buf out = make_block(100);
	struct block_chunk c;
	unsigned kinds[BLOCK_TIMES_KINDS] = { 0 };
	struct block b;

	(void)state;
	assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
	assert_int_equal(read_all(&b, &c, 100), 100);
	for (unsigned i = 0; i < 100; i++) {
		struct block_chunk_cursor cc = { 0 };
		struct block_series s;
		char name[16];

		snprintf(name, sizeof(name), "s%03u", i);
		assert_int_equal(block_find(&b, name, 4, &s, NULL), COUNT_OK);
		assert_int_equal(block_next_chunk(&b, &s, &cc, &c, NULL), COUNT_OK);
		kinds[c.times.kind]++;
		assert_true(block_same_times(&c, &c));
		assert_true(block_is_regular(&c) == (c.times.kind == BLOCK_TIMES_REGULAR));
		assert_true(strlen(block_times_name(&b, &c)) > 2 && strlen(block_values_name(&b, &c)) > 2);
	}
	assert_true(kinds[BLOCK_TIMES_REGULAR] > 10 && kinds[BLOCK_TIMES_SHARED] > 10 &&
		    kinds[BLOCK_TIMES_EDITED] > 10 && kinds[BLOCK_TIMES_OWN] > 0);
	buf_free(&out);
}

/* Every bit of every byte in turn, every cut: the right points, or none. */
static void test_shared_damage(void **state)
{
	struct buf out = make_block(12);
	struct block_chunk c;
	struct block b;

	(void)state;
	for (size_t i = 0; i < out.len; i += 1 + rng(3)) {
		uint8_t was = out.data[i];

		out.data[i] ^= (uint8_t)(1u << rng(8));
		if (block_open(&b, out.data, out.len, NULL) == COUNT_OK)
			assert_true(read_all(&b, &c, 12) < 12);
		out.data[i] = was;
	}
	buf_free(&out);
}

/* Times given before as edits of a column that is out of reach by now: they get their own. */
static void test_base_gone(void **state)
{
	static struct block_times t;
	struct block_times_put put;
	struct buf column = { 0 };
	size_t n = 0;

	(void)state;
	rng_state = 5;
	for (unsigned k = 0; k < 10; k++) {
		int64_t *v = k == 0 ? got_times : times;

		for (size_t i = 0; i < 2000; i++)
			v[i] = (int64_t)(1000 * i + rng(400));
		assert_int_equal(block_times_put(&t, coder, COLUMN_DEFAULT, v, 2000, 64 + k, NULL, 0, &put), COUNT_OK);
		assert_int_equal(put.place.kind, BLOCK_TIMES_SHARED);
		if (k > 0)
			continue;
		n = 1999;
		memmove(v + 50, v + 51, (n - 50) * sizeof(*v));
		assert_int_equal(block_times_put(&t, coder, COLUMN_DEFAULT, v, n, 90, NULL, 0, &put), COUNT_OK);
		assert_int_equal(put.place.kind, BLOCK_TIMES_EDITED);
	}
	assert_int_equal(column_encode_times(coder, COLUMN_DEFAULT, got_times, n, &column), COUNT_OK);
	assert_int_equal(block_times_put(&t, coder, COLUMN_DEFAULT, got_times, n, 100, column.data, column.len, &put),
			 COUNT_OK);
	assert_int_equal(put.place.kind, BLOCK_TIMES_SHARED);
	buf_free(&column);
	block_times_free(&t);
}

/* Any pages of any chunk are what they are in the whole. */
static void test_pages(void **state)
{
	struct buf out = { 0 };
	struct block_writer *w = start(&out, COLUMN_DEFAULT);
	struct block b;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		size_t n = make_ticks(times, 8000, 30, i % 3 == 1 ? 400 : 0, i % 3 == 2 ? 3 : 0, 0);
		char name[] = { 's', (char)('0' + i), 0 };

		for (size_t k = 0; k < n; k++)
			values[k] = (double)rng(1 + 1000 * i);
		put_series(w, name, n);
	}
	finish(w);
	assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
	for (unsigned i = 0; i < 6; i++) {
		struct block_chunk_cursor cc = { 0 };
		struct block_series s;
		struct block_chunk c;
		char name[] = { 's', (char)('0' + i), 0 };

		assert_int_equal(block_find(&b, name, 2, &s, NULL), COUNT_OK);
		assert_int_equal(block_next_chunk(&b, &s, &cc, &c, NULL), COUNT_OK);
		assert_int_equal(block_read_chunk(&b, &c, coder, times, values, NULL), COUNT_OK);
		for (unsigned from = 0; from < column_pages(c.stats.count); from++) {
			for (unsigned n = 1; from + n <= column_pages(c.stats.count); n++) {
				size_t at = from * COLUMN_PAGE, len = n * COLUMN_PAGE;

				len = len < c.stats.count - at ? len : c.stats.count - at;
				assert_int_equal(block_read_pages(&b, &c, coder, from, n, got_times,
								  rng(2) ? got_values : NULL, NULL), COUNT_OK);
				assert_memory_equal(got_times, times + at, len * sizeof(*times));
				assert_int_equal(block_read_pages(&b, &c, coder, from, n, NULL, got_values, NULL),
						 COUNT_OK);
				assert_memory_equal(got_values, values + at, len * sizeof(*values));
			}
		}
		assert_int_equal(block_read_pages(&b, &c, coder, 0, 9, got_times, NULL, NULL), COUNT_ERR_INVALID);
		assert_int_equal(block_read_pages(&b, &c, coder, 0, 0, got_times, NULL, NULL), COUNT_ERR_INVALID);
	}
	buf_free(&out);
}

/* Long series of few values of all digits: a dictionary that many chunks need, copied along. */
static void test_dictionary(void **state)
{
	struct buf out = { 0 }, out2 = { 0 };
	struct block_writer *w = start(&out, COLUMN_DEFAULT), *w2 = start(&out2, COLUMN_DEFAULT);
	struct block_chunk_cursor cc = { 0 };
	size_t n = MAX_N, at = 0, needs = 0;
	double few[600];
	struct block_series s;
	struct block_chunk c;
	struct block b;

	(void)state;
	for (size_t i = 0; i < 600; i++)
		few[i] = (double)rng(UINT64_MAX) / 3e18;
	for (size_t i = 0; i < n; i++) {
		times[i] = 1700000000 + (int64_t)i * 60;
		values[i] = few[rng(600)];
	}
	put_series(w, "d", n);
	finish(w);
	print_message("%.3f bytes a point\n", (double)out.len / (double)n);
	assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
	assert_int_equal(block_find(&b, "d", 1, &s, NULL), COUNT_OK);
	assert_int_equal(block_writer_series(w2, "d", 1), COUNT_OK);
	while (block_next_chunk(&b, &s, &cc, &c, NULL) == COUNT_OK) {
		assert_int_equal(block_read_chunk(&b, &c, coder, got_times, got_values, NULL), COUNT_OK);
		assert_memory_equal(got_values, values + at, c.stats.count * sizeof(*values));
		at += c.stats.count;
		needs += c.dict_len > 0;
		assert_int_equal(block_writer_copy(w2, coder, &b, &c, NULL), COUNT_OK);
		if (c.dict_len > 0) {	/* its checksum */
			out.data[c.dict_off] ^= 1;
			assert_int_equal(block_read_chunk(&b, &c, coder, NULL, got_values, NULL), COUNT_ERR_CORRUPT);
			out.data[c.dict_off] ^= 1;
		}
	}
	assert_int_equal(at, n);
	assert_true(needs > 20);
	finish(w2);
	assert_int_equal(out.len, out2.len);
	assert_memory_equal(out.data, out2.data, out.len);
	buf_free(&out);
	buf_free(&out2);
}

/* ---- Cuts ---- */

static size_t cut_all(const struct block_cuts *before, size_t n, size_t *lens)
{
	size_t at = 0, k = 0;

	while (at < n) {
		lens[k] = block_cut(before, DAY, times + at, n - at, false);
		assert_true(lens[k] > 0 && lens[k] <= COLUMN_MAX_POINTS && lens[k] <= n - at);
		at += lens[k++];
	}
	return k;
}

static void test_cuts(void **state)
{
	struct block_cuts none = { 0 };
	int64_t starts[100];
	struct block_cuts before = { .v = starts };
	size_t lens[200], n, k, at;

	(void)state;
	/* Three days of 8640: two chunks each, of whole pages. */
	for (size_t i = 0; i < 3 * 8640; i++)
		times[i] = 20000 * (int64_t)DAY + (int64_t)i * 10;
	assert_int_equal(cut_all(&none, 3 * 8640, lens), 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(lens[i], i % 2 == 0 ? 5120 : 3520);
	/* A day of one point in five minutes is not worth a cut. */
	for (size_t i = 0; i < 20000; i++)
		times[i] = 20000 * (int64_t)DAY + (int64_t)i * 300;
	assert_int_equal(cut_all(&none, 20000, lens), 3);
	assert_true(lens[0] == 8192 && lens[1] == 8192);
	assert_int_equal(cut_all(&none, 8193, lens), 2);
	assert_true(lens[0] > 3000 && lens[1] > 3000);
	/* Some points fewer: cut at the same times. */
	n = 0;
	for (size_t i = 0; i < 20000; i++)
		if (i % 700 != 5)
			times[n++] = times[i];
	starts[0] = times[0];
	starts[1] = 20000 * (int64_t)DAY + 8192 * 300;
	starts[2] = 20000 * (int64_t)DAY + 16384 * 300;
	before.n = 3;
	k = cut_all(&before, n, lens);
	assert_int_equal(k, 3);
	assert_int_equal(times[lens[0]], starts[1]);
	assert_int_equal(times[lens[0] + lens[1]], starts[2]);
	/* More is to follow: what was cut is what is cut of all. */
	for (size_t i = 0; i < MAX_N; i++)
		times[i] = -3 * (int64_t)DAY + (int64_t)i * 17 + (int64_t)rng(17);
	k = cut_all(&none, MAX_N, lens);
	for (size_t i = at = 0; i < k && at + BLOCK_CUT_AHEAD < MAX_N - 1; at += lens[i++]) {
		assert_int_equal(block_cut(&none, DAY, times + at, BLOCK_CUT_AHEAD, true), 0);
		assert_int_equal(block_cut(&none, DAY, times + at, BLOCK_CUT_AHEAD + 1, true), lens[i]);
	}
	times[0] = INT64_MIN;
	times[1] = INT64_MAX;
	assert_int_equal(cut_all(&none, 2, lens), 1);
}

/* Levels reach the encoder. */
static void test_levels(void **state)
{
	size_t len[3];

	(void)state;
	for (unsigned level = COLUMN_FAST; level <= COLUMN_MAX; level++) {
		struct buf out = { 0 };
		struct block_writer *w = start(&out, (enum column_level)level);
		struct block b;

		rng_state = 1;
		for (size_t i = 0; i < 30000; i++) {
			times[i] = (int64_t)i * 60 + (int64_t)rng(2);
			values[i] = (double)(rng(4) == 0 ? rng(1000) : 500 + rng(4)) / 8;
		}
		put_series(w, "a", 30000);
		finish(w);
		assert_int_equal(block_open(&b, out.data, out.len, NULL), COUNT_OK);
		assert_int_equal(b.info.coding, level);
		assert_int_equal(block_coding(out.data, &(enum column_level){ 0 }), COUNT_OK);
		len[level] = out.len;
		buf_free(&out);
	}
	print_message("%zu, %zu, %zu bytes\n", len[0], len[1], len[2]);
	assert_true(len[COLUMN_FAST] > len[COLUMN_DEFAULT] && len[COLUMN_DEFAULT] >= len[COLUMN_MAX]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_hostile_edits),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_shared_damage),
		cmocka_unit_test(test_base_gone),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_dictionary),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_levels),
	};
	int ret;

	coder = chunk_coder_new();
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	chunk_coder_delete(coder);
	return ret;
}
