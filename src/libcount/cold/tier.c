/* tier.c - the cold tier of a data directory: opened, closed, and what is known of its bucket; see tier.h. */
#include "cold/tier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cold/endpoint.h"
#include "s3/s3.h"
#include "store/objstore_dir.h"

char *cold_scope(const struct cold_settings *settings)
{
	const char *endpoint = settings->text[COLD_ENDPOINT], *bucket = settings->text[COLD_BUCKET];
	const char *prefix = settings->text[COLD_PREFIX];
	char *scope;
	int n = endpoint != NULL ? asprintf(&scope, "%s/%s/%s", endpoint, bucket, prefix) :
		asprintf(&scope, "s3://%s/%s", bucket, prefix);

	return n < 0 ? NULL : scope;
}

/* The log of the directory may be set later than the store is opened. */
static void store_log(void *arg, int level, const char *text)
{
	const struct datadir *dir = arg;

	log_msg(&dir->log, level, "%s", text);
}

static int open_s3(struct cold_tier *t, struct count_error *err)
{
	static const enum s3_style styles[] = {
		[COLD_STYLE_AUTO] = S3_STYLE_AUTO, [COLD_STYLE_PATH] = S3_STYLE_PATH,
		[COLD_STYLE_VIRTUAL] = S3_STYLE_VIRTUAL,
	};
	const struct cold_settings *s = t->settings;
	struct s3_config cfg = {
		.bucket = s->text[COLD_BUCKET], .endpoint = s->text[COLD_ENDPOINT], .region = s->text[COLD_REGION],
		.storage_class = s->text[COLD_STORAGE_CLASS], .sse = s->text[COLD_SSE],
		.sse_kms_key_id = s->text[COLD_SSE_KMS_KEY_ID], .tags = s->text[COLD_TAGS],
		.request_payer = s->text[COLD_REQUEST_PAYER], .ca_bundle = s->text[COLD_CA_BUNDLE],
		.style = styles[s->path_style], .allow_http = s->allow_http,
		.jobs = s->jobs, .retries = s->retries, .timeout_s = s->timeout_s,
		.user_agent = PACKAGE_NAME "/" PACKAGE_VERSION, .log = store_log, .log_arg = (void *)t->dir,
	};
	const void *table;
	int ret = module_open(&t->s3_so, "s3", S3_MODULE_SYMBOL, S3_MODULE_VERSION, "buckets of S3", &table, err);

	if (ret != COUNT_OK)
		return ret;
	t->s3 = table;
	return t->s3->open(&cfg, &t->store, err);
}

/* What the store says of itself is an error of the cold tier, whatever kind of missing file it is. */
static int open_dir(struct cold_tier *t, const char *path, bool create, struct count_error *err)
{
	const char *bucket = t->settings->text[COLD_BUCKET];
	struct count_error why = { 0 };
	int ret = objstore_dir_open(path, bucket, create, &t->store, &why);

	if (ret == COUNT_ERR_NOTFOUND && create)
		return err_set(err, COUNT_ERR_COLD, "%s (from S3_ENDPOINT); make it, or is it not mounted?", why.text);
	if (ret == COUNT_ERR_NOTFOUND)
		return err_set(err, COUNT_ERR_COLD, "%s/%s: the bucket is not there; is something not mounted?  "
			       "The first run of count-archive makes it, mkdir too", path, bucket);
	return ret == COUNT_OK ? COUNT_OK : err_set(err, ret, "%s", why.text);
}

static int open_tier(struct cold_tier *t, bool create, struct count_error *err)
{
	const char *path = endpoint_dir(t->settings->text[COLD_ENDPOINT]);
	const void *table;
	int ret;

	for (size_t i = 0; i < sizeof(t->dir->format.id); i++)
		snprintf(t->writer + 2 * i, 3, "%02x", t->dir->format.id[i]);
	t->scope = cold_scope(t->settings);
	if (t->scope == NULL)
		return err_nomem(err);
	ret = module_open(&t->json_so, "json", JSON_MODULE_SYMBOL, JSON_MODULE_VERSION, "manifests of the cold tier",
			  &table, err);
	if (ret != COUNT_OK)
		return ret;
	t->json = table;
	return path != NULL ? open_dir(t, path, create, err) : open_s3(t, err);
}

static int tier_open(struct cold_tier *t, const struct cold_settings *settings, const struct datadir *dir,
		     bool create, struct count_error *err)
{
	int ret = cold_settings_check(settings, err);

	*t = (struct cold_tier){ .settings = settings, .dir = dir };
	if (ret == COUNT_OK)
		ret = open_tier(t, create, err);
	if (ret != COUNT_OK)
		cold_tier_close(t);
	return ret;
}

int cold_tier_open(struct cold_tier *t, const struct cold_settings *settings, const struct datadir *dir,
		   struct count_error *err)
{
	return tier_open(t, settings, dir, false, err);
}

int cold_tier_create(struct cold_tier *t, const struct cold_settings *settings, const struct datadir *dir,
		     struct count_error *err)
{
	return tier_open(t, settings, dir, true, err);
}

void cold_tier_close(struct cold_tier *t)
{
	objstore_close(t->store);	/* before the code of its module goes */
	module_close(&t->s3_so);
	module_close(&t->json_so);
	free(t->scope);
	*t = (struct cold_tier){ 0 };
}

/* ---- What is known of the bucket ---- */

static bool is_remote(const struct cold_tier *t)
{
	return endpoint_dir(t->settings->text[COLD_ENDPOINT]) == NULL;
}

/* A directory knows its abilities by itself; of a server what was found out once is believed. */
void cold_tier_learn(struct cold_tier *t, const struct coldindex_facts *facts)
{
	struct objstore_abilities a;

	if (!is_remote(t))
		return;
	a = objstore_abilities(t->store);
	if (facts->if_absent != OBJSTORE_UNKNOWN && facts->if_absent <= OBJSTORE_IGNORED)
		a.if_absent = (enum objstore_ability)facts->if_absent;
	if (facts->if_match != OBJSTORE_UNKNOWN && facts->if_match <= OBJSTORE_IGNORED)
		a.if_match = (enum objstore_ability)facts->if_match;
	a.bare_etag = facts->bare_etag;
	objstore_set_abilities(t->store, a);
	if (facts->region != NULL)
		t->s3->set_region(t->store, facts->region);
}

int cold_tier_facts(const struct cold_tier *t, int64_t synced_s, struct coldindex_facts *facts)
{
	struct objstore_abilities a = objstore_abilities(t->store);
	const char *region = is_remote(t) ? t->s3->region(t->store) : NULL;
	struct coldindex_facts f = {
		.scope = strdup(t->scope), .unit = t->dir->format.unit, .synced_s = synced_s,
		.if_absent = (uint8_t)a.if_absent, .if_match = (uint8_t)a.if_match, .bare_etag = a.bare_etag,
		.region = region != NULL ? strdup(region) : NULL,
	};

	if (f.scope == NULL || (region != NULL && f.region == NULL)) {
		free(f.scope);
		free(f.region);
		return COUNT_ERR_NOMEM;
	}
	*facts = f;
	return COUNT_OK;
}
