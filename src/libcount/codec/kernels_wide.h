/*
 * kernels_wide.h - inside kernels_body.h: fields of 33 to 64 bits, whose shifts are computed.
 *
 * A row is two fields, one of each lane (pack.h).  Row i begins in word i * w / 64 of its lanes, and takes what it
 * lacks from the word above, which is read whether it is wanted or not: only the last row has none above it.
 */
#define WIDE_ROWS (PACK_GROUP / 2)
#define WIDE_WORD 16		/* bytes from a word to the one above */

typedef uint64_t row_t __attribute__((vector_size(16)));

INLINE row_t wide_word(const uint8_t *p)
{
	row_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Any row but the last. */
INLINE void wide_row(const uint8_t *p, unsigned w, unsigned i, uint64_t *u)
{
	unsigned shift = i * w % 64;
	row_t v;

	p += i * w / 64 * WIDE_WORD;
	v = wide_word(p) >> shift | wide_word(p + WIDE_WORD) << 1 << (63 - shift);
	v &= bits_mask(w);
	memcpy(u + 2 * i, &v, sizeof(v));
}

#if LANES == 4

#define WIDE_AT_ONCE 4

INLINE void wide_rows(const uint8_t *p, unsigned w, uint64_t *u)
{
	for (unsigned i = 0; i < WIDE_ROWS - WIDE_AT_ONCE; i += WIDE_AT_ONCE)
		UNROLL for (unsigned k = 0; k < WIDE_AT_ONCE; k++)
			wide_row(p, w, i + k, u);
}

#elif LANES == 8

#define WIDE_AT_ONCE 2

INLINE u64v wide_words(const uint8_t *first, const uint8_t *second)
{
	__m128i low = _mm_loadu_si128((const __m128i *)first), high = _mm_loadu_si128((const __m128i *)second);

	return (u64v)_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

INLINE void wide_rows(const uint8_t *p, unsigned w, uint64_t *u)
{
	u64v shift = { 0, 0, w % 64, w % 64 }, whole = { 64, 64, 64, 64 };	/* a shift by 64 leaves nothing */

	for (unsigned i = 0, bit = 0; i < WIDE_ROWS - WIDE_AT_ONCE; i += WIDE_AT_ONCE, bit += WIDE_AT_ONCE * w) {
		const uint8_t *first = p + bit / 64 * WIDE_WORD, *second = p + (bit + w) / 64 * WIDE_WORD;
		u64v low = wide_words(first, second), above = wide_words(first + WIDE_WORD, second + WIDE_WORD);

		above = (u64v)_mm256_sllv_epi64((__m256i)above, (__m256i)(whole - shift));
		store(u + 2 * i, (i64v)((low >> shift | above) & bits_mask(w)));
		shift = (shift + WIDE_AT_ONCE * w) & 63;
	}
}

#else

#define WIDE_AT_ONCE 4

/* Four rows come from five words at most, so one permutation of four words finds the low ones, one those above. */
INLINE void wide_rows(const uint8_t *p, unsigned w, uint64_t *u)
{
	u64v rows = { 0, 0, w, w, 2 * w, 2 * w, 3 * w, 3 * w }, lanes = { 0, 1, 0, 1, 0, 1, 0, 1 };

	for (unsigned i = 0, bit = 0; i < WIDE_ROWS - WIDE_AT_ONCE; i += WIDE_AT_ONCE, bit += WIDE_AT_ONCE * w) {
		const uint8_t *first = p + bit / 64 * WIDE_WORD;
		u64v from = rows + bit % 64, at = (from >> 5 & 6) | lanes, shift = from & 63;
		u64v low = (u64v)_mm512_permutexvar_epi64((__m512i)at, _mm512_loadu_si512(first));
		u64v above = (u64v)_mm512_permutexvar_epi64((__m512i)at, _mm512_loadu_si512(first + WIDE_WORD));

		above = (u64v)_mm512_sllv_epi64((__m512i)above, (__m512i)(64 - shift));
		store(u + 2 * i, (i64v)((low >> shift | above) & bits_mask(w)));
	}
}

#endif

static void wide_fields(const uint8_t *p, unsigned w, uint64_t *u)
{
	row_t last = wide_word(p + (w - 1) * WIDE_WORD) >> (64 - w);

	wide_rows(p, w, u);
	for (unsigned i = WIDE_ROWS - WIDE_AT_ONCE; i < WIDE_ROWS - 1; i++)
		wide_row(p, w, i, u);
	memcpy(u + 2 * (WIDE_ROWS - 1), &last, sizeof(last));
}
