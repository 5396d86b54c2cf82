/*
 * objstore_dir_impl.h - what the files of the directory store share; nobody else includes it.
 *
 *	objstore_dir.c		open, the queue, get, head
 *	objstore_dir_walk.c	descend to a key's directory, hash a file
 *	objstore_dir_put.c	put, delete, temporary files
 *	objstore_dir_list.c	list
 */
#ifndef COUNT_STORE_OBJSTORE_DIR_IMPL_H
#define COUNT_STORE_OBJSTORE_DIR_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "store/objstore.h"
#include "store/objstore_path.h"

struct dirstore {
	struct objstore base;	/* first */
	int fd;			/* the bucket's directory */
	char *url;
	struct objstore_queue waiting;
};

/* Directories open from the bucket (fd[0], borrowed) down to a key's parent. */
struct dirwalk {
	size_t n;		/* fd[0] .. fd[n - 1] */
	int fd[OBJPATH_PARTS_MAX + 1];
};

enum dirwalk_mode {
	DIRWALK_FIND,
	DIRWALK_SYNC,		/* fsync every directory on the way */
	DIRWALK_MAKE,		/* and make missing ones */
};

/*
 * Descend to the directory of path's last part.  The caller calls dirwalk_close(), also on failure.
 * NOT_FOUND: a directory is missing, or (but for MAKE) is something else; errors are in req->err.
 */
enum objstore_result dirwalk_open(struct dirstore *d, struct objstore_req *req,
				  const struct objpath *path, enum dirwalk_mode mode, struct dirwalk *w);
void dirwalk_close(struct dirwalk *w);

/* Open the directory `name`, with create made if missing: its descriptor, or -1 with errno. */
int dirstore_step(int dirfd, const char *name, bool create);

/* Maps errno of a failed call, and says it. */
enum objstore_result dirstore_errno(struct dirstore *d, struct objstore_req *req, const char *what);

/* Open a regular file, not through a symbolic link: its descriptor, or -1 with errno (ENOENT, ELOOP, ...). */
int dirstore_open_file(int dirfd, const char *name, uint64_t *size);

/*
 * Read size bytes from the start, hash them into etag, and hand those of [from, to) to the sink, if any.
 * COUNT_ERR_IO with errno; COUNT_ERR_CORRUPT: shorter than that; COUNT_ERR_STOPPED: the sink said so.
 */
int dirstore_read(int fd, uint64_t size, uint64_t from, uint64_t to, objstore_sink *sink, void *ctx,
		  char etag[OBJSTORE_ETAG_MAX + 1]);
void dirstore_etag(const void *data, size_t len, char etag[OBJSTORE_ETAG_MAX + 1]);

enum objstore_result dirstore_put(struct dirstore *d, struct objstore_req *req);
enum objstore_result dirstore_delete(struct dirstore *d, struct objstore_req *req);
enum objstore_result dirstore_list(struct dirstore *d, struct objstore_req *req);

void dirstore_sweep(struct dirstore *d);	/* what crashed writers left; never fails */

#endif
