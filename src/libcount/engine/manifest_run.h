/*
 * manifest_run.h - what the commands of count-manifest share: index, bucket, lock, selection, findings.
 *
 *	manifest_run.c		a run from lock to publication
 *	manifest_scan.c		the bucket's keys, a series at a time; objects, many at once
 *	manifest_check.c	one object against its manifest entry, point by point
 *	manifest_list.c		list, stats
 *	manifest_where.c	show, where, cat
 *	manifest_verify.c	verify
 *	manifest_repair.c	repair
 *	manifest_rebuild.c	rebuild
 *	manifest_sync.c		sync, diff
 */
#ifndef COUNT_ENGINE_MANIFEST_RUN_H
#define COUNT_ENGINE_MANIFEST_RUN_H

#include "cold/index.h"
#include "cold/tier.h"
#include "codec/chunk.h"
#include "count_manifest.h"
#include "engine/db.h"
#include "engine/selection.h"

enum manifest_run_flags {
	MANIFEST_TIER = 1,	/* the bucket is asked */
	MANIFEST_LOCK = 2,	/* archive.lock: manifests and index change */
	MANIFEST_SYNCED = 4,	/* the index must have been synced once */
	MANIFEST_SCANS = 8,	/* manifests that cannot be believed are findings, no failure of the sync before */
};

struct manifest_run {
	count_db *db;
	const struct count_manifest_options *opt;
	struct count_manifest_report own, *report;	/* never NULL */
	count_finding_fn *fn;
	void *arg;
	struct cold_tier tier;
	struct cold_index *index;
	struct selection selection;
	struct chunk_coder *coder;
	int lock_fd;			/* -1: not held */
	int64_t now_s;
	unsigned flags;
	bool read_all;			/* lists of a directory with ETags, for which it reads every object */
	struct count_error unread;	/* a manifest that the sync could not believe */
	/* Series whose key is a hash, made when the first one is met. */
	struct long_name { char *dir, *name; } *longs;
	size_t nlongs;
	bool have_longs;
};

/* err says what is wrong, and the run is empty then. */
int manifest_run_begin(struct manifest_run *r, count_db *db, const struct count_manifest_options *opt, unsigned flags,
		       struct count_error *err);
/* Where findings go, and the counts; fn and report may be NULL. */
void manifest_run_report(struct manifest_run *r, count_finding_fn *fn, void *arg,
			 struct count_manifest_report *report);
/* Publishes what changed in the index if the lock is held; tells which selector matched nothing.  ret is what the
 * command came to; the result is what the call returns. */
int manifest_run_end(struct manifest_run *r, int ret, struct count_error *err);

/* Is this series meant?  1 or 0, or a status. */
int manifest_run_match(struct manifest_run *r, const char *name, size_t len, struct count_error *err);
bool manifest_run_stopped(const struct manifest_run *r);

/* Tells the caller, and counts.  COUNT_OK or COUNT_ERR_STOPPED. */
int manifest_run_find(struct manifest_run *r, enum count_finding_kind kind, const char *series, const char *key,
		      uint64_t points, struct count_error *err, const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));
/* What a request or its bytes failed with: damage is a finding, a failed network the end of the run. */
int manifest_run_blame(struct manifest_run *r, const char *series, const char *key, uint64_t points,
		       const struct count_error *why, struct count_error *err);

/*
 * Stores a manifest, with seq, writer, unit and version set here, and puts it into the index.  etag: of the one that
 * it takes the place of; NULL: there must be none.  COUNT_ERR_COLD when somebody else was faster.  Garbage that is due
 * is deleted, unless keep_garbage, and told of; COUNT_ERR_COLD when some is left, though m is stored then.  In a dry
 * run nothing but telling is done.
 */
int manifest_run_store(struct manifest_run *r, const struct manifest *m, const char *etag, bool keep_garbage,
		       struct count_error *err);
bool manifest_run_garbage_due(const struct manifest_run *r, const struct manifest *m);

#endif
