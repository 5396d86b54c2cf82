/*
 * objstore-test.h - short forms for tests of object stores, and a directory store to test.
 *
 * Every store passes test-objstore.c: another one joins by its own function in place of
 * store_open(), which must open the same empty bucket each time, also in a forked process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/objstore.h"
#include "store/objstore_dir.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static char top[64];		/* one temporary directory a test; the bucket is top/bucket */

/* In memory if that can be had: thousands of puts, each with its fsyncs, take a disk a minute. */
static int setup(void **state)
{
	(void)state;
	strcpy(top, "/dev/shm/count-test-XXXXXX");
	if (mkdtemp(top) != NULL)
		return 0;
	strcpy(top, "/tmp/count-test-XXXXXX");
	return mkdtemp(top) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	char cmd[256];

	(void)state;
	snprintf(cmd, sizeof(cmd), "chmod -R u+rwx '%s'; rm -rf '%s'", top, top);
	return system(cmd);
}

static inline objstore *store_open(void)
{
	struct count_error err = { 0 };
	objstore *s = NULL;

	if (objstore_dir_open(top, "bucket", true, &s, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	return s;
}

/* One request, released; what it was answered is in *etag, if not NULL. */
static inline enum objstore_result run(objstore *s, struct objstore_req *req, char *etag)
{
	enum objstore_result result = objstore_run(s, req);

	if (objstore_status(result) != COUNT_OK && req->err.text[0] == '\0')
		fail_msg("%s: no text for result %d", req->key, (int)result);
	if (req->err.code != objstore_status(result))
		fail_msg("%s: result %d with %d %s", req->key, (int)result, req->err.code, req->err.text);
	if (etag != NULL)
		memcpy(etag, req->etag, sizeof(req->etag));
	objstore_req_free(req);
	return result;
}

static inline enum objstore_result put(objstore *s, const char *key, const char *text,
				       enum objstore_condition condition, const char *match, char *etag)
{
	struct objstore_req req = { .op = OBJSTORE_PUT, .key = key, .put.data = text,
		.put.len = strlen(text), .put.condition = condition, .put.if_match = match };

	return run(s, &req, etag);
}

static inline enum objstore_result put_text(objstore *s, const char *key, const char *text)
{
	return put(s, key, text, OBJSTORE_ALWAYS, NULL, NULL);
}

static inline enum objstore_result head(objstore *s, const char *key, char *etag)
{
	struct objstore_req req = { .op = OBJSTORE_HEAD, .key = key };

	return run(s, &req, etag);
}

static inline enum objstore_result drop(objstore *s, const char *key)
{
	struct objstore_req req = { .op = OBJSTORE_DELETE, .key = key };

	return run(s, &req, NULL);
}

/* The object as text, at most 4 KiB; "" and the result if it is not there. */
static inline enum objstore_result get_text(objstore *s, const char *key, char text[4097], char *etag)
{
	struct buf b = { 0 };
	struct objstore_req req = { .op = OBJSTORE_GET, .key = key, .get.body = &b, .get.max = 4096 };
	enum objstore_result result = run(s, &req, etag);

	if (b.len > 0)
		memcpy(text, b.data, b.len);
	text[b.len] = '\0';
	buf_free(&b);
	return result;
}
