/* archive_rewrite.c - pinned block files without what was archived; see archive_rewrite.h. */
#include "engine/archive_rewrite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fs.h"
#include "engine/blockname.h"
#include "engine/source.h"

enum {
	RESIDENT = 24 << 20,	/* bytes of a mapped file that were touched, before its pages are given back */
	SPARE_NUMBERS = 256,	/* beyond what is needed: a number may be taken by what a dead run left */
};

int archive_rewrite_begin(struct archive_rewrite *r, struct archive *a, struct count_error *err)
{
	*r = (struct archive_rewrite){ .a = a };
	for (size_t i = 0; i < PLAN_SLOTS; i++)
		r->out.open[i].fd = -1;
	r->coder = chunk_coder_new();
	r->drop = calloc(a->snap.nblocks + 1, sizeof(*r->drop));
	r->bad = calloc(a->snap.nblocks + 1, sizeof(*r->bad));
	r->stays = calloc(a->nseries + 1, sizeof(*r->stays));
	if (r->coder == NULL || r->drop == NULL || r->bad == NULL || r->stays == NULL)
		return err_nomem(err);
	return COUNT_OK;
}

void archive_rewrite_end(struct archive_rewrite *r)
{
	out_abort(&r->out);
	chunk_coder_delete(r->coder);
	free(r->drop);
	free(r->bad);
	free(r->stays);
	*r = (struct archive_rewrite){ 0 };
}

void archive_rewrite_undo(struct archive_rewrite *r)
{
	out_abort(&r->out);
	r->out.points = 0;
	r->removed = 0;
	memset(r->drop, 0, r->a->snap.nblocks * sizeof(*r->drop));
}

/* ---- What leaves ---- */

/* Points of the series before this time leave; INT64_MIN: none. */
static int64_t cut_of(const struct archive_rewrite *r, const char *name, size_t len)
{
	const struct archive *a = r->a;
	size_t lo = 0, hi = a->nseries;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct archive_series *s = &a->series[mid];
		int c = name_order(s->name, s->name_len, name, len);

		if (c == 0)
			return s->done && !r->stays[mid] ? a->cutoff : INT64_MIN;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return INT64_MIN;
}

/*
 * The file is left as it is, and so is every series that has points in it which should leave, or may have:
 * a file that cannot be opened may hold any.
 */
static int leave_alone(struct archive_rewrite *r, size_t block, uint64_t at, struct count_error *err)
{
	struct archive *a = r->a;
	const struct snapshot_block *b = &a->snap.blocks[block];
	struct count_error why = { 0 };
	char name[BLOCK_NAME_MAX], where[48] = "";

	block_name(b->entry->number, name);
	if (at != 0)
		snprintf(where, sizeof(where), " at byte %" PRIu64, at);
	err_set(&why, COUNT_ERR_CORRUPT, "%s/%s: damaged%s: what is archived of its series stays here too, as long "
		"as that file is there", a->db->dir.blocks_path, name, where);
	log_msg(&a->db->dir.log, 1, "%s", why.text);
	if (r->damage.code == COUNT_OK)
		r->damage = why;
	r->bad[block] = true;
	for (size_t i = 0; i < a->nseries; i++) {
		const struct archive_series *s = &a->series[i];
		struct block_series found;
		int ret = COUNT_ERR_CORRUPT;

		if (s->done && !r->stays[i] && b->open)
			ret = block_find(&b->block, s->name, s->name_len, &found, NULL);
		if (ret == COUNT_ERR_NOMEM)
			return err_nomem(err);
		if (ret != COUNT_ERR_NOTFOUND && (ret != COUNT_OK || found.first_time < a->cutoff))
			r->stays[i] = true;
	}
	return COUNT_OK;
}

struct fate { bool loses, keeps; };	/* points */

/* From the directory of series alone. */
static int fate_of_block(const struct archive_rewrite *r, size_t block, struct fate *f, uint64_t *at)
{
	struct block_series_cursor cur = { 0 };
	int ret;

	*f = (struct fate){ 0 };
	while ((ret = block_next_series(&r->a->snap.blocks[block].block, &cur, at)) == COUNT_OK) {
		int64_t cut = cut_of(r, cur.s.name, cur.s.name_len);

		f->loses = f->loses || cur.s.first_time < cut;
		f->keeps = f->keeps || cur.s.last_time >= cut;
	}
	return ret == COUNT_ERR_NOTFOUND ? COUNT_OK : ret;
}

/* ---- Writing a file anew ---- */

struct kept {			/* of one chunk */
	struct block_chunk chunk;
	int64_t first;		/* the first time that stays */
};

struct series_work {
	struct archive_rewrite *r;
	const struct block *from;
	int64_t cut;
	int64_t run_last;	/* the last time of the points that await encoding; INT64_MIN: of none */
	struct kept *v;
	size_t n, cap;
	size_t resident;
	uint64_t at;		/* where damage is */
	int64_t *times;		/* COLUMN_MAX_POINTS of each */
	double *values;
};

