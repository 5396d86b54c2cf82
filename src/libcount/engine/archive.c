/*
 * archive.c - count_archive_with(): one archive run from lock to report; see archive.h.
 *
 * The order is what saves time and requests: whether anything is due is found out from local files and the
 * index alone, so that a run of cron with nothing to do loads no module and asks nobody.
 */
#include "engine/archive.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cold/price.h"

enum {
	INDEX_LOOKS = 100,	/* at CURRENT, while the index that it names is replaced */
	MAX_JOBS = 64,
};

/* What can be known to be wrong before anything is done. */
static int check(const struct archive *a, struct count_error *err)
{
	if (!a->db->cold.enabled)
		return err_set(err, COUNT_ERR_INVALID, "S3_ENABLED is false, so there is nowhere to archive to: set "
			       "S3_ENABLED=true, and S3_BUCKET to the name of a bucket");
	if (a->opt->jobs > MAX_JOBS)
		return err_set(err, COUNT_ERR_INVALID, "%u requests at once are too many: %d at most", a->opt->jobs,
			       MAX_JOBS);
	return cold_settings_check(&a->db->cold, err);
}

/* The index is replaced only under archive.lock, but a dry run does without that. */
static int open_index(struct archive *a, struct count_error *err)
{
	char *scope = cold_scope(&a->db->cold);
	int ret = scope == NULL ? err_nomem(err) : COUNT_ERR_NOTFOUND;

	for (int i = 0; ret == COUNT_ERR_NOTFOUND && i < INDEX_LOOKS; i++) {
		struct count_error why = { 0 };
		struct current cur;

		ret = datadir_read_current(&a->db->dir, &cur, &why);
		if (ret == COUNT_OK) {
			ret = cold_index_open(&a->db->dir, &cur, scope, &a->index, &why);
			current_free(&cur);
		}
		if (ret != COUNT_OK && (ret != COUNT_ERR_NOTFOUND || i + 1 == INDEX_LOOKS) && err != NULL &&
		    err->code == COUNT_OK)
			*err = why;
	}
	free(scope);
	return ret;
}

/* A key that a bucket cannot take is no setting that is wrong: the others were archived. */
static int status_of(const struct count_error *failed)
{
	return failed->code == COUNT_ERR_INVALID ? COUNT_ERR_COLD : failed->code;
}

/* The order of the exit statuses, of which several come to the highest; but a run that was stopped is that. */
static int gravity(int code)
{
	switch (code) {
	case COUNT_OK:
		return 0;
	case COUNT_ERR_NET: case COUNT_ERR_DENIED: case COUNT_ERR_COLD: case COUNT_ERR_INVALID:
		return 2;
	case COUNT_ERR_LOCKED:
		return 3;
	case COUNT_ERR_STOPPED:
		return 4;
	default:
		return 1;
	}
}

void archive_fail(struct archive *a, const struct count_error *why)
{
	log_msg(&a->db->dir.log, 0, "Error during S3 archival: %s", why->text);
	if (gravity(why->code) > gravity(a->worst.code))
		a->worst = *why;
}

/* Of two the graver one, of equals the first. */
static int join(int first, const struct count_error *why, int ret, struct count_error *err)
{
	if (gravity(ret) <= gravity(first))
		return first;
	if (err != NULL)
		*err = *why;
	return ret;
}

/* Uploads what is due, and publishes what of that is done, however it ended. */
static int move(struct archive *a, const struct cold_settings *settings, struct count_error *err)
{
	struct count_error why = { 0 };
	/* A bucket of file:// that was there before and is not now is most often not mounted: then no other is made. */
	bool may_create = !a->opt->dry_run && cold_index_facts(a->index)->synced_s == 0;
	int ret = may_create ? cold_tier_create(&a->tier, settings, &a->db->dir, err) :
		  cold_tier_open(&a->tier, settings, &a->db->dir, err);

	if (ret != COUNT_OK)
		return ret;
	cold_tier_learn(&a->tier, cold_index_facts(a->index));
	ret = archive_upload(a, err);
	ret = join(ret, &a->worst, status_of(&a->worst), err);
	if (!a->opt->dry_run)
		ret = join(ret, &why, archive_publish(a, &why), err);
	a->report->requests.usd = cold_cost(settings, &a->report->requests);
	return ret;
}

static int run(struct archive *a, const struct cold_settings *settings, struct count_error *err)
{
	struct count_error why = { 0 };
	int ret = open_index(a, err);

	if (ret == COUNT_OK)
		ret = archive_choose(a, err);
	if (ret == COUNT_OK && a->nseries > 0)
		ret = move(a, settings, err);
	/* A failure may have left pins; those of a dead run have gone with the choice. */
	if (ret != COUNT_OK && !a->opt->dry_run && archive_unpin(a, &why) != COUNT_OK)
		log_msg(&a->db->dir.log, 1, "%s: blocks stay pinned until the next archive run", why.text);
	return join(ret, &a->worst, status_of(&a->worst), err);
}

static int run_locked(struct archive *a, struct count_error *err)
{
	struct cold_settings settings;
	int ret = COUNT_OK;

	/* A dry run changes nothing, and an answer beats "somebody is at it". */
	if (!a->opt->dry_run)
		ret = datadir_lock_archive(&a->db->dir, &a->lock_fd, err);
	if (ret != COUNT_OK)
		return ret;
	cold_settings_init(&settings);
	if (cold_settings_copy(&a->db->cold, &settings) != COUNT_OK)
		ret = err_nomem(err);
	if (a->opt->jobs > 0)
		settings.jobs = a->opt->jobs;
	a->tier.settings = &settings;	/* the choice needs no more of it */
	if (ret == COUNT_OK)
		ret = run(a, &settings, err);
	archive_choose_free(a);
	cold_index_close(a->index);
	cold_tier_close(&a->tier);
	cold_settings_free(&settings);
	if (a->lock_fd >= 0)
		close(a->lock_fd);
	return ret;
}

void count_archive_options_init(struct count_archive_options *opt)
{
	*opt = (struct count_archive_options){ .now = INT64_MIN };
}

int count_archive_with(count_db *db, const struct count_archive_options *opt,
		       struct count_archive_report *report, struct count_error *err)
{
	struct count_archive_report mine;
	struct archive a = { .db = db, .opt = opt, .report = report != NULL ? report : &mine, .lock_fd = -1 };
	int ret;

	*a.report = (struct count_archive_report){ 0 };
	ret = check(&a, err);
	if (ret == COUNT_OK)
		ret = run_locked(&a, err);
	a.report->told = ret != COUNT_OK && err != NULL && strcmp(err->text, a.worst.text) == 0;
	return ret;
}

static int archive_plain(count_db *db, int64_t now, bool force, size_t *nblocks, struct count_error *err)
{
	struct count_archive_options opt;
	struct count_archive_report report;
	int ret;

	count_archive_options_init(&opt);
	opt.now = now;
	opt.force = force;
	ret = count_archive_with(db, &opt, &report, err);
	if (nblocks != NULL)
		*nblocks = (size_t)report.objects;
	return ret;
}

int count_archive(count_db *db, int64_t now, size_t *nblocks, struct count_error *err)
{
	return archive_plain(db, now, false, nblocks, err);
}

int count_force_archival(count_db *db, int64_t now, size_t *nblocks, struct count_error *err)
{
	return archive_plain(db, now, true, nblocks, err);
}
