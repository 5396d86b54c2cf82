/* test-cold-index-damage.c - cold/index: damage, and what a failure leaves behind. */
#include "coldindexfix.h"

/* ---- Damage ---- */

static void three_files(void)
{
	struct cold_index *x = open_index(SCOPE);

	put_by(x, "a", writer, 30, 30);
	put_by(x, "b", writer, 30, 30);
	set_synced(x, 1700000000);
	publish(x);
	put(x, "a", 7);
	put(x, "c", 3);
	publish(x);
	put_gone(x, "b");
	publish(x);
	cold_index_close(x);
	assert_int_equal(named_files(), 3);
}

static void read_file(const char *path, struct buf *out)
{
	uint8_t block[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	while ((n = read(fd, block, sizeof(block))) > 0)
		buf_put(out, block, (size_t)n);
	close(fd);
}

/* A new file, since one that is mapped never changes. */
static void write_file(const char *path, const void *p, size_t len)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0 && write(fd, p, len) == (ssize_t)len);
	close(fd);
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* An answer, or an error that names file, byte and remedy. */
static void check_answer(const struct cold_index *x, const char *path, const char *name, uint64_t seed, bool there)
{
	struct count_error err;
	int ret = has(x, name, seed, &err);

	if (ret >= 0) {
		assert_int_equal(ret, there);
		return;
	}
	assert_int_equal(ret, COUNT_ERR_CORRUPT);
	assert_non_null(strstr(err.text, base_name(path)));
	assert_non_null(strstr(err.text, "damaged at byte"));
	assert_non_null(strstr(err.text, "count-manifest sync"));
}

static void check_damaged(const char *path)
{
	struct count_error err;
	struct cold_index *x;
	int ret;

	warned[0] = '\0';
	ret = try_open(SCOPE, &x, &err);
	if (ret == COUNT_ERR_VERSION)
		return;
	assert_int_equal(ret, COUNT_OK);
	if (cold_index_facts(x)->synced_s != 1700000000) {
		assert_int_equal(cold_index_facts(x)->synced_s, 0);
		assert_non_null(strstr(warned, base_name(path)));
		assert_non_null(strstr(warned, "damaged at byte"));
	} else {
		check_answer(x, path, "a", 7, true);
		check_answer(x, path, "b", 30, false);
		check_answer(x, path, "c", 3, true);
		cold_index_drop_damaged(x);		/* finds what the searches did not touch */
		assert_int_equal(cold_index_facts(x)->synced_s, 0);
		assert_non_null(strstr(warned, base_name(path)));
	}
	cold_index_close(x);
}

static void test_every_byte(void **state)
{
	(void)state;
	three_files();
	for (size_t f = 1; f < 3; f++) {
		struct buf b = { 0 };
		char path[128];

		path_of(f, path);
		read_file(path, &b);
		for (size_t i = 0; i < b.len; i++) {
			b.data[i] ^= 0x10;
			write_file(path, b.data, b.len);
			check_damaged(path);
			b.data[i] ^= 0x10;
		}
		for (size_t i = 0; i < b.len; i += 7) {
			write_file(path, b.data, i);
			check_damaged(path);
		}
		write_file(path, b.data, b.len);
		buf_free(&b);
	}
}

static void test_missing(void **state)
{
	struct count_error err = { 0 };
	struct cold_index *x;
	struct current cur;
	char path[128];

	(void)state;
	three_files();
	assert_int_equal(datadir_read_current(&dir, &cur, &err), COUNT_OK);
	path_of(1, path);
	assert_int_equal(unlink(path), 0);
	x = open_index(SCOPE);
	assert_int_equal(cold_index_facts(x)->synced_s, 0);
	assert_non_null(strstr(warned, base_name(path)));
	/* A sync would then say: */
	put(x, "a", 8);
	set_synced(x, 1700000001);
	publish(x);
	cold_index_close(x);
	assert_int_equal(named_files(), count_files());
	warned[0] = '\0';
	x = open_index(SCOPE);
	assert_string_equal(warned, "");
	assert_int_equal(cold_index_facts(x)->synced_s, 1700000001);
	assert_has(x, "a", 8);
	cold_index_close(x);
	/* With the CURRENT of before it is not damage. */
	assert_int_equal(cold_index_open(&dir, &cur, SCOPE, &x, &err), COUNT_ERR_NOTFOUND);
	current_free(&cur);
}

/* What is new can be saved although what is old is damaged; the sync that comes then drops the old. */
static void test_merge_with_damage(void **state)
{
	struct cold_index *x = open_index(SCOPE);
	struct count_error err;
	struct buf b = { 0 };
	char path[128];

	(void)state;
	put(x, "a", 7);
	set_synced(x, 1700000000);
	publish(x);
	cold_index_close(x);
	path_of(0, path);
	read_file(path, &b);
	b.data[b.len / 2] ^= 1;
	write_file(path, b.data, b.len);
	x = open_index(SCOPE);
	assert_int_equal(cold_index_facts(x)->synced_s, 1700000000);
	put(x, "b", 3);		/* of that size that it would be merged */
	publish(x);
	assert_int_equal(named_files(), 2);
	assert_non_null(strstr(warned, "damaged at byte"));
	assert_has(x, "b", 3);
	assert_int_equal(has(x, "a", 7, &err), COUNT_ERR_CORRUPT);
	cold_index_drop_damaged(x);
	assert_int_equal(cold_index_facts(x)->synced_s, 0);
	assert_true(cold_index_changed(x));
	set_synced(x, 1700000002);
	publish(x);
	assert_int_equal(named_files(), count_files());
	assert_int_not_equal(access(path, F_OK), 0);
	assert_has(x, "b", 3);
	assert_int_equal(has(x, "a", 7, &err), 0);
	cold_index_close(x);
	buf_free(&b);
}

