/* scan_plain.c - plain lines eight bytes at a time in plain C: the reference of the other kernels. */
#include "scan.h"

#include <string.h>

#include "number.h"

#define SCAN_TARGET

#define ONES UINT64_C(0x0101010101010101)
#define HIGH UINT64_C(0x8080808080808080)

static inline uint64_t word(const char *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof(w));
	return w;
}

/* Bytes up to 0x20 have their top bit set; the first is right, a borrow may add others behind it. */
static inline uint64_t low_bytes(uint64_t w)
{
	return (w - 0x21 * ONES) & ~w & HIGH;
}

static inline bool scan_same(const char *a, const char *b, size_t n)
{
	return memcmp(a, b, n) == 0;
}

static inline bool scan_same_stamp(const char *a, const char *b, size_t n)
{
	return memcmp(a, b, n) == 0;
}

static inline size_t scan_name_len(const char *s)
{
	for (size_t i = 0; i < 64; i += 8) {
		uint64_t low = low_bytes(word(s + i));

		if (low != 0)
			return i + (size_t)__builtin_ctzll(low) / 8;
	}
	return 64;
}

static inline bool scan_ends(const char *s, size_t *a, size_t *b)
{
	*a = scan_name_len(s);
	if (*a == 64)
		return false;
	*b = *a + 1 + scan_name_len(s + *a + 1);
	return *b < 64;
}

/* The first len of eight digits as a number; false when one is none, or len is not 1 to 8. */
static inline bool digits8(uint64_t w, size_t len, uint64_t *v)
{
	if (len - 1 >= 8)
		return false;
	w = (w ^ 0x30 * ONES) << (64 - 8 * len);	/* zeros in front */
	if (((w + 0x76 * ONES) | w) & HIGH)
		return false;
	w = w * 10 + (w >> 8);		/* pairs, then fours, then eight */
	w = ((w & 0x000000ff000000ff) * 0x000f424000000064 + (w >> 16 & 0x000000ff000000ff) * 0x0000271000000001) >> 32;
	*v = w;
	return true;
}

static inline bool digits16(const char *s, size_t len, uint64_t *v)
{
	uint64_t low;

	if (len <= 8)
		return digits8(word(s), len, v);
	if (len > 16 || !digits8(word(s), len - 8, v) || !digits8(word(s + len - 8), 8, &low))
		return false;
	*v = *v * 100000000 + low;
	return true;
}

static inline bool scan_digits(const char *s, size_t len, int64_t *t)
{
	uint64_t v;

	if (!digits16(s, len, &v))
		return false;
	*t = (int64_t)v;
	return true;
}

static inline size_t point_at(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t w = word(s + i) ^ '.' * ONES, hit = (w - ONES) & ~w & HIGH;

		if (hit != 0)
			return i + (size_t)__builtin_ctzll(hit) / 8;
	}
	return len;
}

static inline bool scan_value(const char *s, size_t len, double *value)
{
	static const uint64_t pow10[9] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };
	bool negative = *s == '-';
	uint64_t whole, part = 0;
	size_t point, decimals = 0;

	s += negative;
	len -= negative;
	if (len > 16)
		return false;
	point = point_at(s, len);
	if (point < len) {
		decimals = len - point - 1;
		if (!digits8(word(s + point + 1), decimals, &part))
			return false;
		len = point;
	}
	if (!digits16(s, len, &whole))
		return false;
	*value = number_decimal(whole * pow10[decimals] + part, decimals, negative);
	return true;
}

#include "scan_run.h"

size_t scan_plain(struct line *line, struct names *names, const char *s, size_t len, struct scan_points *out)
{
	return scan_run(line, names, s, len, out);
}
