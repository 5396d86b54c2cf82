/*
 * log.h - reading the write-ahead log: the segments of wal/; count-wal(5).
 *
 * Segments are mapped, but as long as little of one is asked for it is read: a look at one series needs a few bytes of
 * each frame, and to map their pages costs more than to read them (bytes.h).  Takes no lock.  Runs are strictly
 * ascending in time, so each is a sorted source of points; a later frame (by segment, then offset) beats an
 * earlier one.  Opening reads the headers of frames only; directories and runs are verified when they are used.
 */
#ifndef COUNT_HOT_LOG_H
#define COUNT_HOT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fs.h"
#include "count.h"
#include "format/walframe.h"

struct hot_frame {
	uint64_t segment, offset;	/* where; also its recency */
	const uint8_t *data;
	size_t len;
	uint32_t nruns;
	uint64_t points;
	int64_t first_time, last_time;	/* of all its runs */
	uint64_t names;			/* frames with the same names, nruns and salt have the same series */
	bool soft;			/* of an earlier boot: what is unreadable in it was torn by a
					 * crash of the machine, a warning and no damage */
	uint32_t salt;
	uint8_t *checked;		/* private from here on: what the directory's verification found */
	struct hot_segment *in;
};

struct hot_segment {
	uint64_t number;
	struct fs_map map;
	bool damaged;			/* holds something unreadable that is no tear: flush keeps a copy */
	bool soft;			/* of an earlier boot */
	int fd;				/* private from here on; -1: all is taken from the map */
	uint32_t reads;			/* left, before all is taken from the map */
	struct hot_copy *copies;	/* runs that were read; they live as long as the log */
};

struct hot_log {
	struct hot_segment *segments;	/* ascending; without gaps unless COUNT_ERR_NOTFOUND was returned */
	size_t nsegments;
	struct hot_frame *frames;	/* all readable ones, ascending */
	size_t nframes, cap;
	uint64_t points, bytes;
	bool damaged;			/* something unreadable that is no tear; damage names the first */
	struct count_error damage;
	struct buf warnings;		/* lines: stretches torn by a crash of the machine */
	uint8_t *checked;		/* one for each frame */
};

/*
 * Lists, opens and maps all segments from first on and hops over their frames.  COUNT_ERR_NOTFOUND
 * when one vanished meanwhile or the numbers have a gap: the caller reads CURRENT again and starts
 * over; if its generation is the same, that is damage, and *log, which holds the rest and
 * names the gap as its damage, may be used.  No segment at all is an empty log.  Damage does not
 * fail the call but is kept in *log.  COUNT_ERR_VERSION, COUNT_ERR_IO, COUNT_ERR_NOMEM: nothing is
 * open.  hot_log_close() is right after any of them.
 */
int hot_log_open(int wal_fd, const char *wal_path, uint64_t first, struct hot_log *log,
		 struct count_error *err);
void hot_log_close(struct hot_log *log);

struct hot_run {
	const char *name;		/* canonical, not NUL-terminated, in the map */
	size_t name_len;
	uint64_t hash;
	uint64_t points;
	int64_t first_time, last_time;
	const struct hot_frame *frame;
	struct walframe_run enc;	/* private */
};

uint64_t hot_hash(const char *name, size_t len);	/* XXH3 64; part of the format */

/*
 * The run of one series in a frame, checksum verified: COUNT_ERR_NOTFOUND when there is none.
 * COUNT_ERR_CORRUPT, here and below: the directory, or the run that is or may be of this series,
 * is unreadable; the caller warns where frame->soft, else reports damage.
 */
int hot_frame_find(const struct hot_frame *f, const char *name, size_t len, uint64_t hash,
		   struct hot_run *run);
/* Run i of 0 .. nruns - 1, in order of hashes, from the map; only its name is read, and proved by the hash:
 * points and times are filled by hot_run_check(), which also verifies the checksum. */
int hot_frame_run(const struct hot_frame *f, uint32_t i, struct hot_run *run);
/* The same with a name that is not proved, for who knows one of that hash already; hot_run_named() proves it. */
int hot_frame_name(const struct hot_frame *f, uint32_t i, struct hot_run *run);
bool hot_run_named(const struct hot_run *run);
int hot_run_check(struct hot_run *run);

/* Decoding in steps, of a run found or checked: zeroed cursor; *n is the room, then what was
 * decoded, 0 at the end. */
struct hot_run_cursor { uint64_t done; int64_t time; };	/* points decoded, time of the last */
int hot_run_next(const struct hot_run *run, struct hot_run_cursor *cur, int64_t *times,
		 double *values, size_t *n);

#endif
