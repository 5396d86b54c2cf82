/*
 * bench-token.c - size and speed of the token coder beside packing, on lines `series value stamp` on stdin, grouped
 * by series.
 *
 * Values become integers in a crude way: decimals of the least power that is exact for all of a chunk, else their
 * ordered bits, over the greatest common factor.  Of delta orders 0 to 2 each chunk of 8 pages takes the best.
 * Prints bits a value: tokens with table and all, the entropy of the same tokens alone, packed; how far the estimate
 * is off; then million values a second for each step: to count, make a table, encode, read the table, decode.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/num.h"
#include "codec/pack.h"
#include "codec/token.h"

#define PAGES 8
#define CHUNK (PAGES * TOKEN_PAGE)
#define ROUNDS 7
#define MAX_POINTS (1 << 20)
#define MAX_POWER 17

struct chunk {
	size_t n, pages, sizes[PAGES];		/* residuals in each page, and in all */
	int64_t *v, centre;
};

enum phase { COUNT, TABLE, ENCODE, SETUP, DECODE, PHASES };

struct totals { double values, coded, entropy, packed, estimate, seconds[PHASES]; };

static struct chunk chunks[1 << 16];
static size_t chunk_number;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool decimals(const double *values, size_t n, unsigned power, int64_t *x)
{
	for (size_t i = 0; i < n; i++) {
		double scaled = values[i] * num_exact_pow10[power];

		if (!(fabs(scaled) < 0x1p53))
			return false;
		x[i] = llround(scaled);
		if (f64_bits((double)x[i] / num_exact_pow10[power]) != f64_bits(values[i]))
			return false;
	}
	return true;
}

static void integers(const double *values, size_t n, int64_t *x)
{
	uint64_t factor = 0, first;

	for (unsigned k = 0; !decimals(values, n, k, x); k++) {
		if (k == MAX_POWER) {
			for (size_t i = 0; i < n; i++) {
				int64_t b = (int64_t)f64_bits(values[i]);

				x[i] = b ^ (int64_t)((uint64_t)(b >> 63) >> 1);
			}
			break;
		}
	}
	first = (uint64_t)x[0];
	for (size_t i = 0; i < n; i++) {
		uint64_t a, b = factor;

		x[i] = (int64_t)((uint64_t)x[i] - first);
		a = x[i] < 0 ? 0 - (uint64_t)x[i] : (uint64_t)x[i];
		while (b != 0) {
			uint64_t r = a % b;

			a = b;
			b = r;
		}
		factor = a;
	}
	for (size_t i = 0; factor > 1 && factor < INT64_MAX && i < n; i++)
		x[i] /= (int64_t)factor;
}

/* What is left of n integers in pages at that order, in room for n. */
static void residuals(struct chunk *c, const int64_t *x, size_t n, size_t order)
{
	c->n = c->pages = 0;
	for (size_t from = 0; from < n; from += TOKEN_PAGE) {
		const uint64_t *m = (const uint64_t *)x + from;
		size_t len = n - from < TOKEN_PAGE ? n - from : TOKEN_PAGE, skip = order == 2 ? 2 : 1;

		for (size_t i = skip; i < len; i++)
			c->v[c->n++] = (int64_t)(order == 0 ? m[i] - m[0] : order == 1 ? m[i] - m[i - 1] :
						 m[i] - 2 * m[i - 1] + m[i - 2]);
		c->sizes[c->pages++] = len > skip ? len - skip : 0;
	}
}

static void count_chunk(struct token_counts *t, const struct chunk *c)
{
	token_count_start(t, c->centre);
	token_count(t, c->v, c->n);
}

/* Bits with the better of two centres, which is set. */
static uint64_t price(struct chunk *c)
{
	struct token_counts t;
	uint64_t bits, with;

	c->centre = 0;
	count_chunk(&t, c);
	bits = token_cost(&t);
	c->centre = token_centre(c->v, c->n);
	count_chunk(&t, c);
	with = token_cost(&t);
	if (with < bits)
		return with;
	c->centre = 0;
	return bits;
}

static void add_chunk(const double *values, size_t n)
{
	struct chunk *best = &chunks[chunk_number++], tried;
	int64_t x[CHUNK];
	uint64_t least = UINT64_MAX;

	integers(values, n, x);
	best->v = malloc(n * sizeof(*x));
	tried.v = malloc(n * sizeof(*x));
	for (size_t order = 0; order <= 2; order++) {
		uint64_t bits;

		residuals(&tried, x, n, order);
		bits = price(&tried);
		if (bits < least) {
			struct chunk swap = *best;

			least = bits;
			*best = tried;
			tried = swap;
		}
	}
	free(tried.v);
	if (best->n == 0)
		chunk_number--;
}

