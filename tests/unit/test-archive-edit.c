/*
 * test-archive-edit.c - engine/archive_edit, archive_pack: random histories of a series against a model.
 *
 * Two maps from time to value are kept, what is local and what is in the bucket.  After each edit the objects of
 * the manifest, decoded, must give the second overlaid with what was due of the first.
 *	EDIT_ROUNDS=1000	more histories
 */
#include "editworld.h"
#include "format/block.h"

/* ---- Tests ---- */

static void test_histories(void **state)
{
	const char *env = getenv("EDIT_ROUNDS");
	size_t rounds = env != NULL ? strtoul(env, NULL, 10) : 40;
	static struct world w;

	(void)state;
	for (size_t seed = 1; seed <= rounds; seed++) {
		begin(&w, seed);
		for (size_t run = 0; run < 6; run++) {
			int64_t cutoff = time_of(rnd(&w, TIMES));

			for (size_t i = rnd(&w, 5); i > 0; i--)
				add_batch(&w);
			if (rnd(&w, 3) == 0)
				race(&w);
			if (rnd(&w, 2) == 0)
				cutoff = floor_div(cutoff, DAY) * DAY;
			archive(&w, cutoff);
			if (rnd(&w, 3) > 0)	/* else: killed before, or told to keep it */
				drop_local(&w, cutoff);
		}
		end(&w);
	}
}

static void add_points(struct world *w, size_t from, size_t n, size_t step, double value)
{
	struct batch *b = &w->batches[w->nbatches++];

	b->times = calloc(n, sizeof(*b->times));
	b->values = calloc(n, sizeof(*b->values));
	for (size_t i = 0; i < n; i++) {
		b->times[i] = time_of(from + i * step);
		b->values[i] = value + (double)i;
		w->local[from + i * step] = true;
		w->local_value[from + i * step] = b->values[i];
	}
	b->n = n;
}

/* Late points between two objects make a third; those inside one rewrite it alone. */
static void test_late(void **state)
{
	static struct world w;
	char *first, *second;

	(void)state;
	begin(&w, 1);
	w.object_bytes = 0;
	add_points(&w, 0, 1440, 1, 1);
	archive(&w, time_of(1440));
	drop_local(&w, time_of(1440));
	add_points(&w, 3 * 1440, 1440, 2, 1);
	archive(&w, time_of(10 * 1440));
	drop_local(&w, time_of(10 * 1440));
	assert_int_equal(w.m.nblocks, 2);
	first = strdup(w.m.blocks[0].key);
	second = strdup(w.m.blocks[1].key);

	add_points(&w, 2 * 1440, 3, 1, 7);
	w.fetches = 0;
	archive(&w, time_of(10 * 1440));
	drop_local(&w, time_of(10 * 1440));
	assert_int_equal(w.m.nblocks, 3);
	assert_int_equal(w.fetches, 0);
	assert_string_equal(w.m.blocks[0].key, first);
	assert_string_equal(w.m.blocks[1].key, second);

	add_points(&w, 3 * 1440 + 1, 1, 1, 9);
	archive(&w, time_of(10 * 1440));
	assert_int_equal(w.m.nblocks, 3);
	assert_string_equal(w.m.blocks[0].key, first);
	assert_int_equal(w.m.ngarbage, 1);
	assert_string_equal(w.m.garbage[0].key, second);
	free(first);
	free(second);
	end(&w);
}

/* Late points that are there already, with the same values, cost a look at the object and no more. */
static void test_nothing_new(void **state)
{
	static struct world w;
	size_t n;
	struct edit *e;

	(void)state;
	begin(&w, 1);
	w.object_bytes = 0;
	add_points(&w, 0, 1440, 1, 1);
	archive(&w, time_of(1440));
	drop_local(&w, time_of(1440));
	add_points(&w, 100, 50, 1, 101);
	n = w.nstore;
	w.fetches = 0;
	e = edit(&w, time_of(1440));
	assert_int_equal(w.fetches, 1);
	assert_int_equal(w.nstore, n);
	assert_false(edit_changes(e));
	edit_delete(e);
	end(&w);
}

