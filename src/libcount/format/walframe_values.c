/*
 * walframe_values.c - choosing how the values of a run are stored, and storing them so.
 *
 * Metrics are integers or have a few decimals, and those of one batch are near to each other: an
 * integer of a byte or two says as much as eight bytes of a double.  What is stored so has been divided here and
 * compared bit for bit.
 *
 * A double of magnitude up to 2^51 is rounded to an integer by adding 1.5 * 2^52: the sum has no bits
 * below 1, and its bits less those of 1.5 * 2^52 are the integer.
 */
#include "format/walframe_values.h"

#include <string.h>

#include "base/bytes.h"
#include "base/num.h"
#include "format/walframe_layout.h"

#define ROUNDER 6755399441055744.0	/* 1.5 * 2^52 */
#define ROUND_MAX 2251799813685248.0	/* 2^51 */
#define DECIMALS_TRIED 9
#define LANES 4

typedef double lanes __attribute__((vector_size(LANES * 8)));
typedef int64_t bits __attribute__((vector_size(LANES * 8)));

/* How far above WALRUN_INT or WALRUN_DECIMAL the code for integers of this spread is. */
static unsigned spread_code(uint64_t spread)
{
	return spread == 0 ? 0 : spread <= UINT8_MAX ? 1 : spread <= UINT16_MAX ? 2 : 3;
}

/* Whether v is an integer, kept bit for bit by int64: not -0, not beyond 2^53. */
static bool as_integer(double v, int64_t *i)
{
	if (!(v >= -WALRUN_INT_MAX && v <= WALRUN_INT_MAX))
		return false;
	*i = (int64_t)v;
	return f64_bits((double)*i) == f64_bits(v);
}

/* Stops at the first value that is no integer: mostly at once. */
static bool plan_integers(const double *v, uint32_t n, struct value_plan *plan)
{
	int64_t min = INT64_MAX, max = INT64_MIN, x;
	uint64_t spread;

	for (uint32_t i = 0; i < n; i++) {
		if (!as_integer(v[i], &x))
			return false;
		min = x < min ? x : min;
		max = x > max ? x : max;
	}
	spread = (uint64_t)max - (uint64_t)min;
	plan->base = min;
	plan->ve = WALRUN_INT + spread_code(spread);
	return spread <= UINT32_MAX;
}

/* The fewest decimals that make up v; above DECIMALS_TRIED: it takes more than are tried. */
static unsigned decimals_of(double v)
{
	unsigned d = 0;

	for (; d <= DECIMALS_TRIED; d++) {
		double scaled = v * num_exact_pow10[d];

		if (!(scaled >= -ROUND_MAX && scaled <= ROUND_MAX))
			return DECIMALS_TRIED + 1;
		if (f64_bits((scaled + ROUNDER - ROUNDER) / num_exact_pow10[d]) == f64_bits(v))
			break;
	}
	return d;
}

struct range { double min, max; };	/* of the values times 10^decimals, rounded */

/* *to becomes *n in the lanes that are set. */
static inline void replace_lanes(lanes *to, const lanes *n, const bits *which)
{
	*to = (lanes)(((bits)*n & *which) | ((bits)*to & ~*which));
}

/* LANES values; false when one does not have these decimals. */
static inline bool scale_lanes(const double *v, double pow10, lanes *min, lanes *max)
{
	lanes x, n;
	bits differ, less, more;

	memcpy(&x, v, sizeof(x));
	n = x * pow10 + ROUNDER - ROUNDER;
	differ = ((bits)(n / pow10) ^ (bits)x) | (n != n);	/* a NaN may come through all that unchanged */
	less = n < *min;
	more = n > *max;
	replace_lanes(min, &n, &less);
	replace_lanes(max, &n, &more);
	return (differ[0] | differ[1] | differ[2] | differ[3]) == 0;
}

/* How many values from the first have these decimals, up to a block of lanes in which one does not. */
static uint32_t scale(const double *v, uint32_t n, double pow10, struct range *r)
{
	double rest[LANES];
	lanes min = { 0 }, max;
	uint32_t i = 0;

	min += v[0] * pow10 + ROUNDER - ROUNDER;
	max = min;
	for (; n - i >= LANES; i += LANES)
		if (!scale_lanes(v + i, pow10, &min, &max))
			return i;
	for (unsigned k = 0; k < LANES; k++)
		rest[k] = v[i + k < n ? i + k : 0];
	if (i < n && !scale_lanes(rest, pow10, &min, &max))
		return i;
	*r = (struct range){ min[0], max[0] };
	for (unsigned k = 1; k < LANES; k++) {
		r->min = min[k] < r->min ? min[k] : r->min;
		r->max = max[k] > r->max ? max[k] : r->max;
	}
	return n;
}

