/*
 * token_join.c - values from tokens and raw bits; see token.h.
 *
 * Where each value's raw bits begin is a running sum of widths.  The AVX-512 kernel makes that sum for eight
 * values at a time and gathers, which takes two thirds of the time.  There is none for AVX2: nobody has measured
 * whether gathers of four would gain anything.
 */
#include "base/cpu.h"
#include "codec/token_fit.h"

/* The next value; *at is moved on. */
static inline int64_t next_value(const struct token_decoder *d, uint8_t token, const uint8_t *raw, size_t *at)
{
	unsigned width = d->raw[token], shift = *at % 8;
	uint64_t low = get_u64(raw + *at / 8) >> shift;

	*at += width;
	low = d->base[token] + (low & ((UINT64_C(1) << width) - 1));
	return (int64_t)((uint64_t)unzigzag(low) + (uint64_t)d->centre);
}

void token_join_plain(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n, int64_t *v)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		v[i] = next_value(d, token[i], raw, &at);
}

void token_join_wide(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n, int64_t *v)
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

#if defined(__x86_64__)

#include <immintrin.h>

__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
void token_join_avx512(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n, int64_t *v)
{
	const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi64(1), seven = _mm512_set1_epi64(7);
	const __m512i first = _mm512_set1_epi64(d->first), centre = _mm512_set1_epi64(d->centre);
	const __m128i fine = _mm_cvtsi32_si128(d->fine);
	__m512i at = zero;
	size_t i, rest;

	for (i = 0; i + 8 <= n; i += 8) {
		__m512i number = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)(token + i)));
		__m512i t = _mm512_add_epi64(number, first);
		__m512i octave = _mm512_srl_epi64(t, fine);
		__m512i width = _mm512_sub_epi64(_mm512_max_epi64(octave, one), one);	/* token_raw() */
		__m512i sum = _mm512_add_epi64(width, _mm512_alignr_epi64(width, zero, 7));
		__m512i from, bits, u;

		sum = _mm512_add_epi64(sum, _mm512_alignr_epi64(sum, zero, 6));
		sum = _mm512_add_epi64(sum, _mm512_alignr_epi64(sum, zero, 4));
		from = _mm512_add_epi64(at, _mm512_sub_epi64(sum, width));
		at = _mm512_add_epi64(at, _mm512_permutexvar_epi64(seven, sum));
		bits = _mm512_i64gather_epi64(_mm512_srli_epi64(from, 3), raw, 1);
		bits = _mm512_srlv_epi64(bits, _mm512_and_epi64(from, seven));
		bits = _mm512_andnot_epi64(_mm512_sllv_epi64(_mm512_set1_epi64(-1), width), bits);
		u = _mm512_sub_epi64(t, _mm512_sll_epi64(width, fine));			/* token_base() */
		u = _mm512_add_epi64(_mm512_sllv_epi64(u, width), bits);
		u = _mm512_xor_epi64(_mm512_srli_epi64(u, 1), _mm512_sub_epi64(zero, _mm512_and_epi64(u, one)));
		_mm512_storeu_si512(v + i, _mm512_add_epi64(u, centre));
	}
	rest = (size_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(at));
	for (; i < n; i++)
		v[i] = next_value(d, token[i], raw, &rest);
}

token_join *token_join_best(const struct token_decoder *d)
{
	if (d->longest > TOKEN_SHORT_RAW)
		return token_join_wide;
	return cpu_level() == CPU_AVX512 ? token_join_avx512 : token_join_plain;
}

#else

token_join *token_join_best(const struct token_decoder *d)
{
	return d->longest > TOKEN_SHORT_RAW ? token_join_wide : token_join_plain;
}

#endif
