/*
 * merge.h - pieces of one series to one ascending run of points, each time once.
 *
 * Pieces that overlap no other pass through as they are; where some overlap, the points of the highest
 * rank win.  A piece is opened when the sweep reaches it and dropped when it is read, so memory is
 * bounded by how deep pieces overlap, not by how many there are.
 */
#ifndef COUNT_ENGINE_MERGE_H
#define COUNT_ENGINE_MERGE_H

#include "engine/piece.h"

struct merge;

/* Borrows the list, which is sorted by first time and must outlive it.  Points outside
 * from <= t <= last are left out. */
int merge_new(struct piece_list *pieces, int64_t from, int64_t last, struct chunk_coder *coder,
	      struct merge **m);
void merge_delete(struct merge *m);		/* NULL is fine */
/* The same merge, its buffers kept, on another list. */
void merge_reset(struct merge *m, struct piece_list *pieces, int64_t from, int64_t last);

struct merge_step {
	const int64_t *times;	/* n points, valid until the next call */
	const double *values;
	size_t n;
	bool is_stats;		/* instead of points: the statistics of one whole piece */
	struct chunk_stats stats;
};

/*
 * 1: *step is filled; 0: the end; else a status.  Damage is no status: a piece that cannot be read is
 * noted in its snapshot (ndamages tells) and left out from there on.
 * want_stats, unless NULL, is asked for a piece that overlaps no other and lies inside the range:
 * true takes its statistics instead of its points.
 */
typedef bool merge_want_stats(void *arg, int64_t first, int64_t last);
int merge_next(struct merge *m, merge_want_stats *want_stats, void *arg, struct merge_step *step,
	       struct count_error *err);

#endif
