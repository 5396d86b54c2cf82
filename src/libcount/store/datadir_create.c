/*
 * datadir_create.c - making a data directory; see datadir_create.h.
 *
 * Any number of processes may do it at once, and each may die anywhere.  All but the mkdir of the
 * directory itself happens under its lock file, and FORMAT comes last: with FORMAT all the rest is there
 * and durable, without it nothing was ever stored, and the next writer does all the steps again.
 */
#include "store/datadir_create.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fs.h"

#define CREATE_WAIT_MS 10000	/* others that create it at this moment need some fsyncs */
#define MAX_DEPTH 64		/* of ancestors to sync */

/* ---- mkdir -p ---- */

static int make_one(const char *path, mode_t mode, struct count_error *err)
{
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return COUNT_OK;
	return err_sys(err, COUNT_ERR_IO, "cannot make the directory %s", path);
}

int datadir_make_top(const char *path, struct count_error *err)
{
	char *part = strdup(path);
	size_t len = strlen(path);
	int ret = COUNT_OK;

	if (part == NULL)
		return err_nomem(err);
	while (len > 1 && part[len - 1] == '/')
		part[--len] = '\0';
	/* Not 0777: in a parent that others may write to, they could move ours away. */
	for (size_t i = 1; i < len && ret == COUNT_OK; i++) {
		if (part[i] != '/' || part[i - 1] == '/')
			continue;
		part[i] = '\0';
		if (access(part, F_OK) != 0)
			ret = make_one(part, 0755, err);
		part[i] = '/';
	}
	if (ret == COUNT_OK)
		ret = make_one(part, 0700, err);
	free(part);
	return ret;
}

/* ---- Completing it, under the lock ---- */

/*
 * Makes the directory's own name durable.  Which of its ancestors are new, and made by whom, nobody
 * knows here, so all are synced up to the mount point; a clean one costs next to nothing.  One that
 * we may enter but not read is not ours and cannot be new.
 */
static int sync_ancestors(const struct datadir *d, struct count_error *err)
{
	int fd = d->fd, up, ret = COUNT_OK;
	struct stat below, st;

	if (fstat(fd, &below) != 0)
		return err_sys(err, COUNT_ERR_IO, "%s", d->path);
	for (int depth = 0; ret == COUNT_OK && depth < MAX_DEPTH; depth++) {
		up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd != d->fd)
			close(fd);
		fd = up;
		if (fd < 0 && errno != EACCES)
			ret = err_sys(err, COUNT_ERR_IO, "%s: a parent directory", d->path);
		if (fd < 0 || fstat(fd, &st) != 0 || st.st_dev != below.st_dev ||
		    st.st_ino == below.st_ino)
			break;
		if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
			ret = err_sys(err, COUNT_ERR_IO, "%s: fsync of a parent directory", d->path);
		below = st;
	}
	if (fd >= 0 && fd != d->fd)
		close(fd);
	return ret;
}

static int make_sub(const struct datadir *d, const char *name, struct count_error *err)
{
	int fd, ret = COUNT_OK;

	if (mkdirat(d->fd, name, 0700) != 0 && errno != EEXIST)
		return err_sys(err, COUNT_ERR_IO, "%s/%s", d->path, name);
	fd = openat(d->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		ret = err_sys(err, COUNT_ERR_IO, "%s/%s", d->path, name);
	if (fd >= 0)
		close(fd);
	return ret;
}

/* Whether a file of ours stands in the subdirectory; one that cannot be listed counts as empty here
 * and fails where it is opened. */
static bool sub_has_files(const struct datadir *d, const char *name, const char *suffix)
{
	int fd = openat(d->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	size_t n = strlen(suffix);
	struct dirent *e;
	bool found = false;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && (e = readdir(dir)) != NULL) {
		size_t len = strlen(e->d_name);

		found = len > n && strcmp(e->d_name + len - n, suffix) == 0;
	}
	closedir(dir);
	return found;
}

/* Data without FORMAT is no unfinished directory but one that lost it: a new FORMAT, perhaps of
 * another unit, and a new CURRENT would bury the data. */
static int check_empty(const struct datadir *d, struct count_error *err)
{
	if (sub_has_files(d, "wal", ".wal") || sub_has_files(d, "blocks", ".blk"))
		return err_set(err, COUNT_ERR_CORRUPT,
			       "%s/FORMAT: missing, but there is data: restore it from a backup", d->path);
	return COUNT_OK;
}

int datadir_unfinished(const struct datadir *d, struct count_error *err)
{
	int ret = check_empty(d, err);

	if (ret != COUNT_OK)
		return ret;
	return err_set(err, COUNT_ERR_NOTFOUND,
		       "no data directory at %s: it holds no FORMAT (never made, or not to its end)",
		       d->path);
}

static int random_id(uint8_t id[16], struct count_error *err)
{
	size_t have = 0;

	while (have < 16) {
		ssize_t n = getrandom(id + have, 16 - have, 0);

		if (n < 0 && errno != EINTR)
			return err_sys(err, COUNT_ERR_IO, "getrandom");
		if (n > 0)
			have += (size_t)n;
	}
	return COUNT_OK;
}

static int write_current(const struct datadir *d, struct count_error *err)
{
	struct current c;
	int ret;

	current_init(&c);
	ret = datadir_publish(d, &c, err);
	current_free(&c);
	return ret;
}

static int write_format(struct datadir *d, enum count_unit unit, struct count_error *err)
{
	struct format_file f = { .unit = unit };
	struct buf text = { 0 };
	int ret = random_id(f.id, err);

	if (ret == COUNT_OK && format_file_print(&f, &text) != COUNT_OK)
		ret = err_nomem(err);
	if (ret == COUNT_OK)
		ret = fs_replace(d->fd, d->path, "FORMAT", text.data, text.len, err);
	buf_free(&text);
	if (ret == COUNT_OK)
		d->format = f;
	return ret;
}

static int complete_locked(struct datadir *d, enum count_unit unit, struct count_error *err)
{
	int ret = datadir_read_format(d, err);

	if (ret != COUNT_ERR_NOTFOUND)
		return ret;		/* another was faster, or it is damaged */
	ret = check_empty(d, err);
	if (ret == COUNT_OK)
		ret = make_sub(d, "wal", err);
	if (ret == COUNT_OK)
		ret = make_sub(d, "blocks", err);
	if (ret == COUNT_OK)
		ret = sync_ancestors(d, err);
	if (ret == COUNT_OK)
		ret = write_current(d, err);	/* syncs the directory, lock and all */
	if (ret == COUNT_OK)
		ret = write_format(d, unit, err);
	if (ret == COUNT_OK)
		d->created = true;
	return ret;
}

int datadir_complete(struct datadir *d, enum count_unit unit, struct count_error *err)
{
	int lock, ret = datadir_lock(d, CREATE_WAIT_MS, &lock, err);

	if (ret != COUNT_OK)
		return ret;
	ret = complete_locked(d, unit, err);
	close(lock);
	return ret;
}
