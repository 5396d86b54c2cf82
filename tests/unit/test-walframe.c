/* test-walframe.c - format/walframe: round trips, every cut, every flipped byte, hostile bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "count.h"
#include "format/walframe.h"

#define SALT 0x12345678u
#define MAX_N 300

static uint64_t rng = 88172645463325252u;

static uint64_t rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	return rng ^= rng << 17;
}

static struct walframe_series series(const char *name, const int64_t *t, const double *v, uint32_t n)
{
	return (struct walframe_series){ .name = name, .name_len = (uint32_t)strlen(name), .n = n,
					 .hash = walframe_hash(name, strlen(name)),
					 .times = t, .values = v };
}

static int by_order(const void *a, const void *b)
{
	return walframe_order(a, b);
}

static struct buf frame_of(struct walframe_series *s, size_t n)
{
	struct buf b = { 0 };

	qsort(s, n, sizeof(*s), by_order);
	assert_int_equal(walframe_encode(s, n, &b), COUNT_OK);
	walframe_seal(b.data, SALT);
	walframe_number(b.data, 7);
	return b;
}

/* Reads run i in steps of `step` points and compares it, bit for bit. */
static void check_run(const struct buf *b, const struct walframe *f, uint32_t i,
		      const struct walframe_series *want, size_t step)
{
	struct walframe_cursor cur = { 0 };
	struct walframe_run run;
	int64_t t[MAX_N];
	double v[MAX_N];
	size_t got = 0, n;

	assert_int_equal(walframe_run_name(b->data, f, i, &run), COUNT_OK);
	assert_int_equal(walframe_run_parse(f, &run), COUNT_OK);
	assert_int_equal(run.n, want->n);
	assert_int_equal(run.name_len, want->name_len);
	assert_memory_equal(run.name, want->name, want->name_len);
	assert_true(run.first == want->times[0] && run.last == want->times[want->n - 1]);
	do {
		n = step;
		assert_int_equal(walframe_run_next(&run, &cur, t, v, &n), COUNT_OK);
		assert_memory_equal(t, want->times + got, n * 8);
		assert_memory_equal(v, want->values + got, n * 8);
		got += n;
	} while (n > 0);
	assert_int_equal(got, want->n);
}

static void round_trip(const int64_t *t, const double *v, uint32_t n)
{
	struct walframe_series s[] = { series("x", t, v, n), series("y{a=\"b\"}", t, v, 1) };
	struct buf b = frame_of(s, 2);
	struct walframe f;

	assert_int_equal(walframe_get(b.data, &(uint32_t){ SALT }, &f), COUNT_OK);
	assert_int_equal(f.len, b.len);
	assert_int_equal(f.number, 7);
	assert_int_equal(f.npoints, n + 1);
	assert_true(f.first == t[0] && f.last == t[n - 1]);
	assert_int_equal(walframe_check_dir(b.data, &f), COUNT_OK);
	for (uint32_t i = 0; i < 2; i++) {
		check_run(&b, &f, i, &s[i], MAX_N);
		check_run(&b, &f, i, &s[i], 1 + rnd() % 7);
		assert_int_equal(walframe_lower_bound(b.data, &f, s[i].hash), i);
	}
	buf_free(&b);
}

static double nan_bits(uint64_t bits)
{
	return f64_from_bits(bits);
}

static void test_hostile_values(void **state)
{
	const double v[] = { 0.0, -0.0, 1, -1, 0.1, INFINITY, -INFINITY, 5e-324, 1.7976931348623157e308,
			     9007199254740992.0, -9007199254740992.0, 9007199254740994.0,
			     nan_bits(0x7ff8000000000000), nan_bits(0xfff0000000000001), 4294967296.0 };
	enum { N = sizeof(v) / sizeof(v[0]) };
	int64_t t[N];
	double w[4];

	(void)state;
	for (int i = 0; i < N; i++)
		t[i] = 1000 * i;
	round_trip(t, v, N);
	for (int i = 0; i < N; i++) {		/* all pairs: constants, spreads at each width */
		for (int j = 0; j < N; j++) {
			w[0] = v[i];
			w[1] = w[2] = w[3] = v[j];
			round_trip(t, w, 4);
			round_trip(t, w, 1);
		}
	}
	for (int bit = 0; bit < 53; bit++) {
		for (int d = -1; d <= 1; d++) {
			w[0] = -3;
			w[1] = (double)(((int64_t)1 << bit) + d - 3);
			round_trip(t, w, 2);
		}
	}
}

