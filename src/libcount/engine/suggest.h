/*
 * suggest.h - the nearest name there is, for a selector that matched nothing.
 *
 * Near is: the same but for case; the same name with other labels; a text that begins with what was
 * typed, or has it inside; a few slips of the keyboard (Damerau 1964: a character missing,
 * added, changed, or two swapped), at most one in three.
 */
#ifndef COUNT_ENGINE_SUGGEST_H
#define COUNT_ENGINE_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "count.h"

#define SUGGEST_TYPED_MAX 128	/* of a longer selector only the beginning counts */

struct suggest {
	char typed[SUGGEST_TYPED_MAX];		/* in lower case, without wildcards, perhaps with labels */
	size_t len;
	char name[SUGGEST_TYPED_MAX];		/* of it, the name alone */
	size_t name_len;
	bool open_end;				/* it ends in *: the beginning of a name will do */
	unsigned best;				/* cost of what is in `found`; UINT_MAX: nothing */
	char found[COUNT_SERIES_MAX + 1];
};

void suggest_begin(struct suggest *s, const char *selector);
/* Offers a canonical name; of equally near ones the first is kept. */
void suggest_offer(struct suggest *s, const char *name, size_t len);
/* NULL: nothing is near. */
const char *suggest_found(const struct suggest *s);

/* Edits between two texts, or `limit` + 1 when there are more. */
unsigned suggest_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned limit);

#endif
