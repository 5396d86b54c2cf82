/* test-chunklist.c - format/chunklist: round trips, every cut, every flipped bit, hostile directories, hashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/chunklist.h"

#define MAX_N 20000
#define N(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t seed = 88172645463325252u;

static uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static struct chunk_coder *coder;
static int64_t times[MAX_N], got_times[COLUMN_MAX_POINTS];
static double values[MAX_N], got_values[COLUMN_MAX_POINTS];

static int set_up(void **state)
{
	(void)state;
	coder = chunk_coder_new();
	return coder == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	chunk_coder_delete(coder);
	return 0;
}

static struct chunklist_dict dict;	/* none, but where a test makes one */

/* n points in chunks of the sizes given, the last again and again. */
static struct chunklist_writer chunks_of(size_t n, const size_t *sizes, size_t nsizes)
{
	struct chunklist_writer w = { 0 };

	for (size_t i = 0, k = 0; i < n; k++) {
		size_t some = sizes[k < nsizes ? k : nsizes - 1];

		some = some < n - i ? some : n - i;
		assert_int_equal(chunklist_add(&w, coder, COLUMN_DEFAULT, &dict, times + i, values + i, some),
				 COUNT_OK);
		i += some;
	}
	return w;
}

static struct buf list_of(size_t n, const size_t *sizes, size_t nsizes)
{
	struct chunklist_writer w = chunks_of(n, sizes, nsizes);
	struct buf out = { 0 };
	size_t about;

	about = chunklist_size(&w);
	assert_int_equal(chunklist_finish(&w, &out), COUNT_OK);
	assert_true(out.len < about + about / 4 + 64 && about < out.len + out.len / 2 + 64);
	assert_true(w.n == 0 && w.v == NULL && w.columns.data == NULL);
	return out;
}

static void random_points(size_t n)
{
	unsigned kind = (unsigned)rnd(4);
	int64_t t = 1700000000000;

	for (size_t i = 0; i < n; i++) {
		t += 1 + (int64_t)(kind == 0 ? 9999 : rnd(kind == 1 ? 20 : 1u << 30));
		times[i] = t;
		values[i] = kind == 2 ? f64_from_bits(rnd(UINT64_MAX)) : (double)rnd(1000) / 10;
	}
}

/* n values from number `at` on: any of a few, in no order; and their dictionary. */
static void few_values(size_t at, size_t n, size_t which)
{
	for (size_t i = at; i < at + n; i++)
		values[i] = 1 / (double)(3 + which + rnd(400));
	assert_int_equal(chunklist_dict_make(&dict, coder, COLUMN_DEFAULT, values + at, n), COUNT_OK);
	assert_true(dict.dict.n > 300);
}

/* All points come back; data is a copy of just that length. */
static void check_list(const uint8_t *data, size_t len, size_t n)
{
	struct chunklist l;
	size_t k = 0;

	assert_int_equal(chunklist_open(&l, data, len, NULL), COUNT_OK);
	for (size_t i = 0; i < l.n; i++) {
		const struct chunklist_entry *e = &l.v[i];

		assert_true(e->points <= n - k && e->first == times[k] && e->last == times[k + e->points - 1]);
		assert_int_equal(chunklist_read(&l, i, coder, got_times, got_values, NULL), COUNT_OK);
		assert_memory_equal(got_times, times + k, e->points * sizeof(*times));
		assert_memory_equal(got_values, values + k, e->points * sizeof(*values));
		k += e->points;
	}
	assert_int_equal(k, n);
	chunklist_close(&l);
	assert_true(l.v == NULL && l.n == 0);
}

static void test_round_trip(void **state)
{
	(void)state;
	for (int round = 0; round < 40; round++) {
		size_t sizes[] = { 1 + rnd(100), 1 + rnd(3), 1 + rnd(COLUMN_MAX_POINTS) };
		size_t n = 1 + rnd(round < 30 ? 3000 : MAX_N);
		struct buf b;

		random_points(n);
		b = list_of(n, sizes, N(sizes));
		check_list(b.data, b.len, n);
		buf_free(&b);
	}
}

