/*
 * archive_job.c - one series of a run over the network; see archive_job.h.
 *
 *	JOB_EDIT	objects are made and stored, several at once; old ones that late points fall into are fetched
 *	JOB_DRAIN	all are made; those under way must be proved
 *	JOB_REREAD	an old object is not as the index has it: another host may have replaced it; the manifest tells
 *	JOB_CHECK	what is relied on to be there already must be there (archive_check.c)
 *	JOB_UPDATE	the manifest, with all of them at once
 *
 * If another writer changed what the edit was built on, it is made anew from the manifest that stands; what was
 * stored for nothing is entered as garbage.
 */
#include "engine/archive_job.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define MAX_AGAIN 5

/* ---- The edit ---- */

static int find_local(void *arg, int64_t from, int64_t last, struct piece_list *out, struct count_error *err)
{
	struct archive_job *j = arg;
	struct archive *a = j->up->a;
	unsigned tiers = COUNT_TIER_WARM | (a->opt->dry_run ? COUNT_TIER_HOT : 0);

	return pieces_find(&a->snap, j->s->name, j->s->name_len, from, last, tiers, out, err);
}

/* Pieces of other series may be damaged meanwhile: only what came up inside the edit counts. */
static int check_local(void *arg, struct count_error *err)
{
	struct archive_job *j = arg;
	const struct snapshot *s = &j->up->a->snap;

	if (!j->damaged && s->ndamages == j->damages)
		return COUNT_OK;
	return err_set(err, COUNT_ERR_CORRUPT, "%.100s: not archived, since points of it cannot be read here: %.300s",
		       j->s->name, s->damage.text);
}

int job_edit(struct archive_job *j, bool forecast, struct count_error *err)
{
	struct archive *a = j->up->a;
	struct edit_input in = {
		.name = j->s->name, .name_len = j->s->name_len, .m = &j->base, .writer = a->tier.writer,
		.cutoff = a->cutoff, .unit = a->db->dir.format.unit, .level = maint_coding(a->opt->level),
		.coder = j->up->coder, .forecast = forecast,
		.find = find_local, .check = check_local, .arg = j,
	};

	j->damages = a->snap.ndamages;
	return edit_new(&in, &j->edit, err);
}

int job_edit_next(struct archive_job *j, enum edit_want *want, struct count_error *err)
{
	const struct snapshot *s = &j->up->a->snap;
	int ret;

	j->damages = s->ndamages;
	ret = edit_next(j->edit, want, err);
	j->damaged |= s->ndamages != j->damages;
	return ret;
}

int job_new(struct upload *up, struct archive_series *s, struct archive_job **job, struct count_error *err)
{
	struct archive_job *j = calloc(1, sizeof(*j));
	struct coldindex_entry e;
	int ret;

	if (j == NULL)
		return err_nomem(err);
	j->up = up;
	j->s = s;
	j->fetch_waiter = (struct waiter){ WAITER_FETCH, j };
	j->update_waiter = (struct waiter){ WAITER_UPDATE, j };
	ret = cold_index_manifest(up->a->index, s->name, s->name_len, &j->base, &e, err);
	if (ret == 1) {
		j->exists = true;
		if (e.etag_len <= OBJSTORE_ETAG_MAX)
			memcpy(j->etag, e.etag, e.etag_len);
		ret = COUNT_OK;
	}
	if (ret == COUNT_OK)
		ret = job_edit(j, up->a->opt->dry_run, err);
	if (ret != COUNT_OK) {
		job_delete(j);
		return ret;
	}
	*job = j;
	return COUNT_OK;
}

void job_delete(struct archive_job *j)
{
	if (j == NULL)
		return;
	for (size_t i = 0; i < j->nobjects; i++) {
		j->up->pending -= object_memory(j->objects[i]);
		object_free(j->objects[i]);
		free(j->objects[i]);
	}
	for (size_t i = 0; i < j->nabandoned; i++)
		free(j->abandoned[i]);
	edit_delete(j->edit);
	manifest_free(&j->base);
	objstore_req_free(&j->fetch);
	buf_free(&j->fetched);
	cold_update_free(&j->update);
	free(j->standing);
	free(j->objects);
	free(j->abandoned);
	free(j);
}

bool job_finished(const struct archive_job *j)
{
	return j->phase == JOB_DONE && j->nobjects == 0 && !j->fetching && !j->updating;
}

/* Requests that are under way must come back before it is finished. */
static void fail(struct archive_job *j, int ret)
{
	j->phase = JOB_DONE;
	if (j->result == COUNT_OK)
		j->result = ret;
}

void job_stop(struct archive_job *j)
{
	if (j->phase != JOB_DONE)
		fail(j, COUNT_ERR_STOPPED);
}

/* ---- Old objects ---- */

