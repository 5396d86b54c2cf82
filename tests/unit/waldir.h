/* waldir.h - for the tests of the log: a fresh directory that serves as wal/, and frames for it. */
#ifndef COUNT_TESTS_WALDIR_H
#define COUNT_TESTS_WALDIR_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hot/append.h"
#include "hot/log.h"
#include "hot/segment.h"

struct waldir { char path[64]; int fd; };

static inline void waldir_make(struct waldir *d)
{
	strcpy(d->path, "waldir.XXXXXX");	/* in the build directory, where the tests run */
	assert_non_null(mkdtemp(d->path));
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(d->fd >= 0);
}

static inline void waldir_empty(struct waldir *d)
{
	uint64_t n;

	assert_int_equal(hot_remove_below(d->fd, d->path, UINT64_MAX, &n, NULL), COUNT_OK);
}

static inline void waldir_remove(struct waldir *d)
{
	waldir_empty(d);
	close(d->fd);
	assert_int_equal(rmdir(d->path), 0);
}

static inline struct walframe_series one_series(const char *name, const int64_t *t, const double *v,
						uint32_t n)
{
	return (struct walframe_series){ .name = name, .name_len = (uint32_t)strlen(name), .n = n,
					 .hash = hot_hash(name, strlen(name)), .times = t, .values = v };
}

static inline int append_point(struct hot_appender *a, const char *name, int64_t t, double v)
{
	struct walframe_series s = one_series(name, &t, &v, 1);

	return hot_append(a, &s, 1, NULL);
}

/* Replaces a segment by these bytes. */
static inline void waldir_put(struct waldir *d, uint64_t number, const void *p, size_t len)
{
	char name[SEGMENT_NAME_MAX];
	int fd;

	segment_name(number, name);
	fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, p, len), 0);
	close(fd);
}

static inline void waldir_get(struct waldir *d, uint64_t number, struct buf *b)
{
	char name[SEGMENT_NAME_MAX];

	segment_name(number, name);
	b->len = 0;
	assert_int_equal(fs_read_small(d->fd, d->path, name, SIZE_MAX / 2, b, NULL), COUNT_OK);
}

#endif
