/* names.c - from the spelled bytes of a series to its id in the writer. */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct name_slot {
	uint64_t hash;
	uint32_t len1;		/* length + 1, 0: free */
	uint32_t offset;	/* into bytes */
	uint32_t id;
};

bool names_find(const struct names *n, uint8_t format, const char *s, size_t len, uint64_t *hash,
		uint32_t *id)
{
	size_t mask = n->nslots - 1, i;

	*hash = XXH3_64bits_withSeed(s, len, format);
	if (n->nslots == 0)
		return false;
	for (i = *hash & mask; n->slots[i].len1 != 0; i = (i + 1) & mask) {
		const struct name_slot *slot = &n->slots[i];

		if (slot->hash == *hash && slot->len1 == len + 1 &&
		    memcmp(n->bytes + slot->offset, s, len) == 0) {
			*id = slot->id;
			return true;
		}
	}
	return false;
}

static void place(struct name_slot *slots, size_t nslots, struct name_slot slot)
{
	size_t i = slot.hash & (nslots - 1);

	while (slots[i].len1 != 0)
		i = (i + 1) & (nslots - 1);
	slots[i] = slot;
}

static bool grow_slots(struct names *n)
{
	size_t nslots = n->nslots == 0 ? 4096 : 2 * n->nslots;
	struct name_slot *slots = calloc(nslots, sizeof(*slots));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < n->nslots; i++)
		if (n->slots[i].len1 != 0)
			place(slots, nslots, n->slots[i]);
	free(n->slots);
	n->slots = slots;
	n->nslots = nslots;
	return true;
}

static bool grow_bytes(struct names *n, size_t len)
{
	size_t cap = n->cap == 0 ? 65536 : n->cap;
	char *bytes;

	while (cap - n->nbytes < len)
		cap *= 2;
	if (cap == n->cap)
		return true;
	bytes = realloc(n->bytes, cap);
	if (bytes == NULL)
		return false;
	n->bytes = bytes;
	n->cap = cap;
	return true;
}

void names_add(struct names *n, uint64_t hash, const char *s, size_t len, uint32_t id)
{
	if (len > NAMES_LIMIT / 8)
		return;
	if (n->nbytes + len + 2 * n->nslots * sizeof(*n->slots) > NAMES_LIMIT)
		names_clear(n);
	if ((2 * (n->used + 1) > n->nslots && !grow_slots(n)) || !grow_bytes(n, len))
		return;
	memcpy(n->bytes + n->nbytes, s, len);
	place(n->slots, n->nslots, (struct name_slot){ .hash = hash, .len1 = (uint32_t)len + 1,
		.offset = (uint32_t)n->nbytes, .id = id });
	n->nbytes += len;
	n->used++;
}

void names_clear(struct names *n)
{
	if (n->nslots > 65536) {
		free(n->slots);
		n->slots = NULL;
		n->nslots = 0;
	} else if (n->nslots > 0) {
		memset(n->slots, 0, n->nslots * sizeof(*n->slots));
	}
	n->used = 0;
	n->nbytes = 0;
}

void names_free(struct names *n)
{
	free(n->slots);
	free(n->bytes);
	*n = (struct names){ 0 };
}
