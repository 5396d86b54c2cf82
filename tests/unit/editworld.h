/*
 * editworld.h - for test-archive-edit.c: one series, what is local of it, what is in the bucket, and how both must look
 * after an edit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "engine/archive_cold.h"
#include "engine/archive_edit.h"
#include "engine/archive_pack.h"

#define DAY INT64_C(86400)	/* the unit is seconds */
#define DAYS 60
#define TIMES (DAYS * 1440)	/* a point a minute at most */
#define OURS "00000000000000000000000000000001"
#define THEIRS "00000000000000000000000000000002"
#define MAX_BATCHES 64
#define MAX_STORED 4096

struct batch { int64_t *times; double *values; size_t n; };

struct stored { char *key; struct cold_object object; };

struct world {
	uint64_t seed;
	double next_value;
	struct batch batches[MAX_BATCHES];	/* local pieces, later ones win */
	size_t nbatches;
	bool have[TIMES], local[TIMES];
	double bucket_value[TIMES], local_value[TIMES];
	struct manifest m;
	struct stored store[MAX_STORED];
	size_t nstore;
	struct chunk_coder *coder;
	size_t object_bytes;
	bool damaged;
	size_t fetches;
};

static uint64_t rnd(struct world *w, uint64_t n)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return w->seed % n;
}

static int64_t time_of(size_t slot) { return (int64_t)slot * 60 - 20 * DAY; }	/* some before 1970 */
static size_t slot_of(int64_t time) { return (size_t)((time + 20 * DAY) / 60); }

/* ---- Local pieces ---- */

static int read_batch(struct piece *p, struct chunk_coder *coder, int64_t *times, double *values, size_t *n,
		      struct count_error *err)
{
	const struct batch *b = p->u.cold.source;
	size_t at = (size_t)p->u.cold.index, some = b->n - at < *n ? b->n - at : *n;

	(void)coder;
	(void)err;
	memcpy(times, b->times + at, some * sizeof(*times));
	memcpy(values, b->values + at, some * sizeof(*values));
	p->u.cold.index += some;
	*n = some;
	return COUNT_OK;
}

static const struct piece_ops batch_ops = { .tier = COUNT_TIER_WARM, .read = read_batch };

static int find(void *arg, int64_t from, int64_t last, struct piece_list *out, struct count_error *err)
{
	struct world *w = arg;

	(void)err;
	for (size_t i = 0; i < w->nbatches; i++) {
		struct batch *b = &w->batches[i];
		struct piece *p;

		if (b->n == 0 || b->times[0] > last || b->times[b->n - 1] < from)
			continue;
		p = piece_list_add(out);
		*p = (struct piece){ .first = b->times[0], .last = b->times[b->n - 1], .count = b->n,
				     .rank = { i + 1, 0 }, .room = 1, .ops = &batch_ops, .u.cold.source = b };
	}
	piece_list_sort(out);
	return COUNT_OK;
}

static int check(void *arg, struct count_error *err)
{
	struct world *w = arg;

	(void)err;
	return w->damaged ? COUNT_ERR_CORRUPT : COUNT_OK;
}

static void drop_local(struct world *w, int64_t before)
{
	for (size_t i = 0; i < w->nbatches; i++) {
		struct batch *b = &w->batches[i];
		size_t n = 0;

		for (size_t k = 0; k < b->n; k++) {
			if (b->times[k] < before)
				continue;
			b->times[n] = b->times[k];
			b->values[n++] = b->values[k];
		}
		b->n = n;
	}
	for (size_t s = 0; s < TIMES; s++)
		if (time_of(s) < before)
			w->local[s] = false;
}

/* Points at a random density in a random stretch; some with the value that is in the bucket already. */
static void add_batch(struct world *w)
{
	size_t from = rnd(w, TIMES), len = 1 + rnd(w, rnd(w, 3) == 0 ? TIMES : 3 * 1440), n = 0;
	size_t step = rnd(w, 3) == 0 ? 1 : rnd(w, 2) == 0 ? 60 : 1 + rnd(w, 2000);
	bool same = rnd(w, 4) == 0;
	struct batch *b;

	if (w->nbatches == MAX_BATCHES)
		return;
	b = &w->batches[w->nbatches++];
	b->times = calloc(TIMES, sizeof(*b->times));
	b->values = calloc(TIMES, sizeof(*b->values));
	for (size_t s = from; s < TIMES && s < from + len; s += step) {
		b->times[n] = time_of(s);
		b->values[n] = same && w->have[s] ? w->bucket_value[s] : (w->next_value += 0.5);
		w->local[s] = true;
		w->local_value[s] = b->values[n++];
	}
	b->n = n;
}

/* ---- The bucket ---- */

static void copy_object(const struct cold_object *from, struct cold_object *to)
{
	*to = (struct cold_object){ .kind = from->kind, .version = from->version, .unit = from->unit };
	assert_int_equal(manifest_block_copy(&from->block, &to->block), COUNT_OK);
	buf_put(&to->chunks, from->chunks.data, from->chunks.len);
}

