/*
 * compact_merge.c - rewriting a set of block files as one, or a few.
 *
 * Series by series, in byte order of names over all files.  A chunk that overlaps none and is
 * full enough is copied byte for byte; clusters that overlap, and stubs next to each other, are
 * merged and cut anew.
 *
 * Recency.  A chunk carries the range of segments its points came from, and of chunks that overlap
 * in time the one with the higher range wins.  Merging A and C gives the range A..C; were there a
 * B of the same time and series in a file that is not rewritten, with a range in between, then it
 * could be placed neither above nor below the result.  So chunks are merged only if every
 * other chunk that overlaps the result in time lies wholly below or above it in recency; otherwise
 * they are copied, each with its own range.  Invariant: chunks of a series that overlap in time have
 * ranges that do not.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "engine/flush.h"
#include "engine/merge.h"

enum {
	FULL_POINTS = 700,		/* a chunk of so many is good as it is */
	RESIDENT = 64 << 20,		/* of mapped input, before pages are given back */
};

struct input {
	size_t block;			/* in the snapshot */
	struct block_series_cursor cur;
	bool end;
	bool here;			/* has the series at hand */
};

struct work {
	struct maint *m;
	const struct compact_job *job;
	struct snapshot snap;
	struct input *in;
	size_t nin;
	size_t *outside;		/* blocks that may hold a third source */
	size_t noutside;
	bool blind;			/* one of them cannot be read: merge nothing */
	int64_t first, last;		/* hull of the input */
	uint64_t lo, hi;
	uint64_t points, nseries;
	struct plan plan;
	struct out_set out;
	struct merge *merge;
	struct piece_list pieces, others;
	size_t resident;
};

/* ---- Opening ---- */

/* A file that cannot be read is left alone for the rest of the run. */
static int give_up(struct work *w, size_t block, struct count_error *err)
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
		return give_up(w, block, err);
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

static size_t chunk_bytes(const struct piece *p)
{
	return (size_t)p->u.warm.chunk.times_len + p->u.warm.chunk.values_len;
}

static void touched(struct work *w, size_t bytes)
{
	w->resident += bytes;
	if (w->resident < RESIDENT)
		return;
	for (size_t i = 0; i < w->snap.nblocks; i++) {
		struct fs_map *map = &w->snap.blocks[i].map;

		if (w->snap.blocks[i].open && map->len > 0)
			madvise((void *)map->data, map->len, MADV_DONTNEED);
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
			return give_up(w, block, err);
	}
	if (ret == COUNT_ERR_NOTFOUND)
		return COUNT_OK;
	snapshot_note_block(&w->snap, block, at);
	return give_up(w, block, err);
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
	    job->keep_from != INT64_MIN)
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

/* ---- One series ---- */

/* The chunks of the series in files outside that could come between. */
static int find_others(struct work *w, const char *name, size_t len, struct count_error *err)
{
	w->others.len = 0;
	for (size_t i = 0; i < w->noutside; i++) {
		struct block_series s;
		uint64_t at = 0;
		size_t block = w->outside[i];
		int ret = block_find(&w->snap.blocks[block].block, name, len, &s, &at);

		if (ret == COUNT_OK)
			ret = pieces_in_block(&w->snap, block, &s, w->first, w->last, &w->others);
		else if (ret == COUNT_ERR_CORRUPT || ret == COUNT_ERR_VERSION)
			snapshot_note_block(&w->snap, block, at);
		if (ret == COUNT_ERR_NOMEM)
			return err_nomem(err);
		if (w->snap.ndamages > 0)
			return give_up(w, block, err);
	}
	return COUNT_OK;
}

struct hull { int64_t first, last; uint64_t lo, hi; };

static struct hull hull_of(const struct piece *v, size_t n)
{
	struct hull h = { INT64_MAX, INT64_MIN, UINT64_MAX, 0 };

