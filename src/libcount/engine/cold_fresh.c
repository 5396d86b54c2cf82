/*
 * cold_fresh.c - when the bucket is asked what is in it, before a query; see source_cold.h.
 *
 * The index speaks for what this directory archived itself.  It is asked again for what others wrote: a bucket
 * that was never looked at, once; series that others write too, after S3_INDEX_MAX_AGE; all that a
 * query means, with --fresh.  A query of times that no archive run could have reached asks nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "cold/endpoint.h"
#include "cold/sync.h"
#include "engine/source_cold.h"

#define PUBLISH_WAIT_MS 200	/* for `lock`, which publishers hold for milliseconds */

static int64_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

/* Nothing from `from` on is old enough to be in the bucket. */
static bool too_recent(const struct cold_view *v, int64_t from)
{
	static const int64_t ticks[] = {
		[COUNT_UNIT_S] = 1, [COUNT_UNIT_MS] = 1000, [COUNT_UNIT_US] = 1000000, [COUNT_UNIT_NS] = 1000000000,
	};
	int64_t limit = now_s() - (int64_t)v->db->cold.age_days * 86400;

	return !__builtin_mul_overflow(limit, ticks[v->db->dir.format.unit], &limit) && from > limit;
}

static bool is_stale(const struct cold_view *v, const struct coldindex_entry *e)
{
	return cold_index_stale(v->index, e, now_s(), v->db->cold.index_max_age_s);
}

/* 1: all selectors are names that the index has; *stale: one of them was not looked at for too long. */
static int all_known(const struct cold_view *v, const struct cold_fresh *q, bool *stale, struct count_error *err)
{
	*stale = false;
	for (size_t i = 0; i < q->nselectors; i++) {
		char name[COUNT_SERIES_MAX + 1];
		struct coldindex_entry e;
		size_t len;
		int ret;

		if (count_series_canonical(q->selectors[i], strlen(q->selectors[i]), name, &len, NULL) != COUNT_OK)
			return 0;
		ret = cold_index_find(v->index, name, len, &e, err);
		if (ret != 1)
			return ret;
		*stale |= is_stale(v, &e);
	}
	return q->nselectors > 0;
}

int cold_view_all_known(const struct cold_view *v, const struct cold_fresh *q, struct count_error *err)
{
	bool stale;

	return all_known(v, q, &stale, err);
}

int cold_view_stale(const struct cold_view *v, const struct cold_fresh *q, struct count_error *err)
{
	const struct coldindex_facts *facts = cold_index_facts(v->index);
	struct cold_totals totals = { 0 };
	bool stale;
	int ret;

	if (q->fresh)
		return 1;
	if (too_recent(v, q->from))
		return 0;
	if (facts->synced_s == 0)
		return 1;
	ret = all_known(v, q, &stale, err);
	if (ret != 0)
		return ret == 1 ? stale : ret;
	/* A look in the future says that the clock was set back: nobody knows how old it is. */
	if (facts->synced_s > now_s() - v->db->cold.index_max_age_s && facts->synced_s <= now_s())
		return 0;
	ret = cold_index_totals(v->index, &totals, err);
	return ret == COUNT_OK ? totals.foreign : ret;
}

/* *changed: it has another ETag than the index had, or is gone. */
static int refresh(struct cold_view *v, const char *name, size_t len, bool *changed, struct count_error *err)
{
	char etag[OBJSTORE_ETAG_MAX + 1] = "";
	struct coldindex_entry e;
	int had = cold_index_find(v->index, name, len, &e, err), ret;

	if (had < 0)
		return had;
	if (had == 1 && e.etag_len < sizeof(etag))
		memcpy(etag, e.etag, e.etag_len);
	ret = cold_refresh(&v->tier, v->index, &name, &len, 1, err);
	v->version++;
	if (ret != COUNT_OK)
		return ret;
	ret = cold_index_find(v->index, name, len, &e, err);
	if (ret < 0)
		return ret;
	*changed = ret != had || (ret == 1 && (e.etag_len != strlen(etag) || memcmp(e.etag, etag, e.etag_len) != 0));
	return COUNT_OK;
}

static int refresh_named(struct cold_view *v, const struct cold_fresh *q, struct count_error *err)
{
	for (size_t i = 0; i < q->nselectors; i++) {
		char name[COUNT_SERIES_MAX + 1];
		struct coldindex_entry e;
		bool changed;
		size_t len;
		int ret;

		if (count_series_canonical(q->selectors[i], strlen(q->selectors[i]), name, &len, NULL) != COUNT_OK)
			continue;
		ret = cold_index_find(v->index, name, len, &e, err);
		if (ret == 1 && (q->fresh || is_stale(v, &e)))
			ret = refresh(v, name, len, &changed, err);
		if (ret < 0)
			return ret;
	}
	return COUNT_OK;
}

static void publish(struct cold_view *v)
{
	struct count_error why = { 0 };
	int fd;

	if (!cold_index_changed(v->index))
		return;
	if (datadir_lock_archive(&v->db->dir, &fd, &why) == COUNT_OK) {
		if (cold_index_publish(v->index, PUBLISH_WAIT_MS, &why) == COUNT_OK)
			why.code = COUNT_OK;
		close(fd);
	}
	if (why.code != COUNT_OK)	/* the next query asks again */
		log_msg(&v->db->dir.log, 2, "what was learned of the bucket is not kept: %s", why.text);
	v->version++;
}

/*
 * The bucket of a file:// endpoint is made by the first archive run that has something to store.  Until then a
 * directory that never looked at it, nor archived anything, has nothing there; one that did misses it.
 */
static bool not_begun(const struct cold_view *v)
{
	const char *dir = endpoint_dir(v->db->cold.text[COLD_ENDPOINT]);
	struct stat st;
	int fd;
	bool missing;

	if (dir == NULL || v->ncold > 0)
		return false;
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	missing = fstatat(fd, v->db->cold.text[COLD_BUCKET], &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
	close(fd);
	return missing;
}

int cold_view_learn(struct cold_view *v, const struct cold_fresh *q, struct count_error *err)
{
	bool stale;
	struct cold_sync_report report;
	int ret;

	if (!q->fresh && not_begun(v)) {
		log_msg(&v->db->dir.log, 2, "%s: nothing was archived there yet", v->scope);
		return COUNT_OK;
	}
	ret = cold_view_tier(v, err);

	if (ret == COUNT_OK && cold_index_facts(v->index)->synced_s != 0)
		ret = all_known(v, q, &stale, err);
	if (ret < 0)
		return ret;
	if (ret == 1)
		ret = refresh_named(v, q, err);
	else
		ret = cold_sync(&v->tier, v->index, &report, err);
	v->version++;
	publish(v);	/* also what a sync that failed found out until then */
	return ret;
}

int cold_view_relearn(struct cold_view *v, const char *name, size_t len, bool *changed, struct count_error *err)
{
	int ret = cold_view_tier(v, err);

	if (ret != COUNT_OK)
		return ret;
	if (v->fetch != NULL)
		cold_fetch_settle(v->fetch);
	ret = refresh(v, name, len, changed, err);
	if (ret == COUNT_OK)
		publish(v);
	return ret;
}
