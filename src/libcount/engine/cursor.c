/* cursor.c - an open query: opening it, points, last values, names; see cursor.h. */
#include "engine/cursor.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int cursor_wide(count_cursor *c, struct view **view, struct count_error *err)
{
	int ret = COUNT_OK;

	if (c->everything) {
		*view = &c->view;
		return COUNT_OK;
	}
	if (!c->wide.open)
		ret = cursor_view_open(c, &c->wide, INT64_MIN, INT64_MAX, err);
	*view = &c->wide;
	return ret;
}

/* Blocks outside the range are not open: a name that is not in the others may be there. */
static int exists(void *arg, const char *name, size_t len, struct count_error *err)
{
	count_cursor *c = arg;
	struct view *wide;
	int ret = sources_has(&c->view.sources, name, len, err);

	if (ret != 0 || c->everything)
		return ret;
	/* A glob is nearly never a name; opening every block for each would cost more than the answer. */
	if (memchr(name, '*', len) != NULL || memchr(name, '?', len) != NULL)
		return 0;
	ret = cursor_wide(c, &wide, err);
	return ret == COUNT_OK ? sources_has(&wide->sources, name, len, err) : ret;
}

/* Enums come from outside: a caller may have computed them. */
static const char *check_aggs(const struct count_query *q)
{
	for (size_t i = 0; i < q->naggs; i++) {
		const struct count_agg_spec *a = &q->aggs[i];

		if ((unsigned)a->agg > COUNT_AGG_DELTA ||
		    memchr(a->name, '\0', sizeof(a->name)) == NULL)
			return "there is no such aggregate";
		if (a->agg == COUNT_AGG_QUANTILE && !(a->quantile >= 0 && a->quantile <= 1))
			return "a quantile is from 0 to 1";
	}
	return NULL;
}

static int check_query(const struct count_query *q, struct count_error *err)
{
	const char *why = check_aggs(q);

	if (why != NULL)
		return err_set(err, COUNT_ERR_INVALID, "%s", why);
	if ((unsigned)q->mode > COUNT_QUERY_LIST)
		why = "there is no such mode of query";
	else if ((unsigned)q->fill > COUNT_FILL_LINEAR)
		why = "there is no such way to fill";
	else if (q->step != NULL && (unsigned)q->step->unit > COUNT_DURATION_YEAR)
		why = "there is no such unit of a step";
	else if (q->mode != COUNT_QUERY_POINTS && q->naggs > 0)
		why = "aggregates are of points, not of last values or names";
	else if (q->naggs == 0 && (q->step != NULL || q->fold))
		why = "a step and folding by labels need an aggregate, such as avg";
	else if (q->fill != COUNT_FILL_NONE && q->step == NULL)
		why = "filling needs a step";
	else if ((q->tiers & COUNT_TIER_ALL) == 0)
		why = "no tier is asked for";
	else if (q->step != NULL && q->step->n <= 0)
		why = "the step must be more than 0";
	return why == NULL ? COUNT_OK : err_set(err, COUNT_ERR_INVALID, "%s", why);
}

static int open_parts(count_cursor *c, bool exact, struct count_error *err)
{
	int64_t from = c->q.from;
	int ret;

	c->coder = chunk_coder_new();
	if (c->coder == NULL)
		return err_nomem(err);
	/* Steps reach back to the point before the range, wherever that is. */
	if (c->no_range || (agg_needs(c->q.aggs, c->q.naggs) & AGG_NEED_STEPS))
		from = INT64_MIN;
	if (c->q.naggs > 0 && agg_takes_stats(agg_needs(c->q.aggs, c->q.naggs)))
		c->cold_pieces = COLD_BY_DAY;
	c->everything = from == INT64_MIN && (c->last == INT64_MAX || c->no_range);
	ret = cursor_view_open(c, &c->view, from, c->no_range ? INT64_MAX : c->last, err);
	if (ret == COUNT_OK)
		ret = cursor_freshen(c, err);
	if (ret == COUNT_OK)
		ret = selection_open(&c->sel, c->q.selectors, c->q.nselectors,
				     exact ? NULL : exists, c, err);
	if (ret == COUNT_OK && c->q.naggs > 0)
		ret = cursor_agg_open(c, err);
	return ret == COUNT_OK ? cursor_check_cost(c, err) : ret;
}

static int open_cursor(count_db *db, const struct count_query *q, bool exact, count_cursor **cur,
		       struct count_error *err)
{
	count_cursor *c;
	int ret = check_query(q, err);

