/*
 * current.c - the text of CURRENT; see current.h and count-block(5).
 *
 *	count-current 1
 *	generation 17
 *	first-segment 5
 *	next-number 42
 *	last-flush 1700000000
 *	last-retention 0
 *	clock-jump 0
 *	last-archive 0
 *	cold 31
 *	block 12 bytes=8190 times=1700000000000,1700086399000 segments=1,4 points=900 window=0,19675
 *	block 13 bytes=... pinned
 *	KIND ...		of kinds that this version does not know; kept as they are
 *	crc32c XXXXXXXX
 */
#include "format/current.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/lines.h"

#define MAX_LEVEL 31		/* 4^31 days are longer than any range of times */

void current_init(struct current *c)
{
	*c = (struct current){ .first_segment = 1, .next_number = 1 };
}

void current_free(struct current *c)
{
	buf_free(&c->other);
	free(c->blocks);
	*c = (struct current){ 0 };
}

int current_add(struct current *c, const struct current_block *b)
{
	if (c->nblocks == c->cap) {
		size_t cap = c->cap < 16 ? 16 : c->cap * 2;
		struct current_block *blocks = reallocarray(c->blocks, cap, sizeof(*blocks));

		if (blocks == NULL)
			return COUNT_ERR_NOMEM;
		c->blocks = blocks;
		c->cap = cap;
	}
	c->blocks[c->nblocks++] = *b;
	return COUNT_OK;
}

int current_copy(const struct current *from, struct current *to)
{
	struct current r = *from;

	r.other = (struct buf){ 0 };
	r.blocks = NULL;
	r.nblocks = r.cap = 0;
	buf_put(&r.other, from->other.data, from->other.len);
	for (size_t i = 0; i < from->nblocks; i++) {
		if (current_add(&r, &from->blocks[i]) != COUNT_OK) {
			r.other.failed = true;
			break;
		}
	}
	if (r.other.failed) {
		current_free(&r);
		return COUNT_ERR_NOMEM;
	}
	*to = r;
	return COUNT_OK;
}

/* ---- Reading ---- */

static bool is_word(const char *word, size_t len, const char *want)
{
	return strlen(want) == len && memcmp(word, want, len) == 0;
}

/* "name=A" or "name=A,B" into the text of A and B. */
static bool read_pair(struct lines *l, const char *name, const char *v[2], size_t len[2], bool two)
{
	const char *word, *comma;
	size_t n, k = strlen(name);

	if (!lines_word(l, &word, &n) || n < k + 2 || memcmp(word, name, k) != 0 || word[k] != '=')
		return false;
	v[0] = word + k + 1;
	len[0] = n - k - 1;
	if (!two)
		return true;
	comma = memchr(v[0], ',', len[0]);
	if (comma == NULL)
		return false;
	v[1] = comma + 1;
	len[1] = (size_t)(word + n - v[1]);
	len[0] = (size_t)(comma - v[0]);
	return true;
}

static bool read_u64s(struct lines *l, const char *name, uint64_t *a, uint64_t *b)
{
	const char *v[2];
	size_t len[2];

	return read_pair(l, name, v, len, b != NULL) && lines_u64(v[0], len[0], a) &&
	       (b == NULL || lines_u64(v[1], len[1], b));
}

static bool read_i64s(struct lines *l, const char *name, int64_t *a, int64_t *b)
{
	const char *v[2];
	size_t len[2];

	return read_pair(l, name, v, len, true) && lines_i64(v[0], len[0], a) &&
	       lines_i64(v[1], len[1], b);
}

