/* buckets.c - which bucket a point belongs to; see buckets.h. */
#include "engine/buckets.h"

int buckets_init(struct buckets *b, int64_t from, int64_t last, const struct count_duration *step,
		 const char *tz, enum count_unit unit, struct count_error *err)
{
	int ret;

	*b = (struct buckets){ .from = from, .last = last, .whole = step == NULL };
	if (b->whole)
		return COUNT_OK;
	ret = tz_open(tz, &b->zone, err);
	if (ret == COUNT_OK)
		ret = bucket_init(&b->step, *step, b->zone, unit, err);
	if (ret != COUNT_OK) {
		buckets_free(b);
		return ret;
	}
	b->approx = count_duration_approx(*step, unit);
	if (b->approx < 1)
		b->approx = 1;
	return COUNT_OK;
}

void buckets_free(struct buckets *b)
{
	tz_close(b->zone);
	b->zone = NULL;
}

void buckets_find(const struct buckets *b, int64_t t, struct bucket_span *span)
{
	int64_t next;

	if (b->whole) {
		*span = (struct bucket_span){ b->from, INT64_MIN, INT64_MAX };
		return;
	}
	span->start = span->first = bucket_start(&b->step, t);
	next = bucket_next(&b->step, t);
	/* The last bucket there is has no next one, and holds INT64_MAX. */
	span->last = next == INT64_MAX ? INT64_MAX : next - 1;
}

int64_t buckets_between(const struct buckets *b, int64_t first, int64_t last)
{
	uint64_t n;

	if (b->whole || first > last)
		return 1;
	n = ((uint64_t)last - (uint64_t)first) / (uint64_t)b->approx;
	return n < INT64_MAX ? (int64_t)n + 1 : INT64_MAX;
}
