/* manifest_where.c - show, where and cat: in which files and objects the points of a series stand. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/manifest_run.h"
#include "engine/snapshot.h"

struct where {
	int64_t from, last;
	count_manifest_place_fn *fn;
	void *arg;
	uint64_t told;
};

static int tell(struct where *w, const struct count_manifest_place *p, struct count_error *err)
{
	if (p->points == 0 || p->first > w->last || p->last < w->from)
		return COUNT_OK;
	w->told++;
	return w->fn(w->arg, p) == 0 ? COUNT_OK : err_set(err, COUNT_ERR_STOPPED, "stopped");
}

/* ---- The cold tier ---- */

static int cold_places(struct manifest_run *r, const char *name, size_t len, struct where *w, struct count_error *err)
{
	struct coldindex_entry e;
	struct manifest m = { 0 };
	int ret = cold_index_manifest(r->index, name, len, &m, &e, err);
	int64_t checked_s = ret == 1 ? e.checked_s : 0;

	if (ret == 1)
		ret = COUNT_OK;
	else if (ret == 0)
		return COUNT_OK;
	for (size_t i = 0; i < m.nblocks && ret == COUNT_OK; i++) {
		const struct manifest_block *b = &m.blocks[i];
		struct count_manifest_place p = {
			.tier = COUNT_TIER_COLD, .where = b->key, .first = b->start, .last = b->end,
			.points = b->points, .bytes = b->size, .codec = b->codec, .etag = b->etag,
			.checksum = b->checksum, .writer = b->writer, .seq = b->seq, .checked_s = checked_s,
			.proved = b->checksum != NULL && b->has_hash,
		};

		ret = tell(w, &p, err);
	}
	manifest_free(&m);
	return ret;
}

/* ---- Local files ---- */

static int block_place(struct snapshot *s, size_t i, const struct block_series *series, struct where *w,
		       struct count_error *err)
{
	struct block_chunk_cursor cur = { 0 };
	struct block_chunk c;
	char name[40], codec[64] = "";
	struct count_manifest_place p = { .tier = COUNT_TIER_WARM, .where = name, .first = series->first_time,
					  .last = series->last_time, .points = series->points, .codec = codec };
	uint64_t at = 0;
	int ret;

	snprintf(name, sizeof(name), "blocks/%012" PRIu64 ".blk", s->blocks[i].entry->number);
	while ((ret = block_next_chunk(&s->blocks[i].block, series, &cur, &c, &at)) == COUNT_OK) {
		if (codec[0] == '\0')
			snprintf(codec, sizeof(codec), "%s+%s", block_times_name(&s->blocks[i].block, &c),
				 block_values_name(&s->blocks[i].block, &c));
		p.bytes += (uint64_t)c.times_len + c.values_len;
	}
	if (ret != COUNT_ERR_NOTFOUND)
		snapshot_note_block(s, i, at);
	return tell(w, &p, err);
}

static int warm_places(struct snapshot *s, const char *name, size_t len, struct where *w, struct count_error *err)
{
	int ret = COUNT_OK;

	for (size_t i = 0; i < s->nblocks && ret == COUNT_OK; i++) {
		struct block_series found;
		uint64_t at = 0;
		int in = s->blocks[i].open ? block_find(&s->blocks[i].block, name, len, &found, &at) :
			 COUNT_ERR_NOTFOUND;

		if (in == COUNT_OK)
			ret = block_place(s, i, &found, w, err);
		else if (in != COUNT_ERR_NOTFOUND)
			snapshot_note_block(s, i, at);
	}
	return ret;
}

/* One place for each segment of the log: frames come in its order. */
static int hot_places(struct snapshot *s, const char *name, size_t len, struct where *w, struct count_error *err)
{
	char file[40];
	struct count_manifest_place p = { .tier = COUNT_TIER_HOT, .where = file };
	uint64_t hash = hot_hash(name, len), segment = 0;
	int ret = COUNT_OK;

	for (size_t i = 0; i < s->log.nframes && ret == COUNT_OK; i++) {
		const struct hot_frame *f = &s->log.frames[i];
		struct hot_run run;

		if (hot_frame_find(f, name, len, hash, &run) != COUNT_OK)
			continue;
		if (p.points > 0 && f->segment != segment) {
			ret = tell(w, &p, err);
			p.points = 0;
		}
		if (p.points == 0 || run.first_time < p.first)
			p.first = run.first_time;
		if (p.points == 0 || run.last_time > p.last)
			p.last = run.last_time;
		segment = f->segment;
		p.points += run.points;
		snprintf(file, sizeof(file), "wal/%012" PRIu64 ".wal", segment);
	}
	return ret == COUNT_OK ? tell(w, &p, err) : ret;
}

static int local_places(count_db *db, const char *name, size_t len, struct where *w, struct count_error *err)
{
	struct snapshot s;
	int ret = snapshot_open(&db->dir, w->from, w->last, &s, err);

	if (ret != COUNT_OK)
		return ret;
	ret = hot_places(&s, name, len, w, err);
	if (ret == COUNT_OK)
		ret = warm_places(&s, name, len, w, err);
	if (ret == COUNT_OK && s.ndamages > 0)
		ret = err_set(err, s.damage.code, "%s", s.damage.text);
	snapshot_close(&s);
	return ret;
}

/* ---- Calls ---- */

static int where_cold(count_db *db, const struct count_manifest_options *opt, const char *name, size_t len,
		      struct where *w, struct count_error *err)
{
	struct manifest_run r;
	int ret = manifest_run_begin(&r, db, opt, MANIFEST_SYNCED, err);

	return ret == COUNT_OK ? manifest_run_end(&r, cold_places(&r, name, len, w, err), err) : ret;
}

int count_manifest_show(count_db *db, const struct count_manifest_options *opt, const char *series,
			count_manifest_place_fn *fn, void *arg, struct count_error *err)
{
	struct where w = { INT64_MIN, INT64_MAX, fn, arg, 0 };
	char name[COUNT_SERIES_MAX + 1];
	size_t len;
	int ret = count_series_canonical(series, strlen(series), name, &len, err);

	if (ret == COUNT_OK)
		ret = where_cold(db, opt, name, len, &w, err);
	if (ret == COUNT_OK && w.told == 0)
		ret = err_set(err, COUNT_ERR_NOTFOUND, "%.300s: not in the cold tier", name);
	return ret;
}

int count_manifest_where(count_db *db, const struct count_manifest_options *opt, const char *series, int64_t from,
			 int64_t to, count_manifest_place_fn *fn, void *arg, struct count_error *err)
{
	struct where w = { from, to == INT64_MAX ? to : to - 1, fn, arg, 0 };
	char name[COUNT_SERIES_MAX + 1];
	size_t len;
	int ret = count_series_canonical(series, strlen(series), name, &len, err);

	if (ret == COUNT_OK && to != INT64_MAX && from >= to)
		return err_set(err, COUNT_ERR_INVALID, "an empty range of time");
	if (ret == COUNT_OK)
		ret = local_places(db, name, len, &w, err);
	if (ret == COUNT_OK && db->s3_enabled)
		ret = where_cold(db, opt, name, len, &w, err);
	if (ret == COUNT_OK && w.told == 0)
		ret = err_set(err, COUNT_ERR_NOTFOUND, "%.300s: no points there in any tier%s", name,
			      db->s3_enabled ? "" : " (the cold one is off)");
	return ret;
}
