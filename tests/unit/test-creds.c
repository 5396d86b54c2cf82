/* test-creds.c - s3/creds: times, command lines, processes that do not end, files and JSON of strangers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "s3/creds_impl.h"
#include "s3/creds_ini.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* ---- Times ---- */

static const struct { const char *text; int64_t t; } times[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2024-02-29T23:59:59Z", 1709251199 },
	{ "2024-05-01T10:00:00+02:00", 1714550400 },
	{ "2024-05-01T10:00:00-0130", 1714563000 },
	{ "2024-05-01 10:00:00.123456789Z", 1714557600 },
	{ "9999-12-31T23:59:59Z", 253402300799 },
};

static const char *const no_times[] = {
	"", "2024", "2024-05-01", "2024-05-01T10:00:00", "2024-05-01T10:00Z", "2023-02-29T00:00:00Z",
	"2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-01T24:00:00Z",
	"2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z", "2024-01-01T00:00:00Zx", "2024-01-01T00:00:00+24:00",
	"2024-01-01T00:00:00+1", "1969-12-31T23:59:59Z", "-024-01-01T00:00:00Z", "2024-01-01T00:00:00+",
};

static void test_times(void **state)
{
	int64_t t;
	char out[48];

	(void)state;
	for (size_t i = 0; i < N(times); i++) {
		if (!creds_time_parse(times[i].text, &t) || t != times[i].t)
			fail_msg("%s: %" PRId64, times[i].text, t);
	}
	for (size_t i = 0; i < N(no_times); i++)
		if (creds_time_parse(no_times[i], &t))
			fail_msg("taken: %s", no_times[i]);
	creds_time_format(1709251199, out);
	assert_string_equal(out, "2024-02-29T23:59:59Z");
}

/* ---- Command lines ---- */

static const struct { const char *command, *words[6]; } commands[] = {
	{ "a", { "a" } },
	{ "  a \t b  ", { "a", "b" } },
	{ "a 'b c' \"d e\"", { "a", "b c", "d e" } },
	{ "a\\ b '\\' \"\\\"\\\\\\n\"", { "a b", "\\", "\"\\\\n" } },
	{ "'' \"\" x", { "", "", "x" } },
	{ "a'b'\"c\"d $HOME `x` ;|&*", { "abcd", "$HOME", "`x`", ";|&*" } },
};

static const char *const no_commands[] = { "", "  ", "'", "a \"b", "a \\", "a 'b\\'c'" };

static void test_command_lines(void **state)
{
	char **argv;

	(void)state;
	for (size_t i = 0; i < N(commands); i++) {
		size_t n = 0;

		assert_int_equal(creds_process_split(commands[i].command, &argv), COUNT_OK);
		for (; commands[i].words[n] != NULL; n++) {
			assert_non_null(argv[n]);
			assert_string_equal(argv[n], commands[i].words[n]);
		}
		assert_null(argv[n]);
		free(argv);
	}
	for (size_t i = 0; i < N(no_commands); i++)
		assert_int_equal(creds_process_split(no_commands[i], &argv), COUNT_ERR_INVALID);
}

/* ---- Processes ---- */

static int run(const char *command, int limit_ms, struct buf *out, struct count_error *err)
{
	*out = (struct buf){ 0 };
	*err = (struct count_error){ 0 };
	return creds_process_run("test", command, limit_ms, out, err);
}

static void test_time_limit(void **state)
{
	struct count_error err;
	struct buf out;
	pid_t child;

	(void)state;
	/* It ignores TERM, and what it started has its pipes. */
	assert_int_equal(run("/bin/sh -c \"trap '' TERM; sleep 60 & echo $!; wait; sleep 60\"", 300, &out, &err),
			 COUNT_ERR_DENIED);
	assert_string_equal(err.text, "test: it did not end within 0.3 s");
	buf_put_u8(&out, '\0');
	child = (pid_t)atoi((char *)out.data);
	assert_true(child > 1);
	for (int i = 0; i < 100 && kill(child, 0) == 0; i++)	/* a moment until it is reaped by init */
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	if (kill(child, 0) == 0) {	/* a zombie, where nobody reaps: it must not run */
		char path[64], stat[256] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
		f = fopen(path, "r");
		if (f != NULL) {
			assert_non_null(fgets(stat, sizeof(stat), f));
			fclose(f);
			assert_non_null(strstr(stat, ") Z "));
		}
	}
	buf_free(&out);
}

static void test_silent_but_running(void **state)
{
	struct count_error err;
	struct buf out;

	(void)state;
	/* It closes its output long before it ends, and its exit status counts. */
	assert_int_equal(run("/bin/sh -c \"echo x; exec >&- 2>&-; sleep 0.2; exit 7\"", 10000, &out, &err),
			 COUNT_ERR_DENIED);
	assert_string_equal(err.text, "test: exit status 7");
	assert_int_equal(out.len, 2);
	buf_free(&out);
}

static void test_children_ignored(void **state)
{
	struct count_error err;
	struct buf out;

	(void)state;
	signal(SIGCHLD, SIG_IGN);	/* by the host of the library: there is no status to be had */
	assert_int_equal(run("echo x", 10000, &out, &err), COUNT_OK);
	assert_int_equal(out.len, 2);
	signal(SIGCHLD, SIG_DFL);
	buf_free(&out);
}

