/*
 * cache.h - objects of the bucket read lately, kept in the folder cache/ of the data directory.
 *
 * A file holds one object's bytes behind a header with their checksum and with the identity of what they are:
 * the hash of scope, key and the ETag (or checksum) that the manifest gives.  So an object that was replaced
 * is another file, and one that no manifest names any more ages out.  Whatever is wrong with a file (damaged, of
 * somebody else, a link) it is removed and counts as not there: the cache can always be deleted.
 *
 * Bounded by CACHE_SIZE: when a store would pass it, the files used longest ago go, by their mtime, which a
 * use renews.  Several processes share it without a lock: a file appears by a rename and is read whole.
 * It is not fsynced: after a power cut the checksum tells.
 */
#ifndef COUNT_COLD_CACHE_H
#define COUNT_COLD_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "format/manifest.h"
#include "store/datadir.h"

struct cold_cache;

/* Touches nothing yet.  max_bytes 0: a cache that is always empty.  NULL: out of memory. */
struct cold_cache *cold_cache_new(const struct datadir *dir, const char *scope, uint64_t max_bytes);
void cold_cache_delete(struct cold_cache *c);		/* NULL is fine */

/* Is the object of this entry there, as far as its file's header says? */
bool cold_cache_has(struct cold_cache *c, const struct manifest_block *b);
/* Its bytes, verified, appended to out; false: not there (then out is as it was). */
bool cold_cache_get(struct cold_cache *c, const struct manifest_block *b, struct buf *out);
/* Keeps it, if it can: a failure is one warning, and the end of storing in this process. */
void cold_cache_put(struct cold_cache *c, const struct manifest_block *b, const void *bytes, size_t len);
/* The bytes were no such object after all. */
void cold_cache_drop(struct cold_cache *c, const struct manifest_block *b);

#endif
