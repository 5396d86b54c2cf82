/*
 * when.c - points in time as people write them; see count_when_parse() in count.h.
 *
 *	when   = number | iso | ( "now" | day [ blank clock ] ) shift*  | shift+
 *	day    = "today" | "yesterday" | "tomorrow" | weekday, or its first three letters
 *	shift  = ( "+" | "-" ) duration
 *	iso    = year "-" mm [ "-" dd [ ( "T" | blank ) clock [ "Z" | ( "+" | "-" ) hh [ [":"] mm ] ] ] ]
 *	clock  = hh ":" mm [ ":" ss [ ( "." | "," ) digits ] ]
 *	year   = 4 digits | ( "+" | "-" ) 4 or more digits
 */
#include <string.h>

#include "base/civil.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/stamp.h"
#include "base/tz.h"
#include "count.h"

#define SECOND_NS INT64_C(1000000000)
#define DAYS_MAX (INT64_MAX / DAY_S - 400)	/* a day less far away has an int64 of seconds */

struct reader {
	const char *p, *end;
	const struct tz *tz;
	int64_t sec, ns;	/* the answer so far, UTC; ns from 0 to 999999999 */
};

struct clock {
	int hour, minute, second;
	int64_t ns;
};

static bool take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* Small ASCII letters in word; the text in any case. */
static bool take_word(struct reader *r, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(r->end - r->p) < len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((r->p[i] | 0x20) != word[i])
			return false;
	r->p += len;
	return true;
}

static bool digit_at(const struct reader *r, const char *p)
{
	return p < r->end && *p >= '0' && *p <= '9';
}

static bool read_two(struct reader *r, int least, int most, int *v)
{
	if (!digit_at(r, r->p) || !digit_at(r, r->p + 1))
		return false;
	*v = (r->p[0] - '0') * 10 + (r->p[1] - '0');
	r->p += 2;
	return *v >= least && *v <= most;
}

/* 24:00 is the end of the day, and :60 a leap second, which our time does not count. */
static bool read_clock(struct reader *r, struct clock *c)
{
	*c = (struct clock){ 0 };
	if (!read_two(r, 0, 24, &c->hour) || !take(r, ':') || !read_two(r, 0, 59, &c->minute))
		return false;
	if (take(r, ':')) {
		if (!read_two(r, 0, 60, &c->second))
			return false;
		if (take(r, '.') || take(r, ',')) {
			if (!digit_at(r, r->p))
				return false;
			for (int64_t unit = SECOND_NS / 10; digit_at(r, r->p); r->p++, unit /= 10)
				c->ns += (*r->p - '0') * unit;	/* below 1 ns: floored */
		}
	}
	return c->hour < 24 || (c->minute == 0 && c->second == 0 && c->ns == 0);
}

/* The answer is this day and second in the zone. */
static bool set_local(struct reader *r, int64_t days, int64_t second, int64_t ns)
{
	if (days < -DAYS_MAX || days > DAYS_MAX)
		return false;
	r->sec = tz_to_utc(r->tz, days * DAY_S + second);
	r->ns = ns;
	return true;
}

static int64_t clock_seconds(const struct clock *c)
{
	return c->hour * 3600 + c->minute * 60 + c->second;
}

/* Z or an offset behind a clock; *given is false when there is neither. */
static bool read_offset(struct reader *r, int64_t *east, bool *given)
{
	bool west;
	int h, m = 0;

	*east = 0;
	*given = r->p < r->end;
	if (!*given || take(r, 'Z') || take(r, 'z'))
		return true;
	west = take(r, '-');
	if ((!west && !take(r, '+')) || !read_two(r, 0, 23, &h))
		return false;
	if (r->p < r->end) {
		take(r, ':');
		if (!read_two(r, 0, 59, &m))
			return false;
	}
	*east = (h * 60 + m) * 60 * (west ? -1 : 1);
	return true;
}

static bool read_year(struct reader *r, int64_t *year)
{
	bool sign = take(r, '-'), plus = !sign && take(r, '+');
	const char *from = r->p;

	for (*year = 0; digit_at(r, r->p); r->p++) {
		*year = *year * 10 + (*r->p - '0');
		if (*year > CIVIL_YEAR_MAX)
			return false;
	}
	if (r->p - from < 4 || (r->p - from > 4 && !sign && !plus))
		return false;
	*year = sign ? -*year : *year;
	return take(r, '-');
}

static bool read_iso(struct reader *r)
{
	struct clock c = { 0 };
	int64_t year, days, east;
	int month, day = 1;
	bool given = false;

	if (!read_year(r, &year) || !read_two(r, 1, 12, &month))
		return false;
	if (r->p < r->end && (!take(r, '-') || !read_two(r, 1, civil_month_days(year, month), &day)))
		return false;
	days = civil_to_days(year, month, day);
	if (r->p < r->end && (!(take(r, 'T') || take(r, 't') || take(r, ' ')) || !read_clock(r, &c) ||
			      !read_offset(r, &east, &given)))
		return false;
	if (r->p != r->end)
		return false;
	if (!given)
		return set_local(r, days, clock_seconds(&c), c.ns);
	if (days < -DAYS_MAX || days > DAYS_MAX)
		return false;
	r->sec = days * DAY_S + clock_seconds(&c) - east;
	r->ns = c.ns;
	return true;
}

/* today, monday, ... as days since 1970 in the zone. */
static bool read_day(struct reader *r, int64_t *day)
{
	static const char *const weekdays[] = {
		"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
	};
	int64_t today = floor_div(tz_to_local(r->tz, r->sec), DAY_S);
	char abbreviated[4] = "";

	*day = today;
	if (take_word(r, "today"))
		return true;
	*day = today - 1;
	if (take_word(r, "yesterday"))
		return true;
	*day = today + 1;
	if (take_word(r, "tomorrow"))
		return true;
	for (int i = 0; i < 7; i++) {
		*day = today - floor_mod(civil_weekday(today) - i, 7);
		memcpy(abbreviated, weekdays[i], 3);
		if (take_word(r, weekdays[i]) || take_word(r, abbreviated))
			return true;
	}
	return false;
}

