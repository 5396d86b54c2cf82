/*
 * archive_choose.c - which series are due, and the pins on the blocks that hold them; see archive.h.
 *
 * Names and times come from the series tables of the blocks, walked side by side in byte order; nothing is decoded.
 * That needs no lock.  Only the pins do, for milliseconds: if a block that was chosen has gone meanwhile (a
 * compaction took it) the choice begins anew.
 *
 * And if we die here?  Pins stay in CURRENT and keep those blocks out of compactions, until the next run takes
 * its own.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/archive.h"
#include "engine/archive_pack.h"
#include "engine/flush_plan.h"
#include "engine/source.h"

#define MAX_LOOKS 20		/* a block that was chosen is gone: so often */
#define HOT_POINT_BYTES 3	/* encoded, about: for forecasts */

static int64_t sub_clamped(int64_t a, int64_t b)
{
	int64_t r;

	return __builtin_sub_overflow(a, b, &r) ? (b > 0 ? INT64_MIN : INT64_MAX) : r;
}

static int64_t add_clamped(int64_t a, int64_t b)
{
	int64_t r;

	return __builtin_add_overflow(a, b, &r) ? (b > 0 ? INT64_MAX : INT64_MIN) : r;
}

static int64_t mul_clamped(int64_t a, uint32_t b)
{
	int64_t r;

	return __builtin_mul_overflow(a, b, &r) ? (a > 0 ? INT64_MAX : INT64_MIN) : r;
}

static int64_t midnight_before(enum count_unit unit, int64_t t)
{
	int64_t first, last;

	window_bounds(unit, 0, window_of(unit, 0, t), &first, &last);
	return first;
}

/* ---- The clock ---- */

static int age_of(const struct archive *a, int64_t *age, struct count_error *err)
{
	enum count_unit unit = a->db->dir.format.unit;
	const char *text = a->opt->older_than;
	struct count_duration dur;
	int ret;

	*age = mul_clamped(window_day(unit), a->tier.settings->age_days);
	if (text == NULL)
		return COUNT_OK;
	ret = count_duration_parse(text, strlen(text), &dur, err);
	if (ret == COUNT_OK)
		*age = count_duration_approx(dur, unit);
	return ret;
}

static int set_clock(struct archive *a, int64_t *age, struct count_error *err)
{
	enum count_unit unit = a->db->dir.format.unit;
	struct timespec ts;
	int64_t now = a->opt->now;
	int ret = age_of(a, age, err);

	if (ret != COUNT_OK)
		return ret;
	clock_gettime(CLOCK_REALTIME, &ts);
	a->now_s = ts.tv_sec;
	if (now == INT64_MIN && __builtin_mul_overflow(a->now_s, window_day(unit) / 86400, &now))
		now = a->now_s < 0 ? INT64_MIN : INT64_MAX;
	a->cutoff = sub_clamped(now, *age);
	if (!a->opt->force)
		a->cutoff = midnight_before(unit, a->cutoff);
	a->report->cutoff_days = (uint64_t)(*age / window_day(unit));
	return COUNT_OK;
}

/* ---- All series with something old, in byte order ---- */

struct walk {
	struct archive *a;
	int64_t age;
	struct block_series_cursor *at;	/* of each block of the snapshot */
	bool *more;			/* its cursor stands on a series */
	struct name_iter *hot;		/* of a forecast: the log was not flushed */
	const char *hot_name;		/* NULL: no more */
	size_t hot_len;
	char name[COUNT_SERIES_MAX + 1];
	size_t len;
	bool *here;			/* blocks with this series and something old of it */
	int64_t first;			/* its oldest point */
};

static int step_block(struct walk *w, size_t i, struct count_error *err)
{
	struct snapshot *s = &w->a->snap;
	uint64_t at = 0;
	int ret;

	for (;;) {
		ret = block_next_series(&s->blocks[i].block, &w->at[i], &at);
		if (ret != COUNT_ERR_CORRUPT && ret != COUNT_ERR_VERSION)
			break;
		snapshot_note_block(s, i, at);
	}
	w->more[i] = ret == COUNT_OK;
	return ret == COUNT_OK || ret == COUNT_ERR_NOTFOUND ? COUNT_OK : err_set(err, ret, "cannot read a block");
}

static int step_hot(struct walk *w, struct count_error *err)
{
	int ret = w->hot == NULL ? 0 : w->hot->ops->next(w->hot, &w->hot_name, &w->hot_len, err);

	if (ret == 0)
		w->hot_name = NULL;
	return ret < 0 ? ret : COUNT_OK;
}

