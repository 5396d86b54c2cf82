/*
 * flush_move.c - the sealed segments of the log become block files.
 *
 * Rotate, read what is sealed, write, publish, unlink.  A writer that still appends to a sealed
 * segment notices, before it acknowledges, and writes its frame again behind the rotation.
 *
 * Damage does not stop the log from moving: what can be read is moved, and a segment with
 * something unreadable is kept as NNNN.damaged, since its other name goes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/flush.h"
#include "engine/flush_part.h"
#include "engine/merge.h"
#include "engine/route.h"
#include "hot/append.h"

enum {
	RELEASE_POINTS = 2 << 20,	/* of a long series, before its pages are given back */
	POINT_BYTES = 3,		/* in a block, about */
};

struct move {
	struct maint *m;
	struct snapshot snap;		/* of the log only */
	uint64_t first, end;		/* segments first .. end - 1 move */
	struct log_index index;
	struct histogram hist;
	struct plan plan;
	struct route route;
	struct out_set out;
};

static int move_points(void *arg, const int64_t *times, const double *values, size_t n,
		       struct count_error *err)
{
	struct move *v = arg;

	return out_points(&v->out, times, values, n, v->first, v->end - 1, err);
}

static int wide_slot(const struct move *v, const struct log_part *p, size_t i)
{
	struct log_span s = log_part_span(p, i);

	return route_series(&v->route, &v->plan, s.points, s.first, s.last);
}

/* The series of a part, decoded together. */
static int move_part(struct move *v, struct log_part *p, struct count_error *err)
{
	int ret = COUNT_OK;

	for (size_t i = 0; i < p->n && ret == COUNT_OK; i++) {
		const struct log_series *s = &v->index.series[p->first + i];

		out_begin_series(&v->out, s->name, s->name_len, wide_slot(v, p, i));
		ret = log_part_series(p, i, move_points, v, err);
		if (ret == COUNT_OK)
			ret = out_end_series(&v->out, err);
	}
	return ret;
}

/* A series of more points than may be held: by its pieces, which are decoded as they are merged. */
static int move_series(struct move *v, size_t i, struct merge *merge, struct piece_list *list,
		       struct count_error *err)
{
	const struct log_series *s = &v->index.series[i];
	struct merge_step step;
	size_t since = 0;
	int ret;

	list->len = 0;
	ret = log_index_pieces(&v->index, i, list, err);
	if (ret != COUNT_OK)
		return ret;
	out_begin_series(&v->out, s->name, s->name_len, -1);
	merge_reset(merge, list, INT64_MIN, INT64_MAX);
	while ((ret = merge_next(merge, NULL, NULL, &step, err)) == 1) {
		ret = out_points(&v->out, step.times, step.values, step.n, v->first, v->end - 1,
				 err);
		if (ret != COUNT_OK)
			return ret;
		since += step.n;
		if (since >= RELEASE_POINTS) {
			log_index_release(&v->index);
			since = 0;
		}
	}
	return ret == 0 ? out_end_series(&v->out, err) : ret;
}

static int move_all(struct move *v, struct log_part *part, struct merge *merge,
		    struct piece_list *list, struct count_error *err)
{
	for (size_t i = 0; i < v->index.nseries;) {
		int ret = log_part_read(part, &v->index, i, err);

		if (ret == COUNT_ERR_STOPPED) {
			ret = move_series(v, i, merge, list, err);
			i++;
		} else if (ret == COUNT_OK) {
			ret = move_part(v, part, err);
			i += part->n;
		}
		if (ret != COUNT_OK)
			return ret;
	}
	return COUNT_OK;
}

static int write_blocks(struct move *v, struct count_error *err)
{
	struct piece_list list = { 0 };
	struct log_part part = { 0 };
	struct merge *merge;
	int ret = merge_new(&list, INT64_MIN, INT64_MAX, v->m->coder, &merge);

	if (ret != COUNT_OK)
		return err_nomem(err);
	ret = move_all(v, &part, merge, &list, err);
	merge_delete(merge);
	piece_list_free(&list);
	log_part_free(&part);
	return ret == COUNT_OK ? out_finish(&v->out, err) : ret;
}

