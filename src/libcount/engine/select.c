/* select.c - does a series match a selector; see select.h. */
#include "engine/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/regex_module.h"

void regex_lib_close(struct regex_lib *lib)
{
	module_close(&lib->module);
	lib->table = NULL;
}

void selector_free(struct selector *sel, struct regex_lib *lib)
{
	for (size_t i = 0; i < sel->n; i++) {
		struct matcher *m = &sel->matchers[i];

		if (m->regex != NULL)
			lib->table->free(m->regex);
		free(m->key);
		free(m->value);
	}
	free(sel->matchers);
	*sel = (struct selector){ 0 };
}

static int order(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return c != 0 ? c : (a_len > b_len) - (a_len < b_len);
}

/* The value of a label, empty when it is missing.  Labels are sorted by key. */
static void find_label(const struct count_series_parts *s, const char *key, size_t key_len,
		       const char **value, size_t *len)
{
	size_t lo = 0, hi = s->nlabels;

	*value = "";
	*len = 0;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct count_label *l = &s->labels[mid];
		int c = order(l->key, l->key_len, key, key_len);

		if (c == 0) {
			*value = l->value;
			*len = l->value_len;
			return;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
}

static int match_regex(const struct matcher *m, const struct regex_lib *lib, const char *text,
		       size_t len, struct count_error *err)
{
	int ret = lib->table->match(m->regex, text, len);

	if (ret < 0)
		return err_set(err, COUNT_ERR_INVALID,
			       "the regular expression \"%.100s\" takes too much work on \"%.*s\"",
			       m->value, (int)(len < 100 ? len : 100), text);
	return ret;
}

static int match_one(const struct matcher *m, const struct regex_lib *lib,
		     const struct count_series_parts *s, struct count_error *err)
{
	const char *text = s->name;
	size_t len = s->name_len;
	bool equal;
	int ret;

	if (m->key != NULL)
		find_label(s, m->key, m->key_len, &text, &len);
	switch (m->op) {
	case MATCH_GLOB:
		return glob_match(m->value, m->value_len, text, len);
	case MATCH_RE:
	case MATCH_NRE:
		ret = match_regex(m, lib, text, len, err);
		return ret < 0 ? ret : ret == (m->op == MATCH_RE);
	case MATCH_EQ:
	case MATCH_NE:
		break;
	}
	equal = len == m->value_len && memcmp(text, m->value, len) == 0;
	return equal == (m->op == MATCH_EQ);
}

int selector_match(const struct selector *sel, const struct regex_lib *lib,
		   const struct count_series_parts *series, struct count_error *err)
{
	for (size_t i = 0; i < sel->n; i++) {
		int ret = match_one(&sel->matchers[i], lib, series, err);

		if (ret != 1)
			return ret;
	}
	return 1;
}
