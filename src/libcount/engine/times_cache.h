/*
 * times_cache.h - time columns that many series of a block share, decoded once.
 *
 * Series of one scrape share their time columns, so a query of them all would decode and check the same
 * few again and again.  Kept are the last SLOTS of them, up to 64 KiB each.
 */
#ifndef COUNT_ENGINE_TIMES_CACHE_H
#define COUNT_ENGINE_TIMES_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/block.h"

struct times_cache;
struct times_cache *times_cache_new(void);	/* NULL: out of memory */
void times_cache_free(struct times_cache *c);	/* NULL is fine */

/* Is the chunk one whose times another one may have, too? */
static inline bool times_cache_wants(const struct block_chunk *c)
{
	return !block_is_regular(c);
}

/* The times of chunk c of block number `block`, valid until the next call; NULL: not here. */
const int64_t *times_cache_find(struct times_cache *c, size_t block, const struct block_chunk *chunk);
/* Room for them, to be found from now on; NULL: out of memory.  Whoever fails to fill it drops it. */
int64_t *times_cache_add(struct times_cache *c, size_t block, const struct block_chunk *chunk);
void times_cache_drop(struct times_cache *c);	/* what was added last */

#endif
