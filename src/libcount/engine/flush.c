/* flush.c - count_flush(): one maintenance run from lock to report; see flush.h. */
#include "engine/flush.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "cold/index.h"
#include "engine/blockname.h"
#include "hot/append.h"

int64_t maint_now(const struct maint *m)
{
	int64_t per_second = window_day(m->unit) / 86400, now;

	if (__builtin_mul_overflow(m->now_s, per_second, &now))
		return m->now_s < 0 ? INT64_MIN : INT64_MAX;
	return now;
}

uint64_t maint_file_bytes(const struct maint *m)
{
	return m->file_bytes != 0 ? m->file_bytes : BLOCK_FILE_BYTES;
}

int64_t maint_quiet(const struct maint *m)
{
	int64_t t;

	return __builtin_sub_overflow(maint_now(m), window_day(m->unit), &t) ? INT64_MIN : t;
}

void maint_note(struct maint *m, const struct count_error *damage)
{
	if (damage->code == COUNT_OK)
		return;
	log_msg(&m->dir->log, 1, "%s", damage->text);
	if (m->damage.code == COUNT_OK)
		m->damage = *damage;
}

int maint_note_bad(struct maint *m, uint64_t number)
{
	if (m->nbad == m->bad_cap) {
		uint64_t *v = reallocarray(m->bad, m->bad_cap * 2 + 8, sizeof(*v));

		if (v == NULL)
			return COUNT_ERR_NOMEM;
		m->bad = v;
		m->bad_cap = m->bad_cap * 2 + 8;
	}
	m->bad[m->nbad++] = number;
	return COUNT_OK;
}

bool maint_is_bad(const struct maint *m, uint64_t number)
{
	for (size_t i = 0; i < m->nbad; i++)
		if (m->bad[i] == number)
			return true;
	return false;
}

/* ---- Publishing ---- */

/* The files that stay and those that are new, in next. */
static int next_current(const struct maint *m, const bool *drop, const struct out_set *out,
			struct current *next)
{
	size_t kept = 0;
	int ret = current_copy(&m->cur, next);

	for (size_t i = 0; i < next->nblocks && ret == COUNT_OK; i++)
		if (drop == NULL || !drop[i])
			next->blocks[kept++] = next->blocks[i];
	if (ret == COUNT_OK)
		next->nblocks = kept;
	for (size_t i = 0; out != NULL && i < out->ndone && ret == COUNT_OK; i++)
		ret = current_add(next, &out->done[i].entry);
	return ret;
}

static void unlink_dropped(struct maint *m, const struct current *old, const bool *drop)
{
	for (size_t i = 0; i < old->nblocks; i++) {
		char name[BLOCK_NAME_MAX];

		if (!drop[i])
			continue;
		block_name(old->blocks[i].number, name);
		if (unlinkat(m->dir->blocks_fd, name, 0) != 0 && errno != ENOENT)
			log_msg(&m->dir->log, 1, "%s/%s: cannot remove: %s", m->dir->blocks_path,
				name, strerror(errno));
		m->report->blocks_removed++;
	}
}

static void note_written(struct maint *m, const struct out_set *out)
{
	m->report->blocks_written += out->ndone;
	for (size_t i = 0; i < out->ndone; i++)
		m->bytes_written += out->done[i].entry.size;
}

int maint_publish(struct maint *m, const bool *drop, struct out_set *out, uint64_t first_segment,
		  struct count_error *err)
{
	struct current next;
	int ret;

	ret = datadir_check_alone(m->dir, m->cur.generation, err);
	if (ret != COUNT_OK)
		return ret;
	current_init(&next);
	ret = next_current(m, drop, out, &next);
	if (ret != COUNT_OK) {
		current_free(&next);
		return err_nomem(err);
	}
	if (first_segment != 0)
		next.first_segment = first_segment;
	if (out != NULL)
		next.next_number = out->next_number;
	next.last_flush_s = m->now_s;
	ret = datadir_publish(m->dir, &next, err);
	if (ret != COUNT_OK) {
		current_free(&next);
		if (out != NULL)
			out_release(out);	/* the files stay: CURRENT may name them */
		return ret;
	}
	m->published = true;
	if (out != NULL)
		note_written(m, out);
	if (drop != NULL)
		unlink_dropped(m, &m->cur, drop);
	current_free(&m->cur);
	m->cur = next;
	if (out != NULL)
		out_release(out);
	return COUNT_OK;
}

/* ---- The run ---- */

