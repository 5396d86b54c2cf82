/* block_cut.c - where a run of points is cut into chunks; see block_cut.h. */
#include "format/block_cut.h"

enum {
	STUB_POINTS = COLUMN_PAGE,	/* a rest of fewer shares with the chunk before it */
	START_POINTS = 512,		/* of a day that are worth a chunk of their own: they get statistics */
};

/* The first index in [lo, n) whose time is >= t. */
static size_t bound(const int64_t *times, size_t lo, size_t n, int64_t t)
{
	while (lo < n) {
		size_t mid = lo + (n - lo) / 2;

		if (times[mid] < t)
			lo = mid + 1;
		else
			n = mid;
	}
	return lo;
}

/* The last time of the day of t. */
static int64_t day_last(int64_t day, int64_t t)
{
	int64_t in = t % day, left;

	if (in < 0)
		in += day;
	left = day - 1 - in;
	return t > INT64_MAX - left ? INT64_MAX : t + left;
}

/*
 * Is what a run has of its first day, up to index end, that of a dense day?  The rest of one that was cut before,
 * and the first hours of a new series, have fewer points but come as fast.
 */
static bool dense_start(int64_t day, const int64_t *times, size_t end, int64_t last)
{
	double left = (double)last - (double)times[0] + 1;

	return end >= BLOCK_DAY_POINTS ||
	       (end >= START_POINTS && (double)end * (double)day >= (double)BLOCK_DAY_POINTS * left);
}

/* The end of what is cut as one: a dense day from its first point here, or all up to the next dense day. */
static size_t stretch(int64_t day, const int64_t *times, size_t n, bool *dense)
{
	int64_t last = day_last(day, times[0]);
	size_t i = last == INT64_MAX ? n : bound(times, 0, n, last + 1);

	*dense = dense_start(day, times, i, last);
	if (*dense)
		return i;
	while (i < n && i <= BLOCK_CUT_AHEAD) {
		last = day_last(day, times[i]);
		if (i + BLOCK_DAY_POINTS <= n && times[i + BLOCK_DAY_POINTS - 1] <= last)
			return i;
		i = last == INT64_MAX ? n : bound(times, i, i + BLOCK_DAY_POINTS < n ? i + BLOCK_DAY_POINTS : n,
						  last + 1);
	}
	return i < n ? i : n;
}

static size_t chunks_of(size_t points)
{
	return (points + COLUMN_MAX_POINTS - 1) / COLUMN_MAX_POINTS;
}

/* The longest chunk of m points that ends where one of the series before does; 0: none, at no cost. */
static size_t aligned(const struct block_cuts *before, const int64_t *times, size_t m)
{
	size_t max = m < COLUMN_MAX_POINTS ? m : COLUMN_MAX_POINTS, best = 0;

	for (size_t i = bound(before->v, 0, before->n, times[0]); i < before->n; i++) {
		size_t len;

		if (before->v[i] > times[max - 1] && (max == m || before->v[i] > times[max]))
			break;
		len = bound(times, 0, max, before->v[i]);
		if (len > 0 && len < m && 1 + chunks_of(m - len) <= chunks_of(m))
			best = len;
	}
	return best;
}

size_t block_cut(const struct block_cuts *before, int64_t day, const int64_t *times, size_t n, bool more)
{
	bool dense;
	size_t m, k, len;

	if (more && n <= BLOCK_CUT_AHEAD)
		return 0;
	m = stretch(day, times, n, &dense);
	k = chunks_of(m);
	if (k == 1)
		return m;
	len = before->n > 0 ? aligned(before, times, m) : 0;
	if (len > 0)
		return len;
	if (dense)
		return (column_pages(m) + k - 1) / k * COLUMN_PAGE;
	if (m - COLUMN_MAX_POINTS < STUB_POINTS)
		return (column_pages(m) + 1) / 2 * COLUMN_PAGE;
	return COLUMN_MAX_POINTS;
}
