/*
 * datadir.h - a data directory: opening, creating, CURRENT, the lock file.
 *
 * FORMAT is written last when a directory is made, so one without it is unfinished and
 * the next writer completes it; creation runs under the lock file.  Every name is opened relative
 * to the directory with O_NOFOLLOW; the directory must be ours (or root's) and a warning says so when
 * others may write to it.
 */
#ifndef COUNT_STORE_DATADIR_H
#define COUNT_STORE_DATADIR_H

#include <stdbool.h>
#include <stdint.h>

#include "count.h"
#include "format/current.h"

struct log_to { count_log_fn *fn; void *arg; };	/* fn NULL: silent */
void log_msg(const struct log_to *log, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct datadir {
	int fd, wal_fd, blocks_fd;
	char *path, *wal_path, *blocks_path;	/* for messages */
	struct format_file format;
	bool created;				/* this open made it */
	struct log_to log;
};

/*
 * COUNT_ERR_NOTFOUND: missing, or unfinished and create is false.  COUNT_ERR_VERSION: newer.
 * COUNT_ERR_CORRUPT: FORMAT, wal/ or blocks/ is missing or damaged while the rest is there.
 * unit is for a new one; where it exists and differs and insist_unit, COUNT_ERR_INVALID.
 * d->log is set by the caller, all else is filled; a failed one need not be closed.
 */
int datadir_open(const char *path, bool create, enum count_unit unit, bool insist_unit,
		 struct datadir *d, struct count_error *err);
void datadir_close(struct datadir *d);		/* leaves one that may be closed again */

/* Takes the lock file; *fd is closed to release it.  COUNT_ERR_LOCKED when held for wait_ms. */
int datadir_lock(const struct datadir *d, int wait_ms, int *fd, struct count_error *err);
/* The same for archive.lock, which one archive run has from end to end, and who changes the cold index; tried once.
 * Taken before `lock`. */
int datadir_lock_archive(const struct datadir *d, int *fd, struct count_error *err);

/* A missing CURRENT in a finished directory is damage. */
int datadir_read_current(const struct datadir *d, struct current *c, struct count_error *err);
/*
 * COUNT_ERR_LOCKED unless CURRENT has that generation still.  Somebody who takes `lock` for a stale file
 * and removes it lets a second run in; what the first read is then no ground for publishing or
 * removing anything: it would forget the blocks of the other.
 */
int datadir_check_alone(const struct datadir *d, uint64_t generation, struct count_error *err);
/* Under the lock: raises c's generation by 1 and writes it, durably.  On failure the generation in c
 * is the old one, and which of the two is on disk is known only by reading it again. */
int datadir_publish(const struct datadir *d, struct current *c, struct count_error *err);

/* Is name one of ours, and named by no CURRENT? */
typedef bool datadir_unnamed(const void *arg, const char *name);
/*
 * Under the lock, with a CURRENT of that generation read under it: removes the files of a folder of the directory
 * that are unnamed and that nobody holds.  One that cannot be removed is told of and left.
 */
int datadir_sweep(const struct datadir *d, int dirfd, const char *path, uint64_t generation, datadir_unnamed *unnamed,
		  const void *arg, struct count_error *err);

#endif
