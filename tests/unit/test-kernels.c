/*
 * test-kernels.c - codec/page and codec/kernels: every level gives the bits that plain arithmetic gives, one integer
 * at a time, and a division is the division.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/coder.h"
#include "codec/page.h"
#include "codec/scaled.h"

#define MOST 1200

static uint64_t next(uint64_t *state)	/* splitmix64 */
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* x of a page from what its order leaves of m, as page.h says it. */
static void expect(const struct page *g, const int64_t *left, size_t n, int64_t *x)
{
	uint64_t m = (uint64_t)g->before, step = (uint64_t)g->step;

	for (size_t i = 0; i < n; i++) {
		uint64_t d = (uint64_t)left[i];

		step += d;
		m = g->order == 0 ? d : m + (g->order == 1 ? d : step);
		if (g->narrow)
			m = (uint64_t)(int64_t)(int32_t)(uint32_t)m;
		x[i] = (int64_t)((uint64_t)g->base + g->factor * m);
	}
}

/* Exactly n entries come, from bytes after which nothing may be read. */
struct decoded { int64_t *x; double *quotients, *ordered; uint8_t *bytes; };

static void check_level(const struct kernels *k, const struct page *g, double divisor, const struct decoded *to,
			size_t len, size_t n, const int64_t *want)
{
	const uint8_t *p = to->bytes, *end = p + len;

	assert_ptr_equal(page_ints(k, g, p, end, n, to->x), end);
	assert_ptr_equal(page_quotients(k, g, divisor, p, end, n, to->quotients), end);
	assert_ptr_equal(page_ordered(k, g, p, end, n, to->ordered), end);
	for (size_t i = 0; i < n; i++) {
		double quotient = (double)want[i] / divisor;

		if (to->x[i] != want[i] || f64_bits(to->quotients[i]) != f64_bits(quotient) ||
		    f64_bits(to->ordered[i]) != f64_bits(ordered_to_double(want[i])))
			fail_msg("%s, order %d%s, factor %llu, first %lld, divisor %g: entry %zu of %zu", k->name,
				 g->order, g->narrow ? ", narrow" : "", (unsigned long long)g->factor,
				 (long long)g->base, divisor, i, n);
	}
}

static void check_page(const struct page *g, double divisor, const int64_t *left, size_t n)
{
	static int64_t want[MOST];
	struct decoded to = { malloc(n * 8), malloc(n * 8), malloc(n * 8), NULL };
	struct pack_plan plan;
	struct buf b = { 0 };

	pack_plan(&plan, left, n, SIZE_MAX);
	assert_true(pack_put(&b, &plan, left, n));
	to.bytes = malloc(b.len + 1);
	if (b.len != 0)
		memcpy(to.bytes, b.data, b.len);
	expect(g, left, n, want);
	for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++)
		check_level(kernels_of((enum cpu_level)level), g, divisor, &to, b.len, n, want);
	for (size_t cut = 0; cut < b.len; cut += 1 + cut / 16)
		assert_true(page_ints(kernels_best(), g, to.bytes, to.bytes + cut, n, to.x) != to.bytes + b.len);
	free(to.x);
	free(to.quotients);
	free(to.ordered);
	free(to.bytes);
	buf_free(&b);
}

/* Integers that pack to fields of that width, with some exceptions; a narrow page has them in 32 bits. */
static void fill(int64_t *left, size_t n, unsigned width, bool narrow, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++) {
		unsigned w = next(seed) % 40 == 0 ? width + 9 : width;

		left[i] = unzigzag(next(seed) & bits_mask(w < 64 ? w : 64));
		if (next(seed) % 512 < 2 * width)
			left[i] = 0;
		if (narrow)
			left[i] = (int32_t)(uint32_t)left[i];
	}
}

static void pages(void **state)
{
	static const size_t lengths[] = { 1, 2, 3, 100, 126, 127, 128, 129, 130, 255, 1023, 1024, 1025, 1026 };
	static const uint64_t factors[] = { 1, 5, 60000, KERNELS_MAX_FACTOR, KERNELS_MAX_FACTOR + 1,
					    UINT64_C(1) << 40, UINT64_MAX };
	static const int64_t firsts[] = { 0, -1, 123456789, KERNELS_MAX_FIRST, -KERNELS_MAX_FIRST,
					  KERNELS_MAX_FIRST + 1, INT64_MIN, INT64_MAX };
	static const double divisors[] = { 1, 2, 7, 10, 100, 9999, 1e5, 1e15, 1e22 };
	static int64_t left[MOST];
	uint64_t seed = 5;

	(void)state;
	for (unsigned width = 0; width <= 64; width++) {
		for (unsigned trial = 0; trial < 42; trial++) {
			struct page g = {
				.base = firsts[next(&seed) % 8],
				.before = (int64_t)(next(&seed) & bits_mask(width)),
				.step = (int64_t)(next(&seed) & bits_mask(width)),
				.factor = factors[next(&seed) % 7],
				.order = (uint8_t)(trial % 3),
				.narrow = trial % 2 == 0,
			};
			size_t n = lengths[trial % 14];

			fill(left, n, width, g.narrow, &seed);
			check_page(&g, divisors[next(&seed) % 9], left, n);
		}
	}
}