/* A fresh manifest that lacks what was merged or relied on asks for a new edit; more entries do not. */
static void test_apply_to_another(void **state)
{
	static struct world w;
	struct manifest m;
	struct edit *e;

	(void)state;
	begin(&w, 1);
	w.object_bytes = 0;
	add_points(&w, 0, 1440, 1, 1);
	archive(&w, time_of(1440));	/* and stays here: relied on */
	add_points(&w, 2 * 1440, 1440, 1, 1);
	e = edit(&w, time_of(10 * 1440));
	assert_true(edit_changes(e));
	assert_int_equal(manifest_copy(&w.m, &m), COUNT_OK);
	manifest_add_block(&m)->key = strdup("p/x/block_1_2.json");
	assert_int_equal(edit_apply(e, 1, &m), COUNT_OK);
	assert_int_equal(m.nblocks, 3);
	assert_int_equal(edit_apply(e, 1, &m), COUNT_OK);	/* once more changes nothing */
	assert_int_equal(m.nblocks, 3);
	manifest_free(&m);

	assert_int_equal(manifest_copy(&w.m, &m), COUNT_OK);
	manifest_drop_block(&m, 0);
	assert_int_equal(edit_apply(e, 1, &m), EDIT_AGAIN);
	manifest_free(&m);

	assert_int_equal(manifest_copy(&w.m, &m), COUNT_OK);
	m.blocks[0].points_hash[3] ^= 1;
	assert_int_equal(edit_apply(e, 1, &m), EDIT_AGAIN);
	manifest_free(&m);

	assert_int_equal(manifest_copy(&w.m, &m), COUNT_OK);
	assert_int_equal(edit_add_garbage(&m, w.store[w.nstore - 1].key, 1), COUNT_OK);
	assert_int_equal(edit_apply(e, 1, &m), EDIT_AGAIN);
	manifest_free(&m);
	edit_delete(e);
	end(&w);
}

/* What another writer claims is looked at, and an object that does not hold it is an error, not "archived". */
static void test_claims(void **state)
{
	static struct world w;
	struct edit_input in;
	struct count_error err = { 0 };
	struct cold_object o = { 0 };
	enum edit_want want;
	struct edit *e;

	(void)state;
	begin(&w, 1);
	w.object_bytes = 0;
	add_points(&w, 0, 1440, 1, 1);
	archive(&w, time_of(1440));
	free(w.m.blocks[0].writer);
	w.m.blocks[0].writer = strdup(THEIRS);
	in = input(&w, time_of(1440));
	assert_int_equal(edit_new(&in, &e, &err), COUNT_OK);
	assert_int_equal(edit_next(e, &want, &err), COUNT_OK);
	assert_int_equal(want, EDIT_FETCH);
	copy_object(&w.store[0].object, &o);
	assert_int_equal(edit_supply(e, &o, &err), COUNT_OK);
	assert_int_equal(edit_next(e, &want, &err), COUNT_OK);
	assert_int_equal(want, EDIT_END);
	assert_false(edit_changes(e));
	edit_delete(e);

	/* The same times, other values: the entry's hash is not theirs. */
	free(w.batches[0].times);
	free(w.batches[0].values);
	w.nbatches = 0;
	add_points(&w, 0, 1440, 1, 5);
	w.m.nblocks = 0;
	e = edit(&w, time_of(1440));
	edit_delete(e);
	w.m.nblocks = 1;
	assert_int_equal(edit_new(&in, &e, &err), COUNT_OK);
	assert_int_equal(edit_next(e, &want, &err), COUNT_OK);
	assert_int_equal(want, EDIT_FETCH);
	copy_object(&w.store[w.nstore - 1].object, &o);
	assert_int_equal(edit_supply(e, &o, &err), COUNT_ERR_COLD);
	assert_true(strncmp(err.text, w.m.blocks[0].key, strlen(w.m.blocks[0].key)) == 0);
	edit_delete(e);

	/* A chunk that was damaged on the way. */
	err = (struct count_error){ 0 };
	assert_int_equal(edit_new(&in, &e, &err), COUNT_OK);
	assert_int_equal(edit_next(e, &want, &err), COUNT_OK);
	copy_object(&w.store[0].object, &o);
	o.chunks.data[o.chunks.len - 1] ^= 1;
	assert_int_equal(edit_supply(e, &o, &err), COUNT_ERR_COLD);
	edit_delete(e);
	w.nbatches = 1;
	end(&w);
}

static void test_local_damage(void **state)
{
	static struct world w;
	struct edit_input in;
	struct count_error err = { 0 };
	enum edit_want want;
	struct edit *e;

	(void)state;
	begin(&w, 1);
	add_points(&w, 0, 10, 1, 1);
	in = input(&w, time_of(1440));
	assert_int_equal(edit_new(&in, &e, &err), COUNT_OK);
	w.damaged = true;
	assert_int_equal(edit_next(e, &want, &err), COUNT_ERR_CORRUPT);
	edit_delete(e);
	assert_int_equal(edit_new(&in, &e, &err), COUNT_ERR_CORRUPT);
	end(&w);
}

/* ---- The packer alone ---- */

struct packed { size_t objects, chunks, with_dict, dicts; };

