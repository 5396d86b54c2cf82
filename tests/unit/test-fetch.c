/* test-fetch.c - cold/fetch: how many are under way, the bound, order, failures; the store answers last first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "cold/fetch.h"
#include "coldfix.h"

#define OBJECTS 20
#define QUEUE 64

/* In front of the directory store: keeps requests until it is asked, then answers the youngest. */
struct slow {
	objstore base;
	objstore *inner;
	struct objstore_req *queue[QUEUE];
	size_t n, most;
	uint64_t gets;
	enum objstore_result fail;	/* OK: do it */
};

static void slow_submit(objstore *s, struct objstore_req *req)
{
	struct slow *w = (struct slow *)s;

	assert_true(w->n < QUEUE);
	w->queue[w->n++] = req;
	if (w->n > w->most)
		w->most = w->n;
}

static void slow_drive(objstore *s, int timeout_ms)
{
	struct slow *w = (struct slow *)s;
	struct objstore_req *req, copy;

	(void)timeout_ms;
	if (w->n == 0)
		return;
	req = w->queue[--w->n];
	w->gets++;
	if (w->fail != OBJSTORE_OK) {
		objstore_finish(s, req, objstore_fail(s, req, w->fail, false, "as told"));
		return;
	}
	copy = (struct objstore_req){ .op = req->op, .key = req->key, .get = req->get };
	objstore_run(w->inner, &copy);
	req->err = copy.err;
	objstore_finish(s, req, copy.result);
	objstore_req_free(&copy);
}

static void slow_cancel(objstore *s)
{
	struct slow *w = (struct slow *)s;

	while (w->n > 0)
		objstore_finish(s, w->queue[--w->n], OBJSTORE_STOPPED);
}

static void slow_close(objstore *s)
{
	(void)s;
}

static const struct objstore_ops slow_ops = { slow_submit, slow_drive, slow_cancel, slow_close };

struct fixture {
	char top[64];
	struct cold_settings settings;
	struct datadir d;
	struct cold_tier tier;
	struct slow slow;
	struct cold_cache *cache;
	struct manifest m;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct coldfix_block v[OBJECTS];
	int64_t times[OBJECTS][3];
	double values[3] = { 1, 2, 3 };
	char etag[OBJSTORE_ETAG_MAX + 1], cmd[128];

	strcpy(f->top, "/tmp/count-test-XXXXXX");
	if (mkdtemp(f->top) == NULL || !coldfix_open(&f->tier, &f->settings, &f->d, f->top))
		return -1;
	for (size_t i = 0; i < OBJECTS; i++) {
		for (size_t k = 0; k < 3; k++)
			times[i][k] = (int64_t)(i * 10 + k);
		v[i] = (struct coldfix_block){ .times = times[i], .values = values, .n = 3 };
	}
	snprintf(cmd, sizeof(cmd), "mkdir '%s/data'", f->top);
	if (!coldfix_put(&f->tier, "s", v, OBJECTS) || system(cmd) != 0 ||
	    cold_manifest_get(&f->tier, "s", 1, &f->m, etag, NULL) != 1)
		return -1;
	f->d.fd = -1;
	f->cache = cold_cache_new(&f->d, "test", 0);
	f->slow = (struct slow){ .base = { .ops = &slow_ops, .url = "slow://" }, .inner = f->tier.store };
	f->tier.store = &f->slow.base;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char cmd[128];

	f->tier.store = f->slow.inner;
	cold_cache_delete(f->cache);
	cold_tier_close(&f->tier);
	cold_settings_free(&f->settings);
	manifest_free(&f->m);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", f->top);
	free(f);
	return system(cmd);
}

static int take(struct fixture *f, struct cold_fetch *c, size_t i, struct count_error *err)
{
	struct cold_object o = { 0 };
	int ret;

	*err = (struct count_error){ 0 };
	ret = cold_fetch_take(c, &f->m.blocks[i], "s", 1, &o, err);
	if (ret == COUNT_OK)
		assert_int_equal(o.block.start, f->m.blocks[i].start);
	cold_object_free(&o);
	return ret;
}

static void test_parallel(void **state)
{
	struct fixture *f = *state;
	struct cold_fetch *c = cold_fetch_new(&f->tier, f->cache, 4);
	struct count_error err;
	size_t objects;

	for (size_t round = 0; round < 2; round++)		/* asked for twice is once */
		for (size_t i = 0; i < OBJECTS; i++)
			assert_int_equal(cold_fetch_ask(c, &f->m.blocks[i], &err), COUNT_OK);
	assert_true(cold_fetch_asked(c, &objects) > 0);
	assert_int_equal(objects, OBJECTS);
	assert_int_equal(f->slow.n, 4);
	for (size_t i = 0; i < OBJECTS; i++)
		assert_int_equal(take(f, c, i, &err), COUNT_OK);
	assert_int_equal(f->slow.most, 4);
	assert_int_equal(f->slow.gets, OBJECTS);
	assert_int_equal(cold_fetch_asked(c, &objects), 0);
	assert_int_equal(objects, 0);
	assert_int_equal(take(f, c, 7, &err), COUNT_OK);	/* not asked for */
	cold_fetch_delete(c);
}

static struct fixture *watched;
static int (*real_parse)(const uint8_t *bytes, size_t len, struct cold_object *o, struct count_error *err);
static uint64_t gets_before;

static int watched_parse(const uint8_t *bytes, size_t len, struct cold_object *o, struct count_error *err)
{
	gets_before = watched->slow.gets;
	return real_parse(bytes, len, o, err);
}