/* Long runs of one base after the other, so that bases are exercised, and steps between them. */
static void based_pages(void **state)
{
	static int64_t left[MOST];
	uint64_t seed = 6;

	(void)state;
	for (unsigned trial = 0; trial < 60; trial++) {
		struct page g = { .factor = 1, .order = (uint8_t)(trial % 3), .narrow = trial % 2 == 0 };

		for (size_t i = 0; i < 1024; i++) {
			left[i] = (int64_t)(next(&seed) % (1 + trial)) + 1000000 * (int64_t)(i / 100);
			if (trial % 5 == 0)
				left[i] = -left[i];
		}
		check_page(&g, 10, left, 1024);
	}
}

/* Two groups of fields of one width that no plan would choose, from a base or zigzags. */
struct edge {
	struct page page;
	unsigned width;
	bool based;
	int64_t base;
};

#define SHAPES 5		/* of fields: all least, all greatest, both, the greatest but one, any */

static uint64_t edge_field(unsigned shape, unsigned width, size_t i, uint64_t *seed)
{
	uint64_t most = bits_mask(width);

	switch (shape) {
	case 0: return 0;
	case 1: return most;
	case 2: return i % 2 == 0 ? 0 : most;
	case 3: return most - (most != 0);
	default: return next(seed) & most;
	}
}

static void check_shape(const struct edge *e, unsigned shape, uint64_t *seed)
{
	int64_t left[2 * PACK_GROUP], want[2 * PACK_GROUP], x[2 * PACK_GROUP];
	double quotients[2 * PACK_GROUP], ordered[2 * PACK_GROUP];
	struct decoded to = { x, quotients, ordered, NULL };
	struct pack_plan plan = { 0 };
	struct buf b = { 0 };

	for (size_t i = 0; i < 2; i++)
		plan.groups[i] = (struct pack_group){ .base = e->base, .width = (uint8_t)e->width,
						      .mode = (uint8_t)(e->width + (e->based ? PACK_MODE_BASE : 0)) };
	for (size_t i = 0; i < 2 * PACK_GROUP; i++) {
		uint64_t u = edge_field(shape, e->width, i, seed);

		left[i] = e->based ? (int64_t)((uint64_t)e->base + u) : unzigzag(u);
	}
	assert_true(pack_put(&b, &plan, left, 2 * PACK_GROUP));
	to.bytes = b.data;
	expect(&e->page, left, 2 * PACK_GROUP, want);
	for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++)
		check_level(kernels_of((enum cpu_level)level), &e->page, 100, &to, b.len, 2 * PACK_GROUP, want);
	buf_free(&b);
}

static void check_edge(const struct edge *e, uint64_t *seed)
{
	for (unsigned shape = 0; shape < SHAPES; shape++)
		check_shape(e, shape, seed);
}

/* A power of two, or one beside it, of either sign. */
static int64_t beside_power(unsigned power, uint64_t *seed)
{
	uint64_t v = (UINT64_C(1) << power) + next(seed) % 3 - 1;

	return (int64_t)(next(seed) % 2 == 0 ? v : 0 - v);
}

/* Around all limits of what is computed in 32 bits or in doubles. */
static void edges(void **state)
{
	static const uint64_t factors[] = { 1, 2, 3, 5, KERNELS_MAX_FACTOR, KERNELS_MAX_FACTOR + 1,
					    UINT64_C(1) << 31, UINT64_C(1) << 52, UINT64_MAX };
	uint64_t seed = 10;

	(void)state;
	for (unsigned width = 0; width <= 64; width++) {
		for (unsigned trial = 0; trial < 60; trial++) {
			struct edge e = { .width = width, .based = trial % 2 == 1 && width <= 62 };

			e.page.order = (uint8_t)(trial % 3);
			e.page.base = beside_power(trial % 4 == 0 ? 53 : next(&seed) % 64, &seed);
			e.page.before = beside_power(next(&seed) % 64, &seed);
			e.page.step = beside_power(next(&seed) % (trial % 5 == 0 ? 64 : 26), &seed);
			e.page.factor = trial % 4 == 0 ? 1 : factors[next(&seed) % 9];
			if (e.based)
				e.base = beside_power(next(&seed) % (trial % 7 == 0 ? 64 : 34), &seed);
			check_edge(&e, &seed);
		}
	}
}

