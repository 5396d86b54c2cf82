/* test-current.c - format/current, formatfile, lines: round trips, and every kind of bad text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "format/current.h"
#include "format/lines.h"

#define HEAD "count-current 1\ngeneration 17\nfirst-segment 5\nnext-number 42\n"
#define BLOCK "block 12 bytes=8190 times=-5,7 segments=0,4 points=900 window=2,-3"

static void test_crc(void **state)
{
	(void)state;
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
}

/* Parses body with a good checksum line; on failure err has the text. */
static int parse(const char *body, struct current *c, struct count_error *err)
{
	struct buf b = { 0 };
	int ret;

	*err = (struct count_error){ 0 };
	buf_put(&b, body, strlen(body));
	lines_finish(&b);
	ret = current_parse((const char *)b.data, b.len, c, err);
	buf_free(&b);
	return ret;
}

static void fill(struct current *c)
{
	static const struct current_block blocks[] = {
		{ .number = 3, .size = 1, .first_time = INT64_MIN, .last_time = INT64_MAX,
		  .seg_lo = 0, .seg_hi = UINT64_MAX, .points = UINT64_MAX, .level = 31,
		  .window = INT64_MIN, .pinned = true },
		{ .number = 1, .size = UINT64_MAX, .first_time = 0, .last_time = 0, .seg_lo = 7,
		  .seg_hi = 7, .points = 1, .level = 0, .window = 0 },
	};

	current_init(c);
	c->generation = UINT64_MAX;
	c->first_segment = 8;
	c->last_flush_s = 1700000000;
	c->last_retention_s = -1;
	c->clock_jump_s = INT64_MAX;
	c->last_archive_s = 1699999999;
	c->next_number = UINT64_MAX;
	for (size_t i = 0; i < CURRENT_MAX_COLD; i++)
		c->cold[c->ncold++] = i == 0 ? UINT64_MAX - 1 : 100 - i;
	assert_int_equal(current_add(c, &blocks[0]), COUNT_OK);
	assert_int_equal(current_add(c, &blocks[1]), COUNT_OK);
	buf_put(&c->other, "cold-index 7 x=1\n", 17);
}

static void assert_same(const struct current *a, const struct current *b)
{
	assert_true(a->generation == b->generation && a->first_segment == b->first_segment &&
		    a->next_number == b->next_number && a->last_flush_s == b->last_flush_s &&
		    a->last_retention_s == b->last_retention_s && a->clock_jump_s == b->clock_jump_s &&
		    a->last_archive_s == b->last_archive_s);
	assert_int_equal(a->ncold, b->ncold);
	assert_memory_equal(a->cold, b->cold, a->ncold * sizeof(a->cold[0]));
	assert_int_equal(a->nblocks, b->nblocks);
	for (size_t i = 0; i < a->nblocks; i++) {
		const struct current_block *x = &a->blocks[i], *y = &b->blocks[i];

		assert_true(x->number == y->number && x->size == y->size && x->points == y->points &&
			    x->first_time == y->first_time && x->last_time == y->last_time &&
			    x->seg_lo == y->seg_lo && x->seg_hi == y->seg_hi &&
			    x->level == y->level && x->window == y->window && x->pinned == y->pinned);
	}
	assert_int_equal(a->other.len, b->other.len);
	assert_memory_equal(a->other.data, b->other.data, a->other.len);
}

static void test_round_trip(void **state)
{
	struct current a, b, c;
	struct count_error err = { 0 };
	struct buf text = { 0 };

	(void)state;
	fill(&a);
	assert_int_equal(current_print(&a, &text), COUNT_OK);
	assert_int_equal(current_parse((char *)text.data, text.len, &b, &err), COUNT_OK);
	assert_same(&a, &b);
	assert_int_equal(current_copy(&b, &c), COUNT_OK);
	assert_same(&a, &c);
	current_free(&a);
	current_free(&b);
	current_free(&c);
	buf_free(&text);
}

