/* objstore.c - what all object stores share: checks, queues, results, the probe; see objstore.h. */
#include "store/objstore.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/utf8.h"

enum { ASK_MS = 100 };	/* how often whoever may stop us is asked */

void objstore_push(struct objstore_queue *q, struct objstore_req *req)
{
	req->next = NULL;
	if (q->head == NULL)
		q->head = req;
	else
		q->tail->next = req;
	q->tail = req;
}

struct objstore_req *objstore_pop(struct objstore_queue *q)
{
	struct objstore_req *req = q->head;

	if (req != NULL) {
		q->head = req->next;
		req->next = NULL;
	}
	return req;
}

int objstore_status(enum objstore_result result)
{
	switch (result) {
	case OBJSTORE_OK:
	case OBJSTORE_UNCHANGED:	return COUNT_OK;
	case OBJSTORE_NOT_FOUND:	return COUNT_ERR_NOTFOUND;
	case OBJSTORE_DENIED:		return COUNT_ERR_DENIED;
	case OBJSTORE_ARCHIVED:
	case OBJSTORE_DAMAGED:
	case OBJSTORE_TOO_LARGE:	return COUNT_ERR_COLD;
	case OBJSTORE_INVALID:		return COUNT_ERR_INVALID;
	case OBJSTORE_STOPPED:		return COUNT_ERR_STOPPED;
	case OBJSTORE_NOMEM:		return COUNT_ERR_NOMEM;
	default:			return COUNT_ERR_NET;	/* the cold tier could not do it */
	}
}

bool objstore_may_retry(enum objstore_result result)
{
	return result == OBJSTORE_CONFLICT || result == OBJSTORE_THROTTLED || result == OBJSTORE_FAILED;
}

enum objstore_result objstore_fail(const objstore *s, struct objstore_req *req,
				   enum objstore_result result, bool sys, const char *fmt, ...)
{
	int sys_errno = errno;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	errno = sys_errno;
	/* A long key is cut, so that the cause is always there. */
	if (sys)
		err_sys(&req->err, objstore_status(result), "%.60s/%.150s: %s", s->url, req->key, text);
	else
		err_set(&req->err, objstore_status(result), "%.60s/%.150s: %s", s->url, req->key, text);
	return result;
}

void objstore_finish(objstore *s, struct objstore_req *req, enum objstore_result result)
{
	req->result = result;
	if (objstore_status(result) != COUNT_OK && req->err.code == COUNT_OK)
		objstore_fail(s, req, result, false, "%s",
			      result == OBJSTORE_STOPPED ? "stopped" :
			      result == OBJSTORE_NOMEM ? "out of memory" :
			      result == OBJSTORE_NOT_FOUND ? "no such object" : "failed");
	objstore_push(&s->done, req);
}

/* What no store could take; NULL: well formed. */
static const char *malformed(const struct objstore_req *req)
{
	size_t len = req->key == NULL ? 0 : strlen(req->key);

	if (req->key == NULL || (len == 0 && req->op != OBJSTORE_LIST))
		return "an object without a key";
	if (len > OBJSTORE_KEY_MAX)
		return "a key has at most 1024 bytes";
	if (!utf8_valid(req->key, len) && req->op != OBJSTORE_LIST)
		return "a key must be UTF-8";
	if (req->op == OBJSTORE_GET && req->get.body == NULL && req->get.sink == NULL)
		return "nowhere to put the bytes";
	if (req->op == OBJSTORE_GET && req->get.len > UINT64_MAX - req->get.offset)
		return "a range past what a number holds";
	if (req->op == OBJSTORE_PUT && req->put.condition == OBJSTORE_IF_MATCH &&
	    (req->put.if_match == NULL || req->put.if_match[0] == '\0'))
		return "if-match without an ETag";
	if ((unsigned)req->put.condition > OBJSTORE_IF_MATCH || (unsigned)req->op > OBJSTORE_LIST)
		return "no such request";
	return NULL;
}

