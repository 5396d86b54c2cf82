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
	bool is_far;		/* doubles did not suffice for a group: not tried again */
	struct sums sums;
};

/* Some entries of a group, or all, as the kernels leave them: 8 bytes each. */
union entry { int64_t x; double value; };

/* A group of fields. */
union fields { uint32_t narrow[PACK_GROUP]; uint64_t wide[PACK_GROUP]; };

/* Whether the kernels that compute x in doubles may be asked. */
static bool is_direct(const struct job *j)
{
	int64_t first = (int64_t)j->sums.first;

	return j->way == QUOTIENTS && first <= KERNELS_MAX_FIRST && first >= -KERNELS_MAX_FIRST;
}

static void finish_ints(struct job *j, const int64_t *x, union entry *out)
{
	if (j->way == QUOTIENTS)
		j->k->quotients(&j->sums, x, &out->value);
	else if (j->way == ORDERED)
		j->k->unordered(x, &out->value);
}

static void finish(struct job *j, bool narrow, const union fields *u, union entry *out)
{
	int64_t ints[PACK_GROUP], *x = j->way == INTS ? &out->x : ints;
	bool direct = is_direct(j);

	if (narrow && direct && j->sums.factor <= KERNELS_MAX_FACTOR) {
		j->k->quotients32(&j->sums, u->narrow, &out->value);
	} else if (narrow) {
		j->k->ints32(&j->sums, u->narrow, x);
		finish_ints(j, x, out);
	} else if (j->is_far || !direct || !j->k->quotients64(&j->sums, u->wide, &out->value)) {
		j->is_far = true;
		j->k->ints64(&j->sums, u->wide, x);
		finish_ints(j, x, out);
	}
}

/* The same for n entries of the group. */
static void finish_some(struct job *j, bool narrow, const union fields *u, size_t n, union entry *out)
{
	union entry whole[PACK_GROUP];

	if (n == PACK_GROUP) {
		finish(j, narrow, u, out);
	} else {
		finish(j, narrow, u, whole);
		memcpy(out, whole, n * sizeof(*out));
	}
}

/* The least r with -r <= v < r. */
static uint64_t radius(uint64_t v)
{
	return ((int64_t)v < 0 ? ~v : v) + 1;
}

/*
 * Whether the m of a group of a wide page, counted from the one before it (in order 0 from the group's base), are
 * integers of 32 bits, by the width of its fields.  (With at most 2^32 each, nothing here wraps.)
 */
static bool is_near(const struct job *j, const struct group *g)
{
	const struct sums *s = &j->sums;
	unsigned w = g->exceptions == 0 ? g->width : g->width + (unsigned)g->high;
	uint64_t each, step = radius(s->step), base = radius(s->base), limit = UINT64_C(1) << 31;

	if (w > 32)
		return false;
	each = g->zigzag && w > 0 ? UINT64_C(1) << (w - 1) : UINT64_C(1) << w;
	if (s->order == 0)
		return each <= limit;
	if (base > limit || (s->order == 2 && step > limit))
		return false;
	if (!g->zigzag)
		each += base;
	if (s->order == 1)
		return PACK_GROUP * each <= limit;
	return PACK_GROUP * step + PACK_GROUP * (PACK_GROUP + 1) / 2 * each <= limit;
}

/* A number of 32 bits as one of 64. */
static uint64_t extended(uint64_t v)
{
	return (uint64_t)(int64_t)(int32_t)(uint32_t)v;
}

/* With first moved to where m are counted from, such a group is done as those of a narrow page are. */
static void finish_near(struct job *j, const union fields *u, size_t n, union entry *out)
{
	struct sums *s = &j->sums;
	uint64_t first = s->first, from = s->order == 0 ? s->base : s->m;

	s->first += s->factor * from;
	s->m = 0;
	if (s->order == 0)
		s->base = 0;
	finish_some(j, true, u, n, out);
	s->first = first;
	s->m = from + extended(s->m);
	s->step = extended(s->step);
}

static bool packed_group(struct job *j, const struct group *g, union entry *out)
{
	bool near = !j->narrow && is_near(j, g);
	union fields u;

	if (!(j->narrow || near ? group_fields32(j->k, g, u.narrow) : group_fields64(j->k, g, u.wide)))
		return false;
	if (near)
		finish_near(j, &u, g->n, out);
	else
		finish_some(j, j->narrow, &u, g->n, out);
	return true;
}

static const uint8_t *packed(struct job *j, const uint8_t *p, const uint8_t *end, size_t n, union entry *out)
{
	uint64_t base = 0;
	struct group g;

	for (size_t i = 0; i < n; i += PACK_GROUP) {
		p = group_get(p, end, n - i < PACK_GROUP ? n - i : PACK_GROUP, j->narrow ? 32 : 64, &g);
		if (p == NULL)
			return NULL;
		base += g.step;
		j->sums.zigzag = g.zigzag;
		j->sums.base = g.zigzag ? 0 : base;
		if (!packed_group(j, &g, out + i))
			return NULL;
	}
	return p;
}

static void unpacked(struct job *j, const void *left, size_t n, union entry *out)
{
	size_t size = PACK_GROUP * (j->narrow ? sizeof(uint32_t) : sizeof(uint64_t));

	for (size_t i = 0; i < n; i += PACK_GROUP, left = (const uint8_t *)left + size)
		finish_some(j, j->narrow, left, n - i < PACK_GROUP ? n - i : PACK_GROUP, out + i);
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

void page_ints_of(const struct kernels *k, const struct page *g, const void *left, size_t n, int64_t *x)
{
	struct job j = { 0 };

	begin(&j, k, g, INTS);
	unpacked(&j, left, n, (union entry *)x);
}

void page_quotients_of(const struct kernels *k, const struct page *g, double divisor, const void *left,
		       size_t n, double *values)
{
	struct job j = { 0 };

	sums_divide(&j.sums, divisor);
	begin(&j, k, g, QUOTIENTS);
	unpacked(&j, left, n, (union entry *)values);
}

void page_ordered_of(const struct kernels *k, const struct page *g, const void *left, size_t n, double *values)
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
