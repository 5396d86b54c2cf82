/* source_local.c - the log and the blocks of a snapshot as sources; see source.h. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/source.h"

/* ---- The log ---- */

/* false: not in this frame, or damaged and noted. */
static bool frame_find(struct snapshot *s, const struct hot_frame *f, const char *name, size_t len,
		       uint64_t hash, struct hot_run *run)
{
	int ret = hot_frame_find(f, name, len, hash, run);

	run->frame = f;
	if (ret == COUNT_ERR_CORRUPT)
		piece_note_run(s, run);
	return ret == COUNT_OK;
}

static int hot_has(void *state, const char *name, size_t len, struct count_error *err)
{
	struct snapshot *s = state;
	uint64_t hash = hot_hash(name, len);
	struct hot_run run;

	(void)err;
	for (size_t i = s->log.nframes; i-- > 0;)	/* from the newest: sooner a hit */
		if (frame_find(s, &s->log.frames[i], name, len, hash, &run))
			return 1;
	return 0;
}

static int hot_extent(void *state, const char *name, size_t len, struct extent *e,
		      struct count_error *err)
{
	struct snapshot *s = state;
	uint64_t hash = hot_hash(name, len);
	struct hot_run run;

	(void)err;
	/* The newest first, then from the oldest on: mostly these two have both ends, and rule out the others. */
	for (size_t n = s->log.nframes, i = 0; i < n; i++) {
		const struct hot_frame *f = &s->log.frames[i == 0 ? n - 1 : i - 1];

		if (e->any && f->first_time >= e->first && f->last_time <= e->last)
			continue;	/* cannot widen it */
		if (frame_find(s, f, name, len, hash, &run))
			extent_add(e, run.first_time, run.last_time);
	}
	return COUNT_OK;
}

/* From the newest frame on: times mostly grow with them, so the first hit rules out the others. */
static int hot_latest(void *state, const char *name, size_t len, bool *any, int64_t *latest,
		      struct count_error *err)
{
	struct snapshot *s = state;
	uint64_t hash = hot_hash(name, len);
	struct hot_run run;

	(void)err;
	for (size_t i = s->log.nframes; i-- > 0;) {
		const struct hot_frame *f = &s->log.frames[i];

		if ((!*any || f->last_time > *latest) && frame_find(s, f, name, len, hash, &run) &&
		    (!*any || run.last_time > *latest)) {
			*any = true;
			*latest = run.last_time;
		}
	}
	return COUNT_OK;
}

static void hot_extent_all(void *state, struct extent *e)
{
	const struct snapshot *s = state;

	for (size_t i = 0; i < s->log.nframes; i++)
		extent_add(e, s->log.frames[i].first_time, s->log.frames[i].last_time);
}

static int hot_find(void *state, const char *name, size_t len, int64_t from, int64_t last,
		    struct piece_list *out, struct count_error *err)
{
	return pieces_find(state, name, len, from, last, COUNT_TIER_HOT, out, err);
}

/* ---- The names of the log: gathered from all frames, sorted ---- */

struct hot_name {
	const char *name;	/* in the map */
	size_t len;
	uint64_t hash;
};

#define WHOLE_FRAMES 16		/* a power of two */

struct hot_names {
	struct name_iter base;
	struct hot_name *v;	/* a hash table while they are gathered, then sorted */
	size_t n, cap, next;
	const struct hot_frame *whole[WHOLE_FRAMES];	/* of which all names are here, the latest ones */
	unsigned nwhole;
};

/* The slot of a name, or the free one where it belongs; cap is a power of two, never full. */
static struct hot_name *slot(struct hot_name *v, size_t cap, const struct hot_name *name)
{
	size_t i = (size_t)name->hash & (cap - 1);

	while (v[i].name != NULL &&
	       (v[i].hash != name->hash || v[i].len != name->len ||
		memcmp(v[i].name, name->name, name->len) != 0))
		i = (i + 1) & (cap - 1);
	return &v[i];
}

