/* duration.h - durations, beyond what count.h offers. */
#ifndef COUNT_BASE_DURATION_H
#define COUNT_BASE_DURATION_H

#include <stdint.h>

#include "count.h"

/* Nanoseconds of one unit; months of 30 days, years of 365. */
int64_t duration_unit_ns(enum count_duration_unit unit);

/* Reads digits and a unit from the start of s; returns the bytes read, 0 when it is not that. */
size_t duration_read_term(const char *s, size_t len, struct count_duration *dur);

#endif
