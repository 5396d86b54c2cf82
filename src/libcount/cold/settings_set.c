/* settings_set.c - one setting of the cold tier: its kind, its limits, what is wrong with a value. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "base/words.h"
#include "cold/endpoint.h"
#include "cold/settings.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define BUCKET_MAX 255		/* what S3 has allowed at any time */
#define PREFIX_MAX 512		/* leaves room for the rest of a key */
#define TAGS_MAX 10
#define PRICE_MAX 1e6

enum kind { TEXT, BOOL, U32, BYTES, PRICE, SECONDS, STYLE };

struct cold_row {
	const char *key;
	enum kind kind;
	size_t offset;			/* of the field; of a text its index */
	const char *(*check)(const char *value);	/* of a text */
	uint32_t min, max;		/* of a number, */
	const char *range;		/* and what to say of another */
};

/* ---- Texts ---- */

const char *cold_bucket_check(const char *name)
{
	size_t len = strlen(name);

	if (strncasecmp(name, "s3://", 5) == 0 || strchr(name, '/') != NULL)
		return "the bare name of a bucket, without s3:// and path (S3_PREFIX takes a path)";
	if (len > BUCKET_MAX)
		return "longer than a bucket's name can be";
	if (strspn(name, LOWER UPPER DIGITS ".-_") != len || strchr(".-", name[0]) != NULL ||
	    strstr(name, "..") != NULL)
		return "not the name of a bucket: letters, digits, '-', '.', '_', a letter or digit first";
	return NULL;
}

const char *cold_region_check(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > 64 || strspn(name, LOWER UPPER DIGITS "-_.") != len)
		return "not a region, such as eu-central-1";
	return NULL;
}

const char *cold_prefix_check(const char *prefix)
{
	size_t len = strlen(prefix), at, n;

	if (len > PREFIX_MAX)
		return "longer than 512 bytes";
	if (utf8_check_text(prefix, len, &at) != UTF8_TEXT)
		return "not UTF-8 without control characters";
	for (const char *p = prefix; ; p += n + 1) {
		n = strcspn(p, "/");
		if (n == 0)
			return "empty, or two slashes side by side: every key begins with PREFIX/";
		if ((n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return "has a part . or .., which no key may have";
		if (p[n] == '\0')
			return NULL;
	}
}

static const char *check_storage_class(const char *value)
{
	static const char *const known[] = { "STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
		"GLACIER_IR", "REDUCED_REDUNDANCY", "EXPRESS_ONEZONE" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(value, known[i]) == 0)
			return NULL;
	if (strcmp(value, "GLACIER") == 0 || strcmp(value, "DEEP_ARCHIVE") == 0)
		return "objects in it cannot be read at once, so no query could; GLACIER_IR can, at nearly the price";
	return "it is STANDARD, STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, REDUCED_REDUNDANCY "
	       "or EXPRESS_ONEZONE";
}

static const char *check_sse(const char *value)
{
	return strcmp(value, "AES256") == 0 || strcmp(value, "aws:kms") == 0 ? NULL : "it is AES256 or aws:kms";
}

static const char *check_payer(const char *value)
{
	return strcmp(value, "requester") == 0 ? NULL : "it is requester, or not set";
}

/* It becomes a header: printable ASCII. */
static const char *check_word(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return "it has blanks or characters outside ASCII";
	return strlen(value) <= 2048 ? NULL : "longer than 2048 bytes";
}

static const char *check_path(const char *value)
{
	size_t at;

	return utf8_check_text(value, strlen(value), &at) == UTF8_CONTROL ? "control characters" : NULL;
}

/* Of a tag: what a URL's query may hold, since the header is one. */
static bool tag_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '%' && (len - i < 3 || strspn(s + i + 1, DIGITS "abcdefABCDEF") < 2))
			return false;
		if (s[i] == '\0' || strchr(LOWER UPPER DIGITS "-_.~%+:/@", s[i]) == NULL)
			return false;
	}
	return true;
}

static const char *check_tags(const char *value)
{
	const char *keys[TAGS_MAX];
	size_t lens[TAGS_MAX], n = 0;

	for (const char *p = value; ; p++) {
		size_t len = strcspn(p, "&"), key = strcspn(p, "=&");

		if (key == 0 || key >= len || !tag_text(p, key) || !tag_text(p + key + 1, len - key - 1))
			return "not of the form key=value&key=value, with all but A-Za-z0-9-_.~+:/@ as %XX";
		if (key > 3 * 128 || len - key - 1 > 3 * 256)
			return "a tag's key has at most 128 characters, its value 256";
		if (n == TAGS_MAX)
			return "an object has at most 10 tags";
		for (size_t i = 0; i < n; i++)
			if (lens[i] == key && memcmp(keys[i], p, key) == 0)
				return "a tag is given twice";
		keys[n] = p;
		lens[n++] = key;
		p += len;
		if (*p == '\0')
			return NULL;
	}
}

/* A slash at the end of an endpoint says nothing, and the scope of the index should not depend on it. */
static int set_text(struct cold_settings *s, const struct cold_row *row, const char *value, const char **why)
{
	enum cold_text which = (enum cold_text)row->offset;
	size_t len;

	*why = row->check(value);
	if (*why != NULL)
		return COUNT_ERR_INVALID;
	if (cold_settings_text(s, which, value) != COUNT_OK)
		return COUNT_ERR_NOMEM;
	len = strlen(value);
	while (which == COLD_ENDPOINT && len > strlen("file:///") && value[len - 1] == '/')
		s->text[which][--len] = '\0';
	return COUNT_OK;
}

