/* coldindexfix.h - a data directory with an index in it, for the tests of cold/index. */
#ifndef TEST_COLDINDEXFIX_H
#define TEST_COLDINDEXFIX_H

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

static inline void note(void *arg, int level, const char *text)
{
	(void)arg;
	if (level == 1)
		snprintf(warned, sizeof(warned), "%s", text);
}

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
	char cmd[128];

	(void)state;
	datadir_close(&dir);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", top);
	return system(cmd);
}

static inline int try_open(const char *scope, struct cold_index **x, struct count_error *err)
{
	struct current cur;
	int ret;

	*err = (struct count_error){ 0 };
	assert_int_equal(datadir_read_current(&dir, &cur, err), COUNT_OK);
	ret = cold_index_open(&dir, &cur, scope, x, err);
	current_free(&cur);
	return ret;
}

static inline struct cold_index *open_index(const char *scope)
{
	struct count_error err;
	struct cold_index *x;

	if (try_open(scope, &x, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	return x;
}

static inline void put_by(struct cold_index *x, const char *name, const char *by, size_t nblocks, uint64_t seed)
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

static inline void put(struct cold_index *x, const char *name, uint64_t seed)
{
	put_by(x, name, writer, seed % 4, seed);
}

static inline void put_gone(struct cold_index *x, const char *name)
{
	assert_int_equal(cold_index_put(x, name, strlen(name), NULL, NULL, 1000, NULL), COUNT_OK);
}

static inline void set_synced(struct cold_index *x, int64_t when)
{
	struct coldindex_facts f = { .scope = NULL, .unit = COUNT_UNIT_MS, .synced_s = when, .if_match = 1 };

	assert_int_equal(cold_index_set_facts(x, &f, NULL), COUNT_OK);
}

static inline void publish(struct cold_index *x)
{
	struct count_error err = { 0 };

	if (cold_index_publish(x, 1000, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	assert_false(cold_index_changed(x));
}

/* 1: it is there as put() made it; 0; or a status. */
static inline int has(const struct cold_index *x, const char *name, uint64_t seed, struct count_error *err)
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

static inline void assert_has(const struct cold_index *x, const char *name, uint64_t seed)
{
	struct count_error err;

	assert_int_equal(has(x, name, seed, &err), 1);
}

/* Files of the directory that look like ours. */
static inline size_t count_files(void)
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

static inline size_t named_files(void)
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

static inline void path_of(size_t i, char out[128])
{
	struct current cur;

	assert_int_equal(datadir_read_current(&dir, &cur, NULL), COUNT_OK);
	assert_true(i < cur.ncold);
	snprintf(out, 128, "%s/cold-%012" PRIu64 ".idx", dir.path, cur.cold[i]);
	current_free(&cur);
}

#endif
