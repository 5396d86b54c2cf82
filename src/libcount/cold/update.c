/* update.c - one change of a manifest in the bucket; see update.h. */
#include "cold/update.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"

enum { LOOKING, GARBAGE, HEADING, PUTTING, READING, CHECKING };
enum { MAX_UNFOUNDED = 3 };

static int submit(struct cold_update *u, int state, enum objstore_op op, const char *key)
{
	u->state = state;
	u->req.op = op;
	u->req.key = key;
	u->req.user = u->user;
	u->req.get = (struct objstore_get){ .max = MANIFEST_MAX_BYTES, .body = &u->body };
	buf_clear(&u->body);
	objstore_submit(u->tier->store, &u->req);
	return 0;
}

static int read_again(struct cold_update *u)
{
	return submit(u, READING, OBJSTORE_GET, u->key);
}

/* Of the request: its text has the key, the cause, and what to do. */
static int failed(const struct cold_update *u, struct count_error *err)
{
	if (err != NULL && err->code == COUNT_OK)
		*err = u->req.err;
	return u->req.err.code != COUNT_OK ? u->req.err.code : COUNT_ERR_NET;
}

/* ---- The text ---- */

static bool replace_text(char **to, const char *from, size_t len)
{
	char *copy = strndup(from, len);

	if (copy == NULL)
		return false;
	free(*to);
	*to = copy;
	return true;
}

static void drop_garbage(struct manifest *m, const bool *gone)
{
	size_t n = 0;

	for (size_t i = 0; i < m->ngarbage; i++) {
		if (gone[i])
			free(m->garbage[i].key);
		else
			m->garbage[n++] = m->garbage[i];
	}
	m->ngarbage = n;
}

/* u->next and u->text from u->m; 0, COLD_UPDATE_AGAIN or a status. */
static int make_next(struct cold_update *u, struct count_error *err)
{
	struct manifest *m = &u->next;
	int ret;

	manifest_free(m);
	if (manifest_copy(&u->m, m) != COUNT_OK)
		return err_nomem(err);
	if (u->deleted != NULL)
		drop_garbage(m, u->deleted);
	if (!replace_text(&m->series, u->series, u->len) ||
	    !replace_text(&m->writer, u->tier->writer, strlen(u->tier->writer)))
		return err_nomem(err);
	m->series_len = u->len;
	m->version = MANIFEST_VERSION;
	m->has_unit = true;
	m->unit = u->tier->dir->format.unit;
	m->seq += m->seq < INT64_MAX;
	ret = u->edit == NULL ? COUNT_OK : u->edit(u->arg, m, err);
	if (ret != COUNT_OK)
		return ret;
	buf_clear(&u->text);
	ret = u->tier->json->manifest_print(m, &u->text);
	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	return ret == COUNT_OK ? 0 : err_set(err, COUNT_ERR_COLD, "%.300s: its text would pass 64 MiB: --compact "
					     "joins its objects", u->key);
}

/* ---- Putting ---- */

static enum objstore_ability ability(const struct cold_update *u)
{
	struct objstore_abilities a = objstore_abilities(u->tier->store);

	return u->exists ? a.if_match : a.if_absent;
}

static int put(struct cold_update *u, bool conditional)
{
	u->req.put = (struct objstore_put){
		.data = u->text.data, .len = u->text.len, .content_type = "application/json",
		.condition = !conditional ? OBJSTORE_ALWAYS : u->exists ? OBJSTORE_IF_MATCH : OBJSTORE_IF_ABSENT,
		.if_match = conditional && u->exists ? u->etag : NULL,
	};
	return submit(u, PUTTING, OBJSTORE_PUT, u->key);
}

/* With u->m as the one that stands: edit and put. */
static int try_put(struct cold_update *u, struct count_error *err)
{
	enum objstore_ability a = ability(u);
	int ret = make_next(u, err);

	if (ret != 0)
		return ret;
	if (a == OBJSTORE_REFUSED || a == OBJSTORE_IGNORED)
		return submit(u, HEADING, OBJSTORE_HEAD, u->key);
	return put(u, true);
}