static bool grow(struct hot_names *h)
{
	size_t cap = h->cap == 0 ? 1024 : h->cap * 2;
	struct hot_name *v = calloc(cap, sizeof(*v));

	if (v == NULL)
		return false;
	for (size_t i = 0; i < h->cap; i++)
		if (h->v[i].name != NULL)
			*slot(v, cap, &h->v[i]) = h->v[i];
	free(h->v);
	h->v = v;
	h->cap = cap;
	return true;
}

/* Whether a frame with the same series was gathered: nearly all, where a scrape brings them all. */
static bool is_gathered(const struct hot_names *h, const struct hot_frame *f)
{
	for (unsigned i = 0; i < h->nwhole && i < WHOLE_FRAMES; i++)
		if (h->whole[i]->names == f->names && h->whole[i]->nruns == f->nruns && h->whole[i]->salt == f->salt)
			return true;
	return false;
}

static bool gather_frame(struct hot_names *h, struct snapshot *s, const struct hot_frame *f)
{
	bool whole = true;

	if (is_gathered(h, f))
		return true;
	for (uint32_t i = 0; i < f->nruns; i++) {
		struct hot_run run;
		struct hot_name name, *at = NULL;

		if (2 * h->n >= h->cap && !grow(h))
			return false;
		if (hot_frame_name(f, i, &run) == COUNT_OK) {
			name = (struct hot_name){ run.name, run.name_len, run.hash };
			at = slot(h->v, h->cap, &name);
		}
		if (at == NULL || (at->name == NULL && !hot_run_named(&run))) {
			piece_note_run(s, &run);
			whole = false;
		} else if (at->name == NULL) {
			*at = name;
			h->n++;
		}
	}
	if (whole)
		h->whole[h->nwhole++ % WHOLE_FRAMES] = f;
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct hot_name *p = a, *q = b;

	return name_order(p->name, p->len, q->name, q->len);
}

static int hot_names_next(struct name_iter *it, const char **name, size_t *len,
			  struct count_error *err)
{
	struct hot_names *h = (struct hot_names *)it;

	(void)err;
	if (h->next == h->n)
		return 0;
	*name = h->v[h->next].name;
	*len = h->v[h->next++].len;
	return 1;
}

static void hot_names_close(struct name_iter *it)
{
	free(((struct hot_names *)it)->v);
	free(it);
}

static const struct name_iter_ops hot_names_ops = { hot_names_next, hot_names_close };

static int hot_names(void *state, struct name_iter **it, struct count_error *err)
{
	struct snapshot *s = state;
	struct hot_names *h = calloc(1, sizeof(*h));
	size_t n = 0;

	if (h == NULL)
		return err_nomem(err);
	h->base.ops = &hot_names_ops;
	for (size_t i = 0; i < s->log.nframes; i++) {
		if (!gather_frame(h, s, &s->log.frames[i])) {
			hot_names_close(&h->base);
			return err_nomem(err);
		}
	}
	for (size_t i = 0; i < h->cap; i++)
		if (h->v[i].name != NULL)
			h->v[n++] = h->v[i];
	if (n > 1)
		qsort(h->v, n, sizeof(*h->v), by_name);
	*it = &h->base;
	return COUNT_OK;
}

/* ---- The blocks ---- */

/* NULL: not there; damage is noted and counts as that.  `found` is room for the answer. */
static const struct block_series *find_in_block(struct snapshot *s, size_t i, const char *name, size_t len,
						struct block_series *found)
{
	const struct snapshot_walk *walk = snapshot_walking(s, name, len);
	uint64_t at = 0;
	int ret;

	if (!s->blocks[i].open)
		return NULL;
	for (size_t k = 0; walk != NULL && k < walk->n; k++)
		if (walk->places[k].block == i)
			return walk->places[k].series;
	if (walk != NULL)
		return NULL;
	ret = block_find(&s->blocks[i].block, name, len, found, &at);
	if (ret != COUNT_OK && ret != COUNT_ERR_NOTFOUND)
		snapshot_note_block(s, i, at);
	return ret == COUNT_OK ? found : NULL;
}

