/*
 * archive_object.c - one object: named, stored on condition that it is new, proved; see archive_job.h.
 *
 *	HEADING		(where the server does not hold to conditions) is there one of this name?
 *	PUTTING		If-None-Match: *
 *	COMPARING	there is one: ours, from a run that died or whose answer was lost, if it has the same bytes
 *	PROVING		read back, unless the server echoed our SHA-256
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/archive_job.h"

enum { HEADING, PUTTING, COMPARING, PROVING };

#define MAX_TRIES 4		/* of a put that another one was in the way of, or whose object vanished */

/* ---- Name and bytes ---- */

static bool set_text(char **to, const char *from)
{
	free(*to);
	*to = strdup(from);
	return *to != NULL;
}

static int print(struct upload *up, struct object_put *p, struct count_error *err)
{
	struct manifest_block *b = &p->object.block;
	int ret;

	if (!set_text(&b->key, p->key) || !set_text(&b->writer, up->a->tier.writer))
		return err_nomem(err);
	buf_clear(&p->bytes);
	ret = up->a->tier.json->object_print(&p->object, &p->gzipped, &p->bytes);
	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	return ret == COUNT_OK ? ret : err_set(err, COUNT_ERR_COLD, "%.300s: too large for an object", p->key);
}

int object_name(struct upload *up, struct object_put *p, object_key_taken *taken, void *arg,
		struct count_error *err)
{
	const struct cold_object *o = &p->object;
	int ret;

	do {
		if (++p->nth > OBJECT_MAX_NAMES)
			return err_set(err, COUNT_ERR_COLD, "%.300s: %u objects of this range are there already: "
				       "count-manifest repair removes what no manifest names", p->key,
				       OBJECT_MAX_NAMES);
		ret = cold_block_key(&up->a->tier, o->series, o->series_len, o->block.start, o->block.end, p->nth,
				     p->key, err);
		if (ret != COUNT_OK)
			return ret;
	} while (taken(arg, p->key));
	return print(up, p, err);
}

size_t object_memory(const struct object_put *p)
{
	return p->bytes.len + p->object.chunks.len;
}

static bool set_checksum(const struct object_put *p, struct manifest_block *b)
{
	XXH128_canonical_t canon;
	char text[40] = "xxh128:";

	XXH128_canonicalFromHash(&canon, XXH3_128bits(p->bytes.data, p->bytes.len));
	for (size_t i = 0; i < sizeof(canon.digest); i++)
		snprintf(text + 7 + 2 * i, 3, "%02x", canon.digest[i]);
	return set_text(&b->checksum, text);
}

int object_entry(struct object_put *p, struct manifest_block *entry)
{
	struct manifest_block *b = &p->object.block;

	b->size = p->bytes.len;
	if (!set_checksum(p, b) || !set_text(&b->etag, p->etag))
		return COUNT_ERR_NOMEM;
	*entry = *b;
	*b = (struct manifest_block){ 0 };
	return COUNT_OK;
}

void object_free(struct object_put *p)
{
	objstore_req_free(&p->req);
	cold_object_free(&p->object);
	buf_free(&p->bytes);
	*p = (struct object_put){ 0 };
}

/* ---- Requests ---- */

/* Their bytes against ours, as they come. */
static bool compare(void *arg, const uint8_t *data, size_t len)
{
	struct object_put *p = arg;

	if (len > p->bytes.len - p->seen || memcmp(p->bytes.data + p->seen, data, len) != 0) {
		p->differs = true;
		return false;
	}
	p->seen += len;
	return true;
}

static int submit(struct upload *up, struct object_put *p, int state, enum objstore_op op)
{
	p->state = state;
	p->seen = 0;
	p->differs = false;
	p->req.op = op;
	p->req.key = p->key;
	p->req.user = &p->waiter;
	p->req.get = (struct objstore_get){ .max = p->bytes.len, .sink = compare, .ctx = p };
	objstore_submit(up->a->tier.store, &p->req);
	return 0;
}

