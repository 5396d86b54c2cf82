/*
 * config.c - the settings, their kinds and places in struct count_config; DESIGN section 3.
 *
 * Where they come from, in which order, is config_load.c.
 */
#include "engine/config.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

#define AT(field) offsetof(struct count_config, field)
/* ELSEWHERE: read where it is used; here it is known, so that nobody is told it was a typing error. */
#define ELSEWHERE(name) { .key = name, .kind = KIND_ELSEWHERE, .cold = true }

const struct setting config_settings[CONFIG_NSETTINGS] = {
	{ "DATA_DIR", KIND_STRING, false, AT(data_dir), 0, 0, 0 },
	{ "MEMORY_BUFFER_SIZE", KIND_U64, false, AT(memory_buffer_size), 0, 1, UINT64_C(1) << 40 },
	{ "RETENTION", KIND_DURATION, false, AT(retention), 1, 0, 0 },
	{ "S3_ENABLED", KIND_BOOL, true, AT(s3_enabled), 0, 0, 0 },
	{ "S3_BUCKET", KIND_STRING, true, AT(s3_bucket), 2, 0, 0 },
	{ "S3_REGION", KIND_STRING, true, AT(s3_region), 3, 0, 0 },
	{ "S3_PREFIX", KIND_PREFIX, true, AT(s3_prefix), 4, 0, 0 },
	{ "ARCHIVAL_AGE_DAYS", KIND_U32, true, AT(archival_age_days), 0, 0, 100000 },
	ELSEWHERE("ARCHIVAL_BATCH_DAYS"), ELSEWHERE("CACHE_SIZE"),
	ELSEWHERE("COUNT_LOG"), ELSEWHERE("COUNT_LOG_TO"),
	ELSEWHERE("PRICE_EGRESS_GB"), ELSEWHERE("PRICE_GB_MONTH"),
	ELSEWHERE("PRICE_GET"), ELSEWHERE("PRICE_PUT"),
	ELSEWHERE("S3_ALLOW_HTTP"), ELSEWHERE("S3_CA_BUNDLE"), ELSEWHERE("S3_ENDPOINT"),
	ELSEWHERE("S3_INDEX_MAX_AGE"), ELSEWHERE("S3_JOBS"), ELSEWHERE("S3_PATH_STYLE"),
	ELSEWHERE("S3_REQUEST_PAYER"), ELSEWHERE("S3_RETRIES"), ELSEWHERE("S3_SSE"),
	ELSEWHERE("S3_SSE_KMS_KEY_ID"), ELSEWHERE("S3_STORAGE_CLASS"), ELSEWHERE("S3_TAGS"),
	ELSEWHERE("S3_TIMEOUT"),
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
		buf_free(&s->warnings);
		free(s);
	}
	count_config_init(cfg);
}

int config_need_strings(struct count_config *cfg, struct count_error *err)
{
	if (cfg->strings == NULL)
		cfg->strings = calloc(1, sizeof(*cfg->strings));
	return cfg->strings != NULL ? COUNT_OK : err_nomem(err);
}

/* ---- One setting ---- */

static int refuse(const struct setting *s, const char *value, const char *source, const char *why,
		  struct count_error *err)
{
	return err_set(err, COUNT_ERR_INVALID, "%s='%.100s' (from %s): %s", s->key, value, source, why);
}

static int set_string(struct count_config *cfg, const struct setting *s, const char *value,
		      const char *source, struct count_error *err)
{
	size_t len = strlen(value);
	char *copy, *from = NULL;

	if (s->kind == KIND_PREFIX) {	/* keys are PREFIX/SERIES/..., whoever wrote the slash */
		while (*value == '/')
			value++, len--;
		while (len > 0 && value[len - 1] == '/')
			len--;
	}
	copy = strndup(value, len);
	if (s->offset == AT(data_dir))
		from = strdup(source);
	if (copy == NULL || (s->offset == AT(data_dir) && from == NULL)) {
		free(copy);
		free(from);
		return err_nomem(err);
	}
	free(cfg->strings->values[s->string]);
	cfg->strings->values[s->string] = copy;
	memcpy((char *)cfg + s->offset, &copy, sizeof(copy));
	if (from != NULL) {
		free(cfg->strings->data_dir_source);
		cfg->data_dir_source = cfg->strings->data_dir_source = from;
	}
	return COUNT_OK;
}

static bool read_bool(const char *value, bool *v)
{
	static const char *const words[][2] = {
		{ "false", "true" }, { "0", "1" }, { "no", "yes" }, { "off", "on" },
	};

	for (size_t i = 0; i < 4; i++) {
		for (size_t truth = 0; truth < 2; truth++) {
			if (strcasecmp(value, words[i][truth]) == 0) {
				*v = truth != 0;
				return true;
			}
		}
	}
	return false;
}

static bool read_number(const char *value, uint64_t *v)
{
	uint64_t r = 0;

	for (const char *p = value; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(r, 10u, &r) ||
		    __builtin_add_overflow(r, (unsigned)(*p - '0'), &r))
			return false;
	}
	*v = r;
	return *value != '\0';
}

static int set_number(struct count_config *cfg, const struct setting *s, const char *value,
		      const char *source, struct count_error *err)
{
	char why[80];
	uint64_t v;
	uint32_t v32;

	if (!read_number(value, &v) || v < s->min || v > s->max) {
		snprintf(why, sizeof(why), "not a whole number from %" PRIu64 " to %" PRIu64, s->min,
			 s->max);
		return refuse(s, value, source, why, err);
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
		return refuse(s, value, source, "not a duration with a unit, such as 90d or 2y", err);
	return set_string(cfg, s, value, source, err);
}

static int set_bool(struct count_config *cfg, const struct setting *s, const char *value,
		    const char *source, struct count_error *err)
{
	bool v;

	if (!read_bool(value, &v))
		return refuse(s, value, source, "neither true, 1, yes, on nor false, 0, no, off", err);
	memcpy((char *)cfg + s->offset, &v, sizeof(v));
	return COUNT_OK;
}

int config_set_value(struct count_config *cfg, const struct setting *s, const char *value,
		     const char *source, struct count_error *err)
{
	int ret = config_need_strings(cfg, err);

	if (ret != COUNT_OK)
		return ret;
	switch (s->kind) {
	case KIND_STRING:
	case KIND_PREFIX:
		return set_string(cfg, s, value, source, err);
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
		return refuse(s, value, source, "empty", err);
	return config_set_value(cfg, s, value, source, err);
}
