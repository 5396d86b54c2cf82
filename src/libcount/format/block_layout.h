/*
 * block_layout.h - where things are in a block file, for its reader and writer; count-block(5).
 *
 *	header | columns | chunk directories | series table | index of groups | footer
 */
#ifndef COUNT_FORMAT_BLOCK_LAYOUT_H
#define COUNT_FORMAT_BLOCK_LAYOUT_H

#include <stdint.h>

#define HEADER_MAGIC "countB\x1a\n"	/* a text-mode copy spoils it */
#define FOOTER_MAGIC "countE\x1a\n"
#define MAGIC_LEN 8

enum {				/* offsets in the header */
	HEADER_VERSION = 8,	/* u16 */
	HEADER_UNIT = 10,	/* u8 */
	HEADER_LEVEL = 11,	/* u8 */
	HEADER_ZERO = 12,	/* u32 */
	HEADER_ID = 16,		/* 16 bytes */
	HEADER_SEG_LO = 32,	/* u64 */
	HEADER_SEG_HI = 40,	/* u64 */
	HEADER_WINDOW = 48,	/* i64 */
	HEADER_ZERO2 = 56,	/* u32 */
	HEADER_CRC = 60,	/* u32, of all before */
	HEADER_LEN = 64
};

enum {				/* offsets in the footer */
	FOOTER_DIRS = 0,	/* u64, offset of the chunk directories */
	FOOTER_TABLE = 8,	/* u64, of the series table */
	FOOTER_INDEX = 16,	/* u64, of the index of groups */
	FOOTER_SERIES = 24,	/* u64, number of series */
	FOOTER_CHUNKS = 32,	/* u64 */
	FOOTER_POINTS = 40,	/* u64 */
	FOOTER_FIRST = 48,	/* i64, times */
	FOOTER_LAST = 56,	/* i64 */
	FOOTER_INDEX_CRC = 64,	/* u32 */
	FOOTER_CRC = 68,	/* u32, of the header's checksum and all before in the footer */
	FOOTER_MAGIC_OFF = 72,
	FOOTER_LEN = 80
};

#define BLOCK_MAX_LEVEL 31
#define GROUP_SERIES 16		/* series in a group of the table; the last has what is left */

enum {				/* flags of an entry in a chunk directory */
	ENTRY_SHARED_TIMES = 1,	/* the time column is elsewhere */
	ENTRY_SAME_CODECS = 2,	/* as the entry before */
	ENTRY_RECENCY = 4,	/* own range of segments */
	ENTRY_STATS = 8,
	ENTRY_NOMINAL = 16,	/* CHUNK_POINTS points */
	ENTRY_KNOWN = 31
};

#endif
