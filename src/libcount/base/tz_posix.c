/*
 * tz_posix.c - the rule at the end of a TZif file, for times after its last transition.
 *
 * A POSIX TZ string as CET-1CEST,M3.5.0,M10.5.0/3, with the extensions of RFC 8536, 3.3.1: hours
 * of a change from -167 to 167.
 */
#include <string.h>

#include "base/civil.h"
#include "base/tz.h"

struct reader {
	const char *p, *end;
};

static bool take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool read_int(struct reader *r, int least, int most, int *v)
{
	const char *from = r->p;

	for (*v = 0; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
		*v = *v * 10 + (*r->p - '0');
		if (*v > most)
			return false;
	}
	return r->p > from && *v >= least;
}

/* [+-]h[:m[:s]] in seconds. */
static bool read_time(struct reader *r, int most_hours, int32_t *v)
{
	bool neg = take(r, '-');
	int h, m = 0, s = 0;

	if (!neg)
		take(r, '+');
	if (!read_int(r, 0, most_hours, &h))
		return false;
	if (take(r, ':')) {
		if (!read_int(r, 0, 59, &m) || (take(r, ':') && !read_int(r, 0, 59, &s)))
			return false;
	}
	*v = (h * 60 + m) * 60 + s;
	if (neg)
		*v = -*v;
	return true;
}

/* CET or <+0330>: three characters or more. */
static bool skip_name(struct reader *r)
{
	const char *from = r->p;

	if (take(r, '<')) {
		while (r->p < r->end && *r->p != '>')
			r->p++;
		return take(r, '>') && r->p - from >= 5;
	}
	while (r->p < r->end && ((*r->p | 0x20) >= 'a' && (*r->p | 0x20) <= 'z'))
		r->p++;
	return r->p - from >= 3;
}

static bool read_day(struct reader *r, struct tz_day *d)
{
	memset(d, 0, sizeof(*d));
	d->time = 7200;
	if (take(r, 'M')) {
		d->kind = 'M';
		if (!read_int(r, 1, 12, &d->month) || !take(r, '.') || !read_int(r, 1, 5, &d->week) ||
		    !take(r, '.') || !read_int(r, 0, 6, &d->day))
			return false;
	} else if (take(r, 'J')) {
		d->kind = 'J';
		if (!read_int(r, 1, 365, &d->day))
			return false;
	} else {
		d->kind = 'N';
		if (!read_int(r, 0, 365, &d->day))
			return false;
	}
	return !take(r, '/') || read_time(r, 167, &d->time);
}

bool tz_posix_parse(const char *s, size_t len, struct tz_posix *p)
{
	struct reader r = { s, s + len };
	int32_t west;

	memset(p, 0, sizeof(*p));
	if (!skip_name(&r) || !read_time(&r, 24, &west))
		return false;
	p->std = -west;
	if (r.p == r.end)
		return true;
	if (!skip_name(&r))
		return false;
	p->has_dst = true;
	p->dst = p->std + 3600;
	if (r.p < r.end && *r.p != ',') {
		if (!read_time(&r, 24, &west))
			return false;
		p->dst = -west;
	}
	return take(&r, ',') && read_day(&r, &p->start) && take(&r, ',') && read_day(&r, &p->end) &&
	       r.p == r.end;
}

/* Seconds from the start of 1970 to the change in that year, by the clock before the change. */
static int64_t change_in_year(const struct tz_day *d, int64_t year)
{
	int64_t days = civil_to_days(year, 1, 1);
	int first;

	switch (d->kind) {
	case 'J':
		days += d->day - 1 + (civil_leap(year) && d->day >= 60);
		break;
	case 'N':
		days += d->day;
		break;
	default:
		days = civil_to_days(year, d->month, 1);
		first = (d->day - civil_weekday(days) + 7) % 7 + 7 * (d->week - 1);
		if (first >= civil_month_days(year, d->month))	/* week 5 is the last one */
			first -= 7;
		days += first;
	}
	return days * DAY_S + d->time;
}

/*
 * The change before utc decides, the one after it is *until.  Six changes of three years hold both.
 * One that lies in the year next to its own (a time of 167 h) is found that way too, and so is "DST
 * all year", whose end falls on the start of the next: at equal times the start of DST wins.
 */
int32_t tz_posix_offset(const struct tz_posix *p, int64_t utc, int64_t *until)
{
	int64_t year, last = INT64_MIN, next = INT64_MAX;
	int32_t offset = p->std;

	*until = INT64_MAX;
	if (!p->has_dst)
		return p->std;
	/* 400 years before the ends of int64 there is nothing left to be right about */
	if (utc > INT64_MAX - 400 * 366 * DAY_S || utc < INT64_MIN + 400 * 366 * DAY_S)
		return p->std;
	year = civil_from_days(floor_div(utc + p->std, DAY_S)).year;
	for (int64_t y = year - 1; y <= year + 1; y++) {
		int64_t start = change_in_year(&p->start, y) - p->std;
		int64_t end = change_in_year(&p->end, y) - p->dst;

		if (end <= utc && end > last) {
			last = end;
			offset = p->std;
		}
		if (start <= utc && start >= last) {
			last = start;
			offset = p->dst;
		}
		if (start > utc && start < next)
			next = start;
		if (end > utc && end < next)
			next = end;
	}
	*until = next;
	return offset;
}
