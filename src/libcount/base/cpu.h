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

/* In a file of its own, so that a benchmark can be linked with another (bench/at-level.c). */
enum cpu_level cpu_level(void);

#endif