	if (ret != COUNT_OK)
		return ret;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return err_nomem(err);
	c->db = db;
	c->q = *q;
	c->last = q->to == INT64_MAX ? INT64_MAX : q->to - (q->to > INT64_MIN);
	c->no_range = q->from > c->last || q->to == INT64_MIN;
	ret = open_parts(c, exact, err);
	if (ret == COUNT_OK)
		*cur = c;
	else
		count_cursor_close(c);
	return ret;
}

int count_query_open(count_db *db, const struct count_query *q, count_cursor **cur,
		     struct count_error *err)
{
	return open_cursor(db, q, false, cur, err);
}

int cursor_open_exact(count_db *db, const struct count_query *q, count_cursor **cur,
		      struct count_error *err)
{
	return open_cursor(db, q, true, cur, err);
}

uint64_t count_cursor_left_out(const count_cursor *c, const char **why)
{
	const struct cold_view *v = c->view.cold;

	if (why != NULL)
		*why = v != NULL ? v->why : "";
	return v != NULL ? v->left_series : 0;
}

void count_cursor_close(count_cursor *c)
{
	if (c == NULL)
		return;
	if (c->main != NULL)
		part_close(c);
	piece_list_free(&c->parting.cut);
	cursor_agg_close(c);
	merge_delete(c->merge);
	piece_list_free(&c->pieces);
	selection_close(&c->sel);
	chunk_coder_delete(c->coder);
	cursor_ahead_free(c);
	free(c->ahead.current);
	cursor_view_close(&c->wide);	/* may borrow from the other */
	cursor_view_close(&c->view);
	for (size_t i = 0; i < c->nunmatched; i++)
		free(c->unmatched[i].suggestion);
	free(c->unmatched);
	free(c);
}

int cursor_begin(count_cursor *c, struct count_error *err)
{
	int ret;

	if (c->begun)
		return COUNT_OK;
	c->begun = true;
	ret = selection_begin(&c->sel, &c->view.sources, err);
	cursor_ahead_begin(c);
	return ret;
}

int cursor_next_series(count_cursor *c, struct count_error *err)
{
	const char *name;
	size_t len;
	int ret;

	if (c->main != NULL)
		return part_next_series(c);
	if (c->sel_ended)
		return 0;
	if (c->parting.kept) {
		c->parting.kept = false;
		return 1;
	}
	ret = cursor_begin(c, err);
	if (ret == COUNT_OK && c->ahead.on)
		ret = cursor_ahead_next(c, &name, &len, err);
	else if (ret == COUNT_OK)
		ret = selection_next(&c->sel, &name, &len, err);
	if (ret != 1) {
		c->sel_ended |= ret == 0;
		return ret;
	}
	memcpy(c->name, name, len);
	c->name[len] = '\0';
	c->name_len = len;
	c->series++;
	return 1;
}

/* ---- Points ---- */

int cursor_begin_merge(count_cursor *c, struct count_error *err)
{
	int64_t from = c->given ? c->given_to : c->q.from;
	bool given = part_has_pieces(c);
	int ret = COUNT_OK;

	if (!given)
		c->pieces.len = 0;
	if (!given && (!c->given || from < c->last)) {
		from += c->given;
		c->view.main.pieces = c->cold_pieces;
		ret = sources_find(&c->view.sources, c->name, c->name_len, from, c->last, &c->pieces, err);
	}
	if (ret == COUNT_OK)
		ret = cursor_plan_pieces(c, from, err);
	if (ret != COUNT_OK)
		return ret;
	if (c->merge != NULL)
		merge_reset(c->merge, &c->pieces, from, c->last);
	else if (merge_new(&c->pieces, from, c->last, c->coder, &c->merge) != COUNT_OK)
		return err_nomem(err);
	return COUNT_OK;
}

static int begin_series(count_cursor *c, struct count_error *err)
{
	int ret;

	c->given = false;
	ret = cursor_begin_merge(c, err);
	c->in_series = ret == COUNT_OK;
	return ret;
}

/* 1: the next points of the series; 0: its end; else a status. */
static int step_series(count_cursor *c, struct merge_step *step, struct count_error *err)
{
	for (;;) {
		struct count_error why = { 0 };
		int ret = merge_next(c->merge, NULL, NULL, step, &why);

		if (ret == 1) {
			c->given = true;
			c->given_to = step->times[step->n - 1];
		}
		if (ret >= 0)
			return ret;
		ret = cursor_cold_failed(c, ret, &why, err);
		if (ret == COUNT_OK)
			ret = cursor_begin_merge(c, err);
		if (ret != COUNT_OK)
			return ret;
	}
}

