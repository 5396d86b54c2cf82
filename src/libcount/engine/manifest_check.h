/* manifest_check.h - objects, point by point. */
#ifndef COUNT_ENGINE_MANIFEST_CHECK_H
#define COUNT_ENGINE_MANIFEST_CHECK_H

#include "engine/manifest_scan.h"

/*
 * The bytes of an object against its manifest entry: all that cold_object_take() looks at, then every point is
 * decoded and counted, hash and statistics (also of its days) are made anew.  COUNT_ERR_COLD; err begins with the key.
 */
int check_object(struct manifest_run *r, const struct manifest_block *b, const char *series, const struct buf *bytes,
		 struct count_error *err);

/*
 * A manifest entry for an object of which nothing is known but its key: what it says of itself, proved by decoding.
 * series may be NULL for "whatever it names" (of the prototype: COUNT_ERR_COLD then); *o, unless o is NULL, is the
 * object, which the caller frees.  b: zeroed, the caller's on success.
 */
int check_orphan(struct manifest_run *r, const char *key, const char *series, const struct buf *bytes,
		 const char *etag, struct manifest_block *b, struct cold_object *o, struct count_error *err);

#endif
