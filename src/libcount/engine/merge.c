/*
 * merge.c - pieces of one series to one ascending run of points; see merge.h.
 *
 * A sweep over the pieces by first time.  A piece that overlaps no neighbour is read straight into
 * the output.  Otherwise pieces become sources in a heap on (time of the next point, rank
 * descending): the top is the winner of its time, and what follows with the same time is dropped.
 * Points are moved in runs, up to the next time of any other source, so interleaved pieces
 * cost a comparison a point and those that merely touch cost a memcpy.
 *
 * An ingest that commits line by line leaves tens of thousands of pieces of a point or two.  These
 * are gathered into one source: read, sorted by (time, rank), thinned to one point a time.
 */
#include "engine/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum {
	OUT_POINTS = 2048,	/* what a step gives at most, but for a chunk that is longer */
	READ_POINTS = 1024,	/* of a piece that can be read in parts */
	TINY_POINTS = 32,	/* pieces up to this are gathered ... */
	TINY_PIECES = 8,	/* ... when so many follow each other, ... */
	GATHER_POINTS = 8192,	/* ... up to so many points at once */
};

struct source {
	struct piece *piece;	/* NULL: gathered, nothing left to read */
	struct rank rank;
	struct rank *ranks;	/* gathered: of each point; else NULL */
	int64_t *times;
	double *values;
	size_t pos, n, cap;
};

struct merge {
	struct piece_list *pieces;
	size_t next;			/* the piece to open next */
	int64_t from, last;
	struct chunk_coder *coder;
	struct source **heap;
	size_t nheap, heap_cap;
	struct source **idle;		/* closed ones, kept for their buffers */
	size_t nidle, idle_cap;
	struct piece *alone;		/* being passed through */
	int64_t *times;			/* output */
	double *values;
	size_t cap;
	bool any;			/* a point was given, the latest at: */
	int64_t latest;
};

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

static void source_delete(struct source *s)
{
	free(s->times);
	free(s->values);
	free(s->ranks);
	free(s);
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

/* Room for n points in a pair of columns. */
static int reserve(int64_t **times, double **values, size_t *cap, size_t n)
{
	int64_t *t;
	double *v;

	if (n <= *cap)
		return COUNT_OK;
	t = reallocarray(*times, n, sizeof(*t));
	if (t == NULL)
		return COUNT_ERR_NOMEM;
	*times = t;
	v = reallocarray(*values, n, sizeof(*v));
	if (v == NULL)
		return COUNT_ERR_NOMEM;
	*values = v;
	*cap = n;
	return COUNT_OK;
}

/* The first index from lo on whose time is >= t (> t when past). */
static size_t bound(const int64_t *times, size_t lo, size_t n, int64_t t, bool past)
{
	while (lo < n) {
		size_t mid = lo + (n - lo) / 2;

		if (times[mid] < t || (past && times[mid] == t))
			lo = mid + 1;
		else
			n = mid;
	}
	return lo;
}

/* Damage was noted by the piece: it is left out, the rest goes on. */
static bool is_damage(int ret)
{
	return ret == COUNT_ERR_CORRUPT || ret == COUNT_ERR_VERSION;
}

/*
 * Reads the next points of p that lie in the range to times and values, which have room for *n;
 * [*pos, *n) is what counts.  *n 0: the end.
 */
static int read_clipped(struct merge *m, struct piece *p, int64_t *times, double *values,
			size_t *pos, size_t *n, struct count_error *err)
{
	size_t room = *n;

	for (;;) {
		int ret;

		*n = room;
		*pos = 0;
		ret = p->ops->read(p, m->coder, times, values, n, err);
		if (is_damage(ret))
			*n = 0;
		else if (ret != COUNT_OK)
			return ret;
		if (*n == 0)
			return COUNT_OK;
		if (times[*n - 1] < m->from)
			continue;
		if (times[0] > m->last) {
			*n = 0;
			return COUNT_OK;
		}
		if (times[0] < m->from)
			*pos = bound(times, 0, *n, m->from, false);
		if (times[*n - 1] > m->last)
			*n = bound(times, *pos, *n, m->last, true);
		if (*pos < *n)
			return COUNT_OK;
	}
}

/* ---- The heap ---- */

static int64_t top_time(const struct source *s)
{
	return s->times[s->pos];
}

static struct rank top_rank(const struct source *s)
{
	return s->ranks != NULL ? s->ranks[s->pos] : s->rank;
}

/* Earlier, or at one time of higher rank. */
static bool before(const struct source *a, const struct source *b)
{
	int64_t ta = top_time(a), tb = top_time(b);

	return ta != tb ? ta < tb : rank_less(top_rank(b), top_rank(a));
}

static void sift_down(struct merge *m, size_t i)
{
	struct source *s = m->heap[i];

	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= m->nheap)
			break;
		if (c + 1 < m->nheap && before(m->heap[c + 1], m->heap[c]))
			c++;
		if (!before(m->heap[c], s))
			break;
		m->heap[i] = m->heap[c];
		i = c;
	}
	m->heap[i] = s;
}

