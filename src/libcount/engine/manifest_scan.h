/* manifest_scan.h - what stands in the bucket, a series at a time; and objects read, several at once. */
#ifndef COUNT_ENGINE_MANIFEST_SCAN_H
#define COUNT_ENGINE_MANIFEST_SCAN_H

#include "engine/manifest_run.h"

struct scan_object {
	char *key;
	uint64_t size;
	char etag[OBJSTORE_ETAG_MAX + 1];
	int64_t start, end;		/* by its key */
};

struct scan_group {			/* the keys below PREFIX/PART/ */
	char *dir;			/* "PREFIX/PART/" */
	char *name;			/* of the series; NULL: the key is a hash that the index does not know */
	struct scan_object *objects;	/* blocks, in byte order of keys */
	size_t n, cap;
	bool has_manifest;
	char etag[OBJSTORE_ETAG_MAX + 1];	/* of it */
};

typedef int scan_fn(struct manifest_run *r, struct scan_group *g, void *ctx, struct count_error *err);

/*
 * Calls fn for each series with keys in the bucket that is meant (one without a name always), in byte order of
 * keys, then for each that is meant and of which only the index knows.  Lists the whole prefix, or the folders
 * of the series when all selectors are names.
 */
int manifest_scan(struct manifest_run *r, scan_fn *fn, void *ctx, struct count_error *err);

const struct scan_object *scan_find(const struct scan_group *g, const char *key);	/* NULL: not there */

/*
 * The manifest of a group: from the index if it is that one, else read.  1: in *m; 0: there is none;
 * COUNT_ERR_COLD: it cannot be used, as why says; else a status.  *read, unless NULL: it was not in the index.
 */
int scan_manifest(struct manifest_run *r, const struct scan_group *g, struct manifest *m, bool *read,
		  struct count_error *why);

/* ---- Objects ---- */

struct fetch {			/* one object that was asked for */
	size_t i;
	const char *key;
	const struct count_error *failed;	/* NULL: bytes and etag are it */
	const struct buf *bytes;
	const char *etag;
};
typedef int fetch_fn(struct manifest_run *r, const struct fetch *f, void *ctx, struct count_error *err);

/* Reads n objects, as many at once as S3_JOBS says and memory allows; fn gets them as they arrive.  sizes[i] 0:
 * not known.  An object that is not there is COUNT_ERR_NOTFOUND in failed. */
int fetch_objects(struct manifest_run *r, const char *const *keys, const uint64_t *sizes, size_t n, fetch_fn *fn,
		  void *ctx, struct count_error *err);

#endif
