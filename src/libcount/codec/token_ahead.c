/*
 * token_ahead.c - tokens of several pages at once; see token.h.
 *
 * What a page takes is mostly waiting: each of its four states has to look up its token before it can go on.  With
 * AVX-512 the states of four pages are the lanes of a vector, and two vectors fill each other's waits.
 */
#include "codec/token_fit.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))

#define GROUP 4			/* pages whose states are a vector */
#define STEPS 4			/* at a time: 16 tokens a page */
#define STEP_BYTES (TOKEN_MAX_LANES * TOKEN_WORD)
#define ROUND_BYTES (STEPS * STEP_BYTES)	/* that a page may take up in these */

/* The words of a page.  When there are not enough for a round, the last ones are copied, with zeros behind. */
struct words {
	const uint8_t *p, *end;
	const uint8_t *past;		/* of the page's bytes, while p is in last */
	size_t left;			/* bytes in last that are the page's */
	bool broken;			/* it took up more than there was */
	uint8_t last[2 * ROUND_BYTES];
};

static void refill(struct words *w)
{
	if (w->past == NULL) {
		w->past = w->end;
		w->left = (size_t)(w->end - w->p);
		memcpy(w->last, w->p, w->left);
		memset(w->last + w->left, 0, sizeof(w->last) - w->left);
		w->end = w->last + sizeof(w->last);
	} else {
		w->broken = true;
	}
	w->p = w->last;
}

/* How many rounds there are surely words for: at least 1. */
static size_t safe_rounds(struct words *w, unsigned pages)
{
	size_t least = SIZE_MAX;

	for (unsigned i = 0; i < pages; i++) {
		size_t rounds = (size_t)(w[i].end - w[i].p) / ROUND_BYTES;

		if (rounds == 0) {
			refill(&w[i]);
			rounds = 1;
		}
		least = rounds < least ? rounds : least;
	}
	return least;
}

/* The byte past the words that were taken up, NULL if there were not so many. */
static const uint8_t *words_end(const struct words *w)
{
	if (w->past == NULL)
		return w->p;
	if (w->broken || (size_t)(w->p - w->last) > w->left)
		return NULL;
	return w->past - w->left + (w->p - w->last);
}

/* Four words of each page, of which its lanes that have become too low take up the first. */
AVX512 INLINE __m512i next_words(struct words *w)
{
	__m128i low = _mm_set_epi64x((int64_t)get_u64(w[1].p), (int64_t)get_u64(w[0].p));
	__m128i high = _mm_set_epi64x((int64_t)get_u64(w[3].p), (int64_t)get_u64(w[2].p));

	return _mm512_cvtepu16_epi32(_mm256_set_m128i(high, low));
}

/* Each state gives its token, as in token_get.c; lane 4 i + l is state l of page i.  The slots they were in. */
AVX512 INLINE __m512i step(const struct token_decoder *d, __m512i *x, struct words *w, __m512i mask, __m128i bits)
{
	__m512i slot = _mm512_i32gather_epi32(_mm512_and_si512(*x, mask), (const int *)d->slot, 4);
	__m512i words = next_words(w), y, before, one;
	__mmask16 low;
	unsigned lanes;

	y = _mm512_mullo_epi32(_mm512_srli_epi32(slot, 20), _mm512_srl_epi32(*x, bits));
	y = _mm512_add_epi32(y, _mm512_and_si512(_mm512_srli_epi32(slot, 8), _mm512_set1_epi32(0xfff)));
	low = _mm512_cmplt_epu32_mask(y, _mm512_set1_epi32(TOKEN_LOW));
	one = _mm512_maskz_set1_epi32(low, 1);
	before = _mm512_add_epi32(_mm512_bslli_epi128(one, 4), _mm512_bslli_epi128(one, 8));
	before = _mm512_add_epi32(before, _mm512_bslli_epi128(one, 12));
	words = _mm512_castps_si512(_mm512_permutevar_ps(_mm512_castsi512_ps(words), before));
	*x = _mm512_mask_or_epi32(y, low, _mm512_slli_epi32(y, 16), words);
	lanes = _cvtmask16_u32(low);
	w[0].p += TOKEN_WORD * __builtin_popcount(lanes & 0xf);
	w[1].p += TOKEN_WORD * __builtin_popcount(lanes & 0xf0);
	w[2].p += TOKEN_WORD * __builtin_popcount(lanes & 0xf00);
	w[3].p += TOKEN_WORD * __builtin_popcount(lanes & 0xf000);
	return slot;
}

