/* ordered.h - doubles as integers in the same order. */
#ifndef COUNT_CODEC_ORDERED_H
#define COUNT_CODEC_ORDERED_H

#include "base/bytes.h"

/* Negative ones turn around; NaN lie at both ends. */
static inline int64_t double_to_ordered(double v)
{
	int64_t b = (int64_t)f64_bits(v);

	return b ^ (int64_t)((uint64_t)(b >> 63) >> 1);
}

static inline double ordered_to_double(int64_t o)
{
	return f64_from_bits((uint64_t)(o ^ (int64_t)((uint64_t)(o >> 63) >> 1)));
}

#endif
