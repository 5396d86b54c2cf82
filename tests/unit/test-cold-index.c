/* test-cold-index.c - cold/index: several files as one, merging, publication, damage, what a failure leaves behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cold/index.h"
#include "cold/index_impl.h"
#include "manifests.h"

#define SCOPE "file:///b/count-data"

static char top[64];
static struct datadir dir;
static char writer[33];		/* ours */
static char warned[512];	/* the last warning */

static void note(void *arg, int level, const char *text)
{
	(void)arg;
	if (level == 1)
		snprintf(warned, sizeof(warned), "%s", text);
}

static int setup(void **state)
{
	char path[80];

	(void)state;
	warned[0] = '\0';
	strcpy(top, "/tmp/count-test-XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/d", top);
	dir = (struct datadir){ .log = { note, NULL } };
	if (datadir_open(path, true, COUNT_UNIT_MS, false, &dir, NULL) != COUNT_OK)
		return -1;
	for (size_t i = 0; i < 16; i++)
		snprintf(writer + 2 * i, 3, "%02x", dir.format.id[i]);
	return 0;
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	datadir_close(&dir);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", top);
	return system(cmd);
}

static int try_open(const char *scope, struct cold_index **x, struct count_error *err)
{
	struct current cur;
	int ret;

	*err = (struct count_error){ 0 };
	assert_int_equal(datadir_read_current(&dir, &cur, err), COUNT_OK);
	ret = cold_index_open(&dir, &cur, scope, x, err);
	current_free(&cur);
	return ret;
}

static struct cold_index *open_index(const char *scope)
{
	struct count_error err;
	struct cold_index *x;

