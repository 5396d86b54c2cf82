/* stamp.h - units of time and decimal stamps, beyond what count.h offers. */
#ifndef COUNT_BASE_STAMP_H
#define COUNT_BASE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "count.h"

int64_t unit_per_second(enum count_unit unit);	/* 1, 1000, 1000000, 1000000000 */
const char *unit_name(enum count_unit unit);	/* "s", "ms", "us", "ns" */

/* t as whole seconds since 1970, floored, and in *ns the rest. */
int64_t unit_split(int64_t t, enum count_unit unit, int64_t *ns);

/* sec seconds and ns nanoseconds (0 to 999999999) in unit, floored; false: no int64 holds it. */
bool unit_join(__int128 sec, int64_t ns, enum count_unit unit, int64_t *t);

#endif
