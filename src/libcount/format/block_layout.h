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
	HEADER_CODING = 12,	/* u8 */
	HEADER_ZERO = 13,	/* 3 bytes */
	HEADER_ID = 16,		/* 16 bytes */
	HEADER_SEG_LO = 32,	/* u64 */
	HEADER_SEG_HI = 40,	/* u64 */
	HEADER_WINDOW = 48,	/* i64 */
	HEADER_ZERO2 = 56,	/* u32 */
	HEADER_CRC = 60,	/* u32, of all before */
	HEADER_LEN = 64		/* BLOCK_HEADER_LEN */
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

enum {				/* flags of a group */
	GROUP_RUN = 1,		/* it has small chunks */
	GROUP_DIRS = 2,		/* it has directories */
	GROUP_KNOWN = 3
};

/* The columns of an only chunk that take fewer bytes stand in a run of its group, under one checksum. */
#define SMALL_BYTES 512

enum {				/* bits of the field before the rest of a name */
	NAME_LIKE = 1,		/* as that of an earlier series, which the bits from NAME_WHICH on tell */
	NAME_OWN = 2,		/* but for some bytes */
	NAME_WHICH = 2
};

enum {				/* the flags of a series in the table, and of an entry in a directory */
	ENTRY_KIND = 7,		/* enum block_times_kind, or in the table: */
	ENTRY_DIRECTORY = 5,	/* its chunks are in a directory */
	ENTRY_SAME_COUNT = 8,	/* as many points as the chunk before */
	ENTRY_SAME_SPAN = 16,	/* the same step, if regular, or span */
	ENTRY_RECENCY = 32,	/* own range of segments */
	ENTRY_STATS = 64,
	ENTRY_SAME_SHARED = 128,	/* table: shares as many bytes of its name as the one before, or is like */
	ENTRY_DICT = 128	/* directory: needs the dictionary of the series */
};

#endif
