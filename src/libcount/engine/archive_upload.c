/*
 * archive_upload.c - all due series of a run; see archive.h, archive_job.h.
 *
 * As many series at once as requests may be in flight; each goes on when an answer for it comes.  What one series
 * suffers is told and the others go on; what all of them would suffer (no connection, no such bucket, failure after
 * failure) ends the run.
 *
 * And if we die?  The index is published now and then, so that the next run need not read again what this one
 * wrote; all else it finds by itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cold/probe.h"
#include "cold/sync.h"
#include "engine/archive_job.h"

enum {
	PUBLISH_SERIES = 64,		/* finished, and the index is published */
	PUBLISH_BYTES = 64 << 20,	/* stored, likewise */
	MAX_MISSES = 4,			/* failures of one kind of trouble without a success between, at least */
	WAIT_MS = 200,
};

struct run {
	struct upload up;
	struct archive_job **active;
	size_t nactive, max_active;
	size_t next;			/* series */
	bool ending;
	int result;			/* why it ends early */
	struct count_error *err;
	size_t misses;
	size_t unpublished_series;
	uint64_t unpublished_bytes;
	bool warned;			/* of a server that does not hold to conditions */
};

/* What is not there is of the cold tier, not of the local store. */
static int status_of_cold(int code)
{
	return code == COUNT_ERR_NOTFOUND ? COUNT_ERR_COLD : code;
}

/*
 * A manifest that cannot be believed does not stop the others: its own series meets it again, and fails.  The index is
 * then not synced, and the next run tries anew.
 */
static int sync(struct archive *a, struct count_error *err)
{
	struct cold_sync_report r = { 0 };
	struct count_error why = { 0 };
	int ret = cold_sync(&a->tier, a->index, &r, &why);

	if (ret == COUNT_ERR_COLD && r.failed > 0) {
		archive_fail(a, &why);
		return COUNT_OK;
	}
	return ret == COUNT_OK ? COUNT_OK : err_set(err, ret, "%s", why.text);
}

static uint64_t all_requests(const struct objstore_counts *c)
{
	uint64_t n = 0;

	for (size_t i = 0; i <= OBJSTORE_LIST; i++)
		n += c->requests[i];
	return n;
}

/* ---- The end of a run, and of a series ---- */

static void end_run(struct run *r, int result, const struct count_error *why)
{
	struct archive *a = r->up.a;
	size_t rest = a->nseries - r->next;

	if (r->ending)
		return;
	r->ending = true;
	r->result = result;
	if (rest > 0 && result != COUNT_ERR_STOPPED)
		err_set(r->err, result, "%.400s; %zu more series were not tried", why->text, rest);
	else
		err_set(r->err, result, "%.500s", why->text);
	for (size_t i = 0; i < r->nactive; i++)
		job_stop(r->active[i]);
	objstore_cancel(a->tier.store);
}

/* Would every other series meet the same?  A connection that cannot be had, a bucket that is not there. */
static bool is_common(const struct archive *a, const struct count_error *why)
{
	bool remote = strncmp(a->tier.scope, "file:", 5) != 0;

	if (why->code == COUNT_ERR_NOMEM || why->code == COUNT_ERR_STOPPED || why->code == COUNT_ERR_NOTFOUND)
		return true;
	return remote && why->code == COUNT_ERR_NET && why->http_status == 0;
}

static void note_failure(struct run *r, const struct archive_job *j)
{
	struct archive *a = r->up.a;
	size_t most = r->up.jobs > MAX_MISSES ? r->up.jobs : MAX_MISSES;

	struct count_error why = j->err;

	if (r->ending && (j->result == COUNT_ERR_STOPPED || why.code == COUNT_ERR_STOPPED))
		return;
	a->report->failed++;
	why.code = status_of_cold(why.code);
	archive_fail(a, &why);
	if (why.code == COUNT_ERR_NET || why.code == COUNT_ERR_DENIED)
		r->misses++;
	if (is_common(a, &j->err) || r->misses >= most)
		end_run(r, why.code, &why);
}

static void publish_now_and_then(struct run *r)
{
	struct count_error why = { 0 };

	if (r->unpublished_series < PUBLISH_SERIES && r->unpublished_bytes < PUBLISH_BYTES)
		return;
	r->unpublished_series = 0;
	r->unpublished_bytes = 0;
	/* The end of the run publishes it too. */
	if (cold_index_changed(r->up.a->index) &&
	    cold_index_publish(r->up.a->index, ARCHIVE_LOCK_WAIT_MS, &why) != COUNT_OK)
		log_msg(&r->up.a->db->dir.log, why.code == COUNT_ERR_LOCKED ? 2 : 1, "the cold index was not saved: %s",
			why.text);
}

