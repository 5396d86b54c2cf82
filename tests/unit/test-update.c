/* test-update.c - cold/update: a manifest is changed and no writer's entry is lost, whatever comes between. */
#include "updateworld.h"

static void test_plain(void **state)
{
	struct ours o = { .start = 100 };
	char etag[OBJSTORE_ETAG_MAX + 1];
	struct cold_update u;
	struct manifest m;

	(void)state;
	prepare(&u, &o, NULL, NULL);
	assert_int_equal(finish(&u), 1);
	assert_int_equal(wrap.seen[OBJSTORE_PUT], 1);
	assert_int_equal(wrap.seen[OBJSTORE_GET] + wrap.seen[OBJSTORE_HEAD], 0);
	o.start = 200;
	assert_int_equal(read_manifest(&m, etag), 1);
	assert_string_equal(etag, u.etag);
	assert_int_equal(m.seq, 1);
	assert_string_equal(m.writer, tier.writer);
	cold_update_free(&u);
	prepare(&u, &o, &m, etag);
	manifest_free(&m);
	assert_int_equal(finish(&u), 1);
	assert_int_equal(wrap.seen[OBJSTORE_PUT], 2);
	assert_int_equal(u.m.seq, 2);
	assert_int_equal(u.m.nblocks, 2);
	cold_update_free(&u);
	assert_true(has_entry(100) && has_entry(200));
}

/* Others are first: their entry and ours stand, also when it is the first manifest of all. */
static void test_race(void **state)
{
	struct ours o = { .start = 100 };

	(void)state;
	their_next = 1000;
	wrap.hook = they_add;
	wrap.when = OBJSTORE_PUT;
	wrap.hooks = 1;
	assert_int_equal(update_now(&o), 1);
	assert_int_equal(o.edits, 2);
	wrap.hooks = 3;
	o = (struct ours){ .start = 200 };
	assert_int_equal(update_now(&o), 1);
	assert_int_equal(o.edits, 4);
	for (int64_t t = 1000; t < 1040; t += 10)
		assert_true(has_entry(t));
	assert_true(has_entry(100) && has_entry(200));
	wrap.hooks = 1000;
	o.start = 300;
	assert_int_equal(update_now(&o), COUNT_ERR_COLD);
	assert_non_null(strstr(err.text, KEY));
	assert_true(has_entry(their_next - 10) && !has_entry(300));
}

static void test_many_rounds(void **state)
{
	uint64_t seed = 88172645463325252u;

	(void)state;
	their_next = 100000;
	wrap.hook = they_add;
	for (int i = 0; i < 100; i++) {
		struct ours o = { .start = 10 * i };

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		wrap.when = seed % 2 == 0 ? OBJSTORE_PUT : OBJSTORE_GET;
		wrap.hooks = (unsigned)(seed / 2 % 4);
		wrap.lose = seed / 8 % 5 == 0;
		assert_int_equal(update_now(&o), 1);
	}
	for (int64_t t = 0; t < 1000; t += 10)
		assert_true(has_entry(t));
	for (int64_t t = 100000; t < their_next; t += 10)
		assert_true(has_entry(t));
}

/* The answer was lost, the store tried again and saw its own: equal bytes are success, and the edit stays once. */
static void test_lost_answer(void **state)
{
	struct ours o = { .start = 100 };
	char etag[OBJSTORE_ETAG_MAX + 1];
	struct manifest m;

	(void)state;
	wrap.lose = 1;
	assert_int_equal(update_now(&o), 1);
	assert_int_equal(o.edits, 1);
	assert_int_equal(read_manifest(&m, etag), 1);
	assert_int_equal(m.nblocks, 1);
	manifest_free(&m);
}

