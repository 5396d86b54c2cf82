/*
 * explain.c - what a query will ask of the cold tier, and what that costs, before it asks.
 *
 * The planner is the one that reading follows (cold_plan.h), over the same selection: on an unchanged bucket the
 * forecast is what is done.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "cold/price.h"
#include "engine/cold_plan.h"
#include "engine/cursor.h"

struct forecast {
	count_explain_fn *each;		/* NULL: only the sum */
	void *arg;
	struct count_requests total;
};

static int add_block(const struct cold_source *s, size_t i, struct forecast *f)
{
	const struct manifest_block *b = &s->manifest.blocks[i];
	const struct cold_block *c = &s->blocks[i];
	bool cached;

	if (!c->certain && !c->possible)
		return COUNT_OK;
	cached = cold_cache_has(s->view->cache, b);
	if (!cached) {
		f->total.get++;
		f->total.bytes_down += b->size;
		/* The prototype's manifests tell no sizes. */
		f->total.at_most |= !c->certain || b->size == 0;
	}
	if (f->each != NULL && f->each(f->arg, s->name, b->key, b->size, cached) != 0)
		return COUNT_ERR_STOPPED;
	return COUNT_OK;
}

static int add_series(count_cursor *c, const char *name, size_t len, struct forecast *f, struct count_error *err)
{
	struct cold_source *s = &c->view.main;
	int ret = cursor_plan(c, s, &c->view.sources, name, len, &c->pieces, err);

	if (ret != COUNT_OK || !s->loaded || s->len != len || memcmp(s->name, name, len) != 0)
		return ret;
	for (size_t i = 0; i < s->manifest.nblocks && ret == COUNT_OK; i++)
		ret = add_block(s, i, f);
	return ret == COUNT_ERR_STOPPED ? err_set(err, ret, "stopped") : ret;
}

static int forecast(count_cursor *c, struct forecast *f, struct count_error *err)
{
	const char *name;
	size_t len;
	int ret = selection_begin(&c->sel, &c->view.sources, err);

	while (ret == COUNT_OK && (ret = selection_next(&c->sel, &name, &len, err)) == 1)
		ret = add_series(c, name, len, f, err);
	if (f->total.get > 0 && c->q.limit > 0)
		f->total.at_most = true;
	f->total.usd = cold_cost(&c->db->cold, &f->total);
	return ret;
}

/* Even all that the index knows would not cost so much, or nobody knows a price: then no forecast is needed. */
static bool all_is_cheap(const count_cursor *c)
{
	struct count_requests all = { .get = 1, .bytes_down = 1 };
	struct cold_totals t = { 0 };

	if (isnan(cold_cost(&c->db->cold, &all)))
		return true;
	if (!c->sel.scan)
		return false;	/* few series: the forecast is no more work than the sum over all */
	if (cold_index_totals(c->view.cold->index, &t, NULL) != COUNT_OK)
		return false;
	all = (struct count_requests){ .get = t.blocks, .bytes_down = t.bytes };
	return cold_cost(&c->db->cold, &all) <= c->q.max_cost;
}

int cursor_check_cost(count_cursor *c, struct count_error *err)
{
	struct forecast f = { 0 };
	int ret;

	if (c->view.cold == NULL || c->q.max_cost < 0 || all_is_cheap(c))
		return COUNT_OK;
	ret = forecast(c, &f, err);
	cold_plan_clear(&c->view.main);
	if (ret != COUNT_OK || !(f.total.usd > c->q.max_cost))
		return ret;
	return err_set(err, COUNT_ERR_COST, "this query would read %s%llu objects, %.1f MB, from the cold tier for "
		       "about %.2f USD, more than %.2f: a shorter range or fewer series read less, "
		       "--max-cost %.0f allows it",
		       f.total.at_most ? "up to " : "", (unsigned long long)f.total.get,
		       (double)f.total.bytes_down / 1e6, f.total.usd, c->q.max_cost, ceil(f.total.usd));
}

int count_query_explain(count_db *db, const struct count_query *q, count_explain_fn *each, void *arg,
			struct count_requests *total, struct count_error *err)
{
	struct forecast f = { .each = each, .arg = arg };
	struct count_query open = *q;
	struct count_requests before;
	count_cursor *c = NULL;
	int ret;

	open.max_cost = -1;
	ret = count_query_open(db, &open, &c, err);
	if (ret == COUNT_OK && c->view.cold != NULL)
		ret = forecast(c, &f, err);
	if (ret == COUNT_OK && c->view.cold != NULL) {
		cold_view_requests(c->view.cold, &before);
		f.total.probes = before.probes;
	}
	count_cursor_close(c);
	if (ret == COUNT_OK)
		*total = f.total;
	return ret;
}

void count_cursor_requests(const count_cursor *c, struct count_requests *r)
{
	*r = (struct count_requests){ 0 };
	if (c->view.cold == NULL)
		return;
	cold_view_requests(c->view.cold, r);
	r->usd = cold_cost(&c->db->cold, r);
}
