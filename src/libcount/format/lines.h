/*
 * lines.h - the shape that FORMAT and CURRENT share: lines of text closed by a checksum.
 *
 *	count-WHAT VERSION
 *	KEY FIELD ...		each line ends in a newline, fields are one blank apart
 *	crc32c XXXXXXXX		CRC32C of all bytes before this line, eight lower-case hex digits
 *
 * People read these files with cat; a program notices the smallest change.
 */
#ifndef COUNT_FORMAT_LINES_H
#define COUNT_FORMAT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "count.h"

struct lines {			/* the line that is being read: from p to end, newline left out */
	const char *p, *end;
	size_t number;		/* from 1 */
	const char *next, *last;	/* private: what follows, and where the checksum line begins */
};

/*
 * Checks version and checksum; the lines between come from lines_next().  COUNT_ERR_VERSION: whole but
 * newer than `version`; COUNT_ERR_CORRUPT else, with the reason in err.
 */
int lines_open(struct lines *l, const char *text, size_t len, const char *what, unsigned version,
	       struct count_error *err);
bool lines_next(struct lines *l);	/* false: that was the last */

/* Reads the next field of the line up to a blank or the end; false: there is none, or it is empty. */
bool lines_word(struct lines *l, const char **word, size_t *len);
bool lines_done(const struct lines *l);	/* nothing is left in this line */

/* Decimal numbers as printed: no plus, no leading zeros, nothing around; false: no such number. */
bool lines_u64(const char *s, size_t len, uint64_t *v);
bool lines_i64(const char *s, size_t len, int64_t *v);

/* COUNT_ERR_CORRUPT with "line N: why". */
int lines_bad(const struct lines *l, struct count_error *err, const char *why);

/* Appends the checksum line over everything in out. */
void lines_finish(struct buf *out);

#endif
