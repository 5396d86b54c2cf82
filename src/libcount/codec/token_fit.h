/* token_fit.h - inside token*.c: logarithms, tables of frequencies, kernels. */
#ifndef COUNT_CODEC_TOKEN_FIT_H
#define COUNT_CODEC_TOKEN_FIT_H

#include "base/cpu.h"
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

/* The states that a page begins with; the byte past them, NULL if they are cut or broken. */
const uint8_t *token_states_get(const uint8_t *p, const uint8_t *end, uint32_t *x, unsigned lanes);

/*
 * n values from tokens and raw bits: 64-bit integers or, if narrow, those modulo 2^32.  Returns how many bits are raw.
 * Behind them are TOKEN_RAW_SLACK bytes, which may be read and do not count.  token_join_of() gives the best
 * kernel of a level for this table.
 */
#define TOKEN_RAW_SLACK 64
typedef size_t token_join(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n, void *v);
token_join *token_join_of(const struct token_decoder *d, bool narrow, enum cpu_level level);

/* Inside: the kernels; and the values that one leaves over, fewer than a vector, whose raw bits begin at `at`. */
token_join token_join32_avx2, token_join64_avx2, token_join32_avx512, token_join32_avx512_long, token_join64_avx512;
size_t token_join_rest(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t at, size_t n,
		       void *v, bool narrow);

#endif
