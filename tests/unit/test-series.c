/* test-series.c - base/series, base/utf8: canonical texts, what is refused, and taking them apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/series.h"
#include "base/utf8.h"
#include "count.h"

/* The canonical text of s, or NULL; s is read from a block without a byte to spare. */
static const char *canonical(const char *s)
{
	static char out[COUNT_SERIES_MAX + 1];
	size_t len = strlen(s), out_len = 0;
	char *exact = malloc(len + (len == 0));
	struct count_error err = { 0 };
	int ret;

	memcpy(exact, s, len);
	ret = count_series_canonical(exact, len, out, &out_len, &err);
	free(exact);
	if (ret == COUNT_OK)
		assert_int_equal(out_len, strlen(out));
	else
		assert_true(ret == COUNT_ERR_INVALID && err.text[0] != '\0');
	return ret == COUNT_OK ? out : NULL;
}

static void test_canonical(void **state)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "cpu", "cpu" }, { "x{}", "x" }, { "x{ }", "x" }, { "a.b-c/d:e_f%g", "a.b-c/d:e_f%g" },
		{ "cpu{b=\"2\",a=\"1\"}", "cpu{a=\"1\",b=\"2\"}" },
		{ "cpu { b = \"2\" , a=\"1\" , } ", "cpu{a=\"1\",b=\"2\"}" },
		{ "cpu{a=\"\"}", "cpu" }, { "cpu{a=\"\",b=\"x\"}", "cpu{b=\"x\"}" },
		{ "{\"cpu\"}", "cpu" }, { "{\"cpu\",}", "cpu" }, { "{\"cpu\",a=\"1\"}", "cpu{a=\"1\"}" },
		{ "{\"my cpu\",k=\"v\"}", "{\"my cpu\",k=\"v\"}" }, { "my cpu", "{\"my cpu\"}" },
		{ "my cpu{k=\"v\"}", "{\"my cpu\",k=\"v\"}" }, { " cpu ", "cpu" },
		{ "x{a=\"q\\\"\\\\\"}", "x{a=\"q\\\"\\\\\"}" }, { "{\"a\\\"b\"}", "{\"a\\\"b\"}" },
		{ "x{\"a b\"=\"1\"}", "x{\"a b\"=\"1\"}" }, { "x{\"ab\"=\"1\"}", "x{ab=\"1\"}" },
		{ "{\"x\",\"a b\"=\"1\",c=\"2\"}", "x{\"a b\"=\"1\",c=\"2\"}" },
		{ "x{\"a\"=\"1\"}", "x{a=\"1\"}" }, { "x{a=\" 1 \"}", "x{a=\" 1 \"}" },
		{ "temp{raum=\"K\xc3\xbc" "che\"}", "temp{raum=\"K\xc3\xbc" "che\"}" },
		{ "\xe6\xb8\xa9\xe5\xba\xa6", "\xe6\xb8\xa9\xe5\xba\xa6" },
		{ "x{a=\"{},=\"}", "x{a=\"{},=\"}" }, { "a\\b", "{\"a\\\\b\"}" },
		{ "x{aa=\"1\",a=\"2\",B=\"3\"}", "x{B=\"3\",a=\"2\",aa=\"1\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = canonical(cases[i].text);

		assert_non_null(got);
		assert_string_equal(got, cases[i].want);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"", " ", "{}", "{a=\"1\"}", "{\"\"}", "{\"\",a=\"1\"}", "x{", "x{a", "x{a=", "x{a=\"",
		"x{a=\"1", "x{a=\"1\"", "x{a=\"1\"}y", "x{a=1}", "x{a=\"1\" b=\"2\"}", "x{,}", "x{=\"1\"}",
		"x{\"\"=\"1\"}", "x{a=\"1\",a=\"2\"}", "x{a=\"1\",a=\"\"}", "x{a=\"\",a=\"\"}", "x{a=\"\\n\"}",
		"x{a=\"\\\"}", "x{\"y\"}", "{\"x\",\"y\"}", "x}", "a\"b", "x\x01", "x\ty", "x{a=\"\x7f\"}",
		"x{a=\"\xc2\x85\"}", "\xff", "x{a=\"\xed\xa0\x80\"}", "x{\xc0\xaf=\"1\"}", "x\n", "x{a=~\"1\"}",
		"x{a!=\"1\"}", "x{a=\"1\"}}", "x{{a=\"1\"}", "\xe6\xb8", "x{a=\"1\",,}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(canonical(texts[i]));
}

static void test_limits(void **state)
{
	static char text[3 * COUNT_SERIES_MAX];
	char *p = text;

	(void)state;
	memset(text, 'a', COUNT_SERIES_MAX);
	assert_non_null(canonical(text));
	text[COUNT_SERIES_MAX] = 'a';
	assert_null(canonical(text));
	memset(text, 0, sizeof(text));
	memset(text, ' ', COUNT_SERIES_MAX);
	text[0] = 'a';	/* the limit is on the canonical text, blanks do not count */
	text[COUNT_SERIES_MAX + 1] = '\0';
	assert_non_null(canonical(text));

	p += sprintf(p, "x{");
	for (int i = 0; i < 400; i++)
		p += sprintf(p, "%s%c%c=\"v\"", i > 0 ? "," : "", 'a' + i % 26, 'a' + i / 26);
	strcpy(p, "}");
	assert_non_null(canonical(text));
	assert_memory_equal(canonical(text), "x{aa=\"v\",ab=\"v\",", 16);
}

