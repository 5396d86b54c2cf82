/*
 * token_join_x86.c - values from tokens and raw bits by AVX2 and AVX-512; see token_fit.h.
 *
 * Where each value's raw bits begin is a running sum of widths.  Of a group of values, few enough that their bits lie
 * within one vector from the byte of the first on, a shuffle brings each value's bytes into its lane.  (Gathers
 * take three times as long.)
 */
#include "codec/token_fit.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

/* What is known of 32 tokens, as 16-bit integers. */
struct tokens {
	__m512i width;		/* raw bits */
	__m512i lead;		/* the bits above them */
	__m512i sum;		/* of the widths up to each, in every 8 */
};

AVX512 INLINE struct tokens tokens_of(const struct token_decoder *d, const uint8_t *token, size_t n)
{
	const __m128i fine = _mm_cvtsi32_si128(d->fine);
	__mmask32 there = n < 32 ? (__mmask32)(((uint64_t)1 << n) - 1) : ~(__mmask32)0;
	__m512i t = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(there, token));
	struct tokens k;

	t = _mm512_maskz_add_epi16(there, t, _mm512_set1_epi16((int16_t)d->first));
	k.width = _mm512_subs_epu16(_mm512_srl_epi16(t, fine), _mm512_set1_epi16(1));		/* token_raw() */
	k.lead = _mm512_sub_epi16(t, _mm512_sll_epi16(k.width, fine));				/* token_base() */
	k.sum = _mm512_add_epi16(k.width, _mm512_bslli_epi128(k.width, 2));
	k.sum = _mm512_add_epi16(k.sum, _mm512_bslli_epi128(k.sum, 4));
	k.sum = _mm512_add_epi16(k.sum, _mm512_bslli_epi128(k.sum, 8));
	return k;
}

/* Eight values from token k of the 32 on, whose bits begin at `at`; from: where each begins, from there on. */
AVX512 INLINE __m512i eight(const struct tokens *t, __m512i from, unsigned k, const uint8_t *raw, size_t at,
			    __m512i centre)
{
	const __m512i each = _mm512_set_epi64(0x0007000700070007, 0x0006000600060006, 0x0005000500050005,
					      0x0004000400040004, 0x0003000300030003, 0x0002000200020002,
					      0x0001000100010001, 0);
	const __m512i number = _mm512_add_epi16(each, _mm512_set1_epi16((int16_t)k));
	const __m512i in_word = _mm512_set1_epi64(15), words = _mm512_set1_epi64(0x0003000200010000);
	const __m512i one = _mm512_set1_epi64(1), ones = _mm512_set1_epi64(-1);
	__m512i bits = _mm512_loadu_si512(raw + at / 16 * 2), index, width, lead, u;

	from = _mm512_add_epi16(_mm512_permutexvar_epi16(number, from), _mm512_set1_epi16((int16_t)(at % 16)));
	index = _mm512_add_epi16(_mm512_srli_epi16(from, 4), words);
	bits = _mm512_srlv_epi64(_mm512_permutexvar_epi16(index, bits), _mm512_and_si512(from, in_word));
	width = _mm512_maskz_permutexvar_epi16(0x11111111, number, t->width);
	lead = _mm512_maskz_permutexvar_epi16(0x11111111, number, t->lead);
	bits = _mm512_andnot_si512(_mm512_sllv_epi64(ones, width), bits);
	u = _mm512_or_si512(_mm512_sllv_epi64(lead, width), bits);
	u = _mm512_mask_xor_epi64(_mm512_srli_epi64(u, 1), _mm512_test_epi64_mask(u, one),
				  _mm512_srli_epi64(u, 1), ones);
	return _mm512_add_epi64(u, centre);
}

AVX512 INLINE size_t join_eights(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n,
				 void *v, bool narrow)
{
	const __m512i centre = _mm512_set1_epi64(d->centre), last = _mm512_set1_epi64(0x001f0017000f0007);
	size_t at = 0;

	for (size_t i = 0; i < n; i += 32) {
		struct tokens t = tokens_of(d, token + i, n - i);
		__m512i from = _mm512_sub_epi16(t.sum, t.width);
		uint64_t sums = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(
			_mm512_permutexvar_epi16(last, t.sum)));

#pragma GCC unroll 4
		for (unsigned k = 0; k < 32; k += 8) {
			size_t left = n - i > k ? n - i - k : 0;
			__mmask8 there = left < 8 ? (__mmask8)((1u << left) - 1) : (__mmask8)~0;
			__m512i values = eight(&t, from, k, raw, at, centre);

			if (narrow)
				_mm512_mask_cvtepi64_storeu_epi32((uint32_t *)v + i + k, there, values);
			else
				_mm512_mask_storeu_epi64((uint64_t *)v + i + k, there, values);
			at += (uint16_t)sums;
			sums >>= 16;
		}
	}
	return at;
}

