/*
 * cache_evict.c - keeping the cache below CACHE_SIZE; see cache.h.
 *
 * The folder is counted at the first store of a process and again after a sixteenth of the limit, since others
 * write too.  When it is full a tenth goes at once, so that a full cache is not sorted for each object.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cold/cache_impl.h"

#define STALE_S 3600		/* a temporary file older than this has no writer any more */

struct entry {
	char name[CACHE_NAME_LEN + 1];
	struct timespec used;
	uint64_t size;
};

struct listing {
	struct entry *v;
	size_t n, cap;
	uint64_t bytes;
};

/* Only files with our names are ours to count and to remove. */
static bool is_entry(const char *name)
{
	return strlen(name) == CACHE_NAME_LEN && strspn(name, "0123456789abcdef") == CACHE_NAME_LEN;
}

static bool add(struct listing *l, const char *name, const struct stat *st)
{
	if (l->n == l->cap) {
		size_t cap = l->cap * 2 + 64;
		struct entry *v = reallocarray(l->v, cap, sizeof(*v));

		if (v == NULL)
			return false;
		l->v = v;
		l->cap = cap;
	}
	memcpy(l->v[l->n].name, name, CACHE_NAME_LEN + 1);
	l->v[l->n].used = st->st_mtim;
	l->v[l->n++].size = (uint64_t)st->st_size;
	l->bytes += (uint64_t)st->st_size;
	return true;
}

static void sweep_temporary(struct cold_cache *c, const char *name)
{
	struct timespec now;
	struct stat st;

	clock_gettime(CLOCK_REALTIME, &now);
	if (strncmp(name, CACHE_TMP_PREFIX, strlen(CACHE_TMP_PREFIX)) == 0 &&
	    fstatat(c->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtim.tv_sec < now.tv_sec - STALE_S)
		unlinkat(c->fd, name, 0);
}

static bool list(struct cold_cache *c, struct listing *l)
{
	int fd = openat(c->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	bool good = d != NULL;
	struct dirent *e;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (good && (e = readdir(d)) != NULL) {
		struct stat st;

		if (!is_entry(e->d_name))
			sweep_temporary(c, e->d_name);
		else if (fstatat(c->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			good = add(l, e->d_name, &st);
	}
	closedir(d);
	return good;
}

static int by_use(const void *a, const void *b)
{
	const struct entry *p = a, *q = b;

	if (p->used.tv_sec != q->used.tv_sec)
		return p->used.tv_sec < q->used.tv_sec ? -1 : 1;
	return (p->used.tv_nsec > q->used.tv_nsec) - (p->used.tv_nsec < q->used.tv_nsec);
}

void cache_make_room(struct cold_cache *c, uint64_t more)
{
	struct listing l = { 0 };
	uint64_t aim = c->max - c->max / 10;

	if (c->counted && c->written < c->max / 16 && c->used + more <= c->max)
		return;
	if (list(c, &l)) {
		c->used = l.bytes;
		c->written = 0;
		c->counted = true;
		if (c->used + more > c->max) {
			qsort(l.v, l.n, sizeof(*l.v), by_use);
			for (size_t i = 0; i < l.n && c->used > 0 && c->used + more > aim; i++)
				if (unlinkat(c->fd, l.v[i].name, 0) == 0 || errno == ENOENT)
					c->used -= l.v[i].size;
		}
	}
	free(l.v);
}