/* ---- The others ---- */

static const char *set_bytes(const char *value, uint64_t *to)
{
	static const char *const why = "not a size, such as 1G, 500M or 65536";
	static const char units[] = "kmgt";
	uint64_t v;
	const char *end = words_whole(value, &v), *unit;

	if (end == NULL || (*end != '\0' && end[1] != '\0'))
		return why;
	if (*end != '\0') {
		unit = strchr(units, *end | 0x20);
		if (unit == NULL || v > UINT64_MAX >> (10 * (unit - units + 1)))
			return why;
		v <<= 10 * (unit - units + 1);
	}
	*to = v;
	return NULL;
}

static const char *set_u32(const struct cold_row *row, const char *value, uint32_t *to)
{
	uint64_t v;
	const char *end = words_whole(value, &v);

	if (end == NULL || *end != '\0' || v < row->min || v > row->max)
		return row->range;
	*to = (uint32_t)v;
	return NULL;
}

static const char *set_price(const char *value, double *to)
{
	double v;

	if (count_value_parse(value, strlen(value), &v) != COUNT_OK || !(v >= 0 && v <= PRICE_MAX))
		return "not a price in USD, such as 0.005";
	*to = v;
	return NULL;
}

static const char *set_seconds(const char *value, int64_t *to)
{
	struct count_duration dur;

	if (count_duration_parse(value, strlen(value), &dur, NULL) != COUNT_OK)
		return "not a duration with a unit, such as 1h or 10m";
	*to = count_duration_approx(dur, COUNT_UNIT_S);
	return NULL;
}

static const char *set_style(const char *value, enum cold_path_style *to)
{
	bool path;

	if (strcasecmp(value, "auto") == 0)
		*to = COLD_STYLE_AUTO;
	else if (words_bool(value, &path))
		*to = path ? COLD_STYLE_PATH : COLD_STYLE_VIRTUAL;
	else
		return "it is auto, true or false";
	return NULL;
}

/* ---- The table ---- */

#define AT(field) offsetof(struct cold_settings, field)

static const struct cold_row rows[] = {
	{ "ARCHIVAL_BATCH_DAYS", U32, AT(batch_days), NULL, 0, 100000, "not a whole number of days from 0 to 100000" },
	{ .key = "CACHE_SIZE", .kind = BYTES, .offset = AT(cache_bytes) },
	{ .key = "PRICE_EGRESS_GB", .kind = PRICE, .offset = AT(price_egress_gb) },
	{ .key = "PRICE_GB_MONTH", .kind = PRICE, .offset = AT(price_gb_month) },
	{ .key = "PRICE_GET", .kind = PRICE, .offset = AT(price_get) },
	{ .key = "PRICE_PUT", .kind = PRICE, .offset = AT(price_put) },
	{ .key = "S3_ALLOW_HTTP", .kind = BOOL, .offset = AT(allow_http) },
	{ .key = "S3_CA_BUNDLE", .kind = TEXT, .offset = COLD_CA_BUNDLE, .check = check_path },
	{ .key = "S3_ENDPOINT", .kind = TEXT, .offset = COLD_ENDPOINT, .check = endpoint_check },
	{ .key = "S3_INDEX_MAX_AGE", .kind = SECONDS, .offset = AT(index_max_age_s) },
	{ "S3_JOBS", U32, AT(jobs), NULL, 1, 64, "not a whole number from 1 to 64" },
	{ .key = "S3_PATH_STYLE", .kind = STYLE, .offset = AT(path_style) },
	{ .key = "S3_REQUEST_PAYER", .kind = TEXT, .offset = COLD_REQUEST_PAYER, .check = check_payer },
	{ "S3_RETRIES", U32, AT(retries), NULL, 1, 20, "not a whole number from 1 to 20" },
	{ .key = "S3_SSE", .kind = TEXT, .offset = COLD_SSE, .check = check_sse },
	{ .key = "S3_SSE_KMS_KEY_ID", .kind = TEXT, .offset = COLD_SSE_KMS_KEY_ID, .check = check_word },
	{ .key = "S3_STORAGE_CLASS", .kind = TEXT, .offset = COLD_STORAGE_CLASS, .check = check_storage_class },
	{ .key = "S3_TAGS", .kind = TEXT, .offset = COLD_TAGS, .check = check_tags },
	{ "S3_TIMEOUT", U32, AT(timeout_s), NULL, 1, 3600, "not a whole number of seconds from 1 to 3600" },
};

static const struct cold_row *find(const char *key)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].key, key) == 0)
			return &rows[i];
	return NULL;
}

bool cold_setting(const char *key)
{
	return find(key) != NULL;
}

int cold_settings_set(struct cold_settings *s, const char *key, const char *value, const char **why)
{
	const struct cold_row *row = find(key);
	void *field = row != NULL ? (char *)s + row->offset : NULL;

	*why = "there is no such setting";
	if (row == NULL)
		return COUNT_ERR_INVALID;
	switch (row->kind) {
	case TEXT:
		return set_text(s, row, value, why);
	case BOOL:
		*why = words_bool(value, field) ? NULL : "neither true, 1, yes, on nor false, 0, no, off";
		break;
	case U32:
		*why = set_u32(row, value, field);
		break;
	case BYTES:
		*why = set_bytes(value, field);
		break;
	case PRICE:
		*why = set_price(value, field);
		break;
	case SECONDS:
		*why = set_seconds(value, field);
		break;
	case STYLE:
		*why = set_style(value, field);
		break;
	}
	return *why == NULL ? COUNT_OK : COUNT_ERR_INVALID;
}