static int by_first_kept(const void *a, const void *b)
{
	const struct kept *p = a, *q = b;

	return p->first < q->first ? -1 : p->first > q->first;
}

static size_t first_at_or_after(const int64_t *times, size_t n, int64_t cut)
{
	size_t k = 0;

	while (k < n && times[k] < cut)
		k++;
	return k;
}

/* Notes what stays of a chunk, if anything does.  COUNT_ERR_CORRUPT is damage, with w->at. */
static int note_chunk(struct series_work *w, const struct block_chunk *c)
{
	int64_t first = c->stats.first_time;
	int ret = COUNT_OK;

	if (c->stats.last_time < w->cut)
		return COUNT_OK;
	if (first < w->cut) {
		ret = block_read_chunk(w->from, c, w->r->coder, w->times, NULL, &w->at);
		if (ret == COUNT_OK)
			first = w->times[first_at_or_after(w->times, (size_t)c->stats.count - 1, w->cut)];
	}
	if (ret == COUNT_OK && w->n == w->cap) {
		struct kept *v = reallocarray(w->v, w->cap * 2 + 16, sizeof(*v));

		if (v == NULL)
			return COUNT_ERR_NOMEM;
		w->v = v;
		w->cap = w->cap * 2 + 16;
	}
	if (ret == COUNT_OK)
		w->v[w->n++] = (struct kept){ *c, first };
	return ret;
}

/* Mapped pages of the input that were read are given back now and then. */
static void touched(struct series_work *w, const struct block_chunk *c)
{
	w->resident += (size_t)c->times_len + c->values_len;
	if (w->resident < RESIDENT)
		return;
	fs_let_go(w->from->data, w->from->len);
	w->resident = 0;
}

/* The points of a chunk from a time on.  What follows each other in time, with the same segments, is cut anew. */
static int write_points(struct series_work *w, const struct block_chunk *c, int64_t first, struct count_error *err)
{
	struct out_set *o = &w->r->out;
	size_t n = (size_t)c->stats.count, from;
	int ret = block_read_chunk(w->from, c, w->r->coder, w->times, w->values, &w->at);

	if (ret == COUNT_OK && first <= w->run_last)
		ret = out_end_chunk(o, err);
	if (ret != COUNT_OK)
		return ret;
	w->run_last = w->times[n - 1];
	from = first_at_or_after(w->times, n, first);
	return out_points(o, w->times + from, w->values + from, n - from, c->seg_lo, c->seg_hi, err);
}

/* A chunk that stays whole goes as it is, but to a file for the fewest bytes only if it is so encoded. */
static int write_chunk(struct series_work *w, const struct kept *k, struct count_error *err)
{
	struct out_set *o = &w->r->out;
	const struct block_chunk *c = &k->chunk;

	touched(w, c);
	if (k->first > c->stats.first_time || (o->level == COLUMN_MAX && w->from->info.coding != COLUMN_MAX))
		return write_points(w, c, k->first, err);
	w->run_last = INT64_MIN;
	return out_copy(o, w->from, c, &w->at, err);
}

static int write_series(struct series_work *w, const struct block_series *s, struct count_error *err)
{
	struct block_chunk_cursor cur = { 0 };
	struct block_chunk c;
	int ret;

	w->n = 0;
	w->run_last = INT64_MIN;
	w->cut = cut_of(w->r, s->name, s->name_len);
	if (s->last_time < w->cut)
		return COUNT_OK;
	while ((ret = block_next_chunk(w->from, s, &cur, &c, &w->at)) == COUNT_OK) {
		ret = note_chunk(w, &c);
		if (ret != COUNT_OK)
			return ret;
	}
	if (ret != COUNT_ERR_NOTFOUND)
		return ret;
	qsort(w->v, w->n, sizeof(*w->v), by_first_kept);
	out_begin_series(&w->r->out, s->name, s->name_len, -1);
	ret = COUNT_OK;
	for (size_t i = 0; i < w->n && ret == COUNT_OK; i++)
		ret = write_chunk(w, &w->v[i], err);
	return ret == COUNT_OK ? out_end_series(&w->r->out, err) : ret;
}

static int write_all(struct series_work *w, struct count_error *err)
{
	struct block_series_cursor cur = { 0 };
	int ret;

	while ((ret = block_next_series(w->from, &cur, &w->at)) == COUNT_OK) {
		ret = write_series(w, &cur.s, err);
		if (ret != COUNT_OK)
			return ret;
	}
	return ret == COUNT_ERR_NOTFOUND ? out_finish(&w->r->out, err) : ret;
}

