/* index_impl.h - what index*.c share; see index.h. */
#ifndef COUNT_COLD_INDEX_IMPL_H
#define COUNT_COLD_INDEX_IMPL_H

#include "base/fs.h"
#include "cold/index.h"

/* The longest name of a file, with its NUL. */
#define INDEX_NAME_MAX 40
void index_name(uint64_t number, bool tmp, char out[INDEX_NAME_MAX]);
bool index_parse_name(const char *name, uint64_t *number, bool *tmp);

struct index_file {
	uint64_t number;
	struct fs_map map;
	struct coldindex x;
};
void index_file_close(struct index_file *f);

struct index_change {		/* a record in memory */
	struct coldindex_entry e;
	size_t len;
	uint8_t record[];
};

struct index_ready {		/* a file that was written and is not yet in CURRENT */
	int fd;			/* flocked; -1: there is none */
	bool named;		/* it has the name of its number, else that of a temporary file */
	size_t merged;		/* of the newest files so many are in it */
	struct index_file file;
};

struct cold_index {
	const struct datadir *dir;
	char *scope;
	struct coldindex_facts facts;
	struct index_file files[COLD_INDEX_PLACES];	/* newest first */
	size_t nfiles;
	size_t nspilled;				/* the newest of them have no name, and are not saved */
	uint64_t named[CURRENT_MAX_COLD];		/* as in CURRENT, with those that were left out */
	size_t nnamed;
	struct index_change **changes;			/* by name */
	size_t nchanges, cap;
	uint64_t change_bytes;
	bool facts_changed;
	uint64_t version;				/* + 1 with every change, of places too */
	uint64_t spill_bytes;				/* above this changes leave the memory; tests set it */
	struct index_ready ready;
};

/*
 * One step through the changes and the newest `nfiles` files together: the next name, from the newest place that
 * has it.
 * at: all 0 at first.  1: *e, gone ones too, and *record (of *len bytes); 0: the end; COUNT_ERR_CORRUPT: passed over.
 */
int index_step(const struct cold_index *x, uint64_t at[COLD_INDEX_PLACES], size_t nfiles, struct coldindex_entry *e,
	       const uint8_t **record, size_t *len, struct count_error *err);
/* COUNT_ERR_CORRUPT: where, and what to do. */
int index_damaged(const struct cold_index *x, const struct index_file *f, uint64_t at, struct count_error *err);
int index_body_damaged(const struct cold_index *x, const struct coldindex_entry *e, struct count_error *err);
/* Where a name stands among the changes, or would. */
bool index_find_change(const struct cold_index *x, const char *name, size_t len, size_t *at);
void index_drop_changes(struct cold_index *x);
/* Moves changes to a file without a name, if they are many.  If that cannot be done they stay: no failure. */
void index_spill(struct cold_index *x);

#endif
