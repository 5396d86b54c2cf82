/* route.c - which series go to a wider window; see route.h. */
#include "engine/route.h"

static const unsigned wide_levels[] = { 3, ROUTE_TOP };	/* 64 and 1,024 days */

enum {
	SPARSE_POINTS = 250,	/* with fewer in the natural window a series moves */
	AIM_POINTS = 700,	/* to the first wide window in which it has so many: a full chunk */
};

/* Points of a window of one level in one `up` levels wider. */
static double widened(double points, unsigned up)
{
	return points * (double)(UINT64_C(1) << (2 * up));
}

static void add_wide(enum count_unit unit, const struct plan_window *base, struct plan *plan)
{
	for (size_t i = 0; i < sizeof(wide_levels) / sizeof(wide_levels[0]); i++) {
		struct plan_window *w = &plan->v[plan->n + plan->nwide];

		if (wide_levels[i] <= base->level)
			continue;
		*w = (struct plan_window){ .level = wide_levels[i] };
		w->window = window_of(unit, w->level, base->first);
		window_bounds(unit, w->level, w->window, &w->first, &w->last);
		plan->nwide++;
	}
}

void route_begin(struct route *r, enum count_unit unit, struct plan *plan, size_t base, bool quiet,
		 double covered, uint64_t bytes, uint64_t limit)
{
	const struct plan_window *w = &plan->v[base];
	double size;

	*r = (struct route){ .level = w->level, .natural = w->level };
	if (w->level >= ROUTE_TOP)
		return;
	r->length = (double)w->last - (double)w->first + 1;
	r->covered = covered < 1 ? 1 : covered > r->length ? r->length : covered;
	r->whole = quiet && r->covered >= r->length / 2;
	size = (double)bytes * (r->length / r->covered);
	while (r->natural < ROUTE_TOP &&
	       widened(size, r->natural + 1 - r->level) < (double)limit)
		r->natural++;
	if (r->natural >= ROUTE_TOP)
		return;
	r->on = true;
	add_wide(unit, w, plan);
}

/*
 * Points that a series will have in the window.  While points still arrive, or with a part of the
 * window at hand, one straggler makes the input look long and every series sparse: a series that
 * has several points is then judged by its own pace as well.
 */
static double expected(const struct route *r, uint64_t n, int64_t first, int64_t last)
{
	double all = (double)n * (r->length / r->covered), pace = 0;

	if (!r->whole && n > 1)
		pace = (double)(n - 1) * (r->length / ((double)last - (double)first));
	return all > pace ? all : pace;
}

int route_series(const struct route *r, const struct plan *plan, uint64_t n, int64_t first,
		 int64_t last)
{
	double points;
	size_t i;

	if (!r->on || n == 0)
		return -1;
	points = expected(r, n, first, last);
	if (widened(points, r->natural - r->level) >= SPARSE_POINTS)
		return -1;
	for (i = plan->n; i + 1 < plan->n + plan->nwide; i++)
		if (widened(points, plan->v[i].level - r->level) >= AIM_POINTS)
			break;
	/* Not into a window that is reached by merging alone. */
	while (i < plan->n + plan->nwide && plan->v[i].level <= r->natural)
		i++;
	return i < plan->n + plan->nwide ? (int)i : -1;
}
