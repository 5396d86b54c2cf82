/* segment.c - segments of the log as files; see segment.h. */
#include "hot/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "format/walframe.h"

void segment_name(uint64_t number, char out[SEGMENT_NAME_MAX])
{
	snprintf(out, SEGMENT_NAME_MAX, "%012" PRIu64 ".wal", number);
}

bool segment_parse_name(const char *name, uint64_t *number)
{
	char again[SEGMENT_NAME_MAX];
	uint64_t n = 0;

	for (const char *p = name; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return false;
	segment_name(n, again);
	*number = n;
	/* The last number has no next one; nobody gets there but by planting it. */
	return n != 0 && n != UINT64_MAX && strcmp(name, again) == 0;
}

static int add_number(struct segment_list *l, uint64_t n)
{
	if (l->len == l->cap) {
		size_t cap = l->cap == 0 ? 16 : l->cap * 2;
		uint64_t *v = realloc(l->v, cap * sizeof(*v));

		if (v == NULL)
			return COUNT_ERR_NOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->len++] = n;
	return COUNT_OK;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int segment_list_read(int wal_fd, const char *where, uint64_t first, struct segment_list *l,
		      struct count_error *err)
{
	/* An own open file, since wal_fd's position is shared with whoever uses it. */
	int fd = openat(wal_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = COUNT_OK;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	uint64_t n;

	*l = (struct segment_list){ 0 };
	if (dir == NULL) {
		ret = err_sys(err, COUNT_ERR_IO, "%s", where);
		if (fd >= 0)
			close(fd);
		return ret;
	}
	while (ret == COUNT_OK && (errno = 0, e = readdir(dir)) != NULL)
		if (segment_parse_name(e->d_name, &n) && n >= first)
			ret = add_number(l, n);
	if (ret == COUNT_ERR_NOMEM)
		err_nomem(err);
	else if (errno != 0)
		ret = err_sys(err, COUNT_ERR_IO, "%s", where);
	closedir(dir);
	if (ret != COUNT_OK)
		segment_list_free(l);
	else if (l->len > 1)
		qsort(l->v, l->len, sizeof(*l->v), by_number);
	return ret;
}

void segment_list_free(struct segment_list *l)
{
	free(l->v);
	*l = (struct segment_list){ 0 };
}

int segment_exists(int wal_fd, const char *where, uint64_t number, struct count_error *err)
{
	char name[SEGMENT_NAME_MAX];

	segment_name(number, name);
	if (faccessat(wal_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	if (errno == ENOENT)
		return 0;
	return err_sys(err, COUNT_ERR_IO, "%s/%s", where, name);
}

int segment_create(int wal_fd, const char *where, uint64_t number, struct count_error *err)
{
	char name[SEGMENT_NAME_MAX];
	int fd;

	segment_name(number, name);
	fd = openat(wal_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno != EEXIST)
		return err_sys(err, COUNT_ERR_IO, "%s/%s", where, name);
	if (fd >= 0)
		close(fd);
	return COUNT_OK;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void segment_boot_id(uint8_t id[16])
{
	char text[64];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text));
	unsigned digits = 0;

	memset(id, 0, 16);
	for (ssize_t i = 0; i < len && digits < 32; i++) {
		int d = hex_digit(text[i]);

		if (d >= 0) {
			id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | d);
			digits++;
		}
	}
	if (digits != 32)
		memset(id, 0, 16);
	if (fd >= 0)
		close(fd);
}

/* All of [at, at + len), or false with errno (0: the file is shorter). */
static bool read_at(int fd, uint8_t *p, size_t len, uint64_t at)
{
	while (len > 0) {
		ssize_t n = pread(fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? 0 : errno;
			return false;
		}
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

/* A frame whose trailer ends the file.  False with errno set to 0: there is none. */
static bool read_last_frame(int fd, uint64_t size, const uint32_t *salt, struct walframe *f)
{
	uint8_t tail[512], head[WALFRAME_HEADER];
	size_t have = size - WALSEG_HEADER < sizeof(tail) ? (size_t)(size - WALSEG_HEADER) : sizeof(tail);
	const uint8_t *p = head;
	uint32_t len;

	errno = 0;
	if (have < WALFRAME_MIN || !read_at(fd, tail, have, size - have))
		return false;
	len = get_u32(tail + have - WALFRAME_TRAILER);
	errno = 0;
	if (len < WALFRAME_MIN || len > size - WALSEG_HEADER)
		return false;
	if (len <= have)
		p = tail + have - len;
	else if (!read_at(fd, head, sizeof(head), size - len))
		return false;
	errno = 0;
	return walframe_get(p, salt, f) == COUNT_OK && f->len == len;
}

int segment_read_end(int fd, const char *where, const char *name, uint64_t size,
		     const uint8_t boot[16], struct segment_end *end, struct count_error *err)
{
	uint8_t head[WALSEG_HEADER];
	struct walseg s;
	struct walframe f;
	int ret;

	*end = (struct segment_end){ .good = size == 0 };
	if (size < WALSEG_HEADER)
		return COUNT_OK;
	if (!read_at(fd, head, sizeof(head), 0))
		return err_sys(err, COUNT_ERR_IO, "%s/%s", where, name);
	ret = walseg_get(head, &s);
	if (ret == COUNT_ERR_VERSION)
		return err_set(err, ret, "%s/%s: written by a newer version", where, name);
	if (ret != COUNT_OK)
		return COUNT_OK;
	end->ours = memcmp(s.boot, boot, sizeof(s.boot)) == 0;
	end->salt = s.salt;
	if (read_last_frame(fd, size, &s.salt, &f)) {
		end->good = true;
		end->frames = f.number + 1;
	} else if (errno != 0) {
		return err_sys(err, COUNT_ERR_IO, "%s/%s", where, name);
	}
	return COUNT_OK;
}
