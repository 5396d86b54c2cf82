/*
 * block.h - a block file: chunks of many series, found by name; count-block(5).
 *
 * Bytes in memory only: the reader takes a mapped file, the writer hands its bytes to a sink.
 * Everything has a checksum that is verified when it is read; damage is COUNT_ERR_CORRUPT with
 * the offset, and what does not touch the damaged place stays readable.
 */
#ifndef COUNT_FORMAT_BLOCK_H
#define COUNT_FORMAT_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "codec/chunk.h"
#include "codec/stats.h"
#include "count.h"

#define BLOCK_VERSION 1

struct block_info {		/* what the header says */
	enum count_unit unit;
	uint8_t id[16];			/* of the data directory */
	uint64_t seg_lo, seg_hi;	/* recency where a chunk does not say otherwise */
	unsigned level;
	int64_t window;
	int64_t first_time, last_time;
	uint64_t series, points, chunks;
};

/* ---- Reading ---- */

struct block {			/* an open block; owns nothing, the map must outlive it */
	const uint8_t *data;
	size_t len;
	struct block_info info;
	/* private from here on */
	uint64_t dirs_off, table_off, index_off;	/* where the regions begin */
	uint64_t ngroups;
};

/* Checks header, footer and index.  *at, unless NULL, is the offset of damage on COUNT_ERR_CORRUPT. */
int block_open(struct block *b, const uint8_t *data, size_t len, uint64_t *at);

struct block_series {
	char name[COUNT_SERIES_MAX + 1];
	size_t name_len;
	int64_t first_time, last_time;
	uint64_t points;
	uint64_t chunks;
	uint64_t dir_off, dir_len;	/* of its chunk directory in the file, private */
};

/* COUNT_ERR_NOTFOUND when there is none of that name.  A binary search, no scan. */
int block_find(const struct block *b, const char *name, size_t len, struct block_series *s,
	       uint64_t *at);

/* All series in byte order of names: zeroed cursor, then next until COUNT_ERR_NOTFOUND.  After
 * COUNT_ERR_CORRUPT the cursor stands past the damaged group, and reading may go on. */
struct block_series_cursor {
	struct block_series s;			/* the series just read */
	uint64_t group, in_group, off, dir_off;	/* private */
	int64_t base_time;
};
int block_next_series(const struct block *b, struct block_series_cursor *cur, uint64_t *at);

struct block_chunk {
	struct chunk_stats stats;	/* times and counts always; the rest if has_stats */
	bool has_stats;
	struct chunk_codecs codecs;
	uint64_t seg_lo, seg_hi;
	uint64_t times_off, values_off;	/* of the columns in the file; times may be shared */
	uint32_t times_len, values_len;
	uint32_t crc;			/* of the times, then the values */
};

/* The chunks of a series by first time: zeroed cursor, then next until COUNT_ERR_NOTFOUND. */
struct block_chunk_cursor {
	uint64_t done, off, data_off;	/* chunks read; places in directory and data */
	uint64_t points;
	int64_t first_time, last_time, max_time;	/* of the chunk before, of all before */
	struct chunk_codecs codecs;
};
int block_next_chunk(const struct block *b, const struct block_series *s,
		     struct block_chunk_cursor *cur, struct block_chunk *c, uint64_t *at);

/* The checksum alone. */
int block_check_chunk(const struct block *b, const struct block_chunk *c, uint64_t *at);
/* Verifies the checksum and decodes all stats.count points; times or values may be NULL.  Times that
 * do not ascend from stats.first_time to stats.last_time are COUNT_ERR_CORRUPT, a codec of a later
 * program is COUNT_ERR_VERSION. */
int block_read_chunk(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder,
		     int64_t *times, double *values, uint64_t *at);

/* ---- Writing ---- */

/* Takes the next bytes of the file; 0, or -1 to stop (the writer then returns COUNT_ERR_IO). */
typedef int block_sink(void *arg, const void *data, size_t len);

/*
 * A writer keeps the index in memory and lately written time columns, at most 8 MiB; points go to the sink
 * at once.  After a failure every call returns the same status and the file is of no use.
 * Calls that break an order are COUNT_ERR_INVALID.
 */
struct block_writer;
/* info: unit, id, seg_lo, seg_hi, level, window; the rest is counted. */
int block_writer_new(const struct block_info *info, block_sink *sink, void *arg,
		     struct block_writer **w);
/* Series in strictly ascending byte order of names, each with its chunks by first time (chunks may
 * overlap).  A series without chunks leaves no trace. */
int block_writer_series(struct block_writer *w, const char *name, size_t len);
/* Encodes and adds up to CHUNK_MAX_POINTS points, times strictly ascending. */
int block_writer_points(struct block_writer *w, struct chunk_coder *coder, const int64_t *times,
			const double *values, size_t n, uint64_t seg_lo, uint64_t seg_hi);
/* Adds a chunk of another block as it stands: no decoding, the checksum goes along verified.
 * COUNT_ERR_CORRUPT if that is wrong, with *at; the writer is as before and may go on. */
int block_writer_copy(struct block_writer *w, const struct block *from, const struct block_chunk *c,
		      uint64_t *at);
uint64_t block_writer_size(const struct block_writer *w);	/* bytes so far, index estimated */
/* Writes tables and footer; *info gets the final counts and times. */
int block_writer_finish(struct block_writer *w, struct block_info *info);
void block_writer_delete(struct block_writer *w);

#endif
