/* distinct.c - see distinct.h. */
#include "codec/distinct.h"

#include <string.h>

#include "codec/ordered.h"

#define STEPS 16		/* of the search for a slot, a value, on average: natural values need one or two */

static inline size_t place(const struct distinct *d, uint64_t key)
{
	return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - d->size_bits));
}

void distinct_start(struct distinct *d)
{
	d->n = 0;
	memset(d->slot, 0, sizeof(*d->slot) << d->size_bits);
}

bool distinct_add(struct distinct *d, const double *values, size_t n, uint32_t *numbers)
{
	size_t mask = ((size_t)1 << d->size_bits) - 1, steps = (n + d->size_bits) * STEPS;

	for (size_t i = 0; i < n; i++) {
		int64_t key = double_to_ordered(values[i]);
		size_t at = place(d, (uint64_t)key);

		while (d->slot[at] != 0 && d->ordered[d->slot[at] - 1] != key) {
			if (steps-- == 0)
				return false;
			at = (at + 1) & mask;
		}
		if (d->slot[at] == 0) {
			if (d->n == d->max)
				return false;
			d->ordered[d->n++] = key;
			d->slot[at] = d->n;
		}
		if (numbers != NULL)
			numbers[i] = d->slot[at] - 1;
	}
	return true;
}

/*
 * Radix sort by bytes, the lowest first; a byte that is the same in all is left out.  Ends in order and in
 * ordered, whatever the number of passes.
 */
void distinct_sort(struct distinct *d, uint32_t *rank, uint32_t *order, uint32_t *order_work, int64_t *work)
{
	int64_t *from = d->ordered, *to = work;
	uint32_t *from_n = order, *to_n = order_work;
	uint64_t any = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		any |= (uint64_t)from[i] ^ (uint64_t)from[0];
		from_n[i] = i;
	}
	for (unsigned shift = 0; shift < 64; shift += 8) {
		uint64_t sign = shift == 56 ? 0x80 : 0;		/* negative ones come first */
		uint32_t at[256] = { 0 }, sum = 0;
		void *swap = from;

		if ((any >> shift & 0xff) == 0)
			continue;
		for (uint32_t i = 0; i < d->n; i++)
			at[((uint64_t)from[i] >> shift & 0xff) ^ sign]++;
		for (unsigned i = 0; i < 256; i++) {
			sum += at[i];
			at[i] = sum - at[i];
		}
		for (uint32_t i = 0; i < d->n; i++) {
			uint32_t k = at[((uint64_t)from[i] >> shift & 0xff) ^ sign]++;

			to[k] = from[i];
			to_n[k] = from_n[i];
		}
		from = to;
		to = swap;
		swap = from_n;
		from_n = to_n;
		to_n = swap;
	}
	for (uint32_t i = 0; i < d->n; i++)
		rank[from_n[i]] = i;
	if (from != d->ordered)
		memcpy(d->ordered, from, d->n * sizeof(*from));
}
