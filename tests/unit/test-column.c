/*
 * test-column.c - codec/column: points come back bit for bit at every level, pages decode alone, and the encoding
 * chosen is the one that should be.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/coder.h"

static int64_t times[COLUMN_MAX_POINTS], got_times[COLUMN_MAX_POINTS];
static double values[COLUMN_MAX_POINTS], got_values[COLUMN_MAX_POINTS];
static struct chunk_coder *coder;

static const size_t sizes[] = { 1, 2, 3, 7, 8, 126, 127, 128, 129, 255, 256, 511, 512, 1023, 1024, 1025, 1026, 1152,
				2047, 2048, 2049, 7169, 8191, 8192 };
#define NSIZES (sizeof(sizes) / sizeof(sizes[0]))
#define LEVELS 3

static uint64_t next(uint64_t *state)	/* splitmix64 */
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static double digits15(double v)	/* as printed so and read back */
{
	char text[64];

	snprintf(text, sizeof(text), "%.15g", v);
	return strtod(text, NULL);
}

/* A copy of exactly that many bytes, so that a sanitizer sees a read past the end. */
static uint8_t *exact_copy(const struct buf *b, size_t len)
{
	uint8_t *p = malloc(len + (len == 0));

	if (len != 0)
		memcpy(p, b->data, len);
	return p;
}

/* Decodes everything, each page by itself, and some runs of pages; all must be the same. */
static void check_values(const struct column_dict *dict, const struct buf *b, size_t n)
{
	uint8_t *p = exact_copy(b, b->len);
	unsigned pages = column_pages(n);

	for (unsigned from = 0; from < pages; from++) {
		for (unsigned count = 1; count <= pages - from; count += count == 1 ? pages : 1) {
			size_t at = (size_t)from * COLUMN_PAGE, len = (size_t)(count - 1) * COLUMN_PAGE +
				    column_page_len(n, from + count - 1);
			double *out = malloc(len * sizeof(*out));

			memset(out, 0x55, len * sizeof(*out));
			assert_int_equal(column_decode_values(coder, p, b->len, dict, n, from, count, out), COUNT_OK);
			if (memcmp(out, values + at, len * sizeof(*out)) != 0)
				fail_msg("%zu values, %s: page %u differs", n, column_values_name(p, b->len, n), from);
			free(out);
		}
	}
	assert_int_equal(column_decode_values(coder, p, b->len, dict, n, 0, pages, got_values), COUNT_OK);
	assert_memory_equal(values, got_values, n * sizeof(*values));
	free(p);
}

static void check_times(const struct buf *b, size_t n)
{
	uint8_t *p = exact_copy(b, b->len);
	unsigned pages = column_pages(n);

	for (unsigned from = 0; from < pages; from++) {
		size_t len = column_page_len(n, from);
		int64_t *out = malloc(len * sizeof(*out));

		assert_int_equal(column_decode_times(coder, p, b->len, times[0], times[n - 1], n, from, 1, out),
				 COUNT_OK);
		if (memcmp(out, times + (size_t)from * COLUMN_PAGE, len * sizeof(*out)) != 0)
			fail_msg("%zu times, %s: page %u differs", n, column_times_name(p, b->len, n), from);
		free(out);
	}
	assert_int_equal(column_decode_times(coder, p, b->len, times[0], times[n - 1], n, 0, pages, got_times),
			 COUNT_OK);
	assert_memory_equal(times, got_times, n * sizeof(*times));
	free(p);
}

/* Encodes at a level behind some bytes and checks; the name of what was chosen and its length. */
static const char *encode_values(enum column_level level, size_t n, size_t *len)
{
	struct buf b = { 0 }, own;
	const char *name;
	bool used;

	buf_put(&b, "before", 6);
	assert_int_equal(column_encode_values(coder, level, NULL, values, n, &b, &used), COUNT_OK);
	assert_memory_equal(b.data, "before", 6);
	assert_false(used);
	own = (struct buf){ .data = b.data + 6, .len = b.len - 6 };
	check_values(NULL, &own, n);
	assert_in_range(own.len, 0, n * COLUMN_MAX_POINT_BYTES + 64);
	name = column_values_name(own.data, own.len, n);
	*len = own.len;
	buf_free(&b);
	return name;
}

