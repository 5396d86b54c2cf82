/*
 * format_graphite.c - name value [timestamp], fields parted by blanks or tabs.
 *
 *	servers.web1.load 0.71 1700000000
 *	disk.used;host=web1;mount=/ 81.5		Graphite's tags
 *	cpu_usage{host="web 1",mode="idle"} 99 1700000000123
 *	{"my cpu",host="web1"} 1.5			what count-query prints for odd names
 *
 * The last two are canonical texts or near them, in which a blank inside braces or quotation
 * marks belongs to the name.  Without a stamp the point gets the time of receipt.
 */
#include "line.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The end of a braced part that starts at s[i]; len when it has none. */
static size_t braces_end(const char *s, size_t len, size_t i)
{
	bool quoted = false;

	for (; i < len; i++) {
		if (quoted && s[i] == '\\')
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
		else if (!quoted && s[i] == '}')
			return i + 1;
	}
	return len;
}

/* Where the name ends: at a blank, but not at one inside braces. */
static size_t name_end(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && !is_blank(s[i])) {
		if (s[i] == '{')
			i = braces_end(s, len, i);
		else
			i++;
	}
	return i;
}

/* Cut the next field off; false at the end of the line. */
static inline bool field(const char **s, const char *end, const char **f, size_t *len)
{
	const char *p = *s;

	while (p < end && is_blank(*p))
		p++;
	*f = p;
	while (p < end && !is_blank(*p))
		p++;
	*len = (size_t)(p - *f);
	*s = p;
	return *len > 0;
}

static enum line_result read_line(struct line *line, const char *s, size_t len)
{
	const char *end = s + len, *p, *value, *stamp, *more;
	size_t value_len, stamp_len, more_len;
	struct line_point *pt = &line->points[0];
	bool has_stamp, has_more;

	pt->spelled = s;
	pt->spelled_len = name_end(s, len);
	p = s + pt->spelled_len;
	if (!field(&p, end, &value, &value_len)) {
		if (memchr(s, '{', len) != NULL && s[len - 1] != '}')
			return line_refuse(line, "unclosed brace or quotation mark in the name");
		if (line->fixed == NULL)
			return LINE_REFUSED;	/* whoever chose the format knows what to say */
		return line_refuse(line, "no value after the name");
	}
	has_stamp = field(&p, end, &stamp, &stamp_len);
	has_more = has_stamp && field(&p, end, &more, &more_len);
	if (line->fixed == NULL && (has_more || memchr(value, '=', value_len) != NULL))
		return LINE_REFUSED;	/* probably another format, and not a bad value */
	if (has_more)
		return line_refuse(line, "more than name, value and timestamp");
	if (value_len == 4 && memcmp(value, "null", 4) == 0)
		return LINE_SKIPPED;
	if (!line_value(line, value, value_len, &pt->value))
		return LINE_REFUSED;
	pt->time = line->now;
	if (has_stamp && !line_stamp(line, stamp, stamp_len, &pt->time))
		return LINE_REFUSED;
	line->n = 1;
	return LINE_POINTS;
}

/* name;k=v;k=v */
static bool tagged(struct line *line, const char *s, size_t len, char out[COUNT_SERIES_MAX + 1],
		   size_t *out_len)
{
	struct count_label labels[COUNT_LABELS_MAX];
	const char *end = s + len, *semi = memchr(s, ';', len), *equals;
	size_t name_len = (size_t)(semi - s), n = 0;
	struct count_error err = { 0 };

	while (semi != NULL) {
		const char *tag = semi + 1;

		semi = memchr(tag, ';', (size_t)(end - tag));
		equals = memchr(tag, '=', (size_t)((semi != NULL ? semi : end) - tag));
		if (equals == NULL || equals == tag) {
			line_refuse(line, "bad tag: it is written ;key=value");
			return false;
		}
		if (n == COUNT_LABELS_MAX) {
			line_refuse(line, "more than %d tags", COUNT_LABELS_MAX);
			return false;
		}
		labels[n++] = (struct count_label){ .key = tag, .key_len = (size_t)(equals - tag),
			.value = equals + 1,
			.value_len = (size_t)((semi != NULL ? semi : end) - equals - 1) };
	}
	if (count_series_build(s, name_len, labels, n, out, out_len, &err) == COUNT_OK)
		return true;
	line_refuse(line, "%s", err.text);
	return false;
}

static bool canonical(struct line *line, const char *s, size_t len, char out[COUNT_SERIES_MAX + 1],
		      size_t *out_len)
{
	struct count_error err = { 0 };

	if (memchr(s, '{', len) == NULL && memchr(s, ';', len) != NULL) {
		if (!tagged(line, s, len, out, out_len))
			return false;
	} else if (count_series_canonical(s, len, out, out_len, &err) != COUNT_OK) {
		line_refuse(line, "%s", err.text);
		return false;
	}
	return line_decorate(line, out, out_len);
}

const struct format format_graphite = {
	.name = "graphite", .id = 1, .read = read_line, .canonical = canonical,
};

/* --name: a line is a value, or a value and a stamp; df's "42%" is a value too. */
static enum line_result read_value(struct line *line, const char *s, size_t len)
{
	const char *p = s, *value, *stamp, *more;
	size_t value_len, stamp_len, more_len;
	struct line_point *pt = &line->points[0];

	if (!field(&p, s + len, &value, &value_len))
		return LINE_SKIPPED;
	if (value_len == 4 && memcmp(value, "null", 4) == 0)
		return LINE_SKIPPED;
	if (value_len > 1 && value[value_len - 1] == '%')
		value_len--;
	if (!line_value(line, value, value_len, &pt->value))
		return LINE_REFUSED;
	pt->time = line->now;
	if (field(&p, s + len, &stamp, &stamp_len) && !line_stamp(line, stamp, stamp_len, &pt->time))
		return LINE_REFUSED;
	if (field(&p, s + len, &more, &more_len))
		return line_refuse(line, "with --name a line is 'value [timestamp]'");
	pt->spelled = line->name;
	pt->spelled_len = strlen(line->name);
	line->n = 1;
	return LINE_POINTS;
}

const struct format format_value = {
	.name = "value", .id = 2, .read = read_value, .canonical = canonical,
};
