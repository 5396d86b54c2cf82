/* intcol_get.c - reading a column of integers; see intcol.h. */
#include "codec/intcol.h"

const uint8_t *intcol_get_head(const uint8_t *p, const uint8_t *end, uint8_t flags, struct intcol *form,
			       struct token_decoder *table)
{
	uint64_t v;

	form->factor = 1;
	form->narrow = (flags & INTCOL_NARROW) != 0;
	if (form->order > 2)
		return NULL;
	if ((flags & INTCOL_FACTOR) != 0 && ((p = varint_get(p, end, &form->factor)) == NULL || form->factor < 2))
		return NULL;
	if ((p = varint_get(p, end, &v)) == NULL)
		return NULL;
	form->base = unzigzag(v);
	return form->tokens ? token_table_get(p, end, table) : p;
}

static const uint8_t *get_start(const uint8_t *p, const uint8_t *end, const struct intcol *form, unsigned page,
				struct page *g)
{
	uint64_t before = 0, step = 0;

	if (page > 0 && form->order != 0 && (p = varint_get(p, end, &before)) == NULL)
		return NULL;
	if (form->order == 2 && (p = varint_get(p, end, &step)) == NULL)
		return NULL;
	*g = (struct page){ .base = form->base, .before = unzigzag(before), .step = unzigzag(step),
			    .factor = form->factor, .order = form->order, .narrow = form->narrow };
	return p;
}

void intcol_ahead(const struct intcol *form, struct token_decoder *table, const struct column_span *span,
		  bool described, size_t n, unsigned from, unsigned pages)
{
	struct token_bytes ahead[COLUMN_PAGES];
	unsigned number = 0;
	struct page g;

	if (!form->tokens)
		return;
	for (unsigned i = from; i < from + pages && column_page_len(n, i) == COLUMN_PAGE; i++) {
		struct token_bytes *b = &ahead[number];

		*b = (struct token_bytes){ span[i].p, span[i].end };
		if (described && (b->p == b->end || *b->p++ != 0))
			continue;
		b->p = get_start(b->p, b->end, form, i, &g);
		number += b->p != NULL;
	}
	token_ahead(table, ahead, number);
}

union left { int64_t wide[COLUMN_PAGE]; uint32_t narrow[COLUMN_PAGE]; };

/* What an order has left, as tokens; zeros up to the end of its last group. */
static const uint8_t *get_left(const uint8_t *p, const uint8_t *end, const struct intcol *form,
			       const struct token_decoder *table, size_t n, union left *left)
{
	size_t more = (0 - n) % PACK_GROUP;

	if (form->narrow) {
		memset(left->narrow + n, 0, more * sizeof(*left->narrow));
		return token_get32(p, end, table, n, left->narrow);
	}
	memset(left->wide + n, 0, more * sizeof(*left->wide));
	return token_get(p, end, table, n, left->wide);
}

const uint8_t *intcol_get_page(const struct kernels *k, const uint8_t *p, const uint8_t *end,
			       const struct intcol *form, const struct token_decoder *table, unsigned page, size_t n,
			       int64_t *x)
{
	union left left;
	struct page g;

	p = get_start(p, end, form, page, &g);
	if (p == NULL || !form->tokens)
		return p == NULL ? NULL : page_ints(k, &g, p, end, n, x);
	p = get_left(p, end, form, table, n, &left);
	if (p != NULL)
		page_ints_of(k, &g, &left, n, x);
	return p;
}

const uint8_t *intcol_get_ordered(const struct kernels *k, const uint8_t *p, const uint8_t *end,
				  const struct intcol *form, const struct token_decoder *table, unsigned page,
				  size_t n, double *values)
{
	union left left;
	struct page g;

	p = get_start(p, end, form, page, &g);
	if (p == NULL || !form->tokens)
		return p == NULL ? NULL : page_ordered(k, &g, p, end, n, values);
	p = get_left(p, end, form, table, n, &left);
	if (p != NULL)
		page_ordered_of(k, &g, &left, n, values);
	return p;
}

const uint8_t *intcol_get_quotients(const struct kernels *k, const uint8_t *p, const uint8_t *end,
				    const struct intcol *form, const struct token_decoder *table, unsigned page,
				    size_t n, double divisor, double *values)
{
	union left left;
	struct page g;

	p = get_start(p, end, form, page, &g);
	if (p == NULL || !form->tokens)
		return p == NULL ? NULL : page_quotients(k, &g, divisor, p, end, n, values);
	p = get_left(p, end, form, table, n, &left);
	if (p != NULL)
		page_quotients_of(k, &g, divisor, &left, n, values);
	return p;
}
