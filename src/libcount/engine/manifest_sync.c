/* manifest_sync.c - the index made as the bucket is, and what is between them. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cold/sync.h"
#include "engine/manifest_scan.h"

int count_manifest_sync(count_db *db, const struct count_manifest_options *opt, struct count_manifest_report *report,
			struct count_error *err)
{
	struct count_manifest_options own = *opt;
	struct cold_totals t = { 0 };
	struct manifest_run r;
	int ret;

	own.fresh = true;	/* which is a sync, in manifest_run_begin() */
	ret = manifest_run_begin(&r, db, &own, MANIFEST_TIER | MANIFEST_LOCK, err);
	if (ret != COUNT_OK)
		return ret;
	manifest_run_report(&r, NULL, NULL, report);
	ret = cold_index_totals(r.index, &t, err);
	r.report->series = t.series;
	r.report->objects = t.blocks;
	r.report->points = t.points;
	r.report->bytes = t.bytes;
	return manifest_run_end(&r, ret, err);
}

/* ---- diff ---- */

static int differs(struct manifest_run *r, const struct scan_group *g, const char *what, struct count_error *err)
{
	char key[OBJSTORE_KEY_MAX + 1];

	snprintf(key, sizeof(key), "%smanifest.json", g->dir);
	return manifest_run_find(r, COUNT_FOUND_DIFFERS, g->name, key, 0, err, "%.300s: %s; count-manifest sync "
				 "reads it",
				 key, what);
}

static int diff_group(struct manifest_run *r, struct scan_group *g, void *ctx, struct count_error *err)
{
	struct coldindex_entry e = { 0 };
	int known = g->name != NULL ? cold_index_find(r->index, g->name, strlen(g->name), &e, err) : 0;

	(void)ctx;
	if (known < 0)
		return known;
	r->report->series++;
	if (!g->has_manifest)
		return known == 1 ? differs(r, g, "gone from the bucket, and the index has it", err) : COUNT_OK;
	if (known == 0)
		return differs(r, g, "in the bucket, and the index does not have it", err);
	if (e.etag_len != strlen(g->etag) || memcmp(e.etag, g->etag, e.etag_len) != 0)
		return differs(r, g, "the one in the bucket is another than that of the index", err);
	return COUNT_OK;
}

int count_manifest_diff(count_db *db, const struct count_manifest_options *opt, count_finding_fn *fn, void *arg,
			struct count_manifest_report *report, struct count_error *err)
{
	struct count_manifest_options own = *opt;
	struct manifest_run r;
	int ret;

	own.fresh = false;
	ret = manifest_run_begin(&r, db, &own, MANIFEST_TIER | MANIFEST_SCANS, err);
	if (ret != COUNT_OK)
		return ret;
	manifest_run_report(&r, fn, arg, report);
	return manifest_run_end(&r, manifest_scan(&r, diff_group, NULL, err), err);
}
