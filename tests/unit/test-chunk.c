/*
 * test-chunk.c - codec/chunk: every codec gives back the same bits, is chosen where it should be,
 * and survives cut and flipped bytes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/coder.h"

static int64_t times[CHUNK_MAX_POINTS], got_times[CHUNK_MAX_POINTS];
static double values[CHUNK_MAX_POINTS], got_values[CHUNK_MAX_POINTS];
static struct chunk_coder *coder;

static const size_t sizes[] = { 1, 2, 3, 127, 128, 129, 1023, 1024, 1025, 8192 };
#define NSIZES (sizeof(sizes) / sizeof(sizes[0]))

static uint64_t next(uint64_t *state)	/* splitmix64 */
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Every codec that takes the values must give them back, from an allocation of just that size. */
static void check_values(size_t n)
{
	struct buf b = { 0 };
	const struct value_codec *codec;

	for (uint8_t id = 0; (codec = value_codec_find(id)) != NULL; id++) {
		uint8_t *exact;

		b.len = 0;
		if (!codec->put(coder, values, n, SIZE_MAX, &b))
			continue;
		exact = malloc(b.len + (b.len == 0));
		if (b.len != 0)
			memcpy(exact, b.data, b.len);
		memset(got_values, 0x55, n * sizeof(*got_values));
		if (!codec->get(coder, exact, exact + b.len, n, got_values))
			fail_msg("%s: %zu values not decoded", codec->name, n);
		if (memcmp(values, got_values, n * sizeof(*values)) != 0)
			fail_msg("%s: %zu values differ", codec->name, n);
		free(exact);
	}
	buf_free(&b);
}

static void check_times(size_t n)
{
	struct buf b = { 0 };
	const struct time_codec *codec;

	for (uint8_t id = 0; (codec = time_codec_find(id)) != NULL; id++) {
		uint8_t *exact;

		b.len = 0;
		if (!codec->put(coder, times, n, SIZE_MAX, &b))
			continue;
		exact = malloc(b.len);
		memcpy(exact, b.data, b.len);
		memset(got_times, 0x55, n * sizeof(*got_times));
		if (!codec->get(coder, exact, exact + b.len, n, got_times))
			fail_msg("%s: %zu times not decoded", codec->name, n);
		if (memcmp(times, got_times, n * sizeof(*times)) != 0)
			fail_msg("%s: %zu times differ", codec->name, n);
		free(exact);
	}
	buf_free(&b);
}

/* The name of the codec that wins, and its size. */
static const char *value_winner(size_t n, size_t *len)
{
	struct buf b = { 0 };
	uint8_t id;

	check_values(n);
	assert_int_equal(chunk_encode_values(coder, values, n, &b, &id), COUNT_OK);
	assert_int_equal(chunk_decode_values(coder, b.data, b.len, id, n, got_values), COUNT_OK);
	assert_memory_equal(values, got_values, n * sizeof(*values));
	*len = b.len;
	buf_free(&b);
	return chunk_value_codec_name(id);
}

static const char *time_winner(size_t n, size_t *len)
{
	struct buf b = { 0 };
	uint8_t id;

	check_times(n);
	assert_int_equal(chunk_encode_times(coder, times, n, &b, &id), COUNT_OK);
	assert_int_equal(chunk_decode_times(coder, b.data, b.len, id, n, got_times), COUNT_OK);
	assert_memory_equal(times, got_times, n * sizeof(*times));
	*len = b.len;
	buf_free(&b);
	return chunk_time_codec_name(id);
}

static const uint64_t specials[] = {	/* bits */
	0, UINT64_C(0x8000000000000000),				/* zeros */
	1, UINT64_C(0x8000000000000001), UINT64_C(0x000fffffffffffff),	/* subnormal */
	UINT64_C(0x0010000000000000), UINT64_C(0x7fefffffffffffff),	/* least normal, greatest */
	UINT64_C(0xffefffffffffffff),
	UINT64_C(0x7ff0000000000000), UINT64_C(0xfff0000000000000),	/* infinities */
	UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000000),	/* NaN, with payloads too */
	UINT64_C(0x7ff0000000000001), UINT64_C(0x7ff8dead0000beef), UINT64_C(0xffffffffffffffff),
	UINT64_C(0x3ff0000000000000), UINT64_C(0x433fffffffffffff),	/* 1, 2^53 - 1 */
	UINT64_C(0x4340000000000000), UINT64_C(0x4340000000000001), UINT64_C(0x43e0000000000000),
	UINT64_C(0xc3e0000000000000), UINT64_C(0x4320000000000001),	/* -2^63, 2^51 + 0.5 */
};
#define NSPECIALS (sizeof(specials) / sizeof(specials[0]))