/* The furthest that steps and bases may go if the sums of a group are to be integers of 32 bits, and further. */
static void near_edges(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (unsigned width = 0; width <= 26; width++) {
		int64_t most = INT64_C(1) << width, half = (most + 1) / 2, all = INT64_C(1) << 31;
		int64_t step = (all - 8256 * half) / 128, base = all / 128 - most, second = all / 8256 - most;

		for (unsigned trial = 0; trial < 14; trial++) {
			int64_t sign = trial % 2 == 0 ? 1 : -1, by = (int64_t)(trial / 2) - 3;
			struct edge e = { .width = width };

			e.page = (struct page){ .base = 1, .before = INT64_C(1) << 40, .factor = 3, .order = 2 };
			e.page.step = sign * (step + by);
			check_edge(&e, &seed);
			e.based = true;
			e.page.step = 0;
			e.base = sign * (second + by);
			check_edge(&e, &seed);
			e.page.order = 1;
			e.base = sign * (base + by);
			check_edge(&e, &seed);
		}
	}
}

/* The fields of which an order makes m, all of which are 0 but one. */
static void lone_fields(unsigned order, size_t at, uint64_t m, uint64_t u[PACK_GROUP])
{
	uint64_t left[3] = { m, order == 0 ? 0 : order == 1 ? 0 - m : 0 - 2 * m, order == 2 ? m : 0 };

	memset(u, 0, PACK_GROUP * sizeof(*u));
	for (size_t i = 0; i < 3 && at + i < PACK_GROUP; i++)
		u[at + i] = left[i] << 1 ^ (0 - (left[i] >> 63));
}

static void check_long(const struct kernels *k, const struct sums *from, size_t at, uint64_t m, bool fits)
{
	uint64_t u[PACK_GROUP];
	double values[PACK_GROUP];
	struct sums s = *from;

	lone_fields(s.order, at, m, u);
	if (k->quotients64(&s, u, values) != fits)
		fail_msg("%s, order %d, factor %llu: m[%zu] = %lld %s", k->name, s.order,
			 (unsigned long long)s.factor, at, (long long)m, fits ? "is refused" : "is taken");
	if (!fits) {
		assert_memory_equal(&s, from, sizeof(s));
		return;
	}
	for (size_t i = 0; i < PACK_GROUP; i++) {
		int64_t x = (int64_t)(s.first + (i == at ? s.factor * m : 0));

		assert_int_equal(f64_bits(values[i]), f64_bits((double)x / s.divisor));
	}
}

/* quotients64 takes exactly what it says, wherever in the group it stands. */
static void long_limits(void **state)
{
	(void)state;
	for (unsigned trial = 0; trial < 54 * 2 * 3; trial++) {
		unsigned length = trial / 6;
		uint64_t limit = UINT64_C(1) << (length < 2 ? 51 : 53 - length);
		struct sums s = { .order = (uint8_t)(trial % 3), .zigzag = true, .first = (uint64_t)KERNELS_MAX_FIRST };

		s.factor = (UINT64_C(1) << length) - (trial / 3 % 2 != 0 && length > 1);
		sums_divide(&s, trial % 2 == 0 ? 1 : 1000);
		for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
			const struct kernels *k = kernels_of((enum cpu_level)level);

			for (size_t at = 0; at < PACK_GROUP; at++) {
				check_long(k, &s, at, limit - 1, length <= 52);
				check_long(k, &s, at, limit, false);
				check_long(k, &s, at, 0 - limit, length <= 52);
				check_long(k, &s, at, 0 - limit - 1, false);
			}
		}
	}
}

static void check_quotients(const int64_t x[PACK_GROUP], double divisor)
{
	double got[PACK_GROUP];
	struct sums s = { 0 };

	sums_divide(&s, divisor);
	for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
		const struct kernels *k = kernels_of((enum cpu_level)level);

		k->quotients(&s, x, got);
		for (size_t i = 0; i < PACK_GROUP; i++)
			if (f64_bits(got[i]) != f64_bits((double)x[i] / divisor))
				fail_msg("%s: %lld / %g is not %.17g", k->name, (long long)x[i], divisor, got[i]);
	}
}

/* x of any length and sign. */
static void random_dividends(int64_t x[PACK_GROUP], uint64_t *seed)
{
	for (size_t i = 0; i < PACK_GROUP; i++)
		x[i] = (int64_t)next(seed) >> next(seed) % 64;
}