/* At all levels; what the default one chose, and its length. */
static const char *encode_all(size_t n, size_t *len)
{
	const char *name;
	size_t other;

	for (size_t i = 0; i < n; i++)
		got_values[i] = values[i];
	encode_values(COLUMN_FAST, n, &other);
	name = encode_values(COLUMN_DEFAULT, n, len);
	encode_values(COLUMN_MAX, n, &other);
	assert_in_range(other, 0, *len + *len / 10 + 16);	/* takes longer, so must be no worse, by and large */
	return name;
}

static const char *encode_times(size_t n, size_t *len)
{
	const char *name = NULL;

	for (int level = LEVELS - 1; level >= 0; level--) {
		struct buf b = { 0 };

		assert_int_equal(column_encode_times(coder, (enum column_level)level, times, n, &b), COUNT_OK);
		check_times(&b, n);
		assert_in_range(b.len, 0, n * COLUMN_MAX_POINT_BYTES + 64);
		if (level == COLUMN_DEFAULT) {
			name = column_times_name(b.data, b.len, n);
			*len = b.len;
		}
		buf_free(&b);
	}
	return name;
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
			assert_string_equal(encode_all(sizes[k], &len), s == 0 ? "zero" : "constant");
			assert_in_range(len, 0, 9);
			if (sizes[k] > 1025)
				continue;
			for (size_t i = 0; i < sizes[k]; i++)
				if (next(&seed) % 16 != 0)
					values[i] = ((double)(next(&seed) % 2000) - 1000) / 100;
			encode_all(sizes[k], &len);
		}
		for (size_t i = 0; i < sizes[k]; i++)
			values[i] = f64_from_bits(specials[next(&seed) % NSPECIALS]);
		encode_all(sizes[k], &len);
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
		encode_all(sizes[k], &len);
		assert_in_range(len, 1, 8 * sizes[k] + 3 * column_pages(sizes[k]) + 1);
		for (size_t i = 0; i < sizes[k]; i++)
			values[i] = f64_from_bits(next(&seed) >> (next(&seed) % 64));
		encode_all(sizes[k], &len);
	}
}

static void decimals_of_every_power(void **state)
{
	uint64_t seed = 3;
	size_t len;

	(void)state;
	for (int k = 0; k <= 23; k++) {
		for (unsigned width = 1; width <= 57; width += 7) {
			const char *name;

			for (size_t i = 0; i < 1024; i++) {
				char text[64];
				int64_t x = unzigzag(next(&seed) & bits_mask(width));

				snprintf(text, sizeof(text), "%llde-%d", (long long)x, k);
				values[i] = strtod(text, NULL);
			}
			name = encode_all(1024, &len);
			if (width == 22 && k <= 22)	/* 22 bits, a little more for headers */
				assert_in_range(len, 1024 * 20 / 8, 1024 * 24 / 8);
			if (width == 29 && k <= 22)
				assert_string_equal(name, "decimal");
		}
	}
}

/* Integers around powers of two, over every power of ten: where products and quotients round. */
static void edges_of_numbers(void **state)
{
	size_t len;

	(void)state;
	for (int k = 0; k <= 22; k++) {
		for (unsigned bit = 49; bit <= 54; bit++) {
			for (int64_t off = -256; off < 256; off++) {
				int64_t x = (INT64_C(1) << bit) + off * (1 + (off & 3));
				double v = (double)x / scale_powers[k];

				values[off + 256] = (off & 1) != 0 ? -v : v;
			}
			encode_all(512, &len);
			for (size_t i = 0; i < 512; i++)	/* and some ulps off */
				values[i] = f64_from_bits(f64_bits(values[i]) + (i * 7 % 5) - 2);
			encode_all(512, &len);
		}
	}
}

