/* values_put.c - writing a column of values; see values.h. */
#include "codec/coder.h"
#include "codec/column_dict.h"
#include "codec/values.h"

/* Sets are looked for in so many values first: there must be repetitions among them. */
#define SET_SAMPLE 512
#define SET_FROM 8		/* values */
#define SET_NARROW 8		/* bits of a value otherwise: the more, the more a set of many saves */
#define SET_MIDDLE 12
#define SHORT_POWER 3		/* the highest of TRANSFORM_SHORT */

static bool all_equal(const double *values, size_t n)
{
	uint64_t bits = f64_bits(values[0]), any = 0;

	for (size_t i = 0; i < n; i++) {
		any |= f64_bits(values[i]) ^ bits;
		if (i % 64 == 0 && any != 0)
			return false;
	}
	return any == 0;
}

static void put_constant(struct buf *out, double v)
{
	uint64_t bits = f64_bits(v);
	uint8_t bytes[8];
	size_t zeros = bits == 0 ? 8 : (size_t)__builtin_ctzll(bits) / 8;

	if (bits == 0)
		return;
	put_u64(bytes, bits);
	buf_put_u8(out, TRANSFORM_CONSTANT);
	buf_put(out, bytes + zeros, 8 - zeros);
}

static void swap(struct candidate **a, struct candidate **b)
{
	struct candidate *t = *a;

	*a = *b;
	*b = t;
}

/* ---- Distinct values ---- */

static void set_open(struct distinct *d, struct set_scratch *s, size_t n, uint32_t max)
{
	unsigned bits = 4;

	while ((size_t)1 << bits < 2 * n)
		bits++;
	*d = (struct distinct){ .ordered = s->ordered, .slot = s->slot, .size_bits = bits, .max = max };
	distinct_start(d);
}

/* Whether enough of a sample repeat for a set to be of use; more must, where values are not wide. */
static bool repeats(struct set_scratch *s, const double *values, size_t n, uint64_t limit)
{
	double sample[SET_SAMPLE];
	struct distinct d;
	uint32_t repeated;

	if (n < 2 * SET_SAMPLE)
		return true;
	for (size_t i = 0; i < SET_SAMPLE; i++)
		sample[i] = values[i * n / SET_SAMPLE];
	repeated = limit < n * SET_NARROW ? SET_SAMPLE / 4 : limit < n * SET_MIDDLE ? SET_SAMPLE / 8 : SET_SAMPLE / 16;
	set_open(&d, s, SET_SAMPLE, SET_SAMPLE - repeated);
	return distinct_add(&d, sample, SET_SAMPLE, NULL);
}

/* Prices ranks in the set of distinct values, which goes to scratch->set; false if that is no use. */
static bool try_set(struct chunk_coder *c, unsigned place, enum column_level level, const double *values, size_t n,
		    uint64_t limit, struct candidate *k)
{
	struct set_scratch *s = &c->sets;
	struct buf *set = &c->values[place].set;
	double *v = s->values[place];
	struct distinct d;
	bool used;

	if (n < SET_FROM || (level != COLUMN_MAX && !repeats(s, values, n, limit)))
		return false;
	set_open(&d, s, n, (uint32_t)(limit > n * SET_MIDDLE || level == COLUMN_MAX ? n - n / 8 : n / 2));
	if (!distinct_add(&d, values, n, s->number) || (uint64_t)d.n * 8 >= limit)
		return false;
	distinct_sort(&d, s->rank, s->order, s->order_work, s->work);
	for (size_t i = 0; i < n; i++)
		k->x[i] = s->rank[s->number[i]];
	for (size_t i = 0; i < d.n; i++)
		v[i] = ordered_to_double(s->ordered[i]);
	k->form = (struct form){ .transform = TRANSFORM_SET };
	k->fixes = false;
	intcol_price(&k->plan, level, k->x, n, INTCOL_ANY_ORDER);
	k->price = k->plan.price + 8 + d.n * 6;
	if (k->price >= limit)
		return false;
	buf_clear(set);
	k->set_n = d.n;
	if (values_encode(c, place | VALUES_SET, level, NULL, v, d.n, set, &used) != COUNT_OK)
		return false;
	k->price = k->plan.price + 8 + set->len * 8 + 32;
	return k->price < limit;
}

