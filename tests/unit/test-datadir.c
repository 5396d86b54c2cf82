/* test-datadir.c - store/datadir: making, opening, refusing; modes, symlinks, many makers at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/datadir.h"

#define MAKERS 20

static char top[64];		/* one temporary directory a test; the data directory is top/a/b */
static char path[128];

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/count-test-XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/a/b", top);
	return 0;
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", top);
	return system(cmd);
}

static const char *below(const char *name)
{
	static char full[256];

	snprintf(full, sizeof(full), "%s/%s", path, name);
	return full;
}

static int open_dir(bool create, struct datadir *d, struct count_error *err)
{
	*d = (struct datadir){ 0 };
	*err = (struct count_error){ 0 };
	return datadir_open(path, create, COUNT_UNIT_MS, false, d, err);
}

static void make(void)
{
	struct count_error err;
	struct datadir d;

	assert_int_equal(open_dir(true, &d, &err), COUNT_OK);
	assert_true(d.created);
	datadir_close(&d);
}

static unsigned mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(name, &st), 0);
	return (unsigned)(st.st_mode & 07777);
}

static void check_modes(mode_t mask)
{
	mode_t old = umask(mask);

	make();
	umask(old);
	assert_int_equal(mode_of(path), 0700);
	assert_int_equal(mode_of(below("wal")), 0700);
	assert_int_equal(mode_of(below("blocks")), 0700);
	assert_int_equal(mode_of(below("lock")), 0600);
	assert_int_equal(mode_of(below("CURRENT")), 0600);
	assert_int_equal(mode_of(below("FORMAT")), 0600);
	assert_int_equal(access(below("FORMAT.tmp"), F_OK), -1);
}

static void test_modes_000(void **state) { (void)state; check_modes(0); }
static void test_modes_077(void **state) { (void)state; check_modes(077); }

static void test_missing(void **state)
{
	struct count_error err;
	struct datadir d;

	(void)state;
	assert_int_equal(open_dir(false, &d, &err), COUNT_ERR_NOTFOUND);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(access(path, F_OK), -1);
	datadir_close(&d);	/* harmless */
}

static void test_reopen(void **state)
{
	struct count_error err;
	struct datadir d, e;
	struct current c;

	(void)state;
	assert_int_equal(open_dir(true, &d, &err), COUNT_OK);
	assert_int_equal(open_dir(true, &e, &err), COUNT_OK);
	assert_false(e.created);
	assert_memory_equal(d.format.id, e.format.id, 16);
	assert_int_equal(datadir_read_current(&e, &c, &err), COUNT_OK);
	assert_int_equal(c.generation, 1);
	assert_int_equal(datadir_publish(&d, &c, &err), COUNT_OK);
	current_free(&c);
	assert_int_equal(datadir_read_current(&e, &c, &err), COUNT_OK);
	assert_int_equal(c.generation, 2);
	current_free(&c);
	datadir_close(&d);
	datadir_close(&e);
}

static void test_unit(void **state)
{
	struct count_error err = { 0 };
	struct datadir d = { 0 };

	(void)state;
	assert_int_equal(datadir_open(path, true, COUNT_UNIT_S, true, &d, &err), COUNT_OK);
	datadir_close(&d);
	assert_int_equal(datadir_open(path, true, COUNT_UNIT_NS, true, &d, &err), COUNT_ERR_INVALID);
	assert_int_equal(datadir_open(path, true, COUNT_UNIT_NS, false, &d, NULL), COUNT_OK);
	assert_int_equal(d.format.unit, COUNT_UNIT_S);
	datadir_close(&d);
}

static void test_lock(void **state)
{
	struct count_error err;
	struct datadir d;
	int a, b;

	(void)state;
	assert_int_equal(open_dir(true, &d, &err), COUNT_OK);
	assert_int_equal(unlink(below("lock")), 0);	/* made again where missing */
	assert_int_equal(datadir_lock(&d, 0, &a, &err), COUNT_OK);
	assert_int_equal(datadir_lock(&d, 10, &b, &err), COUNT_ERR_LOCKED);
	assert_non_null(strstr(err.text, "lock"));
	close(a);
	err = (struct count_error){ 0 };
	assert_int_equal(datadir_lock(&d, 0, &b, &err), COUNT_OK);
	close(b);
	datadir_close(&d);
}

/* A crash of the maker: a reader sees no directory, a writer finishes it. */
static void test_unfinished(void **state)
{
	struct count_error err;
	struct datadir d;

	(void)state;
	make();
	unlink(below("FORMAT"));
	assert_int_equal(open_dir(false, &d, &err), COUNT_ERR_NOTFOUND);
	assert_int_equal(rmdir(below("blocks")), 0);
	assert_int_equal(unlink(below("CURRENT")), 0);
	make();
	assert_int_equal(open_dir(false, &d, &err), COUNT_OK);
	datadir_close(&d);
}

