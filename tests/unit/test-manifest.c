/* test-manifest.c - format/manifest and manifest_json: the text as specified, both ways; hostile text. */
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
#include "format/manifest_json.h"

#define DIR "count-data/cpu/"
#define HASH "xxh128:00112233445566778899aabbccddeeff"
#define N(a) (sizeof(a) / sizeof((a)[0]))

/* The text of a manifest with everything that there is; the same text is printed again. */
static const char full[] =
"{\"series_name\":\"cpu{host=\\\"a\\\"}\",\"blocks\":[\n"
"{\"key\":\"count-data/cpu/block_-5_86400000.json\",\"start_time\":-5,\"end_time\":86400000,\"point_count\":3,"
"\"size\":1234,\"etag\":\"9b2cf5\",\"checksum\":\"" HASH "\","
"\"points_hash\":\"" HASH "\",\"seq\":6,\"writer\":\"0a0b\","
"\"codec\":\"regular+decimal\",\"nan_count\":1,\"min\":\"-0.5\",\"max\":\"+Inf\",\"sum\":[\"NaN\",\"0\"],"
"\"first\":\"-0\",\"last\":\"NaN:7ff4000000000001\",\"days\":[[-5,-5,1,0,\"0\",\"0\",\"0\",\"0\",\"-0\",\"-0\"],"
"[7,7,1,0,\"5e-324\",\"5e-324\",\"5e-324\",\"0\",\"5e-324\",\"5e-324\"],"
"[86400000,86400000,1,1,\"NaN\",\"NaN\",\"NaN\",\"0\",\"NaN\",\"NaN\"]],\"note\":{\"by\":[1,2.5,null,\"\\u0001\"]}},\n"
"{\"key\":\"count-data/cpu/block_90000000_90000000.json\",\"start_time\":90000000,\"end_time\":90000000,"
"\"point_count\":1}\n"
"],\"version\":1,\"unit\":\"ms\",\"seq\":7,\"writer\":\"0a0b\",\"garbage\":[{\"key\":\"count-data/cpu/old.json\","
"\"since\":1700000000}],\"owner\":\"\\u00e9\"}\n";

static int parse(const char *text, struct manifest *m, struct count_error *err)
{
	*m = (struct manifest){ 0 };
	*err = (struct count_error){ 0 };
	return manifest_parse(text, strlen(text), DIR, m, err);
}

#define CHECKSUM_LEN 53		/* the last field, with the comma before it */

/* Without its checksum. */
static void prints(const struct manifest *m, const char *want)
{
	struct buf out = { 0 };
	char *tail;

	buf_put(&out, "!", 1);
	assert_int_equal(manifest_print(m, &out), COUNT_OK);
	buf_put_u8(&out, 0);
	assert_true(out.len > CHECKSUM_LEN + 2);
	tail = (char *)out.data + out.len - 1 - CHECKSUM_LEN - 2;
	assert_memory_equal(tail, ",\"checksum\":\"xxh128:", 20);
	strcpy(tail, "}\n");
	assert_string_equal((char *)out.data + 1, want);
	buf_free(&out);
}

/* The escape of e acute is printed as itself. */
static void plain_accent(char *text)
{
	char *p = strstr(text, "\\u00e9");

	if (p != NULL) {
		memcpy(p, "\xc3\xa9", 2);
		memmove(p + 2, p + 6, strlen(p + 6) + 1);
	}
}

