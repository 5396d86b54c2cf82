/*
 * compact_merge.c - rewriting a set of block files as one, or a few.
 *
 * Series by series, in byte order of names over all files; compact_series.c says what becomes of each.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fs.h"
#include "engine/compact_work.h"

enum {
	RESIDENT = 24 << 20,	/* of mapped input, before pages are given back */
	THIN_POINTS = 1024,	/* of a series, on average: fewer are not worth more windows */
};

/* ---- Opening ---- */

/* A file that cannot be read is left alone for the rest of the run. */
int compact_give_up(struct work *w, size_t block, struct count_error *err)
{
	maint_note(w->m, &w->snap.damage);
	if (maint_note_bad(w->m, w->snap.current.blocks[block].number) != COUNT_OK)
		return err_nomem(err);
	return COUNT_ERR_CORRUPT;
}

static bool is_input(const struct work *w, size_t block)
{
	for (size_t i = 0; i < w->nin; i++)
		if (w->in[i].block == block)
			return true;
	return false;
}

static int open_block(struct work *w, size_t block, struct count_error *err)
{
	struct count_error why = { 0 };
	int ret = w->snap.blocks[block].open ? COUNT_OK
					     : snapshot_open_block(&w->snap, block, &why);

	if (ret == COUNT_OK && w->snap.blocks[block].open)
		return COUNT_OK;
	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	if (ret == COUNT_OK || ret == COUNT_ERR_CORRUPT || ret == COUNT_ERR_NOTFOUND ||
	    ret == COUNT_ERR_VERSION) {
		if (ret == COUNT_ERR_NOTFOUND)	/* under this generation, and we hold the lock */
			why.code = COUNT_ERR_CORRUPT;
		if (ret != COUNT_OK && w->snap.damage.code == COUNT_OK)
			maint_note(w->m, &why);
		return compact_give_up(w, block, err);
	}
	return err_set(err, ret, "%s", why.text);
}

static int open_inputs(struct work *w, struct count_error *err)
{
	w->in = calloc(w->job->nfiles, sizeof(*w->in));
	if (w->in == NULL)
		return err_nomem(err);
	w->first = INT64_MAX;
	w->last = INT64_MIN;
	w->lo = UINT64_MAX;
	for (size_t i = 0; i < w->job->nfiles; i++) {
		size_t block = w->job->files[i];
		const struct current_block *e = &w->snap.current.blocks[block];
		int ret = open_block(w, block, err);

		if (ret != COUNT_OK)
			return ret;
		w->in[w->nin++].block = block;
		w->first = e->first_time < w->first ? e->first_time : w->first;
		w->last = e->last_time > w->last ? e->last_time : w->last;
		w->lo = e->seg_lo < w->lo ? e->seg_lo : w->lo;
		w->hi = e->seg_hi > w->hi ? e->seg_hi : w->hi;
		w->points += e->points;
		w->bytes += e->size;
		w->covered += (double)e->last_time - (double)e->first_time + 1;
		if (w->snap.blocks[block].block.info.series > w->nseries)
			w->nseries = w->snap.blocks[block].block.info.series;
	}
	return COUNT_OK;
}

/* Other files whose times and segments touch those of the input. */
static int open_outside(struct work *w, struct count_error *err)
{
	w->outside = calloc(w->snap.nblocks + 1, sizeof(*w->outside));
	if (w->outside == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < w->snap.nblocks; i++) {
		const struct current_block *e = &w->snap.current.blocks[i];
		int ret;

		if (is_input(w, i) || e->first_time > w->last || e->last_time < w->first ||
		    e->seg_lo > w->hi || e->seg_hi < w->lo)
			continue;
		ret = open_block(w, i, err);
		if (ret == COUNT_ERR_CORRUPT)
			w->blind = true;
		else if (ret != COUNT_OK)
			return ret;
		else
			w->outside[w->noutside++] = i;
	}
	return COUNT_OK;
}

/* ---- Pages ---- */

void compact_touched(struct work *w, size_t bytes)
{
	w->resident += bytes;
	if (w->resident < RESIDENT)
		return;
	for (size_t i = 0; i < w->snap.nblocks; i++) {
		struct fs_map *map = &w->snap.blocks[i].map;

		if (w->snap.blocks[i].open && map->len > 0)
			fs_let_go(map->data, map->len);
	}
	w->resident = 0;
}

/* ---- Where the output goes ---- */

static int count_chunk_times(struct work *w, const struct piece *p, struct histogram *h,
			     struct count_error *err)
{
	int64_t *times = calloc(p->room, sizeof(*times));
	uint64_t at = 0;
	int ret = COUNT_ERR_NOMEM;

