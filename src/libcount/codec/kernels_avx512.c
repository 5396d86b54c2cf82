/* kernels_avx512.c - the kernels for CPU_AVX512; see kernels.h. */
#if defined(__x86_64__)

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"))), \
	apply_to = function)
#else
#pragma GCC target("avx2,fma,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")
#endif

#define LANES 16
#define AT_ONCE 8
#define FUSED 1
#define FUSED_ADD _mm512_fmadd_pd
#define FUSED_TYPE __m512d
#define TO_DOUBLES _mm512_cvtepi32_pd
#define TO_LONGS _mm512_cvtepi32_epi64
#define HALF_TYPE __m256i
#define KERNELS kernels_avx512
#define KERNELS_NAME "avx512"

#include "codec/kernels_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
