/*
 * merge.c - pieces of one series to one ascending run of points; see merge.h.
 *
 * A sweep over the pieces by first time.  A piece that overlaps no neighbour is read straight into
 * the output.  Otherwise pieces become sources in a heap on (time of the next point, rank
 * descending): the top is the winner of its time, and what follows with the same time is dropped.
 * Points are moved in runs, up to the next time of any other source, so interleaved pieces
 * cost a comparison a point and those that merely touch cost a memcpy.
 */
#include "engine/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/merge_source.h"

enum { OUT_POINTS = 2048 };	/* what a step gives at most, but for a chunk that is longer */

int merge_new(struct piece_list *pieces, int64_t from, int64_t last, struct chunk_coder *coder,
	      struct merge **m)
{
	struct merge *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return COUNT_ERR_NOMEM;
	p->pieces = pieces;
	p->from = from;
	p->last = last;
	p->coder = coder;
	*m = p;
	return COUNT_OK;
}

void merge_delete(struct merge *m)
{
	if (m == NULL)
		return;
	while (m->nheap > 0)
		source_delete(m->heap[--m->nheap]);
	while (m->nidle > 0)
		source_delete(m->idle[--m->nidle]);
	free(m->heap);
	free(m->idle);
	free(m->times);
	free(m->values);
	free(m);
}

void merge_reset(struct merge *m, struct piece_list *pieces, int64_t from, int64_t last)
{
	m->pieces = pieces;
	m->from = from;
	m->last = last;
	m->next = 0;
	m->alone = NULL;
	m->any = false;
	while (m->nheap > 0)
		source_put(m, m->heap[--m->nheap]);
}

/* ---- Giving points ---- */

/* The end of the run at the top that is before any other source and any piece not yet open. */
static size_t run_end(const struct merge *m)
{
	const struct source *s = m->heap[0];
	size_t end = s->n;

	for (size_t c = 1; c <= 2 && c < m->nheap; c++) {
		int64_t t = source_time(m->heap[c]);

		if (s->times[end - 1] >= t)
			end = merge_bound(s->times, s->pos, end, t, false);
		if (end == s->pos)	/* one time in both: the top is newer */
			return s->pos + 1;
	}
	if (m->next < m->pieces->len && s->times[end - 1] >= m->pieces->v[m->next].first)
		end = merge_bound(s->times, s->pos, end, m->pieces->v[m->next].first, false);
	return end == s->pos ? s->pos + 1 : end;
}

static void give(struct merge *m, size_t n, size_t *out)
{
	struct source *s = m->heap[0];

	memcpy(&m->times[*out], &s->times[s->pos], n * sizeof(*m->times));
	memcpy(&m->values[*out], &s->values[s->pos], n * sizeof(*m->values));
	s->pos += n;
	*out += n;
	m->any = true;
	m->latest = m->times[*out - 1];
}

/*
 * Two sources that interleave: no heap, a comparison a point.  a is the top.  Stops before
 * `limit` (an unopened piece), at the end of either, or when the output is full.
 */
static void merge_two(struct merge *m, struct source *a, struct source *b, bool limited,
		      int64_t limit, size_t *out)
{
	size_t i = a->pos, j = b->pos, k = *out;

	while (i < a->n && j < b->n && k < OUT_POINTS) {
		int64_t ta = a->times[i], tb = b->times[j], t = ta < tb ? ta : tb;
		bool take_a = ta < tb;

		if (limited && t >= limit)
			break;
		if (ta == tb) {
			struct rank ra = a->ranks != NULL ? a->ranks[i] : a->rank;
			struct rank rb = b->ranks != NULL ? b->ranks[j] : b->rank;

			take_a = !rank_less(ra, rb);
		}
		m->times[k] = t;
		m->values[k++] = take_a ? a->values[i] : b->values[j];
		i += ta == t;
		j += tb == t;
	}
	if (k > *out) {
		m->any = true;
		m->latest = m->times[k - 1];
	}
	a->pos = i;
	b->pos = j;
	*out = k;
}

/* After merge_two(): either of the two may be empty. */
static int settle_two(struct merge *m, struct count_error *err)
{
	for (size_t i = 2; i-- > 0;) {
		struct source *s = m->heap[i];
		int ret;

		if (s->pos < s->n)
			continue;
		ret = source_refill(m, s, err);
		if (ret != COUNT_OK)
			return ret;
		if (s->pos < s->n)
			continue;
		source_put(m, s);
		m->heap[i] = m->heap[--m->nheap];
	}
	if (m->nheap == 2)
		merge_sift_down(m, 0);
	return COUNT_OK;
}