/* No byte may change, and no end may be missing, without a refusal. */
static void test_damage(void **state)
{
	struct current a, b;
	struct buf text = { 0 };
	char *copy;

	(void)state;
	fill(&a);
	current_print(&a, &text);
	copy = malloc(text.len);
	assert_non_null(copy);
	for (size_t cut = 0; cut < text.len; cut++) {
		memcpy(copy, text.data, text.len);
		assert_int_not_equal(current_parse(copy, cut, &b, NULL), COUNT_OK);
		for (unsigned bit = 0; bit < 8; bit++) {
			copy[cut] = (char)(text.data[cut] ^ 1u << bit);
			assert_int_equal(current_parse(copy, text.len, &b, NULL), COUNT_ERR_CORRUPT);
		}
	}
	free(copy);
	current_free(&a);
	buf_free(&text);
}

#define COLD8(ten) "cold " #ten "0\ncold " #ten "1\ncold " #ten "2\ncold " #ten "3\ncold " #ten "4\ncold " #ten \
	"5\ncold " #ten "6\ncold " #ten "7\n"

static const struct { const char *body, *why; } bad[] = {
	{ "", "line 1" },
	{ "count-currant 1\n", "line 1" },
	{ "count-current 0\n", "line 1" },
	{ "count-current 01\n", "line 1" },
	{ "count-current 1\n", "missing" },
	{ "count-current 1\ngeneration 1\nfirst-segment 1\n", "missing" },
	{ HEAD "generation 18\n", "line 5: given twice" },
	{ HEAD "\n", "line 5: empty" },
	{ HEAD " x\n", "line 5: empty" },
	{ HEAD "last-flush\n", "line 5: not one number" },
	{ HEAD "last-flush +1\n", "line 5: not one number" },
	{ HEAD "last-flush 1 \n", "line 5: not one number" },
	{ HEAD "last-flush 1 2\n", "line 5: not one number" },
	{ HEAD "last-flush -0\n", "line 5: not one number" },
	{ HEAD "last-flush 9223372036854775808\n", "line 5: not one number" },
	{ "count-current 1\ngeneration 18446744073709551616\n", "line 2: not one number" },
	{ "count-current 1\nfirst-segment 0\n", "line 2: not one number" },
	{ HEAD BLOCK "\n" BLOCK "\n", "block 12 is named twice" },
	{ HEAD BLOCK " pinned pinned\n", "line 5: something follows" },
	{ HEAD BLOCK " pinned \n", "line 5: something follows" },
	{ HEAD BLOCK " \n", "line 5: unknown mark" },
	{ HEAD BLOCK " stuck\n", "line 5: unknown mark" },
	{ HEAD "block 42 bytes=1 times=1,2 segments=1,1 points=1 window=0,0\n", "block 42 is not below" },
	{ HEAD "block 0 bytes=1 times=1,2 segments=1,1 points=1 window=0,0\n", "line 5: not a block" },
	{ HEAD "block 2 bytes=0 times=1,2 segments=1,1 points=1 window=0,0\n", "line 5: not \"bytes" },
	{ HEAD "block 2 bytes=1 times=3,2 segments=1,1 points=1 window=0,0\n", "line 5: not \"times" },
	{ HEAD "block 2 bytes=1 times=2 segments=1,1 points=1 window=0,0\n", "line 5: not \"times" },
	{ HEAD "block 2 bytes=1 times=1,2 segments=2,1 points=1 window=0,0\n", "line 5: not \"segm" },
	{ HEAD "block 2 bytes=1 times=1,2 segments=1,1 points=0 window=0,0\n", "line 5: not \"poin" },
	{ HEAD "block 2 bytes=1 times=1,2 segments=1,1 points=1 window=32,0\n", "line 5: not \"win" },
	{ HEAD "block 2 bytes=1 times=1,2 segments=1,1 points=1 window=-1,0\n", "line 5: not \"win" },
	{ HEAD "block 2 bytes=1 times=1,2 segments=1,1 points=1 window=0,\n", "line 5: not \"win" },
	{ HEAD "block 2 bytes=1\n", "line 5: not \"times" },
	{ HEAD "note\ta\n", "line 5: control" },
	{ HEAD "last-archive x\n", "line 5: not one number" },
	{ HEAD "last-archive 1\nlast-archive 1\n", "line 6: given twice" },
	{ HEAD "cold\n", "line 5: not one file" },
	{ HEAD "cold 0\n", "line 5: not one file" },
	{ HEAD "cold 07\n", "line 5: not one file" },
	{ HEAD "cold 7 8\n", "line 5: not one file" },
	{ HEAD "cold 7\ncold 8\ncold 7\n", "file 7 of the cold index is named twice" },
	{ HEAD "cold 7\ncold 42\n", "file 42 of the cold index is not below" },
	{ HEAD COLD8(1) COLD8(2) "cold 30\n", "line 21: more files" },
};

