/*
 * scanpair.h - a text read twice: line by line as line.h defines it, and with a kernel of scan.h for
 * the lines that it takes.  Both must give the same points, refusals and skips in the same order.
 */
#ifndef TEST_SCANPAIR_H
#define TEST_SCANPAIR_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"
#include "names.h"
#include "scan.h"

struct scan_event { int result; uint32_t id; int64_t time; uint64_t bits; };

struct scan_reading {
	struct line line;
	struct names names;
	uint32_t nids;
	struct scan_event *v;
	size_t n, cap;
	size_t taken;		/* points that a kernel read */
};

static inline void scan_note(struct scan_reading *r, int result, uint32_t id, int64_t time, double value)
{
	struct scan_event *e;

	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 64 : 2 * r->cap;
		r->v = realloc(r->v, r->cap * sizeof(*r->v));
		if (r->v == NULL)
			abort();
	}
	e = &r->v[r->n++];
	memset(e, 0, sizeof(*e));
	e->result = result;
	e->id = id;
	e->time = time;
	memcpy(&e->bits, &value, sizeof(value));
}

/* What sink_take() does, with ids in the order of appearance. */
static inline int scan_take(struct scan_reading *r)
{
	char text[COUNT_SERIES_MAX + 1];

	for (size_t i = 0; i < r->line.n; i++) {
		const struct line_point *pt = &r->line.points[i];
		uint64_t hash;
		uint32_t id;
		size_t len;

		if (!names_find(&r->names, r->line.format->id, pt->spelled, pt->spelled_len, &hash, &id)) {
			if (!r->line.format->canonical(&r->line, pt->spelled, pt->spelled_len, text, &len))
				return LINE_REFUSED;
			id = r->nids++;
			names_add(&r->names, r->line.format->id, hash, pt->spelled, pt->spelled_len, id);
		}
		scan_note(r, LINE_POINTS, id, pt->time, pt->value);
	}
	return LINE_POINTS;
}

/* The whole lines of s[0, len); run NULL: line by line.  s has SCAN_PAD bytes more. */
static inline void scan_read(struct scan_reading *r, scan_fn *run, const char *s, size_t len)
{
	static uint32_t ids[SCAN_POINTS];
	static int64_t times[SCAN_POINTS];
	static double values[SCAN_POINTS];
	struct scan_points points = { .room = SCAN_POINTS, .ids = ids, .times = times, .values = values };
	size_t at = 0;

	while (at < len) {
		const char *nl;
		int ret;

		do {
			if (run == NULL)
				break;
			at += run(&r->line, &r->names, s + at, len - at, &points);
			for (size_t i = 0; i < points.n; i++)
				scan_note(r, LINE_POINTS, points.ids[i], points.times[i], points.values[i]);
			r->taken += points.n;
		} while (points.n == SCAN_POINTS);
		nl = memchr(s + at, '\n', len - at);
		if (nl == NULL)
			break;
		ret = line_read(&r->line, s + at, (size_t)(nl - s) - at);
		if (ret == LINE_POINTS)
			ret = scan_take(r);
		if (ret != LINE_POINTS)
			scan_note(r, ret, 0, 0, 0);
		at = (size_t)(nl - s) + 1;
	}
}

static inline void scan_reading_free(struct scan_reading *r)
{
	line_free(&r->line);
	names_free(&r->names);
	free(r->v);
}

/* Reads both ways; -1: the same, else the number of the first event that differs.  *taken: by the kernel. */
static inline long scan_compare(const struct line *how, scan_fn *run, const char *s, size_t len, size_t *taken)
{
	struct scan_reading a = { .line = *how }, b = { .line = *how };
	long differ = -1;

	scan_read(&a, NULL, s, len);
	scan_read(&b, run, s, len);
	for (size_t i = 0; i < a.n && i < b.n && differ < 0; i++)
		if (memcmp(&a.v[i], &b.v[i], sizeof(a.v[i])) != 0)
			differ = (long)i;
	if (differ < 0 && (a.n != b.n || a.line.floored != b.line.floored))
		differ = (long)(a.n < b.n ? a.n : b.n);
	*taken = b.taken;
	scan_reading_free(&a);
	scan_reading_free(&b);
	return differ;
}

#endif
