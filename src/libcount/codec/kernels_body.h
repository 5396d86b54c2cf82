/*
 * kernels_body.h - the kernels of one level, for vectors of LANES 32-bit lanes: 4, 8 or 16.
 *
 * A kernels_*.c defines LANES, FUSED (1: fused multiply-add is there) and KERNELS, the table's name, says
 * what the compiler may use, and includes this.
 */
#include "codec/kernels.h"

#include <stddef.h>
#include <string.h>

#include "codec/pack.h"

#define HALF (LANES / 2)	/* 64-bit lanes */
#define INLINE static inline __attribute__((always_inline))

typedef uint32_t u32v __attribute__((vector_size(4 * LANES)));
typedef int32_t i32v __attribute__((vector_size(4 * LANES)));
typedef uint64_t u64v __attribute__((vector_size(4 * LANES)));
typedef int64_t i64v __attribute__((vector_size(4 * LANES)));
typedef double f64v __attribute__((vector_size(4 * LANES)));
typedef int32_t i32h __attribute__((vector_size(2 * LANES)));	/* half of an i32v */

/* Vectors at a time: what one waits for, the others fill. */
#define RUN AT_ONCE
#define EACH (size_t k = 0; k < RUN; k++)
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

#if LANES == 4

#define LAST 3, 3, 3, 3
#define LAST_LONG 1, 1

/* v moved up by that many lanes, zeros below; adding log2(LANES) of these makes sums of all lanes so far. */
INLINE u32v up1(u32v v) { return __builtin_shufflevector((u32v){ 0 }, v, 0, 4, 5, 6); }
INLINE u32v up2(u32v v) { return __builtin_shufflevector((u32v){ 0 }, v, 0, 0, 4, 5); }
INLINE u32v up4(u32v v) { (void)v; return (u32v){ 0 }; }
INLINE u32v up8(u32v v) { (void)v; return (u32v){ 0 }; }
INLINE u64v long_up1(u64v v) { return __builtin_shufflevector((u64v){ 0 }, v, 0, 2); }
INLINE u64v long_up2(u64v v) { (void)v; return (u64v){ 0 }; }
INLINE u64v long_up4(u64v v) { (void)v; return (u64v){ 0 }; }

/* Conversions by shuffles: neither SSE2 nor GCC's conversions of half a vector are as good. */
INLINE i64v low_longs(u32v v)
{
	return (i64v)__builtin_shufflevector(v, (u32v)((i32v)v >> 31), 0, 4, 1, 5);
}

INLINE i64v high_longs(u32v v)
{
	return (i64v)__builtin_shufflevector(v, (u32v)((i32v)v >> 31), 2, 6, 3, 7);
}

#define WORD_MAGIC 0x43300000u			/* above a word w: the double 2^52 + w */
#define WORD_OFFSET 4503601774854144.0		/* 2^52 + 2^31 */

INLINE f64v low_doubles(u32v v)
{
	u32v magic = { WORD_MAGIC, WORD_MAGIC, WORD_MAGIC, WORD_MAGIC };

	return (f64v)__builtin_shufflevector(v ^ 0x80000000u, magic, 0, 4, 1, 5) - WORD_OFFSET;
}

INLINE f64v high_doubles(u32v v)
{
	u32v magic = { WORD_MAGIC, WORD_MAGIC, WORD_MAGIC, WORD_MAGIC };

	return (f64v)__builtin_shufflevector(v ^ 0x80000000u, magic, 2, 6, 3, 7) - WORD_OFFSET;
}

#elif LANES == 8

#define LAST 7, 7, 7, 7, 7, 7, 7, 7
#define LAST_LONG 3, 3, 3, 3
#define LOW 0, 1, 2, 3
#define HIGH 4, 5, 6, 7

/* The first steps sum up each half; in the last the lower one's sum is added to all of the upper. */
INLINE u32v up1(u32v v) { return __builtin_shufflevector((u32v){ 0 }, v, 0, 8, 9, 10, 4, 12, 13, 14); }
INLINE u32v up2(u32v v) { return __builtin_shufflevector((u32v){ 0 }, v, 0, 1, 8, 9, 4, 5, 12, 13); }
INLINE u32v up4(u32v v) { return __builtin_shufflevector((u32v){ 0 }, v, 0, 1, 2, 3, 11, 11, 11, 11); }
INLINE u32v up8(u32v v) { (void)v; return (u32v){ 0 }; }
INLINE u64v long_up1(u64v v) { return __builtin_shufflevector((u64v){ 0 }, v, 0, 4, 2, 6); }
INLINE u64v long_up2(u64v v) { return __builtin_shufflevector((u64v){ 0 }, v, 0, 1, 5, 5); }
INLINE u64v long_up4(u64v v) { (void)v; return (u64v){ 0 }; }