static void ulps_off(void **state)
{
	size_t len;

	(void)state;
	for (size_t i = 0; i < 1024; i++)
		values[i] = (double)(i * 7919 % 1000) * 0.1 + 0.2;	/* 0.30000000000000004 */
	assert_non_null(strstr(encode_all(1024, &len), "decimal"));
	assert_in_range(len, 1, 1024 * 14 / 8);
	values[100] = (double)NAN;		/* strays cost little */
	values[200] = (double)-INFINITY;
	values[300] = M_PI;
	values[400] = -0.0;
	assert_non_null(strstr(encode_all(1024, &len), "decimal"));
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
		encode_all(1024, &len);
		assert_in_range(len, 1, 1024 * 18 / 8);
		for (size_t i = 0; i < 1024; i++)
			values[i] = digits15(values[i]);
		encode_all(1024, &len);
		assert_in_range(len, 1, 1024 * 18 / 8);
	}
	for (size_t i = 0; i < 1024; i++)
		values[i] = (double)(next(&seed) % 100000) / 60;
	assert_string_equal(encode_all(1024, &len), "quotient");
	for (size_t i = 0; i < 1024; i++)
		values[i] = digits15(values[i]);
	assert_string_equal(encode_all(1024, &len), "quotient15");
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
	assert_non_null(strstr(encode_all(1024, &len), "set"));
	assert_in_range(len, 1, 1024 * 5 / 8 + 200);
	for (size_t i = 0; i < 1024; i++)
		values[i] = (double)(float)(1 + (double)(next(&seed) >> 44) * 0x1p-20);
	assert_non_null(strstr(encode_all(1024, &len), "ordered"));
	assert_in_range(len, 1, 1024 * 23 / 8);
	for (size_t i = 0; i < 1024; i++)	/* bits switch to and fro in the middle */
		values[i] = f64_from_bits(UINT64_C(0x4037a1b2c3d4e5f6) ^ (uint64_t)(i % 2) << (i * 7 % 52));
	encode_all(1024, &len);
	for (size_t i = 0; i < 8192; i++)	/* a counter */
		values[i] = 1e15 + (double)(i * 4096);
	assert_non_null(strstr(encode_all(8192, &len), "decimal"));
	assert_in_range(len, 1, 120);
	for (size_t i = 0; i < 8192; i++)	/* mostly small, seldom large: tokens */
		values[i] = (double)(next(&seed) >> (24 + next(&seed) % 30));
	assert_string_equal(encode_all(8192, &len), "decimal, tokens");
	for (size_t i = 1024; i < 3072; i++)	/* pages that are constant, and zero */
		values[i] = i < 2048 ? 17.25 : 0;
	encode_all(8192, &len);
	for (size_t i = 0; i < 8192; i++)	/* two halves of different nature */
		values[i] = i < 4096 ? (double)(next(&seed) % 10000) / 100 : f64_from_bits(next(&seed) >> 2);
	encode_all(8192, &len);
	for (size_t i = 0; i < 8192; i++)	/* pages with two values each, none in common, the first with one */
		values[i] = set[i < 1024 ? 0 : i / 1024 * 2 + next(&seed) % 2];
	assert_string_equal(encode_all(8192, &len), "mixed");
	assert_in_range(len, 1, 7 * (1024 / 8 + 60));
}

static void time_shapes(void **state)
{
	static const int64_t edges[] = { 1, 63, 64, 65, 127, 128, 255, 256, 2047, 2048, 1 << 20, INT64_C(1) << 40 };
	uint64_t seed = 6;
	size_t len;

	(void)state;
	for (size_t k = 0; k < NSIZES; k++) {
		size_t n = sizes[k];

		for (size_t i = 0; i < n; i++)
			times[i] = 1700000000000 + (int64_t)i * 10000;
		assert_string_equal(encode_times(n, &len), "regular");
		assert_int_equal(len, 0);
		for (size_t e = 0; e < sizeof(edges) / sizeof(edges[0]); e++) {
			for (size_t i = 1; i < n; i++)
				times[i] = times[i - 1] + 1 + (int64_t)(next(&seed) % 3) * edges[e];
			encode_times(n, &len);
		}
		for (size_t i = 0; i < n; i++)		/* both ends of what there is */
			times[i] = i < n / 2 ? INT64_MIN + (int64_t)i : INT64_MAX - (int64_t)(n - 1 - i);
		encode_times(n, &len);
		for (size_t i = 0; i < n; i++)
			times[i] = (int64_t)next(&seed);	/* any order, wrapping gaps */
		encode_times(n, &len);
		times[0] = INT64_MIN;
		for (size_t i = 1; i < n; i++)
			times[i] = (int64_t)((uint64_t)times[i - 1] + UINT64_MAX / n);
		encode_times(n, &len);
	}
	for (size_t i = 0; i < 1024; i++)	/* jitter around a grid */
		times[i] = 1700000000000 + (int64_t)i * 60000 + (int64_t)(next(&seed) % 512);
	assert_string_equal(encode_times(1024, &len), "grid");
	assert_in_range(len, 1, 1024 * 9 / 8 + 48);
	for (unsigned late = 2; late <= 4; late++) {		/* the same in seconds: the mean step is none of them */
		for (size_t i = 0; i < 1024; i++)
			times[i] = 1700000000000 + (int64_t)i * 60000 + (next(&seed) % late == 0) * 1000;
		times[0] = 1700000000000;
		times[1023] = 1700000000000 + INT64_C(1023) * 60000 + 1000;
		assert_non_null(strstr(encode_times(1024, &len), "grid"));
		assert_in_range(len, 1, 1024 * 1 / 8 + 48);
	}
	times[0] = 0;				/* gaps at the edge of 32 bits: narrow as they are, not from m[-1] on */
	for (int64_t gap = (INT64_C(1) << 30) - 2; gap < INT64_C(1) << 33; gap += gap / 3) {
		for (size_t n = 2; n <= 5; n++) {
			for (size_t i = 1; i < n; i++)
				times[i] = times[i - 1] + gap + (int64_t)(i * i);
			encode_times(n, &len);
			for (size_t i = 0; i < n; i++)
				values[i] = (double)times[i] * (i % 2 == 0 ? -1 : 1);
			encode_all(n, &len);
		}
	}
	for (size_t i = 1; i < 1024; i++)	/* whole seconds in nanoseconds */
		times[i] = times[i - 1] + 1000000000 * (int64_t)(1 + next(&seed) % 16);
	encode_times(1024, &len);
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
		size_t n = 1 + next(&seed) % (round % 10 == 0 ? 4000 : 700);

		fill_mixture(&seed, n);
		encode_times(n, &len);
		encode_all(n, &len);
	}
}

