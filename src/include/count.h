/*
 * count.h - public interface of libcount, a tiered store for time series.
 *
 * New points enter the hot tier (a write-ahead log), become blocks in the warm tier on flush
 * and objects in the cold tier on archive.  A query reads all tiers and answers each point once.
 *
 * For every function: time is in the store's unit since 1970-01-01 UTC, milliseconds unless the
 * directory was created otherwise; a range is from <= t < to; int results are COUNT_OK or a
 * negative enum count_status, and err, unless NULL, then tells more; out parameters are written
 * only on success unless the comment says otherwise; strings are UTF-8 and copied if kept; a
 * handle serves one thread at a time, and separate handles are independent.  The library never
 * prints, exits, or changes signals, locale or environment.
 */
#ifndef COUNT_H
#define COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COUNT_API __attribute__((visibility("default")))

enum count_status {
	COUNT_OK = 0,
	COUNT_ERR_NOMEM = -1,
	COUNT_ERR_INVALID = -2,		/* bad argument or configuration; nothing was done */
	COUNT_ERR_IO = -3,		/* see err->sys_errno */
	COUNT_ERR_CORRUPT = -4,		/* stored bytes break format or checksum */
	COUNT_ERR_LOCKED = -5,		/* another run of the same kind holds the lock */
	COUNT_ERR_NET = -6,		/* still failing after the last retry */
	COUNT_ERR_DENIED = -7,		/* the cold tier refused the credentials */
	COUNT_ERR_VERSION = -8,		/* written by a newer version; nothing was changed */
	COUNT_ERR_NOTFOUND = -9,	/* no data directory, series or file of that name */
	COUNT_ERR_STOPPED = -10,	/* a callback asked to stop */
};

struct count_error {
	int code;		/* enum count_status */
	int sys_errno;		/* 0 where it does not apply */
	int http_status;	/* 0 where it does not apply */
	char text[512];		/* one printable line, no newline */
};

struct count_point {
	int64_t time;
	double value;
};

enum count_unit { COUNT_UNIT_S, COUNT_UNIT_MS, COUNT_UNIT_US, COUNT_UNIT_NS };

/*
 * ---- Text forms: values, series, stamps, durations ----
 *
 * Pure functions of their arguments: no locale, no clock, no allocation; safe from any thread.
 * Input is bytes and a length and need not end in NUL; it is read whole, so that a stray byte
 * anywhere is COUNT_ERR_INVALID.
 */

#define COUNT_VALUE_MAX 32

/*
 * The shortest decimal that reads back to the same double, spelled as ECMAScript does (1.5,
 * 1e+21, 1.5e-7, 123456789012345680000), and -0, NaN, +Inf, -Inf.  Ends in NUL; returns the length.
 */
COUNT_API size_t count_value_format(double v, char out[COUNT_VALUE_MAX]);

/*
 * Read a decimal (sign, point, exponent; digits on at least one side of the point), or nan, inf,
 * infinity in any case with an optional sign.  Rounds to the nearest double, exactly; NaN is
 * 0x7ff8000000000000 whatever its sign.  Refused: hexadecimal, blanks, nothing at all, and what
 * overflows (1e999); what underflows becomes 0.
 */
COUNT_API int count_value_parse(const char *s, size_t len, double *v);

#define COUNT_SERIES_MAX 4096	/* bytes of a canonical text */
#define COUNT_LABELS_MAX 682	/* the most labels that fit in one: x{a="b",c="d",...} */

struct count_label {		/* not NUL-terminated */
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
};

/*
 * The canonical text of a series: name{key="value",...}, labels sorted by the bytes of their keys,
 * those with an empty value dropped, without braces when none is left.  In a value \ and " are
 * written \\ and \".  A name or key with a byte outside A-Za-z0-9_.:/%- and 0x80-0xff is quoted,
 * such a name inside the braces: {"my cpu","the key"="value"}.
 * Refused: an empty name or key, a key given twice (whatever the values), bytes that are not
 * UTF-8, control characters (U+0000-1F, U+007F-9F), and a text over COUNT_SERIES_MAX bytes.
 * out ends in NUL; out_len may be NULL.
 */
COUNT_API int count_series_build(const char *name, size_t name_len,
				 const struct count_label *labels, size_t nlabels,
				 char out[COUNT_SERIES_MAX + 1], size_t *out_len,
				 struct count_error *err);

/*
 * The canonical text of any accepted spelling: name, name{key="value",...}, {"name",key="value"}
 * with blanks around names, keys, = and commas, labels in any order, a trailing comma.  A name
 * outside braces may hold any character but { } and quotation marks: my cpu is {"my cpu"}.
 * text and out must not overlap.
 */
