/* sink.c - where the points of count-ingest go: the writer, its series, and when to commit and sync. */
#include "sink.h"

#include <inttypes.h>

static void fail(struct sink *s, int ret, const struct count_error *err)
{
	cli_fail(s->cli, ret, err);
	if (cli_exit_status(ret) < CLI_STORAGE)
		cli_raise(s->cli, CLI_STORAGE);
	s->failed = true;
}

static bool open_dry(struct sink *s, enum count_unit unit_if_new)
{
	struct count_error err = { 0 };
	int ret = count_open(&s->cli->config, COUNT_OPEN_EXISTING, &s->db, &err);

	s->unit = unit_if_new;
	if (ret == COUNT_OK)
		s->unit = count_db_unit(s->db);
	else if (ret != COUNT_ERR_NOTFOUND)
		cli_fail(s->cli, ret, &err);
	return ret == COUNT_OK || ret == COUNT_ERR_NOTFOUND;
}

bool sink_open(struct sink *s, struct cli *cli, enum count_sync sync, bool dry_run,
	       enum count_unit unit_if_new)
{
	struct count_error err = { 0 };
	int ret;

	*s = (struct sink){ .cli = cli, .sync = sync, .dry_run = dry_run,
		.count_series = dry_run || cli->json || cli->level >= CLI_INFO };
	if (dry_run)
		return open_dry(s, unit_if_new);
	s->db = cli_open(cli, COUNT_OPEN_CREATE);
	if (s->db == NULL) {	/* a directory that cannot be made is no matter of usage */
		s->failed = true;
		return false;
	}
	if (count_db_created(s->db))
		cli_say(cli, CLI_WARN, "made the data directory %s", cli->config.data_dir);
	s->unit = count_db_unit(s->db);
	ret = count_writer_open(s->db, sync, &s->w, &err);
	if (ret == COUNT_OK) {
		s->epoch = count_writer_epoch(s->w);
		return true;
	}
	s->w = NULL;
	fail(s, ret, &err);
	return false;
}

bool sink_ids_void(struct sink *s)
{
	bool gone = s->w != NULL && count_writer_epoch(s->w) != s->epoch;

	if (gone)
		s->epoch = count_writer_epoch(s->w);
	return gone;
}

bool sink_series(struct sink *s, const char *text, size_t len, uint32_t *id)
{
	struct count_error err = { 0 };
	uint64_t hash;
	int ret;

	if (s->count_series && !names_find(&s->counted, 0, text, len, &hash, id)) {
		if (names_memory(&s->counted) > NAMES_LIMIT)
			names_clear(&s->counted);
		names_add(&s->counted, 0, hash, text, len, 0);
		s->series++;
	}
	*id = 0;
	ret = s->w != NULL ? count_writer_series(s->w, text, len, id, &err) : COUNT_OK;
	if (ret != COUNT_OK)
		fail(s, ret, &err);
	return ret == COUNT_OK;
}

bool sink_take(struct sink *s, const uint32_t *ids, const int64_t *times, const double *values, size_t n)
{
	struct count_error err = { 0 };
	int ret = s->w != NULL ? count_writer_add_points(s->w, ids, times, values, n, &err) : COUNT_OK;

	if (ret != COUNT_OK)
		fail(s, ret, &err);
	else
		s->points += n;
	return ret == COUNT_OK;
}

static void commit(struct sink *s)
{
	struct count_error err = { 0 };
	int ret = count_writer_commit(s->w, &err);

	s->pending_since_ns = 0;
	if (ret != COUNT_OK)
		fail(s, ret, &err);
}

static void sync_now(struct sink *s)
{
	struct count_error err = { 0 };
	int ret = count_writer_sync(s->w, &err);

	if (ret != COUNT_OK)
		fail(s, ret, &err);
}

static int64_t dirty_since(const struct sink *s)
{
	struct count_writer_stats stats = { 0 };

	if (s->sync != COUNT_SYNC_INTERVAL)
		return 0;
	count_writer_stats(s->w, &stats);
	return stats.dirty_since_ns;
}

/* When what is pending must be committed. */
static int64_t commit_due(const struct sink *s, int64_t quiet_since_ns)
{
	int64_t quiet = quiet_since_ns + SINK_QUIET_NS, old = s->pending_since_ns + SINK_COMMIT_NS;

	return quiet < old ? quiet : old;
}

void sink_tick(struct sink *s, int64_t now_ns, int64_t quiet_since_ns)
{
	int64_t dirty;

	if (s->w == NULL || s->failed)
		return;
	if (count_writer_pending(s->w) == 0)
		s->pending_since_ns = 0;
	else if (s->pending_since_ns == 0)
		s->pending_since_ns = now_ns;
	if (s->pending_since_ns != 0 && now_ns >= commit_due(s, quiet_since_ns))
		commit(s);
	dirty = dirty_since(s);
	if (!s->failed && dirty != 0 && now_ns - dirty >= SINK_SYNC_NS)
		sync_now(s);
}

int64_t sink_deadline(const struct sink *s, int64_t quiet_since_ns)
{
	int64_t dirty, next = 0;

	if (s->w == NULL || s->failed)
		return 0;
	dirty = dirty_since(s);
	if (dirty != 0)
		next = dirty + SINK_SYNC_NS;
	if (s->pending_since_ns != 0 && (next == 0 || commit_due(s, quiet_since_ns) < next))
		next = commit_due(s, quiet_since_ns);
	return next;
}

void sink_maintain(struct sink *s)
{
	if (s->w != NULL && !s->failed)
		count_writer_maintain(s->w, NULL);	/* warns by itself, and never fails */
}

void sink_finish(struct sink *s)
{
	if (s->w == NULL || s->failed)
		return;
	commit(s);
	if (!s->failed && s->sync != COUNT_SYNC_NONE)
		sync_now(s);
}

void sink_close(struct sink *s)
{
	struct count_writer_stats stats = { 0 };
	struct count_error err = { 0 };
	int ret;

	if (s->w != NULL) {
		count_writer_stats(s->w, &stats);
		ret = count_writer_close(s->w, &err);	/* tries what failed once more */
		s->w = NULL;
		if (ret != COUNT_OK && !s->failed)
			fail(s, ret, &err);
		if (s->failed)
			cli_say(s->cli, CLI_ERROR, "stopped: %" PRIu64 " points are stored, of %" PRIu64 " read",
				ret == COUNT_OK ? stats.points : stats.committed, stats.points);
	}
	count_close(s->db);
	s->db = NULL;
	names_free(&s->counted);
}
