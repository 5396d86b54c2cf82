/*
 * fuzz-token - tables and pages of tokens: hostile bytes, and any values there and back.
 *
 * Input: a byte of shape, two bytes with the number of values, then by bit 0 of the shape either a table and a page of
 * that many values, or values: a byte with how many bits, then those, little-endian; bits 1-7 are the centre.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_VALUES (2 * TOKEN_PAGE)

static struct token_decoder decoder;

/* An allocation of just that size, so that a sanitizer sees an access past it. */
static void *exactly(const void *p, size_t len)
{
	void *copy = malloc(len);

	if (p != NULL && len != 0)
		memcpy(copy, p, len);
	return copy;
}

/* Reads a page; modulo 2^32 it must be the same. */
static const uint8_t *get(const uint8_t *p, const uint8_t *end, size_t n, int64_t *v, uint32_t *low)
{
	const uint8_t *past = token_get(p, end, &decoder, n, v);

	if (past > end || token_get32(p, end, &decoder, n, low) != past)
		abort();
	for (size_t i = 0; i < n && past != NULL; i++) {
		if (low[i] != (uint32_t)v[i])
			abort();
	}
	return past;
}

/* Pages must be the same, or as broken, when their tokens are read ahead. */
static void read_ahead(const struct token_bytes *page, const uint8_t *const *past, unsigned number, int64_t sums[],
		       int64_t *v, uint32_t *low)
{
	struct token_bytes all[TOKEN_AHEAD];

	for (unsigned i = 0; i < TOKEN_AHEAD; i++)
		all[i] = page[i % number];
	for (unsigned n = 4; n <= TOKEN_AHEAD; n += 4) {
		token_ahead(&decoder, all, n);
		for (unsigned i = 0; i < number; i++) {
			int64_t sum = 0;

			if (get(page[i].p, page[i].end, TOKEN_PAGE, v, low) != past[i])
				abort();
			for (size_t k = 0; k < TOKEN_PAGE && past[i] != NULL; k++)
				sum = (int64_t)((uint64_t)sum * 3 + (uint64_t)v[k]);
			if (past[i] != NULL && sum != sums[i])
				abort();
		}
	}
}

static void decode(const uint8_t *data, size_t size, size_t n)
{
	uint8_t *bytes = exactly(data, size), *end = bytes + size;
	const uint8_t *p = token_table_get(bytes, end, &decoder), *past[TOKEN_AHEAD];
	int64_t *v = exactly(NULL, n * sizeof(*v)), sums[TOKEN_AHEAD] = { 0 };
	uint32_t *low = exactly(NULL, n * sizeof(*low));
	struct token_bytes page[TOKEN_AHEAD];
	unsigned number = 0;

	for (; number < TOKEN_AHEAD && p != NULL; number++) {
		page[number] = (struct token_bytes){ p, end };
		past[number] = p = get(p, end, n, v, low);
		for (size_t k = 0; k < n && p != NULL; k++)
			sums[number] = (int64_t)((uint64_t)sums[number] * 3 + (uint64_t)v[k]);
	}
	if (number > 0 && n == TOKEN_PAGE)
		read_ahead(page, past, number, sums, v, low);
	free(low);
	free(v);
	free(bytes);
}

static size_t values_of(const uint8_t *data, size_t size, int64_t *v)
{
	size_t n = 0;

	while (size > 1 && n < MAX_VALUES) {
		size_t bits = data[0] % 65, bytes = (bits + 7) / 8 < size - 1 ? (bits + 7) / 8 : size - 1;
		uint64_t u = 0;

		memcpy(&u, data + 1, bytes);
		v[n++] = unzigzag(u & bits_mask((unsigned)bits));
		data += 1 + bytes;
		size -= 1 + bytes;
	}
	return n;
}

static void there_and_back(const int64_t *v, size_t n, int64_t centre)
{
	struct token_counts counts;
	struct token_table t;
	struct buf out = { 0 };
	int64_t got[TOKEN_PAGE];
	const uint8_t *p, *end;
	uint8_t *bytes;

	token_count_start(&counts, centre);
	token_count(&counts, v, n);
	token_table_make(&t, &counts);
	if (!token_table_put(&out, &t) || out.len != t.bytes)
		abort();
	for (size_t i = 0; i < n; i += TOKEN_PAGE) {
		if (!token_put(&out, &t, v + i, n - i < TOKEN_PAGE ? n - i : TOKEN_PAGE))
			abort();
	}
	bytes = exactly(out.data, out.len);
	end = bytes + out.len;
	p = token_table_get(bytes, end, &decoder);
	for (size_t i = 0; i < n; i += TOKEN_PAGE) {
		size_t m = n - i < TOKEN_PAGE ? n - i : TOKEN_PAGE;

		p = p == NULL ? NULL : token_get(p, end, &decoder, m, got);
		if (p == NULL || memcmp(got, v + i, m * sizeof(*v)) != 0)
			abort();
	}
	if (p != end)
		abort();
	free(bytes);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int64_t v[MAX_VALUES];
	size_t n;

	if (size < 3)
		return 0;
	if ((data[0] & 1) == 0) {
		decode(data + 3, size - 3, get_u16(data + 1) % (TOKEN_PAGE + 1));
		return 0;
	}
	n = values_of(data + 3, size - 3, v);
	if (n != 0)
		there_and_back(v, n, unzigzag(data[0] >> 1));
	return 0;
}
