/* block_open.h - shared by the two halves of the block reader; private to format/. */
#ifndef COUNT_FORMAT_BLOCK_OPEN_H
#define COUNT_FORMAT_BLOCK_OPEN_H

#include "count.h"
#include "format/block.h"

/* COUNT_ERR_CORRUPT at that offset. */
static inline int block_damage(uint64_t *at, uint64_t off)
{
	if (at != NULL)
		*at = off;
	return COUNT_ERR_CORRUPT;
}

#endif
