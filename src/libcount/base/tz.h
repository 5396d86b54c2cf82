/*
 * tz.h - time zones: the files of the tz database (TZif, RFC 8536, versions 1 to 4) and the rules
 * they end with for later times (POSIX TZ strings).
 *
 * Times are int64 seconds since 1970, UTC or local; a local time is the UTC time that a clock
 * on the wall would show if it were in Greenwich.  At both ends of int64 results saturate.
 */
#ifndef COUNT_BASE_TZ_H
#define COUNT_BASE_TZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"

struct tz;

/*
 * Open a zone by its name: Europe/Berlin from /usr/share/zoneinfo, local for /etc/localtime; NULL,
 * UTC and Z need no file.  COUNT_ERR_INVALID: no such zone or name; the caller calls tz_close().
 */
int tz_open(const char *name, struct tz **tz, struct count_error *err);

/* The same from the bytes of a TZif file; name is for messages. */
int tz_load(const void *data, size_t len, const char *name, struct tz **tz, struct count_error *err);

void tz_close(struct tz *tz);		/* NULL is fine */

/* Seconds east of Greenwich at utc, and in *until, unless NULL, the first instant at which that may
 * change; INT64_MAX: never.  tz may be NULL: UTC. */
int32_t tz_offset(const struct tz *tz, int64_t utc, int64_t *until);

/* One offset for all times? */
bool tz_fixed(const struct tz *tz);

int64_t tz_to_local(const struct tz *tz, int64_t utc);

/*
 * The first instant at which local clocks show `local` or later.  So in a gap it is the end of the
 * gap, in a fold the first of the two, and never decreases as local grows.
 */
int64_t tz_to_utc(const struct tz *tz, int64_t local);

/* A POSIX TZ string (tz_posix.c): two offsets and the days of the year when they change. */
struct tz_day {
	char kind;		/* 'M' month, week, day; 'J' 1 to 365 without Feb 29; 'N' 0 to 365 */
	int month, week, day;
	int32_t time;		/* seconds after midnight, -167 h to 167 h */
};

struct tz_posix {
	int32_t std, dst;	/* seconds east */
	bool has_dst;
	struct tz_day start, end;	/* of dst, each on the clock before the change */
};

bool tz_posix_parse(const char *s, size_t len, struct tz_posix *p);
int32_t tz_posix_offset(const struct tz_posix *p, int64_t utc, int64_t *until);

#endif
