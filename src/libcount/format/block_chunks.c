/* block_chunks.c - the fields of a chunk's entry, and the chunk directory of a series; see block.h. */
#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/block.h"
#include "format/block_layout.h"
#include "format/block_open.h"
#include "format/block_stats.h"

/* ---- The fields of an entry ---- */

/* Steps and spans are differences modulo 2^64 of times that ascend. */
static uint64_t take_span(struct fields *f, unsigned flags, const struct block_before *before, struct block_chunk *c)
{
	bool same = (flags & ENTRY_SAME_SPAN) != 0;
	uint64_t n = c->stats.count, span = 0;

	f->bad |= same && !before->any;
	if (f->bad)
		return 0;
	if (c->times.kind != BLOCK_TIMES_REGULAR) {
		span = same ? before->span : take(f);
		f->bad |= n < 2 || span < n - 1;
		return span;
	}
	if (n < 2) {
		f->bad |= same;
		return 0;
	}
	c->times.step = same ? before->times->step : take(f);
	f->bad |= c->times.step == 0 || (same && before->times->kind != BLOCK_TIMES_REGULAR) ||
		  __builtin_mul_overflow(c->times.step, n - 1, &span);
	return f->bad ? 0 : span;
}

static void take_place(struct fields *f, const struct block *b, struct block_chunk *c)
{
	struct block_times_place *t = &c->times;

	if (t->kind == BLOCK_TIMES_OWN) {
		t->len = c->times_len = take_len(f);
		f->bad |= t->len == 0;
	}
	if (t->kind == BLOCK_TIMES_SHARED || t->kind == BLOCK_TIMES_EDITED) {
		t->off = take(f);
		f->bad |= t->off >= b->dirs_off || (t->off < HEADER_LEN && t->off != 0) ||
			  (t->off == 0 && t->kind == BLOCK_TIMES_SHARED);
	}
	if (t->kind != BLOCK_TIMES_EDITED)
		return;
	if (t->off == 0)
		t->step = take(f);
	t->edits_len = take_len(f);
	if (f->bad || t->edits_len > (size_t)(f->end - f->p)) {
		f->bad = true;
		return;
	}
	t->edits_off = (uint64_t)(f->p - b->data);
	f->p += t->edits_len;
}

void block_take_times(struct fields *f, const struct block *b, unsigned flags, const struct block_before *before,
		      struct block_chunk *c)
{
	struct chunk_stats *st = &c->stats;
	uint64_t span;

	c->times.kind = (enum block_times_kind)(flags & ENTRY_KIND);
	f->bad |= c->times.kind == BLOCK_TIMES_SAME || c->times.kind >= BLOCK_TIMES_KINDS;
	st->count = (flags & ENTRY_SAME_COUNT) != 0 ? before->count : take(f);
	f->bad |= st->count == 0 || st->count > COLUMN_MAX_POINTS;
	st->first_time = (int64_t)(before->first + (uint64_t)unzigzag(take(f)));
	span = take_span(f, flags, before, c);
	f->bad |= span > (uint64_t)INT64_MAX - (uint64_t)st->first_time;
	st->last_time = (int64_t)((uint64_t)st->first_time + span);
	if (!f->bad)
		take_place(f, b, c);
}

void block_take_recency(struct fields *f, const struct block *b, unsigned flags, struct block_chunk *c)
{
	c->seg_lo = b->info.seg_lo;
	c->seg_hi = b->info.seg_hi;
	if ((flags & ENTRY_RECENCY) == 0)
		return;
	c->seg_lo = take(f);
	f->bad |= __builtin_add_overflow(c->seg_lo, take(f), &c->seg_hi);
}

/* ---- The entries of a directory ---- */

/* Regular, and the first time is a step behind the last of the chunk before, which has this step too. */
static void take_following(struct fields *f, unsigned flags, const struct block_chunk_cursor *cur,
			   struct block_chunk *c)
{
	const struct block_chunk *before = &cur->before;
	uint64_t step = before->times.step, span = 0, n;

	f->bad |= cur->done == 0 || before->times.kind != BLOCK_TIMES_REGULAR || step == 0 ||
		  (flags & ENTRY_SAME_SPAN) != 0;
	n = (flags & ENTRY_SAME_COUNT) != 0 ? before->stats.count : take(f);
	f->bad |= n == 0 || n > COLUMN_MAX_POINTS || __builtin_mul_overflow(step, n, &span) ||
		  span > (uint64_t)INT64_MAX - (uint64_t)before->stats.last_time;
	if (f->bad)
		return;
	c->stats.count = n;
	c->stats.first_time = (int64_t)((uint64_t)before->stats.last_time + step);
	c->stats.last_time = (int64_t)((uint64_t)before->stats.last_time + span);
	c->times = (struct block_times_place){ .kind = BLOCK_TIMES_REGULAR, .step = n < 2 ? 0 : step };
}

static void take_entry_times(struct fields *f, const struct block *b, unsigned flags,
			     const struct block_series *s, const struct block_chunk_cursor *cur,
			     struct block_chunk *c)
{
	const struct chunk_stats *st = &cur->before.stats;
	struct block_before before = { .first = (uint64_t)s->first_time, .count = COLUMN_MAX_POINTS };

	if ((flags & ENTRY_KIND) == BLOCK_TIMES_SAME) {
		take_following(f, flags, cur, c);
		return;
	}
	if (cur->done > 0)
		before = (struct block_before){
			.any = true, .times = &cur->before.times, .count = st->count,
			.span = (uint64_t)st->last_time - (uint64_t)st->first_time,
			.first = (uint64_t)st->last_time,
		};
	block_take_times(f, b, flags, &before, c);
}

