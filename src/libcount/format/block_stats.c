/* block_stats.c - statistics of a chunk, compactly; see block_stats.h. */
#include "format/block_stats.h"

#include <math.h>
#include <stdbool.h>

#include "base/bytes.h"

/* The first byte. */
#define SCALE_MASK 0x0f		/* decimals with that many digits after the point */
#define SCALE_RAW 15		/* no decimals */
#define CONSTANT 0x10		/* last, min and max are the first */
#define SUM_SHIFT 5
#define HAS_NAN 0x80		/* a varint with their number follows */

enum sum_form { SUM_DERIVED, SUM_DECIMAL, SUM_DECIMAL_LOW, SUM_RAW };

#define MAX_SCALE 14
#define MAX_EXACT (INT64_C(1) << 53)	/* integers up to here are doubles */

static const double powers[MAX_SCALE + 1] = {
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
};

static bool same(double a, double b)
{
	return f64_bits(a) == f64_bits(b);
}

/* Division of two exact doubles rounds once, so this is the double that the decimal reads as. */
static double from_decimal(int64_t n, unsigned scale)
{
	return (double)n / powers[scale];
}

static bool to_decimal(double v, unsigned scale, int64_t *n)
{
	double scaled = v * powers[scale];

	if (!(fabs(scaled) <= (double)MAX_EXACT))
		return false;
	*n = llrint(scaled);
	return same(from_decimal(*n, scale), v);
}

/* min and max are never -0, first and last may be. */
static double positive_zero(double v)
{
	return v == 0 ? 0 : v;
}

static bool is_constant(const struct chunk_stats *st)
{
	return same(st->last, st->first) && same(st->min, positive_zero(st->first)) &&
	       same(st->max, st->min);
}

/* Of count equal values; exact, and without overflow the very pair that adding them gives. */
static struct dd constant_sum(const struct chunk_stats *st)
{
	double n = (double)st->count, hi = n * st->first;

	return (struct dd){ positive_zero(hi), positive_zero(fma(n, st->first, -hi)) };
}

/* ---- The sum ---- */

/* The low part: 0 is zero, 1 raw, else an exponent of two (zigzag + 2) and an odd integer. */
static void put_low(struct buf *out, double lo)
{
	double m;
	int e;

	if (same(lo, 0)) {
		buf_put_varint(out, 0);
		return;
	}
	if (!isfinite(lo) || lo == 0) {
		buf_put_varint(out, 1);
		buf_put_u64(out, f64_bits(lo));
		return;
	}
	m = ldexp(frexp(lo, &e), 53);
	e -= 53;
	int64_t odd = (int64_t)m;
	int shift = __builtin_ctzll((uint64_t)odd);

	buf_put_varint(out, zigzag(e + shift) + 2);
	buf_put_varint(out, zigzag(odd / (INT64_C(1) << shift)));
}

static const uint8_t *get_low(const uint8_t *p, const uint8_t *end, double *lo)
{
	uint64_t kind, v;
	int64_t e, m;

	p = varint_get(p, end, &kind);
	if (p == NULL || kind == 0) {
		*lo = 0;
		return p;
	}
	if (kind == 1) {
		if (end - p < 8)
			return NULL;
		*lo = get_f64(p);
		return p + 8;
	}
	e = unzigzag(kind - 2);
	p = varint_get(p, end, &v);
	m = unzigzag(v);
	if (p == NULL || e < -1100 || e > 1100 || m < -MAX_EXACT || m > MAX_EXACT)
		return NULL;
	*lo = ldexp((double)m, (int)e);
	return p;
}

static enum sum_form choose_sum(const struct chunk_stats *st, unsigned scale, int64_t *n)
{
	struct dd derived = constant_sum(st);

	if (is_constant(st) && same(derived.hi, st->sum.hi) && same(derived.lo, st->sum.lo))
		return SUM_DERIVED;
	if (scale == SCALE_RAW || !to_decimal(st->sum.hi, scale, n))
		return SUM_RAW;
	return same(st->sum.lo, 0) ? SUM_DECIMAL : SUM_DECIMAL_LOW;
}

static void put_sum(struct buf *out, const struct chunk_stats *st, enum sum_form form, int64_t n,
		    int64_t first)
{
	/* Near count times the first value; wraps, and comes back exact. */
	if (form == SUM_DECIMAL || form == SUM_DECIMAL_LOW)
		buf_put_varint(out, zigzag((int64_t)((uint64_t)n - st->count * (uint64_t)first)));
	if (form == SUM_RAW)
		buf_put_u64(out, f64_bits(st->sum.hi));
	if (form == SUM_RAW || form == SUM_DECIMAL_LOW)
		put_low(out, st->sum.lo);
}

