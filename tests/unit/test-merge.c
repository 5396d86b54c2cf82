/* test-merge.c - engine/merge: random pieces against "the highest rank at each time wins". */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h needs the above first */
#include <cmocka.h>

#include "base/error.h"
#include "engine/merge.h"

enum { TIMES = 4000 };		/* stamps are 0 .. TIMES - 1 */

struct fake {			/* a piece in memory */
	int64_t *times;
	double *values;
	size_t n, pos, step;	/* step 0: all at once, like a chunk */
	size_t fail_at;		/* damage once pos reaches this */
	bool stats;
};

static int fake_read(struct piece *p, struct chunk_coder *coder, int64_t *times, double *values,
		     size_t *n, struct count_error *err)
{
	struct fake *f = p->u.cold.source;
	size_t left = f->n - f->pos;

	(void)coder;
	(void)err;
	if (f->pos >= f->fail_at)
		return COUNT_ERR_CORRUPT;
	assert_true(*n >= p->room || left == 0);
	if (f->step != 0 && left > f->step)
		left = f->step;
	if (left > *n)
		left = *n;
	*n = left;
	if (left > 0) {
		memcpy(times, f->times + f->pos, left * sizeof(*times));
		memcpy(values, f->values + f->pos, left * sizeof(*values));
	}
	f->pos += left;
	return COUNT_OK;
}

/* Where its points lie, and nothing but they. */
static int fake_view(struct piece *p, struct chunk_coder *coder, const int64_t **times, double *values, size_t *n,
		     struct count_error *err)
{
	struct fake *f = p->u.cold.source;

	(void)coder;
	(void)err;
	if (f->step != 0 || f->pos != 0 || f->n % 2 == 0)
		return COUNT_ERR_NOTFOUND;
	if (f->fail_at == 0)
		return COUNT_ERR_CORRUPT;
	memcpy(values, f->values, f->n * sizeof(*values));
	*times = f->times;
	*n = f->n;
	f->pos = f->n;
	return COUNT_OK;
}

static bool fake_stats(const struct piece *p, struct chunk_stats *st)
{
	const struct fake *f = p->u.cold.source;

	if (f->stats)
		*st = (struct chunk_stats){ .first_time = p->first, .last_time = p->last,
					    .count = p->count };
	return f->stats;
}

static const struct piece_ops fake_ops = { .tier = COUNT_TIER_COLD, .read = fake_read, .view = fake_view,
					   .stats = fake_stats };

static uint64_t rnd(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* The oracle: at each time the value and rank of the newest point so far. */
struct world {
	struct piece_list list;
	double value[TIMES];
	struct rank rank[TIMES];
	bool have[TIMES];
	uint64_t seed;
};

static void add_piece(struct world *w, int64_t start, size_t want, int64_t gap, struct rank rank,
		      size_t step, bool stats)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct piece *p;
	int64_t t = start;

	f->times = calloc(want + 1, sizeof(*f->times));
	f->values = calloc(want + 1, sizeof(*f->values));
	for (; f->n < want && t < TIMES; t += 1 + (int64_t)(rnd(&w->seed) % (uint64_t)gap)) {
		f->times[f->n] = t;
		f->values[f->n] = (double)(rank.segment * 1000003 + rank.offset * 7919) + (double)t;
		if (!w->have[t] || rank_less(w->rank[t], rank)) {
			w->have[t] = true;
			w->rank[t] = rank;
			w->value[t] = f->values[f->n];
		}
		f->n++;
	}
	f->step = step;
	f->stats = stats;
	f->fail_at = SIZE_MAX;
	p = piece_list_add(&w->list);
	p->first = f->times[0];
	p->last = f->times[f->n - 1];
	p->count = f->n;
	p->rank = rank;
	p->room = step == 0 ? f->n : 1;
	p->ops = &fake_ops;
	p->u.cold.source = f;
}

static void world_free(struct world *w)
{
	for (size_t i = 0; i < w->list.len; i++) {
		struct fake *f = w->list.v[i].u.cold.source;

		free(f->times);
		free(f->values);
		free(f);
	}
	piece_list_free(&w->list);
}

static void world_rewind(struct world *w)
{
	for (size_t i = 0; i < w->list.len; i++)
		((struct fake *)w->list.v[i].u.cold.source)->pos = 0;
}

static bool want_all(void *arg, int64_t first, int64_t last)
{
	(void)arg;
	return first <= last;
}

