/*
 * pack.h - 64-bit integers, mostly small, in groups of 128 with a bit width for each group.
 *
 * A group is one byte, then what it calls for:
 *	bits 0-6  0..64: fields hold zigzag(v), that wide (v >= 0: 2v, else -2v - 1)
 *		  65..127: fields hold v - base, 0 to 62 wide, and the base follows as a zigzag varint, as the
 *		  difference from the base before it in this sequence (the first from 0)
 *	bit 7     exceptions: after the fields come a count (1 to 128), the width h of their high
 *		  parts (1 to 64), and for each 7 bits of position in the group and h bits
 *		  that stand above the field at that position
 * Fields and exceptions are bit strings as in bits.h, each padded to a byte.  The last group may hold
 * fewer than 128.  All sums wrap.  The idea is FOR and PFOR: Zukowski et al., "Super-scalar
 * RAM-CPU cache compression", ICDE 2006.
 */
#ifndef COUNT_CODEC_PACK_H
#define COUNT_CODEC_PACK_H

#include "base/buf.h"
#include "codec/bits.h"

#define PACK_GROUP 128

#define PACK_MAX_GROUPS 64	/* 8192 integers */

struct pack_group {
	int64_t base;
	uint32_t bytes;		/* of header, base, fields and exceptions */
	uint8_t mode;		/* the header's bits 0-6 */
	uint8_t width;		/* of the fields */
	uint8_t exceptions;	/* fields with more than width bits */
	uint8_t high;		/* bits above width of the longest field */
};

/* The cheapest form of each group, found once and used for size and writing. */
struct pack_plan {
	size_t bytes;
	struct pack_group groups[PACK_MAX_GROUPS];
};

/* Plans n <= PACK_MAX_GROUPS * PACK_GROUP integers and returns how many bytes they take.  Where that
 * is limit or more it may stop early: then it returns some number from limit on, and the plan is of no use. */
size_t pack_plan(struct pack_plan *plan, const int64_t *v, size_t n, size_t limit);

/* Appends n integers as planned; false: out of memory. */
bool pack_put(struct buf *out, const struct pack_plan *plan, const int64_t *v, size_t n);

/* Reads n integers from [p, end) and returns the byte past them, NULL if they are cut or broken.
 * v must have room for n rounded up to a whole group; what is past n is undefined. */
const uint8_t *pack_get(const uint8_t *p, const uint8_t *end, size_t n, int64_t *v);

/* n (at most a group) fields of w bits from [p, end) (the byte past them, or NULL); out has room for
 * a whole group. */
const uint8_t *unpack(const uint8_t *p, const uint8_t *end, size_t n, unsigned w, uint64_t *out);

#endif