/* COUNT_ERR_CORRUPT or COUNT_ERR_VERSION: its bytes are damaged at *at. */
static int write_block(struct archive_rewrite *r, size_t block, uint64_t *at, struct count_error *err)
{
	const struct snapshot_block *b = &r->a->snap.blocks[block];
	struct series_work w = { .r = r, .from = &b->block };
	int ret;

	plan_single(r->a->db->dir.format.unit, b->entry->level, b->entry->window, &r->plan);
	out_next_plan(&r->out, &r->plan, b->block.info.seg_lo, b->block.info.seg_hi);
	w.times = calloc(COLUMN_MAX_POINTS, sizeof(*w.times));
	w.values = calloc(COLUMN_MAX_POINTS, sizeof(*w.values));
	ret = w.times == NULL || w.values == NULL ? COUNT_ERR_NOMEM : write_all(&w, err);
	fs_let_go(b->block.data, b->block.len);
	free(w.v);
	free(w.times);
	free(w.values);
	*at = w.at;
	return ret == COUNT_ERR_NOMEM ? err_nomem(err) : ret;
}

/* ---- All files ---- */

/* Holds something that may leave, or an older value of it; not a restored one. */
static bool is_concerned(const struct archive_rewrite *r, size_t block)
{
	const struct current_block *e = r->a->snap.blocks[block].entry;

	return !r->bad[block] && (r->a->pinned[block] || (e->first_time < r->a->cutoff && e->seg_hi > 0));
}

/* What becomes of each file; *numbers: how many new ones there can be.  Damage: COUNT_ERR_CORRUPT, noted. */
static int decide(struct archive_rewrite *r, bool *anew, uint64_t *numbers, struct count_error *err)
{
	struct archive *a = r->a;
	uint64_t limit = a->db->file_bytes != 0 ? a->db->file_bytes : BLOCK_FILE_BYTES;

	*numbers = 0;
	for (size_t i = 0; i < a->snap.nblocks; i++) {
		struct fate f = { 0 };
		uint64_t at = 0;
		int ret = COUNT_ERR_CORRUPT;

		if (!is_concerned(r, i))
			continue;
		if (a->snap.blocks[i].open)
			ret = fate_of_block(r, i, &f, &at);
		if (ret == COUNT_ERR_NOMEM)
			return err_nomem(err);
		if (ret != COUNT_OK) {
			ret = leave_alone(r, i, at, err);
			return ret == COUNT_OK ? COUNT_ERR_CORRUPT : ret;
		}
		if (!a->pinned[i])
			continue;
		r->drop[i] = f.loses;
		anew[i] = f.loses && f.keeps;
		r->removed += f.loses ? a->snap.blocks[i].entry->points : 0;
		*numbers += anew[i] ? a->snap.blocks[i].entry->size / limit + 2 : 0;
	}
	return COUNT_OK;
}

/* COUNT_ERR_CORRUPT: a file was found damaged and is left alone from now on; begin again. */
static int try_all(struct archive_rewrite *r, bool *anew, struct count_error *err)
{
	struct archive *a = r->a;
	uint64_t numbers, limit = a->db->file_bytes != 0 ? a->db->file_bytes : BLOCK_FILE_BYTES;
	int ret = decide(r, anew, &numbers, err);

	if (ret == COUNT_OK && numbers > 0)
		ret = r->reserve(r, numbers + SPARE_NUMBERS, err);
	if (ret == COUNT_OK && out_set_init(&r->out, &a->db->dir, &r->plan, r->next_number, 0, 0, limit,
					    maint_coding(a->opt->level), r->coder) != COUNT_OK)
		ret = err_nomem(err);
	r->out.end_number = r->end_number;
	for (size_t i = 0; i < a->snap.nblocks && ret == COUNT_OK; i++) {
		struct count_error why = { 0 };
		uint64_t at = 0;

		if (!anew[i])
			continue;
		ret = write_block(r, i, &at, &why);
		if (ret == COUNT_ERR_CORRUPT || ret == COUNT_ERR_VERSION) {
			ret = leave_alone(r, i, at, err);
			return ret == COUNT_OK ? COUNT_ERR_CORRUPT : ret;
		}
		if (ret != COUNT_OK) {
			if (err != NULL && err->code == COUNT_OK)
				*err = why;
			return ret;
		}
	}
	r->removed -= r->out.points;
	return ret;
}

int archive_rewrite_run(struct archive_rewrite *r, struct count_error *err)
{
	bool *anew = calloc(r->a->snap.nblocks + 1, sizeof(*anew));
	int ret = anew == NULL ? err_nomem(err) : COUNT_ERR_CORRUPT;

	/* Ends: each time one more file is bad. */
	while (ret == COUNT_ERR_CORRUPT) {
		memset(anew, 0, r->a->snap.nblocks * sizeof(*anew));
		ret = try_all(r, anew, err);
		if (ret != COUNT_OK)
			archive_rewrite_undo(r);
	}
	free(anew);
	return ret;
}
