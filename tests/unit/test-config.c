/* test-config.c - engine/config: the file format, the order of sources, every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/config.h"
#include "engine/config_file.h"

static char top[64], etc[128], named[128], dir[128], own[160];
static struct count_config cfg;
static struct count_error err;

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/count-test-XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(etc, sizeof(etc), "%s/etc.conf", top);
	snprintf(named, sizeof(named), "%s/named.conf", top);
	snprintf(dir, sizeof(dir), "%s/data", top);
	snprintf(own, sizeof(own), "%s/count.conf", dir);
	mkdir(dir, 0700);
	for (size_t i = 0; i < CONFIG_NSETTINGS; i++)
		unsetenv(config_settings[i].key);
	unsetenv("AWS_ENDPOINT_URL_S3");
	unsetenv("AWS_ENDPOINT_URL");
	unsetenv("AWS_CA_BUNDLE");
	count_config_init(&cfg);
	err = (struct count_error){ 0 };
	return 0;
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	count_config_free(&cfg);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", top);
	return system(cmd);
}

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0600), 0);
}

static int load(int flags, const char *data_dir, const char *file)
{
	count_config_free(&cfg);
	err = (struct count_error){ 0 };
	return config_load(&cfg, flags, etc, data_dir, file, &err);
}

static void has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("'%s' lacks '%s'", text, part);
}

static const char *warnings(void)
{
	buf_put_u8(&cfg.strings->warnings, '\0');
	cfg.strings->warnings.len--;
	return (const char *)cfg.strings->warnings.data;
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < CONFIG_NSETTINGS; i++) {
		assert_non_null(config_settings[i].key);
		assert_ptr_equal(config_find(config_settings[i].key), &config_settings[i]);
	}
}

/* ---- The file format ---- */

static int print_setting(void *arg, const char *key, const char *value, size_t line,
			 struct count_error *e)
{
	(void)e;
	buf_printf(arg, "%zu:%s=[%s]", line, key, value);
	return COUNT_OK;
}

static const struct { const char *text, *want; } lines[] = {	/* want NULL: refused */
	{ "", "" }, { "\n\n", "" }, { "# A=1\n ; B=2\n", "" },
	{ "A=1", "1:A=[1]" }, { "A=1\nB=2\n", "1:A=[1]2:B=[2]" },
	{ "  A \t=  b c  \r\n", "1:A=[b c]" }, { "A=", "1:A=[]" }, { "A=  # x", "1:A=[]" },
	{ "A=#x", "1:A=[#x]" }, { "A= #x", "1:A=[]" }, { "A=b#c #d", "1:A=[b#c]" },
	{ "A=\"b # c\" # d", "1:A=[b # c]" }, { "A='b \" \\'\"c\"", "1:A=[b \" \\c]" },
	{ "A=\"\\\"\\\\\\$\\`\\n\"", "1:A=[\"\\$`\\n]" }, { "A=\" b \"", "1:A=[ b ]" },
	{ "A=b\\ #\\\\", "1:A=[b #\\]" }, { "export A=1", "1:A=[1]" }, { "export=1", "1:export=[1]" },
	{ "A", NULL }, { "=1", NULL }, { "1A=1", NULL }, { "A B=1", NULL }, { "A-B=1", NULL },
	{ "A=\"b", NULL }, { "A='b\nc'", NULL }, { "A=b\\", NULL }, { "\xef\xbb\xbf" "A=1", NULL },
};

static void test_file_format(void **state)
{
	struct buf nul = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t len = strlen(lines[i].text);
		char *exact = malloc(len + 1);
		struct buf out = { 0 };
		int ret;

		assert_non_null(exact);
		memcpy(exact, lines[i].text, len);
		err = (struct count_error){ 0 };
		ret = config_file_parse("f", exact, len, print_setting, &out, &err);
		buf_put_u8(&out, '\0');
		if (lines[i].want == NULL)
			assert_int_equal(ret, COUNT_ERR_INVALID);
		else
			assert_string_equal((char *)out.data, lines[i].want);
		buf_free(&out);
		free(exact);
	}
	err = (struct count_error){ 0 };
	assert_int_equal(config_file_parse("f", "A=1\nB=x\0y", 9, print_setting, &nul, &err),
			 COUNT_ERR_INVALID);
	has(err.text, "f:2: ");
	buf_free(&nul);
}

