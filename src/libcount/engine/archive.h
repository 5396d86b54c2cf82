/*
 * archive.h - one archive run: choose, upload, prove, manifest, publish, unlink.
 *
 *	archive.c		the run from lock to report; what is said of it
 *	archive_choose.c	which series and stretches are due; pins the blocks that hold them
 *	archive_edit.c		one series: local points against its manifest, to a list of objects (no request)
 *	archive_garbage.c	the list of replaced objects
 *	archive_pack.c		points to objects: where they are cut, statistics, hashes
 *	archive_upload.c	all due series: sync, probe, how many at once, what ends a run
 *	archive_job.c		one series over the network: a state machine over objstore requests
 *	archive_check.c		what is thought to be there already, asked for before local points leave
 *	archive_publish.c	local blocks rewritten without what was archived, index and all in one CURRENT
 *
 * And if we die?  Before a manifest is stored: objects that no manifest names; the next run finds them (412) and
 * takes them if they are equal.  After it: points in both tiers, answered once; the next run sees equal hashes and
 * only removes the local ones.  In publication: one rename.  Pins are taken anew by each run.
 */
#ifndef COUNT_ENGINE_ARCHIVE_H
#define COUNT_ENGINE_ARCHIVE_H

#include "cold/index.h"
#include "cold/tier.h"
#include "engine/flush.h"
#include "engine/snapshot.h"

#define ARCHIVE_LOCK_WAIT_MS 30000	/* for `lock`: a flush may be compacting */

struct archive_series {		/* one that is due: its points with time < archive.cutoff */
	char *name;
	size_t name_len;
	bool done;			/* they are all proved to be in the bucket: they may leave */
};

/* All zero but what archive.c sets first: db, opt, report, tier (open), index (open), lock_fd. */
struct archive {
	count_db *db;
	const struct count_archive_options *opt;
	struct count_archive_report *report;
	struct cold_tier tier;
	struct cold_index *index;
	int lock_fd;			/* archive.lock */
	/* Set by archive_choose(): */
	int64_t now_s;			/* the wall clock, whatever opt->now says: for garbage and the index */
	int64_t cutoff;			/* time < cutoff is old enough */
	struct snapshot snap;		/* open are the blocks with something old, but not the restored ones */
	bool *pinned;			/* snap.nblocks flags: the run reads and removes from these alone */
	struct archive_series *series;	/* the due ones, in byte order of names */
	size_t nseries, series_cap;
	struct count_error worst;	/* of the failures of series and of damage that was passed over: as the exit
					 * statuses rank them, of equals the first */
};

/* The caller wants the run to end: ask between series and after each wait, which is 200 ms at most; then
 * objstore_cancel(), and COUNT_ERR_STOPPED. */
static inline bool archive_stopped(const struct archive *a)
{
	return a->opt->stopped != NULL && a->opt->stopped(a->opt->stopped_arg) != 0;
}

/*
 * archive_choose.c: flushes (unless dry), chooses, pins, keeps the snapshot.  No request.  Sets report->cutoff_days,
 * series and waiting_*.  nseries 0: nothing is due, and nothing was pinned or published.
 */
int archive_choose(struct archive *a, struct count_error *err);
/* Pins of this run, or of a dead one, go; under `lock`; publishes only if there are any. */
int archive_unpin(struct archive *a, struct count_error *err);
/* Snapshot, series, pinned: leaves them empty. */
void archive_choose_free(struct archive *a);
/* archive.c: tells the log at level 0 "Error during S3 archival: ..." and keeps the worst. */
void archive_fail(struct archive *a, const struct count_error *why);

/*
 * archive_upload.c: all due series; with an index that is not synced, first a sync.  Sets done, and in the
 * report objects, points, bytes, failed and requests (but not usd).  The index has what changed in memory, and
 * is published by itself now and then.  A series that fails is told to the log and noted in a->worst; COUNT_OK
 * then all the same.  What concerns all of them is returned, after what was done until then.
 * Dry: the same from a plan, without a request.
 */
int archive_upload(struct archive *a, struct count_error *err);

/* archive_publish.c: removes the points of the done series that are older than the cut-off from the pinned blocks,
 * saves the index, unpins, in one CURRENT; then unlinks. */
int archive_publish(struct archive *a, struct count_error *err);

#endif
