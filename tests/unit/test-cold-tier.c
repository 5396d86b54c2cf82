/* test-cold-tier.c - cold/tier: scopes, keys there and back, and what is refused of a bucket's bytes. */
#include "objstore-test.h"

#include <sys/stat.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "cold/tier.h"
#include "format/chunklist.h"

static struct cold_settings settings;
static struct datadir dir;
static struct cold_tier tier;
static struct count_error err;

/* ---- A module that gives what the test put here ---- */

static struct manifest parsed;
static struct cold_object object;
static int verdict;

static int fake_manifest(const char *text, size_t len, const char *place, struct manifest *m, struct count_error *e)
{
	(void)text, (void)len, (void)place;
	if (verdict != COUNT_OK) {
		*e = (struct count_error){ .code = verdict, .text = "the reason" };
		return verdict;
	}
	return manifest_copy(&parsed, m);
}

static int fake_object(const uint8_t *bytes, size_t len, struct cold_object *o, struct count_error *e)
{
	(void)bytes, (void)len;
	if (verdict != COUNT_OK) {
		*e = (struct count_error){ .code = verdict, .text = "the reason" };
		return verdict;
	}
	*o = object;
	o->series = strndup(object.series, object.series_len);
	o->chunks = (struct buf){ 0 };
	buf_put(&o->chunks, object.chunks.data, object.chunks.len);
	assert_int_equal(manifest_block_copy(&object.block, &o->block), COUNT_OK);
	return COUNT_OK;
}

static const struct json_module fake = {
	.version = JSON_MODULE_VERSION, .manifest_parse = fake_manifest, .object_parse = fake_object,
};

static int begin(void **state)
{
	static char data_dir[] = "/data";

	if (setup(state) != 0)
		return -1;
	err = (struct count_error){ 0 };
	cold_settings_init(&settings);
	settings.enabled = true;
	cold_settings_text(&settings, COLD_BUCKET, "bucket");
	cold_settings_text(&settings, COLD_PREFIX, "a/b");
	dir = (struct datadir){ .path = data_dir, .format = { .unit = COUNT_UNIT_MS, .id = { 0xab, 0x01 } } };
	tier = (struct cold_tier){ .settings = &settings, .dir = &dir, .json = &fake, .store = store_open() };
	verdict = COUNT_OK;
	return 0;
}

static int end(void **state)
{
	cold_tier_close(&tier);
	cold_settings_free(&settings);
	manifest_free(&parsed);
	buf_free(&object.chunks);
	return teardown(state);
}

static void has(const char *part)
{
	if (strstr(err.text, part) == NULL)
		fail_msg("'%s' lacks '%s'", err.text, part);
}

/* ---- Opening ---- */

static void test_scope(void **state)
{
	char *scope = cold_scope(&settings);

	(void)state;
	assert_string_equal(scope, "s3://bucket/a/b");
	free(scope);
	cold_settings_text(&settings, COLD_ENDPOINT, "https://example.com");
	scope = cold_scope(&settings);
	assert_string_equal(scope, "https://example.com/bucket/a/b");
	free(scope);
}

static void test_open(void **state)
{
	struct coldindex_facts facts = { 0 };
	struct cold_tier t = { 0 };
	char url[128];
	int ret;

	(void)state;
	snprintf(url, sizeof(url), "file://%s", top);
	cold_settings_text(&settings, COLD_ENDPOINT, url);
	cold_settings_text(&settings, COLD_BUCKET, "another");
	ret = cold_tier_open(&t, &settings, &dir, &err);
	assert_null(t.store);
	if (ret == COUNT_ERR_INVALID) {		/* a build without the module */
		has("json.so");
		skip();
	}
	assert_int_equal(ret, COUNT_ERR_COLD);
	has("/another: the bucket is not there; is something not mounted?");
	err = (struct count_error){ 0 };
	assert_int_equal(cold_tier_create(&t, &settings, &dir, &err), COUNT_OK);
	assert_string_equal(t.writer, "ab010000000000000000000000000000");
	assert_int_equal(cold_tier_facts(&t, 7, &facts), COUNT_OK);
	assert_string_equal(facts.scope, t.scope);
	assert_int_equal(facts.synced_s, 7);
	assert_int_equal(facts.if_match, OBJSTORE_HONOURED);
	facts.if_match = OBJSTORE_IGNORED;
	cold_tier_learn(&t, &facts);		/* a directory knows better */
	assert_int_equal(objstore_abilities(t.store).if_match, OBJSTORE_HONOURED);
	free(facts.scope);
	cold_tier_close(&t);
	cold_tier_close(&t);
	assert_int_equal(cold_tier_open(&t, &settings, &dir, &err), COUNT_OK);
	cold_tier_close(&t);
	cold_settings_text(&settings, COLD_ENDPOINT, "file:///no/such/place");
	assert_int_equal(cold_tier_create(&t, &settings, &dir, &err), COUNT_ERR_COLD);
	has("/no/such/place");
	settings.enabled = false;
	err = (struct count_error){ 0 };
	assert_int_equal(cold_tier_open(&t, &settings, &dir, &err), COUNT_ERR_INVALID);
	has("S3_ENABLED");
}

