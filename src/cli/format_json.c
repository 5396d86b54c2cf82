/*
 * format_json.c - one object a line:
 *
 *	{"series":"cpu","timestamp":1700000000000,"value":1.5,"tags":{"host":"web1"}}
 *
 * A small strict reader (RFC 8259) of our own instead of a library that builds a tree: these are
 * metric lines, read by the million, and a number must go from its text to our exact reader
 * without becoming a double on the way.  Keys that mean nothing here are skipped, whatever value
 * they hold, to a depth of 32; one of ours that comes twice is refused.  A value may be the string
 * NaN, +Inf or -Inf, which JSON numbers cannot say; null is no point.  Without a timestamp the
 * point gets the time of receipt.
 *
 * The spelling handed on is the text of the series string, and after a NUL that of the tags.
 */
#include "line.h"

#include <string.h>

#define MAX_DEPTH 32

struct json {
	const char *p, *end;
	const char *wrong;	/* why it is no JSON */
};

struct span {
	const char *s;		/* NULL: not there */
	size_t len;
};

static void skip_space(struct json *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\r' || *j->p == '\n'))
		j->p++;
}

static bool wrong(struct json *j, const char *why)
{
	if (j->wrong == NULL)
		j->wrong = why;
	return false;
}

/* The next byte that is not space, if it is c. */
static bool accept(struct json *j, char c)
{
	skip_space(j);
	if (j->p == j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

static bool expect(struct json *j, char c, const char *why)
{
	return accept(j, c) || wrong(j, why);
}

static int hex4(const char *s, size_t len)
{
	int v = 0;

	if (len < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)s[i], l = c | 32;

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (l >= 'a' && l <= 'f')
			v = v << 4 | (l - 'a' + 10);
		else
			return -1;
	}
	return v;
}

/* A string; *out is what stands between the quotation marks, escapes checked but still in it. */
static bool string(struct json *j, struct span *out)
{
	if (!expect(j, '"', "expected a string"))
		return false;
	out->s = j->p;
	for (; j->p < j->end && *j->p != '"'; j->p++) {
		if ((unsigned char)*j->p < 0x20)
			return wrong(j, "a control character in a string");
		if (*j->p != '\\')
			continue;
		j->p++;
		if (j->p == j->end || *j->p == '\0' || strchr("\"\\/bfnrtu", *j->p) == NULL)
			return wrong(j, "a bad escape in a string");
		if (*j->p == 'u' && hex4(j->p + 1, (size_t)(j->end - j->p - 1)) < 0)
			return wrong(j, "a bad \\u escape in a string");
	}
	if (j->p == j->end)
		return wrong(j, "a string without end");
	out->len = (size_t)(j->p - out->s);
	j->p++;
	return true;
}

static size_t digits(struct json *j)
{
	const char *from = j->p;

	while (j->p < j->end && *j->p >= '0' && *j->p <= '9')
		j->p++;
	return (size_t)(j->p - from);
}

static bool number(struct json *j, struct span *out)
{
	bool zero;

	out->s = j->p;
	if (j->p < j->end && *j->p == '-')
		j->p++;
	zero = j->p < j->end && *j->p == '0';
	switch (digits(j)) {
	case 0: return wrong(j, "expected a value");
	case 1: break;
	default:
		if (zero)
			return wrong(j, "a number that starts with 0");
	}
	if (j->p < j->end && *j->p == '.') {
		j->p++;
		if (digits(j) == 0)
			return wrong(j, "a number that ends with a point");
	}
	if (j->p < j->end && (*j->p | 32) == 'e') {
		j->p++;
		if (j->p < j->end && (*j->p == '+' || *j->p == '-'))
			j->p++;
		if (digits(j) == 0)
			return wrong(j, "a number without its exponent");
	}
	out->len = (size_t)(j->p - out->s);
	return true;
}

static bool word(struct json *j, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(j->end - j->p) < n || memcmp(j->p, w, n) != 0)
		return false;
	j->p += n;
	return true;
}

static bool skip_any(struct json *j, unsigned depth);

static bool skip_members(struct json *j, char close, unsigned depth)
{
	struct span s;

	if (depth == MAX_DEPTH)
		return wrong(j, "nested too deep");
	if (accept(j, close))
		return true;
	do {
		if (close == '}' && (!string(j, &s) || !expect(j, ':', "expected ':'")))
			return false;
		if (!skip_any(j, depth + 1))
			return false;
	} while (accept(j, ','));
	return expect(j, close, "expected ',' or the end of what was opened");
}

