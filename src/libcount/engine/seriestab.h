/*
 * seriestab.h - the series of one writer: canonical name to dense id, by hash.
 *
 * Open addressing with linear probing, at most half full.  A slot holds 32 bits of the hash beside the
 * id, so that a probe reads a name only when it is almost surely the right one.
 */
#ifndef COUNT_ENGINE_SERIESTAB_H
#define COUNT_ENGINE_SERIESTAB_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct seriestab_entry {
	uint64_t hash;		/* hot_hash() of the name */
	uint64_t points;	/* written since the last flush */
	uint32_t name_off, name_len;
};

struct seriestab {		/* zeroed is empty */
	struct buf names;
	struct seriestab_entry *v;	/* by id */
	uint32_t len, cap;
	uint64_t *slots;	/* high half of the hash, then id + 1; 0 is free */
	uint32_t nslots;	/* a power of two, or 0 */
	uint32_t *order;	/* all ids by hash and name; good while order_len is len */
	uint32_t order_len;
};

/* The id, or UINT32_MAX when it is not there. */
uint32_t seriestab_find(const struct seriestab *t, const char *name, size_t len, uint64_t hash);
/* Adds one that is not there.  COUNT_ERR_NOMEM: nothing has changed. */
int seriestab_add(struct seriestab *t, const char *name, size_t len, uint64_t hash, uint32_t *id);
static inline const char *seriestab_name(const struct seriestab *t, uint32_t id)
{
	return (const char *)t->names.data + t->v[id].name_off;
}
/* Sorts ids into the order of a frame's directory. */
void seriestab_sort(const struct seriestab *t, uint32_t *ids, size_t n);
/* All ids in that order, kept until a series is added; NULL: out of memory. */
const uint32_t *seriestab_order(struct seriestab *t);
size_t seriestab_bytes(const struct seriestab *t);	/* memory in use, about */
void seriestab_free(struct seriestab *t);		/* leaves an empty one */

#endif
