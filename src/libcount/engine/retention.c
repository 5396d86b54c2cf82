/*
 * retention.c - deleting by age.
 *
 * A file whose points are all older than the cut-off leaves CURRENT.  One that straddles it is
 * rewritten without them, by a cut-off rounded down to the UTC day, so at most once a day.  Age is
 * by the wall clock alone: a stamp from the future makes nothing older.  The clock itself may be
 * wrong: after a jump of more than 7 days since the last run, deletions wait for a day of runs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/flush.h"

enum {
	DAY = 86400,
	JUMP = 7 * DAY,
	PATIENCE = 35 * DAY,	/* runs may be a month apart: such a gap is not a second jump */
};

static int64_t sub_clamped(int64_t a, int64_t b)
{
	int64_t r;

	return __builtin_sub_overflow(a, b, &r) ? (b > 0 ? INT64_MIN : INT64_MAX) : r;
}

int retention_parse(const struct maint *m, struct retention *r, struct count_error *err)
{
	const char *text = m->opt->retention;
	struct count_duration dur;
	struct count_error why = { 0 };
	int64_t day = window_day(m->unit), len, first, last;

	*r = (struct retention){ 0 };
	if (text == NULL)
		return COUNT_OK;
	if (count_duration_parse(text, strlen(text), &dur, &why) != COUNT_OK)
		return err_set(err, COUNT_ERR_INVALID, "retention: %s", why.text);
	len = count_duration_approx(dur, m->unit);
	if (len < day && !m->opt->retention_confirmed)
		return err_set(err, COUNT_ERR_INVALID,
			       "retention of %s is under a day: --yes confirms it", text);
	r->on = true;
	r->cutoff = sub_clamped(maint_now(m), len);
	window_bounds(m->unit, 0, window_of(m->unit, 0, r->cutoff), &first, &last);
	r->cutoff_day = first;
	return COUNT_OK;
}

bool retention_watch_clock(struct maint *m)
{
	struct current *c = &m->cur;
	int64_t gap = sub_clamped(m->now_s, c->last_flush_s);
	int64_t waited = sub_clamped(m->now_s, c->clock_jump_s);
	bool jumped = c->last_flush_s != 0 && (gap > JUMP || gap < -JUMP);

	if (c->clock_jump_s != 0 && waited >= DAY && waited <= PATIENCE) {
		c->clock_jump_s = 0;
		return true;
	}
	m->clock_jumped = jumped || c->clock_jump_s != 0;
	/* While we wait every jump begins the day anew, back to where the clock was before too. */
	if (jumped || (c->clock_jump_s != 0 && (waited < 0 || waited > PATIENCE))) {
		c->clock_jump_s = m->now_s;
		return true;
	}
	return false;
}

static int drop_files(struct maint *m, int64_t cutoff, struct count_error *err)
{
	bool *drop = calloc(m->cur.nblocks + 1, sizeof(*drop));
	uint64_t points = 0, files = 0;
	int ret = COUNT_OK;

	if (drop == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < m->cur.nblocks; i++) {
		const struct current_block *b = &m->cur.blocks[i];

		drop[i] = b->last_time < cutoff && !b->pinned;
		files += drop[i];
		points += drop[i] ? b->points : 0;
	}
	if (files > 0 && m->opt->dry_run)
		m->report->blocks_removed += files;
	else if (files > 0)
		ret = maint_publish(m, drop, NULL, 0, err);
	if (ret == COUNT_OK)
		m->report->points_expired += points;
	free(drop);
	return ret;
}

static bool straddles(const struct maint *m, const struct current_block *b, int64_t cutoff)
{
	return b->first_time < cutoff && b->last_time >= cutoff && !b->pinned &&
	       !maint_is_bad(m, b->number);
}

static uint64_t all_points(const struct maint *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->cur.nblocks; i++)
		n += m->cur.blocks[i].points;
	return n;
}

/* Each rewrite leaves a file that straddles no more, or a note that it cannot be read. */
static int trim_files(struct maint *m, int64_t cutoff, struct count_error *err)
{
	for (size_t i = 0; i < m->cur.nblocks; ) {
		const struct current_block *b = &m->cur.blocks[i];
		struct compact_job job = { .files = &i, .nfiles = 1, .level = b->level,
					   .window = b->window, .max_windows = 1,
					   .keep_from = cutoff };
		uint64_t before = all_points(m);
		int ret;

		if (!straddles(m, b, cutoff)) {
			i++;
			continue;
		}
		if (m->opt->dry_run) {
			m->report->blocks_removed++;
			m->report->blocks_written++;
			i++;
			continue;
		}
		ret = compact_merge(m, &job, err);
		if (ret != COUNT_OK)
			return ret;
		m->report->points_expired += before - all_points(m);
		i = 0;		/* the list is another now */
	}
	return COUNT_OK;
}

int retention_run(struct maint *m, const struct retention *r, struct count_error *err)
{
	int ret;

	if (!r->on)
		return COUNT_OK;
	if (m->s3_enabled) {
		log_msg(&m->dir->log, 1, "retention: nothing is deleted while S3 is enabled, "
			"since it has not been archived");
		return COUNT_OK;
	}
	if (m->clock_jumped) {
		log_msg(&m->dir->log, 1, "retention: the clock jumped by more than 7 days since the "
			"last run; nothing is deleted by age until a day of runs has passed");
		return COUNT_OK;
	}
	ret = drop_files(m, r->cutoff, err);
	return ret == COUNT_OK ? trim_files(m, r->cutoff_day, err) : ret;
}
