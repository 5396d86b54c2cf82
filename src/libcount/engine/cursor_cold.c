/*
 * cursor_cold.c - the cold tier of an open query: its index in the view, objects asked for ahead; see cursor.h.
 *
 * A series with one object costs a round trip, and a query may mean thousands of series.  So their names
 * are taken from the selection ahead of their turn, each is planned, and its objects are asked for; when its
 * turn comes the plan is made once more for good.  With a limit nothing is asked for ahead.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/cold_plan.h"
#include "engine/cursor.h"

enum {
	OPEN_TRIES = 100,		/* an archive run publishes seconds apart */
	AHEAD_NAMES = 1024,
	AHEAD_NAMES_FIRST = 65536,	/* until there is an object to ask for: its failure comes before all output */
	AHEAD_OBJECTS = 4,		/* for each request under way */
};

/* ---- The view ---- */

static bool same_index(const struct cold_view *v, const struct current *cur)
{
	return v != NULL && v->ncold == cur->ncold && memcmp(v->cold, cur->cold, v->ncold * sizeof(*v->cold)) == 0;
}

void cursor_view_close(struct view *v)
{
	if (v->open)
		snapshot_close(&v->snap);
	v->open = false;
	cold_source_unload(&v->main);
	if (v->own_cold)
		cold_view_close(v->cold);
	v->cold = NULL;
	v->own_cold = false;
}

static void say_off(const count_cursor *c, const struct current *cur)
{
	bool only = (c->q.tiers & COUNT_TIER_ALL) == COUNT_TIER_COLD;

	if ((c->q.tiers & COUNT_TIER_COLD) != 0 && (cur->ncold > 0 || only))
		log_msg(&c->db->dir.log, only ? 1 : 2, "S3_ENABLED is false: the cold tier is not looked at");
}

/* The index of the same CURRENT as the snapshot; c->view's own one if it is that. */
static int open_cold(count_cursor *c, struct view *v, struct count_error *err)
{
	int ret;

	if (v != &c->view && same_index(c->view.cold, &v->snap.current)) {
		v->cold = c->view.cold;
		return COUNT_OK;
	}
	ret = cold_view_open(c->db, &v->snap.current, &v->cold, err);
	v->own_cold = ret == COUNT_OK;
	if (v->own_cold)
		v->cold->partial = c->q.partial;
	return ret;
}

int cursor_view_open(count_cursor *c, struct view *v, int64_t from, int64_t last, struct count_error *err)
{
	bool cold = (c->q.tiers & COUNT_TIER_COLD) != 0 && c->db->cold.enabled;
	struct count_error why = { 0 };

	for (unsigned i = 0; i < OPEN_TRIES; i++) {
		int ret = snapshot_open(&c->db->dir, from, last, &v->snap, err);

		if (ret != COUNT_OK)
			return ret;
		why = (struct count_error){ 0 };
		ret = cold ? open_cold(c, v, &why) : COUNT_OK;
		if (ret == COUNT_OK) {
			v->open = true;
			sources_local(&v->sources, &v->snap, c->q.tiers);
			v->main.view = v->cold;
			v->main.pieces = c->cold_pieces;
			if (cold)
				sources_add(&v->sources, &source_cold, &v->main);
			else
				say_off(c, &v->snap.current);
			return COUNT_OK;
		}
		snapshot_close(&v->snap);
		if (ret != COUNT_ERR_NOTFOUND)
			return err_set(err, ret, "%s", why.text);
	}
	return err_set(err, COUNT_ERR_IO, "%s; CURRENT names it", why.text);
}

/* ---- What others did ---- */

int cursor_freshen(count_cursor *c, struct count_error *err)
{
	struct cold_fresh q = { .from = c->q.from, .fresh = c->q.fresh, .selectors = c->q.selectors,
				.nselectors = c->q.nselectors };
	struct cold_view *v = c->view.cold;
	struct count_error why = { 0 };
	int ret;

	if (v == NULL || c->no_range)
		return COUNT_OK;
	ret = cold_view_stale(v, &q, err);
	if (ret != 1)
		return ret;
	ret = cold_view_learn(v, &q, &why);
	if (ret == COUNT_OK)
		return ret;
	/* One bad manifest does not stop a query of other series. */
	if (ret == COUNT_ERR_COLD && !c->q.fresh && cold_view_all_known(v, &q, NULL) == 1) {
		log_msg(&c->db->dir.log, 2, "%s", why.text);
		return COUNT_OK;
	}
	return cold_view_failed(v, ret, &why, err);
}

