/* distinct.h - the distinct values of a run, ascending in the order of their bits as numbers, and ranks in them. */
#ifndef COUNT_CODEC_DISTINCT_H
#define COUNT_CODEC_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Slots of an open table: twice as many as values, at least; the size is a power of two. */
struct distinct {
	int64_t *ordered;	/* distinct values as ordered integers: unsorted while counting, then ascending */
	uint32_t *slot;		/* number in ordered plus 1, 0 where empty */
	unsigned size_bits;	/* of slot */
	uint32_t n, max;	/* distinct values so far, room */
};

/* Empties the table. */
void distinct_start(struct distinct *d);

/* Adds values and notes each one's number, which is not yet its rank, unless numbers is NULL.  False: there are
 * more than max, or they have been made to fall into the same slots, which would take time without end. */
bool distinct_add(struct distinct *d, const double *values, size_t n, uint32_t *numbers);

/* Sorts; rank[number] is the rank of a value.  All arrays have room for n; the last three are overwritten. */
void distinct_sort(struct distinct *d, uint32_t *rank, uint32_t *order, uint32_t *order_work, int64_t *work);

#endif
