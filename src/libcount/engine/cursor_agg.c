/*
 * cursor_agg.c - a query with aggregates; see cursor.h.
 *
 * Rows come by series, then by aggregate, then by time, so the buckets of one series (or group) are
 * gathered in a column for each aggregate, and given out column by column.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/series.h"
#include "engine/cursor.h"
#include "engine/fill.h"

static const double ticks_per_s[] = {
	[COUNT_UNIT_S] = 1, [COUNT_UNIT_MS] = 1e3, [COUNT_UNIT_US] = 1e6, [COUNT_UNIT_NS] = 1e9,
};

/* ---- Buckets to columns ---- */

static int64_t stamp(const struct bucket_span *span, const struct agg_acc *a)
{
	return span->start == INT64_MIN && span->last == INT64_MAX ? a->first_time : span->start;
}

/* A finished bucket: one row in each column whose aggregate exists. */
static bool put_row(count_cursor *c, const struct bucket_span *span, struct agg_acc *a)
{
	int64_t t = stamp(span, a);

	extent_add(&c->seen, t, t);
	for (size_t i = 0; i < c->q.naggs; i++) {
		double v;

		if (agg_acc_result(a, &c->q.aggs[i], &v) && !column_put(&c->columns[i], t, v))
			return false;
	}
	return true;
}

/* An agg_enter, without folding: the bucket before is finished. */
static struct agg_acc *enter_bucket(void *arg, const struct bucket_span *span)
{
	count_cursor *c = arg;

	if (c->in_bucket && !put_row(c, &c->span, &c->acc))
		return NULL;
	c->in_bucket = true;
	c->span = *span;
	agg_acc_reset(&c->acc);
	return &c->acc;
}

static void begin_columns(count_cursor *c)
{
	for (size_t i = 0; i < c->q.naggs; i++)
		column_clear(&c->columns[i]);
	c->seen = (struct extent){ 0 };
	c->in_bucket = false;
}

int cursor_agg_open(count_cursor *c, struct count_error *err)
{
	const struct count_query *q = &c->q;
	int ret = buckets_init(&c->buckets, q->from, c->last, q->step, q->tz,
			       count_db_unit(c->db), err);

	if (ret != COUNT_OK)
		return ret;
	c->columns = calloc(q->naggs, sizeof(*c->columns));
	if (c->columns == NULL)
		return err_nomem(err);
	c->fold.by = q->by;
	c->fold.nby = q->nby;
	c->next_column = q->naggs;
	c->stream.needs = agg_needs(q->aggs, q->naggs);
	c->stream.buckets = &c->buckets;
	c->stream.ticks_per_s = ticks_per_s[count_db_unit(c->db)];
	c->stream.enter = q->fold ? fold_enter : enter_bucket;
	c->stream.arg = q->fold ? (void *)&c->fold : (void *)c;
	return COUNT_OK;
}

void cursor_agg_close(count_cursor *c)
{
	for (size_t i = 0; c->columns != NULL && i < c->q.naggs; i++)
		column_free(&c->columns[i]);
	free(c->columns);
	column_free(&c->filled);
	agg_acc_free(&c->acc);
	fold_free(&c->fold);
	buckets_free(&c->buckets);
}

/* ---- The points of a series into the stream ---- */

static bool wants_stats(void *arg, int64_t first, int64_t last)
{
	return agg_stream_wants_stats(arg, first, last);
}

/* The point before the range, for the step into its first bucket. */
static int find_before(count_cursor *c, struct count_error *err)
{
	int64_t time;
	double value;

	if (!(c->stream.needs & AGG_NEED_STEPS) || c->q.from == INT64_MIN)
		return COUNT_OK;
	for (;;) {
		struct count_error why = { 0 };
		int ret;

		c->view.main.pieces = COLD_ENDS;
		ret = sources_newest(&c->view.sources, c->name, c->name_len, INT64_MIN, c->q.from - 1, c->coder,
				     &time, &value, &why);
		if (ret == 1)
			agg_stream_before(&c->stream, time, value);
		if (ret >= 0)
			return COUNT_OK;
		ret = cursor_cold_failed(c, ret, &why, err);
		if (ret != COUNT_OK)
			return ret;
	}
}

static int begin_stream(count_cursor *c, struct count_error *err)
{
	int ret;

	agg_stream_begin(&c->stream);
	c->given = false;
	ret = find_before(c, err);
	return ret == COUNT_OK ? cursor_begin_merge(c, err) : ret;
}

static int put_step(count_cursor *c, const struct merge_step *step, struct count_error *err)
{
	int ret;

	if (step->is_stats)
		ret = agg_stream_stats(&c->stream, &step->stats);
	else
		ret = agg_stream_points(&c->stream, step->times, step->values, step->n);
	c->given = true;
	c->given_to = step->is_stats ? step->stats.last_time : step->times[step->n - 1];
	return ret == COUNT_OK ? COUNT_OK : err_nomem(err);
}

static int stream_series(count_cursor *c, struct count_error *err)
{
	int ret;

	if (c->no_range)
		return COUNT_OK;
	ret = begin_stream(c, err);
	while (ret == COUNT_OK) {
		struct count_error why = { 0 };
		struct merge_step step;

		ret = merge_next(c->merge, wants_stats, &c->stream, &step, &why);
		if (ret == 0)
			break;
		if (ret == 1) {
			ret = put_step(c, &step, err);
			continue;
		}
		ret = cursor_cold_failed(c, ret, &why, err);
		if (ret == COUNT_OK)
			ret = cursor_begin_merge(c, err);
	}
	if (ret == COUNT_OK)
		agg_stream_end(&c->stream);
	return ret;
}