/* ---- Order ---- */

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(load(0, dir, NULL), COUNT_OK);
	assert_int_equal(cfg.memory_buffer_size, 10000);
	put_file(etc, "MEMORY_BUFFER_SIZE=1\nS3_REGION=etc\nRETENTION=1d\nS3_BUCKET=b\n");
	assert_int_equal(load(0, dir, NULL), COUNT_OK);
	assert_int_equal(cfg.memory_buffer_size, 1);
	put_file(own, "MEMORY_BUFFER_SIZE=2\nS3_REGION=own\nRETENTION=2d\n");
	assert_int_equal(load(0, dir, NULL), COUNT_OK);
	assert_int_equal(cfg.memory_buffer_size, 2);
	put_file(named, "MEMORY_BUFFER_SIZE=3\nS3_REGION=named\n");
	assert_int_equal(load(0, dir, named), COUNT_OK);
	assert_int_equal(cfg.memory_buffer_size, 3);
	setenv("MEMORY_BUFFER_SIZE", "4", 1);
	assert_int_equal(load(0, dir, named), COUNT_OK);
	assert_int_equal(cfg.memory_buffer_size, 4);
	assert_string_equal(cfg.s3_region, "named");
	assert_string_equal(cfg.retention, "2d");
	assert_string_equal(cfg.s3_bucket, "b");
	assert_int_equal(count_config_set(&cfg, "MEMORY_BUFFER_SIZE", "5", "--x", &err), COUNT_OK);
	assert_int_equal(cfg.memory_buffer_size, 5);
	setenv("MEMORY_BUFFER_SIZE", "", 1);	/* empty is unset */
	assert_int_equal(load(0, dir, named), COUNT_OK);
	assert_int_equal(cfg.memory_buffer_size, 3);
}

static void test_data_dir(void **state)
{
	char text[256];

	(void)state;
	assert_int_equal(load(0, NULL, NULL), COUNT_OK);
	assert_string_equal(cfg.data_dir, "./count_data");
	assert_string_equal(cfg.data_dir_source, "default");
	snprintf(text, sizeof(text), "# x\nDATA_DIR=%s\n", dir);
	put_file(etc, text);
	put_file(own, "RETENTION=3d\n");
	assert_int_equal(load(0, NULL, NULL), COUNT_OK);
	assert_string_equal(cfg.data_dir, dir);
	has(cfg.data_dir_source, "etc.conf:2");
	assert_string_equal(cfg.retention, "3d");	/* found by way of etc */
	setenv("DATA_DIR", "/env", 1);
	assert_int_equal(load(0, NULL, NULL), COUNT_OK);
	assert_string_equal(cfg.data_dir, "/env");
	assert_string_equal(cfg.data_dir_source, "DATA_DIR");
	assert_null(cfg.retention);
	assert_int_equal(load(0, dir, NULL), COUNT_OK);
	assert_string_equal(cfg.data_dir_source, "--data-dir");
	assert_int_equal(load(0, "", NULL), COUNT_ERR_INVALID);
	put_file(own, "\nDATA_DIR=/elsewhere\n");
	assert_int_equal(load(0, dir, NULL), COUNT_ERR_INVALID);
	has(err.text, "count.conf:2: DATA_DIR");
}

/* ---- Values ---- */

