/*
 * test-block-model.c - format/block: random sets of series against what was given, through all levels and copies.
 *
 * Series of a set tick together, but for what is lost, late or of their own; their values are of many kinds, which
 * change on the way.  Each set is written to two blocks, the first and the last part of each series; both are
 * read, then copied chunk by chunk to a third, which is read as it is and with bytes changed.  At the end
 * all that a block can hold must have come up.
 *	test-block-model [COUNT [SEED]]	COUNT sets from that seed on; also BLOCK_MODELS
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "codec/stats.h"
#include "format/block.h"

enum { SERIES = 40, CLOCKS = 3, POINTS = 40000, FLIPS = 40, DAY = 86400 };

struct series {
	char name[32];
	int64_t *times;
	double *values;
	size_t n, cut;		/* points from cut on are in the second block */
	uint64_t seg;
};

struct set { struct series v[SERIES]; size_t n; };

static struct seen {		/* chunks, by what they have */
	unsigned kinds[BLOCK_TIMES_KINDS], dictionary, edited_dictionary, tokens, pages, stats, recency, small, refused;
	char names[64][32];	/* of encodings of values */
	unsigned nnames;
} seen;

static struct chunk_coder *coder;
static uint64_t rng_state;
static unsigned nsets = 40;
static uint64_t first_seed = 1;

static uint64_t rng(uint64_t below)	/* splitmix64 */
{
	uint64_t z = rng_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return below == 0 ? z ^ z >> 31 : (z ^ z >> 31) % below;
}

/* ---- What is written ---- */

struct clock { int64_t first; uint64_t step, jitter; size_t n; unsigned lost; };

static struct clock make_clock(void)
{
	static const uint64_t steps[] = { 1, 7, 10, 1000, 15000, 60000, 900000, UINT64_C(1000000007) };
	static const size_t lengths[] = { 1, 2, 3, 50, 700, 1024, 3000, 9000, 20000, POINTS };
	struct clock c = { .step = steps[rng(8)], .n = lengths[rng(10)], .lost = (unsigned)rng(3) * 150 };

	c.jitter = rng(2) ? 0 : c.step / 10;
	c.first = rng(8) == 0 ? INT64_MIN : rng(8) == 0 ? INT64_MAX - (int64_t)(c.step * (c.n + 1)) :
		  1700000000000 - (int64_t)rng(100 * (uint64_t)DAY);
	return c;
}

/* What is lost and late by seed, which series of one scrape have in common. */
static size_t tick(const struct clock *c, uint64_t seed, int64_t *times)
{
	uint64_t state = rng_state;
	size_t n = 0;

	rng_state = seed;
	for (size_t i = 0; i < c->n; i++)
		if (c->lost == 0 || rng(c->lost) != 0)
			times[n++] = (int64_t)((uint64_t)c->first + c->step * i + (c->jitter > 0 ? rng(c->jitter) : 0));
	rng_state = state;
	return n;
}

static double one_value(unsigned kind, const double *few, size_t i, double before)
{
	static const uint64_t odd[] = { 0x7ff8000000000001, 0xfff0000000000123, 0x7ff0000000000000, 0x8000000000000000,
					0, 1, 0xffefffffffffffff, 0x7ff4deadbeefcafe };

	switch (kind) {
	case 0: return 0;
	case 1: return few[0];
	case 2: return (double)(i * 17 + rng(5));
	case 3: return (double)(uint32_t)((uint32_t)i * 123456789u + (uint32_t)(rng(1000) + rng(1000)));
	case 4: return (double)rng(10000) / 100;
	case 5: return before + (double)rng(7) - 3;
	case 6: return before + ((double)(rng(1000) + rng(1000) + rng(1000)) - 1500) * 1e-3;
	case 7: return few[rng(500)];
	case 8: return few[rng(6000)];
	case 9: return (double)rng(100000) / 3;
	case 10: return f64_from_bits(odd[rng(8)]);
	case 11: return f64_from_bits(rng(0));
	case 12: return rng(50) == 0 ? f64_from_bits(odd[rng(8)]) : (double)rng(300) * 0.1;
	default: return (double)(int64_t)(rng(0) >> rng(64));
	}
}

static void make_values(struct series *s)
{
	static double few[6000];
	unsigned kind = (unsigned)rng(14);
	double before = 100;

	for (size_t i = 0; i < 6000; i++)
		few[i] = f64_from_bits(rng(0) >> 2);
	for (size_t i = 0; i < s->n; i++) {
		if (rng(20000) == 0)
			kind = (unsigned)rng(14);
		before = s->values[i] = one_value(kind, few, i, before);
	}
}

