/*
 * merge_source.h - the inside of a merge: sources, their heap, opening pieces.
 *
 * Private to merge.c and merge_source.c.
 */
#ifndef COUNT_ENGINE_MERGE_SOURCE_H
#define COUNT_ENGINE_MERGE_SOURCE_H

#include "engine/merge.h"

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

static inline int64_t source_time(const struct source *s) { return s->times[s->pos]; }

static inline struct rank source_rank(const struct source *s)
{
	return s->ranks != NULL ? s->ranks[s->pos] : s->rank;
}

void source_delete(struct source *s);
void source_put(struct merge *m, struct source *s);	/* closes it, keeps its buffers */
/* The next points of a source whose points are used up; none left: pos == n. */
int source_refill(struct merge *m, struct source *s, struct count_error *err);

/* Room for n points in a pair of columns. */
int merge_reserve(int64_t **times, double **values, size_t *cap, size_t n);
/* The first index from lo on whose time is >= t (> t when past). */
size_t merge_bound(const int64_t *times, size_t lo, size_t n, int64_t t, bool past);
/*
 * Reads the next points of p that lie in the range to times and values, which have room for *n;
 * [*pos, *n) is what counts.  *n 0: the end.
 */
int merge_read(struct merge *m, struct piece *p, int64_t *times, double *values, size_t *pos,
	       size_t *n, struct count_error *err);

/* The same for a piece that can be viewed; COUNT_ERR_NOTFOUND: read it. */
int merge_view(struct merge *m, struct piece *p, const int64_t **times, double *values, size_t *pos, size_t *n,
	       struct count_error *err);

void merge_sift_down(struct merge *m, size_t i);
/* The top has moved on: read more, close it, put it in its place. */
int merge_settle_top(struct merge *m, struct count_error *err);

/* The end of the run of tiny pieces at m->next that one gathering takes, and their points. */
size_t merge_tiny_run(const struct merge *m, size_t *points);
/* Opens the next piece, or with it a run of tiny ones that follow. */
int merge_open_next(struct merge *m, struct count_error *err);
/* Every piece that may hold a point up to the top's time must be in the heap. */
int merge_open_due(struct merge *m, struct count_error *err);

#endif
