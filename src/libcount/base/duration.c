/* duration.c - durations as people write them: 15s, 1h30m, 7d, 1mo. */
#include "base/duration.h"

#include <string.h>

#include "base/error.h"
#include "base/stamp.h"

#define HOUR_NS INT64_C(3600000000000)

static const struct {
	const char *name;
	enum count_duration_unit unit;
} names[] = {	/* of two that begin alike, the longer first */
	{ "ns", COUNT_DURATION_NS }, { "us", COUNT_DURATION_US }, { "ms", COUNT_DURATION_MS },
	{ "mo", COUNT_DURATION_MONTH }, { "s", COUNT_DURATION_SECOND },
	{ "m", COUNT_DURATION_MINUTE }, { "h", COUNT_DURATION_HOUR }, { "d", COUNT_DURATION_DAY },
	{ "w", COUNT_DURATION_WEEK }, { "y", COUNT_DURATION_YEAR },
};

int64_t duration_unit_ns(enum count_duration_unit unit)
{
	static const int64_t ns[] = {
		1, 1000, 1000000, 1000000000, 60 * INT64_C(1000000000), HOUR_NS,
		24 * HOUR_NS, 7 * 24 * HOUR_NS, 30 * 24 * HOUR_NS, 365 * 24 * HOUR_NS,
	};

	return ns[unit];
}

size_t duration_read_term(const char *s, size_t len, struct count_duration *dur)
{
	int64_t n = 0;
	size_t i = 0;

	for (; i < len && s[i] >= '0' && s[i] <= '9'; i++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, s[i] - '0', &n))
			return 0;
	if (i == 0)
		return 0;
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		size_t name_len = strlen(names[k].name);

		if (len - i >= name_len && memcmp(s + i, names[k].name, name_len) == 0) {
			*dur = (struct count_duration){ n, names[k].unit };
			return i + name_len;
		}
	}
	return 0;
}

/* *sum += term, in the term's unit, which is the finer one. */
static bool add_term(struct count_duration *sum, struct count_duration term)
{
	int64_t ratio = duration_unit_ns(sum->unit) / duration_unit_ns(term.unit);

	sum->unit = term.unit;
	return !__builtin_mul_overflow(sum->n, ratio, &sum->n) &&
	       !__builtin_add_overflow(sum->n, term.n, &sum->n);
}

int count_duration_parse(const char *s, size_t len, struct count_duration *dur,
			 struct count_error *err)
{
	int shown = len < 60 ? (int)len : 60;
	struct count_duration sum, term;
	size_t used = duration_read_term(s, len, &sum);

	if (used == 0)
		return err_set(err, COUNT_ERR_INVALID,
			       "%.*s is not a duration: a whole number and a unit are expected, ns us ms "
			       "s m (minutes) h d w mo or y, as in 15m", shown, s);
	while (used < len) {
		size_t more = duration_read_term(s + used, len - used, &term);

		if (more == 0 || term.unit >= sum.unit || sum.unit > COUNT_DURATION_HOUR)
			return err_set(err, COUNT_ERR_INVALID,
				       "%.*s is not a duration: only h m s ms us ns join, largest first, "
				       "as in 1h30m", shown, s);
		if (!add_term(&sum, term))
			return err_set(err, COUNT_ERR_INVALID, "%.*s is too long a duration", shown, s);
		used += more;
	}
	if (sum.n == 0)
		return err_set(err, COUNT_ERR_INVALID, "%.*s: a duration must not be zero", shown, s);
	*dur = sum;
	return COUNT_OK;
}

int64_t count_duration_approx(struct count_duration dur, enum count_unit unit)
{
	int64_t unit_ns = 1000000000 / unit_per_second(unit);
	__int128 ns = (__int128)dur.n * duration_unit_ns(dur.unit), v = (ns + unit_ns - 1) / unit_ns;

	return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}
