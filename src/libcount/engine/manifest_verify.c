/* manifest_verify.c - are all objects of all manifests there and right? */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cold/price.h"
#include "engine/manifest_check.h"

struct reading {		/* the objects of one series that are read */
	const char *series;
	const struct manifest_block **blocks;
	const char **keys;
	uint64_t *sizes;
	size_t n;
};

static void reading_free(struct reading *d)
{
	free(d->blocks);
	free(d->keys);
	free(d->sizes);
}

static int read_one(struct manifest_run *r, const struct fetch *f, void *ctx, struct count_error *err)
{
	const struct reading *d = ctx;
	const struct manifest_block *b = d->blocks[f->i];
	struct count_error why = { 0 };

	if (f->failed != NULL)
		why = *f->failed;
	else
		check_object(r, b, d->series, f->bytes, &why);
	return why.code == COUNT_OK ? COUNT_OK : manifest_run_blame(r, d->series, b->key, b->points, &why, err);
}

/* The list may be older than the manifest: what it lacks is asked for by name. */
static int missing(struct manifest_run *r, const char *series, const struct manifest_block *b, struct count_error *err)
{
	struct objstore_req head = { .op = OBJSTORE_HEAD, .key = b->key };
	enum objstore_result result = objstore_run(r->tier.store, &head);
	struct count_error why = head.err;

	objstore_req_free(&head);
	if (result == OBJSTORE_OK)
		return COUNT_OK;
	if (result != OBJSTORE_NOT_FOUND)
		return manifest_run_blame(r, series, b->key, b->points, &why, err);
	return manifest_run_find(r, COUNT_FOUND_MISSING, series, b->key, b->points, err, "%.300s: the object is "
				 "gone, and with it %" PRIu64 " points; a copy of the bucket or a version of the "
				 "object is the cure", b->key, b->points);
}

static int look_at(struct manifest_run *r, const struct scan_group *g, const struct manifest_block *b,
		   struct reading *d, struct count_error *err)
{
	const struct scan_object *o = scan_find(g, b->key);

	r->report->objects++;
	r->report->points += b->points;
	r->report->unproved += b->checksum == NULL || !b->has_hash;
	r->report->bytes += o != NULL ? o->size : 0;
	if (o == NULL)
		return missing(r, d->series, b, err);
	if (b->size != 0 && o->size != b->size)
		return manifest_run_find(r, COUNT_FOUND_DAMAGED, d->series, b->key, b->points, err, "%.300s: %" PRIu64
					 " bytes, but its manifest says %" PRIu64 ": cut short or replaced; a copy "
					 "of the bucket or a version of the object is the cure", b->key, o->size,
					 b->size);
	/* Another ETag need not mean other bytes: a bucket that was copied has new ones.  The bytes tell. */
	if (r->opt->deep || (b->etag != NULL && o->etag[0] != '\0' && strcmp(b->etag, o->etag) != 0)) {
		d->blocks[d->n] = b;
		d->keys[d->n] = b->key;
		d->sizes[d->n++] = o->size;
	}
	return COUNT_OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int orphans(struct manifest_run *r, const struct scan_group *g, const struct manifest *m,
		   struct count_error *err)
{
	size_t n = 0;
	const char **known = reallocarray(NULL, m->nblocks + m->ngarbage + 1, sizeof(*known));
	int ret = known == NULL ? err_nomem(err) : COUNT_OK;

	for (size_t i = 0; i < m->nblocks && ret == COUNT_OK; i++)
		known[n++] = m->blocks[i].key;
	for (size_t i = 0; i < m->ngarbage && ret == COUNT_OK; i++)
		known[n++] = m->garbage[i].key;
	if (n > 1)
		qsort(known, n, sizeof(*known), by_text);
	for (size_t i = 0; i < g->n && ret == COUNT_OK; i++)
		if (n == 0 || bsearch(&g->objects[i].key, known, n, sizeof(*known), by_text) == NULL)
			ret = manifest_run_find(r, COUNT_FOUND_ORPHAN, m->series, g->objects[i].key, 0, err,
						"%.300s: no manifest names it; count-manifest repair takes it in if "
						"it holds points of its own", g->objects[i].key);
	free(known);
	return ret;
}

static int verify_manifest(struct manifest_run *r, const struct scan_group *g, const struct manifest *m,
			   struct count_error *err)
{
	struct reading d = {
		.series = m->series, .blocks = reallocarray(NULL, m->nblocks + 1, sizeof(*d.blocks)),
		.keys = reallocarray(NULL, m->nblocks + 1, sizeof(*d.keys)),
		.sizes = reallocarray(NULL, m->nblocks + 1, sizeof(*d.sizes)),
	};
	int ret = d.blocks == NULL || d.keys == NULL || d.sizes == NULL ? err_nomem(err) : COUNT_OK;