static void sift_up(struct merge *m, size_t i)
{
	struct source *s = m->heap[i];

	while (i > 0 && before(s, m->heap[(i - 1) / 2])) {
		m->heap[i] = m->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	m->heap[i] = s;
}

static int grow(struct source ***v, size_t *cap, size_t len)
{
	struct source **p;

	if (len < *cap)
		return COUNT_OK;
	p = reallocarray(*v, *cap * 2 + 8, sizeof(struct source *));
	if (p == NULL)
		return COUNT_ERR_NOMEM;
	*v = p;
	*cap = *cap * 2 + 8;
	return COUNT_OK;
}

static struct source *source_get(struct merge *m)
{
	return m->nidle > 0 ? m->idle[--m->nidle] : calloc(1, sizeof(struct source));
}

static void source_put(struct merge *m, struct source *s)
{
	free(s->ranks);
	s->ranks = NULL;
	if (grow(&m->idle, &m->idle_cap, m->nidle) == COUNT_OK)
		m->idle[m->nidle++] = s;
	else
		source_delete(s);
}

/* Takes s, which has points or is dropped. */
static int push(struct merge *m, struct source *s)
{
	if (s->pos == s->n) {
		source_put(m, s);
		return COUNT_OK;
	}
	if (grow(&m->heap, &m->heap_cap, m->nheap) != COUNT_OK) {
		source_delete(s);
		return COUNT_ERR_NOMEM;
	}
	m->heap[m->nheap++] = s;
	sift_up(m, m->nheap - 1);
	return COUNT_OK;
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

static int refill(struct merge *m, struct source *s, struct count_error *err)
{
	s->pos = 0;
	s->n = 0;
	if (s->piece == NULL)
		return COUNT_OK;
	s->n = s->cap;
	return read_clipped(m, s->piece, s->times, s->values, &s->pos, &s->n, err);
}

/* The top has moved on: read more, close it, put it in its place. */
static int settle_top(struct merge *m, struct count_error *err)
{
	struct source *s = m->heap[0];

	if (s->pos == s->n) {
		int ret = refill(m, s, err);

		if (ret != COUNT_OK)
			return ret;
	}
	if (s->pos == s->n) {
		source_put(m, s);
		m->heap[0] = m->heap[--m->nheap];
	}
	if (m->nheap > 0)
		sift_down(m, 0);
	return COUNT_OK;
}

/* ---- Opening pieces ---- */

static int open_one(struct merge *m, struct piece *p, struct count_error *err)
{
	struct source *s = source_get(m);
	size_t want = p->count < READ_POINTS ? (size_t)p->count : READ_POINTS;
	int ret;

	if (want < p->room)
		want = p->room;
	if (want == 0)
		want = 1;
	if (s == NULL || reserve(&s->times, &s->values, &s->cap, want) != COUNT_OK) {
		if (s != NULL)
			source_delete(s);
		return err_nomem(err);
	}
	s->piece = p;
	s->rank = p->rank;
	ret = refill(m, s, err);
	if (ret != COUNT_OK) {
		source_delete(s);
		return ret;
	}
	return push(m, s) == COUNT_OK ? COUNT_OK : err_nomem(err);
}

struct gathered {
	int64_t time;
	double value;
	struct rank rank;
};

static int by_time_then_newest(const void *a, const void *b)
{
	const struct gathered *p = a, *q = b;

	if (p->time != q->time)
		return p->time < q->time ? -1 : 1;
	if (rank_less(p->rank, q->rank))
		return 1;
	return rank_less(q->rank, p->rank) ? -1 : 0;
}

/* All points of pieces [m->next, end) to g; a log of one-point frames passes through here. */
static int gather_read(struct merge *m, size_t end, struct gathered *g, size_t *len,
		       struct count_error *err)
{
	int64_t times[TINY_POINTS];
	double values[TINY_POINTS];

	for (; m->next < end; m->next++) {
		struct piece *p = &m->pieces->v[m->next];
		uint64_t left = p->count;	/* bounds g, whatever the piece does */

		while (left > 0) {
			size_t pos, n = TINY_POINTS;
			int ret = read_clipped(m, p, times, values, &pos, &n, err);

			if (ret != COUNT_OK)
				return ret;
			if (n == 0)
				break;
			for (; pos < n && left > 0; pos++, left--)
				g[(*len)++] = (struct gathered){ times[pos], values[pos], p->rank };
		}
	}
	return COUNT_OK;
}

static bool is_sorted(const struct gathered *g, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (by_time_then_newest(&g[i - 1], &g[i]) > 0)
			return false;
	return true;
}

/* Points to a source, the first (newest) of each time. */
static int gather_source(struct merge *m, struct gathered *g, size_t n)
{
	struct source *s = source_get(m);

	if (s == NULL)
		return COUNT_ERR_NOMEM;
	s->ranks = reallocarray(NULL, n, sizeof(*s->ranks));
	if (s->ranks == NULL || reserve(&s->times, &s->values, &s->cap, n) != COUNT_OK) {
		source_delete(s);
		return COUNT_ERR_NOMEM;
	}
	if (!is_sorted(g, n))
		qsort(g, n, sizeof(*g), by_time_then_newest);
	s->piece = NULL;
	s->pos = 0;
	s->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (s->n > 0 && s->times[s->n - 1] == g[i].time)
			continue;
		s->times[s->n] = g[i].time;
		s->values[s->n] = g[i].value;
		s->ranks[s->n++] = g[i].rank;
	}
	return push(m, s);
}

static int gather(struct merge *m, size_t end, size_t points, struct count_error *err)
{
	struct gathered *g = reallocarray(NULL, points, sizeof(*g));
	size_t n = 0;
	int ret;

	if (g == NULL)
		return err_nomem(err);
	ret = gather_read(m, end, g, &n, err);
	if (ret == COUNT_OK && n > 0 && gather_source(m, g, n) != COUNT_OK)
		ret = err_nomem(err);
	free(g);
	return ret;
}

/* The end of the run of tiny pieces at m->next that one gathering takes, and their points. */
static size_t tiny_run(const struct merge *m, size_t *points)
{
	size_t i = m->next;

	*points = 0;
	for (; i < m->pieces->len; i++) {
		const struct piece *p = &m->pieces->v[i];

		if (p->count > TINY_POINTS || p->room > TINY_POINTS ||
		    *points + p->count > GATHER_POINTS)
			break;
		*points += (size_t)p->count;
	}
	return i - m->next >= TINY_PIECES && *points > 0 ? i : m->next;
}

/* Opens the next piece, or with it a run of tiny ones that follow. */
static int open_next(struct merge *m, struct count_error *err)
{
	size_t points, end = tiny_run(m, &points);

	if (end > m->next)
		return gather(m, end, points, err);
	return open_one(m, &m->pieces->v[m->next++], err);
}

/* Every piece that may hold a point up to the top's time must be in the heap. */
static int open_due(struct merge *m, struct count_error *err)
{
	while (m->next < m->pieces->len &&
	       (m->nheap == 0 || m->pieces->v[m->next].first <= top_time(m->heap[0]))) {
		int ret = open_next(m, err);

		if (ret != COUNT_OK)
			return ret;
	}
	return COUNT_OK;
}

/* ---- Giving points ---- */

/* The end of the run at the top that is before any other source and any piece not yet open. */
static size_t run_end(const struct merge *m)
{
	const struct source *s = m->heap[0];
	size_t end = s->n;

	for (size_t c = 1; c <= 2 && c < m->nheap; c++) {
		int64_t t = top_time(m->heap[c]);

		if (s->times[end - 1] >= t)
			end = bound(s->times, s->pos, end, t, false);
		if (end == s->pos)	/* one time in both: the top is newer */
			return s->pos + 1;
	}
	if (m->next < m->pieces->len && s->times[end - 1] >= m->pieces->v[m->next].first)
		end = bound(s->times, s->pos, end, m->pieces->v[m->next].first, false);
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
		ret = refill(m, s, err);
		if (ret != COUNT_OK)
			return ret;
		if (s->pos < s->n)
			continue;
		source_put(m, s);
		m->heap[i] = m->heap[--m->nheap];
	}
	if (m->nheap == 2)
		sift_down(m, 0);
	return COUNT_OK;
}

