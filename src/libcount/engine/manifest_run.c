/* manifest_run.c - a run of count-manifest from lock to publication; see manifest_run.h. */
#include "engine/manifest_run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "cold/price.h"
#include "cold/sync.h"

#define PUBLISH_WAIT_MS 30000	/* for `lock`: a flush may be compacting */
#define LOOKS 20		/* at a CURRENT whose index files are gone when they are opened */

void count_manifest_options_init(struct count_manifest_options *opt)
{
	*opt = (struct count_manifest_options){ .max_cost = -1 };
}

/* ---- Beginning ---- */

static int open_index(struct manifest_run *r, struct count_error *err)
{
	char *scope = cold_scope(&r->db->cold);
	int ret = scope == NULL ? err_nomem(err) : COUNT_ERR_NOTFOUND;

	for (int look = 0; look < LOOKS && ret == COUNT_ERR_NOTFOUND; look++) {
		struct count_error why = { 0 };
		struct current current = { 0 };

		ret = datadir_read_current(&r->db->dir, &current, err);
		if (ret == COUNT_OK)
			ret = cold_index_open(&r->db->dir, &current, scope, &r->index, &why);
		current_free(&current);
		if (why.code != COUNT_OK && (ret != COUNT_ERR_NOTFOUND || look + 1 == LOOKS))
			err_set(err, ret, "%s", why.text);
	}
	free(scope);
	return ret;
}

static int open_tier(struct manifest_run *r, struct count_error *err)
{
	int ret = r->tier.store != NULL ? COUNT_OK : cold_tier_open(&r->tier, &r->db->cold, &r->db->dir, err);

	if (ret == COUNT_OK)
		cold_tier_learn(&r->tier, cold_index_facts(r->index));
	return ret;
}

/* Without the lock the sync stays in memory: whoever holds it will do the same. */
static int publish_sync(struct manifest_run *r, struct count_error *err)
{
	int fd = -1, ret = COUNT_OK;

	if (r->lock_fd >= 0 || !cold_index_changed(r->index) ||
	    datadir_lock_archive(&r->db->dir, &fd, NULL) != COUNT_OK)
		return COUNT_OK;
	ret = cold_index_publish(r->index, PUBLISH_WAIT_MS, err);
	close(fd);
	return ret;
}

static int sync_first(struct manifest_run *r, struct count_error *err)
{
	struct cold_sync_report report;
	struct count_error why = { 0 };
	int ret = open_tier(r, err);

	if (ret != COUNT_OK)
		return ret;
	ret = cold_sync(&r->tier, r->index, &report, &why);
	if (ret != COUNT_OK && ret != COUNT_ERR_COLD)
		return err_set(err, ret, "%s", why.text);
	r->unread = why;	/* the others were read */
	return publish_sync(r, err);
}

static int exists(void *arg, const char *name, size_t len, struct count_error *err)
{
	struct manifest_run *r = arg;
	struct coldindex_entry e;

	return cold_index_find(r->index, name, len, &e, err);
}

static int begin(struct manifest_run *r, unsigned flags, struct count_error *err)
{
	int ret = cold_settings_check(&r->db->cold, err);

	if (ret == COUNT_OK && (flags & MANIFEST_LOCK) != 0)
		ret = datadir_lock_archive(&r->db->dir, &r->lock_fd, err);
	if (ret == COUNT_OK)
		ret = open_index(r, err);
	if (ret == COUNT_OK && (flags & MANIFEST_TIER) != 0)
		ret = open_tier(r, err);
	if (ret == COUNT_OK && (r->opt->fresh || ((flags & MANIFEST_SYNCED) != 0 &&
						  cold_index_facts(r->index)->synced_s == 0)))
		ret = sync_first(r, err);
	if (ret == COUNT_OK)
		ret = selection_open(&r->selection, r->opt->selectors, r->opt->nselectors, exists, r, err);
	if (ret == COUNT_OK && (r->coder = chunk_coder_new()) == NULL)
		ret = err_nomem(err);
	return ret;
}

static void release(struct manifest_run *r)
{
	for (size_t i = 0; i < r->nlongs; i++) {
		free(r->longs[i].dir);
		free(r->longs[i].name);
	}
	free(r->longs);
	chunk_coder_delete(r->coder);
	selection_close(&r->selection);
	cold_index_close(r->index);
	cold_tier_close(&r->tier);
	if (r->lock_fd >= 0)
		close(r->lock_fd);
	*r = (struct manifest_run){ .lock_fd = -1 };
}

int manifest_run_begin(struct manifest_run *r, count_db *db, const struct count_manifest_options *opt, unsigned flags,
		       struct count_error *err)
{
	struct timespec now;
	int ret;

