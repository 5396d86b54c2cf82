/* cold_plan.c - which objects a query will read; see cold_plan.h. */
#include "engine/cold_plan.h"

#include <stdlib.h>

#include "base/error.h"

void cold_plan_clear(struct cold_source *s)
{
	for (size_t i = 0; s->loaded && i < s->manifest.nblocks; i++) {
		s->blocks[i].certain = s->blocks[i].possible = false;
		s->blocks[i].pieces = 0;
	}
}

static bool is_cold(const struct piece *p)
{
	return p->ops == &piece_cold_ops;
}

/* What can be told without a request. */
static bool has_stats(const struct piece *p)
{
	return !is_cold(p) || p->u.object.stats != NULL;
}

void cold_plan_pieces(struct cold_source *s, struct piece_list *l, int64_t from, int64_t last,
		      merge_want_stats *want, void *arg)
{
	int64_t reach = 0;

	for (size_t i = 0; i < l->len; i++) {
		struct piece *p = &l->v[i];
		bool alone = (i == 0 || reach < p->first) && (i + 1 >= l->len || p->last < l->v[i + 1].first);

		if (i == 0 || p->last > reach)
			reach = p->last;
		if (!is_cold(p))
			continue;
		p->u.object.read = !(want != NULL && alone && p->u.object.stats != NULL && p->first >= from &&
				   p->last <= last && want(arg, p->first, p->last));
		if (p->u.object.read) {
			s->blocks[p->u.object.block].certain = true;
			s->blocks[p->u.object.block].pieces++;
		}
	}
}

int cold_plan_ask(struct cold_source *s, struct count_error *err)
{
	int ret = COUNT_OK;

	for (size_t i = 0; s->loaded && i < s->manifest.nblocks && ret == COUNT_OK; i++) {
		if (!s->blocks[i].certain || s->blocks[i].open)
			continue;
		ret = cold_view_fetch(s->view, s->view->partial ? NULL : err);
		if (ret != COUNT_OK && ret != COUNT_ERR_NOMEM && s->view->partial)
			return COUNT_OK;	/* told when the object is read, and which points it has */
		if (ret == COUNT_OK)
			ret = cold_fetch_ask(s->view->fetch, &s->manifest.blocks[i], err);
	}
	return ret;
}

/* ---- The newest point ---- */

static int by_last(const void *a, const void *b)
{
	const struct piece *p = a, *q = b;

	return (p->last < q->last) - (p->last > q->last);
}

static void mark(struct cold_source *s, const struct piece *p, bool certain)
{
	if (!is_cold(p))
		return;
	s->blocks[p->u.object.block].certain |= certain;
	s->blocks[p->u.object.block].possible = true;
}

/*
 * The pieces of one stretch, in the order in which they are looked at: latest end first.  Those that reach over the end
 * of the range are read, whatever they hold; the first other one gives a point, which ends the search below its
 * time.  True: there is such a point.  sure: this stretch is searched whatever is found before.
 */
static bool plan_stretch(struct cold_source *s, struct piece_list *l, int64_t last, bool sure)
{
	bool over = false, found = false;
	int64_t time = 0;

	if (l->len > 1)
		qsort(l->v, l->len, sizeof(*l->v), by_last);
	for (size_t i = 0; i < l->len; i++) {
		const struct piece *p = &l->v[i];

		if (p->last > last) {
			over = true;
			mark(s, p, sure);
			continue;
		}
		if (found && p->last < time)
			break;
		if (!has_stats(p))
			mark(s, p, sure && !over);
		found = true;
		time = p->last;
	}
	return found;
}

int cold_plan_newest(struct cold_source *s, const struct sources *src, int64_t from, int64_t last,
		     struct piece_list *l, struct count_error *err)
{
	int64_t latest = 0;
	bool any = false, found = false;
	int ret = COUNT_OK;

	for (size_t i = 0; i < src->n && ret == COUNT_OK; i++)
		ret = src->v[i].ops->latest(src->v[i].state, s->name, s->len, &any, &latest, err);
	if (ret != COUNT_OK || !any || latest < from)
		return ret;
	if (latest <= last)
		last = from = latest;
	for (unsigned i = 0; ret == COUNT_OK && !found && i < SOURCES_STRETCHES; i++) {
		ret = sources_find(src, s->name, s->len, sources_stretch(from, last, i), last, l, err);
		if (ret == COUNT_OK)
			found = plan_stretch(s, l, last, i == 0);
	}
	return ret;
}

/* ---- Any point at all ---- */

int cold_plan_any(struct cold_source *s, const struct sources *src, int64_t from, int64_t last,
		  struct piece_list *l, struct count_error *err)
{
	int ret = sources_find(src, s->name, s->len, from, last, l, err);

	if (ret != COUNT_OK || sources_certain(l, from, last))
		return ret;
	for (size_t i = 0; i < l->len; i++)
		mark(s, &l->v[i], i == 0);
	return COUNT_OK;
}
