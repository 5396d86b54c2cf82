/* points.c - the points of an object, decoded; see points.h. */
#include "cold/points.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "codec/legacy.h"
#include "format/chunklist.h"

static int bad(struct count_error *err, int ret, const char *what, uint64_t at)
{
	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	if (ret == COUNT_ERR_VERSION)
		return err_set(err, COUNT_ERR_COLD, "%s at byte %" PRIu64 " in a coding of a newer count: update this "
			       "one", what, at);
	return err_set(err, COUNT_ERR_COLD, "damaged %s at byte %" PRIu64, what, at);
}

static int walk_chunks(const struct chunklist *l, struct chunk_coder *coder, int64_t *times, double *values,
		       cold_points_fn *fn, void *arg, struct count_error *err)
{
	int ret = COUNT_OK;

	for (size_t i = 0; i < l->n && ret == COUNT_OK; i++) {
		uint64_t at = 0;

		ret = chunklist_read(l, i, coder, times, values, &at);
		if (ret != COUNT_OK)
			return bad(err, ret, "chunk", at);
		ret = fn(arg, times, values, l->v[i].points);
	}
	return ret;
}

static int count_points(const struct cold_object *o, struct chunk_coder *coder, cold_points_fn *fn, void *arg,
			struct count_error *err)
{
	int64_t *times = malloc(COLUMN_MAX_POINTS * sizeof(*times));
	double *values = malloc(COLUMN_MAX_POINTS * sizeof(*values));
	struct chunklist l = { 0 };
	uint64_t at = 0;
	int ret = times == NULL || values == NULL ? COUNT_ERR_NOMEM :
		  chunklist_open(&l, o->chunks.data, o->chunks.len, &at);

	ret = ret != COUNT_OK ? bad(err, ret, "list of chunks", at) : walk_chunks(&l, coder, times, values, fn, arg,
		err);
	chunklist_close(&l);
	free(times);
	free(values);
	return ret;
}

/* ---- The prototype's two arrays ---- */

struct legacy_point { int64_t time; double value; size_t place; };

static int by_time(const void *a, const void *b)
{
	const struct legacy_point *p = a, *q = b;

	if (p->time != q->time)
		return p->time < q->time ? -1 : 1;
	return (p->place > q->place) - (p->place < q->place);
}

/* Sorted, each time once: the last of the array, which was written last. */
static size_t tidy(int64_t *times, double *values, size_t n, struct legacy_point *points)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		points[i] = (struct legacy_point){ times[i], values[i], i };
	qsort(points, n, sizeof(*points), by_time);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && points[i + 1].time == points[i].time)
			continue;
		times[kept] = points[i].time;
		values[kept++] = points[i].value;
	}
	return kept;
}

static int legacy_points(const struct cold_object *o, cold_points_fn *fn, void *arg, struct count_error *err)
{
	size_t n = (size_t)o->block.points;
	int64_t *times;
	double *values;
	struct legacy_point *points;
	uint64_t at = 0;
	int ret;

	if (n == 0 || o->block.points > o->legacy_times.len + LEGACY_TIMES_EXTRA ||
	    o->block.points > o->legacy_values.len)	/* a code takes a byte at least */
		return err_set(err, COUNT_ERR_COLD, "its arrays do not hold %" PRIu64 " points", o->block.points);
	times = reallocarray(NULL, n, sizeof(*times));
	values = reallocarray(NULL, n, sizeof(*values));
	points = reallocarray(NULL, n, sizeof(*points));
	if (times == NULL || values == NULL || points == NULL)
		ret = err_nomem(err);
	else if ((ret = legacy_decode_times(o->legacy_times.data, o->legacy_times.len, n, times, &at)) != COUNT_OK)
		ret = bad(err, ret, "compressed_timestamps", at);
	else if ((ret = legacy_decode_values(o->legacy_values.data, o->legacy_values.len, n, values, &at)) != COUNT_OK)
		ret = bad(err, ret, "compressed_values", at);
	if (ret == COUNT_OK) {
		n = tidy(times, values, n, points);
		if (times[0] != o->block.start || times[n - 1] != o->block.end)
			ret = err_set(err, COUNT_ERR_COLD, "its points do not lie from start_time to end_time");
	}
	if (ret == COUNT_OK)
		ret = fn(arg, times, values, n);
	free(times);
	free(values);
	free(points);
	return ret;
}

int cold_object_points(const struct cold_object *o, struct chunk_coder *coder, cold_points_fn *fn, void *arg,
		       struct count_error *err)
{
	return o->kind == OBJECT_LEGACY ? legacy_points(o, fn, arg, err) : count_points(o, coder, fn, arg, err);
}