/* The other way round: what begins in the middle is narrow from there only, and jumps wrap that did not before. */
static void wrapping_jumps(void **state)
{
	uint64_t seed = 12;
	size_t len;

	(void)state;
	for (size_t t = 0; t < 50; t++) {
		size_t n = sizes[NSIZES / 2 + t % (NSIZES / 2)];
		double walk = 0, level = 1.7e9;

		for (size_t i = 0; i < n; i++) {
			for (size_t k = 0; k < 4; k++)
				walk += (double)(next(&seed) % 250);
			walk -= 498;
			if (i >= 3 && (level == 1.7e9 || next(&seed) % 100 == 0))
				level = level == 0 && next(&seed) % 2 == 0 ? 3.4e9 : 0;
			values[i] = level + walk;
		}
		encode_all(n, &len);
	}
}

/* Values made to fall into one slot are no set and no dictionary: no time that grows with their square. */
static void colliding_values(void **state)
{
	enum { N = 100000, DISTINCT = 6000 };
	double *v = calloc(N, sizeof(*v)), *other = calloc(DISTINCT, sizeof(*other));
	uint64_t factor = UINT64_C(0x9e3779b97f4a7c15), inverse = factor, seed = 3;
	struct column_dict dict;
	struct buf out = { 0 };
	size_t n = 0;

	(void)state;
	assert_true(v != NULL && other != NULL);
	for (int i = 0; i < 6; i++)
		inverse *= 2 - factor * inverse;
	for (uint64_t i = 1; n < DISTINCT; i++)
		other[n++] = ordered_to_double((int64_t)(i * inverse));
	for (size_t i = 0; i < N; i++)
		v[i] = other[next(&seed) % DISTINCT];
	assert_int_equal(column_dict_make(coder, COLUMN_DEFAULT, v, N, &out, &dict), COUNT_OK);
	assert_int_equal(dict.n, 0);
	assert_int_equal(out.len, 0);
	free(v);
	free(other);
	buf_free(&out);
}

/* Counters of 32 bits: narrow differences wrap as they do, until the base has taken up what the first order leaves. */
static void wrapping_counters(void **state)
{
	uint64_t seed = 11;
	size_t len;

	(void)state;
	for (size_t t = 0; t < 100; t++) {
		uint32_t step = 1u << (8 + next(&seed) % 22), jitter = step >> next(&seed) % 6;
		uint32_t x = (uint32_t)next(&seed);
		size_t n = sizes[NSIZES / 2 + t % (NSIZES / 2)];

		for (size_t i = 0; i < n; i++) {
			uint64_t sum = 0;

			for (size_t k = 0; k < 4; k++)		/* near its mean, which is what tokens are good at */
				sum += next(&seed) % (jitter + 1) / 4;
			x += step + (uint32_t)(next(&seed) % 10 == 0 ? sum * 4 : sum);
			values[i] = x;
		}
		encode_all(n, &len);
	}
}