/* Any JSON value, passed over. */
static bool skip_any(struct json *j, unsigned depth)
{
	struct span s;

	skip_space(j);
	if (j->p == j->end)
		return wrong(j, "expected a value");
	switch (*j->p) {
	case '"': return string(j, &s);
	case '{': j->p++; return skip_members(j, '}', depth);
	case '[': j->p++; return skip_members(j, ']', depth);
	default: return word(j, "true") || word(j, "false") || word(j, "null") || number(j, &s);
	}
}

/* A UTF-8 character; returns its length. */
static size_t put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* The character of the \u escape whose u is *p; half of a surrogate pair alone gives false. */
static bool escaped_char(const char **p, const char *end, unsigned *c)
{
	int hi = hex4(*p + 1, (size_t)(end - *p - 1)), lo;

	*p += 4;
	*c = (unsigned)hi;
	if (hi < 0xd800 || hi > 0xdfff)
		return hi >= 0;
	if (hi > 0xdbff || end - *p < 7 || (*p)[1] != '\\' || (*p)[2] != 'u')
		return false;
	lo = hex4(*p + 3, (size_t)(end - *p - 3));
	if (lo < 0xdc00 || lo > 0xdfff)
		return false;
	*c = 0x10000 + (((unsigned)hi & 0x3ff) << 10) + ((unsigned)lo & 0x3ff);
	*p += 6;
	return true;
}

/* Take the escapes out of a checked string; out holds at least s.len bytes.  False: a lone surrogate. */
static bool unescape(struct span s, char *out, size_t *out_len)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *end = s.s + s.len;
	size_t n = 0;

	for (const char *p = s.s; p < end; p++) {
		unsigned c;

		if (*p != '\\') {
			out[n++] = *p;
		} else if (*++p != 'u') {
			out[n++] = to[strchr(from, *p) - from];
		} else {
			if (!escaped_char(&p, end, &c))
				return false;
			n += put_utf8(out + n, c);
		}
	}
	*out_len = n;
	return true;
}

struct fields {
	struct span series, stamp, value, tags;
	bool value_null, value_string, stamp_string;
};

static bool number_or_string(struct json *j, struct span *out, bool *is_string)
{
	skip_space(j);
	*is_string = j->p < j->end && *j->p == '"';
	return *is_string ? string(j, out) : number(j, out);
}

static bool tags(struct json *j, struct span *out)
{
	struct span s;

	skip_space(j);
	out->s = j->p;
	if (!expect(j, '{', "\"tags\" is no object"))
		return false;
	if (!accept(j, '}')) {
		do {
			if (!string(j, &s) || !expect(j, ':', "expected ':'") || !string(j, &s))
				return wrong(j, "a tag's value is no string");
		} while (accept(j, ','));
		if (!expect(j, '}', "expected ',' or '}'"))
			return false;
	}
	out->len = (size_t)(j->p - out->s);
	return true;
}

static bool is_key(struct span key, const char *name)
{
	return key.len == strlen(name) && memcmp(key.s, name, key.len) == 0;
}

static bool member(struct json *j, struct fields *f)
{
	struct span key;

	if (!string(j, &key) || !expect(j, ':', "expected ':'"))
		return false;
	if (is_key(key, "series"))
		return f->series.s != NULL ? wrong(j, "\"series\" comes twice") : string(j, &f->series);
	if (is_key(key, "tags"))
		return f->tags.s != NULL ? wrong(j, "\"tags\" comes twice") : tags(j, &f->tags);
	if (is_key(key, "timestamp")) {
		if (f->stamp.s != NULL)
			return wrong(j, "\"timestamp\" comes twice");
		return number_or_string(j, &f->stamp, &f->stamp_string);
	}
	if (!is_key(key, "value"))
		return skip_any(j, 1);
	if (f->value.s != NULL || f->value_null)
		return wrong(j, "\"value\" comes twice");
	skip_space(j);
	f->value_null = word(j, "null");
	return f->value_null || number_or_string(j, &f->value, &f->value_string);
}

static bool object(struct json *j, struct fields *f)
{
	if (!expect(j, '{', "expected an object"))
		return false;
	if (!accept(j, '}')) {
		do {
			if (!member(j, f))
				return false;
		} while (accept(j, ','));
		if (!expect(j, '}', "expected ',' or '}'"))
			return false;
	}
	skip_space(j);
	return j->p == j->end || wrong(j, "something follows the object");
}

