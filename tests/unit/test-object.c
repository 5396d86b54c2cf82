/* test-object.c - format/object_json and gzip: both ways, damage, bombs, and the prototype's objects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/legacy.h"
#include "format/chunklist.h"
#include "format/gzip.h"
#include "format/object_json.h"

#define KEY "count-data/cpu/block_1700000000000_1700000999000.json"
#define N(a) (sizeof(a) / sizeof((a)[0]))
#define POINTS 1000

static uint64_t seed = 88172645463325252u;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

/* As the program makes one; noisy: values that no codec makes smaller. */
static void make_object(struct cold_object *o, size_t n, bool noisy)
{
	int64_t *times = calloc(n, sizeof(*times));
	double *values = calloc(n, sizeof(*values));
	struct chunk_coder *coder = chunk_coder_new();
	struct chunklist_writer w = { 0 };

	assert_true(times != NULL && values != NULL && coder != NULL);
	for (size_t i = 0; i < n; i++) {
		times[i] = 1700000000000 + (int64_t)i * 1000;
		values[i] = noisy ? f64_from_bits(rnd() >> 2) : (double)(i % 17);
	}
	*o = (struct cold_object){ .version = 1, .unit = COUNT_UNIT_MS };
	o->series = strdup("cpu{host=\"\xc3\xa9\"}");
	o->series_len = strlen(o->series);
	o->block = (struct manifest_block){ .key = strdup(KEY), .start = times[0], .end = times[n - 1], .points = n,
					    .has_hash = true, .seq = 3, .writer = strdup("00ff"),
					    .codec = strdup("regular+decimal"), .has_stats = true };
	stats_of(times, values, n, &o->block.stats);
	memset(o->block.points_hash, 0xab, 16);
	o->replaces = calloc(2, sizeof(*o->replaces));
	assert_non_null(o->replaces);
	o->replaces[o->nreplaces++] = strdup("count-data/cpu/a.json");
	o->replaces[o->nreplaces++] = strdup("count-data/cpu/b \"c\".json");
	for (size_t i = 0, k; i < n; i += k) {
		k = n - i < COLUMN_PAGE ? n - i : COLUMN_PAGE;
		assert_int_equal(chunklist_add(&w, coder, COLUMN_DEFAULT, NULL, times + i, values + i, k), COUNT_OK);
	}
	assert_int_equal(chunklist_finish(&w, &o->chunks), COUNT_OK);
	chunk_coder_delete(coder);
	free(times);
	free(values);
}

static void check_same(const struct cold_object *a, const struct cold_object *b)
{
	assert_true(a->kind == b->kind && a->version == b->version && a->unit == b->unit);
	assert_string_equal(a->series, b->series);
	assert_int_equal(a->series_len, b->series_len);
	assert_string_equal(a->block.key, b->block.key);
	assert_string_equal(a->block.writer, b->block.writer);
	assert_string_equal(a->block.codec, b->block.codec);
	assert_true(a->block.start == b->block.start && a->block.end == b->block.end && a->block.seq == b->block.seq);
	assert_true(a->block.points == b->block.points && a->block.has_stats && a->block.has_hash);
	assert_memory_equal(a->block.points_hash, b->block.points_hash, 16);
	assert_memory_equal(&a->block.stats, &b->block.stats, sizeof(a->block.stats));
	assert_int_equal(a->nreplaces, b->nreplaces);
	for (size_t i = 0; i < a->nreplaces; i++)
		assert_string_equal(a->replaces[i], b->replaces[i]);
	assert_int_equal(a->chunks.len, b->chunks.len);
	assert_memory_equal(a->chunks.data, b->chunks.data, a->chunks.len);
}