static bool read_day_and_clock(struct reader *r)
{
	struct clock c = { 0 };
	int64_t day;

	if (!read_day(r, &day))
		return false;
	if (r->p < r->end && (*r->p == ' ' || *r->p == 'T')) {
		while (take(r, ' ') || take(r, 'T'))
			;
		if (!read_clock(r, &c))
			return false;
	}
	return set_local(r, day, clock_seconds(&c), c.ns);
}

/* n months on, at the same time of day; the 31st becomes the last of a shorter month. */
static bool add_months(struct reader *r, int64_t n)
{
	int64_t local = tz_to_local(r->tz, r->sec), months;
	struct civil c = civil_from_days(floor_div(local, DAY_S));

	if (n > 12 * CIVIL_YEAR_MAX || n < -12 * CIVIL_YEAR_MAX)
		return false;
	months = c.year * 12 + c.month - 1 + n;
	c.year = floor_div(months, 12);
	c.month = (int)floor_mod(months, 12) + 1;
	if (c.day > civil_month_days(c.year, c.month))
		c.day = civil_month_days(c.year, c.month);
	return set_local(r, civil_to_days(c.year, c.month, c.day), floor_mod(local, DAY_S), r->ns);
}

static bool add_days(struct reader *r, int64_t n)
{
	int64_t local = tz_to_local(r->tz, r->sec);

	return n >= -DAYS_MAX && n <= DAYS_MAX &&
	       set_local(r, floor_div(local, DAY_S) + n, floor_mod(local, DAY_S), r->ns);
}

static bool add_fixed(struct reader *r, int64_t n, enum count_duration_unit unit)
{
	__int128 ns = (__int128)r->sec * SECOND_NS + r->ns + (__int128)n * duration_unit_ns(unit);
	int64_t rest = (int64_t)(ns % SECOND_NS);
	__int128 sec = ns / SECOND_NS - (rest < 0);

	if (sec < INT64_MIN || sec > INT64_MAX)
		return false;
	r->sec = (int64_t)sec;
	r->ns = rest < 0 ? rest + SECOND_NS : rest;
	return true;
}

static bool add_duration(struct reader *r, struct count_duration d, bool back)
{
	int64_t n = back ? -d.n : d.n, days;

	switch (d.unit) {
	case COUNT_DURATION_YEAR:
		return !__builtin_mul_overflow(n, 12, &n) && add_months(r, n);
	case COUNT_DURATION_MONTH:
		return add_months(r, n);
	case COUNT_DURATION_WEEK:
		return !__builtin_mul_overflow(n, 7, &days) && add_days(r, days);
	case COUNT_DURATION_DAY:
		return add_days(r, n);
	default:
		return add_fixed(r, n, d.unit);
	}
}

/* [+-]duration, to the end of the text. */
static bool read_shifts(struct reader *r)
{
	while (r->p < r->end) {
		bool back = take(r, '-');
		const char *from;
		struct count_duration d;

		if (!back && !take(r, '+'))
			return false;
		for (from = r->p; r->p < r->end && *r->p != '+' && *r->p != '-'; r->p++)
			;
		if (count_duration_parse(from, (size_t)(r->p - from), &d, NULL) != COUNT_OK ||
		    !add_duration(r, d, back))
			return false;
	}
	return true;
}

/* 2024-..., +12024-..., -0001-...: a year and a hyphen. */
static bool looks_iso(const struct reader *r)
{
	const char *p = r->p + (*r->p == '-' || *r->p == '+'), *from = p;

	while (digit_at(r, p))
		p++;
	return p > from && p < r->end && *p == '-';
}

static bool read_when(struct reader *r)
{
	if (looks_iso(r))
		return read_iso(r);
	if (*r->p != '+' && *r->p != '-' && !take_word(r, "now") && !read_day_and_clock(r))
		return false;
	return read_shifts(r);
}

/* A number: no letter in it but the e of an exponent, and no hyphen behind digits. */
static bool looks_number(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!(s[i] >= '0' && s[i] <= '9') && s[i] != '.' && s[i] != 'e' && s[i] != 'E' &&
		    !((s[i] == '-' || s[i] == '+') && (i == 0 || (s[i - 1] | 0x20) == 'e')))
			return false;
	return true;
}

int count_when_parse(const char *s, size_t len, enum count_time_unit given, enum count_unit store,
		     int64_t now_ns, const char *tz, int64_t *t, struct count_error *err)
{
	struct reader r = { .p = s, .end = s + len };
	int shown = len < 60 ? (int)len : 60, ret;
	struct tz *zone;

	if (len > 0 && looks_number(s, len))
		return count_stamp_parse(s, len, given, store, t, NULL, err);
	ret = tz_open(tz, &zone, err);
	if (ret != COUNT_OK)
		return ret;
	r.tz = zone;
	r.sec = unit_split(now_ns, COUNT_UNIT_NS, &r.ns);
	if (len == 0 || !read_when(&r))
		ret = err_set(err, COUNT_ERR_INVALID,
			      "%.*s is not a time: expected is a number, 2024-05-01T10:00:00Z, now, -7d, "
			      "now-1h, yesterday or monday 09:00", shown, s);
	else if (!unit_join(r.sec, r.ns, store, t))
		ret = err_set(err, COUNT_ERR_INVALID, "time %.*s does not fit in 64 bits of %s", shown,
			      s, unit_name(store));
	tz_close(zone);
	return ret;
}
