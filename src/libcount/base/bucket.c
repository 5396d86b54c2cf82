/*
 * bucket.c - slices of time that follow a calendar; see bucket.h.
 *
 * Boundary k is the first instant at which a clock in the zone shows the first midnight of step k or
 * later.  That never decreases with k, so the bucket of t is the largest k whose boundary
 * is not after t, whatever the zone does; where it skips a whole day, two boundaries are one
 * instant, and the empty bucket between them never shows.
 */
#include "base/bucket.h"

#include "base/duration.h"
#include "base/error.h"
#include "base/stamp.h"

#define FIRST_MONDAY (-3)	/* 1969-12-29, in days */

static bool whole_days(enum count_duration_unit unit)
{
	return unit == COUNT_DURATION_DAY || unit == COUNT_DURATION_WEEK;
}

/* Steps of one length: t = origin (mod width). */
static int init_fixed(struct bucket *b, struct count_duration step, struct count_error *err)
{
	int64_t unit_ns = 1000000000 / unit_per_second(b->store);
	__int128 ns = (__int128)step.n * duration_unit_ns(step.unit), width = ns / unit_ns;
	__int128 origin;

	if (ns % unit_ns != 0)
		return err_set(err, COUNT_ERR_INVALID,
			       "a step must be a whole number of %s, the unit of this data directory",
			       unit_name(b->store));
	if (width > INT64_MAX)
		return err_set(err, COUNT_ERR_INVALID, "the step is too long");
	b->fixed = true;
	b->width = (int64_t)width;
	/* midnight comes earlier by the offset of the zone */
	origin = step.unit == COUNT_DURATION_WEEK ? FIRST_MONDAY * DAY_S : 0;
	if (whole_days(step.unit))
		origin -= tz_offset(b->tz, 0, NULL);
	origin = origin * unit_per_second(b->store) % width;
	b->origin = (int64_t)(origin < 0 ? origin + width : origin);
	return COUNT_OK;
}

int bucket_init(struct bucket *b, struct count_duration step, const struct tz *tz,
		enum count_unit store, struct count_error *err)
{
	*b = (struct bucket){ .n = step.n, .unit = step.unit, .tz = tz, .store = store };
	if (step.n <= 0)
		return err_set(err, COUNT_ERR_INVALID, "a step must be longer than nothing");
	if (step.unit < COUNT_DURATION_DAY || (whole_days(step.unit) && tz_fixed(tz)))
		return init_fixed(b, step, err);
	if (step.n > INT32_MAX)
		return err_set(err, COUNT_ERR_INVALID, "the step is too long");
	return COUNT_OK;
}

/* Which step, counted from 1970, the local day lies in. */
static int64_t step_of_day(const struct bucket *b, int64_t day)
{
	struct civil c;

	switch (b->unit) {
	case COUNT_DURATION_DAY:
		return floor_div(day, b->n);
	case COUNT_DURATION_WEEK:
		return floor_div(day - FIRST_MONDAY, 7 * b->n);
	case COUNT_DURATION_MONTH:
		c = civil_from_days(day);
		return floor_div((c.year - 1970) * 12 + c.month - 1, b->n);
	default:
		return floor_div(civil_from_days(day).year - 1970, b->n);
	}
}

/* k * n stays far inside int64: k comes from a day, and each step has at least a day. */
static int64_t first_day(const struct bucket *b, int64_t k)
{
	int64_t months;

	switch (b->unit) {
	case COUNT_DURATION_DAY:
		return k * b->n;
	case COUNT_DURATION_WEEK:
		return k * 7 * b->n + FIRST_MONDAY;
	case COUNT_DURATION_MONTH:
		months = k * b->n;
		return civil_to_days(1970 + floor_div(months, 12), (int)floor_mod(months, 12) + 1, 1);
	default:
		return civil_to_days(1970 + k * b->n, 1, 1);
	}
}

static int64_t saturate(__int128 v)
{
	return v < INT64_MIN ? INT64_MIN : v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

static int64_t boundary(const struct bucket *b, int64_t k)
{
	int64_t local = saturate((__int128)first_day(b, k) * DAY_S);

	if (local == INT64_MIN || local == INT64_MAX)
		return local;
	return saturate((__int128)tz_to_utc(b->tz, local) * unit_per_second(b->store));
}

/* The step that holds t. */
static int64_t find_step(const struct bucket *b, int64_t t)
{
	int64_t ns, sec = unit_split(t, b->store, &ns);
	int64_t k = step_of_day(b, floor_div(tz_to_local(b->tz, sec), DAY_S));

	/*
	 * A clock set back over midnight shows the day before once more: that is still
	 * the new day.  At the end of time there is no next boundary to pass.
	 */
	for (;;) {
		int64_t next = boundary(b, k + 1);

		if (next > t || next == INT64_MAX)
			return k;
		k++;
	}
}

int64_t bucket_start_calendar(const struct bucket *b, int64_t t)
{
	return boundary(b, find_step(b, t));
}

int64_t bucket_next_calendar(const struct bucket *b, int64_t start)
{
	return boundary(b, find_step(b, start) + 1);
}
