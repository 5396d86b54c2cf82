/*
 * sweep.c - removing what earlier runs left behind in blocks/.
 *
 * Runs under the lock file, with the CURRENT read under it.  Whoever makes a file holds a flock
 * on it until a CURRENT names it, so a file that is unnamed and can be locked belongs to nobody.
 * CURRENT was read before a file may have been named; but naming takes the lock file, which is ours.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/blockname.h"
#include "engine/flush.h"

static int by_number(const void *a, const void *b)
{
	uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;

	return p < q ? -1 : p > q;
}

/* The numbers that CURRENT names, sorted; the caller frees. */
static uint64_t *named(const struct current *cur)
{
	uint64_t *v = calloc(cur->nblocks + 1, sizeof(*v));

	if (v == NULL)
		return NULL;
	for (size_t i = 0; i < cur->nblocks; i++)
		v[i] = cur->blocks[i].number;
	qsort(v, cur->nblocks, sizeof(*v), by_number);
	return v;
}

static void sweep_file(const struct datadir *dir, const struct current *cur, const char *name)
{
	struct count_error why = { 0 };
	int fd;

	if (fs_open_read(dir->blocks_fd, dir->blocks_path, name, &fd, &why) != COUNT_OK) {
		if (why.code != COUNT_ERR_NOTFOUND)
			log_msg(&dir->log, 1, "%s", why.text);
		return;
	}
	if (fs_lock(fd, 0, false) == COUNT_OK) {
		if (datadir_check_alone(dir, cur->generation, &why) != COUNT_OK)
			log_msg(&dir->log, 1, "%s", why.text);
		else if (unlinkat(dir->blocks_fd, name, 0) == 0)
			log_msg(&dir->log, 2, "%s/%s: removed, left by an earlier run",
				dir->blocks_path, name);
		else if (errno != ENOENT)
			log_msg(&dir->log, 1, "%s/%s: cannot remove: %s", dir->blocks_path, name,
				strerror(errno));
	}
	close(fd);
}

static void sweep_dir(const struct datadir *dir, const struct current *cur, DIR *d,
		      const uint64_t *keep)
{
	struct dirent *e;

	while ((e = readdir(d)) != NULL) {
		uint64_t number;
		bool tmp;

		if (!block_parse_name(e->d_name, &number, &tmp))
			continue;
		if (!tmp && bsearch(&number, keep, cur->nblocks, sizeof(*keep), by_number) != NULL)
			continue;
		sweep_file(dir, cur, e->d_name);
	}
}

int sweep(const struct datadir *dir, const struct current *cur, struct count_error *err)
{
	int fd = openat(dir->blocks_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	uint64_t *keep;

	if (d == NULL) {
		int ret = err_sys(err, COUNT_ERR_IO, "%s", dir->blocks_path);

		if (fd >= 0)
			close(fd);
		return ret;
	}
	keep = named(cur);
	if (keep != NULL)
		sweep_dir(dir, cur, d, keep);
	closedir(d);
	free(keep);
	return keep != NULL ? COUNT_OK : err_nomem(err);
}