static void check_full(const struct manifest *m)
{
	const struct manifest_block *b = &m->blocks[0];

	assert_string_equal(m->series, "cpu{host=\"a\"}");
	assert_int_equal(m->series_len, strlen(m->series));
	assert_true(m->version == 1 && m->has_unit && m->unit == COUNT_UNIT_MS && m->seq == 7 && m->nblocks == 2);
	assert_true(b->start == -5 && b->end == 86400000 && b->points == 3 && b->size == 1234 && b->seq == 6);
	assert_string_equal(b->etag, "9b2cf5");
	assert_string_equal(b->checksum, HASH);
	assert_string_equal(b->codec, "regular+decimal");
	assert_true(b->has_hash && b->points_hash[1] == 0x11 && b->points_hash[15] == 0xff && b->has_stats);
	assert_true(b->stats.first_time == -5 && b->stats.last_time == 86400000 && b->stats.count == 3);
	assert_true(b->stats.nan_count == 1 && b->stats.min == -0.5 && b->stats.max == INFINITY);
	assert_true(f64_bits(b->stats.first) == UINT64_C(1) << 63);
	assert_true(f64_bits(b->stats.last) == UINT64_C(0x7ff4000000000001));
	assert_true(f64_bits(b->stats.sum.hi) == UINT64_C(0x7ff8000000000000) && b->stats.sum.lo == 0);
	assert_true(b->ndays == 3 && b->days[1].min == 5e-324 && b->days[2].nan_count == 1);
	assert_string_equal(b->other, "{\"note\":{\"by\":[1,2.5,null,\"\\u0001\"]}}");
	assert_true(m->blocks[1].points == 1 && !m->blocks[1].has_stats && !m->blocks[1].has_hash);
	assert_true(m->blocks[1].etag == NULL && m->blocks[1].other == NULL && m->blocks[1].ndays == 0);
	assert_true(m->ngarbage == 1 && m->garbage[0].since_s == 1700000000);
	assert_string_equal(m->garbage[0].key, "count-data/cpu/old.json");
	assert_string_equal(m->other, "{\"owner\":\"\xc3\xa9\"}");
}

