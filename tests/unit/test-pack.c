/* test-pack.c - codec/bits, codec/pack, codec/ints: every width, ragged ends, hostile bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/ints.h"

#define ROOM 1536

static uint64_t next(uint64_t *state)	/* splitmix64 */
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Decodes from an allocation of just that size, so that a sanitizer sees a read past it. */
static bool unpacks_to(const struct buf *b, const int64_t *want, size_t n)
{
	static int64_t got[ROOM];
	uint8_t *exact = malloc(b->len);
	bool whole;

	memcpy(exact, b->data, b->len);
	whole = pack_get(exact, exact + b->len, n, got) == exact + b->len;
	free(exact);
	return whole && memcmp(got, want, n * sizeof(*got)) == 0;
}

static void check_pack(const int64_t *v, size_t n)
{
	struct pack_plan plan;
	struct buf b = { 0 };

	pack_plan(&plan, v, n, SIZE_MAX);
	assert_true(pack_put(&b, &plan, v, n));
	assert_int_equal(b.len, plan.bytes);
	assert_true(unpacks_to(&b, v, n));
	buf_free(&b);
}

static void bit_fields(void **state)
{
	static uint8_t bytes[65 * 9 + 8];
	struct bit_writer w = { .p = bytes };
	struct bit_reader r;
	uint64_t seed = 1, v;
	uint8_t *end;

	(void)state;
	for (unsigned width = 0; width <= 64; width++)
		bits_put(&w, next(&seed) & bits_mask(width), width);
	end = bits_flush(&w);
	assert_int_equal(end - bytes, (64 * 65 / 2 + 7) / 8);
	r = (struct bit_reader){ .p = bytes, .end = end };
	seed = 1;
	for (unsigned width = 0; width <= 64; width++) {
		assert_true(bits_get(&r, width, &v));
		assert_int_equal(v, next(&seed) & bits_mask(width));
	}
	assert_ptr_equal(bits_end(&r), end);
	assert_false(bits_get(&r, 8, &v));
}

static void every_width_and_length(void **state)
{
	static const size_t lengths[] = { 1, 2, 3, 7, 8, 9, 127, 128, 129, 255, 256, 257, 1024, 1025 };
	static int64_t v[ROOM];
	uint64_t seed = 2;

	(void)state;
	for (unsigned width = 0; width <= 64; width++) {
		for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
			for (size_t i = 0; i < lengths[k]; i++)
				v[i] = unzigzag(next(&seed) & bits_mask(width));
			check_pack(v, lengths[k]);
			for (size_t i = 0; i < lengths[k]; i++)	/* far from zero: relative to a base */
				v[i] = (int64_t)((next(&seed) & bits_mask(width)) + 123456789012345);
			check_pack(v, lengths[k]);
		}
	}
}

static void exceptions_of_every_height(void **state)
{
	static int64_t v[ROOM];
	uint64_t seed = 3;

	(void)state;
	for (unsigned width = 0; width <= 64; width++) {
		for (unsigned count = 1; count <= 128; count *= 2) {
			for (size_t i = 0; i < 200; i++)
				v[i] = (int64_t)(next(&seed) & 7);
			for (unsigned e = 0; e < count; e++)
				v[next(&seed) % 200] = (int64_t)(next(&seed) & bits_mask(width));
			check_pack(v, 200);
			for (size_t i = 0; i < 200; i++)
				v[i] += 1000000;
			check_pack(v, 200);
		}
	}
}

static void extremes(void **state)
{
	int64_t v[300];

	(void)state;
	for (size_t i = 0; i < 300; i++)
		v[i] = i % 3 == 0 ? INT64_MIN : i % 3 == 1 ? INT64_MAX : 0;
	check_pack(v, 300);
	for (size_t i = 0; i < 300; i++)
		v[i] = i < 128 ? INT64_MIN : INT64_MAX;	/* bases that wrap around */
	check_pack(v, 300);
}

static void exceptions_pay(void **state)
{
	int64_t v[128] = { 0 };
	struct pack_plan plan;

	(void)state;
	v[17] = INT64_MAX;
	assert_true(pack_plan(&plan, v, 128, SIZE_MAX) < 14);
	v[17] = 0;
	assert_int_equal(pack_plan(&plan, v, 128, SIZE_MAX), 1);
}

