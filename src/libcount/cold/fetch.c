/* fetch.c - the objects that a reader needs, ahead of their use; see fetch.h. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "cold/fetch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { TABLE_SIZE = 1024 };

enum item_state { WAITING, CACHED, IN_FLIGHT, DONE };

struct item {
	enum item_state state;
	struct manifest_block block;	/* key, size, etag, checksum alone; its own */
	uint64_t budget;		/* bytes that it may hold */
	bool unwanted;			/* forgotten while in flight */
	struct objstore_req req;
	struct buf body;
	struct item *next, *prev;	/* in the order asked for */
	struct item *chain;		/* in the table */
};

struct cold_fetch {
	struct cold_tier *tier;
	struct cold_cache *cache;
	uint32_t jobs;
	struct item *first, *last;
	struct item *start;		/* the first that may be WAITING; NULL: none */
	struct item *table[TABLE_SIZE];
	size_t n, in_flight;
	uint64_t asked;			/* bytes of all items */
	uint64_t held;			/* budgets of those in flight or done */
	struct count_error gave_up;	/* code not COUNT_OK: no more requests */
};

struct cold_fetch *cold_fetch_new(struct cold_tier *tier, struct cold_cache *cache, uint32_t jobs)
{
	struct cold_fetch *f = calloc(1, sizeof(*f));

	if (f != NULL) {
		f->tier = tier;
		f->cache = cache;
		f->jobs = jobs > 0 ? jobs : 1;
	}
	return f;
}

/* ---- Items ---- */

static struct item **slot(struct cold_fetch *f, const char *key)
{
	return &f->table[XXH3_64bits(key, strlen(key)) % TABLE_SIZE];
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* An entry that was replaced under its key is another object. */
static struct item *find(struct cold_fetch *f, const struct manifest_block *b)
{
	struct item *i = *slot(f, b->key);

