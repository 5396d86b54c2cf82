/*
 * value_plain.c - values as they are, values that are all the same, and values by their bits.
 *
 *	raw		n doubles of 8 bytes
 *	constant	the 0 to 8 high bytes of the double, the low ones being zero
 *	ordered		integers (ints.h) of any order: each double's bits, mapped so that they sort as the
 *			doubles do.  Neighbouring values are near as integers too, and values that
 *			were single precision once share the factor 2^29
 */
#include "codec/coder.h"

static bool raw_put(struct chunk_coder *c, const double *values, size_t n, size_t limit,
		    struct buf *out)
{
	(void)c;
	if (n * sizeof(*values) >= limit)
		return false;
	buf_put(out, values, n * sizeof(*values));
	return !out->failed;
}

static bool raw_get(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
		    double *values)
{
	(void)c;
	if ((size_t)(end - p) != n * sizeof(*values))
		return false;
	memcpy(values, p, n * sizeof(*values));
	return true;
}

static bool constant_put(struct chunk_coder *c, const double *values, size_t n, size_t limit,
			 struct buf *out)
{
	uint64_t bits = f64_bits(values[0]);
	uint8_t bytes[8];
	size_t zeros = bits == 0 ? 8 : (size_t)__builtin_ctzll(bits) / 8;

	(void)c;
	for (size_t i = 1; i < n; i++)
		if (f64_bits(values[i]) != bits)
			return false;
	if (8 - zeros >= limit)
		return false;
	put_u64(bytes, bits);
	buf_put(out, bytes + zeros, 8 - zeros);
	return !out->failed;
}

static bool constant_get(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
			 double *values)
{
	uint8_t bytes[8] = { 0 };
	size_t len = (size_t)(end - p);

	(void)c;
	if (len > sizeof(bytes))
		return false;
	if (len != 0)
		memcpy(bytes + sizeof(bytes) - len, p, len);
	for (size_t i = 0; i < n; i++)
		values[i] = get_f64(bytes);
	return true;
}

static bool ordered_put(struct chunk_coder *c, const double *values, size_t n, size_t limit,
			struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		c->ints[i] = double_to_ordered(values[i]);
	return ints_put(out, c->ints, n, INTS_ANY_ORDER, limit, c->work);
}

static bool ordered_get(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
			double *values)
{
	if (ints_get(p, end, n, c->ints) != end)
		return false;
	for (size_t i = 0; i < n; i++)
		values[i] = ordered_to_double(c->ints[i]);
	return true;
}

const struct value_codec value_raw = { "raw", raw_put, raw_get };
const struct value_codec value_constant = { "constant", constant_put, constant_get };
const struct value_codec value_ordered = { "ordered", ordered_put, ordered_get };