static void note_success(struct run *r, const struct archive_job *j)
{
	struct count_archive_report *report = r->up.a->report;

	j->s->done = true;
	report->objects += j->stored;
	report->points += j->stored_points;
	report->bytes += j->stored_bytes;
	r->misses = 0;
	r->unpublished_series += j->stored > 0;
	r->unpublished_bytes += j->stored_bytes;
	publish_now_and_then(r);
}

/* ---- The loop ---- */

static void start_jobs(struct run *r)
{
	struct archive *a = r->up.a;

	while (!r->ending && r->nactive < r->max_active && r->next < a->nseries &&
	       objstore_in_flight(a->tier.store) < r->up.jobs) {
		struct archive_job failed = { .s = &a->series[r->next++] };
		struct archive_job *j;

		failed.result = job_new(&r->up, failed.s, &j, &failed.err);
		if (failed.result != COUNT_OK) {
			note_failure(r, &failed);
			continue;
		}
		r->active[r->nactive++] = j;
		job_advance(j);
	}
}

static void advance_jobs(struct run *r)
{
	for (size_t i = r->nactive; i-- > 0;) {
		struct archive_job *j = r->active[i];

		if (!r->ending)
			job_advance(j);
		if (!job_finished(j))
			continue;
		r->active[i] = r->active[--r->nactive];
		if (j->result == COUNT_OK)
			note_success(r, j);
		else
			note_failure(r, j);
		job_delete(j);
	}
}

static void run_series(struct run *r)
{
	static const struct count_error stopped = { .text = "stopped" };
	struct archive *a = r->up.a;

	for (;;) {
		struct objstore_req *req;

		if (archive_stopped(a))
			end_run(r, COUNT_ERR_STOPPED, &stopped);
		start_jobs(r);
		advance_jobs(r);
		if (r->nactive == 0 && (r->ending || r->next == a->nseries))
			return;
		if (objstore_in_flight(a->tier.store) == 0)
			continue;
		req = objstore_wait(a->tier.store, WAIT_MS);
		if (req != NULL) {
			struct waiter *w = req->user;

			job_step(w->job, w, req);
			cold_warn_lax(&a->tier, &r->warned);
		}
	}
}

static void fill_requests(struct archive *a, const struct objstore_counts *before)
{
	struct objstore_counts c = objstore_counts(a->tier.store);
	struct count_requests *r = &a->report->requests;

	r->get = c.requests[OBJSTORE_GET] - before->requests[OBJSTORE_GET];
	r->put = c.requests[OBJSTORE_PUT] - before->requests[OBJSTORE_PUT];
	r->head = c.requests[OBJSTORE_HEAD] - before->requests[OBJSTORE_HEAD];
	r->list = c.requests[OBJSTORE_LIST] - before->requests[OBJSTORE_LIST];
	r->del = c.requests[OBJSTORE_DELETE] - before->requests[OBJSTORE_DELETE];
	r->bytes_up = c.bytes_up - before->bytes_up;
	r->bytes_down = c.bytes_down - before->bytes_down;
}

static int upload(struct archive *a, struct run *r)
{
	uint32_t jobs = a->opt->jobs != 0 ? a->opt->jobs : a->tier.settings->jobs;
	int ret;

	r->up.jobs = r->max_active = jobs == 0 ? 1 : jobs;
	r->active = calloc(r->max_active, sizeof(struct archive_job *));
	r->up.coder = chunk_coder_new();
	if (r->active == NULL || r->up.coder == NULL)
		return err_nomem(r->err);
	run_series(r);
	ret = cold_keep_facts(&a->tier, a->index, r->err);
	return r->result != COUNT_OK ? r->result : ret;
}

int archive_upload(struct archive *a, struct count_error *err)
{
	struct run r = { .up = { .a = a }, .err = err };
	struct objstore_counts before;
	int ret = COUNT_OK;

	cold_tier_learn(&a->tier, cold_index_facts(a->index));
	if (a->opt->dry_run)
		return archive_forecast(a, err);
	r.warned = cold_is_lax(&a->tier);	/* then an earlier run did */
	objstore_stop_when(a->tier.store, a->opt->stopped, a->opt->stopped_arg);
	if (cold_index_facts(a->index)->synced_s == 0)
		ret = sync(a, err);
	if (ret == COUNT_OK)
		ret = cold_probe(&a->tier, err);
	objstore_stop_when(a->tier.store, NULL, NULL);	/* run_series() asks by itself */
	cold_warn_lax(&a->tier, &r.warned);
	before = objstore_counts(a->tier.store);
	a->report->requests.probes = all_requests(&before);
	if (ret == COUNT_OK)
		ret = upload(a, &r);
	fill_requests(a, &before);
	free(r.active);
	chunk_coder_delete(r.up.coder);
	return ret;
}
