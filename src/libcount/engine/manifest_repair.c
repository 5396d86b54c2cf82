/*
 * manifest_repair.c - manifests and objects made to agree, without a point lost or changed on the way.
 *
 * An orphan is adopted when it decodes and holds a time that no block of its manifest has, and then stands before
 * all blocks: of equal times theirs win, as they did.  Nothing is merged.  If we die here: the manifest is replaced in
 * one put, and garbage is deleted before the manifest forgets it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cold/points.h"
#include "engine/manifest_check.h"

struct repair {
	struct manifest_run *r;
	const struct scan_group *g;
	struct manifest m;
	bool changed;
	uint64_t missing;	/* entries whose object is gone and that still stand */
};

/* ---- Entries without an object ---- */

/* 1: it is gone for sure; 0: there after all; else a status. */
static int is_gone(struct manifest_run *r, const char *key, struct count_error *err)
{
	struct objstore_req head = { .op = OBJSTORE_HEAD, .key = key };
	enum objstore_result result = objstore_run(r->tier.store, &head);
	int ret = result == OBJSTORE_NOT_FOUND ? 1 : 0;

	if (result != OBJSTORE_OK && result != OBJSTORE_NOT_FOUND)
		ret = err_set(err, head.err.code, "%s", head.err.text);
	objstore_req_free(&head);
	return ret;
}

static int drop_missing(struct repair *p, struct count_error *err)
{
	struct manifest_run *r = p->r;

	for (size_t i = 0; i < p->m.nblocks;) {
		const struct manifest_block *b = &p->m.blocks[i];
		int ret = scan_find(p->g, b->key) != NULL ? 0 : is_gone(r, b->key, err);

		if (ret == 1 && r->opt->confirmed) {
			ret = manifest_run_find(r, COUNT_DID_DROP, p->m.series, b->key, b->points, err, "%.300s: "
						"taken out of the manifest; %" PRIu64 " points from %" PRId64 " to "
						"%" PRId64 " are lost",
						b->key, b->points, b->start, b->end);
			manifest_drop_block(&p->m, i);
			p->changed = true;
		} else {
			if (ret == 1) {
				ret = manifest_run_find(r, COUNT_FOUND_MISSING, p->m.series, b->key, b->points, err,
							"%.300s: the object is gone, and with it %" PRIu64 " points "
							"from %" PRId64 " to %" PRId64
							"; a copy of the bucket may have it; --yes takes it out of "
							"the manifest",
							b->key, b->points, b->start, b->end);
				p->missing++;
			}
			i++;
		}
		if (ret != COUNT_OK)
			return ret;
	}
	return COUNT_OK;
}

/* ---- Orphans ---- */

struct cover {
	int64_t *times;		/* of the orphan, ascending */
	bool *covered;
	size_t n, cap, next;
};

static int gather_times(void *arg, const int64_t *times, const double *values, size_t n)
{
	struct cover *c = arg;

	(void)values;
	if (n > c->cap - c->n) {
		size_t more = c->cap * 2 + n;
		int64_t *v = reallocarray(c->times, more, sizeof(*v));

		if (v == NULL)
			return COUNT_ERR_NOMEM;
		c->times = v;
		c->cap = more;
	}
	memcpy(c->times + c->n, times, n * sizeof(*times));
	c->n += n;
	return COUNT_OK;
}

static int cover_times(void *arg, const int64_t *times, const double *values, size_t n)
{
	struct cover *c = arg;

	(void)values;
	for (size_t i = 0; i < n && c->next < c->n;) {
		if (c->times[c->next] < times[i]) {
			c->next++;
		} else {
			if (c->times[c->next] == times[i])
				c->covered[c->next] = true;
			i++;
		}
	}
	return COUNT_OK;
}

struct covering {
	struct repair *p;
	struct cover *cover;
	const struct manifest_block **blocks;
};

