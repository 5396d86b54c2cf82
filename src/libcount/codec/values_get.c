/* values_get.c - reading a column of values; see values.h. */
#include "codec/coder.h"
#include "codec/values.h"

/* The head of a column, as read. */
struct head {
	struct form form;
	bool fixes;
	struct intcol ints;
	const double *set;		/* values to be taken by rank */
	uint64_t set_n;
};

static const uint8_t *get_constant(const uint8_t *p, const uint8_t *end, size_t n, double *values)
{
	uint8_t bytes[8] = { 0 };
	size_t len = (size_t)(end - p);

	if (len > sizeof(bytes))
		return NULL;
	memcpy(bytes + sizeof(bytes) - len, p, len);
	for (size_t i = 0; i < n; i++)
		values[i] = get_f64(bytes);
	return end;
}

static const uint8_t *get_set(struct chunk_coder *c, unsigned place, const uint8_t *p, const uint8_t *end, size_t n,
			      struct head *h)
{
	double *set = c->sets.values[place];
	uint64_t len;

	if ((place & VALUES_SET) != 0 || (p = varint_get(p, end, &h->set_n)) == NULL || h->set_n == 0 || h->set_n > n ||
	    (p = varint_get(p, end, &len)) == NULL || len > (size_t)(end - p))
		return NULL;
	if (values_decode(c, place | VALUES_SET, p, len, NULL, h->set_n, 0, column_pages(h->set_n), set) != COUNT_OK)
		return NULL;
	h->set = set;
	return p + len;
}

/* Everything in front of the lengths of pages; *ret says what is wrong where that is NULL. */
static const uint8_t *get_head(struct chunk_coder *c, unsigned place, const uint8_t *p, const uint8_t *end,
			       const struct column_dict *dict, size_t n, struct head *h, int *ret)
{
	uint8_t description = *p++, flags;
	uint64_t q = 0;

	*ret = COUNT_ERR_CORRUPT;
	*h = (struct head){ .form.transform = description & 0xf, .fixes = (description & DESCRIPTION_FIXES) != 0 };
	h->ints.order = description >> DESCRIPTION_ORDER_SHIFT & 3;
	h->ints.tokens = (description & DESCRIPTION_TOKENS) != 0;
	if (h->form.transform >= TRANSFORM_SHORT) {
		h->form.power = h->form.transform - TRANSFORM_SHORT;
		h->form.transform = TRANSFORM_DECIMAL;
		return intcol_get_head(p, end, INTCOL_NARROW, &h->ints, &c->decoders[place]);
	}
	switch (h->form.transform) {
	case TRANSFORM_XOR:
	case TRANSFORM_RAW:
	case TRANSFORM_CONSTANT:
		return description == h->form.transform ? p : NULL;
	case TRANSFORM_DECIMAL:
	case TRANSFORM_QUOTIENT:
	case TRANSFORM_QUOTIENT15:
		break;
	case TRANSFORM_ORDERED:
	case TRANSFORM_SET:
	case TRANSFORM_SERIES:
		if (h->fixes)
			return NULL;
		break;
	default:
		*ret = COUNT_ERR_VERSION;
		return NULL;
	}
	if (p == end)
		return NULL;
	flags = *p++;
	h->form.power = flags & FLAGS_POWER;
	if ((flags & ~(FLAGS_POWER | INTCOL_FACTOR | INTCOL_NARROW)) != 0 ||
	    h->form.power > (h->form.transform == TRANSFORM_DECIMAL ? SCALE_MAX_POWER : 0))
		return NULL;
	if (h->form.transform == TRANSFORM_QUOTIENT || h->form.transform == TRANSFORM_QUOTIENT15) {
		if ((p = varint_get(p, end, &q)) == NULL || q == 0 || q > SCALE_MAX_QUOTIENT)
			return NULL;
		h->form.divisor = (uint16_t)q;
	} else if (h->form.transform == TRANSFORM_SET) {
		p = get_set(c, place, p, end, n, h);
	} else if (h->form.transform == TRANSFORM_SERIES) {
		if (dict == NULL)
			return NULL;
		h->set = dict->v;
		h->set_n = dict->n;
	}
	return p == NULL ? NULL : intcol_get_head(p, end, flags, &h->ints, &c->decoders[place]);
}

