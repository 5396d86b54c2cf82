/* test-pack.c - codec/bits, codec/pack, codec/ints: every width and length by every kernel, hostile bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/pack.h"
#include "codec/kernels.h"

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
	bool whole = true;

	memcpy(exact, b->data, b->len);
	for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
		memset(got, 0x55, (n + 1) * sizeof(*got));
		whole = whole && pack_get_by(kernels_of((enum cpu_level)level), exact, exact + b->len, n, got) ==
				 exact + b->len &&
			memcmp(got, want, n * sizeof(*got)) == 0 && got[n] == 0x5555555555555555;
	}
	free(exact);
	return whole;
}

/* The same for narrow ones; false too if they are refused. */
static bool unpacks_narrow_to(const struct buf *b, const int64_t *want, size_t n)
{
	static int32_t got[ROOM];
	uint8_t *exact = malloc(b->len);
	bool whole = true;

	memcpy(exact, b->data, b->len);
	for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
		const struct kernels *k = kernels_of((enum cpu_level)level);

		got[n] = 0x55555555;
		whole = whole && pack_get32_by(k, exact, exact + b->len, n, got) == exact + b->len &&
			got[n] == 0x55555555;
		for (size_t i = 0; i < n && whole; i++)
			whole = got[i] == (int32_t)(uint32_t)(uint64_t)want[i];
	}
	free(exact);
	return whole;
}

static void check_pack(const int64_t *v, size_t n)
{
	struct pack_plan plan;
	struct buf b = { 0 };
	bool narrow = true;

	pack_plan(&plan, v, n, SIZE_MAX);
	assert_true(pack_put(&b, &plan, v, n));
	assert_int_equal(b.len, plan.bytes);
	assert_true(unpacks_to(&b, v, n));
	for (size_t i = 0; i < n; i++)
		narrow = narrow && v[i] == (int32_t)v[i];
	if (narrow)
		assert_true(unpacks_narrow_to(&b, v, n));
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
	static int64_t v[ROOM];
	uint64_t seed = 2;

	(void)state;
	for (unsigned width = 0; width <= 64; width++) {
		for (size_t n = 1; n <= 400; n++) {
			for (size_t i = 0; i < n; i++)
				v[i] = unzigzag(next(&seed) & bits_mask(width));
			check_pack(v, n);
			if (n % 8 != 0 && n % 128 != 127)
				continue;
			for (size_t i = 0; i < n; i++)	/* far from zero: relative to a base */
				v[i] = (int64_t)((next(&seed) & bits_mask(width)) + 123456789012345);
			check_pack(v, n);
			for (size_t i = 0; i < n; i++)
				v[i] = (int32_t)(uint32_t)((next(&seed) & bits_mask(width)) + 0x7fffff00);
			check_pack(v, n);
		}
	}
}

/* Where count-block(5) says that bit `bit` of field j of a whole group is, as a bit of the group's bytes. */
static size_t place(size_t j, unsigned w, unsigned bit)
{
	size_t lanes = w <= 32 ? 4 : 2, word = w <= 32 ? 32 : 64;
	size_t in_lane = j / lanes * w + bit;

	return (in_lane / word * lanes + j % lanes) * word + in_lane % word;
}

static void lanes(void **state)
{
	uint64_t seed = 5;
	int64_t v[PACK_GROUP];

	(void)state;
	for (unsigned w = 1; w <= 64; w++) {
		struct pack_plan plan;
		struct buf b = { 0 };

		for (size_t i = 0; i < PACK_GROUP; i++)
			v[i] = unzigzag(next(&seed) & bits_mask(w));
		v[w] = unzigzag(bits_mask(w));		/* both signs, no base */
		v[w / 2] = unzigzag(bits_mask(w) - 1);
		pack_plan(&plan, v, PACK_GROUP, SIZE_MAX);
		assert_true(pack_put(&b, &plan, v, PACK_GROUP));
		if (plan.groups[0].mode == w && plan.groups[0].exceptions == 0) {
			assert_int_equal(b.len, 1 + 16 * w);
			for (size_t i = 0; i < PACK_GROUP * w; i++) {
				size_t at = place(i / w, w, (unsigned)(i % w));

				assert_int_equal(b.data[1 + at / 8] >> at % 8 & 1, zigzag(v[i / w]) >> i % w & 1);
			}
		} else {
			assert_true(w == 1);		/* a base saves more */
		}
		buf_free(&b);
	}
}

/* Of fewer than 128 the fields are a bit string. */
static void short_group(void **state)
{
	int64_t v[PACK_GROUP];
	struct pack_plan plan;
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < PACK_GROUP; i++)
		v[i] = i % 2 == 0 ? -64 : (int64_t)i % 64;	/* 7 bits */
	pack_plan(&plan, v, 127, SIZE_MAX);
	assert_true(pack_put(&b, &plan, v, 127));
	assert_int_equal(b.len, 1 + (127 * 7 + 7) / 8);
	for (size_t i = 0; i < (size_t)127 * 7; i++)
		assert_int_equal(b.data[1 + i / 8] >> i % 8 & 1, zigzag(v[i / 7]) >> i % 7 & 1);
	buf_free(&b);
}

