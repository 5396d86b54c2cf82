/* test-token.c - codec/token: every bit length and page length, skewed tables, prices, hostile bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/token_fit.h"

static struct token_decoder decoder;

static uint64_t next(uint64_t *state)	/* splitmix64 */
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Table and pages of n values; returns where the pages begin. */
static size_t encode(struct buf *b, const int64_t *v, size_t n, int64_t centre)
{
	struct token_counts counts;
	struct token_table t;
	size_t at;

	token_count_start(&counts, centre);
	for (size_t i = 0; i < n; i += TOKEN_PAGE)
		token_count(&counts, v + i, n - i < TOKEN_PAGE ? n - i : TOKEN_PAGE);
	token_table_make(&t, &counts);
	assert_true(token_table_put(b, &t));
	at = b->len;
	assert_int_equal(at, t.bytes);
	for (size_t i = 0; i < n; i += TOKEN_PAGE)
		assert_true(token_put(b, &t, v + i, n - i < TOKEN_PAGE ? n - i : TOKEN_PAGE));
	return at;
}

/* Decodes n values from an allocation of just that size, so that a sanitizer sees a read past it. */
static bool decodes(const uint8_t *bytes, size_t len, size_t n, int64_t *v)
{
	uint8_t *exact = malloc(len), *end = exact + len;
	const uint8_t *p;

	memcpy(exact, bytes, len);
	p = token_table_get(exact, end, &decoder);
	for (size_t i = 0; i < n && p != NULL; i += TOKEN_PAGE) {
		size_t m = n - i < TOKEN_PAGE ? n - i : TOKEN_PAGE;
		int64_t *page = malloc(m * sizeof(*page));

		p = token_get(p, end, &decoder, m, page);
		if (p != NULL)
			memcpy(v + i, page, m * sizeof(*page));
		free(page);
	}
	free(exact);
	return p == end;
}

static size_t round_trip(const int64_t *v, size_t n, int64_t centre)
{
	int64_t *got = calloc(n, sizeof(*got));
	struct buf b = { 0 };
	size_t len;

	encode(&b, v, n, centre);
	assert_true(decodes(b.data, b.len, n, got));
	assert_memory_equal(got, v, n * sizeof(*v));
	len = b.len;
	free(got);
	buf_free(&b);
	return len;
}

static int64_t of_width(uint64_t *seed, unsigned width)
{
	return unzigzag(next(seed) & bits_mask(width));
}

static void tokens_and_their_ranges(void **state)
{
	(void)state;
	for (unsigned fine = 0; fine <= TOKEN_MAX_FINE; fine++) {
		unsigned raw;

		for (unsigned t = 0; t < token_number(fine); t++) {
			uint64_t base = token_base(t, fine), last = base + bits_mask(token_raw(t, fine));

			assert_int_equal(token_of(base, fine, &raw), t);
			assert_int_equal(raw, token_raw(t, fine));
			assert_int_equal(token_of(last, fine, &raw), t);
			if (t + 1 < token_number(fine))
				assert_int_equal(token_base(t + 1, fine), last + 1);
			else
				assert_true(last == UINT64_MAX);
		}
	}
}

static void every_width(void **state)
{
	static int64_t v[2 * TOKEN_PAGE + 100];
	uint64_t seed = 1;

	(void)state;
	for (unsigned width = 0; width <= 64; width++) {
		for (unsigned least = 0; least <= width; least += 1 + width / 4) {
			for (size_t i = 0; i < 2 * TOKEN_PAGE + 100; i++)
				v[i] = of_width(&seed, least + (unsigned)(next(&seed) % (width - least + 1)));
			round_trip(v, 2 * TOKEN_PAGE + 100, 0);
			round_trip(v, 100, 0);
		}
	}
}

static void every_length(void **state)
{
	static int64_t v[1100];
	uint64_t seed = 2;

	(void)state;
	for (size_t n = 1; n <= 1100; n++) {
		for (size_t i = 0; i < n; i++)
			v[i] = of_width(&seed, (unsigned)(next(&seed) % (1 + n % 20)));
		round_trip(v, n, 0);
	}
}