static int begin_walk(struct walk *w, struct count_error *err)
{
	struct snapshot *s = &w->a->snap;
	int ret = COUNT_OK;

	w->at = calloc(s->nblocks + 1, sizeof(*w->at));
	w->more = calloc(s->nblocks + 1, sizeof(*w->more));
	w->here = calloc(s->nblocks + 1, sizeof(*w->here));
	if (w->at == NULL || w->more == NULL || w->here == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < s->nblocks && ret == COUNT_OK; i++)
		if (s->blocks[i].open)
			ret = step_block(w, i, err);
	if (ret == COUNT_OK && w->a->opt->dry_run)
		ret = source_hot.names(s, &w->hot, err);
	return ret == COUNT_OK ? step_hot(w, err) : ret;
}

static void end_walk(struct walk *w)
{
	if (w->hot != NULL)
		w->hot->ops->close(w->hot);
	free(w->at);
	free(w->more);
	free(w->here);
}

/* The smallest name that a cursor stands on; false: all are at their ends. */
static bool smallest(struct walk *w)
{
	const struct snapshot *s = &w->a->snap;
	const char *name = w->hot_name;
	size_t len = w->hot_len;

	for (size_t i = 0; i < s->nblocks; i++) {
		const struct block_series *b = &w->at[i].s;

		if (w->more[i] && (name == NULL || name_order(b->name, b->name_len, name, len) < 0)) {
			name = b->name;
			len = b->name_len;
		}
	}
	if (name == NULL)
		return false;
	memcpy(w->name, name, len);
	w->len = len;
	return true;
}

/* 1: the next series, which has something old; 0: the end. */
static int next_series(struct walk *w, struct count_error *err)
{
	const struct snapshot *s = &w->a->snap;
	bool any = false;
	int ret = COUNT_OK;

	while (!any) {
		if (!smallest(w))
			return 0;
		w->first = INT64_MAX;
		for (size_t i = 0; i < s->nblocks && ret == COUNT_OK; i++) {
			const struct block_series *b = &w->at[i].s;

			w->here[i] = false;
			if (!w->more[i] || name_order(b->name, b->name_len, w->name, w->len) != 0)
				continue;
			w->here[i] = b->first_time < w->a->cutoff;
			any |= w->here[i];
			if (b->first_time < w->first)
				w->first = b->first_time;
			ret = step_block(w, i, err);
		}
		if (ret == COUNT_OK && w->hot_name != NULL &&
		    name_order(w->hot_name, w->hot_len, w->name, w->len) == 0) {
			struct extent e = { 0 };

			ret = source_hot.extent(&w->a->snap, w->name, w->len, &e, err);
			if (e.any && e.first < w->first)
				w->first = e.first;
			any |= e.any && e.first < w->a->cutoff;
			if (ret == COUNT_OK)
				ret = step_hot(w, err);
		}
		if (ret != COUNT_OK)
			return ret;
	}
	return 1;
}

/* ---- Due or not ---- */

/* Encoded bytes before the cut-off and from `from` on, by chunk directories; *first: of the oldest such point. */
static int stretch(struct walk *w, int64_t from, uint64_t *bytes, int64_t *first, struct count_error *err)
{
	struct archive *a = w->a;
	struct piece_list l = { 0 };
	int ret = pieces_find(&a->snap, w->name, w->len, from, a->cutoff - 1,
			      COUNT_TIER_WARM | (a->opt->dry_run ? COUNT_TIER_HOT : 0), &l, err);

	*bytes = 0;
	*first = INT64_MAX;
	for (size_t i = 0; i < l.len && ret == COUNT_OK; i++) {
		const struct piece *p = &l.v[i];
		const struct block_chunk *c = &p->u.warm.chunk;
		double size = p->ops == &piece_warm_ops ? (double)c->times_len + c->values_len
							: (double)p->count * HOT_POINT_BYTES;
		int64_t lo = p->first > from ? p->first : from, hi = p->last < a->cutoff ? p->last : a->cutoff - 1;

		if (lo < *first)
			*first = lo;
		if (lo > p->first || hi < p->last)	/* a part of it */
			size *= ((double)hi - (double)lo + 1) / ((double)p->last - (double)p->first + 1);
		*bytes += (uint64_t)size;
	}
	piece_list_free(&l);
	return ret;
}

