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
#include "codec/column.h"
#include "codec/stats.h"
#include "count.h"

#define BLOCK_VERSION 2

struct block_info {		/* what the header says */
	enum count_unit unit;
	uint8_t id[16];			/* of the data directory */
	uint64_t seg_lo, seg_hi;	/* recency where a chunk does not say otherwise */
	unsigned level;
	enum column_level coding;	/* COLUMN_MAX: all its chunks are so encoded; else that of new ones */
	int64_t window;
	int64_t first_time, last_time;
	uint64_t series, points, chunks;
};

/* ---- Reading ---- */

#define BLOCK_HEADER_LEN 64
/* What a header says of the encoding; COUNT_ERR_CORRUPT, COUNT_ERR_VERSION. */
int block_coding(const uint8_t header[BLOCK_HEADER_LEN], enum column_level *coding);

struct block {			/* an open block; owns nothing, the map must outlive it */
	const uint8_t *data;
	size_t len;
	struct block_info info;
	/* private from here on */
	uint64_t dirs_off, table_off, index_off;	/* where the regions begin */
	uint64_t ngroups;
	uint64_t intact;		/* where the run begins that was verified last; 0: none */
};

/* Checks header, footer and index.  *at, unless NULL, is the offset of damage on COUNT_ERR_CORRUPT. */
int block_open(struct block *b, const uint8_t *data, size_t len, uint64_t *at);

enum block_times_kind {		/* where the times of a chunk are; the numbers are those of the file */
	BLOCK_TIMES_SAME,	/* those of the chunk before; never in a struct block_chunk */
	BLOCK_TIMES_REGULAR,	/* nowhere: first + i * step */
	BLOCK_TIMES_OWN,	/* a column before the values */
	BLOCK_TIMES_SHARED,	/* a column that several chunks share */
	BLOCK_TIMES_EDITED,	/* such a column or equal steps, but for some points; block_edits.h */
	BLOCK_TIMES_KINDS
};

struct block_times_place {	/* private: see the functions below */
	enum block_times_kind kind;
	uint64_t step;			/* REGULAR, and EDITED without a column: the step; 0 of a single point */
	uint64_t off;			/* OWN, SHARED: of the column; EDITED: of the base or 0 */
	uint32_t len;			/* OWN: of the column */
	uint32_t edits_len;
	uint64_t edits_off;
};

struct block_chunk {
	struct chunk_stats stats;	/* times and counts always; the rest if has_stats */
	bool has_stats;
	bool checked;			/* a caller who knows that block_check_chunk() passed sets it: no more checks */
	uint64_t seg_lo, seg_hi;
	uint32_t times_len, values_len;	/* bytes in the file that are its own */
	struct block_times_place times;	/* private from here on */
	uint64_t values_off;		/* own times, if any, stand right before */
	uint64_t crc_off, crc_len;	/* what its checksum is about: both columns, or a run of small chunks */
	uint32_t crc, dict_crc;
	uint32_t dict_len;		/* 0: needs none */
	uint64_t dict_off;
};

/* Times at equal distances: time i is first_time + i * block_step(), modulo 2^64; no need to decode any. */
static inline bool block_is_regular(const struct block_chunk *c) { return c->times.kind == BLOCK_TIMES_REGULAR; }
static inline uint64_t block_step(const struct block_chunk *c) { return c->times.step; }
/* Certainly the same times, of chunks of one block: an array of the one serves for the other. */
bool block_same_times(const struct block_chunk *a, const struct block_chunk *b);

struct block_series {
	char name[COUNT_SERIES_MAX + 1];
	size_t name_len;
	int64_t first_time, last_time;
	uint64_t points;
	uint64_t chunks;
	/* private from here on */
	uint64_t dir_off, dir_len;	/* of its chunk directory in the file; dir_len 0: it is this: */
	struct block_chunk only;
};

/* COUNT_ERR_NOTFOUND when there is none of that name.  A binary search, no scan. */
int block_find(const struct block *b, const char *name, size_t len, struct block_series *s,
	       uint64_t *at);

/* All series in byte order of names: zeroed cursor, then next until COUNT_ERR_NOTFOUND.  After
 * COUNT_ERR_CORRUPT the cursor stands past the damaged group, and reading may go on. */
#define BLOCK_GROUP 64			/* series in a group of the table; the last has what is left */
#define BLOCK_RUN 16			/* of these, how many keep small chunks in one run */
struct block_group {		/* private: what is left of a group of the table */
	uint64_t off, end;		/* in the file */
	unsigned read, left;		/* series */
	uint64_t dir_off;		/* of the next directory */
	uint64_t place;			/* of the next large chunk, before its gap */
	uint64_t run_off, run_at;	/* the run at hand of small chunks; where the next one is in it */
	struct { uint32_t len, crc; } runs[BLOCK_GROUP / BLOCK_RUN];
	size_t shared;			/* bytes that a name had of the one before */
	struct { uint32_t off; uint16_t len, shared; } rests[BLOCK_GROUP];	/* of names; in the table, in full */
	unsigned nrests;
	int64_t first_time;		/* of the series before */
	bool any;			/* times is that of a chunk before */
	struct block_times_place times;
	uint64_t span, count;
};
struct block_series_cursor {
	struct block_series s;			/* the series just read */
	uint64_t group;				/* private: the next one, or that of g */
	struct block_group g;
};
int block_next_series(const struct block *b, struct block_series_cursor *cur, uint64_t *at);

