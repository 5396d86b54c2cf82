/* flush_part.c - sweeps over the log for some series at a time; see flush_part.h. */
#include "engine/flush_part.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum {
	AIM_POINTS = 1 << 20,		/* of a part, by the log's average */
	MAX_POINTS = 2 << 20,		/* what it may turn out to hold: 32 MiB */
	MAX_RUNS = 1 << 20,
};

/* Room for n elements of a size each. */
static int reserve(void *array, size_t *cap, size_t n, size_t size)
{
	void **p = array;
	void *v;

	if (n <= *cap)
		return COUNT_OK;
	n += n / 2;
	v = reallocarray(*p, n, size);
	if (v == NULL)
		return COUNT_ERR_NOMEM;
	*p = v;
	*cap = n;
	return COUNT_OK;
}

static int reserve_points(struct log_part *p, size_t n)
{
	size_t cap = p->points_cap;

	if (reserve(&p->times, &cap, n, sizeof(*p->times)) != COUNT_OK)
		return COUNT_ERR_NOMEM;
	return reserve(&p->values, &p->points_cap, n, sizeof(*p->values));
}

/* ---- Which series ---- */

static uint64_t points_each(const struct log_index *x)
{
	return x->snap->log.points / (x->nruns + 1) + 1;
}

/* How many series from first on make a part. */
static size_t choose(const struct log_index *x, size_t first, size_t *nruns)
{
	uint64_t each = points_each(x);
	size_t n = 0;

	*nruns = 0;
	for (; first + n < x->nseries; n++) {
		size_t more = *nruns + x->series[first + n].nruns;

		if (n > 0 && (more > MAX_RUNS || more * each > AIM_POINTS))
			break;
		*nruns = more;
	}
	return n;
}

static int by_place(const void *a, const void *b, void *arg)
{
	const struct part_run *runs = arg;
	uint64_t p = runs[*(const uint32_t *)a].place, q = runs[*(const uint32_t *)b].place;

	return p < q ? -1 : p > q;
}

static int list_runs(struct log_part *p, const struct log_index *x)
{
	size_t cap = p->runs_cap;

	if (reserve(&p->runs, &cap, p->nruns, sizeof(*p->runs)) != COUNT_OK ||
	    reserve(&p->order, &p->runs_cap, p->nruns, sizeof(*p->order)) != COUNT_OK ||
	    reserve(&p->starts, &p->starts_cap, p->n + 1, sizeof(*p->starts)) != COUNT_OK)
		return COUNT_ERR_NOMEM;
	p->nruns = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct log_series *s = &x->series[p->first + i];

		p->starts[i] = (uint32_t)p->nruns;
		for (uint32_t k = 0; k < s->nruns; k++) {
			struct log_run at = x->runs[s->start + k];

			p->order[p->nruns] = (uint32_t)p->nruns;
			p->runs[p->nruns++] = (struct part_run){
				.place = (uint64_t)at.frame << 32 | at.run, .series = (uint32_t)i,
			};
		}
	}
	p->starts[p->n] = (uint32_t)p->nruns;
	if (p->n > 1)
		qsort_r(p->order, p->nruns, sizeof(*p->order), by_place, p->runs);
	return COUNT_OK;
}

/* ---- Decoding ---- */

static void note_hull(const struct log_part *p, struct part_run *r)
{
	if (r->n == 0)
		return;
	r->first = p->times[r->start];
	r->last = p->times[r->start + r->n - 1];
}

static int decode(struct log_part *p, struct log_index *x, struct part_run *r)
{
	struct hot_run_cursor cur = { 0 };
	struct hot_run run;
	size_t n;
	int ret = log_index_run(x, (uint32_t)(r->place >> 32), (uint32_t)r->place, &run);

	r->start = (uint32_t)p->npoints;
	r->n = 0;
	if (ret != COUNT_OK || run.points == 0)
		return COUNT_OK;	/* damage was noted */
	if (run.points > MAX_POINTS - p->npoints)
		return COUNT_ERR_STOPPED;
	if (reserve_points(p, p->npoints + (size_t)run.points) != COUNT_OK)
		return COUNT_ERR_NOMEM;
	do {
		n = (size_t)run.points - r->n;
		ret = n == 0 ? COUNT_OK
			     : hot_run_next(&run, &cur, p->times + p->npoints,
					    p->values + p->npoints, &n);
		if (ret != COUNT_OK) {
			piece_note_run(x->snap, &run);
			x->damaged++;
			note_hull(p, r);
			return COUNT_OK;
		}
		p->npoints += n;
		r->n += (uint32_t)n;
	} while (n > 0);
	note_hull(p, r);
	return COUNT_OK;
}

int log_part_read(struct log_part *p, struct log_index *x, size_t first, struct count_error *err)
{
	int ret = COUNT_OK;

	p->first = first;
	p->n = choose(x, first, &p->nruns);
	p->npoints = 0;
	if (p->nruns > MAX_RUNS || p->nruns * points_each(x) > MAX_POINTS)
		return COUNT_ERR_STOPPED;	/* one long series */
	if (list_runs(p, x) != COUNT_OK)
		return err_nomem(err);
	for (size_t i = 0; i < p->nruns && ret == COUNT_OK; i++)
		ret = decode(p, x, &p->runs[p->order[i]]);
	return ret == COUNT_ERR_NOMEM ? err_nomem(err) : ret;
}

