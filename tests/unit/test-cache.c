/* test-cache.c - cold/cache: hit and miss, hostile files, a bound that holds, a full disk; cold/price. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cold/cache.h"
#include "cold/price.h"

#define MAX_BYTES 100000

struct fixture {
	char top[64];
	struct datadir dir;	/* only what the cache looks at */
	struct cold_cache *c;
	int warnings;
};

static void count_warning(void *arg, int level, const char *text)
{
	struct fixture *f = arg;

	(void)text;
	f->warnings += level == 1;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->top, "/tmp/count-test-XXXXXX");
	if (mkdtemp(f->top) == NULL)
		return -1;
	f->dir.path = f->top;
	f->dir.fd = open(f->top, O_RDONLY | O_DIRECTORY);
	f->dir.log = (struct log_to){ count_warning, f };
	f->c = cold_cache_new(&f->dir, "s3://bucket/prefix", MAX_BYTES);
	*state = f;
	return f->c == NULL;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char cmd[128];

	cold_cache_delete(f->c);
	close(f->dir.fd);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", f->top);
	free(f);
	return system(cmd);
}

static struct manifest_block entry(char *key, char *etag)
{
	return (struct manifest_block){ .key = key, .etag = etag };
}

static bool holds(struct cold_cache *c, const struct manifest_block *b, const char *text)
{
	struct buf out = { 0 };
	bool there = cold_cache_get(c, b, &out);

	assert_true(there || out.len == 0);
	if (there)
		there = out.len == strlen(text) && memcmp(out.data, text, out.len) == 0;
	buf_free(&out);
	return there;
}

