/* cache_impl.h - the inside of the cache: cache.c has its files, cache_evict.c keeps it small. */
#ifndef COUNT_COLD_CACHE_IMPL_H
#define COUNT_COLD_CACHE_IMPL_H

#include "cold/cache.h"

#define CACHE_NAME_LEN 32
#define CACHE_TMP_PREFIX "tmp-"

struct cold_cache {
	const struct datadir *dir;
	char *scope;
	uint64_t max;
	int fd;				/* of the folder; -1: not open yet */
	bool broken;			/* a store failed: no more */
	bool counted;			/* used is known */
	uint64_t used;			/* bytes of all files when they were counted, and what we added */
	uint64_t written;		/* by us since they were counted: others write too */
	unsigned serial;
};

/* Removes what was used longest ago until `more` bytes fit. */
void cache_make_room(struct cold_cache *c, uint64_t more);

#endif
