/*
 * archiveworld.h - for test-archive-upload.c: hosts, a bucket in a directory behind a wrapper that dies or interferes,
 * a model of what was inserted, and what must hold between them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka.h needs the above first */
#include <cmocka.h>

#include "bucketdir.h"
#include "cold/sync.h"
#include "engine/archive.h"
#include "format/chunklist.h"
#include "store/objstore_dir.h"

#define DAY INT64_C(86400000)
#define HOUR INT64_C(3600000)
#define SERIES 4
#define SLOTS (100 * 24)
#define START (19000 * DAY)

struct host {
	count_db *db;
	struct count_archive_report report;
	struct count_error err, first;
	int ret;
};

struct model {
	bool have[SERIES][SLOTS];
	double value[SERIES][SLOTS];
	double next;
};

static char top[64], warned[512], failed[512];
static struct model model;
static struct cold_settings settings;
static uint64_t seed;

static uint64_t rnd(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static const char *name_of(size_t i)
{
	static const char *const names[SERIES] = { "a", "b.c", "cpu{host=\"x/y\"}", "d" };

	return names[i];
}

static void note(void *arg, int level, const char *text)
{
	(void)arg;
	if (level == 0)
		snprintf(failed, sizeof(failed), "%s", text);
	if (level == 1)
		snprintf(warned, sizeof(warned), "%s", text);
}

/* ---- The store: dies after some requests, lets another host act, keeps count ---- */

struct wrapper {
	struct objstore base;
	objstore *inner;
};

static long dies_after;			/* requests; -1: never */
static bool dies_done;			/* the last of them was done, only its answer is lost */
static bool ignores_conditions;
static void (*hook)(const struct objstore_req *req);
static unsigned seen[OBJSTORE_LIST + 1], nseen;
static uint64_t up, down;

static enum objstore_result forward(struct wrapper *w, struct objstore_req *req)
{
	struct objstore_req copy = { .op = req->op, .key = req->key, .get = req->get, .put = req->put,
				     .list = req->list };
	enum objstore_result result;
	size_t before = req->op == OBJSTORE_GET && req->get.body != NULL ? req->get.body->len : 0;

	if (dies_after == 0)
		return OBJSTORE_STOPPED;
	if (ignores_conditions)
		copy.put.condition = OBJSTORE_ALWAYS;
	if (hook != NULL)
		hook(req);
	if (dies_after > 0 && --dies_after == 0 && !dies_done)
		return OBJSTORE_STOPPED;
	result = objstore_run(w->inner, &copy);
	seen[req->op]++;
	nseen++;
	up += req->op == OBJSTORE_PUT ? req->put.len : 0;
	down += req->op != OBJSTORE_GET || result != OBJSTORE_OK ? 0 :
		req->get.body != NULL ? req->get.body->len - before : copy.size;
	req->size = copy.size;
	memcpy(req->etag, copy.etag, sizeof(req->etag));
	req->page = copy.page;
	copy.page = (struct objstore_page){ 0 };
	objstore_req_free(&copy);
	return dies_after == 0 ? OBJSTORE_STOPPED : result;
}

static void wrap_submit(objstore *s, struct objstore_req *req)
{
	enum objstore_result result = forward((struct wrapper *)s, req);

	s->counts.requests[req->op]++;
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

static void wrap_close(objstore *s)
{
	struct wrapper *w = (struct wrapper *)s;

	objstore_close(w->inner);
	free(w);
}

static const struct objstore_ops wrap_ops = { wrap_submit, wrap_drive, wrap_cancel, wrap_close };

static void wrap_store(struct cold_tier *t)
{
	struct wrapper *w = calloc(1, sizeof(*w));

	w->base.ops = &wrap_ops;
	w->base.url = "test:";
	w->base.abilities = objstore_abilities(t->store);
	if (ignores_conditions)
		w->base.abilities.if_absent = w->base.abilities.if_match = OBJSTORE_UNKNOWN;
	w->inner = t->store;
	t->store = &w->base;
}

/* ---- Hosts ---- */

static void open_host(struct host *h, const char *name)
{
	struct count_config cfg;
	char path[128];

	*h = (struct host){ 0 };
	snprintf(path, sizeof(path), "%s/%s", top, name);
	count_config_init(&cfg);
	assert_int_equal(count_config_load(&cfg, 0, path, NULL, NULL), COUNT_OK);
	assert_int_equal(count_open(&cfg, COUNT_OPEN_CREATE, &h->db, NULL), COUNT_OK);
	count_config_free(&cfg);
	count_set_log(h->db, note, NULL);
	assert_int_equal(count_set_sync(h->db, COUNT_SYNC_NONE), COUNT_OK);
}

static void open_index(struct archive *a)
{
	char *scope = cold_scope(&settings);
	struct current cur;

	assert_int_equal(datadir_read_current(&a->db->dir, &cur, NULL), COUNT_OK);
	assert_int_equal(cold_index_open(&a->db->dir, &cur, scope, &a->index, NULL), COUNT_OK);
	current_free(&cur);
	free(scope);
}

/* A run as archive.c makes it; dead: killed with the store, nothing is published. */
static void run(struct host *h, const struct count_archive_options *opt)
{
	struct archive a = { .db = h->db, .opt = opt, .report = &h->report, .lock_fd = -1 };

	h->report = (struct count_archive_report){ 0 };
	h->err = (struct count_error){ 0 };
	warned[0] = failed[0] = '\0';
	memset(seen, 0, sizeof(seen));
	nseen = 0;
	up = down = 0;
	a.tier.settings = &settings;
	open_index(&a);
	h->ret = archive_choose(&a, &h->err);
	if (h->ret == COUNT_OK && a.nseries > 0) {
		assert_int_equal(cold_tier_create(&a.tier, &settings, &h->db->dir, &h->err), COUNT_OK);
		wrap_store(&a.tier);
		h->ret = archive_upload(&a, &h->err);
		if (dies_after != 0 && !opt->dry_run)
			assert_int_equal(archive_publish(&a, &h->err), COUNT_OK);
		cold_tier_close(&a.tier);
	}
	if (dies_after != 0 && !opt->dry_run)
		assert_int_equal(archive_unpin(&a, NULL), COUNT_OK);
	h->first = a.worst;
	archive_choose_free(&a);
	cold_index_close(a.index);
}

static struct count_archive_options options(int64_t now_day)
{
	struct count_archive_options opt = { .now = START + now_day * DAY + 5 * HOUR };

	return opt;
}

static void run_at(struct host *h, int64_t now_day)
{
	struct count_archive_options opt = options(now_day);

	run(h, &opt);
}

static void insert(struct host *h, size_t series, size_t from, size_t n, size_t step)
{
	struct count_point *v = calloc(n, sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		size_t slot = from + i * step;

		assert_true(slot < SLOTS);
		v[i] = (struct count_point){ START + (int64_t)slot * HOUR, model.next += 0.25 };
		model.have[series][slot] = true;
		model.value[series][slot] = v[i].value;
	}
	assert_int_equal(count_insert(h->db, name_of(series), v, n, NULL), COUNT_OK);
	free(v);
}

static void fill(struct host *h)
{
	for (size_t i = 0; i < SERIES; i++)
		insert(h, i, i * 24, 60 * 24, 1);
}

static void fine(const struct host *h)
{
	if (h->ret != COUNT_OK || h->first.code != COUNT_OK)
		fail_msg("%s; %s", h->err.text, h->first.text);
}

/* ---- What must hold ---- */

struct bucket {
	struct cold_tier tier;
	size_t objects, manifests, entries, garbage, seconds;	/* seconds: ..._2.json */
	bool have[SERIES][SLOTS];
	double value[SERIES][SLOTS];
};

static void read_block(struct bucket *b, size_t series, const struct manifest_block *m)
{
	struct buf bytes = { 0 };
	struct objstore_req get = { .op = OBJSTORE_GET, .key = m->key, .get = { .max = 1 << 26, .body = &bytes } };
	struct chunk_coder *coder = chunk_coder_new();
	static int64_t times[COLUMN_MAX_POINTS];
	static double values[COLUMN_MAX_POINTS];
	struct cold_object o = { 0 };
	struct count_error err = { 0 };
	struct chunklist l;

	if (objstore_run(b->tier.store, &get) != OBJSTORE_OK)
		fail_msg("%s", get.err.text);
	assert_string_equal(m->etag, get.etag);
	objstore_req_free(&get);
	if (cold_object_take(&b->tier, m, name_of(series), strlen(name_of(series)), bytes.data, bytes.len, &o,
			     &err) != COUNT_OK)
		fail_msg("%s", err.text);
	assert_int_equal(chunklist_open(&l, o.chunks.data, o.chunks.len, NULL), COUNT_OK);
	for (size_t i = 0; i < l.n; i++) {
		assert_int_equal(chunklist_read(&l, i, coder, times, values, NULL), COUNT_OK);
		for (size_t k = 0; k < l.v[i].points; k++) {
			size_t slot = (size_t)((times[k] - START) / HOUR);

			b->have[series][slot] = true;
			b->value[series][slot] = values[k];
		}
	}
	chunklist_close(&l);
	cold_object_free(&o);
	chunk_coder_delete(coder);
	buf_free(&bytes);
}

static void read_bucket(struct bucket *b, struct host *h, bool apart)
{
	struct objstore_req list = { .op = OBJSTORE_LIST, .key = "count-data/" };

	assert_int_equal(cold_tier_open(&b->tier, &settings, &h->db->dir, NULL), COUNT_OK);
	for (size_t i = 0; i < SERIES; i++) {
		char etag[OBJSTORE_ETAG_MAX + 1];
		struct manifest m = { 0 };
		struct count_error err = { 0 };
		int ret = cold_manifest_get(&b->tier, name_of(i), strlen(name_of(i)), &m, etag, &err);

		if (ret < 0)
			fail_msg("%s", err.text);
		b->manifests += ret == 1;
		b->entries += m.nblocks;
		b->garbage += m.ngarbage;
		for (size_t k = 0; k < m.nblocks; k++) {
			if (apart)
				assert_false(manifest_overlaps(&m, k));
			read_block(b, i, &m.blocks[k]);
		}
		manifest_free(&m);
	}
	assert_int_equal(objstore_run(b->tier.store, &list), OBJSTORE_OK);
	for (size_t i = 0; i < list.page.len; i++) {
		b->objects += strstr(list.page.v[i].key, "/block_") != NULL;
		b->seconds += strstr(list.page.v[i].key, "_2.json") != NULL;
	}
	assert_null(list.page.token);
	objstore_req_free(&list);
	cold_tier_close(&b->tier);
}

/* Bucket and hosts together are the model; no object is lost out of sight, unless orphans may be. */
static struct bucket check(struct host *const *hosts, size_t n, bool apart, bool orphans)
{
	static struct bucket b;

	memset(&b, 0, sizeof(b));
	read_bucket(&b, hosts[0], apart);
	if (!orphans)
		assert_int_equal(b.objects, b.entries + b.garbage);
	for (size_t h = 0; h < n; h++) {
		for (size_t i = 0; i < SERIES; i++) {
			struct count_points p = { 0 };

			assert_int_equal(count_query_range(hosts[h]->db, name_of(i), INT64_MIN, INT64_MAX, &p, NULL),
					 COUNT_OK);
			for (size_t k = 0; k < p.len; k++) {
				size_t slot = (size_t)((p.v[k].time - START) / HOUR);

				b.have[i][slot] = true;
				b.value[i][slot] = p.v[k].value;
			}
			count_points_free(&p);
		}
	}
	for (size_t i = 0; i < SERIES; i++) {
		for (size_t s = 0; s < SLOTS; s++) {
			if (b.have[i][s] != model.have[i][s] || (b.have[i][s] && b.value[i][s] != model.value[i][s]))
				fail_msg("%s at hour %zu: %d %g, wanted %d %g", name_of(i), s, b.have[i][s],
					 b.value[i][s], model.have[i][s], model.value[i][s]);
		}
	}
	return b;
}

static size_t local_before(struct host *h, int64_t day)
{
	size_t n = 0;

	for (size_t i = 0; i < SERIES; i++) {
		struct count_points p = { 0 };

		assert_int_equal(count_query_range(h->db, name_of(i), INT64_MIN, START + day * DAY, &p, NULL),
				 COUNT_OK);
		n += p.len;
		count_points_free(&p);
	}
	return n;
}

static int begin(void **state)
{

	(void)state;
	strcpy(top, "/dev/shm/count-test-XXXXXX");
	if (mkdtemp(top) == NULL && mkdtemp(strcpy(top, "/tmp/count-test-XXXXXX")) == NULL)
		return -1;
	seed = 88172645463325252u;
	dies_after = -1;
	dies_done = ignores_conditions = false;
	hook = NULL;
	memset(&model, 0, sizeof(model));
	bucketdir_settings(&settings, top);
	return 0;
}

static int end(void **state)
{
	char cmd[256];

	(void)state;
	cold_settings_free(&settings);
	snprintf(cmd, sizeof(cmd), "chmod -R u+rwx '%s'; rm -rf '%s'", top, top);
	return system(cmd);
}