/* The bytes of a run of one series x, without what all runs have. */
static size_t value_bytes(const double *v, uint32_t n)
{
	int64_t t[MAX_N];
	struct walframe_series s;
	struct buf b;
	size_t len;

	for (uint32_t i = 0; i < n; i++)
		t[i] = (int64_t)i * 10;
	round_trip(t, v, n);
	s = series("x", t, v, n);
	b = frame_of(&s, 1);
	len = b.len - WALFRAME_HEADER - WALFRAME_TRAILER - 12 - 9 - (n > 127) - (n > 1);
	buf_free(&b);
	return len;
}

/* Decimals are stored as integers, and only those that are. */
static void test_decimals(void **state)
{
	static const double pow10[] = { 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };
	static const double odd[] = { -0.0, 0.1 + 0.2, 1.0 / 3, 1e300, 5e-324, INFINITY, -INFINITY,
				      2251799813685248.5, 1e-10, 0.12345678901 };
	double v[MAX_N], nan = nan_bits(0x7ff8000000000000);

	(void)state;
	for (unsigned d = 1; d <= 9; d++)
		for (unsigned width = 0; width <= 3; width++)
			for (uint32_t n = 1; n < 40; n++) {
				static const uint64_t most[] = { 1, 256, 65536, 4294967296 };
				int64_t base = (int64_t)(rnd() % 1000000) - 500000;
				size_t bytes;

				for (uint32_t i = 0; i < n; i++)
					v[i] = (double)(base + (int64_t)(rnd() % most[width])) / pow10[d];
				if (d < 9)	/* one more decimal than the others */
					v[rnd() % n] = (double)(base * 10 + 1) / pow10[d + 1];
				bytes = value_bytes(v, n);
				assert_true(width == 3 || bytes <= 1 + 4 + (size_t)n * 4);
				v[rnd() % n] = odd[rnd() % 10];
				if (n > 1)
					assert_int_equal(value_bytes(v, n), 8 * (size_t)n);
				v[rnd() % n] = nan;
				assert_true(n == 1 || value_bytes(v, n) == 8 * (size_t)n);
			}
	for (uint32_t i = 0; i < 100; i++)		/* as many decimals as any of them needs */
		v[i] = 20 + (double)(i % 40) / pow10[i % 3];
	assert_int_equal(value_bytes(v, 100), 1 + 2 + 2 * 100);
	for (uint32_t i = 0; i < 4; i++)
		v[i] = 0.5;
	assert_int_equal(value_bytes(v, 4), 2);
	v[0] = 225179981368524.7;		/* times ten just below 2^51, and then above */
	v[1] = 225179981368526.4;
	assert_int_equal(value_bytes(v, 2), 16);
	v[0] = -v[0];
	v[1] = -v[1];
	assert_int_equal(value_bytes(v, 2), 16);
	v[0] = nan;
	v[1] = 1;
	assert_int_equal(value_bytes(v, 2), 16);
	v[0] = 1;
	v[1] = nan;
	assert_int_equal(value_bytes(v, 2), 16);
}

/* How many decimals is a byte of the file. */
static void test_forged_decimals(void **state)
{
	int64_t t = 0;
	double v = 0.5;
	struct walframe_series s = series("x", &t, &v, 1);
	struct buf b = frame_of(&s, 1);
	uint8_t *d = b.data + WALFRAME_HEADER + 12 + 9;
	struct walframe_run run;
	struct walframe f;

	(void)state;
	assert_int_equal(*d, 1);
	for (unsigned i = 0; i < 256; i++) {
		*d = (uint8_t)i;
		walframe_seal(b.data, SALT);
		assert_int_equal(walframe_get(b.data, NULL, &f), COUNT_OK);
		assert_int_equal(walframe_run_name(b.data, &f, 0, &run), COUNT_OK);
		assert_int_equal(walframe_run_parse(&f, &run),
				 i >= 1 && i <= 22 ? COUNT_OK : COUNT_ERR_CORRUPT);
	}
	buf_free(&b);
}

