/* block_points.c - the points of a chunk: checksums, columns, pages; see block.h. */
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "codec/dict_cache.h"
#include "format/block.h"
#include "format/block_edits.h"
#include "format/block_layout.h"
#include "format/block_open.h"

/* ---- Checksums ---- */

/* Of the run of a group only the last one that was found intact is remembered: series come in order. */
static bool known_intact(const struct block *b, const struct block_chunk *c)
{
	return __atomic_load_n(&b->intact, __ATOMIC_RELAXED) == c->crc_off;
}

int block_check_chunk(const struct block *b, const struct block_chunk *c, uint64_t *at)
{
	bool in_run = c->crc_len != (uint64_t)c->times_len + c->values_len;

	if (in_run && known_intact(b, c))
		return COUNT_OK;
	if (crc32c(0, b->data + c->crc_off, c->crc_len) != c->crc)
		return block_damage(at, c->values_off);
	if (in_run)	/* a hint, for which any thread's is as good as another's */
		__atomic_store_n((uint64_t *)(uintptr_t)&b->intact, c->crc_off, __ATOMIC_RELAXED);
	return COUNT_OK;
}

/* ---- Times ---- */

struct edits {
	uint64_t base, step;	/* where the base is, or 0 and the step */
	int64_t first;
	size_t n;
	const uint8_t *bytes;
	size_t len;
};

int block_shared_at(const struct block *b, uint64_t off, struct block_shared *s, uint64_t *at)
{
	struct fields f;
	uint64_t n, span;

	if (off < HEADER_LEN || off >= b->dirs_off)
		return block_damage(at, off);
	f = (struct fields){ .p = b->data + off, .end = b->data + b->dirs_off };
	*s = (struct block_shared){ 0 };
	n = take(&f);
	s->edited = (n & 1) != 0;
	n >>= 1;
	s->first = unzigzag(take(&f));
	span = take(&f);
	if (s->edited)
		s->base = take(&f);
	if (s->edited && s->base == 0)
		s->step = take(&f);
	s->len = take_len(&f);
	if (f.bad || s->len == 0 || s->len > (size_t)(f.end - f.p) || n < 2 || n > COLUMN_MAX_POINTS || span < n - 1 ||
	    span > (uint64_t)INT64_MAX - (uint64_t)s->first)
		return block_damage(at, off);
	s->last = (int64_t)((uint64_t)s->first + span);
	s->n = (size_t)n;
	s->bytes = f.p;
	f.p += s->len;
	if (f.end - f.p < 4 || crc32c(0, b->data + off, (size_t)(f.p - b->data) - off) != get_u32(f.p))
		return block_damage(at, off);
	return COUNT_OK;
}

bool block_same_times(const struct block_chunk *a, const struct block_chunk *b)
{
	const struct block_times_place *p = &a->times, *q = &b->times;

	return a->stats.count == b->stats.count && a->stats.first_time == b->stats.first_time &&
	       a->stats.last_time == b->stats.last_time && p->kind == q->kind && p->off == q->off &&
	       p->step == q->step && p->edits_off == q->edits_off;
}

/* The times of the base, a shared column that must be no edited one, in *v, by malloc. */
static int read_base(const struct block *b, struct chunk_coder *coder, uint64_t off, struct block_base *base,
		     int64_t **v, uint64_t *at)
{
	struct block_shared s;
	int ret = block_shared_at(b, off, &s, at);

	if (ret != COUNT_OK)
		return ret;
	if (s.edited)
		return block_damage(at, off);
	*v = malloc(s.n * sizeof(**v));
	if (*v == NULL)
		return COUNT_ERR_NOMEM;
	base->v = *v;
	base->n = s.n;
	return column_decode_times(coder, s.bytes, s.len, s.first, s.last, s.n, 0, column_pages(s.n), *v);
}

/* All n times of a chunk. */
static int apply_edits(const struct block *b, struct chunk_coder *coder, const struct edits *e, int64_t *times,
		       uint64_t *at)
{
	struct block_base base = { .first = e->first, .step = e->step };
	int64_t *v = NULL;
	int ret = e->base != 0 ? read_base(b, coder, e->base, &base, &v, at) : COUNT_OK;

	if (ret == COUNT_OK && !block_edits_apply(&base, e->bytes, e->len, e->first, times, e->n))
		ret = block_damage(at, (uint64_t)(e->bytes - b->data));
	free(v);
	return ret;
}

