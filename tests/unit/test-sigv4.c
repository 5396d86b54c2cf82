/* test-sigv4.c - s3/canon and s3/sigv4: the published vectors, S3's own examples, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/keyname.h"
#include "s3/canon.h"
#include "s3/sigv4.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ACCESS_KEY "AKIAIOSFODNN7EXAMPLE"	/* the published example, not a secret */
#define SECRET_KEY "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define SUITE_CASES 38
#define N(a) (sizeof(a) / sizeof((a)[0]))

static void check_text(const struct buf *got, const char *want, const char *what)
{
	if (got->len != strlen(want) || memcmp(got->data, want, got->len) != 0)
		fail_msg("%s: got\n%.*s\nwant\n%s", what, (int)got->len, (char *)got->data, want);
}

static void sign(const struct canon_request *req, const struct sigv4_scope *scope, const char *secret,
		 struct sigv4 *s)
{
	struct sigv4_key key;

	assert_int_equal(sigv4_derive(secret, scope, &key), COUNT_OK);
	assert_int_equal(sigv4_sign(req, scope, &key, s), COUNT_OK);
	sigv4_forget(&key);
}

/* ---- The examples of the S3 documentation, "Signature calculations: authorization header" ---- */

static const struct s3_case {
	const char *method, *path, *payload_hash, *signature;
	struct canon_pair query[2], headers[6];
} s3_cases[] = {
	{ "GET", "/test.txt", EMPTY, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", { { 0 } },
	  { { "Host", "examplebucket.s3.amazonaws.com" }, { "Range", "bytes=0-9" },
	    { "x-amz-content-sha256", EMPTY }, { "x-amz-date", "20130524T000000Z" } } },
	{ "PUT", "/test$file.text", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
	  "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", { { 0 } },
	  { { "Date", "Fri, 24 May 2013 00:00:00 GMT" }, { "Host", "examplebucket.s3.amazonaws.com" },
	    { "x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072" },
	    { "x-amz-date", "20130524T000000Z" }, { "x-amz-storage-class", "REDUCED_REDUNDANCY" } } },
	{ "GET", "", EMPTY, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
	  { { "lifecycle", "" } },
	  { { "Host", "examplebucket.s3.amazonaws.com" }, { "x-amz-content-sha256", EMPTY },
	    { "x-amz-date", "20130524T000000Z" } } },
	{ "GET", "/", EMPTY, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
	  { { "prefix", "J" }, { "max-keys", "2" } },
	  { { "Host", "examplebucket.s3.amazonaws.com" }, { "x-amz-content-sha256", EMPTY },
	    { "x-amz-date", "20130524T000000Z" } } },
};

static size_t pairs_len(const struct canon_pair *pairs, size_t max)
{
	size_t n = 0;

	while (n < max && pairs[n].name != NULL)
		n++;
	return n;
}

static void test_s3_examples(void **state)
{
	static const struct sigv4_scope scope = { ACCESS_KEY, "20130524T000000Z", "us-east-1", "s3" };

	(void)state;
	for (size_t i = 0; i < N(s3_cases); i++) {
		const struct s3_case *c = &s3_cases[i];
		struct canon_request req = {
			.method = c->method, .path = c->path, .payload_hash = c->payload_hash,
			.query = c->query, .nquery = pairs_len(c->query, N(c->query)),
			.headers = c->headers, .nheaders = pairs_len(c->headers, N(c->headers)),
		};
		struct sigv4 s = { 0 };

		sign(&req, &scope, SECRET_KEY, &s);
		assert_string_equal(s.signature, c->signature);
		sigv4_free(&s);
	}
}

/* ---- By hand from the algorithm, each step ---- */

