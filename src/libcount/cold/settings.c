/* settings.c - the settings of the cold tier as a whole: defaults, copies, what they say together. */
#include "cold/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cold/endpoint.h"

void cold_settings_init(struct cold_settings *s)
{
	*s = (struct cold_settings){
		.age_days = 14, .batch_days = 10, .jobs = 8, .retries = 5, .timeout_s = 20,
		.index_max_age_s = 3600, .cache_bytes = UINT64_C(1) << 30,
		.price_put = -1, .price_get = -1, .price_gb_month = -1, .price_egress_gb = -1,
	};
}

void cold_settings_free(struct cold_settings *s)
{
	for (size_t i = 0; i < COLD_NTEXTS; i++)
		free(s->text[i]);
	cold_settings_init(s);
}

int cold_settings_text(struct cold_settings *s, enum cold_text which, const char *value)
{
	char *copy = value != NULL ? strdup(value) : NULL;

	if (value != NULL && copy == NULL)
		return COUNT_ERR_NOMEM;
	free(s->text[which]);
	s->text[which] = copy;
	return COUNT_OK;
}

int cold_settings_copy(const struct cold_settings *from, struct cold_settings *to)
{
	struct cold_settings copy = *from;
	int ret = COUNT_OK;

	memset(copy.text, 0, sizeof(copy.text));
	for (size_t i = 0; i < COLD_NTEXTS && ret == COUNT_OK; i++)
		ret = cold_settings_text(&copy, (enum cold_text)i, from->text[i]);
	if (ret != COUNT_OK) {
		cold_settings_free(&copy);
		return ret;
	}
	cold_settings_free(to);
	*to = copy;
	return COUNT_OK;
}

/* A program may have stored them itself, so each is looked at again. */
static int check_texts(const struct cold_settings *s, struct count_error *err)
{
	static const struct { enum cold_text text; const char *key, *(*check)(const char *); } checks[] = {
		{ COLD_BUCKET, "S3_BUCKET", cold_bucket_check }, { COLD_PREFIX, "S3_PREFIX", cold_prefix_check },
		{ COLD_REGION, "S3_REGION", cold_region_check }, { COLD_ENDPOINT, "S3_ENDPOINT", endpoint_check },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		const char *value = s->text[checks[i].text];
		const char *why = value != NULL ? checks[i].check(value) : NULL;

		if (why != NULL)
			return err_set(err, COUNT_ERR_INVALID, "%s='%.100s': %s", checks[i].key, value, why);
	}
	return COUNT_OK;
}

int cold_settings_check(const struct cold_settings *s, struct count_error *err)
{
	const char *endpoint = s->text[COLD_ENDPOINT], *sse = s->text[COLD_SSE];

	if (!s->enabled)
		return err_set(err, COUNT_ERR_INVALID, "the cold tier is off: set S3_ENABLED=true and S3_BUCKET");
	if (s->text[COLD_BUCKET] == NULL)
		return err_set(err, COUNT_ERR_INVALID, "S3_ENABLED is true but S3_BUCKET names no bucket");
	if (s->text[COLD_PREFIX] == NULL)
		return err_set(err, COUNT_ERR_INVALID, "S3_PREFIX is empty");
	if (check_texts(s, err) != COUNT_OK)
		return COUNT_ERR_INVALID;
	if (endpoint == NULL && strlen(s->text[COLD_BUCKET]) < 3)
		return err_set(err, COUNT_ERR_INVALID, "S3_BUCKET='%s': a bucket of AWS has 3 characters or more",
			       s->text[COLD_BUCKET]);
	if (endpoint_insecure(endpoint) && !s->allow_http)
		return err_set(err, COUNT_ERR_INVALID, "S3_ENDPOINT='%.200s': plain http shows data to everybody "
			       "on the way; use https, or allow it by S3_ALLOW_HTTP=true", endpoint);
	if (s->text[COLD_SSE_KMS_KEY_ID] != NULL && (sse == NULL || strcmp(sse, "aws:kms") != 0))
		return err_set(err, COUNT_ERR_INVALID, "S3_SSE_KMS_KEY_ID is set, which needs S3_SSE=aws:kms");
	return COUNT_OK;
}
