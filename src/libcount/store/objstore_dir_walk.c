/* objstore_dir_walk.c - descend to a key's directory, read and hash a file; see objstore_dir_impl.h. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/objstore_dir_impl.h"

enum objstore_result dirstore_errno(struct dirstore *d, struct objstore_req *req, const char *what)
{
	switch (errno) {
	case ENOENT:
		return objstore_fail(&d->base, req, OBJSTORE_NOT_FOUND, false, "no such object");
	case EACCES: case EPERM: case EROFS:
		return objstore_fail(&d->base, req, OBJSTORE_DENIED, true, "%s", what);
	case ELOOP:
		return objstore_fail(&d->base, req, OBJSTORE_DENIED, false,
				     "a symbolic link stands in the bucket: remove it");
	case ENAMETOOLONG: case EILSEQ: case EINVAL:
		return objstore_fail(&d->base, req, OBJSTORE_INVALID, true,
				     "%s: the file system cannot hold this key", what);
	case ENOMEM:
		return OBJSTORE_NOMEM;
	case ESTALE:		/* NFS: replaced on another host while we looked */
		return objstore_fail(&d->base, req, OBJSTORE_CONFLICT, true, "%s", what);
	default:
		return objstore_fail(&d->base, req, OBJSTORE_FAILED, true, "%s", what);
	}
}

/* A part that should be a directory is not: an object where keys should lie below, or a symbolic link. */
static enum objstore_result not_a_directory(struct dirstore *d, struct objstore_req *req, int dirfd,
					    const char *name, bool create)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		errno = ELOOP;
	else if (create)
		return objstore_fail(&d->base, req, OBJSTORE_INVALID, false,
				     "a directory cannot hold it beside the object named by its part up to %s",
				     name);
	else
		errno = ENOENT;
	return dirstore_errno(d, req, "open");
}

/* One step down.  Retried when somebody removes the directory between mkdir and open. */
int dirstore_step(int dirfd, const char *name, bool create)
{
	for (int tries = 0; tries < 100; tries++) {
		int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0 || errno != ENOENT || !create)
			return fd;
		if (mkdirat(dirfd, name, 0700) != 0 && errno != EEXIST)
			return -1;	/* ENOENT: dirfd itself was removed */
	}
	return -1;
}

enum objstore_result dirwalk_open(struct dirstore *d, struct objstore_req *req,
				  const struct objpath *path, enum dirwalk_mode mode, struct dirwalk *w)
{
	bool create = mode == DIRWALK_MAKE;

	w->n = 1;
	w->fd[0] = d->fd;
	for (size_t i = 0; i + 1 < path->n; i++) {
		int dirfd = w->fd[i], fd = dirstore_step(dirfd, path->part[i], create);

		if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
			return not_a_directory(d, req, dirfd, path->part[i], create);
		if (fd < 0 && errno == ENOENT)
			return OBJSTORE_NOT_FOUND;
		if (fd < 0)
			return dirstore_errno(d, req, create ? "mkdir" : "open");
		w->fd[w->n++] = fd;
		/* Also when it was there: its maker may not have come to it. */
		if (mode != DIRWALK_FIND && fsync(dirfd) != 0)
			return dirstore_errno(d, req, "fsync of its directory");
	}
	return OBJSTORE_OK;
}

void dirwalk_close(struct dirwalk *w)
{
	for (; w->n > 1; w->n--)
		close(w->fd[w->n - 1]);
}

int dirstore_open_file(int dirfd, const char *name, uint64_t *size)
{
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int why = 0;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0)
		why = errno;
	else if (!S_ISREG(st.st_mode))
		why = ENOENT;	/* a directory, a fifo: no object */
	if (why != 0) {
		close(fd);
		errno = why;
		return -1;
	}
	*size = (uint64_t)st.st_size;
	return fd;
}

static void etag_print(XXH128_hash_t h, char etag[OBJSTORE_ETAG_MAX + 1])
{
	XXH128_canonical_t c;

	XXH128_canonicalFromHash(&c, h);
	for (size_t i = 0; i < sizeof(c.digest); i++)
		snprintf(etag + 2 * i, 3, "%02x", c.digest[i]);
}

void dirstore_etag(const void *data, size_t len, char etag[OBJSTORE_ETAG_MAX + 1])
{
	etag_print(XXH3_128bits(len == 0 ? "" : data, len), etag);
}

int dirstore_read(int fd, uint64_t size, uint64_t from, uint64_t to, objstore_sink *sink, void *ctx,
		  char etag[OBJSTORE_ETAG_MAX + 1])
{
	uint8_t piece[65536];
	XXH3_state_t state;
	uint64_t at = 0;

	XXH3_128bits_reset(&state);
	while (at < size) {
		size_t want = size - at < sizeof(piece) ? (size_t)(size - at) : sizeof(piece);
		ssize_t n = read(fd, piece, want);
		uint64_t a, b;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return COUNT_ERR_IO;
		if (n == 0)
			return COUNT_ERR_CORRUPT;
		XXH3_128bits_update(&state, piece, (size_t)n);
		a = at < from ? from : at;
		at += (uint64_t)n;
		b = at < to ? at : to;
		if (sink != NULL && a < b && !sink(ctx, piece + (a - (at - (uint64_t)n)), (size_t)(b - a)))
			return COUNT_ERR_STOPPED;
	}
	etag_print(XXH3_128bits_digest(&state), etag);
	return COUNT_OK;
}
