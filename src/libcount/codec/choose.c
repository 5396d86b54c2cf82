/* choose.c - which form makes a column of values smallest; see values.h. */
#include "codec/values.h"

#include <math.h>
#include <stdlib.h>

#define SAMPLES 32
#define FEW_VALUES 400		/* take half as many samples */
#define FIRST_SAMPLES 8		/* if none of these is a decimal, the rest is not looked at */
#define NO_POWER 255
#define SMALL_FIX 16		/* ulps; a larger fix is not worth while */
#define FAR_OFF 1e-14		/* the same of a product, with room for its rounding: saves divisions */
#define MANY_DIGITS INT64_C(100000000000)	/* a decimal of more digits may as well be a quotient */
#define PROBES 4		/* if none of the first ones is a fraction, the rest is not looked at */

#define AUDITION_FROM 256	/* values; below, all forms are priced in full */
#define AUDITION_RUN 64
#define AUDITION_GRACE (24 * 8)	/* bits of headers, which count for less in the whole */

/* ---- Decimals: ALP (Afroozeh et al., SIGMOD 2024) found that most metrics are such numbers ---- */

/*
 * The least power of ten that v is an integer over, and the least one where it is some ulps off: sums and
 * products of decimals (45.501999999999995) cost a small fix, less than the digits that name them exactly.
 * True if there is an exact one, of few digits.
 */
static bool find_powers(double v, uint8_t *exact, uint8_t *near)
{
	*exact = *near = NO_POWER;
	for (uint8_t k = 0; k <= SCALE_MAX_POWER; k++) {
		struct scale s = { SCALE_DIVIDE, scale_powers[k] };
		double product = v * s.divisor;
		uint64_t off;
		int64_t x;

		if (product < SCALE_ROUND_LIMIT && product > -SCALE_ROUND_LIMIT)	/* as scale_integer() */
			x = (int64_t)(product + SCALE_ROUND_MAGIC - SCALE_ROUND_MAGIC);
		else if (!scale_integer(&s, v, &x))
			return false;
		if (fabs(product - (double)x) > fabs(product) * FAR_OFF)
			continue;
		off = f64_bits(v) - f64_bits(scale_value(&s, x));
		if (*near == NO_POWER && off + SMALL_FIX <= 2 * SMALL_FIX)
			*near = k;
		if (off == 0) {
			*exact = k;
			return x < MANY_DIGITS && x > -MANY_DIGITS;
		}
	}
	return false;
}

static void insert(uint8_t *sorted, size_t n, uint8_t k)
{
	while (n > 0 && sorted[n - 1] > k) {
		sorted[n] = sorted[n - 1];
		n--;
	}
	sorted[n] = k;
}

/* The powers worth trying, at most 3; none if most values have none.  *all: each has one, of few digits. */
static size_t find_decimals(enum column_level level, const double *values, size_t n, struct form *forms, bool *all)
{
	uint8_t exact[SAMPLES], near[SAMPLES], k[3], close;
	size_t m = n < FEW_VALUES ? SAMPLES / 2 : SAMPLES, most, found = 0;

	*all = true;
	m = level == COLUMN_FAST ? m / 2 : m;
	m = n < m ? n : m;
	for (size_t i = 0; i < m; i++) {
		uint8_t e, f;

		if (i == FIRST_SAMPLES && exact[0] == NO_POWER && near[0] == NO_POWER)
			return 0;

		*all &= find_powers(values[i * n / m], &e, &f);
		insert(exact, i, e);
		insert(near, i, f);
	}
	most = m;
	close = near[m - 1 - m / 8];
	while (most > 0 && exact[most - 1] == NO_POWER)
		most--;
	if (most > m / 2) {
		k[found++] = exact[most - 1];
		if (exact[most - 1 - most / 8] != k[0])
			k[found++] = exact[most - 1 - most / 8];
	}
	if (close != NO_POWER && (found == 0 || close < k[found - 1]))
		k[found++] = close;
	for (size_t i = 0; i < found; i++)
		forms[i] = (struct form){ .transform = TRANSFORM_DECIMAL, .power = k[i] };
	return found;
}

/* ---- Quotients: averages and ratios ---- */

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

/* The least q for which some x / q is v, 0 if there is none: the convergents of |v|'s continued fraction. */
static uint64_t denominator(enum scale_way way, double v)
{
	double rest = v < 0 ? -v : v;
	uint64_t p1 = 1, p0 = 0, q1 = 0, q0 = 1;	/* the last convergent and the one before */

	if (!(rest < 1e12))
		return 0;
	v = rest;
	for (;;) {
		uint64_t part, p, q;
		struct scale s = { .way = way };

		if (!(rest < 1e12))
			return 0;
		part = (uint64_t)rest;
		p = part * p1 + p0;
		q = part * q1 + q0;
		if (q > SCALE_MAX_QUOTIENT || p > (uint64_t)1 << 50)
			return 0;
		s.divisor = (double)q;
		if (scale_value(&s, (int64_t)p) == v)
			return q;
		p0 = p1;
		q0 = q1;
		p1 = p;
		q1 = q;
		rest = 1 / (rest - (double)part);	/* infinite ends it above */
	}
}