static const struct { const char *key, *value; bool good; } values[] = {
	{ "S3_ENABLED", "TRUE", true }, { "S3_ENABLED", "oN", true }, { "S3_ENABLED", "0", true },
	{ "S3_ENABLED", "2", false }, { "S3_ENABLED", "yess", false }, { "S3_ENABLED", " 1", false },
	{ "MEMORY_BUFFER_SIZE", "1", true }, { "MEMORY_BUFFER_SIZE", "0", false },
	{ "MEMORY_BUFFER_SIZE", "-1", false }, { "MEMORY_BUFFER_SIZE", "+1", false },
	{ "MEMORY_BUFFER_SIZE", "1e3", false }, { "MEMORY_BUFFER_SIZE", "18446744073709551617", false },
	{ "ARCHIVAL_AGE_DAYS", "0", true }, { "ARCHIVAL_AGE_DAYS", "100000", true },
	{ "ARCHIVAL_AGE_DAYS", "4294967297", false }, { "ARCHIVAL_AGE_DAYS", "14d", false },
	{ "RETENTION", "90d", true }, { "RETENTION", "90", false }, { "RETENTION", "0d", false },
	{ "S3_BUCKET", "", false }, { "NOT_A_SETTING", "1", false }, { "COUNT_LOG", "x", true },
	{ "S3_BUCKET", "a", true }, { "S3_BUCKET", "My_bucket-1.x", true }, { "S3_BUCKET", "s3://a", false },
	{ "S3_BUCKET", "a/b", false }, { "S3_BUCKET", ".a", false }, { "S3_BUCKET", "a..b", false },
	{ "S3_BUCKET", "a b", false }, { "S3_REGION", "eu-central-1", true }, { "S3_REGION", "eu/1", false },
	{ "S3_PREFIX", "a", true }, { "S3_PREFIX", "/a/b/", true }, { "S3_PREFIX", "a b\xc3\xa4", true },
	{ "S3_PREFIX", "/", false }, { "S3_PREFIX", "a//b", false }, { "S3_PREFIX", "a/../b", false },
	{ "S3_PREFIX", ".", false }, { "S3_PREFIX", "a/.b", true }, { "S3_PREFIX", "a\nb", false },
	{ "S3_PREFIX", "\xff", false },
	{ "S3_ENDPOINT", "file:///x", true }, { "S3_ENDPOINT", "file:///", true },
	{ "S3_ENDPOINT", "file://x", false }, { "S3_ENDPOINT", "file:x", false }, { "S3_ENDPOINT", "/x", false },
	{ "S3_ENDPOINT", "https://a.example.com", true }, { "S3_ENDPOINT", "https://a:443/", true },
	{ "S3_ENDPOINT", "http://[::1]:8080", true }, { "S3_ENDPOINT", "https://[fd00::1", false },
	{ "S3_ENDPOINT", "https://a:0", false }, { "S3_ENDPOINT", "https://a:65536", false },
	{ "S3_ENDPOINT", "https://a/b", false }, { "S3_ENDPOINT", "https://a?b", false },
	{ "S3_ENDPOINT", "https://u:p@a", false }, { "S3_ENDPOINT", "https://u@a", false },
	{ "S3_ENDPOINT", "https://", false }, { "S3_ENDPOINT", "a.example.com", false },
	{ "S3_ENDPOINT", "s3://a", false }, { "S3_ENDPOINT", "https://a b", false },
	{ "S3_PATH_STYLE", "auto", true }, { "S3_PATH_STYLE", "TRUE", true }, { "S3_PATH_STYLE", "path", false },
	{ "S3_STORAGE_CLASS", "STANDARD_IA", true }, { "S3_STORAGE_CLASS", "GLACIER_IR", true },
	{ "S3_STORAGE_CLASS", "GLACIER", false }, { "S3_STORAGE_CLASS", "DEEP_ARCHIVE", false },
	{ "S3_STORAGE_CLASS", "standard", false },
	{ "S3_SSE", "AES256", true }, { "S3_SSE", "aws:kms", true }, { "S3_SSE", "aes", false },
	{ "S3_SSE_KMS_KEY_ID", "arn:aws:kms:x", true }, { "S3_SSE_KMS_KEY_ID", "a b", false },
	{ "S3_SSE_KMS_KEY_ID", "a\r\nb", false },
	{ "S3_TAGS", "a=b", true }, { "S3_TAGS", "a=b&c=", true }, { "S3_TAGS", "a=%20%c3%A4", true },
	{ "S3_TAGS", "a", false }, { "S3_TAGS", "a=b&", false }, { "S3_TAGS", "=b", false },
	{ "S3_TAGS", "a=b&a=c", false }, { "S3_TAGS", "a=b c", false }, { "S3_TAGS", "a=%2", false },
	{ "S3_TAGS", "a=b=c", false }, { "S3_TAGS", "a=\r\nx-amz-acl:b", false },
	{ "S3_TAGS", "a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1", true },
	{ "S3_TAGS", "a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1", false },
	{ "S3_REQUEST_PAYER", "requester", true }, { "S3_REQUEST_PAYER", "me", false },
	{ "S3_JOBS", "1", true }, { "S3_JOBS", "64", true }, { "S3_JOBS", "0", false }, { "S3_JOBS", "65", false },
	{ "S3_RETRIES", "20", true }, { "S3_RETRIES", "21", false }, { "S3_RETRIES", "-1", false },
	{ "S3_TIMEOUT", "3600", true }, { "S3_TIMEOUT", "3601", false }, { "S3_TIMEOUT", "20s", false },
	{ "S3_INDEX_MAX_AGE", "10m", true }, { "S3_INDEX_MAX_AGE", "600", false },
	{ "CACHE_SIZE", "0", true }, { "CACHE_SIZE", "500m", true }, { "CACHE_SIZE", "16777215T", true },
	{ "CACHE_SIZE", "16777216T", false }, { "CACHE_SIZE", "1GB", false }, { "CACHE_SIZE", "G", false },
	{ "CACHE_SIZE", "-1", false }, { "CACHE_SIZE", "1 ", false },
	{ "PRICE_PUT", "0.005", true }, { "PRICE_GET", "0", true }, { "PRICE_GET", "-1", false },
	{ "PRICE_GB_MONTH", "nan", false }, { "PRICE_EGRESS_GB", "9 cents", false },
	{ "ARCHIVAL_BATCH_DAYS", "0", true }, { "ARCHIVAL_BATCH_DAYS", "x", false },
	{ "S3_ALLOW_HTTP", "on", true }, { "S3_ALLOW_HTTP", "2", false },
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		int ret;

		err = (struct count_error){ 0 };
		ret = count_config_set(&cfg, values[i].key, values[i].value, "--opt", &err);
		if (ret != (values[i].good ? COUNT_OK : COUNT_ERR_INVALID))
			fail_msg("%s=%s: %d", values[i].key, values[i].value, ret);
		if (ret != COUNT_OK) {
			has(err.text, values[i].key);
			has(err.text, "--opt");
		}
	}
	assert_int_equal(count_config_set(&cfg, "S3_PREFIX", "//a/b/", "x", NULL), COUNT_OK);
	assert_string_equal(cfg.s3_prefix, "a/b");
}

