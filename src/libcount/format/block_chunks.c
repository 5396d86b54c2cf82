/* block_chunks.c - the chunk directory of a series, and decoding chunks; see block.h. */
#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/block.h"
#include "format/block_layout.h"
#include "format/block_open.h"
#include "format/block_stats.h"

struct entry {			/* an entry of a directory, its varints read, not yet checked */
	const uint8_t *p, *end;
	bool bad;
};

static uint64_t take(struct entry *e)
{
	uint64_t v = 0;

	if (!e->bad) {
		e->p = varint_get(e->p, e->end, &v);
		e->bad = e->p == NULL;
	}
	return e->bad ? 0 : v;
}

static uint8_t take_u8(struct entry *e)
{
	if (e->bad || e->p == e->end) {
		e->bad = true;
		return 0;
	}
	return *e->p++;
}

static uint32_t take_u32(struct entry *e)
{
	if (e->bad || e->end - e->p < 4) {
		e->bad = true;
		return 0;
	}
	e->p += 4;
	return get_u32(e->p - 4);
}

/* ---- The fields of an entry ---- */

/* A series of one chunk has its times and count in the series table already. */
static void take_times(struct entry *e, unsigned flags, const struct block_series *s,
		       struct block_chunk_cursor *cur, struct chunk_stats *st)
{
	uint64_t span;

	if (s->chunks == 1) {
		st->first_time = s->first_time;
		st->last_time = s->last_time;
		st->count = s->points;
		return;
	}
	st->first_time = s->first_time;
	if (cur->done > 0)
		st->first_time = (int64_t)((uint64_t)cur->last_time + (uint64_t)unzigzag(take(e)));
	span = take(e);
	st->last_time = (int64_t)((uint64_t)st->first_time + span);
	st->count = (flags & ENTRY_NOMINAL) != 0 ? CHUNK_POINTS : take(e);
	e->bad |= st->last_time < st->first_time || st->last_time > s->last_time ||
		  (cur->done > 0 && st->first_time < cur->first_time);
}

static void take_recency(struct entry *e, unsigned flags, const struct block *b,
			 struct block_chunk *c)
{
	c->seg_lo = b->info.seg_lo;
	c->seg_hi = b->info.seg_hi;
	if ((flags & ENTRY_RECENCY) == 0)
		return;
	c->seg_lo = take(e);
	e->bad |= __builtin_add_overflow(c->seg_lo, take(e), &c->seg_hi);
}

/* Both columns lie in the region of columns, an own time column right before its values. */
static void take_places(struct entry *e, unsigned flags, const struct block *b,
			struct block_chunk_cursor *cur, struct block_chunk *c)
{
	uint64_t times_off = cur->data_off, times_len, values_len, end = b->dirs_off;

	if ((flags & ENTRY_SHARED_TIMES) != 0)
		times_off = take(e);
	times_len = take(e);
	values_len = take(e);
	if (times_off < HEADER_LEN || times_off > end || times_len > end - times_off ||
	    times_len > UINT32_MAX)
		e->bad = true;
	c->values_off = cur->data_off + ((flags & ENTRY_SHARED_TIMES) != 0 || e->bad ? 0 : times_len);
	if (c->values_off > end || values_len > end - c->values_off || values_len > UINT32_MAX)
		e->bad = true;
	if (e->bad)
		return;
	c->times_off = times_off;
	c->times_len = (uint32_t)times_len;
	c->values_len = (uint32_t)values_len;
	cur->data_off = c->values_off + values_len;
}

static bool take_entry(struct entry *e, const struct block *b, const struct block_series *s,
		       struct block_chunk_cursor *cur, struct block_chunk *c)
{
	unsigned flags = take_u8(e);