/* ---- Columns to batches ---- */

static int give_column(count_cursor *c, const struct column *col, struct count_batch *batch,
		       struct count_error *err)
{
	if (c->q.fill != COUNT_FILL_NONE) {
		int64_t first = c->q.from > INT64_MIN ? c->q.from : c->seen.first;
		int64_t last = c->last < INT64_MAX ? c->last : c->seen.last;
		int ret = fill_column(col, c->q.fill, &c->buckets, first, last, &c->filled, err);

		if (ret != COUNT_OK)
			return ret;
		col = &c->filled;
	}
	batch->times = col->times;
	batch->values = col->values;
	batch->empty = col->empty;
	batch->n = col->n;
	return COUNT_OK;
}

/* A name without labels and quotation marks stays one when the aggregate is put behind it. */
static bool plain_agg_name(const count_cursor *c, const char *agg, char out[COUNT_SERIES_MAX + 1], size_t *len)
{
	size_t agg_len = strlen(agg), n = c->name_len;

	if (n + 1 + agg_len > COUNT_SERIES_MAX || !series_plain(agg, agg_len) || !series_plain(c->name, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)c->name[i] >= 0x80)
			return false;	/* UTF-8 has to be checked */
	memcpy(out, c->name, n);
	out[n] = ':';
	memcpy(out + n + 1, agg, agg_len + 1);
	*len = n + 1 + agg_len;
	return true;
}

/* c->name is the series; it becomes name:agg{labels} in out. */
static int series_agg_name(count_cursor *c, const char *agg, char out[COUNT_SERIES_MAX + 1],
			   size_t *len, struct count_error *err)
{
	struct count_series_parts *parts = c->sel.parts;
	char name[COUNT_SERIES_MAX + sizeof(c->q.aggs->name) + 2];
	int ret;

	if (plain_agg_name(c, agg, out, len))
		return COUNT_OK;
	ret = count_series_parse(c->name, c->name_len, parts);
	if (ret != COUNT_OK)
		return err_set(err, ret, "series %.200s: not a canonical name", c->name);
	memcpy(name, parts->name, parts->name_len);
	name[parts->name_len] = ':';
	memcpy(name + parts->name_len + 1, agg, strlen(agg));
	return count_series_build(name, parts->name_len + 1 + strlen(agg), parts->labels,
				  parts->nlabels, out, len, err);
}

static int next_series(count_cursor *c, struct count_error *err)
{
	int ret = cursor_next_series(c, err);

	if (ret != 1)
		return ret;
	begin_columns(c);
	ret = stream_series(c, err);
	if (ret != COUNT_OK)
		return ret;
	if (c->in_bucket && !put_row(c, &c->span, &c->acc))
		return err_nomem(err);
	return 1;
}

/* ---- Folding ---- */

static int gather(count_cursor *c, struct count_error *err)
{
	int ret;

	while ((ret = cursor_next_series(c, err)) == 1) {
		if (count_series_parse(c->name, c->name_len, c->sel.parts) != COUNT_OK)
			continue;	/* noted when its block was read */
		ret = fold_series(&c->fold, c->sel.parts, err);
		if (ret == COUNT_OK)
			ret = stream_series(c, err);
		if (ret != COUNT_OK)
			return ret;
	}
	return ret == 0 ? fold_finish(&c->fold, err) : ret;
}

static int next_group(count_cursor *c, struct count_error *err)
{
	struct fold_group *g;

	if (!c->sel_ended) {
		int ret = gather(c, err);

		if (ret != COUNT_OK)
			return ret;
	}
	if (c->next_group == c->fold.n)
		return 0;
	begin_columns(c);
	g = c->fold.groups[c->next_group++];
	for (size_t i = 0; i < g->n; i++) {
		if (!put_row(c, &g->buckets[i].span, &g->buckets[i].acc))
			return err_nomem(err);
		agg_acc_free(&g->buckets[i].acc);
	}
	return 1;
}

/* ---- The next batch ---- */

static int name_batch(count_cursor *c, const char *agg, struct count_error *err)
{
	if (c->q.fold)
		return fold_name(&c->fold, c->fold.groups[c->next_group - 1], agg, c->agg_name, &c->agg_name_len, err);
	return series_agg_name(c, agg, c->agg_name, &c->agg_name_len, err);
}

int cursor_agg_next(count_cursor *c, struct count_batch *batch, struct count_error *err)
{
	for (;;) {
		size_t i = c->next_column;
		int ret;

		if (i == c->q.naggs) {
			ret = c->q.fold ? next_group(c, err) : next_series(c, err);
			if (ret != 1)
				return ret;
			c->next_column = 0;
			continue;
		}
		c->next_column++;
		if (!c->seen.any)
			continue;
		ret = give_column(c, &c->columns[i], batch, err);
		if (ret == COUNT_OK && batch->n > 0)
			ret = name_batch(c, c->q.aggs[i].name, err);
		if (ret != COUNT_OK)
			return ret;
		if (batch->n > 0)
			return 1;
	}
}
