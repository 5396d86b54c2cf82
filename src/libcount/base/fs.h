/*
 * fs.h - files below an open directory: whole reads, atomic replacement, read-only maps, locks.
 *
 * Names are opened relative to a directory descriptor with O_NOFOLLOW and O_CLOEXEC; what is
 * made gets mode 0600.  `where` is the directory's path and serves messages only.  Failures are
 * COUNT_ERR_IO, or COUNT_ERR_NOTFOUND for ENOENT (err then filled too).
 */
#ifndef COUNT_BASE_FS_H
#define COUNT_BASE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "count.h"

/* Open an existing regular file of ours for reading; *fd is the caller's. */
int fs_open_read(int dirfd, const char *where, const char *name, int *fd, struct count_error *err);

/* The whole file into out (appended), refusing more than max bytes with COUNT_ERR_CORRUPT. */
int fs_read_small(int dirfd, const char *where, const char *name, size_t max, struct buf *out,
		  struct count_error *err);

/* Replace name by data, durably: temporary name, fsync, rename, fsync of the directory.  A crash
 * leaves the old content or the new. */
int fs_replace(int dirfd, const char *where, const char *name, const void *data, size_t len,
	       struct count_error *err);

int fs_sync_dir(int dirfd, const char *where, struct count_error *err);

/* All of data, however often write() is interrupted or short. */
int fs_write_all(int fd, const void *data, size_t len);	/* 0, or -1 with errno */

/* A file mapped read-only; len 0 maps nothing.  The file is never truncated while mapped. */
struct fs_map {
	const uint8_t *data;
	size_t len;
	bool read;		/* into memory of ours */
};
int fs_map_fd(int fd, const char *where, const char *name, struct fs_map *map, struct count_error *err);
/* Opens and maps one; up to FS_READ_MAX bytes are read instead, which is cheaper than a fault. */
#define FS_READ_MAX 16384
int fs_open_map(int dirfd, const char *where, const char *name, struct fs_map *map, struct count_error *err);
/* Bytes of a map that can be had again: its pages are let go, where there are more than FS_READ_MAX. */
void fs_let_go(const uint8_t *data, size_t len);
void fs_unmap(struct fs_map *map);	/* leaves an empty one */

/*
 * flock(2) the file, waiting at most wait_ms (0: try once, -1: for ever).  COUNT_ERR_LOCKED when
 * another holds it.  A lock ends with the descriptor, so a dead process leaves none behind.
 */
int fs_lock(int fd, int wait_ms, bool shared);

#endif
