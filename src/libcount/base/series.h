/*
 * series.h - shared by series.c, which writes the canonical text of a series, and series_read.c,
 * which reads any spelling.  The public calls are in count.h.
 */
#ifndef COUNT_BASE_SERIES_H
#define COUNT_BASE_SERIES_H

#include <stdbool.h>
#include <stddef.h>

/* May c stand in a name or key without quotation marks? */
bool series_plain_byte(unsigned char c);
bool series_plain(const char *s, size_t len);	/* all of it, and not empty */

#endif
