/*
 * cursor_part.c - the answer of a query in parts, for helpers that read them in several threads.
 *
 * All share the view of one cursor: its maps and its one walk over the names, which count_cursor_take() goes on with.
 * A part is some series, each with the places where the walk found it, or a stretch of a long series, cut
 * where no piece overlaps the next.  What reading changes a helper has for itself: coder, merge, kept times, what
 * is verified, and notes of damage, which are joined in the order in which one thread would have met it.
 *
 * A query that reads the cold tier is answered whole.  Its objects are asked for ahead in the order of the series,
 * within one budget of connections, bytes and money, and a failure at one of them may end the answer: the time
 * goes by in waiting for the network, not here.  So is one with a limit, since nothing may be read behind it,
 * one that folds, which adds up in the order of the series, and one that may have to warn of a torn log.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/cursor.h"
#include "engine/times_cache.h"

enum {
	PART_SERIES = 32,
	PART_PLACES = 32,
	/* Work is measured in points to be decoded and given: so many make a tenth of a millisecond of text. */
	PART_WORK = 8192,
	SERIES_WORK = 32,		/* to find one */
	UNKNOWN_POINTS = 2048,		/* of a series that is in the log, or was not found by the walk */
	AGG_SHARE = 16,			/* points are cheaper by that when they are only added up */
	CUT_FROM = 65536,		/* points of a series that is worth being cut */
	CUT_POINTS = 16384,		/* of a stretch */
};

struct part_series {
	size_t name, len;		/* in the names of the part, followed by NUL */
	bool walked;			/* then its places are these of the part: */
	size_t place, nplaces;
};

struct part {
	struct part_series series[PART_SERIES];
	size_t n, next;
	struct buf names;
	bool stretch;			/* h->pieces are those to be read */
	uint64_t turn;			/* of series[0] */
	bool damaged;			/* turn_damaged is where the first was met */
	uint64_t turn_damaged;
	struct snapshot_place *places;
	struct block_series *found;	/* cap each */
	size_t nplaces, cap;
};

/* ---- Whether there are parts ---- */

static bool log_is_torn(const struct hot_log *log)
{
	for (size_t i = 0; i < log->nframes; i++)
		if (log->frames[i].soft)
			return true;
	return false;
}

static bool is_whole(const count_cursor *c)
{
	return c->begun || c->q.limit > 0 || c->q.fold || c->no_range ||
	       (c->q.mode == COUNT_QUERY_LIST && !cursor_is_ranged(c)) || log_is_torn(&c->view.snap.log);
}

static bool wants_points(const count_cursor *c)
{
	return c->q.mode == COUNT_QUERY_POINTS && c->q.naggs == 0;
}

static int next_name(count_cursor *c, struct count_error *err)
{
	struct parting *d = &c->parting;
	bool damaged = c->view.snap.ndamages > 0;
	int ret;

	if (d->kept) {
		d->kept = false;
		return 1;
	}
	ret = cursor_next_series(c, err);
	d->turn++;
	if (!damaged && c->view.snap.ndamages > 0)
		d->damaged = 2 * d->turn;
	return ret;
}

/* The pieces of c->name: to be given in stretches. */
static int begin_cut(count_cursor *c, struct count_error *err)
{
	struct parting *d = &c->parting;
	bool damaged = c->view.snap.ndamages > 0;
	int ret;

	d->cut_next = 0;
	ret = sources_find(&c->view.sources, c->name, c->name_len, c->q.from, c->last, &d->cut, err);
	if (!damaged && c->view.snap.ndamages > 0)
		d->damaged = 2 * d->turn + 1;
	return ret;
}

