/*
 * flush_log.c - runs of the log by series; see flush_log.h.
 *
 * Two passes over the directories: the first counts the runs of each series, the second puts them
 * in their places, so that no list grows.
 */
#include "engine/flush_log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"

enum {
	PAGE_BLOCK = 64 << 10,		/* what the kernel maps around a fault */
	RESIDENT = 24 << 20,		/* of the log, before pages are given back; the kernel may map
					 * several times that */
	NAME_BLOCK = 1 << 20,
	MAX_NAME_BLOCKS = 64,
};

#define NO_SERIES UINT32_MAX	/* of a damaged run */

/* ---- Pages ---- */

/* Index of the first bit of a segment: segments lie one after the other. */
static size_t first_bit(const struct hot_log *log, size_t segment)
{
	size_t bit = 0;

	for (size_t i = 0; i < segment; i++)
		bit += log->segments[i].map.len / PAGE_BLOCK + 1;
	return bit;
}

void log_index_release(struct log_index *x)
{
	const struct hot_log *log = &x->snap->log;

	for (size_t i = 0; i < log->nsegments; i++)
		if (log->segments[i].map.len > 0)
			madvise((void *)log->segments[i].map.data, log->segments[i].map.len,
				MADV_DONTNEED);
	memset(x->touched, 0, x->touched_len);
	x->ntouched = 0;
}

/* Notes that [p, p + len) was read; gives all pages back when there are many. */
static void touch(struct log_index *x, const void *p, size_t len)
{
	const struct hot_log *log = &x->snap->log;
	const uint8_t *at = p;

	for (size_t i = 0; i < log->nsegments; i++) {
		const struct fs_map *map = &log->segments[i].map;
		size_t base, from, to;

		if (map->len == 0 || at < map->data || at >= map->data + map->len)
			continue;
		base = first_bit(log, i);
		from = base + (size_t)(at - map->data) / PAGE_BLOCK;
		to = base + ((size_t)(at - map->data) + (len > 0 ? len - 1 : 0)) / PAGE_BLOCK;
		for (; from <= to && from / 8 < x->touched_len; from++) {
			uint8_t bit = (uint8_t)(1u << (from % 8));

			x->ntouched += (x->touched[from / 8] & bit) == 0;
			x->touched[from / 8] |= bit;
		}
		break;
	}
	if (x->ntouched * PAGE_BLOCK >= RESIDENT)
		log_index_release(x);
}

/* ---- Series ---- */

static uint64_t prefix_of(const char *name, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8; i++)
		v = v << 8 | (i < len ? (uint8_t)name[i] : 0);
	return v;
}

static int grow_table(struct log_index *x)
{
	size_t cap = x->table_cap == 0 ? 1024 : x->table_cap * 2;
	uint32_t *table = calloc(cap, sizeof(*table));

	if (table == NULL)
		return COUNT_ERR_NOMEM;
	for (size_t s = 0; s < x->nseries; s++) {
		size_t i = (size_t)x->series[s].hash & (cap - 1);

		while (table[i] != 0)
			i = (i + 1) & (cap - 1);
		table[i] = (uint32_t)s + 1;
	}
	free(x->table);
	x->table = table;
	x->table_cap = cap;
	return COUNT_OK;
}

/* The slot of a series in the table; 0 in it when it is new. */
static uint32_t *slot_of(struct log_index *x, const struct hot_run *run)
{
	size_t i = (size_t)run->hash & (x->table_cap - 1);

	for (; x->table[i] != 0; i = (i + 1) & (x->table_cap - 1)) {
		const struct log_series *s = &x->series[x->table[i] - 1];

		if (s->hash == run->hash && s->name_len == run->name_len &&
		    memcmp(s->name, run->name, run->name_len) == 0)
			break;
	}
	return &x->table[i];
}

/* Names are compared a lot, all over the log: copies keep its pages out of memory. */
static const char *keep_name(struct log_index *x, const char *name, size_t len)
{
	char *copy;

	if (x->names == NULL)
		x->names = calloc(MAX_NAME_BLOCKS, sizeof(*x->names));
	if (x->names != NULL && x->names_left < len && x->nnames < MAX_NAME_BLOCKS &&
	    len <= NAME_BLOCK) {
		x->names[x->nnames] = malloc(NAME_BLOCK);
		x->names_left = x->names[x->nnames] != NULL ? NAME_BLOCK : 0;
		x->nnames += x->names_left > 0;
	}
	if (x->names_left < len)
		return name;
	copy = x->names[x->nnames - 1] + NAME_BLOCK - x->names_left;
	x->names_left -= len;
	return memcpy(copy, name, len);
}

