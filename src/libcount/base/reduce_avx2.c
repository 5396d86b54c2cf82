/* reduce_avx2.c - an array of doubles to sum, least and greatest, by AVX2; see reduce.h. */
#include "base/reduce.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define KERNEL __attribute__((target("avx2,bmi,bmi2")))
#define WIDTH 4

typedef __m256d vector;

KERNEL static inline vector least(vector x, vector m)
{
	return _mm256_min_pd(x, m);
}

KERNEL static inline vector greatest(vector x, vector m)
{
	return _mm256_max_pd(x, m);
}

KERNEL static inline vector load_some(const double *v, size_t n)
{
	const __m256i lane = _mm256_set_epi64x(3, 2, 1, 0);

	return _mm256_maskload_pd(v, _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)n), lane));
}

KERNEL static inline unsigned unordered(vector x, vector y)
{
	return _mm256_movemask_pd(_mm256_cmp_pd(x, y, _CMP_UNORD_Q)) != 0;
}

#include "base/reduce_kernel.h"

const struct reduce_kernels reduce_avx2 = { sum_kernel, range_kernel };

#else

const struct reduce_kernels reduce_avx2;	/* no machine that we know has that level */

#endif