/* 1: it is long enough for helpers; else its pieces are kept for the cursor itself. */
static int is_long(count_cursor *c, struct count_error *err)
{
	struct parting *d = &c->parting;
	struct piece_list list = c->pieces;
	uint64_t points = 0;
	int ret;

	if (!wants_points(c))
		return 0;
	ret = next_name(c, err);
	if (ret != 1)
		return ret;
	ret = begin_cut(c, err);
	if (ret != COUNT_OK)
		return ret;
	for (size_t i = 0; i < d->cut.len; i++)
		points += d->cut.v[i].count;
	if (points >= CUT_FROM)
		return 1;
	c->pieces = d->cut;
	d->cut = list;
	d->kept = d->found = true;
	return 0;
}

static int begin(count_cursor *c, struct count_error *err)
{
	struct parting *d = &c->parting;
	int ret;

	d->begun = true;
	d->refused = is_whole(c);
	if (d->refused)
		return COUNT_OK;
	ret = cursor_begin(c, err);
	d->refused = c->view.cold != NULL && (!c->sel.scan || c->ahead.on);
	if (ret != COUNT_OK || d->refused || c->sel.scan || c->sel.n > 1)
		return ret;
	ret = is_long(c, err);
	d->refused = ret == 0;
	return ret < 0 ? ret : COUNT_OK;
}

/* ---- Helpers ---- */

/* The same maps; notes of its own. */
static int share_snapshot(const struct snapshot *from, struct snapshot *s, struct count_error *err)
{
	*s = *from;
	s->damage = (struct count_error){ 0 };
	s->ndamages = 0;
	s->walk = (struct snapshot_walk){ 0 };
	s->times = NULL;
	s->blocks = malloc((s->nblocks + 1) * sizeof(*s->blocks));
	if (s->blocks == NULL)
		return err_nomem(err);
	memcpy(s->blocks, from->blocks, s->nblocks * sizeof(*s->blocks));
	return COUNT_OK;
}

/* The first has that of the cursor, which is not asked meanwhile: a small answer is read by one helper. */
static struct chunk_coder *lend_coder(count_cursor *c)
{
	struct chunk_coder *coder = c->coder;

	c->coder = NULL;
	return coder != NULL ? coder : chunk_coder_new();
}

static int open_helper(count_cursor *h, struct count_error *err)
{
	int ret = share_snapshot(&h->main->view.snap, &h->view.snap, err);

	if (ret != COUNT_OK)
		return ret;
	sources_local(&h->view.sources, &h->view.snap, h->q.tiers);
	h->coder = lend_coder(h->main);
	h->part = calloc(1, sizeof(*h->part));
	if (h->coder == NULL || h->part == NULL)
		return err_nomem(err);
	if (h->q.naggs == 0)
		return COUNT_OK;
	h->sel.parts = malloc(sizeof(*h->sel.parts));
	return h->sel.parts != NULL ? cursor_agg_open(h, err) : err_nomem(err);
}

int count_cursor_help(count_cursor *c, count_cursor **helper, struct count_error *err)
{
	count_cursor *h;
	int ret;

	*helper = NULL;
	if (c->main != NULL)
		return err_set(err, COUNT_ERR_INVALID, "a helper of a query has no helpers");
	ret = c->parting.begun ? COUNT_OK : begin(c, err);
	if (ret != COUNT_OK)
		return c->failed = ret;
	if (c->parting.refused)
		return COUNT_OK;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return err_nomem(err);
	h->db = c->db;
	h->q = c->q;
	h->last = c->last;
	h->main = c;
	ret = open_helper(h, err);
	if (ret == COUNT_OK)
		*helper = h;
	else
		count_cursor_close(h);
	return ret;
}

/* Damage so far that was not there before the series whose turn this is. */
static void note_turn(count_cursor *h)
{
	struct part *p = h->part;

	if (p->damaged || h->view.snap.ndamages == 0)
		return;
	p->damaged = true;
	p->turn_damaged = p->turn + (p->next > 0 ? p->next - 1 : 0);
}

