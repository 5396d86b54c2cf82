/*
 * line.h - from one input line to points; one file for each format.
 *
 * A format reads a line into the points of a struct line.  A point carries its series as the line
 * spelled it: whoever stores points knows most spellings already (names.h) and asks
 * format->canonical() only for a new one.  Nothing here allocates for each line, and a line is any
 * bytes: it need not end in NUL, and may hold one.
 */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"

#define LINE_MAX_BYTES (1024 * 1024)
#define LINE_STAMP_ROOM 64	/* 18 digits at most, and what may be read behind them */
#define LINE_MAX_POINTS 64	/* of one line; formats with several fields a line use more than one */

enum line_result {
	LINE_POINTS,		/* line->n of them */
	LINE_SKIPPED,		/* by design: blank, a comment, a null */
	LINE_REFUSED,		/* line->why tells */
};

struct line_point {
	const char *spelled;	/* the series, into the line or line->scratch */
	size_t spelled_len;
	int64_t time;
	double value;
};

struct line;

struct format {
	const char *name;	/* as --format says it */
	uint8_t id;		/* spellings of different formats are different keys */
	enum line_result (*read)(struct line *line, const char *s, size_t len);
	/* The canonical text of a spelling, with --prefix and --tag; false: line->why tells. */
	bool (*canonical)(struct line *line, const char *spelled, size_t len,
			  char out[COUNT_SERIES_MAX + 1], size_t *out_len);
};

extern const struct format format_graphite, format_json, format_value;

/* How lines are read, and what the last one said. */
struct line {
	/* set once */
	const struct format *fixed;	/* NULL: told by the line */
	enum count_unit unit;		/* the store's */
	enum count_time_unit given;	/* --time-unit */
	const char *name;		/* --name, for format_value */
	const char *prefix;		/* --prefix, NULL: none */
	const struct count_label *tags;	/* --tag */
	size_t ntags;
	int64_t now;			/* the time of receipt, in the store's unit; kept up by the reader */
	char stamp[LINE_STAMP_ROOM];	/* the last whole stamp and its time: neighbours often have the same */
	size_t stamp_len;
	int64_t stamp_time;
	/* of the last line */
	const struct format *format;	/* which one read it */
	size_t n;
	struct line_point points[LINE_MAX_POINTS];
	uint64_t floored;		/* how many stamps were finer than the unit, since the start */
	char why[640];
	char *scratch;			/* LINE_MAX_BYTES, for names that need unescaping; allocated when needed */
};

enum line_result line_read(struct line *line, const char *s, size_t len);
void line_free(struct line *line);

/* For the formats: note why a line is refused; bytes from outside may follow %.*s, cut to fit. */
enum line_result line_refuse(struct line *line, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Read a value or a stamp of the line into point 0; false after line_refuse(). */
bool line_value(struct line *line, const char *s, size_t len, double *value);
bool line_stamp(struct line *line, const char *s, size_t len, int64_t *time);
/* Put --prefix and --tag to a canonical text, in place; a label of the text's own wins. */
bool line_decorate(struct line *line, char text[COUNT_SERIES_MAX + 1], size_t *len);
/* The scratch buffer, or NULL after line_refuse() when there is no memory. */
char *line_scratch(struct line *line);

#endif
