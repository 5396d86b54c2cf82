/* test-cold-index.c - cold/index: several files as one, merging, publication, what it knows of others. */
#include "coldindexfix.h"

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
		UNIT(test_foreign),
		UNIT(test_touch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