static int put(struct upload *up, struct object_put *p, enum objstore_condition condition)
{
	p->req.put = (struct objstore_put){
		.data = p->bytes.data, .len = p->bytes.len, .content_type = "application/json",
		.content_encoding = p->gzipped ? "gzip" : NULL,
		.storage_class = up->a->tier.settings->text[COLD_STORAGE_CLASS], .condition = condition,
		.tagged = true,
	};
	return submit(up, p, PUTTING, OBJSTORE_PUT);
}

static int begin(struct upload *up, struct object_put *p)
{
	enum objstore_ability a = objstore_abilities(up->a->tier.store).if_absent;

	if (a == OBJSTORE_REFUSED || a == OBJSTORE_IGNORED)
		return submit(up, p, HEADING, OBJSTORE_HEAD);
	return put(up, p, OBJSTORE_IF_ABSENT);
}

void object_begin(struct upload *up, struct object_put *p)
{
	begin(up, p);
}

static int failed(const struct object_put *p, struct count_error *err)
{
	if (err != NULL && err->code == COUNT_OK)
		*err = p->req.err;
	return p->req.err.code != COUNT_OK ? p->req.err.code : COUNT_ERR_NET;
}

static int again(struct upload *up, struct object_put *p, struct count_error *err)
{
	return ++p->tries < MAX_TRIES ? begin(up, p) : failed(p, err);
}

static int after_put(struct upload *up, struct object_put *p, struct count_error *err)
{
	struct objstore_abilities a;

	switch (p->req.result) {
	case OBJSTORE_OK:
		memcpy(p->etag, p->req.etag, sizeof(p->etag));
		return p->req.proved ? 1 : submit(up, p, PROVING, OBJSTORE_GET);
	case OBJSTORE_PRECONDITION:
		return submit(up, p, COMPARING, OBJSTORE_GET);
	case OBJSTORE_CONFLICT:
		return again(up, p, err);
	case OBJSTORE_UNSUPPORTED:
		if (p->req.put.condition == OBJSTORE_ALWAYS)
			return failed(p, err);
		a = objstore_abilities(up->a->tier.store);
		a.if_absent = OBJSTORE_REFUSED;
		objstore_set_abilities(up->a->tier.store, a);
		return begin(up, p);
	default:
		return failed(p, err);
	}
}

static bool is_same(const struct object_put *p)
{
	return p->req.result == OBJSTORE_OK && !p->differs && p->seen == p->bytes.len;
}

/* Whole, but other bytes; or larger. */
static bool is_other(const struct object_put *p)
{
	return p->differs || p->req.result == OBJSTORE_TOO_LARGE ||
	       (p->req.result == OBJSTORE_OK && p->seen < p->bytes.len);
}

static int after_compare(struct upload *up, struct object_put *p, struct count_error *err)
{
	if (is_same(p)) {
		memcpy(p->etag, p->req.etag, sizeof(p->etag));
		return 1;
	}
	if (is_other(p) || p->req.result == OBJSTORE_ARCHIVED)
		return 2;
	return p->req.result == OBJSTORE_NOT_FOUND ? again(up, p, err) : failed(p, err);
}

static int after_proof(struct upload *up, struct object_put *p, struct count_error *err)
{
	if (is_same(p)) {
		memcpy(p->etag, p->req.etag, sizeof(p->etag));
		return 1;
	}
	if (!is_other(p) && p->req.result != OBJSTORE_NOT_FOUND)
		return failed(p, err);
	if (p->looks++ == 0)	/* on the way, perhaps */
		return submit(up, p, PROVING, OBJSTORE_GET);
	return err_set(err, COUNT_ERR_COLD, "%.60s/%.300s: read back it is not what was stored; the points stay here: "
		       "is something between that changes bodies?", objstore_url(up->a->tier.store), p->key);
}

int object_step(struct upload *up, struct object_put *p, struct count_error *err)
{
	switch (p->state) {
	case HEADING:
		if (p->req.result == OBJSTORE_NOT_FOUND)
			return put(up, p, OBJSTORE_ALWAYS);
		return p->req.result == OBJSTORE_OK ? submit(up, p, COMPARING, OBJSTORE_GET) : failed(p, err);
	case PUTTING:
		return after_put(up, p, err);
	case COMPARING:
		return after_compare(up, p, err);
	default:
		return after_proof(up, p, err);
	}
}