static void test_refused(void **state)
{
	struct ours o = { .start = 100 };

	(void)state;
	their_next = 1000;
	wrap.manner = REFUSES;
	assert_int_equal(update_now(&o), 1);
	assert_int_equal(wrap.base.abilities.if_absent, OBJSTORE_REFUSED);
	assert_int_equal(wrap.seen[OBJSTORE_HEAD], 1);
	o.start = 200;
	wrap.hook = they_add;		/* seen by the HEAD */
	wrap.when = OBJSTORE_HEAD;
	wrap.hooks = 1;
	assert_int_equal(update_now(&o), 1);
	assert_int_equal(wrap.base.abilities.if_match, OBJSTORE_REFUSED);
	assert_true(has_entry(100) && has_entry(200) && has_entry(1000));
}

static void test_ignored(void **state)
{
	struct ours o = { .start = 100 };

	(void)state;
	their_next = 1000;
	wrap.manner = IGNORES;
	wrap.base.abilities.if_absent = wrap.base.abilities.if_match = OBJSTORE_IGNORED;
	wrap.hook = they_add;
	wrap.when = OBJSTORE_HEAD;
	wrap.hooks = 1;
	assert_int_equal(update_now(&o), 1);
	o.start = 200;
	wrap.hooks = 2;
	assert_int_equal(update_now(&o), 1);
	assert_true(has_entry(100) && has_entry(200) && has_entry(1000) && has_entry(1010) && has_entry(1020));
}

/* What cannot be read is an error, and is left as it is. */
static void test_damaged(void **state)
{
	struct ours o = { .start = 100 };
	struct cold_update u;
	struct objstore_req head;

	(void)state;
	put_text(KEY, "{\"series_name\": \"cpu\", \"blo", 26);
	prepare(&u, &o, NULL, NULL);
	assert_int_equal(finish(&u), COUNT_ERR_COLD);
	assert_non_null(strstr(err.text, KEY));
	cold_update_free(&u);
	assert_true(is_there(KEY, &head));
	assert_int_equal(head.size, 26);
	put_text(KEY, "", 0);
	err = (struct count_error){ 0 };
	prepare(&u, &o, NULL, NULL);
	assert_int_equal(finish(&u), COUNT_ERR_COLD);
	cold_update_free(&u);
	assert_true(is_there(KEY, &head));
	assert_int_equal(head.size, 0);
}

static void drop_manifest(void)
{
	struct objstore_req req = { .op = OBJSTORE_DELETE, .key = KEY };

	objstore_run(wrap.inner, &req);
	objstore_req_free(&req);
}

static void test_gone(void **state)
{
	struct ours o = { .start = 100 };
	struct objstore_req head;

	(void)state;
	assert_int_equal(update_now(&o), 1);
	o.start = 200;
	wrap.hook = drop_manifest;
	wrap.when = OBJSTORE_PUT;
	wrap.hooks = 1;
	assert_int_equal(update_now(&o), COUNT_ERR_COLD);
	assert_non_null(strstr(err.text, "rebuild"));
	assert_false(is_there(KEY, &head));
}

/* After a lost race what we are to enter must still stand. */
static void test_objects(void **state)
{
	struct cold_update_object object = { .key = "count-data/cpu/block_100_109.json", .size = 3 };
	struct ours o = { .start = 100 };
	struct objstore_req head;
	struct cold_update u;

	(void)state;
	their_next = 1000;
	wrap.hook = they_add;
	wrap.when = OBJSTORE_PUT;
	put_text(object.key, "abc", 3);
	assert_true(is_there(object.key, &head));
	object.etag = head.etag;
	for (int i = 0; i < 3; i++) {
		prepare(&u, &o, NULL, NULL);
		u.objects = &object;
		u.nobjects = 1;
		wrap.hooks = 1;
		if (i == 1)
			put_text(object.key, "xyz", 3);
		if (i == 2)
			object.key = "count-data/cpu/block_5_6.json";
		assert_int_equal(finish(&u), i == 0 ? 1 : COLD_UPDATE_AGAIN);
		assert_true(u.exists && u.etag[0] != '\0');
		cold_update_free(&u);
		drop_manifest();
	}
}

