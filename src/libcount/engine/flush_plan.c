/* flush_plan.c - windows of time and the choice among them; see flush_plan.h. */
#include "engine/flush_plan.h"

#include <stdlib.h>

enum {
	MAX_BINS = 1 << 15,	/* distinct windows before the histogram takes larger ones */
	MAX_SPAN = 64,		/* windows over which points are spread by guess */
	SPLIT_POINTS = 1 << 20,	/* fewer points, a few MiB at most, are not worth a file more */
	SERIES_POINTS = 500,	/* of a series in a window: half a chunk */
};

/* ---- Windows ---- */

int64_t window_day(enum count_unit unit)
{
	static const int64_t per_second[] = { 1, 1000, 1000000, 1000000000 };

	return 86400 * per_second[unit];
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Right shifts of negative numbers are arithmetic with the compilers we support: they floor. */
static int64_t shift(int64_t window, unsigned levels)
{
	return levels >= 32 ? (window < 0 ? -1 : 0) : window >> (2 * levels);
}

int64_t window_of(enum count_unit unit, unsigned level, int64_t time)
{
	return shift(floor_div(time, window_day(unit)), level);
}

static int64_t clamp(__int128 v)
{
	return v > INT64_MAX ? INT64_MAX : v < INT64_MIN ? INT64_MIN : (int64_t)v;
}

void window_bounds(enum count_unit unit, unsigned level, int64_t window, int64_t *first,
		   int64_t *last)
{
	__int128 len = (__int128)window_day(unit) << (2 * (level > 28 ? 28 : level));

	*first = clamp(len * window);
	*last = clamp(len * ((__int128)window + 1) - 1);
}

unsigned window_top(enum count_unit unit)
{
	unsigned level = 0;

	while (window_of(unit, level, INT64_MAX) != 0 || window_of(unit, level, INT64_MIN) != -1)
		level++;
	return level;
}

bool window_join(enum count_unit unit, int64_t first, int64_t last, unsigned *level,
		 int64_t *window)
{
	unsigned top = window_top(unit);

	for (unsigned l = 0; l <= top; l++) {
		if (window_of(unit, l, first) == window_of(unit, l, last)) {
			*level = l;
			*window = window_of(unit, l, first);
			return true;
		}
	}
	return false;
}

/* ---- Counting ---- */

void histogram_init(struct histogram *h, enum count_unit unit)
{
	*h = (struct histogram){ .unit = unit };
}

void histogram_free(struct histogram *h)
{
	free(h->bins);
	*h = (struct histogram){ 0 };
}

static struct histogram_bin *find(struct histogram_bin *bins, size_t cap, int64_t window)
{
	size_t i = (size_t)(((uint64_t)window * 0x9e3779b97f4a7c15u) >> 32) & (cap - 1);

	while (bins[i].points != 0 && bins[i].window != window)
		i = (i + 1) & (cap - 1);
	return &bins[i];
}

/* Moves all bins, raised by `levels`, to a table of cap. */
static int rehash(struct histogram *h, size_t cap, unsigned levels)
{
	struct histogram_bin *bins = calloc(cap, sizeof(*bins));

	if (bins == NULL)
		return COUNT_ERR_NOMEM;
	h->nbins = 0;
	for (size_t i = 0; i < h->cap; i++) {
		struct histogram_bin *b;

		if (h->bins[i].points == 0)
			continue;
		b = find(bins, cap, shift(h->bins[i].window, levels));
		h->nbins += b->points == 0;
		b->window = shift(h->bins[i].window, levels);
		b->points += h->bins[i].points;
	}
	free(h->bins);
	h->bins = bins;
	h->cap = cap;
	h->level += levels;
	return COUNT_OK;
}

int histogram_add(struct histogram *h, int64_t time, uint64_t points)
{
	struct histogram_bin *b;

	if (points == 0)
		return COUNT_OK;
	while (h->nbins >= MAX_BINS)
		if (rehash(h, h->cap, 1) != COUNT_OK)
			return COUNT_ERR_NOMEM;
	if (h->nbins * 2 >= h->cap && rehash(h, h->cap == 0 ? 64 : h->cap * 2, 0) != COUNT_OK)
		return COUNT_ERR_NOMEM;
	b = find(h->bins, h->cap, window_of(h->unit, h->level, time));
	h->nbins += b->points == 0;
	b->window = window_of(h->unit, h->level, time);
	b->points += points;
	return COUNT_OK;
}

int histogram_add_span(struct histogram *h, int64_t first, int64_t last, uint64_t points)
{
	int64_t a = window_of(h->unit, h->level, first), b = window_of(h->unit, h->level, last);
	uint64_t n = (uint64_t)b - (uint64_t)a + 1, each;
	int ret = COUNT_OK;

	if (a == b)
		return histogram_add(h, first, points);
	if (n > MAX_SPAN || n > points)
		return COUNT_ERR_STOPPED;
	each = points / n;
	/* Every window in between gets some: the plan must have a place for what may be there. */
	for (int64_t w = a; w <= b && ret == COUNT_OK; w++) {
		unsigned level = h->level;
		int64_t from, to;

		window_bounds(h->unit, level, w, &from, &to);
		ret = histogram_add(h, from, each);
		if (h->level != level)		/* it went coarser under our feet */
			return ret == COUNT_OK ? histogram_add(h, last, each) : ret;
	}
	return ret;
}

int histogram_add_times(struct histogram *h, const int64_t *times, size_t n)
{
	size_t i = 0;

	while (i < n) {
		int64_t w = window_of(h->unit, h->level, times[i]), first, last;
		size_t start = i;
		int ret;

		window_bounds(h->unit, h->level, w, &first, &last);
		while (i < n && times[i] >= first && times[i] <= last)
			i++;
		ret = histogram_add(h, times[start], i - start);
		if (ret != COUNT_OK)
			return ret;
	}
	return COUNT_OK;
}

/* ---- The plan ---- */

static int by_window(const void *a, const void *b)
{
	const struct histogram_bin *p = a, *q = b;

	return p->window < q->window ? -1 : p->window > q->window;
}

struct part {			/* a window under consideration: bins [lo, hi) */
	size_t lo, hi;
	unsigned level;
	uint64_t points;
	bool closed;
};

static uint64_t sum(const struct histogram *h, size_t lo, size_t hi)
{
	uint64_t n = 0;

	for (size_t i = lo; i < hi; i++)
		n += h->bins[i].points;
	return n;
}

/* The smallest window that holds bins [lo, hi), all on one side of 1970. */
static struct part part_of(const struct histogram *h, size_t lo, size_t hi)
{
	unsigned up = 0;

	while (shift(h->bins[lo].window, up) != shift(h->bins[hi - 1].window, up))
		up++;
	return (struct part){ .lo = lo, .hi = hi, .level = h->level + up,
			      .points = sum(h, lo, hi), .closed = up == 0 };
}

/* The windows one level down that hold points: 1 to 4. */
static size_t children(const struct histogram *h, const struct part *p, struct part out[4])
{
	unsigned up = p->level - h->level - 1;
	size_t n = 0;

	for (size_t i = p->lo, j; i < p->hi; i = j) {
		for (j = i + 1; j < p->hi; j++)
			if (shift(h->bins[i].window, up) != shift(h->bins[j].window, up))
				break;
		out[n++] = part_of(h, i, j);
	}
	return n;
}

/* Goes down while one child has three quarters of the points; true if it moved. */
static bool densest(const struct histogram *h, const struct part *from, struct part *dense)
{
	*dense = *from;
	while (dense->level > h->level) {
		struct part child[4];
		size_t n = children(h, dense, child), best = 0;

		for (size_t i = 1; i < n; i++)
			if (child[i].points > child[best].points)
				best = i;
		if (child[best].points / 3 < from->points / 4)
			break;
		*dense = child[best];
	}
	return dense->level != from->level;
}

/* Refines one part: carves out its dense place, or splits it; or closes it. */
static void refine(const struct histogram *h, struct part *parts, size_t i, size_t *n, size_t max,
		   uint64_t nseries, int64_t quiet)
{
	struct part dense, child[4];
	int64_t first, last;
	size_t k;

	window_bounds(h->unit, parts[i].level,
		      shift(h->bins[parts[i].lo].window, parts[i].level - h->level), &first, &last);
	if (last < quiet) {	/* compaction would join what we split */
		parts[i].closed = true;
		return;
	}

	if (densest(h, &parts[i], &dense)) {
		parts[i].closed = true;
		if (*n < max && parts[i].points >= SPLIT_POINTS) {
			parts[i].points -= dense.points;
			parts[(*n)++] = dense;
		}
		return;
	}
	k = children(h, &parts[i], child);
	if (*n - 1 + k > max || parts[i].points < SPLIT_POINTS ||
	    parts[i].points / k / SERIES_POINTS < nseries) {
		parts[i].closed = true;
		return;
	}
	parts[i] = child[0];
	for (size_t c = 1; c < k; c++)
		parts[(*n)++] = child[c];
}

static int by_level(const void *a, const void *b)
{
	const struct plan_window *p = a, *q = b;

	return p->level < q->level ? -1 : p->level > q->level;
}

void plan_make(struct histogram *h, uint64_t nseries, size_t max, int64_t quiet, struct plan *plan)
{
	struct part parts[PLAN_MAX];
	size_t n = 0, len = 0, zero = 0;

	for (size_t i = 0; i < h->cap; i++)
		if (h->bins[i].points != 0)
			h->bins[len++] = h->bins[i];
	h->nbins = h->cap = len;
	*plan = (struct plan){ 0 };
	if (len == 0)
		return;
	qsort(h->bins, len, sizeof(*h->bins), by_window);
	while (zero < len && h->bins[zero].window < 0)
		zero++;
	if (zero > 0)
		parts[n++] = part_of(h, 0, zero);
	if (zero < len)
		parts[n++] = part_of(h, zero, len);
	for (;;) {
		size_t best = n;

		for (size_t i = 0; i < n; i++)
			if (!parts[i].closed && (best == n || parts[i].points > parts[best].points))
				best = i;
		if (best == n)
			break;
		refine(h, parts, best, &n, max, nseries, quiet);
	}
	for (size_t i = 0; i < n; i++) {
		struct plan_window *w = &plan->v[plan->n++];

		w->level = parts[i].level;
		w->window = shift(h->bins[parts[i].lo].window, w->level - h->level);
		w->points = parts[i].points;
		window_bounds(h->unit, w->level, w->window, &w->first, &w->last);
	}
	qsort(plan->v, plan->n, sizeof(plan->v[0]), by_level);
}

void plan_single(enum count_unit unit, unsigned level, int64_t window, struct plan *plan)
{
	*plan = (struct plan){ .n = 1 };
	plan->v[0].level = level;
	plan->v[0].window = window;
	window_bounds(unit, level, window, &plan->v[0].first, &plan->v[0].last);
}

int plan_route(const struct plan *plan, int64_t time, int64_t *until)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_window *w = &plan->v[i];

		if (time < w->first || time > w->last)
			continue;
		*until = w->last;
		for (size_t k = 0; k < i; k++)	/* a smaller one inside, later than time */
			if (plan->v[k].first > time && plan->v[k].first <= *until)
				*until = plan->v[k].first - 1;
		return (int)i;
	}
	return -1;
}

int plan_route_wide(const struct plan *plan, int wide, int64_t time, int64_t *until)
{
	const struct plan_window *w = wide < 0 ? NULL : &plan->v[wide];
	int slot;

	if (w != NULL && time >= w->first && time <= w->last) {
		*until = w->last;
		return wide;
	}
	slot = plan_route(plan, time, until);
	if (w != NULL && slot >= 0 && w->first > time && w->first <= *until)
		*until = w->first - 1;
	return slot;
}