static void one_token(void **state)
{
	static int64_t v[1024];

	(void)state;
	for (unsigned width = 0; width <= 64; width++) {
		uint64_t seed = width;

		for (size_t i = 0; i < 1024; i++)
			v[i] = unzigzag(width < 2 ? width : UINT64_C(1) << (width - 1));
		assert_in_range(round_trip(v, 1024, 0), 2, 3 + (width > 4 ? 128 * (width - 4) : 0));
		v[0] = 5;
		v[1] = -9;
		for (size_t i = 2; i < 1024; i++)
			v[i] = (next(&seed) & 1) != 0 ? v[0] : v[1];
		round_trip(v, 1024, 0);
	}
}

/* One value in many is another one: the page must cost next to nothing. */
static void spikes(void **state)
{
	static int64_t v[8 * 1024];
	uint64_t seed = 3;

	(void)state;
	round_trip(v, 8 * 1024, 0);
	for (unsigned every = 2; every <= 8192; every *= 2) {
		memset(v, 0, sizeof(v));
		for (size_t i = every - 1; i < 8 * 1024; i += every)
			v[i] = of_width(&seed, (unsigned)(next(&seed) % 65));
		round_trip(v, 8 * 1024, 0);
	}
	memset(v, 0, sizeof(v));
	v[4000] = 1;
	assert_in_range(round_trip(v, 8 * 1024, 0), 8, 64);
}

static void extremes_and_centres(void **state)
{
	static const int64_t edges[] = { INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1, -1, 0, 1, 2,
		INT64_C(1) << 62, -(INT64_C(1) << 62), INT64_C(1) << 57, INT64_C(1) << 31, -(INT64_C(1) << 31) };
	static int64_t v[1024];
	uint64_t seed = 4;

	(void)state;
	for (size_t e = 0; e < sizeof(edges) / sizeof(*edges); e++) {
		round_trip(&edges[e], 1, 0);
		round_trip(edges, e + 1, edges[e]);
		for (size_t i = 0; i < 1024; i++)
			v[i] = (int64_t)((uint64_t)edges[e] + next(&seed) % 100);
		round_trip(v, 1024, 0);
		assert_in_range(round_trip(v, 1024, edges[e]), 500, 1024);
		for (size_t i = 0; i < 1024; i++)
			v[i] = edges[next(&seed) % (sizeof(edges) / sizeof(*edges))];
		round_trip(v, 1024, edges[e]);
	}
}

/* Frequencies over four orders of magnitude, in each direction. */
static void skewed_tables(void **state)
{
	static int64_t v[8192];
	uint64_t seed = 5;

	(void)state;
	for (unsigned shape = 0; shape < 64; shape++) {
		unsigned reach = 2 + shape;

		for (size_t i = 0; i < 8192; i++) {
			unsigned k = (unsigned)__builtin_ctzll(next(&seed) | UINT64_C(1) << 40);

			k = k * (1 + shape % 5) % reach;
			v[i] = of_width(&seed, (shape & 1) != 0 ? k : reach - k);
		}
		round_trip(v, 8192, 0);
	}
	for (size_t i = 0; i < 8192; i++)		/* as many tokens as there can be */
		v[i] = of_width(&seed, (unsigned)(i % 65));
	round_trip(v, 8192, 0);
}

static void any_levels_make_a_table(void **state)
{
	uint64_t seed = 6;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned span = 2 + (unsigned)(next(&seed) % 255), resolution = (unsigned)(next(&seed) % 3), sum = 0;
		unsigned range = 1 + (unsigned)(next(&seed) % 63);
		int8_t level[TOKEN_SPAN];
		uint16_t freq[TOKEN_SPAN];

		range = range >> (2 - resolution);
		for (unsigned i = 0; i < span; i++)
			level[i] = i != 0 && i + 1 != span && next(&seed) % 4 == 0 ? INT8_MIN :
				   (int8_t)(next(&seed) % (range + 1));
		token_frequencies(level, span, resolution, 10, freq);
		for (unsigned i = 0; i < span; i++) {
			assert_true((freq[i] == 0) == (level[i] == INT8_MIN));
			sum += freq[i];
		}
		assert_int_equal(sum, 1024);
		token_frequencies(level, span, resolution, 12, freq);
		for (unsigned i = sum = 0; i < span; i++)
			sum += freq[i];
		assert_int_equal(sum, 4096);
	}
}

/* A normal distribution, more or less: sums of uniform numbers. */
static void bells(int64_t *v, size_t n, unsigned width, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t sum = 0;

		for (unsigned k = 0; k < 8; k++)
			sum += next(seed) & bits_mask(width);
		v[i] = (int64_t)(sum - 4 * bits_mask(width));
	}
}