static void add_garbage(struct manifest *m, const char *key, int64_t since_s)
{
	struct manifest_garbage *g = manifest_add_garbage(m);

	*g = (struct manifest_garbage){ strdup(key), since_s };
}

static void test_garbage(void **state)
{
	struct ours o = { .start = 300 };
	char etag[OBJSTORE_ETAG_MAX + 1] = "";
	struct objstore_req head;
	struct buf text = { 0 };
	struct cold_update u;
	struct manifest m;

	(void)state;
	o.start = 100;
	assert_int_equal(update_now(&o), 1);
	o.start = 300;
	assert_int_equal(read_manifest(&m, etag), 1);
	add_garbage(&m, "count-data/cpu/block_1_2.json", 1000000 - COLD_GARBAGE_S);
	add_garbage(&m, "count-data/cpu/block_3_4.json", 1000000 - COLD_GARBAGE_S + 1);
	add_garbage(&m, "count-data/cpu/block_100_109.json", 0);	/* named as a block: a lie */
	add_garbage(&m, KEY, 0);
	add_garbage(&m, "count-data/cpu/block_5_6_2.json", INT64_MIN);
	put_text("count-data/cpu/block_1_2.json", "a", 1);
	put_text("count-data/cpu/block_3_4.json", "a", 1);
	put_text("count-data/cpu/block_5_6_2.json", "a", 1);
	put_text("count-data/cpu/block_100_109.json", "a", 1);
	assert_int_equal(tier.json->manifest_print(&m, &text), COUNT_OK);
	put_text(KEY, text.data, text.len);
	buf_free(&text);
	manifest_free(&m);

	wrap.deny_deletes = true;	/* costs space, no more */
	assert_int_equal(read_manifest(&m, etag), 1);
	prepare(&u, &o, &m, etag);
	assert_int_equal(finish(&u), 1);
	assert_int_equal(u.m.ngarbage, 5);
	assert_non_null(strstr(warned, "block_5_6_2.json"));	/* the last */
	cold_update_free(&u);
	manifest_free(&m);

	wrap.deny_deletes = false;
	wrap.seen[OBJSTORE_DELETE] = 0;
	assert_int_equal(read_manifest(&m, etag), 1);
	prepare(&u, &o, &m, etag);
	assert_int_equal(finish(&u), 1);
	assert_int_equal(wrap.seen[OBJSTORE_DELETE], 2);
	assert_int_equal(u.m.ngarbage, 3);
	cold_update_free(&u);
	manifest_free(&m);
	assert_false(is_there("count-data/cpu/block_1_2.json", &head));
	assert_false(is_there("count-data/cpu/block_5_6_2.json", &head));
	assert_true(is_there("count-data/cpu/block_3_4.json", &head));
	assert_true(is_there("count-data/cpu/block_100_109.json", &head));
	assert_true(is_there(KEY, &head));
}

/* A host that slept: what is garbage in its copy was deleted by another one, and its key is another object's now. */
static void test_old_copy(void **state)
{
	struct ours o = { .start = 100 };
	char etag[OBJSTORE_ETAG_MAX + 1], key[100];
	struct objstore_req head;
	struct buf text = { 0 };
	struct cold_update u;
	struct manifest m;

	(void)state;
	assert_int_equal(update_now(&o), 1);
	assert_int_equal(read_manifest(&m, etag), 1);
	add_garbage(&m, "count-data/cpu/block_1_2.json", 0);
	block_key(their_next, key);
	add_garbage(&m, key, 0);
	assert_int_equal(tier.json->manifest_print(&m, &text), COUNT_OK);
	put_text(KEY, text.data, text.len);
	buf_free(&text);
	manifest_free(&m);
	assert_int_equal(read_manifest(&m, etag), 1);
	o.start = 200;
	assert_int_equal(update_now(&o), 1);		/* deletes both */
	assert_int_equal(wrap.seen[OBJSTORE_DELETE], 2);
	put_text(key, "a", 1);
	put_text("count-data/cpu/block_1_2.json", "a", 1);
	they_add();

	o.start = 300;
	prepare(&u, &o, &m, etag);
	assert_int_equal(finish(&u), 1);
	assert_int_equal(wrap.seen[OBJSTORE_DELETE], 2);
	assert_true(is_there(key, &head));
	assert_true(is_there("count-data/cpu/block_1_2.json", &head));
	assert_int_equal(u.m.nblocks, 4);
	assert_int_equal(u.m.ngarbage, 0);
	cold_update_free(&u);
	manifest_free(&m);
}

