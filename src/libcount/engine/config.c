/*
 * config.c - the settings, their kinds and places in struct count_config; count(7), ENVIRONMENT.
 *
 * Where they come from, in which order, is config_load.c.
 */
#include "engine/config.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/words.h"

#define AT(field) offsetof(struct count_config, field)
/* ELSEWHERE: read where it is used; here it is known, so that nobody is told it was a typing error. */
#define ELSEWHERE(name) { .key = name, .kind = KIND_ELSEWHERE, .cold = true }
/* COLD: cold/settings_set.c knows its kind and limits, and where it is kept. */
#define COLD(name) { .key = name, .kind = KIND_COLD, .cold = true }

const struct setting config_settings[CONFIG_NSETTINGS] = {
	{ "DATA_DIR", KIND_STRING, false, AT(data_dir), 0, 0, 0 },
	{ "MEMORY_BUFFER_SIZE", KIND_U64, false, AT(memory_buffer_size), 0, 1, UINT64_C(1) << 40 },
	{ "RETENTION", KIND_DURATION, false, AT(retention), 1, 0, 0 },
	{ "S3_ENABLED", KIND_BOOL, true, AT(s3_enabled), 0, 0, 0 },
	{ "S3_BUCKET", KIND_BUCKET, true, AT(s3_bucket), 2, 0, 0 },
	{ "S3_REGION", KIND_REGION, true, AT(s3_region), 3, 0, 0 },
	{ "S3_PREFIX", KIND_PREFIX, true, AT(s3_prefix), 4, 0, 0 },
	{ "ARCHIVAL_AGE_DAYS", KIND_U32, true, AT(archival_age_days), 0, 0, 100000 },
	ELSEWHERE("COUNT_LOG"), ELSEWHERE("COUNT_LOG_TO"),
	COLD("ARCHIVAL_BATCH_DAYS"), COLD("CACHE_SIZE"), COLD("PRICE_EGRESS_GB"),
	COLD("PRICE_GB_MONTH"), COLD("PRICE_GET"), COLD("PRICE_PUT"), COLD("S3_ALLOW_HTTP"),
	COLD("S3_CA_BUNDLE"), COLD("S3_ENDPOINT"), COLD("S3_INDEX_MAX_AGE"), COLD("S3_JOBS"),
	COLD("S3_PATH_STYLE"), COLD("S3_REQUEST_PAYER"), COLD("S3_RETRIES"), COLD("S3_SSE"),
	COLD("S3_SSE_KMS_KEY_ID"), COLD("S3_STORAGE_CLASS"), COLD("S3_TAGS"), COLD("S3_TIMEOUT"),
};

const struct setting *config_find(const char *key)
{
	for (size_t i = 0; i < CONFIG_NSETTINGS; i++)
		if (strcmp(config_settings[i].key, key) == 0)
			return &config_settings[i];
	return NULL;
}

void count_config_init(struct count_config *cfg)
{
	*cfg = (struct count_config){
		.data_dir = "./count_data", .data_dir_source = "default",
		.memory_buffer_size = 10000, .s3_prefix = "count-data", .archival_age_days = 14,
	};
}

void count_config_free(struct count_config *cfg)
{
	struct count_config_strings *s = cfg->strings;

	if (s != NULL) {
		for (size_t i = 0; i < CONFIG_NSTRINGS; i++)
			free(s->values[i]);
		free(s->data_dir_source);
		cold_settings_free(&s->cold);
		buf_free(&s->warnings);
		free(s);
	}
	count_config_init(cfg);
}

int config_need_strings(struct count_config *cfg, struct count_error *err)
{
	if (cfg->strings != NULL)
		return COUNT_OK;
	cfg->strings = calloc(1, sizeof(*cfg->strings));
	if (cfg->strings == NULL)
		return err_nomem(err);
	cold_settings_init(&cfg->strings->cold);
	return COUNT_OK;
}

/* ---- One setting ---- */

static int refuse(const char *key, const char *value, const char *source, const char *why,
		  struct count_error *err)
{
	return err_set(err, COUNT_ERR_INVALID, "%s='%.100s' (from %s): %s", key, value, source, why);
}

/* Keeps a copy of len bytes of value in the config, and points the field at it. */
static int keep_string(struct count_config *cfg, const struct setting *s, const char *value, size_t len,
		       struct count_error *err)
{
	char *copy = strndup(value, len);

	if (copy == NULL)
		return err_nomem(err);
	free(cfg->strings->values[s->string]);
	cfg->strings->values[s->string] = copy;
	memcpy((char *)cfg + s->offset, &copy, sizeof(copy));
	return COUNT_OK;
}

static int set_string(struct count_config *cfg, const struct setting *s, const char *value,
		      const char *source, struct count_error *err)
{
	char *from;

	if (s->offset != AT(data_dir))
		return keep_string(cfg, s, value, strlen(value), err);
	from = strdup(source);
	if (from == NULL || keep_string(cfg, s, value, strlen(value), err) != COUNT_OK) {
		free(from);
		return err_nomem(err);
	}
	free(cfg->strings->data_dir_source);
	cfg->data_dir_source = cfg->strings->data_dir_source = from;
	return COUNT_OK;
}

