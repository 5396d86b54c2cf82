/*
 * block_times.h - where a block writer puts times: nowhere, before the values, or where others share them.
 *
 * All series of one scrape tick at the same instants, so their times are stored once.  Columns that were
 * written lately are known by a hash of their times, which are compared too; each hash has one slot, the latest
 * column takes it; when all together exceed 8 MiB they are forgotten.  Times that differ little from
 * equal steps, or from one of the last columns, are stored as edits of these (block_edits.h).
 *
 * A short column or short edits stand with their chunk, since they may be the only ones of their kind; the second
 * chunk with the same times makes them a shared column.
 */
#ifndef COUNT_FORMAT_BLOCK_TIMES_H
#define COUNT_FORMAT_BLOCK_TIMES_H

#include "codec/column.h"
#include "format/block.h"

#define BLOCK_TIMES_SLOTS 4096
#define BLOCK_TIMES_BYTES (8u << 20)
#define BLOCK_TIMES_RECENT 8
#define BLOCK_TIMES_SAMPLES 8

struct block_times_slot {
	void *data;		/* an encoded column, or times as they are; NULL: free */
	size_t len;
	bool encoded;
	uint64_t off;		/* of the shared column in the file; 0: not there yet */
	uint32_t hash;
	size_t n;
	int64_t first, last;
	int64_t samples[BLOCK_TIMES_SAMPLES];
};

struct block_times {		/* all zero is empty; about 600 KiB */
	struct block_times_slot slots[BLOCK_TIMES_SLOTS];
	size_t bytes;
	struct block_times_slot *recent[BLOCK_TIMES_RECENT];	/* encoded and in the file; NULL: none */
	unsigned turn;
	const struct block_times_slot *decoded;	/* whose times are in scratch */
	int64_t scratch[COLUMN_MAX_POINTS];
	struct buf column, edits, trial, shared;	/* what block_times_put() gives */
};

struct block_times_put {
	struct block_times_place place;	/* but for edits_off */
	const uint8_t *bytes;		/* OWN: the column, EDITED: the edits */
	size_t len;
	const uint8_t *shared;		/* the bytes of a shared column, to be written first */
	size_t shared_len;
};

void block_times_free(struct block_times *t);
/*
 * Where n ascending times, 1 to COLUMN_MAX_POINTS, go.  off: where the file would have a new shared column.
 * column: NULL or their encoding, which saves making it.  What *p points to is good until the next call.
 */
int block_times_put(struct block_times *t, struct chunk_coder *coder, enum column_level level,
		    const int64_t *times, size_t n, uint64_t off, const uint8_t *column, size_t column_len,
		    struct block_times_put *p);

#endif