static void special_values(void **state)
{
	uint64_t seed = 1;
	size_t len;

	(void)state;
	for (size_t k = 0; k < NSIZES; k++) {
		for (size_t s = 0; s < NSPECIALS; s++) {	/* alone, then among decimals */
			for (size_t i = 0; i < sizes[k]; i++)
				values[i] = f64_from_bits(specials[s]);
			value_winner(sizes[k], &len);
			assert_in_range(len, 0, 8);
			if (sizes[k] > 1025)
				continue;
			for (size_t i = 0; i < sizes[k]; i++)
				if (next(&seed) % 16 != 0)
					values[i] = ((double)(next(&seed) % 2000) - 1000) / 100;
			value_winner(sizes[k], &len);
		}
		for (size_t i = 0; i < sizes[k]; i++)
			values[i] = f64_from_bits(specials[next(&seed) % NSPECIALS]);
		value_winner(sizes[k], &len);
	}
}

static void random_bits(void **state)
{
	uint64_t seed = 2;
	size_t len;

	(void)state;
	for (size_t k = 0; k < NSIZES; k++) {
		for (size_t i = 0; i < sizes[k]; i++)
			values[i] = f64_from_bits(next(&seed));
		value_winner(sizes[k], &len);
		assert_in_range(len, 1, 8 * sizes[k]);
		for (size_t i = 0; i < sizes[k]; i++)
			values[i] = f64_from_bits(next(&seed) >> (next(&seed) % 64));
		value_winner(sizes[k], &len);
	}
}

static void decimals_of_every_power(void **state)
{
	uint64_t seed = 3;
	size_t len;

	(void)state;
	for (int k = 0; k <= 22; k++) {
		for (unsigned width = 1; width <= 50; width += 7) {
			const char *name;

			for (size_t i = 0; i < 1024; i++) {
				char text[64];
				int64_t x = unzigzag(next(&seed) & bits_mask(width));

				snprintf(text, sizeof(text), "%llde-%d", (long long)x, k);
				values[i] = strtod(text, NULL);
			}
			name = value_winner(1024, &len);
			if (width == 22)	/* 22 bits, a little more for headers */
				assert_in_range(len, 1024 * 20 / 8, 1024 * 24 / 8);
			if (width == 29)
				assert_string_equal(name, "decimal");
		}
	}
}

static void ulps_off(void **state)
{
	size_t len;

	(void)state;
	for (size_t i = 0; i < 1024; i++)
		values[i] = (double)(i * 7919 % 1000) * 0.1 + 0.2;	/* 0.30000000000000004 */
	assert_string_equal(value_winner(1024, &len), "decimal");
	assert_in_range(len, 1, 1024 * 14 / 8);
	values[100] = NAN;			/* strays cost little */
	values[200] = -INFINITY;
	values[300] = M_PI;
	values[400] = -0.0;
	assert_string_equal(value_winner(1024, &len), "decimal");
	assert_in_range(len, 1, 1024 * 14 / 8 + 4 * 12);
}

static void quotients(void **state)
{
	uint64_t seed = 4;
	size_t len;

	(void)state;
	for (int q = 3; q <= 10000; q = q * 3 + 2) {
		for (size_t i = 0; i < 1024; i++)
			values[i] = ((double)(next(&seed) % 100000) - 50000) / q;
		value_winner(1024, &len);
		assert_in_range(len, 1, 1024 * 18 / 8);
		for (size_t i = 0; i < 1024; i++) {
			char text[64];

			snprintf(text, sizeof(text), "%.15g", values[i]);
			values[i] = strtod(text, NULL);
		}
		value_winner(1024, &len);
		assert_in_range(len, 1, 1024 * 18 / 8);
	}
	for (size_t i = 0; i < 1024; i++)
		values[i] = (double)(next(&seed) % 100000) / 60;
	assert_string_equal(value_winner(1024, &len), "quotient");
	for (size_t i = 0; i < 1024; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%.15g", values[i]);
		values[i] = strtod(text, NULL);
	}
	assert_string_equal(value_winner(1024, &len), "quotient15");
}

