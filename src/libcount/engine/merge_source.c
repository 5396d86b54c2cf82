/*
 * merge_source.c - sources of a merge: reading pieces, gathering tiny ones, the heap; see
 * merge_source.h.
 *
 * An ingest that commits line by line leaves tens of thousands of pieces of a point or two.  These
 * are gathered into one source: read, sorted by (time, rank), thinned to one point a time.
 */
#include "engine/merge_source.h"

#include <stdlib.h>

#include "base/error.h"

enum {
	READ_POINTS = 1024,	/* of a piece that can be read in parts */
	TINY_POINTS = 32,	/* pieces up to this are gathered ... */
	TINY_PIECES = 8,	/* ... when so many follow each other, ... */
	GATHER_POINTS = 8192,	/* ... up to so many points at once */
};

void source_delete(struct source *s)
{
	free(s->times);
	free(s->values);
	free(s->ranks);
	free(s);
}

/* Room for n points in a pair of columns. */
int merge_reserve(int64_t **times, double **values, size_t *cap, size_t n)
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
size_t merge_bound(const int64_t *times, size_t lo, size_t n, int64_t t, bool past)
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

/* Of n >= 1 points [*pos, *n) lie in the range; none: *n is 0. */
static void trim(const struct merge *m, const int64_t *times, size_t *pos, size_t *n)
{
	*pos = 0;
	if (times[*n - 1] < m->from || times[0] > m->last)
		*n = 0;
	if (*n > 0 && times[0] < m->from)
		*pos = merge_bound(times, 0, *n, m->from, false);
	if (*n > 0 && times[*n - 1] > m->last)
		*n = merge_bound(times, *pos, *n, m->last, true);
	if (*pos >= *n)
		*n = 0;
}

int merge_read(struct merge *m, struct piece *p, int64_t *times, double *values,
			size_t *pos, size_t *n, struct count_error *err)
{
	size_t room = *n;

	if (p->ops->narrow != NULL)
		p->ops->narrow(p, m->from, m->last);
	for (;;) {
		bool past;
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
		past = times[0] > m->last;
		trim(m, times, pos, n);
		if (past || *n > 0)
			return COUNT_OK;
	}
}

int merge_view(struct merge *m, struct piece *p, const int64_t **times, double *values, size_t *pos, size_t *n,
	       struct count_error *err)
{
	int ret;

	if (p->ops->narrow != NULL)
		p->ops->narrow(p, m->from, m->last);
	ret = p->ops->view(p, m->coder, times, values, n, err);
	*pos = 0;
	if (is_damage(ret)) {
		*n = 0;
		return COUNT_OK;
	}
	if (ret == COUNT_OK && *n > 0)
		trim(m, *times, pos, n);
	return ret;
}

/* ---- The heap ---- */

/* Earlier, or at one time of higher rank. */
static bool before(const struct source *a, const struct source *b)
{
	int64_t ta = source_time(a), tb = source_time(b);

	return ta != tb ? ta < tb : rank_less(source_rank(b), source_rank(a));
}

void merge_sift_down(struct merge *m, size_t i)
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

void source_put(struct merge *m, struct source *s)
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

int source_refill(struct merge *m, struct source *s, struct count_error *err)
{
	s->pos = 0;
	s->n = 0;
	if (s->piece == NULL)
		return COUNT_OK;
	s->n = s->cap;
	return merge_read(m, s->piece, s->times, s->values, &s->pos, &s->n, err);
}

/* The top has moved on: read more, close it, put it in its place. */
int merge_settle_top(struct merge *m, struct count_error *err)
{
	struct source *s = m->heap[0];

	if (s->pos == s->n) {
		int ret = source_refill(m, s, err);

		if (ret != COUNT_OK)
			return ret;
	}
	if (s->pos == s->n) {
		source_put(m, s);
		m->heap[0] = m->heap[--m->nheap];
	}
	if (m->nheap > 0)
		merge_sift_down(m, 0);
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
	if (s == NULL || merge_reserve(&s->times, &s->values, &s->cap, want) != COUNT_OK) {
		if (s != NULL)
			source_delete(s);
		return err_nomem(err);
	}
	s->piece = p;
	s->rank = p->rank;
	ret = source_refill(m, s, err);
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
			int ret = merge_read(m, p, times, values, &pos, &n, err);

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
	if (s->ranks == NULL || merge_reserve(&s->times, &s->values, &s->cap, n) != COUNT_OK) {
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
size_t merge_tiny_run(const struct merge *m, size_t *points)
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
int merge_open_next(struct merge *m, struct count_error *err)
{
	size_t points, end = merge_tiny_run(m, &points);

	if (end > m->next)
		return gather(m, end, points, err);
	return open_one(m, &m->pieces->v[m->next++], err);
}

/* Every piece that may hold a point up to the top's time must be in the heap. */
int merge_open_due(struct merge *m, struct count_error *err)
{
	while (m->next < m->pieces->len &&
	       (m->nheap == 0 || m->pieces->v[m->next].first <= source_time(m->heap[0]))) {
		int ret = merge_open_next(m, err);

		if (ret != COUNT_OK)
			return ret;
	}
	return COUNT_OK;
}