/* ---- The plan of a series ---- */

static bool wants_stats(void *arg, int64_t first, int64_t last)
{
	return agg_stream_wants_stats(arg, first, last);
}

/* Of those in l, for c's kind of query. */
static void plan_list(count_cursor *c, struct cold_source *s, struct piece_list *l, int64_t from)
{
	/* A stream that is in no bucket finds that of the piece, as one that is in another does. */
	struct agg_stream idle = { .needs = c->stream.needs, .buckets = &c->buckets };

	cold_plan_pieces(s, l, from, c->last, c->q.naggs > 0 ? wants_stats : NULL, &idle);
}

int cursor_plan(count_cursor *c, struct cold_source *s, const struct sources *src, const char *name, size_t len,
		struct piece_list *l, struct count_error *err)
{
	int ret = cold_source_load(s, name, len, err);

	if (ret != 1 || c->no_range)
		return ret < 0 ? ret : COUNT_OK;
	ret = COUNT_OK;
	cold_plan_clear(s);
	s->pieces = COLD_ENDS;
	if (c->q.mode == COUNT_QUERY_LAST)
		return cold_plan_newest(s, src, c->q.from, c->last, l, err);
	if (c->q.mode == COUNT_QUERY_LIST)
		return cursor_is_ranged(c) ? cold_plan_any(s, src, c->q.from, c->last, l, err) : COUNT_OK;
	if ((agg_needs(c->q.aggs, c->q.naggs) & AGG_NEED_STEPS) && c->q.from > INT64_MIN)
		ret = cold_plan_newest(s, src, INT64_MIN, c->q.from - 1, l, err);
	s->pieces = c->cold_pieces;
	if (ret == COUNT_OK)
		ret = sources_find(src, name, len, c->q.from, c->last, l, err);
	if (ret == COUNT_OK)
		plan_list(c, s, l, c->q.from);
	return ret;
}

int cursor_plan_pieces(count_cursor *c, int64_t from, struct count_error *err)
{
	struct cold_source *s = &c->view.main;

	if (c->view.cold == NULL || !s->loaded)
		return COUNT_OK;
	cold_plan_clear(s);
	plan_list(c, s, &c->pieces, from);
	return c->q.limit == 0 ? cold_plan_ask(s, err) : COUNT_OK;
}

int cursor_cold_failed(count_cursor *c, int ret, const struct count_error *why, struct count_error *err)
{
	if (c->view.cold != NULL)
		return cold_source_failed(&c->view.main, ret, why, err);
	if (err != NULL && err->code == COUNT_OK)
		*err = *why;
	return ret;
}

/* ---- Looking ahead ---- */

void cursor_ahead_begin(count_cursor *c)
{
	struct ahead *a = &c->ahead;
	struct extent e = { 0 };

	if (c->view.cold == NULL || c->q.limit > 0 || c->no_range ||
	    (c->q.mode == COUNT_QUERY_LIST && !cursor_is_ranged(c)))
		return;
	/* A walk over all names is made anyway; for a few named series it would be too much. */
	a->on = true;
	if (c->sel.scan) {
		source_cold.extent_all(&c->view.main, &e);
		/* Rates look before the range. */
		a->on = e.any && e.first <= c->last && (e.last >= c->q.from || c->q.naggs > 0);
	}
	a->state.view = c->view.cold;
	sources_local(&a->sources, &c->view.snap, c->q.tiers);
	sources_add(&a->sources, &source_cold, &a->state);
}

void cursor_ahead_free(count_cursor *c)
{
	struct ahead *a = &c->ahead;

	while (a->first < a->n)
		free(a->names[a->first++]);
	free(a->names);
	cold_source_unload(&a->state);
	piece_list_free(&a->pieces);
	free(a->reached_by);
	a->names = NULL;
	a->reached_by = NULL;
	a->first = a->n = a->cap = 0;
}