/* Least over the fineness of the tokens' entropy and their raw bits. */
static double entropy(const struct chunk *c)
{
	double least = INFINITY;

	for (unsigned fine = 0; fine <= TOKEN_MAX_FINE; fine++) {
		double count[TOKEN_FINEST] = { 0 }, bits = 0;
		unsigned raw;

		for (size_t i = 0; i < c->n; i++) {
			count[token_of(zigzag((int64_t)((uint64_t)c->v[i] - (uint64_t)c->centre)), fine, &raw)]++;
			bits += raw;
		}
		for (unsigned t = 0; t < TOKEN_FINEST; t++)
			bits += count[t] > 0 ? count[t] * log2((double)c->n / count[t]) : 0;
		least = bits < least ? bits : least;
	}
	return least;
}

static void check(const struct token_decoder *d, const uint8_t *p, const uint8_t *end, const struct chunk *c)
{
	const int64_t *v = c->v;
	int64_t got[TOKEN_PAGE];

	for (size_t i = 0; i < c->pages; v += c->sizes[i++]) {
		p = token_get(p, end, d, c->sizes[i], got);
		if (p == NULL || memcmp(got, v, c->sizes[i] * sizeof(*v)) != 0) {
			fputs("bench-token: decodes to something else\n", stderr);
			exit(1);
		}
	}
	if (p != end)
		exit(1);
}

/* Encodes and decodes; adds to seconds[] how long each phase took. */
static void run(const struct chunk *c, struct buf *out, double *seconds)
{
	static struct token_decoder d;
	double at[PHASES + 1];
	struct token_counts counts;
	int64_t got[TOKEN_PAGE];
	const int64_t *v = c->v;
	struct token_table t;
	const uint8_t *p;

	buf_clear(out);
	at[COUNT] = now();
	count_chunk(&counts, c);
	at[TABLE] = now();
	token_table_make(&t, &counts);
	token_table_put(out, &t);
	at[ENCODE] = now();
	for (size_t i = 0; i < c->pages; v += c->sizes[i++])
		token_put(out, &t, v, c->sizes[i]);
	at[SETUP] = now();
	p = token_table_get(out->data, out->data + out->len, &d);
	at[DECODE] = now();
	for (size_t i = 0; i < c->pages; i++)
		p = token_get(p, out->data + out->len, &d, c->sizes[i], got);
	at[PHASES] = now();
	for (unsigned k = 0; k < PHASES; k++)
		seconds[k] += at[k + 1] - at[k];
	p = token_table_get(out->data, out->data + out->len, &d);
	check(&d, p, out->data + out->len, c);
}

static void sizes(const struct chunk *c, const struct buf *out, struct totals *sum)
{
	const int64_t *v = c->v;
	struct token_counts counts;
	struct pack_plan plan;

	count_chunk(&counts, c);
	sum->values += (double)c->n;
	sum->coded += (double)out->len * 8;
	sum->entropy += entropy(c);
	sum->estimate += (double)(token_cost(&counts) + c->pages * TOKEN_PAGE_BITS);
	for (size_t i = 0; i < c->pages; v += c->sizes[i++])
		sum->packed += (double)pack_plan(&plan, v, c->sizes[i], SIZE_MAX) * 8;
}

/* All chunks, several times: the shortest time of each phase counts. */
static void measure(struct totals *sum)
{
	struct buf out = { 0 };

	for (unsigned r = 0; r < ROUNDS; r++) {
		double seconds[PHASES] = { 0 };

		for (size_t i = 0; i < chunk_number; i++) {
			run(&chunks[i], &out, seconds);
			if (r == 0)
				sizes(&chunks[i], &out, sum);
		}
		for (unsigned k = 0; k < PHASES; k++) {
			if (r == 0 || seconds[k] < sum->seconds[k])
				sum->seconds[k] = seconds[k];
		}
	}
	buf_free(&out);
}

static void add_series(const double *values, size_t n)
{
	for (size_t i = 0; i < n; i += CHUNK)
		add_chunk(values + i, n - i < CHUNK ? n - i : CHUNK);
}

int main(int argc, char **argv)
{
	double *values = malloc(MAX_POINTS * sizeof(*values)), millions;
	char line[4096], series[4096] = "";
	struct totals s = { 0 };
	size_t n = 0;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		char *stamp = strrchr(line, ' '), *value;

		if (stamp == NULL)
			continue;
		*stamp = '\0';
		value = strrchr(line, ' ');
		*value++ = '\0';
		if (strcmp(line, series) != 0 || n == MAX_POINTS) {
			add_series(values, n);
			n = 0;
			strcpy(series, line);
		}
		if (num_parse(value, strlen(value), &values[n]))
			n++;
	}
	add_series(values, n);
	measure(&s);
	millions = s.values * 1e-6;
	printf("%-16s %8.4f %8.4f %8.4f  %+5.2f %%  count %4.0f table %5.0f encode %4.0f setup %5.0f decode %4.0f\n",
	       argc > 1 ? argv[1] : "tokens", s.coded / s.values, s.entropy / s.values, s.packed / s.values,
	       (s.estimate / s.coded - 1) * 100, millions / s.seconds[COUNT], millions / s.seconds[TABLE],
	       millions / s.seconds[ENCODE], millions / s.seconds[SETUP], millions / s.seconds[DECODE]);
	free(values);
	return 0;
}
