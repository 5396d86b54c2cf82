/* manifest_fetch.c - objects of the bucket, several at once; see manifest_scan.h. */
#include <stdlib.h>

#include "base/error.h"
#include "engine/manifest_scan.h"

#define ROOM (96u << 20)	/* bytes on their way, unless it is one object */
#define ASSUMED (8u << 20)	/* of an object whose size nobody told */

struct slot {
	struct objstore_req req;
	struct buf body;
	size_t i;
	uint64_t room;
	bool used;
};

struct fetching {
	struct manifest_run *r;
	const char *const *keys;
	const uint64_t *sizes;
	size_t n, next;
	struct slot *slots;
	size_t nslots;
	uint64_t room;			/* taken by those on their way */
};

static struct slot *free_slot(struct fetching *f)
{
	for (size_t i = 0; i < f->nslots; i++)
		if (!f->slots[i].used)
			return &f->slots[i];
	return NULL;
}

static void submit(struct fetching *f)
{
	struct slot *s;

	while (f->next < f->n && (s = free_slot(f)) != NULL) {
		uint64_t size = f->sizes[f->next], room = size == 0 || size > OBJECT_MAX_BYTES ? ASSUMED : size;

		if (f->room > 0 && f->room + room > ROOM)
			return;
		*s = (struct slot){ .i = f->next, .room = room, .used = true };
		s->req = (struct objstore_req){ .op = OBJSTORE_GET, .key = f->keys[f->next], .user = s,
						.get = { .max = OBJECT_MAX_BYTES, .body = &s->body } };
		f->room += room;
		f->next++;
		objstore_submit(f->r->tier.store, &s->req);
	}
}

static void slot_clear(struct fetching *f, struct slot *s)
{
	objstore_req_free(&s->req);
	buf_free(&s->body);
	f->room -= s->room;
	s->used = false;
}

static int give(struct fetching *f, struct slot *s, fetch_fn *fn, void *ctx, struct count_error *err)
{
	struct fetch one = { .i = s->i, .key = s->req.key, .bytes = &s->body, .etag = s->req.etag };

	if (s->req.result != OBJSTORE_OK)
		one.failed = &s->req.err;
	return fn(f->r, &one, ctx, err);
}

int fetch_objects(struct manifest_run *r, const char *const *keys, const uint64_t *sizes, size_t n, fetch_fn *fn,
		  void *ctx, struct count_error *err)
{
	struct fetching f = { .r = r, .keys = keys, .sizes = sizes, .n = n, .nslots = r->db->cold.jobs };
	struct objstore_req *done;
	int ret = COUNT_OK;

	f.slots = calloc(f.nslots, sizeof(*f.slots));
	if (f.slots == NULL)
		return err_nomem(err);
	submit(&f);
	while ((done = objstore_wait(r->tier.store, -1)) != NULL) {
		if (ret == COUNT_OK)
			ret = give(&f, done->user, fn, ctx, err);
		slot_clear(&f, done->user);
		if (ret == COUNT_OK && manifest_run_stopped(r))
			ret = err_set(err, COUNT_ERR_STOPPED, "stopped");
		if (ret == COUNT_OK)
			submit(&f);
		else
			objstore_cancel(r->tier.store);
	}
	free(f.slots);
	return ret;
}
