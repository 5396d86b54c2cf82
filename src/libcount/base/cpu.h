/*
 * cpu.h - which vector instructions this machine has, for kernels that are chosen at run time.
 *
 * A kernel is one source, compiled for each level; all levels give the same bytes.  Tests call each up to
 * cpu_level(); everybody else takes the one for cpu_level().
 */
#ifndef COUNT_BASE_CPU_H
#define COUNT_BASE_CPU_H

enum cpu_level {
	CPU_PLAIN,		/* what the compiler may assume anyway */
	CPU_AVX2,		/* with FMA, BMI1, BMI2 */
	CPU_AVX512		/* with F, BW, CD, DQ, VL, and all of CPU_AVX2 */
};

#if defined(__x86_64__)

/* A look at what libgcc found out at start-up, with the operating system's leave: cheap. */
static inline enum cpu_level cpu_level(void)
{
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
	    !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2"))
		return CPU_PLAIN;
	if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
	    !__builtin_cpu_supports("avx512cd") || !__builtin_cpu_supports("avx512dq") ||
	    !__builtin_cpu_supports("avx512vl"))
		return CPU_AVX2;
	return CPU_AVX512;
}

#else

static inline enum cpu_level cpu_level(void)
{
	return CPU_PLAIN;
}

#endif

#endif