/* A string that the cold tier has rules for. */
static int set_checked(struct count_config *cfg, const struct setting *s, const char *value,
		       const char *source, const char *(*check)(const char *), struct count_error *err)
{
	const char *why = check(value);

	if (why != NULL)
		return refuse(s->key, value, source, why, err);
	return set_string(cfg, s, value, source, err);
}

/* Keys are PREFIX/SERIES/..., whoever wrote the slash. */
static int set_prefix(struct count_config *cfg, const struct setting *s, const char *value,
		      const char *source, struct count_error *err)
{
	const char *inner = value + strspn(value, "/");
	size_t len = strlen(inner);
	char *copy;
	int ret;

	while (len > 0 && inner[len - 1] == '/')
		len--;
	copy = strndup(inner, len);
	if (copy == NULL)
		return err_nomem(err);
	ret = set_checked(cfg, s, copy, source, cold_prefix_check, err);
	free(copy);
	return ret;
}

static int set_number(struct count_config *cfg, const struct setting *s, const char *value,
		      const char *source, struct count_error *err)
{
	char why[80];
	uint64_t v;
	uint32_t v32;
	const char *end = words_whole(value, &v);

	if (end == NULL || *end != '\0' || v < s->min || v > s->max) {
		snprintf(why, sizeof(why), "not a whole number from %" PRIu64 " to %" PRIu64, s->min,
			 s->max);
		return refuse(s->key, value, source, why, err);
	}
	v32 = (uint32_t)v;
	if (s->kind == KIND_U32)
		memcpy((char *)cfg + s->offset, &v32, sizeof(v32));
	else
		memcpy((char *)cfg + s->offset, &v, sizeof(v));
	return COUNT_OK;
}

static int set_duration(struct count_config *cfg, const struct setting *s, const char *value,
			const char *source, struct count_error *err)
{
	struct count_duration dur;

	if (count_duration_parse(value, strlen(value), &dur, NULL) != COUNT_OK)
		return refuse(s->key, value, source, "not a duration with a unit, such as 90d or 2y", err);
	return set_string(cfg, s, value, source, err);
}

static int set_bool(struct count_config *cfg, const struct setting *s, const char *value,
		    const char *source, struct count_error *err)
{
	bool v;

	if (!words_bool(value, &v))
		return refuse(s->key, value, source, "neither true, 1, yes, on nor false, 0, no, off", err);
	memcpy((char *)cfg + s->offset, &v, sizeof(v));
	return COUNT_OK;
}

int config_set_cold(struct count_config *cfg, const char *key, const char *name, const char *value,
		    const char *source, struct count_error *err)
{
	const char *why;
	int ret = cold_settings_set(&cfg->strings->cold, key, value, &why);

	return ret == COUNT_ERR_INVALID ? refuse(name, value, source, why, err) :
	       ret != COUNT_OK ? err_nomem(err) : COUNT_OK;
}

int config_set_value(struct count_config *cfg, const struct setting *s, const char *value,
		     const char *source, struct count_error *err)
{
	int ret = config_need_strings(cfg, err);

	if (ret != COUNT_OK)
		return ret;
	switch (s->kind) {
	case KIND_STRING:
		return set_string(cfg, s, value, source, err);
	case KIND_BUCKET:
		return set_checked(cfg, s, value, source, cold_bucket_check, err);
	case KIND_REGION:
		return set_checked(cfg, s, value, source, cold_region_check, err);
	case KIND_PREFIX:
		return set_prefix(cfg, s, value, source, err);
	case KIND_COLD:
		return config_set_cold(cfg, s->key, s->key, value, source, err);
	case KIND_DURATION:
		return set_duration(cfg, s, value, source, err);
	case KIND_BOOL:
		return set_bool(cfg, s, value, source, err);
	case KIND_U32:
	case KIND_U64:
		return set_number(cfg, s, value, source, err);
	case KIND_ELSEWHERE:
		break;
	}
	return COUNT_OK;
}

int count_config_set(struct count_config *cfg, const char *key, const char *value,
		     const char *source, struct count_error *err)
{
	const struct setting *s = config_find(key);

	if (s == NULL)
		return err_set(err, COUNT_ERR_INVALID, "there is no setting %.100s (from %s)", key, source);
	if (value[0] == '\0')
		return refuse(key, value, source, "empty", err);
	return config_set_value(cfg, s, value, source, err);
}

/* ---- For a handle ---- */

/* The fields that a program may have stored itself go over what was loaded. */
int config_cold(const struct count_config *cfg, struct cold_settings *to)
{
	int ret;

	if (cfg->strings != NULL && cold_settings_copy(&cfg->strings->cold, to) != COUNT_OK)
		return COUNT_ERR_NOMEM;
	to->enabled = cfg->s3_enabled;
	to->age_days = cfg->archival_age_days;
	ret = cold_settings_text(to, COLD_BUCKET, cfg->s3_bucket);
	if (ret == COUNT_OK)
		ret = cold_settings_text(to, COLD_REGION, cfg->s3_region);
	if (ret == COUNT_OK)
		ret = cold_settings_text(to, COLD_PREFIX, cfg->s3_prefix);
	return ret;
}