	r->report->series++;
	for (size_t i = 0; i < m->nblocks && ret == COUNT_OK; i++)
		ret = look_at(r, g, &m->blocks[i], &d, err);
	if (ret == COUNT_OK)
		ret = fetch_objects(r, d.keys, d.sizes, d.n, read_one, &d, err);
	if (ret == COUNT_OK)
		ret = orphans(r, g, m, err);
	reading_free(&d);
	return ret;
}

static int no_manifest(struct manifest_run *r, const struct scan_group *g, struct count_error *err)
{
	char key[OBJSTORE_KEY_MAX + 1];
	struct coldindex_entry e;
	int known = g->name != NULL ? cold_index_find(r->index, g->name, strlen(g->name), &e, err) : 0;
	uint64_t points = known == 1 ? e.points : 0;

	if (known < 0)
		return known;
	snprintf(key, sizeof(key), "%smanifest.json", g->dir);
	if (g->n > 0)
		return manifest_run_find(r, COUNT_FOUND_NO_MANIFEST, g->name, key, points, err, "%.300s: not there, "
					 "but %zu objects of the series are; count-manifest rebuild makes it of them",
					 key,
					 g->n);
	if (known == 0)
		return COUNT_OK;
	return manifest_run_find(r, COUNT_FOUND_MISSING, g->name, key, points, err, "%.300s: gone with all objects "
				 "of the series, and with them %" PRIu64 " points; a copy of the bucket is the cure, "
				 "or count-manifest sync forgets them", key, points);
}

static int verify_group(struct manifest_run *r, struct scan_group *g, void *ctx, struct count_error *err)
{
	char key[OBJSTORE_KEY_MAX + 1];
	struct count_error why = { 0 };
	struct manifest m = { 0 };
	int ret = scan_manifest(r, g, &m, NULL, &why);

	(void)ctx;
	snprintf(key, sizeof(key), "%smanifest.json", g->dir);
	if (ret == 0)
		return no_manifest(r, g, err);
	if (ret < 0)
		return manifest_run_blame(r, g->name, key, 0, &why, err);
	ret = g->name != NULL ? 1 : manifest_run_match(r, m.series, m.series_len, err);
	if (ret == 1)
		ret = verify_manifest(r, g, &m, err);
	manifest_free(&m);
	return ret;
}

/* What reading it all would take, as the index has it. */
static int forecast(struct manifest_run *r, struct count_error *err)
{
	struct cold_index_cursor c = { 0 };
	struct coldindex_entry e;
	struct count_requests q = { 0 };
	int ret = COUNT_OK, more;

	while (ret == COUNT_OK && (more = cold_index_next(r->index, &c, &e, err)) != 0) {
		ret = more < 0 ? more : manifest_run_match(r, e.name, e.name_len, err);
		if (ret != 1)
			continue;
		r->report->series += r->opt->dry_run;
		r->report->objects += r->opt->dry_run ? e.blocks : 0;
		r->report->points += r->opt->dry_run ? e.points : 0;
		r->report->bytes += r->opt->dry_run ? e.bytes : 0;
		q.get += e.blocks;
		q.bytes_down += e.bytes;
		q.list += (e.blocks + 1) / OBJSTORE_PAGE_MAX;
		ret = COUNT_OK;
	}
	q.list++;
	q.usd = cold_cost(&r->db->cold, &q);
	if (ret != COUNT_OK)
		return ret;
	log_msg(&r->db->dir.log, 2, "to be read: %" PRIu64 " objects, %" PRIu64 " bytes, %s%.4f", q.get, q.bytes_down,
		isnan(q.usd) ? "at a price that is not known: " : "USD ", q.usd);
	if (r->opt->dry_run)
		r->report->requests = q;
	if (r->opt->max_cost >= 0 && q.usd > r->opt->max_cost && !r->opt->dry_run)
		return err_set(err, COUNT_ERR_COST, "reading %" PRIu64 " objects, %" PRIu64 " bytes, costs about USD "
			       "%.2f, over the limit of %.2f; --max-cost raises it", q.get, q.bytes_down, q.usd,
			       r->opt->max_cost);
	return COUNT_OK;
}

int count_manifest_verify(count_db *db, const struct count_manifest_options *opt, count_finding_fn *fn, void *arg,
			  struct count_manifest_report *report, struct count_error *err)
{
	struct manifest_run r;
	int ret = manifest_run_begin(&r, db, opt, MANIFEST_TIER | MANIFEST_SYNCED | MANIFEST_SCANS, err);

	if (ret != COUNT_OK)
		return ret;
	manifest_run_report(&r, fn, arg, report);
	if (opt->deep)
		ret = forecast(&r, err);
	r.read_all = true;
	if (ret == COUNT_OK && !(opt->deep && opt->dry_run))
		ret = manifest_scan(&r, verify_group, NULL, err);
	return manifest_run_end(&r, ret, err);
}
