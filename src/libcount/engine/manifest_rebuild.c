/*
 * manifest_rebuild.c - a manifest made of the objects alone, when it is lost or damaged.
 *
 * Every object is read and decoded, and says of itself when it was written (seq) and what it took the place of
 * (replaces).  What another good object replaced is left out and becomes garbage: its points are in the other.
 * The order of blocks is that of seq: of equal times the later wins, as it did.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/manifest_check.h"

struct built {
	struct manifest_block block;
	char **replaces;
	size_t nreplaces;
	bool replaced;
};

struct rebuild {
	const struct manifest *old;	/* empty if it cannot be read */
	char *series;
	struct built *v;
	size_t n;
};

static void rebuild_free(struct rebuild *b)
{
	for (size_t i = 0; i < b->n; i++) {
		manifest_block_free(&b->v[i].block);
		for (size_t j = 0; j < b->v[i].nreplaces; j++)
			free(b->v[i].replaces[j]);
		free(b->v[i].replaces);
	}
	free(b->v);
	free(b->series);
}

static int take_object(struct manifest_run *r, const struct fetch *f, void *ctx, struct count_error *err)
{
	struct rebuild *b = ctx;
	struct built *to = &b->v[b->n];
	struct cold_object o = { 0 };
	struct count_error why = { 0 };

	if (f->failed != NULL)
		why = *f->failed;
	else
		check_orphan(r, f->key, b->series, f->bytes, f->etag, &to->block, &o, &why);
	if (why.code == COUNT_ERR_NOTFOUND)
		return COUNT_OK;	/* gone meanwhile */
	if (why.code != COUNT_OK)
		return manifest_run_blame(r, b->series, f->key, 0, &why, err);
	to->replaces = o.replaces;
	to->nreplaces = o.nreplaces;
	o.replaces = NULL;
	o.nreplaces = 0;
	b->n++;
	if (b->series == NULL)
		b->series = strdup(o.series);
	cold_object_free(&o);
	return b->series != NULL ? COUNT_OK : err_nomem(err);
}

static bool is_garbage(const struct manifest *m, const char *key)
{
	for (size_t i = 0; i < m->ngarbage; i++)
		if (strcmp(m->garbage[i].key, key) == 0)
			return true;
	return false;
}

static int read_objects(struct manifest_run *r, const struct scan_group *g, struct rebuild *b, struct count_error *err)
{
	const char **keys = reallocarray(NULL, g->n + 1, sizeof(*keys));
	uint64_t *sizes = reallocarray(NULL, g->n + 1, sizeof(*sizes));
	size_t n = 0;
	int ret = COUNT_OK;

	b->v = calloc(g->n + 1, sizeof(*b->v));
	if (keys == NULL || sizes == NULL || b->v == NULL)
		ret = err_nomem(err);
	for (size_t i = 0; i < g->n && ret == COUNT_OK; i++) {
		if (is_garbage(b->old, g->objects[i].key))
			continue;
		keys[n] = g->objects[i].key;
		sizes[n++] = g->objects[i].size;
	}
	if (ret == COUNT_OK)
		ret = fetch_objects(r, keys, sizes, n, take_object, b, err);
	free(keys);
	free(sizes);
	return ret;
}

static void mark_replaced(struct rebuild *b)
{
	for (size_t i = 0; i < b->n; i++)
		for (size_t j = 0; j < b->v[i].nreplaces; j++)
			for (size_t k = 0; k < b->n; k++)
				if (k != i && b->v[k].block.seq <= b->v[i].block.seq &&
				    strcmp(b->v[k].block.key, b->v[i].replaces[j]) == 0)
					b->v[k].replaced = true;
}

static int by_seq(const void *a, const void *b)
{
	const struct manifest_block *p = &((const struct built *)a)->block, *q = &((const struct built *)b)->block;

	if (p->seq != q->seq)
		return p->seq < q->seq ? -1 : 1;
	if (p->start != q->start)
		return p->start < q->start ? -1 : 1;
	return strcmp(p->key, q->key);
}

static int add_garbage(struct manifest *m, const char *key, int64_t since_s)
{
	struct manifest_garbage *g = manifest_add_garbage(m);

	if (g == NULL || (g->key = strdup(key)) == NULL) {
		m->ngarbage -= g != NULL;
		return COUNT_ERR_NOMEM;
	}
	g->since_s = since_s;
	return COUNT_OK;
}

