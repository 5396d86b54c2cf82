/* append.c - appending frames to the log; see append.h and count-wal(5), WRITING. */
#include "hot/append.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/fs.h"
#include "hot/segment.h"

#define LOCK_WAIT_MS 1000	/* then its holder may be stopped, and we go to the next segment */
#define MAX_TRIES 1000		/* moves from segment to segment for one frame */
#define MAX_OLD 8
#define BUFFER_KEPT (48u << 20)	/* a larger buffer is given back once it is empty */

struct hot_appender {
	int wal_fd;
	const char *where;
	hot_first_fn *first;
	void *arg;
	int (*sync)(int fd);
	uint8_t boot[16];
	int fd;			/* of segment `number`; -1: none is open */
	uint64_t number;
	dev_t dev;		/* of the open segment: which file it is, whatever its names */
	ino_t ino;
	uint64_t end;		/* the size at which it ended in a good frame; 0: look */
	uint32_t frames;	/* in the segment, when end is not 0 */
	uint32_t salt;		/* of the segment, when end is not 0 */
	bool keep;
	bool dirty;		/* the open segment has frames of ours that are not synced */
	int old[MAX_OLD];	/* left segments with frames of ours that are not synced */
	unsigned nold;
	bool sync_failed;	/* one of these could not be synced */
	struct buf buf;		/* the frames not yet synced, then the one being appended */
	size_t unsynced;	/* bytes of the former */
	int64_t dirty_since_ns;
	uint64_t written_frames, written_bytes;
};

static int64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int hot_appender_open(int wal_fd, const char *wal_path, hot_first_fn *first, void *arg,
		      struct hot_appender **out, struct count_error *err)
{
	struct hot_appender *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(err);
	*a = (struct hot_appender){ .wal_fd = wal_fd, .where = wal_path, .first = first, .arg = arg,
				    .sync = fdatasync, .fd = -1, .keep = true };
	segment_boot_id(a->boot);
	*out = a;
	return COUNT_OK;
}

static void close_old(struct hot_appender *a)
{
	while (a->nold > 0)
		close(a->old[--a->nold]);
	a->sync_failed = false;
}

void hot_appender_close(struct hot_appender *a)
{
	if (a == NULL)
		return;
	close_old(a);
	if (a->fd >= 0)
		close(a->fd);
	buf_free(&a->buf);
	free(a);
}

void hot_appender_set_sync(struct hot_appender *a, int (*sync)(int fd))
{
	a->sync = sync;
}

static void all_synced(struct hot_appender *a)
{
	close_old(a);
	a->dirty = false;
	a->unsynced = 0;
	a->dirty_since_ns = 0;
	buf_clear(&a->buf);
	if (a->buf.cap > BUFFER_KEPT)
		buf_free(&a->buf);
}

void hot_appender_keep(struct hot_appender *a, bool keep)
{
	if (!keep)
		all_synced(a);
	a->keep = keep;
}

/* ---- The segment ---- */

/* Lets go of the open segment; if frames in it wait for a sync its descriptor waits with them. */
static void leave_segment(struct hot_appender *a)
{
	if (a->fd < 0)
		return;
	if (a->dirty && a->nold == MAX_OLD) {	/* rotated often within a second: sync the oldest now */
		if (a->sync(a->old[0]) != 0)
			a->sync_failed = true;
		close(a->old[0]);
		memmove(a->old, a->old + 1, sizeof(a->old[0]) * --a->nold);
	}
	if (a->dirty)
		a->old[a->nold++] = a->fd;
	else
		close(a->fd);
	a->fd = -1;
	a->end = 0;
	a->dirty = false;
}

/*
 * Whoever writes the first bytes has synced the name before: a segment with bytes is durable.  So is
 * FORMAT in the directory above, whose maker may have died between its rename and the fsync.
 */
