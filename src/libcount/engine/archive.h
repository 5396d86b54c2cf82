/*
 * archive.h - one archive run: choose, upload, prove, manifest, publish, unlink.
 *
 *	archive.c		the run from lock to report; what is said of it
 *	archive_choose.c	which series and stretches are due; pins the blocks that hold them
 *	archive_edit.c		one series: local points against its manifest, to a list of objects (pure)
 *	archive_job.c		one series over the network: a state machine over objstore requests
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

struct archive_series {
	char *name;
	size_t name_len;
	int64_t cutoff;			/* points with time < cutoff are due */
	bool due;			/* else it waits */
	bool done;			/* all its due points are proved to be in the bucket: they may leave */
};

struct archive {
	count_db *db;
	const struct count_archive_options *opt;
	struct count_archive_report *report;
	struct cold_tier tier;
	struct cold_index *index;
	int lock_fd;			/* archive.lock */
	int64_t now_s;
	int64_t cutoff;			/* of this run: time < cutoff is old enough */
	struct snapshot snap;		/* of the pinned blocks, opened after they were pinned */
	bool *pinned;			/* snap.nblocks flags: the run reads and removes from these alone */
	struct archive_series *series;	/* in byte order of names */
	size_t nseries, series_cap;
	struct count_error first;	/* the first failure */
};

/* The caller wants the run to end: ask between series and after each wait, which is 200 ms at most; then
 * objstore_cancel(), and COUNT_ERR_STOPPED. */
static inline bool archive_stopped(const struct archive *a)
{
	return a->opt->stopped != NULL && a->opt->stopped(a->opt->stopped_arg) != 0;
}

/* archive_choose.c: flushes, chooses, pins, opens the snapshot.  No request. */
int archive_choose(struct archive *a, struct count_error *err);
/* Pins of this run, or of a dead one, go; under `lock`. */
int archive_unpin(struct archive *a, struct count_error *err);

/* archive_job.c: all due series; sets done, the index in memory, the report.  One that fails is noted. */
int archive_upload(struct archive *a, struct count_error *err);

/* archive_publish.c: removes the points of the done series that are older than the cut-off from the pinned blocks,
 * saves the index, unpins, in one CURRENT; then unlinks. */
int archive_publish(struct archive *a, struct count_error *err);

#endif
