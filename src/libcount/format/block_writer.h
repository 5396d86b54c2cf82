/*
 * block_writer.h - the inside of a block writer, private to format/.
 *
 * block_writer.c is the file as a whole, block_encode.c the points of a series, block_table.c the chunk
 * directories and the series table.
 */
#ifndef COUNT_FORMAT_BLOCK_WRITER_H
#define COUNT_FORMAT_BLOCK_WRITER_H

#include "format/block.h"
#include "format/block_cut.h"
#include "format/block_layout.h"
#include "format/block_times.h"

struct block_pending {		/* a series of the group under way */
	size_t name, name_len;		/* in names */
	size_t shared;			/* with the name before */
	bool full;			/* the rest of the name is written in full */
	uint64_t chunks, points;
	int64_t first_time, last_time;
	size_t dir_len;			/* of its directory; 0: its only chunk is here */
	struct block_chunk chunk;
	size_t edits;			/* of its times, in edits */
};

struct block_pending_group {
	struct block_pending v[BLOCK_GROUP];
	unsigned n;
	uint64_t place;			/* where the columns of its large chunks begin */
	uint64_t dir_off;		/* its first directory, in dirs */
	struct buf names, edits;
	struct buf run;			/* the columns of its small chunks */
	size_t run_ends[BLOCK_GROUP / BLOCK_RUN];
};

struct block_writer {
	struct block_info info;
	block_sink *sink;
	void *arg;
	int status;			/* the first failure */
	uint64_t off;			/* bytes given to the sink */
	uint32_t footer_seed;		/* ties the footer to the header */

	struct buf dirs, table, index;	/* the regions so far; index without its last entry */
	struct block_pending_group group;
	struct block_times times;

	/* The series being written. */
	char name[COUNT_SERIES_MAX];
	size_t name_len;
	uint64_t chunks, points;
	int64_t first_time, last_time;
	struct block_chunk before;	/* the newest chunk; if it is the only one so far, its columns are held */
	struct buf held, held_edits;
	struct buf dir;			/* its directory, once it has two chunks */
	uint64_t place;			/* where the columns of a next one are expected */
	struct buf dict, new_dict;	/* the dictionary at hand, that of the run being written */
	struct buf values;		/* scratch */
	int64_t *copied;		/* scratch: COLUMN_MAX_POINTS times of a chunk that is copied; NULL: none yet */
	struct block_cuts cuts, cuts_before;	/* of this series, and the one before */
};

int block_writer_fail(struct block_writer *w, int status);	/* keeps the first failure, and returns it */
int block_writer_emit(struct block_writer *w, const void *data, size_t len);

struct block_new {		/* a chunk to be added */
	struct block_chunk c;		/* stats, recency, times; places are filled in */
	const uint8_t *edits;		/* of EDITED times */
	const uint8_t *times, *values;	/* the columns */
	const uint8_t *dict;		/* that it needs, c.dict_len bytes */
};
/* block_table.c: a further chunk is to come, so the first goes to the file. */
int block_table_settle(struct block_writer *w);
/* Adds a chunk to the series, and its columns to the file. */
int block_table_chunk(struct block_writer *w, struct block_new *n);
/* The series is complete. */
int block_table_add(struct block_writer *w);
/* So is the table. */
int block_table_end(struct block_writer *w);

#endif
