/* unpack.c - see unpack.h; and pack_get(), which puts the parts together. */
#include "codec/unpack.h"

#include <string.h>

#define MODE_MASK 0x7f
#define HAS_EXCEPTIONS 0x80
#define POSITION_BITS 7

#define AHEAD 8			/* bytes that bits_at() may read behind its field */
#define HIGHS_MAX (PACK_GROUP * (POSITION_BITS + 64) / 8)

/* The fields and exceptions that the header calls for must lie before end. */
static const uint8_t *exceptions_get(const uint8_t *p, const uint8_t *end, unsigned bits, struct group *g)
{
	unsigned used;

	if (end - p < 2)
		return NULL;
	g->exceptions = p[0];
	g->high = p[1];
	g->highs = p + 2;
	if (g->exceptions > g->n || g->high == 0 || g->width + g->high > bits)
		return NULL;
	used = g->exceptions * (POSITION_BITS + (unsigned)g->high);
	g->highs_len = (used + 7) / 8;
	if ((size_t)(end - g->highs) < g->highs_len)
		return NULL;
	if (used % 8 != 0 && g->highs[used / 8] >> used % 8 != 0)
		return NULL;		/* padding is 0 */
	return g->highs + g->highs_len;
}

const uint8_t *group_get(const uint8_t *p, const uint8_t *end, size_t n, unsigned bits, struct group *g)
{
	unsigned head, mode;
	uint64_t step = 0;

	if (p == end)
		return NULL;
	head = *p++;
	mode = head & MODE_MASK;
	g->end = end;
	g->n = (uint32_t)n;
	g->zigzag = mode < PACK_MODE_BASE;
	g->width = (uint8_t)(g->zigzag ? mode : mode - PACK_MODE_BASE);
	g->exceptions = 0;
	if (!g->zigzag && (p = varint_get(p, end, &step)) == NULL)
		return NULL;
	g->step = (uint64_t)unzigzag(step);
	g->fields = p;
	g->fields_len = pack_fields_bytes(n, g->width);
	if (g->width > bits || (size_t)(end - p) < g->fields_len)
		return NULL;
	p += g->fields_len;
	return (head & HAS_EXCEPTIONS) != 0 ? exceptions_get(p, end, bits, g) : p;
}

/* The field of w bits that begins at that bit.  Up to AHEAD bytes past it must be there. */
static uint64_t bits_at(const uint8_t *p, size_t bit, unsigned w)
{
	unsigned shift = bit % 8;
	uint64_t v = get_u64(p + bit / 8) >> shift;

	if (shift + w > 64)
		v |= (uint64_t)p[bit / 8 + 8] << (64 - shift);
	return v & bits_mask(w);
}

/* p itself where bytes follow to read ahead, else a copy, with room for len + AHEAD. */
static const uint8_t *with_ahead(const uint8_t *p, size_t len, const uint8_t *end, uint8_t *copy)
{
	if ((size_t)(end - p) >= len + AHEAD)
		return p;
	memcpy(copy, p, len);
	memset(copy + len, 0, AHEAD);
	return copy;
}

bool group_fields32(const struct kernels *k, const struct group *g, uint32_t *u)
{
	uint8_t copy[HIGHS_MAX + AHEAD];
	unsigned w = g->width, step = POSITION_BITS + g->high;
	const uint8_t *p;

	if (g->n == PACK_GROUP) {
		k->fields32(g->fields, w, u);
	} else {
		memset(u + g->n, 0, (PACK_GROUP - g->n) * sizeof(*u));
		p = with_ahead(g->fields, g->fields_len, g->end, copy);
		for (size_t i = 0; i < g->n; i++)
			u[i] = (uint32_t)bits_at(p, i * w, w);
	}
	if (g->exceptions == 0)
		return true;
	p = with_ahead(g->highs, g->highs_len, g->end, copy);
	for (size_t i = 0; i < g->exceptions; i++) {
		uint64_t v = bits_at(p, i * step, step);
		unsigned at = v % PACK_GROUP;

		if (at >= g->n)
			return false;
		u[at] |= (uint32_t)(v >> POSITION_BITS) << w;
	}
	return true;
}

bool group_fields64(const struct kernels *k, const struct group *g, uint64_t *u)
{
	uint8_t copy[HIGHS_MAX + AHEAD];
	unsigned w = g->width, step = POSITION_BITS + g->high;
	const uint8_t *p;

	if (g->n == PACK_GROUP) {
		k->fields64(g->fields, w, u);
	} else {
		memset(u + g->n, 0, (PACK_GROUP - g->n) * sizeof(*u));
		p = with_ahead(g->fields, g->fields_len, g->end, copy);
		for (size_t i = 0; i < g->n; i++)
			u[i] = bits_at(p, i * w, w);
	}
	if (g->exceptions == 0)
		return true;
	p = with_ahead(g->highs, g->highs_len, g->end, copy);
	for (size_t i = 0; i < g->exceptions; i++) {
		uint64_t at = bits_at(p, i * step, POSITION_BITS);

		if (at >= g->n)
			return false;
		u[at] |= bits_at(p, i * step + POSITION_BITS, g->high) << w;
	}
	return true;
}

const uint8_t *pack_get_by(const struct kernels *k, const uint8_t *p, const uint8_t *end, size_t n, int64_t *v)
{
	uint64_t u[PACK_GROUP];
	int64_t whole[PACK_GROUP];
	struct sums s = { .factor = 1 };
	uint64_t base = 0;
	struct group g;

	for (size_t i = 0; i < n; i += PACK_GROUP) {
		size_t m = n - i < PACK_GROUP ? n - i : PACK_GROUP;

		p = group_get(p, end, m, 64, &g);
		if (p == NULL || !group_fields64(k, &g, u))
			return NULL;
		base += g.step;
		s.zigzag = g.zigzag;
		s.base = g.zigzag ? 0 : base;
		k->ints64(&s, u, m == PACK_GROUP ? v + i : whole);
		if (m < PACK_GROUP)
			memcpy(v + i, whole, m * sizeof(*v));
	}
	return p;
}

const uint8_t *pack_get32_by(const struct kernels *k, const uint8_t *p, const uint8_t *end, size_t n, int32_t *v)
{
	uint32_t u[PACK_GROUP];
	int32_t whole[PACK_GROUP];
	struct sums s = { .factor = 1 };
	uint64_t base = 0;
	struct group g;

	for (size_t i = 0; i < n; i += PACK_GROUP) {
		size_t m = n - i < PACK_GROUP ? n - i : PACK_GROUP;

		p = group_get(p, end, m, 32, &g);
		if (p == NULL || !group_fields32(k, &g, u))
			return NULL;
		base += g.step;
		s.zigzag = g.zigzag;
		s.base = g.zigzag ? 0 : base;
		k->unzigzag32(&s, u, m == PACK_GROUP ? v + i : whole);
		if (m < PACK_GROUP)
			memcpy(v + i, whole, m * sizeof(*v));
	}
	return p;
}

const uint8_t *pack_get(const uint8_t *p, const uint8_t *end, size_t n, int64_t *v)
{
	return pack_get_by(kernels_best(), p, end, n, v);
}

const uint8_t *pack_get32(const uint8_t *p, const uint8_t *end, size_t n, int32_t *v)
{
	return pack_get32_by(kernels_best(), p, end, n, v);
}
