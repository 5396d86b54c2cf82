/* intcol.c - planning a column of integers, and writing it; see intcol.h. */
#include "codec/intcol.h"

#define ENOUGH 92		/* tokens must be below so many hundredths of what packing takes, by default */
#define TRY_TOKENS 100		/* by an estimate from bit lengths, to be looked at closely */
#define SAMPLES 32		/* of a factor, of a median */

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* The middle one of some of them. */
static int64_t median(const int64_t *x, size_t n)
{
	int64_t some[SAMPLES];
	size_t m = n < SAMPLES ? n : SAMPLES;

	for (size_t i = 0; i < m; i++) {
		int64_t v = x[i * n / m];
		size_t k = i;

		for (; k > 0 && some[k - 1] > v; k--)
			some[k] = some[k - 1];
		some[k] = v;
	}
	return some[m / 2];
}

/* The greatest f that divides all x[i] - base, 1 if all are equal or it is 2^63 or more. */
static uint64_t common_factor(const int64_t *x, size_t n, int64_t base)
{
	uint64_t f = 0, odd, inverse, limit;
	unsigned shift;
	size_t i = 0;

	for (; i < n && f != 1; i++) {
		f = gcd(magnitude((int64_t)((uint64_t)x[i] - (uint64_t)base)), f);
		if (i == SAMPLES && f > 1)
			break;
	}
	while (i < n && f > 1) {		/* it holds for some: test the others without division */
		shift = (unsigned)__builtin_ctzll(f);
		odd = f >> shift;
		inverse = odd;
		for (int k = 0; k < 5; k++)
			inverse *= 2 - odd * inverse;
		limit = UINT64_MAX / odd;
		for (; i < n; i++) {
			uint64_t d = magnitude((int64_t)((uint64_t)x[i] - (uint64_t)base));

			if ((d & ((f & -f) - 1)) != 0 || d * inverse > limit)
				break;
		}
		if (i < n)
			f = gcd(magnitude((int64_t)((uint64_t)x[i] - (uint64_t)base)), f);
	}
	return f == 0 || f > INT64_MAX ? 1 : f;
}

/* x[i] becomes m[i]. */
static void divide_out(int64_t *x, size_t n, struct intcol *form)
{
	uint64_t base, f, inverse;
	int64_t min = 0, max = 0;
	unsigned shift;

	form->base = median(x, n);
	form->factor = common_factor(x, n, form->base);
	base = (uint64_t)form->base;
	shift = (unsigned)__builtin_ctzll(form->factor);
	f = form->factor >> shift;
	inverse = f;
	for (int k = 0; k < 5; k++)
		inverse *= 2 - f * inverse;
	for (size_t i = 0; i < n; i++) {	/* exact division: by the inverse modulo 2^64 */
		x[i] = (int64_t)((uint64_t)((int64_t)((uint64_t)x[i] - base) >> shift) * inverse);
		min = x[i] < min ? x[i] : min;
		max = x[i] > max ? x[i] : max;
	}
	form->narrow = min >= INT32_MIN && max <= INT32_MAX;
}

struct start { uint64_t m, step; };	/* m[-1] and s[-1] of a page */

/* The d of a page of n integers, and what stands before it. */
static struct start residuals(int64_t *restrict d, const int64_t *restrict m, size_t n, unsigned order, bool narrow)
{
	const uint64_t *u = (const uint64_t *)m;	/* differences wrap */
	struct start s = { 0, 0 };

	switch (order) {
	case 0:
		memcpy(d, m, n * sizeof(*d));
		return s;
	case 1:
		for (size_t i = 1; i < n; i++)
			d[i] = (int64_t)(u[i] - u[i - 1]);
		d[0] = n > 1 ? d[1] : 0;
		s.m = u[0] - (uint64_t)d[0];
		break;
	default:
		for (size_t i = 2; i < n; i++)
			d[i] = (int64_t)(u[i] - 2 * u[i - 1] + u[i - 2]);
		d[0] = n > 2 ? d[2] : 0;
		if (n > 1)
			d[1] = d[0];
		s.step = (n > 1 ? u[1] - u[0] : 0) - (uint64_t)d[0];	/* s[0] */
		s.m = u[0] - s.step;
		s.step -= (uint64_t)d[0];
	}
	if (narrow) {
		for (size_t i = 0; i < n; i++)
			d[i] = (int32_t)(uint32_t)d[i];
		s.m = (uint64_t)(int64_t)(int32_t)(uint32_t)s.m;
		s.step = (uint64_t)(int64_t)(int32_t)(uint32_t)s.step;
	}
	return s;
}

