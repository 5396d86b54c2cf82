/* walframe_values.h - how the values of a run are stored; count-wal(5), "The values, by ve". */
#ifndef COUNT_FORMAT_WALFRAME_VALUES_H
#define COUNT_FORMAT_WALFRAME_VALUES_H

#include <stdint.h>

struct value_plan {
	int64_t base;		/* the smallest integer */
	unsigned ve;
	unsigned decimals;	/* of WALRUN_DECIMAL and above */
};

/* Chooses for n values, at least 1. */
void walvalues_plan(const double *v, uint32_t n, struct value_plan *plan);
/* Writes them, at most VARINT_MAX + 1 + 8n bytes; returns their end. */
uint8_t *walvalues_put(uint8_t *p, const double *v, uint32_t n, const struct value_plan *plan);

#endif
