/*
 * block_times.h - the time columns that a block writer wrote lately, to refer to them again.
 *
 * All series of one scrape tick at the same instants, and their time columns take more bytes than
 * their values; stored once they cost next to nothing.  Bytes are compared, not only hashes.  Each
 * hash has one slot, the latest column takes it; when all together exceed 8 MiB they are forgotten.
 */
#ifndef COUNT_FORMAT_BLOCK_TIMES_H
#define COUNT_FORMAT_BLOCK_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_TIMES_SLOTS 4096
#define BLOCK_TIMES_BYTES (8u << 20)
#define BLOCK_TIMES_MIN 9	/* a reference takes up to 8 bytes: shorter columns are not worth one */

struct block_times_slot {
	uint64_t off;
	uint32_t hash;
	uint8_t *data;		/* NULL: free */
	size_t len;
	uint8_t codec;
};

struct block_times {		/* all zero is empty; about 160 KiB */
	struct block_times_slot slots[BLOCK_TIMES_SLOTS];
	size_t bytes;
};

void block_times_free(struct block_times *t);
/* Whether that column stands in the file, and where. */
bool block_times_find(const struct block_times *t, const uint8_t *p, size_t len, uint8_t codec,
		      uint64_t *off);
/* It does now.  Without memory it is forgotten, which costs space only. */
void block_times_add(struct block_times *t, const uint8_t *p, size_t len, uint8_t codec,
		     uint64_t off);

#endif
