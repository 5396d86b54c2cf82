/*
 * base64_avx2.c - the greater part of a base64 text, 24 bytes or 32 characters at a time.
 *
 * Six bits are moved to a byte of their own by multiplications, since AVX2 has no shift that differs
 * between 16-bit lanes; W. Mula and D. Lemire, Faster Base64 Encoding and Decoding using AVX2
 * Instructions, ACM Transactions on the Web 12 (3), 2018.
 */
#include "base/base64.h"

#include "base/cpu.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

#define BYTES 24
#define CHARS 32

/* Four bytes per 32-bit lane, made of three: b a c b, so that each 16-bit half has two whole fields. */
AVX2 static inline __m256i spread(const uint8_t *p)
{
	__m256i in = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)p)),
					     _mm_loadu_si128((const __m128i *)(p + 12)), 1);
	const __m256i order = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,
					       1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
	__m256i high, low;

	in = _mm256_shuffle_epi8(in, order);
	/* fields 0 and 2 move down by 10 and 6, fields 1 and 3 up by 4 and 8 */
	high = _mm256_mulhi_epu16(_mm256_and_si256(in, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
	low = _mm256_mullo_epi16(_mm256_and_si256(in, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
	return _mm256_or_si256(high, low);
}

/* Six bits to a character: what to add hangs on five ranges, told apart by a saturating subtraction. */
AVX2 static inline __m256i to_chars(__m256i six)
{
	const __m256i add = _mm256_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
					     '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0,
					     'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
					     '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
	__m256i range = _mm256_subs_epu8(six, _mm256_set1_epi8(51));	/* 0 below, 1 to 12 for the rest */
	__m256i upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), six);

	range = _mm256_or_si256(range, _mm256_and_si256(upper, _mm256_set1_epi8(13)));
	return _mm256_add_epi8(six, _mm256_shuffle_epi8(add, range));
}

/* The bytes of c from low to high; bytes above 127 are negative, and in no range. */
AVX2 static inline __m256i between(__m256i c, char low, char high)
{
	return _mm256_and_si256(_mm256_cmpgt_epi8(c, _mm256_set1_epi8((char)(low - 1))),
				_mm256_cmpgt_epi8(_mm256_set1_epi8((char)(high + 1)), c));
}

/* Characters to six bits each; false if one is not of the alphabet. */
AVX2 static inline bool to_six(__m256i c, __m256i *six)
{
	__m256i upper = between(c, 'A', 'Z'), lower = between(c, 'a', 'z'), digit = between(c, '0', '9');
	__m256i plus = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('+')), slash = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('/'));
	__m256i letters = _mm256_or_si256(upper, lower), others = _mm256_or_si256(plus, slash);
	__m256i known = _mm256_or_si256(_mm256_or_si256(letters, digit), others);
	__m256i add = _mm256_and_si256(upper, _mm256_set1_epi8(-'A'));

	add = _mm256_or_si256(add, _mm256_and_si256(lower, _mm256_set1_epi8(26 - 'a')));
	add = _mm256_or_si256(add, _mm256_and_si256(digit, _mm256_set1_epi8(52 - '0')));
	add = _mm256_or_si256(add, _mm256_and_si256(plus, _mm256_set1_epi8(62 - '+')));
	add = _mm256_or_si256(add, _mm256_and_si256(slash, _mm256_set1_epi8(63 - '/')));
	*six = _mm256_add_epi8(c, add);
	return _mm256_movemask_epi8(known) == -1;
}

/* 32 fields of six bits to 24 bytes, the last 8 of the vector are 0. */
AVX2 static inline __m256i join(__m256i six)
{
	const __m256i order = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,
					       2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
	__m256i pairs = _mm256_maddubs_epi16(six, _mm256_set1_epi32(0x01400140));	/* a << 6 | b */
	__m256i triples = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));	/* ab << 12 | cd */

	triples = _mm256_shuffle_epi8(triples, order);
	return _mm256_permutevar8x32_epi32(triples, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
}

AVX2 static size_t encode(const uint8_t *p, size_t len, uint8_t *to)
{
	size_t i;

	for (i = 0; len - i >= BYTES + 4; i += BYTES, to += CHARS)	/* the second half reads 4 bytes beyond */
		_mm256_storeu_si256((__m256i *)to, to_chars(spread(p + i)));
	return i;
}

AVX2 static size_t decode(const uint8_t *s, size_t len, uint8_t *to)
{
	size_t i;
	__m256i six;

	for (i = 0; len - i >= CHARS + 12; i += CHARS, to += BYTES) {	/* what follows gives 8 bytes to write on */
		if (!to_six(_mm256_loadu_si256((const __m256i *)(s + i)), &six))
			break;
		_mm256_storeu_si256((__m256i *)to, join(six));
	}
	return i;
}

size_t base64_encode_vector(const uint8_t *p, size_t len, uint8_t *to)
{
	return cpu_level() >= CPU_AVX2 ? encode(p, len, to) : 0;
}

size_t base64_decode_vector(const uint8_t *s, size_t len, uint8_t *to)
{
	return cpu_level() >= CPU_AVX2 ? decode(s, len, to) : 0;
}

#else

size_t base64_encode_vector(const uint8_t *p, size_t len, uint8_t *to)
{
	(void)p, (void)len, (void)to;
	return 0;
}

size_t base64_decode_vector(const uint8_t *s, size_t len, uint8_t *to)
{
	(void)s, (void)len, (void)to;
	return 0;
}

#endif