static void test_both_ways(void **state)
{
	struct manifest m, copy = { 0 };
	struct count_error err;
	char *want = strdup(full);

	(void)state;
	assert_non_null(want);
	plain_accent(want);
	if (parse(full, &m, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	check_full(&m);
	prints(&m, want);
	assert_int_equal(manifest_copy(&m, &copy), COUNT_OK);
	manifest_free(&m);
	check_full(&copy);
	prints(&copy, want);
	manifest_drop_block(&copy, 0);
	assert_true(copy.nblocks == 1 && copy.blocks[0].start == 90000000);
	manifest_free(&copy);
	assert_true(copy.blocks == NULL && copy.series == NULL);
	manifest_free(&copy);
	free(want);
}

/* A bit that flips is an error, or in the checksum's own field nothing; never another manifest. */
static void test_every_bit(void **state)
{
	struct buf text = { 0 };
	struct manifest m;
	struct count_error err;
	char *want = strdup(full);
	size_t refused = 0;

	(void)state;
	plain_accent(want);
	assert_int_equal(parse(full, &m, &err), COUNT_OK);
	assert_int_equal(manifest_print(&m, &text), COUNT_OK);
	manifest_free(&m);
	for (size_t bit = 0; bit < text.len * 8; bit++) {
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		m = (struct manifest){ 0 };
		if (manifest_parse((char *)text.data, text.len, DIR, &m, NULL) == COUNT_OK) {
			assert_true(bit / 8 >= text.len - CHECKSUM_LEN - 2);
			free(m.other);		/* of its name, misspelt */
			m.other = strdup("{\"owner\":\"\xc3\xa9\"}");
			prints(&m, want);
		} else {
			refused++;
		}
		manifest_free(&m);
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(refused > text.len * 7);
	buf_free(&text);
	free(want);
}

/* Written anew by another program it is taken as it is. */
static void test_edited(void **state)
{
	static const char edited[] =
		"{\"series_name\":\"a\",\"blocks\":[{\"key\":\"" DIR "b\",\"start_time\":1,\"end_time\":2,"
		"\"point_count\":2}],"
		"\"checksum\":\"xxh128:00112233445566778899aabbccddeeff\"}\n";
	struct manifest m;
	struct count_error err;

	(void)state;
	assert_int_equal(parse(edited, &m, &err), COUNT_OK);
	assert_true(m.nblocks == 1 && m.other == NULL);
	manifest_free(&m);
}

/* Every double, whatever its bits. */
static void test_doubles(void **state)
{
	static const uint64_t bits[] = {
		0, 1, UINT64_C(1) << 63, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000000,
		0x7ff0000000000001, 0x7fffffffffffffff, 0xffffffffffffffff, 0x7fefffffffffffff, 0x3fb999999999999a,
	};

	(void)state;
	for (size_t i = 0; i < N(bits); i++) {
		struct manifest m = { .version = 1, .has_unit = true, .unit = COUNT_UNIT_NS }, back = { 0 };
		struct manifest_block *b = manifest_add_block(&m);
		struct buf out = { 0 };

		assert_non_null(b);
		m.series = strdup("x");
		b->key = strdup(DIR "k");
		*b = (struct manifest_block){ .key = b->key, .points = 1, .has_stats = true, .stats = { .count = 1 } };
		b->stats.first = b->stats.last = f64_from_bits(bits[i]);
		b->stats.sum.hi = f64_from_bits(bits[i]);
		assert_int_equal(manifest_print(&m, &out), COUNT_OK);
		assert_int_equal(manifest_parse((char *)out.data, out.len, DIR, &back, NULL), COUNT_OK);
		assert_true(f64_bits(back.blocks[0].stats.first) == bits[i] && back.unit == COUNT_UNIT_NS);
		assert_true(f64_bits(back.blocks[0].stats.sum.hi) == bits[i]);
		manifest_free(&m);
		manifest_free(&back);
		buf_free(&out);
	}
}

#define FIXED(rest) "{\"series_name\":\"cpu\",\"blocks\":[{\"key\":\"" DIR "a\",\"start_time\":1,\"end_time\":9," \
	"\"point_count\":3" rest
#define WHOLE(rest) FIXED(rest "}],\"version\":1,\"unit\":\"ms\"}")
#define TOP(rest) "{\"series_name\":\"cpu\",\"blocks\":[]" rest "}"
#define BLOCK(text) "{\"series_name\":\"cpu\",\"blocks\":[" text "],\"version\":1,\"unit\":\"ms\"}"
#define STATS(nan, min, max) ",\"nan_count\":" nan ",\"min\":" min ",\"max\":" max \
	",\"sum\":[\"1\",\"0\"],\"first\":\"1\",\"last\":\"1\""
#define DAY(first, last, n) "[" first "," last "," n ",0,\"1\",\"1\",\"1\",\"0\",\"1\",\"1\"]"

static void test_accepted(void **state)
{
	static const char *const good[] = {
		TOP(""),
		" \n" TOP(",\"garbage\":[],\"zz\":[[],{}]") "\n",
		WHOLE(""),
		WHOLE(",\"etag\":null,\"days\":[]"),
		WHOLE(STATS("3", "\"NaN\"", "\"NaN\"")),
		WHOLE(",\"days\":[" DAY("1", "9", "3") "]"),
		/* the prototype counted equal times */
		"{\"series_name\":\"cpu\",\"blocks\":[{\"key\":\"" DIR "a\",\"start_time\":1,\"end_time\":1,"
		"\"point_count\":2}]}",
		/* keys in any order */
		"{\"unit\":\"s\",\"version\":1,\"blocks\":[{\"point_count\":1,\"end_time\":9223372036854775807,"
		"\"start_time\":-9223372036854775808,\"key\":\"" DIR "a/b\"}],\"series_name\":\"cpu\"}",
	};

	(void)state;
	for (size_t i = 0; i < N(good); i++) {
		struct count_error err;
		struct manifest m;

		if (parse(good[i], &m, &err) != COUNT_OK)
			fail_msg("%s: %s", good[i], err.text);
		manifest_free(&m);
	}
}

static void test_refused(void **state)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "", "not the JSON it should be: it is empty" },
		{ "x", "not the JSON it should be: '[' or '{' expected at line 1, column 1" },
		{ "{}", "\"series_name\" is missing" },
		{ "[]", "not the JSON it should be: no object" },
		{ "{\"series_name\":\"cpu\"}", "\"blocks\" is missing" },
		{ "{\"series_name\":\"cpu\",\"blocks\":{}}", "\"blocks\" is no array" },
		{ "{\"series_name\":7,\"blocks\":[]}", "\"series_name\" is no string" },
		{ "{\"series_name\":\"\",\"blocks\":[]}", "\"series_name\" is no name of a series" },
		{ "{\"series_name\":\"a\\u0007\",\"blocks\":[]}", "\"series_name\" is no name of a series" },
		{ "{\"series_name\":\"a\\u0000b\",\"blocks\":[]}", NULL },
		{ TOP("") "x", NULL },
		{ TOP(",\"blocks\":[]"), "not the JSON it should be: duplicate object key at line 1, column 41" },
		{ TOP(",\"seq\":9223372036854775808"), NULL },
		{ TOP(",\"seq\":-1"), "\"seq\" is too small" },
		{ TOP(",\"seq\":1.0"), "\"seq\" is no integer" },
		{ TOP(",\"seq\":\"1\""), "\"seq\" is no integer" },
		{ TOP(",\"version\":1"), "\"unit\" is missing" },
		{ TOP(",\"unit\":\"ms\""), "\"version\" is missing" },
		{ TOP(",\"version\":0,\"unit\":\"ms\""), "\"version\" is too small" },
		{ TOP(",\"version\":1,\"unit\":\"m\""), "\"unit\" is not s, ms, us or ns" },
		{ TOP(",\"version\":1,\"unit\":3"), "\"unit\" is not s, ms, us or ns" },
		{ TOP(",\"garbage\":[{\"key\":\"elsewhere/a\",\"since\":1}]"),
		  "garbage[0]: \"key\" does not lie in the folder of its series" },
		{ TOP(",\"garbage\":[{\"key\":\"" DIR "a\"}]"), "garbage[0]: \"since\" is missing" },
		{ TOP(",\"garbage\":[7]"), "garbage[0]: \"key\" is missing" },
		{ TOP(",\"writer\":\"\\u001b[2J\""), "\"writer\" has control characters" },
		{ BLOCK("7"), "blocks[0]: \"key\" is missing" },
		{ BLOCK("{\"key\":\"" DIR "a\"}"), "blocks[0]: \"start_time\" is missing" },
		{ BLOCK("{\"key\":\"" DIR "a\",\"start_time\":1,\"end_time\":0,\"point_count\":1}"),
		  "blocks[0]: \"end_time\" is before \"start_time\"" },
		{ BLOCK("{\"key\":\"" DIR "a\",\"start_time\":1,\"end_time\":1,\"point_count\":0}"),
		  "blocks[0]: \"point_count\" is too small" },
		{ BLOCK("{\"key\":\"" DIR "a\",\"start_time\":1,\"end_time\":2,\"point_count\":3}"),
		  "blocks[0]: \"point_count\" is more than there are times" },
		{ BLOCK("{\"key\":\"" DIR "a\",\"start_time\":1.5,\"end_time\":2,\"point_count\":1}"),
		  "blocks[0]: \"start_time\" is no integer" },
		{ BLOCK("{\"key\":\"" DIR "\"}"), "blocks[0]: \"key\" is no key of an object" },
		{ BLOCK("{\"key\":\"" DIR "..\"}"), "blocks[0]: \"key\" is no key of an object" },
		{ BLOCK("{\"key\":\"" DIR "a/../b\"}"), "blocks[0]: \"key\" is no key of an object" },
		{ BLOCK("{\"key\":\"" DIR "/a\"}"), "blocks[0]: \"key\" is no key of an object" },
		{ BLOCK("{\"key\":\"" DIR "a/\"}"), "blocks[0]: \"key\" is no key of an object" },
		{ BLOCK("{\"key\":\"" DIR "a\\nb\"}"), "blocks[0]: \"key\" has control characters" },
		{ BLOCK("{\"key\":\"count-data/cpu\"}"),
		  "blocks[0]: \"key\" does not lie in the folder of its series" },
		{ BLOCK("{\"key\":\"count-data/cpu2/a\"}"),
		  "blocks[0]: \"key\" does not lie in the folder of its series" },
		{ WHOLE(",\"points_hash\":\"" HASH "0\""),
		  "blocks[0]: \"points_hash\" is not xxh128: and 32 hexadecimal digits" },
		{ WHOLE(",\"points_hash\":\"xxh64:1122\""),
		  "blocks[0]: \"points_hash\" is not xxh128: and 32 hexadecimal digits" },
		{ WHOLE(",\"min\":\"1\""), "blocks[0]: \"nan_count\" is missing" },
		{ WHOLE(STATS("0", "1", "\"1\"")), "blocks[0]: \"min\" is no number in a string" },
		{ WHOLE(STATS("0", "\"0x1p3\"", "\"1\"")), "blocks[0]: \"min\" is no number in a string" },
		{ WHOLE(STATS("0", "\"NaN:7ff0000000000000\"", "\"1\"")),
		  "blocks[0]: \"min\" is no number in a string" },
		{ WHOLE(STATS("0", "\"NaN:7ff\"", "\"1\"")), "blocks[0]: \"min\" is no number in a string" },
		{ WHOLE(STATS("4", "\"1\"", "\"1\"")),
		  "blocks[0]: \"nan_count\" does not agree with \"min\" and \"max\"" },
		{ WHOLE(STATS("3", "\"1\"", "\"1\"")),
		  "blocks[0]: \"nan_count\" does not agree with \"min\" and \"max\"" },
		{ WHOLE(STATS("0", "\"NaN\"", "\"NaN\"")),
		  "blocks[0]: \"nan_count\" does not agree with \"min\" and \"max\"" },
		{ WHOLE(STATS("0", "\"2\"", "\"1\"")),
		  "blocks[0]: \"nan_count\" does not agree with \"min\" and \"max\"" },
		{ WHOLE(",\"days\":[[]]"), "blocks[0]: \"days\" has a bad row" },
		{ WHOLE(",\"days\":[7]"), "blocks[0]: \"days\" has a bad row" },
		{ WHOLE(",\"days\":[" DAY("9", "1", "3") "]"), "blocks[0]: \"days\" has a bad row" },
		{ WHOLE(",\"days\":[" DAY("1", "1", "3") "]"), "blocks[0]: \"days\" has a bad row" },
		{ WHOLE(",\"days\":[" DAY("1", "9", "2") "]"), "blocks[0]: \"days\" do not add up to the block" },
		{ WHOLE(",\"days\":[" DAY("2", "9", "3") "]"), "blocks[0]: \"days\" do not add up to the block" },
		{ WHOLE(",\"days\":[" DAY("1", "8", "3") "]"), "blocks[0]: \"days\" do not add up to the block" },
		{ WHOLE(",\"days\":[" DAY("1", "5", "2") "," DAY("6", "9", "1") "]"),
		  "blocks[0]: \"days\" do not add up to the block" },
	};

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		struct count_error err;
		struct manifest m;

		if (parse(bad[i].text, &m, &err) != COUNT_ERR_CORRUPT)
			fail_msg("accepted: %s", bad[i].text);
		if (bad[i].why != NULL)
			assert_string_equal(err.text, bad[i].why);
		assert_int_equal(err.code, COUNT_ERR_CORRUPT);
		assert_true(m.blocks == NULL && m.series == NULL && m.other == NULL);
	}
}

