/* pack.c - choosing the cheapest form for each group, and writing it; see pack.h.  unpack.c reads. */
#include "codec/pack.h"

#include "codec/kernels.h"

#define MODE_EXCEPTIONS 0x80
#define GROUP_MAX_BYTES (PACK_GROUP * 17 + 64)	/* of one group, with slack for the bit writer */

typedef uint8_t bytes_t __attribute__((vector_size(16)));

/* The bit lengths of fields, one a byte, in any order; padding has length 0, which nobody counts. */
struct lengths { uint64_t eight[PACK_GROUP / 8]; };

static unsigned with_length(const struct lengths *l, unsigned length)
{
	bytes_t count = { 0 };
	uint64_t half[2];

	for (size_t i = 0; i < PACK_GROUP / 8; i += 2) {
		bytes_t v;

		memcpy(&v, l->eight + i, sizeof(v));
		count -= (bytes_t)(v == (uint8_t)length);	/* -1 where it is */
	}
	memcpy(half, &count, sizeof(half));
	return (half[0] + half[1]) * UINT64_C(0x0101010101010101) >> 56;	/* at most 128 in all */
}

static unsigned varint_len(uint64_t v)
{
	return v == 0 ? 1 : (bits_length(v) + 6) / 7;
}

/* Finds the cheapest width up to max_width, for n fields of these lengths, of which longest is the greatest. */
static void best_width(const struct lengths *l, size_t n, unsigned longest, unsigned max_width,
		       struct pack_group *g)
{
	unsigned above = 0;

	g->bytes = UINT32_MAX;
	for (int w = (int)longest; w >= 0; w--) {
		unsigned high = longest - (unsigned)w;
		unsigned extra = above == 0 ? 0 : 2 + (above * (7 + high) + 7) / 8;
		unsigned bytes = 1 + pack_fields_bytes(n, (unsigned)w) + extra;

		if (above != 0 && 3 + above * (7 + longest) / 8 >= g->bytes)
			break;		/* no fields at all, and no more exceptions, would be as long */
		if (bytes < g->bytes && (unsigned)w <= max_width) {
			g->bytes = bytes;
			g->width = (uint8_t)w;
			g->exceptions = (uint8_t)above;
			g->high = (uint8_t)high;
		}
		above += with_length(l, (unsigned)w);
	}
}

/* A group as kernels want it: padded, where it has fewer. */
struct planned {
	const struct kernels *k;
	const int64_t *v;
	size_t n;
	int64_t padded[PACK_GROUP];
};

static void pad(struct planned *g, int64_t with)
{
	for (size_t i = g->n; i < PACK_GROUP; i++)
		g->padded[i] = with;
}

static void plan_zigzag(struct planned *p, unsigned longest, struct pack_group *g)
{
	struct lengths l;

	pad(p, 0);
	p->k->lengths(p->v, true, 0, l.eight);
	best_width(&l, p->n, longest, 64, g);
	g->mode = g->width;
	g->base = 0;
}

static void plan_base(struct planned *p, int64_t min, unsigned longest, int64_t prev_base, struct pack_group *g)
{
	struct lengths l;

	pad(p, min);
	p->k->lengths(p->v, false, min, l.eight);
	best_width(&l, p->n, longest, 127 - PACK_MODE_BASE, g);
	g->mode = (uint8_t)(PACK_MODE_BASE + g->width);
	g->base = min;
	g->bytes += varint_len(zigzag((int64_t)((uint64_t)min - (uint64_t)prev_base)));
}

/*
 * Of the two forms one is often out of the question: where all have one sign, fields above a base are a
 * bit shorter than zigzags; where the range is as wide as the longest zigzag, a base saves nothing.
 */
static void plan_group(struct planned *p, int64_t prev_base, struct pack_group *g)
{
	struct pack_group based;
	unsigned range, longest;
	int64_t min, max;

	if (p->n < PACK_GROUP) {
		memcpy(p->padded, p->v, p->n * sizeof(*p->v));
		p->v = p->padded;
		pad(p, p->v[0]);
	}
	p->k->range(p->v, &min, &max);
	if (min == 0 && max == 0) {
		*g = (struct pack_group){ .bytes = 1 };
		return;
	}
	range = bits_length((uint64_t)max - (uint64_t)min);
	longest = bits_length(zigzag(min) | zigzag(max));
	if (p->n == PACK_GROUP && min >= 0) {
		plan_base(p, min, range, prev_base, g);
		return;
	}
	plan_zigzag(p, longest, g);
	if (range > longest)
		return;
	plan_base(p, min, range, prev_base, &based);
	if (based.bytes < g->bytes)
		*g = based;
}

size_t pack_plan(struct pack_plan *plan, const int64_t *v, size_t n, size_t limit)
{
	struct planned p = { .k = kernels_best() };
	struct pack_group *g = plan->groups;
	int64_t base = 0;

	plan->bytes = 0;
	for (size_t i = 0; i < n && plan->bytes < limit; i += PACK_GROUP, g++) {
		p.v = v + i;
		p.n = n - i < PACK_GROUP ? n - i : PACK_GROUP;
		plan_group(&p, base, g);
		plan->bytes += g->bytes;
		if (g->mode >= PACK_MODE_BASE)
			base = g->base;
	}
	return plan->bytes;
}