static void make_set(struct set *set)
{
	struct clock clocks[CLOCKS];
	uint64_t common[CLOCKS];
	size_t budget = 4 * POINTS;

	for (size_t i = 0; i < CLOCKS; i++) {
		clocks[i] = make_clock();
		common[i] = rng(0);
	}
	set->n = 0;
	while (set->n < SERIES) {
		struct series *s = &set->v[set->n];
		size_t at = rng(CLOCKS);
		const struct clock *c = &clocks[at];

		if (c->n > budget)
			break;
		budget -= c->n;
		snprintf(s->name, sizeof(s->name), rng(4) ? "m{i=\"%02zu\"}" : "other_name_%02zu", set->n);
		s->name[0] = (char)('a' + set->n / 10);
		s->times = malloc(c->n * sizeof(*s->times));
		s->values = malloc(c->n * sizeof(*s->values));
		assert_true(s->times != NULL && s->values != NULL);
		s->n = tick(c, rng(4) ? common[at] : rng(0), s->times);
		for (unsigned k = (unsigned)rng(4); k > 0 && s->n > 3; k--) {	/* of its own */
			size_t gone = rng(s->n);

			s->n--;
			memmove(s->times + gone, s->times + gone + 1, (s->n - gone) * sizeof(*s->times));
		}
		if (s->n == 0) {
			free(s->times);
			free(s->values);
			continue;
		}
		s->cut = rng(3) == 0 ? s->n : rng(s->n + 1);
		s->seg = 1 + rng(3);
		make_values(s);
		set->n++;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct series *)a)->name, ((const struct series *)b)->name);
}

static int to_buf(void *arg, const void *data, size_t len)
{
	buf_put(arg, data, len);
	return 0;
}

