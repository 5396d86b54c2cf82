/* fs.c - files below an open directory; see fs.h. */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

static int failed(struct count_error *err, const char *where, const char *name)
{
	int code = errno == ENOENT ? COUNT_ERR_NOTFOUND : COUNT_ERR_IO;

	return err_sys(err, code, "%s/%s", where, name);
}

static int open_sized(int dirfd, const char *where, const char *name, int *fd, size_t *size, struct count_error *err)
{
	/* O_NONBLOCK: a fifo planted under our name must not hang us; regular files ignore it. */
	int f = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (f < 0)
		return failed(err, where, name);
	if (fstat(f, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(f);
		return err_set(err, COUNT_ERR_IO, "%s/%s: not a regular file", where, name);
	}
	*fd = f;
	*size = (size_t)st.st_size;
	return COUNT_OK;
}

int fs_open_read(int dirfd, const char *where, const char *name, int *fd, struct count_error *err)
{
	size_t size;

	return open_sized(dirfd, where, name, fd, &size, err);
}

static int read_up_to(int fd, size_t max, struct buf *out)
{
	size_t start = out->len;

	for (;;) {
		ssize_t n;

		if (!buf_reserve(out, 4096))
			return COUNT_ERR_NOMEM;
		n = read(fd, out->data + out->len, out->cap - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return COUNT_ERR_IO;
		if (n == 0)
			return COUNT_OK;
		out->len += (size_t)n;
		if (out->len - start > max)
			return COUNT_ERR_CORRUPT;
	}
}

int fs_read_small(int dirfd, const char *where, const char *name, size_t max, struct buf *out,
		  struct count_error *err)
{
	int fd, ret = fs_open_read(dirfd, where, name, &fd, err);

	if (ret != COUNT_OK)
		return ret;
	ret = read_up_to(fd, max, out);
	if (ret == COUNT_ERR_IO)
		ret = failed(err, where, name);
	else if (ret == COUNT_ERR_CORRUPT)
		err_set(err, ret, "%s/%s: longer than %zu bytes", where, name, max);
	else if (ret == COUNT_ERR_NOMEM)
		err_nomem(err);
	close(fd);
	return ret;
}

int fs_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int fs_sync_dir(int dirfd, const char *where, struct count_error *err)
{
	if (fsync(dirfd) != 0)
		return err_sys(err, COUNT_ERR_IO, "%s: fsync", where);
	return COUNT_OK;
}

int fs_replace(int dirfd, const char *where, const char *name, const void *data, size_t len,
	       struct count_error *err)
{
	char tmp[256];
	int fd, ret = COUNT_OK;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.tmp", name) >= sizeof(tmp))
		return err_set(err, COUNT_ERR_INVALID, "%s: name too long", name);
	/* What an earlier crash left under this name is of no use; replacing runs under a lock. */
	if (unlinkat(dirfd, tmp, 0) != 0 && errno != ENOENT)
		return failed(err, where, tmp);
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed(err, where, tmp);
	if (fs_write_all(fd, data, len) != 0 || fsync(fd) != 0)
		ret = failed(err, where, tmp);
	if (close(fd) != 0 && ret == COUNT_OK)
		ret = failed(err, where, tmp);
	if (ret == COUNT_OK && renameat(dirfd, tmp, dirfd, name) != 0)
		ret = failed(err, where, name);
	if (ret != COUNT_OK) {
		unlinkat(dirfd, tmp, 0);
		return ret;
	}
	return fs_sync_dir(dirfd, where, err);
}

static int map_sized(int fd, size_t size, const char *where, const char *name, struct fs_map *map,
		     struct count_error *err)
{
	void *p;

	*map = (struct fs_map){ 0 };
	if (size == 0)
		return COUNT_OK;
	p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return failed(err, where, name);
	*map = (struct fs_map){ .data = p, .len = size };
	return COUNT_OK;
}

int fs_map_fd(int fd, const char *where, const char *name, struct fs_map *map, struct count_error *err)
{
	struct stat st;

	*map = (struct fs_map){ 0 };
	if (fstat(fd, &st) != 0)
		return failed(err, where, name);
	return map_sized(fd, (size_t)st.st_size, where, name, map, err);
}

/* False, and all as before, where that does not work: mapping it shall say why. */
static bool read_whole(int fd, size_t size, struct fs_map *map)
{
	uint8_t *p = malloc(size);

	if (p == NULL || pread(fd, p, size, 0) != (ssize_t)size) {
		free(p);
		return false;
	}
	*map = (struct fs_map){ .data = p, .len = size, .read = true };
	return true;
}

int fs_open_map(int dirfd, const char *where, const char *name, struct fs_map *map, struct count_error *err)
{
	size_t size;
	int fd, ret = open_sized(dirfd, where, name, &fd, &size, err);

	if (ret != COUNT_OK)
		return ret;
	if (size == 0 || size > FS_READ_MAX || !read_whole(fd, size, map))
		ret = map_sized(fd, size, where, name, map, err);
	close(fd);
	return ret;
}

void fs_let_go(const uint8_t *data, size_t len)
{
	if (len > FS_READ_MAX)		/* what is not more may be memory of ours */
		madvise((void *)data, len, MADV_DONTNEED);
}

void fs_unmap(struct fs_map *map)
{
	if (map->read)
		free((void *)map->data);
	else if (map->data != NULL)
		munmap((void *)map->data, map->len);
	*map = (struct fs_map){ 0 };
}

static int64_t monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int fs_lock(int fd, int wait_ms, bool shared)
{
	int64_t end = monotonic_ms() + wait_ms;
	int op = shared ? LOCK_SH : LOCK_EX;
	long pause_ns = 50 * 1000;	/* doubles up to 5 ms: short holds cost little, long ones no CPU */

	if (wait_ms < 0) {
		while (flock(fd, op) != 0)
			if (errno != EINTR)
				return COUNT_ERR_IO;
		return COUNT_OK;
	}
	while (flock(fd, op | LOCK_NB) != 0) {
		struct timespec ts = { .tv_nsec = pause_ns };

		if (errno != EWOULDBLOCK && errno != EINTR)
			return COUNT_ERR_IO;
		if (monotonic_ms() >= end)
			return COUNT_ERR_LOCKED;
		nanosleep(&ts, NULL);
		if (pause_ns < 5 * 1000 * 1000)
			pause_ns *= 2;
	}
	return COUNT_OK;
}
