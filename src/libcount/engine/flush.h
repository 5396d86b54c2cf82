/*
 * flush.h - one maintenance run: flush, retention, compaction, under the lock file.
 *
 * Every step ends in a publication of CURRENT or changes nothing, so that a crash at any
 * call leaves the state before or after a step, and files that the next run's sweep removes.
 */
#ifndef COUNT_ENGINE_FLUSH_H
#define COUNT_ENGINE_FLUSH_H

#include "codec/chunk.h"
#include "engine/db.h"
#include "engine/flush_out.h"
#include "format/current.h"

struct maint {
	const struct datadir *dir;
	const struct count_flush_options *opt;
	struct count_flush_report *report;
	bool s3_enabled;
	enum count_unit unit;
	int64_t now_s;			/* wall clock, once a run */
	uint64_t file_bytes;		/* size limit of a file; 0: BLOCK_FILE_BYTES */
	uint64_t bytes_written;		/* to files that were published, this run */
	struct current cur;		/* as published last, or read */
	struct chunk_coder *coder;
	struct count_error damage;	/* of files: the first; the run goes on and ends with it */
	uint64_t *bad;			/* numbers of block files that cannot be read: left alone */
	size_t nbad, bad_cap;
	bool published;			/* this run */
	bool clock_jumped;		/* deletions by age wait */
};

/* The codec's word for it. */
static inline enum column_level maint_coding(enum count_level level)
{
	return level == COUNT_LEVEL_FAST ? COLUMN_FAST : level == COUNT_LEVEL_MAX ? COLUMN_MAX : COLUMN_DEFAULT;
}

int64_t maint_now(const struct maint *m);	/* the wall clock in the store's unit, clamped */
uint64_t maint_file_bytes(const struct maint *m);
int64_t maint_quiet(const struct maint *m);	/* a day ago: a window that ends before it is quiet */

/* Keeps what a snapshot found damaged, and warns. */
void maint_note(struct maint *m, const struct count_error *damage);
int maint_note_bad(struct maint *m, uint64_t number);
bool maint_is_bad(const struct maint *m, uint64_t number);

/*
 * Publishes: without the blocks marked in drop (nblocks flags, or NULL), with the finished files of
 * out (or NULL), with that first segment (0: as it is).  Then unlinks what was dropped and gives up
 * the locks of out.  On failure everything stays on disk, for it is not known which CURRENT is.
 */
int maint_publish(struct maint *m, const bool *drop, struct out_set *out, uint64_t first_segment,
		  struct count_error *err);

/* sweep.c: removes files of blocks/ that nobody holds and CURRENT does not name. */
int sweep(const struct datadir *dir, const struct current *cur, struct count_error *err);

/* flush_move.c: the sealed segments to block files. */
int flush_move(struct maint *m, struct count_error *err);
int flush_move_dry(struct maint *m, struct count_error *err);

/* retention.c: COUNT_ERR_INVALID for what is no duration or is refused; before anything is done. */
struct retention { bool on; int64_t cutoff, cutoff_day; };	/* whole files, points in files */
int retention_parse(const struct maint *m, struct retention *r, struct count_error *err);
int retention_run(struct maint *m, const struct retention *r, struct count_error *err);
/* Notes a jump of the clock since the last run in m->cur; true when that is news to publish. */
bool retention_watch_clock(struct maint *m);

/* compact.c: joins files until there is nothing worth it. */
int compact_run(struct maint *m, struct count_error *err);

/* compact_merge.c */
struct compact_job {
	const size_t *files;		/* indices in m->cur.blocks */
	size_t nfiles;
	unsigned level;			/* the window that holds them all */
	int64_t window;
	size_t max_windows;		/* output may be spread over so many windows inside it */
	bool route;			/* sparse series go to wider windows, see route.h */
	int64_t keep_from;		/* points before this are left out; INT64_MIN: none are */
};
/* Rewrites the files and publishes.  A file that cannot be read is noted, and nothing done. */
int compact_merge(struct maint *m, const struct compact_job *job, struct count_error *err);

#endif
