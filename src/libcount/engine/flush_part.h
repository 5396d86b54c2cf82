/*
 * flush_part.h - decoding the log for some series at once, in the order of the file.
 *
 * A log is by time, then by series; blocks are by series.  Reading it series by series would touch
 * every page of the log again and again, so the points of as many series as fit in a
 * few megabytes are decoded in one sweep over the log.
 */
#ifndef COUNT_ENGINE_FLUSH_PART_H
#define COUNT_ENGINE_FLUSH_PART_H

#include "engine/flush_log.h"

struct part_run {		/* a run of the part */
	uint64_t place;		/* frame << 32 | run: its order in the file, and its recency */
	uint32_t series;	/* in the part */
	uint32_t start, n;	/* its points, once decoded, and their times */
	int64_t first, last;
};

struct part_point { int64_t time; double value; };

struct log_part {
	size_t first, n;		/* series of the index */
	struct part_run *runs;		/* by series, then recency */
	uint32_t *order;		/* of runs in the file */
	uint32_t *starts;		/* of each series in runs[], n + 1 */
	size_t nruns, runs_cap, starts_cap;
	int64_t *times;
	double *values;
	size_t npoints, points_cap;
	struct part_point *sorted;	/* scratch */
	size_t sorted_cap;
};

/*
 * Decodes series from `first` on, as many as are worth a sweep: p->n of them, at least 1.
 * COUNT_ERR_STOPPED: they have more points than may be held; read series `first` by its pieces.
 */
int log_part_read(struct log_part *p, struct log_index *x, size_t first, struct count_error *err);

/* Gives the points of series i of the part in order, each time once, in one or more calls. */
typedef int log_part_fn(void *arg, const int64_t *times, const double *values, size_t n,
			struct count_error *err);
int log_part_series(struct log_part *p, size_t i, log_part_fn *fn, void *arg,
		    struct count_error *err);
/* How many points series i of the part has, copies of one time counted each, and their hull. */
struct log_span { uint64_t points; int64_t first, last; };
struct log_span log_part_span(const struct log_part *p, size_t i);
void log_part_free(struct log_part *p);

#endif
