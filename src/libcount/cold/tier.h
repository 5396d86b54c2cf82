/*
 * tier.h - the cold tier of a data directory: its bucket, its keys, the modules it needs.
 *
 * Opening makes no request.  One thread drives it.  Everything above (archive, queries, count-manifest) asks the
 * object store through t->store and reads and prints JSON through t->json.
 */
#ifndef COUNT_COLD_TIER_H
#define COUNT_COLD_TIER_H

#include "base/keyname.h"
#include "base/module.h"
#include "cold/settings.h"
#include "format/coldindex.h"
#include "format/json_module.h"
#include "store/datadir.h"
#include "store/objstore.h"

struct s3_module;

struct cold_tier {
	const struct cold_settings *settings;	/* borrowed, as is: */
	const struct datadir *dir;
	objstore *store;
	const struct json_module *json;
	const struct s3_module *s3;		/* NULL until needed: an S3 endpoint, or a series that takes SHA-256 */
	struct module json_so, s3_so;
	char *scope;				/* "s3://BUCKET/PREFIX" or "ENDPOINT/BUCKET/PREFIX" */
	char writer[33];			/* the directory's id in hex */
};

/*
 * t: all zero; left so on failure.  COUNT_ERR_INVALID: settings that contradict each other, a module that is not
 * there.  Of a file:// endpoint the bucket must be there, else COUNT_ERR_COLD: an empty one in its place could be
 * the mount point of one that is not mounted, and a query would lose its cold part without a word.
 */
int cold_tier_open(struct cold_tier *t, const struct cold_settings *settings, const struct datadir *dir,
		   struct count_error *err);
/* The same, and makes the bucket of a file:// endpoint whose directory is there.  For an archive run that knows of no
 * earlier one: its index was never synced. */
int cold_tier_create(struct cold_tier *t, const struct cold_settings *settings, const struct datadir *dir,
		     struct count_error *err);
void cold_tier_close(struct cold_tier *t);	/* leaves one that may be closed again */
/* The scope alone, for looking into the index without opening anything; NULL: out of memory; the caller frees. */
char *cold_scope(const struct cold_settings *settings);

/* What an earlier run learned of the bucket goes to the store, and what this one learned back. */
void cold_tier_learn(struct cold_tier *t, const struct coldindex_facts *facts);
/* facts: empty. */
int cold_tier_facts(const struct cold_tier *t, int64_t synced_s, struct coldindex_facts *facts);

/* "PREFIX/SERIES/"; COUNT_ERR_INVALID when the key of a block would pass OBJSTORE_KEY_MAX. */
int cold_dir(struct cold_tier *t, const char *series, size_t len, char out[OBJSTORE_KEY_MAX + 1],
	     struct count_error *err);
int cold_manifest_key(struct cold_tier *t, const char *series, size_t len, char out[OBJSTORE_KEY_MAX + 1],
		      struct count_error *err);
/* PREFIX/SERIES/block_START_END.json, from nth 2 on block_START_END_2.json. */
int cold_block_key(struct cold_tier *t, const char *series, size_t len, int64_t start, int64_t end,
		   unsigned nth, char out[OBJSTORE_KEY_MAX + 1], struct count_error *err);
/* The part of a listed key that stands for its series, with *part_len; and whether it is a manifest, a block
 * (*start, *end) or neither. */
enum cold_key_kind { COLD_KEY_OTHER, COLD_KEY_MANIFEST, COLD_KEY_BLOCK };
enum cold_key_kind cold_key_parse(const struct cold_tier *t, const char *key, const char **part, size_t *part_len,
				  int64_t *start, int64_t *end);

/* In the text of an error about what only a later version can read, and nobody may replace. */
#define COLD_NEWER "written by a newer count"

/*
 * A manifest from a finished GET: parsed, and its name and unit checked.  1: it is in *m; 0: there is none
 * (404).  COUNT_ERR_DENIED says that without s3:ListBucket a missing key answers 403 too.  COUNT_ERR_COLD:
 * damaged, foreign, of another unit; never "empty".  series NULL: whatever it names, if it is at its place.
 * UNCHANGED is for the caller to see before: here it is COUNT_ERR_INVALID.
 */
int cold_manifest_take(struct cold_tier *t, const struct objstore_req *get, const char *series, size_t len,
		       struct manifest *m, struct count_error *err);
/* The same at once: nothing else may be in flight.  etag: OBJSTORE_ETAG_MAX + 1 bytes, written on 1. */
int cold_manifest_get(struct cold_tier *t, const char *series, size_t len, struct manifest *m, char *etag,
		      struct count_error *err);

/* An object's bytes against its manifest entry: size, series, times, count, unit, chunk directory, and the hash of
 * the bytes (checksum) where the entry has one.  o: empty; left empty on failure.  COUNT_ERR_COLD; err begins with
 * the key.  Its points are not decoded. */
int cold_object_take(struct cold_tier *t, const struct manifest_block *b, const char *series, size_t len,
		     const uint8_t *bytes, size_t n, struct cold_object *o, struct count_error *err);

#endif