/* A block that cannot be read covers nothing; that it is damaged is told, once by this and by verify. */
static int cover_by(struct manifest_run *r, const struct fetch *f, void *ctx, struct count_error *err)
{
	const struct covering *c = ctx;
	const struct manifest_block *b = c->blocks[f->i];
	const char *series = c->p->m.series;
	struct cold_object o = { 0 };
	struct count_error why = { 0 };

	if (f->failed != NULL)
		why = *f->failed;
	else if (cold_object_take(&r->tier, b, series, strlen(series), f->bytes->data, f->bytes->len, &o, &why) ==
		 COUNT_OK) {
		c->cover->next = 0;
		if (cold_object_points(&o, r->coder, cover_times, c->cover, &why) != COUNT_OK)
			err_set(&why, COUNT_ERR_COLD, "%.300s: damaged", b->key);
	}
	cold_object_free(&o);
	if (why.code == COUNT_OK || why.code == COUNT_ERR_NOTFOUND)
		return COUNT_OK;
	return manifest_run_blame(r, series, b->key, b->points, &why, err);
}

/* How many times of the orphan no block of the manifest has. */
static int count_lacking(struct repair *p, const struct manifest_block *orphan, const struct cold_object *o,
			 uint64_t *lacking, struct count_error *err)
{
	struct manifest *m = &p->m;
	struct cover c = { 0 };
	struct covering all = { p, &c, reallocarray(NULL, m->nblocks + 1, sizeof(*all.blocks)) };
	const char **keys = reallocarray(NULL, m->nblocks + 1, sizeof(*keys));
	uint64_t *sizes = reallocarray(NULL, m->nblocks + 1, sizeof(*sizes));
	size_t n = 0;
	int ret = all.blocks == NULL || keys == NULL || sizes == NULL ? err_nomem(err) :
		  cold_object_points(o, p->r->coder, gather_times, &c, err);

	for (size_t i = 0; i < m->nblocks && ret == COUNT_OK; i++) {
		if (m->blocks[i].start > orphan->end || m->blocks[i].end < orphan->start)
			continue;
		all.blocks[n] = &m->blocks[i];
		keys[n] = m->blocks[i].key;
		sizes[n++] = m->blocks[i].size;
	}
	c.covered = calloc(c.n + 1, sizeof(*c.covered));
	if (ret == COUNT_OK && c.covered == NULL)
		ret = err_nomem(err);
	if (ret == COUNT_OK)
		ret = fetch_objects(p->r, keys, sizes, n, cover_by, &all, err);
	*lacking = 0;
	for (size_t i = 0; i < c.n && ret == COUNT_OK; i++)
		*lacking += !c.covered[i];
	free(c.times);
	free(c.covered);
	free(all.blocks);
	free(keys);
	free(sizes);
	return ret;
}

/* b becomes the manifest's. */
static int adopt(struct repair *p, struct manifest_block *b, uint64_t lacking, struct count_error *err)
{
	struct manifest *m = &p->m;

	if (manifest_add_block(m) == NULL)
		return err_nomem(err);
	memmove(&m->blocks[1], &m->blocks[0], (m->nblocks - 1) * sizeof(m->blocks[0]));
	m->blocks[0] = *b;
	*b = (struct manifest_block){ 0 };
	p->changed = true;
	return manifest_run_find(p->r, COUNT_DID_ADOPT, m->series, m->blocks[0].key, lacking, err, "%.300s: taken "
				 "into the manifest: it holds %" PRIu64 " points that no other object has",
				 m->blocks[0].key,
				 lacking);
}

static int to_garbage(struct repair *p, const char *key, struct count_error *err)
{
	struct manifest_garbage *g = manifest_add_garbage(&p->m);

	if (g == NULL || (g->key = strdup(key)) == NULL) {
		p->m.ngarbage -= g != NULL;
		return err_nomem(err);
	}
	g->since_s = p->r->now_s;
	p->changed = true;
	return manifest_run_find(p->r, COUNT_DID_GARBAGE, p->m.series, key, 0, err, "%.300s: every point of it is in "
				 "other objects too; it is deleted by a repair or archive run in 24 h", key);
}

static bool is_known(const struct manifest *m, const char *key)
{
	for (size_t i = 0; i < m->nblocks; i++)
		if (strcmp(m->blocks[i].key, key) == 0)
			return true;
	for (size_t i = 0; i < m->ngarbage; i++)
		if (strcmp(m->garbage[i].key, key) == 0)
			return true;
	return false;
}