	*c = (struct block_chunk){ .has_stats = (flags & ENTRY_STATS) != 0 };
	if ((flags & ENTRY_SAME_CODECS) == 0) {
		cur->codecs.time = take_u8(e);
		cur->codecs.value = take_u8(e);
	}
	c->codecs = cur->codecs;
	take_times(e, flags, s, cur, &c->stats);
	take_recency(e, flags, b, c);
	take_places(e, flags, b, cur, c);
	c->crc = take_u32(e);
	e->bad |= flags > ENTRY_KNOWN || c->stats.count == 0 || c->stats.count > CHUNK_MAX_POINTS ||
		  ((flags & ENTRY_SAME_CODECS) != 0 && cur->done == 0);
	if (!e->bad && c->has_stats) {
		e->p = block_stats_get(e->p, e->end, &c->stats);
		e->bad = e->p == NULL;
	}
	return !e->bad;
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
	q = varint_get(p, end, &cur->data_off);
	if (q == NULL || cur->data_off < HEADER_LEN || cur->data_off > b->dirs_off)
		return block_damage(at, s->dir_off);
	cur->off = (uint64_t)(q - b->data);
	return COUNT_OK;
}

/* After the last chunk the totals must be those of the series table. */
static bool totals_good(const struct block_series *s, const struct block_chunk_cursor *cur,
			const struct entry *e)
{
	return cur->done < s->chunks ||
	       (cur->points == s->points && cur->max_time == s->last_time && e->p == e->end);
}

int block_next_chunk(const struct block *b, const struct block_series *s,
		     struct block_chunk_cursor *cur, struct block_chunk *c, uint64_t *at)
{
	struct entry e;
	uint64_t off;
	int ret;

	if (cur->done >= s->chunks)
		return COUNT_ERR_NOTFOUND;
	if (cur->off == 0) {
		ret = open_dir(b, s, cur, at);
		if (ret != COUNT_OK) {
			cur->done = s->chunks;	/* a next call finds the end */
			return ret;
		}
	}
	off = cur->off;
	e = (struct entry){ .p = b->data + off, .end = b->data + s->dir_off + s->dir_len - 4 };
	if (take_entry(&e, b, s, cur, c)) {
		cur->points += c->stats.count;
		if (cur->done == 0 || c->stats.last_time > cur->max_time)
			cur->max_time = c->stats.last_time;
		cur->first_time = c->stats.first_time;
		cur->last_time = c->stats.last_time;
		cur->off = (uint64_t)(e.p - b->data);
		cur->done++;
		if (totals_good(s, cur, &e))
			return COUNT_OK;
	}
	cur->done = s->chunks;
	return block_damage(at, off);
}

/* ---- Points ---- */

static bool chunk_intact(const struct block *b, const struct block_chunk *c)
{
	uint32_t crc = crc32c(0, b->data + c->times_off, c->times_len);

	return crc32c(crc, b->data + c->values_off, c->values_len) == c->crc;
}

static bool times_good(const struct chunk_stats *st, const int64_t *times)
{
	bool ascending = true;

	for (size_t i = 1; i < st->count; i++)
		ascending &= times[i - 1] < times[i];
	return ascending && times[0] == st->first_time && times[st->count - 1] == st->last_time;
}

int block_check_chunk(const struct block *b, const struct block_chunk *c, uint64_t *at)
{
	return chunk_intact(b, c) ? COUNT_OK : block_damage(at, c->values_off);
}

int block_read_chunk(const struct block *b, const struct block_chunk *c, struct chunk_coder *coder,
		     int64_t *times, double *values, uint64_t *at)
{
	const struct chunk_stats *st = &c->stats;
	int ret = block_check_chunk(b, c, at);

	if (ret == COUNT_OK && times != NULL) {
		ret = chunk_decode_times(coder, b->data + c->times_off, c->times_len, c->codecs.time,
					 st->count, times);
		if (ret == COUNT_ERR_CORRUPT || (ret == COUNT_OK && !times_good(st, times)))
			ret = block_damage(at, c->times_off);
	}
	if (ret == COUNT_OK && values != NULL) {
		ret = chunk_decode_values(coder, b->data + c->values_off, c->values_len,
					  c->codecs.value, st->count, values);
		if (ret == COUNT_ERR_CORRUPT)
			block_damage(at, c->values_off);
	}
	return ret;
}
