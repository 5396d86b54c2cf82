/*
 * at-level.c - takes the place of base/cpu.c in a tool: its kernels are those of the level that LEVEL names, plain,
 * avx2 or avx512, which the processor must have.
 *
 * bench/query-at-level is count-query with this.  The C library's own functions are those for the processor still.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"

enum cpu_level cpu_level(void)
{
	static const char *const names[] = { "plain", "avx2", "avx512" };
	const char *level = getenv("LEVEL");

	for (int i = CPU_PLAIN; i <= CPU_AVX512; i++)
		if (level != NULL && strcmp(level, names[i]) == 0)
			return (enum cpu_level)i;
	fprintf(stderr, "query-at-level: LEVEL must be plain, avx2 or avx512\n");
	exit(2);
}
