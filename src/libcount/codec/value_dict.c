/*
 * value_dict.c - few distinct values, in any order: ranks in the sorted set of them.
 *
 *	varint		how many distinct values, d, 1 to n
 *	byte		codec of the set, any but this one
 *	varint		length of the next part
 *	bytes		the set, ascending in the order of "ordered" (value_plain.c)
 *	integers	(ints.h) each value's rank, 0 to d - 1
 */
#include "codec/coder.h"

#define EMPTY 0			/* slots hold the number of a distinct value, plus 1 */

static size_t hash_size(size_t n)
{
	size_t size = 16;

	while (size < 2 * n && size < 2 * CHUNK_MAX_POINTS)
		size *= 2;
	return size;
}

/* Numbers the distinct values as they come, into c->dict and c->index; 0 if more than max. */
static size_t number_distinct(struct chunk_coder *c, const double *values, size_t n, size_t max)
{
	size_t mask = hash_size(n) - 1, d = 0;

	memset(c->hash, 0, (mask + 1) * sizeof(c->hash[0]));
	for (size_t i = 0; i < n; i++) {
		uint64_t b = f64_bits(values[i]);
		size_t at = (size_t)((b * UINT64_C(0x9e3779b97f4a7c15)) >> 48) & mask;

		while (c->hash[at] != EMPTY && f64_bits(c->dict[c->hash[at] - 1]) != b)
			at = (at + 1) & mask;
		if (c->hash[at] == EMPTY) {
			if (d == max)
				return 0;
			c->dict[d++] = values[i];
			c->hash[at] = (uint16_t)d;
		}
		c->index[i] = (uint16_t)(c->hash[at] - 1);
	}
	return d;
}

/* Shell's sort with Ciura's gaps: the sets are small. */
static void sort(int64_t *v, size_t n)
{
	static const size_t gaps[] = { 3548, 1577, 701, 301, 132, 57, 23, 10, 4, 1 };

	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		size_t gap = gaps[g];

		for (size_t i = gap; i < n; i++) {
			int64_t x = v[i];
			size_t j = i;

			for (; j >= gap && v[j - gap] > x; j -= gap)
				v[j] = v[j - gap];
			v[j] = x;
		}
	}
}

static size_t rank_of(const int64_t *sorted, size_t n, int64_t x)
{
	size_t low = 0;

	while (n > 1) {
		size_t half = n / 2;

		low += sorted[low + half] <= x ? half : 0;
		n -= half;
	}
	return low;
}

/* Sorts c->dict and turns the numbers of the values into ranks in c->ints. */
static void rank_values(struct chunk_coder *c, size_t n, size_t d)
{
	int64_t *sorted = c->work, *ranks = c->fixes;

	for (size_t i = 0; i < d; i++)
		sorted[i] = double_to_ordered(c->dict[i]);
	sort(sorted, d);
	for (size_t i = 0; i < d; i++)
		ranks[i] = (int64_t)rank_of(sorted, d, double_to_ordered(c->dict[i]));
	for (size_t i = 0; i < n; i++)
		c->ints[i] = ranks[c->index[i]];
	for (size_t i = 0; i < d; i++)
		c->dict[i] = ordered_to_double(sorted[i]);
}

/* With more distinct values than this a dictionary seldom wins: each takes a byte and more. */
static size_t most_distinct(size_t n, size_t limit)
{
	size_t by_count = n - n / 8, by_size = limit;

	return by_count < by_size ? by_count : by_size;
}

static bool dict_put(struct chunk_coder *c, const double *values, size_t n, size_t limit,
		     struct buf *out)
{
	size_t d = number_distinct(c, values, n, most_distinct(n, limit));
	size_t start = out->len, ranks_at, ranks_len;
	uint8_t head[2 * VARINT_MAX + 1], id;
	struct buf *set;
	size_t len;

	if (d == 0 || d + (d < 32 ? 0 : n * bits_length(d) / 32) >= limit)
		return false;		/* ranks of many seldom shrink below a quarter of their bits */
	rank_values(c, n, d);
	ranks_at = out->len;
	if (!ints_put(out, c->ints, n, INTS_ANY_ORDER, limit - d, c->work))
		return false;
	ranks_len = out->len - ranks_at;
	if (value_encode_inner(c, c->dict, d, &set, &id) != COUNT_OK) {
		out->failed = true;
		return false;
	}
	len = varint_put(head, d);
	head[len++] = id;
	len += varint_put(head + len, set->len);
	if (len + set->len + ranks_len >= limit)
		return false;
	if (!buf_reserve(out, len + set->len))
		return false;
	memmove(out->data + start + len + set->len, out->data + ranks_at, ranks_len);
	memcpy(out->data + start, head, len);
	if (set->len != 0)
		memcpy(out->data + start + len, set->data, set->len);
	out->len = start + len + set->len + ranks_len;
	return true;
}

static bool dict_get(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
		     double *values)
{
	const struct value_codec *inner;
	uint64_t d, len, wrong = 0;

	if ((p = varint_get(p, end, &d)) == NULL || d == 0 || d > n || p == end)
		return false;
	inner = value_codec_find(*p++);
	if (inner == NULL || inner == &value_dict || (p = varint_get(p, end, &len)) == NULL ||
	    len > (size_t)(end - p))
		return false;
	if (!inner->get(c, p, p + len, d, c->dict) || ints_get(p + len, end, n, c->ints) != end)
		return false;
	for (size_t i = 0; i < n; i++)
		wrong |= (uint64_t)c->ints[i] >= d;
	if (wrong != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		values[i] = c->dict[c->ints[i]];
	return true;
}

const struct value_codec value_dict = { "dictionary", dict_put, dict_get };