static void test_bad(void **state)
{
	struct count_error err;
	struct current c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i].body, &c, &err), COUNT_ERR_CORRUPT);
		if (strstr(err.text, bad[i].why) == NULL)
			fail_msg("%zu: '%s' lacks '%s'", i, err.text, bad[i].why);
	}
	assert_int_equal(parse("count-current 2\nwhatever\n", &c, &err), COUNT_ERR_VERSION);
	assert_int_equal(parse("count-current 18446744073709551615\n", &c, &err), COUNT_ERR_VERSION);
}

static void test_good(void **state)
{
	struct count_error err;
	struct current c;

	(void)state;
	assert_int_equal(parse(HEAD "later kind\n" BLOCK "\nmore=1\n", &c, &err), COUNT_OK);
	assert_int_equal(c.generation, 17);
	assert_int_equal(c.nblocks, 1);
	assert_true(c.blocks[0].first_time == -5 && c.blocks[0].window == -3);
	assert_int_equal(c.other.len, 18);
	assert_memory_equal(c.other.data, "later kind\nmore=1\n", 18);
	assert_int_equal(c.last_archive_s, 0);
	current_free(&c);
	assert_int_equal(parse(HEAD COLD8(1) BLOCK "\n" COLD8(2) "last-archive -1\n", &c, &err), COUNT_OK);
	assert_int_equal(c.ncold, 16);
	assert_true(c.cold[0] == 10 && c.cold[15] == 27 && c.last_archive_s == -1);
	current_free(&c);
}

static void test_format_file(void **state)
{
	struct format_file a = { .unit = COUNT_UNIT_NS, .id = { 0, 1, 2, 0xfe, 0xff } }, b;
	struct count_error err = { 0 };
	struct buf text = { 0 };

	(void)state;
	assert_int_equal(format_file_print(&a, &text), COUNT_OK);
	assert_int_equal(format_file_parse((char *)text.data, text.len, &b, &err), COUNT_OK);
	assert_int_equal(b.unit, COUNT_UNIT_NS);
	assert_memory_equal(a.id, b.id, 16);
	for (size_t i = 0; i < text.len; i++) {
		assert_int_equal(format_file_parse((char *)text.data, i, &b, NULL), COUNT_ERR_CORRUPT);
		text.data[i] ^= 1;
		assert_int_equal(format_file_parse((char *)text.data, text.len, &b, NULL),
				 COUNT_ERR_CORRUPT);
		text.data[i] ^= 1;
	}
	buf_free(&text);
}

static void test_format_file_bad(void **state)
{
	static const char *const texts[] = {
		"count-format 1\n", "count-format 1\nunit m\n", "count-format 1\nunit ms\n",
		"count-format 1\nunit ms\nid 00112233445566778899aabbccddeef\n",
		"count-format 1\nunit ms\nid 00112233445566778899AABBCCDDEEFF\n",
		"count-format 1\nunit ms\nid 00112233445566778899aabbccddeeff \n",
		"count-format 1\nunit ms\nid 00112233445566778899aabbccddeeff\nx\n",
		"count-format 1\nid 00112233445566778899aabbccddeeff\nunit ms\n",
	};
	struct format_file f;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buf b = { 0 };

		buf_put(&b, texts[i], strlen(texts[i]));
		lines_finish(&b);
		assert_int_equal(format_file_parse((char *)b.data, b.len, &f, NULL), COUNT_ERR_CORRUPT);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_format_file),
		cmocka_unit_test(test_format_file_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
