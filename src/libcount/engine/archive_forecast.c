/*
 * archive_forecast.c - what a run would ask for, without asking: --dry-run.
 *
 * The same edits, names, objects and manifests as in a run, encoded for real; only ETags are invented, as long as real
 * ones.
 * Where an old object would be fetched and merged its points are not known: the new one is then taken to be as large
 * as both together and what may be lost where points that were regular are no more, its entry as long as both, and the
 * sum is "at most".
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/archive_job.h"
#include "engine/archive_pack.h"

#define SOME_ETAG "00000000000000000000000000000000"
#define PROBE_REQUESTS 6	/* of objstore_probe(), where the server holds to conditions */
#define BROKEN_CHUNK_BYTES 1024	/* more, at most, when a point that does not fit comes into a chunk */
#define SHORT_CHUNK_POINTS 256	/* chunks of an object have no fewer, but at its end */

struct forecast {
	struct upload up;
	struct count_requests *r;
	struct count_archive_report *report;
	bool proves;			/* the server says what it stored */
	bool heads_objects, heads_manifests;	/* it does not hold to conditions */
	uint64_t old_bytes, old_points;	/* fetched, for the object to come */
};

static bool not_held(enum objstore_ability a)
{
	return a == OBJSTORE_REFUSED || a == OBJSTORE_IGNORED;
}

/* What a merged object has beyond the bytes of both. */
static uint64_t broken_chunks(uint64_t old_points, uint64_t new_points)
{
	uint64_t chunks = old_points / SHORT_CHUNK_POINTS + 1;

	return (new_points < chunks ? new_points : chunks) * BROKEN_CHUNK_BYTES;
}

static void count_object(struct forecast *f, const struct object_put *p)
{
	uint64_t bytes = p->bytes.len, n = 1;

	if (f->old_bytes > 0) {
		bytes += f->old_bytes + broken_chunks(f->old_points, p->object.block.points);
		n += bytes / PACK_OBJECT_BYTES;		/* it may have to be cut */
		f->r->at_most = true;
		f->old_bytes = f->old_points = 0;
	}
	f->r->put += n;
	f->r->bytes_up += bytes;
	f->r->head += f->heads_objects ? n : 0;
	if (!f->proves) {
		f->r->get += n;
		f->r->bytes_down += bytes;
	}
	f->report->objects += n;
	f->report->points += p->object.block.points;
	f->report->bytes += bytes;
}

static int see_object(struct forecast *f, struct archive_job *j, struct count_error *err)
{
	struct object_put p = { 0 };
	struct manifest_block entry = { 0 };
	int ret;

	edit_take(j->edit, &p.object);
	ret = object_name(&f->up, &p, job_key_taken, j, err);
	if (ret == COUNT_OK) {
		count_object(f, &p);
		memcpy(p.etag, SOME_ETAG, sizeof(SOME_ETAG));
		if (object_entry(&p, &entry) != COUNT_OK || edit_stored(j->edit, &entry) != COUNT_OK)
			ret = err_nomem(err);
	}
	manifest_block_free(&entry);
	object_free(&p);
	return ret;
}

static int see_fetch(struct forecast *f, struct archive_job *j, struct count_error *err)
{
	const struct manifest_block *b = &j->base.blocks[edit_wanted(j->edit)];

	f->r->get++;
	f->r->bytes_down += b->size;
	f->r->at_most |= b->size == 0;
	f->old_bytes += b->size;
	f->old_points += b->points;
	return edit_supply(j->edit, NULL, err);
}

static int see_update(struct forecast *f, struct archive_job *j, struct count_error *err)
{
	struct buf text = { 0 };
	size_t ndeletes = 0;
	int ret;

	f->r->head += job_checks(j);
	if (!edit_changes(j->edit))
		return COUNT_OK;
	ret = job_update_forecast(j, &text, &ndeletes, err);
	if (ret == COUNT_OK) {
		f->r->put++;
		f->r->bytes_up += text.len;
		f->r->del += ndeletes;
		f->r->head += f->heads_manifests + (ndeletes > 0);
	}
	buf_free(&text);
	return ret;
}

static int see_series(struct forecast *f, struct archive_series *s, struct count_error *err)
{
	enum edit_want want = EDIT_FETCH;
	struct archive_job *j;
	int ret = job_new(&f->up, s, &j, err);

	if (ret != COUNT_OK)
		return ret;
	f->old_bytes = f->old_points = 0;
	while (ret == COUNT_OK && want != EDIT_END) {
		ret = job_edit_next(j, &want, err);
		if (ret == COUNT_OK && want == EDIT_FETCH)
			ret = see_fetch(f, j, err);
		else if (ret == COUNT_OK && want == EDIT_OBJECT)
			ret = see_object(f, j, err);
	}
	if (ret == COUNT_OK)
		ret = see_update(f, j, err);
	job_delete(j);
	return ret;
}

int archive_forecast(struct archive *a, struct count_error *err)
{
	struct objstore_abilities able = objstore_abilities(a->tier.store);
	struct forecast f = {
		.up = { .a = a, .coder = chunk_coder_new() },
		.r = &a->report->requests, .report = a->report,
		.proves = a->tier.settings->text[COLD_ENDPOINT] == NULL,	/* AWS echoes our SHA-256 */
		.heads_objects = not_held(able.if_absent), .heads_manifests = not_held(able.if_match),
	};
	int ret = f.up.coder == NULL ? err_nomem(err) : COUNT_OK;

	if (able.if_absent == OBJSTORE_UNKNOWN || able.if_match == OBJSTORE_UNKNOWN)
		f.r->probes += PROBE_REQUESTS;
	f.r->probes += cold_index_facts(a->index)->synced_s == 0;	/* a list of the prefix, at least */
	for (size_t i = 0; i < a->nseries && ret == COUNT_OK; i++) {
		struct count_error why = { 0 };

		if (archive_stopped(a))
			ret = err_set(err, COUNT_ERR_STOPPED, "stopped");
		else
			ret = see_series(&f, &a->series[i], &why);
		if (ret == COUNT_OK || ret == COUNT_ERR_STOPPED)
			continue;
		a->report->failed++;
		archive_fail(a, &why);
		ret = ret == COUNT_ERR_NOMEM ? ret : COUNT_OK;
	}
	chunk_coder_delete(f.up.coder);
	return ret;
}
