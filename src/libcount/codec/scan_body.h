/*
 * scan_body.h - the loops of one level, for vectors of BYTES bytes: 16, 32 or 64.  A scan_*.c defines BYTES and
 * SCANS, the table's name, says what the compiler may use, and includes this.
 */
#include "codec/scan.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define INTS (BYTES / 4)
#define LONGS (BYTES / 8)
#define ROUND_LIMIT 2251799813685248.0		/* 2^51 */
#define ROUND_MAGIC 6755399441055744.0		/* 1.5 * 2^52: adding it leaves no room for a fraction */
#define ROUND_MAGIC_BITS INT64_C(0x4338000000000000)
#define FLOAT_MANTISSA 23
#define FLOAT_BIAS 126				/* of the exponent, so that 1 has the length 1 */
#define DOUBLE_MANTISSA 52
#define DOUBLE_BIAS 1022
#define WORD_MAGIC_BITS UINT64_C(0x4330000000000000)	/* with a word in the low half: 2^52 + word */
#define WORD_MAGIC 4503599627370496.0		/* 2^52 */

typedef int32_t i32v __attribute__((vector_size(BYTES)));
typedef uint32_t u32v __attribute__((vector_size(BYTES)));
typedef float f32v __attribute__((vector_size(BYTES)));
typedef int64_t i64v __attribute__((vector_size(BYTES)));
typedef uint64_t u64v __attribute__((vector_size(BYTES)));
typedef double f64v __attribute__((vector_size(BYTES)));

INLINE i32v load32(const int32_t *p) { i32v v; memcpy(&v, p, sizeof(v)); return v; }
INLINE i64v load64(const int64_t *p) { i64v v; memcpy(&v, p, sizeof(v)); return v; }
INLINE f64v load_doubles(const double *p) { f64v v; memcpy(&v, p, sizeof(v)); return v; }

INLINE bool any(i64v v)
{
	int64_t lane[LONGS], all = 0;

	memcpy(lane, &v, sizeof(v));
	for (size_t i = 0; i < LONGS; i++)
		all |= lane[i];
	return all != 0;
}

static enum scan_found quotients(const double *values, double divisor, int64_t *x, int64_t *fix)
{
	f64v none = { 0 }, by = none + divisor, limit = none + ROUND_LIMIT;
	i64v wrong = { 0 }, far = { 0 };

	for (size_t i = 0; i < SCAN_GROUP; i += LONGS) {
		f64v v = load_doubles(values + i), product = v * by, sum = product + ROUND_MAGIC;
		f64v back = (sum - ROUND_MAGIC) / by;
		i64v n = (i64v)sum - ROUND_MAGIC_BITS, off = (i64v)((u64v)v - (u64v)back);

		wrong |= off;
		far |= ~(i64v)((product < limit) & (product > -limit));
		memcpy(x + i, &n, sizeof(n));
		memcpy(fix + i, &off, sizeof(off));
	}
	if (any(far))
		return SCAN_FAR;
	return any(wrong) ? SCAN_FIXED : SCAN_EXACT;
}

/*
 * The length of a zigzag is that of the magnitude (d, or ~d where negative), and one for the sign unless d is 0.
 * A float's exponent tells a length; what could round it up to the next power of two is cleared before.
 */
INLINE i32v length_of(i32v d)
{
	i32v magnitude = d ^ (d >> 31), safe = magnitude & ~(magnitude >> 1);
	i32v length = ((i32v)__builtin_convertvector(safe, f32v) >> FLOAT_MANTISSA) - FLOAT_BIAS;

	length &= ~(i32v)(magnitude == 0);
	return length - (i32v)(d != 0);
}

INLINE void lengths32_by(const int32_t *m, unsigned order, struct scan_lengths *l)
{
	int32_t low[INTS], high[INTS];
	i32v min = { 0 }, max = { 0 };

	for (size_t i = 0; i < SCAN_GROUP; i += INTS) {
		u32v d = (u32v)load32(m + i), before, two;
		i32v s, length, less, more;

		if (order != 0) {
			before = (u32v)load32(m + i - 1);
			if (order == 2) {
				two = (u32v)load32(m + i - 2);
				d = d - before - (before - two);
			} else {
				d -= before;
			}
		}
		s = (i32v)d;
		if (i == 0)
			min = max = s;
		less = s < min;
		more = s > max;
		min = (s & less) | (min & ~less);
		max = (s & more) | (max & ~more);
		length = length_of(s);
		memcpy(l->length + i, &length, sizeof(length));
	}
	memcpy(low, &min, sizeof(min));
	memcpy(high, &max, sizeof(max));
	l->min = low[0];
	l->max = high[0];
	for (size_t i = 1; i < INTS; i++) {
		l->min = low[i] < l->min ? low[i] : l->min;
		l->max = high[i] > l->max ? high[i] : l->max;
	}
}

