/* token.c - pages of values become tokens and raw bits; see token.h. */
#include "codec/token_fit.h"

/* Room for the raw bits of a page, behind what the states keep, and 8 bytes of slack. */
#define RAW_ROOM (8 + TOKEN_PAGE * 8 + 16)

#define SHORT_RAW 56		/* bits that fit into 64 behind an unfinished byte */

/* Puts the number of a value's token into *token and returns its raw bits; *missing unless the table has it. */
static inline uint64_t token_split(const struct token_table *t, unsigned fine, int64_t v, uint8_t *token,
				   unsigned *width, unsigned *missing)
{
	uint64_t u = zigzag((int64_t)((uint64_t)v - (uint64_t)t->centre));
	unsigned at = token_of(u, fine, width) - t->first;

	*missing |= (at >= t->span) | (t->freq[at % TOKEN_SPAN] == 0);
	*token = (uint8_t)at;
	return u & ((UINT64_C(1) << *width) - 1);
}

/* Values as token numbers and a bit string of raw bits, of which *bits are.  False: a token is not in the table. */
static bool split(const struct token_table *t, const int64_t *restrict v, size_t n, uint8_t *restrict token,
		  uint8_t *restrict raw, size_t *bits)
{
	struct bit_writer w = { .p = raw };
	unsigned fine = t->fine, missing = 0, width;

	if (token_raw(t->first + t->span - 1u, fine) > SHORT_RAW) {
		for (size_t i = 0; i < n; i++) {
			uint64_t low = token_split(t, fine, v[i], &token[i], &width, &missing);

			bits_put(&w, low, width);
		}
	} else {
		for (size_t i = 0; i < n && missing == 0; i++) {	/* as bits_put(), without its branch */
			w.acc |= token_split(t, fine, v[i], &token[i], &width, &missing) << w.used;
			w.used += width;
			put_u64(w.p, w.acc);
			w.p += w.used / 8;
			w.acc >>= w.used & ~7u;
			w.used %= 8;
		}
	}
	*bits = (size_t)(w.p - raw) * 8 + w.used;
	memset(bits_flush(&w), 0, 16);
	return missing == 0;
}

/*
 * A state takes up a token; words go downwards from p.  Whether there is one is as good as random, so it must not
 * be a branch: the word is always stored.
 */
static inline uint32_t encode(uint32_t x, const struct token_table *t, unsigned slot_bits, uint8_t token, uint8_t **p)
{
	uint32_t freq = t->freq[token], quotient, full = x >> 16 >= freq << (12 - slot_bits);

	put_u16(*p - 2, (uint16_t)x);
	*p -= 2 * full;
	x >>= 16 * full;
	quotient = (uint32_t)(x * t->reciprocal[token] >> 40);
	return x + t->start[token] + quotient * ((1u << slot_bits) - freq);
}

/* The states from the last token to the first; returns the first word, all of them ending at p. */
static uint8_t *encode_all(const struct token_table *t, const uint8_t *restrict token, size_t n, uint32_t *x,
			   uint8_t *p)
{
	unsigned lanes = token_lanes(n), bits = t->slot_bits;
	uint32_t a, b, c, d;

	while (n % lanes != 0) {
		n--;
		x[n % lanes] = encode(x[n % lanes], t, bits, token[n], &p);
	}
	a = x[0];
	b = x[1];
	if (lanes == 2) {
		for (; n != 0; n -= 2) {
			b = encode(b, t, bits, token[n - 1], &p);
			a = encode(a, t, bits, token[n - 2], &p);
		}
	} else {
		c = x[2];
		d = x[3];
		for (; n != 0; n -= 4) {
			d = encode(d, t, bits, token[n - 1], &p);
			c = encode(c, t, bits, token[n - 2], &p);
			b = encode(b, t, bits, token[n - 3], &p);
			a = encode(a, t, bits, token[n - 4], &p);
		}
		x[2] = c;
		x[3] = d;
	}
	x[0] = a;
	x[1] = b;
	return p;
}

/* A state, less the least there is: 5 bits for its length, then all bits but the highest. */
static uint8_t *states_put(uint8_t *p, const uint32_t *x, unsigned lanes)
{
	struct bit_writer w = { .p = p };

	for (unsigned l = 0; l < lanes; l++) {
		uint32_t y = x[l] - TOKEN_LOW;
		unsigned length = bits_length(y);

		bits_put(&w, length, 5);
		if (length > 1)
			bits_put(&w, y ^ UINT32_C(1) << (length - 1), length - 1);
	}
	return bits_flush(&w);
}

bool token_put(struct buf *out, const struct token_table *t, const int64_t *v, size_t n)
{
	uint8_t raw[RAW_ROOM], words[2 + TOKEN_PAGE * 2], token[TOKEN_PAGE], *p;
	uint8_t *words_end = words + sizeof(words), *first;
	unsigned lanes = token_lanes(n);
	uint32_t x[TOKEN_MAX_LANES];
	size_t bits, kept = 0;

	if (!split(t, v, n, token, raw, &bits) ||
	    !buf_reserve(out, TOKEN_STATE_BYTES + 8 + sizeof(words) + sizeof(raw)))
		return false;
	p = out->data + out->len;
	if (t->span != 1 && n != 0) {
		kept = (size_t)lanes * TOKEN_SEED_BITS;
		for (unsigned l = 0; l < lanes; l++) {
			unsigned at = l * TOKEN_SEED_BITS;

			x[l] = TOKEN_LOW | (get_u32(raw + at / 8) >> at % 8 & (TOKEN_LOW - 1));
		}
		first = encode_all(t, token, n, x, words_end);
		p = states_put(p, x, lanes);
		memcpy(p, first, (size_t)(words_end - first));
		p += words_end - first;
	}
	if (bits > kept) {
		memcpy(p, raw + kept / 8, (bits - kept + 7) / 8);
		p += (bits - kept + 7) / 8;
	}
	out->len = (size_t)(p - out->data);
	return true;
}
