/*
 * token.h - 64-bit integers, mostly small, by entropy-coded tokens and raw bits.
 *
 * A value v becomes u = zigzag(v - centre).  Its token says how long u is and what the `fine` bits after
 * the leading one are (with fine 0 the token is the bit length; u below 2^(fine+1) are tokens of
 * their own); the bits below those are kept raw.  These are the buckets of HdrHistogram.
 * Tokens are coded by interleaved rANS states, renormalised by 16 bits (J. Duda, "Asymmetric numeral
 * systems", 2013; F. Giesen, "Interleaved entropy coders", 2014), with the table's 2^10 or 2^12 slots.
 * A table serves any number of pages; a page is a run of values that can be decoded by itself.
 * The bytes are described in count-block(5), CHUNK ENCODING, Tokens.
 *
 * An encoder counts the values of all pages that are to share a table, asks for the price, makes the
 * table, writes it, then the pages:
 *
 *	struct token_counts c;
 *	struct token_table t;
 *
 *	token_count_start(&c, centre);
 *	token_count(&c, v, n);			once or more
 *	bits = token_cost(&c);			an estimate
 *	token_table_make(&t, &c);
 *	token_table_put(out, &t);
 *	token_put(out, &t, v, n);		once or more
 */
#ifndef COUNT_CODEC_TOKEN_H
#define COUNT_CODEC_TOKEN_H

#include "base/buf.h"
#include "codec/bits.h"

#define TOKEN_PAGE 1024		/* the most values that token_put and token_get take */
#define TOKEN_SPAN 256		/* the most tokens of a table, from its first to its last */
#define TOKEN_MAX_FINE 3
#define TOKEN_FINEST 496	/* tokens of fine 3 */
#define TOKEN_MAX_SLOTS 4096
#define TOKEN_AT_ONCE 16		/* slots of a decoder that are filled at a time */

struct token_counts {
	uint64_t n;
	int64_t centre;				/* is subtracted from each value */
	uint32_t count[TOKEN_FINEST];		/* by tokens of fine 3 */
};

/* For encoding. */
struct token_table {
	int64_t centre;
	size_t bytes;				/* what token_table_put will append */
	uint16_t first, span;			/* tokens first to first + span - 1 */
	uint8_t fine, slot_bits, resolution, golomb;
	int8_t level[TOKEN_SPAN];		/* see token_table.c; INT8_MIN: the token is absent */
	uint16_t freq[TOKEN_SPAN], start[TOKEN_SPAN];	/* absent: 0 */
	uint64_t reciprocal[TOKEN_SPAN];	/* of freq, times 2^40, rounded up */
};

#define TOKEN_AHEAD 8		/* the most pages of which tokens are read at once */
#define TOKEN_MAX_LANES 4

struct token_bytes { const uint8_t *p, *end; };		/* where a page begins; it must not go beyond the end */

/* A page whose tokens have been read. */
struct token_ahead {
	struct token_bytes from;
	const uint8_t *past;		/* their words; NULL: there were not enough */
	uint32_t state[TOKEN_MAX_LANES];
	uint8_t token[TOKEN_PAGE];
};

/* For decoding; 30 KiB. */
struct token_decoder {
	int64_t centre;
	uint16_t first, span;
	uint8_t fine, slot_bits, longest;	/* longest: the most raw bits of a token */
	uint8_t raw[TOKEN_SPAN];		/* raw bits of each token */
	uint64_t base[TOKEN_SPAN];		/* and the least u */
	uint32_t slot[TOKEN_MAX_SLOTS + TOKEN_AT_ONCE];	/* bits 0-7 token - first, 8-19 slot - start,
							 * 20-31 the token's frequency */
	unsigned ahead_n;
	struct token_ahead ahead[TOKEN_AHEAD];
};

/*
 * Counts are additive: of several pages, in any order.  The centre is best near the median where the values
 * lie away from 0, such as the steps of a counter; token_centre() proposes one from a sample.  Where 0 costs
 * about as much, it is better: it takes no bytes.
 */
int64_t token_centre(const int64_t *v, size_t n);
void token_count_start(struct token_counts *c, int64_t centre);
void token_count(struct token_counts *c, const int64_t *v, size_t n);

/*
 * About how many bits table and pages of these values take, apart from what token_put adds to a page
 * (TOKEN_PAGE_BITS, about); mostly within 1 % of the truth, and cheap.
 * token_cost_lengths: the same from a histogram of bit lengths of zigzags (bits_length()); it knows no
 * finer tokens and so says up to some per cent more.
 */
#define TOKEN_PAGE_BITS 36
uint64_t token_cost(const struct token_counts *c);
uint64_t token_cost_lengths(const uint32_t length[65]);

/* The table that makes these values smallest.  At least one value must have been counted. */
void token_table_make(struct token_table *t, const struct token_counts *c);
bool token_table_put(struct buf *out, const struct token_table *t);	/* false: out of memory */

/* Reads a table from [p, end); the byte past it, NULL if it is cut or broken.  Never reads from end on. */
const uint8_t *token_table_get(const uint8_t *p, const uint8_t *end, struct token_decoder *d);

/* Appends a page of n <= TOKEN_PAGE values.  False, with nothing appended: out of memory (out->failed), or
 * the table lacks a token, which is never so if the values were counted for it. */
bool token_put(struct buf *out, const struct token_table *t, const int64_t *v, size_t n);

/*
 * Reads a page of n <= TOKEN_PAGE values from [p, end); the byte past it, NULL if it is cut or broken: v is
 * undefined then.  v has room for n.  Never reads from end on.
 */
const uint8_t *token_get(const uint8_t *p, const uint8_t *end, const struct token_decoder *d, size_t n, int64_t *v);

/* The same of values modulo 2^32. */
const uint8_t *token_get32(const uint8_t *p, const uint8_t *end, const struct token_decoder *d, size_t n, uint32_t *v);

/*
 * Says that these pages of TOKEN_PAGE values are about to be read: several at once are faster.  What token_get gives
 * is the same.  Lasts till the next call, or the next table.
 */
void token_ahead(struct token_decoder *d, const struct token_bytes *page, unsigned n);

/* Inside token*.c. */
#define TOKEN_LOW 4096u			/* a state is from here to this times 2^16, less 1 */
#define TOKEN_SEED_BITS 12		/* raw bits that a state begins with */
#define TOKEN_WORD 2			/* bytes that a state takes up at a time */
#define TOKEN_STATE_BYTES 16		/* room for the states of a page: 4 * 33 bits at most, see token_put() */

/* States of a page of n values. */
static inline unsigned token_lanes(size_t n)
{
	return n < 512 ? 2 : 4;
}

/* The token of u and how many bits stay raw. */
static inline unsigned token_of(uint64_t u, unsigned fine, unsigned *raw)
{
	unsigned r = (63 ^ (unsigned)__builtin_clzll(u | UINT64_C(1) << fine)) - fine;

	*raw = r;
	return (r << fine) + (unsigned)(u >> r);
}

/* Raw bits of a token, and its least u. */
static inline unsigned token_raw(unsigned token, unsigned fine)
{
	unsigned octave = token >> fine;

	return octave == 0 ? 0 : octave - 1;
}

static inline uint64_t token_base(unsigned token, unsigned fine)
{
	unsigned raw = token_raw(token, fine);

	return (uint64_t)(token - (raw << fine)) << raw;
}

/* Tokens of that fine there are: the last one is of u = 2^64 - 1. */
static inline unsigned token_number(unsigned fine)
{
	return ((65 - fine) << fine);
}

#endif
