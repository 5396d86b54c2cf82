/*
 * objstore_dir_put.c - put and delete in the directory store; see objstore_dir.h for the protocol.
 *
 * Whoever changes what a name stands for holds the bucket's flock for that moment, but for
 * if-absent, which is atomic by itself and cannot come between an if-match and its rename: there
 * the name is taken.  No fsync happens under the lock.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "store/objstore_dir_impl.h"

#define LOCK_WAIT_MS 20000	/* a publisher holds it for a rename; this long only if it was stopped */
#define TRIES 100		/* against others who remove a directory just made, or sweep a file */

/* An object being written: a locked file in OBJPATH_TMP. */
struct temp {
	int dirfd, fd;		/* -1: none */
	char name[17];		/* "": it has its final name, or none */
};

static void temp_close(struct temp *t)
{
	if (t->name[0] != '\0')
		unlinkat(t->dirfd, t->name, 0);
	if (t->fd >= 0)
		close(t->fd);
	if (t->dirfd >= 0)
		close(t->dirfd);
}

/* False: a sweeper was faster; the file is or will be gone. */
static bool temp_held(int fd)
{
	struct stat st;

	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return false;	/* any other failure: no flock here, and so no sweeper */
	return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static int temp_create(struct dirstore *d, struct temp *t)	/* 0, or -1 with errno */
{
	t->dirfd = dirstore_step(d->fd, OBJPATH_TMP, true);
	if (t->dirfd < 0)
		return -1;
	for (int tries = 0; tries < TRIES; tries++) {
		unsigned long long r;

		if (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r))
			return -1;
		snprintf(t->name, sizeof(t->name), "%016llx", r);
		t->fd = openat(t->dirfd, t->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (t->fd >= 0 && temp_held(t->fd))
			return 0;
		if (t->fd < 0 && errno != EEXIST)
			break;
		if (t->fd >= 0)
			close(t->fd);
		t->fd = -1;
	}
	t->name[0] = '\0';
	return -1;
}

void dirstore_sweep(struct dirstore *d)
{
	int dirfd = dirstore_step(d->fd, OBJPATH_TMP, false);
	DIR *dir = dirfd < 0 ? NULL : fdopendir(dirfd);
	struct dirent *e;

	if (dir == NULL) {
		if (dirfd >= 0)
			close(dirfd);
		return;
	}
	while ((e = readdir(dir)) != NULL) {
		int fd = openat(dirfd, e->d_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0)
			continue;	/* . and .. too */
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(dirfd, e->d_name, 0);
		close(fd);
	}
	closedir(dir);
}

/* The bucket's lock, in *fd; -1 where flock does not work: then only if-match is refused. */
static enum objstore_result lock_bucket(struct dirstore *d, struct objstore_req *req, int *fd)
{
	bool needed = req->op == OBJSTORE_PUT && req->put.condition == OBJSTORE_IF_MATCH;
	int ret;

	*fd = openat(d->fd, OBJPATH_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0)
		return dirstore_errno(d, req, "its lock");
	ret = fs_lock(*fd, LOCK_WAIT_MS, false);
	if (ret == COUNT_OK)
		return OBJSTORE_OK;
	close(*fd);
	*fd = -1;
	if (ret == COUNT_ERR_LOCKED)
		return objstore_fail(&d->base, req, OBJSTORE_CONFLICT, false, "another process holds "
				     OBJPATH_LOCK " for %d s: is it stopped?", LOCK_WAIT_MS / 1000);
	if (!needed)
		return OBJSTORE_OK;
	d->base.abilities.if_match = OBJSTORE_REFUSED;
	return objstore_fail(&d->base, req, OBJSTORE_UNSUPPORTED, true,
			     "file locks do not work here, so no if-match: mount with locking");
}

/* Compare the object with the ETag; under the lock. */
static enum objstore_result check_match(struct dirstore *d, struct objstore_req *req, int dirfd,
					const char *name)
{
	char etag[OBJSTORE_ETAG_MAX + 1];
	uint64_t size;
	int fd = dirstore_open_file(dirfd, name, &size), ret;

	if (fd < 0)
		return dirstore_errno(d, req, "open");
	ret = dirstore_read(fd, size, 0, 0, NULL, NULL, etag);
	if (ret == COUNT_ERR_IO) {
		enum objstore_result result = dirstore_errno(d, req, "read");

		close(fd);
		return result;
	}
	close(fd);
	if (ret == COUNT_OK && strcmp(etag, req->put.if_match) == 0)
		return OBJSTORE_OK;
	return objstore_fail(&d->base, req, OBJSTORE_PRECONDITION, false,
			     "changed by another writer: its ETag is not %.40s", req->put.if_match);
}

/* Something that is no file has the name: an empty directory goes, true; else it stays in the way. */
static bool directory_removed(int dirfd, const char *name)
{
	return unlinkat(dirfd, name, AT_REMOVEDIR) == 0;
}

static enum objstore_result in_the_way(struct dirstore *d, struct objstore_req *req)
{
	return objstore_fail(&d->base, req, OBJSTORE_INVALID, false,
			     "a directory cannot hold it beside objects whose keys go on after it with a slash");
}

/* Rename without replacing; 0, or -1 with errno, EEXIST if the name is taken. */
static int name_if_absent(struct temp *t, int dirfd, const char *name)
{
	struct stat st;

	if (renameat2(t->dirfd, t->name, dirfd, name, RENAME_NOREPLACE) == 0) {
		t->name[0] = '\0';
		return 0;
	}
	if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return -1;
	/* NFS among others.  A link whose reply was lost says EEXIST when it is sent again, so look. */
	if (linkat(t->dirfd, t->name, dirfd, name, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (fstat(t->fd, &st) == 0 && st.st_nlink == 2)
		return 0;
	errno = EEXIST;
	return -1;
}

static int name_always(struct temp *t, int dirfd, const char *name)
{
	if (renameat(t->dirfd, t->name, dirfd, name) != 0)
		return -1;
	t->name[0] = '\0';
	return 0;
}

/* Give the written file its name; *again: its directory vanished, or one that was in the way did. */
static enum objstore_result publish(struct dirstore *d, struct objstore_req *req, struct temp *t,
				    int dirfd, const char *name, bool *again)
{
	bool absent = req->put.condition == OBJSTORE_IF_ABSENT;
	enum objstore_result result = OBJSTORE_OK;
	struct stat st;
	int lock = -1, sys_errno = 0;

	if (!absent)
		result = lock_bucket(d, req, &lock);
	if (result == OBJSTORE_OK && req->put.condition == OBJSTORE_IF_MATCH)
		result = check_match(d, req, dirfd, name);
	if (result == OBJSTORE_OK && (absent ? name_if_absent : name_always)(t, dirfd, name) != 0)
		sys_errno = errno;
	if (lock >= 0)
		close(lock);
	if (sys_errno == 0)
		return result;
	if (sys_errno == ENOENT || ((sys_errno == EEXIST || sys_errno == EISDIR || sys_errno == ENOTEMPTY) &&
				    directory_removed(dirfd, name))) {
		*again = true;
		return OBJSTORE_CONFLICT;
	}
	if (sys_errno == EISDIR || sys_errno == ENOTEMPTY)
		return in_the_way(d, req);
	if (sys_errno == EEXIST && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return in_the_way(d, req);
	if (sys_errno == EEXIST)
		return objstore_fail(&d->base, req, OBJSTORE_PRECONDITION, false, "exists already");
	errno = sys_errno;
	return dirstore_errno(d, req, "rename");
}

static enum objstore_result place(struct dirstore *d, struct objstore_req *req, struct temp *t,
				  const struct objpath *path)
{
	/* What must be there already lies in directories that are. */
	bool match = req->put.condition == OBJSTORE_IF_MATCH;
	enum dirwalk_mode mode = match ? DIRWALK_SYNC : DIRWALK_MAKE;
	enum objstore_result result = OBJSTORE_CONFLICT;
	bool again = true;

	for (int tries = 0; again && tries < TRIES; tries++) {
		struct dirwalk w;
		int parent;

		again = false;
		result = dirwalk_open(d, req, path, mode, &w);
		parent = w.fd[w.n - 1];
		if (result == OBJSTORE_NOT_FOUND && mode == DIRWALK_MAKE)
			again = true;		/* made, and removed before we were in it */
		else if (result == OBJSTORE_OK)
			result = publish(d, req, t, parent, path->part[path->n - 1], &again);
		/* What moves between directories is for sure when both are. */
		if (result == OBJSTORE_OK && (fsync(parent) != 0 || fsync(t->dirfd) != 0))
			result = dirstore_errno(d, req, "fsync of its directory");
		dirwalk_close(&w);
	}
	if (again)
		result = objstore_fail(&d->base, req, OBJSTORE_CONFLICT, false,
				       "others keep removing its directory");
	return result;
}

enum objstore_result dirstore_put(struct dirstore *d, struct objstore_req *req)
{
	struct temp t = { .dirfd = -1, .fd = -1 };
	struct objpath path;
	const char *why = objpath_split(req->key, &path);
	enum objstore_result result;

	if (why != NULL)
		return objstore_fail(&d->base, req, OBJSTORE_INVALID, false, "%s", why);
	if (temp_create(d, &t) != 0) {
		if (errno == ENOENT)
			errno = EIO;	/* it was just made: the bucket itself is gone */
		result = dirstore_errno(d, req, "temporary file");
	} else if (fs_write_all(t.fd, req->put.data, req->put.len) != 0 || fsync(t.fd) != 0) {
		result = dirstore_errno(d, req, "write");
	} else {
		d->base.counts.bytes_up += req->put.len;
		result = place(d, req, &t, &path);
	}
	temp_close(&t);
	if (result == OBJSTORE_OK) {
		req->size = req->put.len;
		dirstore_etag(req->put.data, req->put.len, req->etag);
	}
	return result;
}

/* Remove the directories that became empty, from the key's parent upward; fsync what changed last. */
static enum objstore_result prune(struct dirstore *d, struct objstore_req *req, const struct objpath *path,
				  const struct dirwalk *w)
{
	size_t i = w->n - 1;

	while (i > 0 && unlinkat(w->fd[i - 1], path->part[i - 1], AT_REMOVEDIR) == 0)
		i--;
	return fsync(w->fd[i]) == 0 ? OBJSTORE_OK : dirstore_errno(d, req, "fsync of its directory");
}

enum objstore_result dirstore_delete(struct dirstore *d, struct objstore_req *req)
{
	struct objpath path;
	struct dirwalk w;
	const char *why = objpath_split(req->key, &path);
	enum objstore_result result;
	struct stat st;
	int lock;

	if (why != NULL)
		return objstore_fail(&d->base, req, OBJSTORE_INVALID, false, "%s", why);
	result = dirwalk_open(d, req, &path, DIRWALK_FIND, &w);
	if (result == OBJSTORE_OK)
		result = lock_bucket(d, req, &lock);
	if (result == OBJSTORE_OK) {
		int parent = w.fd[w.n - 1];
		const char *name = path.part[path.n - 1];

		if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    (S_ISREG(st.st_mode) && unlinkat(parent, name, 0) != 0)) {
			if (errno != ENOENT)
				result = dirstore_errno(d, req, "unlink");
		}
		if (lock >= 0)
			close(lock);
		if (result == OBJSTORE_OK)
			result = prune(d, req, &path, &w);
	}
	dirwalk_close(&w);
	if (result == OBJSTORE_NOT_FOUND) {	/* as S3 has it: what is not there is deleted */
		req->err = (struct count_error){ 0 };
		result = OBJSTORE_OK;
	}
	return result;
}