static int warm_has(void *state, const char *name, size_t len, struct count_error *err)
{
	struct snapshot *s = state;
	struct block_series found;

	(void)err;
	for (size_t i = 0; i < s->nblocks; i++)
		if (find_in_block(s, i, name, len, &found) != NULL)
			return 1;
	return 0;
}

static int warm_extent(void *state, const char *name, size_t len, struct extent *e,
		       struct count_error *err)
{
	struct snapshot *s = state;
	struct block_series room;

	(void)err;
	for (size_t i = 0; i < s->nblocks; i++) {
		const struct current_block *b = s->blocks[i].entry;
		const struct block_series *found;

		if (e->any && b->first_time >= e->first && b->last_time <= e->last)
			continue;
		found = find_in_block(s, i, name, len, &room);
		if (found != NULL)
			extent_add(e, found->first_time, found->last_time);
	}
	return COUNT_OK;
}

static int warm_latest(void *state, const char *name, size_t len, bool *any, int64_t *latest,
		       struct count_error *err)
{
	struct snapshot *s = state;
	struct block_series room;

	(void)err;
	for (size_t i = s->nblocks; i-- > 0;) {
		const struct block_series *found;

		if (*any && s->blocks[i].entry->last_time <= *latest)
			continue;
		found = find_in_block(s, i, name, len, &room);
		if (found != NULL && (!*any || found->last_time > *latest)) {
			*any = true;
			*latest = found->last_time;
		}
	}
	return COUNT_OK;
}

static void warm_extent_all(void *state, struct extent *e)
{
	const struct snapshot *s = state;

	for (size_t i = 0; i < s->nblocks; i++)
		extent_add(e, s->blocks[i].entry->first_time, s->blocks[i].entry->last_time);
}

static int warm_find(void *state, const char *name, size_t len, int64_t from, int64_t last,
		     struct piece_list *out, struct count_error *err)
{
	return pieces_find(state, name, len, from, last, COUNT_TIER_WARM, out, err);
}

/* ---- The names of the blocks: their sorted tables merged through a heap ---- */

struct block_names {
	size_t block;
	struct block_series_cursor cur;
};

struct warm_names {
	struct name_iter base;
	struct snapshot *snap;
	struct block_names **heap;	/* each stands at its next name */
	size_t n;
	struct block_names **given;	/* these at the name just given, by block: their turn comes with the next */
	size_t ngiven;
	struct snapshot_place *places;	/* the same for the snapshot */
	char last[COUNT_SERIES_MAX + 1];
	size_t last_len;
	bool any;
};

static int order_names(const struct block_names *a, const struct block_names *b)
{
	return name_order(a->cur.s.name, a->cur.s.name_len, b->cur.s.name, b->cur.s.name_len);
}

/* Moves to the next name; false: there is none. */
static bool step(struct snapshot *s, struct block_names *b)
{
	for (;;) {
		uint64_t at = 0;
		int ret = block_next_series(&s->blocks[b->block].block, &b->cur, &at);

		if (ret == COUNT_OK)
			return true;
		if (ret != COUNT_ERR_CORRUPT) {
			if (ret != COUNT_ERR_NOTFOUND)
				snapshot_note_block(s, b->block, at);
			return false;
		}
		snapshot_note_block(s, b->block, at);
	}
}

static void push(struct warm_names *w, struct block_names *b)
{
	size_t i = w->n++;

	while (i > 0 && order_names(b, w->heap[(i - 1) / 2]) < 0) {
		w->heap[i] = w->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	w->heap[i] = b;
}

static struct block_names *pop(struct warm_names *w)
{
	struct block_names *top = w->heap[0], *b = w->heap[--w->n];
	size_t i = 0;

	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= w->n)
			break;
		if (c + 1 < w->n && order_names(w->heap[c + 1], w->heap[c]) < 0)
			c++;
		if (order_names(w->heap[c], b) >= 0)
			break;
		w->heap[i] = w->heap[c];
		i = c;
	}
	w->heap[i] = b;
	return top;
}