static const char *read_block(struct lines *l, struct current_block *b)
{
	int64_t level;
	const char *word;
	size_t len;

	*b = (struct current_block){ 0 };
	if (!lines_word(l, &word, &len) || !lines_u64(word, len, &b->number) || b->number == 0)
		return "not a block number";
	if (!read_u64s(l, "bytes", &b->size, NULL) || b->size == 0)
		return "not \"bytes=N\", N 1 or more";
	if (!read_i64s(l, "times", &b->first_time, &b->last_time) || b->first_time > b->last_time)
		return "not \"times=FIRST,LAST\" in order";
	if (!read_u64s(l, "segments", &b->seg_lo, &b->seg_hi) || b->seg_lo > b->seg_hi)
		return "not \"segments=LOW,HIGH\" in order";
	if (!read_u64s(l, "points", &b->points, NULL) || b->points == 0)
		return "not \"points=N\", N 1 or more";
	if (!read_i64s(l, "window", &level, &b->window) || level < 0 || level > MAX_LEVEL)
		return "not \"window=LEVEL,INDEX\"";
	b->level = (unsigned)level;
	if (!lines_done(l)) {
		if (!lines_word(l, &word, &len) || !is_word(word, len, "pinned"))
			return "unknown mark of a block";
		b->pinned = true;
	}
	return lines_done(l) ? NULL : "something follows the block's fields";
}

static int parse_block(struct lines *l, struct current *c, struct count_error *err)
{
	struct current_block b;
	const char *why = read_block(l, &b);

	if (why != NULL)
		return lines_bad(l, err, why);
	if (current_add(c, &b) != COUNT_OK)
		return err_nomem(err);
	return COUNT_OK;
}

/* A file of the cold index; oldest first. */
static int parse_cold(struct lines *l, struct current *c, struct count_error *err)
{
	const char *word;
	size_t len;
	uint64_t number;

	if (!lines_word(l, &word, &len) || !lines_done(l) || !lines_u64(word, len, &number) || number == 0)
		return lines_bad(l, err, "not one file number");
	if (c->ncold == CURRENT_MAX_COLD)
		return lines_bad(l, err, "more files of the cold index than there may be");
	c->cold[c->ncold++] = number;
	return COUNT_OK;
}

/* The lines with one number, in the order they are printed; a bit of `seen` each. */
#define NSCALARS 7
#define NEEDED 0x7u		/* generation, first-segment, next-number */
static const char *const scalar_names[NSCALARS] = {
	"generation", "first-segment", "next-number", "last-flush", "last-retention", "clock-jump",
	"last-archive",
};

static bool set_scalar(struct current *c, unsigned i, const char *s, size_t len)
{
	switch (i) {
	case 0: return lines_u64(s, len, &c->generation);
	case 1: return lines_u64(s, len, &c->first_segment) && c->first_segment > 0;
	case 2: return lines_u64(s, len, &c->next_number) && c->next_number > 0;
	case 3: return lines_i64(s, len, &c->last_flush_s);
	case 4: return lines_i64(s, len, &c->last_retention_s);
	case 5: return lines_i64(s, len, &c->clock_jump_s);
	default: return lines_i64(s, len, &c->last_archive_s);
	}
}

static int parse_scalar(struct lines *l, unsigned i, struct current *c, unsigned *seen,
			struct count_error *err)
{
	const char *word;
	size_t len;

	if ((*seen & 1u << i) != 0)
		return lines_bad(l, err, "given twice");
	*seen |= 1u << i;
	if (!lines_word(l, &word, &len) || !lines_done(l) || !set_scalar(c, i, word, len))
		return lines_bad(l, err, "not one number in its range");
	return COUNT_OK;
}

