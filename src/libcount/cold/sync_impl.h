/* sync_impl.h - manifests read many at a time, for sync*.c; see sync.h. */
#ifndef COUNT_COLD_SYNC_IMPL_H
#define COUNT_COLD_SYNC_IMPL_H

#include "cold/sync.h"

struct reader_slot {		/* one GET */
	struct objstore_req req;
	struct buf body;
	bool busy;
	uint64_t size;		/* expected bytes */
	char key[OBJSTORE_KEY_MAX + 1];
	char etag[OBJSTORE_ETAG_MAX + 1];
	char name[COUNT_SERIES_MAX];	/* of the series, where it is known: name_len > 0 */
	size_t name_len;
};

struct manifest_reader {
	struct cold_tier *t;
	struct cold_index *x;
	struct reader_slot *slots;
	size_t nslots;
	uint64_t expected;		/* bytes of all that are under way */
	int64_t began_s;
	bool listed;			/* what is asked for was just listed: it must be there */
	uint64_t changed, gone, failed;
	struct count_error first;	/* code COUNT_OK: none failed */
	bool stop;			/* it failed in a way that asking for more does not help */
	bool keep;			/* a manifest that is gone is an error, and stays in the index */
};

int manifest_reader_init(struct manifest_reader *r, struct cold_tier *t, struct cold_index *x, struct count_error *err);
void manifest_reader_free(struct manifest_reader *r);

/*
 * Submits a GET, once there is room for it: takes finished ones until then.  name_len 0: not known, the manifest
 * says it.
 * etag: "" or what the index has: read only if it is another by now.
 */
void manifest_reader_get(struct manifest_reader *r, const char *key, const char *name, size_t name_len,
			 const char *etag, size_t etag_len, uint64_t size);
/* Waits for `other`, and takes the GETs that are finished meanwhile; NULL: until none is left. */
void manifest_reader_wait(struct manifest_reader *r, const struct objstore_req *other);
void manifest_reader_fail(struct manifest_reader *r, const struct count_error *why);

#endif