/* Notes the series of the next run in the log. */
static int note_series(struct log_index *x, uint32_t series)
{
	if (x->nof == x->of_cap) {
		size_t cap = x->of_cap == 0 ? 4096 : x->of_cap * 2;
		uint32_t *of = reallocarray(x->of, cap, sizeof(*of));

		if (of == NULL)
			return COUNT_ERR_NOMEM;
		x->of = of;
		x->of_cap = cap;
	}
	x->of[x->nof++] = series;
	return COUNT_OK;
}

/* Whether the run is of the series that came behind the one before it when it was new. */
static bool is_next(const struct log_index *x, const struct hot_run *run)
{
	const struct log_series *s;

	if (x->last + 1 >= x->nseries)
		return false;
	s = &x->series[x->last + 1];
	return s->hash == run->hash && s->name_len == run->name_len &&
	       memcmp(s->name, run->name, run->name_len) == 0;
}

static int count_series(struct log_index *x, uint32_t series)
{
	x->series[series].nruns++;
	x->nruns++;
	x->last = series;
	return note_series(x, series);
}

static int count_run(struct log_index *x, const struct hot_run *run)
{
	struct log_series *s;
	uint32_t *slot;

	if (is_next(x, run))
		return count_series(x, x->last + 1);
	if (x->nseries * 2 >= x->table_cap && grow_table(x) != COUNT_OK)
		return COUNT_ERR_NOMEM;
	slot = slot_of(x, run);
	if (*slot == 0) {
		if (x->nseries == x->cap) {
			size_t cap = x->cap == 0 ? 256 : x->cap * 2;

			s = reallocarray(x->series, cap, sizeof(*s));
			if (s == NULL)
				return COUNT_ERR_NOMEM;
			x->series = s;
			x->cap = cap;
		}
		x->series[x->nseries++] = (struct log_series){
			.hash = run->hash, .name = keep_name(x, run->name, run->name_len),
			.name_len = (uint32_t)run->name_len,
			.prefix = prefix_of(run->name, run->name_len),
		};
		*slot = (uint32_t)x->nseries;
	}
	return count_series(x, *slot - 1);
}

/* ---- The two passes ---- */

/* Decodes a run for the sake of its times, which lie too far apart to be guessed at. */
static int count_times(const struct hot_run *run, struct histogram *h)
{
	struct hot_run_cursor cur = { 0 };
	int64_t times[512];
	double values[512];

	for (;;) {
		size_t n = 512;
		int ret = hot_run_next(run, &cur, times, values, &n);

		if (ret != COUNT_OK || n == 0)
			return ret == COUNT_ERR_NOMEM ? ret : COUNT_OK;	/* damage: noted later */
		ret = histogram_add_times(h, times, n);
		if (ret != COUNT_OK)
			return ret;
	}
}

static int count_windows(struct log_index *x, struct hot_run *run, struct histogram *h)
{
	int ret;

	if (hot_run_check(run) != COUNT_OK || run->points == 0)
		return COUNT_OK;	/* damage is noted when the points are read */
	touch(x, run->name, run->name_len);
	ret = histogram_add_span(h, run->first_time, run->last_time, run->points);
	return ret == COUNT_ERR_STOPPED ? count_times(run, h) : ret;
}

static int first_pass(struct log_index *x, const struct hot_frame *f, struct histogram *h)
{
	/* Mostly a whole frame lies in one window. */
	bool whole = h != NULL && window_of(h->unit, h->level, f->first_time) ==
				  window_of(h->unit, h->level, f->last_time);
	int ret = whole ? histogram_add(h, f->first_time, f->points) : COUNT_OK;

	for (uint32_t i = 0; i < f->nruns && ret == COUNT_OK; i++) {
		struct hot_run run;

		if (hot_frame_run(f, i, &run) != COUNT_OK) {
			run.frame = f;
			piece_note_run(x->snap, &run);
			x->damaged++;
			ret = note_series(x, NO_SERIES);
			continue;
		}
		ret = count_run(x, &run);
		touch(x, run.name, run.name_len);
		if (ret == COUNT_OK && h != NULL && !whole)
			ret = count_windows(x, &run, h);
	}
	return ret;
}

