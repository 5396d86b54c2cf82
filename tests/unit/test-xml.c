/* test-xml.c - s3/xml: lists, errors, and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "s3/xml.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" \
	"<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>"
#define ENTRY(key, size) "<Contents><Key>" key "</Key><LastModified>x</LastModified><ETag>&quot;e1&quot;</ETag>" \
	"<Size>" size "</Size><Owner><ID>Key</ID></Owner></Contents>"
#define END "</ListBucketResult>"

static enum xml_kind read_text(const char *text, const char *prefix, struct objstore_page *page, struct xml_error *e)
{
	size_t len = strlen(text);
	char *copy = malloc(len + 1);	/* so that a read past the end is seen */
	enum xml_kind kind;

	memcpy(copy, text, len);
	kind = xml_read(copy, len, prefix, page, e);
	free(copy);
	return kind;
}

static void page_free(struct objstore_page *page)
{
	struct objstore_req req = { .page = *page };

	objstore_req_free(&req);
	*page = (struct objstore_page){ 0 };
}

static void test_list(void **state)
{
	struct objstore_page page = { 0 };
	struct xml_error e;

	(void)state;
	assert_int_equal(read_text(HEAD "<IsTruncated>true</IsTruncated>" ENTRY("p/a%2Bb%20c+d%25", "12")
				   ENTRY("p/&amp;&#65;", "18446744073709551615")
				   "<EncodingType>url</EncodingType>"
				   "<NextContinuationToken>t&lt;1</NextContinuationToken>" END,
				   "p/", &page, &e), XML_LIST);
	assert_int_equal(page.len, 2);
	assert_string_equal(page.v[0].key, "p/a+b c d%");
	assert_int_equal(page.v[0].size, 12);
	assert_string_equal(page.v[0].etag, "e1");
	assert_string_equal(page.v[1].key, "p/&A");
	assert_true(page.v[1].size == UINT64_MAX);
	assert_string_equal(page.token, "t<1");
	page_free(&page);
	/* Without the encoding a % is one. */
	assert_int_equal(read_text(HEAD ENTRY("a%2Bb+", "1") "<IsTruncated>false</IsTruncated>"
				   "<NextContinuationToken>x</NextContinuationToken>" END, "", &page, &e), XML_LIST);
	assert_string_equal(page.v[0].key, "a%2Bb+");
	assert_null(page.token);
	page_free(&page);
	assert_int_equal(read_text(HEAD END, "p", &page, &e), XML_LIST);
	assert_int_equal(page.len, 0);
	page_free(&page);
}

static void test_error(void **state)
{
	struct objstore_page page = { 0 };
	struct xml_error e = { "", "", "" };

	(void)state;
	assert_int_equal(read_text("<Error><Code>SlowDown</Code><Message>a\tb\xc3\xa9</Message><Region>eu-x-1</Region>"
				   "<Other><Code>No</Code></Other></Error>", "", &page, &e), XML_ERROR);
	assert_string_equal(e.code, "SlowDown");
	assert_string_equal(e.message, "a?b??");
	assert_string_equal(e.region, "eu-x-1");
	assert_int_equal(page.len, 0);
	assert_false(xml_read_error("", 0, &e));
	assert_false(xml_read_error("{}", 2, &e));
	assert_false(xml_read_error(HEAD END, strlen(HEAD END), &e));
}

static const struct { const char *what, *prefix, *text; } bad[] = {
	{ "nothing", "", "" },
	{ "cut", "", HEAD ENTRY("a", "1") "</ListBucket" },
	{ "another document", "", "<html><body>hello</body></html>" },
	{ "a list inside", "", "<x><ListBucketResult/></x>" },
	{ "two roots", "", HEAD END HEAD END },
	{ "doctype", "", "<!DOCTYPE ListBucketResult><ListBucketResult/>" },
	{ "entities", "", "<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>"
		"<ListBucketResult><Contents><Key>&b;</Key><Size>1</Size></Contents></ListBucketResult>" },
	{ "an unknown entity", "", HEAD ENTRY("&x;", "1") END },
	{ "no size", "", HEAD "<Contents><Key>a</Key></Contents>" END },
	{ "no key", "", HEAD "<Contents><Size>1</Size></Contents>" END },
	{ "an empty key", "", HEAD ENTRY("", "1") END },
	{ "a bad size", "", HEAD ENTRY("a", "-1") END },
	{ "too large a size", "", HEAD ENTRY("a", "18446744073709551616") END },
	{ "outside the prefix", "p/", HEAD ENTRY("q/a", "1") END },
	{ "shorter than the prefix", "p/", HEAD ENTRY("p", "1") END },
	{ "truncated without a token", "", HEAD "<IsTruncated>true</IsTruncated>" ENTRY("a", "1") END },
	{ "a cut escape", "", HEAD "<EncodingType>url</EncodingType>" ENTRY("a%2", "1") END },
	{ "no escape", "", HEAD "<EncodingType>url</EncodingType>" ENTRY("a%2g", "1") END },
	{ "a NUL", "", HEAD "<EncodingType>url</EncodingType>" ENTRY("a%00b", "1") END },
	{ "not UTF-8", "", HEAD "<EncodingType>url</EncodingType>" ENTRY("a%FF", "1") END },
	{ "an error without a code", "", "<Error><Message>x</Message></Error>" },
	{ "too deep", "", "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a>"
		"</a></a></a></a></a></a></a></a></a>" },
};

static void test_refused(void **state)
{
	struct objstore_page page = { 0 };
	struct xml_error e;

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		if (read_text(bad[i].text, bad[i].prefix, &page, &e) != XML_BROKEN)
			fail_msg("not refused: %s", bad[i].what);
		assert_int_equal(page.len, 0);
		assert_null(page.v);
	}
}

static void test_long(void **state)
{
	struct objstore_page page = { 0 };
	struct xml_error e;
	size_t len = XML_TEXT_MAX + 200;
	char *text = calloc(1, len + 200);

	(void)state;
	for (size_t n = OBJSTORE_KEY_MAX; n <= OBJSTORE_KEY_MAX + 1; n++) {
		strcpy(text, "<ListBucketResult><Contents><Size>1</Size><Key>");
		memset(text + strlen(text), 'k', n);
		strcpy(text + 47 + n, "</Key></Contents></ListBucketResult>");
		assert_int_equal(read_text(text, "k", &page, &e), n == OBJSTORE_KEY_MAX ? XML_LIST : XML_BROKEN);
		page_free(&page);
		memset(text, 0, len);
	}
	strcpy(text, "<Error><Code>x</Code><Message>");
	memset(text + 30, 'm', XML_TEXT_MAX + 1);
	strcpy(text + 30 + XML_TEXT_MAX + 1, "</Message></Error>");
	assert_int_equal(read_text(text, "", &page, &e), XML_BROKEN);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list), cmocka_unit_test(test_error), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
