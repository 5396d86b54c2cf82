/*
 * scan.h - runs of plain lines, read as fast as the processor can.
 *
 * Nearly all lines are a name seen before, a short decimal and a whole stamp, each parted by one blank.
 * A kernel takes such lines as long as they come and stops in front of the first that is anything
 * else: a new name, braces with blanks in them, no stamp, CR LF, another format, a cut line.  That one goes through
 * line_read(), which says what a line means; a kernel only takes lines of which it knows that
 * line_read() and sink_take() would give the same point.
 *
 * Why the first blank ends a name although braces may hold blanks: whether the graphite format ends a name at a blank
 * depends on the bytes before alone, so where these are a spelling that it cut off once, it cuts here again.
 *
 * Plain C is the reference; the others find bytes and read digits 16 to 64 at a time.
 */
#ifndef CLI_SCAN_H
#define CLI_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "line.h"
#include "names.h"

#define SCAN_POINTS 4096		/* what is worth to have room for */
#define SCAN_PAD 128		/* bytes behind the text that may be read, whatever they are */

struct scan_points {		/* where to put them: n of room */
	size_t n, room;
	uint32_t *ids;
	int64_t *times;
	double *values;
};

/* Reads whole lines from the start of s, one point each; returns the bytes taken.  Of line it uses given and unit,
 * and line_stamp(). */
typedef size_t scan_fn(struct line *line, struct names *names, const char *s, size_t len,
		       struct scan_points *out);

struct scan_kernel {
	const char *name;
	bool (*usable)(void);	/* on this processor */
	scan_fn *run;
};

/* The fastest first, plain C last and always usable; then one without a name. */
extern const struct scan_kernel scan_kernels[];
scan_fn *scan_choose(void);

scan_fn scan_plain, scan_avx2, scan_avx512;	/* the latter two on x86-64 only */

#endif