static int next_points(count_cursor *c, struct count_batch *batch, struct count_error *err)
{
	for (;;) {
		struct merge_step step;
		int ret;

		if (!c->in_series) {
			ret = cursor_next_series(c, err);
			if (ret == 1 && c->no_range)
				continue;
			if (ret == 1)
				ret = begin_series(c, err);
			if (ret != COUNT_OK || !c->in_series)
				return ret;
		}
		ret = step_series(c, &step, err);
		if (ret == 1) {
			batch->times = step.times;
			batch->values = step.values;
			batch->n = step.n;
			return 1;
		}
		if (ret < 0)
			return ret;
		c->in_series = false;
	}
}

/* ---- Last values and names ---- */

/* 1: the series has a point in the range; for --last the newest is in last_time and last_value. */
static int find_last(count_cursor *c, struct count_error *err)
{
	const struct sources *s = &c->view.sources;

	if (c->no_range)
		return 0;
	c->view.main.pieces = COLD_ENDS;
	for (;;) {
		struct count_error why = { 0 };
		int ret;

		if (c->q.mode == COUNT_QUERY_LIST)
			ret = sources_any(s, c->name, c->name_len, c->q.from, c->last, c->coder, &why);
		else
			ret = sources_newest(s, c->name, c->name_len, c->q.from, c->last, c->coder, &c->last_time,
					     &c->last_value, &why);
		if (ret >= 0)
			return ret;
		ret = cursor_cold_failed(c, ret, &why, err);
		if (ret != COUNT_OK)
			return ret;
	}
}

static int next_last(count_cursor *c, struct count_batch *batch, struct count_error *err)
{
	int ret;

	do {
		ret = cursor_next_series(c, err);
		if (ret != 1)
			return ret;
		ret = find_last(c, err);
	} while (ret == 0);
	batch->times = &c->last_time;
	batch->values = &c->last_value;
	batch->n = 1;
	return ret;
}

/* With a range only what has points in it. */
static int next_name(count_cursor *c, struct count_error *err)
{
	int ret;

	do {
		ret = cursor_next_series(c, err);
		if (ret != 1 || !cursor_is_ranged(c))
			return ret;
		ret = find_last(c, err);
	} while (ret == 0);
	return ret;
}

/* ---- The public call ---- */

/* Damage met on the way: told once, when all that can be read was answered. */
static int finish(count_cursor *c, struct count_error *err)
{
	const struct count_error *damage = &c->view.snap.damage;

	if (c->main != NULL)	/* the end of a part; who gave it tells */
		return 0;
	c->ended = true;
	if (c->damage_told)
		return 0;
	c->damage_told = true;
	if (damage->code == COUNT_OK && c->view.snap.log.damaged)
		damage = &c->view.snap.log.damage;
	if (damage->code == COUNT_OK)
		return 0;
	if (c->view.snap.ndamages > 1)
		return err_set(err, COUNT_ERR_CORRUPT, "%.440s (and %llu more)", damage->text,
			       (unsigned long long)c->view.snap.ndamages - 1);
	return err_set(err, COUNT_ERR_CORRUPT, "%s", damage->text);
}

static int next_batch(count_cursor *c, struct count_batch *batch, struct count_error *err)
{
	if (c->q.naggs > 0)
		return cursor_agg_next(c, batch, err);
	switch (c->q.mode) {
	case COUNT_QUERY_LAST:
		return next_last(c, batch, err);
	case COUNT_QUERY_LIST:
		return next_name(c, err);
	case COUNT_QUERY_POINTS:
		break;
	}
	return next_points(c, batch, err);
}

int count_cursor_next(count_cursor *c, struct count_batch *batch, struct count_error *err)
{
	uint64_t left = c->q.limit == 0 ? UINT64_MAX : c->q.limit - c->rows;
	int ret;

	*batch = (struct count_batch){ 0 };
	if (c->failed != COUNT_OK)
		return err_set(err, c->failed, "the query failed before");
	if (c->ended || left == 0)
		return finish(c, err);
	ret = next_batch(c, batch, err);
	if (ret == 0)
		return finish(c, err);
	if (ret < 0) {
		c->failed = ret;
		return ret == COUNT_ERR_NOMEM ? err_nomem(err) : err_set(err, ret, "the query failed");
	}
	batch->series = c->q.naggs > 0 ? c->agg_name : c->name;
	batch->series_len = c->q.naggs > 0 ? c->agg_name_len : c->name_len;
	if (batch->n > left)
		batch->n = (size_t)left;
	c->rows += c->q.mode == COUNT_QUERY_LIST ? 1 : batch->n;
	return 1;
}
