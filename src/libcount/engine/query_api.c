/* query_api.c - queries as plain calls: defaults, one series at a time. */
#include <stdlib.h>

#include "base/error.h"
#include "engine/cursor.h"

void count_query_init(struct count_query *q)
{
	*q = (struct count_query){ .from = INT64_MIN, .to = INT64_MAX, .tiers = COUNT_TIER_ALL,
				   .max_cost = -1 };
}

/* ---- One series ---- */

static bool append(struct count_points *out, size_t *cap, const struct count_batch *b)
{
	if (b->n > *cap - out->len) {
		size_t more = *cap + *cap / 2 + b->n;
		struct count_point *v = reallocarray(out->v, more, sizeof(*v));

		if (v == NULL)
			return false;
		out->v = v;
		*cap = more;
	}
	for (size_t i = 0; i < b->n; i++)
		out->v[out->len++] = (struct count_point){ b->times[i], b->values[i] };
	return true;
}

static int run(count_db *db, const struct count_query *q, struct count_points *out,
	       struct count_error *err)
{
	struct count_points points = { 0 };
	struct count_batch batch;
	count_cursor *cur = NULL;
	size_t cap = 0;
	int ret = cursor_open_exact(db, q, &cur, err);

	while (ret == COUNT_OK && (ret = count_cursor_next(cur, &batch, err)) == 1)
		ret = append(&points, &cap, &batch) ? COUNT_OK : err_nomem(err);
	count_cursor_close(cur);
	if (ret == COUNT_OK)
		*out = points;
	else
		count_points_free(&points);
	return ret;
}

int count_query_range(count_db *db, const char *series, int64_t from, int64_t to,
		      struct count_points *out, struct count_error *err)
{
	struct count_query q;

	count_query_init(&q);
	q.selectors = &series;
	q.nselectors = 1;
	q.from = from;
	q.to = to;
	return run(db, &q, out, err);
}

int count_query_aggregated(count_db *db, const char *series, int64_t from, int64_t to,
			   int64_t step, enum count_agg agg, struct count_points *out,
			   struct count_error *err)
{
	static const enum count_duration_unit units[] = {
		[COUNT_UNIT_S] = COUNT_DURATION_SECOND, [COUNT_UNIT_MS] = COUNT_DURATION_MS,
		[COUNT_UNIT_US] = COUNT_DURATION_US, [COUNT_UNIT_NS] = COUNT_DURATION_NS,
	};
	struct count_duration dur = { .n = step, .unit = units[count_db_unit(db)] };
	struct count_agg_spec spec = { .agg = agg, .name = "agg" };
	struct count_query q;

	if (agg == COUNT_AGG_QUANTILE)
		return err_set(err, COUNT_ERR_INVALID,
			       "a quantile needs count_query_open(), which says which one");
	count_query_init(&q);
	q.selectors = &series;
	q.nselectors = 1;
	q.from = from;
	q.to = to;
	q.step = &dur;
	q.aggs = &spec;
	q.naggs = 1;
	return run(db, &q, out, err);
}

void count_points_free(struct count_points *pts)
{
	free(pts->v);
	*pts = (struct count_points){ 0 };
}
