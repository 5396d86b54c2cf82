/* config_file.c - lines KEY=value; see config_file.h. */
#include "engine/config_file.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

struct line {
	const char *p, *end;
	struct buf key, value;		/* both end in NUL once read */
};

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static bool is_key_char(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

static void skip_blanks(struct line *l)
{
	while (l->p < l->end && is_blank(*l->p))
		l->p++;
}

static bool at_end(const struct line *l)
{
	return l->p == l->end;
}

/* NULL, or what is wrong. */
static const char *read_key(struct line *l)
{
	const char *start = l->p;

	if (l->end - l->p > 7 && memcmp(l->p, "export", 6) == 0 && is_blank(l->p[6])) {
		l->p += 6;
		skip_blanks(l);
		start = l->p;
	}
	while (!at_end(l) && is_key_char(*l->p, l->p == start))
		l->p++;
	if (l->p == start)
		return "expected KEY=value";
	buf_clear(&l->key);
	buf_put(&l->key, start, (size_t)(l->p - start));
	buf_put_u8(&l->key, '\0');
	skip_blanks(l);
	if (at_end(l) || *l->p != '=')
		return "expected KEY=value";
	l->p++;
	skip_blanks(l);
	return NULL;
}

/* From after the opening quote to past the closing one. */
static const char *read_quoted(struct line *l, char quote)
{
	for (; !at_end(l); l->p++) {
		if (*l->p == quote) {
			l->p++;
			return NULL;
		}
		if (quote == '"' && *l->p == '\\' && l->end - l->p > 1 &&
		    strchr("\\\"`$", l->p[1]) != NULL)
			l->p++;
		buf_put_u8(&l->value, (uint8_t)*l->p);
	}
	return "the closing quotation mark is missing (a value ends on its line)";
}

/* Quoted and bare pieces side by side, up to the end of the line or a comment. */
static const char *read_value(struct line *l)
{
	bool blank = is_blank(l->p[-1]);	/* the byte before was one, and bare */
	size_t keep = 0;			/* blanks after this are trailing ones */
	const char *why = NULL;

	buf_clear(&l->value);
	while (!at_end(l) && why == NULL) {
		char c = *l->p++;

		if (c == '#' && blank)
			break;
		if (c == '"' || c == '\'') {
			why = read_quoted(l, c);
		} else if (c == '\\') {
			if (at_end(l))
				return "a backslash at the end: a value ends on its line";
			buf_put_u8(&l->value, (uint8_t)*l->p++);
		} else {
			buf_put_u8(&l->value, (uint8_t)c);
			blank = is_blank(c);
			if (blank)
				continue;
		}
		blank = false;
		keep = l->value.len;
	}
	l->value.len = keep;
	buf_put_u8(&l->value, '\0');
	return why;
}

static int parse_line(struct line *l, const char *name, size_t number, config_file_fn *fn,
		      void *arg, struct count_error *err)
{
	const char *why;

	skip_blanks(l);
	if (at_end(l) || *l->p == '#' || *l->p == ';')
		return COUNT_OK;
	why = memchr(l->p, '\0', (size_t)(l->end - l->p)) != NULL ? "a NUL byte" : read_key(l);
	if (why == NULL)
		why = read_value(l);
	if (l->key.failed || l->value.failed)
		return err_nomem(err);
	if (why != NULL)
		return err_set(err, COUNT_ERR_INVALID, "%s:%zu: %s", name, number, why);
	return fn(arg, (const char *)l->key.data, (const char *)l->value.data, number, err);
}

int config_file_parse(const char *name, const char *text, size_t len, config_file_fn *fn, void *arg,
		      struct count_error *err)
{
	const char *end = text + len;
	struct line l = { 0 };
	size_t number = 1;
	int ret = COUNT_OK;

	for (const char *p = text; p < end && ret == COUNT_OK; p = l.end + 1, number++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		l.p = p;
		l.end = newline != NULL ? newline : end;
		ret = parse_line(&l, name, number, fn, arg, err);
	}
	buf_free(&l.key);
	buf_free(&l.value);
	return ret;
}