static void test_far_times(void **state)
{
	static const int64_t far[] = { INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX };

	(void)state;
	for (size_t size = 1; size <= N(far); size++) {
		struct buf b;

		memcpy(times, far, sizeof(far));
		for (size_t i = 0; i < N(far); i++)
			values[i] = i == 3 ? -0.0 : NAN;
		b = list_of(N(far), &size, 1);
		check_list(b.data, b.len, N(far));
		buf_free(&b);
	}
}

static void test_writer_refuses(void **state)
{
	struct chunklist_writer w = { 0 };
	struct buf out = { 0 };

	(void)state;
	random_points(10);
	assert_int_equal(chunklist_finish(&w, &out), COUNT_ERR_INVALID);
	assert_int_equal(chunklist_add(&w, coder, COLUMN_DEFAULT, NULL, times, values, 0), COUNT_ERR_INVALID);
	assert_int_equal(chunklist_add(&w, coder, COLUMN_DEFAULT, NULL, times, values, COLUMN_MAX_POINTS + 1),
			 COUNT_ERR_INVALID);
	assert_int_equal(chunklist_add(&w, coder, COLUMN_DEFAULT, NULL, times, values, 5), COUNT_OK);
	assert_int_equal(chunklist_add(&w, coder, COLUMN_DEFAULT, NULL, times + 4, values, 3), COUNT_ERR_INVALID);
	times[6] = times[5];
	assert_int_equal(chunklist_add(&w, coder, COLUMN_DEFAULT, NULL, times + 5, values, 3), COUNT_ERR_INVALID);
	assert_int_equal(chunklist_finish(&w, &out), COUNT_OK);
	check_list(out.data, out.len, 5);
	buf_free(&out);
}

/* Reads it all; the first failure, with its offset. */
static int read_all(const uint8_t *data, size_t len, uint64_t *at)
{
	struct chunklist l;
	int ret = chunklist_open(&l, data, len, at);

	for (size_t i = 0; ret == COUNT_OK && i < l.n; i++)
		ret = chunklist_read(&l, i, coder, got_times, got_values, at);
	chunklist_close(&l);
	return ret;
}

