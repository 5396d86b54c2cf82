/* test-objstore-dir.c - store/objstore_dir: files and names, crashes, links, modes; and the probe. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "objstore-test.h"
#include "store/objstore_path.h"

static const char *below(const char *name)	/* top/bucket/NAME */
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/bucket/%s", top, name);
	return path;
}

static bool exists(const char *name)
{
	struct stat st;

	return lstat(below(name), &st) == 0;
}

static unsigned mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(below(name), &st), 0);
	return (unsigned)(st.st_mode & 07777);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(below(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static size_t list_len(objstore *s, const char *prefix)
{
	struct objstore_req req = { .op = OBJSTORE_LIST, .key = prefix };
	size_t n;

	assert_int_equal(objstore_run(s, &req), OBJSTORE_OK);
	n = req.page.len;
	objstore_req_free(&req);
	return n;
}

static void test_files(void **state)
{
	mode_t mask = umask(0);
	objstore *s = store_open();

	(void)state;
	assert_int_equal(put_text(s, "p/cpu%2Fidle/manifest.json", "x"), OBJSTORE_OK);
	assert_int_equal(put_text(s, "p/../up", "x"), OBJSTORE_OK);
	umask(mask);
	assert_int_equal(mode_of("."), 0700);
	assert_int_equal(mode_of("p/cpu%2Fidle"), 0700);
	assert_int_equal(mode_of("p/cpu%2Fidle/manifest.json"), 0600);
	assert_true(exists("p/.count-key-2e2e/up"));
	assert_false(exists("up"));
	assert_int_equal(drop(s, "p/cpu%2Fidle/manifest.json"), OBJSTORE_OK);
	assert_false(exists("p/cpu%2Fidle"));
	assert_true(exists("p"));
	assert_int_equal(drop(s, "p/../up"), OBJSTORE_OK);
	assert_false(exists("p"));
	assert_true(exists("."));
	objstore_close(s);
}

/* Refused, with a text that says why, and without a trace. */
static void refuse(objstore *s, const char *key, const char *says)
{
	struct objstore_req req = { .op = OBJSTORE_PUT, .key = key };

	for (int c = OBJSTORE_ALWAYS; c <= OBJSTORE_IF_ABSENT; c++) {
		req.put.condition = (enum objstore_condition)c;
		assert_int_equal(objstore_run(s, &req), OBJSTORE_INVALID);
		if (strstr(req.err.text, says) == NULL)
			fail_msg("%s: %s", key, req.err.text);
	}
}

static void test_refused_keys(void **state)
{
	char key[OBJSTORE_KEY_MAX + 1] = "k/";
	objstore *s = store_open();

	(void)state;
	assert_int_equal(put_text(s, "a/b", "x"), OBJSTORE_OK);
	refuse(s, "a", "beside objects");
	refuse(s, "a/b/c", "beside the object");
	memset(key + 2, 'x', 256);
	refuse(s, key, "too long");
	key[2 + 255] = '\0';
	assert_int_equal(put_text(s, key, "x"), OBJSTORE_OK);
	memset(key, 0, sizeof(key));
	memset(key, '/', OBJPATH_PARTS_MAX);
	refuse(s, key, "too many parts");
	key[OBJPATH_PARTS_MAX - 1] = '\0';
	assert_int_equal(put_text(s, key, "x"), OBJSTORE_OK);
	assert_int_equal(list_len(s, ""), 3);
	/* An empty directory, of a writer that died, is in nobody's way. */
	assert_int_equal(mkdir(below("a/e"), 0700), 0);
	assert_int_equal(mkdir(below("a/f"), 0700), 0);
	assert_int_equal(put_text(s, "a/e", "x"), OBJSTORE_OK);
	assert_int_equal(put(s, "a/f", "x", OBJSTORE_IF_ABSENT, NULL, NULL), OBJSTORE_OK);
	objstore_close(s);
}

/* What is no object is neither seen nor followed nor removed. */
static void test_foreign(void **state)
{
	char text[4097];
	objstore *s = store_open();

	(void)state;
	assert_int_equal(put_text(s, "d/k", "inside"), OBJSTORE_OK);
	assert_int_equal(symlink("/etc", below("link")), 0);
	assert_int_equal(symlink("/etc/passwd", below("d/passwd")), 0);
	assert_int_equal(mkfifo(below("d/fifo"), 0600), 0);
	write_file("d/bad\xff", "not UTF-8");
	write_file(".count-key-61", "a, not as we spell it");
	write_file(".count-key-2E", "., not as we spell it");
	assert_int_equal(list_len(s, ""), 1);
	assert_int_not_equal(get_text(s, "link/passwd", text, NULL), OBJSTORE_OK);
	assert_int_not_equal(get_text(s, "d/passwd", text, NULL), OBJSTORE_OK);
	assert_int_equal(get_text(s, "d/fifo", text, NULL), OBJSTORE_NOT_FOUND);
	assert_int_not_equal(put_text(s, "link/k", "x"), OBJSTORE_OK);
	assert_int_equal(drop(s, "d/fifo"), OBJSTORE_OK);
	assert_int_equal(drop(s, "d/passwd"), OBJSTORE_OK);
	assert_true(exists("d/fifo") && exists("d/passwd"));
	/* A put replaces the link itself, not what it leads to. */
	assert_int_equal(symlink("k", below("d/l")), 0);
	assert_int_equal(put_text(s, "d/l", "new"), OBJSTORE_OK);
	assert_int_equal(get_text(s, "d/k", text, NULL), OBJSTORE_OK);
	assert_string_equal(text, "inside");
	objstore_close(s);
}

/* A writer that died leaves a file in .count-tmp, which nobody sees and the next opener takes away. */
static void test_leftovers(void **state)
{
	objstore *s = store_open();
	int fd;

	(void)state;
	assert_int_equal(put_text(s, "k", "x"), OBJSTORE_OK);
	write_file(OBJPATH_TMP "/0123456789abcdef", "half");
	write_file(OBJPATH_TMP "/of one alive", "half");
	fd = open(below(OBJPATH_TMP "/of one alive"), O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(list_len(s, ""), 1);
	objstore_close(s);
	s = store_open();
	assert_false(exists(OBJPATH_TMP "/0123456789abcdef"));
	assert_true(exists(OBJPATH_TMP "/of one alive"));
	close(fd);
	objstore_close(s);
	objstore_close(store_open());
	assert_false(exists(OBJPATH_TMP "/of one alive"));
}

/* Whole texts over and over, until killed. */
static void overwrite_for_ever(void)
{
	objstore *s = store_open();
	char text[4097];

	for (int i = 0;; i = (i + 1) % 26) {
		memset(text, 'a' + i, 4096);
		text[4096] = '\0';
		put_text(s, "p/k", text);
		drop(s, "p/k");
		put(s, "p/k", text, OBJSTORE_IF_ABSENT, NULL, NULL);
	}
}

static void test_killed(void **state)
{
	char text[4097];
	int seen = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		enum objstore_result result;
		objstore *s;
		pid_t pid = fork();

		if (pid == 0)
			overwrite_for_ever();
		usleep((useconds_t)(1000 + i * 37));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		s = store_open();
		result = get_text(s, "p/k", text, NULL);
		assert_true(result == OBJSTORE_OK || result == OBJSTORE_NOT_FOUND);
		if (result == OBJSTORE_OK) {
			assert_int_equal(strlen(text), 4096);
			assert_int_equal(strspn(text, (char[]){ text[0], '\0' }), 4096);
			seen++;
		}
		assert_true(list_len(s, "") <= 1);
		assert_true(rmdir(below(OBJPATH_TMP)) == 0 || errno == ENOENT);	/* it was swept */
		objstore_close(s);
	}
	assert_true(seen > 0);
}

static void test_stopped_publisher(void **state)
{
	objstore *s = store_open();
	int fd = open(below(OBJPATH_LOCK), O_RDWR | O_CREAT, 0600);

	(void)state;
	/* Who needs no lock does not wait for one that is held for ever. */
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(put(s, "k", "x", OBJSTORE_IF_ABSENT, NULL, NULL), OBJSTORE_OK);
	assert_int_equal(head(s, "k", NULL), OBJSTORE_OK);
	assert_int_equal(list_len(s, ""), 1);
	close(fd);
	objstore_close(s);
}

static void test_denied(void **state)
{
	char etag[OBJSTORE_ETAG_MAX + 1];
	objstore *s;

	(void)state;
	if (geteuid() == 0)
		skip();		/* permissions do not stop root */
	s = store_open();
	assert_int_equal(put(s, "d/k", "x", OBJSTORE_ALWAYS, NULL, etag), OBJSTORE_OK);
	assert_int_equal(chmod(below("d"), 0500), 0);
	assert_int_equal(put_text(s, "d/k", "y"), OBJSTORE_DENIED);
	assert_int_equal(drop(s, "d/k"), OBJSTORE_DENIED);
	assert_int_equal(chmod(below("d"), 0), 0);
	assert_int_equal(head(s, "d/k", NULL), OBJSTORE_DENIED);
	objstore_close(s);
}

static void test_open(void **state)
{
	static const char *const buckets[] = { "", ".", "..", "a/b", ".hidden", "a..b", "a b", "a\n" };
	struct count_error err = { 0 };
	objstore *s = NULL;
	char dir[256];

	(void)state;
	for (size_t i = 0; i < N(buckets); i++)
		assert_int_equal(objstore_dir_open(top, buckets[i], true, &s, NULL), COUNT_ERR_INVALID);
	assert_int_equal(objstore_dir_open(top, "bucket", false, &s, &err), COUNT_ERR_NOTFOUND);
	assert_non_null(strstr(err.text, "mkdir"));
	snprintf(dir, sizeof(dir), "%s/none", top);
	assert_int_equal(objstore_dir_open(dir, "bucket", true, &s, NULL), COUNT_ERR_NOTFOUND);
	assert_int_equal(symlink("/etc", below("")), -1);
	snprintf(dir, sizeof(dir), "%s/bucket", top);
	assert_int_equal(symlink("/etc", dir), 0);
	assert_int_not_equal(objstore_dir_open(top, "bucket", false, &s, NULL), COUNT_OK);
	objstore_close(NULL);
}

static void test_tokens(void **state)
{
	static const char *const bad[] = { "", "6", "6g", "00", "6A", "61 ", "6100" };
	struct objstore_req req = { .op = OBJSTORE_LIST, .key = "" };
	objstore *s = store_open();

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		req.list.token = bad[i];
		assert_int_equal(run(s, &req, NULL), OBJSTORE_INVALID);
	}
	objstore_close(s);
}

/* ---- The probe, on stores that treat conditions as some S3 servers do ---- */

struct odd_store {
	objstore base;		/* first */
	objstore *real;
	enum objstore_ability if_absent, if_match;
	enum { BOTH_SPELLINGS, BARE_ONLY, NO_SPELLING } spelling;	/* of ETags that it takes */
};

static void odd_submit(objstore *s, struct objstore_req *req)
{
	struct odd_store *o = (struct odd_store *)s;
	enum objstore_condition condition = req->put.condition;
	const char *match = req->put.if_match;
	enum objstore_ability a = condition == OBJSTORE_IF_ABSENT ? o->if_absent :
		condition == OBJSTORE_IF_MATCH ? o->if_match : OBJSTORE_HONOURED;

	if (a == OBJSTORE_REFUSED) {
		objstore_finish(s, req, OBJSTORE_UNSUPPORTED);
		return;
	}
	if (a == OBJSTORE_IGNORED)
		req->put.condition = OBJSTORE_ALWAYS;
	if (condition == OBJSTORE_IF_MATCH && o->spelling != BOTH_SPELLINGS &&
	    (o->spelling == NO_SPELLING || !s->abilities.bare_etag))
		req->put.if_match = "\"quoted\"";
	objstore_run(o->real, req);
	req->put.condition = condition;
	req->put.if_match = match;
	objstore_finish(s, req, req->result);
}

static void odd_drive(objstore *s, int timeout_ms) { (void)s, (void)timeout_ms; }
static void odd_cancel(objstore *s) { (void)s; }
static const struct objstore_ops odd_ops = { odd_submit, odd_drive, odd_cancel, odd_cancel };

static void test_probe(void **state)
{
	struct odd_store odd = { .base.ops = &odd_ops, .base.url = "odd://", .real = store_open() };
	struct objstore_abilities a;

	(void)state;
	for (int i = OBJSTORE_HONOURED; i <= OBJSTORE_IGNORED; i++)
		for (int j = OBJSTORE_HONOURED; j <= OBJSTORE_IGNORED; j++) {
			odd.if_absent = (enum objstore_ability)i;
			odd.if_match = (enum objstore_ability)j;
			assert_int_equal(objstore_probe(&odd.base, "p/!probe", &a, NULL), OBJSTORE_OK);
			assert_int_equal(a.if_absent, i);
			assert_int_equal(a.if_match, j);
			assert_int_equal(objstore_abilities(&odd.base).if_match, j);
			assert_int_equal(list_len(odd.real, ""), 0);
		}
	odd.if_absent = odd.if_match = OBJSTORE_HONOURED;
	for (int i = BOTH_SPELLINGS; i <= NO_SPELLING; i++) {
		odd.spelling = i;
		assert_int_equal(objstore_probe(&odd.base, "p/!probe", &a, NULL), OBJSTORE_OK);
		assert_int_equal(a.if_match, i == NO_SPELLING ? OBJSTORE_REFUSED : OBJSTORE_HONOURED);
		assert_int_equal(a.bare_etag, i == BARE_ONLY);
		assert_int_equal(objstore_abilities(&odd.base).bare_etag, i == BARE_ONLY);
	}
	objstore_close(odd.real);
}

/* What is wrong in the bucket is the cold tier's fault (exit 4), not that of local files. */
static void test_status(void **state)
{
	(void)state;
	assert_int_equal(objstore_status(OBJSTORE_OK), COUNT_OK);
	assert_int_equal(objstore_status(OBJSTORE_UNCHANGED), COUNT_OK);
	assert_int_equal(objstore_status(OBJSTORE_NOT_FOUND), COUNT_ERR_NOTFOUND);
	assert_int_equal(objstore_status(OBJSTORE_DENIED), COUNT_ERR_DENIED);
	assert_int_equal(objstore_status(OBJSTORE_ARCHIVED), COUNT_ERR_COLD);
	assert_int_equal(objstore_status(OBJSTORE_DAMAGED), COUNT_ERR_COLD);
	assert_int_equal(objstore_status(OBJSTORE_TOO_LARGE), COUNT_ERR_COLD);
	assert_int_equal(objstore_status(OBJSTORE_FAILED), COUNT_ERR_NET);
	assert_int_equal(objstore_status(OBJSTORE_THROTTLED), COUNT_ERR_NET);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_files), T(test_refused_keys), T(test_foreign), T(test_leftovers), T(test_killed),
		T(test_stopped_publisher), T(test_denied), T(test_open), T(test_tokens), T(test_probe),
		T(test_status),
	};

	return cmocka_run_group_tests_name("objstore-dir", tests, NULL, NULL);
}