static unsigned varint_bits(uint64_t v)
{
	return v == 0 ? 8 : (bits_length(v) + 6) / 7 * 8;
}

/* Bits of a group that packs fields of these lengths. */
static unsigned zigzag_price(const uint8_t count[65], size_t n, unsigned longest)
{
	unsigned above = 0, least = UINT32_MAX;

	for (int w = (int)longest; w >= 0; w--) {
		unsigned extra = above == 0 ? 0 : 16 + above * (7 + longest - (unsigned)w);
		unsigned bits = 8 + (unsigned)n * (unsigned)w + extra;

		if (extra >= least)
			break;
		least = bits < least ? bits : least;
		above += count[w];
	}
	return least;
}

/* Bits of a packed group of d, whose lengths are added to the histogram. */
static unsigned group_price(const int64_t *d, size_t n, uint32_t histogram[65])
{
	uint8_t count[65] = { 0 };
	int64_t min = d[0], max = d[0];
	unsigned longest, range, price, based;

	for (size_t i = 0; i < n; i++) {
		min = d[i] < min ? d[i] : min;
		max = d[i] > max ? d[i] : max;
		count[bits_length(zigzag(d[i]))]++;
	}
	longest = bits_length(zigzag(min) | zigzag(max));
	range = bits_length((uint64_t)max - (uint64_t)min);
	for (unsigned i = 0; i <= longest; i++)
		histogram[i] += count[i];
	price = zigzag_price(count, n, longest);
	based = 8 + 16 + (unsigned)n * range;
	return based < price ? based : price;
}

struct prices { uint64_t packed[3], tokens[3]; };

static void price_orders(const int64_t *m, size_t n, unsigned orders, bool narrow, struct prices *p)
{
	for (unsigned o = 0; o <= 2; o++) {
		uint32_t histogram[65] = { 0 };

		p->packed[o] = p->tokens[o] = UINT64_MAX;
		if ((orders & INTCOL_ORDER(o)) == 0)
			continue;
		p->packed[o] = p->tokens[o] = 0;
		for (size_t at = 0; at < n; at += COLUMN_PAGE) {
			size_t page = n - at < COLUMN_PAGE ? n - at : COLUMN_PAGE;
			int64_t d[COLUMN_PAGE];
			struct start s = residuals(d, m + at, page, o, narrow);
			uint64_t extra = at == 0 || o == 0 ? 0 : varint_bits(zigzag((int64_t)s.m));

			if (o == 2)
				extra += varint_bits(zigzag((int64_t)s.step));
			for (size_t i = 0; i < page; i += PACK_GROUP)
				p->packed[o] += group_price(d + i, page - i < PACK_GROUP ? page - i : PACK_GROUP,
							    histogram);
			p->packed[o] += extra;
			p->tokens[o] += extra + TOKEN_PAGE_BITS;
		}
		p->tokens[o] += token_cost_lengths(histogram);
	}
}

/* What tokens of that order will take, with the table. */
static uint64_t price_tokens(struct intcol_plan *p, unsigned order)
{
	struct token_counts counts;
	int64_t centre = 0;
	uint64_t bits = 0;

	for (size_t at = 0; at < p->n; at += COLUMN_PAGE) {
		size_t page = p->n - at < COLUMN_PAGE ? p->n - at : COLUMN_PAGE;
		int64_t d[COLUMN_PAGE];
		struct start s = residuals(d, p->m + at, page, order, p->form.narrow);

		if (at == 0) {
			centre = order == 1 ? median(d, page) : 0;
			token_count_start(&counts, centre);
		}
		bits += TOKEN_PAGE_BITS + (at == 0 || order == 0 ? 0 : varint_bits(zigzag((int64_t)s.m)));
		if (order == 2)
			bits += varint_bits(zigzag((int64_t)s.step));
		token_count(&counts, d, page);
	}
	bits += token_cost(&counts);
	token_table_make(&p->table, &counts);
	return bits;
}

