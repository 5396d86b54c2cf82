/*
 * index_sweep.c - names of the files of the cold index, and removing what earlier runs left of them.
 *
 * Runs under `lock`, with the CURRENT read under it.  Whoever makes a file holds a flock on it until a CURRENT names
 * it, so one that is unnamed and can be locked belongs to nobody.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cold/index_impl.h"

#define PREFIX "cold-"

void index_name(uint64_t number, bool tmp, char out[INDEX_NAME_MAX])
{
	snprintf(out, INDEX_NAME_MAX, PREFIX "%012" PRIu64 "%s", number, tmp ? ".tmp" : ".idx");
}

bool index_parse_name(const char *name, uint64_t *number, bool *tmp)
{
	size_t n = strlen(PREFIX);
	char want[INDEX_NAME_MAX], *end;

	if (strncmp(name, PREFIX, n) != 0 || name[n] < '0' || name[n] > '9')
		return false;
	errno = 0;
	*number = strtoull(name + n, &end, 10);
	if (errno != 0)
		return false;
	*tmp = strcmp(end, ".tmp") == 0;
	index_name(*number, *tmp, want);
	return strcmp(name, want) == 0;
}

static void sweep_file(const struct datadir *dir, const struct current *cur, const char *name)
{
	struct count_error why = { 0 };
	int fd;

	if (fs_open_read(dir->fd, dir->path, name, &fd, &why) != COUNT_OK) {
		if (why.code != COUNT_ERR_NOTFOUND)
			log_msg(&dir->log, 1, "%s", why.text);
		return;
	}
	if (fs_lock(fd, 0, false) == COUNT_OK) {
		if (datadir_check_alone(dir, cur->generation, &why) != COUNT_OK)
			log_msg(&dir->log, 1, "%s", why.text);
		else if (unlinkat(dir->fd, name, 0) == 0)
			log_msg(&dir->log, 2, "%s/%s: removed, left by an earlier run", dir->path, name);
		else if (errno != ENOENT)
			log_msg(&dir->log, 1, "%s/%s: cannot remove: %s", dir->path, name, strerror(errno));
	}
	close(fd);
}

static bool is_named(const struct current *cur, uint64_t number)
{
	for (size_t i = 0; i < cur->ncold; i++)
		if (cur->cold[i] == number)
			return true;
	return false;
}

int cold_index_sweep(const struct datadir *dir, const struct current *cur, struct count_error *err)
{
	int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (d == NULL) {
		int ret = err_sys(err, COUNT_ERR_IO, "%s", dir->path);

		if (fd >= 0)
			close(fd);
		return ret;
	}
	while ((e = readdir(d)) != NULL) {
		uint64_t number;
		bool tmp;

		if (index_parse_name(e->d_name, &number, &tmp) && (tmp || !is_named(cur, number)))
			sweep_file(dir, cur, e->d_name);
	}
	closedir(d);
	return COUNT_OK;
}
