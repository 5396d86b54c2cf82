/* names.c - from the spelled bytes of a series to its id in the writer. */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define NAMES_LONGEST (NAMES_LIMIT / 8)	/* a longer spelling is not remembered */

struct name_slot {
	uint32_t tag;		/* upper half of the hash: most strangers differ here already */
	uint32_t entry1;	/* index into entries + 1, 0: free */
};

static bool is_entry(const struct names *n, uint32_t i, uint8_t format, const char *s, size_t len)
{
	const struct name_entry *e = &n->entries[i];

	return len <= NAMES_LONGEST && e->key_len == names_key_len(format, len) &&
	       memcmp(n->bytes + e->offset, s, len) == 0;
}

/* Makes entry i the one that the next look-up guesses from. */
static void found(struct names *n, uint32_t i)
{
	n->entries[n->latest].next = i;
	n->latest = i;
}

bool names_seek(struct names *n, uint8_t format, const char *s, size_t len, uint64_t *hash, uint32_t *entry)
{
	size_t mask = n->nslots - 1;

	*hash = XXH3_64bits_withSeed(s, len, format);
	for (size_t i = *hash & mask; n->used > 0 && n->slots[i].entry1 != 0; i = (i + 1) & mask) {
		*entry = n->slots[i].entry1 - 1;
		if (n->slots[i].tag == *hash >> 32 && n->entries[*entry].hash == *hash &&
		    is_entry(n, *entry, format, s, len)) {
			found(n, *entry);
			return true;
		}
	}
	return false;
}

bool names_find(struct names *n, uint8_t format, const char *s, size_t len, uint64_t *hash,
		uint32_t *id)
{
	uint32_t entry;

	if (n->used > 0) {
		entry = n->entries[n->latest].next;
		if (is_entry(n, entry, format, s, len)) {
			n->latest = entry;
			*id = n->entries[entry].id;
			return true;
		}
	}
	if (!names_seek(n, format, s, len, hash, &entry))
		return false;
	*id = n->entries[entry].id;
	return true;
}

static void place(struct names *n, uint32_t entry)
{
	uint64_t hash = n->entries[entry].hash;
	size_t i = hash & (n->nslots - 1);

	while (n->slots[i].entry1 != 0)
		i = (i + 1) & (n->nslots - 1);
	n->slots[i] = (struct name_slot){ (uint32_t)(hash >> 32), entry + 1 };
}

/* Twice the slots, and room for as many entries as half of them. */
static bool grow_slots(struct names *n)
{
	size_t nslots = n->nslots == 0 ? 4096 : 2 * n->nslots;
	struct name_entry *entries = reallocarray(n->entries, nslots / 2, sizeof(*entries));
	struct name_slot *slots;

	if (entries == NULL)
		return false;
	n->entries = entries;
	slots = calloc(nslots, sizeof(*slots));
	if (slots == NULL)
		return false;
	free(n->slots);
	n->slots = slots;
	n->nslots = nslots;
	for (uint32_t i = 0; i < n->used; i++)
		place(n, i);
	return true;
}

static bool grow_bytes(struct names *n, size_t len)
{
	size_t cap = n->cap == 0 ? 65536 : n->cap;
	char *bytes;

	while (cap - n->nbytes < len + NAMES_PAD)
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

void names_add(struct names *n, uint8_t format, uint64_t hash, const char *s, size_t len,
	       uint32_t id)
{
	if (len > NAMES_LONGEST)
		return;
	if ((2 * (n->used + 1) > n->nslots && !grow_slots(n)) || !grow_bytes(n, len))
		return;
	memcpy(n->bytes + n->nbytes, s, len);
	/* Until more is known, lines come in the order in which they came first, over and over. */
	n->entries[n->used] = (struct name_entry){ .hash = hash, .offset = (uint32_t)n->nbytes,
		.key_len = names_key_len(format, len), .id = id, .next = 0 };
	place(n, n->used);
	n->nbytes += len;
	found(n, n->used++);
}

size_t names_memory(const struct names *n)
{
	/* with the next doubling of the slots */
	return n->nbytes + 2 * n->nslots * (sizeof(*n->slots) + sizeof(*n->entries) / 2);
}

void names_clear(struct names *n)
{
	if (n->nslots > 65536) {
		free(n->slots);
		free(n->entries);
		n->slots = NULL;
		n->entries = NULL;
		n->nslots = 0;
	} else if (n->nslots > 0) {
		memset(n->slots, 0, n->nslots * sizeof(*n->slots));
	}
	n->used = 0;
	n->latest = 0;
	n->nbytes = 0;
}

void names_free(struct names *n)
{
	free(n->slots);
	free(n->entries);
	free(n->bytes);
	*n = (struct names){ 0 };
}
