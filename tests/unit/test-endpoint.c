/* test-endpoint.c - s3/endpoint: hosts and styles, and the settings that are refused, by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "s3/endpoint.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define AUTO S3_STYLE_AUTO
#define PATH S3_STYLE_PATH
#define HOST S3_STYLE_VIRTUAL

static const struct { const char *endpoint, *bucket; enum s3_style style; const char *region, *host; } good[] = {
	{ NULL, "data", AUTO, "eu-west-1", "data.s3.eu-west-1.amazonaws.com" },
	{ NULL, "data", PATH, "eu-west-1", "s3.eu-west-1.amazonaws.com" },
	{ NULL, "my.data", AUTO, "eu-west-1", "s3.eu-west-1.amazonaws.com" },
	{ NULL, "Data", AUTO, "eu-west-1", "s3.eu-west-1.amazonaws.com" },
	{ NULL, "data", AUTO, "cn-north-1", "data.s3.cn-north-1.amazonaws.com.cn" },
	{ "https://s3.amazonaws.com", "data", AUTO, "us-east-2", "data.s3.us-east-2.amazonaws.com" },
	{ "https://s3.eu-west-1.amazonaws.com/", "data", AUTO, "us-east-2", "data.s3.us-east-2.amazonaws.com" },
	{ "https://s3.dualstack.eu-west-1.amazonaws.com", "data", PATH, "us-east-2",
	  "s3.dualstack.us-east-2.amazonaws.com" },
	{ "https://s3.cn-north-1.amazonaws.com.cn", "data", PATH, "cn-northwest-1",
	  "s3.cn-northwest-1.amazonaws.com.cn" },
	{ "https://vpce-1.s3.us-east-1.vpce.amazonaws.com", "data", PATH, "us-east-2",
	  "vpce-1.s3.us-east-1.vpce.amazonaws.com" },
	{ "https://storage.example.com", "data", AUTO, "x", "storage.example.com" },
	{ "https://storage.example.com:9000", "data", HOST, "x", "data.storage.example.com:9000" },
	{ "HTTPS://Storage.Example.com", "data", AUTO, "x", "Storage.Example.com" },
	{ "http://127.0.0.1:9000", "data", AUTO, "x", "127.0.0.1:9000" },
	{ "http://localhost", "data", AUTO, "x", "localhost" },
	{ "http://s3.localhost:80", "data", HOST, "x", "data.s3.localhost:80" },
	{ "http://[::1]:9000", "data", AUTO, "x", "[::1]:9000" },
	{ "https://[2001:db8::1]", "data", AUTO, "x", "[2001:db8::1]" },
	{ "https://amazonaws.com.evil.example", "data", AUTO, "x", "amazonaws.com.evil.example" },
};

static const struct { const char *endpoint, *bucket; enum s3_style style; const char *says; } bad[] = {
	{ NULL, "", AUTO, "S3_BUCKET" }, { NULL, "ab", AUTO, "S3_BUCKET" }, { NULL, "a/b", AUTO, "S3_BUCKET" },
	{ NULL, "../b", AUTO, "S3_BUCKET" }, { NULL, "a b c", AUTO, "S3_BUCKET" }, { NULL, "abc?", AUTO, "S3_BUCKET" },
	{ NULL, "my.data", HOST, "S3_PATH_STYLE" }, { NULL, "Data", HOST, "S3_PATH_STYLE" },
	{ "ftp://host", "data", AUTO, "https://" }, { "host", "data", AUTO, "https://" },
	{ "https://", "data", AUTO, "S3_ENDPOINT" }, { "https://a/b", "data", AUTO, "S3_ENDPOINT" },
	{ "https://u:p@a", "data", AUTO, "S3_ENDPOINT" }, { "https://a?b", "data", AUTO, "S3_ENDPOINT" },
	{ "https://a:b", "data", AUTO, "S3_ENDPOINT" }, { "https://a:123456", "data", AUTO, "S3_ENDPOINT" },
	{ "https://a b", "data", AUTO, "S3_ENDPOINT" }, { "https://[::1", "data", AUTO, "S3_ENDPOINT" },
	{ "https://a\r\nx", "data", AUTO, "S3_ENDPOINT" },
	{ "http://storage.example.com", "data", AUTO, "S3_ALLOW_HTTP" },
	{ "http://127.0.0.1.evil.example", "data", AUTO, "S3_ALLOW_HTTP" },
	{ "http://notlocalhost", "data", AUTO, "S3_ALLOW_HTTP" },
	{ "http://169.254.169.254", "data", AUTO, "S3_ALLOW_HTTP" },
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(good); i++) {
		struct s3_config cfg = { .bucket = good[i].bucket, .endpoint = good[i].endpoint,
			.style = good[i].style };
		struct count_error err = { 0 };
		struct endpoint e;
		struct buf b = { 0 };

		if (endpoint_init(&e, &cfg, &err) != COUNT_OK)
			fail_msg("%s: %s", good[i].host, err.text);
		endpoint_host(&e, cfg.bucket, good[i].region, &b);
		assert_string_equal((char *)b.data, good[i].host);
		buf_free(&b);
	}
}

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		struct s3_config cfg = { .bucket = bad[i].bucket, .endpoint = bad[i].endpoint, .style = bad[i].style };
		struct count_error err = { 0 };
		struct endpoint e;

		assert_int_equal(endpoint_init(&e, &cfg, &err), COUNT_ERR_INVALID);
		if (strstr(err.text, bad[i].says) == NULL)
			fail_msg("%s: %s", bad[i].endpoint, err.text);
	}
}

static void test_region(void **state)
{
	struct s3_config cfg = { .bucket = "data", .endpoint = "https://s3.eu-west-1.amazonaws.com" };
	struct endpoint e;

	(void)state;
	assert_int_equal(endpoint_init(&e, &cfg, NULL), COUNT_OK);
	assert_true(e.aws && e.https);
	assert_string_equal(e.region, "eu-west-1");
	cfg.endpoint = "http://storage.example.com";
	cfg.allow_http = true;
	assert_int_equal(endpoint_init(&e, &cfg, NULL), COUNT_OK);
	assert_false(e.aws || e.https);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_bad), cmocka_unit_test(test_region),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
