/* fill.c - columns of rows, and rows for buckets without points; see column.h, fill.h. */
#include "engine/fill.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ---- Columns ---- */

void column_free(struct column *c)
{
	free(c->times);
	free(c->values);
	free(c->empty);
	*c = (struct column){ 0 };
}

static bool grow(struct column *c)
{
	size_t cap = c->cap + c->cap / 2 + 64;
	int64_t *times = reallocarray(c->times, cap, sizeof(*times));
	double *values;

	if (times == NULL)
		return false;
	c->times = times;
	values = reallocarray(c->values, cap, sizeof(*values));
	if (values == NULL)
		return false;
	c->values = values;
	if (c->empty != NULL) {
		uint8_t *empty = realloc(c->empty, cap);

		if (empty == NULL)
			return false;
		c->empty = empty;
	}
	c->cap = cap;
	return true;
}

bool column_put(struct column *c, int64_t time, double value)
{
	if (c->n == c->cap && !grow(c))
		return false;
	c->times[c->n] = time;
	c->values[c->n] = value;
	if (c->empty != NULL)
		c->empty[c->n] = 0;
	c->n++;
	return true;
}

bool column_put_empty(struct column *c, int64_t time)
{
	if (!column_put(c, time, 0))
		return false;
	if (c->empty == NULL) {
		c->empty = calloc(c->cap, 1);
		if (c->empty == NULL)
			return false;
	}
	c->empty[c->n - 1] = 1;
	return true;
}

/* ---- Filling ---- */

struct filler {
	const struct column *in;
	size_t next;		/* row of in that comes next */
	enum count_fill fill;
	struct column *out;
};

static double between(int64_t t0, double v0, int64_t t1, double v1, int64_t t)
{
	double part = (double)((uint64_t)t - (uint64_t)t0) / (double)((uint64_t)t1 - (uint64_t)t0);

	return v0 == v1 ? v0 : v0 * (1 - part) + v1 * part;
}

/* The row of an empty bucket. */
static bool put_filled(struct filler *f, int64_t t)
{
	const struct column *in = f->in;
	size_t i = f->next;

	switch (f->fill) {
	case COUNT_FILL_NONE:
		break;
	case COUNT_FILL_NULL:
		return column_put_empty(f->out, t);
	case COUNT_FILL_ZERO:
		return column_put(f->out, t, 0);
	case COUNT_FILL_PREVIOUS:
		return i == 0 || column_put(f->out, t, in->values[i - 1]);
	case COUNT_FILL_LINEAR:
		return i == 0 || i == in->n ||
		       column_put(f->out, t, between(in->times[i - 1], in->values[i - 1],
						     in->times[i], in->values[i], t));
	}
	return true;
}

static int too_many(struct count_error *err)
{
	return err_set(err, COUNT_ERR_INVALID,
		       "filling would give over %d rows in one series: take a longer step or a shorter range",
		       FILL_MAX);
}

int fill_column(const struct column *in, enum count_fill fill, const struct buckets *b,
		int64_t first, int64_t last, struct column *out, struct count_error *err)
{
	struct filler f = { .in = in, .fill = fill, .out = out };
	int64_t t = first;

	column_clear(out);
	/* Calendar steps vary a little: twice the limit by the estimate is surely over it. */
	if (buckets_between(b, first, last) / 2 > FILL_MAX)
		return too_many(err);
	for (;;) {
		struct bucket_span span;
		bool ok;

		buckets_find(b, t, &span);
		if (f.next < in->n && in->times[f.next] == span.start) {
			ok = column_put(out, span.start, in->values[f.next]);
			f.next++;
		} else {
			ok = put_filled(&f, span.start);
		}
		if (!ok)
			return err_nomem(err);
		if (out->n > FILL_MAX)
			return too_many(err);
		if (span.last >= last)
			return COUNT_OK;
		t = span.last + 1;
	}
}
