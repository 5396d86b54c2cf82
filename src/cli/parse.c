/* parse.c - a text of whole lines to points, for one thread of several; see parse.h. */
#include "parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for n more of something; on failure the old array stays. */
static bool grow(void *array, size_t size, size_t *cap, size_t used, size_t n)
{
	size_t want = *cap == 0 ? 256 : *cap;
	void *p;

	while (want - used < n)
		want *= 2;
	if (want == *cap)
		return true;
	p = reallocarray(*(void **)array, want, size);
	if (p == NULL)
		return false;
	*(void **)array = p;
	*cap = want;
	return true;
}

static bool grow_points(struct parsed *out, size_t n)
{
	size_t cap[3] = { out->points_cap, out->points_cap, out->points_cap };

	if (!grow(&out->numbers, sizeof(*out->numbers), &cap[0], out->npoints, n) ||
	    !grow(&out->times, sizeof(*out->times), &cap[1], out->npoints, n) ||
	    !grow(&out->values, sizeof(*out->values), &cap[2], out->npoints, n)) {
		out->failed = true;
		return false;
	}
	out->points_cap = cap[0];
	return true;
}

/* A spelling seen for the first time gets the next number. */
static enum line_result new_series(struct parser *p, const struct line_point *pt, uint64_t hash,
				   uint32_t *number, struct parsed *out)
{
	char text[COUNT_SERIES_MAX + 1];
	struct line *line = &p->line;
	size_t len;

	if (!line->format->canonical(line, pt->spelled, pt->spelled_len, text, &len))
		return LINE_REFUSED;
	if (!grow(&out->names, 1, &out->names_cap, out->names_len, len) ||
	    !grow(&out->series, sizeof(*out->series), &out->series_cap, out->nseries, 1)) {
		out->failed = true;
		return LINE_REFUSED;
	}
	memcpy(out->names + out->names_len, text, len);
	out->series[out->nseries++] = (struct parsed_name){ out->names_len, len };
	out->names_len += len;
	*number = p->next++;
	names_add(&p->names, line->format->id, hash, pt->spelled, pt->spelled_len, *number);
	return LINE_POINTS;
}

static enum line_result put_points(struct parser *p, struct parsed *out)
{
	for (size_t i = 0; i < p->line.n; i++) {
		const struct line_point *pt = &p->line.points[i];
		uint64_t hash;
		uint32_t number;

		if (!names_find(&p->names, p->line.format->id, pt->spelled, pt->spelled_len, &hash, &number) &&
		    new_series(p, pt, hash, &number, out) != LINE_POINTS)
			return LINE_REFUSED;
		if (!grow_points(out, 1))
			return LINE_REFUSED;
		out->numbers[out->npoints] = number;
		out->times[out->npoints] = pt->time;
		out->values[out->npoints++] = pt->value;
	}
	return LINE_POINTS;
}

static void put_refused(struct parser *p, const char *why, size_t offset, size_t len, struct parsed *out)
{
	if (!grow(&out->refused, sizeof(*out->refused), &out->refused_cap, out->nrefused, 1)) {
		out->failed = true;
		return;
	}
	if (out->nrefused < REFUSED_SHOWN)
		snprintf(out->why[out->nrefused], sizeof(out->why[0]), "%s", why);
	out->refused[out->nrefused++] = (struct parsed_refusal){ .npoints = out->npoints, .line = out->lines,
		.skipped = out->skipped, .floored = p->line.floored, .offset = offset, .len = len };
}

/* One line, without its newline, at s[at]. */
static void parse_line(struct parser *p, const char *s, size_t at, size_t len, struct parsed *out)
{
	enum line_result ret;

	out->lines++;
	if (len > LINE_MAX_BYTES) {
		put_refused(p, "the line is longer than 1 MiB", at, len, out);
		return;
	}
	ret = line_read(&p->line, s + at, len);
	if (ret == LINE_POINTS)
		ret = put_points(p, out);
	out->skipped += ret == LINE_SKIPPED;
	if (ret == LINE_REFUSED && !out->failed)
		put_refused(p, memchr(s + at, '\0', len) != NULL ? "a NUL byte: this is no text" : p->line.why,
			    at, len, out);
}

static size_t parse_plain(struct parser *p, const char *s, size_t len, struct parsed *out)
{
	struct scan_points to = { 0 };
	size_t at = 0;

	while (to.n == to.room && grow_points(out, SCAN_POINTS)) {
		to = (struct scan_points){ .room = out->points_cap - out->npoints,
			.ids = out->numbers + out->npoints, .times = out->times + out->npoints,
			.values = out->values + out->npoints };
		at += p->scan(&p->line, &p->names, s + at, len - at, &to);
		out->npoints += to.n;
		out->lines += to.n;
	}
	return at;
}

void parse_text(struct parser *p, const char *s, size_t len, struct parsed *out)
{
	out->anew = names_memory(&p->names) > p->names_limit || p->next > UINT32_MAX / 2;
	if (out->anew) {
		names_clear(&p->names);
		p->next = 0;
	}
	out->npoints = out->names_len = out->nseries = out->nrefused = 0;
	out->lines = out->skipped = 0;
	out->failed = false;
	p->line.floored = 0;
	for (size_t at = 0; at < len && !out->failed;) {
		const char *nl;

		if (p->scan != NULL)
			at += parse_plain(p, s + at, len - at, out);
		if (at == len)
			break;
		nl = memchr(s + at, '\n', len - at);
		nl = nl != NULL ? nl : s + len;
		parse_line(p, s, at, (size_t)(nl - s) - at, out);
		at = (size_t)(nl - s) + 1;
	}
	out->floored = p->line.floored;
}

void parser_forget(struct parser *p)
{
	names_clear(&p->names);
	p->next = 0;
	p->nids = 0;
}

void parser_free(struct parser *p)
{
	line_free(&p->line);
	names_free(&p->names);
	free(p->ids);
}

void parsed_free(struct parsed *p)
{
	free(p->numbers);
	free(p->times);
	free(p->values);
	free(p->names);
	free(p->series);
	free(p->refused);
}
