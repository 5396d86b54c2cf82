/*
 * flush_out.h - the block files that a flush or compaction makes: one a window of the plan.
 *
 * Series come in byte order of names, the points of each in time order; each point goes to the
 * file of its window, in chunks that format/block_cut.h tells.  A file that has grown to 256 MiB is finished
 * and the next series opens another.
 *
 * And if we die: a file has a temporary name and our flock until it is complete, then its own name
 * and still the flock; what no CURRENT names and nobody holds is swept by the next run.
 */
#ifndef COUNT_ENGINE_FLUSH_OUT_H
#define COUNT_ENGINE_FLUSH_OUT_H

#include "codec/chunk.h"
#include "engine/flush_plan.h"
#include "engine/snapshot.h"

#define BLOCK_FILE_BYTES (UINT64_C(256) << 20)	/* the size at which output is split; tests lower it */

struct out_file {
	int fd;				/* flocked; -1: slot not in use */
	uint64_t number;
	struct block_writer *writer;	/* NULL once it is finished */
	struct buf pending;		/* bytes not yet written */
	bool failed;			/* a write failed, with: */
	int sys_errno;
	bool in_series;			/* the writer has been told the series */
	struct current_block entry;
};

struct out_set {
	const struct datadir *dir;
	const struct plan *plan;
	uint64_t next_number;		/* of CURRENT's counter; moves on */
	uint64_t end_number;		/* where the numbers end that are ours without the lock; 0: we hold it */
	uint64_t seg_lo, seg_hi;	/* for the headers */
	uint64_t file_bytes;		/* BLOCK_FILE_BYTES */
	enum column_level level;
	struct chunk_coder *coder;
	struct out_file open[PLAN_SLOTS];	/* by slot of the plan */
	struct out_file *done;		/* finished, still flocked */
	size_t ndone, done_cap;
	uint64_t points;		/* written so far */
	/* The series and the run of points under way. */
	const char *name;
	size_t name_len;
	int wide;			/* its slot if it goes to a wide window, else -1 */
	int64_t *times;
	double *values;
	size_t n;
	int slot;
	int64_t until;
	uint64_t lo, hi;
};

/* Borrows everything.  COUNT_ERR_NOMEM. */
int out_set_init(struct out_set *o, const struct datadir *dir, const struct plan *plan,
	     uint64_t next_number, uint64_t seg_lo, uint64_t seg_hi, uint64_t file_bytes,
	     enum column_level level, struct chunk_coder *coder);
/* name must last until out_end_series(); wide: the slot that route_series() gave. */
void out_begin_series(struct out_set *o, const char *name, size_t len, int wide);
/* Points after all earlier ones of the series; they come from segments lo .. hi. */
int out_points(struct out_set *o, const int64_t *times, const double *values, size_t n, uint64_t lo,
	       uint64_t hi, struct count_error *err);
/* Ends the run under way: what comes next joins none of its chunks. */
int out_end_chunk(struct out_set *o, struct count_error *err);
/* A chunk of another block as it stands, with its own segments; it must lie in one window.  Damage in
 * the source: COUNT_ERR_CORRUPT with *at, err untouched. */
int out_copy(struct out_set *o, const struct block *from, const struct block_chunk *c, uint64_t *at,
	     struct count_error *err);
int out_end_series(struct out_set *o, struct count_error *err);
/* Completes all files: fsync, rename, fsync of blocks/.  They stand in done[] then. */
int out_finish(struct out_set *o, struct count_error *err);
/* After out_finish(): what follows goes to files of another plan, beside those in done[]. */
void out_next_plan(struct out_set *o, const struct plan *plan, uint64_t seg_lo, uint64_t seg_hi);
/* After CURRENT names them: gives up the locks. */
void out_release(struct out_set *o);
/* On failure before that: removes the files.  Also after out_release(), then a no-op. */
void out_abort(struct out_set *o);

#endif
