/* test-select.c - engine/select: globs, matchers, errors that name the byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/module.h"
#include "base/regex_module.h"
#include "engine/select.h"

static const struct {
	const char *pattern, *text;
	bool match;
} globs[] = {
	{ "*", "", true }, { "*", "a.b", true }, { "", "", true }, { "", "a", false },
	{ "cpu.*", "cpu.a.b", true }, { "cpu.*", "cpu", false }, { "cpu.*", "cpu.", true },
	{ "*.load", "web.1.load", true }, { "*.load", "web.1.loads", false },
	{ "a*b*c", "aXbYbZc", true }, { "a*b*c", "aXcYb", false }, { "**", "x", true },
	{ "c?u", "cpu", true }, { "c?u", "cu", false }, { "c?u", "c\xc3\xa4u", true },
	{ "??", "\xc3\xa4", false }, { "?", "\xf0\x9f\x98\x80", true },
	{ "web[12]", "web1", true }, { "web[12]", "web3", false }, { "web[12]", "web", false },
	{ "w[a-c]", "wb", true }, { "w[a-c]", "wd", false }, { "w[!a-c]", "wd", true },
	{ "w[!a-c]", "wa", false }, { "w[^a-c]", "wd", true }, { "w[^a]", "w", false },
	{ "[]]", "]", true }, { "[!]]", "]", false }, { "[!]]", "a", true },
	{ "[a-]", "-", true }, { "[-a]", "-", true }, { "[a-]", "b", false },
	{ "[\xc3\xa4-\xc3\xb6]", "\xc3\xa5", true }, { "[\xc3\xa4]", "\xc3\xa5", false },
	{ "[c-a]", "b", false }, { "a\\*b", "a*b", true }, { "a\\*b", "aXb", false },
	{ "[\\]]x", "]x", true }, { "a\\\\", "a\\", true }, { "a*", "b", false },
	{ "*a", "bab", false }, { "*ab", "aab", true }, { "x*\xff", "xy\xff", true },
	{ "?", "\xff", true }, { "\xc3*", "\xc3\xa4", false },
};

static void test_globs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++) {
		bool got = glob_match(globs[i].pattern, strlen(globs[i].pattern), globs[i].text,
				      strlen(globs[i].text));

		if (got != globs[i].match)
			fail_msg("%s on %s", globs[i].pattern, globs[i].text);
	}
}

/* Backtracking into every star would take 2^30 steps here. */
static void test_glob_is_bounded(void **state)
{
	static const char pattern[] = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
	char text[4000];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_false(glob_match(pattern, strlen(pattern), text, sizeof(text)));
}

static const struct {
	const char *selector, *series;
	bool match;
} cases[] = {
	{ "cpu", "cpu", true }, { "cpu", "cpu{host=\"a\"}", true }, { "cpu", "cpu2", false },
	{ " cpu ", "cpu", true }, { "c*", "cpu{host=\"a\"}", true }, { "*a*", "cpu{host=\"a\"}", false },
	{ "my cpu", "{\"my cpu\",k=\"v\"}", true }, { "my*", "{\"my cpu\"}", true },
	{ "*", "{\"my cpu\",k=\"v\"}", true }, { "m\xc3\xbc?", "m\xc3\xbcx", true },
	{ "cpu{host=\"a\"}", "cpu{dc=\"x\",host=\"a\"}", true },
	{ "cpu{host=\"a\"}", "cpu{host=\"b\"}", false }, { "cpu{host=\"a\"}", "mem{host=\"a\"}", false },
	{ "cpu { host = \"a\" , }", "cpu{host=\"a\"}", true }, { "cpu{host='a'}", "cpu{host=\"a\"}", true },
	{ "cpu{}", "cpu{host=\"a\"}", true }, { "{}", "cpu{host=\"a\"}", true }, { "{ }", "x", true },
	{ "{host=\"a\"}", "mem{host=\"a\"}", true }, { "{host=\"\"}", "cpu", true },
	{ "{host=\"\"}", "cpu{host=\"a\"}", false }, { "{host!=\"\"}", "cpu", false },
	{ "{host!=\"\"}", "cpu{host=\"a\"}", true }, { "cpu{dc!=\"ams\"}", "cpu", true },
	{ "cpu{dc!=\"ams\"}", "cpu{dc=\"ams\"}", false },
	{ "{__name__=\"cpu\"}", "cpu{a=\"b\"}", true }, { "{__name__!=\"cpu\"}", "cpu", false },
	{ "{\"my cpu\",k=\"v\"}", "{\"my cpu\",k=\"v\",l=\"w\"}", true },
	{ "{k=\"v\",\"my cpu\"}", "{\"my cpu\",k=\"v\"}", true },
	{ "{\"c*\"}", "cpu", false }, { "c*{host=\"a\"}", "cpu{host=\"a\"}", true },
	{ "{\"a key\"=\"v\"}", "x{\"a key\"=\"v\"}", true },
	{ "{k=\"a\\\"b\\\\c\"}", "x{k=\"a\\\"b\\\\c\"}", true },
	{ "x{a=\"1\",a!=\"2\"}", "x{a=\"1\"}", true }, { "x{a=\"1\",b=\"2\"}", "x{a=\"1\"}", false },
	{ "{k=\"}\"}", "x{k=\"}\"}", true }, { "{k=\",\",}", "x{k=\",\"}", true },
};