/* Two that write in turn never know the newest manifest at first: garbage must go all the same. */
static void test_garbage_in_turn(void **state)
{
	struct ours o = { .start = 100 };
	char etag[OBJSTORE_ETAG_MAX + 1];
	struct objstore_req head;
	struct buf text = { 0 };
	struct cold_update u;
	struct manifest m;

	(void)state;
	assert_int_equal(update_now(&o), 1);
	assert_int_equal(read_manifest(&m, etag), 1);
	add_garbage(&m, "count-data/cpu/block_1_2.json", 0);
	assert_int_equal(tier.json->manifest_print(&m, &text), COUNT_OK);
	put_text("count-data/cpu/block_1_2.json", "a", 1);
	put_text(KEY, text.data, text.len);
	buf_free(&text);
	o.start = 200;
	m.ngarbage--;
	free(m.garbage[m.ngarbage].key);
	prepare(&u, &o, &m, etag);			/* the ETag of before */
	assert_int_equal(finish(&u), 1);
	assert_int_equal(wrap.seen[OBJSTORE_DELETE], 1);
	assert_false(is_there("count-data/cpu/block_1_2.json", &head));
	assert_int_equal(u.m.nblocks, 2);
	assert_int_equal(u.m.ngarbage, 0);
	cold_update_free(&u);
	manifest_free(&m);
}

/* A manifest with old garbage in the bucket, and its object. */
static int with_garbage(struct manifest *m, char *etag)
{
	struct ours o = { .start = 100 };
	struct buf text = { 0 };

	assert_int_equal(update_now(&o), 1);
	assert_int_equal(read_manifest(m, etag), 1);
	add_garbage(m, "count-data/cpu/block_3_4.json", 1000000);
	add_garbage(m, "count-data/cpu/block_1_2.json", 0);
	assert_int_equal(tier.json->manifest_print(m, &text), COUNT_OK);
	put_text("count-data/cpu/block_1_2.json", "a", 1);
	put_text(KEY, text.data, text.len);
	buf_free(&text);
	manifest_free(m);
	return read_manifest(m, etag);
}

/* m itself in the place of what has that ETag; NULL: of nothing. */
static int put_as_is(struct cold_update *u, const struct manifest *m, const char *etag, bool once)
{
	prepare(u, NULL, etag != NULL ? m : NULL, etag);
	if (etag == NULL)
		assert_int_equal(manifest_copy(m, &u->m), COUNT_OK);
	u->edit = NULL;
	u->once = once;
	return cold_update_run(u, &err);
}

/* As count-manifest does it: what was decided on one manifest is not done to another. */
static void test_once(void **state)
{
	char etag[OBJSTORE_ETAG_MAX + 1];
	struct objstore_req head;
	struct cold_update u;
	struct manifest m;

	(void)state;
	assert_int_equal(with_garbage(&m, etag), 1);
	their_next = 1000;
	they_add();
	assert_int_equal(put_as_is(&u, &m, etag, true), COUNT_ERR_COLD);
	assert_non_null(strstr(err.text, KEY ": another run changed it"));
	assert_null(u.deleted);
	assert_true(is_there("count-data/cpu/block_1_2.json", &head));
	assert_true(has_entry(1000));
	cold_update_free(&u);

	assert_int_equal(put_as_is(&u, &m, NULL, true), COUNT_ERR_COLD);	/* nor when there should be none */
	assert_true(has_entry(1000));
	cold_update_free(&u);
	manifest_free(&m);

	assert_int_equal(read_manifest(&m, etag), 1);
	wrap.lose = 1;				/* our own is no other */
	assert_int_equal(put_as_is(&u, &m, etag, true), 1);
	assert_int_equal(u.m.seq, m.seq + 1);
	assert_int_equal(u.m.ngarbage, 1);
	assert_true(!u.deleted[0] && u.deleted[1]);
	assert_false(is_there("count-data/cpu/block_1_2.json", &head));
	cold_update_free(&u);
	manifest_free(&m);
}

