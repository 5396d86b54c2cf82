/*
 * block_cut.h - where a run of points is cut into chunks.
 *
 * At UTC midnights around days of BLOCK_DAY_POINTS points and more, so that statistics answer buckets of days;
 * what lies between is cut into as few chunks as can be, of whole pages.  Where that costs no more chunks a series
 * is cut where the one before was, so that they can share their times though one lacks a point.
 */
#ifndef COUNT_FORMAT_BLOCK_CUT_H
#define COUNT_FORMAT_BLOCK_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/column.h"

#define BLOCK_DAY_POINTS 4096
#define BLOCK_CUT_AHEAD (2 * COLUMN_MAX_POINTS)	/* points that must be seen to cut as if all were */

struct block_cuts { int64_t *v; size_t n, cap; };	/* first times of chunks, ascending */

/*
 * The length of the first chunk of n ascending times, n >= 1; 0: more are needed, which are to follow
 * if `more`.  day: times in a day.
 */
size_t block_cut(const struct block_cuts *before, int64_t day, const int64_t *times, size_t n, bool more);

#endif