static void test_steps(void **state)
{
	static const struct canon_pair headers[] = {
		{ "x-amz-meta-a-b", "2" }, { "X-Amz-Meta-A", " 1\t 1 " }, { "host", "h" },
		{ "x-amz-date", "20240501T010203Z" }, { "X-AMZ-META-A", "" }, { "x-amz-content-sha256", EMPTY },
	};
	static const struct canon_pair query[] = { { "b", "/ +&=%~" }, { "a-b", "" }, { "a", "2" }, { "a", "1" } };
	static const struct sigv4_scope scope = { "AK", "20240501T010203Z", "eu-1", "s3" };
	struct canon_request req = { "PUT", "/a%3A//../b+c=d e/", query, N(query), headers, N(headers), EMPTY, false };
	struct sigv4 s = { 0 };

	(void)state;
	sign(&req, &scope, "secret", &s);
	check_text(&s.canonical, "PUT\n/a%253A//../b%2Bc%3Dd%20e/\na=1&a=2&a-b=&b=%2F%20%2B%26%3D%25~\n"
		   "host:h\nx-amz-content-sha256:" EMPTY "\nx-amz-date:20240501T010203Z\n"
		   "x-amz-meta-a:1 1,\nx-amz-meta-a-b:2\n\n"
		   "host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-meta-a-b\n" EMPTY, "canonical");
	check_text(&s.to_sign, "AWS4-HMAC-SHA256\n20240501T010203Z\n20240501/eu-1/s3/aws4_request\n"
		   "e62d5abb474327fa311c3e8401fe81a83e0a5fea4f17838e2ee0a2ecea2052a6", "string to sign");
	assert_string_equal(s.signature, "6a7833882b3507bbb61aae867aa31b0659bd2e9cd1100fc9bf0f998b2a4fe28a");
	assert_string_equal((char *)s.authorization.data, "AWS4-HMAC-SHA256 "
			    "Credential=AK/20240501/eu-1/s3/aws4_request, "
			    "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-meta-a-b, "
			    "Signature=6a7833882b3507bbb61aae867aa31b0659bd2e9cd1100fc9bf0f998b2a4fe28a");
	sigv4_free(&s);
}

static const struct { const char *path, *as_is, *normalised; } paths[] = {
	{ "", "/", "/" },		{ "/", "/", "/" },
	{ "a", "/a", "/a" },		{ "/a/", "/a/", "/a/" },
	{ "//", "//", "/" },		{ "//a//", "//a//", "/a/" },
	{ "/a/../..", "/a/../..", "/" },	{ "/../a", "/../a", "/a" },
	{ "/a/./b//../c/", "/a/./b//../c/", "/a/c/" },
	{ "/.../..a", "/.../..a", "/.../..a" },
	{ "/\xff\x01\x7f", "/%FF%01%7F", "/%FF%01%7F" },
	{ "/%2F", "/%252F", "/%252F" },
};

static void test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(paths); i++) {
		struct buf b = { 0 };

		assert_int_equal(canon_path(paths[i].path, false, &b), COUNT_OK);
		check_text(&b, paths[i].as_is, paths[i].path);
		buf_clear(&b);
		assert_int_equal(canon_path(paths[i].path, true, &b), COUNT_OK);
		check_text(&b, paths[i].normalised, paths[i].path);
		buf_free(&b);
	}
}

static void test_time(void **state)
{
	static const struct { int64_t s; const char *want; } times[] = {
		{ 0, "19700101T000000Z" }, { -1, "19691231T235959Z" }, { 1440938160, "20150830T123600Z" },
		{ 951782400, "20000229T000000Z" }, { 253402300799, "99991231T235959Z" },
	};
	char out[SIGV4_TIME];

	(void)state;
	for (size_t i = 0; i < N(times); i++) {
		assert_int_equal(sigv4_time(times[i].s, out), COUNT_OK);
		assert_string_equal(out, times[i].want);
	}
	assert_int_equal(sigv4_time(253402300800, out), COUNT_ERR_INVALID);
	assert_int_equal(sigv4_time(INT64_MAX, out), COUNT_ERR_INVALID);
	assert_int_equal(sigv4_time(INT64_MIN, out), COUNT_ERR_INVALID);
}