static void shapes(void **state)
{
	uint64_t seed = 5;
	double set[20];
	size_t len;

	(void)state;
	for (size_t i = 0; i < 20; i++)
		set[i] = f64_from_bits(next(&seed) >> 2);
	for (size_t i = 0; i < 1024; i++)
		values[i] = set[next(&seed) % 20];
	assert_string_equal(value_winner(1024, &len), "dictionary");
	assert_in_range(len, 1, 1024 * 5 / 8 + 200);
	for (size_t i = 0; i < 1024; i++)
		values[i] = (double)(float)(1 + (double)(next(&seed) >> 44) * 0x1p-20);
	assert_string_equal(value_winner(1024, &len), "ordered");
	assert_in_range(len, 1, 1024 * 23 / 8);
	for (size_t i = 0; i < 1024; i++)	/* bits switch to and fro in the middle */
		values[i] = f64_from_bits(UINT64_C(0x4037a1b2c3d4e5f6) ^
					  (uint64_t)(i % 2) << (i * 7 % 52));
	value_winner(1024, &len);
	for (size_t i = 0; i < 1024; i++)	/* a counter */
		values[i] = 1e15 + (double)(i * 4096);
	assert_string_equal(value_winner(1024, &len), "decimal");
	assert_in_range(len, 1, 32);
}

static void time_shapes(void **state)
{
	static const int64_t edges[] = { 1, 63, 64, 65, 127, 128, 255, 256, 2047, 2048, 1 << 20,
					 INT64_C(1) << 40 };
	uint64_t seed = 6;
	size_t len;

	(void)state;
	for (size_t k = 0; k < NSIZES; k++) {
		for (size_t i = 0; i < sizes[k]; i++)
			times[i] = 1700000000000 + (int64_t)i * 10000;
		assert_string_equal(time_winner(sizes[k], &len), "regular");
		for (size_t e = 0; e < sizeof(edges) / sizeof(edges[0]); e++) {
			for (size_t i = 1; i < sizes[k]; i++)
				times[i] = times[i - 1] + 1 + (int64_t)(next(&seed) % 3) * edges[e];
			time_winner(sizes[k], &len);
		}
		for (size_t i = 0; i < sizes[k]; i++)
			times[i] = (int64_t)next(&seed);	/* any order, wrapping gaps */
		time_winner(sizes[k], &len);
		for (size_t i = 0; i < sizes[k]; i++)
			times[i] = i % 2 == 0 ? INT64_MIN : INT64_MAX;
		time_winner(sizes[k], &len);
	}
	for (size_t i = 0; i < 1024; i++)	/* jitter around a grid */
		times[i] = 1700000000000 + (int64_t)i * 60000 + (int64_t)(next(&seed) % 512);
	assert_string_equal(time_winner(1024, &len), "grid");
	assert_in_range(len, 1, 1024 * 9 / 8 + 48);
	times[0] = 0;
	for (size_t i = 1; i < 1024; i++)	/* whole seconds in nanoseconds */
		times[i] = times[i - 1] + 1000000000 * (int64_t)(1 + next(&seed) % 16);
	time_winner(1024, &len);
	assert_in_range(len, 1, 1024 * 5 / 8 + 48);
}

static void fill_mixture(uint64_t *seed, size_t n)
{
	int64_t t = (int64_t)(*seed % 1000000);

	for (size_t i = 0; i < n; i++) {
		t += 1 + (int64_t)(next(seed) % (*seed % 7 == 0 ? 100000 : 3));
		times[i] = t;
		switch (next(seed) % (1 + *seed % 5)) {
		case 0: values[i] = (double)(next(seed) % 1000) / 10; break;
		case 1: values[i] = i == 0 ? 1 : values[i - 1]; break;
		case 2: values[i] = (double)(next(seed) % 1000) / 7; break;
		case 3: values[i] = (double)(next(seed) % 1000) * 0.01; break;
		default: values[i] = f64_from_bits(next(seed)); break;
		}
	}
}

