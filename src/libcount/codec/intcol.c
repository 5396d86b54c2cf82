/* intcol.c - planning a column of integers, and writing it; see intcol.h. */
#include "codec/intcol.h"

#include "codec/scan.h"

#define ENOUGH 92		/* tokens must be below so many hundredths of what packing takes, by default */
#define UNSURE 2		/* hundredths that an estimate of packed integers may be off */
#define TRY_TOKENS 93		/* hundredths of the estimate from bit lengths: finer tokens may save the rest */
#define SAMPLES 32		/* of a factor, of a median */
#define SAMPLE_FROM 512		/* integers; shorter columns are priced in all orders in full */
#define SAMPLE_EVERY 4		/* groups; of a page the second and the sixth */
#define SAMPLE_MARGIN 8		/* how far behind an order may be in the sample: 1/8 */
#define SPARSE_BITS 2		/* of an integer: with fewer, a sample says little of the whole */
#define FAST_SAMPLES 7		/* of a median, at the fast level */
#define FAST_SAMPLE_FROM 256

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

/* The middle one of some of them, SAMPLES at most. */
static int64_t median(const int64_t *x, size_t n, size_t samples)
{
	int64_t some[SAMPLES];
	size_t m = n < samples ? n : samples;

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

/* The integers before the first that leave it and the second no more than what follows: INTCOL_PAD of them. */
static void pad(int64_t *m, size_t n)
{
	uint64_t *u = (uint64_t *)m;

	u[-1] = n < 2 ? u[0] : 2 * u[0] - u[1];
	u[-2] = 2 * u[-1] - u[0];
}

/* x[i] becomes m[i]; narrow gets them too where they fit, both with INTCOL_PAD before them. */
static void divide_out(int64_t *x, size_t n, enum column_level level, struct intcol *form, int32_t *narrow)
{
	uint64_t f, inverse;
	size_t even = n & ~(size_t)7;
	unsigned shift;
	bool fits;

	form->base = median(x, n, level == COLUMN_FAST ? FAST_SAMPLES : SAMPLES);
	form->factor = common_factor(x, n, form->base);
	fits = scans_best()->offsets(x, even, form->base, narrow);
	for (size_t i = even; i < n; i++) {
		x[i] = (int64_t)((uint64_t)x[i] - (uint64_t)form->base);
		narrow[i] = (int32_t)(uint32_t)x[i];
		fits &= narrow[i] == x[i];
	}
	if (form->factor > 1) {			/* exact division: by the inverse modulo 2^64 */
		shift = (unsigned)__builtin_ctzll(form->factor);
		f = form->factor >> shift;
		inverse = f;
		fits = true;
		for (int k = 0; k < 5; k++)
			inverse *= 2 - f * inverse;
		for (size_t i = 0; i < n; i++) {
			x[i] = (int64_t)((uint64_t)(x[i] >> shift) * inverse);
			narrow[i] = (int32_t)(uint32_t)x[i];
			fits &= narrow[i] == x[i];
		}
	}
	form->narrow = fits;
	pad(x, n);
	narrow[-1] = (int32_t)(uint32_t)x[-1];
	narrow[-2] = (int32_t)(uint32_t)x[-2];
}

struct start { uint64_t m, step; };	/* m[-1] and s[-1] of a page */

/* The d of a page of n integers, with INTCOL_PAD in front, and what stands before it. */
static struct start residuals(int64_t *restrict d, const int64_t *restrict m, size_t n, unsigned order, bool narrow)
{
	const uint64_t *u = (const uint64_t *)m;	/* differences wrap */
	size_t even = n & ~(size_t)7;
	struct start s = { 0, 0 };

	if (order != 0)
		scans_best()->differences(m, even, order, narrow, d);
	switch (order) {
	case 0:
		memcpy(d, m, n * sizeof(*d));
		return s;
	case 1:
		for (size_t i = even > 1 ? even : 1; i < n; i++)
			d[i] = (int64_t)(u[i] - u[i - 1]);
		d[0] = n > 1 ? d[1] : 0;
		s.m = u[0] - (uint64_t)d[0];
		break;
	default:
		for (size_t i = even > 2 ? even : 2; i < n; i++)
			d[i] = (int64_t)(u[i] - 2 * u[i - 1] + u[i - 2]);
		d[0] = n > 2 ? d[2] : 0;
		if (n > 1)
			d[1] = d[0];
		s.step = (n > 1 ? u[1] - u[0] : 0) - (uint64_t)d[0];	/* s[0] */
		s.m = u[0] - s.step;
		s.step -= (uint64_t)d[0];
	}
	if (narrow) {
		d[0] = (int32_t)(uint32_t)d[0];
		for (size_t i = even; i < n; i++)
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
static unsigned zigzag_price(const uint8_t *count, size_t n, unsigned longest)
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

/* The same, where a base may be taken off them: about, with exceptions if none is below 0. */
static unsigned based_price(uint8_t *count, size_t n, unsigned longest, int64_t min, int64_t max)
{
	unsigned price = 8 + (unsigned)n * bits_length((uint64_t)max - (uint64_t)min), shifted;

	if (min >= 0 && longest > 1) {
		count[1] += count[0];
		shifted = zigzag_price(count + 1, n, longest - 1);
		price = shifted < price ? shifted : price;
	}
	return price + 16;
}

/* Bits of a packed group of d, whose lengths are added to the histogram. */
static unsigned group_price(const int64_t *d, size_t n, uint32_t histogram[65])
{
	uint8_t count[65] = { 0 };
	int64_t min = d[0], max = d[0];
	unsigned longest, price, based;

	for (size_t i = 0; i < n; i++) {
		min = d[i] < min ? d[i] : min;
		max = d[i] > max ? d[i] : max;
		count[bits_length(zigzag(d[i]))]++;
	}
	longest = bits_length(zigzag(min) | zigzag(max));
	for (unsigned i = 0; i <= longest; i++)
		histogram[i] += count[i];
	price = zigzag_price(count, n, longest);
	based = based_price(count, n, longest, min, max);
	return based < price ? based : price;
}

static size_t page_at(const struct intcol_plan *p, size_t at)
{
	return p->n - at < COLUMN_PAGE ? p->n - at : COLUMN_PAGE;
}

/* Bits of a packed group whose lengths are known; adds these to the histogram. */
static unsigned lengths_price(const struct scan_lengths *l, uint32_t histogram[65])
{
	uint64_t magnitudes = (uint64_t)(l->min ^ l->min >> 63) | (uint64_t)(l->max ^ l->max >> 63);
	unsigned longest = bits_length(magnitudes) + 1, price, based;
	uint8_t four[65][4], count[65];

	memset(four, 0, (longest + 1) * sizeof(four[0]));
	for (size_t i = 0; i < SCAN_GROUP; i += 4) {	/* no increment waits for the one before it */
		four[l->length[i]][0]++;
		four[l->length[i + 1]][1]++;
		four[l->length[i + 2]][2]++;
		four[l->length[i + 3]][3]++;
	}
	for (unsigned i = 0; i <= longest; i++) {
		count[i] = (uint8_t)(get_u32(four[i]) * UINT32_C(0x01010101) >> 24);
		histogram[i] += count[i];
	}
	if (longest == 1 && count[1] == 0)
		longest = 0;
	price = zigzag_price(count, SCAN_GROUP, longest);
	based = based_price(count, SCAN_GROUP, longest, l->min, l->max);
	return based < price ? based : price;
}

struct tally { uint64_t packed; uint32_t seen, histogram[65]; };	/* of how many integers */

/* Adds the groups of a page, each `every`th of those that are whole. */
static void tally_page(struct tally *t, const struct intcol_plan *p, size_t at, unsigned order, const int32_t *narrow,
		       size_t every)
{
	const struct scans *scans = scans_best();
	size_t page = page_at(p, at);
	int64_t d[PACK_GROUP + 2];

	for (size_t i = every > 1 ? PACK_GROUP : 0; i < page; i += every * PACK_GROUP) {
		size_t n = page - i < PACK_GROUP ? page - i : PACK_GROUP, lead = i == 0 ? 0 : order;

		if (every > 1 && n < PACK_GROUP)
			break;
		t->seen += n;
		if (n == PACK_GROUP) {
			struct scan_lengths l;

			if (p->form.narrow)
				scans->lengths32(narrow + at + i, order, &l);
			else
				scans->lengths64(p->m + at + i, order, &l);
			t->packed += lengths_price(&l, t->histogram);
		} else {
			residuals(d, p->m + at + i - lead, n + lead, order, p->form.narrow);
			t->packed += group_price(d + lead, n, t->histogram);
		}
	}
}

/* Leaves out orders that some groups show to be of no use; *least: the bits of these in the best.  Fills tallies. */
static unsigned promising(const struct intcol_plan *p, unsigned orders, const int32_t *narrow, uint64_t *least,
			  struct tally tallies[3])
{
	uint64_t price[3] = { UINT64_MAX, UINT64_MAX, UINT64_MAX }, best = UINT64_MAX;

	for (unsigned o = 0; o <= 2; o++) {
		struct tally *t = &tallies[o];

		if ((orders & INTCOL_ORDER(o)) == 0)
			continue;
		*t = (struct tally){ 0 };
		for (size_t at = 0; at < p->n; at += COLUMN_PAGE)
			tally_page(t, p, at, o, narrow, SAMPLE_EVERY);
		price[o] = t->packed;
		best = price[o] < best ? price[o] : best;
	}
	for (unsigned o = 0; o <= 2; o++)
		if (price[o] > best + best / SAMPLE_MARGIN + p->n / 16)
			orders &= ~INTCOL_ORDER(o);
	*least = best;
	return orders;
}

/* As if all n integers were like those that were looked at. */
static void extend(struct tally *t, size_t n)
{
	if (t->seen == n)
		return;
	t->packed = t->packed * n / t->seen;
	for (unsigned i = 0; i <= 64; i++)
		t->histogram[i] = (uint32_t)((uint64_t)t->histogram[i] * n / t->seen);
}

/* What stands before the pages, in an order. */
static uint64_t starts_price(const struct intcol_plan *p, unsigned order)
{
	uint64_t bits = 0;

	for (size_t at = 0; at < p->n; at += COLUMN_PAGE) {
		int64_t d[3];
		size_t some = page_at(p, at) < 3 ? page_at(p, at) : 3;
		struct start s = residuals(d, p->m + at, some, order, p->form.narrow);

		bits += at == 0 || order == 0 ? 0 : varint_bits(zigzag((int64_t)s.m));
		bits += order == 2 ? varint_bits(zigzag((int64_t)s.step)) : 0;
	}
	return bits;
}

/* Finds the cheapest order, packed and by tokens, by bit lengths and samples. */
static void price_orders(struct intcol_plan *p, enum column_level level, unsigned orders, const int32_t *narrow)
{
	uint64_t least = 0;
	size_t every = 1;
	struct tally tallies[3];

	p->packed = p->coded = UINT64_MAX;
	if (p->n >= (level == COLUMN_FAST ? FAST_SAMPLE_FROM : SAMPLE_FROM))
		orders = promising(p, orders, narrow, &least, tallies);
	if (least > p->n / SAMPLE_EVERY * SPARSE_BITS) {
		if (level == COLUMN_FAST)
			every = SAMPLE_EVERY;
		else if (p->n >= COLUMN_MAX_POINTS / 2 || (p->n >= 2 * COLUMN_PAGE && !p->form.narrow))
			every = 2;
	}
	for (uint8_t o = 0; o <= 2; o++) {
		uint64_t coded, extra;
		struct tally t = { 0 };

		if ((orders & INTCOL_ORDER(o)) == 0)
			continue;
		extra = starts_price(p, o);
		for (size_t at = 0; at < p->n && every != SAMPLE_EVERY; at += COLUMN_PAGE)
			tally_page(&t, p, at, o, narrow, every);
		if (every == SAMPLE_EVERY)
			t = tallies[o];
		extend(&t, p->n);
		if (t.packed + extra < p->packed) {
			p->packed = t.packed + extra;
			p->packed_order = o;
		}
		if (level == COLUMN_FAST)
			continue;
		coded = extra + TOKEN_PAGE_BITS * column_pages(p->n) + token_cost_lengths(t.histogram);
		if (coded < p->coded) {
			p->coded = coded;
			p->coded_order = o;
			p->beside = extra;
		}
	}
}

/* What tokens of that order will take, with the table; head and starts of pages apart. */
static uint64_t count_tokens(const struct intcol_plan *p, unsigned order, struct token_counts *counts)
{
	uint64_t bits = 0;

	for (size_t at = 0; at < p->n; at += COLUMN_PAGE) {
		size_t page = page_at(p, at);
		int64_t d[COLUMN_PAGE];

		residuals(d, p->m + at, page, order, p->form.narrow);
		if (at == 0)
			token_count_start(counts, order == 1 ? median(d, page, SAMPLES) : 0);
		bits += TOKEN_PAGE_BITS;
		token_count(counts, d, page);
	}
	return bits + token_cost(counts);
}

/* What packed integers of that order take, to the bit; head and starts of pages apart. */
static uint64_t count_packed(const struct intcol_plan *p, unsigned order)
{
	uint64_t bytes = 0;

	for (size_t at = 0; at < p->n; at += COLUMN_PAGE) {
		size_t page = page_at(p, at);
		int64_t d[COLUMN_PAGE];
		struct pack_plan plan;

		residuals(d, p->m + at, page, order, p->form.narrow);
		bytes += pack_plan(&plan, d, page, SIZE_MAX);
	}
	return 8 * bytes;
}

/* Finds the cheapest order without estimates. */
static void count_orders(struct intcol_plan *p, unsigned orders)
{
	p->packed = p->coded = UINT64_MAX;
	for (uint8_t o = 0; o <= 2; o++) {
		struct token_counts counts;
		uint64_t extra, bits;

		if ((orders & INTCOL_ORDER(o)) == 0)
			continue;
		extra = starts_price(p, o);
		bits = count_packed(p, o) + extra;
		if (bits < p->packed) {
			p->packed = bits;
			p->packed_order = o;
		}
		bits = count_tokens(p, o, &counts) + extra;
		if (bits < p->coded) {
			p->coded = bits;
			p->coded_order = o;
			p->beside = extra;
		}
	}
}

static uint64_t enough(enum column_level level)
{
	return level == COLUMN_MAX ? 100 : ENOUGH;
}

void intcol_price(struct intcol_plan *p, enum column_level level, int64_t *x, size_t n, unsigned orders)
{
	int32_t narrow[INTCOL_PAD + COLUMN_MAX_POINTS];
	unsigned pages = column_pages(n);

	p->m = p->x = x;
	p->n = n;
	divide_out(x, n, level, &p->form, narrow + INTCOL_PAD);
	if (n < 3)
		orders = orders & ~INTCOL_ORDER(2) ? orders & ~INTCOL_ORDER(2) : INTCOL_ORDER(0);
	if (level == COLUMN_MAX)
		count_orders(p, orders);
	else
		price_orders(p, level, orders, narrow + INTCOL_PAD);
	p->head = 8 + (p->form.factor > 1 ? varint_bits(p->form.factor) : 0) + varint_bits(zigzag(p->form.base)) +
		  (pages - 1) * 16 + (pages > 1 ? pages * 8 : 0);
	p->packed += p->head;
	p->price = p->packed;
	if (level != COLUMN_FAST) {
		p->coded += p->head;
		p->beside += p->head;
		if (p->coded * 100 / enough(level) < p->price)
			p->price = p->coded * 100 / enough(level);
	}
}

/* m[-1] of the first page becomes 0, in 64 bits: it may not stay narrow.  The base takes it up. */
static void shift_base(struct intcol_plan *p)
{
	int32_t narrow[COLUMN_MAX_POINTS];
	size_t even = p->n & ~(size_t)7;
	int64_t d[8], *x = p->x;
	struct start s = residuals(d, x, p->n < 3 ? p->n : 3, p->form.order, false);

	p->form.base = (int64_t)((uint64_t)p->form.base + s.m * p->form.factor);
	p->form.narrow = scans_best()->offsets(x, even, (int64_t)s.m, narrow);
	for (size_t i = even; i < p->n; i++) {
		x[i] = (int64_t)((uint64_t)x[i] - s.m);
		p->form.narrow &= x[i] == (int32_t)x[i];
	}
	pad(x, p->n);
}

/* So near to each other that an estimate may be wrong about which is less. */
static bool near(uint64_t a, uint64_t b)
{
	return a * 100 < b * (100 + UNSURE) && b * 100 < a * (100 + UNSURE);
}

void intcol_settle(struct intcol_plan *p, enum column_level level)
{
	struct token_counts counts;
	bool narrow = p->form.narrow;

	p->form.order = p->packed_order;
	p->form.tokens = false;
	if (level != COLUMN_FAST && p->coded * 100 / enough(level) * TRY_TOKENS / 100 < p->packed) {
		uint64_t bits = (count_tokens(p, p->coded_order, &counts) + p->beside) * 100 / enough(level);

		if (level != COLUMN_MAX && near(bits, p->packed))
			p->packed = count_packed(p, p->packed_order) + starts_price(p, p->packed_order) + p->head;
		if (bits < p->packed) {
			p->form.order = p->coded_order;
			p->form.tokens = true;
			token_table_make(&p->table, &counts);
		}
	}
	if (p->form.order != 0)
		shift_base(p);
	if (p->form.tokens && narrow != p->form.narrow) {	/* differences wrap as they did not, or no more */
		count_tokens(p, p->form.order, &counts);
		token_table_make(&p->table, &counts);
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
		if (!token_put(out, &p->table, d, n))
			out->failed = true;
	} else {
		pack_plan(&plan, d, n, SIZE_MAX);
		if (!pack_put(out, &plan, d, n))
			out->failed = true;
	}
}
