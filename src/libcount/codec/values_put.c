/* values_put.c - writing a column of values; see values.h. */
#include "codec/coder.h"
#include "codec/column_dict.h"
#include "codec/values.h"

/* Sets are looked for in so many values first: there must be repetitions among them. */
#define SET_SAMPLE 512
#define SET_FROM 8		/* values */
#define SET_NARROW 8		/* bits of a value otherwise: the more, the more a set of many saves */
#define SET_MIDDLE 16
#define SET_WIDE 20

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
	repeated = limit < n * SET_NARROW ? SET_SAMPLE / 2 : limit < n * SET_MIDDLE ? SET_SAMPLE / 8 : SET_SAMPLE / 16;
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
	set_open(&d, s, n, (uint32_t)(limit > n * SET_WIDE || level == COLUMN_MAX ? n - n / 8 : n / 2));
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

	if (k->form.transform == TRANSFORM_RAW || k->form.transform == TRANSFORM_XOR) {
		buf_put_u8(out, k->form.transform);
		return;
	}
	buf_put_u8(out, (uint8_t)(k->form.transform | k->plan.form.order << DESCRIPTION_ORDER_SHIFT |
				  (k->plan.form.tokens ? DESCRIPTION_TOKENS : 0) |
				  (k->fixes ? DESCRIPTION_FIXES : 0)));
	buf_put_u8(out, k->form.power | intcol_flags(&k->plan));
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

/* A page as the head says, or as a column of its own where that is shorter: always so where it is constant, and
 * for anything at the highest level. */
static int put_best_page(struct chunk_coder *c, unsigned place, enum column_level level, const struct candidate *k,
			 const double *values, size_t n, unsigned page, struct buf *out)
{
	const double *own = values + (size_t)page * COLUMN_PAGE;
	struct buf *alone = &c->values[place].page;
	size_t m = column_page_len(n, page), start = out->len;
	bool used;
	int ret;

	buf_put_u8(out, 0);
	put_page(out, k, values, n, page);
	if (place != 0 || (level != COLUMN_MAX && !all_equal(own, m)))
		return COUNT_OK;
	buf_clear(alone);
	ret = values_encode(c, place | VALUES_PAGE, level, NULL, own, m, alone, &used);
	if (alone->len == 0)
		buf_put_u8(alone, TRANSFORM_CONSTANT);	/* zeros; a page has its first byte */
	if (ret == COUNT_OK && alone->len < out->len - start) {
		out->len = start;
		buf_put(out, alone->data, alone->len);
	}
	return ret;
}

static int put_pages(struct chunk_coder *c, unsigned place, enum column_level level, const struct candidate *k,
		     const double *values, size_t n, struct buf *out)
{
	struct buf *pages = &c->values[place].pages;
	int ret = COUNT_OK;

	if (n <= COLUMN_PAGE) {
		put_page(out, k, values, n, 0);
		return COUNT_OK;
	}
	buf_clear(pages);
	for (unsigned i = 0; i < column_pages(n) && ret == COUNT_OK; i++) {
		size_t start = pages->len;

		ret = put_best_page(c, place, level, k, values, n, i, pages);
		if (i + 1 < column_pages(n))
			buf_put_varint(out, pages->len - start);
	}
	if (ret == COUNT_OK && !pages->failed)
		buf_put(out, pages->data, pages->len);
	return pages->failed ? COUNT_ERR_NOMEM : ret;
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
	if (dict != NULL && try_series(level, dict, values, n, other) && other->price < best->price)
		swap(&best, &other);
	else if ((place & VALUES_SET) == 0 && level != COLUMN_FAST &&
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
	ret = put_pages(c, place, level, best, values, n, out);
	if (best->form.transform != TRANSFORM_RAW && (out->len - start) * 8 > raw) {	/* prices are estimates */
		out->len = start;
		best->form = (struct form){ .transform = TRANSFORM_RAW };
		put_head(c, place, best, out);
		ret = put_pages(c, place, level, best, values, n, out);
	}
	*used = best->form.transform == TRANSFORM_SERIES;
	return out->failed ? COUNT_ERR_NOMEM : ret;
}