void intcol_plan(struct intcol_plan *p, enum column_level level, int64_t *x, size_t n, unsigned orders)
{
	unsigned packed = 0, coded = 0, pages = column_pages(n);
	uint64_t enough, head;
	struct prices prices;

	p->m = x;
	p->n = n;
	divide_out(x, n, &p->form);
	if (n < 3)
		orders = orders & ~INTCOL_ORDER(2) ? orders & ~INTCOL_ORDER(2) : INTCOL_ORDER(0);
	price_orders(x, n, orders, p->form.narrow, &prices);
	for (unsigned o = 1; o <= 2; o++) {
		packed = prices.packed[o] < prices.packed[packed] ? o : packed;
		coded = prices.tokens[o] < prices.tokens[coded] ? o : coded;
	}
	head = 8 + (p->form.factor > 1 ? varint_bits(p->form.factor) : 0) + varint_bits(zigzag(p->form.base)) +
	       (pages - 1) * 16 + (pages > 1 ? pages * 8 : 0);
	p->form.order = (uint8_t)packed;
	p->form.tokens = false;
	p->price = p->bits = prices.packed[packed] + head;
	enough = level == COLUMN_MAX ? 100 : ENOUGH;
	if (level != COLUMN_FAST && prices.tokens[coded] * enough / 100 < prices.packed[packed] * TRY_TOKENS / 100) {
		uint64_t bits = price_tokens(p, coded) + head;

		if (bits < p->bits * enough / 100) {
			p->form.order = (uint8_t)coded;
			p->form.tokens = true;
			p->bits = bits;
			p->price = bits * 100 / enough;
		}
	}
	if (p->form.order != 0) {		/* m[-1] of the first page becomes 0 */
		int64_t d[COLUMN_PAGE];
		struct start s = residuals(d, x, n < COLUMN_PAGE ? n : COLUMN_PAGE, p->form.order, p->form.narrow);

		p->form.base = (int64_t)((uint64_t)p->form.base + s.m * p->form.factor);
		for (size_t i = 0; i < n; i++)
			x[i] = (int64_t)((uint64_t)x[i] - s.m);
		p->form.narrow = false;
		if (p->form.factor <= INT32_MAX) {
			int64_t min = 0, max = 0;

			for (size_t i = 0; i < n; i++) {
				min = x[i] < min ? x[i] : min;
				max = x[i] > max ? x[i] : max;
			}
			p->form.narrow = min >= INT32_MIN && max <= INT32_MAX;
		}
	}
}

uint8_t intcol_flags(const struct intcol_plan *p)
{
	return (uint8_t)((p->form.factor > 1 ? INTCOL_FACTOR : 0) | (p->form.narrow ? INTCOL_NARROW : 0));
}

void intcol_put_head(struct buf *out, const struct intcol_plan *p)
{
	if (p->form.factor > 1)
		buf_put_varint(out, p->form.factor);
	buf_put_varint(out, zigzag(p->form.base));
	if (p->form.tokens)
		token_table_put(out, &p->table);
}

void intcol_put_page(struct buf *out, const struct intcol_plan *p, unsigned page)
{
	size_t n = column_page_len(p->n, page);
	int64_t d[COLUMN_PAGE];
	struct start s = residuals(d, p->m + (size_t)page * COLUMN_PAGE, n, p->form.order, p->form.narrow);
	struct pack_plan plan;

	if (page > 0 && p->form.order != 0)
		buf_put_varint(out, zigzag((int64_t)s.m));
	if (p->form.order == 2)
		buf_put_varint(out, zigzag((int64_t)s.step));
	if (p->form.tokens) {
		token_put(out, &p->table, d, n);
	} else {
		pack_plan(&plan, d, n, SIZE_MAX);
		if (!pack_put(out, &plan, d, n))
			out->failed = true;
	}
}
