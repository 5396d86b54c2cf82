/* test-keyname.c - base/keyname: series <-> parts of keys, long names, what no name gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/keyname.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static size_t hashed_len;	/* what the hash was asked for */

static int fake_sha256(const void *data, size_t len, uint8_t hash[32])
{
	(void)data;
	hashed_len = len;
	for (int i = 0; i < 32; i++)
		hash[i] = (uint8_t)(i * 8);
	return COUNT_OK;
}

static int failing_sha256(const void *data, size_t len, uint8_t hash[32])
{
	(void)data, (void)len, (void)hash;
	return COUNT_ERR_NOMEM;
}

static const struct { const char *series, *part; } names[] = {
	{ "cpu", "cpu" }, { "cpu.usage_2-x", "cpu.usage_2-x" }, { "CPU", "CPU" },
	{ ".", "%2E" }, { "..", "%2E." }, { ".a.b", "%2Ea.b" }, { "a/b", "a%2Fb" }, { "a%2Fb", "a%252Fb" },
	{ "!x", "%21x" }, { "~x", "%7Ex" }, { "my cpu", "my%20cpu" }, { "manifest.json", "manifest.json" },
	{ "cpu{host=\"a/b\"}", "cpu%7Bhost%3D%22a%2Fb%22%7D" }, { "\xc3\xa9", "%C3%A9" }, { "a:b", "a%3Ab" },
};

static void test_names(void **state)
{
	char part[KEYNAME_MAX + 1], back[KEYNAME_MAX + 1];
	size_t len;

	(void)state;
	for (size_t i = 0; i < N(names); i++) {
		assert_int_equal(keyname_encode(names[i].series, strlen(names[i].series), NULL, part), COUNT_OK);
		assert_string_equal(part, names[i].part);
		assert_int_equal(keyname_decode(part, strlen(part), back, &len), COUNT_OK);
		assert_string_equal(back, names[i].series);
		assert_int_equal(len, strlen(back));
	}
}

static const char *const wrong[] = {
	"", ".", ".a", "a/b", "a b", "!x", "~x", "%", "a%2", "a%2f", "a%G0", "%41", "a%2E", "%2E%2E", "a%5F",
	"~000810182028303840485058606870788088909" "8a0a8b0b8c0c8d0d8e0e8f0f",
	"~000810182028303840485058606870788088909" "8a0a8b0b8c0c8d0d8e0e8f0F8",
};

static void test_wrong_parts(void **state)
{
	char back[KEYNAME_MAX + 1], over[KEYNAME_MAX + 2];
	size_t len;

	(void)state;
	for (size_t i = 0; i < N(wrong); i++)
		if (keyname_decode(wrong[i], strlen(wrong[i]), back, &len) != COUNT_ERR_INVALID)
			fail_msg("%s was taken", wrong[i]);
	memset(over, 'a', sizeof(over));
	assert_int_equal(keyname_decode(over, KEYNAME_MAX, back, &len), COUNT_OK);
	assert_int_equal(keyname_decode(over, KEYNAME_MAX + 1, back, &len), COUNT_ERR_INVALID);
}

static void test_long_names(void **state)
{
	char series[COUNT_SERIES_MAX + 1], part[KEYNAME_MAX + 1], back[KEYNAME_MAX + 1];
	size_t len;

	(void)state;
	memset(series, 'a', sizeof(series));
	assert_int_equal(keyname_encode(series, KEYNAME_MAX, NULL, part), COUNT_OK);
	assert_int_equal(strlen(part), KEYNAME_MAX);
	assert_false(keyname_is_long(series, KEYNAME_MAX));
	assert_true(keyname_is_long(series, KEYNAME_MAX + 1));
	assert_int_equal(keyname_encode(series, KEYNAME_MAX + 1, NULL, part), COUNT_ERR_INVALID);
	assert_int_equal(keyname_encode(series, KEYNAME_MAX + 1, failing_sha256, part), COUNT_ERR_NOMEM);
	assert_int_equal(keyname_encode(series, KEYNAME_MAX + 1, fake_sha256, part), COUNT_OK);
	assert_string_equal(part, "~0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8");
	assert_int_equal(hashed_len, KEYNAME_MAX + 1);
	assert_int_equal(keyname_decode(part, strlen(part), back, &len), COUNT_ERR_NOTFOUND);
	series[1] = '/';	/* three bytes: 66 of them fill it */
	assert_true(keyname_is_long(series, KEYNAME_MAX - 1));
	assert_int_equal(keyname_encode(series, KEYNAME_MAX - 1, fake_sha256, part), COUNT_OK);
	assert_int_equal(hashed_len, KEYNAME_MAX + 1);
	memset(series, '/', sizeof(series));
	assert_int_equal(keyname_encode(series, COUNT_SERIES_MAX, fake_sha256, part), COUNT_OK);
	assert_int_equal(hashed_len, 3 * COUNT_SERIES_MAX);
	assert_int_equal(keyname_encode(series, COUNT_SERIES_MAX + 1, fake_sha256, part), COUNT_ERR_INVALID);
	assert_int_equal(keyname_encode(series, 0, fake_sha256, part), COUNT_ERR_INVALID);
}

/* All strings of up to three of the bytes that matter: whatever is encoded comes back. */
static void test_round_trip(void **state)
{
	static const char bytes[] = { 'a', 'Z', '9', '.', '_', '-', '~', '!', '%',
		'/', ' ', '\x80', '\xff', '2', 'E', '\1' };

	(void)state;
	for (size_t i = 0; i < N(bytes) * N(bytes) * N(bytes); i++) {
		char s[3] = { bytes[i % 16], bytes[i / 16 % 16], bytes[i / 256] };
		char part[KEYNAME_MAX + 1], back[KEYNAME_MAX + 1];
		size_t len;

		assert_int_equal(keyname_encode(s, 3, NULL, part), COUNT_OK);
		assert_true(part[0] != '.' && part[0] != '~' && part[0] != '!' && strchr(part, '/') == NULL);
		assert_int_equal(keyname_decode(part, strlen(part), back, &len), COUNT_OK);
		assert_int_equal(len, 3);
		assert_memory_equal(back, s, 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_wrong_parts),
		cmocka_unit_test(test_long_names), cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests_name("keyname", tests, NULL, NULL);
}