/* ---- Giving ---- */

/* Each run begins after the one before ends: how it is when no point came late. */
static bool in_order(const struct log_part *p, uint32_t from, uint32_t to)
{
	const struct part_run *prev = NULL;

	for (; from < to; from++) {
		const struct part_run *r = &p->runs[from];

		if (r->n == 0)
			continue;
		if (prev != NULL && prev->last >= r->first)
			return false;
		prev = r;
	}
	return true;
}

/* Merges two ascending stretches; where both have a time, b, the later one, wins.  Returns how many
 * points are left in out. */
static size_t merge_points(const struct part_point *a, size_t na, const struct part_point *b,
			   size_t nb, struct part_point *out)
{
	size_t i = 0, j = 0, n = 0;

	while (i < na && j < nb) {
		if (a[i].time < b[j].time) {
			out[n++] = a[i++];
		} else {
			i += a[i].time == b[j].time;
			out[n++] = b[j++];
		}
	}
	memcpy(out + n, a + i, (na - i) * sizeof(*a));
	n += na - i;
	memcpy(out + n, b + j, (nb - j) * sizeof(*b));
	return n + nb - j;
}

/* Bottom-up merge sort (natural runs: those of the log), newest value of a time kept. */
static size_t sort_points(struct part_point *v, struct part_point *tmp, uint32_t *ends, size_t nruns)
{
	while (nruns > 1) {
		size_t out = 0, start = 0, k = 0;
		struct part_point *swap = v;

		for (size_t i = 0; i < nruns; i += 2) {
			size_t mid = ends[i], end = i + 1 < nruns ? ends[i + 1] : mid;

			out += merge_points(v + start, mid - start, v + mid, end - mid, tmp + out);
			ends[k++] = (uint32_t)out;
			start = end;
		}
		nruns = k;
		v = tmp;
		tmp = swap;
	}
	return nruns == 0 ? 0 : ends[0];
}

/* All runs of a series to p->sorted, merged; *sorted is where in it. */
static int sort_series(struct log_part *p, uint32_t from, uint32_t to, struct part_point **sorted,
		       size_t *len)
{
	uint32_t *ends = calloc(to - from, sizeof(*ends));
	size_t total = 0, n = 0, rounds = 0;

	for (uint32_t i = from; i < to; i++)
		total += p->runs[i].n;
	if (ends == NULL || reserve(&p->sorted, &p->sorted_cap, 2 * total, sizeof(*p->sorted)) !=
			    COUNT_OK) {
		free(ends);
		return COUNT_ERR_NOMEM;
	}
	total = 0;
	for (uint32_t i = from; i < to; i++) {
		const struct part_run *r = &p->runs[i];

		for (uint32_t k = r->start; k < r->start + r->n; k++)
			p->sorted[total++] = (struct part_point){ p->times[k], p->values[k] };
		ends[n++] = (uint32_t)total;
	}
	for (size_t k = n; k > 1; k = (k + 1) / 2)
		rounds++;
	*len = sort_points(p->sorted, p->sorted + total, ends, n);
	*sorted = rounds % 2 == 0 ? p->sorted : p->sorted + total;
	free(ends);
	return COUNT_OK;
}

static int give_sorted(const struct part_point *v, size_t len, log_part_fn *fn, void *arg,
		       struct count_error *err)
{
	int64_t times[512];
	double values[512];
	int ret = COUNT_OK;

	for (size_t i = 0; i < len && ret == COUNT_OK;) {
		size_t n = 0;

		for (; n < 512 && i < len; n++, i++) {
			times[n] = v[i].time;
			values[n] = v[i].value;
		}
		ret = fn(arg, times, values, n, err);
	}
	return ret;
}

int log_part_series(struct log_part *p, size_t i, log_part_fn *fn, void *arg,
		    struct count_error *err)
{
	uint32_t from = p->starts[i], to = p->starts[i + 1];
	struct part_point *sorted;
	size_t len;
	int ret = COUNT_OK;

	if (!in_order(p, from, to)) {
		if (sort_series(p, from, to, &sorted, &len) != COUNT_OK)
			return err_nomem(err);
		return give_sorted(sorted, len, fn, arg, err);
	}
	for (; from < to && ret == COUNT_OK; from++) {
		const struct part_run *r = &p->runs[from];

		if (r->n > 0)
			ret = fn(arg, p->times + r->start, p->values + r->start, r->n, err);
	}
	return ret;
}

struct log_span log_part_span(const struct log_part *p, size_t i)
{
	struct log_span s = { 0, INT64_MAX, INT64_MIN };

	for (uint32_t k = p->starts[i]; k < p->starts[i + 1]; k++) {
		const struct part_run *r = &p->runs[k];

		if (r->n == 0)
			continue;
		s.points += r->n;
		s.first = r->first < s.first ? r->first : s.first;
		s.last = r->last > s.last ? r->last : s.last;
	}
	return s;
}

void log_part_free(struct log_part *p)
{
	free(p->runs);
	free(p->order);
	free(p->starts);
	free(p->times);
	free(p->values);
	free(p->sorted);
	*p = (struct log_part){ 0 };
}
