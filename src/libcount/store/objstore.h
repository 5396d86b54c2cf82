/*
 * objstore.h - objects by key in a bucket: what the cold tier is built on.
 *
 * One interface, several stores: a directory (objstore_dir.h) and S3.  Requests are submitted and
 * completed: one thread hands in as many as it likes, the store has as many under way as it finds
 * good, and objstore_wait() gives back whichever is finished first.  Over a network that is one
 * multi handle driven from one thread; a directory does the oldest request during the wait.  Who
 * wants one answer calls objstore_run().
 *
 *	objstore_submit(s, &a), objstore_submit(s, &b);
 *	while ((r = objstore_wait(s, -1)) != NULL)
 *		use(r->result, r->etag), objstore_req_free(r);
 *
 * What holds for every store, as it does for S3:
 * - An object appears whole or not at all; get, head and list see every finished put and delete.
 * - A put that answered OK is durable.  One that failed may have happened all the same (a lost
 *   reply); a store that tries again by itself compares before it answers PRECONDITION.
 * - Unconditional puts of one key: the last wins.  A conditional one is atomic against all others,
 *   as far as the abilities say so.
 * - Keys are 1 to 1,024 bytes of UTF-8 without NUL, listed in the order of their bytes; / means nothing.
 * - An ETag is opaque: equal for the same content of the same key, at most OBJSTORE_ETAG_MAX bytes,
 *   without the quotation marks of HTTP.
 *
 * A handle serves one thread; a request, and all that it points to, belongs to the store from
 * submit until it is given back.  Layer: s3 may include this header; nothing here needs a file.
 */
#ifndef COUNT_STORE_OBJSTORE_H
#define COUNT_STORE_OBJSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "count.h"

#define OBJSTORE_KEY_MAX 1024
#define OBJSTORE_ETAG_MAX 127
#define OBJSTORE_PAGE_MAX 1000		/* keys in a page, the most that S3 gives */

typedef struct objstore objstore;

enum objstore_op {
	OBJSTORE_GET,
	OBJSTORE_PUT,
	OBJSTORE_HEAD,		/* size and ETag */
	OBJSTORE_DELETE,	/* of a key that is not there: OK */
	OBJSTORE_LIST,		/* one page of the keys that begin with a prefix */
};

/* What became of a request.  Those marked * may be tried again as they are. */
enum objstore_result {
	OBJSTORE_OK,
	OBJSTORE_NOT_FOUND,	/* 404: no such key, or bucket; also if-match on a missing key */
	OBJSTORE_PRECONDITION,	/* 412: the key exists (if-absent); its ETag is another, or on some servers
				 * there is no such key (if-match) */
	OBJSTORE_CONFLICT,	/* 409 *: another writer was in the way; with if-match read the ETag again */
	OBJSTORE_DENIED,	/* 401, 403: credentials or permissions */
	OBJSTORE_THROTTLED,	/* 503 SlowDown, 429 *: still so after the retries */
	OBJSTORE_UNSUPPORTED,	/* 501: the store refuses this condition */
	OBJSTORE_FAILED,	/* *: the network, the server, or a directory's disk */
	OBJSTORE_DAMAGED,	/* the bytes are not what was promised: cut short, range past the end, bad reply */
	OBJSTORE_TOO_LARGE,	/* over the cap of the request */
	OBJSTORE_INVALID,	/* a request or key that this store cannot take; nothing was done */
	OBJSTORE_STOPPED,	/* cancelled, or the sink said so */
	OBJSTORE_NOMEM,
	OBJSTORE_UNCHANGED,	/* 304: the object still has the ETag of get.if_none_match; no body */
	OBJSTORE_ARCHIVED,	/* 403 InvalidObjectState: moved to Glacier or the like, to be restored there first */
};

enum objstore_condition {
	OBJSTORE_ALWAYS,
	OBJSTORE_IF_ABSENT,	/* If-None-Match: * */
	OBJSTORE_IF_MATCH,	/* If-Match: if_match */
};

/* Takes bytes in order, each once; false stops the request. */
typedef bool objstore_sink(void *ctx, const uint8_t *data, size_t len);

struct objstore_get {
	uint64_t offset, len;	/* both 0: the whole object; len 0: to its end.  What lies past it is left
				 * out; a range that starts there is DAMAGED */
	uint64_t max;		/* cap on the bytes delivered; 0 takes none at all */
	const char *if_none_match;	/* NULL, or an ETag that this store gave: UNCHANGED while it holds */
	struct buf *body;	/* appended to; as it was unless OK */
	objstore_sink *sink;	/* if body is NULL; on failure it may have had some of the bytes */
	void *ctx;
};

struct objstore_put {
	const void *data;
	size_t len;
	/* What the store is told about them; it may not keep it (a directory does not).  NULL: nothing. */
	const char *content_type, *content_encoding, *storage_class;
	bool tagged;		/* it gets the tags that the store was opened with: objects, so that lifecycle rules
				 * find them, but never manifests */
	enum objstore_condition condition;
	const char *if_match;	/* an ETag that this store gave */
};

struct objstore_list {
	const char *token;	/* where to go on: page.token of the page before; NULL: at the start */
	unsigned max_keys;	/* 0: OBJSTORE_PAGE_MAX.  A page may hold fewer and yet not be the last */
	bool etags;		/* wanted; a directory reads every object for them */
};

struct objstore_entry {
	const char *key;
	uint64_t size;
	char etag[OBJSTORE_ETAG_MAX + 1];	/* "" unless asked for */
};