static struct stored *find_stored(struct world *w, const char *key)
{
	for (size_t i = 0; i < w->nstore; i++)
		if (strcmp(w->store[i].key, key) == 0)
			return &w->store[i];
	return NULL;
}

/* Takes o; its entry in *entry. */
static void store(struct world *w, struct cold_object *o, const char *writer, struct manifest_block *entry)
{
	struct stored *s = &w->store[w->nstore];
	char key[128];
	unsigned nth = 1;

	do {
		snprintf(key, sizeof(key), "p/x/block_%lld_%lld_%u.json", (long long)o->block.start,
			 (long long)o->block.end, nth++);
	} while (find_stored(w, key) != NULL);
	assert_true(w->nstore++ < MAX_STORED);
	s->key = strdup(key);
	s->object = *o;
	*o = (struct cold_object){ 0 };
	assert_int_equal(manifest_block_copy(&s->object.block, entry), COUNT_OK);
	entry->key = strdup(key);
	entry->writer = strdup(writer);
	entry->etag = strdup("e");
	entry->size = s->object.chunks.len;
}

static struct edit_input input(struct world *w, int64_t cutoff)
{
	return (struct edit_input){
		.name = "x", .name_len = 1, .m = &w->m, .writer = OURS, .cutoff = cutoff, .unit = COUNT_UNIT_S,
		.coder = w->coder, .object_bytes = w->object_bytes, .find = find, .check = check, .arg = w,
	};
}

/* Runs an edit to its end; objects are stored. */
static struct edit *edit(struct world *w, int64_t cutoff)
{
	struct edit_input in = input(w, cutoff);
	struct count_error err = { 0 };
	enum edit_want want = EDIT_FETCH;
	struct edit *e;

