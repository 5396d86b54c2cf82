/* compact_work.h - the inside of compact_merge(): private to compact_merge.c and compact_series.c. */
#ifndef COUNT_ENGINE_COMPACT_WORK_H
#define COUNT_ENGINE_COMPACT_WORK_H

#include "engine/flush.h"
#include "engine/merge.h"
#include "engine/route.h"

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
	uint64_t points, bytes, nseries;
	double covered;			/* of time: by each input, summed */
	struct plan plan;
	struct route route;
	struct out_set out;
	struct merge *merge;
	struct piece_list pieces, others;
	size_t resident;
};

/* Leaves a file that cannot be read alone for the rest of the run: COUNT_ERR_CORRUPT, or NOMEM. */
int compact_give_up(struct work *w, size_t block, struct count_error *err);
/* Notes that mapped bytes of the input were read; gives pages back when there are many. */
void compact_touched(struct work *w, size_t bytes);
static inline size_t chunk_bytes(const struct piece *p)
{
	return (size_t)p->u.warm.chunk.times_len + p->u.warm.chunk.values_len;
}

/* compact_series.c: the chunks of a series in files outside that could come between. */
int compact_find_others(struct work *w, const char *name, size_t len, struct count_error *err);
/* Writes one series from w->pieces, all its chunks in the input. */
int compact_series(struct work *w, struct count_error *err);

#endif