static void test_both_ways(void **state)
{
	static const size_t sizes[] = { 1, 16, POINTS, 200000 };

	(void)state;
	for (size_t i = 0; i < 2 * N(sizes); i++) {
		struct cold_object o, back = { 0 };
		struct buf out = { 0 }, again = { 0 };
		struct count_error err = { 0 };
		bool gzipped = false;

		make_object(&o, sizes[i / 2], i % 2 == 1);
		buf_put(&out, "!", 1);
		assert_int_equal(object_print(&o, &gzipped, &out), COUNT_OK);
		assert_int_equal(gzipped, out.data[1] == 0x1f);
		if (o.chunks.len >= 16384)	/* the text of all costs next to nothing */
			assert_true(out.len - 1 < o.chunks.len + o.chunks.len / 20);
		if (object_parse(out.data + 1, out.len - 1, &back, &err) != COUNT_OK)
			fail_msg("%s", err.text);
		check_same(&back, &o);
		assert_int_equal(object_print(&back, &gzipped, &again), COUNT_OK);	/* the same bytes each time */
		assert_int_equal(again.len, out.len - 1);
		assert_memory_equal(again.data, out.data + 1, again.len);
		cold_object_free(&o);
		cold_object_free(&back);
		buf_free(&out);
		buf_free(&again);
	}
}

/* The text as specified: another program may read it. */
static void test_text(void **state)
{
	static const char head[] = "{\"series_name\":\"x\",\"key\":\"p/x/k\",\"start_time\":1,\"end_time\":2,"
		"\"point_count\":2,"
		"\"version\":1,\"unit\":\"s\",\"replaces\":[\"p/x/j\"],"
		"\"checksum\":\"xxh128:06b05ab6733a618578af5f94892f3950\",\"chunks\":\"YWJj\"}\n";
	struct cold_object o = { .unit = COUNT_UNIT_S };
	struct buf out = { 0 };
	bool gzipped = true;

	(void)state;
	o.series = strdup("x");
	o.block = (struct manifest_block){ .key = strdup("p/x/k"), .start = 1, .end = 2, .points = 2 };
	o.replaces = calloc(1, sizeof(*o.replaces));
	assert_non_null(o.replaces);
	o.replaces[o.nreplaces++] = strdup("p/x/j");
	buf_put(&o.chunks, "abc", 3);
	assert_int_equal(object_print(&o, &gzipped, &out), COUNT_OK);
	assert_false(gzipped);
	buf_put_u8(&out, 0);
	assert_string_equal((char *)out.data, head);
	buf_free(&out);
	o.kind = OBJECT_LEGACY;
	assert_int_equal(object_print(&o, &gzipped, &out), COUNT_ERR_INVALID);
	cold_object_free(&o);
	buf_free(&out);
}

/* A flipped bit: refused, or nothing that is proven by a checksum has changed. */
static void check_damaged(const uint8_t *bytes, size_t len, const struct cold_object *o)
{
	struct cold_object back = { 0 };
	struct count_error err = { 0 };
	int ret = object_parse(bytes, len, &back, &err);

	if (ret == COUNT_OK) {
		assert_int_equal(back.chunks.len, o->chunks.len);
		assert_memory_equal(back.chunks.data, o->chunks.data, o->chunks.len);
	} else {
		assert_true(ret == COUNT_ERR_CORRUPT || ret == COUNT_ERR_VERSION);
		assert_int_equal(err.code, ret);
		assert_true(back.series == NULL && back.chunks.data == NULL && back.block.key == NULL);
	}
	cold_object_free(&back);
}