static bool try_series(enum column_level level, const struct column_dict *dict, const double *values, size_t n,
		       struct candidate *k)
{
	if (!column_dict_ranks(dict, values, n, k->x))
		return false;
	k->form = (struct form){ .transform = TRANSFORM_SERIES };
	k->fixes = false;
	intcol_price(&k->plan, level, k->x, n, INTCOL_ANY_ORDER);
	k->price = k->plan.price + 8;
	return true;
}

/* ---- Writing ---- */

static void put_fixes(struct buf *out, const int64_t *fix, size_t n)
{
	struct pack_plan plan;
	uint64_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= (uint64_t)fix[i];
	buf_put_u8(out, any != 0);
	if (any == 0)
		return;
	pack_plan(&plan, fix, n, SIZE_MAX);
	if (!pack_put(out, &plan, fix, n))
		out->failed = true;
}

static void put_head(struct chunk_coder *c, unsigned place, const struct candidate *k, struct buf *out)
{
	const struct buf *set = &c->values[place].set;
	uint8_t flags = k->form.power | intcol_flags(&k->plan), transform = k->form.transform;
	bool is_short = transform == TRANSFORM_DECIMAL && (flags & ~SHORT_POWER) == INTCOL_NARROW;

	if (k->form.transform == TRANSFORM_RAW || k->form.transform == TRANSFORM_XOR) {
		buf_put_u8(out, k->form.transform);
		return;
	}
	if (is_short)
		transform = (uint8_t)(TRANSFORM_SHORT + k->form.power);
	buf_put_u8(out, (uint8_t)(transform | k->plan.form.order << DESCRIPTION_ORDER_SHIFT |
				  (k->plan.form.tokens ? DESCRIPTION_TOKENS : 0) |
				  (k->fixes ? DESCRIPTION_FIXES : 0)));
	if (!is_short)
		buf_put_u8(out, flags);
	if (k->form.divisor != 0)
		buf_put_varint(out, k->form.divisor);
	if (k->form.transform == TRANSFORM_SET) {
		buf_put_varint(out, k->set_n);
		buf_put_varint(out, set->len);
		buf_put(out, set->data, set->len);
	}
	intcol_put_head(out, &k->plan);
}

static void put_page(struct buf *out, const struct candidate *k, const double *values, size_t n, unsigned page)
{
	size_t m = column_page_len(n, page), at = (size_t)page * COLUMN_PAGE;

	if (k->form.transform == TRANSFORM_RAW) {
		buf_put(out, values + at, m * sizeof(*values));
	} else if (k->form.transform == TRANSFORM_XOR) {
		xor_put_page(out, values + at, m);
	} else {
		intcol_put_page(out, &k->plan, page);
		if (k->fixes)
			put_fixes(out, k->fix + at, m);
	}
}

/* Whether pages may differ so much that some are shorter as columns of their own: one that is constant shows it. */
static bool pages_differ(enum column_level level, const double *values, size_t n)
{
	if (level == COLUMN_MAX)
		return true;
	for (unsigned i = 0; i < column_pages(n); i++)
		if (all_equal(values + (size_t)i * COLUMN_PAGE, column_page_len(n, i)))
			return true;
	return false;
}

static int put_alone(struct chunk_coder *c, unsigned place, enum column_level level, const double *values, size_t n,
		     struct buf *out)
{
	size_t start = out->len;
	bool used;
	int ret = values_encode(c, place | VALUES_PAGE, level, NULL, values, n, out, &used);

	if (out->len == start)
		buf_put_u8(out, TRANSFORM_CONSTANT);	/* zeros; a page has its first byte */
	return ret;
}

/* The lengths of pages but the last, and the pages. */
static void put_spans(struct buf *out, const struct buf *pages, const size_t *at, unsigned count)
{
	for (unsigned i = 0; i + 1 < count; i++)
		buf_put_varint(out, at[i + 1] - at[i]);
	buf_put(out, pages->data, pages->len);
}

/*
 * Pages as the head says, those that are shorter so as columns of their own; and if all of them together are
 * shorter so, without what the head says, which began at start.
 */
