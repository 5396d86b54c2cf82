/*
 * values.h - inside codec/: columns of values, how they are chosen, written and read; column.h is for others.
 *
 * A column is a head, which says how doubles become integers (struct form) and what the pages share, the
 * lengths of the pages, and the pages.  The bytes are described in count-block(5), CHUNK ENCODING.
 */
#ifndef COUNT_CODEC_VALUES_H
#define COUNT_CODEC_VALUES_H

#include "codec/distinct.h"
#include "codec/intcol.h"
#include "codec/scaled.h"

enum transform {		/* bits 0-3 of a column's first byte */
	TRANSFORM_CONSTANT = 1,
	TRANSFORM_DECIMAL = 2,
	TRANSFORM_QUOTIENT = 3,
	TRANSFORM_QUOTIENT15 = 4,
	TRANSFORM_ORDERED = 5,
	TRANSFORM_SET = 6,	/* ranks in the distinct values, which stand in the head */
	TRANSFORM_SERIES = 7,	/* ranks in the dictionary of the series */
	TRANSFORM_XOR = 9,
	TRANSFORM_RAW = 10,
	TRANSFORM_SHORT = 12	/* to 15: decimal, over 10^0 to 10^3, narrow, without a factor or a byte that says so */
};

#define DESCRIPTION_ORDER_SHIFT 4
#define DESCRIPTION_TOKENS 0x40
#define DESCRIPTION_FIXES 0x80
#define FLAGS_POWER 0x1f	/* bits of the flags byte: of ten, for decimal */

/* How doubles become integers. */
struct form {
	uint8_t transform;
	uint8_t power;		/* of ten, for decimal */
	uint16_t divisor;	/* for quotients */
};

/* One way to write a column, and what it will take. */
struct candidate {
	struct form form;
	bool fixes;
	uint64_t price;			/* of the whole column, see intcol.h */
	struct intcol_plan plan;
	uint32_t set_n;			/* distinct values, for TRANSFORM_SET */
	int64_t *x, *fix;		/* room for COLUMN_MAX_POINTS each, INTCOL_PAD before x, the plan's m */
};

/* Where a column stands: by itself, as a page of its own, as the set of another, as both. */
#define VALUES_PAGE 1u
#define VALUES_SET 2u
#define VALUES_PLACES 4

/* Scratch memory of a column being encoded at one place. */
struct values_scratch {
	int64_t x[2][INTCOL_PAD + COLUMN_MAX_POINTS];		/* of the best candidate and another */
	int64_t fix[2][COLUMN_MAX_POINTS];
	struct candidate candidates[2];
	struct buf pages, alone, set;
};

/* And for distinct values, of one column at a time but for those found last. */
struct set_scratch {
	int64_t ordered[COLUMN_MAX_POINTS], work[COLUMN_MAX_POINTS];
	uint32_t number[COLUMN_MAX_POINTS], rank[COLUMN_MAX_POINTS];
	uint32_t order[COLUMN_MAX_POINTS], order_work[COLUMN_MAX_POINTS];
	uint32_t slot[2 * COLUMN_MAX_POINTS];
	double values[2][COLUMN_MAX_POINTS];	/* of a column, of a page */
};

/* The integers of n values, and fixes; returns whether there are any.  Decimal, quotients and ordered only. */
bool form_apply(const struct form *f, const double *values, size_t n, int64_t *x, int64_t *fix);

/* Values from the integers of quotients of 15 digits. */
void form_digits15(const struct form *f, const int64_t *x, size_t n, double *values);

/* The forms worth a look, by samples of the values: at most FORMS_MAX. */
#define FORMS_MAX 8
size_t forms_find(enum column_level level, const double *values, size_t n, struct form *forms);

/*
 * The best candidate for n values, none of which is constant over the whole, in scratch->candidates; its price is
 * UINT64_MAX if raw is best.  What only is
 * better in the whole, sets and dictionaries, is not among them.
 */
struct candidate *candidates_choose(struct values_scratch *s, enum column_level level, const double *values, size_t n);

/* Prices one form for all values. */
void candidate_price(struct candidate *k, enum column_level level, const struct form *form, const double *values,
		     size_t n);

/* Appends a column, or reads it, at a place; see column_encode_values and column_decode_values. */
int values_encode(struct chunk_coder *c, unsigned place, enum column_level level, const struct column_dict *dict,
		  const double *values, size_t n, struct buf *out, bool *used);
int values_decode(struct chunk_coder *c, unsigned place, const uint8_t *p, size_t len, const struct column_dict *dict,
		  size_t n, unsigned from, unsigned pages, double *values);

/* The bytes of each page, from the lengths in front of them, up to end; false if they do not fit. */
bool column_spans(const uint8_t *p, const uint8_t *end, size_t n, struct column_span *span);

/* Whether there are such pages; how many entries they have. */
bool column_range(size_t n, unsigned from, unsigned pages, size_t *entries);

/* XOR with the value before: a page of n values.  Reading returns the byte past it, NULL if it is broken. */
void xor_put_page(struct buf *out, const double *values, size_t n);
const uint8_t *xor_get_page(const uint8_t *p, const uint8_t *end, double *values, size_t n);

#endif