/* ---- Garbage of over a day ---- */

bool cold_garbage_due(const struct cold_tier *t, const struct manifest *m, size_t i, int64_t now_s)
{
	const struct manifest_garbage *g = &m->garbage[i];
	const char *part;
	size_t part_len;
	int64_t start, end;

	if (now_s < g->since_s || (uint64_t)now_s - (uint64_t)g->since_s < COLD_GARBAGE_S ||
	    cold_key_parse(t, g->key, &part, &part_len, &start, &end) != COLD_KEY_BLOCK)
		return false;
	for (size_t k = 0; k < m->nblocks; k++)
		if (strcmp(m->blocks[k].key, g->key) == 0)
			return false;
	return true;
}

static bool may_delete(const struct cold_update *u, size_t i)
{
	return !u->keep_garbage && cold_garbage_due(u->tier, &u->m, i, u->now_s);
}

/* Objects that the edit enters, from u->at on: somebody may have taken them for garbage. */
static int next_check(struct cold_update *u, struct count_error *err)
{
	return u->at < u->nobjects ? submit(u, CHECKING, OBJSTORE_HEAD, u->objects[u->at].key) : try_put(u, err);
}

static int after_garbage(struct cold_update *u, struct count_error *err)
{
	u->at = 0;
	return u->another ? next_check(u, err) : try_put(u, err);
}

/* From u->at on. */
static int next_garbage(struct cold_update *u, struct count_error *err)
{
	for (; u->at < u->m.ngarbage; u->at++)
		if (may_delete(u, u->at))
			return submit(u, GARBAGE, OBJSTORE_DELETE, u->m.garbage[u->at].key);
	return after_garbage(u, err);
}

static bool any_to_delete(const struct cold_update *u)
{
	for (size_t i = 0; i < u->m.ngarbage; i++)
		if (may_delete(u, i))
			return true;
	return false;
}

/* u->m is known to stand just now. */
static int sweep(struct cold_update *u, struct count_error *err)
{
	free(u->deleted);	/* of another list */
	u->deleted = NULL;
	if (u->swept || !any_to_delete(u))
		return after_garbage(u, err);
	u->swept = true;
	u->at = 0;
	u->deleted = calloc(u->m.ngarbage, sizeof(*u->deleted));
	return u->deleted == NULL ? err_nomem(err) : next_garbage(u, err);
}

static int after_delete(struct cold_update *u, struct count_error *err)
{
	enum objstore_result r = u->req.result;

	if (r == OBJSTORE_STOPPED)
		return failed(u, err);
	if (r == OBJSTORE_OK || r == OBJSTORE_NOT_FOUND)
		u->deleted[u->at] = true;
	else	/* it only costs space: the next run tries again */
		log_msg(&u->tier->dir->log, 1, "a replaced object was not deleted: %s", u->req.err.text);
	u->at++;
	return next_garbage(u, err);
}

int cold_update_begin(struct cold_update *u, struct count_error *err)
{
	int ret = cold_manifest_key(u->tier, u->series, u->len, u->key, err);

	if (ret != COUNT_OK)
		return ret;
	if (u->exists && u->etag[0] == '\0')
		return read_again(u);
	/*
	 * Is it still the one that stands?  What an old one calls garbage may have been deleted by another host since,
	 * and its key may be that of a new object.
	 */
	if (u->exists && any_to_delete(u))
		return submit(u, LOOKING, OBJSTORE_HEAD, u->key);
	return try_put(u, err);
}