static int put_pages(struct chunk_coder *c, unsigned place, enum column_level level, struct candidate *k,
		     const double *values, size_t n, size_t start, struct buf *out)
{
	struct buf *pages = &c->values[place].pages, *alone = &c->values[place].alone;
	size_t at[COLUMN_PAGES], alone_at[COLUMN_PAGES];
	unsigned count = column_pages(n);
	bool differ = place == 0 && count > 1 && pages_differ(level, values, n);
	int ret = COUNT_OK;

	if (count == 1) {
		put_page(out, k, values, n, 0);
		return COUNT_OK;
	}
	buf_clear(pages);
	buf_clear(alone);
	for (unsigned i = 0; i < count && ret == COUNT_OK; i++) {
		at[i] = pages->len;
		alone_at[i] = alone->len;
		buf_put_u8(pages, 0);
		put_page(pages, k, values, n, i);
		if (!differ)
			continue;
		ret = put_alone(c, place, level, values + (size_t)i * COLUMN_PAGE, column_page_len(n, i), alone);
		if (ret == COUNT_OK && alone->len - alone_at[i] < pages->len - at[i]) {
			pages->len = at[i];
			buf_put(pages, alone->data + alone_at[i], alone->len - alone_at[i]);
		}
	}
	if (ret != COUNT_OK || pages->failed || alone->failed)
		return ret != COUNT_OK ? ret : COUNT_ERR_NOMEM;
	if (differ && alone->len + 1 < out->len - start + pages->len) {
		k->form = (struct form){ .transform = TRANSFORM_RAW };
		out->len = start;
		put_head(c, place, k, out);
		put_spans(out, alone, alone_at, count);
	} else {
		put_spans(out, pages, at, count);
	}
	return COUNT_OK;
}

static uint64_t xor_price(struct chunk_coder *c, unsigned place, const double *values, size_t n)
{
	struct buf *pages = &c->values[place].pages;

	buf_clear(pages);
	for (unsigned i = 0; i < column_pages(n); i++)
		xor_put_page(pages, values + (size_t)i * COLUMN_PAGE, column_page_len(n, i));
	return 8 * (pages->len + 3 * column_pages(n));
}

int values_encode(struct chunk_coder *c, unsigned place, enum column_level level, const struct column_dict *dict,
		  const double *values, size_t n, struct buf *out, bool *used)
{
	struct candidate *best, *other;
	bool series;
	uint64_t raw = (1 + n * 8 + 3 * (column_pages(n) - 1)) * 8, price;
	size_t start = out->len;
	int ret;

	*used = false;
	if (all_equal(values, n)) {
		put_constant(out, values[0]);
		return out->failed ? COUNT_ERR_NOMEM : COUNT_OK;
	}
	best = candidates_choose(&c->values[place], level, values, n);
	other = &c->values[place].candidates[best == &c->values[place].candidates[0]];
	series = dict != NULL && try_series(level, dict, values, n, other) && other->price < best->price;
	if (series)
		swap(&best, &other);
	if ((place & VALUES_SET) == 0 && level != COLUMN_FAST && (!series || level == COLUMN_MAX) &&
	    try_set(c, place, level, values, n, best->price, other))
		swap(&best, &other);
	if (level == COLUMN_MAX && (price = xor_price(c, place, values, n)) < best->price) {
		best->form = (struct form){ .transform = TRANSFORM_XOR };
		best->price = price;
	}
	if (raw < best->price)
		best->form = (struct form){ .transform = TRANSFORM_RAW };
	else if (best->form.transform != TRANSFORM_XOR)
		intcol_settle(&best->plan, level);
	put_head(c, place, best, out);
	ret = put_pages(c, place, level, best, values, n, start, out);
	if (best->form.transform != TRANSFORM_RAW && (out->len - start) * 8 > raw) {	/* prices are estimates */
		out->len = start;
		best->form = (struct form){ .transform = TRANSFORM_RAW };
		put_head(c, place, best, out);
		ret = put_pages(c, place, level, best, values, n, start, out);
	}
	*used = best->form.transform == TRANSFORM_SERIES;
	return out->failed ? COUNT_ERR_NOMEM : ret;
}
