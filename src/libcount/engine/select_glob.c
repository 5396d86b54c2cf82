/*
 * select_glob.c - globs on UTF-8 names; see select.h.
 *
 * No recursion: after a mismatch only the latest * takes one more character, since what an
 * earlier * could give away the latest can take itself.
 */
#include <stdint.h>

#include "base/utf8.h"
#include "engine/select.h"

struct text {
	const char *p, *end;
};

/* The next character; a byte that begins no well-formed one stands for itself, above Unicode. */
static uint32_t next_char(struct text *t)
{
	uint32_t c;
	unsigned len = utf8_get(t->p, (size_t)(t->end - t->p), &c);

	if (len == 0) {
		c = 0x110000 + (unsigned char)*t->p;
		len = 1;
	}
	t->p += len;
	return c;
}

/* A character of the pattern, where \ takes the next one as it is. */
static uint32_t next_literal(struct text *pat)
{
	if (*pat->p == '\\' && pat->p + 1 < pat->end)
		pat->p++;
	return next_char(pat);
}

/*
 * The set after [, up to and with its ]; sets *hit.  A ] in first place is one of the set.
 * false: it does not end.
 */
static bool match_set(struct text *pat, uint32_t c, bool *hit)
{
	bool negated = false, found = false;

	if (pat->p < pat->end && (*pat->p == '!' || *pat->p == '^')) {
		negated = true;
		pat->p++;
	}
	for (bool first = true; pat->p < pat->end; first = false) {
		uint32_t lo, hi;

		if (*pat->p == ']' && !first) {
			pat->p++;
			*hit = found != negated;
			return true;
		}
		lo = hi = next_literal(pat);
		if (pat->p + 1 < pat->end && pat->p[0] == '-' && pat->p[1] != ']') {
			pat->p++;
			hi = next_literal(pat);
		}
		found |= c >= lo && c <= hi;
	}
	return false;
}

/* One element of the pattern but *, and one character of the text. */
static bool match_one(struct text *pat, struct text *t)
{
	bool hit = false;
	uint32_t c = next_char(t);

	if (*pat->p == '?') {
		pat->p++;
		return true;
	}
	if (*pat->p == '[') {
		pat->p++;
		return match_set(pat, c, &hit) && hit;
	}
	return next_literal(pat) == c;
}

bool glob_match(const char *pattern, size_t len, const char *s, size_t text_len)
{
	struct text pat = { pattern, pattern + len }, t = { s, s + text_len };
	struct text star = { 0 }, resume = { 0 };	/* after the latest *, and what it took up to */

	while (t.p < t.end || pat.p < pat.end) {
		if (pat.p < pat.end && *pat.p == '*') {
			pat.p++;
			star = pat;
			resume = t;
			continue;
		}
		if (pat.p < pat.end && t.p < t.end && match_one(&pat, &t))
			continue;
		if (star.p == NULL || resume.p >= resume.end)
			return false;
		next_char(&resume);
		pat = star;
		t = resume;
	}
	return true;
}

bool glob_has_wildcards(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] == '*' || s[i] == '?' || s[i] == '[' || s[i] == '\\')
			return true;
	return false;
}

bool glob_check(const char *pattern, size_t len, size_t *at)
{
	struct text pat = { pattern, pattern + len };

	while (pat.p < pat.end) {
		bool hit;

		*at = (size_t)(pat.p - pattern);
		if (*pat.p == '\\' && pat.p + 1 == pat.end)
			return false;
		if (*pat.p != '[') {
			next_literal(&pat);
			continue;
		}
		pat.p++;
		if (!match_set(&pat, 0, &hit))
			return false;
	}
	return true;
}