/* n points a stretch apart from midnight on: `kinds` different values of noise, 0: all.  They come back. */
static struct packed pack_all(size_t n, int64_t apart, uint64_t kinds, size_t object_bytes, bool midnights)
{
	static struct world w = { .seed = 88172645463325252u };
	struct chunk_coder *coder = chunk_coder_new();
	struct packer *p = pack_new(COUNT_UNIT_S, object_bytes, COLUMN_DEFAULT, coder);
	int64_t *times = calloc(n, sizeof(*times)), *got_times = calloc(COLUMN_MAX_POINTS, sizeof(*times));
	double *values = calloc(n, sizeof(*values)), *got = calloc(COLUMN_MAX_POINTS, sizeof(*got));
	struct cold_object o = { 0 };
	struct packed sum = { 0 };
	size_t at = 0;

	for (size_t i = 0, some; i < n; i += some) {
		some = 1 + rnd(&w, 5000) < n - i ? 1 + rnd(&w, 5000) % (n - i) : n - i;
		for (size_t k = i; k < i + some; k++) {
			times[k] = 100 * DAY + (int64_t)k * apart;
			values[k] = 1 / (3. + (double)(kinds == 0 ? rnd(&w, UINT32_MAX) : rnd(&w, kinds)));
		}
		assert_int_equal(pack_points(p, times + i, values + i, some), COUNT_OK);
	}
	assert_int_equal(pack_end(p), COUNT_OK);
	for (; pack_take(p, &o); sum.objects++) {
		struct chunklist l;

		assert_int_equal(chunklist_open(&l, o.chunks.data, o.chunks.len, NULL), COUNT_OK);
		assert_true(!midnights || floor_mod(o.block.start, DAY) == 0);
		assert_int_equal(o.block.ndays, floor_div(o.block.end, DAY) - floor_div(o.block.start, DAY) + 1);
		assert_true(l.n == 1 || o.chunks.len <= object_bytes + 64);
		for (size_t k = 0; k < l.n; k++) {
			assert_int_equal(chunklist_read(&l, k, coder, got_times, got, NULL), COUNT_OK);
			assert_memory_equal(got_times, times + at, l.v[k].points * sizeof(*times));
			assert_memory_equal(got, values + at, l.v[k].points * sizeof(*values));
			at += l.v[k].points;
			sum.with_dict += l.v[k].dict_len > 0;
			sum.dicts += l.v[k].dict_len > 0 && l.v[k].dict_off + l.v[k].dict_len == l.v[k].off;
		}
		sum.chunks += l.n;
		chunklist_close(&l);
		cold_object_free(&o);
	}
	assert_int_equal(at, n);
	pack_delete(p);
	chunk_coder_delete(coder);
	free(times);
	free(got_times);
	free(values);
	free(got);
	return sum;
}

/* Cuts are at midnights, but in days that are too large by themselves; dense days end chunks. */
static void test_cuts(void **state)
{
	struct packed p;

	(void)state;
	p = pack_all(60 * 288, 300, 0, 100000, true);		/* 28 days, 28, 4 */
	assert_true(p.objects == 2 && p.chunks == 3);
	p = pack_all(4 * 8640, 10, 0, 100000, true);		/* a day, in halves */
	assert_true(p.objects == 4 && p.chunks == 8);
	p = pack_all(4 * 8640, 10, 0, 50000, false);		/* half a day */
	assert_true(p.objects == 8 && p.chunks == 8);
}

/* Chunks of a run share a dictionary: once an object, and again in what is cut from it. */
static void test_dictionary(void **state)
{
	struct packed p;

	(void)state;
	p = pack_all(200 * 288, 300, 500, 4 << 20, true);
	assert_true(p.objects == 1 && p.with_dict == p.chunks && p.dicts == 1);
	p = pack_all(200 * 288, 300, 500, 30000, true);
	assert_true(p.objects > 2 && p.with_dict == p.chunks && p.dicts == p.objects);
	p = pack_all(BLOCK_RUN_POINTS + 50000, 300, 500, 100000, false);	/* two runs with the same */
	assert_true(p.objects > 2 && p.with_dict == p.chunks && p.dicts == p.objects);
}

/* Objects that overlap by the hundred are refused before memory goes. */
static void test_too_deep(void **state)
{
	static struct world w;
	struct edit_input in;
	struct count_error err = { 0 };
	enum edit_want want = EDIT_END;
	struct edit *e;
	int ret;

	(void)state;
	begin(&w, 1);
	for (size_t i = 0; i < 100; i++) {
		struct manifest_block *b = manifest_add_block(&w.m);

		*b = (struct manifest_block){ .key = strdup("k"), .end = 100, .points = 1, .size = 4 << 20 };
	}
	in = input(&w, time_of(TIMES - 1));
	assert_int_equal(edit_new(&in, &e, &err), COUNT_OK);
	do {
		ret = edit_next(e, &want, &err);
	} while (ret == COUNT_OK && want == EDIT_OBJECT);
	assert_int_equal(ret, COUNT_ERR_COLD);
	edit_delete(e);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histories),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_nothing_new),
		cmocka_unit_test(test_apply_to_another),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_local_damage),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_dictionary),
		cmocka_unit_test(test_too_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
