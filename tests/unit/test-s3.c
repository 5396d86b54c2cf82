/*
 * test-s3.c - s3/s3: what the client makes of a server's moods, against tests/lib/s3-imitation.py, which
 * checks every signature.  The real servers' turn is in t4100.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "s3/s3.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define SECRET "canary/secret+0123456789"

static char endpoint[64], dir[64];
static FILE *server;		/* to it; it ends when this is closed */
static char logged[65536];	/* all that the client said */
static int last_level;

static void on_log(void *arg, int level, const char *text)
{
	size_t len = strlen(logged);

	(void)arg;
	if (level < last_level || last_level < 0)
		last_level = level;
	if (len + strlen(text) + 2 < sizeof(logged))
		snprintf(logged + len, sizeof(logged) - len, "%s\n", text);
}

/* The port comes through a file: popen() goes one way only. */
static int start(void **state)
{
	const char *top = getenv("top_srcdir");
	char cmd[512], port[16] = "";

	(void)state;
	strcpy(dir, "/tmp/count-test-XXXXXX");
	if (mkdtemp(dir) == NULL || system("python3 -c 'import http.server' 2>/dev/null") != 0)
		return -1;
	snprintf(cmd, sizeof(cmd), "python3 '%s/tests/lib/s3-imitation.py' '%s' >'%s/port'", top != NULL ? top : "..",
		 SECRET, dir);
	server = popen(cmd, "w");
	if (server == NULL)
		return -1;
	snprintf(cmd, sizeof(cmd), "%s/port", dir);
	for (int i = 0; i < 500 && strchr(port, '\n') == NULL; i++) {
		FILE *f = fopen(cmd, "r");

		if (f != NULL && fgets(port, sizeof(port), f) == NULL)
			port[0] = '\0';
		if (f != NULL)
			fclose(f);
		usleep(10000);
	}
	snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", atoi(port));
	unsetenv("AWS_SESSION_TOKEN");
	unsetenv("AWS_PROFILE");
	setenv("AWS_ACCESS_KEY_ID", "AKIDIMITATION", 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	return atoi(port) > 0 ? 0 : -1;
}

static int stop(void **state)
{
	char cmd[128];

	(void)state;
	pclose(server);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	return system(cmd);
}

static const struct s3_config preset = { .bucket = "bucket", .region = "us-test-1", .timeout_s = 2, .retries = 4,
	.log = on_log };

static objstore *open_with(struct s3_config cfg)
{
	struct count_error err = { 0 };
	objstore *s = NULL;

	if (cfg.endpoint == NULL)
		cfg.endpoint = endpoint;
	logged[0] = '\0';
	last_level = -1;
	if (s3_open(&cfg, &s, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	return s;
}

static objstore *open_store(void)
{
	return open_with(preset);
}

static struct objstore_req put_req(const char *key, const char *text, enum objstore_condition c)
{
	return (struct objstore_req){ .op = OBJSTORE_PUT, .key = key, .put.data = text, .put.len = strlen(text),
		.put.condition = c };
}

/* The text of the answer must hold `says`. */
static void run_says(objstore *s, struct objstore_req *req, enum objstore_result want, const char *says)
{
	enum objstore_result result = objstore_run(s, req);

	if (result != want || strstr(req->err.text, says) == NULL)
		fail_msg("%s: result %d, wanted %d with \"%s\": %s\n%s", req->key, (int)result, (int)want, says,
			 req->err.text, logged);
	assert_null(strstr(req->err.text, SECRET));
	assert_null(strstr(logged, SECRET));
	assert_null(strstr(logged, "Signature="));
}

static void put(objstore *s, const char *key, const char *text, enum objstore_condition c,
		enum objstore_result want, const char *says)
{
	struct objstore_req req = put_req(key, text, c);

	run_says(s, &req, want, says);
	objstore_req_free(&req);
}

static void get(objstore *s, const char *key, enum objstore_result want, const char *body_or_says)
{
	struct buf b = { 0 };
	struct objstore_req req = { .op = OBJSTORE_GET, .key = key, .get.body = &b, .get.max = 4096 };

	run_says(s, &req, want, want == OBJSTORE_OK ? "" : body_or_says);
	if (want == OBJSTORE_OK) {
		assert_int_equal(b.len, strlen(body_or_says));
		assert_memory_equal(b.data, body_or_says, b.len);
	} else {
		assert_int_equal(b.len, 0);
	}
	objstore_req_free(&req);
	buf_free(&b);
}

static void test_plain(void **state)
{
	objstore *s = open_store();
	struct objstore_req req = put_req("plain/a b+c%&=\xc3\xa9", "text", OBJSTORE_IF_ABSENT);

	(void)state;
	run_says(s, &req, OBJSTORE_OK, "");
	assert_string_equal(req.etag, "1cb251ec0d568de6a929b520c4aed8d1");
	assert_false(req.proved);
	assert_int_equal(req.size, 4);
	put(s, "plain/a b+c%&=\xc3\xa9", "other", OBJSTORE_IF_ABSENT, OBJSTORE_PRECONDITION, "exists already");
	get(s, "plain/a b+c%&=\xc3\xa9", OBJSTORE_OK, "text");
	req.put.condition = OBJSTORE_IF_MATCH;
	req.put.if_match = "1cb251ec0d568de6a929b520c4aed8d1";
	run_says(s, &req, OBJSTORE_OK, "");
	req.put.if_match = "00";
	run_says(s, &req, OBJSTORE_PRECONDITION, "changed by another writer");
	get(s, "plain/none", OBJSTORE_NOT_FOUND, "no such object");
	assert_string_equal(s3_region(s), "us-test-1");
	assert_string_equal(s3_credentials_source(s), "environment");
	assert_int_equal(objstore_counts(s).retries, 0);
	objstore_req_free(&req);
	objstore_close(s);
}

static void test_secret(void **state)
{
	objstore *s;

	(void)state;
	setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
	s = open_store();
	get(s, "plain/a", OBJSTORE_DENIED, "the secret key does not belong");
	objstore_close(s);
	unsetenv("AWS_SECRET_ACCESS_KEY");
	s = open_store();
	get(s, "plain/a", OBJSTORE_DENIED, "AWS_SECRET_ACCESS_KEY");
	assert_int_equal(objstore_counts(s).requests[OBJSTORE_GET], 0);
	objstore_close(s);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
}

/* Settings travel as headers, which the imitation hands back. */
static void test_headers(void **state)
{
	struct s3_config cfg = preset;
	struct objstore_req req = put_req("plain/h", "x", OBJSTORE_ALWAYS), last;
	struct buf b = { 0 };
	objstore *s;
	static const char *const want[] = { "Content-Type: application/json\n", "Content-Encoding: gzip\n",
		"x-amz-storage-class: STANDARD_IA\n", "x-amz-server-side-encryption: aws:kms\n",
		"x-amz-server-side-encryption-aws-kms-key-id: key-1\n", "x-amz-tagging: a=b&c=d%20e\n",
		"x-amz-request-payer: requester\n", "Content-Length: 1\n", "User-Agent: count/1\n",
		"x-amz-content-sha256: 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\n" };

	(void)state;
	cfg.sse = "aws:kms";
	cfg.sse_kms_key_id = "key-1";
	cfg.tags = "a=b&c=d%20e";
	cfg.request_payer = "requester";
	cfg.user_agent = "count/1";
	s = open_with(cfg);
	req.put.content_type = "application/json";
	req.put.content_encoding = "gzip";
	req.put.storage_class = "STANDARD_IA";
	req.put.tagged = true;
	run_says(s, &req, OBJSTORE_OK, "");
	last = (struct objstore_req){ .op = OBJSTORE_GET, .key = "last", .get.body = &b, .get.max = 8192 };
	run_says(s, &last, OBJSTORE_OK, "");
	buf_put_u8(&b, '\0');
	for (size_t i = 0; i < N(want); i++)
		if (strstr((char *)b.data, want[i]) == NULL)
			fail_msg("no %s in\n%s", want[i], (char *)b.data);
	assert_null(strstr((char *)b.data, "checksum"));
	assert_null(strstr((char *)b.data, "Expect"));
	buf_free(&b);
	objstore_close(s);
}

/* A reply is lost, and the try after it meets its own object. */
static void test_lost(void **state)
{
	objstore *s = open_store();

	(void)state;
	put(s, "lost/a", "ours", OBJSTORE_IF_ABSENT, OBJSTORE_OK, "");
	assert_true(objstore_counts(s).requests[OBJSTORE_GET] == 1 && objstore_counts(s).retries > 0);
	put(s, "plain/first", "x", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	put(s, "lost/b", "ours", OBJSTORE_IF_ABSENT, OBJSTORE_OK, "");	/* on a connection that was used before */
	put(s, "lost/empty", "", OBJSTORE_IF_ABSENT, OBJSTORE_OK, "");
	put(s, "lost-foreign/a", "ours", OBJSTORE_IF_ABSENT, OBJSTORE_PRECONDITION, "with other bytes");
	put(s, "lost-foreign/b", "ours, longer", OBJSTORE_IF_ABSENT, OBJSTORE_PRECONDITION, "with other bytes");
	put(s, "lost-foreign/c", "foreign", OBJSTORE_IF_ABSENT, OBJSTORE_OK, "");
	put(s, "lost-foreign/d", "foreigner", OBJSTORE_IF_ABSENT, OBJSTORE_PRECONDITION, "with other bytes");
	put(s, "lost-foreign/e", "f", OBJSTORE_IF_ABSENT, OBJSTORE_PRECONDITION, "with other bytes");
	put(s, "early200/a", "ours", OBJSTORE_IF_ABSENT, OBJSTORE_OK, "");
	objstore_close(s);
}

static void test_conflicts(void **state)
{
	objstore *s = open_store();
	struct objstore_req req = put_req("code-409-ConditionalRequestConflict/m", "x", OBJSTORE_IF_MATCH);

	(void)state;
	put(s, "once-409-ConditionalRequestConflict/a", "x", OBJSTORE_IF_ABSENT, OBJSTORE_OK, "");
	put(s, "code-409-ConditionalRequestConflict/a", "x", OBJSTORE_IF_ABSENT, OBJSTORE_CONFLICT, "another writer");
	assert_int_equal(objstore_counts(s).requests[OBJSTORE_PUT], 2 + 4);
	req.put.if_match = "00";
	run_says(s, &req, OBJSTORE_CONFLICT, "another writer");
	assert_int_equal(objstore_counts(s).requests[OBJSTORE_PUT], 2 + 4 + 1);
	assert_int_equal(objstore_abilities(s).if_absent, OBJSTORE_UNKNOWN);
	put(s, "code-501-NotImplemented/a", "x", OBJSTORE_IF_ABSENT, OBJSTORE_UNSUPPORTED, "conditional writes");
	assert_int_equal(objstore_abilities(s).if_absent, OBJSTORE_REFUSED);
	assert_int_equal(objstore_abilities(s).if_match, OBJSTORE_UNKNOWN);
	req.key = "code-404-NoSuchKey/a";
	run_says(s, &req, OBJSTORE_NOT_FOUND, "no such object");
	objstore_close(s);
}

static void test_etags(void **state)
{
	objstore *s = open_store();
	struct objstore_abilities a;
	struct count_error err = { 0 };

	(void)state;
	assert_int_equal(objstore_probe(s, "plain/probe", &a, &err), OBJSTORE_OK);
	assert_true(a.if_absent == OBJSTORE_HONOURED && a.if_match == OBJSTORE_HONOURED && !a.bare_etag);
	assert_int_equal(objstore_probe(s, "bare/probe", &a, &err), OBJSTORE_OK);
	assert_true(a.if_absent == OBJSTORE_HONOURED && a.if_match == OBJSTORE_HONOURED && a.bare_etag);
	objstore_close(s);
}

static void test_region(void **state)
{
	objstore *s = open_store();

	(void)state;
	put(s, "moved/a", "x", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	assert_string_equal(s3_region(s), "eu-test-1");
	assert_int_equal(objstore_counts(s).requests[OBJSTORE_PUT], 2);
	get(s, "moved/a", OBJSTORE_OK, "x");
	assert_int_equal(objstore_counts(s).requests[OBJSTORE_GET], 1);
	get(s, "elsewhere/a", OBJSTORE_FAILED, "elsewhere");
	get(s, "moved-badly/a", OBJSTORE_FAILED, "elsewhere");
	objstore_close(s);
	s = open_store();
	put(s, "moved-body/a", "x", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	objstore_close(s);
	s = open_store();
	s3_set_region(s, "eu-test-1");
	get(s, "moved/a", OBJSTORE_OK, "x");
	assert_int_equal(objstore_counts(s).retries, 0);
	objstore_close(s);
}

static void test_clock(void **state)
{
	objstore *s = open_store();
	struct objstore_req head = { .op = OBJSTORE_HEAD, .key = "skew/a" };

	(void)state;
	put(s, "skew/a", "x", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	assert_int_equal(last_level, 1);
	assert_true(strstr(logged, "-3600 s off") != NULL || strstr(logged, "-3601 s off") != NULL ||
		    strstr(logged, "-3599 s off") != NULL);	/* a second may pass on the way */
	get(s, "skew/a", OBJSTORE_OK, "x");
	assert_int_equal(objstore_counts(s).retries, 1);
	objstore_close(s);
	s = open_store();		/* a HEAD has no body that says why */
	run_says(s, &head, OBJSTORE_OK, "");
	objstore_close(s);
}

/* A program that gives other credentials each time. */
static void test_token(void **state)
{
	char path[128], config[128];
	objstore *s;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/process", dir);
	f = fopen(path, "w");
	fprintf(f, "#!/bin/sh\necho x >>%s/calls\nn=$(wc -l <%s/calls)\n"
		"echo '{\"Version\":1,\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"" SECRET "\","
		"\"SessionToken\":\"token-'$((n))'\",\"Expiration\":\"2099-01-01T00:00:00Z\"}'\n", dir, dir);
	fclose(f);
	chmod(path, 0700);
	snprintf(config, sizeof(config), "%s/config", dir);
	f = fopen(config, "w");
	fprintf(f, "[default]\ncredential_process = %s\n", path);
	fclose(f);
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	setenv("AWS_CONFIG_FILE", config, 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
	s = open_store();
	put(s, "token/a", "x", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	get(s, "token/a", OBJSTORE_OK, "x");
	assert_int_equal(objstore_counts(s).retries, 1);
	assert_null(strstr(logged, "token-2"));
	/* Another one would not help: it is an error, not a loop. */
	put(s, "code-400-ExpiredToken/a", "x", OBJSTORE_ALWAYS, OBJSTORE_DENIED, "have expired");
	objstore_close(s);
	setenv("AWS_ACCESS_KEY_ID", "AKIDIMITATION", 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void test_waits(void **state)
{
	struct s3_config cfg = preset;
	objstore *s = open_store();
	int64_t begun = now_ms();

	(void)state;
	put(s, "once-503-SlowDown-1/a", "x", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	assert_true(now_ms() - begun >= 1000 && now_ms() - begun < 2500);
	put(s, "once-500-InternalError/a", "x", OBJSTORE_IF_ABSENT, OBJSTORE_OK, "");
	put(s, "once-400-RequestTimeout/a", "x", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	put(s, "once-400-BadDigest/a", "x", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	put(s, "code-400-InvalidArgument/a", "x", OBJSTORE_ALWAYS, OBJSTORE_FAILED, "400 InvalidArgument: says the");
	put(s, "code-503-SlowDown/a", "x", OBJSTORE_ALWAYS, OBJSTORE_THROTTLED, "S3_JOBS");
	put(s, "code-503-SlowDown-100/a", "x", OBJSTORE_ALWAYS, OBJSTORE_THROTTLED, "S3_JOBS");
	objstore_close(s);
	cfg.timeout_s = 1;
	cfg.retries = 2;
	s = open_with(cfg);
	begun = now_ms();
	get(s, "stall/a", OBJSTORE_FAILED, "S3_TIMEOUT");
	assert_true(now_ms() - begun >= 2000 && now_ms() - begun < 4500);
	objstore_close(s);
}

static void test_bodies(void **state)
{
	static const char *const keys[] = { "plain/r", "whole/r" };
	objstore *s = open_store();
	struct buf b = { 0 };
	struct objstore_req req = { .op = OBJSTORE_GET, .get.body = &b, .get.max = 3, .get.offset = 2, .get.len = 3 };

	(void)state;
	put(s, "cut/a", "0123456789", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	get(s, "cut/a", OBJSTORE_OK, "0123456789");
	put(s, "cut-always/a", "0123456789", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	get(s, "cut-always/a", OBJSTORE_DAMAGED, "cut short");
	put(s, "no-etag/a", "0123456789", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	get(s, "no-etag/a", OBJSTORE_DAMAGED, "no ETag");
	put(s, "no-length/a", "0123456789", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	get(s, "no-length/a", OBJSTORE_DAMAGED, "how long");
	get(s, "garbage/a", OBJSTORE_DAMAGED, "not what S3 sends");
	get(s, "code-200-InternalError/a", OBJSTORE_FAILED, "InternalError");
	for (size_t i = 0; i < N(keys); i++) {
		put(s, keys[i], "0123456789", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
		req.key = keys[i];
		run_says(s, &req, OBJSTORE_OK, "");
		assert_int_equal(b.len, 3);
		assert_memory_equal(b.data, "234", 3);
		assert_int_equal(req.size, 10);
		buf_clear(&b);
	}
	put(s, "wrong-range/a", "0123456789", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	req.key = "wrong-range/a";
	run_says(s, &req, OBJSTORE_DAMAGED, "another range");
	buf_free(&b);
	objstore_close(s);
}

static bool sink(void *ctx, const uint8_t *data, size_t len)
{
	buf_put(ctx, data, len);
	return true;
}

/* A sink gets each byte once, though the first reply breaks off. */
static void test_sink(void **state)
{
	objstore *s = open_store();
	struct buf b = { 0 };
	struct objstore_req req = { .op = OBJSTORE_GET, .key = "cut/sink", .get.sink = sink, .get.ctx = &b,
		.get.max = 10 };

	(void)state;
	put(s, "cut/sink", "0123456789", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	run_says(s, &req, OBJSTORE_OK, "");
	assert_int_equal(b.len, 10);
	assert_memory_equal(b.data, "0123456789", 10);
	assert_int_equal(objstore_counts(s).bytes_down, 15);
	buf_free(&b);
	objstore_close(s);
}

static const struct { const char *key; enum objstore_result result; const char *says; } errors[] = {
	{ "code-403-InvalidAccessKeyId/a", OBJSTORE_DENIED, "does not know access key" },
	{ "code-403-AccessDenied/a", OBJSTORE_DENIED, "s3:ListBucket" },
	{ "code-403-InvalidObjectState/a", OBJSTORE_ARCHIVED, "Glacier" },
	{ "code-404-NoSuchBucket/a", OBJSTORE_NOT_FOUND, "no bucket bucket" },
	{ "code-400-ExpiredToken/a", OBJSTORE_DENIED, "renew" },
	{ "code-418-Teapot/a", OBJSTORE_FAILED, "HTTP 418 Teapot" },
};

static void test_errors(void **state)
{
	struct s3_config cfg = preset;
	objstore *s = open_store();
	struct objstore_req drop = { .op = OBJSTORE_DELETE, .key = "code-403-AccessDenied/a" };

	(void)state;
	for (size_t i = 0; i < N(errors); i++)
		get(s, errors[i].key, errors[i].result, errors[i].says);
	put(s, "code-403-AccessDenied/a", "x", OBJSTORE_ALWAYS, OBJSTORE_DENIED, "s3:PutObject");
	run_says(s, &drop, OBJSTORE_DENIED, "s3:DeleteObject");
	objstore_close(s);
	cfg.retries = 1;
	cfg.endpoint = "http://127.0.0.1:1";
	s = open_with(cfg);
	get(s, "a", OBJSTORE_FAILED, "cannot connect to 127.0.0.1:1");
	assert_int_equal(objstore_counts(s).requests[OBJSTORE_GET], 0);
	objstore_close(s);
	cfg.endpoint = "https://no-such-host.invalid";
	s = open_with(cfg);
	get(s, "a", OBJSTORE_FAILED, "no address for the host no-such-host.invalid");
	objstore_close(s);
}

/* AWS's own hosts, through a proxy that is the imitation. */
static void test_aws(void **state)
{
	struct s3_config cfg = preset;
	struct objstore_req req = put_req("plain/p", "text", OBJSTORE_ALWAYS);
	struct objstore_req wrong = put_req("plain/wrong", "text", OBJSTORE_ALWAYS);
	objstore *s;

	(void)state;
	setenv("http_proxy", endpoint, 1);
	cfg.endpoint = "http://s3.us-test-1.amazonaws.com";
	cfg.allow_http = true;
	s = open_with(cfg);
	run_says(s, &req, OBJSTORE_OK, "");
	assert_true(req.proved);
	run_says(s, &wrong, OBJSTORE_OK, "");
	assert_false(wrong.proved);
	put(s, "moved/aws", "x", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	put(s, "plain/p2", "x", OBJSTORE_ALWAYS, OBJSTORE_OK, "");
	{
		struct buf b = { 0 };
		struct objstore_req last = { .op = OBJSTORE_GET, .key = "last", .get.body = &b, .get.max = 8192 };

		run_says(s, &last, OBJSTORE_OK, "");
		buf_put_u8(&b, '\0');
		assert_non_null(strstr((char *)b.data, "Host: bucket.s3.eu-test-1.amazonaws.com\n"));
		buf_free(&b);
	}
	objstore_close(s);
	unsetenv("http_proxy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_secret), cmocka_unit_test(test_headers),
		cmocka_unit_test(test_lost), cmocka_unit_test(test_conflicts), cmocka_unit_test(test_etags),
		cmocka_unit_test(test_region), cmocka_unit_test(test_clock), cmocka_unit_test(test_token),
		cmocka_unit_test(test_waits), cmocka_unit_test(test_bodies), cmocka_unit_test(test_sink),
		cmocka_unit_test(test_errors), cmocka_unit_test(test_aws),
	};

	return cmocka_run_group_tests_name("s3", tests, start, stop);
}
