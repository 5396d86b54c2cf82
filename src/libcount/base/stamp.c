/*
 * stamp.c - numbers that stand for times, read and printed exactly.
 *
 * Units lie a factor of 1000 apart, so a change of unit moves the decimal point: all of this works
 * on digits, and no double ever rounds a stamp.
 */
#include "base/stamp.h"

#include <limits.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/num.h"
#include "count.h"

#define EXPONENT_CLAMP 1000000000

int64_t unit_per_second(enum count_unit unit)
{
	static const int64_t per_second[] = { 1, 1000, 1000000, 1000000000 };

	return per_second[unit];
}

const char *unit_name(enum count_unit unit)
{
	static const char *const names[] = { "s", "ms", "us", "ns" };

	return names[unit];
}

int64_t unit_split(int64_t t, enum count_unit unit, int64_t *ns)
{
	int64_t per_second = unit_per_second(unit);

	*ns = floor_mod(t, per_second) * (1000000000 / per_second);
	return floor_div(t, per_second);
}

bool unit_join(__int128 sec, int64_t ns, enum count_unit unit, int64_t *t)
{
	int64_t per_second = unit_per_second(unit);
	__int128 v = sec * per_second + ns / (1000000000 / per_second);

	if (v < INT64_MIN || v > INT64_MAX)
		return false;
	*t = (int64_t)v;
	return true;
}

/* A number as it stands in the text. */
struct number {
	bool neg, decimal;		/* decimal: it has a point or an exponent */
	const char *first, *last;	/* digits, with at most one point among them */
	int64_t point;			/* how many of the digits stand before the decimal point */
};

static bool is_digit(char c)
{
	return (unsigned)(unsigned char)c - '0' <= 9;
}

/* The exponent after e or E, clamped; false when that is not what is there. */
static bool scan_exponent(const char *p, const char *end, int64_t *e)
{
	bool neg = p < end && *p == '-';
	int64_t v = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (p == end)
		return false;
	for (; p < end; p++) {
		if (!is_digit(*p))
			return false;
		if (v < EXPONENT_CLAMP)
			v = v * 10 + (*p - '0');
	}
	*e = neg ? -v : v;
	return true;
}

static bool scan_number(const char *s, size_t len, struct number *n)
{
	const char *p = s, *end = s + len, *point = NULL;
	int64_t e = 0;

	n->neg = len > 0 && *p == '-';
	if (len > 0 && (*p == '-' || *p == '+'))
		p++;
	n->first = p;
	while (p < end && (is_digit(*p) || (*p == '.' && point == NULL))) {
		if (*p == '.')
			point = p;
		p++;
	}
	n->last = p;
	if (p - n->first == (point != NULL))
		return false;
	n->decimal = point != NULL || p < end;
	n->point = (point != NULL ? point : p) - n->first;
	if (p == end)
		return true;
	if ((*p != 'e' && *p != 'E') || !scan_exponent(p + 1, end, &e))
		return false;
	n->point += e;
	return true;
}

/*
 * floor(n * 10^shift) into *t; *cut tells whether something was left out.  false: no int64 holds it.
 */
static bool scale_number(const struct number *n, int shift, int64_t *t, bool *cut)
{
	const uint64_t limit = (uint64_t)INT64_MAX + n->neg;
	int64_t left = n->point + shift;	/* digits still before the point */
	uint64_t v = 0;
	bool rest = false;

	for (const char *p = n->first; p < n->last || (left > 0 && v > 0); p += p < n->last) {
		unsigned d = p < n->last ? (unsigned)(*p - '0') : 0;

		if (p < n->last && *p == '.')
			continue;
		if (left-- <= 0) {
			rest |= d != 0;
			continue;
		}
		if (v > (limit - d) / 10)
			return false;
		v = v * 10 + d;
	}
	if (n->neg && rest && v == limit)
		return false;
	*cut = rest;
	*t = n->neg ? (int64_t)(0 - v - rest) : (int64_t)v;
	return true;
}

/* The unit of a whole number by its size: 3 times how many powers of 1000 are in a second. */
static int guess_shift(const struct number *n)
{
	const char *p = n->first;
	int64_t digits;

	while (p < n->last && *p == '0')
		p++;
	digits = n->last - p;
	return digits <= 11 ? 0 : digits <= 14 ? 3 : digits <= 17 ? 6 : 9;
}