/* x for which x / (odd * a power of two) is as near as can be to the middle between two doubles. */
static void hard_dividends(int64_t x[PACK_GROUP], uint64_t odd, uint64_t *seed)
{
	for (size_t i = 0; i < PACK_GROUP; i += 2) {
		uint64_t middle = (next(seed) | UINT64_C(1) << 63) >> 10 | 1;	/* 54 bits, odd */
		unsigned __int128 product = (unsigned __int128)middle * odd;

		while (product >> 53 != 0)
			product >>= 1;
		x[i] = (int64_t)product;
		x[i + 1] = -(int64_t)product - 1;
	}
}

static void divisions(void **state)
{
	int64_t x[PACK_GROUP];
	uint64_t seed = 7, odd = 1;

	(void)state;
	for (unsigned k = 0; k <= SCALE_MAX_POWER; k++, odd *= 5) {
		for (unsigned round = 0; round < 300; round++) {
			random_dividends(x, &seed);
			check_quotients(x, scale_powers[k]);
			hard_dividends(x, odd, &seed);
			check_quotients(x, scale_powers[k]);
		}
	}
	for (unsigned q = 1; q <= SCALE_MAX_QUOTIENT; q++) {
		random_dividends(x, &seed);
		check_quotients(x, q);
		hard_dividends(x, q >> __builtin_ctz(q), &seed);
		check_quotients(x, q);
	}
}

static void fixes(void **state)
{
	static double values[MOST], want[MOST];
	static int64_t fix[MOST];
	uint64_t seed = 8;

	(void)state;
	for (unsigned trial = 0; trial < 200; trial++) {
		size_t n = 1 + next(&seed) % 1100;
		struct pack_plan plan;
		struct buf b = { 0 };
		uint8_t *exact;

		for (size_t i = 0; i < n; i++) {
			fix[i] = next(&seed) % (trial + 1) == 0 ? (int64_t)next(&seed) >> next(&seed) % 64 : 0;
			if (trial % 3 == 0 && trial % 2 == 0)
				fix[i] += 1000;		/* from a base */
			values[i] = f64_from_bits(next(&seed));
			want[i] = f64_from_bits(f64_bits(values[i]) + (uint64_t)fix[i]);
		}
		pack_plan(&plan, fix, n, SIZE_MAX);
		assert_true(pack_put(&b, &plan, fix, n));
		exact = malloc(b.len);
		memcpy(exact, b.data, b.len);
		assert_ptr_equal(page_fixes(kernels_best(), exact, exact + b.len, n, values), exact + b.len);
		assert_memory_equal(values, want, n * sizeof(*want));
		assert_true(page_fixes(kernels_best(), exact, exact + b.len - 1, n, values) == NULL);
		free(exact);
		buf_free(&b);
	}
}

/* What a coder other than packing has decoded. */
static void unpacked_pages(void **state)
{
	static int64_t left[MOST], want[MOST], x[MOST];
	static _Alignas(uint64_t) uint32_t low[MOST];
	static double values[MOST];
	uint64_t seed = 9;

	(void)state;
	for (unsigned trial = 0; trial < 120; trial++) {
		struct page g = {
			.base = 77,
			.before = 12345678901,
			.step = -5,
			.factor = trial % 5 == 0 ? UINT64_C(1) << 50 : 1 + trial % 7,
			.order = (uint8_t)(trial % 3),
			.narrow = trial % 2 == 0,
		};
		const void *from = g.narrow ? (const void *)low : left;
		size_t n = 1 + next(&seed) % 1100;

		fill(left, n, 1 + trial % 60, g.narrow, &seed);
		for (size_t i = 0; i < n; i++)
			low[i] = (uint32_t)left[i];
		expect(&g, left, n, want);
		for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
			const struct kernels *k = kernels_of((enum cpu_level)level);

			x[n] = 4711;
			page_ints_of(k, &g, from, n, x);
			assert_memory_equal(x, want, n * sizeof(*x));
			assert_int_equal(x[n], 4711);
			page_quotients_of(k, &g, 1000, from, n, values);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(f64_bits(values[i]), f64_bits((double)want[i] / 1000));
			page_ordered_of(k, &g, from, n, values);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(f64_bits(values[i]), f64_bits(ordered_to_double(want[i])));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages),
		cmocka_unit_test(based_pages),
		cmocka_unit_test(unpacked_pages),
		cmocka_unit_test(edges),
		cmocka_unit_test(near_edges),
		cmocka_unit_test(long_limits),
		cmocka_unit_test(divisions),
		cmocka_unit_test(fixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