static struct block_writer *start(struct buf *out, enum column_level level)
{
	struct block_info info = { .unit = COUNT_UNIT_MS, .coding = level, .seg_lo = 2, .seg_hi = 2 };
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

/* Points [from, to) of a series, in runs as a flush has them or in chunks of any length. */
static void put_points(struct block_writer *w, const struct series *s, size_t from, size_t to)
{
	bool chunks = rng(4) == 0;
	size_t taken;

	assert_int_equal(block_writer_series(w, s->name, strlen(s->name)), COUNT_OK);
	while (from < to) {
		size_t n = chunks ? 1 + rng(COLUMN_MAX_POINTS) : 20000 + rng(BLOCK_RUN_POINTS - 20000);

		n = n < to - from ? n : to - from;
		if (chunks) {
			assert_int_equal(block_writer_chunk(w, coder, s->times + from, s->values + from, n, s->seg,
							    s->seg), COUNT_OK);
			taken = n;
		} else {
			assert_int_equal(block_writer_points(w, coder, s->times + from, s->values + from, n,
							     n < to - from, s->seg, s->seg, &taken), COUNT_OK);
		}
		from += taken;
	}
}

/* ---- What is read ---- */

static void note(const struct block *b, const struct block_chunk *c)
{
	const char *name = block_values_name(b, c);
	unsigned i = 0;

	seen.kinds[c->times.kind]++;
	seen.dictionary += c->dict_len > 0;
	seen.edited_dictionary += c->dict_len > 0 && (c->times.kind == BLOCK_TIMES_EDITED ||
						      c->times.kind == BLOCK_TIMES_SHARED);
	seen.tokens += strstr(name, "tokens") != NULL;
	seen.pages += c->stats.count > COLUMN_PAGE;
	seen.stats += c->has_stats;
	seen.recency += c->seg_lo != b->info.seg_lo;
	seen.small += c->crc_len > (uint64_t)c->times_len + c->values_len;
	while (i < seen.nnames && strcmp(seen.names[i], name) != 0)
		i++;
	if (i == seen.nnames && i < 64)
		snprintf(seen.names[seen.nnames++], sizeof(seen.names[0]), "%s", name);
}

static bool same_stats(const struct chunk_stats *a, const struct chunk_stats *b)
{
	return a->nan_count == b->nan_count && f64_bits(a->first) == f64_bits(b->first) &&
	       f64_bits(a->last) == f64_bits(b->last) && f64_bits(a->sum.lo) == f64_bits(b->sum.lo) &&
	       (f64_bits(a->min) == f64_bits(b->min) || (a->min != a->min && b->min != b->min)) &&
	       (f64_bits(a->max) == f64_bits(b->max) || (a->max != a->max && b->max != b->max)) &&
	       (f64_bits(a->sum.hi) == f64_bits(b->sum.hi) || (a->sum.hi != a->sum.hi && b->sum.hi != b->sum.hi));
}

/* Of the points of a chunk those of a range come with the rest of their pages. */
static void check_within(const struct block *b, const struct block_chunk *c, const int64_t *times, const double *values)
{
	static int64_t got_times[COLUMN_MAX_POINTS];
	static double got_values[COLUMN_MAX_POINTS];
	size_t n = c->stats.count, lo = rng(n), hi = lo + rng(n - lo), got;
	int64_t from = times[lo] - (times[lo] > INT64_MIN && rng(2));
	int64_t last = times[hi] + (times[hi] < INT64_MAX && rng(2));
	size_t begin = lo / COLUMN_PAGE * COLUMN_PAGE, end = (hi / COLUMN_PAGE + 1) * COLUMN_PAGE;

	if (begin == lo && lo > 0 && from == times[lo - 1])
		begin -= COLUMN_PAGE;
	if (end == hi + 1 && end < n && last == times[end])
		end += COLUMN_PAGE;
	end = end < n ? end : n;
	assert_int_equal(block_read_within(b, c, coder, from, last, got_times, got_values, &got, NULL), COUNT_OK);
	assert_int_equal(got, end - begin);
	assert_memory_equal(got_times, times + begin, got * sizeof(*times));
	assert_memory_equal(got_values, values + begin, got * sizeof(*values));
	if (lo + 1 < n && times[lo] + 1 < times[lo + 1]) {	/* a gap */
		assert_int_equal(block_read_within(b, c, coder, times[lo] + 1, times[lo] + 1, got_times, got_values,
						   &got, NULL), COUNT_OK);
		assert_true(got == ((lo + 1) % COLUMN_PAGE == 0 ? 0 : column_page_len(n, (unsigned)lo / COLUMN_PAGE)));
	}
}

/* A chunk that was read is the run of points that begins at its first time; returns how many, 0 if it is broken. */
static size_t check_chunk(const struct block *b, const struct block_chunk *c, const struct series *s)
{
	static int64_t times[COLUMN_MAX_POINTS];
	static double values[COLUMN_MAX_POINTS];
	size_t n = c->stats.count, at = 0, hi = s->n;
	unsigned from = (unsigned)rng(column_pages(n)), pages = 1 + (unsigned)rng(column_pages(n) - from);
	size_t some = 0;

	if (block_read_chunk(b, c, coder, times, values, NULL) != COUNT_OK)
		return 0;
	while (at < hi) {
		size_t mid = at + (hi - at) / 2;

		if (s->times[mid] < times[0])
			at = mid + 1;
		else
			hi = mid;
	}
	assert_true(at + n <= s->n && c->seg_lo == s->seg && c->seg_hi == s->seg);
	assert_memory_equal(times, s->times + at, n * sizeof(*times));
	assert_memory_equal(values, s->values + at, n * sizeof(*values));
	if (c->has_stats) {
		struct chunk_stats st;

		stats_of(times, values, n, &st);
		assert_true(same_stats(&st, &c->stats));
	}
	check_within(b, c, s->times + at, s->values + at);
	assert_int_equal(block_read_pages(b, c, coder, from, pages, times, values, NULL), COUNT_OK);
	for (unsigned i = 0; i < pages; i++)
		some += column_page_len(n, from + i);
	at += (size_t)from * COLUMN_PAGE;
	assert_memory_equal(times, s->times + at, some * sizeof(*times));
	assert_memory_equal(values, s->values + at, some * sizeof(*values));
	return n;
}

/* Reads it all; how many points are there and right.  None are there that should not be. */
static size_t check(const struct buf *file, const struct set *set, bool damaged)
{
	struct block_series_cursor cur = { 0 };
	struct block b;
	size_t points = 0;
	int ret;

	if (block_open(&b, file->data, file->len, NULL) != COUNT_OK)
		return 0;
	while ((ret = block_next_series(&b, &cur, NULL)) != COUNT_ERR_NOTFOUND) {
		struct series key = { 0 }, *s;
		struct block_chunk_cursor cc = { 0 };
		struct block_chunk c;

		if (ret != COUNT_OK) {
			assert_true(damaged);
			continue;
		}
		assert_true(cur.s.name_len < sizeof(key.name));
		memcpy(key.name, cur.s.name, cur.s.name_len);
		s = bsearch(&key, set->v, set->n, sizeof(key), by_name);
		assert_non_null(s);
		while ((ret = block_next_chunk(&b, &cur.s, &cc, &c, NULL)) != COUNT_ERR_NOTFOUND) {
			size_t n = ret == COUNT_OK ? check_chunk(&b, &c, s) : 0;

			assert_true(n > 0 || damaged);
			seen.refused += n == 0;
			points += n;
			if (!damaged)
				note(&b, &c);
		}
	}
	assert_true(damaged || points == b.info.points);
	return points;
}

/* ---- Copies ---- */

static void copy_series(struct block_writer *w, enum column_level level, const struct block *from,
			const struct series *s)
{
	static struct block_series found;
	static int64_t times[COLUMN_MAX_POINTS];
	static double values[COLUMN_MAX_POINTS];
	struct block_chunk_cursor cc = { 0 };
	struct block_chunk c;

	if (block_find(from, s->name, strlen(s->name), &found, NULL) != COUNT_OK)
		return;
	while (block_next_chunk(from, &found, &cc, &c, NULL) == COUNT_OK) {
		if (level == COLUMN_MAX && from->info.coding != COLUMN_MAX) {
			assert_int_equal(block_read_chunk(from, &c, coder, times, values, NULL), COUNT_OK);
			assert_int_equal(block_writer_chunk(w, coder, times, values, c.stats.count, c.seg_lo,
							    c.seg_hi), COUNT_OK);
		} else {
			assert_int_equal(block_writer_copy(w, coder, from, &c, NULL), COUNT_OK);
		}
	}
}

static void one_set(void)
{
	static struct set set;
	struct buf file[3] = { { 0 } };
	enum column_level level = (enum column_level)rng(3);
	struct block from[2];
	struct block_writer *w;
	size_t points = 0;

	make_set(&set);
	qsort(set.v, set.n, sizeof(set.v[0]), by_name);
	for (unsigned k = 0; k < 2; k++) {
		size_t part = 0;

		w = start(&file[k], (enum column_level)rng(3));
		for (size_t i = 0; i < set.n; i++) {
			const struct series *s = &set.v[i];
			size_t begin = k == 0 ? 0 : s->cut, end = k == 0 ? s->cut : s->n;

			put_points(w, s, begin, end);
			part += end - begin;
		}
		finish(w);
		assert_int_equal(check(&file[k], &set, false), part);
		assert_int_equal(block_open(&from[k], file[k].data, file[k].len, NULL), COUNT_OK);
		points += part;
	}
	w = start(&file[2], level);
	for (size_t i = 0; i < set.n; i++) {
		assert_int_equal(block_writer_series(w, set.v[i].name, strlen(set.v[i].name)), COUNT_OK);
		for (unsigned k = 0; k < 2; k++)
			copy_series(w, level, &from[k], &set.v[i]);
	}
	finish(w);
	assert_int_equal(check(&file[2], &set, false), points);
	for (unsigned i = 0; i < FLIPS && points <= POINTS; i++) {
		uint8_t *p = &file[2].data[rng(file[2].len)], was = *p;

		*p ^= (uint8_t)(1 + rng(255));
		check(&file[2], &set, true);
		*p = was;
	}
	for (unsigned k = 0; k < 3; k++)
		buf_free(&file[k]);
	for (size_t i = 0; i < set.n; i++) {
		free(set.v[i].times);
		free(set.v[i].values);
	}
}

static void test_sets(void **state)
{
	(void)state;
	coder = chunk_coder_new();
	assert_non_null(coder);
	for (unsigned i = 0; i < nsets; i++) {
		rng_state = first_seed + i;
		if (getenv("MODEL_TRACE") != NULL)
			print_message("seed %llu\n", (unsigned long long)rng_state);
		one_set();
	}
	chunk_coder_delete(coder);
	print_message("chunks: regular %u, own %u, shared %u, edited %u; dictionary %u (%u with shared times), "
		      "tokens %u, several pages %u, statistics %u, recency %u, in runs %u, refused %u; %u encodings\n",
		      seen.kinds[BLOCK_TIMES_REGULAR], seen.kinds[BLOCK_TIMES_OWN], seen.kinds[BLOCK_TIMES_SHARED],
		      seen.kinds[BLOCK_TIMES_EDITED], seen.dictionary, seen.edited_dictionary, seen.tokens, seen.pages,
		      seen.stats, seen.recency, seen.small, seen.refused, seen.nnames);
	if (nsets < 40)
		return;
	for (unsigned k = BLOCK_TIMES_REGULAR; k < BLOCK_TIMES_KINDS; k++)
		assert_true(seen.kinds[k] > 0);
	assert_true(seen.dictionary > 0 && seen.edited_dictionary > 0 && seen.tokens > 0 && seen.pages > 0 &&
		    seen.stats > 0 && seen.recency > 0 && seen.small > 0 && seen.refused > 0);
	assert_in_range(seen.nnames, 12, 64);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sets) };
	const char *env = getenv("BLOCK_MODELS");

	if (env != NULL)
		nsets = (unsigned)strtoul(env, NULL, 10);
	if (argc > 1)
		nsets = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
