/* objstore_dir.c - the object store in a directory: open, the queue, get, head; see objstore_dir.h. */
#include "store/objstore_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fs.h"
#include "store/objstore_dir_impl.h"

static bool put_in_buf(void *ctx, const uint8_t *data, size_t len)
{
	struct buf *b = ctx;

	buf_put(b, data, len);
	return !b->failed;
}

/* The bytes asked for, [*from, *to), of an object of size bytes. */
static enum objstore_result get_range(struct dirstore *d, struct objstore_req *req, uint64_t size,
				      uint64_t *from, uint64_t *to)
{
	const struct objstore_get *g = &req->get;

	if ((g->offset > 0 || g->len > 0) && g->offset >= size)
		return objstore_fail(&d->base, req, OBJSTORE_DAMAGED, false, "asked for bytes from %" PRIu64
				     " on, it has %" PRIu64, g->offset, size);
	*from = g->offset;
	*to = g->len > 0 && g->len < size - g->offset ? g->offset + g->len : size;
	if (*to - *from > g->max)
		return objstore_fail(&d->base, req, OBJSTORE_TOO_LARGE, false,
				     "%" PRIu64 " bytes, at most %" PRIu64 " are taken", *to - *from, g->max);
	return OBJSTORE_OK;
}

static enum objstore_result became_shorter(struct dirstore *d, struct objstore_req *req)
{
	return objstore_fail(&d->base, req, OBJSTORE_DAMAGED, false, "became shorter while it was read");
}

/* Whether the object still has the ETag that the caller knows: it is hashed before a byte is delivered. */
static enum objstore_result check_unchanged(struct dirstore *d, struct objstore_req *req, int fd)
{
	int ret = dirstore_read(fd, req->size, 0, 0, NULL, NULL, req->etag);

	if (ret == COUNT_ERR_IO || (ret == COUNT_OK && lseek(fd, 0, SEEK_SET) != 0))
		return dirstore_errno(d, req, "read");
	if (ret != COUNT_OK)
		return became_shorter(d, req);
	return strcmp(req->etag, req->get.if_none_match) == 0 ? OBJSTORE_UNCHANGED : OBJSTORE_OK;
}

static enum objstore_result read_object(struct dirstore *d, struct objstore_req *req, int fd)
{
	struct buf *body = req->op == OBJSTORE_GET ? req->get.body : NULL;
	objstore_sink *sink = req->op != OBJSTORE_GET ? NULL : body != NULL ? put_in_buf : req->get.sink;
	size_t len = body != NULL ? body->len : 0;
	uint64_t from = 0, to = req->size;
	enum objstore_result result = OBJSTORE_OK;
	int ret;

	if (req->op == OBJSTORE_GET && req->get.if_none_match != NULL)
		result = check_unchanged(d, req, fd);
	if (result == OBJSTORE_OK && req->op == OBJSTORE_GET)
		result = get_range(d, req, req->size, &from, &to);
	if (result != OBJSTORE_OK)
		return result;
	if (body != NULL && (to - from > SIZE_MAX || !buf_reserve(body, (size_t)(to - from))))
		return OBJSTORE_NOMEM;
	ret = dirstore_read(fd, req->size, from, to, sink, body != NULL ? body : req->get.ctx, req->etag);
	if (ret != COUNT_OK && body != NULL)
		body->len = len;
	if (ret == COUNT_ERR_IO)
		return dirstore_errno(d, req, "read");
	if (ret == COUNT_ERR_CORRUPT)
		return became_shorter(d, req);
	if (ret == COUNT_ERR_STOPPED)
		return body != NULL ? OBJSTORE_NOMEM : OBJSTORE_STOPPED;
	if (sink != NULL)
		d->base.counts.bytes_down += to - from;
	return OBJSTORE_OK;
}

static enum objstore_result get_or_head(struct dirstore *d, struct objstore_req *req)
{
	struct objpath path;
	struct dirwalk w;
	const char *why = objpath_split(req->key, &path);
	enum objstore_result result;
	int fd;

