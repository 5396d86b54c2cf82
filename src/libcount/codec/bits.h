/*
 * bits.h - fields of 0 to 64 bits, the least significant bit first.
 *
 * Field follows field without padding; bit i of the stream is bit i % 8 of byte i / 8.
 * The writer stores into memory that its caller has made large enough; the reader never looks
 * past its end.  Both are meant for rare and irregular fields; pack.c has the fast path.
 */
#ifndef COUNT_CODEC_BITS_H
#define COUNT_CODEC_BITS_H

#include <stdbool.h>

#include "base/bytes.h"

static inline uint64_t bits_mask(unsigned width)	/* 0 to 64 */
{
	return width == 0 ? 0 : ~UINT64_C(0) >> (64 - width);
}

static inline unsigned bits_length(uint64_t v)		/* 0 for 0, else the highest bit's number plus 1 */
{
	return (63 ^ (unsigned)__builtin_clzll(v | 1)) + (v != 0);	/* without a branch */
}

struct bit_writer {
	uint8_t *p;		/* where the next byte goes; 8 bytes from here are written at a time */
	uint64_t acc;		/* bits not yet stored */
	unsigned used;		/* how many, less than 64 */
};

/* v must have no bits above width.  Stores up to 8 bytes, so memory needs 8 bytes of slack. */
static inline void bits_put(struct bit_writer *w, uint64_t v, unsigned width)
{
	w->acc |= v << w->used;
	w->used += width;
	if (w->used >= 64) {
		put_u64(w->p, w->acc);
		w->p += 8;
		w->used -= 64;
		w->acc = w->used == 0 ? 0 : v >> (width - w->used);
	}
}

/* Stores the last bits, zero-filled to a byte; returns the end. */
static inline uint8_t *bits_flush(struct bit_writer *w)
{
	put_u64(w->p, w->acc);
	w->p += (w->used + 7) / 8;
	return w->p;
}

struct bit_reader {
	const uint8_t *p, *end;		/* bytes not yet taken up */
	uint64_t acc;			/* bits taken up and not yet read, zero above */
	unsigned have;			/* how many, less than 64 */
};

/* Reads width bits, 0 to 56; false when fewer are left. */
static inline bool bits_get_short(struct bit_reader *r, unsigned width, uint64_t *v)
{
	if (r->have < width) {
		if (r->end - r->p >= 8) {
			r->acc |= get_u64(r->p) << r->have;
			r->p += (63 - r->have) / 8;
			r->have |= 56;		/* the byte count taken makes it so */
			r->acc &= bits_mask(r->have);
		} else {
			while (r->have <= 56 && r->p < r->end) {
				r->acc |= (uint64_t)*r->p++ << r->have;
				r->have += 8;
			}
		}
		if (r->have < width)
			return false;
	}
	*v = r->acc & bits_mask(width);
	r->acc >>= width;
	r->have -= width;
	return true;
}

/* Reads width bits, 0 to 64; false when fewer are left. */
static inline bool bits_get(struct bit_reader *r, unsigned width, uint64_t *v)
{
	uint64_t low, high = 0;

	if (!bits_get_short(r, width < 32 ? width : 32, &low) ||
	    (width > 32 && !bits_get_short(r, width - 32, &high)))
		return false;
	*v = low | high << 32;
	return true;
}

/* The byte past the last one of which a bit was read; the rest of that byte must be zero, else NULL. */
static inline const uint8_t *bits_end(const struct bit_reader *r)
{
	unsigned part = r->have % 8;

	if ((r->acc & bits_mask(part)) != 0)
		return NULL;
	return r->p - r->have / 8;
}

#endif
