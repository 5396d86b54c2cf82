/* token_get.c - values from pages of tokens and raw bits; see token.h. */
#include "codec/token_fit.h"

/* Room for the raw bits of a page, behind what the states keep, and the slack of the kernels. */
#define RAW_ROOM (8 + TOKEN_PAGE * 8 + TOKEN_RAW_SLACK)

const uint8_t *token_states_get(const uint8_t *p, const uint8_t *end, uint32_t *x, unsigned lanes)
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
	return (slot >> 20) * (x >> slot_bits) + (slot >> 8 & 0xfff);
}

/*
 * A state gives its next token, and takes up a word if it has become too low.  Whether it has is as good as random,
 * so it must not be a branch.
 */
static inline uint8_t decode(uint32_t *x, const uint32_t *slots, unsigned slot_bits, const uint8_t **p)
{
	uint32_t slot = slots[*x & ((1u << slot_bits) - 1)], y = without_token(*x, slot, slot_bits);
	uint32_t low = (uint32_t)((int32_t)(y - TOKEN_LOW) >> 31);

	*x = y << (low & 16) | (get_u16(*p) & low);
	*p += low & TOKEN_WORD;
	return (uint8_t)slot;
}

/* Tokens of four states, as long as there are bytes for all of them; how many were decoded. */
static size_t decode_fours(const struct token_decoder *d, uint32_t *x, const uint8_t **from, const uint8_t *end,
			   size_t n, uint8_t *restrict token)
{
	uint32_t x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
	const uint8_t *p = *from;
	unsigned bits = d->slot_bits;
	size_t i;

	for (i = 0; i + 4 <= n && end - p >= 4 * TOKEN_WORD; i += 4) {
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
	const uint8_t *p = *from;
	unsigned bits = d->slot_bits;
	size_t i;

	for (i = 0; i + 2 <= n && end - p >= 2 * TOKEN_WORD; i += 2) {
		token[i] = decode(&x0, d->slot, bits, &p);
		token[i + 1] = decode(&x1, d->slot, bits, &p);
	}
	x[0] = x0;
	x[1] = x1;
	*from = p;
	return i;
}

/* As many of n tokens as there are bytes for, whichever the lanes. */
static size_t decode_some(const struct token_decoder *d, uint32_t *x, const uint8_t **from, const uint8_t *end,
			  unsigned lanes, size_t n, uint8_t *token)
{
	return lanes == 4 ? decode_fours(d, x, from, end, n, token) : decode_twos(d, x, from, end, n, token);
}

/*
 * All tokens of a page; the byte past their words, NULL if they are cut.  A page may go on for long without a word,
 * so the last ones are decoded as the others are, from a copy with zeros behind.
 */
static const uint8_t *decode_all(const struct token_decoder *d, uint32_t *x, const uint8_t *p, const uint8_t *end,
				 unsigned lanes, size_t n, uint8_t *token)
{
	uint8_t last[2 * TOKEN_MAX_LANES * TOKEN_WORD] = { 0 };
	size_t i = decode_some(d, x, &p, end, lanes, n, token), left = (size_t)(end - p);
	const uint8_t *q = last;

	left = left < sizeof(last) / 2 ? left : sizeof(last) / 2;
	memcpy(last, p, left);
	i += decode_some(d, x, &q, last + sizeof(last), lanes, n - i, token + i);
	for (unsigned l = 0; i < n && q <= last + left; i++)
		token[i] = decode(&x[l++], d->slot, d->slot_bits, &q);
	return i == n && q <= last + left ? p + (q - last) : NULL;
}

/* Tokens of a page and the states that are left; *token may be ahead's. */
static const uint8_t *tokens_get(const struct token_decoder *d, const uint8_t *p, const uint8_t *end, size_t n,
				 uint32_t *x, const uint8_t **token, uint8_t *room)
{
	unsigned lanes = token_lanes(n);

	for (unsigned i = 0; n == TOKEN_PAGE && i < d->ahead_n; i++) {
		const struct token_ahead *a = &d->ahead[i];

		if (a->from.p != p || a->from.end != end)
			continue;
		memcpy(x, a->state, sizeof(a->state));
		*token = a->token;
		return a->past;
	}
	*token = room;
	p = token_states_get(p, end, x, lanes);
	return p == NULL ? NULL : decode_all(d, x, p, end, lanes, n, room);
}

/* The raw bits that the states were begun with. */
static bool seeds_get(const uint32_t *x, unsigned lanes, uint64_t *seeds)
{
	for (unsigned l = 0; l < lanes; l++) {
		if (x[l] >> TOKEN_SEED_BITS != 1)
			return false;
		*seeds |= (uint64_t)(x[l] - TOKEN_LOW) << (l * TOKEN_SEED_BITS);
	}
	return true;
}

/* How many bits are raw is known when they have been joined; before that, as many are there as there can be. */
static const uint8_t *page_get(const uint8_t *p, const uint8_t *end, const struct token_decoder *d, size_t n,
			       bool narrow, void *v)
{
	uint8_t raw[RAW_ROOM], room[TOKEN_PAGE];
	size_t bits, kept = 0, bytes = 0, most;
	uint32_t x[TOKEN_MAX_LANES];
	const uint8_t *token = room;
	uint64_t seeds = 0;

	if (n == 0)
		return p;
	if (d->span == 1) {
		memset(room, 0, n);
	} else {
		kept = (size_t)token_lanes(n) * TOKEN_SEED_BITS;
		p = tokens_get(d, p, end, n, x, &token, room);
		if (p == NULL || !seeds_get(x, token_lanes(n), &seeds))
			return NULL;
	}
	most = (n * d->longest + 7) / 8;
	put_u64(raw, seeds);
	memcpy(raw + kept / 8, p, (size_t)(end - p) < most ? (size_t)(end - p) : most);
	bits = token_join_of(d, narrow, cpu_level())(d, token, raw, n, v);
	if (bits < kept && seeds >> bits != 0)
		return NULL;
	if (bits > kept) {
		bytes = (bits - kept + 7) / 8;
		if ((size_t)(end - p) < bytes || ((bits - kept) % 8 != 0 && p[bytes - 1] >> (bits - kept) % 8 != 0))
			return NULL;
	}
	return p + bytes;
}

const uint8_t *token_get(const uint8_t *p, const uint8_t *end, const struct token_decoder *d, size_t n, int64_t *v)
{
	return page_get(p, end, d, n, false, v);
}

const uint8_t *token_get32(const uint8_t *p, const uint8_t *end, const struct token_decoder *d, size_t n, uint32_t *v)
{
	return page_get(p, end, d, n, true, v);
}
