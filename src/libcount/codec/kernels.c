/* kernels.c - which kernels there are, and the one that needs no wider vectors; see kernels.h. */
#include "codec/kernels.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "codec/pack.h"

#if defined(__x86_64__)

const struct kernels *kernels_of(enum cpu_level level)
{
	static const struct kernels *const all[] = { &kernels_plain, &kernels_avx2, &kernels_avx512 };

	return all[level];
}

#else

const struct kernels *kernels_of(enum cpu_level level)
{
	return level == CPU_PLAIN ? &kernels_plain : NULL;
}

#endif

void sums_divide(struct sums *s, double d)
{
	s->divisor = d;
	s->inverse = 1 / d;
	s->inverse_low = fma(-s->inverse, d, 1) / d;	/* the remainder is exact */
}

const struct kernels *kernels_best(void)
{
	return kernels_of(cpu_level());
}

typedef uint32_t row_t __attribute__((vector_size(16)));	/* one field of each lane */

/* Row i; width and row are constants here, so each is a load, a shift or two, and a mask. */
static inline __attribute__((always_inline)) void row(const uint8_t *restrict p, unsigned w, unsigned i,
						      uint32_t *restrict u)
{
	unsigned bit = i * w, shift = bit % 32;
	row_t v, above;

	memcpy(&v, p + bit / 32 * sizeof(v), sizeof(v));
	v >>= shift;
	if (shift + w > 32) {
		memcpy(&above, p + (bit / 32 + 1) * sizeof(v), sizeof(v));
		v |= above << (32 - shift);
	}
	if (shift + w != 32)
		v &= (uint32_t)bits_mask(w);
	memcpy(u + 4 * i, &v, sizeof(v));
}

static inline __attribute__((always_inline)) void rows(const uint8_t *restrict p, unsigned w, unsigned i,
						       uint32_t *restrict u)
{
	row(p, w, i, u);
	row(p, w, i + 1, u);
	row(p, w, i + 2, u);
	row(p, w, i + 3, u);
	row(p, w, i + 4, u);
	row(p, w, i + 5, u);
	row(p, w, i + 6, u);
	row(p, w, i + 7, u);
}

static inline __attribute__((always_inline)) void all_rows(const uint8_t *restrict p, unsigned w,
							   uint32_t *restrict u)
{
	rows(p, w, 0, u);
	rows(p, w, 8, u);
	rows(p, w, 16, u);
	rows(p, w, 24, u);
}

void kernels_fields32(const uint8_t *p, unsigned w, uint32_t *u)
{
	switch (w) {
	case 0: all_rows(p, 0, u); break;
	case 1: all_rows(p, 1, u); break;
	case 2: all_rows(p, 2, u); break;
	case 3: all_rows(p, 3, u); break;
	case 4: all_rows(p, 4, u); break;
	case 5: all_rows(p, 5, u); break;
	case 6: all_rows(p, 6, u); break;
	case 7: all_rows(p, 7, u); break;
	case 8: all_rows(p, 8, u); break;
	case 9: all_rows(p, 9, u); break;
	case 10: all_rows(p, 10, u); break;
	case 11: all_rows(p, 11, u); break;
	case 12: all_rows(p, 12, u); break;
	case 13: all_rows(p, 13, u); break;
	case 14: all_rows(p, 14, u); break;
	case 15: all_rows(p, 15, u); break;
	case 16: all_rows(p, 16, u); break;
	case 17: all_rows(p, 17, u); break;
	case 18: all_rows(p, 18, u); break;
	case 19: all_rows(p, 19, u); break;
	case 20: all_rows(p, 20, u); break;
	case 21: all_rows(p, 21, u); break;
	case 22: all_rows(p, 22, u); break;
	case 23: all_rows(p, 23, u); break;
	case 24: all_rows(p, 24, u); break;
	case 25: all_rows(p, 25, u); break;
	case 26: all_rows(p, 26, u); break;
	case 27: all_rows(p, 27, u); break;
	case 28: all_rows(p, 28, u); break;
	case 29: all_rows(p, 29, u); break;
	case 30: all_rows(p, 30, u); break;
	case 31: all_rows(p, 31, u); break;
	default: all_rows(p, 32, u); break;
	}
}