static void test_hostile_times(void **state)
{
	static const int64_t t[][4] = {
		{ INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX },
		{ INT64_MIN, -1, 0, INT64_MAX }, { INT64_MIN, INT64_MAX, 0, 0 },
		{ -1, 0, 1, 2 }, { 0, 255, 511, 768 }, { 0, 1, 257, 514 }, { 0, 1, 65537, 65538 },
		{ 0, 1, 65538, 65539 }, { 0, 1, 4294967297, 4294967298 }, { 0, 1, 4294967298, 4294967299 },
		{ 1700000000000, 1700000001000, 1700000002000, 1700000003000 },
	};
	const double v[4] = { 1.5, 2.5, 3.5, 4.5 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (uint32_t n = 1; n <= 4 && (n == 1 || t[i][n - 1] > t[i][n - 2]); n++)
			round_trip(t[i], v, n);
}

static void test_random(void **state)
{
	int64_t t[MAX_N];
	double v[MAX_N];

	(void)state;
	for (int k = 0; k < 2000; k++) {
		uint32_t n = 1 + (uint32_t)(rnd() % MAX_N);
		unsigned shift = (unsigned)(rnd() % 54), kind = (unsigned)(rnd() % 3);

		t[0] = (int64_t)rnd() >> 8;
		for (uint32_t i = 0; i < n; i++) {
			if (i > 0)
				t[i] = t[i - 1] + 1 + (int64_t)(rnd() >> 10 >> shift);
			v[i] = kind == 0 ? f64_from_bits(rnd()) : kind == 1 ? (double)(rnd() >> 11 >> shift % 53)
									 : 12.5;
		}
		round_trip(t, v, n);
	}
}

static void test_refuses(void **state)
{
	const int64_t t[] = { 1, 1, 0 };
	const double v[] = { 1, 2, 3 };
	struct walframe_series s[2] = { series("x", t, v, 2), series("x", t, v, 1) };
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(walframe_encode(s, 0, &b), COUNT_ERR_INVALID);
	assert_int_equal(walframe_encode(s, 1, &b), COUNT_ERR_INVALID);	/* equal times */
	s[0].n = 1;
	assert_int_equal(walframe_encode(s, 2, &b), COUNT_ERR_INVALID);	/* one series twice */
	s[1].n = 0;
	assert_int_equal(walframe_encode(s + 1, 1, &b), COUNT_ERR_INVALID);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void test_small(void **state)
{
	const int64_t t = 1700000000000;
	const double v = 1;
	struct walframe_series s = series("x", &t, &v, 1);
	struct buf b = frame_of(&s, 1);

	(void)state;
	assert_true(b.len <= 88);
	buf_free(&b);
}

static uint64_t names_of(const char *x, const char *y, uint32_t salt, double value)
{
	const int64_t t = 5;
	struct walframe_series s[] = { series(x, &t, &value, 1), series(y, &t, &value, 1) };
	struct buf b = frame_of(s, 2);
	struct walframe f;

	walframe_seal(b.data, salt);
	assert_int_equal(walframe_get(b.data, &salt, &f), COUNT_OK);
	buf_free(&b);
	return f.names;
}

/* The same for the same series, whatever their points, and for no others. */
static void test_names(void **state)
{
	uint64_t names = names_of("ab", "c", SALT, 1);

	(void)state;
	assert_true(names == names_of("c", "ab", SALT, 0.5));
	assert_true(names != names_of("a", "bc", SALT, 1));
	assert_true(names != names_of("ab", "d", SALT, 1));
	assert_true(names != names_of("ab", "c", SALT + 1, 1));
}

/* Everything that can be read from the bytes is either an error or the original. */
static void read_all(const uint8_t *p, size_t len, const struct walframe_series *want, size_t nwant)
{
	struct walframe f;

	if (len < WALFRAME_HEADER || walframe_get(p, &(uint32_t){ SALT }, &f) != COUNT_OK || f.len > len ||
	    walframe_check_dir(p, &f) != COUNT_OK)
		return;
	assert_int_equal(f.nruns, nwant);
	for (uint32_t i = 0; i < f.nruns; i++) {
		struct walframe_run run;

		if (walframe_run_name(p, &f, i, &run) == COUNT_OK && walframe_run_parse(&f, &run) == COUNT_OK)
			check_run(&(struct buf){ .data = (uint8_t *)p, .len = len }, &f, i, &want[i], 3);
	}
}

static void test_cuts_and_flips(void **state)
{
	const int64_t t[] = { -5, 10, 20, 31 };
	const double v[] = { 1, 2.5, 3, 4 }, w[] = { 4, 5, 6, 7000 };
	struct walframe_series s[] = { series("a", t, v, 4), series("b", t, w, 4), series("c", t, v, 1) };
	struct buf b = frame_of(s, 3);

	(void)state;
	for (size_t len = 0; len < b.len; len++) {
		uint8_t *copy = malloc(len + 1);	/* exact, so that a sanitizer sees a step beyond */

		memcpy(copy, b.data, len);
		read_all(copy, len, s, 3);
		free(copy);
	}
	for (size_t i = 0; i < b.len; i++) {
		for (unsigned mask = 1; mask < 256; mask++) {
			b.data[i] ^= (uint8_t)mask;
			read_all(b.data, b.len, s, 3);
			b.data[i] ^= (uint8_t)mask;
		}
	}
	buf_free(&b);
}

/* Random bytes with checksums put right: never out of bounds, times ascending all the same. */
static void test_forged(void **state)
{
	const int64_t t[] = { -5, 10, 20, 31, 900 };
	const double v[] = { 1, 2.5, 3, 4, 5 }, w[] = { 4, 5, 6, 7000, 8 };
	struct walframe_series s[] = { series("a", t, v, 5), series("b", t, w, 5) };
	struct buf b = frame_of(s, 2);
	uint8_t *copy = malloc(b.len);
	unsigned parsed = 0;

	(void)state;
	for (int k = 0; k < 300000; k++) {
		struct walframe f;
		struct walframe_run run;

		memcpy(copy, b.data, b.len);
		for (uint64_t n = 1 + rnd() % 3; n > 0; n--)
			copy[WALFRAME_HEADER + rnd() % (b.len - WALFRAME_HEADER)] ^= (uint8_t)(1u << rnd() % 8);
		assert_int_equal(walframe_get(copy, &(uint32_t){ SALT }, &f), COUNT_OK);
		for (uint32_t i = 0; i < f.nruns; i++) {
			struct walframe_cursor cur = { 0 };
			int64_t times[8], last = INT64_MIN;
			double values[8];
			size_t n = 8;

			if (walframe_run_name(copy, &f, i, &run) != COUNT_OK)
				continue;
			put_u32(copy + (run.p - copy), crc32c(SALT, run.p + 4, run.len - 4));
			if (walframe_run_parse(&f, &run) != COUNT_OK)
				continue;
			parsed++;
			assert_true(run.first >= f.first && run.last <= f.last);
			while (n = 8, walframe_run_next(&run, &cur, times, values, &n) == COUNT_OK && n > 0) {
				for (size_t j = 0; j < n; j++) {
					assert_true((j == 0 && cur.done == n) || times[j] > last);
					last = times[j];
				}
			}
		}
	}
	assert_true(parsed > 100000);
	free(copy);
	buf_free(&b);
}

static void test_segment_header(void **state)
{
	uint8_t h[WALSEG_HEADER], boot[16] = { 1, 2, 3 }, seed[8] = { 9, 8 };
	struct walseg s;

	(void)state;
	walseg_put(h, boot, seed);
	assert_int_equal(walseg_get(h, &s), COUNT_OK);
	assert_memory_equal(s.boot, boot, 16);
	assert_int_equal(s.salt, walseg_salt(seed));
	for (size_t i = 0; i < 8 * sizeof(h); i++) {
		h[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(walseg_get(h, &s), COUNT_ERR_CORRUPT);
		h[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	put_u32(h + 8, WALSEG_VERSION + 1);
	put_u32(h + 36, crc32c(0, h, 36));
	assert_int_equal(walseg_get(h, &s), COUNT_ERR_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_values),
		cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_forged_decimals),
		cmocka_unit_test(test_hostile_times),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_cuts_and_flips),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_segment_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