static void test_newer(void **state)
{
	struct count_error err;
	struct manifest m;

	(void)state;
	assert_int_equal(parse("{\"version\":2,\"unit\":[],\"blocks\":7}", &m, &err), COUNT_ERR_VERSION);
	assert_string_equal(err.text, "it has version 2, this program knows 1 at most");
}

static int parse_repeated(const char *head, const char *one, size_t n, const char *tail)
{
	struct count_error err = { 0 };
	struct buf b = { 0 };
	struct manifest m = { 0 };
	int ret;

	buf_put(&b, head, strlen(head));
	for (size_t i = 0; i < n; i++)
		buf_put(&b, one, strlen(one));
	buf_put(&b, tail, strlen(tail));
	assert_false(b.failed);
	ret = manifest_parse((char *)b.data, b.len, DIR, &m, &err);
	if (ret != COUNT_OK)
		assert_true(strstr(err.text, "too many values") != NULL || strstr(err.text, "too deep") != NULL);
	manifest_free(&m);
	buf_free(&b);
	return ret;
}

/* What would take much stack or memory is refused before it does. */
static void test_bombs(void **state)
{
	(void)state;
	assert_int_equal(parse_repeated("{\"series_name\":\"a\",\"blocks\":[],\"x\":", "[", 31,
					"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"), COUNT_OK);
	assert_int_equal(parse_repeated("{\"series_name\":\"a\",\"blocks\":[],\"x\":", "[", 32,
					"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"), COUNT_ERR_CORRUPT);
	assert_int_equal(parse_repeated("", "[", 100000, ""), COUNT_ERR_CORRUPT);
	assert_int_equal(parse_repeated("", "{\"a\":", 100000, ""), COUNT_ERR_CORRUPT);
	assert_int_equal(parse_repeated("{\"a\":[0", ",0", 13 << 20, "]}"), COUNT_ERR_CORRUPT);
	assert_int_equal(parse_repeated("{\"a\":[[]", ",[]", 5 << 20, "]}"), COUNT_ERR_CORRUPT);
	assert_int_equal(parse_repeated("{\"a\":[{}", ",{}", 3 << 20, "]}"), COUNT_ERR_CORRUPT);
}