static void test_keep_garbage(void **state)
{
	char etag[OBJSTORE_ETAG_MAX + 1];
	struct objstore_req head;
	struct cold_update u;
	struct manifest m;

	(void)state;
	assert_int_equal(with_garbage(&m, etag), 1);
	prepare(&u, NULL, &m, etag);
	u.edit = NULL;
	u.keep_garbage = true;
	assert_int_equal(cold_update_run(&u, &err), 1);
	assert_int_equal(wrap.seen[OBJSTORE_DELETE], 0);
	assert_int_equal(u.m.ngarbage, 2);
	assert_true(is_there("count-data/cpu/block_1_2.json", &head));
	cold_update_free(&u);
	manifest_free(&m);
}

/* The server refuses with the ETag in force: what is remembered of it is wrong, and nobody else is to blame. */
static void test_unfounded(void **state)
{
	char etag[OBJSTORE_ETAG_MAX + 1];
	struct cold_update u;
	struct manifest m;

	(void)state;
	for (int once = 0; once < 2; once++) {
		wrap.manner = HONEST;
		drop_manifest();
		assert_int_equal(with_garbage(&m, etag), 1);
		wrap.manner = NEVER;
		wrap.base.abilities.if_match = OBJSTORE_HONOURED;
		err = (struct count_error){ 0 };
		assert_int_equal(put_as_is(&u, &m, etag, once != 0), COUNT_ERR_COLD);
		assert_non_null(strstr(err.text, "still the one that we named"));
		assert_int_equal(wrap.base.abilities.if_match, OBJSTORE_UNKNOWN);
		assert_true(u.deleted[1]);
		cold_update_free(&u);
		manifest_free(&m);
	}
}

static void test_forecast(void **state)
{
	struct ours o = { .start = 100 };
	struct objstore_req head;
	struct buf text = { 0 };
	struct cold_update u;
	size_t ndeletes = 9;

	(void)state;
	prepare(&u, &o, NULL, NULL);
	assert_int_equal(cold_update_forecast(&u, &text, &ndeletes, &err), COUNT_OK);
	assert_int_equal(ndeletes, 0);
	cold_update_free(&u);
	assert_false(is_there(KEY, &head));
	assert_int_equal(update_now(&o), 1);
	assert_true(is_there(KEY, &head));
	assert_int_equal(head.size, text.len);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain, begin, end),
		cmocka_unit_test_setup_teardown(test_race, begin, end),
		cmocka_unit_test_setup_teardown(test_many_rounds, begin, end),
		cmocka_unit_test_setup_teardown(test_lost_answer, begin, end),
		cmocka_unit_test_setup_teardown(test_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_ignored, begin, end),
		cmocka_unit_test_setup_teardown(test_damaged, begin, end),
		cmocka_unit_test_setup_teardown(test_gone, begin, end),
		cmocka_unit_test_setup_teardown(test_objects, begin, end),
		cmocka_unit_test_setup_teardown(test_garbage, begin, end),
		cmocka_unit_test_setup_teardown(test_old_copy, begin, end),
		cmocka_unit_test_setup_teardown(test_garbage_in_turn, begin, end),
		cmocka_unit_test_setup_teardown(test_once, begin, end),
		cmocka_unit_test_setup_teardown(test_keep_garbage, begin, end),
		cmocka_unit_test_setup_teardown(test_unfounded, begin, end),
		cmocka_unit_test_setup_teardown(test_forecast, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
