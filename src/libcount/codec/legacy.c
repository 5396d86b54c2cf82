/* legacy.c - the prototype's coding of times and values; see legacy.h. */
#include "codec/legacy.h"

#include "base/bytes.h"

enum { SAME = 0x01, SHORT = 0x02, MIDDLE = 0x04, WHOLE = 0x08 };
enum { SHORT_BIAS = 63, MIDDLE_BIAS = 255, VALUE_BITS_MAX = 32 };

static int corrupt(uint64_t *at, size_t where)
{
	if (at != NULL)
		*at = where;
	return COUNT_ERR_CORRUPT;
}

/* The gap of the second time to the first: a byte, 1 if it is negative, and a varint. */
static const uint8_t *first_gap(const uint8_t *p, const uint8_t *end, uint64_t *gap)
{
	uint8_t sign;

	if (p == end || *p > 1)
		return NULL;
	sign = *p++;
	p = varint_get(p, end, gap);
	if (p != NULL && sign == 1)
		*gap = 0 - *gap;
	return p;
}

/* Sums wrap: two times may lie further apart than INT64_MAX. */
static const uint8_t *change_of_gap(const uint8_t *p, const uint8_t *end, uint64_t *gap)
{
	size_t left;

	if (p == end)
		return NULL;
	left = (size_t)(end - p) - 1;
	switch (*p++) {
	case SAME:
		return p;
	case SHORT:
		if (left < 1)
			return NULL;
		*gap += (uint64_t)p[0] - SHORT_BIAS;
		return p + 1;
	case MIDDLE:
		if (left < 2)
			return NULL;
		*gap += (uint64_t)get_u16(p) - MIDDLE_BIAS;
		return p + 2;
	case WHOLE:
		if (left < 8)
			return NULL;
		*gap += get_u64(p);
		return p + 8;
	default:
		return NULL;
	}
}

int legacy_decode_times(const uint8_t *data, size_t len, size_t n, int64_t *times, uint64_t *at)
{
	const uint8_t *p = data, *end;
	uint64_t gap = 0;

	if (n == 0 || len < 8)
		return corrupt(at, 0);
	end = data + len;
	times[0] = get_i64(p);
	p += 8;
	for (size_t i = 1; i < n; i++) {
		const uint8_t *next = i == 1 ? first_gap(p, end, &gap) : change_of_gap(p, end, &gap);

		if (next == NULL)
			return corrupt(at, (size_t)(p - data));
		times[i] = (int64_t)((uint64_t)times[i - 1] + gap);
		p = next;
	}
	return p == end ? COUNT_OK : corrupt(at, (size_t)(p - data));
}

/* What a value's bits are changed by. */
static const uint8_t *change_of_bits(const uint8_t *p, const uint8_t *end, uint64_t *x)
{
	size_t left, bytes;
	unsigned lead, bits;

	if (p == end)
		return NULL;
	left = (size_t)(end - p) - 1;
	*x = 0;
	switch (*p++) {
	case SAME:
		return p;
	case SHORT:
		if (left < 2)
			return NULL;
		lead = p[0];
		bits = p[1];
		bytes = (bits + 7) / 8;
		if (bits == 0 || bits > VALUE_BITS_MAX || lead + bits > 64 || left - 2 < bytes)
			return NULL;
		for (size_t i = 0; i < bytes; i++)
			*x |= (uint64_t)p[2 + i] << (8 * i);
		if (*x >> bits != 0)
			return NULL;
		*x <<= 64 - lead - bits;
		return p + 2 + bytes;
	case MIDDLE:
		if (left < 8)
			return NULL;
		*x = get_u64(p);
		return p + 8;
	default:
		return NULL;
	}
}

int legacy_decode_values(const uint8_t *data, size_t len, size_t n, double *values, uint64_t *at)
{
	const uint8_t *p = data, *end;
	uint64_t bits, x;

	if (n == 0 || len < 8)
		return corrupt(at, 0);
	end = data + len;
	bits = get_u64(p);
	values[0] = f64_from_bits(bits);
	p += 8;
	for (size_t i = 1; i < n; i++) {
		const uint8_t *next = change_of_bits(p, end, &x);

		if (next == NULL)
			return corrupt(at, (size_t)(p - data));
		bits ^= x;
		values[i] = f64_from_bits(bits);
		p = next;
	}
	return p == end ? COUNT_OK : corrupt(at, (size_t)(p - data));
}
