/* archive_pack.c - points to block objects; see archive_pack.h. */
#include "engine/archive_pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "engine/flush_plan.h"

/* Statistics of points of one day; a day has several where a mark fell into it. */
struct row { int64_t day; struct chunk_stats stats; };

struct packer {
	enum count_unit unit;
	size_t object_bytes;
	struct chunk_coder *coder;
	enum column_level level;
	int64_t day_len;

	/* Points that are in no chunk yet. */
	int64_t times[OBJECT_CHUNK_POINTS];
	double values[OBJECT_CHUNK_POINTS];
	size_t n;
	size_t day_at;			/* where among them the latest day begins */
	int64_t day;			/* that day */
	uint64_t day_points;		/* of that day until now, earlier chunks included */

	/* The object that grows. */
	struct chunklist_writer w;
	struct row *rows;
	size_t nrows, rows_cap;
	bool new_row;			/* the next points begin a row, whatever their day */
	struct points_hash *hash;	/* of all its points */

	/* The mark: where it would be cut, before chunk number mark; 0: nowhere yet. */
	size_t mark, mark_rows;
	bool mark_is_midnight;
	uint8_t mark_hash[16];		/* of the points before */
	struct points_hash *since;	/* of those behind */

	struct cold_object *done;	/* finished, oldest first */
	size_t ndone, done_cap;
};

struct packer *pack_new(enum count_unit unit, size_t object_bytes, enum column_level level,
			struct chunk_coder *coder)
{
	struct packer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->unit = unit;
	p->object_bytes = object_bytes != 0 ? object_bytes : PACK_OBJECT_BYTES;
	p->coder = coder;
	p->level = level;
	p->day_len = window_day(unit);
	p->hash = points_hash_new();
	p->since = points_hash_new();
	if (p->hash == NULL || p->since == NULL) {
		pack_delete(p);
		return NULL;
	}
	return p;
}

void pack_delete(struct packer *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->ndone; i++)
		cold_object_free(&p->done[i]);
	free(p->done);
	free(p->rows);
	chunklist_writer_free(&p->w);
	points_hash_delete(p->hash);
	points_hash_delete(p->since);
	free(p);
}

static int64_t day_of(const struct packer *p, int64_t time)
{
	return floor_div(time, p->day_len);
}

