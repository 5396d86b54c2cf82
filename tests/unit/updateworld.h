/*
 * updateworld.h - for test-update.c: a bucket in a directory behind a wrapper that lets others act before or after a
 * request and that can refuse or ignore conditions, as some servers do; another writer; our updates.
 */
#ifndef COUNT_TEST_UPDATEWORLD_H
#define COUNT_TEST_UPDATEWORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bucketdir.h"
#include "cold/update.h"
#include "store/objstore_dir.h"

#define SERIES "cpu"
#define KEY "count-data/cpu/manifest.json"
#define THEIRS "ffffffffffffffffffffffffffffffff"

/* ---- The wrapper ---- */

enum manner { HONEST, REFUSES, IGNORES, NEVER };	/* NEVER: 412 whatever the condition */

struct wrapper {
	struct objstore base;
	objstore *inner;
	enum manner manner;
	enum objstore_op when;		/* the hook runs before requests of this kind */
	void (*hook)(void);
	unsigned hooks;			/* so often */
	unsigned lose;			/* answers of puts that are lost: the next try sees 412 */
	bool deny_deletes;
	unsigned seen[OBJSTORE_LIST + 1];
};

static struct wrapper wrap;

static enum objstore_result forward(struct objstore_req *req)
{
	struct objstore_req copy = { .op = req->op, .key = req->key, .get = req->get, .put = req->put,
				     .list = req->list };
	bool conditional = req->op == OBJSTORE_PUT && req->put.condition != OBJSTORE_ALWAYS;
	enum objstore_result result;

	if (conditional && wrap.manner == REFUSES)
		return OBJSTORE_UNSUPPORTED;
	if (conditional && wrap.manner == NEVER)
		return OBJSTORE_PRECONDITION;
	if (conditional && wrap.manner == IGNORES)
		copy.put.condition = OBJSTORE_ALWAYS;
	if (req->op == OBJSTORE_DELETE && wrap.deny_deletes)
		return OBJSTORE_DENIED;
	result = objstore_run(wrap.inner, &copy);
	req->size = copy.size;
	memcpy(req->etag, copy.etag, sizeof(req->etag));
	objstore_req_free(&copy);
	if (result == OBJSTORE_OK && req->op == OBJSTORE_PUT && wrap.lose > 0) {
		wrap.lose--;
		return OBJSTORE_PRECONDITION;
	}
	return result;
}

static void wrap_submit(objstore *s, struct objstore_req *req)
{
	enum objstore_result result;

	wrap.seen[req->op]++;
	if (wrap.hook != NULL && req->op == wrap.when && wrap.hooks > 0) {
		wrap.hooks--;
		wrap.hook();
	}
	result = forward(req);
	if (result != OBJSTORE_OK)
		objstore_fail(s, req, result, false, "as the test wants it");
	objstore_finish(s, req, result);
}

static void wrap_drive(objstore *s, int timeout_ms)
{
	(void)s;
	(void)timeout_ms;
}

static void wrap_cancel(objstore *s) { (void)s; }
static void wrap_close(objstore *s) { (void)s; }

static const struct objstore_ops wrap_ops = { wrap_submit, wrap_drive, wrap_cancel, wrap_close };

/* ---- A bucket, and what is in it ---- */

static char top[64], warned[512];
static struct datadir dir;
static struct cold_settings settings;
static struct cold_tier tier;
static struct count_error err;

static void note(void *arg, int level, const char *text)
{
	(void)arg;
	if (level == 1)
		snprintf(warned, sizeof(warned), "%s", text);
}

