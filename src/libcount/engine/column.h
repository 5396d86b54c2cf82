/* column.h - the rows of one output series: bucket starts and values, growing; fill.h adds to it. */
#ifndef COUNT_ENGINE_COLUMN_H
#define COUNT_ENGINE_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"

struct column {		/* all zero: empty */
	int64_t *times;
	double *values;
	uint8_t *empty;		/* NULL, or 1 where there is no value */
	size_t n, cap;
};

void column_free(struct column *c);
static inline void column_clear(struct column *c) { c->n = 0; }
bool column_put(struct column *c, int64_t time, double value);	/* false: out of memory */
bool column_put_empty(struct column *c, int64_t time);

#endif