/* The chunks of a series by first time: zeroed cursor, then next until COUNT_ERR_NOTFOUND. */
struct block_chunk_cursor {
	uint64_t done, off, place;	/* chunks read; places in directory and columns */
	uint64_t points;
	int64_t max_time;		/* of all before */
	struct block_chunk before;
};
int block_next_chunk(const struct block *b, const struct block_series *s,
		     struct block_chunk_cursor *cur, struct block_chunk *c, uint64_t *at);

/* The checksum alone, of its columns; that of shared times is verified when they are read. */
int block_check_chunk(const struct block *b, const struct block_chunk *c, uint64_t *at);
/*
 * Decodes pages from .. from + pages - 1 (codec/column.h) of one or both columns to the front of the arrays;
 * times or values may be NULL.  The checksum is verified unless c->checked.  Times that do not ascend
 * from stats.first_time to stats.last_time are COUNT_ERR_CORRUPT, an encoding of a later program is
 * COUNT_ERR_VERSION; COUNT_ERR_NOMEM.
 */
int block_read_pages(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder,
		     unsigned from, unsigned pages, int64_t *times, double *values, uint64_t *at);
/*
 * The pages in which a point in from <= t <= last may lie: *first, and how many; 0: there is no such point.  times: all
 * of the chunk; not asked for if it is regular.
 */
unsigned block_pages_within(const struct block_chunk *c, const int64_t *times, int64_t from, int64_t last,
			    unsigned *first);
/*
 * The points of those pages, *n of them, perhaps 0.  The arrays have room for all points of the chunk.  Times that are
 * not regular are decoded and verified for the whole chunk.
 */
int block_read_within(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder, int64_t from,
		      int64_t last, int64_t *times, double *values, size_t *n, uint64_t *at);
/* All stats.count points. */
int block_read_chunk(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder,
		     int64_t *times, double *values, uint64_t *at);

/* Short names of the encodings for reports. */
const char *block_times_name(const struct block *b, const struct block_chunk *c);
const char *block_values_name(const struct block *b, const struct block_chunk *c);

/* ---- Writing ---- */

/* Takes the next bytes of the file; 0, or -1 to stop (the writer then returns COUNT_ERR_IO). */
typedef int block_sink(void *arg, const void *data, size_t len);

#define BLOCK_RUN_POINTS (32 * COLUMN_MAX_POINTS)	/* that block_writer_points() takes at once */

/*
 * A writer keeps the index in memory and lately written time columns, at most 8 MiB; points go to the sink
 * nearly at once.  After a failure every call returns the same status and the file is of no use.
 * Calls that break an order are COUNT_ERR_INVALID.
 */
struct block_writer;
/* info: unit, id, seg_lo, seg_hi, level, coding, window; the rest is counted. */
int block_writer_new(const struct block_info *info, block_sink *sink, void *arg,
		     struct block_writer **w);
/* Series in strictly ascending byte order of names, each with its chunks by first time (chunks may
 * overlap).  A series without chunks leaves no trace. */
int block_writer_series(struct block_writer *w, const char *name, size_t len);
/*
 * Encodes points, times strictly ascending, n from 1 to BLOCK_RUN_POINTS, in chunks that it cuts
 * (block_cut.h).  *taken is how many: all, or if more of the run are to follow perhaps fewer; the caller gives
 * the others again.  A full run takes some always.
 */
int block_writer_points(struct block_writer *w, struct chunk_coder *coder, const int64_t *times,
			const double *values, size_t n, bool more, uint64_t seg_lo, uint64_t seg_hi,
			size_t *taken);
/* One chunk of up to COLUMN_MAX_POINTS points. */
int block_writer_chunk(struct block_writer *w, struct chunk_coder *coder, const int64_t *times,
		       const double *values, size_t n, uint64_t seg_lo, uint64_t seg_hi);
/* Adds a chunk of another block as it stands: no decoding of values, the checksums are verified.
 * COUNT_ERR_CORRUPT if one is wrong, with *at; the writer is as before and may go on.  A file of
 * COLUMN_MAX takes only such chunks. */
int block_writer_copy(struct block_writer *w, struct chunk_coder *coder, const struct block *from,
		      const struct block_chunk *c, uint64_t *at);
uint64_t block_writer_size(const struct block_writer *w);	/* bytes so far, index estimated */
/* Writes tables and footer; *info gets the final counts and times. */
int block_writer_finish(struct block_writer *w, struct block_info *info);
void block_writer_delete(struct block_writer *w);

#endif