static void lengths32(const int32_t *m, unsigned order, struct scan_lengths *l)
{
	if (order == 0)
		lengths32_by(m, 0, l);
	else if (order == 1)
		lengths32_by(m, 1, l);
	else
		lengths32_by(m, 2, l);
}

/* Of 64 bits: as a double, of the high half unless that is 0. */
INLINE i64v length64_of(i64v d)
{
	u64v magnitude = (u64v)(d ^ (i64v)(d < 0)), high = magnitude >> 32, is_high = (u64v)(high != 0);
	u64v half = (high & is_high) | (magnitude & ~is_high);
	f64v exact = (f64v)(half | WORD_MAGIC_BITS) - WORD_MAGIC;
	i64v length = (i64v)((u64v)exact >> DOUBLE_MANTISSA) - DOUBLE_BIAS;

	length &= (i64v)(half != 0);
	return length + (i64v)(is_high & 32) - (i64v)(d != 0);
}

INLINE void lengths64_by(const int64_t *m, unsigned order, struct scan_lengths *l)
{
	int64_t low[LONGS], high[LONGS], lengths[LONGS];
	i64v min = { 0 }, max = { 0 };

	for (size_t i = 0; i < SCAN_GROUP; i += LONGS) {
		u64v d = (u64v)load64(m + i);
		i64v s, length, less, more;

		if (order == 1)
			d -= (u64v)load64(m + i - 1);
		else if (order == 2)
			d = d - 2 * (u64v)load64(m + i - 1) + (u64v)load64(m + i - 2);
		s = (i64v)d;
		if (i == 0)
			min = max = s;
		less = s < min;
		more = s > max;
		min = (s & less) | (min & ~less);
		max = (s & more) | (max & ~more);
		length = length64_of(s);
		memcpy(lengths, &length, sizeof(length));
		for (size_t k = 0; k < LONGS; k++)
			l->length[i + k] = (uint32_t)lengths[k];
	}
	memcpy(low, &min, sizeof(min));
	memcpy(high, &max, sizeof(max));
	l->min = low[0];
	l->max = high[0];
	for (size_t i = 1; i < LONGS; i++) {
		l->min = low[i] < l->min ? low[i] : l->min;
		l->max = high[i] > l->max ? high[i] : l->max;
	}
}

static void lengths64(const int64_t *m, unsigned order, struct scan_lengths *l)
{
	if (order == 0)
		lengths64_by(m, 0, l);
	else if (order == 1)
		lengths64_by(m, 1, l);
	else
		lengths64_by(m, 2, l);
}

/* The low halves with their signs. */
INLINE i64v low_half(u64v v)
{
	return (i64v)(((v & UINT32_MAX) ^ UINT64_C(0x80000000)) - UINT64_C(0x80000000));
}

INLINE void differences_by(const int64_t *m, size_t n, unsigned order, bool narrow, int64_t *d)
{
	for (size_t i = 0; i < n; i += LONGS) {
		u64v v = (u64v)load64(m + i), before = (u64v)load64(m + i - 1);
		i64v left;

		v -= before;
		if (order == 2)
			v -= before - (u64v)load64(m + i - 2);
		left = narrow ? low_half(v) : (i64v)v;
		memcpy(d + i, &left, sizeof(left));
	}
}

static void differences(const int64_t *m, size_t n, unsigned order, bool narrow, int64_t *d)
{
	switch (order * 2 + narrow) {
	case 2: differences_by(m, n, 1, false, d); break;
	case 3: differences_by(m, n, 1, true, d); break;
	case 4: differences_by(m, n, 2, false, d); break;
	default: differences_by(m, n, 2, true, d); break;
	}
}

static bool offsets(int64_t *x, size_t n, int64_t base, int32_t *narrow)
{
	u64v none = { 0 }, from = none + (uint64_t)base;
	i64v wrong = { 0 };

	for (size_t i = 0; i < n; i += 8) {
		for (size_t k = i; k < i + 8; k += LONGS) {
			i64v m = (i64v)((u64v)load64(x + k) - from);

			wrong |= low_half((u64v)m) ^ m;
			memcpy(x + k, &m, sizeof(m));
		}
		for (size_t k = i; k < i + 8; k++)
			narrow[k] = (int32_t)(uint32_t)(uint64_t)x[k];
	}
	return !any(wrong);
}

const struct scans SCANS = {
	.quotients = quotients,
	.lengths32 = lengths32,
	.lengths64 = lengths64,
	.offsets = offsets,
	.differences = differences,
};