static void prices(void **state)
{
	static int64_t v[8192];
	uint64_t seed = 7;

	(void)state;
	for (unsigned width = 1; width < 40; width++) {
		uint32_t lengths[65] = { 0 };
		struct token_counts counts;
		double bits, price;

		bells(v, 8192, width, &seed);
		token_count_start(&counts, 0);
		token_count(&counts, v, 8192);
		for (size_t i = 0; i < 8192; i++)
			lengths[bits_length(zigzag(v[i]))]++;
		bits = (double)round_trip(v, 8192, 0) * 8;
		price = (double)token_cost(&counts) + 8 * TOKEN_PAGE_BITS;
		assert_true(price > bits * 0.99 && price < bits * 1.01);
		price = (double)token_cost_lengths(lengths) + 8 * TOKEN_PAGE_BITS;
		assert_true(price > bits * 0.99 && price < bits * 1.08);
	}
}

static void check_joins(const struct token_decoder *d, const uint8_t *token, const uint8_t *raw, size_t n)
{
	static int64_t want[TOKEN_PAGE], got[TOKEN_PAGE + 1];
	static uint32_t low[TOKEN_PAGE + 1];
	size_t bits = token_join_rest(d, token, raw, 0, n, want, false);

	for (enum cpu_level level = CPU_PLAIN; level <= cpu_level(); level++) {
		got[n] = 4711;
		low[n] = 4712;
		assert_int_equal(token_join_of(d, false, level)(d, token, raw, n, got), bits);
		assert_memory_equal(got, want, n * sizeof(*want));
		assert_int_equal(token_join_of(d, true, level)(d, token, raw, n, low), bits);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(low[i], (uint32_t)want[i]);
		assert_int_equal(got[n], 4711);
		assert_int_equal(low[n], 4712);
	}
}

static void kernels_agree(void **state)
{
	static uint8_t raw[TOKEN_PAGE * 8 + TOKEN_RAW_SLACK], token[TOKEN_PAGE];
	uint64_t seed = 12;

	(void)state;
	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = (uint8_t)next(&seed);
	for (unsigned round = 0; round < 4000; round++) {
		size_t n = 1 + (size_t)(next(&seed) % TOKEN_PAGE);
		struct token_decoder *d = &decoder;
		unsigned all;

		d->fine = (uint8_t)(round % (TOKEN_MAX_FINE + 1));
		all = token_number(d->fine) >> next(&seed) % 4;		/* some tables have long raw bits, some short */
		d->first = (uint16_t)(next(&seed) % all);
		d->span = (uint16_t)(1 + next(&seed) % (all - d->first) % TOKEN_SPAN);
		d->centre = (int64_t)next(&seed);
		for (unsigned i = 0; i < d->span; i++) {
			d->raw[i] = (uint8_t)token_raw(d->first + i, d->fine);
			d->base[i] = token_base(d->first + i, d->fine);
		}
		d->longest = d->raw[d->span - 1];
		for (size_t i = 0; i < n; i++)
			token[i] = (uint8_t)(round % 8 < 4 ? next(&seed) % d->span : d->span - 1u);
		check_joins(d, token, raw, n);
	}
}

static void a_value_without_token(void **state)
{
	int64_t v[] = { 1, 2, 3, 100, 1000 }, other[] = { 1, 2, 50 }, huge[] = { INT64_MIN };
	struct token_counts counts;
	struct token_table t;
	struct buf b = { 0 };

	(void)state;
	token_count_start(&counts, 0);
	token_count(&counts, v, 5);
	token_table_make(&t, &counts);
	assert_false(token_put(&b, &t, other, 3));
	assert_false(token_put(&b, &t, huge, 1));
	assert_false(b.failed);
	assert_int_equal(b.len, 0);
	assert_true(token_put(&b, &t, v, 2));
	buf_free(&b);
}

