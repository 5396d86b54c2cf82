/*
 * flush_log.h - the sealed segments of the log, turned from frames into series.
 *
 * Eight bytes a run and about fifty a series are kept, never points.  The mapped log is larger than
 * what a flush may occupy, so pages are given back to the kernel as the work goes on.
 */
#ifndef COUNT_ENGINE_FLUSH_LOG_H
#define COUNT_ENGINE_FLUSH_LOG_H

#include "engine/flush_plan.h"
#include "engine/piece.h"

struct log_run { uint32_t frame, run; };

struct log_series {
	uint64_t hash;
	uint64_t prefix;	/* first eight bytes of the name, big-endian, for sorting */
	const char *name;	/* a copy, or in the map when there are very many */
	uint32_t name_len;
	uint32_t nruns;
	uint64_t start;		/* of its runs in runs[] */
};

struct log_index {
	struct snapshot *snap;		/* its log is what is read; damage is noted there */
	uint64_t end;			/* segments below this one */
	struct log_series *series;	/* in byte order of names, once built */
	size_t nseries, cap;
	uint32_t *table;		/* hash table of series numbers + 1 */
	size_t table_cap;
	uint32_t *of;			/* while it is built: the series of each run, in the order of the log */
	size_t nof, of_cap;
	uint32_t last;			/* the series of the run before: frames have them in one order */
	struct log_run *runs;		/* by series, within one by recency */
	uint64_t nruns;
	char **names;			/* blocks of copied names */
	size_t nnames, names_left;
	uint64_t damaged;		/* runs and directories that could not be read */
	uint8_t *touched;		/* a bit for each 64 KiB of a segment */
	size_t ntouched, touched_len;
};

/* Reads the directories of all frames in segments below end.  Counts points by window if h. */
int log_index_build(struct log_index *x, struct snapshot *snap, uint64_t end, struct histogram *h,
		    struct count_error *err);
/* A run, verified.  COUNT_ERR_CORRUPT: damaged, and noted. */
int log_index_run(struct log_index *x, uint32_t frame, uint32_t run, struct hot_run *out);
/* The runs of series i as pieces, sorted. */
int log_index_pieces(struct log_index *x, size_t i, struct piece_list *out,
		     struct count_error *err);
/* Gives the log's pages back; for whoever reads many points by pieces. */
void log_index_release(struct log_index *x);
void log_index_free(struct log_index *x);

#endif
