/*
 * bytes.h - bytes of a segment: read while few are asked for, taken from its map when many are.
 *
 * The kernel maps 16 pages around a fault and unmaps them at the end, which costs as much as ten small reads; all
 * that is mapped costs less than to read it again and again.  So a segment has a number of reads, and when they
 * are used up, as where a read fails, the map serves: what is wrong with the file shows there as ever.
 * hot_bytes() and hot_keep_bytes() may be called by several threads at once.
 */
#ifndef COUNT_HOT_BYTES_H
#define COUNT_HOT_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "hot/log.h"

/* The descriptor becomes the segment's, which is mapped, unless reads do not pay: then seg->fd is -1. */
void hot_segment_read(struct hot_segment *seg, int fd);
void hot_segment_forget(struct hot_segment *seg);	/* closes it and frees the copies */

/* Bytes read ahead by who walks through a segment: little after a jump, more when steps are short. */
#define HOT_WINDOW_MIN 512
#define HOT_WINDOW_MAX 16384
struct hot_window {		/* zeroed: empty */
	size_t at, len, next;
	uint8_t bytes[HOT_WINDOW_MAX];
};
/* len <= HOT_WINDOW_MIN bytes at `at`, which are in the segment; good until the next call. */
const uint8_t *hot_peek(const struct hot_segment *seg, struct hot_window *w, size_t at, size_t len);

/* len bytes at offset `at` of the segment, in room if they were read. */
const uint8_t *hot_bytes(struct hot_segment *seg, size_t at, size_t len, uint8_t *room, size_t room_len);
/* The same in memory that lives as long as the log. */
const uint8_t *hot_keep_bytes(struct hot_segment *seg, size_t at, size_t len);

#endif