	if (edit_new(&in, &e, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	while (want != EDIT_END) {
		struct cold_object o = { 0 };
		struct manifest_block entry;

		if (edit_next(e, &want, &err) != COUNT_OK)
			fail_msg("%s", err.text);
		if (want == EDIT_FETCH) {
			w->fetches++;
			copy_object(&find_stored(w, w->m.blocks[edit_wanted(e)].key)->object, &o);
			if (edit_supply(e, &o, &err) != COUNT_OK)
				fail_msg("%s", err.text);
		} else if (want == EDIT_OBJECT) {
			edit_take(e, &o);
			assert_string_equal(o.series, "x");
			store(w, &o, OURS, &entry);
			assert_int_equal(edit_stored(e, &entry), COUNT_OK);
		}
	}
	return e;
}

/* ---- What must hold ---- */

static void check_days(const struct manifest_block *b, const int64_t *times, const double *values, size_t n)
{
	size_t day = 0;

	for (size_t i = 0, end; i < n; i = end, day++) {
		struct chunk_stats st;

		for (end = i; end < n && floor_div(times[end], DAY) == floor_div(times[i], DAY); end++)
			;
		assert_true(day < b->ndays);
		stats_of(times + i, values + i, end - i, &st);
		assert_int_equal(b->days[day].first_time, st.first_time);
		assert_int_equal(b->days[day].last_time, st.last_time);
		assert_int_equal(b->days[day].count, st.count);
		assert_true(b->days[day].min == st.min && b->days[day].max == st.max);
		assert_true(b->days[day].first == st.first && b->days[day].last == st.last);
		assert_true(b->days[day].sum.hi == st.sum.hi);
	}
	assert_int_equal(day, b->ndays);
}

/* Decodes one object; adds its points to the two arrays, holds its entry against them. */
static void check_block(struct world *w, const struct manifest_block *b, bool *have, double *value)
{
	struct stored *s = find_stored(w, b->key);
	int64_t *times = calloc(b->points + COLUMN_MAX_POINTS, sizeof(*times));
	double *values = calloc(b->points + COLUMN_MAX_POINTS, sizeof(*values));
	struct points_hash *h = points_hash_new();
	struct chunk_stats st;
	struct chunklist l;
	uint8_t sum[16];
	size_t n = 0;

	assert_non_null(s);
	assert_int_equal(chunklist_open(&l, s->object.chunks.data, s->object.chunks.len, NULL), COUNT_OK);
	for (size_t i = 0; i < l.n; i++) {
		assert_true(n + l.v[i].points <= b->points);
		assert_int_equal(chunklist_read(&l, i, w->coder, times + n, values + n, NULL), COUNT_OK);
		n += l.v[i].points;
	}
	assert_int_equal(n, b->points);
	assert_int_equal(times[0], b->start);
	assert_int_equal(times[n - 1], b->end);
	points_hash_add(h, times, values, n);
	points_hash_end(h, sum);
	assert_true(b->has_hash && b->has_stats);
	assert_memory_equal(sum, b->points_hash, 16);
	stats_of(times, values, n, &st);
	assert_true(b->stats.min == st.min && b->stats.max == st.max && b->stats.count == n);
	assert_true(b->stats.sum.hi == st.sum.hi && b->stats.first == st.first && b->stats.last == st.last);
	if (b->ndays > 0)
		check_days(b, times, values, n);
	for (size_t i = 0; i < n; i++) {
		have[slot_of(times[i])] = true;
		value[slot_of(times[i])] = values[i];
	}
	points_hash_delete(h);
	chunklist_close(&l);
	free(times);
	free(values);
}

/* The manifest's objects give exactly what the model has; none overlaps another, if `apart`. */
static void check_bucket(struct world *w, bool apart)
{
	bool *have = calloc(TIMES, sizeof(*have));
	double *value = calloc(TIMES, sizeof(*value));

	for (size_t i = 0; i < w->m.nblocks; i++) {
		if (apart)
			assert_false(manifest_overlaps(&w->m, i));
		for (size_t k = 0; k < w->m.ngarbage; k++)
			assert_string_not_equal(w->m.blocks[i].key, w->m.garbage[k].key);
		check_block(w, &w->m.blocks[i], have, value);
	}
	for (size_t s = 0; s < TIMES; s++) {
		if (have[s] != w->have[s] || (have[s] && value[s] != w->bucket_value[s]))
			fail_msg("at %lld: %d %g in the bucket, wanted %d %g", (long long)time_of(s), have[s], value[s],
				 w->have[s], w->bucket_value[s]);
	}
	free(have);
	free(value);
}


/* One run: everything due goes, and a second run has nothing to do. */
static void archive(struct world *w, int64_t cutoff)
{
	size_t before = w->nstore;
	struct edit *e = edit(w, cutoff), *again = edit(w, cutoff);
	struct manifest m;
	size_t n = (w->nstore - before) / 2;

	/* The same from the same: made twice, byte for byte. */
	assert_int_equal((w->nstore - before) % 2, 0);
	for (size_t i = 0; i < n; i++) {
		const struct buf *a = &w->store[before + i].object.chunks, *b = &w->store[before + n + i].object.chunks;

		assert_int_equal(a->len, b->len);
		assert_memory_equal(a->data, b->data, a->len);
	}
	edit_delete(again);
	assert_int_equal(manifest_copy(&w->m, &m), COUNT_OK);	/* the edit borrows the one it was made from */
	m.seq++;
	assert_int_equal(edit_apply(e, 1, &m), COUNT_OK);
	for (size_t i = 0; i < w->m.nblocks; i++) {	/* what left went to the garbage */
		bool stays = false;

		for (size_t k = 0; k < m.nblocks; k++)
			stays |= strcmp(m.blocks[k].key, w->m.blocks[i].key) == 0;
		assert_true(stays || edit_is_garbage(&m, w->m.blocks[i].key));
	}
	edit_delete(e);
	manifest_free(&w->m);
	w->m = m;
	for (size_t s = 0; s < TIMES; s++) {
		if (!w->local[s] || time_of(s) >= cutoff)
			continue;
		w->have[s] = true;
		w->bucket_value[s] = w->local_value[s];
	}
	check_bucket(w, true);

	before = w->nstore;
	e = edit(w, cutoff);
	assert_false(edit_changes(e));
	assert_int_equal(w->nstore, before);
	edit_delete(e);
}

/* Another host, which did not see us: objects of its own in some range, later in the list. */
static void race(struct world *w)
{
	struct packer *p = pack_new(COUNT_UNIT_S, w->object_bytes, COLUMN_DEFAULT, w->coder);
	size_t from = rnd(w, TIMES), len = 1 + rnd(w, 5 * 1440), step = 1 + rnd(w, 100);
	struct cold_object o = { 0 };

	for (size_t s = from; s < TIMES && s < from + len; s += step) {
		int64_t t = time_of(s);
		double v = w->next_value += 0.5;

		assert_int_equal(pack_points(p, &t, &v, 1), COUNT_OK);
		w->have[s] = true;
		w->bucket_value[s] = v;
	}
	assert_int_equal(pack_end(p), COUNT_OK);
	while (pack_take(p, &o))
		store(w, &o, THEIRS, manifest_add_block(&w->m));
	pack_delete(p);
	check_bucket(w, false);
}

static void begin(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->seed = seed * 0x9e3779b97f4a7c15u + 1;
	w->coder = chunk_coder_new();
	w->object_bytes = rnd(w, 3) == 0 ? 0 : 500 + rnd(w, 20000);
}

static void end(struct world *w)
{
	for (size_t i = 0; i < w->nbatches; i++) {
		free(w->batches[i].times);
		free(w->batches[i].values);
	}
	for (size_t i = 0; i < w->nstore; i++) {
		free(w->store[i].key);
		cold_object_free(&w->store[i].object);
	}
	manifest_free(&w->m);
	chunk_coder_delete(w->coder);
}
