/*
 * append.h - appending frames to the log: one write() under flock, tears, rotation, syncing.
 *
 * As count-wal(5), WRITING, has it.  Nothing here ever waits longer than a
 * second for another process, and no lock is held over an fsync.
 */
#ifndef COUNT_HOT_APPEND_H
#define COUNT_HOT_APPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"
#include "format/walframe.h"

#define HOT_FRAME_BYTES (64u << 20)	/* a batch whose frame may get larger is split */
#define HOT_KEEP_BYTES (32u << 20)	/* unsynced bytes after which an append syncs by itself */

/*
 * Tells the first segment that CURRENT names.  Asked whenever a segment is opened, so that a new one
 * never gets a number that readers take for flushed.
 */
typedef int hot_first_fn(void *arg, uint64_t *first, struct count_error *err);

/* One open segment, and the frames not yet synced.  Touches no file before the first append.
 * wal_path and arg are borrowed for its life. */
struct hot_appender;
int hot_appender_open(int wal_fd, const char *wal_path, hot_first_fn *first, void *arg,
		      struct hot_appender **a, struct count_error *err);
void hot_appender_close(struct hot_appender *a);	/* without sync; NULL is fine */

/* Whether frames are kept until hot_sync(), the default.  false: nobody will ask for one; frames
 * not yet synced are forgotten. */
void hot_appender_keep(struct hot_appender *a, bool keep);

/*
 * Appends the series, in walframe_order(), as one frame, or as several when one would pass
 * HOT_FRAME_BYTES; a single series is never split.  COUNT_ERR_INVALID: as walframe_encode().
 * On success the points are visible to every reader that starts afterwards.  On failure some
 * frames of a batch of several may be.
 */
int hot_append(struct hot_appender *a, const struct walframe_series *series, size_t n,
	       struct count_error *err);

/*
 * fdatasync what was appended since the last sync; after a failure the frames are written anew in
 * another segment once, and if that fails too COUNT_ERR_IO, the frames staying unsynced.
 */
int hot_sync(struct hot_appender *a, struct count_error *err);
int64_t hot_dirty_since_ns(const struct hot_appender *a);	/* CLOCK_MONOTONIC; 0: clean */
void hot_written(const struct hot_appender *a, uint64_t *frames, uint64_t *bytes);

/* Bytes and frames of all segments there are now, flushed ones that still stand included. */
int hot_log_size(int wal_fd, const char *wal_path, uint64_t *bytes, uint64_t *frames,
		 struct count_error *err);

/* Tests replace fdatasync() to see it fail. */
void hot_appender_set_sync(struct hot_appender *a, int (*sync)(int fd));

/*
 * For flush, under the lock file: makes the next segment (O_EXCL, empty) unless the highest holds
 * no frame, and syncs wal/; *first_new is the number that CURRENT shall name after the flush.
 */
int hot_rotate(int wal_fd, const char *wal_path, uint64_t first, uint64_t *first_new,
	       struct count_error *err);
/* After CURRENT is durable: unlinks segments below first in ascending order, *removed of them. */
int hot_remove_below(int wal_fd, const char *wal_path, uint64_t first, uint64_t *removed,
		     struct count_error *err);

#endif