/* ---- Damage ---- */

/* A second name for a segment, or where the file system has no links, a copy. */
static int keep_segment(struct move *v, const struct hot_segment *s, struct count_error *err)
{
	const struct datadir *dir = v->m->dir;
	struct count_error note = { 0 };
	char from[32], to[32];

	snprintf(from, sizeof(from), "%012" PRIu64 ".wal", s->number);
	snprintf(to, sizeof(to), "%012" PRIu64 ".damaged", s->number);
	if (linkat(dir->wal_fd, from, dir->wal_fd, to, 0) != 0 && errno != EEXIST) {
		int ret = fs_replace(dir->wal_fd, dir->wal_path, to, s->map.data, s->map.len, err);

		if (ret != COUNT_OK)
			return ret;
	}
	err_set(&note, COUNT_ERR_CORRUPT, "%s/%s is damaged; what can be read of it was moved, "
		"the file is kept as %s", dir->wal_path, from, to);
	maint_note(v->m, &note);
	return COUNT_OK;
}

static int keep_damaged(struct move *v, struct count_error *err)
{
	const struct hot_log *log = &v->snap.log;

	if (log->damaged)
		maint_note(v->m, &log->damage);
	maint_note(v->m, &v->snap.damage);
	for (size_t i = 0; i < log->nsegments; i++) {
		const struct hot_segment *s = &log->segments[i];
		int ret = s->damaged && s->number < v->end ? keep_segment(v, s, err) : COUNT_OK;

		if (ret != COUNT_OK)
			return ret;
	}
	return COUNT_OK;
}

static void tell_warnings(const struct move *v)
{
	const struct buf *w = &v->snap.log.warnings;
	size_t start = 0;

	for (size_t i = 0; i < w->len; i++) {
		if (w->data[i] != '\n')
			continue;
		log_msg(&v->m->dir->log, 1, "%.*s", (int)(i - start), (const char *)w->data + start);
		start = i + 1;
	}
}

/* ---- The move ---- */

static int publish(struct move *v, struct count_error *err)
{
	const struct datadir *dir = v->m->dir;
	struct count_error why = { 0 };
	uint64_t removed = 0;
	int ret;

	/* Segments that others made are durable by name before a CURRENT counts from them. */
	ret = fs_sync_dir(dir->wal_fd, dir->wal_path, err);
	if (ret == COUNT_OK)
		ret = maint_publish(v->m, NULL, &v->out, v->end, err);
	if (ret != COUNT_OK)
		return ret;
	if (hot_remove_below(dir->wal_fd, dir->wal_path, v->end, &removed, &why) != COUNT_OK)
		log_msg(&dir->log, 1, "%s", why.text);
	v->m->report->segments_removed += removed;
	return COUNT_OK;
}

static int open_log(struct move *v, struct count_error *err)
{
	const struct datadir *dir = v->m->dir;
	struct count_error why = { 0 };
	int ret = hot_log_open(dir->wal_fd, dir->wal_path, v->first, &v->snap.log, &why);

	/* Nobody removes segments while we hold the lock, so a gap is damage; the rest moves. */
	if (ret == COUNT_ERR_NOTFOUND)
		ret = COUNT_OK;
	if (ret != COUNT_OK)
		return err_set(err, ret, "%s", why.text);
	tell_warnings(v);
	return COUNT_OK;
}

/*
 * Sparse series go to wider windows at once, where compaction would have to dig them out of large
 * files.  Bytes are a guess; how much time the log covers, the hull of its frames.
 */
static void plan_wide(struct move *v)
{
	const struct hot_log *log = &v->snap.log;
	const struct plan_window *w;
	int64_t first = INT64_MAX, last = INT64_MIN;
	size_t base = 0;

	if (v->plan.n == 0)
		return;
	for (size_t i = 1; i < v->plan.n; i++)
		if (v->plan.v[i].points > v->plan.v[base].points)
			base = i;
	w = &v->plan.v[base];
	for (size_t i = 0; i < log->nframes; i++) {
		const struct hot_frame *f = &log->frames[i];

		if (f->segment >= v->end || f->last_time < w->first || f->first_time > w->last)
			continue;
		first = f->first_time < first ? f->first_time : first;
		last = f->last_time > last ? f->last_time : last;
	}
	first = first < w->first ? w->first : first;
	last = last > w->last ? w->last : last;
	if (first <= last)
		route_begin(&v->route, v->m->unit, &v->plan, base, w->last < maint_quiet(v->m),
			    (double)last - (double)first + 1, POINT_BYTES * w->points,
			    maint_file_bytes(v->m));
}

