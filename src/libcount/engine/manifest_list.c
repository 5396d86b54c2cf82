/* manifest_list.c - list and stats: what the index says, without a request. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cold/price.h"
#include "engine/manifest_run.h"
#include "engine/snapshot.h"

static int tell(const struct coldindex_entry *e, count_manifest_series_fn *fn, void *arg, struct count_error *err)
{
	char *name = strndup(e->name, e->name_len);
	struct count_manifest_series s = {
		.series = name, .blocks = e->blocks, .points = e->points, .bytes = e->bytes, .any = e->any,
		.first = e->first, .last = e->last, .shared = e->foreign, .checked_s = e->checked_s,
	};
	int ret;

	if (name == NULL)
		return err_nomem(err);
	ret = fn(arg, &s) == 0 ? COUNT_OK : err_set(err, COUNT_ERR_STOPPED, "stopped");
	free(name);
	return ret;
}

int count_manifest_list(count_db *db, const struct count_manifest_options *opt, count_manifest_series_fn *fn,
			void *arg, struct count_error *err)
{
	struct cold_index_cursor c = { 0 };
	struct coldindex_entry e;
	struct manifest_run r;
	int ret = manifest_run_begin(&r, db, opt, MANIFEST_SYNCED, err), more;

	if (ret != COUNT_OK)
		return ret;
	while (ret == COUNT_OK && (more = cold_index_next(r.index, &c, &e, err)) != 0) {
		ret = more < 0 ? more : manifest_run_match(&r, e.name, e.name_len, err);
		if (ret == 1)
			ret = tell(&e, fn, arg, err);
	}
	return manifest_run_end(&r, ret, err);
}

/* ---- stats ---- */

static int cold_stats(struct manifest_run *r, struct count_manifest_stats *s, struct count_error *err)
{
	struct cold_totals t = { 0 };
	char *scope = cold_scope(&r->db->cold);
	int ret = scope == NULL ? err_nomem(err) : cold_index_totals(r->index, &t, err);

	if (ret == COUNT_OK)
		snprintf(s->scope, sizeof(s->scope), "%s", scope);
	free(scope);
	s->synced_s = cold_index_facts(r->index)->synced_s;
	s->nseries = t.series;
	s->cold = (struct count_manifest_series){
		.series = "", .blocks = t.blocks, .points = t.points, .bytes = t.bytes, .any = t.any,
		.first = t.first, .last = t.last, .shared = t.foreign, .checked_s = s->synced_s,
	};
	s->usd_month = (double)t.bytes / 1e9 * cold_prices(&r->db->cold).gb_month;
	return ret;
}

static int local_stats(count_db *db, struct count_manifest_stats *s, struct count_error *err)
{
	struct snapshot snap;
	int ret = snapshot_open(&db->dir, INT64_MIN, INT64_MAX, &snap, err);

	if (ret != COUNT_OK)
		return ret;
	s->local_blocks = snap.nblocks;
	for (size_t i = 0; i < snap.nblocks; i++)
		s->local_bytes += snap.current.blocks[i].size;
	s->log_bytes = snap.log.bytes;
	s->log_points = snap.log.points;
	s->damages = snap.ndamages;
	s->last_archive_s = snap.current.last_archive_s;
	s->last_flush_s = snap.current.last_flush_s;
	snapshot_close(&snap);
	return COUNT_OK;
}

int count_manifest_stats(count_db *db, const struct count_manifest_options *opt, struct count_manifest_stats *stats,
			 struct count_error *err)
{
	struct count_manifest_stats s = { .cold.series = "", .usd_month = NAN };
	struct manifest_run r;
	int ret = local_stats(db, &s, err);

	if (ret == COUNT_OK && db->s3_enabled) {
		ret = manifest_run_begin(&r, db, opt, 0, err);
		if (ret == COUNT_OK)
			ret = manifest_run_end(&r, cold_stats(&r, &s, err), err);
	}
	if (ret == COUNT_OK)
		*stats = s;
	return ret;
}
