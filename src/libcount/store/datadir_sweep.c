/*
 * datadir_sweep.c - removing what earlier runs left behind; see datadir.h.
 *
 * Whoever makes a file holds a flock on it until a CURRENT names it, so a file that is unnamed and can be locked
 * belongs to nobody.  CURRENT was read before a file may have been named; but naming takes the lock file, which is
 * the caller's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fs.h"
#include "store/datadir.h"

static void sweep_file(const struct datadir *d, int dirfd, const char *path, uint64_t generation, const char *name)
{
	struct count_error why = { 0 };
	int fd;

	if (fs_open_read(dirfd, path, name, &fd, &why) != COUNT_OK) {
		if (why.code != COUNT_ERR_NOTFOUND)
			log_msg(&d->log, 1, "%s", why.text);
		return;
	}
	if (fs_lock(fd, 0, false) == COUNT_OK) {
		if (datadir_check_alone(d, generation, &why) != COUNT_OK)
			log_msg(&d->log, 1, "%s", why.text);
		else if (unlinkat(dirfd, name, 0) == 0)
			log_msg(&d->log, 2, "%s/%s: removed, left by an earlier run", path, name);
		else if (errno != ENOENT)
			log_msg(&d->log, 1, "%s/%s: cannot remove: %s", path, name, strerror(errno));
	}
	close(fd);
}

int datadir_sweep(const struct datadir *d, int dirfd, const char *path, uint64_t generation, datadir_unnamed *unnamed,
		  const void *arg, struct count_error *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (dir == NULL) {
		int ret = err_sys(err, COUNT_ERR_IO, "%s", path);

		if (fd >= 0)
			close(fd);
		return ret;
	}
	while ((e = readdir(dir)) != NULL)
		if (unnamed(arg, e->d_name))
			sweep_file(d, dirfd, path, generation, e->d_name);
	closedir(dir);
	return COUNT_OK;
}