static bool is_old_enough(const struct archive *a, int64_t first)
{
	enum count_unit unit = a->db->dir.format.unit;
	int64_t batch = mul_clamped(window_day(unit), a->tier.settings->batch_days);

	return sub_clamped(a->cutoff, midnight_before(unit, first)) >= batch;
}

static void note_waiting(struct walk *w, int64_t first, uint64_t bytes)
{
	const struct archive *a = w->a;
	enum count_unit unit = a->db->dir.format.unit;
	struct count_archive_report *r = a->report;
	int64_t batch = mul_clamped(window_day(unit), a->tier.settings->batch_days);
	int64_t until = add_clamped(add_clamped(midnight_before(unit, first), batch), w->age);
	int64_t until_s = until / (window_day(unit) / 86400);

	r->waiting_series++;
	r->waiting_bytes += bytes;
	if (r->waiting_until_s == 0 || until_s < r->waiting_until_s)
		r->waiting_until_s = until_s;
}

/* 1: due; 0: it waits, or has nothing that is not archived; a status. */
static int is_due(struct walk *w, struct count_error *err)
{
	struct archive *a = w->a;
	struct coldindex_entry e;
	int64_t from = INT64_MIN, first = w->first;
	uint64_t bytes;
	int ret;

	if (a->opt->force)
		return 1;
	ret = cold_index_find(a->index, w->name, w->len, &e, err);
	if (ret <= 0)
		return ret == 0 ? 1 : ret;
	/* What is kept here although it was archived does not make a batch; late points in it go along with one. */
	if (a->opt->keep_local && e.any) {
		if (e.last >= a->cutoff - 1)
			return 0;
		from = e.last + 1;
	} else if (is_old_enough(a, first)) {
		return 1;
	}
	ret = stretch(w, from, &bytes, &first, err);
	if (ret != COUNT_OK || first == INT64_MAX)
		return ret;
	if (bytes >= PACK_OBJECT_BYTES || is_old_enough(a, first))
		return 1;
	note_waiting(w, first, bytes);
	return 0;
}

static int add_series(struct walk *w, struct count_error *err)
{
	struct archive *a = w->a;
	char *name;

	if (a->nseries == a->series_cap) {
		size_t cap = a->series_cap == 0 ? 64 : a->series_cap * 2;
		struct archive_series *v = reallocarray(a->series, cap, sizeof(*v));

		if (v == NULL)
			return err_nomem(err);
		a->series = v;
		a->series_cap = cap;
	}
	name = strndup(w->name, w->len);
	if (name == NULL)
		return err_nomem(err);
	a->series[a->nseries++] = (struct archive_series){ .name = name, .name_len = w->len };
	for (size_t i = 0; i < a->snap.nblocks; i++)
		a->pinned[i] |= w->here[i];
	return COUNT_OK;
}

static int choose_series(struct archive *a, int64_t age, struct count_error *err)
{
	struct walk w = { .a = a, .age = age };
	int ret = begin_walk(&w, err);

	while (ret == COUNT_OK && (ret = next_series(&w, err)) == 1) {
		ret = is_due(&w, err);
		if (ret == 1)
			ret = add_series(&w, err);
		if (archive_stopped(a))
			ret = err_set(err, COUNT_ERR_STOPPED, "stopped");
	}
	end_walk(&w);
	return ret;
}

/* ---- Pins ---- */

static struct current_block *find_block(const struct current *cur, uint64_t number)
{
	for (size_t i = 0; i < cur->nblocks; i++)
		if (cur->blocks[i].number == number)
			return &cur->blocks[i];
	return NULL;
}

/* Exactly the chosen blocks are pinned in *cur; *changed.  COUNT_ERR_NOTFOUND: one of them is gone. */
static int set_pins(const struct archive *a, struct current *cur, bool *changed)
{
	*changed = false;
	for (size_t i = 0; i < cur->nblocks; i++) {
		*changed |= cur->blocks[i].pinned;
		cur->blocks[i].pinned = false;
	}
	for (size_t i = 0; a->pinned != NULL && i < a->snap.nblocks; i++) {
		struct current_block *b;

		if (!a->pinned[i])
			continue;
		b = find_block(cur, a->snap.blocks[i].entry->number);
		if (b == NULL)
			return COUNT_ERR_NOTFOUND;
		b->pinned = true;
		*changed = true;
	}
	return COUNT_OK;
}