AVX512 size_t token_join64_avx512(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n,
				  void *v)
{
	return join_eights(d, token, raw, n, v, false);
}

AVX512 size_t token_join32_avx512_long(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw,
				       size_t n, void *v)
{
	return join_eights(d, token, raw, n, v, true);
}

/* The same of sixteen: where a value and what is in front of it in its first word fit into 32 bits. */
AVX512 INLINE __m512i sixteen(const struct tokens *t, __m512i from, unsigned k, const uint8_t *raw, size_t at,
			      __m512i centre)
{
	const __m512i each = _mm512_set_epi32(0x000f000f, 0x000e000e, 0x000d000d, 0x000c000c, 0x000b000b, 0x000a000a,
					      0x00090009, 0x00080008, 0x00070007, 0x00060006, 0x00050005, 0x00040004,
					      0x00030003, 0x00020002, 0x00010001, 0);
	const __m512i number = _mm512_add_epi16(each, _mm512_set1_epi16((int16_t)k));
	const __m512i in_word = _mm512_set1_epi32(15), words = _mm512_set1_epi32(0x00010000);
	const __m512i one = _mm512_set1_epi32(1), ones = _mm512_set1_epi32(-1);
	__m512i bits = _mm512_loadu_si512(raw + at / 16 * 2), index, width, lead, u;

	from = _mm512_add_epi16(_mm512_permutexvar_epi16(number, from), _mm512_set1_epi16((int16_t)(at % 16)));
	index = _mm512_add_epi16(_mm512_srli_epi16(from, 4), words);
	bits = _mm512_srlv_epi32(_mm512_permutexvar_epi16(index, bits), _mm512_and_si512(from, in_word));
	width = _mm512_maskz_permutexvar_epi16(0x55555555, number, t->width);
	lead = _mm512_maskz_permutexvar_epi16(0x55555555, number, t->lead);
	bits = _mm512_andnot_si512(_mm512_sllv_epi32(ones, width), bits);
	u = _mm512_or_si512(_mm512_sllv_epi32(lead, width), bits);
	u = _mm512_mask_xor_epi32(_mm512_srli_epi32(u, 1), _mm512_test_epi32_mask(u, one),
				  _mm512_srli_epi32(u, 1), ones);
	return _mm512_add_epi32(u, centre);
}

AVX512 size_t token_join32_avx512(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n,
				  void *v)
{
	/* the upper half of each 16 sums goes on where the lower ended */
	const __m512i lower = _mm512_set1_epi16(7), upper = _mm512_set1_epi16(23);
	const __m512i middle = _mm512_inserti64x4(lower, _mm512_castsi512_si256(upper), 1);
	const __m512i last = _mm512_set1_epi32(0x001f000f), centre = _mm512_set1_epi32((int32_t)d->centre);
	uint32_t *to = v;
	size_t at = 0;

	for (size_t i = 0; i < n; i += 32) {
		struct tokens t = tokens_of(d, token + i, n - i);
		size_t left = n - i;
		uint32_t sums;
		__m512i from;

		t.sum = _mm512_add_epi16(t.sum, _mm512_maskz_permutexvar_epi16(0xff00ff00, middle, t.sum));
		sums = (uint32_t)_mm_cvtsi128_si32(_mm512_castsi512_si128(_mm512_permutexvar_epi16(last, t.sum)));
		from = _mm512_sub_epi16(t.sum, t.width);
		_mm512_mask_storeu_epi32(to + i, left < 16 ? (__mmask16)((1u << left) - 1) : (__mmask16)~0,
					 sixteen(&t, from, 0, raw, at, centre));
		at += (uint16_t)sums;
		left = left > 16 ? left - 16 : 0;
		_mm512_mask_storeu_epi32(to + i + 16, left < 16 ? (__mmask16)((1u << left) - 1) : (__mmask16)~0,
					 sixteen(&t, from, 16, raw, at, centre));
		at += sums >> 16;
	}
	return at;
}

/* 128 bits from the byte of each of two bits on, the first below; *in_byte: where they lie in that byte. */
AVX2 INLINE __m256i two_places(const uint8_t *raw, size_t low, size_t high, __m256i *in_byte)
{
	__m128i below = _mm_loadu_si128((const __m128i *)(raw + low / 8));
	__m128i above = _mm_loadu_si128((const __m128i *)(raw + high / 8));

	*in_byte = _mm256_set_m128i(_mm_set1_epi32((int)(high % 8)), _mm_set1_epi32((int)(low % 8)));
	return _mm256_set_m128i(above, below);
}

