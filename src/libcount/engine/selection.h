/*
 * selection.h - the series that a query means, in byte order of names, each once.
 *
 * Exact names are looked up and nothing is scanned for them; only when a selector is a pattern do
 * the names of the sources stream by.
 */
#ifndef COUNT_ENGINE_SELECTION_H
#define COUNT_ENGINE_SELECTION_H

#include "engine/select.h"
#include "engine/source.h"

struct selection_item {
	const char *text;		/* borrowed from the query */
	bool exact;			/* `name` is it; else `pattern` */
	char *name;			/* canonical; NULL if the text is no series */
	size_t name_len;
	struct selector pattern;
	bool matched;			/* something so far */
};

struct selection {		/* all zero: nothing to free */
	struct selection_item *items;
	size_t n;
	bool names_only;		/* no pattern looks at labels */
	bool scan;			/* there is a pattern, or no selector at all */
	const struct selection_item **exact;	/* the exact ones in byte order */
	size_t nexact;
	struct regex_lib regex;
	struct count_series_parts *parts;	/* scratch */
	/* a pass over the names */
	const struct sources *sources;
	struct name_iter *it;
	size_t next_exact;
};

/* Is there a series of that name anywhere?  1 or 0, or a status. */
typedef int selection_exists(void *arg, const char *name, size_t len, struct count_error *err);

/* exists NULL: all texts are exact names. */
int selection_open(struct selection *s, const char *const *texts, size_t n,
		   selection_exists *exists, void *arg, struct count_error *err);
void selection_close(struct selection *s);

/* Begins a pass; a second one begins anew, and `matched` adds up. */
int selection_begin(struct selection *s, const struct sources *sources, struct count_error *err);
/* 1: the next name, valid until the next call; 0: the end; else a status. */
int selection_next(struct selection *s, const char **name, size_t *len, struct count_error *err);

#endif