/* What decimals the values from i on need that do not have d of them. */
static unsigned more_decimals(const double *v, uint32_t i, uint32_t n, unsigned d)
{
	unsigned most = 0;

	for (uint32_t end = n - i < LANES ? n : i + LANES; i < end; i++) {
		unsigned own = decimals_of(v[i]);

		most = own > most ? own : most;
	}
	return most > d ? most : DECIMALS_TRIED + 1;	/* one fits with few decimals, and times 10^d no more */
}

/* A value that needs more decimals starts it again: DECIMALS_TRIED times at most. */
static bool plan_decimals(const double *v, uint32_t n, struct value_plan *plan)
{
	unsigned d = decimals_of(v[0]);
	struct range r = { 0 };

	while (d <= DECIMALS_TRIED) {
		uint32_t good = scale(v, n, num_exact_pow10[d], &r);

		if (good == n)
			break;
		d = more_decimals(v, good, n, d);
	}
	/* Beyond the range of rounding nothing was proved; infinities stand there too. */
	if (d > DECIMALS_TRIED || r.min < -ROUND_MAX || r.max > ROUND_MAX || r.max - r.min > UINT32_MAX)
		return false;
	plan->base = (int64_t)r.min;
	plan->decimals = d;
	plan->ve = WALRUN_DECIMAL + spread_code((uint64_t)(r.max - r.min));
	return true;
}

void walvalues_plan(const double *v, uint32_t n, struct value_plan *plan)
{
	uint32_t same = 1;

	*plan = (struct value_plan){ .ve = WALRUN_RAW };
	if (plan_integers(v, n, plan) || plan_decimals(v, n, plan))
		return;
	*plan = (struct value_plan){ .ve = WALRUN_RAW };
	while (same < n && f64_bits(v[same]) == f64_bits(v[0]))
		same++;
	if (same == n && n > 1)
		plan->ve = WALRUN_SAME;
}

/* The integers of v less base, as `width` bytes each: of integers themselves, they may be above ROUND_MAX. */
static void put_integers(uint8_t *p, const double *v, uint32_t n, size_t width, int64_t base)
{
	switch (width) {
	case 1:
		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)((int64_t)v[i] - base);
		break;
	case 2:
		for (size_t i = 0; i < n; i++)
			put_u16(p + 2 * i, (uint16_t)((int64_t)v[i] - base));
		break;
	case 4:
		for (size_t i = 0; i < n; i++)
			put_u32(p + 4 * i, (uint32_t)((int64_t)v[i] - base));
		break;
	}
}

/* The same of decimals; base has the bits of ROUNDER added. */
static void put_decimals(uint8_t *p, const double *v, uint32_t n, size_t width, uint64_t base, double pow10)
{
	switch (width) {
	case 1:
		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)(f64_bits(v[i] * pow10 + ROUNDER) - base);
		break;
	case 2:
		for (size_t i = 0; i < n; i++)
			put_u16(p + 2 * i, (uint16_t)(f64_bits(v[i] * pow10 + ROUNDER) - base));
		break;
	case 4:
		for (size_t i = 0; i < n; i++)
			put_u32(p + 4 * i, (uint32_t)(f64_bits(v[i] * pow10 + ROUNDER) - base));
		break;
	}
}

uint8_t *walvalues_put(uint8_t *p, const double *v, uint32_t n, const struct value_plan *plan)
{
	size_t width = value_width(plan->ve);

	switch (plan->ve) {
	case WALRUN_RAW:
		memcpy(p, v, (size_t)n * 8);
		return p + (size_t)n * 8;
	case WALRUN_SAME:
		put_f64(p, v[0]);
		return p + 8;
	}
	if (plan->ve >= WALRUN_DECIMAL)
		*p++ = (uint8_t)plan->decimals;
	p += varint_put(p, zigzag(plan->base));
	if (plan->ve >= WALRUN_DECIMAL)
		put_decimals(p, v, n, width, f64_bits(ROUNDER) + (uint64_t)plan->base,
			     num_exact_pow10[plan->decimals]);
	else
		put_integers(p, v, n, width, plan->base);
	return p + (size_t)n * width;
}