static bool take(const struct head *h, const int64_t *ranks, size_t n, double *values)
{
	uint64_t wrong = 0;

	for (size_t i = 0; i < n; i++)
		wrong |= (uint64_t)ranks[i] >= h->set_n;
	if (wrong != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		values[i] = h->set[ranks[i]];
	return true;
}

/* Integers as values: of a page whose transform is one of those that yield integers. */
static const uint8_t *get_integers(struct chunk_coder *c, unsigned place, const struct head *h, const uint8_t *p,
				   const uint8_t *end, unsigned page, size_t n, double *values)
{
	const struct token_decoder *table = &c->decoders[place];
	const struct kernels *k = kernels_best();

	switch (h->form.transform) {
	case TRANSFORM_DECIMAL:
		return intcol_get_quotients(k, p, end, &h->ints, table, page, n, scale_powers[h->form.power], values);
	case TRANSFORM_QUOTIENT:
		return intcol_get_quotients(k, p, end, &h->ints, table, page, n, h->form.divisor, values);
	case TRANSFORM_ORDERED:
		return intcol_get_ordered(k, p, end, &h->ints, table, page, n, values);
	}
	p = intcol_get_page(k, p, end, &h->ints, table, page, n, c->page);
	if (p == NULL)
		return NULL;
	if (h->set != NULL)
		return take(h, c->page, n, values) ? p : NULL;
	form_digits15(&h->form, c->page, n, values);
	return p;
}

/* A page as the head says. */
static const uint8_t *get_page(struct chunk_coder *c, unsigned place, const struct head *h, const uint8_t *p,
			       const uint8_t *end, unsigned page, size_t n, double *values)
{
	if (h->form.transform == TRANSFORM_RAW) {
		if ((size_t)(end - p) < n * sizeof(*values))
			return NULL;
		memcpy(values, p, n * sizeof(*values));
		return p + n * sizeof(*values);
	}
	if (h->form.transform == TRANSFORM_XOR)
		return xor_get_page(p, end, values, n);
	p = get_integers(c, place, h, p, end, page, n, values);
	if (p == NULL || !h->fixes)
		return p;
	if (p == end || *p > 1)
		return NULL;
	return *p == 0 ? p + 1 : page_fixes(kernels_best(), p + 1, end, n, values);
}

static int get_pages(struct chunk_coder *c, unsigned place, const struct head *h, const uint8_t *p, const uint8_t *end,
		     size_t n, unsigned from, unsigned pages, double *values)
{
	struct column_span span[COLUMN_PAGES];

	if (n <= COLUMN_PAGE)
		return get_page(c, place, h, p, end, 0, n, values) == end ? COUNT_OK : COUNT_ERR_CORRUPT;
	if (!column_spans(p, end, n, span))
		return COUNT_ERR_CORRUPT;
	intcol_ahead(&h->ints, &c->decoders[place], span, true, n, from, pages);
	for (unsigned i = from; i < from + pages; i++) {
		size_t m = column_page_len(n, i);
		const uint8_t *q = span[i].p, *q_end = span[i].end;
		int ret = COUNT_OK;

		if (q == q_end)
			return COUNT_ERR_CORRUPT;
		if (*q != 0)
			ret = values_decode(c, place | VALUES_PAGE, q, (size_t)(q_end - q), NULL, m, 0, 1,
					    values);
		else if (get_page(c, place, h, q + 1, q_end, i, m, values) != q_end)
			ret = COUNT_ERR_CORRUPT;
		if (ret != COUNT_OK)
			return ret;
		values += m;
	}
	return COUNT_OK;
}

int values_decode(struct chunk_coder *c, unsigned place, const uint8_t *p, size_t len, const struct column_dict *dict,
		  size_t n, unsigned from, unsigned pages, double *values)
{
	size_t entries = (size_t)(from + pages) * COLUMN_PAGE < n ? (size_t)pages * COLUMN_PAGE :
								      n - (size_t)from * COLUMN_PAGE;
	const uint8_t *end;
	struct head h;
	int ret;

	if (len == 0) {			/* p may be NULL */
		memset(values, 0, entries * sizeof(*values));
		return COUNT_OK;
	}
	end = p + len;
	p = get_head(c, place, p, end, dict, n, &h, &ret);
	if (p == NULL)
		return ret;
	if (h.form.transform == TRANSFORM_CONSTANT)
		return get_constant(p, end, entries, values) != NULL ? COUNT_OK : COUNT_ERR_CORRUPT;
	return get_pages(c, place, &h, p, end, n, from, pages, values);
}
