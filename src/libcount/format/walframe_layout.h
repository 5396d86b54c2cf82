/* walframe_layout.h - constants that the encoder and the parser of frames share; count-wal(5). */
#ifndef COUNT_FORMAT_WALFRAME_LAYOUT_H
#define COUNT_FORMAT_WALFRAME_LAYOUT_H

#include <stddef.h>

#define WALSEG_MAGIC "\x89" "cntwal\n"	/* 8 bytes; not text, and hurt by a transfer as text */
#define WALFRAME_MAGIC "cFr1"

/* How values are stored: the high half of enc. */
enum { WALRUN_RAW, WALRUN_SAME, WALRUN_INT, WALRUN_CODES = WALRUN_INT + 4 };
#define WALRUN_TIME_CODES 5
#define WALRUN_INT_MAX 9007199254740992.0	/* 2^53: beyond, doubles skip integers */

static inline size_t time_width(unsigned tw)
{
	return tw == 0 ? 0 : (size_t)1 << (tw - 1);
}

static inline size_t value_width(unsigned ve)
{
	return ve == WALRUN_RAW ? 8 : ve <= WALRUN_INT ? 0 : (size_t)1 << (ve - WALRUN_INT - 1);
}

#endif