	if (times != NULL)
		ret = block_read_chunk(&w->snap.blocks[p->u.warm.block].block, &p->u.warm.chunk,
				       w->m->coder, times, NULL, &at);
	if (ret == COUNT_OK)
		ret = histogram_add_times(h, times, (size_t)p->count);
	else if (ret == COUNT_ERR_CORRUPT || ret == COUNT_ERR_VERSION)
		snapshot_note_block(&w->snap, p->u.warm.block, at);
	free(times);
	return ret == COUNT_ERR_NOMEM ? err_nomem(err) : ret;
}

static int count_block(struct work *w, size_t block, struct histogram *h, struct count_error *err)
{
	const struct block *b = &w->snap.blocks[block].block;
	struct block_series_cursor cur = { 0 };
	uint64_t at = 0;
	int ret;

	while ((ret = block_next_series(b, &cur, &at)) == COUNT_OK) {
		w->pieces.len = 0;
		ret = pieces_in_block(&w->snap, block, &cur.s, INT64_MIN, INT64_MAX, &w->pieces);
		for (size_t i = 0; i < w->pieces.len && ret == COUNT_OK; i++) {
			const struct piece *p = &w->pieces.v[i];

			ret = histogram_add_span(h, p->first, p->last, p->count);
			if (ret == COUNT_ERR_STOPPED)
				ret = count_chunk_times(w, p, h, err);
		}
		if (ret == COUNT_ERR_NOMEM)
			return err_nomem(err);
		if (ret != COUNT_OK || w->snap.ndamages > 0)
			return compact_give_up(w, block, err);
	}
	if (ret == COUNT_ERR_NOTFOUND)
		return COUNT_OK;
	snapshot_note_block(&w->snap, block, at);
	return compact_give_up(w, block, err);
}

/* What routing brought to a wide window stays there, though the first days of it hold all so far. */
static bool is_thin(const struct work *w)
{
	return w->job->route && w->job->level <= ROUTE_TOP && w->points / THIN_POINTS < w->nseries;
}

/*
 * Points move to smaller windows only where no third source is near: a chunk that must be copied
 * as it is cannot be cut at a border.
 */
static int make_plan(struct work *w, struct count_error *err)
{
	const struct compact_job *job = w->job;
	struct histogram h;
	int ret = COUNT_OK;

	plan_single(w->m->unit, job->level, job->window, &w->plan);
	if (job->max_windows < 2 || job->level == 0 || w->noutside > 0 || w->blind ||
	    job->keep_from != INT64_MIN || is_thin(w))
		return COUNT_OK;
	histogram_init(&h, w->m->unit);
	for (size_t i = 0; i < w->nin && ret == COUNT_OK; i++)
		ret = count_block(w, w->in[i].block, &h, err);
	if (ret == COUNT_OK)
		plan_make(&h, w->nseries, job->max_windows < PLAN_MAX ? job->max_windows : PLAN_MAX,
			  maint_quiet(w->m), &w->plan);
	histogram_free(&h);
	return ret;
}

/* Never more files than there were. */
static void plan_wide(struct work *w)
{
	const struct compact_job *job = w->job;
	int64_t quiet = maint_quiet(w->m);
	size_t base = 0;

	if (!job->route || job->keep_from != INT64_MIN || w->nin <= w->plan.n)
		return;
	for (size_t i = 1; i < w->plan.n; i++)
		if (w->plan.v[i].points > w->plan.v[base].points)
			base = i;
	route_begin(&w->route, w->m->unit, &w->plan, base, w->plan.v[base].last < quiet, w->covered,
		    w->bytes, maint_file_bytes(w->m));
	if (w->plan.nwide > w->nin - w->plan.n)
		w->plan.nwide = w->nin - w->plan.n;
}

/* The slot for the series at hand. */
static int wide_slot(const struct work *w)
{
	int64_t first = INT64_MAX, last = INT64_MIN;
	uint64_t n = 0;

	for (size_t i = 0; i < w->pieces.len; i++) {
		const struct piece *p = &w->pieces.v[i];

		n += p->count;
		first = p->first < first ? p->first : first;
		last = p->last > last ? p->last : last;
	}
	return route_series(&w->route, &w->plan, n, first, last);
}

/* ---- All series ---- */

static int next_series(struct work *w, struct input *in, struct count_error *err)
{
	uint64_t at = 0;
	int ret = block_next_series(&w->snap.blocks[in->block].block, &in->cur, &at);

	in->end = ret == COUNT_ERR_NOTFOUND;
	if (ret == COUNT_OK || in->end)
		return COUNT_OK;
	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	snapshot_note_block(&w->snap, in->block, at);
	return compact_give_up(w, in->block, err);
}

