/*
 * names.h - from the spelled bytes of a series to its id in the writer.
 *
 * Reading a line costs little more than finding its series, so the key is the bytes as they
 * stand in the line: no parsing, no copy.  Open addressing, XXH3 of the bytes, at most half full.
 * Senders repeat their series in one order, so the first guess is the series that followed the latest
 * one the last time: a comparison of bytes that lie beside those just used, no hash.
 * The table is bounded by its user: past NAMES_LIMIT it is emptied and fills again with what is in use.
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAMES_LIMIT (96u << 20)	/* bytes; about a million series: beyond, whoever uses a table clears it */
#define NAMES_PAD 64		/* bytes behind every spelling that may be read, whatever they are */

struct name_entry {
	uint64_t hash;
	uint32_t offset;	/* of the spelling in bytes */
	uint32_t key_len;	/* names_key_len() */
	uint32_t id;
	uint32_t next;		/* the entry asked for after this one the last time */
};

struct names {
	struct name_slot *slots;
	struct name_entry *entries;
	size_t nslots;		/* a power of two, or 0 */
	uint32_t used;		/* entries */
	uint32_t latest;	/* the entry found last */
	char *bytes;
	size_t nbytes, cap;
};

/* One spelling may mean two series in two formats; len is below 2^24. */
static inline uint32_t names_key_len(uint8_t format, size_t len)
{
	return (uint32_t)format << 24 | (uint32_t)len;
}

/* The id known for a spelling in one format; false: not known, and *hash is to be given to names_add(). */
bool names_find(struct names *n, uint8_t format, const char *s, size_t len, uint64_t *hash,
		uint32_t *id);
/* The same without the guess, for one who has tried it: *entry is the index of the entry. */
bool names_seek(struct names *n, uint8_t format, const char *s, size_t len, uint64_t *hash, uint32_t *entry);
/* Remember one; without memory it is not remembered. */
void names_add(struct names *n, uint8_t format, uint64_t hash, const char *s, size_t len,
	       uint32_t id);
size_t names_memory(const struct names *n);	/* bytes, about */
void names_clear(struct names *n);	/* the ids are good no more */
void names_free(struct names *n);

#endif