/* Values of a series that repeat over the whole, in many chunks. */
static void dictionaries(void **state)
{
	enum { N = 100000, DISTINCT = 3000 };
	double *all = malloc(N * sizeof(*all)), *set = malloc(DISTINCT * sizeof(*set));
	struct column_dict dict, again;
	struct buf head = { 0 }, b = { 0 };
	uint64_t seed = 10;
	bool used;

	(void)state;
	for (size_t i = 0; i < DISTINCT; i++)
		set[i] = f64_from_bits(next(&seed) >> 1);
	set[0] = (double)NAN;
	set[1] = -0.0;
	set[2] = 0;
	for (size_t i = 0; i < N; i++)
		all[i] = set[next(&seed) % DISTINCT];
	assert_int_equal(column_dict_make(coder, COLUMN_DEFAULT, all, N, &head, &dict), COUNT_OK);
	assert_int_equal(dict.n, DISTINCT);
	assert_true(dict.all);
	assert_int_equal(column_dict_decode(coder, head.data, head.len, &again), COUNT_OK);
	assert_int_equal(again.n, dict.n);
	assert_memory_equal(again.v, dict.v, dict.n * sizeof(*dict.v));
	for (size_t i = 0; i + COLUMN_MAX_POINTS <= N; i += 3 * COLUMN_MAX_POINTS) {
		memcpy(values, all + i, sizeof(values));
		for (int k = 0; k < 2; k++) {		/* as made; as read */
			buf_clear(&b);
			assert_int_equal(column_encode_values(coder, COLUMN_DEFAULT, k == 0 ? &dict : &again, values,
							      COLUMN_MAX_POINTS, &b, &used), COUNT_OK);
			assert_true(used);
			assert_in_range(b.len, 1, COLUMN_MAX_POINTS * 13 / 8);
			assert_non_null(strstr(column_values_name(b.data, b.len, COLUMN_MAX_POINTS), "dictionary"));
			check_values(&again, &b, COLUMN_MAX_POINTS);
		}
		assert_int_equal(column_decode_values(coder, b.data, b.len, NULL, COLUMN_MAX_POINTS, 0, 1, got_values),
				 COUNT_ERR_CORRUPT);
	}
	again.n = 5;				/* ranks beyond it */
	assert_int_equal(column_decode_values(coder, b.data, b.len, &again, COLUMN_MAX_POINTS, 0, 1, got_values),
			 COUNT_ERR_CORRUPT);
	values[77] = 1.5;			/* not in it */
	buf_clear(&b);
	assert_int_equal(column_encode_values(coder, COLUMN_DEFAULT, &dict, values, COLUMN_MAX_POINTS, &b, &used),
			 COUNT_OK);
	assert_false(used);
	check_values(&dict, &b, COLUMN_MAX_POINTS);
	for (size_t cut = 0; cut < head.len; cut += 7) {
		uint8_t *p = exact_copy(&head, cut);
		struct column_dict broken;

		assert_int_equal(column_dict_decode(coder, p, cut, &broken), COUNT_ERR_CORRUPT);
		assert_null(broken.v);
		free(p);
	}
	free(dict.v);
	free(again.v);
	head.len = 3;
	for (size_t i = 0; i < N; i++)		/* no use: all different; few points */
		all[i] = f64_from_bits(next(&seed));
	assert_int_equal(column_dict_make(coder, COLUMN_MAX, all, N, &head, &dict), COUNT_OK);
	assert_int_equal(dict.n, 0);
	assert_null(dict.v);
	assert_int_equal(head.len, 3);
	assert_int_equal(column_dict_make(coder, COLUMN_MAX, all, 1, &head, &dict), COUNT_OK);
	assert_int_equal(dict.n, 0);
	buf_free(&head);
	buf_free(&b);
	free(all);
	free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_values),
		cmocka_unit_test(random_bits),
		cmocka_unit_test(decimals_of_every_power),
		cmocka_unit_test(edges_of_numbers),
		cmocka_unit_test(ulps_off),
		cmocka_unit_test(quotients),
		cmocka_unit_test(shapes),
		cmocka_unit_test(time_shapes),
		cmocka_unit_test(mixtures),
		cmocka_unit_test(wrapping_counters),
		cmocka_unit_test(wrapping_jumps),
		cmocka_unit_test(colliding_values),
		cmocka_unit_test(dictionaries),
	};
	int failed;

	coder = chunk_coder_new();
	if (coder == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	chunk_coder_delete(coder);
	return failed;
}
