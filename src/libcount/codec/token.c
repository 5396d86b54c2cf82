/* token.c - pages of values as tokens and raw bits; see token.h. */
#include "codec/token_fit.h"

/* Room for the raw bits of a page, behind what the states keep, and 8 bytes of slack. */
#define RAW_ROOM (8 + TOKEN_PAGE * 8 + 16)

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

	if (token_raw(t->first + t->span - 1u, fine) > TOKEN_SHORT_RAW) {
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

static const uint8_t *states_get(const uint8_t *p, const uint8_t *end, uint32_t *x, unsigned lanes)
{
	struct bit_reader r = { .p = p, .end = end };

	for (unsigned l = 0; l < lanes; l++) {
		uint64_t length, low = 0;

		if (!bits_get_short(&r, 5, &length) || length > 28 ||
		    (length > 1 && !bits_get_short(&r, (unsigned)length - 1, &low)))
			return NULL;
		x[l] = TOKEN_LOW + (uint32_t)(length == 0 ? 0 : low | UINT64_C(1) << (length - 1));
		if (x[l] >> 28 != 0)
			return NULL;
	}
	return bits_end(&r);
}

/* What a state is once its token has been taken: slot is the entry of the slot it was in. */
static inline uint32_t without_token(uint32_t x, uint32_t slot, unsigned slot_bits)
{
	return (slot >> 8 & 0xfff) * (x >> slot_bits) + (slot >> 20);
}

/* A state gives its next token and takes up a word if it has become too low; no branch, as in encode(). */
static inline uint8_t decode(uint32_t *x, const uint32_t *slots, unsigned slot_bits, const uint8_t **p)
{
	uint32_t slot = slots[*x & ((1u << slot_bits) - 1)], y = without_token(*x, slot, slot_bits);
	uint32_t low = (uint32_t)((int32_t)(y - TOKEN_LOW) >> 31);

	*x = y << (low & 16) | (get_u16(*p) & low);
	*p += low & 2;
	return (uint8_t)slot;
}

/* The same at the end of the bytes: false where there is no such word. */
static bool decode_careful(uint32_t *x, const struct token_decoder *d, const uint8_t **p, const uint8_t *end,
			   uint8_t *token)
{
	uint32_t slot = d->slot[*x & ((1u << d->slot_bits) - 1)];

	*token = (uint8_t)slot;
	*x = without_token(*x, slot, d->slot_bits);
	if (*x >= TOKEN_LOW)
		return true;
	if (end - *p < 2)
		return false;
	*x = *x << 16 | get_u16(*p);
	*p += 2;
	return true;
}

/* Tokens of four states, as long as there are bytes for all of them; how many were decoded. */
static size_t decode_fours(const struct token_decoder *d, uint32_t *x, const uint8_t **from, const uint8_t *end,
			   size_t n, uint8_t *restrict token)
{
	uint32_t x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
	unsigned bits = d->slot_bits;
	const uint8_t *p = *from;
	size_t i;

	for (i = 0; i + 4 <= n && end - p >= 8; i += 4) {
		token[i] = decode(&x0, d->slot, bits, &p);
		token[i + 1] = decode(&x1, d->slot, bits, &p);
		token[i + 2] = decode(&x2, d->slot, bits, &p);
		token[i + 3] = decode(&x3, d->slot, bits, &p);
	}
	x[0] = x0;
	x[1] = x1;
	x[2] = x2;
	x[3] = x3;
	*from = p;
	return i;
}

static size_t decode_twos(const struct token_decoder *d, uint32_t *x, const uint8_t **from, const uint8_t *end,
			  size_t n, uint8_t *restrict token)
{
	uint32_t x0 = x[0], x1 = x[1];
	unsigned bits = d->slot_bits;
	const uint8_t *p = *from;
	size_t i;

	for (i = 0; i + 2 <= n && end - p >= 4; i += 2) {
		token[i] = decode(&x0, d->slot, bits, &p);
		token[i + 1] = decode(&x1, d->slot, bits, &p);
	}
	x[0] = x0;
	x[1] = x1;
	*from = p;
	return i;
}

/* Tokens of a page, and the raw bits that the states were begun with, in *seeds. */
static const uint8_t *tokens_get(const struct token_decoder *d, const uint8_t *p, const uint8_t *end, size_t n,
				 uint8_t *token, uint64_t *seeds)
{
	unsigned lanes = token_lanes(n);
	uint32_t x[TOKEN_MAX_LANES];
	size_t i;

	if ((p = states_get(p, end, x, lanes)) == NULL)
		return NULL;
	i = lanes == 4 ? decode_fours(d, x, &p, end, n, token) : decode_twos(d, x, &p, end, n, token);
	for (; i < n; i++) {
		if (!decode_careful(&x[i % lanes], d, &p, end, &token[i]))
			return NULL;
	}
	*seeds = 0;
	for (unsigned l = 0; l < lanes; l++) {
		if (x[l] >> TOKEN_SEED_BITS != 1)
			return NULL;
		*seeds |= (uint64_t)(x[l] - TOKEN_LOW) << (l * TOKEN_SEED_BITS);
	}
	return p;
}

#define BLOCK 64		/* tokens: a constant count is what gcc -O2 vectorises */

static size_t raw_total(const struct token_decoder *d, const uint8_t *token, size_t n)
{
	unsigned first = d->first, fine = d->fine;
	size_t bits = 0, i = 0;

	for (; i + BLOCK <= n; i += BLOCK) {
		uint16_t part = 0;

		for (size_t k = 0; k < BLOCK; k++) {	/* as token_raw() */
			uint16_t octave = (uint16_t)((token[i + k] + first) >> fine);

			part = (uint16_t)(part + octave - (octave != 0));
		}
		bits += part;
	}
	for (; i < n; i++)
		bits += d->raw[token[i]];
	return bits;
}

const uint8_t *token_get(const uint8_t *p, const uint8_t *end, const struct token_decoder *d, size_t n, int64_t *v)
{
	uint8_t raw[RAW_ROOM], token[TOKEN_PAGE];
	size_t bits, kept = 0, bytes = 0;
	uint64_t seeds = 0;

	if (n == 0)
		return p;
	if (d->span == 1) {
		memset(token, 0, n);
	} else {
		kept = (size_t)token_lanes(n) * TOKEN_SEED_BITS;
		if ((p = tokens_get(d, p, end, n, token, &seeds)) == NULL)
			return NULL;
	}
	bits = raw_total(d, token, n);
	if (bits < kept && seeds >> bits != 0)
		return NULL;
	put_u64(raw, seeds);
	if (bits > kept) {
		bytes = (bits - kept + 7) / 8;
		if ((size_t)(end - p) < bytes || ((bits - kept) % 8 != 0 && p[bytes - 1] >> (bits - kept) % 8 != 0))
			return NULL;
		memcpy(raw + kept / 8, p, bytes);
		p += bytes;
	}
	token_join_best(d)(d, token, raw, n, v);
	return p;
}