static int repair_orphan(struct manifest_run *r, const struct fetch *f, struct repair *p, struct count_error *err)
{
	struct manifest_block b = { 0 };
	struct cold_object o = { 0 };
	struct count_error why = { 0 };
	uint64_t lacking = 0;
	int ret;

	if (f->failed != NULL)
		why = *f->failed;
	else
		check_orphan(r, f->key, p->m.series, f->bytes, f->etag, &b, &o, &why);
	if (why.code == COUNT_ERR_NOTFOUND)
		return COUNT_OK;	/* gone meanwhile */
	if (why.code == COUNT_ERR_COLD)
		return manifest_run_find(r, COUNT_FOUND_ORPHAN, p->m.series, f->key, 0, err, "%.400s; no manifest "
					 "names it, and it is left alone", why.text);
	if (why.code != COUNT_OK)
		return err_set(err, why.code, "%s", why.text);
	ret = count_lacking(p, &b, &o, &lacking, err);
	if (ret == COUNT_OK)
		ret = lacking > 0 ? adopt(p, &b, lacking, err) : to_garbage(p, f->key, err);
	manifest_block_free(&b);
	cold_object_free(&o);
	return ret;
}

/* One at a time: what was adopted covers the next. */
static int repair_orphans(struct repair *p, struct count_error *err)
{
	int ret = COUNT_OK;

	for (size_t i = 0; i < p->g->n && ret == COUNT_OK; i++) {
		const char *key = p->g->objects[i].key;
		struct buf body = { 0 };
		struct objstore_req get = { .op = OBJSTORE_GET, .key = key,
					    .get = { .max = OBJECT_MAX_BYTES, .body = &body } };
		struct fetch f = { .key = key, .bytes = &body, .etag = get.etag };

		if (is_known(&p->m, key))
			continue;
		if (objstore_run(p->r->tier.store, &get) != OBJSTORE_OK)
			f.failed = &get.err;
		ret = repair_orphan(p->r, &f, p, err);
		objstore_req_free(&get);
		buf_free(&body);
		if (ret == COUNT_OK && manifest_run_stopped(p->r))
			ret = err_set(err, COUNT_ERR_STOPPED, "stopped");
	}
	return ret;
}

/* ---- A series ---- */

static int repair_manifest(struct repair *p, struct count_error *err)
{
	struct manifest_run *r = p->r;
	int ret = drop_missing(p, err);
	bool keep_garbage = p->missing > 0;	/* what took its place must be there before it goes */

	r->report->series++;
	r->report->objects += p->m.nblocks;
	if (ret == COUNT_OK)
		ret = repair_orphans(p, err);
	if (ret == COUNT_OK && (p->changed || (!keep_garbage && manifest_run_garbage_due(r, &p->m))))
		ret = manifest_run_store(r, &p->m, p->g->etag, keep_garbage, err);
	return ret;
}

static int repair_group(struct manifest_run *r, struct scan_group *g, void *ctx, struct count_error *err)
{
	struct repair p = { .r = r, .g = g };
	struct count_error why = { 0 };
	char key[OBJSTORE_KEY_MAX + 1];
	int ret = scan_manifest(r, g, &p.m, NULL, &why);

	(void)ctx;
	snprintf(key, sizeof(key), "%smanifest.json", g->dir);
	if (ret == 0)
		return manifest_run_find(r, COUNT_FOUND_NO_MANIFEST, g->name, key, 0, err, "%.300s: not there; %s", key,
					 g->n > 0 ? "count-manifest rebuild makes it of the objects" :
					 "no object of the series either: a copy of the bucket is the cure");
	if (ret < 0)
		return manifest_run_blame(r, g->name, key, 0, &why, err);
	ret = g->name != NULL ? 1 : manifest_run_match(r, p.m.series, p.m.series_len, err);
	if (ret == 1)
		ret = repair_manifest(&p, err);
	manifest_free(&p.m);
	return ret;
}

int count_manifest_repair(count_db *db, const struct count_manifest_options *opt, count_finding_fn *fn, void *arg,
			  struct count_manifest_report *report, struct count_error *err)
{
	struct manifest_run r;
	int ret = manifest_run_begin(&r, db, opt, MANIFEST_TIER | MANIFEST_LOCK | MANIFEST_SYNCED | MANIFEST_SCANS,
				     err);

	if (ret != COUNT_OK)
		return ret;
	manifest_run_report(&r, fn, arg, report);
	return manifest_run_end(&r, manifest_scan(&r, repair_group, NULL, err), err);
}