static int publish_pins(const struct archive *a, struct count_error *err)
{
	const struct datadir *dir = &a->db->dir;
	struct current cur;
	bool changed = false;
	int fd, ret = datadir_lock(dir, ARCHIVE_LOCK_WAIT_MS, &fd, err);

	if (ret != COUNT_OK)
		return ret;
	current_init(&cur);
	ret = datadir_read_current(dir, &cur, err);
	if (ret == COUNT_OK)
		ret = set_pins(a, &cur, &changed);
	if (ret == COUNT_OK && changed)
		ret = datadir_check_alone(dir, cur.generation, err);
	if (ret == COUNT_OK && changed)
		ret = datadir_publish(dir, &cur, err);
	current_free(&cur);
	close(fd);
	return ret;
}

int archive_unpin(struct archive *a, struct count_error *err)
{
	const struct archive none = { .db = a->db };

	return publish_pins(&none, err);
}

/* ---- The choice ---- */

static void close_block(struct snapshot_block *b)
{
	fs_unmap(&b->map);
	b->map = (struct fs_map){ 0 };
	b->open = false;
}

/* Blocks with something old; what was restored from the bucket is not for it. */
static int open_snapshot(struct archive *a, struct count_error *err)
{
	int ret = snapshot_open(&a->db->dir, INT64_MIN, a->cutoff - 1, &a->snap, err);

	if (ret != COUNT_OK)
		return ret;
	for (size_t i = 0; i < a->snap.nblocks; i++)
		if (a->snap.blocks[i].open && a->snap.blocks[i].entry->seg_hi == 0)
			close_block(&a->snap.blocks[i]);
	a->pinned = calloc(a->snap.nblocks + 1, sizeof(*a->pinned));
	return a->pinned == NULL ? err_nomem(err) : COUNT_OK;
}

void archive_choose_free(struct archive *a)
{
	snapshot_close(&a->snap);
	for (size_t i = 0; i < a->nseries; i++)
		free(a->series[i].name);
	free(a->series);
	free(a->pinned);
	a->series = NULL;
	a->pinned = NULL;
	a->nseries = a->series_cap = 0;
}

static int flush(struct archive *a, struct count_error *err)
{
	struct count_flush_options opt;
	struct count_error why = { 0 };
	int ret;

	count_flush_options_init(&opt);
	opt.no_compact = true;
	opt.wait_ms = ARCHIVE_LOCK_WAIT_MS;
	ret = count_flush_with(a->db, &opt, NULL, &why);
	if (ret == COUNT_ERR_CORRUPT) {		/* the rest was moved */
		archive_fail(a, &why);
		return COUNT_OK;
	}
	return ret == COUNT_OK ? COUNT_OK : err_set(err, ret, "%s", why.text);
}

static bool has_pins(const struct archive *a)
{
	for (size_t i = 0; i < a->snap.nblocks; i++)
		if (a->snap.current.blocks[i].pinned)
			return true;
	return false;
}

static int choose_and_pin(struct archive *a, int64_t age, struct count_error *err)
{
	struct count_archive_report before = *a->report;
	int ret = COUNT_ERR_NOTFOUND;

	for (unsigned looks = 0; looks < MAX_LOOKS && ret == COUNT_ERR_NOTFOUND; looks++) {
		archive_choose_free(a);
		*a->report = before;
		ret = open_snapshot(a, err);
		if (ret == COUNT_OK)
			ret = choose_series(a, age, err);
		if (ret != COUNT_OK)
			return ret;
		if (a->opt->dry_run || (a->nseries == 0 && !has_pins(a)))
			return COUNT_OK;
		ret = publish_pins(a, err);
	}
	return ret != COUNT_ERR_NOTFOUND ? ret :
	       err_set(err, COUNT_ERR_LOCKED, "%s: blocks change faster than they can be pinned: is something flushing "
		       "in a loop?", a->db->dir.path);
}

int archive_choose(struct archive *a, struct count_error *err)
{
	int64_t age = 0;
	int ret = set_clock(a, &age, err);

	if (ret == COUNT_OK && !a->opt->dry_run)
		ret = flush(a, err);
	if (ret != COUNT_OK || a->cutoff == INT64_MIN)	/* nothing is so old */
		return ret;
	ret = choose_and_pin(a, age, err);
	if (ret != COUNT_OK)
		return ret;
	a->report->series = a->nseries;
	if (a->snap.damage.code != COUNT_OK)	/* what can be read goes on */
		archive_fail(a, &a->snap.damage);
	return COUNT_OK;
}
