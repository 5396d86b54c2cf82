/* scan_avx2.c - the loops for CPU_AVX2; see scan.h. */
#if defined(__x86_64__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2")
#endif

#define BYTES 32
#define SCANS scans_avx2

#include "codec/scan_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