COUNT_API int count_series_canonical(const char *text, size_t len, char out[COUNT_SERIES_MAX + 1],
				     size_t *out_len, struct count_error *err);

/* A series taken apart; the pointers go into text[], so a copy of the struct is of no use. */
struct count_series_parts {
	const char *name;	/* unescaped, not NUL-terminated */
	size_t name_len;
	size_t nlabels;
	struct count_label labels[COUNT_LABELS_MAX];	/* sorted by key, unescaped */
	char text[COUNT_SERIES_MAX + 1];
};

/* Take a canonical text apart (24 KiB, of which only what is used is touched). */
COUNT_API int count_series_parse(const char *canonical, size_t len, struct count_series_parts *parts);

/* How a number is meant that stands for a time, as in --time-unit. */
enum count_time_unit {
	COUNT_TIME_AUTO,	/* by |t|: below 1e11 s, 1e14 ms, 1e17 us, else ns */
	COUNT_TIME_S, COUNT_TIME_MS, COUNT_TIME_US, COUNT_TIME_NS,
};

/*
 * Read a number as a time in the store's unit.  With AUTO one with a point or an exponent is in
 * seconds; otherwise it is in the unit given.  Decimals are exact (no double in between); what is
 * finer than the store's unit is floored, toward the past, and *floored, unless NULL, tells.
 * What does not fit in 64 bits is refused.
 */
COUNT_API int count_stamp_parse(const char *s, size_t len, enum count_time_unit given,
				enum count_unit store, int64_t *t, bool *floored,
				struct count_error *err);

/* How a time is printed, as in --time-format. */
enum count_time_format {
	COUNT_TIME_FORMAT_UNIT,		/* an integer in the store's unit */
	COUNT_TIME_FORMAT_S, COUNT_TIME_FORMAT_MS, COUNT_TIME_FORMAT_US, COUNT_TIME_FORMAT_NS,
	COUNT_TIME_FORMAT_ISO,		/* 2024-05-01T10:00:00Z, 2024-05-01T10:00:00.123Z */
};

#define COUNT_STAMP_MAX 48

/*
 * Print a time, exactly: in a coarser unit with a point when it is not whole (1700000000.5), in a
 * finer one with zeros appended.  ISO 8601 in UTC, a fraction of 3, 6 or 9 digits only when there
 * is one, and years before 0 or after 9999 as -0001 and +12345.  Ends in NUL; returns the length.
 */
COUNT_API size_t count_stamp_format(int64_t t, enum count_unit store, enum count_time_format format,
				    char out[COUNT_STAMP_MAX]);

enum count_duration_unit {
	COUNT_DURATION_NS, COUNT_DURATION_US, COUNT_DURATION_MS, COUNT_DURATION_SECOND,
	COUNT_DURATION_MINUTE, COUNT_DURATION_HOUR,
	COUNT_DURATION_DAY, COUNT_DURATION_WEEK,	/* from here on of the calendar, in some zone */
	COUNT_DURATION_MONTH, COUNT_DURATION_YEAR,
};

struct count_duration {
	int64_t n;	/* > 0 when it comes from count_duration_parse() */
	enum count_duration_unit unit;
};

/*
 * Read a duration: a whole number and a unit, ns us ms s m (minutes) h d w mo y.  Units up to the
 * hour join, largest first (1h30m is 90 minutes).  Zero and what does not fit are refused.
 */
COUNT_API int count_duration_parse(const char *s, size_t len, struct count_duration *dur,
				   struct count_error *err);

/* Its usual length in the store's unit, rounded up: days of 24 h, months of 30 d, years of 365 d.
 * INT64_MAX when it is longer than that. */
COUNT_API int64_t count_duration_approx(struct count_duration dur, enum count_unit unit);

/*
 * Read a point in time as a person writes it:
 *
 *	1700000000		a number, as count_stamp_parse() reads it
 *	2024-05-01T10:00:00.5Z	ISO 8601: T or a blank; seconds, fraction, Z or +hh:mm may be missing
 *	2024-05-01  2024-05	the beginning of that day, of that month
 *	now  now-1h  -7d  +1h	from now; days and longer by the calendar (Mar 31 -1mo is the end of Feb)
 *	today  yesterday  tomorrow  monday	the last such day, today included; with 09:00 or 09:00:30 too
 *
 * What names no offset is in the zone tz (NULL: UTC; see the zones under /usr/share/zoneinfo, and
 * local).  A time that the zone skips is the first one after the gap, one that it repeats
 * is the first of the two.  now_ns is the present in nanoseconds since 1970 UTC.
 */
COUNT_API int count_when_parse(const char *s, size_t len, enum count_time_unit given,
			       enum count_unit store, int64_t now_ns, const char *tz, int64_t *t,
			       struct count_error *err);

#ifdef __cplusplus
}
#endif
#endif
