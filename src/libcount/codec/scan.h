/*
 * scan.h - the inner loops of choosing an encoding, for the vectors of a processor level (base/cpu.h); all give the
 * same.  128 integers or values at a time, unless n says how many; no alignment is asked for.
 */
#ifndef COUNT_CODEC_SCAN_H
#define COUNT_CODEC_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

#define SCAN_GROUP 128

/* What packing and tokens ask about a group. */
struct scan_lengths {
	uint32_t length[SCAN_GROUP];	/* of the zigzag of each, in bits */
	int64_t min, max;
};

enum scan_found {
	SCAN_FAR,
	SCAN_FIXED,		/* some fix is not 0 */
	SCAN_EXACT
};

struct scans {
	/*
	 * x[i] = values[i] * divisor rounded to an integer, and fix[i] what the bits of values[i] are above those of
	 * x[i] / divisor.  SCAN_FAR, with both undefined, unless each product is within 2^51.
	 */
	enum scan_found (*quotients)(const double *values, double divisor, int64_t *x, int64_t *fix);

	/* What an order leaves of m, modulo 2^32; m[-1] and, for order 2, m[-2] are read. */
	void (*lengths32)(const int32_t *m, unsigned order, struct scan_lengths *l);

	/* The same modulo 2^64. */
	void (*lengths64)(const int64_t *m, unsigned order, struct scan_lengths *l);

	/* x[i] -= base, n a multiple of 8; narrow gets the low halves.  Returns whether each x fits in 32 bits. */
	bool (*offsets)(int64_t *x, size_t n, int64_t base, int32_t *narrow);

	/*
	 * What an order, 1 or 2, leaves of n integers, a multiple of 8; m[-1] and, for order 2, m[-2] are read.
	 * Narrow: modulo 2^32, signed; else modulo 2^64.
	 */
	void (*differences)(const int64_t *m, size_t n, unsigned order, bool narrow, int64_t *d);
};

const struct scans *scans_best(void);

/* Of a level, for tests: NULL where there is none; only to be called where cpu_level() is as high. */
const struct scans *scans_of(enum cpu_level level);

/* Inside. */
extern const struct scans scans_plain, scans_avx2, scans_avx512;

#endif
