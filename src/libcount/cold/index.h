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

/*
 * Files of another scope, and those that are not there or damaged at their ends, are left out: the index is
 * then empty or not synced, which a sync repairs; a warning says so.  Missing under an unchanged CURRENT is
 * the caller's to see: COUNT_ERR_NOTFOUND means that CURRENT should be read again.
 */
int cold_index_open(const struct datadir *dir, const struct current *cur, const char *scope,
		    struct cold_index **x, struct count_error *err);
void cold_index_close(struct cold_index *x);		/* NULL is fine */
const struct coldindex_facts *cold_index_facts(const struct cold_index *x);	/* synced_s 0: unknown bucket */

struct cold_totals { uint64_t series, blocks, points, bytes; bool any; int64_t first, last; bool foreign; };
int cold_index_totals(const struct cold_index *x, struct cold_totals *t, struct count_error *err);

/* 1: *e, valid until the next change; 0: not there (or gone); else a status. */
int cold_index_find(const struct cold_index *x, const char *name, size_t len, struct coldindex_entry *e,
		    struct count_error *err);
/* 1: its manifest in *m (empty before, the caller's), *e as above; 0; a status. */
int cold_index_manifest(const struct cold_index *x, const char *name, size_t len, struct manifest *m,
			struct coldindex_entry *e, struct count_error *err);
/* All that are there in byte order of names: zeroed cursor; 1, 0 at the end, or a status. */
struct cold_index_cursor { uint64_t at[16]; bool begun; };
int cold_index_next(const struct cold_index *x, struct cold_index_cursor *c, struct coldindex_entry *e,
		    struct count_error *err);

/* ---- Changing it ---- */

/* Seen by lookups at once, in memory until saved.  m NULL: there is no such manifest.  foreign is found by
 * comparing writers with ours. */
int cold_index_put(struct cold_index *x, const char *name, size_t len, const struct manifest *m, const char *etag,
		   int64_t checked_s, struct count_error *err);
int cold_index_set_facts(struct cold_index *x, const struct coldindex_facts *facts, struct count_error *err);
bool cold_index_changed(const struct cold_index *x);
/*
 * Writes the changes as a file (or merges files, when there are many) and puts it into *next, which the caller
 * publishes while it holds `lock`; the new file is flocked until cold_index_saved().  On failure nothing changes and
 * the caller calls cold_index_unsave().
 */
int cold_index_save(struct cold_index *x, struct current *next, struct count_error *err);
void cold_index_saved(struct cold_index *x);		/* published: gives up the lock, unlinks what CURRENT no longer names */
void cold_index_unsave(struct cold_index *x, bool may_be_published);
/* All of that under `lock` in a publication of its own; CURRENT is read under it. */
int cold_index_publish(struct cold_index *x, int wait_ms, struct count_error *err);
/* Removes idx files that CURRENT does not name and nobody holds; under `lock`. */
int cold_index_sweep(const struct datadir *dir, const struct current *cur, struct count_error *err);

#endif