static void fetch(struct archive_job *j)
{
	const struct manifest_block *b = &j->base.blocks[edit_wanted(j->edit)];

	j->fetching = true;
	buf_clear(&j->fetched);
	j->fetch.op = OBJSTORE_GET;
	j->fetch.key = b->key;
	j->fetch.user = &j->fetch_waiter;
	j->fetch.get = (struct objstore_get){ .max = OBJECT_MAX_BYTES, .body = &j->fetched };
	objstore_submit(j->up->a->tier.store, &j->fetch);
}

static int take_fetched(struct archive_job *j)
{
	const struct manifest_block *b = &j->base.blocks[edit_wanted(j->edit)];
	struct cold_object o = { 0 };
	int ret;

	if (j->fetch.result == OBJSTORE_NOT_FOUND)
		return err_set(&j->err, COUNT_ERR_COLD, "%.300s: named by its manifest, but not there: count-manifest "
			       "verify tells what else is missing, repair takes it out", b->key);
	if (j->fetch.result != OBJSTORE_OK) {
		j->err = j->fetch.err;
		return j->err.code;
	}
	ret = cold_object_take(&j->up->a->tier, b, j->s->name, j->s->name_len, j->fetched.data, j->fetched.len, &o,
			       &j->err);
	buf_free(&j->fetched);
	return ret == COUNT_OK ? edit_supply(j->edit, &o, &j->err) : ret;
}

/* Is it the object that is wrong, rather than the way to it?  403 may be either. */
static bool is_of_object(int ret)
{
	return ret == COUNT_ERR_COLD || ret == COUNT_ERR_DENIED;
}

/* ---- New objects ---- */

/* The length of a key up to its range: all but "_2.json". */
static size_t stem_of(const char *key)
{
	const char *leaf = strrchr(key, '/'), *p = leaf != NULL ? leaf + 1 : key;

	for (unsigned parts = 0; *p != '\0' && *p != '.'; p++)
		if (*p == '_' && ++parts == 3)
			break;
	return (size_t)(p - key);
}

/* 1 of ".json", N of "_N.json"; 0: it is another text. */
static unsigned number_of(const char *end)
{
	unsigned n = 0;

	if (*end == '_')
		for (end++; *end >= '0' && *end <= '9' && n <= OBJECT_MAX_NAMES; end++)
			n = n * 10 + (unsigned)(*end - '0');
	else
		n = 1;
	return strcmp(end, ".json") == 0 && n <= OBJECT_MAX_NAMES ? n : 0;
}

/* The same name, or a later one of the same range: then this one was in use before. */
static bool rules_out(const char *other, const char *key, size_t stem)
{
	return strncmp(other, key, stem) == 0 &&
	       (strcmp(other + stem, key + stem) == 0 || number_of(other + stem) > number_of(key + stem));
}

/*
 * A name that stands in the manifest or its garbage is never used again, nor one of an object under way.  Nor one
 * below them, which was deleted: another host may have it in an older list of garbage, and delete it.
 */
bool job_key_taken(void *arg, const char *key)
{
	const struct archive_job *j = arg;
	const struct manifest_block *v;
	size_t n = edit_stored_blocks(j->edit, &v), stem = stem_of(key);

	for (size_t i = 0; i < j->base.ngarbage; i++)
		if (rules_out(j->base.garbage[i].key, key, stem))
			return true;
	for (size_t i = 0; i < j->base.nblocks; i++)
		if (rules_out(j->base.blocks[i].key, key, stem))
			return true;
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].key, key) == 0)
			return true;
	for (size_t i = 0; i < j->nobjects; i++)
		if (j->objects[i]->key != key && strcmp(j->objects[i]->key, key) == 0)
			return true;
	return false;
}