static int push(struct ahead *a, const char *name, size_t len)
{
	if (a->first > 0 && a->n == a->cap) {
		memmove(a->names, a->names + a->first, (a->n - a->first) * sizeof(*a->names));
		a->n -= a->first;
		a->first = 0;
	}
	if (a->n == a->cap) {
		size_t cap = a->cap * 2 + 64;
		char **names = reallocarray(a->names, cap, sizeof(*names));

		if (names == NULL)
			return COUNT_ERR_NOMEM;
		a->names = names;
		a->cap = cap;
	}
	a->names[a->n] = strndup(name, len);
	if (a->names[a->n] == NULL)
		return COUNT_ERR_NOMEM;
	a->n++;
	return COUNT_OK;
}

static bool enough(const count_cursor *c)
{
	const struct ahead *a = &c->ahead;
	const struct cold_view *v = c->view.cold;
	size_t objects = 0, names = a->n - a->first;
	uint64_t bytes = v->fetch != NULL ? cold_fetch_asked(v->fetch, &objects) : 0;

	if (names == 0)
		return false;
	return objects >= AHEAD_OBJECTS * (size_t)v->db->cold.jobs || bytes >= COLD_FETCH_BYTES ||
	       names >= (v->fetch == NULL ? AHEAD_NAMES_FIRST : AHEAD_NAMES);
}

static int ask_ahead(count_cursor *c, const char *name, size_t len, struct count_error *err)
{
	struct ahead *a = &c->ahead;
	int ret = cursor_plan(c, &a->state, &a->sources, name, len, &a->pieces, err);

	if (ret == COUNT_OK && a->state.loaded && a->state.len == len && memcmp(a->state.name, name, len) == 0)
		ret = cold_plan_ask(&a->state, err);
	if (ret == COUNT_OK && a->reached_by == NULL && c->view.cold->fetch != NULL) {
		a->reached_by = strndup(name, len);
		a->reached_len = len;
		ret = a->reached_by != NULL ? COUNT_OK : err_nomem(err);
	}
	return ret;
}

static int fill(count_cursor *c, struct count_error *err)
{
	struct ahead *a = &c->ahead;

	while (!a->ended && !enough(c)) {
		const char *name;
		size_t len;
		int ret = selection_next(&c->sel, &name, &len, err);

		if (ret < 0)
			return ret;
		a->ended = ret == 0;
		if (ret == 1 && push(a, name, len) != COUNT_OK)
			return err_nomem(err);
		if (ret == 1)
			ret = ask_ahead(c, a->names[a->n - 1], len, err);
		if (ret < 0)
			return ret;
	}
	return COUNT_OK;
}

/* Can the bucket be reached?  Known with the first object; one that is gone is seen to when its turn comes. */
static int try_reach(count_cursor *c, struct count_error *err)
{
	struct ahead *a = &c->ahead;
	struct cold_view *v = c->view.cold;
	struct count_error why = { 0 };
	bool changed;
	int ret;

	if (a->reached || v->fetch == NULL || v->partial)
		return COUNT_OK;
	a->reached = true;
	ret = cold_fetch_try_first(v->fetch, &why);
	/* 403 is also what a missing object gives who may not list: its manifest tells. */
	if (ret == COUNT_ERR_DENIED && cold_view_relearn(v, a->reached_by, a->reached_len, &changed, NULL) == COUNT_OK)
		return COUNT_OK;
	if (ret != COUNT_ERR_NET && ret != COUNT_ERR_DENIED)
		return COUNT_OK;
	if (err != NULL && err->code == COUNT_OK) {
		err->sys_errno = why.sys_errno;
		err->http_status = why.http_status;
	}
	return err_set(err, ret, "%.400s; archived points of %.60s cannot be read (--partial leaves them out)",
		       why.text, a->reached_by);
}

int cursor_ahead_next(count_cursor *c, const char **name, size_t *len, struct count_error *err)
{
	struct ahead *a = &c->ahead;
	int ret = fill(c, err);

	if (ret == COUNT_OK)
		ret = try_reach(c, err);
	if (ret != COUNT_OK)
		return ret;
	free(a->current);
	a->current = NULL;
	if (a->first == a->n)
		return 0;
	a->current = a->names[a->first++];
	*name = a->current;
	*len = strlen(a->current);
	return 1;
}