/* ---- The cold tier's own ---- */

static void test_cold(void **state)
{
	(void)state;
	setenv("ARCHIVAL_AGE_DAYS", "soon", 1);
	assert_int_equal(load(0, dir, NULL), COUNT_OK);
	assert_int_equal(cfg.archival_age_days, 14);
	assert_int_equal(load(COUNT_CONFIG_COLD, dir, NULL), COUNT_ERR_INVALID);
	has(err.text, "ARCHIVAL_AGE_DAYS");
	has(err.text, "environment");
	unsetenv("ARCHIVAL_AGE_DAYS");
	setenv("S3_ENABLED", "1", 1);
	assert_int_equal(load(0, dir, NULL), COUNT_OK);
	assert_true(cfg.s3_enabled);
	assert_int_equal(load(COUNT_CONFIG_COLD, dir, NULL), COUNT_ERR_INVALID);
	has(err.text, "S3_BUCKET");
	setenv("S3_BUCKET", "bck", 1);
	assert_int_equal(load(COUNT_CONFIG_COLD, dir, NULL), COUNT_OK);
	setenv("S3_ENABLED", "maybe", 1);	/* what may have to be archived is not deleted */
	assert_int_equal(load(0, dir, NULL), COUNT_OK);
	assert_true(cfg.s3_enabled);
	count_config_free(&cfg);
	assert_int_equal(count_config_env(&cfg, &err), COUNT_ERR_INVALID);
	setenv("S3_ENABLED", "no", 1);
	assert_int_equal(count_config_env(&cfg, NULL), COUNT_OK);
	assert_string_equal(cfg.s3_bucket, "bck");
}

