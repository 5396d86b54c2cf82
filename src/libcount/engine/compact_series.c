/*
 * compact_series.c - one series of a compaction: which chunks are copied, which are merged.
 *
 * A chunk that overlaps none and is full enough is copied byte for byte; clusters that overlap, and
 * stubs next to each other, are merged and cut anew, with the full chunk beside them if they are few.
 *
 * Recency.  A chunk carries the range of segments its points came from, and of chunks that overlap
 * in time the one with the higher range wins.  Merging A and C gives the range A..C; were there a
 * B of the same time and series in a file that is not rewritten, with a range in between, then it
 * could be placed neither above nor below the result.  So chunks are merged only if every
 * other chunk that overlaps the result in time lies wholly below or above it in recency; otherwise
 * they are copied, each with its own range.  Invariant: chunks of a series that overlap in time have
 * ranges that do not.
 */
#include "engine/compact_work.h"

#include <stdlib.h>

#include "base/error.h"

enum { FULL_POINTS = 3072 };	/* a chunk of so many is good as it is: days of 7000 points are cut in two */

/* The chunks of the series in files outside that could come between. */
int compact_find_others(struct work *w, const char *name, size_t len, struct count_error *err)
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
			return compact_give_up(w, block, err);
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

	return p->first >= w->job->keep_from && plan_route_wide(&w->plan, w->out.wide, p->first, &until) >= 0 &&
	       p->last <= until;
}

/* One chunk that overlaps none, and full enough. */
static bool is_good(const struct work *w, size_t i, size_t end)
{
	const struct piece *p = &w->pieces.v[i];

	return end == i + 1 && p->count >= FULL_POINTS && can_copy(w, p);
}

/* What pieces [i, end) hold; more of the same recency may follow them in a chunk. */
static int merge_points(struct work *w, size_t i, size_t end, struct count_error *err)
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
	return ret == 0 ? COUNT_OK : ret;
}

static int merge_group(struct work *w, size_t i, size_t end, struct count_error *err)
{
	int ret = merge_points(w, i, end, err);

	return ret == COUNT_OK ? out_end_chunk(&w->out, err) : ret;
}

/* As it stands; but a file for the fewest bytes takes only what is so encoded: others anew, with their neighbours, so
 * that they can share a dictionary. */
static int copy_chunk(struct work *w, const struct piece *p, struct count_error *err)
{
	const struct block *from = &w->snap.blocks[p->u.warm.block].block;
	size_t i = (size_t)(p - w->pieces.v);
	uint64_t at = 0;
	int ret;

	if (w->out.level == COLUMN_MAX && from->info.coding != COLUMN_MAX)
		return merge_points(w, i, i + 1, err);
	ret = out_copy(&w->out, from, &p->u.warm.chunk, &at, err);

	compact_touched(w, chunk_bytes(p));
	if (ret == COUNT_ERR_CORRUPT && (err == NULL || err->code == COUNT_OK)) {
		snapshot_note_block(&w->snap, p->u.warm.block, at);
		return compact_give_up(w, p->u.warm.block, err);
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

/* The first end of a cluster past the middle of [i, end), or where that is the last one, before it. */
static size_t middle(const struct piece_list *l, size_t i, size_t end)
{
	size_t at = i, next = cluster_end(l, i);

	while (next < end && next - i <= (end - i) / 2) {
		at = next;
		next = cluster_end(l, next);
	}
	return next < end ? next : at > i ? at : end;
}

/*
 * From one chunk that is good as it is to the next: what lies between is merged, if it may be; else its
 * halves, and their halves.  Two splits at least halve a stretch, so the ends of the stretches to
 * come are two a bit of their number.
 */
static int write_group(struct work *w, size_t i, size_t end, struct count_error *err)
{
	size_t ends[2 * 64 + 1], n = 0;
	int ret = COUNT_OK;

	ends[n++] = end;
	while (n > 0 && ret == COUNT_OK) {
		size_t next = ends[n - 1], half = next;
		bool one = next == i + 1 && can_copy(w, &w->pieces.v[i]);
		bool merge = !one && may_merge(w, &w->pieces.v[i], next - i);

		if (!one && !merge)
			half = middle(&w->pieces, i, next);
		if (half < next) {
			ends[n++] = half;
			continue;
		}
		ret = one ? copy_chunk(w, &w->pieces.v[i], err)
			  : merge ? merge_group(w, i, next, err) : copy_cluster(w, i, next, err);
		i = next;
		n--;
	}
	return ret;
}

/* Stubs [i, end) that are too few to stand alone beside a good chunk. */
static bool is_few(const struct work *w, size_t i, size_t end)
{
	uint64_t n = 0;

	for (; i < end; i++)
		n += w->pieces.v[i].count;
	return n < FULL_POINTS / 2;
}

/* A good chunk, if `headed`, and the stubs behind it, which it takes in if they are few. */
static int write_headed(struct work *w, size_t i, size_t end, bool headed, struct count_error *err)
{
	int ret = COUNT_OK;

	if (headed && !is_few(w, i + 1, end)) {
		ret = copy_chunk(w, &w->pieces.v[i], err);
		i++;
	}
	return ret == COUNT_OK && i < end ? write_group(w, i, end, err) : ret;
}

int compact_series(struct work *w, struct count_error *err)
{
	size_t group = 0;	/* chunks from here on are not written yet */
	bool headed = false;	/* the first of them is a good one */
	int ret = COUNT_OK;

	piece_list_sort(&w->pieces);
	for (size_t i = 0, end; i < w->pieces.len && ret == COUNT_OK; i = end) {
		end = cluster_end(&w->pieces, i);
		if (!is_good(w, i, end) || (!headed && i > group && is_few(w, group, i)))
			continue;
		if (group < i)
			ret = write_headed(w, group, i, headed, err);
		group = i;
		headed = true;
	}
	if (ret == COUNT_OK && group < w->pieces.len)
		ret = write_headed(w, group, w->pieces.len, headed, err);
	return ret == COUNT_OK ? out_end_series(&w->out, err) : ret;
}
