/*
 * cursor_summary.c - what there is beyond an empty answer: see count_cursor_summary().
 *
 * All of it is found when it is asked for, in one more pass over the names, and only if
 * the answer was empty or a selector matched nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/cursor.h"
#include "engine/suggest.h"

#define SUGGEST_NAMES_MAX 200000	/* names looked at for a suggestion: well under a second */

/* Every series that is meant, wherever it lies: sets `matched` and joins the extents. */
static int pass(count_cursor *c, const struct view *v, struct extent *e, uint64_t *series,
		struct count_error *err)
{
	const char *name;
	size_t len;
	int ret = selection_begin(&c->sel, &v->sources, err);

	/* All series: entries of files tell, no name need be read. */
	if (c->sel.n == 0)
		sources_extent_all(&v->sources, e);
	while (ret == COUNT_OK && (ret = selection_next(&c->sel, &name, &len, err)) == 1) {
		ret = COUNT_OK;
		if (c->sel.n > 0)
			ret = sources_extent(&v->sources, name, len, e, err);
		++*series;
	}
	return ret;
}

static size_t count_unmatched(const count_cursor *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->sel.n; i++)
		n += !c->sel.items[i].matched;
	return n;
}

static int suggest_for(const struct view *v, struct unmatched *u, struct count_error *err)
{
	struct suggest *s = malloc(sizeof(*s));
	struct name_iter *it;
	const char *name;
	size_t len;
	int ret;

	if (s == NULL)
		return err_nomem(err);
	suggest_begin(s, u->text);
	ret = sources_names(&v->sources, &it, err);
	if (ret == COUNT_OK) {
		for (size_t i = 0; i < SUGGEST_NAMES_MAX; i++) {
			ret = it->ops->next(it, &name, &len, err);
			if (ret != 1)
				break;
			suggest_offer(s, name, len);
		}
		it->ops->close(it);
	}
	if (ret >= 0 && suggest_found(s) != NULL) {
		u->suggestion = strdup(suggest_found(s));
		if (u->suggestion == NULL)
			ret = err_nomem(err);
	}
	free(s);
	return ret < 0 ? ret : COUNT_OK;
}

static int list_unmatched(count_cursor *c, size_t n, struct count_error *err)
{
	c->unmatched = calloc(n, sizeof(*c->unmatched));
	if (c->unmatched == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < c->sel.n; i++)
		if (!c->sel.items[i].matched)
			c->unmatched[c->nunmatched++].text = c->sel.items[i].text;
	return COUNT_OK;
}

static int summarize(count_cursor *c, struct count_error *err)
{
	struct count_query_summary *s = &c->summary;
	struct extent e = { 0 };
	struct view *wide;
	size_t n = count_unmatched(c);
	int ret;

	s->series = c->series;
	s->rows = c->rows;
	if (n > 0 || c->rows == 0) {
		s->series = 0;
		ret = cursor_wide(c, &wide, err);
		if (ret == COUNT_OK)
			ret = pass(c, wide, &e, &s->series, err);
		n = count_unmatched(c);
		if (ret == COUNT_OK && n > 0)
			ret = list_unmatched(c, n, err);
		if (ret != COUNT_OK)
			return ret;
	}
	s->nunmatched = n;
	s->have_times = e.any;
	s->oldest = e.first;
	s->newest = e.last;
	c->summed = true;
	c->ended = true;	/* the pass took the names from whatever came next */
	return COUNT_OK;
}

int count_cursor_summary(count_cursor *c, struct count_query_summary *summary,
			 struct count_error *err)
{
	if (!c->summed) {
		int ret = summarize(c, err);

		if (ret != COUNT_OK)
			return ret;
	}
	*summary = c->summary;
	return COUNT_OK;
}

const char *count_cursor_unmatched(count_cursor *c, size_t i, const char **suggestion)
{
	struct unmatched *u;
	struct view *wide;

	if (i >= c->nunmatched)
		return NULL;
	u = &c->unmatched[i];
	if (suggestion != NULL) {
		if (u->suggestion == NULL && cursor_wide(c, &wide, NULL) == COUNT_OK)
			suggest_for(wide, u, NULL);
		*suggestion = u->suggestion;
	}
	return u->text;
}