/* While one is decoded the next is on its way, even if only one may be. */
static void test_ahead(void **state)
{
	struct fixture *f = *state;
	const struct json_module *json = f->tier.json;
	struct json_module wrapped = *json;
	struct cold_fetch *c = cold_fetch_new(&f->tier, f->cache, 1);
	struct count_error err;

	watched = f;
	real_parse = json->object_parse;
	wrapped.object_parse = watched_parse;
	f->tier.json = &wrapped;
	for (size_t i = 0; i < OBJECTS; i++)
		assert_int_equal(cold_fetch_ask(c, &f->m.blocks[i], &err), COUNT_OK);
	for (size_t i = 0; i + 1 < OBJECTS; i++) {
		assert_int_equal(take(f, c, i, &err), COUNT_OK);
		assert_true(gets_before >= i + 2);
	}
	assert_int_equal(f->slow.most, 1);
	f->tier.json = json;
	cold_fetch_delete(c);
}

/* Manifests that claim much: few are under way, and all come. */
static void test_bound(void **state)
{
	struct fixture *f = *state;
	struct cold_fetch *c = cold_fetch_new(&f->tier, f->cache, 64);
	struct count_error err;
	uint64_t size[OBJECTS];

	for (size_t i = 0; i < OBJECTS; i++) {
		size[i] = f->m.blocks[i].size;
		f->m.blocks[i].size = COLD_FETCH_BYTES / 5 * 2;
		assert_int_equal(cold_fetch_ask(c, &f->m.blocks[i], &err), COUNT_OK);
	}
	assert_int_equal(f->slow.n, 2);
	for (size_t i = 0; i < OBJECTS; i++) {
		f->m.blocks[i].size = size[i];
		assert_int_equal(take(f, c, i, &err), COUNT_OK);
	}
	assert_int_equal(f->slow.most, 2);
	f->m.blocks[0].size = UINT64_C(1) << 40;		/* alone it may, and is then found out */
	assert_int_equal(take(f, c, 0, &err), COUNT_ERR_COLD);
	f->m.blocks[0].size = size[0] - 1;
	assert_int_equal(take(f, c, 0, &err), COUNT_ERR_COLD);
	assert_non_null(strstr(err.text, "larger than"));
	cold_fetch_delete(c);
}

static void test_forget(void **state)
{
	struct fixture *f = *state;
	struct cold_fetch *c = cold_fetch_new(&f->tier, f->cache, 2);
	struct count_error err;
	size_t objects;

	for (size_t i = 0; i < 6; i++)
		assert_int_equal(cold_fetch_ask(c, &f->m.blocks[i], &err), COUNT_OK);
	cold_fetch_forget(c, &f->m.blocks[0]);		/* in flight */
	cold_fetch_forget(c, &f->m.blocks[4]);		/* waiting */
	cold_fetch_forget(c, &f->m.blocks[9]);		/* never asked for */
	assert_int_equal(take(f, c, 5, &err), COUNT_OK);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(take(f, c, i, &err), COUNT_OK);
	cold_fetch_settle(c);					/* what was forgotten in flight goes when it ends */
	cold_fetch_asked(c, &objects);
	assert_int_equal(objects, 0);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(cold_fetch_ask(c, &f->m.blocks[i], &err), COUNT_OK);
	cold_fetch_settle(c);
	assert_int_equal(f->slow.n, 0);
	assert_int_equal(cold_fetch_ask(c, &f->m.blocks[6], &err), COUNT_OK);
	assert_int_equal(f->slow.n, 2);
	cold_fetch_delete(c);					/* with some in flight */
	assert_int_equal(f->slow.base.in_flight, 0);
}

static void test_failures(void **state)
{
	static const struct { enum objstore_result result; int ret; } cases[] = {
		{ OBJSTORE_NOT_FOUND, COUNT_ERR_COLD }, { OBJSTORE_ARCHIVED, COUNT_ERR_COLD },
		{ OBJSTORE_DAMAGED, COUNT_ERR_COLD }, { OBJSTORE_DENIED, COUNT_ERR_DENIED },
		{ OBJSTORE_FAILED, COUNT_ERR_NET }, { OBJSTORE_THROTTLED, COUNT_ERR_NET },
		{ OBJSTORE_NOMEM, COUNT_ERR_NOMEM },
	};
	struct fixture *f = *state;
	struct cold_fetch *c = cold_fetch_new(&f->tier, f->cache, 2);
	struct count_error err, why = { .code = COUNT_ERR_NET, .text = "cut" };
	uint64_t gets;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f->slow.fail = cases[i].result;
		assert_int_equal(take(f, c, 0, &err), cases[i].ret);
		assert_int_equal(err.code, cases[i].ret);
		assert_true(err.text[0] != '\0');
	}
	f->slow.fail = OBJSTORE_FAILED;
	err = (struct count_error){ 0 };
	assert_int_equal(cold_fetch_ask(c, &f->m.blocks[1], &err), COUNT_OK);
	assert_int_equal(cold_fetch_try_first(c, &err), COUNT_ERR_NET);
	assert_int_equal(take(f, c, 1, &err), COUNT_ERR_NET);
	f->slow.fail = OBJSTORE_OK;
	err = (struct count_error){ 0 };
	assert_int_equal(cold_fetch_try_first(c, &err), COUNT_OK);	/* of nothing */
	assert_int_equal(cold_fetch_ask(c, &f->m.blocks[2], &err), COUNT_OK);
	assert_int_equal(cold_fetch_try_first(c, &err), COUNT_OK);
	cold_fetch_give_up(c, COUNT_ERR_NET, &why);
	gets = f->slow.gets;
	assert_int_equal(take(f, c, 2, &err), COUNT_OK);		/* it is here already */
	assert_int_equal(take(f, c, 3, &err), COUNT_ERR_NET);
	assert_string_equal(err.text, "cut");
	assert_int_equal(f->slow.gets, gets);
	cold_fetch_delete(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parallel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ahead, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forget, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