/* The names in the folder, and their bytes; the last name. */
static size_t files(const struct fixture *f, uint64_t *bytes, char name[300])
{
	char path[400];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	*bytes = 0;
	snprintf(path, sizeof(path), "%s/cache", f->top);
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL) {
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/cache/%s", f->top, e->d_name);
		assert_int_equal(lstat(path, &st), 0);
		*bytes += (uint64_t)st.st_size;
		if (name != NULL)
			strcpy(name, e->d_name);
		n++;
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static void in_cache(const struct fixture *f, const char *name, char path[400])
{
	snprintf(path, 400, "%s/cache/%s", f->top, name);
}

static void test_hit_and_miss(void **state)
{
	struct fixture *f = *state;
	struct manifest_block a = entry("p/x/block_1_2.json", "e1"), other = entry("p/x/block_1_2.json", "e2");
	struct manifest_block plain = entry("p/x/block_1_2.json", NULL);
	char name[300], path[400];
	struct cold_cache *elsewhere;
	uint64_t bytes;
	struct stat st;

	assert_false(cold_cache_has(f->c, &a));
	assert_int_equal(files(f, &bytes, NULL), 0);
	assert_int_not_equal(faccessat(f->dir.fd, "cache", F_OK, 0), 0);	/* asking makes no folder */
	cold_cache_put(f->c, &a, "hello", 5);
	assert_true(cold_cache_has(f->c, &a));
	assert_true(holds(f->c, &a, "hello"));
	assert_false(holds(f->c, &other, "hello"));	/* replaced under its key */
	cold_cache_put(f->c, &plain, "hello", 5);	/* nothing tells versions apart */
	assert_int_equal(files(f, &bytes, name), 1);
	in_cache(f, name, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	elsewhere = cold_cache_new(&f->dir, "s3://other/prefix", MAX_BYTES);
	assert_false(holds(elsewhere, &a, "hello"));
	cold_cache_delete(elsewhere);
	cold_cache_put(f->c, &other, "", 0);
	assert_true(holds(f->c, &other, ""));
	cold_cache_drop(f->c, &a);
	assert_false(cold_cache_has(f->c, &a));
	assert_int_equal(f->warnings, 0);
}

static void test_none(void **state)
{
	struct fixture *f = *state;
	struct cold_cache *c = cold_cache_new(&f->dir, "s3://bucket/prefix", 0);
	struct manifest_block a = entry("k", "e");
	uint64_t bytes;

	cold_cache_put(c, &a, "hello", 5);
	assert_false(cold_cache_has(c, &a));
	assert_false(holds(c, &a, "hello"));
	assert_int_equal(files(f, &bytes, NULL), 0);
	cold_cache_delete(c);
}

/* Each byte flipped, each length cut: never wrong bytes, the file is gone, and a new one can be stored. */
static void test_damaged(void **state)
{
	struct fixture *f = *state;
	struct manifest_block a = entry("k", "e");
	char name[300], path[400];
	uint64_t bytes;

	cold_cache_put(f->c, &a, "hello, world", 12);
	assert_int_equal(files(f, &bytes, name), 1);
	in_cache(f, name, path);
	for (off_t i = 0; i < (off_t)bytes; i++) {
		int fd = open(path, O_RDWR);
		char b;

		assert_int_equal(pread(fd, &b, 1, i), 1);
		b ^= 0x10;
		assert_int_equal(pwrite(fd, &b, 1, i), 1);
		close(fd);
		assert_false(holds(f->c, &a, "hello, world"));
		assert_int_not_equal(access(path, F_OK), 0);
		cold_cache_put(f->c, &a, "hello, world", 12);
		assert_int_equal(truncate(path, i), 0);
		assert_false(holds(f->c, &a, "hello, world"));
		cold_cache_put(f->c, &a, "hello, world", 12);
		assert_true(holds(f->c, &a, "hello, world"));
	}
	assert_int_equal(f->warnings, 0);
}

/* Links, fifos, folders, files of another entry under its name, huge ones. */
static void test_planted(void **state)
{
	struct fixture *f = *state;
	struct manifest_block a = entry("k", "e"), b = entry("k2", "e");
	char name[300], path[400], second[400], secret[400];
	uint64_t bytes;
	FILE *fp;

	cold_cache_put(f->c, &a, "hello", 5);
	assert_int_equal(files(f, &bytes, name), 1);
	in_cache(f, name, path);
	snprintf(secret, sizeof(secret), "%s/secret", f->top);
	fp = fopen(secret, "w");
	assert_non_null(fp);
	fclose(fp);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(secret, path), 0);
	assert_false(cold_cache_has(f->c, &a));
	assert_int_equal(access(secret, F_OK), 0);
	cold_cache_put(f->c, &a, "hello", 5);
	assert_true(holds(f->c, &a, "hello"));

	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(holds(f->c, &a, "hello"));
	cold_cache_put(f->c, &a, "hello", 5);

	assert_int_equal(truncate(path, (off_t)1 << 40), 0);
	assert_false(holds(f->c, &a, "hello"));

	cold_cache_put(f->c, &b, "other", 5);	/* b's file under a's name */
	assert_int_equal(files(f, &bytes, name), 1);
	in_cache(f, name, second);
	assert_int_equal(rename(second, path), 0);
	assert_false(holds(f->c, &a, "other"));

	assert_int_equal(mkdir(path, 0700), 0);	/* cannot be replaced: one warning, no more stores */
	cold_cache_put(f->c, &a, "hello", 5);
	cold_cache_put(f->c, &b, "hello", 5);
	assert_false(holds(f->c, &a, "hello"));
	assert_int_equal(f->warnings, 1);
}

static void test_link_for_folder(void **state)
{
	struct fixture *f = *state;
	struct manifest_block a = entry("k", "e");
	char path[400];

	in_cache(f, "", path);
	path[strlen(path) - 1] = '\0';
	assert_int_equal(symlink("/tmp", path), 0);
	cold_cache_put(f->c, &a, "hello", 5);
	assert_false(cold_cache_has(f->c, &a));
	assert_int_equal(f->warnings, 1);
}

static void age(const struct fixture *f, const struct manifest_block *b, long s, struct cold_cache *c)
{
	char before[300], path[400];
	struct timespec t[2];
	uint64_t bytes;

	cold_cache_put(c, b, "0123456789", 10);
	assert_true(files(f, &bytes, before) > 0);
	clock_gettime(CLOCK_REALTIME, &t[0]);
	t[0].tv_sec -= s;
	t[1] = t[0];
	in_cache(f, before, path);
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

/* What was used longest ago goes; a use counts; files of others stay. */
static void test_eviction(void **state)
{
	struct fixture *f = *state;
	struct manifest_block old = entry("old", "e"), used = entry("used", "e");
	static char body[9000], name[64], path[400];
	uint64_t bytes;
	size_t n;
	int fd;

	age(f, &old, 5000, f->c);
	in_cache(f, "mine.txt", path);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	cold_cache_put(f->c, &used, "hello", 5);
	for (int i = 0; i < 100; i++) {
		struct manifest_block b = entry(name, "e");

		snprintf(name, sizeof(name), "key%d", i);
		cold_cache_put(f->c, &b, body, sizeof(body));
		n = files(f, &bytes, NULL);
		assert_true(bytes <= MAX_BYTES);
		assert_true(i < 12 || n > 5);
		assert_true(cold_cache_has(f->c, &b));
	}
	assert_false(cold_cache_has(f->c, &old));
	assert_int_equal(access(path, F_OK), 0);
	{
		struct manifest_block big = entry("big", "e");
		static char more[MAX_BYTES];

		cold_cache_put(f->c, &big, more, sizeof(more));	/* does not fit with its header */
		assert_false(cold_cache_has(f->c, &big));
		assert_true(files(f, &bytes, NULL) > 5);
	}
	assert_int_equal(f->warnings, 0);
}

static void test_use_renews(void **state)
{
	struct fixture *f = *state;
	struct manifest_block a = entry("a", "e"), b = entry("b", "e");
	static char body[30000];
	char name[64];

	age(f, &a, 5000, f->c);
	assert_true(holds(f->c, &a, "0123456789"));	/* used now: younger than the next ones */
	for (int i = 0; i < 3; i++) {
		struct manifest_block k = entry(name, "e");

		snprintf(name, sizeof(name), "key%d", i);
		cold_cache_put(f->c, &k, body, sizeof(body));
	}
	age(f, &b, 0, f->c);
	assert_true(cold_cache_has(f->c, &a));
}

/* Many processes store and read the same few entries: right bytes or none. */
static void test_processes(void **state)
{
	struct fixture *f = *state;
	int failed = 0;

	for (int p = 0; p < 4; p++) {
		if (fork() == 0) {
			struct cold_cache *c = cold_cache_new(&f->dir, "s3://bucket/prefix", 3000);
			bool good = true;

			for (int i = 0; i < 400; i++) {
				char key[16], text[400];
				struct manifest_block b = entry(key, "e");
				struct buf out = { 0 };

				snprintf(key, sizeof(key), "k%d", (i * 7 + p) % 11);
				memset(text, key[1], sizeof(text));
				if (cold_cache_get(c, &b, &out))
					good &= out.len == sizeof(text) && memcmp(out.data, text, out.len) == 0;
				buf_free(&out);
				cold_cache_put(c, &b, text, sizeof(text));
			}
			_exit(good ? 0 : 1);
		}
	}
	for (int p = 0; p < 4; p++) {
		int status;

		wait(&status);
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
	assert_int_equal(f->warnings, 0);
}

static void test_full_disk(void **state)
{
	struct fixture *f = *state;
	struct manifest_block a = entry("a", "e");
	static char body[50000];
	struct rlimit was, small;
	uint64_t bytes;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	small = was;
	small.rlim_cur = 20000;
	setrlimit(RLIMIT_FSIZE, &small);
	cold_cache_put(f->c, &a, body, sizeof(body));
	setrlimit(RLIMIT_FSIZE, &was);
	assert_int_equal(f->warnings, 1);
	assert_int_equal(files(f, &bytes, NULL), 0);
	cold_cache_put(f->c, &a, body, sizeof(body));	/* no second try, no second warning */
	assert_int_equal(f->warnings, 1);
	assert_false(cold_cache_has(f->c, &a));
}

static void test_price(void **state)
{
	struct count_requests r = { .get = 1000, .bytes_down = 2000000000 }, writes = { .put = 1000, .list = 1000 };
	struct cold_settings s;

	(void)state;
	cold_settings_init(&s);
	assert_true(fabs(cold_cost(&s, &r) - 0.1804) < 1e-12);
	assert_true(fabs(cold_cost(&s, &writes) - 0.01) < 1e-12);
	s.price_get = 1;
	assert_true(fabs(cold_cost(&s, &r) - 1.18) < 1e-12);
	assert_int_equal(cold_settings_text(&s, COLD_ENDPOINT, "https://s3.example.org"), COUNT_OK);
	assert_true(isnan(cold_cost(&s, &r)));		/* egress is not known there */
	s.price_egress_gb = 0;
	assert_true(cold_cost(&s, &r) == 1);
	assert_true(isnan(cold_cost(&s, &writes)));
	assert_true(cold_cost(&s, &(struct count_requests){ 0 }) == 0);
	cold_settings_free(&s);
	assert_int_equal(cold_settings_text(&s, COLD_STORAGE_CLASS, "STANDARD_IA"), COUNT_OK);
	assert_true(isnan(cold_cost(&s, &r)));
	cold_settings_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hit_and_miss, setup, teardown),
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_planted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_link_for_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_eviction, setup, teardown),
		cmocka_unit_test_setup_teardown(test_use_renews, setup, teardown),
		cmocka_unit_test_setup_teardown(test_processes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
		cmocka_unit_test(test_price),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
