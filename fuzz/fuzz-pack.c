/*
 * fuzz-pack.c - hostile packed integers: all kernels refuse the same, or give the same, which is what plain sums give.
 *
 * Input: how many integers (2 bytes, little-endian), a byte with order (bits 0 and 1), narrow (bit 2) and which
 * divisor (bits 3 to 7), 24 bytes of which base, before, step and factor are made, and packed integers.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/ordered.h"
#include "codec/page.h"
#include "codec/scaled.h"

#define HEAD 27
#define MOST 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What one level makes of the bytes; arrays of exactly n, so that an overrun is seen. */
struct result {
	const uint8_t *end[6];
	int64_t *ints, *x;
	int32_t *narrow;
	double *quotients, *ordered, *fixed;
};

static void start(struct result *r, size_t n)
{
	*r = (struct result){
		.ints = malloc(n * 8), .x = malloc(n * 8), .narrow = malloc(n * 4),
		.quotients = malloc(n * 8), .ordered = malloc(n * 8), .fixed = calloc(n, 8),
	};
}

static void finish(struct result *r)
{
	free(r->ints);
	free(r->x);
	free(r->narrow);
	free(r->quotients);
	free(r->ordered);
	free(r->fixed);
}

static void decode(struct result *r, const struct kernels *k, const struct page *g, double divisor, const uint8_t *p,
		   const uint8_t *end, size_t n)
{
	r->end[0] = pack_get_by(k, p, end, n, r->ints);
	r->end[1] = pack_get32_by(k, p, end, n, r->narrow);
	r->end[2] = page_ints(k, g, p, end, n, r->x);
	r->end[3] = page_quotients(k, g, divisor, p, end, n, r->quotients);
	r->end[4] = page_ordered(k, g, p, end, n, r->ordered);
	r->end[5] = page_fixes(k, p, end, n, r->fixed);
}

static void compare(const struct result *a, const struct result *b, size_t n)
{
	if (memcmp(a->end, b->end, sizeof(a->end)) != 0 ||
	    (a->end[0] != NULL && memcmp(a->ints, b->ints, n * 8) != 0) ||
	    (a->end[1] != NULL && memcmp(a->narrow, b->narrow, n * 4) != 0) ||
	    (a->end[2] != NULL && memcmp(a->x, b->x, n * 8) != 0) ||
	    (a->end[3] != NULL && memcmp(a->quotients, b->quotients, n * 8) != 0) ||
	    (a->end[4] != NULL && memcmp(a->ordered, b->ordered, n * 8) != 0) ||
	    (a->end[5] != NULL && memcmp(a->fixed, b->fixed, n * 8) != 0))
		abort();
}

/* One integer at a time, as page.h says it. */
static void sum_up(const struct result *r, const struct page *g, double divisor, size_t n)
{
	uint64_t m = (uint64_t)g->before, step = (uint64_t)g->step;

	for (size_t i = 0; i < n; i++) {
		uint64_t d = g->narrow ? (uint64_t)r->narrow[i] : (uint64_t)r->ints[i];
		int64_t x;

		step += d;
		m = g->order == 0 ? d : m + (g->order == 1 ? d : step);
		if (g->narrow)
			m = (uint64_t)(int64_t)(int32_t)(uint32_t)m;
		x = (int64_t)((uint64_t)g->base + g->factor * m);
		if (r->x[i] != x || f64_bits(r->quotients[i]) != f64_bits((double)x / divisor) ||
		    f64_bits(r->ordered[i]) != f64_bits(ordered_to_double(x)))
			abort();
	}
}

/* Integers that came out go in again, and come out. */
static void again(const int64_t *v, size_t n)
{
	int64_t *got = malloc(n * 8);
	struct pack_plan plan;
	struct buf b = { 0 };

	if (pack_plan(&plan, v, n, SIZE_MAX) != plan.bytes || !pack_put(&b, &plan, v, n) || b.len != plan.bytes ||
	    pack_get(b.data, b.data + b.len, n, got) != b.data + b.len || memcmp(got, v, n * 8) != 0)
		abort();
	buf_free(&b);
	free(got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result plain, other;
	struct page g;
	double divisor;
	size_t n;

	if (size < HEAD)
		return 0;
	n = get_u16(data) % MOST + 1;
	g = (struct page){
		.base = get_i64(data + 3), .before = get_i64(data + 11), .step = get_i64(data + 7),
		.factor = get_u64(data + 19),
		.order = data[2] % 4 % 3, .narrow = (data[2] & 4) != 0,
	};
	divisor = scale_powers[(data[2] >> 3) % (SCALE_MAX_POWER + 1)];
	start(&plain, n);
	decode(&plain, &kernels_plain, &g, divisor, data + HEAD, data + size, n);
	for (int level = CPU_PLAIN + 1; level <= (int)cpu_level(); level++) {
		start(&other, n);
		decode(&other, kernels_of((enum cpu_level)level), &g, divisor, data + HEAD, data + size, n);
		compare(&plain, &other, n);
		finish(&other);
	}
	if (plain.end[2] != NULL)
		sum_up(&plain, &g, divisor, n);
	if (plain.end[0] != NULL)
		again(plain.ints, n);
	finish(&plain);
	return 0;
}