	if (why != NULL)
		return objstore_fail(&d->base, req, OBJSTORE_INVALID, false, "%s", why);
	result = dirwalk_open(d, req, &path, DIRWALK_FIND, &w);
	if (result == OBJSTORE_OK) {
		fd = dirstore_open_file(w.fd[w.n - 1], path.part[path.n - 1], &req->size);
		result = fd < 0 ? dirstore_errno(d, req, "open") : read_object(d, req, fd);
		if (fd >= 0)
			close(fd);
	}
	dirwalk_close(&w);
	return result;
}

static void dir_submit(objstore *s, struct objstore_req *req)
{
	objstore_push(&((struct dirstore *)s)->waiting, req);
}

/* One request, the oldest.  A disk needs no time limit of ours, and could not be held to one. */
static void dir_drive(objstore *s, int timeout_ms)
{
	struct dirstore *d = (struct dirstore *)s;
	struct objstore_req *req = objstore_pop(&d->waiting);
	enum objstore_result result = OBJSTORE_INVALID;

	(void)timeout_ms;
	if (req == NULL)
		return;
	s->counts.requests[req->op]++;
	switch (req->op) {
	case OBJSTORE_GET:
	case OBJSTORE_HEAD:	result = get_or_head(d, req); break;
	case OBJSTORE_PUT:	result = dirstore_put(d, req); break;
	case OBJSTORE_DELETE:	result = dirstore_delete(d, req); break;
	case OBJSTORE_LIST:	result = dirstore_list(d, req); break;
	}
	objstore_finish(s, req, result);
}

static void dir_cancel(objstore *s)
{
	struct objstore_req *req;

	while ((req = objstore_pop(&((struct dirstore *)s)->waiting)) != NULL)
		objstore_finish(s, req, OBJSTORE_STOPPED);
}

static void dir_close(objstore *s)
{
	struct dirstore *d = (struct dirstore *)s;

	if (d->fd >= 0)
		close(d->fd);
	free(d->url);
	free(d);
}

static const struct objstore_ops dir_ops = { dir_submit, dir_drive, dir_cancel, dir_close };

/* What S3 has allowed at any time, so that a bucket can move there under its name. */
static bool bucket_valid(const char *s)
{
	size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return len > 0 && len <= OBJPATH_NAME_MAX && s[len] == '\0' && s[0] != '.' && strstr(s, "..") == NULL;
}

static int sys_status(void)
{
	return errno == ENOENT ? COUNT_ERR_NOTFOUND : errno == EACCES || errno == EPERM || errno == EROFS ?
	       COUNT_ERR_DENIED : COUNT_ERR_NET;
}

static int open_bucket(const char *dir, const char *bucket, bool create, int *fd, struct count_error *err)
{
	int ret = COUNT_OK, top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		return err_sys(err, sys_status(), "%s: the directory of the object store", dir);
	*fd = dirstore_step(top, bucket, create);
	if (*fd < 0 && errno == ENOENT)
		ret = err_set(err, COUNT_ERR_NOTFOUND, "%s/%s: no such bucket; make it with mkdir", dir, bucket);
	else if (*fd < 0)
		ret = err_sys(err, sys_status(), "%s/%s: the bucket", dir, bucket);
	else if (create)
		ret = fs_sync_dir(top, dir, err) == COUNT_OK ? COUNT_OK : COUNT_ERR_NET;
	close(top);
	return ret;
}

int objstore_dir_open(const char *dir, const char *bucket, bool create, objstore **s,
		      struct count_error *err)
{
	struct dirstore *d;
	int ret;

	if (!bucket_valid(bucket))
		return err_set(err, COUNT_ERR_INVALID,
			       "%s: a bucket is named with letters, digits, '.', '-', '_', not beginning with '.'",
			       bucket);
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return err_nomem(err);
	d->base.ops = &dir_ops;
	d->fd = -1;
	if (asprintf(&d->url, "file://%s/%s", dir, bucket) < 0) {
		d->url = NULL;
		ret = err_nomem(err);
	} else {
		ret = open_bucket(dir, bucket, create, &d->fd, err);
	}
	if (ret != COUNT_OK) {
		dir_close(&d->base);
		return ret;
	}
	d->base.url = d->url;
	d->base.abilities = (struct objstore_abilities){
		.if_absent = OBJSTORE_HONOURED, .if_match = OBJSTORE_HONOURED };
	if (create)
		dirstore_sweep(d);
	*s = &d->base;
	return COUNT_OK;
}