/* What the helper met goes to the cursor; of all damage that stays which one thread would have met first. */
static void join(count_cursor *h)
{
	struct snapshot *s = &h->main->view.snap, *mine = &h->view.snap;
	struct parting *d = &h->main->parting;

	note_turn(h);
	if (mine->ndamages > 0) {
		uint64_t at = 2 * h->part->turn_damaged + 1;

		if (s->ndamages == 0 || at < d->damaged) {
			s->damage = mine->damage;
			d->damaged = at;
		}
		s->ndamages += mine->ndamages;
	}
	mine->damage = (struct count_error){ 0 };
	mine->ndamages = 0;
	h->part->damaged = false;
	h->main->rows += h->rows;
	h->rows = 0;
}

void part_close(count_cursor *h)
{
	struct snapshot *s = &h->view.snap;

	if (h->part != NULL) {
		join(h);
		buf_free(&h->part->names);
		free(h->part->places);
		free(h->part->found);
		free(h->part);
	}
	if (h->main->coder == NULL) {
		h->main->coder = h->coder;
		h->coder = NULL;
	}
	times_cache_free(s->times);
	free(s->blocks);
	*s = (struct snapshot){ 0 };
}

bool part_has_pieces(count_cursor *c)
{
	bool found = c->parting.found;

	c->parting.found = false;
	return c->main != NULL ? c->part->stretch : found;
}

int part_next_series(count_cursor *h)
{
	struct part *p = h->part;
	const struct part_series *s = &p->series[p->next];
	const char *name;

	note_turn(h);
	h->view.snap.walk = (struct snapshot_walk){ 0 };
	if (p->next == p->n)
		return 0;
	p->next++;
	name = (const char *)p->names.data + s->name;
	if (s->walked)
		h->view.snap.walk = (struct snapshot_walk){ name, s->len, p->places + s->place, s->nplaces };
	memcpy(h->name, name, s->len + 1);
	h->name_len = s->len;
	return 1;
}

/* ---- Parts of many series ---- */

/* Points of s in the range, about. */
static double points_in_range(const count_cursor *c, const struct block_series *s)
{
	double first = (double)s->first_time, last = (double)s->last_time, span = last - first + 1;
	double from = (double)c->q.from, to = (double)c->last;

	from = from > first ? from : first;
	to = to < last ? to : last;
	return from <= to ? (double)s->points * ((to - from + 1) / span) : 0;
}

static double points_of_walk(const count_cursor *c, const struct snapshot_walk *walk)
{
	uint64_t logged = c->view.snap.log.points / 16;
	double points = logged < UNKNOWN_POINTS ? (double)logged : UNKNOWN_POINTS;

	if (walk == NULL)
		return UNKNOWN_POINTS;
	for (size_t i = 0; i < walk->n; i++)
		points += points_in_range(c, walk->places[i].series);
	return points;
}

static double work_for(const count_cursor *c, double points)
{
	if (c->q.mode != COUNT_QUERY_POINTS)
		points = 0;
	return SERIES_WORK + (c->q.naggs > 0 ? points / AGG_SHARE : points);
}

static bool grow_places(struct part *p, size_t more)
{
	size_t cap = p->nplaces + more + PART_PLACES;
	struct snapshot_place *places;
	struct block_series *found;

	if (more <= p->cap - p->nplaces)
		return true;
	places = reallocarray(p->places, cap, sizeof(*places));
	if (places != NULL)
		p->places = places;
	found = reallocarray(p->found, cap, sizeof(*found));
	if (found != NULL)
		p->found = found;
	if (places == NULL || found == NULL)
		return false;
	for (size_t i = 0; i < p->nplaces; i++)
		places[i].series = &found[i];
	p->cap = cap;
	return true;
}

/* The name has room for the longest; what is behind it is not copied. */
static void copy_series(struct block_series *to, const struct block_series *from)
{
	size_t rest = offsetof(struct block_series, name_len);

	memcpy(to->name, from->name, from->name_len);
	to->name[from->name_len] = '\0';
	memcpy((char *)to + rest, (const char *)from + rest, sizeof(*to) - rest);
}

