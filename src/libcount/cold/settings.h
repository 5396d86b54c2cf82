/*
 * settings.h - the settings of the cold tier, read and checked; count(7), ENVIRONMENT.
 *
 * engine/config.c fills one inside struct count_config; count_open() copies it into the handle.
 */
#ifndef COUNT_COLD_SETTINGS_H
#define COUNT_COLD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"

enum cold_text {	/* those that are text; NULL: not set */
	COLD_BUCKET, COLD_PREFIX, COLD_REGION,
	COLD_ENDPOINT,		/* NULL: AWS; file:///DIR, https://HOST[:PORT], http://... */
	COLD_STORAGE_CLASS, COLD_SSE, COLD_SSE_KMS_KEY_ID, COLD_TAGS, COLD_REQUEST_PAYER, COLD_CA_BUNDLE,
	COLD_NTEXTS
};

enum cold_path_style { COLD_STYLE_AUTO, COLD_STYLE_PATH, COLD_STYLE_VIRTUAL };	/* S3_PATH_STYLE auto, true, false */

struct cold_settings {
	bool enabled;			/* S3_ENABLED */
	char *text[COLD_NTEXTS];	/* its own */
	enum cold_path_style path_style;
	bool allow_http;
	uint32_t age_days, batch_days;	/* ARCHIVAL_AGE_DAYS, ARCHIVAL_BATCH_DAYS */
	uint32_t jobs;			/* S3_JOBS: requests at once, 1 .. 64; 8 */
	uint32_t retries;		/* S3_RETRIES: tries of a request, 1 .. 20; 5 */
	uint32_t timeout_s;		/* S3_TIMEOUT: of silence, 1 .. 3600; 20 */
	int64_t index_max_age_s;	/* S3_INDEX_MAX_AGE: 1h */
	uint64_t cache_bytes;		/* CACHE_SIZE: 1G; 0: no cache */
	/* USD; for 1,000 requests of PUT (and LIST), for 1,000 of GET (and HEAD), for a GB (1e9 bytes) a month
	 * and out of the cloud.  Negative: not set, see cold/price.h. */
	double price_put, price_get, price_gb_month, price_egress_gb;
};

void cold_settings_init(struct cold_settings *s);		/* the defaults */
void cold_settings_free(struct cold_settings *s);		/* leaves the defaults */
/* to: initialised; as it was on COUNT_ERR_NOMEM. */
int cold_settings_copy(const struct cold_settings *from, struct cold_settings *to);

/* Is it a setting that cold_settings_set() takes?  Those with a field in struct count_config are not. */
bool cold_setting(const char *key);
/* Check and store one.  COUNT_ERR_INVALID: *why says what is wrong with the value; COUNT_ERR_NOMEM. */
int cold_settings_set(struct cold_settings *s, const char *key, const char *value, const char **why);
/* NULL: fine; else what is wrong with a name of a bucket or region, or a prefix without outer slashes. */
const char *cold_bucket_check(const char *name);
const char *cold_region_check(const char *name);
const char *cold_prefix_check(const char *prefix);
/* All of them together, however they came here: COUNT_ERR_INVALID names the setting. */
int cold_settings_check(const struct cold_settings *s, struct count_error *err);
/* Replaces one text; value NULL: none.  COUNT_ERR_NOMEM. */
int cold_settings_text(struct cold_settings *s, enum cold_text which, const char *value);

#endif
