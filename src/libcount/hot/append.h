/*
 * append.h - appending frames to the log: one write() under flock, tears, rotation, syncing.
 *
 * DESIGN section 5, rules 3 and 4.  The frame is built by walframe_encode() (format/walframe.h).
 */
#ifndef COUNT_HOT_APPEND_H
#define COUNT_HOT_APPEND_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "count.h"

struct hot_appender;		/* one open segment and the frames not yet synced (at most 32 MiB, then
				 * it syncs by itself, so that a failed fsync can write them anew) */
int hot_appender_open(int wal_fd, const char *wal_path, struct hot_appender **a,
		      struct count_error *err);
void hot_appender_close(struct hot_appender *a);	/* without sync; NULL is fine */

struct hot_batch {		/* columns of points grouped by series, each run strictly ascending */
	const char *const *names;	/* canonical */
	const uint32_t *name_lens;
	const uint64_t *hashes;
	const uint32_t *starts;		/* nruns + 1 indices into times and values */
	uint32_t nruns;
	const int64_t *times;
	const double *values;
};

/*
 * Appends the batch as one frame (or several when it is too large for one).  first_segment is from
 * the CURRENT read last; where it is outdated the appender finds the highest segment anyway.
 * On success the points are visible to every reader that starts afterwards.
 */
int hot_append(struct hot_appender *a, const struct hot_batch *b, struct count_error *err);
/* fdatasync what was appended since the last sync; after a failure the frames are written anew in
 * a new segment once, and if that fails too COUNT_ERR_IO. */
int hot_sync(struct hot_appender *a, struct count_error *err);
int64_t hot_dirty_since_ns(const struct hot_appender *a);	/* CLOCK_MONOTONIC; 0: clean */
/* Bytes and frames in the segment appended to, and over all segments listed now. */
int hot_log_size(struct hot_appender *a, uint64_t *bytes, uint64_t *frames);

/*
 * For flush, under the lock file: makes the next segment (O_EXCL, empty, wal/ synced) unless the
 * highest holds no frame; *first_new is the number that CURRENT shall name after the flush.
 */
int hot_rotate(int wal_fd, const char *wal_path, uint64_t first, uint64_t *first_new,
	       struct count_error *err);
/* After CURRENT is durable: unlinks segments below first in ascending order. */
int hot_remove_below(int wal_fd, const char *wal_path, uint64_t first, uint64_t *removed,
		     struct count_error *err);

#endif
