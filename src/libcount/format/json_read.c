/* json_read.c - hostile JSON text, and typed values out of it; see json_read.h. */
#include "format/json_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/num.h"
#include "base/utf8.h"

/* ---- Text to tree ---- */

/* The byte past a string that begins at p[-1], or end; *plain: it is whole, and has no escapes. */
static const char *skip_string(const char *p, const char *end, bool *plain)
{
	const char *quote = memchr(p, '"', (size_t)(end - p));

	*plain = quote != NULL && memchr(p, '\\', (size_t)(quote - p)) == NULL;
	if (*plain)
		return quote + 1;
	while (p < end && *p != '"')
		p += *p == '\\' && end - p > 1 ? 2 : 1;
	return p < end ? p + 1 : end;
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* The string [from, p[-1]) may be a key of the object at the top: if it is that of apart, finds its string. */
static void find_apart(const char *from, const char *p, const char *end, struct json_apart *apart)
{
	size_t len = strlen(apart->key);
	bool plain;

	if ((size_t)(p - from) != len + 1 || memcmp(from, apart->key, len) != 0)
		return;
	p = skip_blanks(p, end);
	if (p == end || *p != ':')
		return;
	p = skip_blanks(p + 1, end);
	if (p == end || *p != '"')
		return;
	from = p + 1;
	p = skip_string(from, end, &plain);
	if (!plain)
		return;
	apart->text = from;
	apart->len = (size_t)(p - from) - 1;
}

/*
 * Units of weight are about 64 bytes of jansson's memory: a value 1 (counted by the comma before it), an
 * array 2 more, an object 4, a string 1, a key 2.  Returns why not, or NULL.
 */
static const char *scan(const char *p, const char *end, struct json_apart *apart)
{
	size_t depth = 0, weight = 0;
	const char *from;
	bool plain;

	while (p < end) {
		switch (*p++) {
		case '"':
			from = p;
			p = skip_string(p, end, &plain);
			weight++;
			if (apart != NULL && apart->text == NULL && depth == 1)
				find_apart(from, p, end, apart);
			break;
		case '[': case '{':
			weight += p[-1] == '[' ? 2 : 4;
			if (++depth > JSON_DEPTH_MAX)
				return "it is nested too deep";
			break;
		case ']': case '}':
			if (depth == 0)
				return "a bracket is closed that was not opened";
			depth--;
			break;
		case ':':
			weight += 2;
			break;
		case ',':
			weight++;
			break;
		}
		if (weight > JSON_WEIGHT_MAX)
			return "it has too many values";
	}
	return NULL;
}

/* What jansson says, without the piece of the text that it quotes. */
static int json_fault(const json_error_t *e, struct count_error *err)
{
	const char *near = strstr(e->text, " near ");
	int len = near == NULL ? (int)strlen(e->text) : (int)(near - e->text);

	if (json_error_code(e) == json_error_out_of_memory)
		return err_nomem(err);
	return err_set(err, COUNT_ERR_CORRUPT, "not the JSON it should be: %.*s at line %d, column %d", len, e->text,
		       e->line, e->column);
}

/* The tree of the text without that string; NULL: of the whole it can be told why not. */
static json_t *load_without(const char *text, size_t len, const struct json_apart *apart)
{
	const char *rest = apart->text + apart->len;
	struct buf some = { 0 };
	json_t *tree = NULL;

	buf_put(&some, text, (size_t)(apart->text - text));
	buf_put(&some, rest, (size_t)(text + len - rest));
	if (!some.failed)
		tree = json_loadb((const char *)some.data, some.len, JSON_REJECT_DUPLICATES, NULL);
	buf_free(&some);
	return tree;
}

int json_load(const char *text, size_t len, struct json_apart *apart, json_t **root, struct count_error *err)
{
	json_error_t e = { .line = 0 };
	const char *why;
	json_t *tree = NULL;

	why = len == 0 ? "it is empty" : scan(text, text + len, apart);
	if (why != NULL)
		return err_set(err, COUNT_ERR_CORRUPT, "not the JSON it should be: %s", why);
	if (apart != NULL && apart->text != NULL)
		tree = load_without(text, len, apart);
	if (tree == NULL) {
		if (apart != NULL)
			apart->text = NULL;
		tree = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	}
	if (tree == NULL)
		return json_fault(&e, err);
	if (!json_is_object(tree)) {
		json_decref(tree);
		return err_set(err, COUNT_ERR_CORRUPT, "not the JSON it should be: no object");
	}
	*root = tree;
	return COUNT_OK;
}

/* ---- Values out of it ---- */

int json_bad(const struct json_place *at, const char *key, const char *why)
{
	if (at->list == NULL)
		return err_set(at->err, COUNT_ERR_CORRUPT, "\"%s\" %s", key, why);
	return err_set(at->err, COUNT_ERR_CORRUPT, "%s[%zu]: \"%s\" %s", at->list, at->index, key, why);
}

json_t *json_find(const struct json_place *at, const char *key)
{
	json_t *v = json_object_get(at->object, key);

	return json_is_null(v) ? NULL : v;
}

/* The value and whether to go on: *ret is COUNT_OK also when it is absent and need not be there. */
static json_t *find(const struct json_place *at, const char *key, bool needed, int *ret)
{
	json_t *v = json_find(at, key);

	*ret = v == NULL && needed ? json_bad(at, key, "is missing") : COUNT_OK;
	return v;
}

int json_get_text(const struct json_place *at, const char *key, bool needed, size_t max, char **out)
{
	size_t len, where;
	int ret;
	const json_t *v = find(at, key, needed, &ret);

	if (v == NULL)
		return ret;
	if (!json_is_string(v))
		return json_bad(at, key, "is no string");
	len = json_string_length(v);
	if (len == 0 || len > max)
		return json_bad(at, key, len == 0 ? "is empty" : "is too long");
	if (utf8_check_text(json_string_value(v), len, &where) != UTF8_TEXT)
		return json_bad(at, key, "has control characters");
	*out = strdup(json_string_value(v));
	return *out == NULL ? err_nomem(at->err) : COUNT_OK;
}

int json_get_int(const struct json_place *at, const char *key, bool needed, int64_t min, int64_t *out)
{
	int ret;
	const json_t *v = find(at, key, needed, &ret);

	if (v == NULL)
		return ret;
	if (!json_is_integer(v))
		return json_bad(at, key, "is no integer");
	if (json_integer_value(v) < min)
		return json_bad(at, key, "is too small");
	*out = json_integer_value(v);
	return COUNT_OK;
}

int json_get_count(const struct json_place *at, const char *key, bool needed, uint64_t min, uint64_t *out)
{
	int64_t v = (int64_t)*out;
	int ret = json_get_int(at, key, needed, (int64_t)min, &v);

	if (ret == COUNT_OK)
		*out = (uint64_t)v;
	return ret;
}

int json_get_double(const struct json_place *at, const char *key, double *out)
{
	int ret;
	const json_t *v = find(at, key, true, &ret);

	if (v == NULL)
		return ret;
	return json_double_parse(v, out) ? COUNT_OK : json_bad(at, key, "is no number in a string");
}

int json_get_array(const struct json_place *at, const char *key, bool needed, size_t max, const json_t **out)
{
	int ret;
	const json_t *v = find(at, key, needed, &ret);

	if (v == NULL)
		return ret;
	if (!json_is_array(v))
		return json_bad(at, key, "is no array");
	if (json_array_size(v) > max)
		return json_bad(at, key, "has too many elements");
	*out = v;
	return COUNT_OK;
}

/* n bytes from lower-case hexadecimal digits, which must end there. */
static bool hex_parse(const char *s, uint8_t *out, size_t n)
{
	if (strlen(s) != 2 * n)
		return false;
	for (size_t i = 0; i < 2 * n; i++) {
		const char *digits = "0123456789abcdef", *d = strchr(digits, s[i]);

		if (d == NULL)
			return false;
		out[i / 2] = (uint8_t)(i % 2 == 0 ? (d - digits) << 4 : out[i / 2] | (d - digits));
	}
	return true;
}

bool json_double_parse(const json_t *string, double *v)
{
	const char *s = json_string_value(string);
	uint64_t bits = 0;
	uint8_t b[8];

	if (s == NULL)
		return false;
	if (strncmp(s, "NaN:", 4) != 0)
		return count_value_parse(s, json_string_length(string), v) == COUNT_OK;
	if (!hex_parse(s + 4, b, sizeof(b)))
		return false;
	for (size_t i = 0; i < sizeof(b); i++)
		bits = bits << 8 | b[i];
	*v = f64_from_bits(bits);
	return *v != *v;
}

bool json_hash_parse(const char *text, uint8_t hash[16])
{
	return strncmp(text, "xxh128:", 7) == 0 && hex_parse(text + 7, hash, 16);
}

static bool is_known(const char *key, const char *const known[], size_t nknown)
{
	for (size_t i = 0; i < nknown; i++)
		if (strcmp(key, known[i]) == 0)
			return true;
	return false;
}

int json_get_other(const struct json_place *at, const char *const known[], size_t nknown, char **out)
{
	json_t *from = (json_t *)at->object, *rest = NULL, *v;
	const char *key;
	int ret = COUNT_OK;

	json_object_foreach(from, key, v) {
		if (is_known(key, known, nknown))
			continue;
		if (rest == NULL)
			rest = json_object();
		if (rest == NULL || json_object_set(rest, key, v) != 0) {
			ret = err_nomem(at->err);
			break;
		}
	}
	if (ret == COUNT_OK && rest != NULL) {
		*out = json_dumps(rest, JSON_COMPACT);
		ret = *out == NULL ? err_nomem(at->err) : COUNT_OK;
	}
	json_decref(rest);
	return ret;
}
