/* kernels_avx2.c - the kernels for CPU_AVX2; see kernels.h. */
#if defined(__x86_64__)

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,bmi,bmi2")
#endif

#define LANES 8
#define AT_ONCE 8
#define FUSED 1
#define FUSED_ADD _mm256_fmadd_pd
#define FUSED_TYPE __m256d
#define TO_DOUBLES _mm256_cvtepi32_pd
#define TO_LONGS _mm256_cvtepi32_epi64
#define HALF_TYPE __m128i
#define KERNELS kernels_avx2
#define KERNELS_NAME "avx2"

#include "codec/kernels_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
