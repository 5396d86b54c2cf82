/*
 * xor.c - each value XORed with the one before it (the first with 0), the zeros at both ends left out.  A bit
 * string (bits.h), two bits of kind, then
 *
 *	0	nothing: the value repeats
 *	1	3 bits l, 6 bits k, and the k + 1 bits above the trailing zeros, where LEADING[l] bits lead
 *		(so 64 - LEADING[l] - k - 1 zeros trail)
 *	2	the 64 - LEADING[l] low bits, with the l of the value before it (at first 0)
 *	3	3 bits l, and the 64 - LEADING[l] low bits
 *
 * Gorilla: Pelkonen et al., VLDB 2015; the four kinds: Chimp, Liakos et al., VLDB 2022.
 */
#include "codec/values.h"

#define MANY_TRAILING 6		/* from more zeros than this on kind 1 pays for its length field */

static const uint8_t leading[8] = { 0, 8, 12, 16, 18, 20, 22, 24 };

static unsigned leading_class(uint64_t x)	/* x != 0 */
{
	unsigned zeros = 64 - bits_length(x), l = 7;

	while (leading[l] > zeros)
		l--;
	return l;
}

static void put_one(struct bit_writer *w, uint64_t x, unsigned *prev)
{
	unsigned l, zeros, len;

	if (x == 0) {
		bits_put(w, 0, 2);
		return;
	}
	l = leading_class(x);
	zeros = (unsigned)__builtin_ctzll(x);
	if (zeros > MANY_TRAILING) {
		len = 64 - leading[l] - zeros;
		bits_put(w, 1 | l << 2 | (len - 1) << 5, 11);
		bits_put(w, x >> zeros, len);
	} else if (l == *prev) {
		bits_put(w, 2, 2);
		bits_put(w, x, 64 - leading[l]);
	} else {
		bits_put(w, 3 | l << 2, 5);
		bits_put(w, x, 64 - leading[l]);
	}
	*prev = l;
}

void xor_put_page(struct buf *out, const double *values, size_t n)
{
	struct bit_writer w;
	uint64_t before = 0;
	unsigned prev = 0;

	if (!buf_reserve(out, n * 10 + 8))	/* at most 5 + 64 bits a value, and slack */
		return;
	w = (struct bit_writer){ .p = out->data + out->len };
	for (size_t i = 0; i < n; i++) {
		uint64_t b = f64_bits(values[i]);

		put_one(&w, b ^ before, &prev);
		before = b;
	}
	out->len = (size_t)(bits_flush(&w) - out->data);
}

static bool get_one(struct bit_reader *r, uint64_t *x, unsigned *prev)
{
	uint64_t kind, l = *prev, field;
	unsigned len, zeros = 0;

	*x = 0;
	if (!bits_get_short(r, 2, &kind))
		return false;
	if (kind == 0)
		return true;
	if (kind == 1) {
		if (!bits_get_short(r, 9, &field))
			return false;
		l = field & 7;
		len = (unsigned)(field >> 3) + 1;
		if (len + leading[l] > 64)
			return false;
		zeros = 64 - leading[l] - len;
	} else {
		if (kind == 3 && !bits_get_short(r, 3, &l))
			return false;
		len = 64u - leading[l];
	}
	if (!bits_get(r, len, &field))
		return false;
	*x = field << zeros;
	*prev = (unsigned)l;
	return true;
}

const uint8_t *xor_get_page(const uint8_t *p, const uint8_t *end, double *values, size_t n)
{
	struct bit_reader r = { .p = p, .end = end };
	uint64_t bits = 0, x;
	unsigned prev = 0;

	for (size_t i = 0; i < n; i++) {
		if (!get_one(&r, &x, &prev))
			return NULL;
		bits ^= x;
		values[i] = f64_from_bits(bits);
	}
	return bits_end(&r);
}
