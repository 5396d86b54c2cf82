/* key.c - the keys of a bucket: PREFIX/SERIES/manifest.json, PREFIX/SERIES/block_START_END.json; see tier.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cold/tier.h"
#include "s3/s3.h"

/* SHA-256 is libcrypto's, which only the module of S3 links: it is opened for a name that needs it. */
static int need_sha256(struct cold_tier *t, keyname_sha256 **sha256, struct count_error *err)
{
	const void *table;
	int ret = COUNT_OK;

	if (t->s3 == NULL) {
		ret = module_open(&t->s3_so, "s3", S3_MODULE_SYMBOL, S3_MODULE_VERSION, "keys of long series names",
				  &table, err);
		if (ret == COUNT_OK)
			t->s3 = table;
	}
	if (ret == COUNT_OK)
		*sha256 = t->s3->sha256;
	return ret;
}

static int series_part(struct cold_tier *t, const char *series, size_t len, char part[KEYNAME_MAX + 1],
		       struct count_error *err)
{
	keyname_sha256 *sha256 = NULL;
	int ret = keyname_is_long(series, len) ? need_sha256(t, &sha256, err) : COUNT_OK;

	if (ret != COUNT_OK)
		return ret;
	ret = keyname_encode(series, len, sha256, part);
	return ret == COUNT_OK ? COUNT_OK : err_set(err, ret, "%.*s: no key of an object can be made of this name",
						    len > 100 ? 100 : (int)len, series);
}

/* PREFIX/SERIES/LEAF */
static int make_key(struct cold_tier *t, const char *series, size_t len, const char *leaf,
		    char out[OBJSTORE_KEY_MAX + 1], struct count_error *err)
{
	char part[KEYNAME_MAX + 1];
	int ret = series_part(t, series, len, part, err), n;

	if (ret != COUNT_OK)
		return ret;
	n = snprintf(out, OBJSTORE_KEY_MAX + 1, "%s/%s/%s", t->settings->text[COLD_PREFIX], part, leaf);
	if (n < 0 || n > OBJSTORE_KEY_MAX)
		return err_set(err, COUNT_ERR_INVALID, "S3_PREFIX is too long for the keys of %.100s", part);
	return COUNT_OK;
}

int cold_dir(struct cold_tier *t, const char *series, size_t len, char out[OBJSTORE_KEY_MAX + 1],
	     struct count_error *err)
{
	return make_key(t, series, len, "", out, err);
}

int cold_manifest_key(struct cold_tier *t, const char *series, size_t len, char out[OBJSTORE_KEY_MAX + 1],
		      struct count_error *err)
{
	return make_key(t, series, len, "manifest.json", out, err);
}

int cold_block_key(struct cold_tier *t, const char *series, size_t len, int64_t start, int64_t end,
		   unsigned nth, char out[OBJSTORE_KEY_MAX + 1], struct count_error *err)
{
	char leaf[80], number[16] = "";

	if (nth > 1)
		snprintf(number, sizeof(number), "_%u", nth);
	snprintf(leaf, sizeof(leaf), "block_%" PRId64 "_%" PRId64 "%s.json", start, end, number);
	return make_key(t, series, len, leaf, out, err);
}

/* ---- Back ---- */

/* A decimal as printf() writes it, so that a time has one spelling. */
static const char *read_time(const char *s, int64_t *v)
{
	char again[24];
	bool minus = *s == '-';
	const char *p = s + minus;
	uint64_t r = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(r, 10u, &r) || __builtin_add_overflow(r, (unsigned)(*p - '0'), &r))
			return NULL;
	if (r > (uint64_t)INT64_MAX + minus)
		return NULL;
	*v = (int64_t)(minus ? 0 - r : r);
	snprintf(again, sizeof(again), "%" PRId64, *v);
	return strlen(again) == (size_t)(p - s) && memcmp(again, s, (size_t)(p - s)) == 0 ? p : NULL;
}

static bool is_block(const char *leaf, int64_t *start, int64_t *end)
{
	int64_t nth = 2;
	const char *p = strncmp(leaf, "block_", 6) == 0 ? read_time(leaf + 6, start) : NULL;

	if (p == NULL || *p != '_' || (p = read_time(p + 1, end)) == NULL)
		return false;
	if (*p == '_' && (p = read_time(p + 1, &nth)) == NULL)
		return false;
	return strcmp(p, ".json") == 0 && *start <= *end && nth >= 2 && nth <= UINT32_MAX;
}

enum cold_key_kind cold_key_parse(const struct cold_tier *t, const char *key, const char **part, size_t *part_len,
				  int64_t *start, int64_t *end)
{
	const char *prefix = t->settings->text[COLD_PREFIX], *slash;
	size_t n = strlen(prefix);

	*part = "";
	*part_len = 0;
	if (strncmp(key, prefix, n) != 0 || key[n] != '/' || key[n + 1] == '!')
		return COLD_KEY_OTHER;
	slash = strchr(key + n + 1, '/');
	if (slash == NULL || slash == key + n + 1)
		return COLD_KEY_OTHER;
	*part = key + n + 1;
	*part_len = (size_t)(slash - *part);
	if (strcmp(slash + 1, "manifest.json") == 0)
		return COLD_KEY_MANIFEST;
	return is_block(slash + 1, start, end) ? COLD_KEY_BLOCK : COLD_KEY_OTHER;
}