int cold_update_forecast(struct cold_update *u, struct buf *text, size_t *ndeletes, struct count_error *err)
{
	int ret = cold_manifest_key(u->tier, u->series, u->len, u->key, err);

	if (ret != COUNT_OK)
		return ret;
	u->deleted = calloc(u->m.ngarbage + 1, sizeof(*u->deleted));
	if (u->deleted == NULL)
		return err_nomem(err);
	*ndeletes = 0;
	for (size_t i = 0; i < u->m.ngarbage; i++) {
		u->deleted[i] = may_delete(u, i);
		*ndeletes += u->deleted[i];
	}
	ret = make_next(u, err);
	if (ret == 0) {
		buf_put(text, u->text.data, u->text.len);
		ret = text->failed ? err_nomem(err) : COUNT_OK;
	}
	return ret;
}

/* ---- Answers ---- */

static int too_late(const struct cold_update *u, struct count_error *err)
{
	return err_set(err, COUNT_ERR_COLD, "%.300s: another run changed it meanwhile; nothing of it was changed "
		       "here: run this again", u->key);
}

/* A little, and not the same for all. */
static void pause_a_little(unsigned tries)
{
	struct timespec now, ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	ts.tv_nsec = (now.tv_nsec / 64 % 1000) * 1000 * (long)(tries < 50 ? tries : 50);	/* up to 50 ms */
	nanosleep(&ts, NULL);
}

static int lost_race(struct cold_update *u, struct count_error *err)
{
	if (++u->tries > COLD_UPDATE_TRIES)
		return err_set(err, COUNT_ERR_COLD, "%.300s: others changed it before each of %d tries; what was "
			       "uploaded is taken by the next run", u->key, COLD_UPDATE_TRIES);
	if (u->tries > 1)
		pause_a_little(u->tries);
	return read_again(u);
}

static int done(struct cold_update *u, const char *etag)
{
	char copy[OBJSTORE_ETAG_MAX + 1];

	memcpy(copy, etag, sizeof(copy));
	manifest_free(&u->m);
	u->m = u->next;
	u->next = (struct manifest){ 0 };
	u->exists = true;
	memcpy(u->etag, copy, sizeof(copy));
	return 1;
}

/* The server refuses conditions: it is remembered, and the rule of one writer holds from now on. */
static int refused_condition(struct cold_update *u)
{
	struct objstore_abilities a = objstore_abilities(u->tier->store);

	if (u->exists)
		a.if_match = OBJSTORE_REFUSED;
	else
		a.if_absent = OBJSTORE_REFUSED;
	objstore_set_abilities(u->tier->store, a);
	return submit(u, HEADING, OBJSTORE_HEAD, u->key);
}

static int after_put(struct cold_update *u, struct count_error *err)
{
	bool conditional = u->req.put.condition != OBJSTORE_ALWAYS;

	switch (u->req.result) {
	case OBJSTORE_OK:
		return done(u, u->req.etag);
	case OBJSTORE_PRECONDITION:
	case OBJSTORE_CONFLICT:
		return lost_race(u, err);
	case OBJSTORE_NOT_FOUND:	/* there is nothing to match, or no bucket: reading it tells */
		return u->req.put.condition == OBJSTORE_IF_MATCH ? lost_race(u, err) : failed(u, err);
	case OBJSTORE_UNSUPPORTED:
		return conditional ? refused_condition(u) : failed(u, err);
	default:
		return failed(u, err);
	}
}

static int after_head(struct cold_update *u, struct count_error *err)
{
	if (u->req.result == OBJSTORE_NOT_FOUND)
		return u->exists ? lost_race(u, err) : put(u, false);
	if (u->req.result != OBJSTORE_OK)
		return failed(u, err);
	return u->exists && strcmp(u->req.etag, u->etag) == 0 ? put(u, false) : lost_race(u, err);
}

/* Before garbage is deleted. */
static int after_look(struct cold_update *u, struct count_error *err)
{
	if (u->req.result != OBJSTORE_OK && u->req.result != OBJSTORE_NOT_FOUND)
		return failed(u, err);
	if (u->req.result == OBJSTORE_NOT_FOUND || strcmp(u->req.etag, u->etag) != 0)
		return lost_race(u, err);
	return sweep(u, err);
}