static void broken_groups(void **state)
{
	static const struct { uint8_t bytes[8]; size_t len; const char *what; } bad[] = {
		{ { 0 }, 0, "nothing" },
		{ { 0x08, 1 }, 2, "cut fields" },
		{ { 65 }, 1, "no base" },
		{ { 65, 0x80 }, 2, "cut base" },
		{ { 0x80 }, 1, "no count of exceptions" },
		{ { 0x80, 1 }, 2, "no height" },
		{ { 0x80, 1, 0, 0, 0 }, 5, "height 0" },
		{ { 0x80, 1, 65, 0, 0 }, 5, "height 65" },
		{ { 0x80, 11, 1, 0, 0, 0, 0, 0 }, 8, "more exceptions than fields" },
		{ { 0x80, 1, 1, 10 }, 4, "position past the group" },
		{ { 0x80, 1, 8, 9 }, 4, "cut exceptions" },
		{ { 0x80, 1, 2, 9, 2 }, 5, "padding bits" },
	};
	int64_t v[PACK_GROUP];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (pack_get(bad[i].bytes, bad[i].bytes + bad[i].len, 10, v) != NULL)
			fail_msg("accepted: %s", bad[i].what);
}

static size_t check_ints(const int64_t *x, size_t n, unsigned orders)
{
	static int64_t copy[ROOM], work[ROOM], got[ROOM];
	struct buf b = { 0 };
	uint8_t *exact;
	size_t len;

	memcpy(copy, x, n * sizeof(*x));
	assert_true(ints_put(&b, copy, n, orders, SIZE_MAX, work));
	len = b.len;
	exact = malloc(len);
	memcpy(exact, b.data, len);
	assert_ptr_equal(ints_get(exact, exact + len, n, got), exact + len);
	assert_memory_equal(got, x, n * sizeof(*x));
	for (size_t cut = 0; cut < len; cut++)
		assert_true(ints_get(exact, exact + cut, n, got) != exact + len);
	free(exact);

	memcpy(copy, x, n * sizeof(*x));	/* the limit is exact */
	b.len = 0;
	assert_false(ints_put(&b, copy, n, orders, len, work));
	assert_int_equal(b.len, 0);
	memcpy(copy, x, n * sizeof(*x));
	assert_true(ints_put(&b, copy, n, orders, len + 1, work));
	assert_int_equal(b.len, len);
	buf_free(&b);
	return len;
}

static void integers(void **state)
{
	static int64_t x[ROOM];
	uint64_t seed = 4;
	size_t plain, scaled;

	(void)state;
	for (size_t n = 1; n <= 1025; n += n < 4 ? 1 : 73) {
		for (unsigned orders = 1; orders <= 7; orders++) {
			for (size_t i = 0; i < n; i++)
				x[i] = (int64_t)next(&seed);
			check_ints(x, n, orders);
			for (size_t i = 0; i < n; i++)
				x[i] = (int64_t)(next(&seed) % 3 * (UINT64_C(1) << 63) + i * i);
			check_ints(x, n, orders);
		}
	}
	for (size_t i = 0; i < 1000; i++)
		x[i] = (int64_t)(next(&seed) % 100);
	plain = check_ints(x, 1000, INTS_ANY_ORDER);
	for (size_t i = 0; i < 1000; i++)
		x[i] = -1234567890123 + x[i] * 60000;
	scaled = check_ints(x, 1000, INTS_ANY_ORDER);
	assert_in_range(scaled, plain, plain + 12);	/* a common factor costs its own name */
	for (size_t i = 0; i < 1000; i++)
		x[i] = (int64_t)(i * i * 3 + 7 * i);
	assert_in_range(check_ints(x, 1000, INTS_ANY_ORDER), 1, 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bit_fields),
		cmocka_unit_test(every_width_and_length),
		cmocka_unit_test(exceptions_of_every_height),
		cmocka_unit_test(extremes),
		cmocka_unit_test(exceptions_pay),
		cmocka_unit_test(broken_groups),
		cmocka_unit_test(integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