	for (size_t i = 0; i < n; i++) {
		h.first = v[i].first < h.first ? v[i].first : h.first;
		h.last = v[i].last > h.last ? v[i].last : h.last;
		h.lo = v[i].seg_lo < h.lo ? v[i].seg_lo : h.lo;
		h.hi = v[i].seg_hi > h.hi ? v[i].seg_hi : h.hi;
	}
	return h;
}

/* No third source lies between. */
static bool may_merge(const struct work *w, const struct piece *v, size_t n)
{
	struct hull h = hull_of(v, n);

	if (w->blind)
		return false;
	for (size_t i = 0; i < w->others.len; i++) {
		const struct piece *o = &w->others.v[i];

		if (o->first <= h.last && o->last >= h.first && o->seg_lo <= h.hi &&
		    o->seg_hi >= h.lo)
			return false;
	}
	return true;
}

/* The end of the cluster that begins at i: pieces that overlap, one with the next. */
static size_t cluster_end(const struct piece_list *l, size_t i)
{
	int64_t last = l->v[i].last;

	for (i++; i < l->len && l->v[i].first <= last; i++)
		if (l->v[i].last > last)
			last = l->v[i].last;
	return i;
}

/* Wholly kept and in one window: its bytes can be copied. */
static bool can_copy(const struct work *w, const struct piece *p)
{
	int64_t until;

	return p->first >= w->job->keep_from && plan_route(&w->plan, p->first, &until) >= 0 &&
	       p->last <= until;
}

/* One chunk that overlaps none, and full enough. */
static bool is_good(const struct work *w, size_t i, size_t end)
{
	const struct piece *p = &w->pieces.v[i];

	return end == i + 1 && p->count >= FULL_POINTS && can_copy(w, p);
}

static int merge_group(struct work *w, size_t i, size_t end, struct count_error *err)
{
	struct piece_list part = { .v = w->pieces.v + i, .len = end - i };
	struct hull h = hull_of(part.v, part.len);
	struct merge_step step;
	int ret;

	merge_reset(w->merge, &part, w->job->keep_from, INT64_MAX);
	while ((ret = merge_next(w->merge, NULL, NULL, &step, err)) == 1) {
		ret = out_points(&w->out, step.times, step.values, step.n, h.lo, h.hi, err);
		if (ret != COUNT_OK)
			return ret;
	}
	return ret == 0 ? out_end_chunk(&w->out, err) : ret;
}

static int copy_chunk(struct work *w, const struct piece *p, struct count_error *err)
{
	uint64_t at = 0;
	int ret = out_copy(&w->out, &w->snap.blocks[p->u.warm.block].block, &p->u.warm.chunk, &at,
			   err);

	touched(w, chunk_bytes(p));
	if (ret == COUNT_ERR_CORRUPT && (err == NULL || err->code == COUNT_OK)) {
		snapshot_note_block(&w->snap, p->u.warm.block, at);
		return give_up(w, p->u.warm.block, err);
	}
	return ret;
}

/* A chunk of an unmerged cluster that loses its first points: what is left of it. */
struct clipped { const struct piece *piece; int64_t first; };

static int by_first_kept(const void *a, const void *b)
{
	const struct clipped *p = a, *q = b;

	return p->first < q->first ? -1 : p->first > q->first;
}

/* The first time of a piece that is kept; INT64_MIN with *none when all of it goes. */
static int first_kept(struct work *w, struct piece p, int64_t *first, bool *none,
		      struct count_error *err)
{
	struct piece_list one = { .v = &p, .len = 1 };
	struct merge_step step;
	int ret;

	merge_reset(w->merge, &one, w->job->keep_from, INT64_MAX);
	ret = merge_next(w->merge, NULL, NULL, &step, err);
	*none = ret == 0;
	if (ret == 1)
		*first = step.times[0];
	return ret == 1 ? COUNT_OK : ret;
}

