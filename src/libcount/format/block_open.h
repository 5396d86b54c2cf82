/* block_open.h - what the parts of the block reader share; private to format/. */
#ifndef COUNT_FORMAT_BLOCK_OPEN_H
#define COUNT_FORMAT_BLOCK_OPEN_H

#include "base/bytes.h"
#include "count.h"
#include "format/block.h"

/* COUNT_ERR_CORRUPT at that offset. */
static inline int block_damage(uint64_t *at, uint64_t off)
{
	if (at != NULL)
		*at = off;
	return COUNT_ERR_CORRUPT;
}

struct fields {			/* fields read one after the other; bad once one is cut or too large */
	const uint8_t *p, *end;
	bool bad;
};

static inline uint64_t take(struct fields *f)
{
	uint64_t v = 0;

	if (!f->bad) {
		f->p = varint_get(f->p, f->end, &v);
		f->bad = f->p == NULL;
	}
	return f->bad ? 0 : v;
}

static inline uint8_t take_u8(struct fields *f)
{
	if (f->bad || f->p == f->end) {
		f->bad = true;
		return 0;
	}
	return *f->p++;
}

static inline uint32_t take_u32(struct fields *f)
{
	if (f->bad || f->end - f->p < 4) {
		f->bad = true;
		return 0;
	}
	f->p += 4;
	return get_u32(f->p - 4);
}

static inline uint32_t take_len(struct fields *f)	/* a length of 32 bits */
{
	uint64_t v = take(f);

	f->bad |= v > UINT32_MAX;
	return (uint32_t)v;
}

struct block_before {		/* what the times of an entry refer to */
	bool any;			/* false: there is nothing before */
	const struct block_times_place *times;
	uint64_t count, span;
	uint64_t first;			/* added to the field of the first time */
};

/*
 * Count, times and place of times of a chunk by the kind and flags of its entry; entries of kind SAME and the
 * first entry of a directory are the caller's but for what is asked here.
 */
void block_take_times(struct fields *f, const struct block *b, unsigned flags, const struct block_before *before,
		      struct block_chunk *c);
/* The range of segments. */
void block_take_recency(struct fields *f, const struct block *b, unsigned flags, struct block_chunk *c);
/* Whether len bytes at off lie among the columns. */
static inline bool block_in_columns(const struct block *b, uint64_t off, uint64_t len)
{
	return off <= b->dirs_off && len <= b->dirs_off - off;
}

/* A time column that several chunks share, verified: encoded, or by what differs from a base. */
struct block_shared {
	int64_t first, last;
	size_t n;
	bool edited;
	uint64_t base, step;	/* edited: where the base is, or 0 and the step */
	const uint8_t *bytes;	/* the column, or the edits */
	size_t len;
};
int block_shared_at(const struct block *b, uint64_t off, struct block_shared *s, uint64_t *at);

#endif
