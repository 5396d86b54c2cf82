/* runsort.c - stable merge sort of points by time; see runsort.h. */
#include "engine/runsort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"

#define BLOCK 16		/* sorted by insertion, then merged */

static bool reserve(struct runsort *s, size_t n)
{
	struct runsort_pair *p;

	if (n <= s->cap)
		return true;
	p = realloc(s->pairs, n * sizeof(*p));
	if (p == NULL)
		return false;
	s->pairs = p;
	s->cap = n;
	return true;
}

static void sort_block(struct runsort_pair *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct runsort_pair x = p[i];
		size_t j = i;

		for (; j > 0 && p[j - 1].time > x.time; j--)
			p[j] = p[j - 1];
		p[j] = x;
	}
}

static void merge(const struct runsort_pair *in, size_t mid, size_t n, struct runsort_pair *out)
{
	size_t i = 0, j = mid;

	if (mid == n || in[mid - 1].time <= in[mid].time) {
		memcpy(out, in, n * sizeof(*in));
		return;
	}
	while (i < mid && j < n)
		*out++ = in[j].time < in[i].time ? in[j++] : in[i++];	/* equal: the earlier first */
	memcpy(out, in + i, (mid - i) * sizeof(*in));
	memcpy(out + (mid - i), in + j, (n - j) * sizeof(*in));
}

/* Returns where the result is: in the first or the second half of the scratch. */
static const struct runsort_pair *sort_pairs(struct runsort_pair *a, struct runsort_pair *b, size_t n)
{
	for (size_t i = 0; i < n; i += BLOCK)
		sort_block(a + i, n - i < BLOCK ? n - i : BLOCK);
	for (size_t width = BLOCK; width < n; width *= 2) {
		struct runsort_pair *t = a;

		for (size_t i = 0; i < n; i += 2 * width) {
			size_t len = n - i < 2 * width ? n - i : 2 * width;

			merge(a + i, len < width ? len : width, len, b + i);
		}
		a = b;
		b = t;
	}
	return a;
}

int runsort(struct runsort *s, int64_t *times, double *values, uint32_t *count)
{
	uint32_t n = *count, out = 0, i = 1;
	const struct runsort_pair *p;

	while (i < n && times[i - 1] < times[i])
		i++;
	if (i >= n)
		return COUNT_OK;
	if (!reserve(s, 2 * (size_t)n))
		return COUNT_ERR_NOMEM;
	for (i = 0; i < n; i++)
		s->pairs[i] = (struct runsort_pair){ times[i], values[i] };
	p = sort_pairs(s->pairs, s->pairs + n, n);
	for (i = 0; i < n; i++) {
		if (i + 1 < n && p[i + 1].time == p[i].time)
			continue;
		times[out] = p[i].time;
		values[out++] = p[i].value;
	}
	*count = out;
	return COUNT_OK;
}

void runsort_free(struct runsort *s)
{
	free(s->pairs);
	*s = (struct runsort){ 0 };
}