/* A denominator that serves most of the values, 0 if none does: the common multiple of those of a sample. */
static uint64_t common_denominator(enum scale_way way, const double *values, size_t n)
{
	size_t m = n < SAMPLES ? n : SAMPLES, found = 0;
	uint64_t common = 1;

	for (size_t i = 0; i < m; i++) {
		uint64_t q = denominator(way, values[i * n / m]), all;

		if (i == PROBES && found == 0)
			return 0;
		if (q == 0)
			continue;
		all = common / gcd(common, q) * q;
		if (all > SCALE_MAX_QUOTIENT)
			continue;
		common = all;
		found++;
	}
	if (SCALE_MAX_QUOTIENT % common == 0)
		return 0;	/* divides a power of ten: these are decimals */
	return found * 2 > m ? common : 0;
}

size_t forms_find(enum column_level level, const double *values, size_t n, struct form *forms)
{
	bool all;
	size_t found = find_decimals(level, values, n, forms, &all);
	uint64_t q;

	if (level != COLUMN_FAST && !all) {
		q = common_denominator(SCALE_DIVIDE, values, n);
		if (q != 0)
			forms[found++] = (struct form){ .transform = TRANSFORM_QUOTIENT, .divisor = (uint16_t)q };
		q = common_denominator(SCALE_DIGITS15, values, n);
		if (q != 0)
			forms[found++] = (struct form){ .transform = TRANSFORM_QUOTIENT15, .divisor = (uint16_t)q };
	}
	if (!all || found != 1 || level == COLUMN_MAX)	/* plain decimals: nothing is smaller, but for sets */
		forms[found++] = (struct form){ .transform = TRANSFORM_ORDERED };
	return found;
}

/* ---- Prices ---- */

/* Bits of fixes, a byte a page and packed if there are any. */
static uint64_t fixes_price(const int64_t *fix, size_t n)
{
	uint64_t bits = 0;

	for (size_t at = 0; at < n; at += COLUMN_PAGE) {
		size_t page = n - at < COLUMN_PAGE ? n - at : COLUMN_PAGE;
		struct pack_plan plan;
		uint64_t any = 0;

		for (size_t i = 0; i < page; i++)
			any |= (uint64_t)fix[at + i];
		bits += 8 + (any != 0 ? 8 * pack_plan(&plan, fix + at, page, SIZE_MAX) : 0);
	}
	return bits;
}

void candidate_price(struct candidate *k, enum column_level level, const struct form *form, const double *values,
		     size_t n)
{
	k->form = *form;
	k->fixes = form_apply(form, values, n, k->x, k->fix);
	intcol_price(&k->plan, level, k->x, n, INTCOL_ANY_ORDER);
	k->price = k->plan.price + 8 + (form->divisor > 127 ? 16 : form->divisor > 0 ? 8 : 0) +
		   (k->fixes ? fixes_price(k->fix, n) : 0);
}

/* Leaves the forms that are not far behind in two short runs, at the fast level the best: returns how many. */
static size_t audition(struct candidate *k, enum column_level level, const double *values, size_t n, struct form *forms,
		       size_t count)
{
	double sample[2 * AUDITION_RUN];
	uint64_t price[FORMS_MAX], best = UINT64_MAX;
	size_t good = 0;

	memcpy(sample, values + n / 4, AUDITION_RUN * sizeof(*values));
	memcpy(sample + AUDITION_RUN, values + n / 4 * 3 - AUDITION_RUN, AUDITION_RUN * sizeof(*values));
	for (size_t i = 0; i < count; i++) {
		candidate_price(k, level, &forms[i], sample, 2 * AUDITION_RUN);
		price[i] = k->price;
		best = price[i] < best ? price[i] : best;
	}
	if (level != COLUMN_FAST)
		best += best / 8 + AUDITION_GRACE;
	for (size_t i = 0; i < count; i++)
		if (price[i] <= best)
			forms[good++] = forms[i];
	return good;
}

struct candidate *candidates_choose(struct values_scratch *s, enum column_level level, const double *values, size_t n)
{
	struct candidate *best = &s->candidates[0], *other = &s->candidates[1];
	struct form forms[FORMS_MAX];
	size_t count = forms_find(level, values, n, forms);

	for (int i = 0; i < 2; i++) {
		s->candidates[i].x = s->x[i] + INTCOL_PAD;
		s->candidates[i].fix = s->fix[i];
		s->candidates[i].price = UINT64_MAX;
	}
	if (n >= AUDITION_FROM && level != COLUMN_MAX && count > 1)
		count = audition(other, level, values, n, forms, count);
	for (size_t i = 0; i < count; i++) {
		struct candidate *swap = best;

		candidate_price(other, level, &forms[i], values, n);
		if (other->price < best->price) {
			best = other;
			other = swap;
		}
	}
	return best;
}