/* As a handle gets them: what was set, and over it what the program stored itself. */
static void test_cold_values(void **state)
{
	struct cold_settings c;

	(void)state;
	cold_settings_init(&c);
	setenv("S3_ENABLED", "1", 1);
	setenv("S3_BUCKET", "bucket", 1);
	setenv("CACHE_SIZE", "2k", 1);
	setenv("S3_INDEX_MAX_AGE", "1h30m", 1);
	setenv("PRICE_PUT", "0.25", 1);
	setenv("S3_PATH_STYLE", "no", 1);
	setenv("S3_JOBS", "3", 1);
	put_file(etc, "S3_ENDPOINT=file:///mnt/x//\nS3_TAGS=a=b\n");
	assert_int_equal(load(COUNT_CONFIG_COLD, dir, NULL), COUNT_OK);
	cfg.s3_bucket = "mine";		/* a program's own */
	cfg.archival_age_days = 3;
	assert_int_equal(config_cold(&cfg, &c), COUNT_OK);
	assert_true(c.enabled);
	assert_string_equal(c.text[COLD_BUCKET], "mine");
	assert_string_equal(c.text[COLD_PREFIX], "count-data");
	assert_null(c.text[COLD_REGION]);
	assert_string_equal(c.text[COLD_ENDPOINT], "file:///mnt/x");
	assert_string_equal(c.text[COLD_TAGS], "a=b");
	assert_int_equal(c.cache_bytes, 2048);
	assert_int_equal(c.index_max_age_s, 5400);
	assert_int_equal(c.jobs, 3);
	assert_int_equal(c.retries, 5);
	assert_int_equal(c.age_days, 3);
	assert_true(c.price_put == 0.25 && c.price_get < 0);
	assert_int_equal(c.path_style, COLD_STYLE_VIRTUAL);
	err = (struct count_error){ 0 };
	assert_int_equal(cold_settings_check(&c, &err), COUNT_OK);
	cold_settings_free(&c);
	count_config_free(&cfg);	/* a config that nothing was loaded into */
	cfg.s3_enabled = true;
	cfg.s3_bucket = "s3://x";
	assert_int_equal(config_cold(&cfg, &c), COUNT_OK);
	assert_int_equal(cold_settings_check(&c, &err), COUNT_ERR_INVALID);
	has(err.text, "S3_BUCKET='s3://x'");
	cold_settings_free(&c);
}

static void refused_together(const char *part)
{
	assert_int_equal(load(COUNT_CONFIG_COLD, dir, NULL), COUNT_ERR_INVALID);
	has(err.text, part);
	assert_int_equal(load(0, dir, NULL), COUNT_OK);
}

static void test_cold_together(void **state)
{
	static const char *const near[] = { "http://localhost:80", "http://127.9.9.9", "http://[::1]:1",
		"http://x.localhost", "https://example.com" };
	static const char *const far[] = { "http://example.com", "http://127.0.0.1.example.com",
		"http://localhost.example.com", "HTTP://10.0.0.1:80", "http://127.example" };

	(void)state;
	setenv("S3_ENABLED", "1", 1);
	setenv("S3_BUCKET", "b", 1);
	refused_together("S3_BUCKET='b': a bucket of AWS");
	for (size_t i = 0; i < 5; i++) {
		setenv("S3_ENDPOINT", near[i], 1);
		assert_int_equal(load(COUNT_CONFIG_COLD, dir, NULL), COUNT_OK);
		setenv("S3_ENDPOINT", far[i], 1);
		refused_together("S3_ALLOW_HTTP");
	}
	setenv("S3_ALLOW_HTTP", "yes", 1);
	assert_int_equal(load(COUNT_CONFIG_COLD, dir, NULL), COUNT_OK);
	setenv("S3_SSE_KMS_KEY_ID", "k", 1);
	refused_together("S3_SSE=aws:kms");
	setenv("S3_SSE", "aws:kms", 1);
	assert_int_equal(load(COUNT_CONFIG_COLD, dir, NULL), COUNT_OK);
}

/* The names that other programs use give way to ours, wherever that is set. */
static void test_other_names(void **state)
{
	(void)state;
	setenv("AWS_ENDPOINT_URL", "https://a", 1);
	setenv("AWS_CA_BUNDLE", "/ca", 1);
	assert_int_equal(load(COUNT_CONFIG_COLD, dir, NULL), COUNT_OK);
	assert_string_equal(cfg.strings->cold.text[COLD_ENDPOINT], "https://a");
	assert_string_equal(cfg.strings->cold.text[COLD_CA_BUNDLE], "/ca");
	setenv("AWS_ENDPOINT_URL_S3", "https://b", 1);
	assert_int_equal(load(COUNT_CONFIG_COLD, dir, NULL), COUNT_OK);
	assert_string_equal(cfg.strings->cold.text[COLD_ENDPOINT], "https://b");
	count_config_free(&cfg);
	assert_int_equal(count_config_env(&cfg, NULL), COUNT_OK);
	assert_string_equal(cfg.strings->cold.text[COLD_ENDPOINT], "https://b");
	setenv("AWS_ENDPOINT_URL_S3", "nonsense", 1);
	assert_int_equal(load(COUNT_CONFIG_COLD, dir, NULL), COUNT_ERR_INVALID);
	has(err.text, "AWS_ENDPOINT_URL_S3='nonsense' (from the environment)");
	put_file(etc, "S3_ENDPOINT=https://c\nS3_CA_BUNDLE=/mine\n");
	assert_int_equal(load(COUNT_CONFIG_COLD, dir, NULL), COUNT_OK);
	assert_string_equal(cfg.strings->cold.text[COLD_ENDPOINT], "https://c");
	assert_string_equal(cfg.strings->cold.text[COLD_CA_BUNDLE], "/mine");
}

