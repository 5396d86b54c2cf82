/*
 * times_cache.h - times that many series of a block share, decoded once.
 *
 * Series of one scrape have the same times, so a query of them all would decode and check the same few arrays
 * again and again.  Kept are the last SLOTS of them that were asked for twice, up to 64 KiB each: so a query of one
 * series keeps none.
 */
#ifndef COUNT_ENGINE_TIMES_CACHE_H
#define COUNT_ENGINE_TIMES_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "format/block.h"

struct times_cache;
struct times_cache *times_cache_new(void);	/* NULL: out of memory */
void times_cache_free(struct times_cache *c);	/* NULL is fine */

/* The times of the chunk of that block, valid until the next call; NULL: not here. */
const int64_t *times_cache_find(struct times_cache *c, size_t block, const struct block_chunk *chunk);
/* After a search in vain: room for them, to be found from now on; whoever fails to fill it drops it.  NULL: it was
 * the first such search, or there is no memory. */
int64_t *times_cache_add(struct times_cache *c, size_t block, const struct block_chunk *chunk);
void times_cache_drop(struct times_cache *c);	/* what was added last */

#endif