static void test_build(void **state)
{
	struct count_label labels[] = { { "k", 1, "v", 1 }, { "host name", 9, "a\"b\\", 4 },
					{ "e", 1, "", 0 } };
	char out[COUNT_SERIES_MAX + 1];
	struct count_error err = { 0 };
	size_t len;

	(void)state;
	assert_int_equal(count_series_build("cpu", 3, labels, 3, out, &len, &err), COUNT_OK);
	assert_string_equal(out, "cpu{\"host name\"=\"a\\\"b\\\\\",k=\"v\"}");
	assert_int_equal(len, strlen(out));
	assert_int_equal(count_series_build("cpu", 3, NULL, 0, out, NULL, NULL), COUNT_OK);
	assert_string_equal(out, "cpu");
	assert_int_equal(count_series_build("a\0b", 3, NULL, 0, out, &len, &err), COUNT_ERR_INVALID);
	assert_string_equal(err.text, "the series name has a control character at byte 2");
	labels[2] = labels[0];
	assert_int_equal(count_series_build("cpu", 3, labels, 3, out, &len, NULL), COUNT_ERR_INVALID);
	labels[2].key_len = 0;
	assert_int_equal(count_series_build("cpu", 3, labels, 3, out, &len, NULL), COUNT_ERR_INVALID);
}

static void test_parse(void **state)
{
	static struct count_series_parts p;
	const char *text = "{\"my \\\"cpu\\\"\",host=\"a\\\\b\",k=\"v\"}";

	(void)state;
	assert_int_equal(count_series_parse(text, strlen(text), &p), COUNT_OK);
	assert_int_equal(p.name_len, 8);
	assert_memory_equal(p.name, "my \"cpu\"", 8);
	assert_int_equal(p.nlabels, 2);
	assert_int_equal(p.labels[0].value_len, 3);
	assert_memory_equal(p.labels[0].key, "host", 4);
	assert_memory_equal(p.labels[0].value, "a\\b", 3);
	assert_memory_equal(p.labels[1].key, "k", 1);
	assert_int_equal(count_series_parse("cpu", 3, &p), COUNT_OK);
	assert_true(p.nlabels == 0 && p.name_len == 3);
	assert_true(p.name >= p.text && p.name < p.text + sizeof(p.text));
	assert_int_equal(count_series_parse("x{", 2, &p), COUNT_ERR_INVALID);
}

/* Each code point by its own rule, and each two-byte sequence. */
static void test_utf8(void **state)
{
	uint32_t cp;
	size_t at;

	(void)state;
	assert_int_equal(utf8_get("\xf4\x8f\xbf\xbf", 4, &cp), 4);
	assert_int_equal(cp, 0x10ffff);
	assert_int_equal(utf8_get("\xf4\x90\x80\x80", 4, &cp), 0);
	assert_int_equal(utf8_get("\xf0\x8f\xbf\xbf", 4, &cp), 0);
	assert_int_equal(utf8_get("\xe0\x9f\xbf", 3, &cp), 0);
	assert_int_equal(utf8_get("\xed\x9f\xbf", 3, &cp), 3);
	assert_int_equal(utf8_get("\xed\xbf\xbf", 3, &cp), 0);
	assert_int_equal(utf8_get("\xf8\x88\x80\x80\x80", 5, &cp), 0);
	for (int a = 0; a < 256; a++)
		for (int b = 0; b < 256; b++) {
			char s[2] = { (char)a, (char)b };
			bool one = a < 0x80 && b < 0x80;
			bool two = a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf;

			assert_int_equal(utf8_valid(s, 2), one || two);
		}
	for (int c = 0; c < 256; c++)		/* in the eight-byte step, at each place */
		for (int i = 0; i < 8; i++) {
			char s[8] = "abcdefg~";

			s[i] = (char)c;
			assert_int_equal(utf8_check_text(s, 8, &at) == UTF8_TEXT, c >= 0x20 && c < 0x7f);
		}
	assert_int_equal(utf8_check_text("abc\xc2\x9f", 5, &at), UTF8_CONTROL);
	assert_int_equal(at, 3);
	assert_int_equal(utf8_check_text("abc\xc2\xa0", 5, &at), UTF8_TEXT);
}

static void test_plain(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		bool want = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			    (c >= 'A' && c <= 'Z') || (c != 0 && strchr("_.:/%-", c) != NULL);

		assert_int_equal(series_plain_byte((unsigned char)c), want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_build),
		cmocka_unit_test(test_parse), cmocka_unit_test(test_utf8), cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
