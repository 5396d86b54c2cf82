/*
 * current.h - the text of CURRENT, which names the live set of a data directory; count-block(5).
 *
 * Bytes in memory only.  CURRENT is replaced as a whole under the lock file, with generation + 1.
 */
#ifndef COUNT_FORMAT_CURRENT_H
#define COUNT_FORMAT_CURRENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "count.h"

#define CURRENT_VERSION 1
#define CURRENT_MAX_BYTES (16u << 20)
#define CURRENT_MAX_COLD 16

struct current_block {		/* file blocks/NNNNNNNNNNNN.blk, 12 or more decimal digits */
	uint64_t number;
	uint64_t size;			/* bytes: a file of another size is damaged */
	int64_t first_time, last_time;	/* of all its points */
	uint64_t seg_lo, seg_hi;	/* log segments its points came from; recency */
	uint64_t points;
	unsigned level;			/* window: 4^level UTC days, aligned since 1970 */
	int64_t window;			/* index of the window: floor(day / 4^level) */
	bool pinned;			/* being archived: compaction leaves it alone */
};

struct current {
	uint64_t generation;
	uint64_t first_segment;		/* of the log: lower ones are in blocks */
	uint64_t next_number;		/* for the next file: a block, or of the cold index */
	int64_t last_flush_s;		/* wall clock of the last runs; 0: never */
	int64_t last_retention_s;
	int64_t clock_jump_s;		/* when a jump of over 7 days was seen; 0: none pending */
	int64_t last_archive_s;		/* of a run that was not a dry one; 0: never */
	uint64_t cold[CURRENT_MAX_COLD];	/* files cold-NNNN.idx, oldest first: a later one beats an earlier */
	size_t ncold;
	struct buf other;		/* lines of kinds that this version does not know, kept verbatim */
	struct current_block *blocks;	/* any order; readers sort what they need */
	size_t nblocks, cap;
};

void current_init(struct current *c);	/* of an empty store: generation 0, segment 1, number 1 */
void current_free(struct current *c);	/* leaves an empty one */
/* COUNT_ERR_CORRUPT, COUNT_ERR_VERSION (newer), COUNT_ERR_NOMEM; err says which line. */
int current_parse(const char *text, size_t len, struct current *c, struct count_error *err);
/* Appends the whole text; COUNT_ERR_NOMEM.  It prints what it is given: block numbers must differ and
 * be below next_number, points and sizes above 0, or nobody will read it. */
int current_print(const struct current *c, struct buf *out);
int current_add(struct current *c, const struct current_block *b);	/* COUNT_ERR_NOMEM */
int current_copy(const struct current *from, struct current *to);	/* to: empty; COUNT_ERR_NOMEM */

/* FORMAT: version, unit, directory id, checksum. */
#define FORMAT_VERSION 1
struct format_file { enum count_unit unit; uint8_t id[16]; };
int format_file_parse(const char *text, size_t len, struct format_file *f, struct count_error *err);
int format_file_print(const struct format_file *f, struct buf *out);
const char *format_unit_name(enum count_unit unit);	/* "s", "ms", "us", "ns" */

#endif