/* ---- Failures ---- */

static void test_no_space(void **state)
{
	struct rlimit old, small = { .rlim_cur = 1000 };
	struct cold_index *x = open_index(SCOPE);
	struct count_error err = { 0 };

	(void)state;
	put(x, "a", 1);
	publish(x);
	put(x, "b", 7);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(cold_index_publish(x, 0, &err), COUNT_ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_non_null(strstr(err.text, "cold-"));
	assert_int_equal(count_files(), 1);
	assert_true(cold_index_changed(x));
	assert_has(x, "b", 7);
	publish(x);		/* and now there is room */
	assert_has(x, "b", 7);
	assert_int_equal(named_files(), count_files());
	cold_index_close(x);
}

static void test_unsave(void **state)
{
	struct cold_index *x = open_index(SCOPE);
	struct current cur;

	(void)state;
	put(x, "a", 1);
	assert_int_equal(datadir_read_current(&dir, &cur, NULL), COUNT_OK);
	assert_int_equal(cold_index_prepare(x, NULL), COUNT_OK);
	assert_int_equal(count_files(), 1);
	put(x, "b", 2);			/* what was written is no longer all */
	assert_int_equal(count_files(), 0);
	assert_int_equal(cold_index_save(x, &cur, NULL), COUNT_OK);
	assert_int_equal(cur.ncold, 1);
	assert_int_equal(count_files(), 1);
	cold_index_unsave(x, false);
	assert_int_equal(count_files(), 0);
	assert_has(x, "b", 2);
	current_free(&cur);
	publish(x);
	put(x, "c", 3);
	assert_int_equal(datadir_read_current(&dir, &cur, NULL), COUNT_OK);
	assert_int_equal(cold_index_save(x, &cur, NULL), COUNT_OK);
	cold_index_unsave(x, true);	/* nobody knows whether CURRENT names it */
	assert_int_equal(count_files(), 2);
	current_free(&cur);
	cold_index_close(x);
}

static void test_somebody_else(void **state)
{
	struct cold_index *x = open_index(SCOPE), *y = open_index(SCOPE);
	struct count_error err = { 0 };
	int lock;

	(void)state;
	put(x, "a", 1);
	put(y, "b", 2);
	publish(x);
	assert_int_equal(cold_index_publish(y, 0, &err), COUNT_ERR_LOCKED);
	assert_non_null(strstr(err.text, "archive.lock"));
	assert_int_equal(count_files(), 1);
	cold_index_close(y);
	put(x, "c", 3);
	assert_int_equal(datadir_lock(&dir, 0, &lock, NULL), COUNT_OK);
	assert_int_equal(cold_index_publish(x, 0, NULL), COUNT_ERR_LOCKED);
	assert_int_equal(count_files(), 1);
	close(lock);
	publish(x);
	cold_index_close(x);
}

static void touch_file(const char *name)
{
	int fd = openat(dir.fd, name, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void test_sweep(void **state)
{
	struct cold_index *x = open_index(SCOPE), *y;
	struct current cur;
	int held;

	(void)state;
	put(x, "a", 1);
	publish(x);
	cold_index_close(x);
	assert_int_equal(datadir_read_current(&dir, &cur, NULL), COUNT_OK);
	touch_file("cold-000000000098.idx");
	touch_file("cold-000000000099.tmp");
	touch_file("cold-1.idx");		/* no name of ours */
	touch_file("cold-000000000097.idx");
	held = openat(dir.fd, "cold-000000000097.idx", O_RDONLY);
	assert_int_equal(flock(held, LOCK_EX | LOCK_NB), 0);
	y = open_index(SCOPE);
	put(y, "b", 2);
	assert_int_equal(cold_index_prepare(y, NULL), COUNT_OK);
	assert_int_equal(cold_index_sweep(&dir, &cur, NULL), COUNT_OK);
	assert_int_equal(count_files(), 4);	/* named, no name of ours, held, being made */
	publish(y);
	cold_index_close(y);
	close(held);
	current_free(&cur);
	assert_int_equal(datadir_read_current(&dir, &cur, NULL), COUNT_OK);
	assert_int_equal(cold_index_sweep(&dir, &cur, NULL), COUNT_OK);
	assert_int_equal(count_files(), 1 + cur.ncold);
	current_free(&cur);
}

/* A leftover of the next number is not written over: somebody may hold it. */
static void test_leftover_number(void **state)
{
	struct cold_index *x = open_index(SCOPE);
	struct current cur;
	char name[40];

	(void)state;
	assert_int_equal(datadir_read_current(&dir, &cur, NULL), COUNT_OK);
	snprintf(name, sizeof(name), "cold-%012" PRIu64 ".idx", cur.next_number);
	touch_file(name);
	current_free(&cur);
	put(x, "a", 1);
	publish(x);
	cold_index_close(x);
	x = open_index(SCOPE);
	assert_has(x, "a", 1);
	cold_index_close(x);
	assert_int_equal(count_files(), 2);
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_every_byte),
		UNIT(test_missing),
		UNIT(test_merge_with_damage),
		UNIT(test_no_space),
		UNIT(test_unsave),
		UNIT(test_somebody_else),
		UNIT(test_sweep),
		UNIT(test_leftover_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
