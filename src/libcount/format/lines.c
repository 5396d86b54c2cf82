/* lines.c - lines of text closed by a checksum; see lines.h. */
#include "format/lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/error.h"

#define TRAILER_LEN 16		/* "crc32c ", eight digits, newline */

static void format_trailer(char out[TRAILER_LEN + 1], const void *text, size_t len)
{
	snprintf(out, TRAILER_LEN + 1, "crc32c %08" PRIx32 "\n", crc32c(0, text, len));
}

/* "count-current 1" into its version; false: this is no such file. */
static bool read_version(const char *text, size_t len, const char *what, uint64_t *version)
{
	const char *end = memchr(text, '\n', len);
	size_t n = strlen(what);

	if (end == NULL || (size_t)(end - text) <= n + 1 || memcmp(text, what, n) != 0 ||
	    text[n] != ' ')
		return false;
	return lines_u64(text + n + 1, (size_t)(end - text) - n - 1, version);
}

static bool trailer_good(const char *text, size_t len)
{
	char want[TRAILER_LEN + 1];

	if (len <= TRAILER_LEN || text[len - TRAILER_LEN - 1] != '\n')
		return false;
	format_trailer(want, text, len - TRAILER_LEN);
	return memcmp(text + len - TRAILER_LEN, want, TRAILER_LEN) == 0;
}

/* A cut or changed file and one of a later version must not be taken for each other: what looks newer
 * is believed only if its checksum is right, or if it does not end in a checksum line as we know it. */
static bool looks_damaged(const char *text, size_t len)
{
	return len > TRAILER_LEN && memcmp(text + len - TRAILER_LEN, "crc32c ", 7) == 0 &&
	       !trailer_good(text, len);
}

int lines_open(struct lines *l, const char *text, size_t len, const char *what, unsigned version,
	       struct count_error *err)
{
	uint64_t have;

	if (len == 0)
		return err_set(err, COUNT_ERR_CORRUPT, "empty");
	if (!read_version(text, len, what, &have) || have == 0)
		return err_set(err, COUNT_ERR_CORRUPT, "line 1: not \"%s VERSION\"", what);
	if (have > version && !looks_damaged(text, len))
		return err_set(err, COUNT_ERR_VERSION,
			       "line 1: version %" PRIu64 ", this program knows up to %u: upgrade it",
			       have, version);
	if (!trailer_good(text, len))
		return err_set(err, COUNT_ERR_CORRUPT,
			       "checksum differs: cut, damaged or edited by hand");
	*l = (struct lines){ .number = 1, .last = text + len - TRAILER_LEN };
	l->next = (const char *)memchr(text, '\n', len) + 1;
	return COUNT_OK;
}

bool lines_next(struct lines *l)
{
	if (l->next >= l->last)
		return false;
	l->p = l->next;
	/* The byte before the checksum line is a newline: lines_open() looked. */
	l->end = memchr(l->p, '\n', (size_t)(l->last - l->p));
	l->next = l->end + 1;
	l->number++;
	return true;
}

bool lines_word(struct lines *l, const char **word, size_t *len)
{
	const char *blank = memchr(l->p, ' ', (size_t)(l->end - l->p));

	*word = l->p;
	*len = (size_t)((blank != NULL ? blank : l->end) - l->p);
	/* A blank at the end of a line stays, so that lines_done() sees it. */
	l->p = blank != NULL && blank + 1 < l->end ? blank + 1 : *word + *len;
	return *len > 0;
}

bool lines_done(const struct lines *l)
{
	return l->p == l->end;
}

bool lines_u64(const char *s, size_t len, uint64_t *v)
{
	uint64_t r = 0;

	if (len == 0 || (len > 1 && s[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9' || __builtin_mul_overflow(r, 10u, &r) ||
		    __builtin_add_overflow(r, (unsigned)(s[i] - '0'), &r))
			return false;
	}
	*v = r;
	return true;
}

bool lines_i64(const char *s, size_t len, int64_t *v)
{
	bool negative = len > 0 && s[0] == '-';
	uint64_t u;

	if (!lines_u64(s + negative, len - negative, &u))
		return false;
	if (u > (uint64_t)INT64_MAX + negative || (negative && u == 0))
		return false;
	*v = negative ? (int64_t)(0 - u) : (int64_t)u;
	return true;
}

int lines_bad(const struct lines *l, struct count_error *err, const char *why)
{
	return err_set(err, COUNT_ERR_CORRUPT, "line %zu: %s", l->number, why);
}

void lines_finish(struct buf *out)
{
	char trailer[TRAILER_LEN + 1];

	if (out->failed)
		return;
	format_trailer(trailer, out->data, out->len);
	buf_put(out, trailer, TRAILER_LEN);
}