static void refuse_header(const char *name, const char *value)
{
	struct canon_pair h = { name, value };
	struct buf out = { 0 }, names = { 0 };

	assert_int_equal(canon_headers(&h, 1, &out, &names), COUNT_ERR_INVALID);
	buf_free(&out);
	buf_free(&names);
}

static void test_refused(void **state)
{
	static const struct sigv4_scope wrong[] = {
		{ "AK", "20240501T010203", "r", "s3" }, { "AK", "2024-05-01T01:02", "r", "s3" },
		{ "", "20240501T010203Z", "r", "s3" }, { "A/K", "20240501T010203Z", "r", "s3" },
		{ "AK", "20240501T010203Z", "r\r\nx: y", "s3" }, { "AK", "20240501T010203Z", "r", "s3, a" },
	};
	struct canon_request req = { .method = "GET", .path = "/", .payload_hash = EMPTY };
	struct canon_pair many[CANON_PAIRS_MAX + 1];
	struct sigv4_key key = { { 0 } };
	struct sigv4 s = { 0 };

	(void)state;
	refuse_header("", "v");
	refuse_header("a b", "v");
	refuse_header("a:", "v");
	refuse_header("a", "v\r\nb: c");
	refuse_header("a", "v\n w");
	refuse_header("a", "\x7f");
	for (size_t i = 0; i < N(wrong); i++) {
		assert_int_equal(sigv4_derive("secret", &wrong[i], &key), COUNT_ERR_INVALID);
		assert_int_equal(sigv4_sign(&req, &wrong[i], &key, &s), COUNT_ERR_INVALID);
	}
	for (size_t i = 0; i < N(many); i++)
		many[i] = (struct canon_pair){ "a", "b" };
	assert_int_equal(canon_query(many, N(many), &s.canonical), COUNT_ERR_INVALID);
	assert_int_equal(canon_query(many, N(many) - 1, &s.canonical), COUNT_OK);
	sigv4_free(&s);
}

/* The key of a long series name, with the real hash. */
static void test_keyname(void **state)
{
	char series[300], part[KEYNAME_MAX + 1];

	(void)state;
	memset(series, 'a', sizeof(series));
	assert_int_equal(keyname_encode(series, sizeof(series), sigv4_sha256, part), COUNT_OK);
	assert_string_equal(part, "~9835fa6bf4e20a9b9ea812506302e98982721a6cf8d2cae67af57129bf21ae90");
}

/* ---- The published suite, in the folder that COUNT_SHARED names ---- */

static char *read_file(const char *dir, const char *test, const char *name)
{
	char path[1024], *text = calloc(1, 65536);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", dir, test, name);
	f = fopen(path, "rb");
	if (f == NULL || text == NULL || fread(text, 1, 65535, f) == 0)
		fail_msg("%s: cannot read", path);
	fclose(f);
	return text;
}

/* The string of one field of context.json, or NULL; good enough for these files. */
static char *json_string(const char *json, const char *field)
{
	char key[64];
	const char *s;

	snprintf(key, sizeof(key), "\"%s\": \"", field);
	s = strstr(json, key);
	return s == NULL ? NULL : strndup(s + strlen(key), strcspn(s + strlen(key), "\""));
}

static bool json_true(const char *json, const char *field)
{
	char key[64];

	snprintf(key, sizeof(key), "\"%s\": true", field);
	return strstr(json, key) != NULL;
}

