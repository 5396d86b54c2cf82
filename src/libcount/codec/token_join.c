/* token_join.c - values from tokens and raw bits: in plain C, and which kernel is for which table; see token_fit.h. */
#include "codec/token_fit.h"

/* Of values of up to 64 raw bits, or up to 56. */
static inline __attribute__((always_inline)) size_t join(const struct token_decoder *d, const uint8_t *token,
							 const uint8_t *raw, size_t at, size_t n,
							 void *restrict v, bool narrow, bool wide)
{
	uint64_t centre = (uint64_t)d->centre, value, mask;

	for (size_t i = 0; i < n; i++) {
		unsigned width = d->raw[token[i]];
		uint64_t bits = get_u64(raw + at / 8) >> at % 8;

		if (wide) {
			bits |= (uint64_t)raw[at / 8 + 8] << 1 << (63 - at % 8);
			mask = bits_mask(width);
		} else {
			mask = (UINT64_C(1) << width) - 1;
		}
		at += width;
		value = (uint64_t)unzigzag(d->base[token[i]] + (bits & mask)) + centre;
		if (narrow)
			put_u32((uint32_t *)v + i, (uint32_t)value);
		else
			put_u64((uint64_t *)v + i, value);
	}
	return at;
}

static size_t join64(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n, void *v)
{
	return join(d, token, raw, 0, n, v, false, true);
}

static size_t join32(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n, void *v)
{
	return join(d, token, raw, 0, n, v, true, true);
}

static size_t join64_short(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n, void *v)
{
	return join(d, token, raw, 0, n, v, false, false);
}

static size_t join32_short(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n, void *v)
{
	return join(d, token, raw, 0, n, v, true, false);
}

size_t token_join_rest(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t at, size_t n,
		       void *v, bool narrow)
{
	return join(d, token, raw, at, n, v, narrow, true);
}

/* The best first. */
static const struct kernel {
	token_join *join;
	enum cpu_level level;
	bool narrow;
	uint8_t longest;		/* the most raw bits a value */
} kernels[] = {
#if defined(__x86_64__)
	{ token_join32_avx512, CPU_AVX512, true, 17 },
	{ token_join32_avx512_long, CPU_AVX512, true, 49 },
	{ token_join64_avx512, CPU_AVX512, false, 49 },
	{ token_join32_avx2, CPU_AVX2, true, 25 },
	{ token_join64_avx2, CPU_AVX2, false, 57 },
#endif
	{ join32_short, CPU_PLAIN, true, 56 },
	{ join64_short, CPU_PLAIN, false, 56 },
	{ join32, CPU_PLAIN, true, 64 },
	{ join64, CPU_PLAIN, false, 64 },
};

token_join *token_join_of(const struct token_decoder *d, bool narrow, enum cpu_level level)
{
	const struct kernel *k = kernels;

	while (k->narrow != narrow || k->level > level || k->longest < d->longest)
		k++;
	return k->join;
}
