/*
 * page.h - a page of a column: packed integers to times or doubles, in one pass.
 *
 * The packed integers (pack.h) are what an order leaves of m[i] = (x[i] - base) / factor:
 *
 *	order 0		m[i]
 *	order 1		m[i] - m[i-1]
 *	order 2		s[i] - s[i-1], where s[i] = m[i] - m[i-1]
 *
 * from i = 0 on; m[-1] and s[-1] are given.  All sums and products wrap, modulo 2^64.  In a narrow page fields,
 * bases, m and s wrap modulo 2^32, and m is signed; x = base + factor * m is a 64-bit sum there too.
 *
 * A page has any number n >= 1 of entries, and exactly n are written.  The functions return the byte past
 * the page, NULL if it is cut or broken; the output is then undefined.  k is kernels_best(), or in a test
 * any: all give the same bits.
 */
#ifndef COUNT_CODEC_PAGE_H
#define COUNT_CODEC_PAGE_H

#include "codec/kernels.h"
#include "codec/pack.h"

struct page {
	int64_t base;
	int64_t before;		/* m[-1], for orders 1 and 2; in a narrow page its low 32 bits count */
	int64_t step;		/* s[-1], for order 2; the same */
	uint64_t factor;	/* 1 if there is none */
	uint8_t order;		/* 0 to 2 */
	bool narrow;
};

/* x itself. */
const uint8_t *page_ints(const struct kernels *k, const struct page *g, const uint8_t *p, const uint8_t *end,
			 size_t n, int64_t *x);

/*
 * x as a double, rounded to nearest even, divided by the divisor, rounded again.  (Where |x| is at most 2^53,
 * as an encoder makes sure, only the division is rounded.)  The divisor is an integer from 1 to 10^4, or
 * a power of ten to 10^22; what it must be exactly is in kernels.h.
 */
const uint8_t *page_quotients(const struct kernels *k, const struct page *g, double divisor, const uint8_t *p,
			      const uint8_t *end, size_t n, double *values);

/* The doubles whose order as integers (coder.h, double_to_ordered) is x. */
const uint8_t *page_ordered(const struct kernels *k, const struct page *g, const uint8_t *p, const uint8_t *end,
			    size_t n, double *values);

/* Adds n packed integers to the bits of values: fixes, most of which are 0. */
const uint8_t *page_fixes(const struct kernels *k, const uint8_t *p, const uint8_t *end, size_t n, double *values);

/*
 * The same from what an order leaves, as another coder gave it: uint32_t in a narrow page, else uint64_t; not zigzags.
 * Aligned as uint64_t, and in whole groups: it does not matter what is behind the n.
 */
void page_ints_of(const struct kernels *k, const struct page *g, const void *left, size_t n, int64_t *x);
void page_quotients_of(const struct kernels *k, const struct page *g, double divisor, const void *left,
		       size_t n, double *values);
void page_ordered_of(const struct kernels *k, const struct page *g, const void *left, size_t n, double *values);

#endif