static void test_damage(void **state)
{
	struct cold_object o, back = { 0 };
	struct buf out = { 0 }, text = { 0 };
	bool gzipped;

	(void)state;
	make_object(&o, 40, true);
	assert_int_equal(object_print(&o, &gzipped, &out), COUNT_OK);
	assert_true(gzipped);
	for (size_t bit = 0; bit < 8 * out.len; bit++) {
		out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		check_damaged(out.data, out.len, &o);
		out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(gzip_unpack(out.data, out.len, OBJECT_MAX_BYTES, &text, NULL), COUNT_OK);
	for (size_t bit = 0; bit < 8 * text.len; bit++) {
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		check_damaged(text.data, text.len, &o);
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < out.len; len++)
		assert_int_equal(object_parse(out.data, len, &back, NULL), COUNT_ERR_CORRUPT);
	for (size_t len = 0; len < text.len - 1; len++)	/* without its newline it is whole */
		assert_int_equal(object_parse(text.data, len, &back, NULL), COUNT_ERR_CORRUPT);
	cold_object_free(&o);
	buf_free(&out);
	buf_free(&text);
}

static void test_gzip_ends(void **state)
{
	struct buf one = { 0 }, out = { 0 }, big = { 0 };
	size_t len, max = 100000;
	uint8_t *zeros = calloc(max + 1, 1);

	(void)state;
	assert_non_null(zeros);
	assert_int_equal(gzip_pack((const uint8_t *)"{}", 2, &one), COUNT_OK);
	len = one.len;
	buf_put(&out, "x", 1);
	assert_int_equal(gzip_unpack(one.data, len, 2, &out, NULL), COUNT_OK);
	assert_true(out.len == 3 && memcmp(out.data, "x{}", 3) == 0);
	assert_int_equal(gzip_unpack(one.data, len, 1, &out, NULL), COUNT_ERR_CORRUPT);
	assert_int_equal(out.len, 3);
	buf_put(&one, "\0", 1);			/* trailing garbage */
	assert_int_equal(gzip_unpack(one.data, one.len, 100, &out, NULL), COUNT_ERR_CORRUPT);
	one.len = len;
	assert_int_equal(gzip_pack((const uint8_t *)"{}", 2, &one), COUNT_OK);	/* a second member */
	assert_int_equal(gzip_unpack(one.data, one.len, 100, &out, NULL), COUNT_ERR_CORRUPT);
	assert_int_equal(gzip_pack(zeros, max + 1, &big), COUNT_OK);
	out.len = 0;
	assert_int_equal(gzip_unpack(big.data, big.len, max, &out, NULL), COUNT_ERR_CORRUPT);
	assert_true(out.len == 0 && out.cap < 2 * max);
	assert_int_equal(gzip_unpack(big.data, big.len, max + 1, &out, NULL), COUNT_OK);
	assert_int_equal(out.len, max + 1);
	buf_free(&one);
	buf_free(&out);
	buf_free(&big);
	free(zeros);
}

static void test_bomb(void **state)
{
	size_t len = OBJECT_MAX_BYTES + 1;
	uint8_t *blanks = malloc(len);
	struct cold_object o = { 0 };
	struct count_error err = { 0 };
	struct buf packed = { 0 };

	(void)state;
	assert_non_null(blanks);
	memset(blanks, ' ', len);
	assert_int_equal(gzip_pack(blanks, len, &packed), COUNT_OK);
	assert_int_equal(object_parse(packed.data, packed.len, &o, &err), COUNT_ERR_CORRUPT);
	assert_string_equal(err.text, "unpacked it has more than 67108864 bytes");
	assert_int_equal(object_parse(blanks, len, &o, NULL), COUNT_ERR_CORRUPT);
	buf_free(&packed);
	free(blanks);
}

#define OBJECT(rest) "{\"series_name\":\"x\",\"key\":\"p/x/k\",\"start_time\":1,\"end_time\":2," \
	"\"point_count\":2" rest "}"
#define SUM ",\"checksum\":\"xxh128:06b05ab6733a618578af5f94892f3950\""
#define LEGACY(n, times, values) "{\"start_time\":1,\"end_time\":1,\"compressed_timestamps\":[" times "]," \
	"\"compressed_values\":[" values "],\"point_count\":" n "}"
#define EIGHT "1,0,0,0,0,0,0,0"

static void test_refused(void **state)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "{}", "\"version\" is missing" },
		{ OBJECT(",\"chunks\":\"\""), "\"version\" is missing" },
		{ OBJECT(",\"version\":1,\"unit\":\"ms\"" SUM), "\"chunks\" is no string" },
		{ OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YWJj\""), "\"checksum\" is missing" },
		{ OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YWJk\"" SUM),
		  "\"chunks\" differs from \"checksum\"" },
		{ OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YWJ\"" SUM), "\"chunks\" is not base64" },
		{ OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YWJj\",\"checksum\":\"x\""),
		  "\"checksum\" is not xxh128: and 32 hexadecimal digits" },
		{ OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YWJj\",\"replaces\":[1]" SUM),
		  "\"replaces\" is no list of keys" },
		{ OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YWJj\",\"replaces\":[\"../x\"]" SUM),
		  "\"replaces\" is no key of an object" },
		{ LEGACY("0", EIGHT, EIGHT), "\"point_count\" is too small" },
		{ LEGACY("1", EIGHT ",1.5", EIGHT), "\"compressed_timestamps\" has an element that is no byte" },
		{ LEGACY("1", EIGHT, EIGHT ",256"), "\"compressed_values\" has an element that is no byte" },
		{ LEGACY("1", EIGHT, "-1"), "\"compressed_values\" has an element that is no byte" },
		{ LEGACY("1", EIGHT "," EIGHT "," EIGHT, EIGHT), "\"compressed_timestamps\" has too many elements" },
		{ LEGACY("1", EIGHT, EIGHT ",1,1"), "\"compressed_values\" has too many elements" },
		{ LEGACY("9223372036854775807", EIGHT, EIGHT), "\"point_count\" is more than an object holds" },
	};

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		struct cold_object o = { 0 };
		struct count_error err = { 0 };

		if (object_parse((const uint8_t *)bad[i].text, strlen(bad[i].text), &o, &err) != COUNT_ERR_CORRUPT)
			fail_msg("accepted: %s", bad[i].text);
		assert_string_equal(err.text, bad[i].why);
		assert_true(o.series == NULL && o.legacy_times.data == NULL && o.chunks.data == NULL);
	}
}