/* A page's tokens of four steps go to each of four pages. */
AVX512 INLINE void put_tokens(struct token_ahead *to, size_t at, const __m512i slot[STEPS])
{
	__m128i a = _mm512_cvtepi32_epi8(slot[0]), b = _mm512_cvtepi32_epi8(slot[1]);
	__m128i c = _mm512_cvtepi32_epi8(slot[2]), d = _mm512_cvtepi32_epi8(slot[3]);
	__m128i ab = _mm_unpacklo_epi32(a, b), cd = _mm_unpacklo_epi32(c, d);

	_mm_storeu_si128((__m128i *)(to[0].token + at), _mm_unpacklo_epi64(ab, cd));
	_mm_storeu_si128((__m128i *)(to[1].token + at), _mm_unpackhi_epi64(ab, cd));
	ab = _mm_unpackhi_epi32(a, b);
	cd = _mm_unpackhi_epi32(c, d);
	_mm_storeu_si128((__m128i *)(to[2].token + at), _mm_unpacklo_epi64(ab, cd));
	_mm_storeu_si128((__m128i *)(to[3].token + at), _mm_unpackhi_epi64(ab, cd));
}

AVX512 INLINE void decode(const struct token_decoder *d, uint32_t *x, struct words *w, struct token_ahead *to,
			  unsigned groups)
{
	const __m512i mask = _mm512_set1_epi32((1 << d->slot_bits) - 1);
	const __m128i bits = _mm_cvtsi32_si128(d->slot_bits);
	__m512i state[TOKEN_AHEAD / GROUP], slot[TOKEN_AHEAD / GROUP][STEPS];
	size_t at = 0;

	for (unsigned g = 0; g < groups; g++)
		state[g] = _mm512_loadu_si512(x + g * GROUP * TOKEN_MAX_LANES);
	while (at < TOKEN_PAGE) {
		size_t rounds = safe_rounds(w, groups * GROUP);

		for (; rounds != 0 && at < TOKEN_PAGE; rounds--, at += STEPS * TOKEN_MAX_LANES) {
#pragma GCC unroll 4
			for (unsigned s = 0; s < STEPS; s++) {
				for (unsigned g = 0; g < groups; g++)
					slot[g][s] = step(d, &state[g], w + g * GROUP, mask, bits);
			}
			for (unsigned g = 0; g < groups; g++)
				put_tokens(to + g * GROUP, at, slot[g]);
		}
	}
	for (unsigned g = 0; g < groups; g++)
		_mm512_storeu_si512(x + g * GROUP * TOKEN_MAX_LANES, state[g]);
}

AVX512 static void decode_one_group(const struct token_decoder *d, uint32_t *x, struct words *w, struct token_ahead *to)
{
	decode(d, x, w, to, 1);
}

AVX512 static void decode_two_groups(const struct token_decoder *d, uint32_t *x, struct words *w,
				     struct token_ahead *to)
{
	decode(d, x, w, to, 2);
}

/* What is wrong with a page, token_get() will find out by itself. */
void token_ahead(struct token_decoder *d, const struct token_bytes *page, unsigned n)
{
	uint32_t x[TOKEN_AHEAD * TOKEN_MAX_LANES];
	struct words w[TOKEN_AHEAD];

	d->ahead_n = 0;
	if (d->span == 1 || n < GROUP || n > TOKEN_AHEAD || cpu_level() != CPU_AVX512)
		return;
	for (unsigned i = 0; i < TOKEN_AHEAD; i++) {
		const struct token_bytes *b = &page[i < n ? i : 0];	/* what fills up a group */

		w[i] = (struct words){ .p = token_states_get(b->p, b->end, x + i * TOKEN_MAX_LANES,
							     TOKEN_MAX_LANES), .end = b->end };
		if (w[i].p == NULL)
			return;
	}
	(n > GROUP ? decode_two_groups : decode_one_group)(d, x, w, d->ahead);
	for (unsigned i = 0; i < n; i++) {
		d->ahead[i].from = page[i];
		d->ahead[i].past = words_end(&w[i]);
		memcpy(d->ahead[i].state, x + i * TOKEN_MAX_LANES, sizeof(d->ahead[i].state));
	}
	d->ahead_n = n;
}

#else

void token_ahead(struct token_decoder *d, const struct token_bytes *page, unsigned n)
{
	(void)page;
	(void)n;
	d->ahead_n = 0;
}

#endif
