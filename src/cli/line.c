/*
 * line.c - which format a line has, and what the formats share.
 *
 * Told by the line (--format auto): one that starts with { and ends with } is JSON; all else is
 * read as name, value and stamp, and only when that fails is it looked at what was probably meant.
 */
#include "line.h"
#include "number.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum line_result line_refuse(struct line *line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line->why, sizeof(line->why), fmt, ap);
	va_end(ap);
	return LINE_REFUSED;
}

/* How much of outside bytes goes into a message. */
static int shown(size_t len)
{
	return len < 60 ? (int)len : 60;
}

bool line_value(struct line *line, const char *s, size_t len, double *value)
{
	if (number_value(s, len, value) || count_value_parse(s, len, value) == COUNT_OK)
		return true;
	line_refuse(line, "bad value '%.*s'", shown(len), s);
	return false;
}

/* 2024-05-01T10:00:00Z, as --time-format iso prints it: digits first, then a dash within. */
static bool looks_iso(const char *s, size_t len)
{
	return len >= 7 && len < 64 && ((s[0] >= '0' && s[0] <= '9') || s[0] == '-' || s[0] == '+') &&
	       memchr(s + 1, '-', len - 1) != NULL;
}

bool line_stamp(struct line *line, const char *s, size_t len, int64_t *time)
{
	struct count_error err = { 0 };
	bool floored = false;

	if (len > 0 && len == line->stamp_len && memcmp(s, line->stamp, len) == 0) {
		*time = line->stamp_time;
		return true;
	}
	if (number_stamp(s, len, line->given, line->unit, time)) {
		memcpy(line->stamp, s, len);	/* at most 18 digits */
		line->stamp_len = len;
		line->stamp_time = *time;
		return true;
	}
	/* N is rrdtool's word for the present; -1 is Graphite's, unless a unit makes it a time like others. */
	if ((len == 1 && s[0] == 'N') ||
	    (len == 2 && s[0] == '-' && s[1] == '1' && line->given == COUNT_TIME_AUTO)) {
		*time = line->now;
		return true;
	}
	if (count_stamp_parse(s, len, line->given, line->unit, time, &floored, &err) == COUNT_OK) {
		line->floored += floored;
		return true;
	}
	if (looks_iso(s, len) && count_when_parse(s, len, COUNT_TIME_AUTO, line->unit, 0, NULL, time,
						  &err) == COUNT_OK)
		return true;
	line_refuse(line, "bad timestamp '%.*s'", shown(len), s);
	return false;
}

char *line_scratch(struct line *line)
{
	if (line->scratch == NULL)
		line->scratch = malloc(LINE_MAX_BYTES);
	if (line->scratch == NULL)
		line_refuse(line, "out of memory");
	return line->scratch;
}

bool line_decorate(struct line *line, char text[COUNT_SERIES_MAX + 1], size_t *len)
{
	struct count_series_parts parts;
	struct count_label labels[COUNT_LABELS_MAX];
	char name[2 * COUNT_SERIES_MAX];
	size_t prefix_len = line->prefix != NULL ? strlen(line->prefix) : 0, n;
	struct count_error err = { 0 };

	if (prefix_len == 0 && line->ntags == 0)
		return true;
	if (count_series_parse(text, *len, &parts) != COUNT_OK || prefix_len > COUNT_SERIES_MAX) {
		line_refuse(line, "bad series name");
		return false;
	}
	if (prefix_len > 0)
		memcpy(name, line->prefix, prefix_len);
	memcpy(name + prefix_len, parts.name, parts.name_len);
	n = parts.nlabels;
	memcpy(labels, parts.labels, n * sizeof(labels[0]));
	for (size_t i = 0; i < line->ntags; i++) {
		const struct count_label *tag = &line->tags[i];
		bool own = false;

		for (size_t k = 0; k < parts.nlabels && !own; k++)
			own = labels[k].key_len == tag->key_len &&
			      memcmp(labels[k].key, tag->key, tag->key_len) == 0;
		if (!own && n < COUNT_LABELS_MAX)
			labels[n++] = *tag;
	}
	if (count_series_build(name, prefix_len + parts.name_len, labels, n, text, len, &err) == COUNT_OK)
		return true;
	line_refuse(line, "%s", err.text);
	return false;
}

enum line_result line_read(struct line *line, const char *s, size_t len)
{
	enum line_result ret;

	while (len > 0 && (s[len - 1] == '\r' || s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	while (len > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		len--;
	}
	line->n = 0;
	if (len == 0 || *s == '#')
		return LINE_SKIPPED;
	line->format = line->fixed;
	if (line->format == NULL)
		line->format = *s == '{' && s[len - 1] == '}' ? &format_json : &format_graphite;
	line->why[0] = '\0';
	ret = line->format->read(line, s, len);
	if (ret == LINE_REFUSED && line->why[0] == '\0')
		line_refuse(line, "cannot tell the format; expected 'name value [timestamp]'");
	return ret;
}

void line_free(struct line *line)
{
	free(line->scratch);
	line->scratch = NULL;
}