static void test_no_descriptors(void **state)
{
	struct count_error err;
	struct buf out;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(dup(1) > 2, 1);	/* without CLOEXEC */
	assert_int_equal(run("/bin/sh -c 'cd /proc/self/fd && echo *'", 10000, &out, &err), COUNT_OK);
	assert_true(out.len >= 5 && memcmp(out.data, "0 1 2", 5) == 0);
	assert_true(out.len <= 10);	/* and the one that lists them */
	buf_free(&out);
}

static void test_long_complaint(void **state)
{
	struct count_error err;
	struct buf out;

	(void)state;
	assert_int_equal(run("/bin/sh -c 'i=0; while [ $i -lt 5000 ]; do echo line $i >&2; i=$((i+1)); done; exit 1'",
			     10000, &out, &err), COUNT_ERR_DENIED);
	assert_string_equal(err.text, "test: exit status 1: line 4999");
	buf_free(&out);
}

/* ---- Files ---- */

static void collect(void *arg, struct creds_ini_text section, struct creds_ini_text name,
		    struct creds_ini_text value)
{
	buf_printf(arg, "%.*s/%.*s/%.*s|", (int)section.len, section.p, (int)name.len, name.p, (int)value.len,
		   value.p);
}

static const struct { const char *text, *want; } files[] = {
	{ "", "" },
	{ "[a]", "a//|" },
	{ "[ a b ] # x\nk=v", "a b//|a b/k/v|" },
	{ "[a]\nk = v # not a comment\n# one\n ; one\n\tk2\t:\tv=2\n", "a//|a/k/v # not a comment|" },
	{ "[a]\n  k = 1\n  l = 2\n   m = 3\n n = 4\n", "a//|a/k/1|a/l/2|a/n/4|" },
	{ "[a]\nk=\n[b]\n  x=1", "a//|a/k/|b//|b/x/1|" },
};

static void test_files(void **state)
{
	size_t line;

	(void)state;
	for (size_t i = 0; i < N(files); i++) {
		struct buf got = { 0 };

		assert_null(creds_ini_parse(files[i].text, strlen(files[i].text), collect, &got, &line));
		buf_put_u8(&got, '\0');
		assert_string_equal((char *)got.data, files[i].want);
		buf_free(&got);
	}
}

/* ---- JSON ---- */

static int parse(const char *text, size_t len, struct count_error *err)
{
	static const struct creds_form form = { .token = "Token" };
	struct creds c = { 0 };
	struct buf body = { 0 };
	int ret;

	buf_put(&body, text, len);
	*err = (struct count_error){ 0 };
	ret = creds_json_parse("test", &form, &body, 1000, &c, err);
	if (ret == COUNT_OK) {
		assert_string_equal(c.access_key, "A");
		assert_string_equal(c.secret, "S");
	}
	creds_free(&c);
	buf_free(&body);
	return ret;
}

static void test_json(void **state)
{
	static const char good[] = "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Token\":\"T\","
				   "\"Expiration\":\"2024-01-01T00:00:00Z\",\"x\":[[{\"y\":\"]}\\\"\"}]]}";
	struct count_error err;
	char copy[sizeof(good)];

	(void)state;
	assert_int_equal(parse(good, strlen(good), &err), COUNT_OK);
	for (size_t i = 0; i < strlen(good); i++)	/* cut anywhere */
		assert_int_equal(parse(good, i, &err), COUNT_ERR_DENIED);
	for (size_t i = 0; i < strlen(good); i++)	/* whatever it says then, it reads no byte too many */
		for (int bit = 0; bit < 8; bit++) {
			struct creds c = { 0 };
			struct buf body = { 0 };
			static const struct creds_form form = { .token = "Token" };

			memcpy(copy, good, sizeof(good));
			copy[i] = (char)(copy[i] ^ (1 << bit));
			buf_put(&body, copy, strlen(good));
			creds_json_parse("test", &form, &body, 1000, &c, NULL);
			creds_free(&c);
			buf_free(&body);
		}
}

static void test_addresses(void **state)
{
	static const char *const mine[] = { "169.254.169.254", "fd00:ec2::254", NULL };
	static const char *const good[] = {
		"http://127.0.0.1", "http://127.9.9.9:80/x", "http://localhost:1", "http://[::1]:8080/",
		"http://169.254.169.254/", "http://[fd00:ec2::254]", "http://[fd00:0ec2:0::254]/", "HTTP://LOCALHOST",
	};
	static const char *const bad[] = {
		"", "127.0.0.1", "http://", "https://127.0.0.1", "http://169.254.169.253", "http://10.0.0.1",
		"http://localhost.example.com", "http://[fe80::1%25eth0]", "http://u@127.0.0.1", "http://u:p@127.0.0.1",
		"file:///etc/passwd", "http://example.com#127.0.0.1", "http://example.com/127.0.0.1", "http://[::2]",
		"http://127.0.0.1 .example.com/", "http://[::ffff:10.0.0.1]/", "gopher://127.0.0.1",
	};
	char origin[64];

	(void)state;
	for (size_t i = 0; i < N(good); i++)
		if (creds_http_check(good[i], mine, false, origin, sizeof(origin)) != NULL)
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < N(bad); i++)
		if (creds_http_check(bad[i], mine, false, origin, sizeof(origin)) == NULL)
			fail_msg("taken: %s", bad[i]);
	assert_null(creds_http_check("https://example.com/x?y", mine, true, origin, sizeof(origin)));
	assert_string_equal(origin, "https://example.com");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_command_lines),
		cmocka_unit_test(test_time_limit),
		cmocka_unit_test(test_silent_but_running),
		cmocka_unit_test(test_children_ignored),
		cmocka_unit_test(test_no_descriptors),
		cmocka_unit_test(test_long_complaint),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
