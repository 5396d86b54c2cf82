/*
 * column_dict.c - the dictionary of a series: made, read, and looked up in; see column.h.
 *
 * Behind its n values, in the same allocation, column_dict_make() leaves a table of ranks by hash (`all` says so).
 */
#include "codec/column_dict.h"

#include <stdlib.h>

#include "codec/coder.h"

#define SAMPLE 2048		/* values, of which enough must repeat for a closer look */
#define SAMPLE_REPEATED 64	/* one in so many */
#define TRIAL 4096		/* values that are encoded with and without */
#define LEAST_VALUES 1024
#define MOST_DISTINCT 4		/* of so many values at most one is new, on average */

static unsigned table_bits(size_t n)
{
	unsigned bits = 4;

	while ((size_t)1 << bits < 2 * n)
		bits++;
	return bits;
}

/* As in distinct.c, so that what got past that finds its place in short time here, too. */
static inline size_t place(double v, unsigned bits)
{
	return (size_t)(((uint64_t)double_to_ordered(v) * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - bits));
}

static uint32_t *table_of(const struct column_dict *d)
{
	return (uint32_t *)(void *)(d->v + d->n);
}

static bool rank_by_table(const struct column_dict *d, const double *values, size_t n, int64_t *ranks)
{
	unsigned bits = table_bits(d->n);
	size_t mask = ((size_t)1 << bits) - 1;
	const uint32_t *table = table_of(d);

	for (size_t i = 0; i < n; i++) {
		size_t at = place(values[i], bits);

		while (table[at] != 0 && f64_bits(d->v[table[at] - 1]) != f64_bits(values[i]))
			at = (at + 1) & mask;
		if (table[at] == 0)
			return false;
		ranks[i] = (int64_t)table[at] - 1;
	}
	return true;
}

bool column_dict_ranks(const struct column_dict *d, const double *values, size_t n, int64_t *ranks)
{
	if (d->n == 0)
		return false;
	if (d->all)
		return rank_by_table(d, values, n, ranks);
	for (size_t i = 0; i < n; i++) {
		int64_t want = double_to_ordered(values[i]);
		size_t low = 0, left = d->n;

		while (left > 1) {
			size_t half = left / 2;

			low += double_to_ordered(d->v[low + half]) <= want ? half : 0;
			left -= half;
		}
		if (f64_bits(d->v[low]) != f64_bits(values[i]))
			return false;
		ranks[i] = (int64_t)low;
	}
	return true;
}

/* ---- Making ---- */

struct work { struct distinct d; uint32_t *rank, *order, *order_work; int64_t *work; };

static void work_free(struct work *w)
{
	free(w->d.ordered);
	free(w->d.slot);
	free(w->rank);
}

static bool work_open(struct work *w, size_t n, uint32_t max)
{
	*w = (struct work){ .d = { .size_bits = table_bits(max), .max = max } };
	w->d.ordered = malloc(2 * max * sizeof(*w->d.ordered));
	w->d.slot = malloc(sizeof(*w->d.slot) << w->d.size_bits);
	w->rank = malloc(3 * max * sizeof(*w->rank));
	if (w->d.ordered == NULL || w->d.slot == NULL || w->rank == NULL) {
		work_free(w);
		return false;
	}
	w->work = w->d.ordered + max;
	w->order = w->rank + max;
	w->order_work = w->order + max;
	(void)n;
	distinct_start(&w->d);
	return true;
}

/* Whether values repeat so often that a dictionary can be of use. */
static bool repeats(struct set_scratch *s, const double *values, size_t n)
{
	double sample[SAMPLE];
	struct distinct d = { .ordered = s->ordered, .slot = s->slot, .size_bits = table_bits(SAMPLE),
			      .max = SAMPLE - SAMPLE / SAMPLE_REPEATED };

	for (size_t i = 0; i < SAMPLE; i++)
		sample[i] = values[i * n / SAMPLE];
	distinct_start(&d);
	return distinct_add(&d, sample, SAMPLE, NULL);
}

static bool fill(struct column_dict *dict, const struct distinct *d)
{
	unsigned bits = table_bits(d->n);
	size_t mask = ((size_t)1 << bits) - 1;
	uint32_t *table;

	dict->v = malloc(d->n * sizeof(*dict->v) + (sizeof(*table) << bits));
	if (dict->v == NULL)
		return false;
	dict->n = d->n;
	dict->all = true;
	table = table_of(dict);
	memset(table, 0, sizeof(*table) << bits);
	for (uint32_t i = 0; i < d->n; i++) {
		size_t at;

		dict->v[i] = ordered_to_double(d->ordered[i]);
		at = place(dict->v[i], bits);
		while (table[at] != 0)
			at = (at + 1) & mask;
		table[at] = i + 1;
	}
	return true;
}

