/* form.c - doubles as integers and back; see values.h. */
#include "codec/values.h"

#include "codec/ordered.h"
#include "codec/scan.h"

static struct scale scale_of(const struct form *f)
{
	switch (f->transform) {
	case TRANSFORM_DECIMAL: return (struct scale){ SCALE_DIVIDE, scale_powers[f->power] };
	case TRANSFORM_QUOTIENT: return (struct scale){ SCALE_DIVIDE, f->divisor };
	default: return (struct scale){ SCALE_DIGITS15, f->divisor };
	}
}

/* Integers and fixes one by one; what has no integer repeats the one before, *last.  Returns 0 if no fix is needed. */
static uint64_t approximate(const struct scale *s, const double *values, size_t n, int64_t *last, int64_t *x,
			    int64_t *fix)
{
	uint64_t any = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t off;

		scale_integer(s, values[i], last);
		off = f64_bits(values[i]) - f64_bits(scale_value(s, *last));
		x[i] = *last;
		fix[i] = (int64_t)off;
		any |= off;
	}
	return any;
}

/* The same for quotients, without calls where products are below 2^51; see scale_integer(). */
static uint64_t approximate_quotients(const struct scale *s, const double *values, size_t n, int64_t *last, int64_t *x,
				      int64_t *fix)
{
	uint64_t any = 0;

	for (size_t i = 0; i < n; i++) {
		double product = values[i] * s->divisor;
		uint64_t off;

		if (product < SCALE_ROUND_LIMIT && product > -SCALE_ROUND_LIMIT)
			*last = (int64_t)(product + SCALE_ROUND_MAGIC - SCALE_ROUND_MAGIC);
		else
			scale_integer(s, values[i], last);
		off = f64_bits(values[i]) - f64_bits((double)*last / s->divisor);
		x[i] = *last;
		fix[i] = (int64_t)off;
		any |= off;
	}
	return any;
}

/* The same of a group, or less, by vectors where products are below 2^51. */
static uint64_t divide(const struct scale *s, const double *values, size_t n, int64_t *last, int64_t *x, int64_t *fix)
{
	bool whole = n == SCAN_GROUP;
	double rest[SCAN_GROUP] = { 0 };
	int64_t ints[SCAN_GROUP], fixes[SCAN_GROUP];
	enum scan_found found;

	if (!whole)
		memcpy(rest, values, n * sizeof(*values));
	found = scans_best()->quotients(whole ? values : rest, s->divisor, whole ? x : ints, whole ? fix : fixes);
	if (found == SCAN_FAR)
		return approximate_quotients(s, values, n, last, x, fix);
	if (!whole) {
		memcpy(x, ints, n * sizeof(*x));
		memcpy(fix, fixes, n * sizeof(*fix));
	}
	*last = x[n - 1];
	return found == SCAN_FIXED;
}

bool form_apply(const struct form *f, const double *values, size_t n, int64_t *x, int64_t *fix)
{
	struct scale s;
	uint64_t any = 0;
	int64_t last = 0;

	if (f->transform == TRANSFORM_ORDERED) {
		for (size_t i = 0; i < n; i++)
			x[i] = double_to_ordered(values[i]);
		return false;
	}
	s = scale_of(f);
	for (size_t i = 0; i < n; i++)		/* what the first ones repeat, should they have none */
		if (scale_integer(&s, values[i], &last))
			break;
	if (s.way != SCALE_DIVIDE)
		return approximate(&s, values, n, &last, x, fix) != 0;
	for (size_t i = 0; i < n; i += SCAN_GROUP)
		any |= divide(&s, values + i, n - i < SCAN_GROUP ? n - i : SCAN_GROUP, &last, x + i, fix + i);
	return any != 0;
}

void form_digits15(const struct form *f, const int64_t *x, size_t n, double *values)
{
	scale_values15(f->divisor, x, n, values);
}
