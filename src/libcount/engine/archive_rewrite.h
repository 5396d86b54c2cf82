/*
 * archive_rewrite.h - the pinned block files without the points that were archived: private to archive_publish.c.
 *
 * Nobody changes a pinned file, so all of this runs without `lock`; new files get numbers that were set aside
 * under it, and our flock until a CURRENT names them.
 *
 * Points keep the segments they came from, and chunks that overlap are not merged: so the order of recency is
 * what it was, whatever compaction makes of other files meanwhile.  What is encoded anew is so at the level asked
 * for.  A series leaves as a whole or not at all: if one of its files cannot be read, then an old value in there
 * must not come to light because the newer one is gone.
 */
#ifndef COUNT_ENGINE_ARCHIVE_REWRITE_H
#define COUNT_ENGINE_ARCHIVE_REWRITE_H

#include "engine/archive.h"

struct archive_rewrite {
	struct archive *a;
	struct chunk_coder *coder;
	struct out_set out;		/* what takes the place of dropped files; all finished, still flocked */
	struct plan plan;		/* of the file being written */
	bool *drop;			/* a->snap.nblocks flags: it leaves CURRENT */
	bool *bad;			/* the same: it cannot be read, and is left alone */
	bool *stays;			/* a->nseries flags: it may not leave, though it is done */
	uint64_t removed;		/* points in dropped files, less those in the new ones */
	uint64_t next_number, end_number;	/* set aside, set by reserve() */
	/* Sets aside so many numbers; called before the first file of each try. */
	int (*reserve)(struct archive_rewrite *r, uint64_t n, struct count_error *err);
	struct count_error damage;	/* of files: the first */
};

int archive_rewrite_begin(struct archive_rewrite *r, struct archive *a, struct count_error *err);
/* Fills out, drop and removed.  Damage is noted in r->damage and no failure; on failure nothing is made. */
int archive_rewrite_run(struct archive_rewrite *r, struct count_error *err);
/* Nothing leaves: the files that were made go. */
void archive_rewrite_undo(struct archive_rewrite *r);
void archive_rewrite_end(struct archive_rewrite *r);	/* after out_release() or undo */

#endif