static int sync_names(struct hot_appender *a, struct count_error *err)
{
	int ret = fs_sync_dir(a->wal_fd, a->where, err), up;

	if (ret != COUNT_OK)
		return ret;
	up = openat(a->wal_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (up < 0)
		return err_sys(err, COUNT_ERR_IO, "%s/..", a->where);
	ret = fsync(up) == 0 ? COUNT_OK : err_sys(err, COUNT_ERR_IO, "%s/..: fsync", a->where);
	close(up);
	return ret;
}

/* 1: open; 0: it vanished meanwhile; else a status. */
static int open_number(struct hot_appender *a, uint64_t number, struct count_error *err)
{
	char name[SEGMENT_NAME_MAX];
	struct stat st;
	int fd;

	segment_name(number, name);
	fd = openat(a->wal_fd, name, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(err, COUNT_ERR_IO, "%s/%s", a->where, name);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(err, COUNT_ERR_IO, "%s/%s: not a regular file", a->where, name);
	}
	if (st.st_size == 0 && sync_names(a, err) != COUNT_OK) {
		close(fd);
		return COUNT_ERR_IO;
	}
	a->fd = fd;
	a->number = number;
	a->dev = st.st_dev;
	a->ino = st.st_ino;
	a->end = 0;
	return 1;
}

/* The highest segment there is.  1: open; 0: there is none, or it vanished meanwhile; else a status. */
static int open_listed(struct hot_appender *a, struct count_error *err)
{
	struct segment_list list;
	uint64_t number;
	int ret = segment_list_read(a->wal_fd, a->where, 1, &list, err);

	if (ret != COUNT_OK)
		return ret;
	number = list.len > 0 ? list.v[list.len - 1] : 0;
	segment_list_free(&list);
	return number != 0 ? open_number(a, number, err) : 0;
}

/*
 * Opens the highest segment that is not below CURRENT's first; creates that one if need be.  CURRENT
 * is read after the file was opened: whoever creates a segment may have been stopped just before,
 * until its number was flushed and its name free again, and then no reader looks there.
 */
static int open_highest(struct hot_appender *a, struct count_error *err)
{
	for (unsigned i = 0; i < MAX_TRIES; i++) {
		uint64_t first = 1;
		int ret, opened = open_listed(a, err);

		if (opened < 0)
			return opened;
		ret = a->first != NULL ? a->first(a->arg, &first, err) : COUNT_OK;
		if (ret == COUNT_OK && opened == 1 && a->number >= first)
			return COUNT_OK;
		leave_segment(a);
		if (ret == COUNT_OK)
			ret = segment_create(a->wal_fd, a->where, first, err);
		if (ret != COUNT_OK)
			return ret;
	}
	return err_set(err, COUNT_ERR_IO, "%s: segments vanish as soon as they are made", a->where);
}

static int start_next(struct hot_appender *a, struct count_error *err)
{
	uint64_t next = a->number + 1;

	leave_segment(a);
	return segment_create(a->wal_fd, a->where, next, err);
}

/* ---- One frame ---- */

enum outcome { WRITTEN, MOVED, NEXT, SHORT };	/* or a status, which is negative */

struct pending { uint8_t *p; size_t len; bool sealed; uint32_t salt; };

static void seal(struct pending *f, uint32_t salt)
{
	if (!f->sealed || f->salt != salt)
		walframe_seal(f->p, salt);
	f->sealed = true;
	f->salt = salt;
}

/*
 * MOVED if a next segment exists or ours is unlinked.  The order matters: segments are unlinked in
 * ascending order, so where the next one was made and is gone again, ours went before it.  A
 * count of links would not tell: a backup or a damaged segment that flush keeps is a second name.
 */
static int look_around(struct hot_appender *a, struct stat *st, struct count_error *err)
{
	char name[SEGMENT_NAME_MAX];
	int ret = segment_exists(a->wal_fd, a->where, a->number + 1, err);

	if (ret != 0)
		return ret == 1 ? MOVED : ret;
	segment_name(a->number, name);
	if (fstatat(a->wal_fd, name, st, AT_SYMLINK_NOFOLLOW) == 0)
		return st->st_dev == a->dev && st->st_ino == a->ino ? WRITTEN : MOVED;
	return errno == ENOENT ? MOVED : err_sys(err, COUNT_ERR_IO, "%s/%s", a->where, name);
}

/* Learns the salt and number of frames unless we wrote the end ourselves. */
static int look_at_end(struct hot_appender *a, uint64_t size, struct count_error *err)
{
	char name[SEGMENT_NAME_MAX];
	struct segment_end end;
	int ret;

	if (size == a->end)
		return WRITTEN;
	segment_name(a->number, name);
	ret = segment_read_end(a->fd, a->where, name, size, a->boot, &end, err);
	if (ret != COUNT_OK)
		return ret;
	if (!end.good || !end.ours)
		return NEXT;
	a->end = size;
	a->frames = end.frames;
	a->salt = end.salt;
	return WRITTEN;
}

static void random_seed(uint8_t seed[8])
{
	if (getrandom(seed, 8, GRND_NONBLOCK) != 8) {
		/* Early in a boot: the seed is against mix-ups, not against enemies. */
		int64_t now = monotonic_ns();

		put_u64(seed, (uint64_t)now ^ (uint64_t)getpid() << 44);
	}
}

/* One write of the frame, in an empty segment with the header before it. */
static int write_frame(struct hot_appender *a, uint64_t size, struct pending *f,
		       struct count_error *err)
{
	uint8_t header[WALSEG_HEADER], seed[8];
	struct iovec iov[2] = { { .iov_base = header, .iov_len = sizeof(header) },
				{ .iov_base = f->p, .iov_len = f->len } };
	size_t total = f->len + (size == 0 ? sizeof(header) : 0);
	ssize_t n;

	if (size == 0) {
		random_seed(seed);
		walseg_put(header, a->boot, seed);
		a->salt = walseg_salt(seed);
		a->frames = 0;
	}
	seal(f, a->salt);
	walframe_number(f->p, a->frames);
	do
		n = size == 0 ? writev(a->fd, iov, 2) : write(a->fd, f->p, f->len);
	while (n < 0 && errno == EINTR);
	a->end = 0;
	if (n < 0 && errno != EFBIG)
		return err_sys(err, COUNT_ERR_IO, "%s: write", a->where);
	if (n < 0 || (size_t)n != total)
		return SHORT;
	a->end = size + total;
	a->frames++;
	a->written_frames++;
	a->written_bytes += total;
	a->dirty = a->keep;
	return WRITTEN;
}

/* With the flock held. */
static int append_locked(struct hot_appender *a, struct pending *f, struct count_error *err)
{
	struct stat st;
	int ret = look_around(a, &st, err);

	if (ret == WRITTEN && st.st_size > 0)
		ret = look_at_end(a, (uint64_t)st.st_size, err);
	if (ret == WRITTEN)
		ret = write_frame(a, (uint64_t)st.st_size, f, err);
	if (ret == WRITTEN)	/* a flush that began meanwhile may not have seen it */
		ret = look_around(a, &st, err);
	return ret;
}

/* One try at the highest segment. */
static int try_append(struct hot_appender *a, struct pending *f, struct count_error *err)
{
	int ret;

	if (a->fd < 0 && (ret = open_highest(a, err)) != COUNT_OK)
		return ret;
	if (a->end != 0)
		seal(f, a->salt);	/* most likely the right one: the less is done under the lock */
	ret = fs_lock(a->fd, LOCK_WAIT_MS, false);
	if (ret == COUNT_ERR_LOCKED)
		return NEXT;
	if (ret != COUNT_OK)
		return err_sys(err, ret, "%s: flock", a->where);
	ret = append_locked(a, f, err);
	flock(a->fd, LOCK_UN);
	return ret;
}

static int append_frame(struct hot_appender *a, uint8_t *frame, size_t len, struct count_error *err)
{
	struct pending f = { .p = frame, .len = len };
	unsigned cut = 0;

	for (unsigned i = 0; i < MAX_TRIES; i++) {
		int ret = try_append(a, &f, err);

		if (ret == WRITTEN || ret < 0)
			return ret;
		if (ret == SHORT && ++cut == 2) {
			leave_segment(a);
			errno = ENOSPC;		/* what a short write means, though it does not say so */
			return err_sys(err, COUNT_ERR_IO, "%s: cut write", a->where);
		}
		if (ret == MOVED) {
			leave_segment(a);
			continue;
		}
		ret = start_next(a, err);
		if (ret != COUNT_OK)
			return ret;
	}
	return err_set(err, COUNT_ERR_IO, "%s: the log is rotated without end", a->where);
}

/* ---- Batches ---- */

static int append_one(struct hot_appender *a, const struct walframe_series *series, size_t n,
		      struct count_error *err)
{
	size_t start = a->buf.len;
	int ret = walframe_encode(series, n, &a->buf);

	if (ret == COUNT_ERR_NOMEM) {
		a->buf.failed = false;
		return err_nomem(err);
	}
	if (ret != COUNT_OK)
		return err_set(err, ret, "a batch of points out of order, or too large for the log");
	ret = append_frame(a, a->buf.data + start, a->buf.len - start, err);
	if (ret != COUNT_OK || !a->keep) {
		a->buf.len = start;
		if (a->buf.len == 0 && a->buf.cap > BUFFER_KEPT)
			buf_free(&a->buf);
		return ret;
	}
	a->unsynced = a->buf.len;
	if (a->dirty_since_ns == 0)
		a->dirty_since_ns = monotonic_ns();
	return a->unsynced > HOT_KEEP_BYTES ? hot_sync(a, err) : COUNT_OK;
}

int hot_append(struct hot_appender *a, const struct walframe_series *series, size_t n,
	       struct count_error *err)
{
	while (n > 0) {
		size_t bytes = 0, take = 0;
		int ret;

		do
			bytes += walframe_bound(&series[take++]);
		while (take < n && bytes + walframe_bound(&series[take]) <= HOT_FRAME_BYTES);
		ret = append_one(a, series, take, err);
		if (ret != COUNT_OK)
			return ret;
		series += take;
		n -= take;
	}
	return COUNT_OK;
}

/* ---- Syncing ---- */

static bool sync_all(struct hot_appender *a)
{
	bool good = !a->sync_failed;

	for (unsigned i = 0; i < a->nold && good; i++)
		good = a->sync(a->old[i]) == 0;
	return good && (!a->dirty || a->sync(a->fd) == 0);
}

/*
 * A failed fsync is final: the kernel may have dropped the pages and call them clean, so asking
 * again proves nothing.  The frames go to another segment, as if they were new.
 */
static int write_anew(struct hot_appender *a, struct count_error *err)
{
	int ret = COUNT_OK;

	a->dirty = false;
	if (a->number != 0)	/* that it exists by now is fine, that it was flushed already too */
		ret = start_next(a, err);
	close_old(a);
	for (size_t at = 0; at < a->unsynced && ret == COUNT_OK;) {
		size_t len = get_u32(a->buf.data + at + 8);

		ret = append_frame(a, a->buf.data + at, len, err);
		at += len;
	}
	return ret;
}

int hot_sync(struct hot_appender *a, struct count_error *err)
{
	int ret;

	if (a->unsynced == 0)
		return COUNT_OK;
	if (!sync_all(a)) {
		ret = write_anew(a, err);
		if (ret == COUNT_OK && !sync_all(a))
			ret = err_sys(err, COUNT_ERR_IO, "%s: fdatasync", a->where);
		if (ret != COUNT_OK) {
			a->sync_failed = true;	/* the next sync shall not believe it either */
			return ret;
		}
	}
	all_synced(a);
	return COUNT_OK;
}

int64_t hot_dirty_since_ns(const struct hot_appender *a)
{
	return a->dirty_since_ns;
}

void hot_written(const struct hot_appender *a, uint64_t *frames, uint64_t *bytes)
{
	*frames = a->written_frames;
	*bytes = a->written_bytes;
}
