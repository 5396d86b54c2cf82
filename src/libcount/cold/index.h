/*
 * index.h - the cold index of a data directory: the files cold-NNNN.idx that CURRENT names, as one.
 *
 * Reading needs no lock, no module and no request.  The index changes under archive.lock only (held by whoever calls
 * the functions of the second half), and is published in CURRENT under `lock`, alone or with
 * what else an archive run publishes.  A run that may not write keeps its changes in memory.
 */
#ifndef COUNT_COLD_INDEX_H
#define COUNT_COLD_INDEX_H

#include "format/coldindex.h"
#include "format/current.h"
#include "store/datadir.h"

struct cold_index;		/* open files, newest first, and changes in memory before them */

/* Many changes do not stay in memory: they go to files without a name, which end with the index or when it is saved. */
#define COLD_INDEX_SPILLED 6
#define COLD_INDEX_PLACES (1 + COLD_INDEX_SPILLED + CURRENT_MAX_COLD)

/*
 * Files of another scope are left out: the index is then empty and not synced.  So are those that are damaged at
 * their ends, cannot be read, or are not there: a warning says which, and facts->synced_s is 0, for what they said
 * is not known any more; a sync repairs that.  COUNT_ERR_NOTFOUND: CURRENT changed meanwhile, read it again.
 * COUNT_ERR_VERSION: a file of a newer program.  dir is borrowed.
 */
int cold_index_open(const struct datadir *dir, const struct current *cur, const char *scope,
		    struct cold_index **x, struct count_error *err);
void cold_index_close(struct cold_index *x);		/* NULL is fine */
const struct coldindex_facts *cold_index_facts(const struct cold_index *x);	/* synced_s 0: unknown bucket */
/* Is what it says of a series too old?  Only where others write as well; max_age_s 0: always there. */
bool cold_index_stale(const struct cold_index *x, const struct coldindex_entry *e, int64_t now_s, int64_t max_age_s);

struct cold_totals { uint64_t series, blocks, points, bytes; bool any; int64_t first, last; bool foreign; };
int cold_index_totals(const struct cold_index *x, struct cold_totals *t, struct count_error *err);

/* 1: *e, valid until the next change; 0: not there (or gone); else a status: COUNT_ERR_CORRUPT names file, byte and
 * remedy. */
int cold_index_find(const struct cold_index *x, const char *name, size_t len, struct coldindex_entry *e,
		    struct count_error *err);
/* 1: its manifest in *m (empty before, the caller's), *e as above; 0; a status. */
int cold_index_manifest(const struct cold_index *x, const char *name, size_t len, struct manifest *m,
			struct coldindex_entry *e, struct count_error *err);
/* All that are there in byte order of names: zeroed cursor; 1, 0 at the end, or a status (a further call goes on
 * behind what is damaged).  After a change a walk goes on behind the name that it gave last. */
struct cold_index_cursor {
	uint64_t at[COLD_INDEX_PLACES];		/* all of it private */
	uint64_t version;
	size_t name_len;
	char name[COUNT_SERIES_MAX];
};
int cold_index_next(const struct cold_index *x, struct cold_index_cursor *c, struct coldindex_entry *e,
		    struct count_error *err);

/* ---- Changing it ---- */

/* m NULL: there is no manifest.  Whether it is foreign is told from the writers it names.  On failure nothing
 * changed. */
int cold_index_put(struct cold_index *x, const char *name, size_t len, const struct manifest *m, const char *etag,
		   int64_t checked_s, struct count_error *err);
/* What it says of a series was found to hold still; one it does not know is no error. */
int cold_index_touch(struct cold_index *x, const char *name, size_t len, int64_t checked_s, struct count_error *err);
/* facts->scope is not looked at: it is the index's own. */
int cold_index_set_facts(struct cold_index *x, const struct coldindex_facts *facts, struct count_error *err);
bool cold_index_changed(const struct cold_index *x);
/* Reads every record, and leaves out the files in which one is damaged, as cold_index_open() does: before a sync. */
void cold_index_drop_damaged(struct cold_index *x);

/*
 * Saving, with archive.lock held.  prepare: writes the changes, merged with files that are not much larger (at most
 * COLD_INDEX_FILES stay), to a temporary file; the long part, to be called without `lock` (save does it if it was
 * not; a later change undoes it).  save: under `lock`, gives the file its name and puts it into *next (read under
 * `lock`, and published after); without changes it does nothing.  Then saved when *next is durable, else unsave.
 * Until then the file is flocked, so that no sweep takes it.  COUNT_ERR_LOCKED: CURRENT names other files than those
 * that were opened.
 */
#define COLD_INDEX_FILES 8
int cold_index_prepare(struct cold_index *x, struct count_error *err);
int cold_index_save(struct cold_index *x, struct current *next, struct count_error *err);
/* Unlinks what CURRENT no longer names; x goes on with what was saved. */
void cold_index_saved(struct cold_index *x);
void cold_index_unsave(struct cold_index *x, bool may_be_published);	/* else the file is removed; changes stay */
/* All of that under `lock` in a publication of its own; CURRENT is read under it. */
int cold_index_publish(struct cold_index *x, int wait_ms, struct count_error *err);

/* Removes the files of an index, whole or temporary, that CURRENT does not name and nobody holds; under `lock`. */
int cold_index_sweep(const struct datadir *dir, const struct current *cur, struct count_error *err);

#endif