static int move(struct move *v, struct count_error *err)
{
	struct maint *m = v->m;
	int ret = open_log(v, err);

	if (ret == COUNT_OK)
		ret = log_index_build(&v->index, &v->snap, v->end, &v->hist, err);
	if (ret != COUNT_OK)
		return ret;
	plan_make(&v->hist, v->index.nseries, PLAN_MAX, maint_quiet(m), &v->plan);
	plan_wide(v);
	ret = out_set_init(&v->out, m->dir, &v->plan, m->cur.next_number, v->first, v->end - 1,
		       maint_file_bytes(m), maint_coding(m->opt->level), m->coder);
	if (ret != COUNT_OK)
		return err_nomem(err);
	ret = write_blocks(v, err);
	if (ret == COUNT_OK)
		ret = keep_damaged(v, err);
	if (ret != COUNT_OK)
		return ret;
	m->report->points_flushed += v->out.points;
	ret = publish(v, err);
	if (ret != COUNT_OK && !m->published)
		m->report->points_flushed = 0;
	return ret;
}

static void move_free(struct move *v)
{
	out_abort(&v->out);
	log_index_free(&v->index);
	histogram_free(&v->hist);
	hot_log_close(&v->snap.log);
}

int flush_move(struct maint *m, struct count_error *err)
{
	struct move v = { .m = m, .snap.dir = m->dir, .first = m->cur.first_segment };
	int ret = hot_rotate(m->dir->wal_fd, m->dir->wal_path, v.first, &v.end, err);

	if (ret != COUNT_OK || v.end <= v.first)
		return ret;
	for (size_t i = 0; i < PLAN_SLOTS; i++)
		v.out.open[i].fd = -1;
	histogram_init(&v.hist, m->unit);
	ret = move(&v, err);
	move_free(&v);
	return ret;
}

/* The files that would be made, for what a dry run does next; sizes are a guess. */
static int pretend(struct move *v, struct count_error *err)
{
	for (size_t i = 0; i < v->plan.n; i++) {
		const struct plan_window *w = &v->plan.v[i];
		struct current_block b = {
			.number = v->m->cur.next_number++, .size = 512 + POINT_BYTES * w->points,
			.points = w->points, .first_time = w->first, .last_time = w->last,
			.seg_lo = v->first, .seg_hi = UINT64_MAX, .level = w->level,
			.window = w->window,
		};

		if (current_add(&v->m->cur, &b) != COUNT_OK)
			return err_nomem(err);
	}
	return COUNT_OK;
}

/* Copies of a point in several frames are counted each: to know better is to do it. */
int flush_move_dry(struct maint *m, struct count_error *err)
{
	struct move v = { .m = m, .snap.dir = m->dir, .first = m->cur.first_segment,
			  .end = UINT64_MAX };
	int ret;

	for (size_t i = 0; i < PLAN_SLOTS; i++)
		v.out.open[i].fd = -1;
	histogram_init(&v.hist, m->unit);
	ret = open_log(&v, err);
	if (ret == COUNT_OK)
		ret = log_index_build(&v.index, &v.snap, v.end, &v.hist, err);
	if (ret == COUNT_OK) {
		plan_make(&v.hist, v.index.nseries, PLAN_MAX, maint_quiet(m), &v.plan);
		m->report->points_flushed = v.snap.log.points;
		m->report->blocks_written = v.plan.n;
		ret = pretend(&v, err);
		for (size_t i = 0; i < v.snap.log.nsegments; i++)
			m->report->segments_removed += v.snap.log.segments[i].map.len > 0;
	}
	move_free(&v);
	return ret;
}