void objstore_submit(objstore *s, struct objstore_req *req)
{
	const char *why;

	objstore_req_free(req);
	s->in_flight++;
	why = malformed(req);
	if (why == NULL) {
		s->ops->submit(s, req);
		return;
	}
	err_set(&req->err, COUNT_ERR_INVALID, "%s/%.150s: %s", s->url, req->key == NULL ? "" : req->key, why);
	objstore_finish(s, req, OBJSTORE_INVALID);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct objstore_req *objstore_wait(objstore *s, int timeout_ms)
{
	int64_t end = timeout_ms < 0 ? 0 : now_ms() + timeout_ms;
	int left = timeout_ms;
	struct objstore_req *req;

	while (s->done.head == NULL && s->in_flight > 0) {
		bool asks = timeout_ms < 0 && s->stopped != NULL;

		if (asks && s->stopped(s->stopped_arg) != 0)
			s->ops->cancel(s);
		s->ops->drive(s, asks ? ASK_MS : left);
		if (timeout_ms < 0 || s->done.head != NULL)
			continue;
		left = (int)(end - now_ms());
		if (left <= 0)
			break;
	}
	req = objstore_pop(&s->done);
	if (req != NULL)
		s->in_flight--;
	return req;
}

size_t objstore_in_flight(const objstore *s)
{
	return s->in_flight;
}

void objstore_cancel(objstore *s)
{
	s->ops->cancel(s);
}

void objstore_stop_when(objstore *s, int (*stopped)(void *), void *arg)
{
	s->stopped = stopped;
	s->stopped_arg = arg;
}

enum objstore_result objstore_run(objstore *s, struct objstore_req *req)
{
	if (s->in_flight > 0) {
		objstore_req_free(req);
		err_set(&req->err, COUNT_ERR_INVALID, "%s: other requests are in flight", s->url);
		return req->result = OBJSTORE_INVALID;
	}
	objstore_submit(s, req);
	objstore_wait(s, -1);
	return req->result;
}

void objstore_req_free(struct objstore_req *req)
{
	for (size_t i = 0; i < req->page.len; i++)
		free((void *)req->page.v[i].key);
	free(req->page.v);
	free(req->page.token);
	req->page = (struct objstore_page){ 0 };
	req->result = OBJSTORE_OK;
	req->err = (struct count_error){ 0 };
	req->size = 0;
	req->etag[0] = '\0';
	req->proved = false;
	req->next = NULL;
	req->transfer = NULL;
}

bool objstore_page_add(struct objstore_page *page, const char *key, size_t key_len, uint64_t size,
		       const char *etag)
{
	struct objstore_entry *e;

	if (page->len == page->cap) {
		size_t cap = page->cap == 0 ? 64 : 2 * page->cap;
		struct objstore_entry *v = reallocarray(page->v, cap, sizeof(*v));

		if (v == NULL)
			return false;
		page->v = v;
		page->cap = cap;
	}
	e = &page->v[page->len];
	*e = (struct objstore_entry){ .key = strndup(key, key_len), .size = size };
	if (e->key == NULL)
		return false;
	snprintf(e->etag, sizeof(e->etag), "%s", etag);
	page->len++;
	return true;
}

const char *objstore_url(const objstore *s)
{
	return s->url;
}

struct objstore_counts objstore_counts(const objstore *s)
{
	return s->counts;
}

struct objstore_abilities objstore_abilities(const objstore *s)
{
	return s->abilities;
}

void objstore_set_abilities(objstore *s, struct objstore_abilities a)
{
	s->abilities = a;
}

/* One put that a store which honours its condition must refuse. */
/*
 * Each put has bytes of its own: a store that loses an answer, tries again and is refused compares what is there
 * with what it put, and of equal bytes it could not tell which put they are from.
 */
static enum objstore_result probe_put(objstore *s, struct objstore_req *req)
{
	static const char bodies[] = "probe 1probe 2probe 3probe 4probe 5probe 6";
	const size_t len = strlen("probe 1");

	req->put.data = req->put.data == NULL ? bodies : (const char *)req->put.data + len;
	req->put.len = len;
	return objstore_run(s, req);
}

static enum objstore_result probe_one(objstore *s, struct objstore_req *req, enum objstore_ability *a)
{
	enum objstore_result result = probe_put(s, req);

	switch (result) {
	case OBJSTORE_PRECONDITION:	*a = OBJSTORE_HONOURED; break;
	case OBJSTORE_UNSUPPORTED:	*a = OBJSTORE_REFUSED; break;
	case OBJSTORE_OK:		*a = OBJSTORE_IGNORED; break;
	default:			return result;
	}
	return OBJSTORE_OK;
}

/* Put with the ETag in force, spelled with quotation marks or without: taken, or *a is REFUSED. */
static enum objstore_result probe_spelling(objstore *s, struct objstore_req *req, bool bare,
					   struct objstore_abilities *a)
{
	enum objstore_result result;

	s->abilities.bare_etag = a->bare_etag = bare;
	result = probe_put(s, req);
	if (result != OBJSTORE_PRECONDITION && result != OBJSTORE_UNSUPPORTED)
		return result;
	a->if_match = OBJSTORE_REFUSED;
	return OBJSTORE_OK;
}

/*
 * The if-match is first tried with an ETag that cannot be (it must be refused), then with the one
 * in force: a store that takes neither spelling of ETags cannot be relied on either.
 */
static enum objstore_result probe_match(objstore *s, struct objstore_req *req,
					char etag[OBJSTORE_ETAG_MAX + 1], struct objstore_abilities *a)
{
	enum objstore_result result;

	req->put.condition = OBJSTORE_IF_MATCH;
	req->put.if_match = "00000000000000000000000000000000";
	result = probe_one(s, req, &a->if_match);
	if (result != OBJSTORE_OK || a->if_match != OBJSTORE_HONOURED)
		return result;
	req->op = OBJSTORE_HEAD;
	result = objstore_run(s, req);
	if (result != OBJSTORE_OK)
		return result;
	memcpy(etag, req->etag, sizeof(req->etag));
	req->op = OBJSTORE_PUT;
	req->put.if_match = etag;
	for (int bare = 0; bare < 2; bare++) {
		a->if_match = OBJSTORE_HONOURED;
		result = probe_spelling(s, req, bare != 0, a);
		if (result != OBJSTORE_OK || a->if_match == OBJSTORE_HONOURED)
			return result;
	}
	a->bare_etag = false;
	return OBJSTORE_OK;
}

static enum objstore_result probe(objstore *s, struct objstore_req *req, struct objstore_abilities *a)
{
	char etag[OBJSTORE_ETAG_MAX + 1];
	enum objstore_result result = probe_put(s, req);

	if (result != OBJSTORE_OK)
		return result;
	req->put.condition = OBJSTORE_IF_ABSENT;
	result = probe_one(s, req, &a->if_absent);
	if (result == OBJSTORE_OK)
		result = probe_match(s, req, etag, a);
	req->put.if_match = NULL;
	return result;
}

enum objstore_result objstore_probe(objstore *s, const char *key, struct objstore_abilities *a,
				    struct count_error *err)
{
	struct objstore_abilities before = s->abilities, found = { 0 };
	struct objstore_req req = { .op = OBJSTORE_PUT, .key = key };
	struct objstore_req clean = { .op = OBJSTORE_DELETE, .key = key };
	enum objstore_result result = probe(s, &req, &found);

	s->abilities = result == OBJSTORE_OK ? found : before;
	if (result == OBJSTORE_OK)
		*a = found;
	else
		err_set(err, req.err.code, "%s", req.err.text);
	if (objstore_run(s, &clean) != OBJSTORE_OK && result == OBJSTORE_OK) {
		result = clean.result;
		err_set(err, clean.err.code, "%s", clean.err.text);
	}
	objstore_req_free(&req);
	objstore_req_free(&clean);
	return result;
}

void objstore_close(objstore *s)
{
	if (s == NULL)
		return;
	if (s->in_flight > 0)
		objstore_cancel(s);
	while (objstore_wait(s, -1) != NULL)
		;
	s->ops->close(s);
}
