/* archive_pack.c - points to block objects; see archive_pack.h. */
#include "engine/archive_pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "engine/flush_plan.h"
#include "format/block.h"
#include "format/block_cut.h"

#define FIRST_ROOM 1024		/* points of a run */

/* Statistics of points of one day; a day has several where a mark fell into it. */
struct row { int64_t day; struct chunk_stats stats; };

struct packer {
	enum count_unit unit;
	size_t object_bytes;
	struct chunk_coder *coder;
	enum column_level level;
	int64_t day_len;

	int64_t *times;			/* a run of points that are not encoded yet */
	double *values;
	size_t n, cap;
	struct chunklist_dict dict;	/* of the run that is being encoded */

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
	free(p->times);
	free(p->values);
	chunklist_dict_free(&p->dict);
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

/* A chunk of the run, encoded. */
static int add_chunk(struct packer *p, const int64_t *times, const double *values, size_t n)
{
	int ret;

	set_mark(p, times[0]);
	ret = chunklist_add(&p->w, p->coder, p->level, &p->dict, times, values, n);
	points_hash_add(p->hash, times, values, n);
	points_hash_add(p->since, times, values, n);
	for (size_t i = 0, end; i < n && ret == COUNT_OK; i = end) {
		struct chunk_stats stats;

		end = day_end(p, times, i, n);
		stats_of(times + i, values + i, end - i, &stats);
		ret = add_row(p, day_of(p, times[i]), &stats);
	}
	if (ret == COUNT_OK && p->mark > 0 &&
	    (chunklist_size(&p->w) > p->object_bytes || p->nrows > PACK_MAX_ROWS))
		ret = cut(p);
	return ret;
}

/* The length of the first chunk of n points; 0: more are needed, which are to follow if `more`. */
static size_t chunk_len(const struct packer *p, const int64_t *times, size_t n, bool more)
{
	static const struct block_cuts none;
	size_t len = block_cut(&none, p->day_len, times, n, more), midnight = len;

	if (len == 0 || len == n)
		return len;
	while (midnight > COLUMN_MAX_POINTS / 2 && day_of(p, times[midnight - 1]) == day_of(p, times[len]))
		midnight--;
	return midnight > COLUMN_MAX_POINTS / 2 ? midnight : len;
}

/* Encodes the run, but for its last points if `more` of it is to follow. */
static int encode_run(struct packer *p, bool more)
{
	size_t at = 0, len = chunk_len(p, p->times, p->n, more);
	int ret = COUNT_OK;

	chunklist_dict_free(&p->dict);
	if (len < p->n)
		ret = chunklist_dict_make(&p->dict, p->coder, p->level, p->values, p->n);
	while (ret == COUNT_OK && len > 0) {
		ret = add_chunk(p, p->times + at, p->values + at, len);
		at += len;
		len = at == p->n ? 0 : chunk_len(p, p->times + at, p->n - at, more);
	}
	p->n -= at;
	memmove(p->times, p->times + at, p->n * sizeof(*p->times));
	memmove(p->values, p->values + at, p->n * sizeof(*p->values));
	return ret;
}

/* Room for a point more at least. */
static int make_room(struct packer *p)
{
	size_t cap = p->cap == 0 ? FIRST_ROOM : 2 * p->cap;
	int64_t *times;
	double *values;

	if (p->n < p->cap)
		return COUNT_OK;
	if (p->cap == BLOCK_RUN_POINTS)
		return encode_run(p, true);
	times = reallocarray(p->times, cap, sizeof(*times));
	if (times != NULL)
		p->times = times;
	values = reallocarray(p->values, cap, sizeof(*values));
	if (values != NULL)
		p->values = values;
	if (times == NULL || values == NULL)
		return COUNT_ERR_NOMEM;
	p->cap = cap < BLOCK_RUN_POINTS ? cap : BLOCK_RUN_POINTS;
	return COUNT_OK;
}

int pack_points(struct packer *p, const int64_t *times, const double *values, size_t n)
{
	while (n > 0) {
		int ret = make_room(p);
		size_t some = n < p->cap - p->n ? n : p->cap - p->n;

		if (ret != COUNT_OK)
			return ret;
		memcpy(p->times + p->n, times, some * sizeof(*times));
		memcpy(p->values + p->n, values, some * sizeof(*values));
		p->n += some;
		times += some;
		values += some;
		n -= some;
	}
	return COUNT_OK;
}

int pack_end(struct packer *p)
{
	uint8_t hash[16];
	int ret = p->n > 0 ? encode_run(p, false) : COUNT_OK;

	if (ret == COUNT_OK && p->w.n > 0) {
		points_hash_end(p->hash, hash);
		ret = finish(p, &p->w, p->rows, p->nrows, hash);
	}
	if (ret != COUNT_OK)
		return ret;
	points_hash_reset(p->hash);
	p->nrows = p->mark = p->mark_rows = 0;
	p->mark_is_midnight = p->new_row = false;
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