static void pages_are_independent(void **state)
{
	static int64_t v[1500], got[1024];
	struct token_counts counts;
	const uint8_t *p, *end;
	struct buf b = { 0 };
	struct token_table t;
	uint64_t seed = 8;
	size_t second;

	(void)state;
	bells(v, 1500, 8, &seed);
	token_count_start(&counts, 3);
	token_count(&counts, v, 1500);
	token_table_make(&t, &counts);
	token_table_put(&b, &t);
	token_put(&b, &t, v, 1024);
	second = b.len;
	token_put(&b, &t, v + 1024, 476);
	token_put(&b, &t, v, 0);
	end = b.data + b.len;
	p = token_table_get(b.data, end, &decoder);
	assert_non_null(p);
	assert_ptr_equal(token_get(b.data + second, end, &decoder, 476, got), end);
	assert_memory_equal(got, v + 1024, 476 * sizeof(*got));
	assert_ptr_equal(token_get(p, end, &decoder, 1024, got), b.data + second);
	assert_memory_equal(got, v, 1024 * sizeof(*got));
	assert_ptr_equal(token_get(end, end, &decoder, 0, got), end);
	buf_free(&b);
}

/* Reads pages one by one and again with some of them read ahead: the same, whether they are whole or not. */
static void same_ahead(const struct token_bytes *page, unsigned number)
{
	static int64_t want[TOKEN_PAGE], got[TOKEN_PAGE];

	for (unsigned n = 1; n <= number; n++) {
		for (unsigned i = 0; i < number; i++) {
			const uint8_t *past;

			decoder.ahead_n = 0;
			past = token_get(page[i].p, page[i].end, &decoder, TOKEN_PAGE, want);
			token_ahead(&decoder, page, n);
			assert_ptr_equal(token_get(page[i].p, page[i].end, &decoder, TOKEN_PAGE, got), past);
			if (past != NULL)
				assert_memory_equal(got, want, sizeof(got));
		}
	}
}

/* Pages of any number of bits, from next to none; whole, cut, with bits flipped. */
static void pages_read_ahead(void **state)
{
	static int64_t v[TOKEN_AHEAD * TOKEN_PAGE];
	uint64_t seed = 14;

	(void)state;
	for (unsigned round = 0; round < 80; round++) {
		struct token_bytes page[TOKEN_AHEAD];
		struct buf b = { 0 };
		uint8_t *exact;
		size_t at;

		for (size_t i = 0; i < TOKEN_AHEAD * TOKEN_PAGE; i++)
			v[i] = next(&seed) >> 44 < UINT64_C(1) << (i / TOKEN_PAGE * 3) ?
			       of_width(&seed, 1 + round % 20) : round % 3;
		at = encode(&b, v, TOKEN_AHEAD * TOKEN_PAGE, 0);
		exact = malloc(b.len);
		memcpy(exact, b.data, b.len);
		token_table_get(exact, exact + b.len, &decoder);
		for (unsigned i = 0; i < TOKEN_AHEAD; i++) {
			page[i].p = exact + at;
			at = (size_t)(token_get(page[i].p, exact + b.len, &decoder, TOKEN_PAGE, v) - exact);
			page[i].end = exact + at;
		}
		same_ahead(page, TOKEN_AHEAD);
		at = next(&seed) % TOKEN_AHEAD;
		if (round % 2 == 0)
			page[at].end -= next(&seed) % (size_t)(page[at].end - page[at].p + 1);
		else
			exact[(size_t)(page[0].p - exact) + next(&seed) % (size_t)(page[7].end - page[0].p)] ^=
				(uint8_t)(1u << next(&seed) % 8);
		same_ahead(page, TOKEN_AHEAD);
		free(exact);
		buf_free(&b);
	}
}

static void cuts(void **state)
{
	static int64_t v[1100], got[1100];
	uint64_t seed = 9;

	(void)state;
	for (unsigned width = 0; width < 60; width += 7) {
		struct buf b = { 0 };

		bells(v, 1100, width, &seed);
		for (size_t n = 1; n <= 1100; n += 1 + n * 2 / 3) {
			buf_clear(&b);
			encode(&b, v, n, 0);
			for (size_t len = 0; len < b.len; len++)
				assert_false(decodes(b.data, len, n, got));
		}
		buf_free(&b);
	}
}