static int after_check(struct cold_update *u, struct count_error *err)
{
	const struct cold_update_object *o = &u->objects[u->at];

	if (u->req.result == OBJSTORE_NOT_FOUND)
		return COLD_UPDATE_AGAIN;
	if (u->req.result != OBJSTORE_OK)
		return failed(u, err);
	if (u->req.size != o->size || (o->etag != NULL && o->etag[0] != '\0' && strcmp(u->req.etag, o->etag) != 0))
		return COLD_UPDATE_AGAIN;
	u->at++;
	return next_check(u, err);
}

/* What is remembered of the server is wrong, or it has changed: it is asked anew by the next run. */
static int unfounded_refusal(struct cold_update *u, struct count_error *err)
{
	struct objstore_abilities a = objstore_abilities(u->tier->store);

	a.if_match = OBJSTORE_UNKNOWN;
	objstore_set_abilities(u->tier->store, a);
	return err_set(err, COUNT_ERR_COLD, "%.300s: the server says it was changed by another writer, but its ETag is "
		       "still the one that we named; the next run finds out how it takes conditions", u->key);
}

/* What stands is another one than was thought; or the one that we named, and the server has its own opinion of it. */
static int take_over(struct cold_update *u, struct count_error *err)
{
	bool same = u->req.result == OBJSTORE_OK && u->exists && u->etag[0] != '\0' &&
		    strcmp(u->etag, u->req.etag) == 0;
	struct manifest fresh = { 0 };
	int ret;

	u->unfounded = same ? u->unfounded + 1 : 0;
	if (u->unfounded == MAX_UNFOUNDED)
		return unfounded_refusal(u, err);
	if (same)
		return u->swept ? after_garbage(u, err) : sweep(u, err);
	if (u->once && (u->req.result == OBJSTORE_OK || u->req.result == OBJSTORE_NOT_FOUND))
		return too_late(u, err);
	ret = cold_manifest_take(u->tier, &u->req, u->series, u->len, &fresh, err);
	if (ret < 0)
		return ret;
	if (ret == 0 && u->m.nblocks > 0)
		return err_set(err, COUNT_ERR_COLD, "%.300s: it is gone, and named %zu objects: count-manifest rebuild "
			       "makes it anew of them, count-manifest sync accepts the loss", u->key, u->m.nblocks);
	manifest_free(&u->m);
	u->m = fresh;
	u->exists = ret == 1;
	memcpy(u->etag, u->req.etag, sizeof(u->etag));
	u->another = true;
	return sweep(u, err);
}

static int after_read(struct cold_update *u, struct count_error *err)
{
	bool ours = u->req.result == OBJSTORE_OK && u->text.len > 0 && u->body.len == u->text.len &&
		    memcmp(u->body.data, u->text.data, u->text.len) == 0;

	/* Our own put, whose answer was lost. */
	return ours ? done(u, u->req.etag) : take_over(u, err);
}

int cold_update_step(struct cold_update *u, struct count_error *err)
{
	switch (u->state) {
	case LOOKING:	return after_look(u, err);
	case GARBAGE:	return after_delete(u, err);
	case HEADING:	return after_head(u, err);
	case PUTTING:	return after_put(u, err);
	case READING:	return after_read(u, err);
	default:	return after_check(u, err);
	}
}

int cold_update_run(struct cold_update *u, struct count_error *err)
{
	int ret = cold_update_begin(u, err);

	while (ret == 0) {
		objstore_wait(u->tier->store, -1);
		ret = cold_update_step(u, err);
	}
	return ret;
}

void cold_update_free(struct cold_update *u)
{
	objstore_req_free(&u->req);
	manifest_free(&u->m);
	manifest_free(&u->next);
	buf_free(&u->text);
	buf_free(&u->body);
	free(u->deleted);
	u->deleted = NULL;
}
