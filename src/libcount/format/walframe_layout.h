/* walframe_layout.h - constants that the encoder and the parser of frames share; count-wal(5). */
#ifndef COUNT_FORMAT_WALFRAME_LAYOUT_H
#define COUNT_FORMAT_WALFRAME_LAYOUT_H

#include <stddef.h>

#define WALSEG_MAGIC "\x89" "cntwal\n"	/* 8 bytes; not text, and hurt by a transfer as text */
#define WALFRAME_MAGIC "cFr1"

enum { WALFRAME_NAMES = 40, WALFRAME_DIRCRC = 48, WALFRAME_CRC = 52 };	/* in the header */

/* How values are stored: the high half of enc. */
enum { WALRUN_RAW, WALRUN_SAME, WALRUN_INT, WALRUN_DECIMAL = WALRUN_INT + 4, WALRUN_CODES = WALRUN_DECIMAL + 4 };
#define WALRUN_TIME_CODES 5
#define WALRUN_DECIMALS_MAX 22	/* 10^22 is the greatest power of ten that is a double */
#define WALRUN_INT_MAX 9007199254740992.0	/* 2^53: beyond, doubles skip integers */

static inline size_t time_width(unsigned tw)
{
	return tw == 0 ? 0 : (size_t)1 << (tw - 1);
}

static inline size_t value_width(unsigned ve)
{
	unsigned narrow = ve - WALRUN_INT;

	if (ve < WALRUN_INT)
		return ve == WALRUN_RAW ? 8 : 0;
	return narrow % 4 == 0 ? 0 : (size_t)1 << (narrow % 4 - 1);
}

#endif