static const struct {
	const char *selector, *series;
	bool match;
} regex_cases[] = {
	{ "cpu{host=~\"web.*\"}", "cpu{host=\"web1\"}", true },
	{ "cpu{host=~\"web\"}", "cpu{host=\"web1\"}", false },	/* anchored at the end ... */
	{ "cpu{host=~\"eb1\"}", "cpu{host=\"web1\"}", false },	/* ... and at the beginning */
	{ "cpu{host=~\"a|web1\"}", "cpu{host=\"web1\"}", true },
	{ "cpu{host=~\"we|web1\"}", "cpu{host=\"web1\"}", true },	/* alternatives are grouped */
	{ "cpu{host!~\"web.*\"}", "cpu{host=\"web1\"}", false }, { "cpu{host!~\"web.*\"}", "cpu", true },
	{ "cpu{host=~\"\"}", "cpu", true }, { "cpu{host=~\".*\"}", "cpu", true },
	{ "cpu{host=~\".+\"}", "cpu", false }, { "cpu{host=~\"\xc3\xa4.\"}", "cpu{host=\"\xc3\xa4\xc3\xb6\"}", true },
	{ "cpu{host=~\"[\xc3\xa4\xc3\xb6]\"}", "cpu{host=\"\xc3\xb6\"}", true },
	{ "{__name__=~\"cpu.*\"}", "cpu.a.b", true }, { "{__name__!~\"cpu.*\"}", "cpu.a.b", false },
	{ "{v=~\"\\\\d+\"}", "x{v=\"42\"}", true }, { "{v=~\"\\d+\"}", "x{v=\"42\"}", true },
	{ "{v=~\"1\\.5\"}", "x{v=\"1x5\"}", false }, { "{v=~\"a\\\"b\"}", "x{v=\"a\\\"b\"}", true },
};

static bool try_match(const char *selector, const char *series)
{
	static struct count_series_parts parts;
	struct regex_lib lib = { 0 };
	struct count_error err = { 0 };
	struct selector sel;
	int ret = selector_parse(selector, strlen(selector), &lib, &sel, &err);

	if (ret != COUNT_OK)
		fail_msg("%s: %s", selector, err.text);
	if (count_series_parse(series, strlen(series), &parts) != COUNT_OK)
		fail_msg("%s is not canonical", series);
	ret = selector_match(&sel, &lib, &parts, &err);
	assert_in_range(ret, 0, 1);
	selector_free(&sel, &lib);
	regex_lib_close(&lib);
	return ret;
}

static void test_matchers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (try_match(cases[i].selector, cases[i].series) != cases[i].match)
			fail_msg("%s on %s", cases[i].selector, cases[i].series);
}

/* Without the module (--without-regex) these cannot run. */
static void need_module(void)
{
	struct module m = { 0 };
	const void *table;

	if (module_open(&m, REGEX_MODULE_NAME, REGEX_MODULE_SYMBOL, REGEX_MODULE_VERSION, "test",
			&table, NULL) != COUNT_OK)
		skip();
	module_close(&m);
}

