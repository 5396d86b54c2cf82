/*
 * writer.c - count_writer: points of many series, gathered into frames of the log.
 *
 * add appends to flat columns and counts the points of each series; commit spreads them into
 * runs by a counting sort, in the order of the frame's directory.  A frame pays some 40 bytes for a
 * series, so batches grow with the number of series.  When a commit fails the batch stays and
 * the next one tries again; frames of it that went through before are then in the log twice,
 * which a reader does not notice.
 */
#include "engine/writer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "engine/db.h"
#include "engine/runsort.h"
#include "engine/seriestab.h"
#include "hot/append.h"
#include "hot/log.h"

#define BATCH_MIN (128u << 10)		/* points */
#define BATCH_MAX (1u << 21)
#define BATCH_PER_SERIES 16
#define TABLE_BYTES (64u << 20)		/* beyond, a commit drops the table and the epoch changes */
#define SYNC_NS 1000000000		/* INTERVAL: how old an unsynced commit may get */
#define AHEAD 8				/* series whose memory is asked for before it is used */
#define LOOK_EVERY 4096			/* adds between looks at the clock */
#define PUT_AT_ONCE 128			/* points, of one array a KiB: beyond, memcpy() prefers slower ways */

struct count_writer {
	count_db *db;
	enum count_sync sync;
	struct hot_appender *log;
	struct seriestab tab;
	uint32_t epoch;

	uint32_t *ids;		/* the batch, in order of arrival */
	int64_t *times;
	double *values;
	uint32_t len, cap, limit;
	uint32_t *counts;	/* of the batch, by id; tab_cap of them, the rest 0 */
	uint32_t *pos;		/* by id: where its next point goes when the batch is sorted */
	uint32_t tab_cap;
	uint32_t *active;	/* ids with points, in order of arrival; tab_cap */
	uint32_t nactive;

	int64_t *sorted_times;	/* the same points by series; sorted_cap */
	double *sorted_values;
	uint32_t sorted_cap;
	struct walframe_series *runs;
	uint32_t runs_cap;
	struct runsort sorter;
	struct count_writer_stats stats;
};

static int first_segment(void *arg, uint64_t *first, struct count_error *err)
{
	struct current cur;
	int ret = datadir_read_current(arg, &cur, err);

	if (ret != COUNT_OK)
		return ret;
	*first = cur.first_segment;
	current_free(&cur);
	return COUNT_OK;
}

int count_writer_open(count_db *db, enum count_sync sync, count_writer **out, struct count_error *err)
{
	count_writer *w;
	int ret;

	if ((unsigned)sync > COUNT_SYNC_NONE)
		return err_set(err, COUNT_ERR_INVALID, "there is no such way to sync: %d", (int)sync);
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return err_nomem(err);
	w->db = db;
	w->limit = BATCH_MIN;
	ret = hot_appender_open(db->dir.wal_fd, db->dir.wal_path, first_segment, &db->dir, &w->log, err);
	if (ret != COUNT_OK) {
		free(w);
		return ret;
	}
	writer_set_sync(w, sync);
	*out = w;
	return COUNT_OK;
}

void writer_set_sync(count_writer *w, enum count_sync sync)
{
	w->sync = sync;
	hot_appender_keep(w->log, sync != COUNT_SYNC_NONE);
}

/* ---- Series ---- */

static bool grow(void *array, size_t size, size_t n)
{
	void *p = realloc(*(void **)array, size * n);

	if (p == NULL)
		return false;
	*(void **)array = p;
	return true;
}

/* The arrays by id keep up with the table.  After a failure some are larger than tab_cap says. */
static int grow_by_id(count_writer *w)
{
	uint32_t cap = w->tab.cap;

	if (cap <= w->tab_cap)
		return COUNT_OK;
	if (!grow(&w->counts, sizeof(*w->counts), cap) || !grow(&w->pos, sizeof(*w->pos), cap) ||
	    !grow(&w->active, sizeof(*w->active), cap))
		return COUNT_ERR_NOMEM;
	for (uint32_t i = w->tab_cap; i < cap; i++)
		w->counts[i] = 0;
	w->tab_cap = cap;
	return COUNT_OK;
}

