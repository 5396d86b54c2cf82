/*
 * series_read.c - any accepted spelling of a series, taken apart and made canonical.
 *
 *	series = name [ "{" [ label { "," label } [ "," ] ] "}" ]
 *	       | "{" quoted [ "," [ label { "," label } [ "," ] ] ] "}"
 *	label  = ( plain | quoted ) "=" quoted
 *
 * with blanks between any two of these.  The reader works on a copy, in which a quoted text is
 * unescaped where it stands, since an escape only ever shrinks.
 */
#include <string.h>

#include "base/error.h"
#include "base/series.h"
#include "count.h"

/* Enough for any text that can be made canonical: escapes and blanks may double it. */
#define TEXT_MAX (4 * COUNT_SERIES_MAX)

struct reader {
	char *start, *p, *end;
	struct count_error *err;
};

static int bad(const struct reader *r, const char *what)
{
	return err_set(r->err, COUNT_ERR_INVALID, "%s at byte %zu of the series", what,
		       (size_t)(r->p - r->start) + 1);
}

static void skip_blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
		r->p++;
}

static bool take(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* Reads "..." from its first quotation mark on. */
static int read_quoted(struct reader *r, const char **s, size_t *len)
{
	char *from = ++r->p, *to = from;

	while (r->p < r->end && *r->p != '"') {
		if (*r->p == '\\') {
			r->p++;
			if (r->p == r->end || (*r->p != '\\' && *r->p != '"'))
				return bad(r, "an escape other than \\\\ and \\\"");
		}
		*to++ = *r->p++;
	}
	if (r->p == r->end)
		return bad(r, "a closing \" is missing");
	r->p++;
	*s = from;
	*len = (size_t)(to - from);
	return COUNT_OK;
}

/* A key without quotation marks: up to a byte that means something, or a blank. */
static int read_key(struct reader *r, const char **s, size_t *len)
{
	char *from = r->p;

	if (r->p < r->end && *r->p == '"')
		return read_quoted(r, s, len);
	while (r->p < r->end && memchr("=,{}\"\\!~ \t", *r->p, 10) == NULL)
		r->p++;
	if (r->p == from)
		return bad(r, "a label key is missing");
	*s = from;
	*len = (size_t)(r->p - from);
	return COUNT_OK;
}

static int read_value(struct reader *r, struct count_label *label)
{
	if (!take(r, '='))
		return bad(r, "= and a quoted value are missing");
	skip_blanks(r);
	if (r->p == r->end || *r->p != '"')
		return bad(r, "a label value needs quotation marks,");
	return read_quoted(r, &label->value, &label->value_len);
}

/* What stands in braces, the closing one included; a quoted text without = is the name. */
static int read_braces(struct reader *r, struct count_series_parts *parts)
{
	int ret;

	for (bool first = true; !take(r, '}'); first = false) {
		struct count_label *label = &parts->labels[parts->nlabels];
		bool quoted;

		if (r->p == r->end)
			return bad(r, "a closing } is missing");
		if (parts->nlabels == COUNT_LABELS_MAX)
			return bad(r, "too many labels");
		quoted = *r->p == '"';
		ret = read_key(r, &label->key, &label->key_len);
		if (ret != COUNT_OK)
			return ret;
		skip_blanks(r);
		if (first && quoted && parts->name == NULL && r->p < r->end && *r->p != '=') {
			parts->name = label->key;
			parts->name_len = label->key_len;
		} else {
			ret = read_value(r, label);
			if (ret != COUNT_OK)
				return ret;
			parts->nlabels++;
		}
		if (!take(r, ',') && (r->p == r->end || *r->p != '}'))
			return bad(r, "a comma or } is missing");
	}
	return COUNT_OK;
}

/* A name outside braces: all bytes up to { or the end, but for blanks around it. */
static int read_name(struct reader *r, struct count_series_parts *parts)
{
	char *from = r->p, *last;

	while (r->p < r->end && *r->p != '{') {
		if (*r->p == '"' || *r->p == '}')
			return bad(r, "a name like this must be quoted, as {\"a \\\"name\\\"\"}:");
		r->p++;
	}
	for (last = r->p; last > from && (last[-1] == ' ' || last[-1] == '\t'); last--)
		;
	if (last == from)
		return COUNT_OK;
	parts->name = from;
	parts->name_len = (size_t)(last - from);
	return COUNT_OK;
}

static int read_series(struct reader *r, struct count_series_parts *parts)
{
	int ret;

	parts->name = NULL;
	parts->name_len = parts->nlabels = 0;
	skip_blanks(r);
	ret = read_name(r, parts);
	if (ret == COUNT_OK && take(r, '{')) {
		ret = read_braces(r, parts);
		skip_blanks(r);
		if (ret == COUNT_OK && r->p != r->end)
			ret = bad(r, "something follows the closing }");
	}
	if (ret == COUNT_OK && parts->name_len == 0)
		ret = err_set(r->err, COUNT_ERR_INVALID, "a series needs a name");
	return ret;
}

int count_series_canonical(const char *text, size_t len, char out[COUNT_SERIES_MAX + 1],
			   size_t *out_len, struct count_error *err)
{
	struct count_series_parts parts;
	char copy[TEXT_MAX];
	struct reader r = { .start = copy, .p = copy, .err = err };
	int ret;

	if (len > TEXT_MAX)
		return err_set(err, COUNT_ERR_INVALID, "the series is longer than %d bytes",
			       COUNT_SERIES_MAX);
	memcpy(copy, text, len);
	r.end = copy + len;
	ret = read_series(&r, &parts);
	if (ret != COUNT_OK)
		return ret;
	return count_series_build(parts.name, parts.name_len, parts.labels, parts.nlabels, out,
				  out_len, err);
}

int count_series_parse(const char *canonical, size_t len, struct count_series_parts *parts)
{
	struct reader r = { .start = parts->text, .p = parts->text };

	if (len > COUNT_SERIES_MAX)
		return COUNT_ERR_INVALID;
	memcpy(parts->text, canonical, len);
	r.end = parts->text + len;
	return read_series(&r, parts);
}