static int begin(void **state)
{
	char path[128];

	(void)state;
	err = (struct count_error){ 0 };
	warned[0] = '\0';
	strcpy(top, "/dev/shm/count-test-XXXXXX");	/* hundreds of puts, each with its fsyncs */
	if (mkdtemp(top) == NULL && mkdtemp(strcpy(top, "/tmp/count-test-XXXXXX")) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/d", top);
	dir = (struct datadir){ .log = { note, NULL } };
	assert_int_equal(datadir_open(path, true, COUNT_UNIT_MS, false, &dir, NULL), COUNT_OK);
	bucketdir_settings(&settings, top);
	if (cold_tier_create(&tier, &settings, &dir, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	wrap = (struct wrapper){ .inner = tier.store };
	wrap.base.ops = &wrap_ops;
	wrap.base.url = "test:";
	wrap.base.abilities = objstore_abilities(tier.store);
	tier.store = &wrap.base;
	return 0;
}

static int end(void **state)
{
	char cmd[128];

	(void)state;
	tier.store = wrap.inner;
	cold_tier_close(&tier);
	cold_settings_free(&settings);
	datadir_close(&dir);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", top);
	return system(cmd);
}

static void put_text(const char *key, const void *text, size_t len)
{
	struct objstore_req req = { .op = OBJSTORE_PUT, .key = key, .put = { .data = text, .len = len } };

	assert_int_equal(objstore_run(wrap.inner, &req), OBJSTORE_OK);
	objstore_req_free(&req);
}

static bool is_there(const char *key, struct objstore_req *head)
{
	*head = (struct objstore_req){ .op = OBJSTORE_HEAD, .key = key };
	return objstore_run(wrap.inner, head) == OBJSTORE_OK;
}

static void block_key(int64_t start, char key[100])
{
	snprintf(key, 100, "count-data/cpu/block_%lld_%lld.json", (long long)start, (long long)start + 9);
}

static void add_entry(struct manifest *m, int64_t start, const char *writer)
{
	struct manifest_block *b = manifest_add_block(m);
	char key[100];

	block_key(start, key);
	*b = (struct manifest_block){ .key = strdup(key), .start = start, .end = start + 9, .points = 1,
				      .writer = strdup(writer), .seq = m->seq };
}

static int read_manifest(struct manifest *m, char *etag)
{
	struct cold_tier honest = tier;

	*m = (struct manifest){ 0 };
	honest.store = wrap.inner;
	return cold_manifest_get(&honest, SERIES, strlen(SERIES), m, etag, &err);
}

static bool has_entry(int64_t start)
{
	char etag[OBJSTORE_ETAG_MAX + 1], key[100];
	struct manifest m;
	bool there = false;

	assert_int_equal(read_manifest(&m, etag), 1);
	block_key(start, key);
	for (size_t i = 0; i < m.nblocks; i++)
		there |= strcmp(m.blocks[i].key, key) == 0;
	manifest_free(&m);
	return there;
}

/* ---- Another writer, who needs no update.c ---- */

static int64_t their_next;

static void they_add(void)
{
	char etag[OBJSTORE_ETAG_MAX + 1];
	struct buf text = { 0 };
	struct manifest m;
	int ret = read_manifest(&m, etag);

	if (ret == 0) {
		m.series = strdup(SERIES);
		m.series_len = strlen(SERIES);
		m.version = MANIFEST_VERSION;
		m.has_unit = true;
		m.unit = COUNT_UNIT_MS;
	}
	m.seq++;
	add_entry(&m, their_next, THEIRS);
	their_next += 10;
	assert_int_equal(tier.json->manifest_print(&m, &text), COUNT_OK);
	put_text(KEY, text.data, text.len);
	buf_free(&text);
	manifest_free(&m);
}

/* ---- Our side ---- */

struct ours { int64_t start; unsigned edits; };

static int add_ours(void *arg, struct manifest *m, struct count_error *e)
{
	struct ours *o = arg;

	(void)e;
	o->edits++;
	add_entry(m, o->start, tier.writer);
	return COUNT_OK;
}

/* As known before: base and etag; NULL: there is none. */
static void prepare(struct cold_update *u, struct ours *o, const struct manifest *base, const char *etag)
{
	*u = (struct cold_update){ .tier = &tier, .series = SERIES, .len = strlen(SERIES), .edit = add_ours, .arg = o,
				   .now_s = 1000000, .user = u };
	if (base == NULL)
		return;
	assert_int_equal(manifest_copy(base, &u->m), COUNT_OK);
	u->exists = true;
	snprintf(u->etag, sizeof(u->etag), "%s", etag);
}

static int finish(struct cold_update *u)
{
	int ret = cold_update_begin(u, &err);

	while (ret == 0) {
		struct objstore_req *req = objstore_wait(tier.store, -1);

		assert_non_null(req);
		assert_ptr_equal(req->user, u);
		ret = cold_update_step(u, &err);
	}
	return ret;
}

/* From what stands now. */
static int update_now(struct ours *o)
{
	char etag[OBJSTORE_ETAG_MAX + 1];
	struct cold_update u;
	struct manifest m;
	int ret = read_manifest(&m, etag);

	prepare(&u, o, ret == 1 ? &m : NULL, etag);
	manifest_free(&m);
	ret = finish(&u);
	cold_update_free(&u);
	return ret;
}

#endif