/* The structure; the blocks leave b. */
static int assemble(struct manifest_run *r, struct rebuild *b, struct manifest *m)
{
	int ret = COUNT_OK;

	m->series = strdup(b->series);
	m->series_len = strlen(b->series);
	m->seq = b->old->seq;
	m->other = b->old->other != NULL ? strdup(b->old->other) : NULL;
	if (m->series == NULL || (b->old->other != NULL && m->other == NULL))
		return COUNT_ERR_NOMEM;
	for (size_t i = 0; i < b->old->ngarbage && ret == COUNT_OK; i++)
		ret = add_garbage(m, b->old->garbage[i].key, b->old->garbage[i].since_s);
	for (size_t i = 0; i < b->n && ret == COUNT_OK; i++) {
		struct manifest_block *to;

		if (b->v[i].block.seq > m->seq)
			m->seq = b->v[i].block.seq;
		if (b->v[i].replaced) {
			ret = add_garbage(m, b->v[i].block.key, r->now_s);
			continue;
		}
		to = manifest_add_block(m);
		if (to == NULL)
			return COUNT_ERR_NOMEM;
		*to = b->v[i].block;
		b->v[i].block = (struct manifest_block){ 0 };
	}
	return ret;
}

static int store(struct manifest_run *r, const struct scan_group *g, struct rebuild *b, const char *key,
		 struct count_error *err)
{
	struct manifest m = { 0 };
	uint64_t points = 0;
	int ret;

	mark_replaced(b);
	qsort(b->v, b->n, sizeof(*b->v), by_seq);
	ret = assemble(r, b, &m) != COUNT_OK ? err_nomem(err) : COUNT_OK;
	for (size_t i = 0; i < m.nblocks && ret == COUNT_OK; i++)
		points += m.blocks[i].points;
	if (ret == COUNT_OK)
		ret = manifest_run_store(r, &m, g->has_manifest ? g->etag : NULL, true, err);
	if (ret == COUNT_OK) {
		r->report->series++;
		r->report->objects += m.nblocks;
		r->report->points += points;
		ret = manifest_run_find(r, COUNT_DID_REBUILD, m.series, key, points, err, "%.300s: made of %zu "
					"objects with %"
					PRIu64 " points", key, m.nblocks, points);
	}
	manifest_free(&m);
	return ret;
}

/* The newest may have been written with knowledge that we lack. */
static int refuse_newer(struct manifest_run *r, const struct scan_group *g, const char *key,
			const struct count_error *why, struct count_error *err)
{
	return manifest_run_find(r, COUNT_FOUND_DAMAGED, g->name, key, 0, err, "%s", why->text);
}

static int rebuild_series(struct manifest_run *r, const struct scan_group *g, const struct manifest *old,
			  const char *key, struct count_error *err)
{
	struct rebuild b = { .old = old };
	int ret = COUNT_OK;

	if (g->name != NULL || old->series != NULL) {
		b.series = strdup(g->name != NULL ? g->name : old->series);
		ret = b.series == NULL ? err_nomem(err) : COUNT_OK;
	}
	if (ret == COUNT_OK)
		ret = read_objects(r, g, &b, err);
	if (ret == COUNT_OK && b.series != NULL && g->name == NULL)
		ret = manifest_run_match(r, b.series, strlen(b.series), err) - 1;	/* 1: meant; -1: not */
	if (ret == -1) {
		ret = COUNT_OK;
		b.n = 0;
	} else if (ret == COUNT_OK && b.n > 0) {
		ret = store(r, g, &b, key, err);
	} else if (ret == COUNT_OK) {
		ret = manifest_run_find(r, COUNT_FOUND_MISSING, b.series, key, 0, err, "%.300s: no good object to "
					"make it of; a copy of the bucket is the cure", key);
	}
	rebuild_free(&b);
	return ret;
}

static int rebuild_group(struct manifest_run *r, struct scan_group *g, void *ctx, struct count_error *err)
{
	char key[OBJSTORE_KEY_MAX + 1];
	struct count_error why = { 0 };
	struct manifest old = { 0 };
	int ret = scan_manifest(r, g, &old, NULL, &why);

	(void)ctx;
	snprintf(key, sizeof(key), "%smanifest.json", g->dir);
	if (ret < 0 && ret != COUNT_ERR_COLD)
		return err_set(err, ret, "%s", why.text);
	if (ret == COUNT_ERR_COLD && strstr(why.text, COLD_NEWER) != NULL)
		return refuse_newer(r, g, key, &why, err);
	if (ret == 1 && r->opt->nselectors == 0)
		ret = COUNT_OK;		/* it is fine */
	else
		ret = rebuild_series(r, g, &old, key, err);
	manifest_free(&old);
	return ret;
}

int count_manifest_rebuild(count_db *db, const struct count_manifest_options *opt, count_finding_fn *fn, void *arg,
			   struct count_manifest_report *report, struct count_error *err)
{
	struct manifest_run r;
	int ret = manifest_run_begin(&r, db, opt, MANIFEST_TIER | MANIFEST_LOCK | MANIFEST_SCANS, err);

	if (ret != COUNT_OK)
		return ret;
	manifest_run_report(&r, fn, arg, report);
	return manifest_run_end(&r, manifest_scan(&r, rebuild_group, NULL, err), err);
}