/* A varint, how many there are; then columns of COLUMN_MAX_POINTS, with the length of each but the last. */
static int put(struct chunk_coder *c, enum column_level level, const struct column_dict *dict, struct buf *out)
{
	struct buf *column = &c->values[0].set;
	bool used;
	int ret = COUNT_OK;

	buf_put_varint(out, dict->n);
	for (uint32_t i = 0; i < dict->n && ret == COUNT_OK; i += COLUMN_MAX_POINTS) {
		uint32_t n = dict->n - i < COLUMN_MAX_POINTS ? dict->n - i : COLUMN_MAX_POINTS;

		buf_clear(column);
		ret = values_encode(c, VALUES_SET, level, NULL, dict->v + i, n, column, &used);
		if (i + n < dict->n)
			buf_put_varint(out, column->len);
		buf_put(out, column->data, column->len);
	}
	return out->failed ? COUNT_ERR_NOMEM : ret;
}

/* Whether a run from the middle and the dictionary, as far as it serves that, are smaller than the run alone. */
static int saves(struct chunk_coder *c, enum column_level level, const struct column_dict *dict, const double *values,
		 size_t n, size_t dict_bytes, bool *yes)
{
	struct buf with = { 0 }, without = { 0 };
	const double *run = values + (n - TRIAL) / 2;
	bool used;
	int ret = values_encode(c, 0, level, NULL, run, TRIAL, &without, &used);

	if (ret == COUNT_OK)
		ret = values_encode(c, 0, level, dict, run, TRIAL, &with, &used);
	*yes = ret == COUNT_OK && used &&
	       (double)with.len + (double)dict_bytes * TRIAL / (double)n < (double)without.len;
	buf_free(&with);
	buf_free(&without);
	return ret;
}

int column_dict_make(struct chunk_coder *c, enum column_level level, const double *values, size_t n,
		     struct buf *out, struct column_dict *dict)
{
	size_t start = out->len;
	struct work w;
	bool yes = false;
	int ret;

	*dict = (struct column_dict){ 0 };
	if (level == COLUMN_FAST || n <= COLUMN_MAX_POINTS || !repeats(&c->sets, values, n))
		return COUNT_OK;
	if (!work_open(&w, n, n / MOST_DISTINCT < COLUMN_DICT_MAX ? (uint32_t)(n / MOST_DISTINCT) : COLUMN_DICT_MAX))
		return COUNT_ERR_NOMEM;
	if (!distinct_add(&w.d, values, n, NULL)) {
		work_free(&w);
		return COUNT_OK;
	}
	distinct_sort(&w.d, w.rank, w.order, w.order_work, w.work);
	ret = fill(dict, &w.d) ? put(c, level, dict, out) : COUNT_ERR_NOMEM;
	work_free(&w);
	if (ret == COUNT_OK)
		ret = saves(c, level, dict, values, n, out->len - start, &yes);
	if (ret != COUNT_OK || !yes) {
		out->len = start;
		free(dict->v);
		*dict = (struct column_dict){ 0 };
	}
	return ret;
}

/* ---- Reading ---- */

int column_dict_decode(struct chunk_coder *c, const uint8_t *p, size_t len, struct column_dict *dict)
{
	const uint8_t *end;
	uint64_t n, own;
	int ret = COUNT_OK;

	*dict = (struct column_dict){ 0 };
	if (len == 0)
		return COUNT_ERR_CORRUPT;
	end = p + len;
	p = varint_get(p, end, &n);
	if (p == NULL || n == 0 || n > COLUMN_DICT_MAX)
		return COUNT_ERR_CORRUPT;
	dict->v = malloc(n * sizeof(*dict->v));
	if (dict->v == NULL)
		return COUNT_ERR_NOMEM;
	dict->n = (uint32_t)n;
	for (size_t i = 0; i < n && ret == COUNT_OK; i += COLUMN_MAX_POINTS) {
		size_t m = n - i < COLUMN_MAX_POINTS ? n - i : COLUMN_MAX_POINTS;

		own = (uint64_t)(end - p);
		if (i + m < n && ((p = varint_get(p, end, &own)) == NULL || own > (size_t)(end - p))) {
			ret = COUNT_ERR_CORRUPT;
			break;
		}
		ret = values_decode(c, VALUES_SET, p, own, NULL, m, 0, column_pages(m), dict->v + i);
		p += own;
	}
	if (ret != COUNT_OK) {
		free(dict->v);
		*dict = (struct column_dict){ 0 };
	}
	return ret;
}
