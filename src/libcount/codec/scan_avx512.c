/* scan_avx512.c - the loops for CPU_AVX512; see scan.h. */
#if defined(__x86_64__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"))), \
	apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")
#endif

#define BYTES 64
#define SCANS scans_avx512

#include "codec/scan_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
