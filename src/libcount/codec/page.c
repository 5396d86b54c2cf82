/* page.c - see page.h. */
#include "codec/page.h"

#include <string.h>

#include "codec/unpack.h"

/* What becomes of a group of integers: doubles or integers, at values or x. */
enum way { INTS, QUOTIENTS, ORDERED };

struct job {
	const struct kernels *k;
	enum way way;
	bool narrow;
	bool direct;		/* quotients32 serves */
	struct sums sums;
};

/* Some entries of a group, or all, as the kernels leave them: 8 bytes each. */
union entry { int64_t x; double value; };

static bool finish(struct job *j, const struct group *g, union entry *out)
{
	const struct kernels *k = j->k;
	union { uint32_t narrow[PACK_GROUP]; uint64_t wide[PACK_GROUP]; } u;
	int64_t ints[PACK_GROUP], *x = j->way == INTS ? &out->x : ints;

	if (j->narrow) {
		if (!group_fields32(k, g, u.narrow))
			return false;
		if (j->direct) {
			k->quotients32(&j->sums, u.narrow, &out->value);
			return true;
		}
		k->ints32(&j->sums, u.narrow, x);
	} else {
		if (!group_fields64(k, g, u.wide))
			return false;
		k->ints64(&j->sums, u.wide, x);
	}
	if (j->way == QUOTIENTS)
		k->quotients(x, j->sums.divisor, &out->value);
	else if (j->way == ORDERED)
		k->unordered(x, &out->value);
	return true;
}

static const uint8_t *groups(struct job *j, const uint8_t *p, const uint8_t *end, size_t n, union entry *out)
{
	union entry whole[PACK_GROUP];
	uint64_t base = 0;
	struct group g;

	for (size_t i = 0; i < n; i += PACK_GROUP) {
		size_t m = n - i < PACK_GROUP ? n - i : PACK_GROUP;

		p = group_get(p, end, m, j->narrow ? 32 : 64, &g);
		if (p == NULL)
			return NULL;
		base += g.step;
		j->sums.zigzag = g.zigzag;
		j->sums.base = g.zigzag ? 0 : base;
		if (!finish(j, &g, m == PACK_GROUP ? out + i : whole))
			return NULL;
		if (m < PACK_GROUP)
			memcpy(out + i, whole, m * sizeof(*out));
	}
	return p;
}

/* One entry, of a given x, in the same arithmetic. */
static union entry entry_of(const struct job *j, uint64_t x)
{
	union entry e = { .x = (int64_t)x };

	if (j->way == QUOTIENTS)
		e.value = (double)(int64_t)x / j->sums.divisor;
	else if (j->way == ORDERED)
		e.x ^= (int64_t)((uint64_t)(e.x >> 63) >> 1);
	return e;
}

/* x[0], and x[1] for order 2, stand outside of what is packed; the sums go on from there. */
static const uint8_t *decode(struct job *j, const struct page *g, const uint8_t *p, const uint8_t *end, size_t n,
			     union entry *out)
{
	uint64_t second = g->narrow ? (uint64_t)(int32_t)g->second : (uint64_t)g->second;
	size_t from = g->order == 2 && n > 1 ? 2 : 1;

	j->narrow = g->narrow;
	j->sums.order = g->order;
	j->sums.first = (uint64_t)g->first;
	j->sums.factor = g->factor;
	j->direct = j->way == QUOTIENTS && g->narrow && g->factor <= KERNELS_MAX_FACTOR &&
		    g->first <= KERNELS_MAX_FIRST && g->first >= -KERNELS_MAX_FIRST;
	out[0] = entry_of(j, (uint64_t)g->first);
	if (from == 2) {
		out[1] = entry_of(j, (uint64_t)g->first + g->factor * second);
		j->sums.m = j->sums.step = second;
	}
	return groups(j, p, end, n - from, out + from);
}

const uint8_t *page_ints(const struct kernels *k, const struct page *g, const uint8_t *p, const uint8_t *end,
			 size_t n, int64_t *x)
{
	struct job j = { .k = k, .way = INTS };

	return decode(&j, g, p, end, n, (union entry *)x);
}

const uint8_t *page_quotients(const struct kernels *k, const struct page *g, double divisor, const uint8_t *p,
			      const uint8_t *end, size_t n, double *values)
{
	struct job j = { .k = k, .way = QUOTIENTS, .sums.divisor = divisor };

	return decode(&j, g, p, end, n, (union entry *)values);
}

const uint8_t *page_ordered(const struct kernels *k, const struct page *g, const uint8_t *p, const uint8_t *end,
			    size_t n, double *values)
{
	struct job j = { .k = k, .way = ORDERED };

	return decode(&j, g, p, end, n, (union entry *)values);
}

/* Most groups hold nothing, or a few exceptions and no fields. */
const uint8_t *page_fixes(const uint8_t *p, const uint8_t *end, size_t n, double *values)
{
	uint64_t u[PACK_GROUP], base = 0;
	struct group g;

	for (size_t i = 0; i < n; i += PACK_GROUP) {
		size_t m = n - i < PACK_GROUP ? n - i : PACK_GROUP;

		p = group_get(p, end, m, 64, &g);
		if (p == NULL)
			return NULL;
		base += g.step;
		if (g.zigzag && g.width == 0 && g.exceptions == 0)
			continue;
		if (!group_fields64(kernels_best(), &g, u))
			return NULL;
		for (size_t j = 0; j < m; j++) {
			uint64_t fix = g.zigzag ? (uint64_t)unzigzag(u[j]) : base + u[j];

			values[i + j] = f64_from_bits(f64_bits(values[i + j]) + fix);
		}
	}
	return p;
}