struct objstore_page {
	struct objstore_entry *v;
	size_t len, cap;
	char *token;		/* NULL: this was the last page */
};

/* All zero but for what is asked. */
struct objstore_req {
	enum objstore_op op;
	const char *key;	/* OBJSTORE_LIST: the prefix, "" for all */
	struct objstore_get get;
	struct objstore_put put;
	struct objstore_list list;
	void *user;		/* the caller's */

	/* The answer. */
	enum objstore_result result;
	struct count_error err;	/* key, cause, what to do; empty if OK or UNCHANGED */
	uint64_t size;		/* of the whole object: GET (but UNCHANGED), HEAD, PUT */
	char etag[OBJSTORE_ETAG_MAX + 1];	/* GET, HEAD, PUT */
	bool proved;		/* PUT: the store itself confirmed that it holds these bytes, by their hash */
	struct objstore_page page;	/* LIST; released by objstore_req_free() */

	struct objstore_req *next;	/* the store's */
	void *transfer;			/* the store's */
};

/* Whether conditions can be relied on: known by kind, learned from a 501, or by objstore_probe(). */
enum objstore_ability {
	OBJSTORE_UNKNOWN,
	OBJSTORE_HONOURED,
	OBJSTORE_REFUSED,	/* answers UNSUPPORTED, changes nothing */
	OBJSTORE_IGNORED,	/* overwrites all the same: such puts must not be relied on */
};

struct objstore_abilities {
	enum objstore_ability if_absent, if_match;
	bool bare_etag;		/* if-match wants the ETag without quotation marks; objstore_probe() finds out */
};

/* What went over the wire, retries included: one request of ours may be several here. */
struct objstore_counts {
	uint64_t requests[OBJSTORE_LIST + 1];	/* by enum objstore_op */
	uint64_t retries;			/* of them, beyond the first try */
	uint64_t bytes_up, bytes_down;		/* bodies of objects, failed tries too; not the XML of lists */
};

/* For a request that is under way nothing happens before objstore_wait(); mistakes come as its result. */
void objstore_submit(objstore *s, struct objstore_req *req);

/* A finished request; NULL when none is left, or none finished within timeout_ms (-1: no limit). */
struct objstore_req *objstore_wait(objstore *s, int timeout_ms);

size_t objstore_in_flight(const objstore *s);	/* submitted and not yet given back */

/* What has not finished is given back soon, as STOPPED. */
void objstore_cancel(objstore *s);

/*
 * From now on whoever waits without limit, in objstore_run() or objstore_probe() too, asks stopped(arg) some times a
 * second, and cancels all once it is not 0.  NULL: nobody asks.
 */
void objstore_stop_when(objstore *s, int (*stopped)(void *), void *arg);

/* Submit and wait for this one; nothing else may be in flight.  Returns req->result. */
enum objstore_result objstore_run(objstore *s, struct objstore_req *req);

/* Leaves the request as it was before it was submitted. */
void objstore_req_free(struct objstore_req *req);

/* file:///dir/BUCKET, s3://BUCKET: for messages. */
const char *objstore_url(const objstore *s);

struct objstore_counts objstore_counts(const objstore *s);
struct objstore_abilities objstore_abilities(const objstore *s);
void objstore_set_abilities(objstore *s, struct objstore_abilities a);	/* remembered from an earlier run */

/*
 * Find out by writing, twice, and deleting the object `key` (the caller's to invent): sets and
 * returns the abilities in *a.  A put that fails for another reason ends it with that result.
 */
enum objstore_result objstore_probe(objstore *s, const char *key, struct objstore_abilities *a,
				    struct count_error *err);

void objstore_close(objstore *s);	/* cancels what is in flight; NULL is fine */

int objstore_status(enum objstore_result result);	/* as an enum count_status */
bool objstore_may_retry(enum objstore_result result);	/* those marked * */

/*
 * ---- For those who write a store ----
 *
 * The handle begins with a struct objstore.  A request that reaches submit is well formed and its
 * answer is empty.  Each is finished exactly once by objstore_finish().
 */
struct objstore_ops {
	void (*submit)(objstore *s, struct objstore_req *req);
	void (*drive)(objstore *s, int timeout_ms);	/* until one is finished, or the time is over */
	void (*cancel)(objstore *s);
	void (*close)(objstore *s);	/* frees the handle and what it owns; nothing is in flight */
};

struct objstore_queue {
	struct objstore_req *head, *tail;
};

struct objstore {
	const struct objstore_ops *ops;
	const char *url;	/* lives as long as the handle */
	struct objstore_abilities abilities;
	struct objstore_counts counts;	/* kept by the store */
	struct objstore_queue done;
	size_t in_flight;
	int (*stopped)(void *);		/* NULL: nobody is asked */
	void *stopped_arg;
};

void objstore_push(struct objstore_queue *q, struct objstore_req *req);
struct objstore_req *objstore_pop(struct objstore_queue *q);	/* NULL: empty */

void objstore_finish(objstore *s, struct objstore_req *req, enum objstore_result result);

/* Sets req->err to "URL/KEY: text" and returns result, for objstore_finish(); errno's text is added if sys. */
enum objstore_result objstore_fail(const objstore *s, struct objstore_req *req,
				   enum objstore_result result, bool sys, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Adds one key to the page of a LIST; false: out of memory. */
bool objstore_page_add(struct objstore_page *page, const char *key, size_t key_len, uint64_t size,
		       const char *etag);

#endif