/* The first index from lo on whose time is of another day than that of lo. */
static size_t day_end(const struct packer *p, const int64_t *times, size_t lo, size_t n)
{
	int64_t day = day_of(p, times[lo]);
	size_t hi = n;

	if (day_of(p, times[n - 1]) == day)
		return n;
	while (lo + 1 < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (day_of(p, times[mid]) == day)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

/* ---- Finished objects ---- */

/* Statistics of the whole and of its days from n rows; days only if they are worth it. */
static int fill_stats(struct manifest_block *b, const struct row *rows, size_t n)
{
	struct chunk_stats *days = reallocarray(NULL, n, sizeof(*days));
	size_t ndays = 0;

	if (days == NULL)
		return COUNT_ERR_NOMEM;
	b->has_stats = true;
	b->stats = rows[0].stats;
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			stats_merge(&b->stats, &rows[i].stats);
		if (i > 0 && rows[i].day == rows[i - 1].day)
			stats_merge(&days[ndays - 1], &rows[i].stats);
		else
			days[ndays++] = rows[i].stats;
	}
	if (b->stats.count / PACK_DAY_POINTS < ndays) {
		free(days);
		return COUNT_OK;
	}
	b->days = days;
	b->ndays = ndays;
	return COUNT_OK;
}

static int fill_codec(struct manifest_block *b, const struct chunklist_writer *w)
{
	return asprintf(&b->codec, "%s+%s", chunklist_times_name(w), chunklist_values_name(w)) < 0 ?
	       COUNT_ERR_NOMEM : COUNT_OK;
}

static int grow_done(struct packer *p)
{
	size_t cap = p->done_cap + 2;
	struct cold_object *v;

	if (p->ndone < p->done_cap)
		return COUNT_OK;
	v = reallocarray(p->done, cap, sizeof(*v));
	if (v == NULL)
		return COUNT_ERR_NOMEM;
	p->done = v;
	p->done_cap = cap;
	return COUNT_OK;
}

/* An object of the chunks in w, which is emptied, and of n rows. */
static int finish(struct packer *p, struct chunklist_writer *w, const struct row *rows, size_t n,
		  const uint8_t hash[16])
{
	struct cold_object o = { .kind = OBJECT_COUNT, .version = MANIFEST_VERSION, .unit = p->unit };
	int ret = grow_done(p);

	if (ret == COUNT_OK)
		ret = fill_stats(&o.block, rows, n);
	if (ret == COUNT_OK)
		ret = fill_codec(&o.block, w);
	if (ret == COUNT_OK) {
		o.block.start = o.block.stats.first_time;
		o.block.end = o.block.stats.last_time;
		o.block.points = o.block.stats.count;
		o.block.has_hash = true;
		memcpy(o.block.points_hash, hash, sizeof(o.block.points_hash));
		ret = chunklist_finish(w, &o.chunks);
	}
	if (ret != COUNT_OK) {
		cold_object_free(&o);
		return ret;
	}
	p->done[p->ndone++] = o;
	return COUNT_OK;
}

/* Cuts at the mark; what lies behind it begins the next object. */
static int cut(struct packer *p)
{
	struct chunklist_writer rest;
	struct points_hash *hash = p->hash;
	int ret = chunklist_split(&p->w, p->mark, &rest);

	if (ret == COUNT_OK)
		ret = finish(p, &p->w, p->rows, p->mark_rows, p->mark_hash);
	if (ret != COUNT_OK) {
		chunklist_writer_free(&rest);
		return ret;
	}
	p->w = rest;
	p->nrows -= p->mark_rows;
	memmove(p->rows, p->rows + p->mark_rows, p->nrows * sizeof(*p->rows));
	p->hash = p->since;
	p->since = hash;
	p->mark = p->mark_rows = 0;
	p->mark_is_midnight = false;
	return COUNT_OK;
}

/* ---- Chunks ---- */

static int add_row(struct packer *p, int64_t day, const struct chunk_stats *stats)
{
	if (!p->new_row && p->nrows > 0 && p->rows[p->nrows - 1].day == day) {
		stats_merge(&p->rows[p->nrows - 1].stats, stats);
		return COUNT_OK;
	}
	if (p->nrows == p->rows_cap) {
		size_t cap = p->rows_cap == 0 ? 64 : p->rows_cap * 2;
		struct row *v = reallocarray(p->rows, cap, sizeof(*v));

		if (v == NULL)
			return COUNT_ERR_NOMEM;
		p->rows = v;
		p->rows_cap = cap;
	}
	p->rows[p->nrows++] = (struct row){ day, *stats };
	p->new_row = false;
	return COUNT_OK;
}

/* The last midnight is the best place for a cut, or while there is none, the end of the last chunk. */
static void set_mark(struct packer *p, int64_t next)
{
	bool midnight;

	if (p->w.n == 0)
		return;
	midnight = day_of(p, p->w.v[p->w.n - 1].last) != day_of(p, next);
	if (!midnight && p->mark_is_midnight)
		return;
	p->mark = p->w.n;
	p->mark_rows = p->nrows;
	p->mark_is_midnight = midnight;
	points_hash_end(p->hash, p->mark_hash);
	points_hash_reset(p->since);
	p->new_row = true;
}

/* The first n of the points at hand become a chunk. */
static int add_chunk(struct packer *p, size_t n)
{
	int ret;

	set_mark(p, p->times[0]);
	ret = chunklist_add(&p->w, p->coder, p->level, p->times, p->values, n);
	points_hash_add(p->hash, p->times, p->values, n);
	points_hash_add(p->since, p->times, p->values, n);
	for (size_t i = 0, end; i < n && ret == COUNT_OK; i = end) {
		struct chunk_stats stats;

		end = day_end(p, p->times, i, n);
		stats_of(p->times + i, p->values + i, end - i, &stats);
		ret = add_row(p, day_of(p, p->times[i]), &stats);
	}
	p->n -= n;
	p->day_at = p->day_at > n ? p->day_at - n : 0;
	memmove(p->times, p->times + n, p->n * sizeof(*p->times));
	memmove(p->values, p->values + n, p->n * sizeof(*p->values));
	if (ret == COUNT_OK && p->mark > 0 &&
	    (chunklist_size(&p->w) > p->object_bytes || p->nrows > PACK_MAX_ROWS))
		ret = cut(p);
	return ret;
}

/* Points of one day, the latest. */
static int add_of_day(struct packer *p, const int64_t *times, const double *values, size_t n)
{
	p->day_points += n;
	while (n > 0) {
		size_t room = OBJECT_CHUNK_POINTS - p->n, some = n < room ? n : room;
		int ret;

		if (some == 0) {	/* whole days, if that leaves the chunk at least half full */
			ret = add_chunk(p, p->day_at >= OBJECT_CHUNK_POINTS / 2 ? p->day_at : p->n);
			if (ret != COUNT_OK)
				return ret;
			continue;
		}
		memcpy(p->times + p->n, times, some * sizeof(*times));
		memcpy(p->values + p->n, values, some * sizeof(*values));
		p->n += some;
		times += some;
		values += some;
		n -= some;
	}
	return COUNT_OK;
}

int pack_points(struct packer *p, const int64_t *times, const double *values, size_t n)
{
	for (size_t i = 0, end; i < n; i = end) {
		int64_t day = day_of(p, times[i]);
		int ret = COUNT_OK;

		end = day_end(p, times, i, n);
		if (p->day_points > 0 && day != p->day) {
			if (p->day_points >= PACK_DENSE_DAY && p->n > 0)
				ret = add_chunk(p, p->n);
			p->day_points = 0;
			p->day_at = p->n;
		}
		p->day = day;
		if (ret == COUNT_OK)
			ret = add_of_day(p, times + i, values + i, end - i);
		if (ret != COUNT_OK)
			return ret;
	}
	return COUNT_OK;
}

int pack_end(struct packer *p)
{
	uint8_t hash[16];
	int ret = COUNT_OK;

	if (p->n > 0)
		ret = add_chunk(p, p->n);
	if (ret == COUNT_OK && p->w.n > 0) {
		points_hash_end(p->hash, hash);
		ret = finish(p, &p->w, p->rows, p->nrows, hash);
	}
	if (ret != COUNT_OK)
		return ret;
	points_hash_reset(p->hash);
	p->nrows = p->mark = p->mark_rows = p->day_at = 0;
	p->mark_is_midnight = p->new_row = false;
	p->day_points = 0;
	return COUNT_OK;
}

bool pack_take(struct packer *p, struct cold_object *o)
{
	if (p->ndone == 0)
		return false;
	*o = p->done[0];
	memmove(p->done, p->done + 1, --p->ndone * sizeof(*p->done));
	return true;
}

int pack_put_back(struct packer *p, struct cold_object *o)
{
	if (grow_done(p) != COUNT_OK) {
		cold_object_free(o);
		return COUNT_ERR_NOMEM;
	}
	memmove(p->done + 1, p->done, p->ndone++ * sizeof(*p->done));
	p->done[0] = *o;
	*o = (struct cold_object){ 0 };
	return COUNT_OK;
}

size_t pack_ready(const struct packer *p)
{
	return p->ndone;
}
