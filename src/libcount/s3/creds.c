/* creds.c - the chain of sources of credentials, and the environment as the first; see creds.h. */
#include "s3/creds.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "s3/creds_impl.h"

#define REFRESH_AHEAD_S 300
#define REMEDY "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"

/* ---- What all sources use ---- */

const char *creds_env(const char *name)
{
	const char *value = secure_getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

void creds_log(const struct creds_options *opt, int level, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (opt->log == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	opt->log(opt->log_arg, level, text);
}

void creds_wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

void creds_wipe_buf(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_free(b);
}

bool creds_printable(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= 0x20 || *s >= 0x7f)
			return false;
	return true;
}

void creds_free(struct creds *c)
{
	creds_wipe(c->access_key);
	creds_wipe(c->secret);
	creds_wipe(c->token);
	free(c->region);
	*c = (struct creds){ 0 };
}

/* ---- The environment ---- */

static bool env_configured(void)
{
	return creds_env("AWS_ACCESS_KEY_ID") != NULL || creds_env("AWS_SECRET_ACCESS_KEY") != NULL;
}

/* What `aws configure export-credentials --format env` sets beside the keys. */
static int env_expiry(const struct creds_options *opt, struct creds *c, struct count_error *err)
{
	const char *text = creds_env("AWS_CREDENTIAL_EXPIRATION");

	if (text == NULL)
		return COUNT_OK;
	if (!creds_time_parse(text, &c->expires_s))
		return err_set(err, COUNT_ERR_DENIED, "credentials in the environment: "
			       "AWS_CREDENTIAL_EXPIRATION is not a time like 2024-05-01T10:00:00Z; unset it");
	if (c->expires_s <= opt->now_s)
		return err_set(err, COUNT_ERR_DENIED, "credentials in the environment ended at %s "
			       "(AWS_CREDENTIAL_EXPIRATION); get new ones, or let a profile with "
			       "credential_process do it", text);
	return COUNT_OK;
}

static int environment(struct creds_finder *f, const struct creds_options *opt, struct creds *c,
		       struct count_error *err)
{
	const char *key = creds_env("AWS_ACCESS_KEY_ID"), *secret = creds_env("AWS_SECRET_ACCESS_KEY");
	const char *token = creds_env("AWS_SESSION_TOKEN");

	(void)f;
	if (!env_configured())
		return COUNT_ERR_NOTFOUND;
	if (key == NULL || secret == NULL)
		return err_set(err, COUNT_ERR_DENIED, "credentials in the environment: %s is set, but %s is not; "
			       "set both, or neither", key != NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
			       key != NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	if (!creds_printable(key) || !creds_printable(secret) || (token != NULL && !creds_printable(token)))
		return err_set(err, COUNT_ERR_DENIED, "credentials in the environment: a blank, line break or other "
			       "byte that is never in one; look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
			       "AWS_SESSION_TOKEN");
	c->access_key = strdup(key);
	c->secret = strdup(secret);
	c->token = token != NULL ? strdup(token) : NULL;
	if (c->access_key == NULL || c->secret == NULL || (token != NULL && c->token == NULL))
		return err_nomem(err);
	snprintf(c->source, sizeof(c->source), "environment");
	return env_expiry(opt, c, err);
}

/* ---- What is known, but not done here ---- */

static bool web_identity_configured(void)
{
	return creds_env("AWS_WEB_IDENTITY_TOKEN_FILE") != NULL;
}

static int web_identity(struct creds_finder *f, const struct creds_options *opt, struct creds *c,
			struct count_error *err)
{
	(void)f, (void)opt, (void)c;
	if (!web_identity_configured())
		return COUNT_ERR_NOTFOUND;
	return err_set(err, COUNT_ERR_DENIED, "web identity (AWS_WEB_IDENTITY_TOKEN_FILE) is not supported; "
		       "credential_process can bridge it: unset the variable, name its file and the role in a profile "
		       "NAME, and let the profile in AWS_PROFILE say credential_process = "
		       "aws configure export-credentials --profile NAME");
}

/* ---- The chain ---- */

static creds_source_fn *const chain[] = {
	environment, web_identity, creds_profile, creds_container, creds_instance,
};

struct creds_finder *creds_finder_new(void)
{
	return calloc(1, sizeof(struct creds_finder));
}

void creds_finder_delete(struct creds_finder *f)
{
	if (f != NULL)
		free(f->instance_region);
	free(f);
}

/* None is configured: the instance is off, else it would have answered or failed. */
static int none(struct count_error *err)
{
	char profile[160];

	creds_profile_describe(profile, sizeof(profile));
	return err_set(err, COUNT_ERR_DENIED, "no credentials: none in the environment, none in %s, no container, and "
		       "instance metadata is off (AWS_EC2_METADATA_DISABLED); " REMEDY, profile);
}

static int first_configured(struct creds_finder *f, const struct creds_options *opt, struct creds *c,
			    struct count_error *err)
{
	for (size_t i = 0; i < sizeof(chain) / sizeof(chain[0]); i++) {
		struct count_error why = { 0 };
		int ret = chain[i](f, opt, c, &why);
		char profile[160];

		if (ret == COUNT_ERR_NOTFOUND)
			continue;
		if (ret == COUNT_OK)
			f->won = chain[i];
		else if (chain[i] != creds_instance || ret != COUNT_ERR_DENIED)
			return err_set(err, ret, "%s", why.text);
		if (ret == COUNT_OK)
			return COUNT_OK;
		creds_profile_describe(profile, sizeof(profile));
		return err_set(err, ret, "no credentials: none in the environment, none in %s, no container; %s; "
			       REMEDY, profile, why.text);
	}
	return none(err);
}

static int again(struct creds_finder *f, const struct creds_options *opt, struct creds *c,
		 struct count_error *err)
{
	struct count_error why = { 0 };
	int ret = f->won(f, opt, c, &why);

	if (ret == COUNT_ERR_NOTFOUND)
		return err_set(err, COUNT_ERR_DENIED, "the credentials in use have ended, and where they came from "
			       "gives none any more");
	return ret == COUNT_OK ? ret : err_set(err, ret, "%s", why.text);
}

static int64_t refresh_at(int64_t expires_s, int64_t now_s)
{
	int64_t left = expires_s - now_s;

	if (expires_s == 0)
		return 0;
	return left > 2 * REFRESH_AHEAD_S ? expires_s - REFRESH_AHEAD_S : now_s + left / 2;
}

int creds_get(struct creds_finder *f, const struct creds_options *opt, struct creds *c, struct count_error *err)
{
	struct creds got = { 0 };
	char until[48] = "no end is known";
	int ret;

	ret = f->won != NULL ? again(f, opt, &got, err) : first_configured(f, opt, &got, err);
	if (ret != COUNT_OK) {
		creds_free(&got);
		return ret;
	}
	got.refresh_s = refresh_at(got.expires_s, opt->now_s);
	if (got.expires_s != 0)
		creds_time_format(got.expires_s, until);
	creds_log(opt, 3, "credentials from %s, until: %s", got.source, until);
	creds_free(c);
	*c = got;
	return COUNT_OK;
}

/* Instance metadata answers nowhere else, and to ask costs a second there: only if it is the source. */
static bool uses_instance(const struct creds_finder *f)
{
	if (f->won != NULL)
		return f->won == creds_instance;
	return !env_configured() && !web_identity_configured() && !creds_profile_configured() &&
	       !creds_container_configured();
}

char *creds_region(struct creds_finder *f, const struct creds_options *opt, const char **source)
{
	static const char *const names[] = { "AWS_REGION", "AWS_DEFAULT_REGION" };
	const char *from = "default";
	char *region = NULL;

	(void)opt;
	for (size_t i = 0; i < 2 && region == NULL; i++)
		if (creds_env(names[i]) != NULL) {
			from = names[i];
			region = strdup(creds_env(names[i]));
		}
	if (region == NULL && (region = creds_profile_region()) != NULL)
		from = "profile";
	if (region == NULL && uses_instance(f) && (region = creds_instance_region(f)) != NULL)
		from = "instance metadata";
	if (region == NULL)
		region = strdup("us-east-1");
	if (source != NULL)
		*source = from;
	return region;
}