static void test_regexes(void **state)
{
	(void)state;
	need_module();
	for (size_t i = 0; i < sizeof(regex_cases) / sizeof(regex_cases[0]); i++)
		if (try_match(regex_cases[i].selector, regex_cases[i].series) != regex_cases[i].match)
			fail_msg("%s on %s", regex_cases[i].selector, regex_cases[i].series);
}

static const struct { const char *selector, *says; } wrong[] = {
	{ "", "empty" }, { "  ", "empty" }, { "cpu{", "at byte 4: expected a label name or }" },
	{ "cpu{host}", "at byte 8: expected =, !=, =~ or !~" },
	{ "cpu{host=a}", "at byte 9: expected a value in quotation marks" },
	{ "cpu{host=\"a\"", "at byte 12: expected , or }" },
	{ "cpu{host=\"a}", "at byte 9: this quotation mark has no partner" },
	{ "cpu{host=\"a\"}x", "at byte 13: expected nothing after }" },
	{ "cpu{=\"a\"}", "at byte 4: expected a label name" }, { "cpu}", "at byte 3: this belongs inside" },
	{ "cpu{a=\"\\n\"}", "at byte 7: expected \\\\ or \\\"" }, { "cpu{,}", "at byte 4" },
	{ "cpu{\"x\"}", "at byte 4: a second name" }, { "{\"\"}", "the name is empty" },
	{ "cpu[1", "at byte 3: this [ has no ]" }, { "cpu\\", "at byte 3: a backslash" },
	{ "a\"b", "at byte 1: this belongs inside" }, { "cpu{a==\"b\"}", "at byte 6" },
};

static const struct { const char *selector, *says; } wrong_regexes[] = {
	{ "{a=~\"(\"}", "at byte 4: bad regular expression, after 1 bytes" },
	{ "{a=~\"[\"}", "bad regular expression" }, { "{a=~\"\\C\"}", "bad regular expression" },
};

static void expect_error(const char *selector, const char *says)
{
	struct regex_lib lib = { 0 };
	struct count_error err = { 0 };
	struct selector sel;

	if (selector_parse(selector, strlen(selector), &lib, &sel, &err) != COUNT_ERR_INVALID)
		fail_msg("%s was taken", selector);
	if (strstr(err.text, says) == NULL)
		fail_msg("%s: said %s", selector, err.text);
	regex_lib_close(&lib);
}

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_error(wrong[i].selector, wrong[i].says);
}

static void test_regex_errors(void **state)
{
	(void)state;
	need_module();
	for (size_t i = 0; i < sizeof(wrong_regexes) / sizeof(wrong_regexes[0]); i++)
		expect_error(wrong_regexes[i].selector, wrong_regexes[i].says);
}

/* A pattern that would take years ends in an error, soon. */
static void test_hostile_regex(void **state)
{
	static const char selector[] = "{a=~\"(a+)+(a+)+(a+)+[bc]\"}";
	static struct count_series_parts parts;
	char series[600] = "x{a=\"";
	struct regex_lib lib = { 0 };
	struct count_error err = { 0 };
	struct selector sel;

	(void)state;
	need_module();
	memset(series + 5, 'a', 500);
	strcat(series + 505, "\"}");
	assert_int_equal(count_series_parse(series, strlen(series), &parts), COUNT_OK);
	assert_int_equal(selector_parse(selector, strlen(selector), &lib, &sel, &err), COUNT_OK);
	assert_int_equal(selector_match(&sel, &lib, &parts, &err), COUNT_ERR_INVALID);
	assert_non_null(strstr(err.text, "too much work"));
	selector_free(&sel, &lib);
	regex_lib_close(&lib);
}

static void test_missing_module(void **state)
{
	struct module m = { 0 };
	struct count_error err = { 0 };
	const void *table;

	(void)state;
	assert_int_equal(module_open(&m, "nosuch", "x", 1, "dreams", &table, &err),
			 COUNT_ERR_INVALID);
	assert_non_null(strstr(err.text, "dreams need the module nosuch.so"));
	assert_null(m.handle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_globs),
		cmocka_unit_test(test_glob_is_bounded),
		cmocka_unit_test(test_matchers),
		cmocka_unit_test(test_regexes),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_regex_errors),
		cmocka_unit_test(test_hostile_regex),
		cmocka_unit_test(test_missing_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