/* The blocks that have the name given before move on. */
static void step_given(struct warm_names *w)
{
	w->snap->walk = (struct snapshot_walk){ 0 };
	for (size_t i = 0; i < w->ngiven; i++) {
		if (step(w->snap, w->given[i]))
			push(w, w->given[i]);
		else
			free(w->given[i]);
	}
	w->ngiven = 0;
}

static void take_given(struct warm_names *w)
{
	size_t at = w->ngiven++;
	struct block_names *b = pop(w);

	for (; at > 0 && w->given[at - 1]->block > b->block; at--)
		w->given[at] = w->given[at - 1];
	w->given[at] = b;
}

static int warm_names_next(struct name_iter *it, const char **name, size_t *len,
			   struct count_error *err)
{
	struct warm_names *w = (struct warm_names *)it;
	bool fresh;

	(void)err;
	do {
		const struct block_series *top;

		step_given(w);
		if (w->n == 0)
			return 0;
		do
			take_given(w);
		while (w->n > 0 && order_names(w->heap[0], w->given[0]) == 0);
		top = &w->given[0]->cur.s;
		/* A block out of order is damaged: what it has before its place is passed over. */
		fresh = !w->any || name_order(top->name, top->name_len, w->last, w->last_len) > 0;
	} while (!fresh);
	memcpy(w->last, w->given[0]->cur.s.name, w->given[0]->cur.s.name_len);
	w->last_len = w->given[0]->cur.s.name_len;
	w->any = true;
	for (size_t i = 0; i < w->ngiven; i++)
		w->places[i] = (struct snapshot_place){ w->given[i]->block, &w->given[i]->cur.s };
	w->snap->walk = (struct snapshot_walk){ w->last, w->last_len, w->places, w->ngiven };
	*name = w->last;
	*len = w->last_len;
	return 1;
}

static void warm_names_close(struct name_iter *it)
{
	struct warm_names *w = (struct warm_names *)it;

	w->snap->walk = (struct snapshot_walk){ 0 };
	while (w->n > 0)
		free(w->heap[--w->n]);
	while (w->ngiven > 0)
		free(w->given[--w->ngiven]);
	free(w->heap);
	free(w->given);
	free(w->places);
	free(w);
}

static const struct name_iter_ops warm_names_ops = { warm_names_next, warm_names_close };

static int warm_names(void *state, struct name_iter **it, struct count_error *err)
{
	struct snapshot *s = state;
	struct warm_names *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return err_nomem(err);
	w->base.ops = &warm_names_ops;
	w->snap = s;
	w->heap = calloc(s->nblocks + 1, sizeof(struct block_names *));
	w->given = calloc(s->nblocks + 1, sizeof(struct block_names *));
	w->places = calloc(s->nblocks + 1, sizeof(*w->places));
	if (w->heap == NULL || w->given == NULL || w->places == NULL)
		goto nomem;
	for (size_t i = 0; i < s->nblocks; i++) {
		struct block_names *b;

		if (!s->blocks[i].open)
			continue;
		b = calloc(1, sizeof(*b));
		if (b == NULL)
			goto nomem;
		b->block = i;
		if (step(s, b))
			push(w, b);
		else
			free(b);
	}
	*it = &w->base;
	return COUNT_OK;
nomem:
	warm_names_close(&w->base);
	return err_nomem(err);
}

const struct source_ops source_hot = {
	.tier = COUNT_TIER_HOT,
	.has = hot_has,
	.extent = hot_extent,
	.latest = hot_latest,
	.extent_all = hot_extent_all,
	.names = hot_names,
	.find = hot_find,
};

const struct source_ops source_warm = {
	.tier = COUNT_TIER_WARM,
	.has = warm_has,
	.extent = warm_extent,
	.latest = warm_latest,
	.extent_all = warm_extent_all,
	.names = warm_names,
	.find = warm_find,
};