/* Some pages of them: edits are applied from the first on. */
static int read_edits(const struct block *b, struct chunk_coder *coder, const struct edits *e, unsigned from,
		      unsigned pages, int64_t *times, uint64_t *at)
{
	size_t begin = (size_t)from * COLUMN_PAGE, end = begin + (size_t)pages * COLUMN_PAGE;
	int64_t *whole;
	int ret;

	if (begin == 0 && end >= e->n)
		return apply_edits(b, coder, e, times, at);
	whole = malloc(e->n * sizeof(*whole));
	if (whole == NULL)
		return COUNT_ERR_NOMEM;
	ret = apply_edits(b, coder, e, whole, at);
	end = end < e->n ? end : e->n;
	if (ret == COUNT_OK)
		memcpy(times, whole + begin, (end - begin) * sizeof(*times));
	free(whole);
	return ret;
}

static int read_shared(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder,
		       unsigned from, unsigned pages, int64_t *times, uint64_t *at)
{
	const struct chunk_stats *st = &c->stats;
	struct block_shared s;
	int ret = block_shared_at(b, c->times.off, &s, at);

	if (ret != COUNT_OK)
		return ret;
	if (s.n != st->count || s.first != st->first_time || s.last != st->last_time)
		return block_damage(at, c->times.off);
	if (s.edited) {
		struct edits e = { s.base, s.step, s.first, s.n, s.bytes, s.len };

		return read_edits(b, coder, &e, from, pages, times, at);
	}
	return column_decode_times(coder, s.bytes, s.len, s.first, s.last, s.n, from, pages, times);
}

static int read_edited(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder,
		       unsigned from, unsigned pages, int64_t *times, uint64_t *at)
{
	const struct block_times_place *t = &c->times;
	struct edits e = { t->off, t->step, c->stats.first_time, (size_t)c->stats.count,
			   b->data + t->edits_off, t->edits_len };

	return read_edits(b, coder, &e, from, pages, times, at);
}

/* The times of those pages ascend, and keep the promises of the entry. */
static bool times_good(const struct block_chunk *c, unsigned from, size_t n, const int64_t *times)
{
	const struct chunk_stats *st = &c->stats;
	size_t begin = (size_t)from * COLUMN_PAGE;
	bool ascending = true;

	for (size_t i = 1; i < n; i++)
		ascending &= times[i - 1] < times[i];
	return ascending && (begin == 0 ? times[0] == st->first_time : times[0] > st->first_time) &&
	       (begin + n == st->count ? times[n - 1] == st->last_time : times[n - 1] < st->last_time);
}

static int read_times(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder,
		      unsigned from, unsigned pages, int64_t *times, uint64_t *at)
{
	size_t count = (size_t)c->stats.count, begin = (size_t)from * COLUMN_PAGE, n = (size_t)pages * COLUMN_PAGE;
	uint64_t where = c->times.off != 0 ? c->times.off : c->values_off;
	int ret;

	n = n < count - begin ? n : count - begin;
	switch (c->times.kind) {
	case BLOCK_TIMES_REGULAR:
		column_fill_times((int64_t)((uint64_t)c->stats.first_time + c->times.step * begin), c->times.step, n,
				  times);
		return COUNT_OK;
	case BLOCK_TIMES_OWN:
		ret = column_decode_times(coder, b->data + c->times.off, c->times.len, c->stats.first_time,
					  c->stats.last_time, count, from, pages, times);
		break;
	case BLOCK_TIMES_SHARED:
		ret = read_shared(b, c, coder, from, pages, times, at);
		break;
	default:
		ret = read_edited(b, c, coder, from, pages, times, at);
		break;
	}
	return ret == COUNT_ERR_CORRUPT || (ret == COUNT_OK && !times_good(c, from, n, times)) ?
	       block_damage(at, where) : ret;
}

/* ---- Values ---- */

static int read_dict(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder,
		     const struct column_dict **dict, uint64_t *at)
{
	const uint8_t *p = b->data + c->dict_off;
	int ret;

	if (crc32c(0, p, c->dict_len) != c->dict_crc)
		return block_damage(at, c->dict_off);
	ret = dict_cache_decode(coder, p, c->dict_len, dict);
	return ret == COUNT_ERR_CORRUPT ? block_damage(at, c->dict_off) : ret;
}

