/*
 * objstore-s3.h - the bucket that test-objstore.c works on: a directory's, or one of a real S3 server.
 *
 * With COUNT_TEST_S3=1 it is the one that S3_ENDPOINT, S3_BUCKET, S3_REGION, S3_PATH_STYLE,
 * S3_CA_BUNDLE and AWS's variables name; it is emptied before each test.  COUNT_TEST_S3=faults: a bad
 * network is between, so less is done, and requests are not counted.
 */
#include "base/module.h"
#include "s3/s3.h"

static const struct s3_module *s3;
static bool small, faults;
static struct objstore_abilities s3_abilities;

static objstore *s3_bucket_open(void)
{
	const char *style = getenv("S3_PATH_STYLE"), *timeout = getenv("S3_TIMEOUT");
	struct s3_config cfg = { .bucket = getenv("S3_BUCKET"), .endpoint = getenv("S3_ENDPOINT"),
		.region = getenv("S3_REGION"), .ca_bundle = getenv("S3_CA_BUNDLE"),
		.style = style == NULL ? S3_STYLE_AUTO : strcmp(style, "true") == 0 ? S3_STYLE_PATH : S3_STYLE_VIRTUAL,
		.timeout_s = timeout == NULL ? 0 : (uint32_t)atoi(timeout), .retries = 8 };
	struct count_error err = { 0 };
	objstore *s = NULL;

	if (s3->open(&cfg, &s, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	objstore_set_abilities(s, s3_abilities);
	return s;
}

static inline int races(void)
{
	return small ? 20 : 1000;
}

/* A server that takes conditions and does not look at them: it cannot pass what is built on them. */
static inline bool lenient(void)
{
	return s3 != NULL && s3_abilities.if_absent != OBJSTORE_HONOURED;
}

static objstore *bucket_open(void)
{
	return s3 != NULL ? s3_bucket_open() : store_open();
}

static void empty_bucket(void)
{
	objstore *s = s3_bucket_open();
	size_t left;

	do {
		struct objstore_req list = { .op = OBJSTORE_LIST, .key = "" }, *drop_req, *r;

		if (objstore_run(s, &list) != OBJSTORE_OK)
			fail_msg("%s", list.err.text);
		left = list.page.len;
		drop_req = calloc(left + 1, sizeof(*drop_req));
		for (size_t i = 0; i < left; i++) {
			drop_req[i] = (struct objstore_req){ .op = OBJSTORE_DELETE, .key = list.page.v[i].key };
			objstore_submit(s, &drop_req[i]);
		}
		while ((r = objstore_wait(s, -1)) != NULL)
			if (r->result != OBJSTORE_OK)
				fail_msg("%s", r->err.text);
		free(drop_req);
		objstore_req_free(&list);
	} while (left > 0);
	objstore_close(s);
}

static int bucket_setup(void **state)
{
	if (s3 == NULL)
		return setup(state);
	empty_bucket();
	return 0;
}

static int bucket_teardown(void **state)
{
	return s3 == NULL ? teardown(state) : 0;
}

static int use_s3(void **state)
{
	static struct module module;
	struct count_error err = { 0 };
	const void *table;
	objstore *s;

	(void)state;
	if (getenv("COUNT_TEST_S3") == NULL)
		return 0;
	small = faults = strcmp(getenv("COUNT_TEST_S3"), "faults") == 0;
	if (module_open(&module, "s3", S3_MODULE_SYMBOL, S3_MODULE_VERSION, "tests", &table, &err) != COUNT_OK)
		fail_msg("%s", err.text);
	s3 = table;
	s = s3_bucket_open();
	if (objstore_probe(s, "probe", &s3_abilities, &err) != OBJSTORE_OK)
		fail_msg("%s", err.text);
	objstore_close(s);
	print_message("if-absent %d, if-match %d, bare ETags %d\n", (int)s3_abilities.if_absent,
		      (int)s3_abilities.if_match, (int)s3_abilities.bare_etag);
	return 0;
}