	clock_gettime(CLOCK_REALTIME, &now);
	*r = (struct manifest_run){ .db = db, .opt = opt, .lock_fd = -1, .now_s = now.tv_sec,
				     .flags = flags };
	r->report = &r->own;
	ret = begin(r, flags, err);
	if (ret != COUNT_OK)
		release(r);
	return ret;
}

void manifest_run_report(struct manifest_run *r, count_finding_fn *fn, void *arg,
			 struct count_manifest_report *report)
{
	r->fn = fn;
	r->arg = arg;
	if (report != NULL)
		r->report = report;
	*r->report = (struct count_manifest_report){ 0 };
}

/* ---- Ending ---- */

static void count_requests(struct manifest_run *r)
{
	struct objstore_counts c;
	struct count_requests *q = &r->report->requests;

	if (r->tier.store == NULL || (r->opt->dry_run && r->opt->deep))
		return;
	c = objstore_counts(r->tier.store);
	*q = (struct count_requests){
		.get = c.requests[OBJSTORE_GET], .put = c.requests[OBJSTORE_PUT], .head = c.requests[OBJSTORE_HEAD],
		.list = c.requests[OBJSTORE_LIST], .del = c.requests[OBJSTORE_DELETE],
		.bytes_up = c.bytes_up, .bytes_down = c.bytes_down,
	};
	q->usd = cold_cost(&r->db->cold, q);
}

int manifest_run_end(struct manifest_run *r, int ret, struct count_error *err)
{
	struct count_error why = { 0 };

	if (r->lock_fd >= 0 && r->index != NULL && cold_index_changed(r->index) && !r->opt->dry_run) {
		int published = cold_index_publish(r->index, PUBLISH_WAIT_MS, &why);

		if (ret == COUNT_OK && published != COUNT_OK)
			ret = err_set(err, published, "%s", why.text);
	}
	count_requests(r);
	if (ret == COUNT_OK && r->unread.code != COUNT_OK && (r->flags & MANIFEST_SCANS) == 0)
		ret = err_set(err, r->unread.code, "%s", r->unread.text);
	for (size_t i = 0; i < r->selection.n && ret == COUNT_OK; i++)
		if (!r->selection.items[i].matched)
			ret = err_set(err, COUNT_ERR_NOTFOUND, "no series of the cold tier matches '%.200s'",
				      r->selection.items[i].text);
	release(r);
	return ret;
}

bool manifest_run_stopped(const struct manifest_run *r)
{
	return r->opt->stopped != NULL && r->opt->stopped(r->opt->stopped_arg) != 0;
}

int manifest_run_match(struct manifest_run *r, const char *name, size_t len, struct count_error *err)
{
	struct selection *s = &r->selection;
	int found = s->n == 0;

	if (s->n == 0)
		return 1;
	if (count_series_parse(name, len, s->parts) != COUNT_OK)
		return 0;
	for (size_t i = 0; i < s->n; i++) {
		struct selection_item *item = &s->items[i];
		int ret = item->exact ? item->name_len == len && memcmp(item->name, name, len) == 0 :
			  selector_match(&item->pattern, &s->regex, s->parts, err);

		if (ret < 0)
			return ret;
		item->matched |= ret;
		found |= ret;
	}
	return found;
}

/* ---- Findings ---- */

static void count_finding(struct count_manifest_report *report, enum count_finding_kind kind)
{
	if (kind <= COUNT_FOUND_DIFFERS)
		report->problems++;
	else if (kind == COUNT_FOUND_ORPHAN)
		report->orphans++;
	else if (kind >= COUNT_DID_ADOPT)
		report->changes++;
}

int manifest_run_find(struct manifest_run *r, enum count_finding_kind kind, const char *series, const char *key,
		      uint64_t points, struct count_error *err, const char *fmt, ...)
{
	struct count_error text = { 0 };
	char why[sizeof(text.text)];
	struct count_finding f = { .kind = kind, .series = series != NULL ? series : "", .key = key, .points = points };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	err_set(&text, COUNT_ERR_COLD, "%s", why);	/* makes it printable */
	f.text = text.text;
	count_finding(r->report, kind);
	if (r->fn != NULL && r->fn(r->arg, &f) != 0)
		return err_set(err, COUNT_ERR_STOPPED, "stopped");
	return COUNT_OK;
}

int manifest_run_blame(struct manifest_run *r, const char *series, const char *key, uint64_t points,
		       const struct count_error *why, struct count_error *err)
{
	if (why->code == COUNT_ERR_COLD)
		return manifest_run_find(r, COUNT_FOUND_DAMAGED, series, key, points, err, "%s", why->text);
	if (why->code == COUNT_ERR_NOTFOUND)
		return manifest_run_find(r, COUNT_FOUND_MISSING, series, key, points, err, "%s", why->text);
	if (err != NULL && err->code == COUNT_OK)
		*err = *why;
	return why->code;
}