/* c->name, and where the walk stands with it. */
static int add_name(const count_cursor *c, const struct snapshot_walk *walk, struct part *p, struct count_error *err)
{
	struct part_series *s = &p->series[p->n];

	s->name = p->names.len;
	s->len = c->name_len;
	buf_put(&p->names, c->name, c->name_len + 1);
	if (p->names.failed || (walk != NULL && !grow_places(p, walk->n)))
		return err_nomem(err);
	s->walked = walk != NULL;
	s->place = p->nplaces;
	s->nplaces = walk != NULL ? walk->n : 0;
	for (size_t i = 0; i < s->nplaces; i++) {
		struct block_series *found = &p->found[p->nplaces];

		copy_series(found, walk->places[i].series);
		p->places[p->nplaces++] = (struct snapshot_place){ walk->places[i].block, found };
	}
	if (p->n++ == 0)
		p->turn = c->parting.turn;
	return COUNT_OK;
}

/* ---- Stretches of a long series ---- */

/* The next pieces up to a place where none overlaps the next. */
static int give_stretch(count_cursor *c, count_cursor *h, struct count_error *err)
{
	struct parting *d = &c->parting;
	uint64_t points = 0;
	int64_t last = INT64_MIN;
	size_t i = d->cut_next;
	int ret = add_name(c, NULL, h->part, err);

	h->part->stretch = true;
	h->pieces.len = 0;
	for (; ret == COUNT_OK && i < d->cut.len; i++) {
		const struct piece *p = &d->cut.v[i];
		struct piece *to;

		if (points >= CUT_POINTS && p->first > last)
			break;
		to = piece_list_add(&h->pieces);
		if (to == NULL)
			return err_nomem(err);
		*to = *p;
		to->snap = &h->view.snap;
		points += p->count;
		last = p->last > last ? p->last : last;
	}
	d->cut_next = i;
	d->turn++;
	return ret == COUNT_OK ? 1 : ret;
}

/* ---- The next part ---- */

static int give_series(count_cursor *c, count_cursor *h, struct count_error *err)
{
	struct part *p = h->part;
	double work = 0;

	while (p->n < PART_SERIES && p->nplaces < PART_PLACES && work < PART_WORK) {
		const struct snapshot_walk *walk;
		double points;
		int ret = next_name(c, err);

		if (ret != 1)
			return ret;
		walk = snapshot_walking(&c->view.snap, c->name, c->name_len);
		points = points_of_walk(c, walk);
		if (wants_points(c) && (!c->sel.scan || points >= CUT_FROM)) {
			if (p->n > 0) {
				c->parting.kept = true;
				return 1;
			}
			ret = begin_cut(c, err);
			return ret == COUNT_OK ? give_stretch(c, h, err) : ret;
		}
		ret = add_name(c, walk, p, err);
		if (ret != COUNT_OK)
			return ret;
		work += work_for(c, points);
	}
	return 1;
}

static int take(count_cursor *c, count_cursor *h, struct count_error *err)
{
	struct parting *d = &c->parting;
	struct part *p = h->part;
	int ret;

	if (d->failed != COUNT_OK)
		return err_set(err, d->failed, "%s", d->why.text);
	if (d->cut_next < d->cut.len)
		return give_stretch(c, h, err);
	ret = give_series(c, h, &d->why);
	if (ret < 0 && p->n == 0)
		return err_set(err, ret, "%s", d->why.text);
	if (ret < 0)
		d->failed = ret;
	return p->n > 0;
}

int count_cursor_take(count_cursor *h, struct count_error *err)
{
	count_cursor *c = h->main;
	int ret;

	if (c == NULL)
		return err_set(err, COUNT_ERR_INVALID, "only a helper takes parts of a query");
	join(h);
	h->part->n = h->part->next = h->part->nplaces = 0;
	h->part->stretch = false;
	buf_clear(&h->part->names);
	if (c->failed != COUNT_OK)
		return err_set(err, c->failed, "the query failed before");
	ret = take(c, h, err);
	if (ret < 0)
		c->failed = ret;
	return ret;
}