static void mixtures(void **state)
{
	uint64_t seed = 7;
	size_t len;

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t n = 1 + next(&seed) % 700;

		fill_mixture(&seed, n);
		time_winner(n, &len);
		value_winner(n, &len);
	}
}

/* Decoding must end, and stay inside its arrays; a sanitizer sees whether it does. */
static void damage(void **state)
{
	uint64_t seed = 8;
	const struct value_codec *codec;
	const struct time_codec *tc;
	struct buf b = { 0 };

	(void)state;
	for (int round = 0; round < 24; round++) {
		size_t n = round < 4 ? (size_t)round + 1 : 1 + next(&seed) % 300;

		fill_mixture(&seed, n);
		if (round % 3 == 0)
			for (size_t i = 0; i < n; i++)
				values[i] = (double)(next(&seed) % 50) / (round % 2 ? 60 : 10);
		for (uint8_t id = 1; (codec = value_codec_find(id)) != NULL; id++) {
			b.len = 0;
			if (!codec->put(coder, values, n, SIZE_MAX, &b))
				continue;
			for (size_t cut = 0; cut < b.len; cut++) {
				uint8_t *exact = malloc(cut + 1);

				memcpy(exact + 1, b.data, cut);	/* shorter: refused, but for constants */
				if (codec->get(coder, exact + 1, exact + 1 + cut, n, got_values) &&
				    codec != &value_constant)
					fail_msg("%s: accepted %zu of %zu bytes", codec->name, cut,
						 b.len);
				free(exact);
			}
			for (size_t bit = 0; bit < b.len * 8; bit++) {
				b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
				codec->get(coder, b.data, b.data + b.len, n, got_values);
				b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			}
		}
		for (uint8_t id = 1; (tc = time_codec_find(id)) != NULL; id++) {
			b.len = 0;
			if (!tc->put(coder, times, n, SIZE_MAX, &b))
				continue;
			for (size_t cut = 0; cut < b.len; cut++) {
				uint8_t *exact = malloc(cut + 1);

				memcpy(exact + 1, b.data, cut);
				if (tc->get(coder, exact + 1, exact + 1 + cut, n, got_times))
					fail_msg("%s: accepted %zu of %zu bytes", tc->name, cut, b.len);
				free(exact);
			}
			for (size_t bit = 0; bit < b.len * 8; bit++) {
				b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
				tc->get(coder, b.data, b.data + b.len, n, got_times);
				b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			}
		}
	}
	buf_free(&b);
}