	if (try_open(scope, &x, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	return x;
}

static void put_by(struct cold_index *x, const char *name, const char *by, size_t nblocks, uint64_t seed)
{
	struct count_error err = { 0 };
	struct manifest m = { 0 };
	char etag[32];

	snprintf(etag, sizeof(etag), "tag%" PRIu64, seed);
	make_manifest(&m, name, by, nblocks, 2, seed);
	if (cold_index_put(x, name, strlen(name), &m, etag, 1000, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	manifest_free(&m);
}

static void put(struct cold_index *x, const char *name, uint64_t seed)
{
	put_by(x, name, writer, seed % 4, seed);
}

static void put_gone(struct cold_index *x, const char *name)
{
	assert_int_equal(cold_index_put(x, name, strlen(name), NULL, NULL, 1000, NULL), COUNT_OK);
}

static void set_synced(struct cold_index *x, int64_t when)
{
	struct coldindex_facts f = { .scope = NULL, .unit = COUNT_UNIT_MS, .synced_s = when, .if_match = 1 };

	assert_int_equal(cold_index_set_facts(x, &f, NULL), COUNT_OK);
}

static void publish(struct cold_index *x)
{
	struct count_error err = { 0 };

	if (cold_index_publish(x, 1000, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	assert_false(cold_index_changed(x));
}

/* 1: it is there as put() made it; 0; or a status. */
static int has(const struct cold_index *x, const char *name, uint64_t seed, struct count_error *err)
{
	struct manifest m = { 0 }, want = { 0 };
	struct coldindex_entry e;
	char etag[32];
	int found;

	*err = (struct count_error){ 0 };
	found = cold_index_manifest(x, name, strlen(name), &m, &e, err);
	if (found != 1)
		return found;
	make_manifest(&want, name, writer, seed % 4, 2, seed);
	snprintf(etag, sizeof(etag), "tag%" PRIu64, seed);
	assert_true(same_manifest(&m, &want));
	assert_true(e.etag_len == strlen(etag) && memcmp(e.etag, etag, e.etag_len) == 0);
	assert_int_equal(e.blocks, want.nblocks);
	manifest_free(&m);
	manifest_free(&want);
	return 1;
}

static void assert_has(const struct cold_index *x, const char *name, uint64_t seed)
{
	struct count_error err;

	assert_int_equal(has(x, name, seed, &err), 1);
}

/* Files of the directory that look like ours. */
static size_t count_files(void)
{
	int fd = openat(dir.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fdopendir(fd);
	struct dirent *e;
	size_t n = 0;

	while ((e = readdir(d)) != NULL)
		n += strncmp(e->d_name, "cold-", 5) == 0;
	closedir(d);
	return n;
}

static size_t named_files(void)
{
	struct current cur;
	size_t n;

	assert_int_equal(datadir_read_current(&dir, &cur, NULL), COUNT_OK);
	n = cur.ncold;
	for (size_t i = 0; i < n; i++) {
		char name[40];

		snprintf(name, sizeof(name), "cold-%012" PRIu64 ".idx", cur.cold[i]);
		assert_int_equal(faccessat(dir.fd, name, R_OK, 0), 0);
	}
	current_free(&cur);
	return n;
}

static void path_of(size_t i, char out[128])
{
	struct current cur;

	assert_int_equal(datadir_read_current(&dir, &cur, NULL), COUNT_OK);
	assert_true(i < cur.ncold);
	snprintf(out, 128, "%s/cold-%012" PRIu64 ".idx", dir.path, cur.cold[i]);
	current_free(&cur);
}

/* ---- */

static void test_empty(void **state)
{
	struct cold_index *x = open_index(SCOPE);
	struct cold_index_cursor c = { 0 };
	struct coldindex_entry e;
	struct cold_totals t;

	(void)state;
	assert_string_equal(cold_index_facts(x)->scope, SCOPE);
	assert_int_equal(cold_index_facts(x)->synced_s, 0);
	assert_int_equal(cold_index_find(x, "cpu", 3, &e, NULL), 0);
	assert_int_equal(cold_index_next(x, &c, &e, NULL), 0);
	assert_int_equal(cold_index_totals(x, &t, NULL), COUNT_OK);
	assert_true(t.series == 0 && !t.any);
	assert_false(cold_index_changed(x));
	publish(x);		/* nothing to do */
	assert_int_equal(count_files(), 0);
	cold_index_close(x);
}

static void test_memory(void **state)
{
	struct cold_index *x = open_index(SCOPE);
	struct coldindex_entry e;
	struct cold_totals t;

	(void)state;
	put(x, "b", 3);
	put(x, "a", 2);
	put(x, "c", 1);
	put(x, "a", 6);
	assert_has(x, "a", 6);
	assert_has(x, "b", 3);
	assert_has(x, "c", 1);
	put_gone(x, "b");
	assert_int_equal(cold_index_find(x, "b", 1, &e, NULL), 0);
	assert_int_equal(cold_index_totals(x, &t, NULL), COUNT_OK);
	assert_true(t.series == 2 && t.blocks == 3 && t.any && t.points == 3 * 2880 && !t.foreign);
	assert_int_equal(t.first, 19000 * DAY_MS);
	assert_int_equal(cold_index_put(x, "", 0, NULL, NULL, 0, NULL), COUNT_ERR_INVALID);
	assert_int_equal(count_files(), 0);
	cold_index_close(x);
}

static void test_publish(void **state)
{
	struct cold_index *x = open_index(SCOPE);
	char path[128];
	struct stat st;

	(void)state;
	put(x, "a", 1);
	put(x, "b", 2);
	set_synced(x, 1700000000);
	publish(x);
	assert_has(x, "a", 1);
	path_of(0, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	cold_index_close(x);
	x = open_index(SCOPE);
	assert_has(x, "a", 1);
	assert_has(x, "b", 2);
	assert_true(cold_index_facts(x)->synced_s == 1700000000 && cold_index_facts(x)->if_match == 1);
	set_synced(x, 1700000000);
	assert_false(cold_index_changed(x));
	set_synced(x, 1700000001);
	publish(x);		/* facts alone */
	cold_index_close(x);
	x = open_index(SCOPE);
	assert_int_equal(cold_index_facts(x)->synced_s, 1700000001);
	assert_has(x, "b", 2);
	cold_index_close(x);
}

/* Against a plain table: random changes, saved in rounds of any size, read back in every way. */
#define NAMES 300

static void compare(const struct cold_index *x, const uint64_t *model)
{
	struct cold_index_cursor c = { 0 };
	struct coldindex_entry e;
	struct count_error err;
	char name[32];

	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "s%d", i + 1000);
		assert_int_equal(has(x, name, model[i], &err), model[i] != 0);
		if (model[i] == 0)
			continue;
		assert_int_equal(cold_index_next(x, &c, &e, &err), 1);
		assert_true(e.name_len == 5 && memcmp(e.name, name, 5) == 0);
	}
	assert_int_equal(cold_index_next(x, &c, &e, &err), 0);
}

/* spill_bytes 0: as usual. */
static struct cold_index *open_spilling(uint64_t spill_bytes)
{
	struct cold_index *x = open_index(SCOPE);

	if (spill_bytes > 0)
		x->spill_bytes = spill_bytes;
	return x;
}

static void against_model(uint64_t spill_bytes)
{
	uint64_t model[NAMES] = { 0 };
	struct cold_index *x = open_spilling(spill_bytes);
	uint64_t r = 42;
	size_t most = 0, most_spilled = 0;

	for (int round = 0; round < 80; round++) {
		uint64_t n = 1 + next_random(&r) % (round % 10 == 0 ? NAMES : 12);

		for (uint64_t k = 0; k < n; k++) {
			int i = (int)(next_random(&r) % NAMES);
			char name[32];

			snprintf(name, sizeof(name), "s%d", i + 1000);
			model[i] = next_random(&r) % 4 == 0 ? 0 : 1 + next_random(&r) % 1000;
			if (model[i] == 0)
				put_gone(x, name);
			else
				put(x, name, model[i]);
			most_spilled = x->nspilled > most_spilled ? x->nspilled : most_spilled;
		}
		assert_int_equal(named_files(), count_files());
		if (round % 3 == 0)
			compare(x, model);
		publish(x);
		compare(x, model);
		if (round % 2 == 0) {
			cold_index_close(x);
			x = open_spilling(spill_bytes);
			compare(x, model);
		}
		assert_int_equal(named_files(), count_files());
		assert_true(named_files() <= COLD_INDEX_FILES);
		most = named_files() > most ? named_files() : most;
	}
	assert_true(most >= 3);		/* deltas are deltas */
	if (spill_bytes > 0)
		assert_true(most_spilled >= 2 && most_spilled <= COLD_INDEX_SPILLED);
	else
		assert_int_equal(most_spilled, 0);
	cold_index_close(x);
}

static void test_model(void **state)
{
	(void)state;
	against_model(0);
}

/* The same when changes hardly stay in memory. */
static void test_spilled(void **state)
{
	(void)state;
	against_model(1);
}

static void test_spilled_more(void **state)
{
	(void)state;
	against_model(3000);
}

/* Who walks may change what he stands on, and before and behind him. */
static void test_walk_and_change(void **state)
{
	struct cold_index *x = open_spilling(500);
	struct cold_index_cursor c = { 0 };
	struct coldindex_entry e;
	char name[32];
	int n = 0, ret;

	(void)state;
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "s%02d", i);
		put(x, name, 3);
		if (i == 30)
			publish(x);
	}
	while ((ret = cold_index_next(x, &c, &e, NULL)) == 1) {
		assert_int_equal(atoi(e.name + 1), n);
		snprintf(name, sizeof(name), "s%02d", n);
		if (n % 3 == 0)
			put_gone(x, name);
		else
			put(x, name, 5);
		put(x, "a", 1);
		if (n == 40)
			publish(x);
		n++;
	}
	assert_int_equal(ret, 0);
	assert_int_equal(n, 60);
	cold_index_close(x);
}

/* Where no file can be made, changes stay in memory. */
static void test_no_spill(void **state)
{
	struct rlimit old, small = { .rlim_cur = 100 };
	struct cold_index *x = open_spilling(1000);
	char name[16];

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		put(x, name, 3);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(x->nspilled, 0);
	assert_int_equal(count_files(), 0);
	assert_has(x, "s0", 3);
	assert_has(x, "s19", 3);
	publish(x);
	assert_has(x, "s0", 3);
	cold_index_close(x);
}

/* The file that holds nothing older than itself forgets what is gone. */
static void test_gone_is_dropped(void **state)
{
	struct cold_index *x = open_index(SCOPE);
	char path[128];
	struct stat st;

	(void)state;
	for (int i = 0; i < 50; i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%02d", i);
		put(x, name, 3);
	}
	publish(x);
	for (int i = 0; i < 50; i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%02d", i);
		put_gone(x, name);
	}
	put_by(x, "big", writer, 200, 1);
	publish(x);
	assert_int_equal(named_files(), 1);
	for (int i = 0; i < 4; i++) {
		put_gone(x, "big");
		put(x, "z", 4);
		publish(x);
	}
	put_by(x, "z", writer, 300, 4);
	publish(x);
	path_of(0, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(named_files(), 1);
	put_gone(x, "z");
	cold_index_close(x);
}

static void test_scope(void **state)
{
	struct cold_index *x = open_index(SCOPE);
	struct count_error err;

	(void)state;
	put(x, "a", 1);
	set_synced(x, 5);
	publish(x);
	cold_index_close(x);
	x = open_index("s3://other/p");
	assert_int_equal(cold_index_facts(x)->synced_s, 0);
	assert_string_equal(cold_index_facts(x)->scope, "s3://other/p");
	assert_int_equal(has(x, "a", 1, &err), 0);
	assert_false(cold_index_changed(x));
	cold_index_close(x);
	x = open_index(SCOPE);		/* only looked at */
	assert_has(x, "a", 1);
	cold_index_close(x);
	x = open_index("s3://other/p");
	put(x, "b", 2);
	publish(x);
	cold_index_close(x);
	assert_int_equal(named_files(), 1);
	assert_int_equal(count_files(), 1);
	x = open_index(SCOPE);
	assert_int_equal(has(x, "a", 1, &err), 0);
	assert_int_equal(cold_index_facts(x)->synced_s, 0);
	cold_index_close(x);
	assert_string_equal(warned, "");
}

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

/* ---- What it knows of others ---- */

static void test_foreign(void **state)
{
	struct cold_index *x = open_index(SCOPE);
	struct count_error err = { 0 };
	struct manifest m = { 0 };
	struct coldindex_entry e;

	(void)state;
	put(x, "ours", 2);
	put_by(x, "theirs", "00112233445566778899aabbccddeeff", 2, 2);
	assert_int_equal(cold_index_find(x, "ours", 4, &e, &err), 1);
	assert_false(e.foreign);
	assert_false(cold_index_stale(x, &e, 1000000, 1));
	assert_int_equal(cold_index_find(x, "theirs", 6, &e, &err), 1);
	assert_true(e.foreign);
	assert_false(cold_index_stale(x, &e, 1000 + 3599, 3600));
	assert_true(cold_index_stale(x, &e, 1000 + 3600, 3600));
	assert_true(cold_index_stale(x, &e, 999, 3600));		/* the clock was set back */
	assert_true(cold_index_stale(x, &e, 1000, 0));
	set_synced(x, 2000);
	assert_false(cold_index_stale(x, &e, 1000 + 3600, 3600));
	/* One block of theirs is enough; so is one whose writer is not said. */
	make_manifest(&m, "mixed", writer, 2, 1, 1);
	free(m.blocks[1].writer);
	m.blocks[1].writer = NULL;
	assert_int_equal(cold_index_put(x, "mixed", 5, &m, "t", 1, &err), COUNT_OK);
	assert_int_equal(cold_index_find(x, "mixed", 5, &e, &err), 1);
	assert_true(e.foreign);
	manifest_free(&m);
	cold_index_close(x);
}

static void test_touch(void **state)
{
	struct cold_index *x = open_index(SCOPE);
	struct coldindex_entry e;

	(void)state;
	put(x, "a", 3);
	publish(x);
	assert_int_equal(cold_index_touch(x, "a", 1, 5000, NULL), COUNT_OK);
	assert_int_equal(cold_index_touch(x, "nobody", 6, 5000, NULL), COUNT_OK);
	assert_int_equal(cold_index_find(x, "a", 1, &e, NULL), 1);
	assert_int_equal(e.checked_s, 5000);
	assert_has(x, "a", 3);
	publish(x);
	assert_int_equal(cold_index_find(x, "a", 1, &e, NULL), 1);
	assert_int_equal(e.checked_s, 5000);
	assert_int_equal(cold_index_find(x, "nobody", 6, &e, NULL), 0);
	cold_index_close(x);
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_empty),
		UNIT(test_memory),
		UNIT(test_publish),
		UNIT(test_model),
		UNIT(test_spilled),
		UNIT(test_spilled_more),
		UNIT(test_walk_and_change),
		UNIT(test_no_spill),
		UNIT(test_gone_is_dropped),
		UNIT(test_scope),
		UNIT(test_every_byte),
		UNIT(test_missing),
		UNIT(test_merge_with_damage),
		UNIT(test_no_space),
		UNIT(test_unsave),
		UNIT(test_somebody_else),
		UNIT(test_sweep),
		UNIT(test_leftover_number),
		UNIT(test_foreign),
		UNIT(test_touch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