/* However JSON may spell them, the chunks are found, and nothing else is taken for them. */
static void test_spellings(void **state)
{
	static const char *const good[] = {
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YWJj\"" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\" : \n\t\"YWJj\"" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YW\\u004aj\"" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunk\\u0073\":\"YWJj\"" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"codec\":\"chunks\",\"chunks\":\"YWJj\"" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"codec\":\"\\\"chunks\",\"chunks\":\"YWJj\"" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"x\":{\"chunks\":\"YQ==\"},\"chunks\":\"YWJj\"" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"x\":[[],{},\"\"],\"chunks\":\"YWJj\","
		       "\"y\":{\"chunks\":1}" SUM),
	};
	static const char *const bad[] = {
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YWJj\",\"chunks\":\"YWJj\"" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YWJj\",\"chunk\\u0073\":\"YWJj\"" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YWJj\"\"YWJj\"" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YW\nJj\"" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YWJj\",x" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"x\":{\"chunks\":\"YWJj\"}" SUM),
		OBJECT(",\"version\":1,\"unit\":\"ms\",\"chunks\":\"YWJj"),
		"[\"chunks\":\"YWJj\"]",
		"{\"chunks\":\"YWJj\\",
	};

	(void)state;
	for (size_t i = 0; i < N(good) + N(bad); i++) {
		const char *text = i < N(good) ? good[i] : bad[i - N(good)];
		struct cold_object o = { 0 };
		struct count_error err = { 0 };
		char *exact = malloc(strlen(text));	/* without the NUL: a sanitizer sees a read past the end */
		int ret;

		memcpy(exact, text, strlen(text));
		ret = object_parse((const uint8_t *)exact, strlen(text), &o, &err);
		if (ret != (i < N(good) ? COUNT_OK : COUNT_ERR_CORRUPT))
			fail_msg("%d %s: %s", ret, err.text, text);
		assert_true(ret != COUNT_OK || (o.chunks.len == 3 && memcmp(o.chunks.data, "abc", 3) == 0));
		cold_object_free(&o);
		free(exact);
	}
}

static void test_newer(void **state)
{
	static const char text[] = "{\"version\":7,\"compressed_timestamps\":1,\"chunks\":5}";
	struct cold_object o = { 0 };

	(void)state;
	assert_int_equal(object_parse((const uint8_t *)text, strlen(text), &o, NULL), COUNT_ERR_VERSION);
}