/* A kind of line that a later program of the same version wrote. */
static int keep_line(struct lines *l, const char *line, struct current *c, struct count_error *err)
{
	for (const char *p = line; p < l->end; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return lines_bad(l, err, "control character");
	buf_put(&c->other, line, (size_t)(l->end - line) + 1);
	return c->other.failed ? err_nomem(err) : COUNT_OK;
}

static int parse_line(struct lines *l, struct current *c, unsigned *seen, struct count_error *err)
{
	const char *kind;
	size_t len;

	if (!lines_word(l, &kind, &len))
		return lines_bad(l, err, "empty, or begins with a blank");
	if (is_word(kind, len, "block"))
		return parse_block(l, c, err);
	if (is_word(kind, len, "cold"))
		return parse_cold(l, c, err);
	for (unsigned i = 0; i < NSCALARS; i++)
		if (is_word(kind, len, scalar_names[i]))
			return parse_scalar(l, i, c, seen, err);
	return keep_line(l, kind, c, err);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int check_cold(const struct current *c, struct count_error *err)
{
	for (size_t i = 0; i < c->ncold; i++) {
		for (size_t j = 0; j < i; j++)
			if (c->cold[j] == c->cold[i])
				return err_set(err, COUNT_ERR_CORRUPT,
					       "file %" PRIu64 " of the cold index is named twice", c->cold[i]);
		if (c->cold[i] >= c->next_number)
			return err_set(err, COUNT_ERR_CORRUPT, "file %" PRIu64
				       " of the cold index is not below next-number", c->cold[i]);
	}
	return COUNT_OK;
}

/* Two lines for one file would answer its points twice. */
static int check_numbers(const struct current *c, struct count_error *err)
{
	uint64_t *numbers;
	int ret = COUNT_OK;

	if (c->nblocks == 0)
		return COUNT_OK;
	numbers = reallocarray(NULL, c->nblocks, sizeof(*numbers));
	if (numbers == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < c->nblocks; i++)
		numbers[i] = c->blocks[i].number;
	qsort(numbers, c->nblocks, sizeof(*numbers), compare_u64);
	for (size_t i = 1; i < c->nblocks && ret == COUNT_OK; i++)
		if (numbers[i] == numbers[i - 1])
			ret = err_set(err, COUNT_ERR_CORRUPT, "block %" PRIu64 " is named twice",
				      numbers[i]);
	if (ret == COUNT_OK && numbers[c->nblocks - 1] >= c->next_number)
		ret = err_set(err, COUNT_ERR_CORRUPT, "block %" PRIu64 " is not below next-number",
			      numbers[c->nblocks - 1]);
	free(numbers);
	return ret;
}

int current_parse(const char *text, size_t len, struct current *c, struct count_error *err)
{
	struct current r;
	struct lines l;
	unsigned seen = 0;
	int ret = lines_open(&l, text, len, "count-current", CURRENT_VERSION, err);

	if (ret != COUNT_OK)
		return ret;
	current_init(&r);
	while (ret == COUNT_OK && lines_next(&l))
		ret = parse_line(&l, &r, &seen, err);
	if (ret == COUNT_OK && (seen & NEEDED) != NEEDED)
		ret = err_set(err, COUNT_ERR_CORRUPT,
			      "generation, first-segment or next-number is missing");
	if (ret == COUNT_OK)
		ret = check_numbers(&r, err);
	if (ret == COUNT_OK)
		ret = check_cold(&r, err);
	if (ret != COUNT_OK)
		current_free(&r);
	else
		*c = r;
	return ret;
}

/* ---- Writing ---- */

static void print_block(const struct current_block *b, struct buf *out)
{
	buf_printf(out, "block %" PRIu64 " bytes=%" PRIu64 " times=%" PRId64 ",%" PRId64
		   " segments=%" PRIu64 ",%" PRIu64 " points=%" PRIu64 " window=%u,%" PRId64 "%s\n",
		   b->number, b->size, b->first_time, b->last_time, b->seg_lo, b->seg_hi,
		   b->points, b->level, b->window, b->pinned ? " pinned" : "");
}

int current_print(const struct current *c, struct buf *out)
{
	struct buf b = { 0 };

	buf_printf(&b, "count-current %d\ngeneration %" PRIu64 "\nfirst-segment %" PRIu64
		   "\nnext-number %" PRIu64 "\nlast-flush %" PRId64 "\nlast-retention %" PRId64
		   "\nclock-jump %" PRId64 "\nlast-archive %" PRId64 "\n", CURRENT_VERSION, c->generation,
		   c->first_segment, c->next_number, c->last_flush_s, c->last_retention_s, c->clock_jump_s,
		   c->last_archive_s);
	for (size_t i = 0; i < c->ncold; i++)
		buf_printf(&b, "cold %" PRIu64 "\n", c->cold[i]);
	for (size_t i = 0; i < c->nblocks; i++)
		print_block(&c->blocks[i], &b);
	buf_put(&b, c->other.data, c->other.len);
	lines_finish(&b);
	if (!b.failed)
		buf_put(out, b.data, b.len);
	out->failed |= b.failed;
	buf_free(&b);
	return out->failed ? COUNT_ERR_NOMEM : COUNT_OK;
}