static int step_top(struct merge *m, size_t *out, struct count_error *err)
{
	struct source *s = m->heap[0];
	size_t n;

	if (m->any && top_time(s) == m->latest) {
		s->pos++;		/* an older value of a time already given */
		return settle_top(m, err);
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
	return settle_top(m, err);
}

/* The cluster of overlapping pieces in the heap, until the output is full or the cluster ends. */
static int merge_cluster(struct merge *m, size_t *out, struct count_error *err)
{
	if (reserve(&m->times, &m->values, &m->cap, OUT_POINTS) != COUNT_OK)
		return err_nomem(err);
	while (m->nheap > 0 && *out < OUT_POINTS) {
		int ret = open_due(m, err);

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

static int pass_through(struct merge *m, size_t *pos, size_t *n, struct count_error *err)
{
	struct piece *p = m->alone;
	size_t room = p->room > OUT_POINTS ? p->room : OUT_POINTS;
	int ret = COUNT_OK;

	if (reserve(&m->times, &m->values, &m->cap, room) != COUNT_OK)
		return err_nomem(err);
	*n = m->cap;
	ret = read_clipped(m, p, m->times, m->values, pos, n, err);
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
		if (tiny_run(m, &points) == m->next) {
			m->alone = &m->pieces->v[m->next++];
			return COUNT_OK;
		}
	}
	return open_next(m, err);
}

int merge_next(struct merge *m, merge_want_stats *want_stats, void *arg, struct merge_step *step,
	       struct count_error *err)
{
	*step = (struct merge_step){ 0 };
	for (;;) {
		size_t pos = 0, n = 0;
		int ret = COUNT_OK;

		if (m->alone != NULL)
			ret = pass_through(m, &pos, &n, err);
		else if (m->nheap > 0)
			ret = merge_cluster(m, &n, err);
		else if (m->next < m->pieces->len)
			ret = begin(m, want_stats, arg, step, err);
		else
			return 0;
		if (ret != COUNT_OK)
			return ret;	/* 1 when begin() filled the step */
		if (n > pos) {
			step->times = m->times + pos;
			step->values = m->values + pos;
			step->n = n - pos;
			return 1;
		}
	}
}