static void test_legacy(void **state)
{
	static const char text[] = LEGACY("2", EIGHT ",0,0", EIGHT ",1");
	struct cold_object o = { 0 };
	int64_t t[2];
	double v[2];

	(void)state;
	assert_int_equal(object_parse((const uint8_t *)text, strlen(text), &o, NULL), COUNT_OK);
	assert_true(o.kind == OBJECT_LEGACY && o.block.points == 2 && o.block.start == 1 && o.series == NULL);
	assert_int_equal(legacy_decode_times(o.legacy_times.data, o.legacy_times.len, 2, t, NULL), COUNT_OK);
	assert_int_equal(legacy_decode_values(o.legacy_values.data, o.legacy_values.len, 2, v, NULL), COUNT_OK);
	assert_true(t[0] == 1 && t[1] == 1 && v[0] == 5e-324 && v[1] == 5e-324);
	cold_object_free(&o);
}

/* ---- The prototype's bucket of shared/data, if it is there ---- */

struct point { int64_t time; double value; };

static size_t read_points(const char *file, const char *series, struct point *p, size_t max)
{
	FILE *f = fopen(file, "r");
	char name[256], value[64];
	long long time;
	size_t n = 0;

	if (f == NULL)
		return 0;
	while (n < max && fscanf(f, "%255s %63s %lld", name, value, &time) == 3)
		if (strcmp(name, series) == 0)
			p[n++] = (struct point){ time, strtod(value, NULL) };
	fclose(f);
	return n;
}

static size_t decode_file(const char *file, int64_t *times, double *values, size_t max)
{
	static uint8_t bytes[1 << 20];
	struct cold_object o = { 0 };
	FILE *f = fopen(file, "rb");
	size_t len, n;

	assert_non_null(f);
	len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	assert_int_equal(object_parse(bytes, len, &o, NULL), COUNT_OK);
	n = o.block.points;
	assert_true(n <= max);
	assert_int_equal(legacy_decode_times(o.legacy_times.data, o.legacy_times.len, n, times, NULL), COUNT_OK);
	assert_int_equal(legacy_decode_values(o.legacy_values.data, o.legacy_values.len, n, values, NULL), COUNT_OK);
	assert_true(times[0] == o.block.start && times[n - 1] == o.block.end);
	cold_object_free(&o);
	return n;
}

/* Every point of its blocks stands in points.txt, and no other. */
static void check_series(const char *dir, const char *series)
{
	static struct point want[5000];
	static int64_t times[5000];
	static double values[5000];
	size_t n, found = 0;
	char name[1024];
	struct dirent *e;
	DIR *d;

	snprintf(name, sizeof(name), "%s/points.txt", dir);
	n = read_points(name, series, want, N(want));
	snprintf(name, sizeof(name), "%s/count-data/%s", dir, series);
	d = opendir(name);
	if (d == NULL || n == 0)
		skip();
	while ((e = readdir(d)) != NULL) {
		size_t k, i = 0;

		if (strncmp(e->d_name, "block_", 6) != 0)
			continue;
		snprintf(name, sizeof(name), "%s/count-data/%s/%.255s", dir, series, e->d_name);
		k = decode_file(name, times, values, N(times));
		while (i < n && want[i].time != times[0])
			i++;
		assert_true(k <= n - i);
		for (size_t j = 0; j < k; j++)
			assert_true(want[i + j].time == times[j] && f64_bits(want[i + j].value) == f64_bits(values[j]));
		found += k;
	}
	closedir(d);
	assert_int_equal(found, n);
}

static void test_prototype(void **state)
{
	const char *shared = getenv("COUNT_SHARED");
	char dir[900];

	(void)state;
	if (shared == NULL || strlen(shared) > 800)
		skip();
	snprintf(dir, sizeof(dir), "%s/data/legacy-blocks", shared);
	check_series(dir, "cpu.usage");
	check_series(dir, "memory.usage.bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_gzip_ends),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_legacy),
		cmocka_unit_test(test_prototype),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