static void cut(void **state)
{
	int64_t v[300], got[384];
	int32_t narrow[384];
	uint64_t seed = 6;

	(void)state;
	for (unsigned trial = 0; trial < 40; trial++) {
		size_t n = 100 + next(&seed) % 200;
		struct pack_plan plan;
		struct buf b = { 0 };

		for (size_t i = 0; i < n; i++)
			v[i] = (int64_t)(next(&seed) & bits_mask(next(&seed) % 20 == 0 ? 30 : trial / 2));
		pack_plan(&plan, v, n, SIZE_MAX);
		assert_true(pack_put(&b, &plan, v, n));
		for (size_t len = 0; len < b.len; len++) {
			uint8_t *exact = malloc(len + (len == 0));

			memcpy(exact, b.data, len);
			for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
				const struct kernels *k = kernels_of((enum cpu_level)level);

				assert_null(pack_get_by(k, exact, exact + len, n, got));
				assert_null(pack_get32_by(k, exact, exact + len, n, narrow));
			}
			free(exact);
		}
		buf_free(&b);
	}
}

/* Bases and sums of narrow integers wrap; what has more than 32 bits is refused. */
static void narrow_limits(void **state)
{
	static const struct { uint8_t bytes[9]; size_t len; } wide[] = {
		{ { 33, 0, 0, 0, 0, 0 }, 6 },				/* a width of 33 */
		{ { 65 + 33, 0, 0, 0, 0, 0, 0 }, 7 },			/* the same, from a base */
		{ { 0x80 | 1, 1, 1, 32, 0, 0, 0, 0, 0 }, 9 },		/* 1 and 32 above */
	};
	static const uint8_t wraps[] = { 65 + 2, 0xff, 0xff, 0xff, 0xff, 0x1f, 3 };	/* base -2^32 + ..., field 3 */
	int64_t v[PACK_GROUP];
	int32_t narrow[PACK_GROUP];

	(void)state;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		const uint8_t *p = wide[i].bytes;

		assert_null(pack_get32(p, p + wide[i].len, 1, narrow));
		assert_ptr_equal(pack_get(p, p + wide[i].len, 1, v), p + wide[i].len);
	}
	assert_ptr_equal(pack_get(wraps, wraps + sizeof(wraps), 1, v), wraps + sizeof(wraps));
	assert_int_equal(v[0], -(INT64_C(1) << 32) + 3);
	assert_ptr_equal(pack_get32(wraps, wraps + sizeof(wraps), 1, narrow), wraps + sizeof(wraps));
	assert_int_equal(narrow[0], 3);
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

/* The bytes of n fields u at width w, exceptions included. */
static size_t price(const uint64_t *u, size_t n, unsigned w)
{
	unsigned longest = 0;
	size_t above = 0;

	for (size_t i = 0; i < n; i++) {
		longest = bits_length(u[i]) > longest ? bits_length(u[i]) : longest;
		above += bits_length(u[i]) > w;
	}
	return 1 + pack_fields_bytes(n, w) + (above == 0 ? 0 : 2 + (above * (7 + longest - w) + 7) / 8);
}

/* No other width, and no base where there are both signs, would be shorter. */
static void plans_are_least(void **state)
{
	uint64_t seed = 9, zigzags[PACK_GROUP], distances[PACK_GROUP];
	int64_t v[PACK_GROUP];

	(void)state;
	for (unsigned trial = 0; trial < 20000; trial++) {
		size_t n = trial % 2 == 0 ? PACK_GROUP : 1 + next(&seed) % PACK_GROUP, least = SIZE_MAX;
		unsigned spread = 1 + next(&seed) % 20, low = next(&seed) % 60;
		struct pack_plan plan;
		uint8_t varint[VARINT_MAX];
		int64_t min = INT64_MAX;

		for (size_t i = 0; i < n; i++) {	/* lengths fall off, faster or slower */
			unsigned w = low + (unsigned)__builtin_ctzll(next(&seed) | UINT64_C(1) << 60) * spread / 8;

			v[i] = unzigzag(next(&seed) & bits_mask(w < 64 ? w : 64));
			if (i == 0 || next(&seed) % 200 == 0)
				v[i] = -1 - (v[i] < 0 ? -(v[i] + 1) : v[i]);
			min = v[i] < min ? v[i] : min;
		}
		for (size_t i = 0; i < n; i++) {
			zigzags[i] = zigzag(v[i]);
			distances[i] = (uint64_t)v[i] - (uint64_t)min;
		}
		for (unsigned w = 0; w <= 64; w++) {
			size_t from_base = price(distances, n, w) + varint_put(varint, zigzag(min));
			size_t plain = price(zigzags, n, w);

			least = plain < least ? plain : least;
			least = w <= 62 && from_base < least ? from_base : least;
		}
		assert_int_equal(pack_plan(&plan, v, n, SIZE_MAX), least);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bit_fields),
		cmocka_unit_test(every_width_and_length),
		cmocka_unit_test(lanes),
		cmocka_unit_test(short_group),
		cmocka_unit_test(exceptions_of_every_height),
		cmocka_unit_test(extremes),
		cmocka_unit_test(exceptions_pay),
		cmocka_unit_test(plans_are_least),
		cmocka_unit_test(broken_groups),
		cmocka_unit_test(cut),
		cmocka_unit_test(narrow_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
