/* source.c - all sources of a query as one: names merged, pieces joined; see source.h. */
#include "engine/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int name_order(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return c != 0 ? c : (a_len > b_len) - (a_len < b_len);
}

void sources_add(struct sources *s, const struct source_ops *ops, void *state)
{
	s->v[s->n].ops = ops;
	s->v[s->n++].state = state;
}

void sources_local(struct sources *s, struct snapshot *snap, unsigned tiers)
{
	s->n = 0;
	if (tiers & COUNT_TIER_HOT)
		sources_add(s, &source_hot, snap);
	if (tiers & COUNT_TIER_WARM)
		sources_add(s, &source_warm, snap);
}

int sources_has(const struct sources *s, const char *name, size_t len, struct count_error *err)
{
	for (size_t i = 0; i < s->n; i++) {
		int ret = s->v[i].ops->has(s->v[i].state, name, len, err);

		if (ret != 0)
			return ret;
	}
	return 0;
}

int sources_extent(const struct sources *s, const char *name, size_t len, struct extent *e,
		   struct count_error *err)
{
	int ret = COUNT_OK;

	for (size_t i = 0; i < s->n && ret == COUNT_OK; i++)
		ret = s->v[i].ops->extent(s->v[i].state, name, len, e, err);
	return ret;
}

void sources_extent_all(const struct sources *s, struct extent *e)
{
	for (size_t i = 0; i < s->n; i++)
		s->v[i].ops->extent_all(s->v[i].state, e);
}

/* ---- Names ---- */

struct head {		/* of one source: its next name */
	struct name_iter *it;
	const char *name;
	size_t len;
	bool due;	/* the name was given: move on first */
	bool done;
};

struct merged {
	struct name_iter base;
	struct head heads[SOURCES_MAX];
	size_t n;
};

static int advance(struct head *h, struct count_error *err)
{
	int ret;

	if (!h->due || h->done)
		return COUNT_OK;
	ret = h->it->ops->next(h->it, &h->name, &h->len, err);
	if (ret < 0)
		return ret;
	h->due = false;
	h->done = ret == 0;
	return COUNT_OK;
}

static int merged_next(struct name_iter *it, const char **name, size_t *len,
		       struct count_error *err)
{
	struct merged *m = (struct merged *)it;
	struct head *best = NULL;

	for (size_t i = 0; i < m->n; i++) {
		struct head *h = &m->heads[i];
		int ret = advance(h, err);

		if (ret != COUNT_OK)
			return ret;
		if (!h->done && (best == NULL ||
				 name_order(h->name, h->len, best->name, best->len) < 0))
			best = h;
	}
	if (best == NULL)
		return 0;
	*name = best->name;
	*len = best->len;
	for (size_t i = 0; i < m->n; i++) {
		struct head *h = &m->heads[i];

		if (!h->done && name_order(h->name, h->len, best->name, best->len) == 0)
			h->due = true;
	}
	return 1;
}

static void merged_close(struct name_iter *it)
{
	struct merged *m = (struct merged *)it;

	for (size_t i = 0; i < m->n; i++)
		m->heads[i].it->ops->close(m->heads[i].it);
	free(m);
}

static const struct name_iter_ops merged_ops = { merged_next, merged_close };

int sources_names(const struct sources *s, struct name_iter **it, struct count_error *err)
{
	struct merged *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return err_nomem(err);
	m->base.ops = &merged_ops;
	for (size_t i = 0; i < s->n; i++) {
		struct head *h = &m->heads[m->n];
		int ret = s->v[i].ops->names(s->v[i].state, &h->it, err);

		if (ret != COUNT_OK) {
			merged_close(&m->base);
			return ret;
		}
		h->due = true;
		m->n++;
	}
	*it = &m->base;
	return COUNT_OK;
}

/* ---- Pieces ---- */

static int by_first(const void *a, const void *b)
{
	const struct piece *p = a, *q = b;

	return (p->first > q->first) - (p->first < q->first);
}

int sources_find(const struct sources *s, const char *name, size_t len, int64_t from, int64_t last,
		 struct piece_list *out, struct count_error *err)
{
	out->len = 0;
	for (size_t i = 0; i < s->n; i++) {
		int ret = s->v[i].ops->find(s->v[i].state, name, len, from, last, out, err);

		if (ret != COUNT_OK)
			return ret;
	}
	for (size_t i = 1; i < out->len; i++) {
		if (out->v[i - 1].first > out->v[i].first) {
			qsort(out->v, out->len, sizeof(*out->v), by_first);
			break;
		}
	}
	return COUNT_OK;
}