static int compare(const struct block_series *a, const struct block_series *b)
{
	int c = memcmp(a->name, b->name, a->name_len < b->name_len ? a->name_len : b->name_len);

	return c != 0 ? c : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

/* Marks the inputs that have the least name; returns one of them, NULL at the end. */
static const struct block_series *least(struct work *w)
{
	const struct block_series *min = NULL;

	for (size_t i = 0; i < w->nin; i++)
		if (!w->in[i].end && (min == NULL || compare(&w->in[i].cur.s, min) < 0))
			min = &w->in[i].cur.s;
	for (size_t i = 0; i < w->nin; i++)
		w->in[i].here = min != NULL && !w->in[i].end && compare(&w->in[i].cur.s, min) == 0;
	return min;
}

static int gather_series(struct work *w, struct count_error *err)
{
	w->pieces.len = 0;
	for (size_t i = 0; i < w->nin; i++) {
		struct input *in = &w->in[i];
		int ret = !in->here ? COUNT_OK
				    : pieces_in_block(&w->snap, in->block, &in->cur.s, INT64_MIN,
						      INT64_MAX, &w->pieces);

		if (ret != COUNT_OK)
			return err_nomem(err);
		if (in->here)
			compact_touched(w, 256);
		if (w->snap.ndamages > 0)
			return compact_give_up(w, in->block, err);
	}
	return COUNT_OK;
}

static int advance(struct work *w, struct count_error *err)
{
	int ret = COUNT_OK;

	for (size_t i = 0; i < w->nin && ret == COUNT_OK; i++)
		if (w->in[i].here)
			ret = next_series(w, &w->in[i], err);
	return ret;
}

/* A piece that merge_next() left out is damage too: the file keeps what is still in it. */
static int check_pieces(struct work *w, struct count_error *err)
{
	if (w->snap.ndamages == 0)
		return COUNT_OK;
	for (size_t i = 0; i < w->nin; i++)
		if (w->in[i].here)
			compact_give_up(w, w->in[i].block, err);
	return COUNT_ERR_CORRUPT;
}

static int write_all(struct work *w, struct count_error *err)
{
	const struct block_series *s;
	int ret = COUNT_OK;

	for (size_t i = 0; i < w->nin && ret == COUNT_OK; i++)
		ret = next_series(w, &w->in[i], err);
	while (ret == COUNT_OK && (s = least(w)) != NULL) {
		ret = gather_series(w, err);
		if (ret == COUNT_OK && w->noutside > 0)
			ret = compact_find_others(w, s->name, s->name_len, err);
		if (ret != COUNT_OK)
			break;
		out_begin_series(&w->out, s->name, s->name_len, wide_slot(w));
		for (size_t i = 0; i < w->pieces.len; i++)
			compact_touched(w, chunk_bytes(&w->pieces.v[i]));
		ret = compact_series(w, err);
		if (ret == COUNT_OK)
			ret = check_pieces(w, err);
		if (ret == COUNT_OK)
			ret = advance(w, err);
	}
	return ret == COUNT_OK ? out_finish(&w->out, err) : ret;
}

static int publish(struct work *w, struct count_error *err)
{
	bool *drop = calloc(w->m->cur.nblocks + 1, sizeof(*drop));
	int ret;

	if (drop == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < w->job->nfiles; i++)
		drop[w->job->files[i]] = true;
	ret = maint_publish(w->m, drop, &w->out, 0, err);
	free(drop);
	return ret;
}

static int work_run(struct work *w, struct count_error *err)
{
	int ret = open_inputs(w, err);

	if (ret == COUNT_OK)
		ret = open_outside(w, err);
	if (ret == COUNT_OK)
		ret = make_plan(w, err);
	if (ret != COUNT_OK)
		return ret;
	plan_wide(w);
	if (merge_new(&w->pieces, INT64_MIN, INT64_MAX, w->m->coder, &w->merge) != COUNT_OK ||
	    out_set_init(&w->out, w->m->dir, &w->plan, w->m->cur.next_number, w->lo, w->hi,
		     maint_file_bytes(w->m), maint_coding(w->m->opt->level), w->m->coder) != COUNT_OK)
		return err_nomem(err);
	ret = write_all(w, err);
	return ret == COUNT_OK ? publish(w, err) : ret;
}

int compact_merge(struct maint *m, const struct compact_job *job, struct count_error *err)
{
	struct work w = { .m = m, .job = job };
	size_t nbad = m->nbad;
	int ret;

	for (size_t i = 0; i < PLAN_SLOTS; i++)
		w.out.open[i].fd = -1;
	/* Nothing lies in this range: files are opened one by one. */
	ret = snapshot_open(m->dir, INT64_MAX, INT64_MIN, &w.snap, err);
	if (ret != COUNT_OK)
		return ret;
	ret = work_run(&w, err);
	out_abort(&w.out);
	merge_delete(w.merge);
	piece_list_free(&w.pieces);
	piece_list_free(&w.others);
	free(w.in);
	free(w.outside);
	snapshot_close(&w.snap);
	/* What was noted is left alone from here on; all else can go on. */
	return ret == COUNT_ERR_CORRUPT && m->nbad > nbad ? COUNT_OK : ret;
}
