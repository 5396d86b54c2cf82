/* column_times.c - columns of times; see column.h. */
#include "codec/coder.h"

#define TIMES_INTS 1		/* bits 0-3 of the first byte: integers */
#define TIMES_GRID 2		/* integers apart from the multiples of a step */
#define GRID_FROM 8		/* times; fewer are not looked at for a grid */

static bool is_regular(const int64_t *times, size_t n)
{
	uint64_t step = n < 2 ? 0 : (uint64_t)times[1] - (uint64_t)times[0];

	for (size_t i = 2; i < n; i++)
		if ((uint64_t)times[i] - (uint64_t)times[i - 1] != step)
			return false;
	/* what a reader computes from first and last must be the same */
	return n < 2 || ((uint64_t)times[n - 1] - (uint64_t)times[0]) / (n - 1) == step;
}

/*
 * What most samplers keep to: the mean of the steps that are near the middle one of some.  (The mean of all is
 * off where there are gaps, the middle one by as much as there is jitter.)
 */
static uint64_t usual_step(const int64_t *times, size_t n)
{
	uint64_t some[31], low, width, sum = 0, near = 0;
	size_t m = n - 1 < 31 ? n - 1 : 31;

	for (size_t i = 0; i < m; i++) {
		size_t at = i * (n - 1) / m, k = i;
		uint64_t step = (uint64_t)times[at + 1] - (uint64_t)times[at];

		for (; k > 0 && some[k - 1] > step; k--)
			some[k] = some[k - 1];
		some[k] = step;
	}
	low = some[m / 2] / 2;
	width = some[m / 2];
	if (width > INT64_MAX / COLUMN_MAX_POINTS)
		return width;
	for (size_t i = 1; i < n; i++) {
		uint64_t off = (uint64_t)times[i] - (uint64_t)times[i - 1] - low;

		sum += off <= width ? off : 0;
		near += off <= width;
	}
	return low + (sum + near / 2) / near;
}

/* A step that keeps the factor of the times, such as 1000 where they are whole seconds. */
static uint64_t whole_step(uint64_t step, uint64_t factor)
{
	uint64_t whole = step <= INT64_MAX ? (step + factor / 2) / factor * factor : 0;

	return whole != 0 ? whole : step;
}

static void plan(struct candidate *k, enum column_level level, const int64_t *times, size_t n, uint64_t step,
		 unsigned orders)
{
	for (size_t i = 0; i < n; i++)
		k->x[i] = (int64_t)((uint64_t)times[i] - (uint64_t)times[0] - step * i);
	intcol_price(&k->plan, level, k->x, n, orders);
}

static int put(struct chunk_coder *c, enum column_level level, struct intcol_plan *p, bool grid,
	       uint64_t step, size_t n, struct buf *out)
{
	struct buf *pages = &c->values[0].pages;

	intcol_settle(p, level);
	buf_put_u8(out, (uint8_t)((grid ? TIMES_GRID : TIMES_INTS) | p->form.order << DESCRIPTION_ORDER_SHIFT |
				  (p->form.tokens ? DESCRIPTION_TOKENS : 0)));
	buf_put_u8(out, intcol_flags(p));
	if (grid)
		buf_put_varint(out, zigzag((int64_t)step));
	intcol_put_head(out, p);
	buf_clear(pages);
	for (unsigned i = 0; i < column_pages(n); i++) {
		size_t start = pages->len;

		intcol_put_page(pages, p, i);
		if (i + 1 < column_pages(n))
			buf_put_varint(out, pages->len - start);
	}
	buf_put(out, pages->data, pages->len);
	return out->failed || pages->failed ? COUNT_ERR_NOMEM : COUNT_OK;
}

int column_encode_times(struct chunk_coder *c, enum column_level level, const int64_t *times, size_t n,
			struct buf *out)
{
	struct candidate *ints = &c->values[0].candidates[0], *grid = &c->values[0].candidates[1];
	size_t start = out->len;
	uint64_t step;
	int ret;

	if (n == 0 || n > COLUMN_MAX_POINTS)
		return COUNT_ERR_INVALID;
	if (is_regular(times, n))
		return COUNT_OK;
	ints->x = c->values[0].x[0] + INTCOL_PAD;
	grid->x = c->values[0].x[1] + INTCOL_PAD;
	plan(ints, level, times, n, 0, INTCOL_ORDER(1) | INTCOL_ORDER(2));
	if (n >= GRID_FROM && level != COLUMN_FAST) {
		step = whole_step(usual_step(times, n), ints->plan.form.factor);
		plan(grid, level, times, n, step, INTCOL_ORDER(0));
	}
	if (n >= GRID_FROM && level != COLUMN_FAST && grid->plan.price + 24 < ints->plan.price)
		ret = put(c, level, &grid->plan, true, step, n, out);
	else
		ret = put(c, level, &ints->plan, false, 0, n, out);
	if (ret != COUNT_OK)
		out->len = start;
	return ret;
}

typedef uint64_t pair_t __attribute__((vector_size(16)));

#define PAIRS 4			/* at a time: what one waits for, the others fill */