/* The runs of a frame, whose series are of[], to their places; returns how many of these it took. */
static size_t second_pass(struct log_index *x, uint32_t frame, const uint32_t *of)
{
	uint32_t nruns = x->snap->log.frames[frame].nruns;

	for (uint32_t i = 0; i < nruns; i++)
		if (of[i] != NO_SERIES)
			x->runs[x->series[of[i]].start++] = (struct log_run){ frame, i };
	return nruns;
}

static int by_name(const void *a, const void *b)
{
	const struct log_series *p = a, *q = b;
	size_t n = p->name_len < q->name_len ? p->name_len : q->name_len;
	int c;

	if (p->prefix != q->prefix)
		return p->prefix < q->prefix ? -1 : 1;
	c = memcmp(p->name, q->name, n);
	return c != 0 ? c : (p->name_len > q->name_len) - (p->name_len < q->name_len);
}

static int place_runs(struct log_index *x)
{
	uint64_t start = 0;
	size_t at = 0;

	x->runs = reallocarray(NULL, x->nruns == 0 ? 1 : (size_t)x->nruns, sizeof(*x->runs));
	if (x->runs == NULL)
		return COUNT_ERR_NOMEM;
	for (size_t i = 0; i < x->nseries; i++) {
		x->series[i].start = start;
		start += x->series[i].nruns;
	}
	for (size_t i = 0; i < x->snap->log.nframes; i++)
		if (x->snap->log.frames[i].segment < x->end)
			at += second_pass(x, (uint32_t)i, x->of + at);
	for (size_t i = 0; i < x->nseries; i++)
		x->series[i].start -= x->series[i].nruns;	/* it moved on while placing */
	free(x->table);
	x->table = NULL;
	free(x->of);
	x->of = NULL;
	if (x->nseries != 0)	/* else series may be NULL, which qsort() refuses */
		qsort(x->series, x->nseries, sizeof(*x->series), by_name);
	return COUNT_OK;
}

int log_index_build(struct log_index *x, struct snapshot *snap, uint64_t end, struct histogram *h,
		    struct count_error *err)
{
	const struct hot_log *log = &snap->log;
	int ret = COUNT_OK;

	*x = (struct log_index){ .snap = snap, .end = end };
	if (log->nframes >= UINT32_MAX)
		return err_set(err, COUNT_ERR_INVALID, "%s: too many frames", snap->dir->wal_path);
	x->touched_len = first_bit(log, log->nsegments) / 8 + 1;
	x->touched = calloc(x->touched_len, 1);
	if (x->touched == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < log->nframes && ret == COUNT_OK; i++)
		if (log->frames[i].segment < end)
			ret = first_pass(x, &log->frames[i], h);
	if (ret == COUNT_OK)
		ret = place_runs(x);
	return ret == COUNT_OK ? ret : err_nomem(err);
}

int log_index_run(struct log_index *x, uint32_t frame, uint32_t i, struct hot_run *run)
{
	const struct hot_frame *f = &x->snap->log.frames[frame];

	if (hot_frame_run(f, i, run) != COUNT_OK || hot_run_check(run) != COUNT_OK) {
		run->frame = f;
		piece_note_run(x->snap, run);
		x->damaged++;
		return COUNT_ERR_CORRUPT;
	}
	touch(x, run->name, run->name_len + 10 * (size_t)run->points);
	return COUNT_OK;
}

int log_index_pieces(struct log_index *x, size_t i, struct piece_list *out, struct count_error *err)
{
	const struct log_series *s = &x->series[i];

	for (uint32_t k = 0; k < s->nruns; k++) {
		struct log_run at = x->runs[s->start + k];
		struct hot_run run;

		if (log_index_run(x, at.frame, at.run, &run) != COUNT_OK)
			continue;
		if (run.points > 0 && piece_add_run(out, x->snap, &run) != COUNT_OK)
			return err_nomem(err);
	}
	piece_list_sort(out);
	return COUNT_OK;
}

void log_index_free(struct log_index *x)
{
	free(x->series);
	free(x->table);
	free(x->of);
	free(x->runs);
	free(x->touched);
	for (size_t i = 0; i < x->nnames; i++)
		free(x->names[i]);
	free(x->names);
	*x = (struct log_index){ 0 };
}
