/*
 * intcol.h - a column of 64-bit integers in pages: base, common factor, delta order, packed or by tokens.
 *
 * m[i] = (x[i] - base) / factor.  A page is coded from what its order leaves of them,
 *
 *	order 0		d[i] = m[i]
 *	order 1		d[i] = m[i] - m[i-1]
 *	order 2		d[i] = s[i] - s[i-1], where s[i] = m[i] - m[i-1]
 *
 * where the m[-1] and s[-1] of the page are chosen by the writer and stored in front of it, so that every page
 * has as many d as integers and is decoded alone.  In a narrow column m, s and d are 32-bit integers, and
 * sums of them wrap modulo 2^32; else all wrap modulo 2^64, so any integers can be stored.
 * The bytes are described in count-block(5), CHUNK ENCODING, Integers.
 */
#ifndef COUNT_CODEC_INTCOL_H
#define COUNT_CODEC_INTCOL_H

#include "codec/column.h"
#include "codec/page.h"
#include "codec/token.h"

#define INTCOL_ORDER(k) (1u << (k))
#define INTCOL_ANY_ORDER 7u

/* The bits of a flags byte that intcol_head_put sets; the others are its caller's. */
#define INTCOL_FACTOR 0x20
#define INTCOL_NARROW 0x40

/* What the pages share. */
struct intcol {
	int64_t base;
	uint64_t factor;		/* from 1 on */
	uint8_t order;			/* 0 to 2 */
	bool tokens;			/* else packed */
	bool narrow;
};

/* How a column is to be written. */
struct intcol_plan {
	struct intcol form;
	const int64_t *m;
	int64_t *x;			/* the same */
	size_t n;
	uint64_t packed, coded;		/* bits of all, about, packed and by tokens, in the best order of each */
	uint8_t packed_order, coded_order;
	uint64_t head;			/* bits in both of the head */
	uint64_t beside;		/* bits in coded beside the tokens: of the head and the starts of pages */
	uint64_t price;			/* of them, more where tokens do not save enough: to be compared with others */
	struct token_table table;	/* for tokens */
};

#define INTCOL_PAD 2		/* integers that are written in front of those of a column */

/*
 * Prices a column of the n integers x, 1 to COLUMN_MAX_POINTS, with room for INTCOL_PAD in front, which become its
 * m and must stay till it is written.  orders is a set.
 */
void intcol_price(struct intcol_plan *p, enum column_level level, int64_t *x, size_t n, unsigned orders);

/* What a priced column needs before it is written.  Packed unless tokens save enough for the level. */
void intcol_settle(struct intcol_plan *p, enum column_level level);

/* The flags and bytes of the head; then page i, in full; out->failed tells whether memory was short. */
uint8_t intcol_flags(const struct intcol_plan *p);
void intcol_put_head(struct buf *out, const struct intcol_plan *p);
void intcol_put_page(struct buf *out, const struct intcol_plan *p, unsigned page);

/* Reads the head of a column with these flags, but for the order and whether it has tokens, which are in form
 * already, from [p, end): the byte past it, NULL if it is cut or broken.  The table goes to *table. */
const uint8_t *intcol_get_head(const uint8_t *p, const uint8_t *end, uint8_t flags, struct intcol *form,
			       struct token_decoder *table);

struct column_span { const uint8_t *p, *end; };		/* the bytes of a page */

/*
 * Says that of a column of n integers some pages are about to be read, which makes that faster if they are of tokens.
 * described: a byte is in front of each, 0 for those of this form.
 */
void intcol_ahead(const struct intcol *form, struct token_decoder *table, const struct column_span *span,
		  bool described, size_t n, unsigned from, unsigned pages);

/*
 * Read page i, of n integers: themselves, divided, or the doubles that they order (page.h).  The byte past it, NULL
 * if it is cut or broken.
 */
const uint8_t *intcol_get_page(const struct kernels *k, const uint8_t *p, const uint8_t *end,
			       const struct intcol *form, const struct token_decoder *table, unsigned page, size_t n,
			       int64_t *x);
const uint8_t *intcol_get_quotients(const struct kernels *k, const uint8_t *p, const uint8_t *end,
				    const struct intcol *form, const struct token_decoder *table, unsigned page,
				    size_t n, double divisor, double *values);
const uint8_t *intcol_get_ordered(const struct kernels *k, const uint8_t *p, const uint8_t *end,
				  const struct intcol *form, const struct token_decoder *table, unsigned page,
				  size_t n, double *values);

#endif