/* ---- Keys ---- */

static void test_keys(void **state)
{
	static const char name[] = "cpu{host=\"a/b\"}";
	char key[OBJSTORE_KEY_MAX + 1], long_name[251];

	(void)state;
	assert_int_equal(cold_dir(&tier, name, strlen(name), key, &err), COUNT_OK);
	assert_string_equal(key, "a/b/cpu%7Bhost%3D%22a%2Fb%22%7D/");
	assert_int_equal(cold_manifest_key(&tier, "x", 1, key, &err), COUNT_OK);
	assert_string_equal(key, "a/b/x/manifest.json");
	assert_int_equal(cold_block_key(&tier, "x", 1, -5, 7, 1, key, &err), COUNT_OK);
	assert_string_equal(key, "a/b/x/block_-5_7.json");
	assert_int_equal(cold_block_key(&tier, "x", 1, INT64_MIN, INT64_MAX, 4294967295u, key, &err), COUNT_OK);
	assert_string_equal(key, "a/b/x/block_-9223372036854775808_9223372036854775807_4294967295.json");
	assert_int_equal(cold_dir(&tier, "", 0, key, &err), COUNT_ERR_INVALID);
	memset(long_name, 'x', 250);
	long_name[250] = '\0';
	err = (struct count_error){ 0 };
	if (cold_dir(&tier, long_name, 250, key, &err) == COUNT_OK)	/* needs the module of S3 */
		assert_int_equal(strlen(key), strlen("a/b/~/") + 64);
	else
		has("s3.so");
}

static const struct { const char *key; enum cold_key_kind kind; const char *part; int64_t start, end; } parses[] = {
	{ "a/b/x/manifest.json", COLD_KEY_MANIFEST, "x", 0, 0 },
	{ "a/b/x%2Fy/block_1_2.json", COLD_KEY_BLOCK, "x%2Fy", 1, 2 },
	{ "a/b/x/block_-2_-1_2.json", COLD_KEY_BLOCK, "x", -2, -1 },
	{ "a/b/x/block_-9223372036854775808_9223372036854775807.json", COLD_KEY_BLOCK, "x", INT64_MIN, INT64_MAX },
	{ "a/b/x/block_2_1.json", COLD_KEY_OTHER, "x", 0, 0 },
	{ "a/b/x/block_01_2.json", COLD_KEY_OTHER, "x", 0, 0 },
	{ "a/b/x/block_-0_2.json", COLD_KEY_OTHER, "x", 0, 0 },
	{ "a/b/x/block_1_9223372036854775808.json", COLD_KEY_OTHER, "x", 0, 0 },
	{ "a/b/x/block_1_2_1.json", COLD_KEY_OTHER, "x", 0, 0 },
	{ "a/b/x/block_1_2.json.tmp", COLD_KEY_OTHER, "x", 0, 0 },
	{ "a/b/x/block_1.json", COLD_KEY_OTHER, "x", 0, 0 },
	{ "a/b/x/y/manifest.json", COLD_KEY_OTHER, "x", 0, 0 },
	{ "a/b/!probe/manifest.json", COLD_KEY_OTHER, "", 0, 0 },
	{ "a/b//manifest.json", COLD_KEY_OTHER, "", 0, 0 },
	{ "a/b/manifest.json", COLD_KEY_OTHER, "", 0, 0 },
	{ "a/bc/x/manifest.json", COLD_KEY_OTHER, "", 0, 0 },
	{ "a/b", COLD_KEY_OTHER, "", 0, 0 },
	{ "", COLD_KEY_OTHER, "", 0, 0 },
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(parses); i++) {
		const char *part;
		size_t len;
		int64_t first = 0, last = 0;

		if (cold_key_parse(&tier, parses[i].key, &part, &len, &first, &last) != parses[i].kind)
			fail_msg("%s", parses[i].key);
		assert_int_equal(len, strlen(parses[i].part));
		assert_memory_equal(part, parses[i].part, len);
		if (parses[i].kind == COLD_KEY_BLOCK)
			assert_true(first == parses[i].start && last == parses[i].end);
	}
}

