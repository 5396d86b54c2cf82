/*
 * select.h - selectors: which series a query means.
 *
 *	cpu{host="a"}			an exact name, in any spelling, if there is such a series
 *	cpu{host=~"web.*",dc!="ams"}	else, with {: the matchers of Prometheus
 *	{__name__=~"cpu.*"}		... on the name too
 *	{"my cpu",host="a"}		... and a name that must be quoted
 *	cpu.*				else a name or glob, whatever the labels
 *
 * In a glob * stands for any run of characters, dots too, ? for one, [a-z] and [!a-z] for one
 * of a set, and \ takes the next character as it is.  It also serves before a brace.  In a value
 * \" and \\ are escapes; in one of =~ and !~ any other \ belongs to the regular expression.
 * A missing label is empty.  Whether the exact name exists is the caller's to find out.
 */
#ifndef COUNT_ENGINE_SELECT_H
#define COUNT_ENGINE_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/module.h"
#include "count.h"

enum match_op {
	MATCH_EQ, MATCH_NE,
	MATCH_RE, MATCH_NRE,	/* regular expressions, of the whole value */
	MATCH_GLOB,
};

struct matcher {
	enum match_op op;
	char *key;		/* NULL: of the name */
	size_t key_len;
	char *value;
	size_t value_len;
	void *regex;
};

struct selector {
	struct matcher *matchers;	/* all must hold; none: every series */
	size_t n;
	bool name_only;			/* no matcher looks at a label */
};

struct regex_module;
struct regex_lib {		/* all zero; loads the module when the first pattern needs it */
	struct module module;
	const struct regex_module *table;
};
void regex_lib_close(struct regex_lib *lib);	/* after the selectors that used it */

#define SELECTOR_MAX 65536	/* bytes of a selector */

/* COUNT_ERR_INVALID: err says at which byte and what was expected. */
int selector_parse(const char *text, size_t len, struct regex_lib *lib, struct selector *sel,
		   struct count_error *err);
void selector_free(struct selector *sel, struct regex_lib *lib);	/* leaves an empty one */

/* 1 or 0, or COUNT_ERR_INVALID when a regular expression takes too long. */
int selector_match(const struct selector *sel, const struct regex_lib *lib,
		   const struct count_series_parts *series, struct count_error *err);

/* ---- Globs, on UTF-8 ---- */

bool glob_has_wildcards(const char *s, size_t len);	/* * ? [ or \ */
/* false: *at is the byte of a [ without its ] or of a lone \ at the end. */
bool glob_check(const char *pattern, size_t len, size_t *at);
/* The time is bounded by the product of the lengths. */
bool glob_match(const char *pattern, size_t len, const char *text, size_t text_len);

#endif
