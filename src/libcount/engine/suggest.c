/* suggest.c - the nearest name there is; see suggest.h. */
#include "engine/suggest.h"

#include <limits.h>
#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

unsigned suggest_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned limit)
{
	unsigned rows[3][SUGGEST_TYPED_MAX + 1];	/* two characters ago, the last, this one */
	unsigned *two = rows[0], *one = rows[1], *now = rows[2];

	if (a_len > SUGGEST_TYPED_MAX || b_len > SUGGEST_TYPED_MAX ||
	    (a_len > b_len ? a_len - b_len : b_len - a_len) > limit)
		return limit + 1;
	for (size_t j = 0; j <= b_len; j++)
		one[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned least = now[0] = (unsigned)i, *t = two;

		for (size_t j = 1; j <= b_len; j++) {
			unsigned d = one[j - 1] + (a[i - 1] != b[j - 1]);

			if (one[j] + 1 < d)
				d = one[j] + 1;
			if (now[j - 1] + 1 < d)
				d = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    two[j - 2] + 1 < d)
				d = two[j - 2] + 1;
			now[j] = d;
			if (d < least)
				least = d;
		}
		if (least > limit)
			return limit + 1;
		two = one;
		one = now;
		now = t;
	}
	return one[b_len] <= limit ? one[b_len] : limit + 1;
}

/* Lower case, and without what only means "anything". */
static size_t plain(const char *s, size_t len, bool drop_wildcards, char out[SUGGEST_TYPED_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < SUGGEST_TYPED_MAX; i++)
		if (!drop_wildcards || (s[i] != '*' && s[i] != '?'))
			out[n++] = lower(s[i]);
	return n;
}

/* The name in a selector or a canonical text: before the brace, or the first in quotes behind it. */
static const char *name_of(const char *s, size_t len, size_t *name_len)
{
	const char *brace = memchr(s, '{', len), *end;

	if (brace == NULL || brace > s) {
		*name_len = brace != NULL ? (size_t)(brace - s) : len;
		return s;
	}
	*name_len = 0;
	if (len < 3 || s[1] != '"')
		return s;
	end = memchr(s + 2, '"', len - 2);
	*name_len = end != NULL ? (size_t)(end - s - 2) : 0;
	return s + 2;
}

void suggest_begin(struct suggest *s, const char *selector)
{
	size_t len = strlen(selector), name_len;
	const char *name = name_of(selector, len, &name_len);

	s->len = plain(selector, len, true, s->typed);
	s->name_len = plain(name, name_len, true, s->name);
	s->open_end = name_len > 0 && name[name_len - 1] == '*';
	s->best = UINT_MAX;
}

/* Costs: edits weigh 4, so that a hit of another kind falls between. */
enum { EDIT = 4, OTHER_LABELS = 1, BEGINS = 9, HAS_INSIDE = 10 };

/* Edits from what was typed to the beginning of a name, a character shorter or longer. */
static unsigned prefix_distance(const struct suggest *s, const char *name, size_t name_len,
				unsigned limit)
{
	unsigned best = limit + 1;

	for (size_t n = s->name_len - 1; n <= s->name_len + 1 && n <= name_len; n++) {
		unsigned d = suggest_distance(s->name, s->name_len, name, n, limit);

		if (d < best)
			best = d;
	}
	return best;
}

static unsigned cost(const struct suggest *s, const char *text, size_t len, const char *name,
		     size_t name_len)
{
	unsigned limit = s->name_len == 2 ? 1 : (unsigned)s->name_len / 3, best = UINT_MAX, d;

	d = suggest_distance(s->typed, s->len, text, len, limit);
	if (d <= limit)
		best = d * EDIT;
	if (s->name_len == 0)
		return best;
	d = suggest_distance(s->name, s->name_len, name, name_len, limit);
	if (d <= limit && d * EDIT + OTHER_LABELS < best)
		best = d * EDIT + OTHER_LABELS;
	if (s->open_end && (d = prefix_distance(s, name, name_len, limit)) <= limit &&
	    d * EDIT + BEGINS < best)
		best = d * EDIT + BEGINS;
	if (s->name_len >= 2 && name_len > s->name_len) {
		const char *at = memmem(name, name_len, s->name, s->name_len);

		if (at == name && BEGINS < best)
			best = BEGINS;
		else if (at != NULL && HAS_INSIDE < best)
			best = HAS_INSIDE;
	}
	return best;
}

void suggest_offer(struct suggest *s, const char *series, size_t len)
{
	char text[SUGGEST_TYPED_MAX], name[SUGGEST_TYPED_MAX];
	size_t text_len, name_len;
	const char *p = name_of(series, len, &name_len);
	unsigned c;

	text_len = plain(series, len, false, text);
	name_len = plain(p, name_len, false, name);
	c = cost(s, text, text_len, name, name_len);
	if (c < s->best && len <= COUNT_SERIES_MAX) {
		s->best = c;
		memcpy(s->found, series, len);
		s->found[len] = '\0';
	}
}

const char *suggest_found(const struct suggest *s)
{
	return s->best == UINT_MAX ? NULL : s->found;
}