/* The spelling: the series string, and what the tags say after a NUL, which a name cannot hold. */
static bool spell(struct line *line, const struct fields *f, struct line_point *pt)
{
	char *scratch;

	pt->spelled = f->series.s;
	pt->spelled_len = f->series.len;
	if (f->tags.s == NULL)
		return true;
	scratch = line_scratch(line);
	if (scratch == NULL)
		return false;
	memcpy(scratch, f->series.s, f->series.len);
	scratch[f->series.len] = '\0';
	memcpy(scratch + f->series.len + 1, f->tags.s, f->tags.len);
	pt->spelled = scratch;
	pt->spelled_len = f->series.len + 1 + f->tags.len;
	return true;
}

static enum line_result read_line(struct line *line, const char *s, size_t len)
{
	struct json j = { .p = s, .end = s + len };
	struct fields f = { 0 };
	struct line_point *pt = &line->points[0];

	if (*s == '[')
		return line_refuse(line, "an array; expected one object a line");
	if (!object(&j, &f))
		return line_refuse(line, "bad JSON at byte %zu: %s", (size_t)(j.p - s) + 1, j.wrong);
	if (f.series.s == NULL)
		return line_refuse(line, "no \"series\"");
	if (f.value_null)
		return LINE_SKIPPED;
	if (f.value.s == NULL)
		return line_refuse(line, "no \"value\"");
	if (!line_value(line, f.value.s, f.value.len, &pt->value))
		return LINE_REFUSED;
	pt->time = line->now;
	if (f.stamp.s != NULL && !line_stamp(line, f.stamp.s, f.stamp.len, &pt->time))
		return LINE_REFUSED;
	if (!spell(line, &f, pt))
		return LINE_REFUSED;
	line->n = 1;
	return LINE_POINTS;
}

/* Unescape into the room at *at, and move *at behind it. */
static bool take_string(struct line *line, struct json *j, char **at, const char **out, size_t *len)
{
	struct span s = { 0 };

	if (!string(j, &s) || !unescape(s, *at, len)) {
		line_refuse(line, "half of a surrogate pair in a string");
		return false;
	}
	*out = *at;
	*at += *len;
	return true;
}

/* Add what "tags" holds to the canonical text; a key in both is refused. */
static bool add_tags(struct line *line, struct json *j, char *room, char text[COUNT_SERIES_MAX + 1],
		     size_t *len)
{
	struct count_series_parts parts;
	struct count_label labels[COUNT_LABELS_MAX];
	struct count_error err = { 0 };
	size_t n;

	if (count_series_parse(text, *len, &parts) != COUNT_OK)
		return line_refuse(line, "bad series name") == LINE_POINTS;
	n = parts.nlabels;
	memcpy(labels, parts.labels, n * sizeof(labels[0]));
	accept(j, '{');
	while (!accept(j, '}')) {
		struct count_label *l = &labels[n];

		if (n++ == COUNT_LABELS_MAX)
			return line_refuse(line, "more than %d tags", COUNT_LABELS_MAX) == LINE_POINTS;
		if (!take_string(line, j, &room, &l->key, &l->key_len))
			return false;
		accept(j, ':');
		if (!take_string(line, j, &room, &l->value, &l->value_len))
			return false;
		accept(j, ',');
	}
	if (count_series_build(parts.name, parts.name_len, labels, n, text, len, &err) == COUNT_OK)
		return true;
	return line_refuse(line, "%s", err.text) == LINE_POINTS;
}

static bool canonical(struct line *line, const char *s, size_t len, char out[COUNT_SERIES_MAX + 1],
		      size_t *out_len)
{
	const char *tags_text = memchr(s, '\0', len);
	struct span series = { s, tags_text != NULL ? (size_t)(tags_text - s) : len };
	struct json j = { .p = s + series.len + 1, .end = s + len };
	char room[4 * COUNT_SERIES_MAX];	/* names longer than this are refused anyway */
	struct count_error err = { 0 };
	size_t n;

	if (len > sizeof(room))
		return line_refuse(line, "series and tags are too long") == LINE_POINTS;
	if (!unescape(series, room, &n))
		return line_refuse(line, "half of a surrogate pair in a string") == LINE_POINTS;
	if (count_series_canonical(room, n, out, out_len, &err) != COUNT_OK)
		return line_refuse(line, "%s", err.text) == LINE_POINTS;
	if (tags_text != NULL && !add_tags(line, &j, room, out, out_len))
		return false;
	return line_decorate(line, out, out_len);
}

const struct format format_json = {
	.name = "json", .id = 3, .read = read_line, .canonical = canonical,
};
