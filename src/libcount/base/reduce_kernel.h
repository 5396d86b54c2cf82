/*
 * reduce_kernel.h - the body of the kernels of reduce.h, included once by the file of each level.
 *
 * That file defines KERNEL, an attribute for functions; vector, of WIDTH doubles; and on them
 *	least(x, m)	x < m ? x : m, so m where x is a NaN
 *	greatest(x, m)	x > m ? x : m
 *	load_some(v, n)	the first n <= WIDTH of v, then zeros; reads no more
 *	unordered(x, y)	1 if there is a NaN in either, else 0
 */
#include <math.h>
#include <string.h>

#include "base/reduce.h"

#define LANES 16		/* of the sum: the same at each level */
#define PARTS (LANES / WIDTH)	/* vectors that hold them */
#define CHAINS 4		/* minima in flight: each waits for the one before it */

KERNEL static inline vector load(const double *v)
{
	vector x;

	memcpy(&x, v, sizeof(x));
	return x;
}

KERNEL static inline vector all(double v)
{
	vector x;

	for (int i = 0; i < WIDTH; i++)
		x[i] = v;
	return x;
}

struct lanes { vector hi[PARTS], lo[PARTS]; };

/* Two-sum: x joins lane k, its rounding error goes to lo. */
KERNEL static inline void add_part(struct lanes *l, int k, vector x)
{
	vector hi = l->hi[k], sum = hi + x, b = sum - hi;

	l->lo[k] += (hi - (sum - b)) + (x - b);
	l->hi[k] = sum;
}

/* Lanes i and i + LANES / 2, and so on, down to the lanes of one vector. */
KERNEL static inline void join_parts(struct lanes *l)
{
#pragma GCC unroll 4
	for (int n = PARTS / 2; n >= 1; n /= 2) {
#pragma GCC unroll 4
		for (int i = 0; i < n; i++) {
			vector hi = l->hi[i], x = l->hi[i + n], sum = hi + x, b = sum - hi;

			l->lo[i] = ((hi - (sum - b)) + (x - b)) + (l->lo[i] + l->lo[i + n]);
			l->hi[i] = sum;
		}
	}
}

/* The same for the lanes of a vector. */
KERNEL static inline struct reduced_sum join_lanes(vector his, vector los)
{
	double hi[WIDTH], lo[WIDTH], sum, b;

	memcpy(hi, &his, sizeof(hi));
	memcpy(lo, &los, sizeof(lo));
#pragma GCC unroll 4
	for (int n = WIDTH / 2; n >= 1; n /= 2) {
#pragma GCC unroll 4
		for (int i = 0; i < n; i++) {
			sum = hi[i] + hi[i + n];
			b = sum - hi[i];
			lo[i] = ((hi[i] - (sum - b)) + (hi[i + n] - b)) + (lo[i] + lo[i + n]);
			hi[i] = sum;
		}
	}
	sum = hi[0] + lo[0];
	b = sum - hi[0];
	return (struct reduced_sum){ sum, (hi[0] - (sum - b)) + (lo[0] - b) };
}

KERNEL static struct reduced_sum sum_kernel(const double *v, size_t n)
{
	struct lanes l;

	memset(&l, 0, sizeof(l));
	for (; n >= LANES; n -= LANES, v += LANES) {
#pragma GCC unroll 8
		for (int k = 0; k < PARTS; k++)
			add_part(&l, k, load(v + k * WIDTH));
	}
#pragma GCC unroll 8
	for (int k = 0; k < PARTS; k++) {
		size_t some = n < WIDTH ? n : WIDTH;

		add_part(&l, k, load_some(v, some));
		v += some;
		n -= some;
	}
	join_parts(&l);
	return join_lanes(l.hi[0], l.lo[0]);
}

/* The part of an array that whole vectors cover, n >= WIDTH; the last one may overlap the one before. */
KERNEL static inline struct reduced_range range_of_vectors(const double *v, size_t n)
{
	struct reduced_range r = { INFINITY, -INFINITY, 0 };
	vector min[CHAINS], max[CHAINS];
	unsigned nan = 0;
	size_t i = 0;

#pragma GCC unroll 4
	for (int k = 0; k < CHAINS; k++) {
		min[k] = all(INFINITY);
		max[k] = all(-INFINITY);
	}
	for (; n - i >= CHAINS * WIDTH; i += CHAINS * WIDTH) {
		vector x[CHAINS];

#pragma GCC unroll 4
		for (int k = 0; k < CHAINS; k++) {
			x[k] = load(v + i + (size_t)k * WIDTH);
			min[k] = least(x[k], min[k]);
			max[k] = greatest(x[k], max[k]);
		}
		nan |= unordered(x[0], x[1]) | unordered(x[2], x[3]);
	}
	while (i < n) {
		vector x = load(v + (n - i >= WIDTH ? i : n - WIDTH));

		min[0] = least(x, min[0]);
		max[0] = greatest(x, max[0]);
		nan |= unordered(x, x);
		i += WIDTH;
	}
#pragma GCC unroll 4
	for (int k = 1; k < CHAINS; k++) {
		min[0] = least(min[k], min[0]);
		max[0] = greatest(max[k], max[0]);
	}
	for (int k = 0; k < WIDTH; k++) {
		r.min = min[0][k] < r.min ? min[0][k] : r.min;
		r.max = max[0][k] > r.max ? max[0][k] : r.max;
	}
	r.nan = nan;
	return r;
}

/* No comparison with a NaN is true, so they are passed over; only where there are some are they counted. */
KERNEL static struct reduced_range range_kernel(const double *v, size_t n)
{
	struct reduced_range r = { INFINITY, -INFINITY, 1 };

	if (n >= WIDTH) {
		r = range_of_vectors(v, n);
	} else {
		for (size_t i = 0; i < n; i++) {
			r.min = v[i] < r.min ? v[i] : r.min;
			r.max = v[i] > r.max ? v[i] : r.max;
		}
	}
	if (r.nan != 0) {
		r.nan = 0;
		for (size_t i = 0; i < n; i++)
			r.nan += v[i] != v[i];
	}
	return r;
}
