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

static void sum_up(int64_t *x, size_t n, const struct intcol *form, uint64_t m, uint64_t step)
{
	uint64_t base = (uint64_t)form->base, f = form->factor;

	for (size_t i = 0; i < n; i++) {
		uint64_t d = (uint64_t)x[i];

		if (form->order == 0) {
			m = d;
		} else if (form->order == 1) {
			m += d;
		} else {
			step += d;
			m += step;
		}
		if (form->narrow)
			m = (uint64_t)(int64_t)(int32_t)(uint32_t)m;
		x[i] = (int64_t)(base + f * m);
	}
}

const uint8_t *intcol_get_page(const uint8_t *p, const uint8_t *end, const struct intcol *form,
			       const struct token_decoder *table, unsigned page, size_t n, int64_t *x)
{
	uint64_t m = 0, step = 0;

	if (page > 0 && form->order != 0 && (p = varint_get(p, end, &m)) == NULL)
		return NULL;
	if (form->order == 2 && (p = varint_get(p, end, &step)) == NULL)
		return NULL;
	p = form->tokens ? token_get(p, end, table, n, x) : pack_get(p, end, n, x);
	if (p != NULL)
		sum_up(x, n, form, (uint64_t)unzigzag(m), (uint64_t)unzigzag(step));
	return p;
}