	while (i != NULL && (i->unwanted || !same(i->block.key, b->key) || !same(i->block.etag, b->etag) ||
			     !same(i->block.checksum, b->checksum)))
		i = i->chain;
	return i;
}

static void unlink_item(struct cold_fetch *f, struct item *i)
{
	struct item **p = slot(f, i->block.key);

	while (*p != i)
		p = &(*p)->chain;
	*p = i->chain;
	if (f->start == i)
		f->start = i->next;
	*(i->prev != NULL ? &i->prev->next : &f->first) = i->next;
	*(i->next != NULL ? &i->next->prev : &f->last) = i->prev;
	f->n--;
	f->asked -= i->budget;
}

/* Not in flight. */
static void drop(struct cold_fetch *f, struct item *i)
{
	if (i->state == DONE)
		f->held -= i->budget;
	unlink_item(f, i);
	if (i->state == DONE)
		objstore_req_free(&i->req);
	buf_free(&i->body);
	manifest_block_free(&i->block);
	free(i);
}

static int copy_text(const char *from, char **to)
{
	*to = from == NULL ? NULL : strdup(from);
	return from == NULL || *to != NULL ? COUNT_OK : COUNT_ERR_NOMEM;
}

static struct item *add(struct cold_fetch *f, const struct manifest_block *b)
{
	struct item *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return NULL;
	if (copy_text(b->key, &i->block.key) != COUNT_OK || copy_text(b->etag, &i->block.etag) != COUNT_OK ||
	    copy_text(b->checksum, &i->block.checksum) != COUNT_OK) {
		manifest_block_free(&i->block);
		free(i);
		return NULL;
	}
	i->block.size = b->size;
	/* What says no size is from an earlier writer: a guess that lets some be under way. */
	i->budget = b->size > 0 ? b->size : 1u << 20;
	i->state = cold_cache_has(f->cache, b) ? CACHED : WAITING;
	i->prev = f->last;
	*(f->last != NULL ? &f->last->next : &f->first) = i;
	f->last = i;
	i->chain = *slot(f, b->key);
	*slot(f, b->key) = i;
	if (f->start == NULL)
		f->start = i;
	f->n++;
	f->asked += i->budget;
	return i;
}

/* ---- Requests ---- */

static void submit(struct cold_fetch *f, struct item *i)
{
	uint64_t max = i->block.size;

	i->req = (struct objstore_req){ .op = OBJSTORE_GET, .key = i->block.key, .user = i };
	i->req.get.body = &i->body;
	i->req.get.max = max > 0 && max < OBJECT_MAX_BYTES ? max : OBJECT_MAX_BYTES;
	i->state = IN_FLIGHT;
	f->in_flight++;
	f->held += i->budget;
	objstore_submit(f->tier->store, &i->req);
}

/* As many as may be under way. */
static void start(struct cold_fetch *f)
{
	while (f->start != NULL && f->in_flight < f->jobs && f->gave_up.code == COUNT_OK) {
		struct item *i = f->start;

		if (i->state == WAITING) {
			if (f->held > 0 && f->held + i->budget > COLD_FETCH_BYTES)
				return;
			submit(f, i);
		}
		f->start = i->next;
	}
}

/* One that is finished; false: none was within the time. */
static bool complete(struct cold_fetch *f, int timeout_ms)
{
	struct objstore_req *req = f->in_flight > 0 ? objstore_wait(f->tier->store, timeout_ms) : NULL;
	struct item *i;

	if (req == NULL)
		return false;
	i = req->user;
	f->in_flight--;
	i->state = DONE;
	if (i->unwanted)
		drop(f, i);
	return true;
}

void cold_fetch_delete(struct cold_fetch *f)
{
	if (f == NULL)
		return;
	if (f->in_flight > 0)
		objstore_cancel(f->tier->store);
	while (complete(f, -1))
		;
	while (f->first != NULL)
		drop(f, f->first);
	free(f);
}

int cold_fetch_ask(struct cold_fetch *f, const struct manifest_block *b, struct count_error *err)
{
	if (find(f, b) == NULL && add(f, b) == NULL)
		return err_nomem(err);
	start(f);
	return COUNT_OK;
}

void cold_fetch_forget(struct cold_fetch *f, const struct manifest_block *b)
{
	struct item *i = find(f, b);

	if (i == NULL)
		return;
	if (i->state == IN_FLIGHT)
		i->unwanted = true;
	else
		drop(f, i);
	start(f);
}

uint64_t cold_fetch_asked(const struct cold_fetch *f, size_t *objects)
{
	*objects = f->n;
	return f->asked;
}

void cold_fetch_pump(struct cold_fetch *f)
{
	start(f);
	while (complete(f, 0))
		start(f);
}

void cold_fetch_settle(struct cold_fetch *f)
{
	while (complete(f, -1))
		;
}

/* What a request that failed means to somebody who relies on a manifest. */
static int failure(const struct item *i, struct count_error *err)
{
	const struct objstore_req *r = &i->req;
	int ret = objstore_status(r->result);

	switch (r->result) {
	case OBJSTORE_NOT_FOUND: case OBJSTORE_DAMAGED: case OBJSTORE_ARCHIVED: case OBJSTORE_INVALID:
		ret = COUNT_ERR_COLD;
		break;
	case OBJSTORE_TOO_LARGE:
		return err_set(err, COUNT_ERR_COLD, "%s: larger than the %" PRIu64 " bytes that its manifest says",
			       i->block.key, i->block.size);
	default:
		break;
	}
	if (err != NULL && err->code == COUNT_OK) {
		err->sys_errno = r->err.sys_errno;
		err->http_status = r->err.http_status;
	}
	return err_set(err, ret, "%s", r->err.text);
}

void cold_fetch_give_up(struct cold_fetch *f, int ret, const struct count_error *why)
{
	f->gave_up = *why;
	f->gave_up.code = ret;
}

static void wait_for(struct cold_fetch *f, struct item *i)
{
	if (i->state == WAITING)
		submit(f, i);	/* over the budget or not: it is needed now */
	start(f);
	while (i->state == IN_FLIGHT && complete(f, -1))
		start(f);
}

/* What was submitted goes out before the time that it takes to decode an object; a few may come in. */
static void send_off(struct cold_fetch *f)
{
	for (uint32_t n = f->jobs; n > 0 && complete(f, 0); n--)
		start(f);
}

int cold_fetch_try_first(struct cold_fetch *f, struct count_error *err)
{
	struct item *i = f->first;

	while (i != NULL && (i->state == CACHED || i->unwanted))
		i = i->next;
	if (i == NULL)
		return COUNT_OK;
	wait_for(f, i);
	return i->req.result == OBJSTORE_OK ? COUNT_OK : failure(i, err);
}

/* 1: from the cache; 0: not there, or not what the entry says. */
static int take_cached(struct cold_fetch *f, struct item *i, const struct manifest_block *b, const char *series,
		       size_t len, struct cold_object *o)
{
	int ret = COUNT_ERR_COLD;

	if (cold_cache_get(f->cache, b, &i->body)) {
		ret = cold_object_take(f->tier, b, series, len, i->body.data, i->body.len, o, NULL);
		if (ret != COUNT_OK && ret != COUNT_ERR_NOMEM)
			cold_cache_drop(f->cache, b);
	}
	buf_clear(&i->body);
	i->state = WAITING;
	return ret == COUNT_OK;
}

int cold_fetch_take(struct cold_fetch *f, const struct manifest_block *b, const char *series, size_t len,
		    struct cold_object *o, struct count_error *err)
{
	struct item *i = find(f, b);
	int ret = COUNT_OK;

	if (i == NULL)
		i = add(f, b);
	if (i == NULL)
		return err_nomem(err);
	if (i->state == CACHED && take_cached(f, i, b, series, len, o)) {
		drop(f, i);
		start(f);
		return COUNT_OK;
	}
	if (i->state == WAITING && f->gave_up.code != COUNT_OK) {
		drop(f, i);
		if (err != NULL && err->code == COUNT_OK)
			*err = f->gave_up;
		return f->gave_up.code;
	}
	wait_for(f, i);
	send_off(f);
	if (i->req.result != OBJSTORE_OK)
		ret = failure(i, err);
	else
		ret = cold_object_take(f->tier, b, series, len, i->body.data, i->body.len, o, err);
	if (ret == COUNT_OK)
		cold_cache_put(f->cache, b, i->body.data, i->body.len);
	drop(f, i);
	start(f);
	return ret;
}
