/*
 * block_edits.h - times that are those of another column but for some points; count-block(5), EDITS.
 *
 * Series of one scrape tick together, but some miss a tick or are a moment late.  What differs from a
 * base, which is a column of another chunk or times at equal distances, takes two bytes or so a point.
 */
#ifndef COUNT_FORMAT_BLOCK_EDITS_H
#define COUNT_FORMAT_BLOCK_EDITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct block_base {
	const int64_t *v;	/* ascending; NULL: first + i * step, without end */
	size_t n;
	int64_t first;
	uint64_t step;
};

/* Appends the edits that make n ascending times of the base; false: they take limit bytes or more, and
 * what was appended is to be dropped. */
bool block_edits_put(const struct block_base *base, const int64_t *times, size_t n, size_t limit,
		     struct buf *out);
/* Makes n times, the first of which is about `first`; false: the bytes are no such edits.  Not checked to ascend. */
bool block_edits_apply(const struct block_base *base, const uint8_t *p, size_t len, int64_t first,
		       int64_t *times, size_t n);

#endif