static int add_object(struct archive_job *j)
{
	struct object_put *p;
	int ret;

	if (j->nobjects == j->objects_cap) {
		struct object_put **v = reallocarray(j->objects, j->objects_cap + 8, sizeof(struct object_put *));

		if (v == NULL)
			return err_nomem(&j->err);
		j->objects = v;
		j->objects_cap += 8;
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return err_nomem(&j->err);
	p->waiter = (struct waiter){ WAITER_OBJECT, j };
	edit_take(j->edit, &p->object);
	ret = object_name(j->up, p, job_key_taken, j, &j->err);
	if (ret != COUNT_OK) {
		object_free(p);
		free(p);
		return ret;
	}
	j->objects[j->nobjects++] = p;
	j->up->pending += object_memory(p);
	object_begin(j->up, p);
	return COUNT_OK;
}

static void drop_object(struct archive_job *j, size_t i)
{
	j->up->pending -= object_memory(j->objects[i]);
	object_free(j->objects[i]);
	free(j->objects[i]);
	j->objects[i] = j->objects[--j->nobjects];
}

/* It was thought to be garbage, and is wanted after all. */
static void reclaim(struct archive_job *j, const char *key)
{
	for (size_t i = 0; i < j->nabandoned; i++) {
		if (strcmp(j->abandoned[i], key) != 0)
			continue;
		free(j->abandoned[i]);
		j->abandoned[i] = j->abandoned[--j->nabandoned];
		return;
	}
}

static int object_stored(struct archive_job *j, struct object_put *p)
{
	struct manifest_block entry;

	reclaim(j, p->key);
	if (object_entry(p, &entry) != COUNT_OK)
		return err_nomem(&j->err);
	if (edit_stored(j->edit, &entry) == COUNT_OK)
		return COUNT_OK;
	manifest_block_free(&entry);
	return err_nomem(&j->err);
}

static void step_object(struct archive_job *j, struct objstore_req *req)
{
	size_t i = 0;
	size_t before;
	int ret;

	while (&j->objects[i]->req != req)
		i++;
	if (j->phase == JOB_DONE) {	/* it failed: nothing more is asked for */
		drop_object(j, i);
		return;
	}
	ret = object_step(j->up, j->objects[i], &j->err);
	if (ret == 2) {
		before = object_memory(j->objects[i]);
		ret = object_name(j->up, j->objects[i], job_key_taken, j, &j->err);
		j->up->pending += object_memory(j->objects[i]) - before;
		if (ret == COUNT_OK)
			object_begin(j->up, j->objects[i]);
	}
	if (ret == 0)
		return;
	if (ret == 1)
		ret = object_stored(j, j->objects[i]);
	drop_object(j, i);
	if (ret != COUNT_OK)
		fail(j, ret);
}

/* ---- The manifest ---- */

static bool names_key(const struct manifest *m, const char *key)
{
	for (size_t i = 0; i < m->nblocks; i++)
		if (strcmp(m->blocks[i].key, key) == 0)
			return true;
	return false;
}

static int apply(void *arg, struct manifest *m, struct count_error *err)
{
	const struct archive_job *j = arg;
	int64_t now_s = j->up->a->now_s;
	int ret = edit_apply(j->edit, now_s, m);

	if (ret == EDIT_AGAIN)
		return COLD_UPDATE_AGAIN;
	for (size_t i = 0; i < j->nabandoned && ret == COUNT_OK; i++)
		if (!names_key(m, j->abandoned[i]))
			ret = edit_add_garbage(m, j->abandoned[i], now_s);
	return ret == COUNT_OK ? COUNT_OK : err_nomem(err);
}

static int set_update(struct archive_job *j)
{
	struct cold_update *u = &j->update;

	cold_update_free(u);
	*u = (struct cold_update){
		.tier = &j->up->a->tier, .series = j->s->name, .len = j->s->name_len, .exists = j->exists,
		.edit = apply, .arg = j, .now_s = j->up->a->now_s, .user = &j->update_waiter,
	};
	memcpy(u->etag, j->etag, sizeof(u->etag));
	return manifest_copy(&j->base, &u->m);
}

int job_update_forecast(struct archive_job *j, struct buf *text, size_t *ndeletes, struct count_error *err)
{
	return set_update(j) != COUNT_OK ? err_nomem(err) : cold_update_forecast(&j->update, text, ndeletes, err);
}

static void begin_update(struct archive_job *j)
{
	struct cold_update *u = &j->update;
	const struct manifest_block *v;
	size_t n = edit_stored_blocks(j->edit, &v);
	int ret;

	j->phase = JOB_UPDATE;
	free(j->standing);
	j->standing = calloc(n + 1, sizeof(*j->standing));
	if (j->standing == NULL || set_update(j) != COUNT_OK) {
		fail(j, err_nomem(&j->err));
		return;
	}
	for (size_t i = 0; i < n; i++)
		j->standing[i] = (struct cold_update_object){ v[i].key, v[i].etag, v[i].size };
	u->objects = j->standing;
	u->nobjects = n;
	ret = cold_update_begin(u, &j->err);
	j->updating = ret == 0;
	if (ret != 0)
		fail(j, ret);
}

static int abandon(struct archive_job *j, const char *key)
{
	char *copy;

	if (j->nabandoned == j->abandoned_cap) {
		char **v = reallocarray(j->abandoned, j->abandoned_cap + 8, sizeof(char *));

		if (v == NULL)
			return err_nomem(&j->err);
		j->abandoned = v;
		j->abandoned_cap += 8;
	}
	copy = strdup(key);
	if (copy == NULL)
		return err_nomem(&j->err);
	j->abandoned[j->nabandoned++] = copy;
	return COUNT_OK;
}

/*
 * The manifest that stands is another one: a new edit from it.  It goes to the index at once: if all of it is there
 * already, as when the run before died with its manifest stored, nothing else would tell where the points went.
 */
static int start_again(struct archive_job *j)
{
	struct archive *a = j->up->a;
	const struct manifest_block *v;
	size_t n = edit_stored_blocks(j->edit, &v);
	int ret = COUNT_OK;

	if (++j->again > MAX_AGAIN)
		return err_set(&j->err, COUNT_ERR_COLD, "%.300s: others changed it during each of %d tries; the next "
			       "run goes on", j->update.key, MAX_AGAIN);
	for (size_t i = 0; i < n && ret == COUNT_OK; i++)
		if (!names_key(&j->update.m, v[i].key) && !edit_is_garbage(&j->update.m, v[i].key))
			ret = abandon(j, v[i].key);
	if (ret == COUNT_OK)
		ret = cold_index_put(a->index, j->s->name, j->s->name_len, j->update.exists ? &j->update.m : NULL,
				     j->update.exists ? j->update.etag : NULL, a->now_s, &j->err);
	if (ret != COUNT_OK)
		return ret;
	edit_delete(j->edit);
	j->edit = NULL;
	manifest_free(&j->base);
	j->base = j->update.m;
	j->update.m = (struct manifest){ 0 };
	j->exists = j->update.exists;
	memcpy(j->etag, j->update.etag, sizeof(j->etag));
	j->check = 0;
	j->phase = JOB_EDIT;
	return job_edit(j, false, &j->err);
}

static int updated(struct archive_job *j)
{
	struct archive *a = j->up->a;
	const struct manifest_block *v;
	size_t n = edit_stored_blocks(j->edit, &v);
	int ret = cold_index_put(a->index, j->s->name, j->s->name_len, &j->update.m, j->update.etag, a->now_s,
				 &j->err);

	for (size_t i = 0; i < n; i++) {
		j->stored_points += v[i].points;
		j->stored_bytes += v[i].size;
	}
	j->stored = n;
	j->phase = JOB_DONE;
	return ret;
}

static void step_update(struct archive_job *j)
{
	int ret;

	j->updating = false;
	if (j->phase == JOB_DONE)
		return;
	ret = cold_update_step(&j->update, &j->err);
	j->updating = ret == 0;
	if (ret == 0)
		return;
	if (ret == COLD_UPDATE_AGAIN)
		ret = start_again(j);
	else if (ret == 1)
		ret = updated(j);
	if (ret != COUNT_OK)
		fail(j, ret);
}

static void step_fetch(struct archive_job *j)
{
	int ret = COUNT_OK;

	j->fetching = false;
	if (j->phase == JOB_REREAD)
		ret = job_take_reread(j) == 1 ? start_again(j) : j->err.code;
	else if (j->phase != JOB_DONE)
		ret = j->phase == JOB_CHECK ? job_take_check(j) : take_fetched(j);
	if (j->phase != JOB_REREAD && is_of_object(ret))
		j->phase = JOB_REREAD;
	else if (ret != COUNT_OK)
		fail(j, ret);
}

/* ---- Going on ---- */

static bool has_room(const struct archive_job *j)
{
	const struct upload *up = j->up;

	return objstore_in_flight(up->a->tier.store) < up->jobs && (up->pending < PENDING_BYTES || j->nobjects == 0);
}

static int advance_edit(struct archive_job *j)
{
	int ret = COUNT_OK;

	while (ret == COUNT_OK && j->phase == JOB_EDIT && !j->fetching && has_room(j)) {
		enum edit_want want = EDIT_END;

		ret = job_edit_next(j, &want, &j->err);
		if (ret != COUNT_OK)
			break;
		if (want == EDIT_FETCH)
			fetch(j);
		else if (want == EDIT_OBJECT)
			ret = add_object(j);
		else
			j->phase = JOB_DRAIN;
	}
	return ret;
}

void job_advance(struct archive_job *j)
{
	int ret = advance_edit(j);

	if (ret != COUNT_OK)
		fail(j, ret);
	if (j->phase == JOB_EDIT || j->phase == JOB_UPDATE || j->phase == JOB_DONE || j->nobjects > 0 ||
	    j->fetching || !has_room(j))
		return;
	if (j->phase == JOB_REREAD)
		ret = job_reread(j);
	else if (job_check(j))
		j->phase = JOB_CHECK;
	else if (edit_changes(j->edit) || j->nabandoned > 0)
		begin_update(j);
	else
		j->phase = JOB_DONE;	/* all of it was there */
	if (ret != COUNT_OK)
		fail(j, ret);
}

void job_step(struct archive_job *j, struct waiter *w, struct objstore_req *req)
{
	switch (w->kind) {
	case WAITER_FETCH:
		step_fetch(j);
		break;
	case WAITER_OBJECT:
		step_object(j, req);
		break;
	case WAITER_UPDATE:
		step_update(j);
		break;
	}
}