/*
 * A cluster that must not be merged: each chunk with its own segments, by first time.  Those cut by
 * retention are read, the others copied.
 */
static int copy_cluster(struct work *w, size_t i, size_t end, struct count_error *err)
{
	struct clipped *v = calloc(end - i, sizeof(*v));
	size_t n = 0;
	int ret = COUNT_OK;

	if (v == NULL)
		return err_nomem(err);
	for (; i < end && ret == COUNT_OK; i++) {
		const struct piece *p = &w->pieces.v[i];
		bool none = p->last < w->job->keep_from;

		v[n] = (struct clipped){ p, p->first };
		if (!none && p->first < w->job->keep_from)
			ret = first_kept(w, *p, &v[n].first, &none, err);
		n += !none;
	}
	qsort(v, n, sizeof(*v), by_first_kept);
	for (size_t k = 0; k < n && ret == COUNT_OK; k++) {
		size_t at = (size_t)(v[k].piece - w->pieces.v);

		ret = v[k].piece->first >= w->job->keep_from ? copy_chunk(w, v[k].piece, err)
							     : merge_group(w, at, at + 1, err);
	}
	free(v);
	return ret;
}

/* From one chunk that is good as it is to the next: what lies between is merged, if it may be. */
static int write_group(struct work *w, size_t i, size_t end, struct count_error *err)
{
	int ret = COUNT_OK;

	if (end == i + 1 && can_copy(w, &w->pieces.v[i]))
		return copy_chunk(w, &w->pieces.v[i], err);
	if (may_merge(w, &w->pieces.v[i], end - i))
		return merge_group(w, i, end, err);
	for (size_t next; i < end && ret == COUNT_OK; i = next) {
		next = cluster_end(&w->pieces, i);
		ret = may_merge(w, &w->pieces.v[i], next - i) ? merge_group(w, i, next, err)
							      : copy_cluster(w, i, next, err);
	}
	return ret;
}

static int write_series(struct work *w, struct count_error *err)
{
	size_t group = 0;
	int ret = COUNT_OK;

	piece_list_sort(&w->pieces);
	for (size_t i = 0, end; i < w->pieces.len && ret == COUNT_OK; i = end) {
		end = cluster_end(&w->pieces, i);
		if (!is_good(w, i, end))
			continue;
		if (group < i)
			ret = write_group(w, group, i, err);
		if (ret == COUNT_OK)
			ret = copy_chunk(w, &w->pieces.v[i], err);
		group = end;
	}
	if (ret == COUNT_OK && group < w->pieces.len)
		ret = write_group(w, group, w->pieces.len, err);
	return ret == COUNT_OK ? out_end_series(&w->out, err) : ret;
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
	return give_up(w, in->block, err);
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
			touched(w, 256);
		if (w->snap.ndamages > 0)
			return give_up(w, in->block, err);
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
			give_up(w, w->in[i].block, err);
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
			ret = find_others(w, s->name, s->name_len, err);
		if (ret != COUNT_OK)
			break;
		out_begin_series(&w->out, s->name, s->name_len);
		for (size_t i = 0; i < w->pieces.len; i++)
			touched(w, chunk_bytes(&w->pieces.v[i]));
		ret = write_series(w, err);
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
	if (merge_new(&w->pieces, INT64_MIN, INT64_MAX, w->m->coder, &w->merge) != COUNT_OK ||
	    out_set_init(&w->out, w->m->dir, &w->plan, w->m->cur.next_number, w->lo, w->hi,
		     w->m->coder) != COUNT_OK)
		return err_nomem(err);
	ret = write_all(w, err);
	return ret == COUNT_OK ? publish(w, err) : ret;
}

int compact_merge(struct maint *m, const struct compact_job *job, struct count_error *err)
{
	struct work w = { .m = m, .job = job };
	size_t nbad = m->nbad;
	int ret;

	for (size_t i = 0; i < PLAN_MAX; i++)
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