/* Most flips are found out, by the states if nothing else; none does harm. */
static void flipped_bits(void **state)
{
	static int64_t v[1024], got[1024];
	uint64_t seed = 10;
	size_t flips = 0, found = 0;

	(void)state;
	for (unsigned width = 0; width < 64; width += 9) {
		struct buf b = { 0 };
		size_t pages;

		for (size_t i = 0; i < 1024; i++)
			v[i] = of_width(&seed, (unsigned)(next(&seed) % (width + 1)));
		pages = encode(&b, v, 1024, width == 9 ? 5 : 0);
		for (size_t bit = 0; bit < b.len * 8 && bit < 4096; bit++) {
			b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (bit >= pages * 8 && bit < pages * 8 + 2000 && width > 0) {
				flips++;
				found += !decodes(b.data, b.len, 1024, got);
			} else {
				decodes(b.data, b.len, 1024, got);
			}
			b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		buf_free(&b);
	}
	assert_true(found > flips * 9 / 10);
}

/* How many of 1000 flips in the bits from `from` to `to` are found out. */
static unsigned found_of(struct buf *b, size_t from, size_t to)
{
	static int64_t got[1024];
	size_t found = 0;

	for (size_t bit = from; bit < to; bit++) {
		b->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		found += !decodes(b->data, b->len, 1024, got);
		b->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	return (unsigned)(found * 1000 / (to - from));
}

/*
 * States must end as they began: what is flipped is found out, or makes what another page would be.  First all
 * values have 3 raw bits and one of two tokens, so nothing else tells; then there are no raw bits for the states.
 */
static void final_states_are_checked(void **state)
{
	static int64_t v[1024];
	struct buf b = { 0 };
	uint64_t seed = 13;
	size_t pages;

	(void)state;
	for (size_t i = 0; i < 1024; i++)
		v[i] = unzigzag((next(&seed) % 3 == 0 ? 24 : 16) + next(&seed) % 8);
	pages = encode(&b, v, 1024, 0);
	assert_in_range(b.len - pages, 1024 * 3 / 8 + 110, 1024 * 3 / 8 + 130);
	assert_in_range(found_of(&b, pages * 8, b.len * 8 - 1024 * 3), 950, 1000);
	buf_clear(&b);
	for (size_t i = 0; i < 1024; i++)
		v[i] = next(&seed) % 3 == 0 ? -1 : 0;
	pages = encode(&b, v, 1024, 0);
	assert_in_range(found_of(&b, pages * 8, b.len * 8), 990, 1000);
	buf_free(&b);
}

static bool table_is_read(int8_t low, int8_t high, uint8_t resolution)
{
	struct token_table t = { .span = 3, .slot_bits = 12, .resolution = resolution };
	struct buf b = { 0 };
	bool whole;

	t.level[0] = 0;
	t.level[1] = low;
	t.level[2] = high;
	token_table_measure(&t);
	assert_true(token_table_put(&b, &t));
	whole = token_table_get(b.data, b.data + b.len, &decoder) == b.data + b.len;
	buf_free(&b);
	return whole;
}

static void levels_too_far_apart(void **state)
{
	(void)state;
	for (uint8_t r = 0; r <= 2; r++) {
		int8_t range = (int8_t)(63 >> (2 - r));

		assert_true(table_is_read((int8_t)-range, 0, r));
		assert_true(table_is_read(0, range, r));
		assert_true(table_is_read(-4, (int8_t)(range - 4), r));
		assert_false(table_is_read((int8_t)(-range - 1), 0, r));
		assert_false(table_is_read(0, (int8_t)(range + 1), r));
		assert_false(table_is_read(-4, (int8_t)(range - 3), r));
	}
}

static void random_bytes(void **state)
{
	static uint8_t bytes[3000];
	static int64_t got[1024];
	uint64_t seed = 11;

	(void)state;
	for (unsigned round = 0; round < 30000; round++) {
		size_t len = (size_t)(next(&seed) % (round % 16 == 0 ? sizeof(bytes) : 60));

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)next(&seed);
		decodes(bytes, len, 1 + (size_t)(next(&seed) % 1024), got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_and_their_ranges),
		cmocka_unit_test(every_width),
		cmocka_unit_test(every_length),
		cmocka_unit_test(one_token),
		cmocka_unit_test(spikes),
		cmocka_unit_test(extremes_and_centres),
		cmocka_unit_test(skewed_tables),
		cmocka_unit_test(any_levels_make_a_table),
		cmocka_unit_test(prices),
		cmocka_unit_test(kernels_agree),
		cmocka_unit_test(a_value_without_token),
		cmocka_unit_test(pages_are_independent),
		cmocka_unit_test(pages_read_ahead),
		cmocka_unit_test(cuts),
		cmocka_unit_test(flipped_bits),
		cmocka_unit_test(final_states_are_checked),
		cmocka_unit_test(levels_too_far_apart),
		cmocka_unit_test(random_bytes),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