/* base + i * step, added to times or instead of them. */
static inline __attribute__((always_inline)) void put_grid(int64_t *times, size_t n, uint64_t base, uint64_t step,
							   bool add)
{
	pair_t at[PAIRS], v;
	size_t i;

	for (size_t k = 0; k < PAIRS; k++)
		at[k] = (pair_t){ base + step * 2 * k, base + step * (2 * k + 1) };
	for (i = 0; i + 2 * PAIRS <= n; i += 2 * PAIRS) {
#pragma GCC unroll 4
		for (size_t k = 0; k < PAIRS; k++) {
			v = (pair_t){ 0 };
			if (add)
				memcpy(&v, times + i + 2 * k, sizeof(v));
			v += at[k];
			memcpy(times + i + 2 * k, &v, sizeof(v));
			at[k] += 2 * PAIRS * step;
		}
	}
	for (; i < n; i++)
		times[i] = (int64_t)((add ? (uint64_t)times[i] : 0) + base + step * i);
}

static void add_grid(int64_t *times, size_t n, uint64_t base, uint64_t step)
{
	put_grid(times, n, base, step, true);
}

void column_fill_times(int64_t first, uint64_t step, size_t n, int64_t *times)
{
	put_grid(times, n, (uint64_t)first, step, false);
}

/* The head, up to the lengths of the pages; NULL, and *ret says why. */
static const uint8_t *get_head(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, struct intcol *ints,
			       uint64_t *step, int *ret)
{
	uint8_t description = *p++, flags;
	bool grid = (description & 0xf) == TIMES_GRID;

	*ret = COUNT_ERR_CORRUPT;
	*step = 0;
	if (!grid && (description & 0xf) != TIMES_INTS) {
		*ret = COUNT_ERR_VERSION;
		return NULL;
	}
	if ((description & DESCRIPTION_FIXES) != 0 || p == end)
		return NULL;
	flags = *p++;
	if ((flags & ~(INTCOL_FACTOR | INTCOL_NARROW)) != 0 || (grid && (p = varint_get(p, end, step)) == NULL))
		return NULL;
	*step = (uint64_t)unzigzag(*step);
	ints->order = description >> DESCRIPTION_ORDER_SHIFT & 3;
	ints->tokens = (description & DESCRIPTION_TOKENS) != 0;
	return intcol_get_head(p, end, flags, ints, &c->decoders[0]);
}

static int get_pages(struct chunk_coder *c, const uint8_t *p, size_t len, int64_t first, size_t n, unsigned from,
		     unsigned pages, int64_t *times)
{
	struct column_span span[COLUMN_PAGES];
	const uint8_t *end = p + len;
	struct intcol ints;
	uint64_t step;
	int ret;

	p = get_head(c, p, end, &ints, &step, &ret);
	if (p == NULL)
		return ret;
	if (!column_spans(p, end, n, span))
		return COUNT_ERR_CORRUPT;
	if (step == 0)
		ints.base = (int64_t)((uint64_t)ints.base + (uint64_t)first);
	intcol_ahead(&ints, &c->decoders[0], span, false, n, from, pages);
	for (unsigned i = from; i < from + pages; i++) {
		size_t m = column_page_len(n, i);
		uint64_t base = (uint64_t)first + step * i * COLUMN_PAGE;

		if (intcol_get_page(kernels_best(), span[i].p, span[i].end, &ints, &c->decoders[0], i, m, times) !=
		    span[i].end)
			return COUNT_ERR_CORRUPT;
		if (step != 0)
			add_grid(times, m, base, step);
		times += m;
	}
	return COUNT_OK;
}

int column_decode_times(struct chunk_coder *c, const uint8_t *p, size_t len, int64_t first, int64_t last,
			size_t n, unsigned from, unsigned pages, int64_t *times)
{
	uint64_t step = (uint64_t)column_regular_step(len, first, last, n);
	size_t entries;

	if (!column_range(n, from, pages, &entries))
		return COUNT_ERR_INVALID;
	if (len != 0)
		return get_pages(c, p, len, first, n, from, pages, times);
	column_fill_times((int64_t)((uint64_t)first + step * from * COLUMN_PAGE), step, entries, times);
	return COUNT_OK;
}

const char *column_times_name(const uint8_t *p, size_t len, size_t n)
{
	static const char *const names[2][3][2] = {
		{ { "offsets", "offsets, tokens" }, { "delta", "delta, tokens" },
		  { "delta-of-delta", "delta-of-delta, tokens" } },
		{ { "grid", "grid, tokens" }, { "grid", "grid, tokens" }, { "grid", "grid, tokens" } },
	};
	unsigned kind, order;

	(void)n;
	if (len == 0)
		return "regular";
	kind = p[0] & 0xf;
	order = p[0] >> DESCRIPTION_ORDER_SHIFT & 3;
	if (kind < TIMES_INTS || kind > TIMES_GRID || order > 2)
		return "unknown";
	return names[kind - TIMES_INTS][order][(p[0] & DESCRIPTION_TOKENS) != 0];
}