static const uint8_t *get_sum(const uint8_t *p, const uint8_t *end, enum sum_form form,
			      unsigned scale, int64_t first, struct chunk_stats *st)
{
	uint64_t v;

	st->sum = (struct dd){ 0, 0 };
	if (form == SUM_DERIVED) {
		st->sum = constant_sum(st);
		return p;
	}
	if (form == SUM_RAW) {
		if (end - p < 8)
			return NULL;
		st->sum.hi = get_f64(p);
		return get_low(p + 8, end, &st->sum.lo);
	}
	p = varint_get(p, end, &v);
	if (p == NULL || scale == SCALE_RAW)
		return NULL;
	v = (uint64_t)unzigzag(v) + st->count * (uint64_t)first;
	st->sum.hi = from_decimal((int64_t)v, scale);
	return form == SUM_DECIMAL ? p : get_low(p, end, &st->sum.lo);
}

/* ---- The values ---- */

/* first, last, min, max as integers of one scale; SCALE_RAW if there is none. */
static unsigned choose_scale(const struct chunk_stats *st, int64_t n[4])
{
	const double v[4] = { st->first, st->last, st->min, st->max };

	for (unsigned scale = 0; scale <= MAX_SCALE; scale++) {
		unsigned i = 0;

		while (i < 4 && to_decimal(v[i], scale, &n[i]))
			i++;
		if (i == 4)
			return scale;
	}
	return SCALE_RAW;
}

/* The first, then the last less that; how far the minimum is below both, and the maximum above.  Differences wrap. */
static void put_decimals(struct buf *out, bool constant, const int64_t n[4])
{
	bool up = n[0] < n[1];

	buf_put_varint(out, zigzag(n[0]));
	if (constant)
		return;
	buf_put_varint(out, zigzag((int64_t)((uint64_t)n[1] - (uint64_t)n[0])));
	buf_put_varint(out, (uint64_t)n[up ? 0 : 1] - (uint64_t)n[2]);
	buf_put_varint(out, (uint64_t)n[3] - (uint64_t)n[up ? 1 : 0]);
}

void block_stats_put(struct buf *out, const struct chunk_stats *st)
{
	bool constant = is_constant(st);
	int64_t n[4] = { 0 }, sum = 0;
	unsigned scale = choose_scale(st, n);
	enum sum_form form = choose_sum(st, scale, &sum);

	buf_put_u8(out, (uint8_t)(scale | (constant ? CONSTANT : 0) | (unsigned)form << SUM_SHIFT |
				  (st->nan_count != 0 ? HAS_NAN : 0)));
	if (st->nan_count != 0)
		buf_put_varint(out, st->nan_count);
	if (scale == SCALE_RAW) {
		const double v[4] = { st->first, st->last, st->min, st->max };

		for (unsigned i = 0; i < (constant ? 1 : 4); i++)
			buf_put_u64(out, f64_bits(v[i]));
	} else {
		put_decimals(out, constant, n);
	}
	put_sum(out, st, form, sum, n[0]);
}

static const uint8_t *get_raw(const uint8_t *p, const uint8_t *end, unsigned n, double v[4])
{
	if ((size_t)(end - p) < 8 * (size_t)n)
		return NULL;
	for (unsigned i = 0; i < n; i++)
		v[i] = get_f64(p + 8 * i);
	return p + 8 * n;
}

static const uint8_t *get_decimals(const uint8_t *p, const uint8_t *end, bool constant, unsigned scale,
				   int64_t *first, double v[4])
{
	uint64_t u[4] = { 0 }, a, b;
	bool up;

	for (unsigned i = 0; i < (constant ? 1 : 4); i++)
		if ((p = varint_get(p, end, &u[i])) == NULL)
			return NULL;
	a = (uint64_t)unzigzag(u[0]);
	b = a + (uint64_t)unzigzag(u[1]);
	up = (int64_t)a < (int64_t)b;
	u[2] = (up ? a : b) - u[2];
	u[3] += up ? b : a;
	*first = (int64_t)a;
	v[0] = from_decimal((int64_t)a, scale);
	v[1] = from_decimal((int64_t)b, scale);
	v[2] = from_decimal((int64_t)u[2], scale);
	v[3] = from_decimal((int64_t)u[3], scale);
	return p;
}

const uint8_t *block_stats_get(const uint8_t *p, const uint8_t *end, struct chunk_stats *st)
{
	double v[4] = { 0 };
	int64_t first = 0;
	unsigned head, scale;
	bool constant;

	if (p == end)
		return NULL;
	head = *p++;
	scale = head & SCALE_MASK;
	constant = (head & CONSTANT) != 0;
	st->nan_count = 0;
	if ((head & HAS_NAN) != 0)
		p = varint_get(p, end, &st->nan_count);
	if (p == NULL || st->nan_count > st->count)
		return NULL;
	if (scale == SCALE_RAW)
		p = get_raw(p, end, constant ? 1 : 4, v);
	else
		p = get_decimals(p, end, constant, scale, &first, v);
	if (p == NULL)
		return NULL;
	if (constant) {
		v[1] = v[0];
		v[2] = v[3] = positive_zero(v[0]);
	}
	st->first = v[0];
	st->last = v[1];
	st->min = v[2];
	st->max = v[3];
	return get_sum(p, end, (enum sum_form)(head >> SUM_SHIFT & 3), scale, first, st);
}
