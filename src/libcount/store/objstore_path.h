/*
 * objstore_path.h - keys of objects <-> names of files, for the object store in a directory.
 *
 * The key a/b/c is the file c in the directory a/b, so that a bucket can be read with ls and cat.
 * A part between slashes that cannot be a file name, or that means something else to the kernel,
 * is spelled another way: the empty one (a//b, a/, /a), . and .., and whatever begins with the
 * reserved .count-, become ".count-key-" and their bytes in hex.  Other names that begin with
 * .count- are the store's own (OBJPATH_TMP, OBJPATH_LOCK) and never a key.  The mapping is one to
 * one: a name that no key has is not seen.  Refused are keys with a part that is too long
 * for a file name, and those with more parts than OBJPATH_PARTS_MAX.
 *
 * Pure: bytes in memory, no file is touched.
 */
#ifndef COUNT_STORE_OBJSTORE_PATH_H
#define COUNT_STORE_OBJSTORE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "count.h"
#include "store/objstore.h"

#define OBJPATH_NAME_MAX 255		/* bytes of a file name; NAME_MAX of Linux */
#define OBJPATH_PARTS_MAX 64
#define OBJPATH_RESERVED ".count-"
#define OBJPATH_TMP ".count-tmp"	/* directory at the top of a bucket: objects being written */
#define OBJPATH_LOCK ".count-lock"	/* file there: one publisher at a time */

struct objpath {
	size_t n;			/* at least 1; the last is the file */
	char part[OBJPATH_PARTS_MAX][OBJPATH_NAME_MAX + 1];
};

/* NULL, or why this key cannot be a file here. */
const char *objpath_split(const char *key, struct objpath *path);

/* The part of a key that a file name stands for; false: no key's. */
bool objpath_decode(const char *name, char part[OBJPATH_NAME_MAX + 1], size_t *len);

#define OBJPATH_TOKEN_MAX (2 * OBJSTORE_KEY_MAX)

/* Where a list goes on: the last key seen, in hex, so that the token passes anywhere. */
void objpath_token(const char *key, char token[OBJPATH_TOKEN_MAX + 1]);
bool objpath_token_read(const char *token, char key[OBJSTORE_KEY_MAX + 1]);	/* false: not one of ours */

#endif
