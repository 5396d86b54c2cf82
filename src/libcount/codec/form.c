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

/* All values, if none needs a fix or is large: the usual case. */
static bool exact_quotients(const double *values, size_t n, double divisor, int64_t *x)
{
	const struct scans *scans = scans_best();
	size_t i = 0;

	for (; i + SCAN_GROUP <= n; i += SCAN_GROUP)
		if (!scans->quotients(values + i, divisor, x + i))
			return false;
	if (i < n) {
		double rest[SCAN_GROUP] = { 0 };
		int64_t ints[SCAN_GROUP];

		memcpy(rest, values + i, (n - i) * sizeof(*values));
		if (!scans->quotients(rest, divisor, ints))
			return false;
		memcpy(x + i, ints, (n - i) * sizeof(*x));
	}
	return true;
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
	if (s.way == SCALE_DIVIDE && exact_quotients(values, n, s.divisor, x))
		return false;
	for (size_t i = 0; i < n; i++)		/* what has no integer repeats one that has */
		if (scale_integer(&s, values[i], &last))
			break;
	for (size_t i = 0; i < n; i++) {
		uint64_t off;

		scale_integer(&s, values[i], &last);
		off = f64_bits(values[i]) - f64_bits(scale_value(&s, last));
		x[i] = last;
		fix[i] = (int64_t)off;
		any |= off;
	}
	return any != 0;
}

void form_digits15(const struct form *f, const int64_t *x, size_t n, double *values)
{
	struct scale s = scale_of(f);

	for (size_t i = 0; i < n; i++)
		values[i] = scale_value(&s, x[i]);
}
