/* token_fit.h - inside token*.c: logarithms, tables of frequencies. */
#ifndef COUNT_CODEC_TOKEN_FIT_H
#define COUNT_CODEC_TOKEN_FIT_H

#include "codec/token.h"

#define FIX 16			/* fractional bits of logarithms */

/* log2(v) times 2^FIX, v >= 1; within 0.001. */
static inline uint64_t log2_fixed(uint64_t v)
{
	unsigned length = bits_length(v);
	int64_t m = (int64_t)((v << (64 - length) << 1) >> (64 - FIX));	/* the fraction above the leading one */
	int64_t curve = 29014 + (m * (5453 * m / 65536 - 16200)) / 65536;

	return ((uint64_t)(length - 1) << FIX) + (uint64_t)(m + m * (65536 - m) / 65536 * curve / 65536);
}

/* 2^(k/4), times 2^16. */
extern const uint32_t token_roots[4];

/* Frequencies, which sum up to 2^slot_bits, from levels (INT8_MIN: absent), of which at least two are there. */
void token_frequencies(const int8_t *level, unsigned span, unsigned resolution, unsigned slot_bits, uint16_t *freq);

/* Bits of the code for a difference between levels. */
unsigned token_code_bits(int difference, unsigned golomb);

/* Sets the levels for these counts of the tokens t->first...; first, span, slot_bits, resolution and golomb are set. */
void token_fit(struct token_table *t, const uint32_t *count, uint64_t n);

/* Chooses how the levels of a table are coded, and sets its size in bytes. */
void token_table_measure(struct token_table *t);

#endif
