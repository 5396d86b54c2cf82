/*
 * datadir.c - opening a data directory, its lock file, CURRENT; see datadir.h.
 *
 * Making a directory is datadir_create.c.
 */
#include "store/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fs.h"
#include "store/datadir_create.h"

#define FORMAT_MAX_BYTES 4096

void log_msg(const struct log_to *log, int level, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (log->fn == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log->fn(log->arg, level, text);
}

/* What a parser said, with the file in front. */
static int name_file(struct count_error *err, const struct count_error *why, const char *path,
		     const char *name)
{
	return err_set(err, why->code, "%s/%s: %s", path, name, why->text);
}

/* ---- The directory itself ---- */

/*
 * Whoever owns a directory decides what is in it, so that of another user is refused: a program run
 * by root would otherwise write files where that user can replace them.
 */
static int check_owner(const struct datadir *d, struct count_error *err)
{
	struct stat st;

	if (fstat(d->fd, &st) != 0)
		return err_sys(err, COUNT_ERR_IO, "%s", d->path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, COUNT_ERR_IO,
			       "%s: belongs to user %u, not to us (%u): run this as that user",
			       d->path, (unsigned)st.st_uid, (unsigned)geteuid());
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		log_msg(&d->log, 1, "%s: others may write to it (mode %04o); chmod 700 it", d->path,
			(unsigned)(st.st_mode & 07777));
	return COUNT_OK;
}

static int open_top(struct datadir *d, const char *path, bool create, struct count_error *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, ret;

	if (path == NULL || path[0] == '\0')
		return err_set(err, COUNT_ERR_INVALID, "the name of the data directory is empty");
	d->path = strdup(path);
	if (d->path == NULL || asprintf(&d->wal_path, "%s/wal", path) < 0 ||
	    asprintf(&d->blocks_path, "%s/blocks", path) < 0)
		return err_nomem(err);
	d->fd = open(path, flags);
	if (d->fd < 0 && errno == ENOENT && create) {
		ret = datadir_make_top(path, err);
		if (ret != COUNT_OK)
			return ret;
		d->fd = open(path, flags);
		if (d->fd < 0)
			return err_sys(err, COUNT_ERR_IO, "cannot open the new directory %s", path);
	}
	if (d->fd < 0 && errno == ENOENT)
		return err_set(err, COUNT_ERR_NOTFOUND, "no data directory at %s", path);
	if (d->fd < 0)
		return err_sys(err, COUNT_ERR_IO, "%s", path);
	return check_owner(d, err);
}

static int open_sub(const struct datadir *d, const char *name, int *fd, struct count_error *err)
{
	*fd = openat(d->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd >= 0)
		return COUNT_OK;
	if (errno == ENOENT)
		return err_set(err, COUNT_ERR_CORRUPT,
			       "%s/%s: missing, though %s/FORMAT is there: restore it from a backup",
			       d->path, name, d->path);
	return err_sys(err, COUNT_ERR_IO, "%s/%s", d->path, name);
}

int datadir_read_format(struct datadir *d, struct count_error *err)
{
	struct count_error why = { 0 };
	struct buf text = { 0 };
	int ret = fs_read_small(d->fd, d->path, "FORMAT", FORMAT_MAX_BYTES, &text, &why);

	if (ret == COUNT_OK) {
		ret = format_file_parse((const char *)text.data, text.len, &d->format, &why);
		if (ret != COUNT_OK)
			name_file(err, &why, d->path, "FORMAT");
	} else if (ret != COUNT_ERR_NOTFOUND && err != NULL && err->code == COUNT_OK) {
		*err = why;
	}
	buf_free(&text);
	return ret;
}

static int open_format(struct datadir *d, bool create, enum count_unit unit, bool insist_unit,
		       struct count_error *err)
{
	int ret = datadir_read_format(d, err);

	if (ret == COUNT_ERR_NOTFOUND && create)
		ret = datadir_complete(d, unit, err);
	else if (ret == COUNT_ERR_NOTFOUND)
		ret = datadir_unfinished(d, err);
	if (ret == COUNT_OK && insist_unit && d->format.unit != unit)
		ret = err_set(err, COUNT_ERR_INVALID,
			      "%s: its time unit is %s, not %s; a unit is chosen once, when a directory is made",
			      d->path, format_unit_name(d->format.unit), format_unit_name(unit));
	return ret;
}

int datadir_open(const char *path, bool create, enum count_unit unit, bool insist_unit,
		 struct datadir *d, struct count_error *err)
{
	int ret;

	*d = (struct datadir){ .fd = -1, .wal_fd = -1, .blocks_fd = -1, .log = d->log };
	ret = open_top(d, path, create, err);
	if (ret == COUNT_OK)
		ret = open_format(d, create, unit, insist_unit, err);
	if (ret == COUNT_OK)
		ret = open_sub(d, "wal", &d->wal_fd, err);
	if (ret == COUNT_OK)
		ret = open_sub(d, "blocks", &d->blocks_fd, err);
	if (ret != COUNT_OK)
		datadir_close(d);
	return ret;
}

void datadir_close(struct datadir *d)
{
	int *fds[] = { &d->fd, &d->wal_fd, &d->blocks_fd };

	for (size_t i = 0; i < 3; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	free(d->path);
	free(d->wal_path);
	free(d->blocks_path);
	d->path = d->wal_path = d->blocks_path = NULL;
}

/* ---- Lock and CURRENT ---- */

/* Nobody unlinks these files, so the one that we lock is the one that others see. */
static int lock_file(const struct datadir *d, const char *name, const char *who, int wait_ms, int *fd,
		     struct count_error *err)
{
	int f = openat(d->fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat st;
	int ret;

	if (f < 0)
		return err_sys(err, COUNT_ERR_IO, "%s/%s", d->path, name);
	if (fstat(f, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(f);
		return err_set(err, COUNT_ERR_IO, "%s/%s: not a regular file", d->path, name);
	}
	ret = fs_lock(f, wait_ms, false);
	if (ret == COUNT_OK) {
		*fd = f;
		return COUNT_OK;
	}
	if (ret == COUNT_ERR_LOCKED)
		err_set(err, ret, "%s/%s: another run that %s holds it", d->path, name, who);
	else
		err_sys(err, ret, "%s/%s", d->path, name);
	close(f);
	return ret;
}

int datadir_lock(const struct datadir *d, int wait_ms, int *fd, struct count_error *err)
{
	return lock_file(d, "lock", "writes here", wait_ms, fd, err);
}

int datadir_lock_archive(const struct datadir *d, int *fd, struct count_error *err)
{
	return lock_file(d, "archive.lock", "archives from here", 0, fd, err);
}

int datadir_read_current(const struct datadir *d, struct current *c, struct count_error *err)
{
	struct count_error why = { 0 };
	struct buf text = { 0 };
	int ret = fs_read_small(d->fd, d->path, "CURRENT", CURRENT_MAX_BYTES, &text, &why);

	if (ret == COUNT_ERR_NOTFOUND)
		ret = err_set(err, COUNT_ERR_CORRUPT,
			      "%s/CURRENT: missing, though %s/FORMAT is there: restore it from a backup",
			      d->path, d->path);
	else if (ret != COUNT_OK)
		err_set(err, ret, "%s", why.text);
	else if ((ret = current_parse((const char *)text.data, text.len, c, &why)) != COUNT_OK)
		name_file(err, &why, d->path, "CURRENT");
	buf_free(&text);
	return ret;
}

int datadir_check_alone(const struct datadir *d, uint64_t generation, struct count_error *err)
{
	struct current now;
	bool same;
	int ret = datadir_read_current(d, &now, err);

	if (ret != COUNT_OK)
		return ret;
	same = now.generation == generation;
	current_free(&now);
	return same ? COUNT_OK :
	       err_set(err, COUNT_ERR_LOCKED, "%s/CURRENT: another run changed it in spite of our lock: "
		       "was %s/lock removed?", d->path, d->path);
}

int datadir_publish(const struct datadir *d, struct current *c, struct count_error *err)
{
	struct buf text = { 0 };
	int ret;

	c->generation++;
	ret = current_print(c, &text);
	if (ret != COUNT_OK)
		err_nomem(err);
	else if (text.len > CURRENT_MAX_BYTES)
		ret = err_set(err, COUNT_ERR_IO, "%s/CURRENT: would be longer than %u bytes", d->path,
			      CURRENT_MAX_BYTES);
	else
		ret = fs_replace(d->fd, d->path, "CURRENT", text.data, text.len, err);
	if (ret != COUNT_OK)
		c->generation--;
	buf_free(&text);
	return ret;
}
