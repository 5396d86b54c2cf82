/* select_parse.c - the text of a selector to matchers; see select.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/regex_module.h"
#include "base/series.h"
#include "engine/select.h"

struct parser {
	const char *start, *p, *end;
	struct regex_lib *lib;
	struct selector *sel;
	size_t cap;
	bool named;		/* a quoted name was seen, or one before the brace */
	struct count_error *err;
};

static int fail(struct parser *p, const char *at, const char *what)
{
	size_t len = (size_t)(p->end - p->start);

	return err_set(p->err, COUNT_ERR_INVALID,
		       "selector %.*s%s: at byte %zu: %s (in a shell: 'cpu{host=\"a\"}', in quotes)",
		       (int)(len < 120 ? len : 120), p->start, len < 120 ? "" : "...",
		       (size_t)(at - p->start), what);
}

static void skip_blanks(struct parser *p)
{
	while (p->p < p->end && (*p->p == ' ' || *p->p == '\t'))
		p->p++;
}

static bool take(struct parser *p, char c)
{
	skip_blanks(p);
	if (p->p == p->end || *p->p != c)
		return false;
	p->p++;
	return true;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

/* A quoted text, unescaped and with a NUL behind it.  keep: an unknown escape stays as it is. */
static int quoted(struct parser *p, bool keep, struct buf *out)
{
	const char *open = p->p;
	char quote = *p->p++;

	for (; p->p < p->end && *p->p != quote; p->p++) {
		if (*p->p == '\\') {
			char c = p->p + 1 < p->end ? p->p[1] : '\0';

			if (is_quote(c) || c == '\\')
				p->p++;
			else if (!keep)
				return fail(p, p->p, "expected \\\\ or \\\" after a backslash");
		}
		buf_put_u8(out, (uint8_t)*p->p);
	}
	if (p->p == p->end)
		return fail(p, open, "this quotation mark has no partner");
	p->p++;
	buf_put_u8(out, 0);
	return out->failed ? err_nomem(p->err) : COUNT_OK;
}

/* A label's name or, quoted, perhaps the name of the series. */
static int word(struct parser *p, struct buf *out)
{
	skip_blanks(p);
	if (p->p < p->end && is_quote(*p->p))
		return quoted(p, false, out);
	while (p->p < p->end && series_plain_byte((unsigned char)*p->p))
		buf_put_u8(out, (uint8_t)*p->p++);
	if (out->len == 0)
		return fail(p, p->p, "expected a label name or }");
	buf_put_u8(out, 0);
	return out->failed ? err_nomem(p->err) : COUNT_OK;
}

static int operator(struct parser *p, enum match_op *op)
{
	skip_blanks(p);
	if (p->end - p->p >= 2 && memcmp(p->p, "=~", 2) == 0)
		*op = MATCH_RE;
	else if (p->end - p->p >= 2 && memcmp(p->p, "!~", 2) == 0)
		*op = MATCH_NRE;
	else if (p->end - p->p >= 2 && memcmp(p->p, "!=", 2) == 0)
		*op = MATCH_NE;
	else if (p->end - p->p >= 1 && *p->p == '=')
		*op = MATCH_EQ;
	else
		return fail(p, p->p, "expected =, !=, =~ or !~");
	p->p += *op == MATCH_EQ ? 1 : 2;
	return COUNT_OK;
}

static int compile(struct parser *p, const char *at, struct matcher *m)
{
	char why[200], what[300];
	const void *table;
	size_t offset;
	int ret;

	if (p->lib->table == NULL) {
		ret = module_open(&p->lib->module, REGEX_MODULE_NAME, REGEX_MODULE_SYMBOL,
				  REGEX_MODULE_VERSION, "regular expressions", &table, p->err);
		if (ret != COUNT_OK)
			return ret;
		p->lib->table = table;
	}
	m->regex = p->lib->table->compile(m->value, m->value_len, why, sizeof(why), &offset);
	if (m->regex != NULL)
		return COUNT_OK;
	snprintf(what, sizeof(what), "bad regular expression, after %zu bytes of it: %s", offset, why);
	return fail(p, at, what);
}

/* Adds a matcher that takes the two texts, whose NUL at the end does not count; key NULL: the name. */
static int add(struct parser *p, const char *at, struct buf *key, enum match_op op,
	       struct buf *value)
{
	struct matcher *m;

	if (p->sel->n == p->cap) {
		size_t cap = p->cap * 2 + 4;

		m = reallocarray(p->sel->matchers, cap, sizeof(*m));
		if (m == NULL)
			return err_nomem(p->err);
		p->sel->matchers = m;
		p->cap = cap;
	}
	m = &p->sel->matchers[p->sel->n++];
	*m = (struct matcher){ .op = op, .value = (char *)value->data, .value_len = value->len - 1 };
	*value = (struct buf){ 0 };
	if (key != NULL) {
		m->key = (char *)key->data;
		m->key_len = key->len - 1;
		*key = (struct buf){ 0 };
		p->sel->name_only = false;
	}
	if (op == MATCH_RE || op == MATCH_NRE)
		return compile(p, at, m);
	return COUNT_OK;
}

/* key op "value", or a quoted name. */
static int matcher(struct parser *p, struct buf *key, struct buf *value)
{
	const char *at;
	bool is_name;
	enum match_op op = MATCH_EQ;
	int ret;

	skip_blanks(p);
	at = p->p;
	is_name = at < p->end && is_quote(*at);
	ret = word(p, key);
	if (ret != COUNT_OK)
		return ret;
	skip_blanks(p);
	if (is_name && p->p < p->end && (*p->p == ',' || *p->p == '}')) {
		if (p->named)
			return fail(p, at, "a second name");
		if (key->len == 1)
			return fail(p, at, "the name is empty");
		p->named = true;
		return add(p, at, NULL, MATCH_EQ, key);
	}
	ret = operator(p, &op);
	if (ret != COUNT_OK)
		return ret;
	skip_blanks(p);
	at = p->p;
	if (at == p->end || !is_quote(*at))
		return fail(p, at, "expected a value in quotation marks");
	ret = quoted(p, op == MATCH_RE || op == MATCH_NRE, value);
	if (ret != COUNT_OK)
		return ret;
	if (strcmp((const char *)key->data, "__name__") == 0)
		return add(p, at, NULL, op, value);
	return add(p, at, key, op, value);
}

static int braces(struct parser *p)
{
	while (!take(p, '}')) {
		struct buf key = { 0 }, value = { 0 };
		int ret = matcher(p, &key, &value);

		buf_free(&key);
		buf_free(&value);
		if (ret != COUNT_OK)
			return ret;
		if (take(p, ','))
			continue;
		if (!take(p, '}'))
			return fail(p, p->p, "expected , or }");
		break;
	}
	skip_blanks(p);
	return p->p == p->end ? COUNT_OK : fail(p, p->p, "expected nothing after }");
}

/* The name or glob up to `end`. */
static int name(struct parser *p, const char *end)
{
	const char *start = p->p;
	size_t len, at = 0;
	struct buf value = { 0 };
	bool glob;
	int ret;

	p->p = end;
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	len = (size_t)(end - start);
	for (size_t i = 0; i < len; i++)
		if (start[i] == '}' || start[i] == '"')
			return fail(p, start + i, "this belongs inside { }");
	if (len == 0)
		return COUNT_OK;
	glob = glob_has_wildcards(start, len);
	if (glob && !glob_check(start, len, &at))
		return fail(p, start + at, start[at] == '[' ? "this [ has no ]" :
			    "a backslash at the end");
	buf_put(&value, start, len);
	buf_put_u8(&value, 0);
	if (value.failed)
		return err_nomem(p->err);
	p->named = true;
	ret = add(p, start, NULL, glob ? MATCH_GLOB : MATCH_EQ, &value);
	buf_free(&value);
	return ret;
}

int selector_parse(const char *text, size_t len, struct regex_lib *lib, struct selector *sel,
		   struct count_error *err)
{
	struct parser p = { .start = text, .p = text, .end = text + len, .lib = lib, .sel = sel,
			    .err = err };
	const char *brace;
	int ret;

	*sel = (struct selector){ .name_only = true };
	if (len > SELECTOR_MAX || memchr(text, '\0', len) != NULL)
		return err_set(err, COUNT_ERR_INVALID, "a selector has at most %d bytes and no NUL",
			       SELECTOR_MAX);
	skip_blanks(&p);
	if (p.p == p.end)
		return err_set(err, COUNT_ERR_INVALID, "the selector is empty; '*' means all series");
	brace = memchr(p.p, '{', (size_t)(p.end - p.p));
	ret = name(&p, brace != NULL ? brace : p.end);
	if (ret == COUNT_OK && brace != NULL) {
		p.p = brace + 1;
		ret = braces(&p);
	}
	if (ret != COUNT_OK)
		selector_free(sel, lib);
	return ret;
}