/* Merges and compares; statistics count as their points. */
static void check(struct world *w, int64_t from, int64_t last, bool stats)
{
	struct merge_step step;
	struct merge *m;
	int64_t t = from;
	int ret;

	piece_list_sort(&w->list);
	assert_int_equal(merge_new(&w->list, from, last, NULL, &m), COUNT_OK);
	while ((ret = merge_next(m, stats ? want_all : NULL, NULL, &step, NULL)) == 1) {
		if (step.is_stats) {
			uint64_t n = 0;

			for (; t < step.stats.first_time; t++)
				assert_false(w->have[t]);
			for (; t <= step.stats.last_time; t++)
				n += w->have[t];
			assert_int_equal(n, step.stats.count);
			continue;
		}
		assert_true(step.n > 0);
		for (size_t i = 0; i < step.n; i++, t++) {
			for (; t < step.times[i]; t++)
				assert_false(w->have[t]);
			assert_int_equal(t, step.times[i]);
			assert_true(w->have[t] && t <= last);
			assert_true(w->value[t] == step.values[i]);
		}
	}
	assert_int_equal(ret, 0);
	for (; t <= last; t++)
		assert_false(w->have[t]);
	merge_delete(m);
}

static void check_all(struct world *w)
{
	for (int i = 0; i < 4; i++) {
		int64_t a = (int64_t)(rnd(&w->seed) % TIMES), b = (int64_t)(rnd(&w->seed) % TIMES);

		world_rewind(w);
		if (i == 0)
			check(w, 0, TIMES - 1, false);
		else if (i == 1)
			check(w, 0, TIMES - 1, true);
		else
			check(w, a < b ? a : b, a < b ? b : a, i == 3);
	}
}

static void test_random(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 1500; seed++) {
		struct world w = { .seed = seed * 0x9e3779b97f4a7c15u };
		size_t n = 1 + rnd(&w.seed) % (seed % 3 == 0 ? 2 : 12);

		for (size_t i = 0; i < n; i++) {
			/* distinct ranks, in no order: the piece's number is in the offset */
			struct rank rank = { rnd(&w.seed) % 5, i + 1 };

			add_piece(&w, (int64_t)(rnd(&w.seed) % TIMES),
				  1 + rnd(&w.seed) % (rnd(&w.seed) % 2 ? 20 : 1500),
				  1 + (int64_t)(rnd(&w.seed) % 3), rank,
				  rnd(&w.seed) % 3 == 0 ? 0 : rnd(&w.seed) % 300, rnd(&w.seed) % 2);
		}
		check_all(&w);
		world_free(&w);
	}
}

/* What a log committed line by line looks like, with a few long pieces under it. */
static void test_tiny(void **state)
{
	struct world w = { .seed = 77 };

	(void)state;
	for (size_t i = 0; i < 20000; i++)
		add_piece(&w, (int64_t)(rnd(&w.seed) % TIMES), 1 + rnd(&w.seed) % 3, 2,
			  (struct rank){ 3, i + 1 }, 1, false);
	check_all(&w);
	add_piece(&w, 100, 1000, 3, (struct rank){ 3, 9999999 }, 100, true);
	add_piece(&w, 500, 1000, 3, (struct rank){ 2, 0 }, 0, true);
	check_all(&w);
	world_free(&w);
}

static void test_edges(void **state)
{
	struct world w = { .seed = 5 };
	struct piece_list none = { 0 };
	struct merge_step step;
	struct merge *m;

	(void)state;
	assert_int_equal(merge_new(&none, INT64_MIN, INT64_MAX, NULL, &m), COUNT_OK);
	assert_int_equal(merge_next(m, NULL, NULL, &step, NULL), 0);
	/* Twice the same piece: the copy that a writer makes after a rotation. */
	add_piece(&w, 10, 500, 1, (struct rank){ 1, 1 }, 0, true);
	add_piece(&w, 10, 500, 1, (struct rank){ 2, 1 }, 0, true);
	/* Pieces that touch but do not overlap. */
	add_piece(&w, 510, 100, 1, (struct rank){ 1, 2 }, 0, true);
	check_all(&w);
	world_rewind(&w);
	merge_reset(m, &w.list, 10, 10);
	assert_int_equal(merge_next(m, NULL, NULL, &step, NULL), 1);
	assert_int_equal(step.n, 1);
	assert_int_equal(merge_next(m, NULL, NULL, &step, NULL), 0);
	merge_delete(m);
	world_free(&w);
}

/* A piece that cannot be read, at once or half-way, is left out; the others are whole. */
static void test_damage(void **state)
{
	(void)state;
	for (size_t fail_at = 0; fail_at <= 100; fail_at += 50) {
		struct world w = { .seed = 9 };
		struct merge_step step;
		struct merge *m;
		size_t n = 0;

		add_piece(&w, 0, 400, 1, (struct rank){ 1, 1 }, 0, false);
		add_piece(&w, 1000, 400, 1, (struct rank){ 1, 2 }, 0, false);
		add_piece(&w, 200, 200, 1, (struct rank){ 9, 1 }, 10, false);
		((struct fake *)w.list.v[2].u.cold.source)->fail_at = fail_at;
		piece_list_sort(&w.list);
		assert_int_equal(merge_new(&w.list, INT64_MIN, INT64_MAX, NULL, &m), COUNT_OK);
		while (merge_next(m, NULL, NULL, &step, NULL) == 1)
			n += step.n;
		assert_int_equal(n, 800);
		merge_delete(m);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_tiny),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