/* FORMAT lost from a directory with data: nobody may make it anew. */
static void test_lost_format(void **state)
{
	struct count_error err;
	struct datadir d;

	(void)state;
	make();
	unlink(below("FORMAT"));
	close(open(below("wal/0001.wal"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(open_dir(false, &d, &err), COUNT_ERR_CORRUPT);
	assert_int_equal(open_dir(true, &d, &err), COUNT_ERR_CORRUPT);
	assert_int_equal(access(below("FORMAT"), F_OK), -1);
}

static void test_lost_parts(void **state)
{
	static const char *const names[] = { "wal", "blocks" };
	struct count_error err;
	struct datadir d;
	struct current c;

	(void)state;
	make();
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(rmdir(below(names[i])), 0);
		assert_int_equal(open_dir(true, &d, &err), COUNT_ERR_CORRUPT);
		assert_non_null(strstr(err.text, names[i]));
		assert_int_equal(mkdir(below(names[i]), 0700), 0);
	}
	unlink(below("CURRENT"));
	assert_int_equal(open_dir(false, &d, &err), COUNT_OK);
	assert_int_equal(datadir_read_current(&d, &c, &err), COUNT_ERR_CORRUPT);
	assert_non_null(strstr(err.text, "CURRENT"));
	datadir_close(&d);
}

/* A link at any name below the directory is refused, and what it points to stays as it was. */
static void test_symlinks(void **state)
{
	static const char *const names[] = { "FORMAT", "wal", "blocks", "CURRENT", "lock" };
	char target[128], away[300];

	(void)state;
	snprintf(target, sizeof(target), "%s/target", top);
	make();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct count_error err;
		struct datadir d;
		struct current c;
		int ret, lock = -1;

		snprintf(away, sizeof(away), "%s/away", top);
		assert_int_equal(rename(below(names[i]), away), 0);
		assert_int_equal(symlink(away, below(names[i])), 0);
		ret = open_dir(true, &d, &err);
		if (ret == COUNT_OK && strcmp(names[i], "CURRENT") == 0)
			ret = datadir_read_current(&d, &c, &err);
		else if (ret == COUNT_OK)
			ret = datadir_lock(&d, 0, &lock, &err);
		assert_int_equal(ret, COUNT_ERR_IO);
		assert_non_null(strstr(err.text, names[i]));
		datadir_close(&d);
		unlink(below(names[i]));
		assert_int_equal(rename(away, below(names[i])), 0);
	}
}

/* The directory itself may be one, that is the user's business. */
static void test_top_symlink(void **state)
{
	struct count_error err;
	struct datadir d;
	char real[128];

	(void)state;
	make();
	snprintf(real, sizeof(real), "%s/real", top);
	assert_int_equal(rename(path, real), 0);
	assert_int_equal(symlink(real, path), 0);
	assert_int_equal(open_dir(true, &d, &err), COUNT_OK);
	datadir_close(&d);
	unlink(path);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(open_dir(true, &d, &err), COUNT_ERR_IO);
	assert_int_equal(open_dir(false, &d, &err), COUNT_ERR_NOTFOUND);
}

static void test_fifo(void **state)
{
	struct count_error err;
	struct datadir d;

	(void)state;
	make();
	unlink(below("FORMAT"));
	assert_int_equal(mkfifo(below("FORMAT"), 0600), 0);
	assert_int_equal(open_dir(true, &d, &err), COUNT_ERR_IO);
}

static void count_warnings(void *arg, int level, const char *text)
{
	assert_int_equal(level, 1);
	assert_non_null(strstr(text, "others may write"));
	++*(int *)arg;
}

static void test_warning(void **state)
{
	struct count_error err = { 0 };
	int warnings = 0;
	struct datadir d = { .log = { count_warnings, &warnings } };

	(void)state;
	make();
	assert_int_equal(chmod(path, 0702), 0);
	assert_int_equal(datadir_open(path, false, COUNT_UNIT_MS, false, &d, &err), COUNT_OK);
	datadir_close(&d);
	assert_int_equal(warnings, 1);
}

static void test_foreign_owner(void **state)
{
	struct count_error err;
	struct datadir d;

	(void)state;
	if (geteuid() != 0)
		skip();
	make();
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_int_equal(open_dir(true, &d, &err), COUNT_ERR_IO);
	assert_non_null(strstr(err.text, "12345"));
}

static void test_newer(void **state)
{
	struct count_error err;
	struct datadir d;
	FILE *f;

	(void)state;
	make();
	f = fopen(below("FORMAT"), "w");
	assert_non_null(f);
	fputs("count-format 2\nsomething else\n", f);
	fclose(f);
	assert_int_equal(open_dir(true, &d, &err), COUNT_ERR_VERSION);
	assert_non_null(strstr(err.text, "version 2"));
}

/* All makers get the same directory, and exactly one of them made it. */
static void test_makers(void **state)
{
	int made = 0, pipes[2];
	uint8_t id[16], other[16];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < MAKERS; i++) {
		struct count_error err;
		struct datadir d;

		if (fork() != 0)
			continue;
		if (open_dir(true, &d, &err) != COUNT_OK) {
			fprintf(stderr, "%s\n", err.text);
			_exit(2);
		}
		if (write(pipes[1], d.format.id, 16) != 16)
			_exit(3);
		_exit(d.created ? 1 : 0);
	}
	close(pipes[1]);
	for (int i = 0; i < MAKERS; i++) {
		int status;

		assert_true(wait(&status) > 0 && WIFEXITED(status));
		assert_in_range(WEXITSTATUS(status), 0, 1);
		made += WEXITSTATUS(status);
		assert_int_equal(read(pipes[0], i == 0 ? id : other, 16), 16);
		if (i > 0)
			assert_memory_equal(id, other, 16);
	}
	close(pipes[0]);
	assert_int_equal(made, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_modes_000), T(test_modes_077), T(test_missing), T(test_reopen), T(test_unit),
		T(test_lock), T(test_unfinished), T(test_lost_format), T(test_lost_parts),
		T(test_symlinks), T(test_top_symlink), T(test_fifo), T(test_warning),
		T(test_foreign_owner), T(test_newer), T(test_makers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