typedef uint32_t row_t __attribute__((vector_size(16)));	/* one field of each lane */
typedef uint64_t pair_t __attribute__((vector_size(16)));

/* Rows of four lanes, of fields that w <= 32 bits hold. */
static uint8_t *put_rows(uint8_t *p, const uint32_t *u, unsigned w)
{
	unsigned used = 0;
	row_t v, words = { 0 };

	for (size_t i = 0; i < PACK_GROUP; i += 4) {
		memcpy(&v, u + i, sizeof(v));
		words |= v << used;
		used += w;
		if (used >= 32) {
			memcpy(p, &words, sizeof(words));
			p += sizeof(words);
			used -= 32;
			words = used == 0 ? (row_t){ 0 } : v >> (w - used);
		}
	}
	return p;
}

/* Rows of two lanes. */
static uint8_t *put_pairs(uint8_t *p, const uint64_t *u, unsigned w)
{
	unsigned used = 0;
	pair_t v, words = { 0 };

	for (size_t i = 0; i < PACK_GROUP; i += 2) {
		memcpy(&v, u + i, sizeof(v));
		v &= bits_mask(w);
		words |= v << used;
		used += w;
		if (used >= 64) {
			memcpy(p, &words, sizeof(words));
			p += sizeof(words);
			used -= 64;
			words = used == 0 ? (pair_t){ 0 } : v >> (w - used);
		}
	}
	return p;
}

/* The low w bits of n fields; u has PACK_GROUP. */
static uint8_t *put_fields(uint8_t *p, const uint64_t *u, size_t n, unsigned w)
{
	struct bit_writer b = { .p = p };
	uint32_t low[PACK_GROUP];
	uint64_t mask = bits_mask(w);

	if (w == 0)
		return p;
	if (n < PACK_GROUP) {
		for (size_t i = 0; i < n; i++)
			bits_put(&b, u[i] & mask, w);
		return bits_flush(&b);
	}
	if (w > 32)
		return put_pairs(p, u, w);
	for (size_t i = 0; i < PACK_GROUP; i++)
		low[i] = (uint32_t)(u[i] & mask);
	return put_rows(p, low, w);
}

static uint8_t *put_exceptions(uint8_t *p, const uint64_t *u, size_t n, const struct pack_group *g)
{
	struct bit_writer w = { .p = p + 2 };
	uint64_t mask = bits_mask(g->width);

	p[0] = g->exceptions;
	p[1] = g->high;
	for (size_t i = 0; i < n; i++) {
		if (u[i] > mask) {
			bits_put(&w, i, 7);
			bits_put(&w, u[i] >> g->width, g->high);
		}
	}
	return bits_flush(&w);
}

/* Always a whole group: a constant count is what compilers make vectors of. */
static void fields_of(const int64_t v[PACK_GROUP], const struct pack_group *g, uint64_t u[PACK_GROUP])
{
	const uint64_t *w = (const uint64_t *)v;

	if (g->mode >= PACK_MODE_BASE) {
		for (size_t i = 0; i < PACK_GROUP; i++)
			u[i] = w[i] - (uint64_t)g->base;
	} else {
		for (size_t i = 0; i < PACK_GROUP; i++)
			u[i] = w[i] << 1 ^ (0 - (w[i] >> 63));	/* zigzag */
	}
}

static uint8_t *put_group(uint8_t *p, const int64_t *v, size_t n, int64_t prev_base,
			  const struct pack_group *g)
{
	uint64_t u[PACK_GROUP];
	int64_t padded[PACK_GROUP];

	*p++ = (uint8_t)(g->mode | (g->exceptions != 0 ? MODE_EXCEPTIONS : 0));
	if (g->mode >= PACK_MODE_BASE)
		p += varint_put(p, zigzag((int64_t)((uint64_t)g->base - (uint64_t)prev_base)));
	if (n < PACK_GROUP) {
		memcpy(padded, v, n * sizeof(*v));
		for (size_t i = n; i < PACK_GROUP; i++)
			padded[i] = g->base;		/* fields of 0: without a base that is 0 too */
		v = padded;
	}
	fields_of(v, g, u);
	p = put_fields(p, u, n, g->width);
	return g->exceptions == 0 ? p : put_exceptions(p, u, n, g);
}

bool pack_put(struct buf *out, const struct pack_plan *plan, const int64_t *v, size_t n)
{
	const struct pack_group *g = plan->groups;
	int64_t base = 0;

	for (size_t i = 0; i < n; i += PACK_GROUP, g++) {
		size_t m = n - i < PACK_GROUP ? n - i : PACK_GROUP;

		if (!buf_reserve(out, GROUP_MAX_BYTES))
			return false;
		out->len = (size_t)(put_group(out->data + out->len, v + i, m, base, g) - out->data);
		if (g->mode >= PACK_MODE_BASE)
			base = g->base;
	}
	return true;
}
