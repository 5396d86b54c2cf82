/*
 * pack.h - 64-bit integers, mostly small, in groups of 128 with a bit width for each group.
 *
 * A group is one byte, then what it calls for:
 *	bits 0-6  0..64: fields hold zigzag(v), that wide (v >= 0: 2v, else -2v - 1)
 *		  65..127: fields hold v - base, 0 to 62 wide, and the base follows as a zigzag varint, as the
 *		  difference from the base before it in this sequence (the first from 0)
 *	bit 7     exceptions: after the fields come a count (1 to 128), the width h of their high
 *		  parts (1 to 64), and for each 7 bits of position in the group and h bits
 *		  that stand above the field at that position, as one bit string (bits.h)
 * The fields of a whole group lie in lanes: field j in lane j % 4 of 32-bit words where w <= 32, else in
 * lane j % 2 of 64-bit words.  Each lane is a bit string; word t of lane l is at word 4 t + l (2 t + l).
 * So a row of lanes, which is as many fields in their order, comes out with one shift and one mask.  The last
 * group may hold fewer than 128: then its fields are one bit string, padded to a byte.
 *
 * All sums wrap.  The idea is FOR and PFOR: Zukowski et al., "Super-scalar RAM-CPU cache compression",
 * ICDE 2006; the lanes are those of Lemire and Boytsov, "Decoding billions of integers per second through
 * vectorization", Software: Practice and Experience 45, 2015.
 */
#ifndef COUNT_CODEC_PACK_H
#define COUNT_CODEC_PACK_H

#include "base/buf.h"
#include "codec/bits.h"

#define PACK_GROUP 128
#define PACK_MODE_BASE 65	/* header values from here on: fields relative to a base */

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

/* Bytes that n fields of w bits take. */
static inline uint32_t pack_fields_bytes(size_t n, unsigned w)
{
	return ((uint32_t)n * w + 7) / 8;
}

/* Plans n <= PACK_MAX_GROUPS * PACK_GROUP integers and returns how many bytes they take.  Where that
 * is limit or more it may stop early: then it returns some number from limit on, and the plan is of no use. */
size_t pack_plan(struct pack_plan *plan, const int64_t *v, size_t n, size_t limit);

/* Appends n integers as planned; false: out of memory. */
bool pack_put(struct buf *out, const struct pack_plan *plan, const int64_t *v, size_t n);

/*
 * Reads n integers from [p, end) into v and returns the byte past them, NULL if they are cut or broken.
 * pack_get32 reads narrow ones: sums wrap modulo 2^32, wider fields are an error.  What was planned from
 * integers of 32 bits, sign-extended, can be read so.
 */
const uint8_t *pack_get(const uint8_t *p, const uint8_t *end, size_t n, int64_t *v);
const uint8_t *pack_get32(const uint8_t *p, const uint8_t *end, size_t n, int32_t *v);

/* The same with kernels that the caller has chosen (kernels.h). */
struct kernels;
const uint8_t *pack_get_by(const struct kernels *k, const uint8_t *p, const uint8_t *end, size_t n, int64_t *v);
const uint8_t *pack_get32_by(const struct kernels *k, const uint8_t *p, const uint8_t *end, size_t n, int32_t *v);

#endif