/* Undo %XX in place: the suite gives some queries encoded, canon takes them raw. */
static char *decoded(char *s)
{
	char *to = s;

	for (char *from = s; *from != '\0'; to++) {
		unsigned c;

		if (*from == '%' && sscanf(from + 1, "%2x", &c) == 1) {
			*to = (char)c;
			from += 3;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
	return s;
}

struct suite_request {
	struct canon_pair query[16], headers[16];
	struct canon_request req;
	const char *body;
};

/* Take a request apart in place; a header's continuation lines are folded into its value. */
static void parse_request(char *text, struct suite_request *r)
{
	char *end = strstr(text, " HTTP/1.1\n"), *query, *line = end + strlen(" HTTP/1.1\n");
	char *body = strstr(text, "\n\n");

	*end = '\0';
	r->body = body == NULL ? "" : body + 2;
	if (body != NULL)
		body[1] = '\0';
	r->req.method = strtok(text, " ");
	r->req.path = text + strlen(text) + 1;
	query = strchr(r->req.path, '?');
	if (query != NULL)
		*query++ = '\0';
	while (query != NULL && *query != '\0') {
		char *pair = strsep(&query, "&"), *name = strsep(&pair, "=");

		r->query[r->req.nquery++] = (struct canon_pair){ decoded(name), pair == NULL ? "" : decoded(pair) };
	}
	for (char *s = line; *s != '\0'; s++)
		if (*s == '\n' && (s[1] == ' ' || s[1] == '\t'))
			*s = ' ';
	while (line != NULL && *line != '\0') {
		char *value = strsep(&line, "\n"), *name = strsep(&value, ":");

		r->headers[r->req.nheaders++] = (struct canon_pair){ name, value };
	}
	r->req.query = r->query;
	r->req.headers = r->headers;
}

static void add_header(struct suite_request *r, const char *name, const char *value)
{
	r->headers[r->req.nheaders++] = (struct canon_pair){ name, value };
}

static void check_file(const char *dir, const char *test, const char *name, const struct buf *got)
{
	char *want = read_file(dir, test, name);

	check_text(got, want, test);
	free(want);
}

static void check_case(const char *dir, const char *test)
{
	char *json = read_file(dir, test, "context.json"), *text = read_file(dir, test, "request.txt");
	char *want = read_file(dir, test, "header-signature.txt"), *token = json_string(json, "token");
	char *access = json_string(json, "access_key_id"), *secret = json_string(json, "secret_access_key");
	char *region = json_string(json, "region"), *service = json_string(json, "service");
	struct sigv4_scope scope = { access, "20150830T123600Z", region, service };
	struct suite_request r = { .req.normalise = json_true(json, "normalize") };
	char hash[SIGV4_HEX];
	struct sigv4 s = { 0 };

	assert_non_null(strstr(json, "\"timestamp\": \"2015-08-30T12:36:00Z\""));
	parse_request(text, &r);
	assert_int_equal(sigv4_sha256_hex(r.body, strlen(r.body), hash), COUNT_OK);
	r.req.payload_hash = hash;
	add_header(&r, "X-Amz-Date", scope.time);
	if (json_true(json, "sign_body"))
		add_header(&r, "X-Amz-Content-Sha256", hash);
	if (token != NULL && !json_true(json, "omit_session_token"))
		add_header(&r, "X-Amz-Security-Token", token);
	sign(&r.req, &scope, secret, &s);
	check_file(dir, test, "header-canonical-request.txt", &s.canonical);
	check_file(dir, test, "header-string-to-sign.txt", &s.to_sign);
	assert_string_equal(s.signature, want);
	text = (free(text), read_file(dir, test, "header-signed-request.txt"));
	assert_non_null(strstr(text, (char *)s.authorization.data));
	sigv4_free(&s);
	free(json), free(text), free(want), free(token), free(access), free(secret), free(region), free(service);
}

static void test_suite(void **state)
{
	const char *shared = getenv("COUNT_SHARED");
	struct dirent *entry;
	char dir[512];
	int cases = 0;
	DIR *d;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/sigv4/v4", shared == NULL ? "" : shared);
	d = shared == NULL ? NULL : opendir(dir);
	if (d == NULL) {
		print_message("no vectors in $COUNT_SHARED/sigv4/v4\n");
		skip();
		return;
	}
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		check_case(dir, entry->d_name);
		cases++;
	}
	closedir(d);
	assert_int_equal(cases, SUITE_CASES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_s3_examples), cmocka_unit_test(test_steps), cmocka_unit_test(test_paths),
		cmocka_unit_test(test_time), cmocka_unit_test(test_refused), cmocka_unit_test(test_keyname),
		cmocka_unit_test(test_suite),
	};

	return cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
}