static int step_top(struct merge *m, size_t *out, struct count_error *err)
{
	struct source *s = m->heap[0];
	size_t n;

	if (m->any && source_time(s) == m->latest) {
		s->pos++;		/* an older value of a time already given */
		return merge_settle_top(m, err);
	}
	n = run_end(m) - s->pos;
	if (n == 1 && m->nheap == 2) {
		bool limited = m->next < m->pieces->len;

		merge_two(m, s, m->heap[1], limited,
			  limited ? m->pieces->v[m->next].first : 0, out);
		return settle_two(m, err);
	}
	if (n > OUT_POINTS - *out)
		n = OUT_POINTS - *out;
	give(m, n, out);
	return merge_settle_top(m, err);
}

/* The cluster of overlapping pieces in the heap, until the output is full or the cluster ends. */
static int merge_cluster(struct merge *m, const int64_t **times, size_t *out, struct count_error *err)
{
	if (merge_reserve(&m->times, &m->values, &m->cap, OUT_POINTS) != COUNT_OK)
		return err_nomem(err);
	*times = m->times;
	while (m->nheap > 0 && *out < OUT_POINTS) {
		int ret = merge_open_due(m, err);

		if (ret == COUNT_OK && m->nheap > 0)
			ret = step_top(m, out, err);
		if (ret != COUNT_OK)
			return ret;
	}
	return COUNT_OK;
}

/* ---- Passing through ---- */

static bool stands_alone(const struct merge *m)
{
	size_t i = m->next;

	return i + 1 >= m->pieces->len || m->pieces->v[i].last < m->pieces->v[i + 1].first;
}

static int pass_through(struct merge *m, const int64_t **times, size_t *pos, size_t *n, struct count_error *err)
{
	struct piece *p = m->alone;
	size_t room = p->room > OUT_POINTS ? p->room : OUT_POINTS;
	int ret = COUNT_ERR_NOTFOUND;

	if (merge_reserve(&m->times, &m->values, &m->cap, room) != COUNT_OK)
		return err_nomem(err);
	if (p->ops->view != NULL)
		ret = merge_view(m, p, times, m->values, pos, n, err);
	if (ret == COUNT_ERR_NOTFOUND) {
		*n = m->cap;
		*times = m->times;
		ret = merge_read(m, p, m->times, m->values, pos, n, err);
	} else {
		m->alone = NULL;
	}
	if (ret == COUNT_OK && *n == 0)
		m->alone = NULL;
	return ret;
}

static bool take_stats(const struct merge *m, merge_want_stats *want_stats, void *arg,
		       struct merge_step *step)
{
	const struct piece *p = &m->pieces->v[m->next];

	return want_stats != NULL && p->ops->stats != NULL && p->first >= m->from &&
	       p->last <= m->last && want_stats(arg, p->first, p->last) &&
	       p->ops->stats(p, &step->stats);
}

/* With no cluster and nothing alone: decides what comes next.  1: step is filled. */
static int begin(struct merge *m, merge_want_stats *want_stats, void *arg, struct merge_step *step,
		 struct count_error *err)
{
	const struct piece *p = &m->pieces->v[m->next];
	size_t points;

	if (p->last < m->from || p->first > m->last) {
		m->next++;
		return COUNT_OK;
	}
	if (stands_alone(m)) {
		if (take_stats(m, want_stats, arg, step)) {
			step->is_stats = true;
			m->next++;
			return 1;
		}
		if (merge_tiny_run(m, &points) == m->next) {
			m->alone = &m->pieces->v[m->next++];
			return COUNT_OK;
		}
	}
	return merge_open_next(m, err);
}

int merge_next(struct merge *m, merge_want_stats *want_stats, void *arg, struct merge_step *step,
	       struct count_error *err)
{
	*step = (struct merge_step){ 0 };
	for (;;) {
		const int64_t *times = NULL;
		size_t pos = 0, n = 0;
		int ret = COUNT_OK;

		if (m->alone != NULL)
			ret = pass_through(m, &times, &pos, &n, err);
		else if (m->nheap > 0)
			ret = merge_cluster(m, &times, &n, err);
		else if (m->next < m->pieces->len)
			ret = begin(m, want_stats, arg, step, err);
		else
			return 0;
		if (ret != COUNT_OK)
			return ret;	/* 1 when begin() filled the step */
		if (n > pos) {
			step->times = times + pos;
			step->values = m->values + pos;
			step->n = n - pos;
			return 1;
		}
	}
}