static void fill_totals(struct maint *m)
{
	m->report->blocks = m->cur.nblocks;
	m->report->bytes = 0;
	for (size_t i = 0; i < m->cur.nblocks; i++)
		m->report->bytes += m->cur.blocks[i].size;
}

/*
 * What an earlier run left; segments first, since they may be many and large.  That run may have died
 * between the rename of CURRENT and the fsync: what we read is made durable before it is believed.
 */
static int clean_up(struct maint *m, struct count_error *err)
{
	struct count_error why = { 0 };
	uint64_t removed = 0;
	int ret = fs_sync_dir(m->dir->fd, m->dir->path, err);

	if (ret != COUNT_OK)
		return ret;
	if (hot_remove_below(m->dir->wal_fd, m->dir->wal_path, m->cur.first_segment, &removed,
			     &why) != COUNT_OK)
		log_msg(&m->dir->log, 1, "%s", why.text);
	ret = cold_index_sweep(m->dir, &m->cur, err);
	return ret == COUNT_OK ? sweep(m->dir, &m->cur, err) : ret;
}

static int run_locked(struct maint *m, const struct retention *r, struct count_error *err)
{
	bool news;
	int ret = datadir_read_current(m->dir, &m->cur, err);

	if (ret == COUNT_OK)
		ret = clean_up(m, err);
	if (ret != COUNT_OK)
		return ret;
	news = retention_watch_clock(m);
	ret = flush_move(m, err);
	if (ret == COUNT_OK)
		ret = retention_run(m, r, err);
	if (ret == COUNT_OK && !m->opt->no_compact)
		ret = compact_run(m, err);
	/* Retention must see how long ago the last run was, also when there is nothing to do. */
	if (r->on && m->now_s - m->cur.last_flush_s >= 3600)
		news = true;
	if (ret == COUNT_OK && news && !m->published)
		ret = maint_publish(m, NULL, NULL, 0, err);
	fill_totals(m);
	return ret;
}

/* Without the lock: it changes nothing, and an answer beats "somebody is at it". */
static int run_dry(struct maint *m, const struct retention *r, struct count_error *err)
{
	int ret = datadir_read_current(m->dir, &m->cur, err);

	if (ret != COUNT_OK)
		return ret;
	retention_watch_clock(m);
	ret = flush_move_dry(m, err);
	if (ret == COUNT_OK)
		ret = retention_run(m, r, err);
	if (ret == COUNT_OK && !m->opt->no_compact)
		ret = compact_run(m, err);
	fill_totals(m);
	return ret;
}

static int run(struct maint *m, struct count_error *err)
{
	struct retention r;
	int fd, ret = retention_parse(m, &r, err);

	if (ret != COUNT_OK)
		return ret;
	m->coder = chunk_coder_new();
	if (m->coder == NULL)
		return err_nomem(err);
	if (m->opt->dry_run)
		return run_dry(m, &r, err);
	ret = datadir_lock(m->dir, m->opt->wait_ms, &fd, err);
	if (ret != COUNT_OK)
		return ret;
	ret = run_locked(m, &r, err);
	close(fd);
	return ret;
}

void count_flush_options_init(struct count_flush_options *opt)
{
	*opt = (struct count_flush_options){ .wait_ms = 2000 };
}

int count_flush_with(count_db *db, const struct count_flush_options *opt,
		     struct count_flush_report *report, struct count_error *err)
{
	struct count_flush_report mine;
	struct timespec now;
	struct maint m = { .dir = &db->dir, .opt = opt, .s3_enabled = db->s3_enabled,
			   .unit = db->dir.format.unit, .file_bytes = db->file_bytes };
	int ret;

	m.report = report != NULL ? report : &mine;
	*m.report = (struct count_flush_report){ 0 };
	clock_gettime(CLOCK_REALTIME, &now);
	m.now_s = now.tv_sec;
	current_init(&m.cur);
	ret = run(&m, err);
	if (ret == COUNT_OK && m.damage.code != COUNT_OK)
		ret = err_set(err, m.damage.code, "%s", m.damage.text);
	db->bytes_written += m.bytes_written;
	chunk_coder_delete(m.coder);
	current_free(&m.cur);
	free(m.bad);
	return ret;
}

int count_flush(count_db *db, size_t *npoints, struct count_error *err)
{
	struct count_flush_options opt;
	struct count_flush_report report;
	int ret;

	count_flush_options_init(&opt);
	ret = count_flush_with(db, &opt, &report, err);
	if (ret == COUNT_OK && npoints != NULL)
		*npoints = (size_t)report.points_flushed;
	return ret;
}
