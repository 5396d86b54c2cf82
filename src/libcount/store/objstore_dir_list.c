/*
 * objstore_dir_list.c - list in the directory store: whole keys in byte order, a page at a time.
 *
 * A directory's names are sorted with a slash after those that are directories; walked so, depth
 * first, keys come in the order of their bytes (a-b before a/c, since '-' is before '/').  A page
 * begins after the last key of the page before and holds no other state, so keys that come or go in
 * between do no harm.  Subtrees that cannot hold a wanted key are not opened.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "store/objstore_dir_impl.h"

struct lister {
	struct dirstore *d;
	struct objstore_req *req;
	size_t prefix_len, after_len, max;
	char after[OBJSTORE_KEY_MAX + 1];	/* keys up to this one were in earlier pages */
	char key[OBJSTORE_KEY_MAX + 2];		/* of the directory being read, with its slash */
	bool more;				/* the page is full and there is another key */
};

/* One name: `text` is what it adds to the key, `file` stands behind it in the same allocation. */
struct name {
	char *text;
	const char *file;
	size_t len;
	bool is_dir;
};

struct names {
	struct name *v;
	size_t len, cap;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->len; i++)
		free(names->v[i].text);
	free(names->v);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Whether key, or for a directory some key that begins so, belongs into this page. */
static bool wanted(const struct lister *l, const char *key, size_t len, bool is_dir)
{
	int c;

	if (memcmp(key, l->req->key, smaller(len, l->prefix_len)) != 0 || (!is_dir && len < l->prefix_len))
		return false;
	c = memcmp(key, l->after, smaller(len, l->after_len));
	return c > 0 || (c == 0 && (is_dir || len > l->after_len));
}