/* ---- Manifests ---- */

static int get_manifest(const char *series)
{
	char etag[OBJSTORE_ETAG_MAX + 1];
	struct manifest m = { 0 };
	int ret;

	err = (struct count_error){ 0 };
	ret = cold_manifest_get(&tier, series, strlen(series), &m, etag, &err);
	if (ret == 1)
		assert_true(etag[0] != '\0');
	else
		assert_null(m.series);
	manifest_free(&m);
	return ret;
}

static void test_manifest(void **state)
{
	(void)state;
	parsed = (struct manifest){ .series = strdup("x"), .series_len = 1, .version = 1, .has_unit = true,
				    .unit = COUNT_UNIT_MS };
	assert_int_equal(get_manifest("x"), 0);
	assert_int_equal(put_text(tier.store, "a/b/x/manifest.json", "{}"), OBJSTORE_OK);
	assert_int_equal(get_manifest("x"), 1);
	parsed.unit = COUNT_UNIT_S;
	assert_int_equal(get_manifest("x"), COUNT_ERR_COLD);
	has("a/b/x/manifest.json: its times are in s");
	parsed.has_unit = false;		/* the prototype's: milliseconds */
	assert_int_equal(get_manifest("x"), 1);
	dir.format.unit = COUNT_UNIT_S;
	assert_int_equal(get_manifest("x"), COUNT_ERR_COLD);
	dir.format.unit = COUNT_UNIT_MS;
	assert_int_equal(put_text(tier.store, "a/b/y/manifest.json", "{}"), OBJSTORE_OK);
	assert_int_equal(get_manifest("y"), COUNT_ERR_COLD);
	has("a/b/y/manifest.json: it is the manifest of x");
	verdict = COUNT_ERR_CORRUPT;
	assert_int_equal(get_manifest("x"), COUNT_ERR_COLD);
	has("damaged manifest: the reason; count-manifest rebuild");
	verdict = COUNT_ERR_VERSION;
	assert_int_equal(get_manifest("x"), COUNT_ERR_COLD);
	has("newer");
	verdict = COUNT_ERR_NOMEM;
	assert_int_equal(get_manifest("x"), COUNT_ERR_NOMEM);
}

/* A listed manifest: whose it is, it says itself; but only at its place. */
static void test_manifest_listed(void **state)
{
	struct buf body = { 0 };
	struct objstore_req get = { .key = "a/b/x/manifest.json", .get.body = &body };
	struct manifest m = { 0 };

	(void)state;
	parsed = (struct manifest){ .series = strdup("x"), .series_len = 1, .version = 1 };
	assert_int_equal(cold_manifest_take(&tier, &get, NULL, 0, &m, &err), 1);
	manifest_free(&m);
	get.key = "a/b/y/manifest.json";
	assert_int_equal(cold_manifest_take(&tier, &get, NULL, 0, &m, &err), COUNT_ERR_COLD);
	has("whose place is a/b/x/");
	get.result = OBJSTORE_DENIED;
	get.err = (struct count_error){ .code = COUNT_ERR_DENIED, .text = "y: refused" };
	err = (struct count_error){ 0 };
	assert_int_equal(cold_manifest_take(&tier, &get, NULL, 0, &m, &err), COUNT_ERR_DENIED);
	has("y: refused; without s3:ListBucket");
	get.result = OBJSTORE_FAILED;
	err = (struct count_error){ 0 };
	assert_int_equal(cold_manifest_take(&tier, &get, NULL, 0, &m, &err), COUNT_ERR_NET);
	has("y: refused");
	get.result = OBJSTORE_ARCHIVED;
	assert_int_equal(cold_manifest_take(&tier, &get, NULL, 0, &m, &err), COUNT_ERR_COLD);
}

