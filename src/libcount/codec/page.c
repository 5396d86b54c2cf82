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

/* A group of fields. */
union fields { uint32_t narrow[PACK_GROUP]; uint64_t wide[PACK_GROUP]; };

static void finish(struct job *j, const union fields *u, union entry *out)
{
	const struct kernels *k = j->k;
	int64_t ints[PACK_GROUP], *x = j->way == INTS ? &out->x : ints;

	if (j->direct) {
		k->quotients32(&j->sums, u->narrow, &out->value);
		return;
	}
	if (j->narrow)
		k->ints32(&j->sums, u->narrow, x);
	else
		k->ints64(&j->sums, u->wide, x);
	if (j->way == QUOTIENTS)
		k->quotients(&j->sums, x, &out->value);
	else if (j->way == ORDERED)
		k->unordered(x, &out->value);
}

/* The same for m entries of the group. */
static void finish_some(struct job *j, const union fields *u, size_t m, union entry *out)
{
	union entry whole[PACK_GROUP];

	if (m == PACK_GROUP) {
		finish(j, u, out);
	} else {
		finish(j, u, whole);
		memcpy(out, whole, m * sizeof(*out));
	}
}

static const uint8_t *packed(struct job *j, const uint8_t *p, const uint8_t *end, size_t n, union entry *out)
{
	union fields u;
	uint64_t base = 0;
	struct group g;

	for (size_t i = 0; i < n; i += PACK_GROUP) {
		size_t m = n - i < PACK_GROUP ? n - i : PACK_GROUP;

		p = group_get(p, end, m, j->narrow ? 32 : 64, &g);
		if (p == NULL || !(j->narrow ? group_fields32(j->k, &g, u.narrow) : group_fields64(j->k, &g, u.wide)))
			return NULL;
		base += g.step;
		j->sums.zigzag = g.zigzag;
		j->sums.base = g.zigzag ? 0 : base;
		finish_some(j, &u, m, out + i);
	}
	return p;
}

/* A whole group: the constant count is what compilers make vectors of. */
static void to_fields(const struct job *j, const int64_t *left, union fields *u)
{
	if (j->narrow) {
		for (size_t i = 0; i < PACK_GROUP; i++)
			u->narrow[i] = (uint32_t)left[i];
	} else {
		memcpy(u->wide, left, sizeof(u->wide));
	}
}

static void unpacked(struct job *j, const int64_t *left, size_t n, union entry *out)
{
	int64_t rest[PACK_GROUP] = { 0 };
	union fields u;
	size_t i;

	for (i = 0; i + PACK_GROUP <= n; i += PACK_GROUP) {
		to_fields(j, left + i, &u);
		finish(j, &u, out + i);
	}
	if (i < n) {
		memcpy(rest, left + i, (n - i) * sizeof(*left));
		to_fields(j, rest, &u);
		finish_some(j, &u, n - i, out + i);
	}
}

static void begin(struct job *j, const struct kernels *k, const struct page *g, enum way way)
{
	j->k = k;
	j->way = way;
	j->narrow = g->narrow;
	j->sums.order = g->order;
	j->sums.m = (uint64_t)g->before;
	j->sums.step = (uint64_t)g->step;
	j->sums.first = (uint64_t)g->base;
	j->sums.factor = g->factor;
	j->direct = way == QUOTIENTS && g->narrow && g->factor <= KERNELS_MAX_FACTOR &&
		    g->base <= KERNELS_MAX_FIRST && g->base >= -KERNELS_MAX_FIRST;
}

const uint8_t *page_ints(const struct kernels *k, const struct page *g, const uint8_t *p, const uint8_t *end,
			 size_t n, int64_t *x)
{
	struct job j = { 0 };

	begin(&j, k, g, INTS);
	return packed(&j, p, end, n, (union entry *)x);
}

const uint8_t *page_quotients(const struct kernels *k, const struct page *g, double divisor, const uint8_t *p,
			      const uint8_t *end, size_t n, double *values)
{
	struct job j = { 0 };

	sums_divide(&j.sums, divisor);
	begin(&j, k, g, QUOTIENTS);
	return packed(&j, p, end, n, (union entry *)values);
}

const uint8_t *page_ordered(const struct kernels *k, const struct page *g, const uint8_t *p, const uint8_t *end,
			    size_t n, double *values)
{
	struct job j = { 0 };

	begin(&j, k, g, ORDERED);
	return packed(&j, p, end, n, (union entry *)values);
}

void page_ints_of(const struct kernels *k, const struct page *g, const int64_t *left, size_t n, int64_t *x)
{
	struct job j = { 0 };

	begin(&j, k, g, INTS);
	unpacked(&j, left, n, (union entry *)x);
}

void page_quotients_of(const struct kernels *k, const struct page *g, double divisor, const int64_t *left,
		       size_t n, double *values)
{
	struct job j = { 0 };

	sums_divide(&j.sums, divisor);
	begin(&j, k, g, QUOTIENTS);
	unpacked(&j, left, n, (union entry *)values);
}

void page_ordered_of(const struct kernels *k, const struct page *g, const int64_t *left, size_t n, double *values)
{
	struct job j = { 0 };

	begin(&j, k, g, ORDERED);
	unpacked(&j, left, n, (union entry *)values);
}

/* Most groups hold nothing, or a few exceptions and no fields. */
const uint8_t *page_fixes(const struct kernels *k, const uint8_t *p, const uint8_t *end, size_t n, double *values)
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
		if (!group_fields64(k, &g, u))
			return NULL;
		for (size_t l = 0; l < m; l++) {
			uint64_t fix = g.zigzag ? (uint64_t)unzigzag(u[l]) : base + u[l];

			values[i + l] = f64_from_bits(f64_bits(values[i + l]) + fix);
		}
	}
	return p;
}
