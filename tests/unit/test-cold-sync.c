/* test-cold-sync.c - cold/sync on the directory store: listings, changed and vanished manifests, and bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bucketdir.h"
#include "cold/sync.h"
#include "manifests.h"
#include "s3/s3.h"
#include "store/objstore_dir.h"

#define WRITER "00112233445566778899aabbccddeeff"

static char top[64], warned[512];
static struct datadir dir;
static struct cold_settings settings;
static struct cold_tier tier;
static struct cold_index *idx;
static struct count_error err;

static void note(void *arg, int level, const char *text)
{
	(void)arg;
	if (level == 1)
		snprintf(warned, sizeof(warned), "%s", text);
}

static void open_index(void)
{
	struct current cur;

	assert_int_equal(datadir_read_current(&dir, &cur, NULL), COUNT_OK);
	assert_int_equal(cold_index_open(&dir, &cur, tier.scope, &idx, &err), COUNT_OK);
	current_free(&cur);
}

static int begin(void **state)
{
	char path[128];

	(void)state;
	warned[0] = '\0';
	err = (struct count_error){ 0 };
	strcpy(top, "/tmp/count-test-XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/bucket", top);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/d", top);
	dir = (struct datadir){ .log = { note, NULL } };
	assert_int_equal(datadir_open(path, true, COUNT_UNIT_MS, false, &dir, NULL), COUNT_OK);
	bucketdir_settings(&settings, top);
	settings.jobs = 3;
	if (cold_tier_open(&tier, &settings, &dir, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	open_index();
	return 0;
}

static int end(void **state)
{
	char cmd[128];

	(void)state;
	cold_index_close(idx);
	cold_tier_close(&tier);
	cold_settings_free(&settings);
	datadir_close(&dir);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", top);
	return system(cmd);
}

/* Straight to the file: a thousand of them need no fsync each. */
static void put_object(const char *key, const void *data, size_t len)
{
	char path[1200], *p;
	FILE *f;

	snprintf(path, sizeof(path), "%s/bucket/%s", top, key);
	for (p = path + strlen(top) + 8; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void drop_object(const char *key)
{
	char path[1200];

	snprintf(path, sizeof(path), "%s/bucket/%s", top, key);
	assert_int_equal(unlink(path), 0);
}

static void put_manifest_at(const char *place, const char *series, uint64_t seed)
{
	struct manifest m = { 0 };
	struct buf text = { 0 };
	char key[OBJSTORE_KEY_MAX + 20], base[OBJSTORE_KEY_MAX + 1];

	make_manifest(&m, series, WRITER, 0, 0, seed);
	assert_int_equal(cold_dir(&tier, place, strlen(place), base, &err), COUNT_OK);
	add_block(&m, base, (int)seed, 2, &seed);
	assert_int_equal(tier.json->manifest_print(&m, &text), COUNT_OK);
	snprintf(key, sizeof(key), "%smanifest.json", base);
	put_object(key, text.data, text.len);
	buf_free(&text);
	manifest_free(&m);
}

static void put_manifest(const char *series, uint64_t seed)
{
	put_manifest_at(series, series, seed);
}

static void check(const char *series, uint64_t seed)
{
	struct coldindex_entry e;
	struct manifest m = { 0 };

	if (cold_index_manifest(idx, series, strlen(series), &m, &e, &err) != 1)
		fail_msg("%s: not there: %s", series, err.text);
	assert_int_equal(m.seq, seed);
	assert_int_equal(e.first, (19000 + (int64_t)seed) * DAY_MS);
	assert_true(e.foreign && e.etag_len > 0);
	manifest_free(&m);
}

static bool known(const char *series)
{
	struct coldindex_entry e;
	int found = cold_index_find(idx, series, strlen(series), &e, &err);

	assert_true(found >= 0);
	return found;
}

static struct cold_sync_report sync_now(void)
{
	struct cold_sync_report r;

	err = (struct count_error){ 0 };
	if (cold_sync(&tier, idx, &r, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	assert_true(cold_index_facts(idx)->synced_s > 1700000000);
	return r;
}

static struct cold_sync_report sync_fails(int code, const char *part)
{
	struct cold_sync_report r;

	err = (struct count_error){ 0 };
	assert_int_equal(cold_sync(&tier, idx, &r, &err), code);
	assert_int_equal(err.code, code);
	if (strstr(err.text, part) == NULL)
		fail_msg("'%s' lacks '%s'", err.text, part);
	return r;
}

/* ---- */

static void test_empty(void **state)
{
	struct cold_sync_report r = sync_now();

	(void)state;
	assert_true(r.series == 0 && r.changed == 0 && r.gone == 0 && r.requests == 1);
}

static void come_and_go(void)
{
	struct cold_sync_report r;

	put_manifest("cpu", 1);
	put_manifest("cpu{host=\"a/b\"}", 2);
	put_manifest("mem", 3);
	r = sync_now();
	assert_true(r.series == 3 && r.changed == 3 && r.gone == 0);
	check("cpu", 1);
	check("cpu{host=\"a/b\"}", 2);
	check("mem", 3);
	r = sync_now();
	assert_true(r.series == 3 && r.changed == 0 && r.gone == 0);
	assert_int_equal(cold_index_publish(idx, 0, &err), COUNT_OK);
	put_manifest("cpu", 4);
	drop_object("count-data/mem/manifest.json");
	put_manifest("new", 5);
	r = sync_now();
	assert_true(r.series == 3 && r.changed == 2 && r.gone == 1 && r.failed == 0);
	check("cpu", 4);
	check("new", 5);
	assert_false(known("mem"));
	assert_int_equal(cold_index_publish(idx, 0, &err), COUNT_OK);
	cold_index_close(idx);
	open_index();
	check("cpu", 4);
	check("cpu{host=\"a/b\"}", 2);
	assert_false(known("mem"));
}

static void test_come_and_go(void **state)
{
	(void)state;
	come_and_go();
}

static const char *no_region(const objstore *s)
{
	(void)s;
	return NULL;
}

static const struct s3_module fake_s3 = { .version = S3_MODULE_VERSION, .region = no_region };

/* As on S3, where listings have ETags: only what changed is read. */
static void test_listed_etags(void **state)
{
	struct cold_sync_report r;

	(void)state;
	free(settings.text[COLD_ENDPOINT]);
	settings.text[COLD_ENDPOINT] = NULL;
	tier.s3 = &fake_s3;
	come_and_go();
	r = sync_now();
	assert_true(r.series == 3 && r.changed == 0 && r.requests == 1);
	put_manifest("cpu", 6);
	r = sync_now();
	assert_true(r.changed == 1 && r.requests == 2);
	check("cpu", 6);
}

static void test_many(void **state)
{
	struct cold_sync_report r;
	char name[32];

	(void)state;
	for (uint64_t i = 0; i < 1100; i++) {
		snprintf(name, sizeof(name), "s.%" PRIu64, i);
		put_manifest(name, i);
	}
	r = sync_now();
	assert_true(r.series == 1100 && r.changed == 1100 && r.requests == 1100 + 2);
	for (uint64_t i = 0; i < 1100; i++) {
		snprintf(name, sizeof(name), "s.%" PRIu64, i);
		check(name, i);
	}
}

/* A key that does not tell the name of its series. */
static void test_long_name(void **state)
{
	char name[301] = { 0 }, dirname[OBJSTORE_KEY_MAX + 1], key[OBJSTORE_KEY_MAX + 20];
	struct cold_sync_report r;

	(void)state;
	memset(name, 'n', 300);
	if (cold_dir(&tier, name, 300, dirname, &err) != COUNT_OK)
		skip();		/* built without the module */
	put_manifest(name, 7);
	put_manifest("cpu", 8);
	r = sync_now();
	assert_true(r.series == 2 && r.changed == 2);
	check(name, 7);
	r = sync_now();
	assert_true(r.series == 2 && r.changed == 0 && r.gone == 0);
	snprintf(key, sizeof(key), "%smanifest.json", dirname);
	drop_object(key);
	r = sync_now();
	assert_true(r.series == 1 && r.gone == 1);
	assert_false(known(name));
	check("cpu", 8);
}

static void test_others_objects(void **state)
{
	struct cold_sync_report r;

	(void)state;
	put_manifest("cpu", 1);
	put_object("count-data/readme.txt", "x", 1);
	put_object("count-data/cpu/notes", "x", 1);
	put_object("count-data/cpu/deeper/manifest.json", "x", 1);
	put_object("count-data/cpu/block_1_2.json", "x", 1);
	put_object("count-data/!probe/manifest.json", "x", 1);
	put_object("count-data-2/mem/manifest.json", "x", 1);
	put_object("count-data/a b/manifest.json", "x", 1);	/* no key of ours has a blank */
	r = sync_now();
	assert_int_equal(r.series, 1);
	assert_int_equal(r.other, 5);
	assert_non_null(strstr(warned, "count-data/a b/manifest.json"));
	check("cpu", 1);
}

static void test_damaged(void **state)
{
	struct cold_sync_report r;

	(void)state;
	put_manifest("a", 1);
	put_manifest("b", 2);
	put_manifest("c", 3);
	sync_now();
	put_manifest("a", 4);
	put_object("count-data/b/manifest.json", "{\"series_name\":", 15);
	put_manifest("c", 5);
	put_manifest("d", 6);
	assert_int_equal(cold_index_publish(idx, 0, &err), COUNT_OK);
	cold_index_close(idx);
	open_index();
	r = sync_fails(COUNT_ERR_COLD, "count-data/b/manifest.json");
	assert_true(r.failed == 1 && r.changed == 3);
	check("a", 4);
	check("b", 2);		/* as it was known; never empty */
	check("c", 5);
	check("d", 6);
	put_manifest("b", 7);
	r = sync_now();
	assert_true(r.changed == 1);
	check("b", 7);
}

/* Not synced before, and one manifest is bad: it stays not synced. */
static void test_damaged_first(void **state)
{
	(void)state;
	put_manifest("a", 1);
	put_object("count-data/b/manifest.json", "", 0);
	sync_fails(COUNT_ERR_COLD, "count-data/b/manifest.json");
	assert_int_equal(cold_index_facts(idx)->synced_s, 0);
	check("a", 1);
	drop_object("count-data/b/manifest.json");
	sync_now();
}

static void test_wrong_place(void **state)
{
	struct cold_sync_report r;

	(void)state;
	put_manifest("a", 1);
	put_manifest_at("b", "a", 2);
	r = sync_fails(COUNT_ERR_COLD, "count-data/b/manifest.json");
	assert_int_equal(r.failed, 1);
	check("a", 1);
	assert_false(known("b"));
}

/* A record of the index is damaged: the sync reads the bucket as if the file were not there, and mends it. */
static void test_mends(void **state)
{
	struct current cur;
	char path[128];
	uint8_t byte = 0;
	struct cold_sync_report r;
	int fd;

	(void)state;
	put_manifest("a", 1);
	put_manifest("b", 2);
	sync_now();
	assert_int_equal(cold_index_publish(idx, 0, &err), COUNT_OK);
	assert_int_equal(datadir_read_current(&dir, &cur, NULL), COUNT_OK);
	snprintf(path, sizeof(path), "%s/cold-%012" PRIu64 ".idx", dir.path, cur.cold[0]);
	current_free(&cur);
	cold_index_close(idx);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0 && pread(fd, &byte, 1, 200) == 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 200), 1);
	close(fd);
	open_index();
	r = sync_now();
	assert_true(r.series == 2 && r.changed == 2);
	assert_non_null(strstr(warned, "damaged at byte"));
	assert_int_equal(cold_index_publish(idx, 0, &err), COUNT_OK);
	assert_int_not_equal(access(path, F_OK), 0);
	cold_index_close(idx);
	warned[0] = '\0';
	open_index();
	check("a", 1);
	check("b", 2);
	assert_string_equal(warned, "");
}

static void test_no_bucket(void **state)
{
	char from[128], to[128];
	struct cold_sync_report r;

	(void)state;
	put_manifest("a", 1);
	sync_now();
	snprintf(from, sizeof(from), "%s/bucket", top);
	snprintf(to, sizeof(to), "%s/moved", top);
	cold_tier_close(&tier);
	assert_int_equal(rename(from, to), 0);
	assert_int_not_equal(cold_tier_open(&tier, &settings, &dir, &err), COUNT_OK);
	assert_int_equal(rename(to, from), 0);
	assert_int_equal(cold_tier_open(&tier, &settings, &dir, &err), COUNT_OK);
	r = sync_now();
	assert_int_equal(r.changed, 0);
}

/* ---- Refresh ---- */

static int64_t checked(const char *series)
{
	struct coldindex_entry e;

	assert_int_equal(cold_index_find(idx, series, strlen(series), &e, &err), 1);
	return e.checked_s;
}

static void test_refresh(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "nobody", "e", "a" };
	static const size_t lens[] = { 1, 1, 1, 1, 6, 1, 1 };
	struct coldindex_entry e;

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		put_manifest(names[i], i + 1);
	sync_now();
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(cold_index_touch(idx, names[i], 1, 5, &err), COUNT_OK);
	put_manifest("b", 9);
	drop_object("count-data/c/manifest.json");
	put_manifest("e", 10);
	assert_int_equal(cold_refresh(&tier, idx, names, lens, 7, &err), COUNT_ERR_COLD);
	assert_non_null(strstr(err.text, "count-data/c/manifest.json: gone"));
	check("a", 1);
	check("b", 9);
	check("c", 3);
	check("d", 4);
	check("e", 10);
	assert_false(known("nobody"));
	assert_true(checked("a") > 5 && checked("b") > 5 && checked("d") > 5);
	assert_int_equal(cold_index_find(idx, "d", 1, &e, &err), 1);
	assert_false(cold_index_stale(idx, &e, checked("d") + 10, 3600));
	put_manifest("c", 3);
	put_object("count-data/d/manifest.json", "[]", 2);
	put_manifest("a", 11);
	err = (struct count_error){ 0 };
	assert_int_equal(cold_refresh(&tier, idx, names, lens, 7, &err), COUNT_ERR_COLD);
	assert_non_null(strstr(err.text, "count-data/d/manifest.json"));
	check("a", 11);
	check("d", 4);
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_empty),
		UNIT(test_come_and_go),
		UNIT(test_listed_etags),
		UNIT(test_many),
		UNIT(test_long_name),
		UNIT(test_others_objects),
		UNIT(test_damaged),
		UNIT(test_damaged_first),
		UNIT(test_wrong_place),
		UNIT(test_mends),
		UNIT(test_no_bucket),
		UNIT(test_refresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
