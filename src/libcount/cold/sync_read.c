/* sync_read.c - manifests into the index, as many GETs in flight as the settings allow; see sync_impl.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "cold/sync_impl.h"

#define EXPECTED_MAX (32u << 20)	/* bytes of manifests under way, unless one alone is larger */

int manifest_reader_init(struct manifest_reader *r, struct cold_tier *t, struct cold_index *x, struct count_error *err)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*r = (struct manifest_reader){ .t = t, .x = x, .nslots = t->settings->jobs, .began_s = now.tv_sec };
	if (r->nslots == 0)
		r->nslots = 1;
	r->slots = calloc(r->nslots, sizeof(*r->slots));
	return r->slots != NULL ? COUNT_OK : err_nomem(err);
}

void manifest_reader_free(struct manifest_reader *r)
{
	for (size_t i = 0; r->slots != NULL && i < r->nslots; i++)
		buf_free(&r->slots[i].body);
	free(r->slots);
	*r = (struct manifest_reader){ 0 };
}

void manifest_reader_fail(struct manifest_reader *r, const struct count_error *why)
{
	if (r->first.code == COUNT_OK)
		r->first = *why;
	r->failed += why->code == COUNT_ERR_COLD;
	if (why->code != COUNT_ERR_COLD && !r->stop) {
		r->stop = true;
		r->first = *why;	/* of the two, what ended it */
		objstore_cancel(r->t->store);
	}
}

/* ---- One that is finished ---- */

static void forget(struct manifest_reader *r, const struct reader_slot *s, struct count_error *why)
{
	struct coldindex_entry e;
	int found = s->name_len == 0 ? 0 : cold_index_find(r->x, s->name, s->name_len, &e, why);

	if (found == 1 && r->keep && e.any)
		err_set(why, COUNT_ERR_COLD, "%s/%s: gone, and with it %" PRIu64 " points of %.100s; bring it back "
			"(versions of the bucket, count-manifest rebuild), or accept that with count-manifest sync",
			objstore_url(r->t->store), s->key, e.points, s->name);
	else if (found == 1 && cold_index_put(r->x, s->name, s->name_len, NULL, NULL, r->began_s, why) == COUNT_OK)
		r->gone++;
}

static void take(struct manifest_reader *r, struct reader_slot *s, struct count_error *why)
{
	struct manifest m = { 0 };
	int ret;

	if (s->req.result == OBJSTORE_UNCHANGED) {
		cold_index_touch(r->x, s->name, s->name_len, r->began_s, why);
		return;
	}
	ret = cold_manifest_take(r->t, &s->req, s->name_len > 0 ? s->name : NULL, s->name_len, &m, why);
	if (ret == COUNT_ERR_CORRUPT)	/* of the bucket, not of a local file */
		why->code = COUNT_ERR_COLD;
	if (ret == 0 && r->listed)
		err_set(why, COUNT_ERR_COLD, "%.300s: listed, but not there when it was read: the next sync looks "
			"again", s->key);
	else if (ret == 0)
		forget(r, s, why);
	if (ret == 1 && cold_index_put(r->x, m.series, m.series_len, &m, s->req.etag, r->began_s, why) == COUNT_OK)
		r->changed++;
	manifest_free(&m);
}

static void finish(struct manifest_reader *r, struct objstore_req *req)
{
	struct reader_slot *s = req->user;
	struct count_error why = { 0 };

	if (!r->stop)
		take(r, s, &why);
	if (why.code != COUNT_OK)
		manifest_reader_fail(r, &why);
	r->expected -= s->size;
	s->busy = false;
	objstore_req_free(req);
	buf_free(&s->body);
}

void manifest_reader_wait(struct manifest_reader *r, const struct objstore_req *other)
{
	struct objstore_req *req;

	while ((req = objstore_wait(r->t->store, -1)) != NULL) {
		if (req == other)
			return;
		finish(r, req);
	}
}

/* ---- One more ---- */

static struct reader_slot *idle(struct manifest_reader *r, uint64_t size)
{
	if (r->expected > 0 && r->expected + size > EXPECTED_MAX)
		return NULL;
	for (size_t i = 0; i < r->nslots; i++)
		if (!r->slots[i].busy)
			return &r->slots[i];
	return NULL;
}

void manifest_reader_get(struct manifest_reader *r, const char *key, const char *name, size_t name_len,
			 const char *etag, size_t etag_len, uint64_t size)
{
	char copy[OBJSTORE_ETAG_MAX + 1];	/* it may lie in a record that a finished GET replaces */
	struct reader_slot *s;
	struct objstore_req *req;

	memcpy(copy, etag, etag_len);
	copy[etag_len] = '\0';
	if (size > MANIFEST_MAX_BYTES)
		size = MANIFEST_MAX_BYTES;	/* the GET will say so */
	while ((s = idle(r, size)) == NULL && (req = objstore_wait(r->t->store, -1)) != NULL)
		finish(r, req);
	if (s == NULL || r->stop)
		return;
	s->busy = true;
	s->size = size;
	r->expected += size;
	strncpy(s->key, key, OBJSTORE_KEY_MAX);
	memcpy(s->name, name, name_len);
	s->name_len = name_len;
	memcpy(s->etag, copy, sizeof(copy));
	s->req = (struct objstore_req){ .op = OBJSTORE_GET, .key = s->key, .user = s,
					.get = { .max = MANIFEST_MAX_BYTES, .body = &s->body,
						 .if_none_match = etag_len > 0 ? s->etag : NULL } };
	objstore_submit(r->t->store, &s->req);
}

/* ---- Refresh ---- */

static int refresh_one(struct manifest_reader *r, const char *name, size_t len, struct count_error *why)
{
	char key[OBJSTORE_KEY_MAX + 1];
	struct coldindex_entry e;
	int found = cold_index_find(r->x, name, len, &e, why), ret;

	if (found < 0)
		return found;
	ret = cold_manifest_key(r->t, name, len, key, why);
	if (ret != COUNT_OK)
		return ret;
	if (found == 1 && e.etag_len <= OBJSTORE_ETAG_MAX)
		manifest_reader_get(r, key, name, len, e.etag, e.etag_len, 0);
	else
		manifest_reader_get(r, key, name, len, "", 0, 0);
	return COUNT_OK;
}

int cold_refresh(struct cold_tier *t, struct cold_index *x, const char *const *names, const size_t *lens, size_t n,
		 struct count_error *err)
{
	struct manifest_reader r;
	int ret = manifest_reader_init(&r, t, x, err);

	if (ret != COUNT_OK)
		return ret;
	r.keep = true;
	for (size_t i = 0; i < n && !r.stop; i++) {
		struct count_error why = { 0 };

		if (refresh_one(&r, names[i], lens[i], &why) != COUNT_OK)
			manifest_reader_fail(&r, &why);
	}
	manifest_reader_wait(&r, NULL);
	if (r.first.code != COUNT_OK && err != NULL && err->code == COUNT_OK)
		*err = r.first;
	ret = r.first.code;
	manifest_reader_free(&r);
	return ret;
}