/* Longer than any manifest may be: not even looked at. */
static void test_too_long(void **state)
{
	struct count_error err = { 0 };
	struct manifest m = { 0 };

	(void)state;
	assert_int_equal(manifest_parse(full, (size_t)MANIFEST_MAX_BYTES + 1, DIR, &m, &err), COUNT_ERR_CORRUPT);
	assert_string_equal(err.text, "it has more than 67108864 bytes");
}

static void test_invalid_text(void **state)
{
	struct manifest m = { .version = 1, .has_unit = true };
	struct buf out = { 0 };

	(void)state;
	m.series = strdup("a\xff");
	buf_put(&out, "kept", 4);
	assert_int_equal(manifest_print(&m, &out), COUNT_ERR_INVALID);
	assert_int_equal(out.len, 4);
	buf_free(&out);
	manifest_free(&m);
}

static void test_extent(void **state)
{
	static const int64_t spans[][2] = { { 50, 60 }, { 10, 20 }, { 20, 30 }, { 61, 70 }, { 31, 49 } };
	static const bool overlaps[] = { false, true, true, false, false };
	struct manifest m = { 0 };
	int64_t first = 0, last = 0;

	(void)state;
	assert_false(manifest_extent(&m, &first, &last));
	for (size_t i = 0; i < N(spans); i++) {
		struct manifest_block *b = manifest_add_block(&m);

		assert_non_null(b);
		b->start = spans[i][0];
		b->end = spans[i][1];
	}
	assert_true(manifest_extent(&m, &first, &last) && first == 10 && last == 70);
	for (size_t i = 0; i < N(spans); i++)
		assert_int_equal(manifest_overlaps(&m, i), overlaps[i]);
	manifest_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_edited),
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_invalid_text),
		cmocka_unit_test(test_extent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
