/*
 * source_newest.c - the last point of a series in a range; see source.h.
 *
 * No walk through its history: if the series ends inside the range, only the pieces that
 * reach its last time count.  Otherwise the range is searched from its end, in
 * stretches of a day, then 64, then all.  Statistics of a chunk give the value undecoded.  cold_plan.c foretells
 * what is read here.
 */
#include <stdlib.h>

#include "base/error.h"
#include "engine/merge.h"
#include "engine/source.h"

struct newest {
	bool any;
	int64_t time;
	double value;
	struct rank rank;
};

static void offer(struct newest *best, int64_t time, double value, struct rank rank)
{
	if (!best->any || time > best->time ||
	    (time == best->time && rank_less(best->rank, rank)))
		*best = (struct newest){ true, time, value, rank };
}

/* The last point of one piece inside the range, by decoding. */
static int read_last(struct piece *p, int64_t from, int64_t last, struct chunk_coder *coder,
		     struct newest *best, struct count_error *err)
{
	struct piece_list one = { .v = p, .len = 1, .cap = 1 };
	struct merge_step step;
	struct merge *m;
	int ret = merge_new(&one, from, last, coder, &m);

	if (ret != COUNT_OK)
		return err_nomem(err);
	while ((ret = merge_next(m, NULL, NULL, &step, err)) == 1)
		offer(best, step.times[step.n - 1], step.values[step.n - 1], p->rank);
	merge_delete(m);
	return ret;
}

static int by_last(const void *a, const void *b)
{
	const struct piece *p = a, *q = b;

	return (p->last < q->last) - (p->last > q->last);
}

static int newest_of(struct piece_list *l, int64_t from, int64_t last, struct chunk_coder *coder,
		     struct newest *best, struct count_error *err)
{
	if (l->len > 1)
		qsort(l->v, l->len, sizeof(*l->v), by_last);
	for (size_t i = 0; i < l->len; i++) {
		struct piece *p = &l->v[i];
		struct chunk_stats st;
		int ret = COUNT_OK;

		if (best->any && p->last < best->time)
			break;		/* so are all that follow */
		if (p->last <= last && p->ops->stats != NULL && p->ops->stats(p, &st))
			offer(best, st.last_time, st.last, p->rank);
		else
			ret = read_last(p, from, last, coder, best, err);
		if (ret != COUNT_OK)
			return ret;
	}
	return COUNT_OK;
}

static int search(const struct sources *s, const char *name, size_t len, int64_t from,
		  int64_t last, struct chunk_coder *coder, struct newest *best,
		  struct count_error *err)
{
	struct piece_list pieces = { 0 };
	int ret = sources_find(s, name, len, from, last, &pieces, err);

	if (ret == COUNT_OK)
		ret = newest_of(&pieces, from, last, coder, best, err);
	piece_list_free(&pieces);
	return ret;
}

int64_t sources_stretch(int64_t from, int64_t last, unsigned i)
{
	/* Ticks of a day in milliseconds; for another unit another stretch, no matter. */
	static const int64_t stretches[SOURCES_STRETCHES] = { 86400000, INT64_C(64) * 86400000, INT64_MAX };

	return (uint64_t)last - (uint64_t)from > (uint64_t)stretches[i] ? last - stretches[i] : from;
}

int sources_newest(const struct sources *s, const char *name, size_t len, int64_t from,
		   int64_t last, struct chunk_coder *coder, int64_t *time, double *value,
		   struct count_error *err)
{
	struct newest best = { 0 };
	int64_t latest = 0;
	bool any = false;
	int ret = COUNT_OK;

	for (size_t i = 0; i < s->n && ret == COUNT_OK; i++)
		ret = s->v[i].ops->latest(s->v[i].state, name, len, &any, &latest, err);
	if (ret != COUNT_OK || !any || latest < from)
		return ret;
	if (latest <= last) {
		last = latest;
		ret = search(s, name, len, last, last, coder, &best, err);
	}
	for (unsigned i = 0; ret == COUNT_OK && !best.any && i < SOURCES_STRETCHES; i++)
		ret = search(s, name, len, sources_stretch(from, last, i), last, coder, &best, err);
	if (ret != COUNT_OK)
		return ret;
	*time = best.time;
	*value = best.value;
	return best.any;
}

/* ---- Any point ---- */

bool sources_certain(const struct piece_list *l, int64_t from, int64_t last)
{
	for (size_t i = 0; i < l->len; i++) {
		const struct piece *p = &l->v[i];

		if ((p->first >= from && p->first <= last) || (p->last >= from && p->last <= last))
			return true;
	}
	return false;
}

int sources_any(const struct sources *s, const char *name, size_t len, int64_t from, int64_t last,
		struct chunk_coder *coder, struct count_error *err)
{
	struct piece_list pieces = { 0 };
	struct newest best = { 0 };
	int ret = sources_find(s, name, len, from, last, &pieces, err);

	if (ret == COUNT_OK)
		best.any = sources_certain(&pieces, from, last);
	for (size_t i = 0; ret == COUNT_OK && !best.any && i < pieces.len; i++)
		ret = read_last(&pieces.v[i], from, last, coder, &best, err);
	piece_list_free(&pieces);
	return ret == COUNT_OK ? best.any : ret;
}