static void set_limit(count_writer *w)
{
	uint64_t n = (uint64_t)w->tab.len * BATCH_PER_SERIES;

	w->limit = n < BATCH_MIN ? BATCH_MIN : n > BATCH_MAX ? BATCH_MAX : (uint32_t)n;
	if (seriestab_bytes(&w->tab) > TABLE_BYTES)
		w->limit = 1;		/* the next add commits, and that drops the table */
}

static int add_series(count_writer *w, const char *text, size_t len, uint64_t hash, uint32_t *id,
		      struct count_error *err)
{
	char canonical[COUNT_SERIES_MAX + 1];
	size_t canonical_len;
	int ret = count_series_canonical(text, len, canonical, &canonical_len, err);

	if (ret != COUNT_OK)
		return ret;
	if (canonical_len != len || memcmp(canonical, text, len) != 0)
		return err_set(err, COUNT_ERR_INVALID, "%s: the series is not in canonical form", canonical);
	if (seriestab_add(&w->tab, text, len, hash, id) != COUNT_OK || grow_by_id(w) != COUNT_OK)
		return err_nomem(err);
	set_limit(w);
	return COUNT_OK;
}

int count_writer_series(count_writer *w, const char *text, size_t len, uint32_t *id,
			struct count_error *err)
{
	uint64_t hash = hot_hash(text, len);
	uint32_t found = seriestab_find(&w->tab, text, len, hash);

	if (found == UINT32_MAX)
		return add_series(w, text, len, hash, id, err);
	*id = found;
	return COUNT_OK;
}

uint32_t count_writer_epoch(const count_writer *w)
{
	return w->epoch;
}

/* Only with an empty batch. */
static void drop_table(count_writer *w)
{
	if (seriestab_bytes(&w->tab) <= TABLE_BYTES)
		return;
	seriestab_free(&w->tab);
	free(w->counts);
	free(w->pos);
	free(w->active);
	w->counts = w->pos = w->active = NULL;
	w->tab_cap = 0;
	w->epoch++;
	set_limit(w);
}

/* ---- Commit ---- */

static int64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void note_synced(count_writer *w)
{
	if (w->sync != COUNT_SYNC_NONE && hot_dirty_since_ns(w->log) == 0)
		w->stats.synced = w->stats.committed;
}

int count_writer_sync(count_writer *w, struct count_error *err)
{
	int ret = hot_sync(w->log, err);

	note_synced(w);
	return ret;
}

/* What the mode asks for once in a while. */
static int sync_if_due(count_writer *w, struct count_error *err)
{
	int64_t since = hot_dirty_since_ns(w->log);

	if (since != 0 && (w->sync == COUNT_SYNC_ALWAYS ||
			   (w->sync == COUNT_SYNC_INTERVAL && monotonic_ns() - since >= SYNC_NS)))
		return count_writer_sync(w, err);
	return COUNT_OK;
}

static int reserve_sorted(count_writer *w, uint32_t points, uint32_t nruns)
{
	if (points > w->sorted_cap) {
		w->sorted_cap = 0;
		if (!grow(&w->sorted_times, sizeof(int64_t), points) ||
		    !grow(&w->sorted_values, sizeof(double), points))
			return COUNT_ERR_NOMEM;
		w->sorted_cap = points;
	}
	if (nruns > w->runs_cap) {
		w->runs_cap = 0;
		if (!grow(&w->runs, sizeof(*w->runs), nruns))
			return COUNT_ERR_NOMEM;
		w->runs_cap = nruns;
	}
	return COUNT_OK;
}

/* The ids of the batch in the directory's order: sorted, or where there are many from the order of
 * all, which is kept from commit to commit.  NULL: out of memory. */
static const uint32_t *batch_order(count_writer *w, uint32_t *n)
{
	if (w->nactive < w->tab.len / 8) {
		seriestab_sort(&w->tab, w->active, w->nactive);
		*n = w->nactive;
		return w->active;
	}
	*n = w->tab.len;
	return seriestab_order(&w->tab);
}

