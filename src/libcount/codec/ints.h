/*
 * ints.h - a sequence of 64-bit integers: common factor, delta order, packing.
 *
 *	byte	bits 0-1: the order, 0 to 2; bit 2: a factor follows; the others are 0
 *	varint	x[0], zigzag
 *	varint	the factor f, 2 or more, if bit 2 is set; else f is 1
 *	varint	m[1], zigzag, if the order is 2 and n > 1
 *	packed	(pack.h) what is left of m[1]... (order 0: m[i], order 1: m[i] - m[i-1])
 *		or m[2]... (order 2: m[i] - 2 m[i-1] + m[i-2])
 *
 * where m[i] = (x[i] - x[0]) / f, so m[0] is 0.  All sums and products wrap modulo 2^64, so any integers
 * can be stored.
 */
#ifndef COUNT_CODEC_INTS_H
#define COUNT_CODEC_INTS_H

#include "codec/pack.h"

#define INTS_ORDER(k) (1u << (k))
#define INTS_ANY_ORDER 7u

/*
 * Appends the n >= 1 integers x in the order, of the set `orders`, that makes them shortest.
 * Both x and work (room for n) are overwritten.  False, with nothing appended, if that takes limit
 * bytes or more, or out of memory, which out->failed tells.
 */
bool ints_put(struct buf *out, int64_t *x, size_t n, unsigned orders, size_t limit, int64_t *work);

/* Reads n integers from [p, end) and returns the byte past them, NULL if they are cut or broken.
 * x must have room for n rounded up to a whole group and one more. */
const uint8_t *ints_get(const uint8_t *p, const uint8_t *end, size_t n, int64_t *x);

#endif