/* The dictionary at hand, or a new one, which stands before the columns. */
static void take_dict(struct fields *f, const struct block *b, struct block_chunk_cursor *cur, struct block_chunk *c)
{
	uint32_t len = take_len(f);

	if (len == 0) {
		c->dict_off = cur->before.dict_off;
		c->dict_len = cur->before.dict_len;
		c->dict_crc = cur->before.dict_crc;
		f->bad |= c->dict_len == 0;
		return;
	}
	c->dict_off = cur->place;
	c->dict_len = len;
	c->dict_crc = take_u32(f);
	f->bad |= !block_in_columns(b, cur->place, len);
	if (!f->bad)
		cur->place += len;
}

static void take_columns(struct fields *f, const struct block *b, unsigned flags, struct block_chunk_cursor *cur,
			 struct block_chunk *c)
{
	uint64_t gap = 0, len;

	if (c->times.kind == BLOCK_TIMES_SHARED || c->times.kind == BLOCK_TIMES_EDITED)
		gap = take(f);
	f->bad |= !block_in_columns(b, cur->place, gap);
	if (f->bad)
		return;
	cur->place += gap;
	if ((flags & ENTRY_DICT) != 0)
		take_dict(f, b, cur, c);
	c->values_len = take_len(f);
	c->crc = take_u32(f);
	len = (uint64_t)c->times_len + c->values_len;
	f->bad |= !block_in_columns(b, cur->place, len);
	if (f->bad)
		return;
	c->crc_off = cur->place;
	c->crc_len = len;
	if (c->times.kind == BLOCK_TIMES_OWN)
		c->times.off = cur->place;
	c->values_off = cur->place + c->times_len;
	cur->place += len;
}

static bool take_entry(struct fields *f, const struct block *b, const struct block_series *s,
		       struct block_chunk_cursor *cur, struct block_chunk *c)
{
	unsigned flags = take_u8(f);

	*c = (struct block_chunk){ .has_stats = (flags & ENTRY_STATS) != 0 };
	take_entry_times(f, b, flags, s, cur, c);
	if (!f->bad)
		block_take_recency(f, b, flags, c);
	if (!f->bad)
		take_columns(f, b, flags, cur, c);
	f->bad |= c->stats.last_time > s->last_time ||
		  c->stats.first_time < (cur->done > 0 ? cur->before.stats.first_time : s->first_time) ||
		  (cur->done == 0 && c->stats.first_time != s->first_time);
	if (!f->bad && c->has_stats) {
		f->p = block_stats_get(f->p, f->end, &c->stats);
		f->bad = f->p == NULL;
	}
	return !f->bad;
}

/* ---- Walking a directory ---- */

/* The checksum of the directory, and where the columns begin. */
static int open_dir(const struct block *b, const struct block_series *s,
		    struct block_chunk_cursor *cur, uint64_t *at)
{
	const uint8_t *p = b->data + s->dir_off, *end, *q;

	if (s->dir_off < b->dirs_off || s->dir_off > b->table_off ||
	    s->dir_len > b->table_off - s->dir_off || s->dir_len < 4)
		return block_damage(at, s->dir_off);
	end = p + s->dir_len - 4;
	if (crc32c(0, p, (size_t)(end - p)) != get_u32(end))
		return block_damage(at, s->dir_off);
	q = varint_get(p, end, &cur->place);
	if (q == NULL || cur->place < HEADER_LEN || cur->place > b->dirs_off)
		return block_damage(at, s->dir_off);
	cur->off = (uint64_t)(q - b->data);
	return COUNT_OK;
}

/* After the last chunk the totals must be those of the series table. */
static bool totals_good(const struct block_series *s, const struct block_chunk_cursor *cur,
			const struct fields *f)
{
	return cur->done < s->chunks ||
	       (cur->points == s->points && cur->max_time == s->last_time && f->p == f->end);
}

int block_next_chunk(const struct block *b, const struct block_series *s,
		     struct block_chunk_cursor *cur, struct block_chunk *c, uint64_t *at)
{
	struct fields f;
	uint64_t off;
	int ret;

	if (cur->done >= s->chunks)
		return COUNT_ERR_NOTFOUND;
	if (s->dir_len == 0) {
		*c = s->only;
		cur->done = 1;
		return COUNT_OK;
	}
	if (cur->off == 0) {
		ret = open_dir(b, s, cur, at);
		if (ret != COUNT_OK) {
			cur->done = s->chunks;	/* a next call finds the end */
			return ret;
		}
	}
	off = cur->off;
	f = (struct fields){ .p = b->data + off, .end = b->data + s->dir_off + s->dir_len - 4 };
	if (take_entry(&f, b, s, cur, c)) {
		cur->points += c->stats.count;
		if (cur->done == 0 || c->stats.last_time > cur->max_time)
			cur->max_time = c->stats.last_time;
		cur->off = (uint64_t)(f.p - b->data);
		cur->done++;
		if (c->dict_len == 0) {		/* it stays at hand */
			struct block_chunk with = *c;

			with.dict_off = cur->before.dict_off;
			with.dict_len = cur->before.dict_len;
			with.dict_crc = cur->before.dict_crc;
			cur->before = with;
		} else {
			cur->before = *c;
		}
		if (totals_good(s, cur, &f))
			return COUNT_OK;
	}
	cur->done = s->chunks;
	return block_damage(at, off);
}