/* Counting sort of the columns by series. */
static int make_runs(count_writer *w)
{
	uint32_t n, nruns = 0, at = 0;
	const uint32_t *order = batch_order(w, &n);

	if (order == NULL || reserve_sorted(w, w->len, w->nactive) != COUNT_OK)
		return COUNT_ERR_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = order[i], count = w->counts[id];
		const struct seriestab_entry *e = &w->tab.v[id];

		if (i + AHEAD < n)
			__builtin_prefetch(&w->tab.v[order[i + AHEAD]]);
		if (count == 0)
			continue;
		w->runs[nruns++] = (struct walframe_series){
			.name = seriestab_name(&w->tab, id), .name_len = e->name_len, .n = count,
			.hash = e->hash, .times = w->sorted_times + at, .values = w->sorted_values + at };
		w->pos[id] = at;
		at += count;
	}
	for (uint32_t i = 0; i < w->len; i++) {
		uint32_t to = w->pos[w->ids[i]]++;

		w->sorted_times[to] = w->times[i];
		w->sorted_values[to] = w->values[i];
	}
	return COUNT_OK;
}

/* Each run ascending; *replaced counts the points that a later one of the same time beat. */
static int sort_runs(count_writer *w, uint64_t *replaced)
{
	*replaced = 0;
	for (uint32_t i = 0; i < w->nactive; i++) {
		struct walframe_series *r = &w->runs[i];
		size_t at = (size_t)(r->times - w->sorted_times);
		uint32_t before = r->n;

		if (runsort(&w->sorter, w->sorted_times + at, w->sorted_values + at, &r->n) != COUNT_OK)
			return COUNT_ERR_NOMEM;
		*replaced += before - r->n;
	}
	return COUNT_OK;
}

static void batch_is_written(count_writer *w, uint64_t replaced)
{
	for (uint32_t i = 0; i < w->nactive; i++) {
		uint32_t id = w->active[i];
		uint64_t *points = &w->tab.v[id].points;

		*points += w->counts[id];
		w->counts[id] = 0;
		if (*points > w->stats.max_series_points)
			w->stats.max_series_points = *points;
	}
	w->stats.replaced += replaced;
	w->stats.committed += w->len;
	w->nactive = 0;
	w->len = 0;
}

static int commit_batch(count_writer *w, struct count_error *err)
{
	uint64_t replaced;
	int ret = COUNT_OK;

	if (w->len > 0) {
		if (make_runs(w) != COUNT_OK || sort_runs(w, &replaced) != COUNT_OK)
			return err_nomem(err);
		ret = hot_append(w->log, w->runs, w->nactive, err);
		if (ret != COUNT_OK)
			return ret;
		batch_is_written(w, replaced);
	}
	note_synced(w);
	return sync_if_due(w, err);
}

int count_writer_commit(count_writer *w, struct count_error *err)
{
	int ret = commit_batch(w, err);

	if (w->len == 0)
		drop_table(w);
	return ret;
}

/* ---- Add ---- */

static int grow_columns(count_writer *w, struct count_error *err)
{
	uint32_t cap = w->cap == 0 ? 64 : w->cap * 2;

	if (!grow(&w->ids, sizeof(*w->ids), cap) || !grow(&w->times, sizeof(*w->times), cap) ||
	    !grow(&w->values, sizeof(*w->values), cap))
		return err_nomem(err);
	w->cap = cap;
	return COUNT_OK;
}

/* A full batch that could not be committed when it became full; the ids stay good. */
static int make_room(count_writer *w, struct count_error *err)
{
	int ret = w->len >= BATCH_MAX ? commit_batch(w, err) : COUNT_OK;

	return ret == COUNT_OK && w->len == w->cap ? grow_columns(w, err) : ret;
}

int count_writer_add(count_writer *w, uint32_t id, int64_t time, double value,
		     struct count_error *err)
{
	if (id >= w->tab.len)
		return err_set(err, COUNT_ERR_INVALID, "no series has the id %u in this epoch", id);
	if (w->len == w->cap) {
		int ret = make_room(w, err);

		if (ret != COUNT_OK)
			return ret;
	}
	if (w->counts[id]++ == 0)
		w->active[w->nactive++] = id;
	w->ids[w->len] = id;
	w->times[w->len] = time;
	w->values[w->len] = value;
	w->stats.points++;
	if (++w->len >= w->limit)
		return count_writer_commit(w, err);
	return w->len % LOOK_EVERY == 0 ? sync_if_due(w, err) : COUNT_OK;
}

