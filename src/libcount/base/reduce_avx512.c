/* reduce_avx512.c - an array of doubles to sum, least and greatest, by AVX-512; see reduce.h. */
#include "base/reduce.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define KERNEL __attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,bmi,bmi2")))
#define WIDTH 8

typedef __m512d vector;

KERNEL static inline vector least(vector x, vector m)
{
	return _mm512_min_pd(x, m);
}

KERNEL static inline vector greatest(vector x, vector m)
{
	return _mm512_max_pd(x, m);
}

KERNEL static inline vector load_some(const double *v, size_t n)
{
	return _mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1), v);
}

KERNEL static inline unsigned unordered(vector x, vector y)
{
	return _mm512_cmp_pd_mask(x, y, _CMP_UNORD_Q) != 0;
}

#include "base/reduce_kernel.h"

const struct reduce_kernels reduce_avx512 = { sum_kernel, range_kernel };

#else

const struct reduce_kernels reduce_avx512;	/* no machine that we know has that level */

#endif
