/* reduce.c - an array of doubles to sum, least and greatest, in plain C; see reduce.h. */
#include "base/reduce.h"

#include <stdint.h>

#define KERNEL
#define WIDTH 2			/* what nearly every machine has, SSE2 or NEON; others do it one by one */

typedef double vector __attribute__((vector_size(16)));
typedef int64_t mask __attribute__((vector_size(16)));

static inline vector choose(mask m, vector a, vector b)
{
	return (vector)((m & (mask)a) | (~m & (mask)b));
}

static inline vector least(vector x, vector m)
{
	return choose((mask)(x < m), x, m);
}

static inline vector greatest(vector x, vector m)
{
	return choose((mask)(x > m), x, m);
}

static inline vector load_some(const double *v, size_t n)
{
	return (vector){ n > 0 ? v[0] : 0, n > 1 ? v[1] : 0 };
}

static inline unsigned unordered(vector x, vector y)
{
	mask m = (mask)(x != x) | (mask)(y != y);

	return (m[0] | m[1]) != 0;
}

#include "base/reduce_kernel.h"

const struct reduce_kernels reduce_plain = { sum_kernel, range_kernel };

const struct reduce_kernels *reduce_kernels(enum cpu_level level)
{
	switch (level) {
	case CPU_AVX512:
		return &reduce_avx512;
	case CPU_AVX2:
		return &reduce_avx2;
	case CPU_PLAIN:
		break;
	}
	return &reduce_plain;
}