/* Well-formed but for one thing each. */
static void broken_columns(void **state)
{
	static const uint8_t nested[] = { 1, 5, 13, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0 };
	static const uint8_t rank[] = { 1, 1, 0, 0, 2 }, none[] = { 0, 1, 0, 0, 0 };
	static const uint8_t many[] = { 2, 1, 0, 0, 0 }, power[] = { 23, 0, 0 };
	static const uint8_t flags[] = { 2, 60, 0, 0 }, zero[] = { 0, 0, 0, 0 };
	static const uint8_t large[] = { 0, 0x91, 0x4e, 0, 0 }, order[] = { 3, 0 };
	static const uint8_t unused[] = { 8, 0 }, trailing[] = { 0, 0, 0 };
	static const uint8_t wide[] = { 1 | 7 << 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const struct { uint8_t id; const uint8_t *p; size_t len; const char *what; } bad[] = {
		{ 5, nested, sizeof(nested), "a dictionary in a dictionary" },
		{ 5, rank, sizeof(rank), "a rank beyond the dictionary" },
		{ 5, none, sizeof(none), "an empty dictionary" },
		{ 5, many, sizeof(many), "more distinct values than values" },
		{ 2, power, sizeof(power), "10^23" },
		{ 6, flags, sizeof(flags), "an unknown flag" },
		{ 6, zero, sizeof(zero), "division by zero" },
		{ 7, large, sizeof(large), "a denominator of 10001" },
		{ 3, order, sizeof(order), "order 3" },
		{ 3, unused, sizeof(unused), "an unknown bit of integers" },
		{ 3, trailing, sizeof(trailing), "a byte too many" },
		{ 4, wide, sizeof(wide), "a field wider than a double" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (chunk_decode_values(coder, bad[i].p, bad[i].len, bad[i].id, 1, got_values) !=
		    COUNT_ERR_CORRUPT)
			fail_msg("accepted: %s", bad[i].what);
}

static void both_columns(void **state)
{
	uint64_t seed = 9;
	struct chunk_codecs ids;
	struct buf b = { 0 };

	(void)state;
	buf_put(&b, "before", 6);
	for (size_t k = 0; k < NSIZES; k++) {
		const uint8_t *p;
		size_t n = sizes[k], len;

		fill_mixture(&seed, n);
		b.len = 6;
		assert_int_equal(chunk_encode(coder, times, values, n, &b, &ids), COUNT_OK);
		assert_memory_equal(b.data, "before", 6);
		p = b.data + 6;
		len = b.len - 6;
		assert_in_range(len, 1, n * CHUNK_MAX_POINT_BYTES + 64);
		assert_int_equal(chunk_decode(coder, p, len, ids, n, got_times, got_values), COUNT_OK);
		assert_memory_equal(times, got_times, n * sizeof(*times));
		assert_memory_equal(values, got_values, n * sizeof(*values));
		memset(got_values, 0, sizeof(got_values));
		assert_int_equal(chunk_decode(coder, p, len, ids, n, NULL, got_values), COUNT_OK);
		assert_memory_equal(values, got_values, n * sizeof(*values));
		assert_int_equal(chunk_decode(coder, p, len, ids, n, got_times, NULL), COUNT_OK);
		assert_int_equal(chunk_decode(coder, p, 0, ids, n, got_times, NULL), COUNT_ERR_CORRUPT);
	}
	buf_free(&b);
}

static void refusals(void **state)
{
	struct chunk_codecs ids;
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(chunk_encode(coder, times, values, 0, &b, &ids), COUNT_ERR_INVALID);
	assert_int_equal(chunk_encode(coder, times, values, CHUNK_MAX_POINTS + 1, &b, &ids),
			 COUNT_ERR_INVALID);
	assert_int_equal(chunk_decode_times(coder, NULL, 0, 0, CHUNK_MAX_POINTS + 1, got_times),
			 COUNT_ERR_INVALID);
	assert_int_equal(chunk_decode_times(coder, NULL, 0, 200, 1, got_times), COUNT_ERR_VERSION);
	assert_int_equal(chunk_decode_values(coder, NULL, 0, 200, 1, got_values), COUNT_ERR_VERSION);
	assert_null(chunk_time_codec_name(200));
	assert_null(chunk_value_codec_name(200));
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void stable_ids(void **state)
{
	(void)state;
	assert_string_equal(chunk_time_codec_name(0), "raw");
	assert_string_equal(chunk_time_codec_name(1), "regular");
	assert_string_equal(chunk_time_codec_name(2), "delta");
	assert_string_equal(chunk_time_codec_name(3), "delta-of-delta");
	assert_string_equal(chunk_time_codec_name(4), "grid");
	assert_string_equal(chunk_value_codec_name(0), "raw");
	assert_string_equal(chunk_value_codec_name(1), "constant");
	assert_string_equal(chunk_value_codec_name(2), "decimal");
	assert_string_equal(chunk_value_codec_name(3), "ordered");
	assert_string_equal(chunk_value_codec_name(4), "xor");
	assert_string_equal(chunk_value_codec_name(5), "dictionary");
	assert_string_equal(chunk_value_codec_name(6), "quotient");
	assert_string_equal(chunk_value_codec_name(7), "quotient15");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_values),
		cmocka_unit_test(random_bits),
		cmocka_unit_test(decimals_of_every_power),
		cmocka_unit_test(ulps_off),
		cmocka_unit_test(quotients),
		cmocka_unit_test(shapes),
		cmocka_unit_test(time_shapes),
		cmocka_unit_test(mixtures),
		cmocka_unit_test(damage),
		cmocka_unit_test(broken_columns),
		cmocka_unit_test(both_columns),
		cmocka_unit_test(refusals),
		cmocka_unit_test(stable_ids),
	};
	int failed;

	coder = chunk_coder_new();
	if (coder == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	chunk_coder_delete(coder);
	return failed;
}