/* ---- Files that are not obeyed ---- */

static void test_distrust(void **state)
{
	(void)state;
	put_file(own, "RETENTION=1d\n");
	assert_int_equal(chmod(own, 0622), 0);
	assert_int_equal(load(0, dir, NULL), COUNT_OK);
	assert_null(cfg.retention);
	has(warnings(), "count.conf: not obeyed: others may write");
	assert_int_equal(chmod(own, 0644), 0);
	assert_int_equal(load(0, dir, NULL), COUNT_OK);
	assert_string_equal(cfg.retention, "1d");
	if (geteuid() == 0) {
		assert_int_equal(chown(own, 12345, 12345), 0);
		assert_int_equal(load(0, dir, NULL), COUNT_OK);
		assert_null(cfg.retention);
		has(warnings(), "another user");
	}
	unlink(own);
	put_file(named, "RETENTION=1d\n");
	assert_int_equal(symlink(named, own), 0);
	assert_int_equal(load(0, dir, NULL), COUNT_OK);
	assert_null(cfg.retention);
	has(warnings(), "not obeyed");
	unlink(own);
	assert_int_equal(mkfifo(own, 0600), 0);		/* does not hang */
	assert_int_equal(load(0, dir, NULL), COUNT_OK);
	has(warnings(), "regular");
}

static void test_named(void **state)
{
	char *big = malloc(CONFIG_FILE_MAX_BYTES + 2);

	(void)state;
	assert_non_null(big);
	assert_int_equal(load(0, dir, named), COUNT_ERR_INVALID);
	has(err.text, named);
	assert_int_equal(load(0, dir, top), COUNT_ERR_INVALID);	/* a directory */
	memset(big, '#', CONFIG_FILE_MAX_BYTES + 1);
	big[CONFIG_FILE_MAX_BYTES + 1] = '\0';
	put_file(named, big);
	assert_int_equal(load(0, dir, named), COUNT_ERR_INVALID);
	has(err.text, "longer than");
	put_file(named, "x=1\nMEMORY_BUFFER_SIZE=many\n");
	assert_int_equal(load(0, dir, named), COUNT_ERR_INVALID);
	has(err.text, "MEMORY_BUFFER_SIZE='many'");
	has(err.text, "named.conf:2");
	free(big);
}

static void test_near_miss(void **state)
{
	(void)state;
	put_file(named, "RETENTON=90d\nPATH=/bin\ndata_dir=/x\nHOME=/root\nS3_BUKET=b\nLOG_DIR=/y\n"
		 "S3_ENDPOINT=http://x\nTAGS=1\n");
	assert_int_equal(load(COUNT_CONFIG_COLD, dir, named), COUNT_OK);
	has(warnings(), "named.conf:1: RETENTON is not a setting; did you mean RETENTION?\n");
	has(warnings(), "named.conf:3: data_dir is not a setting; did you mean DATA_DIR?\n");
	has(warnings(), "named.conf:5: S3_BUKET is not a setting; did you mean S3_BUCKET?\n");
	for (const char *other = "2:4:6:7:8:"; *other != '\0'; other += 2) {
		char line[16];

		snprintf(line, sizeof(line), "conf:%c:", *other);
		assert_null(strstr(warnings(), line));
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_table), T(test_file_format), T(test_order), T(test_data_dir), T(test_values),
		T(test_cold), T(test_cold_values), T(test_cold_together), T(test_other_names), T(test_distrust),
		T(test_named), T(test_near_miss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