/* A directory or a regular file; nothing else is or holds an object. */
static bool kind(int dirfd, const struct dirent *e, bool *is_dir)
{
	struct stat st;

	if (e->d_type == DT_DIR || e->d_type == DT_REG) {
		*is_dir = e->d_type == DT_DIR;
		return true;
	}
	if (e->d_type != DT_UNKNOWN || fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	*is_dir = S_ISDIR(st.st_mode);
	return *is_dir || S_ISREG(st.st_mode);
}

/* Adds the name if a wanted key can come of it; false: out of memory. */
static bool add_name(struct lister *l, int dirfd, const struct dirent *e, size_t key_len, struct names *names)
{
	char part[OBJPATH_NAME_MAX + 2];
	size_t len, file_len = strlen(e->d_name);
	struct name n = { 0 };

	if (!objpath_decode(e->d_name, part, &len) || !utf8_valid(part, len) || !kind(dirfd, e, &n.is_dir))
		return true;
	if (n.is_dir)
		part[len++] = '/';
	part[len] = '\0';
	if (key_len + len > OBJSTORE_KEY_MAX)
		return true;
	memcpy(l->key + key_len, part, len + 1);
	if (!wanted(l, l->key, key_len + len, n.is_dir))
		return true;
	if (names->len == names->cap) {
		size_t cap = names->cap == 0 ? 64 : 2 * names->cap;
		struct name *v = reallocarray(names->v, cap, sizeof(*v));

		if (v == NULL)
			return false;
		names->v = v;
		names->cap = cap;
	}
	n.text = malloc(len + 1 + file_len + 1);
	if (n.text == NULL)
		return false;
	memcpy(n.text, part, len + 1);
	memcpy(n.text + len + 1, e->d_name, file_len + 1);
	n.file = n.text + len + 1;
	n.len = len;
	names->v[names->len++] = n;
	return true;
}

static enum objstore_result read_names(struct lister *l, DIR *dir, size_t key_len, struct names *names)
{
	for (;;) {
		struct dirent *e = (errno = 0, readdir(dir));

		if (e == NULL && errno != 0)
			return dirstore_errno(l->d, l->req, "readdir");
		if (e == NULL)
			break;
		if (!add_name(l, dirfd(dir), e, key_len, names))
			return OBJSTORE_NOMEM;
	}
	if (names->len > 1)
		qsort(names->v, names->len, sizeof(*names->v), compare);
	return OBJSTORE_OK;
}

static enum objstore_result add_object(struct lister *l, int dirfd, const struct name *n, size_t key_len)
{
	struct objstore_page *page = &l->req->page;
	char etag[OBJSTORE_ETAG_MAX + 1] = "";
	uint64_t size;
	int fd, ret = COUNT_OK;

	if (page->len == l->max) {
		l->more = true;
		return OBJSTORE_OK;
	}
	if (l->req->list.etags) {
		fd = dirstore_open_file(dirfd, n->file, &size);
		if (fd >= 0) {
			ret = dirstore_read(fd, size, 0, 0, NULL, NULL, etag);
			close(fd);
		}
	} else {
		struct stat st;

		fd = fstatat(dirfd, n->file, &st, AT_SYMLINK_NOFOLLOW);
		size = fd == 0 ? (uint64_t)st.st_size : 0;
	}
	if (fd < 0 && errno == ENOENT)
		return OBJSTORE_OK;	/* deleted since its name was read */
	if (fd < 0 || ret == COUNT_ERR_IO)
		return dirstore_errno(l->d, l->req, n->file);
	if (ret != COUNT_OK)
		return objstore_fail(&l->d->base, l->req, OBJSTORE_DAMAGED, false,
				     "%s became shorter while it was read", n->file);
	if (!objstore_page_add(page, l->key, key_len + n->len, size, etag))
		return OBJSTORE_NOMEM;
	return OBJSTORE_OK;
}

/* fd is closed here; l->key holds key_len bytes, the key of this directory. */
static enum objstore_result list_dir(struct lister *l, int fd, size_t key_len, int depth)
{
	DIR *dir = fdopendir(fd);
	struct names names = { 0 };
	enum objstore_result result;

	if (dir == NULL) {
		result = dirstore_errno(l->d, l->req, "opendir");
		close(fd);
		return result;
	}
	result = read_names(l, dir, key_len, &names);
	for (size_t i = 0; i < names.len && result == OBJSTORE_OK && !l->more; i++) {
		const struct name *n = &names.v[i];
		int child;

		memcpy(l->key + key_len, n->text, n->len + 1);
		if (!n->is_dir) {
			result = add_object(l, dirfd(dir), n, key_len);
			continue;
		}
		if (depth == OBJPATH_PARTS_MAX)
			continue;	/* no key is as deep */
		child = dirstore_step(dirfd(dir), n->file, false);
		if (child >= 0)
			result = list_dir(l, child, key_len + n->len, depth + 1);
		else if (errno != ENOENT && errno != ENOTDIR)
			result = dirstore_errno(l->d, l->req, n->file);
	}
	names_free(&names);
	closedir(dir);
	return result;
}

/* The directory that all keys with this prefix lie in, by name: the parts before its last slash. */
static enum objstore_result open_base(struct lister *l, int *fd, size_t *key_len, int *depth)
{
	const char *prefix = l->req->key, *slash = strrchr(prefix, '/');
	struct objpath path = { .n = 1 };
	struct dirwalk w;
	enum objstore_result result;

	*key_len = slash == NULL ? 0 : (size_t)(slash - prefix) + 1;
	memcpy(l->key, prefix, *key_len);
	memcpy(l->key + *key_len, "x", 2);	/* a key in that directory */
	if (objpath_split(l->key, &path) != NULL)
		return OBJSTORE_NOT_FOUND;	/* no object can have such a key */
	result = dirwalk_open(l->d, l->req, &path, DIRWALK_FIND, &w);
	*depth = (int)path.n;
	if (result == OBJSTORE_OK) {
		*fd = openat(w.fd[w.n - 1], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (*fd < 0)
			result = errno == ENOENT ? OBJSTORE_NOT_FOUND : dirstore_errno(l->d, l->req, "open");
	}
	dirwalk_close(&w);
	return result;
}

enum objstore_result dirstore_list(struct dirstore *d, struct objstore_req *req)
{
	struct lister l = { .d = d, .req = req, .prefix_len = strlen(req->key), .max = req->list.max_keys };
	enum objstore_result result;
	size_t key_len;
	int fd, depth;

	if (l.max == 0 || l.max > OBJSTORE_PAGE_MAX)
		l.max = OBJSTORE_PAGE_MAX;
	if (req->list.token != NULL && !objpath_token_read(req->list.token, l.after))
		return objstore_fail(&d->base, req, OBJSTORE_INVALID, false, "not a token of an earlier page");
	l.after_len = strlen(l.after);
	result = open_base(&l, &fd, &key_len, &depth);
	if (result == OBJSTORE_NOT_FOUND) {
		req->err = (struct count_error){ 0 };
		return OBJSTORE_OK;
	}
	if (result == OBJSTORE_OK)
		result = list_dir(&l, fd, key_len, depth);
	if (result == OBJSTORE_OK && l.more) {
		req->page.token = malloc(OBJPATH_TOKEN_MAX + 1);
		if (req->page.token == NULL)
			return OBJSTORE_NOMEM;
		objpath_token(req->page.v[req->page.len - 1].key, req->page.token);
	}
	return result;
}