/* ---- Objects ---- */

static int take(const struct manifest_block *b, const char *series)
{
	struct cold_object o = { 0 };
	int ret;

	err = (struct count_error){ 0 };
	ret = cold_object_take(&tier, b, series, strlen(series), (const uint8_t *)"hello", 5, &o, &err);
	if (ret != COUNT_OK)
		assert_null(o.series);
	cold_object_free(&o);
	return ret;
}

static void make_object(void)
{
	static const int64_t times[] = { 1, 5, 9 };
	static const double values[] = { 1, 2, 3 };
	static char name[] = "x";
	struct chunklist_writer w = { 0 };
	struct chunk_coder *coder = chunk_coder_new();

	assert_non_null(coder);
	object = (struct cold_object){ .kind = OBJECT_COUNT, .series = name, .series_len = 1,
				       .unit = COUNT_UNIT_MS, .block = { .start = 1, .end = 9, .points = 3 } };
	assert_int_equal(chunklist_add(&w, coder, COLUMN_DEFAULT, NULL, times, values, 3), COUNT_OK);
	assert_int_equal(chunklist_finish(&w, &object.chunks), COUNT_OK);
	chunklist_writer_free(&w);
	chunk_coder_delete(coder);
}

static void test_object(void **state)
{
	static char key[] = "a/b/x/block_1_9.json", sum[48] = "xxh128:", other[] = "md5:0";
	struct manifest_block b = { .key = key, .start = 1, .end = 9, .points = 3 };
	XXH128_canonical_t canon;

	(void)state;
	make_object();
	XXH128_canonicalFromHash(&canon, XXH3_128bits("hello", 5));
	for (size_t i = 0; i < 16; i++)
		snprintf(sum + 7 + 2 * i, 3, "%02x", canon.digest[i]);
	assert_int_equal(take(&b, "x"), COUNT_OK);
	b.size = 5;
	b.checksum = sum;
	assert_int_equal(take(&b, "x"), COUNT_OK);
	b.size = 6;
	assert_int_equal(take(&b, "x"), COUNT_ERR_COLD);
	has("a/b/x/block_1_9.json: 5 bytes, but its manifest says 6");
	b.size = 5;
	sum[7] ^= 1;
	assert_int_equal(take(&b, "x"), COUNT_ERR_COLD);
	has("checksum");
	b.checksum = other;			/* not ours to check */
	assert_int_equal(take(&b, "x"), COUNT_OK);
	assert_int_equal(take(&b, "y"), COUNT_ERR_COLD);
	has("another series");
	b.has_hash = object.block.has_hash = true;
	b.points_hash[3] = 1;
	assert_int_equal(take(&b, "x"), COUNT_ERR_COLD);
	has("other points");
	b.has_hash = false;
	b.points = 2;
	assert_int_equal(take(&b, "x"), COUNT_ERR_COLD);
	object.block.points = 2;		/* both lie; the chunks tell */
	assert_int_equal(take(&b, "x"), COUNT_ERR_COLD);
	has("its chunks hold other");
	b.points = object.block.points = 3;
	b.end = object.block.end = 10;
	assert_int_equal(take(&b, "x"), COUNT_ERR_COLD);
	b.end = object.block.end = 9;
	object.chunks.data[object.chunks.len - 1 - 3] ^= 1;	/* of the columns: seen when they are read */
	object.chunks.data[0] ^= 0x55;
	assert_int_equal(take(&b, "x"), COUNT_ERR_COLD);
	has("damaged chunks");
	object.unit = COUNT_UNIT_S;
	assert_int_equal(take(&b, "x"), COUNT_ERR_COLD);
	has("unit");
	verdict = COUNT_ERR_CORRUPT;
	assert_int_equal(take(&b, "x"), COUNT_ERR_COLD);
	has("a/b/x/block_1_9.json: the reason");
	verdict = COUNT_ERR_VERSION;
	assert_int_equal(take(&b, "x"), COUNT_ERR_COLD);
	has("newer");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(test_scope), T(test_open), T(test_keys), T(test_parse), T(test_manifest), T(test_manifest_listed),
		T(test_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
