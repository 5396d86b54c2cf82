/*
 * names.h - from the spelled bytes of a series to its id in the writer.
 *
 * Reading a line costs little more than finding its series, so the key is the bytes as they
 * stand in the line: no parsing, no copy.  Open addressing, XXH3 of the bytes, at most half full.
 * Senders repeat their series in one order, so the first guess is the series that followed the latest
 * one the last time: a comparison of bytes that lie beside those just used, no hash.
 * The table is bounded: past the limit it is emptied and fills again with what is in use.
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAMES_LIMIT (96u << 20)	/* bytes; about a million series */

struct names {
	struct name_slot *slots;
	struct name_entry *entries;
	size_t nslots;		/* a power of two, or 0 */
	uint32_t used;		/* entries */
	uint32_t latest;	/* the entry found last */
	char *bytes;
	size_t nbytes, cap;
};

/* The id known for a spelling in one format; false: not known, and *hash is to be given to names_add(). */
bool names_find(struct names *n, uint8_t format, const char *s, size_t len, uint64_t *hash,
		uint32_t *id);
/* Remember one; without memory it is not remembered. */
void names_add(struct names *n, uint8_t format, uint64_t hash, const char *s, size_t len,
	       uint32_t id);
void names_clear(struct names *n);	/* the ids are good no more */
void names_free(struct names *n);

#endif