/* In room that is there. */
static void put_points(count_writer *w, const uint32_t *ids, const int64_t *times, const double *values,
		       uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (w->counts[ids[i]]++ == 0)
			w->active[w->nactive++] = ids[i];
	memcpy(w->ids + w->len, ids, n * sizeof(*ids));
	memcpy(w->times + w->len, times, n * sizeof(*times));
	memcpy(w->values + w->len, values, n * sizeof(*values));
	w->len += n;
	w->stats.points += n;
}

/* Whether all ids are below len, which is below 2^31: a loop of vectors, where a search for the highest is none. */
static bool are_known(const uint32_t *ids, size_t n, uint32_t len)
{
	const uint32_t last = len - 1;
	uint32_t bad = 0;

	if (len == 0)
		return n == 0;
	for (; n >= 16; n -= 16, ids += 16)
		for (unsigned k = 0; k < 16; k++)
			bad |= ids[k] | (last - ids[k]);
	for (; n > 0; n--, ids++)
		bad |= *ids | (last - *ids);
	return bad >> 31 == 0;
}

int count_writer_add_points(count_writer *w, const uint32_t *ids, const int64_t *times,
			    const double *values, size_t n, struct count_error *err)
{
	int ret = COUNT_OK;

	if (!are_known(ids, n, w->tab.len))
		return err_set(err, COUNT_ERR_INVALID, "no series has one of the ids in this epoch");
	while (n > 0 && ret == COUNT_OK) {
		uint32_t room, take;

		if (w->len == w->cap && (ret = make_room(w, err)) != COUNT_OK)
			return ret;
		room = w->cap - w->len;
		take = n < room ? (uint32_t)n : room;
		take = take < PUT_AT_ONCE ? take : PUT_AT_ONCE;
		put_points(w, ids, times, values, take);
		ids += take;
		times += take;
		values += take;
		n -= take;
		if (w->len >= w->limit)		/* the ids of what follows outlive a commit of the batch alone */
			ret = n > 0 ? commit_batch(w, err) : count_writer_commit(w, err);
		else if (w->len % LOOK_EVERY < take)
			ret = sync_if_due(w, err);
	}
	return ret;
}

size_t count_writer_pending(const count_writer *w)
{
	return w->len;
}

/* ---- One series at once ---- */

_Static_assert(COUNT_INSERT_MAX <= WALFRAME_MAX_POINTS, "all or none: one frame holds them");

int writer_insert(count_writer *w, const char *name, size_t len, const struct count_point *pts,
		  size_t n, struct count_error *err)
{
	struct walframe_series run = { .name = name, .name_len = (uint32_t)len,
				       .hash = hot_hash(name, len) };
	int ret;

	if (reserve_sorted(w, (uint32_t)n, 0) != COUNT_OK)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++) {
		w->sorted_times[i] = pts[i].time;
		w->sorted_values[i] = pts[i].value;
	}
	run.n = (uint32_t)n;
	run.times = w->sorted_times;
	run.values = w->sorted_values;
	if (runsort(&w->sorter, w->sorted_times, w->sorted_values, &run.n) != COUNT_OK)
		return err_nomem(err);
	ret = hot_append(w->log, &run, 1, err);
	return ret == COUNT_OK ? sync_if_due(w, err) : ret;
}

/* ---- The rest of its life ---- */

void count_writer_stats(const count_writer *w, struct count_writer_stats *stats)
{
	*stats = w->stats;
	stats->dirty_since_ns = hot_dirty_since_ns(w->log);
	hot_written(w->log, &stats->frames, &stats->bytes);
}

count_db *writer_db(count_writer *w)
{
	return w->db;
}

void writer_was_flushed(count_writer *w)
{
	for (uint32_t i = 0; i < w->tab.len; i++)
		w->tab.v[i].points = 0;
	w->stats.max_series_points = 0;
}

int count_writer_close(count_writer *w, struct count_error *err)
{
	int ret, synced;

	if (w == NULL)
		return COUNT_OK;
	ret = commit_batch(w, err);
	synced = w->sync == COUNT_SYNC_NONE ? COUNT_OK : count_writer_sync(w, err);
	hot_appender_close(w->log);
	seriestab_free(&w->tab);
	runsort_free(&w->sorter);
	free(w->ids);
	free(w->times);
	free(w->values);
	free(w->counts);
	free(w->pos);
	free(w->active);
	free(w->sorted_times);
	free(w->sorted_values);
	free(w->runs);
	free(w);
	return ret != COUNT_OK ? ret : synced;
}
