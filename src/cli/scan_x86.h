/*
 * scan_x86.h - digits by 16 bytes at a time, for the kernels on x86-64; SCAN_TARGET is defined.
 *
 * The digits are moved to the right end of a register, over the point if there is one, then joined by
 * multiplying neighbours: ones to pairs, to fours, to eights (W. Mula, SIMD-ized conversion of digits).
 */
#include <immintrin.h>

#include "number.h"

/* Sixteen digits of value 0 to 9, the last one in the highest byte. */
SCAN_TARGET static inline uint64_t join_digits(__m128i d)
{
	const __m128i tens = _mm_set1_epi16(0x010a), hundreds = _mm_set1_epi32(0x00010064);
	const __m128i myriads = _mm_set1_epi32(0x00012710);
	__m128i fours = _mm_madd_epi16(_mm_maddubs_epi16(d, tens), hundreds);
	uint64_t eights = (uint64_t)_mm_cvtsi128_si64(_mm_madd_epi16(_mm_packus_epi32(fours, fours), myriads));

	return (eights & 0xffffffff) * 100000000 + (eights >> 32);
}

/* Which of the first len bytes, at most 16, are no digits; *d has the value of the others. */
SCAN_TARGET static inline unsigned find_others(const char *s, size_t len, __m128i *d)
{
	__m128i x = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)s), _mm_set1_epi8('0'));
	unsigned other = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(x, _mm_set1_epi8(10)), x));

	*d = x;
	return _bzhi_u32(other, (unsigned)len);
}

/* For each byte of the register the one that belongs there when len are moved to its end; negative: 0. */
SCAN_TARGET static inline __m128i move_to_end(size_t len)
{
	const __m128i iota = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

	return _mm_sub_epi8(iota, _mm_set1_epi8((char)(16 - len)));
}

SCAN_TARGET static inline bool scan_digits(const char *s, size_t len, int64_t *t)
{
	__m128i d;
	unsigned others = find_others(s, len, &d);

	*t = (int64_t)join_digits(_mm_shuffle_epi8(d, move_to_end(len)));
	return others == 0 && len - 1 < 16;
}

SCAN_TARGET static inline bool scan_same_stamp(const char *a, const char *b, size_t n)
{
	__m128i x = _mm_loadu_si128((const __m128i *)a), y = _mm_loadu_si128((const __m128i *)b);

	return _bzhi_u32(~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y)), (unsigned)n) == 0;
}

SCAN_TARGET static inline bool scan_value(const char *s, size_t len, double *value)
{
	bool negative = *s == '-', pointed;
	unsigned others, point;
	__m128i d, move;
	size_t ndigits;

	s += negative;
	len -= negative;
	others = find_others(s, len, &d);
	pointed = others != 0;
	point = _tzcnt_u32(others);		/* 32: none, behind all */
	ndigits = len - pointed;
	move = move_to_end(ndigits);
	move = _mm_sub_epi8(move, _mm_cmpgt_epi8(move, _mm_set1_epi8((char)(point - 1))));
	d = _mm_shuffle_epi8(d, move);
	if (len - 1 >= 16 || ndigits == 0 || (others & (others - 1)) != 0 || (pointed && s[point] != '.'))
		return false;
	*value = number_decimal(join_digits(d), pointed ? len - point - 1 : 0, negative);
	return true;
}
