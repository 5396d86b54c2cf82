/*
 * block_stats.h - the statistics of a chunk as they stand in a block, compactly; count-block(5).
 *
 * Of the six doubles of 48 bytes most can be had for less: values are mostly decimals, so with
 * one scale they are small integers, near each other; the sum of decimals is mostly the nearest double to
 * a decimal too; its low part is an integer times a power of two.  What does not come back
 * bit for bit that way is stored raw.
 */
#ifndef COUNT_FORMAT_BLOCK_STATS_H
#define COUNT_FORMAT_BLOCK_STATS_H

#include "base/buf.h"
#include "codec/stats.h"

/* All but times and count. */
void block_stats_put(struct buf *out, const struct chunk_stats *st);
/* st->count is set; returns the byte after, or NULL if the bytes are no statistics. */
const uint8_t *block_stats_get(const uint8_t *p, const uint8_t *end, struct chunk_stats *st);

#endif