/* Each cut and each flipped bit of n points, in chunks of some. */
static void check_damage(size_t n, size_t size)
{
	struct buf b = list_of(n, &size, 1);

	for (size_t len = 0; len < b.len; len++) {
		uint8_t *cut = malloc(len + 1);		/* of its own, so that a sanitizer sees a read past the end */
		uint64_t at = UINT64_MAX;

		assert_non_null(cut);
		memcpy(cut, b.data, len);
		assert_int_equal(read_all(cut, len, &at), COUNT_ERR_CORRUPT);
		assert_true(at <= b.len);
		free(cut);
	}
	for (size_t bit = 0; bit < 8 * b.len; bit++) {
		uint64_t at = UINT64_MAX;

		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(read_all(b.data, b.len, &at), COUNT_ERR_CORRUPT);
		assert_true(at <= b.len);
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(read_all(b.data, b.len, NULL), COUNT_OK);
	buf_put_u8(&b, 0);
	assert_int_equal(read_all(b.data, b.len, NULL), COUNT_ERR_CORRUPT);
	buf_free(&b);
}

static void test_damage(void **state)
{
	(void)state;
	random_points(200);
	check_damage(200, 40);
}

/* ---- Dictionaries ---- */

static void test_dictionary(void **state)
{
	static const size_t sizes[] = { 3000, 1000, 8000 };
	const size_t n = 9000;
	struct chunklist l;
	struct buf b;
	uint64_t at;

	(void)state;
	random_points(n);
	few_values(0, n, 0);
	for (size_t i = 3000; i < 4000; i++)	/* a chunk that needs none, between others */
		values[i] = 7;
	b = list_of(n, sizes, N(sizes));
	check_list(b.data, b.len, n);
	assert_int_equal(chunklist_open(&l, b.data, b.len, NULL), COUNT_OK);
	assert_true(l.n == 3 && l.v[0].dict_len == dict.bytes.len && l.v[1].dict_len == 0);
	assert_true(l.v[2].dict_off == l.v[0].dict_off && l.v[2].dict_len == l.v[0].dict_len);
	assert_memory_equal(b.data + l.v[0].dict_off, dict.bytes.data, dict.bytes.len);
	b.data[l.v[0].dict_off + 9] ^= 4;
	assert_int_equal(chunklist_read(&l, 1, coder, got_times, got_values, &at), COUNT_OK);
	assert_int_equal(chunklist_read(&l, 2, coder, got_times, got_values, &at), COUNT_ERR_CORRUPT);
	assert_int_equal(at, l.v[0].dict_off);
	/* No dictionary at all, though its checksum is right. */
	l.v[2].dict_crc = crc32c(0, b.data + l.v[2].dict_off, l.v[2].dict_len = 3);
	assert_int_equal(chunklist_read(&l, 2, coder, got_times, got_values, &at), COUNT_ERR_CORRUPT);
	chunklist_close(&l);
	buf_free(&b);
	chunklist_dict_free(&dict);
}

/* Chunks of two dictionaries and of none, parted anywhere: each part has what it needs. */
static void test_split(void **state)
{
	enum { SIZE = 1000, CHUNKS = 18 };
	const size_t n = SIZE * CHUNKS;

	(void)state;
	for (size_t at = 0; at <= CHUNKS; at++) {
		struct chunklist_writer w = { 0 }, rest;
		struct buf a = { 0 }, b = { 0 };

		random_points(n);
		for (size_t i = 0; i < CHUNKS; i++) {
			if (i % (CHUNKS / 2) == 0)
				few_values(i * SIZE, n / 2, i);
			for (size_t k = 0; i % 3 == 2 && k < SIZE; k++)
				values[i * SIZE + k] = 7;
			assert_int_equal(chunklist_add(&w, coder, COLUMN_DEFAULT, &dict, times + i * SIZE,
						       values + i * SIZE, SIZE), COUNT_OK);
		}
		assert_int_equal(chunklist_split(&w, at, &rest), COUNT_OK);
		assert_true(w.n == at && rest.n == CHUNKS - at);
		if (at > 0) {
			assert_int_equal(chunklist_finish(&w, &a), COUNT_OK);
			check_list(a.data, a.len, at * SIZE);
		}
		if (at < CHUNKS) {
			assert_int_equal(chunklist_finish(&rest, &b), COUNT_OK);
			memmove(times, times + at * SIZE, (n - at * SIZE) * sizeof(*times));
			memmove(values, values + at * SIZE, (n - at * SIZE) * sizeof(*values));
			check_list(b.data, b.len, n - at * SIZE);
		}
		chunklist_writer_free(&w);
		chunklist_writer_free(&rest);
		buf_free(&a);
		buf_free(&b);
	}
	chunklist_dict_free(&dict);
}

/* Directories with a right checksum that lie. */
static int open_directory(const uint8_t *dir, size_t len, size_t columns, uint64_t *at)
{
	uint8_t bytes[8 + 64 + 16] = { 0 };
	struct chunklist l;
	int ret;

	assert_true(len <= 64 && columns <= 16);
	put_u32(bytes, (uint32_t)len);
	memcpy(bytes + 8, dir, len);
	put_u32(bytes + 4, crc32c(crc32c(0, bytes, 4), dir, len));
	ret = chunklist_open(&l, bytes, 8 + len + columns, at);
	chunklist_close(&l);
	return ret;
}

static void test_hostile_directories(void **state)
{
	/* version, entries; each: flags, points, first, last - first, two lengths, CRC32C */
	static const uint8_t good[] = { 2, 2, 0, 1, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, 0, 3, 1, 0, 0, 0, 0 };
	static const struct { uint8_t at, byte; } bad[] = {
		{ 0, 0 }, { 1, 0 }, { 1, 1 }, { 1, 3 }, { 1, 0x80 }, { 2, 1 }, { 2, 2 }, { 2, 4 }, { 3, 0 }, { 3, 2 },
		{ 5, 1 }, { 6, 3 }, { 6, 1 }, { 12, 3 }, { 14, 1 }, { 15, 4 }, { 16, 0x80 },
	};
	static const uint8_t many[] = {		/* 8193 points */
		2, 1, 0, 0x81, 0x40, 0, 0x80, 0x40, 2, 2, 0, 0, 0, 0
	};
	/* The last time is beyond INT64_MAX: from INT64_MAX - 1 on, twice. */
	static const uint8_t span[] = {
		2, 1, 0, 2, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		1, 2, 2, 2, 0, 0, 0, 0
	};
	static const uint8_t gap[] = {
		2, 2, 0, 1, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		1, 0, 2, 2, 0, 0, 0, 0, 1, 0, 0, 3, 1, 0, 0, 0, 0
	};
	/* Three entries: with a dictionary of 3 bytes, without, with the same. */
	static const uint8_t dict_good[] = {
		2, 3, 2, 1, 0, 0, 3, 7, 7, 7, 7, 1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0,
		3, 0, 0, 0, 1, 1, 0, 0, 0, 0
	};
	static const struct { uint8_t at, byte; } dict_bad[] = {
		{ 2, 4 }, { 2, 6 }, { 6, 0 }, { 6, 2 }, { 6, 4 }, { 6, 0x80 }, { 17, 5 }, { 26, 7 }, { 29, 1 },
	};
	uint8_t dir[sizeof(dict_good)], newer[] = { 3, 9, 9 };
	uint64_t at = UINT64_MAX;

	(void)state;
	assert_int_equal(open_directory(good, sizeof(good), 8, NULL), COUNT_OK);
	for (size_t i = 0; i < N(bad); i++) {
		memcpy(dir, good, sizeof(good));
		dir[bad[i].at] = bad[i].byte;
		if (open_directory(dir, sizeof(good), 8, &at) != COUNT_ERR_CORRUPT)
			fail_msg("byte %d as %d is accepted", bad[i].at, bad[i].byte);
		assert_true(at <= 8 + sizeof(good) + 8);
	}
	assert_int_equal(open_directory(dict_good, sizeof(dict_good), 9, NULL), COUNT_OK);
	for (size_t i = 0; i < N(dict_bad); i++) {
		memcpy(dir, dict_good, sizeof(dict_good));
		dir[dict_bad[i].at] = dict_bad[i].byte;
		if (open_directory(dir, sizeof(dict_good), 9, &at) != COUNT_ERR_CORRUPT)
			fail_msg("with a dictionary: byte %d as %d is accepted", dict_bad[i].at, dict_bad[i].byte);
	}
	for (size_t len = 0; len < sizeof(dict_good); len++)
		assert_int_equal(open_directory(dict_good, len, 9, NULL), COUNT_ERR_CORRUPT);
	for (size_t len = 0; len < sizeof(good); len++)
		assert_int_equal(open_directory(good, len, 8, NULL), COUNT_ERR_CORRUPT);
	assert_int_equal(open_directory(good, sizeof(good), 7, NULL), COUNT_ERR_CORRUPT);
	assert_int_equal(open_directory(good, sizeof(good), 9, NULL), COUNT_ERR_CORRUPT);
	assert_int_equal(open_directory(many, sizeof(many), 4, NULL), COUNT_ERR_CORRUPT);
	assert_int_equal(open_directory(span, sizeof(span), 4, NULL), COUNT_ERR_CORRUPT);
	assert_int_equal(open_directory(gap, sizeof(gap), 8, NULL), COUNT_ERR_CORRUPT);
	assert_int_equal(open_directory(newer, sizeof(newer), 0, NULL), COUNT_ERR_VERSION);
}

/* The points that are told do not stand in the columns, though every checksum is right. */
static void test_lying_entry(void **state)
{
	size_t size = 16;
	struct chunklist l;
	uint64_t at;
	struct buf b;

	(void)state;
	random_points(16);
	times[3] = times[2] + 1;
	b = list_of(16, &size, 1);
	assert_int_equal(chunklist_open(&l, b.data, b.len, NULL), COUNT_OK);
	l.v[0].last++;
	assert_int_equal(chunklist_read(&l, 0, coder, got_times, got_values, &at), COUNT_ERR_CORRUPT);
	chunklist_close(&l);
	buf_free(&b);
}

/* Stamps in a column that do not ascend: made without the writer, which refuses them. */
static void test_unsorted_column(void **state)
{
	static const int64_t unsorted[] = { 10, 30, 20, 40 };
	static const double four[4] = { 1, 2, 3, 4 };
	struct buf columns = { 0 }, dir = { 0 }, list = { 0 };
	struct chunklist l;
	size_t times_len;
	bool used;
	uint64_t at = 0;

	(void)state;
	assert_int_equal(column_encode_times(coder, COLUMN_DEFAULT, unsorted, 4, &columns), COUNT_OK);
	times_len = columns.len;
	assert_int_equal(column_encode_values(coder, COLUMN_DEFAULT, NULL, four, 4, &columns, &used), COUNT_OK);
	buf_put(&dir, (uint8_t[]){ 2, 1, 0, 4, 20, 30 }, 6);
	buf_put_varint(&dir, times_len);
	buf_put_varint(&dir, columns.len - times_len);
	buf_put_u32(&dir, crc32c(0, columns.data, columns.len));
	buf_put_u32(&list, (uint32_t)dir.len);
	buf_put_u32(&list, crc32c(crc32c(0, list.data, 4), dir.data, dir.len));
	buf_put(&list, dir.data, dir.len);
	buf_put(&list, columns.data, columns.len);
	assert_int_equal(chunklist_open(&l, list.data, list.len, NULL), COUNT_OK);
	assert_int_equal(chunklist_read(&l, 0, coder, got_times, got_values, &at), COUNT_ERR_CORRUPT);
	assert_int_equal(at, l.v[0].off);
	chunklist_close(&l);
	buf_free(&columns);
	buf_free(&dir);
	buf_free(&list);
}

/* What `xxhsum -H128` prints of a file with these points, each as 16 bytes. */
static void test_points_hash(void **state)
{
	static const int64_t t[] = { -5, 0, 1700000000000, INT64_MAX };
	static const uint8_t want[16] = { 0x93, 0xfc, 0xc2, 0x5d, 0xcb, 0x09, 0x66, 0xa4,
					  0x8b, 0x85, 0xd0, 0x6f, 0x62, 0x5e, 0x16, 0xbb };
	double v[] = { 1.5, -0.0, 0, 1e300 };
	struct points_hash *h = points_hash_new();
	uint8_t got[16], whole[16];

	(void)state;
	assert_non_null(h);
	v[2] = f64_from_bits(UINT64_C(0x7ff8000000000000));
	points_hash_add(h, t, v, 4);
	points_hash_end(h, got);
	assert_memory_equal(got, want, 16);
	random_points(2000);
	points_hash_reset(h);
	points_hash_add(h, times, values, 2000);
	points_hash_end(h, whole);
	points_hash_reset(h);
	for (size_t i = 0, n; i < 2000; i += n) {		/* in pieces: the same */
		n = rnd(700) < 2000 - i ? rnd(700) % (2000 - i) : 2000 - i;
		points_hash_add(h, times + i, values + i, n);
	}
	points_hash_end(h, got);
	assert_memory_equal(got, whole, 16);
	points_hash_reset(h);
	points_hash_end(h, got);
	assert_memory_equal(got, ((uint8_t[]){ 0x99, 0xaa, 0x06, 0xd3, 0x01, 0x47, 0x98, 0xd8,
					       0x60, 0x01, 0xc3, 0x24, 0x46, 0x8d, 0x49, 0x7f }), 16);
	points_hash_delete(h);
	points_hash_delete(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_far_times),
		cmocka_unit_test(test_writer_refuses),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_dictionary),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_hostile_directories),
		cmocka_unit_test(test_lying_entry),
		cmocka_unit_test(test_unsorted_column),
		cmocka_unit_test(test_points_hash),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