/* Nearly all stamps: a whole number of up to 18 digits.  false: it is not that, or does not fit. */
static bool parse_whole(const char *s, size_t len, enum count_time_unit given, enum count_unit store,
			int64_t *t, bool *cut)
{
	static const int64_t ratios[] = { 1, 1000, 1000000, 1000000000 };
	bool neg = len > 0 && *s == '-';
	int64_t v = 0;
	int from;

	if (len - neg < 1 || len - neg > 18)
		return false;
	for (size_t i = neg; i < len; i++) {
		if (!is_digit(s[i]))
			return false;
		v = v * 10 + (s[i] - '0');
	}
	if (given != COUNT_TIME_AUTO)
		from = (int)given - COUNT_TIME_S;
	else
		from = (v >= INT64_C(100000000000)) + (v >= INT64_C(100000000000000)) +
		       (v >= INT64_C(100000000000000000));
	v = neg ? -v : v;
	*cut = false;
	if ((int)store >= from)
		return !__builtin_mul_overflow(v, ratios[(int)store - from], t);
	*cut = v % ratios[from - (int)store] != 0;
	*t = floor_div(v, ratios[from - (int)store]);
	return true;
}

int count_stamp_parse(const char *s, size_t len, enum count_time_unit given, enum count_unit store,
		      int64_t *t, bool *floored, struct count_error *err)
{
	int shown = len < 60 ? (int)len : 60, from;
	struct number n;
	int64_t v;
	bool cut;

	if (parse_whole(s, len, given, store, &v, &cut))
		goto out;
	if (!scan_number(s, len, &n))
		return err_set(err, COUNT_ERR_INVALID, "%.*s is not a time: a number is expected", shown, s);
	if (given != COUNT_TIME_AUTO)
		from = 3 * ((int)given - COUNT_TIME_S);
	else
		from = n.decimal ? 0 : guess_shift(&n);
	if (!scale_number(&n, 3 * (int)store - from, &v, &cut))
		return err_set(err, COUNT_ERR_INVALID,
			       "time %.*s%s does not fit in 64 bits of %s: is its unit right (--time-unit)?",
			       shown, s, (size_t)shown < len ? "..." : "", unit_name(store));
out:
	*t = v;
	if (floored != NULL)
		*floored = cut;
	return COUNT_OK;
}

static size_t put_padded(char *out, int64_t v, size_t width)
{
	char digits[20];
	size_t n = num_put_u64(digits, (uint64_t)v), zeros = n < width ? width - n : 0;

	memset(out, '0', zeros);
	memcpy(out + zeros, digits, n);
	return zeros + n;
}

/* magnitude * 10^shift, without NUL. */
static size_t put_shifted(char *out, uint64_t magnitude, int shift)
{
	size_t n = num_put_u64(out, magnitude), frac = (size_t)(shift < 0 ? -shift : 0);

	if (shift >= 0) {
		size_t zeros = magnitude == 0 ? 0 : (size_t)shift;

		memset(out + n, '0', zeros);
		return n + zeros;
	}
	if (n <= frac) {	/* 5 ms are 0.005 s */
		memmove(out + frac + 1 - n, out, n);
		memset(out, '0', frac + 1 - n);
		n = frac + 1;
	}
	memmove(out + n - frac + 1, out + n - frac, frac);
	out[n - frac] = '.';
	while (out[n] == '0')
		n--;
	return n + (out[n] != '.');	/* n is the place of the last byte kept */
}

static size_t put_year(char *out, int64_t year)
{
	if (year >= 0 && year <= 9999)
		return put_padded(out, year, 4);
	out[0] = year < 0 ? '-' : '+';
	return 1 + put_padded(out + 1, year < 0 ? -year : year, year < 0 ? 4 : 5);
}

static size_t put_iso(char *out, int64_t t, enum count_unit store)
{
	int64_t ns, sec = unit_split(t, store, &ns), days = floor_div(sec, DAY_S);
	int second = (int)floor_mod(sec, DAY_S);
	struct civil date = civil_from_days(days);
	const struct { char before; int v; } fields[] = {
		{ '-', date.month }, { '-', date.day }, { 'T', second / 3600 },
		{ ':', second / 60 % 60 }, { ':', second % 60 },
	};
	size_t n = put_year(out, date.year);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		out[n++] = fields[i].before;
		n += put_padded(out + n, fields[i].v, 2);
	}
	if (ns != 0) {
		out[n++] = '.';
		if (ns % 1000000 == 0)
			n += put_padded(out + n, ns / 1000000, 3);
		else if (ns % 1000 == 0)
			n += put_padded(out + n, ns / 1000, 6);
		else
			n += put_padded(out + n, ns, 9);
	}
	out[n++] = 'Z';
	return n;
}

size_t count_stamp_format(int64_t t, enum count_unit store, enum count_time_format format,
			  char out[COUNT_STAMP_MAX])
{
	size_t n = 0;
	int shift = 0;

	if (format == COUNT_TIME_FORMAT_ISO) {
		n = put_iso(out, t, store);
	} else {
		if (format != COUNT_TIME_FORMAT_UNIT)
			shift = 3 * ((int)format - COUNT_TIME_FORMAT_S - (int)store);
		if (t < 0)
			out[n++] = '-';
		n += put_shifted(out + n, t < 0 ? 0 - (uint64_t)t : (uint64_t)t, shift);
	}
	out[n] = '\0';
	return n;
}