/* Eight values at a time, four of them within 128 bits. */
AVX2 size_t token_join32_avx2(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n,
			      void *v)
{
	const __m256i spread = _mm256_set_epi64x(0x0c0c0c0c08080808, 0x0404040400000000, 0x0c0c0c0c08080808,
						 0x0404040400000000), bytes = _mm256_set1_epi32(0x03020100);
	const __m256i one = _mm256_set1_epi32(1), zero = _mm256_setzero_si256(), ones = _mm256_set1_epi32(-1);
	const __m256i first = _mm256_set1_epi32(d->first), centre = _mm256_set1_epi32((int32_t)d->centre);
	const __m128i fine = _mm_cvtsi32_si128(d->fine);
	size_t at = 0, i;

	for (i = 0; i + 8 <= n; i += 8) {
		__m256i t, width, lead, sum, from, bits, u;
		size_t middle;

		t = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(token + i)));
		t = _mm256_add_epi32(t, first);
		width = _mm256_subs_epu16(_mm256_srl_epi32(t, fine), one);		/* token_raw() */
		lead = _mm256_sub_epi32(t, _mm256_sll_epi32(width, fine));		/* token_base() */
		sum = _mm256_add_epi32(width, _mm256_slli_si256(width, 4));
		sum = _mm256_add_epi32(sum, _mm256_slli_si256(sum, 8));
		middle = at + (uint32_t)_mm256_extract_epi32(sum, 3);
		bits = two_places(raw, at, middle, &from);
		at = middle + (uint32_t)_mm256_extract_epi32(sum, 7);
		from = _mm256_add_epi32(from, _mm256_sub_epi32(sum, width));
		u = _mm256_add_epi32(_mm256_shuffle_epi8(_mm256_srli_epi32(from, 3), spread), bytes);
		bits = _mm256_srlv_epi32(_mm256_shuffle_epi8(bits, u),
					 _mm256_and_si256(from, _mm256_set1_epi32(7)));
		bits = _mm256_andnot_si256(_mm256_sllv_epi32(ones, width), bits);
		u = _mm256_or_si256(_mm256_sllv_epi32(lead, width), bits);
		u = _mm256_xor_si256(_mm256_srli_epi32(u, 1), _mm256_sub_epi32(zero, _mm256_and_si256(u, one)));
		_mm256_storeu_si256((__m256i *)((uint32_t *)v + i), _mm256_add_epi32(u, centre));
	}
	return token_join_rest(d, token + i, raw, at, n - i, (uint32_t *)v + i, true);
}

/* The same of four, two of them within 128 bits. */
AVX2 size_t token_join64_avx2(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n,
			      void *v)
{
	const __m256i spread = _mm256_set_epi64x(0x0808080808080808, 0, 0x0808080808080808, 0);
	const __m256i bytes = _mm256_set1_epi64x(0x0706050403020100);
	const __m256i one = _mm256_set1_epi64x(1), zero = _mm256_setzero_si256(), ones = _mm256_set1_epi32(-1);
	const __m256i first = _mm256_set1_epi64x(d->first), centre = _mm256_set1_epi64x(d->centre);
	const __m128i fine = _mm_cvtsi32_si128(d->fine);
	size_t at = 0, i;

	for (i = 0; i + 4 <= n; i += 4) {
		__m256i t, width, lead, before, from, bits, u;
		size_t middle;

		t = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128((int)get_u32(token + i)));
		t = _mm256_add_epi64(t, first);
		width = _mm256_subs_epu16(_mm256_srl_epi64(t, fine), one);
		lead = _mm256_sub_epi64(t, _mm256_sll_epi64(width, fine));
		before = _mm256_slli_si256(width, 8);
		u = _mm256_add_epi64(width, before);
		middle = at + (uint64_t)_mm256_extract_epi64(u, 1);
		bits = two_places(raw, at, middle, &from);
		at = middle + (uint64_t)_mm256_extract_epi64(u, 3);
		from = _mm256_add_epi64(_mm256_and_si256(from, _mm256_set1_epi64x(7)), before);
		u = _mm256_add_epi8(_mm256_shuffle_epi8(_mm256_srli_epi64(from, 3), spread), bytes);
		bits = _mm256_srlv_epi64(_mm256_shuffle_epi8(bits, u),
					 _mm256_and_si256(from, _mm256_set1_epi64x(7)));
		bits = _mm256_andnot_si256(_mm256_sllv_epi64(ones, width), bits);
		u = _mm256_or_si256(_mm256_sllv_epi64(lead, width), bits);
		u = _mm256_xor_si256(_mm256_srli_epi64(u, 1), _mm256_sub_epi64(zero, _mm256_and_si256(u, one)));
		_mm256_storeu_si256((__m256i *)((uint64_t *)v + i), _mm256_add_epi64(u, centre));
	}
	return token_join_rest(d, token + i, raw, at, n - i, (uint64_t *)v + i, false);
}

#endif