static int read_values(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder,
		       unsigned from, unsigned pages, double *values, uint64_t *at)
{
	const struct column_dict *dict = NULL;
	int ret = c->dict_len > 0 ? read_dict(b, c, coder, &dict, at) : COUNT_OK;

	if (ret != COUNT_OK)
		return ret;
	ret = column_decode_values(coder, b->data + c->values_off, c->values_len, dict, (size_t)c->stats.count,
				   from, pages, values);
	return ret == COUNT_ERR_CORRUPT ? block_damage(at, c->values_off) : ret;
}

int block_read_pages(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder,
		     unsigned from, unsigned pages, int64_t *times, double *values, uint64_t *at)
{
	unsigned all = column_pages((size_t)c->stats.count);
	bool columns = values != NULL || c->times.kind == BLOCK_TIMES_OWN;
	int ret = COUNT_OK;

	if (pages == 0 || from >= all || pages > all - from)
		return COUNT_ERR_INVALID;
	if (!c->checked && columns)
		ret = block_check_chunk(b, c, at);
	if (ret == COUNT_OK && times != NULL)
		ret = read_times(b, c, coder, from, pages, times, at);
	if (ret == COUNT_OK && values != NULL)
		ret = read_values(b, c, coder, from, pages, values, at);
	return ret;
}

int block_read_chunk(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder,
		     int64_t *times, double *values, uint64_t *at)
{
	return block_read_pages(b, c, coder, 0, column_pages((size_t)c->stats.count), times, values, at);
}

/* ---- A range ---- */

static size_t page_end(const struct block_chunk *c, unsigned page)
{
	size_t count = (size_t)c->stats.count, end = ((size_t)page + 1) * COLUMN_PAGE;

	return end < count ? end : count;
}

static int64_t time_at(const struct block_chunk *c, const int64_t *times, size_t i)
{
	return block_is_regular(c) ? (int64_t)((uint64_t)c->stats.first_time + c->times.step * i) : times[i];
}

unsigned block_pages_within(const struct block_chunk *c, const int64_t *times, int64_t from, int64_t last,
			    unsigned *first)
{
	unsigned all = column_pages((size_t)c->stats.count), end;

	for (*first = 0; *first < all && time_at(c, times, page_end(c, *first) - 1) < from; ++*first)
		;
	for (end = *first; end < all && time_at(c, times, (size_t)end * COLUMN_PAGE) <= last; end++)
		;
	return end - *first;
}

int block_read_within(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder, int64_t from,
		      int64_t last, int64_t *times, double *values, size_t *n, uint64_t *at)
{
	bool regular = block_is_regular(c);
	int ret = regular ? COUNT_OK : block_read_chunk(b, c, coder, times, NULL, at);
	struct block_chunk known = *c;
	unsigned first, pages;

	*n = 0;
	if (ret != COUNT_OK)
		return ret;
	known.checked |= c->times.kind == BLOCK_TIMES_OWN;	/* with its values, just now */
	pages = block_pages_within(c, times, from, last, &first);
	if (pages == 0)
		return COUNT_OK;
	*n = page_end(c, first + pages - 1) - (size_t)first * COLUMN_PAGE;
	if (!regular)
		memmove(times, times + (size_t)first * COLUMN_PAGE, *n * sizeof(*times));
	return block_read_pages(b, &known, coder, first, pages, regular ? times : NULL, values, at);
}

/* ---- For reports ---- */

const char *block_times_name(const struct block *b, const struct block_chunk *c)
{
	struct block_shared s;

	switch (c->times.kind) {
	case BLOCK_TIMES_REGULAR:
		return "regular";
	case BLOCK_TIMES_OWN:
		return column_times_name(b->data + c->times.off, c->times.len, (size_t)c->stats.count);
	case BLOCK_TIMES_SHARED:
		if (block_shared_at(b, c->times.off, &s, NULL) != COUNT_OK)
			return "unknown";
		return s.edited ? "edited" : column_times_name(s.bytes, s.len, s.n);
	default:
		return "edited";
	}
}

const char *block_values_name(const struct block *b, const struct block_chunk *c)
{
	return column_values_name(b->data + c->values_off, c->values_len, (size_t)c->stats.count);
}