#else

#define LAST 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15
#define LAST_LONG 7, 7, 7, 7, 7, 7, 7, 7
#define LOW 0, 1, 2, 3, 4, 5, 6, 7
#define HIGH 8, 9, 10, 11, 12, 13, 14, 15

INLINE u32v up1(u32v v)
{
	return __builtin_shufflevector((u32v){ 0 }, v, 0, 16, 17, 18, 4, 20, 21, 22, 8, 24, 25, 26, 12, 28, 29, 30);
}

INLINE u32v up2(u32v v)
{
	return __builtin_shufflevector((u32v){ 0 }, v, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}

INLINE u32v up4(u32v v)
{
	return __builtin_shufflevector((u32v){ 0 }, v, 0, 1, 2, 3, 19, 19, 19, 19, 8, 9, 10, 11, 27, 27, 27, 27);
}

INLINE u32v up8(u32v v)
{
	return __builtin_shufflevector((u32v){ 0 }, v, 0, 1, 2, 3, 4, 5, 6, 7, 23, 23, 23, 23, 23, 23, 23, 23);
}

INLINE u64v long_up1(u64v v) { return __builtin_shufflevector((u64v){ 0 }, v, 0, 8, 2, 10, 4, 12, 6, 14); }
INLINE u64v long_up2(u64v v) { return __builtin_shufflevector((u64v){ 0 }, v, 0, 1, 9, 9, 4, 5, 13, 13); }
INLINE u64v long_up4(u64v v) { return __builtin_shufflevector((u64v){ 0 }, v, 0, 1, 2, 3, 11, 11, 11, 11); }

#endif

#if LANES > 4

#define HALF_OF(v, ...) __builtin_shufflevector((i32v)(v), (i32v)(v), __VA_ARGS__)

INLINE i64v low_longs(u32v v) { return (i64v)TO_LONGS((HALF_TYPE)HALF_OF(v, LOW)); }
INLINE i64v high_longs(u32v v) { return (i64v)TO_LONGS((HALF_TYPE)HALF_OF(v, HIGH)); }

/* GCC 12 converts a quarter at a time unless told. */
INLINE f64v low_doubles(u32v v) { return (f64v)TO_DOUBLES((HALF_TYPE)HALF_OF(v, LOW)); }
INLINE f64v high_doubles(u32v v) { return (f64v)TO_DOUBLES((HALF_TYPE)HALF_OF(v, HIGH)); }

#endif

#if LANES == 16

INLINE f64v to_doubles(i64v x)
{
	return __builtin_convertvector(x, f64v);
}

#else

/*
 * 2^52 + the low half of x, and 2^84 + 2^63 + the high half (signed) times 2^32, are doubles made of bits.
 * All but the last sum is exact.
 */
INLINE f64v to_doubles(i64v x)
{
	f64v low = (f64v)(((u64v)x & UINT32_MAX) | UINT64_C(0x4330000000000000));
	f64v high = (f64v)((u64v)x >> 32 ^ UINT64_C(0x4530000080000000));

	return high - 0x1.00000801p84 + low;		/* 2^84 + 2^63 + 2^52 */
}

#endif

struct divisor { f64v divisor, inverse, low; };		/* see kernels.h */

#if FUSED

INLINE f64v fused(f64v a, f64v b, f64v c)		/* a * b + c in one rounding */
{
	return (f64v)FUSED_ADD((FUSED_TYPE)a, (FUSED_TYPE)b, (FUSED_TYPE)c);
}

INLINE f64v scaled(f64v m, f64v factor, f64v first)
{
	return fused(m, factor, first);
}

INLINE f64v divided(f64v x, const struct divisor *d)
{
	return fused(x, d->inverse, x * d->low);
}

#else

INLINE f64v scaled(f64v m, f64v factor, f64v first)
{
	return m * factor + first;
}

INLINE f64v divided(f64v x, const struct divisor *d)
{
	return x / d->divisor;
}

#endif

INLINE u32v load32(const uint32_t *p) { u32v v; memcpy(&v, p, sizeof(v)); return v; }
INLINE u64v load64(const void *p) { u64v v; memcpy(&v, p, sizeof(v)); return v; }
INLINE void store(void *p, i64v v) { memcpy(p, &v, sizeof(v)); }

/* What the fields hold: zigzags, with z = 1, or distances from a base, with z = 0. */
INLINE u32v open32(u32v v, uint32_t z, uint32_t base)
{
	return ((v >> z) ^ (0 - (v & z))) + base;
}

INLINE u64v open64(u64v v, uint64_t z, uint64_t base)
{
	return ((v >> z) ^ (0 - (v & z))) + base;
}

/* Lane i of vector k becomes the sum of all before it and itself, from *m on; *m is the same in all lanes. */
INLINE void sums32(u32v v[RUN], u32v *m)
{
	u32v last[RUN];

	UNROLL for EACH
		v[k] += up1(v[k]);
	UNROLL for EACH
		v[k] += up2(v[k]);
	UNROLL for EACH
		v[k] += up4(v[k]);
	UNROLL for EACH
		v[k] += up8(v[k]);
	UNROLL for EACH
		last[k] = __builtin_shufflevector(v[k], v[k], LAST);
	UNROLL for EACH {
		v[k] += *m;
		*m += last[k];
	}
}

INLINE void sums64(u64v v[RUN], u64v *m)
{
	u64v last[RUN];

	UNROLL for EACH
		v[k] += long_up1(v[k]);
	UNROLL for EACH
		v[k] += long_up2(v[k]);
	UNROLL for EACH
		v[k] += long_up4(v[k]);
	UNROLL for EACH
		last[k] = __builtin_shufflevector(v[k], v[k], LAST_LONG);
	UNROLL for EACH {
		v[k] += *m;
		*m += last[k];
	}
}

/* The integers m of RUN vectors of fields, and where the sums stand then. */
INLINE void integers32(u32v v[RUN], const uint32_t *u, const struct sums *s, unsigned order, u32v *m, u32v *step)
{
	UNROLL for EACH
		v[k] = open32(load32(u + k * LANES), s->zigzag, (uint32_t)s->base);
	if (order == 2)
		sums32(v, step);
	if (order >= 1)
		sums32(v, m);
}

INLINE void integers64(u64v v[RUN], const uint64_t *u, const struct sums *s, unsigned order, u64v *m, u64v *step)
{
	UNROLL for EACH
		v[k] = open64(load64(u + k * HALF), s->zigzag, s->base);
	if (order == 2)
		sums64(v, step);
	if (order >= 1)
		sums64(v, m);
}

INLINE void quotients32_by(struct sums *s, const uint32_t *u, double *values, unsigned order, bool divide)
{
	u32v zero = { 0 }, m = zero + (uint32_t)s->m, step = zero + (uint32_t)s->step, v[RUN];
	f64v none = { 0 }, first = none + (double)(int64_t)s->first, factor = none + (double)(int64_t)s->factor;
	struct divisor by = { none + s->divisor, none + s->inverse, none + s->inverse_low };
	f64v low[RUN], high[RUN];

	for (size_t i = 0; i < PACK_GROUP; i += RUN * LANES) {
		integers32(v, u + i, s, order, &m, &step);
		UNROLL for EACH {
			low[k] = scaled(low_doubles(v[k]), factor, first);
			high[k] = scaled(high_doubles(v[k]), factor, first);
		}
		UNROLL for EACH {
			double *to = values + i + k * LANES;

			store(to, (i64v)(divide ? divided(low[k], &by) : low[k]));
			store(to + HALF, (i64v)(divide ? divided(high[k], &by) : high[k]));
		}
	}
	s->m = m[0];
	s->step = step[0];
}

static void quotients32(struct sums *s, const uint32_t *u, double *values)
{
	bool divide = s->divisor != 1;

	switch (s->order * 2 + divide) {
	case 0: quotients32_by(s, u, values, 0, false); break;
	case 1: quotients32_by(s, u, values, 0, true); break;
	case 2: quotients32_by(s, u, values, 1, false); break;
	case 3: quotients32_by(s, u, values, 1, true); break;
	case 4: quotients32_by(s, u, values, 2, false); break;
	default: quotients32_by(s, u, values, 2, true); break;
	}
}

INLINE void ints32_by(struct sums *s, const uint32_t *u, int64_t *x, unsigned order)
{
	u32v zero = { 0 }, m = zero + (uint32_t)s->m, step = zero + (uint32_t)s->step, v[RUN];

	for (size_t i = 0; i < PACK_GROUP; i += RUN * LANES) {
		integers32(v, u + i, s, order, &m, &step);
		UNROLL for EACH {
			u64v low = (u64v)low_longs(v[k]), high = (u64v)high_longs(v[k]);

			if (s->factor != 1) {
				low *= s->factor;
				high *= s->factor;
			}
			store(x + i + k * LANES, (i64v)(low + s->first));
			store(x + i + k * LANES + HALF, (i64v)(high + s->first));
		}
	}
	s->m = m[0];
	s->step = step[0];
}

static void ints32(struct sums *s, const uint32_t *u, int64_t *x)
{
	switch (s->order) {
	case 0: ints32_by(s, u, x, 0); break;
	case 1: ints32_by(s, u, x, 1); break;
	default: ints32_by(s, u, x, 2); break;
	}
}

INLINE void ints64_by(struct sums *s, const uint64_t *u, int64_t *x, unsigned order)
{
	u64v zero = { 0 }, m = zero + s->m, step = zero + s->step, v[RUN];

	for (size_t i = 0; i < PACK_GROUP; i += RUN * HALF) {
		integers64(v, u + i, s, order, &m, &step);
		UNROLL for EACH {
			if (s->factor != 1)
				v[k] *= s->factor;
			store(x + i + k * HALF, (i64v)(v[k] + s->first));
		}
	}
	s->m = m[0];
	s->step = step[0];
}

static void ints64(struct sums *s, const uint64_t *u, int64_t *x)
{
	switch (s->order) {
	case 0: ints64_by(s, u, x, 0); break;
	case 1: ints64_by(s, u, x, 1); break;
	default: ints64_by(s, u, x, 2); break;
	}
}

static void quotients(const struct sums *s, const int64_t *x, double *values)
{
	f64v none = { 0 };
	struct divisor by = { none + s->divisor, none + s->inverse, none + s->inverse_low };
	bool divide = s->divisor != 1;

	for (size_t i = 0; i < PACK_GROUP; i += HALF) {
		f64v v = to_doubles((i64v)load64(x + i));

		store(values + i, (i64v)(divide ? divided(v, &by) : v));
	}
}

/*
 * LONG_MAGIC and a number n of k <= 52 bits make the bits of the double 2^52 + n.  With n = m + bias, a bias of
 * 2^(k - 1), that holds for m from -bias to bias - 1; of any other m, some bit above k is not as in LONG_MAGIC.
 */
#define LONG_MAGIC UINT64_C(0x4330000000000000)
#define LONG_EXACT 52		/* bits */

/* Whether in all lanes the bits above those of n < 2 * bias are those of LONG_MAGIC. */
INLINE bool all_exact(u64v any, u64v every, uint64_t bias)
{
	u64v wrong = (any ^ LONG_MAGIC) | (every ^ LONG_MAGIC);
	uint64_t lane[HALF], all = 0;

	memcpy(lane, &wrong, sizeof(lane));
	UNROLL for (size_t k = 0; k < HALF; k++)
		all |= lane[k];
	return all < 2 * bias;
}

INLINE bool quotients64_by(struct sums *s, const uint64_t *u, double *values, unsigned order, bool divide,
			   uint64_t bias)
{
	u64v zero = { 0 }, m = zero + s->m + (LONG_MAGIC + bias), step = zero + s->step, any = zero, every = ~zero;
	f64v none = { 0 }, first = none + (double)(int64_t)s->first, factor = none + (double)(int64_t)s->factor;
	f64v offset = none + (double)(int64_t)(UINT64_C(1) << LONG_EXACT | bias);
	struct divisor by = { none + s->divisor, none + s->inverse, none + s->inverse_low };
	u64v v[RUN];

	for (size_t i = 0; i < PACK_GROUP; i += RUN * HALF) {
		integers64(v, u + i, s, order, &m, &step);
		UNROLL for EACH {
			u64v n = order == 0 ? v[k] + (LONG_MAGIC + bias) : v[k];
			f64v x = scaled((f64v)n - offset, factor, first);

			any |= n;
			every &= n;
			store(values + i + k * HALF, (i64v)(divide ? divided(x, &by) : x));
		}
	}
	if (!all_exact(any, every, bias))
		return false;
	s->m = m[0] - (LONG_MAGIC + bias);
	s->step = step[0];
	return true;
}

static bool quotients64(struct sums *s, const uint64_t *u, double *values)
{
	unsigned length = s->factor == 1 ? 0 : 64 - (unsigned)__builtin_clzll(s->factor - 1);	/* rounded up */
	bool divide = s->divisor != 1;
	uint64_t bias;

	if (length > LONG_EXACT)
		return false;
	bias = UINT64_C(1) << (length < 2 ? LONG_EXACT - 1 : LONG_EXACT + 1 - length);
	switch (s->order * 2 + divide) {
	case 0: return quotients64_by(s, u, values, 0, false, bias);
	case 1: return quotients64_by(s, u, values, 0, true, bias);
	case 2: return quotients64_by(s, u, values, 1, false, bias);
	case 3: return quotients64_by(s, u, values, 1, true, bias);
	case 4: return quotients64_by(s, u, values, 2, false, bias);
	default: return quotients64_by(s, u, values, 2, true, bias);
	}
}

static void unordered(const int64_t *x, double *values)
{
	for (size_t i = 0; i < PACK_GROUP; i += HALF) {
		i64v v = (i64v)load64(x + i);

		store(values + i, v ^ (i64v)((u64v)(v >> 63) >> 1));
	}
}

static void unzigzag32(const struct sums *s, const uint32_t *u, int32_t *v)
{
	for (size_t i = 0; i < PACK_GROUP; i += LANES)
		store(v + i, (i64v)open32(load32(u + i), s->zigzag, (uint32_t)s->base));
}

#if LANES == 4

static void range(const int64_t *v, int64_t *min, int64_t *max)
{
	int64_t least = v[0], greatest = v[0];

	for (size_t i = 1; i < PACK_GROUP; i++) {
		least = v[i] < least ? v[i] : least;
		greatest = v[i] > greatest ? v[i] : greatest;
	}
	*min = least;
	*max = greatest;
}

#else

static void range(const int64_t *v, int64_t *min, int64_t *max)
{
	i64v least[2] = { (i64v)load64(v), (i64v)load64(v + HALF) }, greatest[2] = { least[0], least[1] };

	for (size_t i = 2 * HALF; i < PACK_GROUP; i += 2 * HALF) {
		UNROLL for (size_t k = 0; k < 2; k++) {
			i64v next = (i64v)load64(v + i + k * HALF);
			i64v below = next < least[k], above = next > greatest[k];

			least[k] = (next & below) | (least[k] & ~below);
			greatest[k] = (next & above) | (greatest[k] & ~above);
		}
	}
	*min = least[0][0];
	*max = greatest[0][0];
	UNROLL for (size_t k = 0; k < 2 * HALF; k++) {
		int64_t low = least[k / HALF][k % HALF], high = greatest[k / HALF][k % HALF];

		*min = low < *min ? low : *min;
		*max = high > *max ? high : *max;
	}
}

#endif

#if LANES == 16

INLINE u64v length(u64v u)
{
	return 64 - (u64v)_mm512_lzcnt_epi64((__m512i)u);
}

#else

/* The exponent of u as a double.  Without the bit below its highest, u cannot be rounded up to a power of two. */
INLINE u64v length(u64v u)
{
	u64v one = u & ~(u >> 1);
	f64v low = (f64v)((one & UINT32_MAX) | UINT64_C(0x4330000000000000));
	f64v high = (f64v)((one >> 32) | UINT64_C(0x4530000000000000));
	u64v exponent = (u64v)(high - 0x1.00000001p84 + low) >> 52;		/* 2^84 + 2^52 */

	return (exponent - 1022) & (u64v)((i32v)exponent > 1022);
}

#endif

INLINE void lengths_of(const int64_t *v, bool zigzags, uint64_t base, uint64_t *lengths)
{
	for (size_t i = 0; i < PACK_GROUP; i += 8 * HALF) {
		u64v all = { 0 };

		UNROLL for (size_t k = 0; k < 8; k++) {
			u64v u = load64(v + i + k * HALF);

			u = zigzags ? u << 1 ^ (u64v)((i64v)u >> 63) : u - base;
			all |= length(u) << 8 * k;
		}
		store(lengths + i / 8, (i64v)all);
	}
}

static void lengths(const int64_t *v, bool zigzags, int64_t base, uint64_t *to)
{
	if (zigzags)
		lengths_of(v, true, 0, to);
	else
		lengths_of(v, false, (uint64_t)base, to);
}

#include "codec/kernels_wide.h"

static void fields64(const uint8_t *p, unsigned w, uint64_t *u)
{
	uint32_t narrow[PACK_GROUP];

	if (w > 32) {
		wide_fields(p, w, u);
		return;
	}
	kernels_fields32(p, w, narrow);
	for (size_t i = 0; i < PACK_GROUP; i += LANES) {
		u32v v = load32(narrow + i);

		store(u + i, low_longs(v) & (i64v)((u64v){ 0 } + UINT32_MAX));
		store(u + i + HALF, high_longs(v) & (i64v)((u64v){ 0 } + UINT32_MAX));
	}
}

const struct kernels KERNELS = {
	.name = KERNELS_NAME,
	.fields32 = kernels_fields32,
	.fields64 = fields64,
	.unzigzag32 = unzigzag32,
	.ints32 = ints32,
	.ints64 = ints64,
	.quotients32 = quotients32,
	.quotients64 = quotients64,
	.quotients = quotients,
	.unordered = unordered,
	.range = range,
	.lengths = lengths,
};
