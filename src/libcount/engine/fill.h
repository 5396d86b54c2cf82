/*
 * fill.h - rows for buckets without points, as --fill asks.
 *
 *	null		a row without a value
 *	zero		0
 *	previous	the value of the bucket before; nothing before the first
 *	linear		on the line between the neighbours; nothing before the first and after the last
 */
#ifndef COUNT_ENGINE_FILL_H
#define COUNT_ENGINE_FILL_H

#include "engine/buckets.h"
#include "engine/column.h"

#define FILL_MAX 10000000	/* rows of a series; more is refused */

/*
 * in has rows in ascending buckets; out, emptied first, gets them and the ones between, from
 * the bucket of `first` to that of `last`, which hold all of in.  COUNT_ERR_INVALID: over FILL_MAX rows.
 */
int fill_column(const struct column *in, enum count_fill fill, const struct buckets *b,
		int64_t first, int64_t last, struct column *out, struct count_error *err);

#endif
