/* token.c - pages of values as tokens and raw bits; see token.h. */
#include "codec/token.h"

/* Room for the raw bits of a page, behind what the states keep, and 8 bytes of slack. */
#define RAW_ROOM (8 + TOKEN_PAGE * 8 + 16)

/* Values as token numbers and a bit string of raw bits, of which *bits are.  False: a token is not in the table. */
static bool split(const struct token_table *t, const int64_t *v, size_t n, uint8_t *token, uint8_t *raw, size_t *bits)
{
	struct bit_writer w = { .p = raw };
	unsigned fine = t->fine, missing = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t u = zigzag((int64_t)((uint64_t)v[i] - (uint64_t)t->centre));
		unsigned width, at = token_of(u, fine, &width) - t->first;

		missing |= at >= t->span || t->freq[at & (TOKEN_SPAN - 1)] == 0;
		token[i] = (uint8_t)at;
		bits_put(&w, u & bits_mask(width), width);
	}
	*bits = (size_t)(w.p - raw) * 8 + w.used;
	memset(bits_flush(&w), 0, 16);
	return missing == 0;
}

/* A state takes up a token; words go downwards from p. */
static inline uint32_t encode(uint32_t x, const struct token_table *t, uint8_t token, uint8_t **p)
{
	uint32_t freq = t->freq[token], quotient;

	if (x >> 16 >= freq << (12 - t->slot_bits)) {
		*p -= 2;
		put_u16(*p, (uint16_t)x);
		x >>= 16;
	}
	quotient = (uint32_t)(x * t->reciprocal[token] >> 40);
	return x + t->start[token] + quotient * ((1u << t->slot_bits) - freq);
}

/* The states from the last token to the first; *p is moved down to the first word. */
static void encode_all(const struct token_table *t, const uint8_t *token, size_t n, uint32_t *x, uint8_t **p)
{
	unsigned lanes = token_lanes(n);
	uint32_t a, b, c, d;

	while (n % lanes != 0) {
		n--;
		x[n % lanes] = encode(x[n % lanes], t, token[n], p);
	}
	if (lanes != 4) {
		while (n-- != 0)
			x[n % lanes] = encode(x[n % lanes], t, token[n], p);
		return;
	}
	a = x[0];
	b = x[1];
	c = x[2];
	d = x[3];
	for (; n != 0; n -= 4) {
		d = encode(d, t, token[n - 1], p);
		c = encode(c, t, token[n - 2], p);
		b = encode(b, t, token[n - 3], p);
		a = encode(a, t, token[n - 4], p);
	}
	x[0] = a;
	x[1] = b;
	x[2] = c;
	x[3] = d;
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
	uint8_t raw[RAW_ROOM], words[TOKEN_PAGE * 2], token[TOKEN_PAGE], *p;
	uint8_t *first = words + sizeof(words);
	unsigned lanes = token_lanes(n);
	uint32_t x[TOKEN_MAX_LANES];
	size_t bits, kept = 0;

	if (!split(t, v, n, token, raw, &bits) || !buf_reserve(out, TOKEN_STATE_BYTES + 8 + sizeof(words) + sizeof(raw)))
		return false;
	p = out->data + out->len;
	if (t->span != 1 && n != 0) {
		kept = (size_t)lanes * TOKEN_SEED_BITS;
		for (unsigned l = 0; l < lanes; l++) {
			unsigned at = l * TOKEN_SEED_BITS;

			x[l] = TOKEN_LOW | (get_u32(raw + at / 8) >> at % 8 & (TOKEN_LOW - 1));
		}
		encode_all(t, token, n, x, &first);
		p = states_put(p, x, lanes);
		memcpy(p, first, (size_t)(words + sizeof(words) - first));
		p += words + sizeof(words) - first;
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

/* A state gives its next token and takes up a word if it has become too low. */
static inline uint8_t decode(uint32_t *x, const struct token_decoder *d, const uint8_t **p)
{
	uint32_t slot = d->slot[*x & ((1u << d->slot_bits) - 1)];
	uint32_t y = (slot >> 8 & 0xfff) * (*x >> d->slot_bits) + (slot >> 20);
	uint32_t filled = y << 16 | get_u16(*p), low = y < TOKEN_LOW;

	*x = low != 0 ? filled : y;
	*p += 2 * low;
	return (uint8_t)slot;
}

/* The same at the end of the bytes: false where there is no such word. */
static bool decode_careful(uint32_t *x, const struct token_decoder *d, const uint8_t **p, const uint8_t *end, uint8_t *token)
{
	uint32_t slot = d->slot[*x & ((1u << d->slot_bits) - 1)];

	*token = (uint8_t)slot;
	*x = (slot >> 8 & 0xfff) * (*x >> d->slot_bits) + (slot >> 20);
	if (*x >= TOKEN_LOW)
		return true;
	if (end - *p < 2)
		return false;
	*x = *x << 16 | get_u16(*p);
	*p += 2;
	return true;
}

/* Tokens of four states, as long as there are bytes for all of them; how many were decoded. */
static size_t decode_fours(const struct token_decoder *d, uint32_t *x, const uint8_t **from, const uint8_t *end, size_t n,
			   uint8_t *token)
{
	uint32_t a = x[0], b = x[1], c = x[2], e = x[3];
	const uint8_t *p = *from;
	size_t i;

	for (i = 0; i + 4 <= n && end - p >= 8; i += 4) {
		token[i] = decode(&a, d, &p);
		token[i + 1] = decode(&b, d, &p);
		token[i + 2] = decode(&c, d, &p);
		token[i + 3] = decode(&e, d, &p);
	}
	x[0] = a;
	x[1] = b;
	x[2] = c;
	x[3] = e;
	*from = p;
	return i;
}

/* Tokens of a page, and the raw bits that the states were begun with, in *seeds. */
static const uint8_t *tokens_get(const struct token_decoder *d, const uint8_t *p, const uint8_t *end, size_t n,
				 uint8_t *token, uint64_t *seeds)
{
	unsigned lanes = token_lanes(n);
	uint32_t x[TOKEN_MAX_LANES];
	size_t i = 0;

	if ((p = states_get(p, end, x, lanes)) == NULL)
		return NULL;
	if (lanes == 4)
		i = decode_fours(d, x, &p, end, n, token);
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

static size_t raw_total(const struct token_decoder *d, const uint8_t *token, size_t n)
{
	size_t bits = 0;

	for (size_t i = 0; i < n; i++)
		bits += d->raw[token[i]];
	return bits;
}

/* Values from tokens and raw bits, none of them over 57 bits; raw has 8 bytes of slack. */
static void join(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n, int64_t *v)
{
	uint64_t centre = (uint64_t)d->centre;
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned width = d->raw[token[i]];
		uint64_t u = d->base[token[i]] + (get_u64(raw + at / 8) >> at % 8 & ((UINT64_C(1) << width) - 1));

		at += width;
		v[i] = (int64_t)((uint64_t)unzigzag(u) + centre);
	}
}

static void join_wide(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n, int64_t *v)
{
	uint64_t centre = (uint64_t)d->centre;
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned width = d->raw[token[i]];
		uint64_t low = get_u64(raw + at / 8) >> at % 8, high = (uint64_t)raw[at / 8 + 8] << 1 << (63 - at % 8);

		at += width;
		v[i] = (int64_t)((uint64_t)unzigzag(d->base[token[i]] + ((low | high) & bits_mask(width))) + centre);
	}
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
	if (d->longest <= 57)
		join(d, token, raw, n, v);
	else
		join_wide(d, token, raw, n, v);
	return p;
}
