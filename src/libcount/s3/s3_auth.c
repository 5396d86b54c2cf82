/* s3_auth.c - credentials, region, clock and signing key of the S3 store; see s3_impl.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "s3/s3_impl.h"

#define RETRY_MS 30000		/* after a source has failed */

static struct creds_options options(const struct s3_store *s)
{
	return (struct creds_options){ .ca_bundle = s->http.ca_bundle,
		.now_s = (int64_t)time(NULL) + s->auth.clock_offset_s, .log = s->cfg.log, .log_arg = s->cfg.log_arg };
}

static int fetch(struct s3_store *s, struct count_error *err)
{
	struct s3_auth *a = &s->auth;
	struct creds_options opt = options(s);
	int ret;

	if (a->finder == NULL)
		a->finder = creds_finder_new();
	if (a->finder == NULL)
		return err_nomem(err);
	ret = creds_get(a->finder, &opt, &a->creds, err);
	if (ret != COUNT_OK)
		return ret;
	a->creds_number++;
	sigv4_forget(&a->key);
	a->key_day[0] = '\0';
	a->warned = false;
	s3_log(s, 2, "%s: credentials: %s", s->url, a->creds.source);
	return COUNT_OK;
}

/* Old credentials do while they hold: a source that is away for a moment is only warned of. */
static int refresh(struct s3_store *s, struct count_error *err)
{
	struct s3_auth *a = &s->auth;
	int64_t now_s = (int64_t)time(NULL) + a->clock_offset_s, now_ms = s3_now_ms();
	struct count_error e = { 0 };
	int ret;

	if (a->creds.access_key != NULL && (a->creds.refresh_s == 0 || a->creds.refresh_s > now_s))
		return COUNT_OK;
	if (now_ms >= a->retry_ms) {
		ret = fetch(s, &e);
		if (ret == COUNT_OK)
			return COUNT_OK;
		a->failed = e;
		a->retry_ms = now_ms + RETRY_MS;
	}
	if (a->creds.access_key == NULL || a->creds.expires_s <= now_s)
		return err_set(err, a->failed.code, "%s", a->failed.text);
	if (!a->warned)
		s3_log(s, 1, "%s: credentials end soon and cannot be renewed: %s", s->url, a->failed.text);
	a->warned = true;
	return COUNT_OK;
}

/* The setting, the endpoint's own name, then what the credentials come with. */
static int find_region(struct s3_store *s, struct count_error *err)
{
	struct s3_auth *a = &s->auth;
	struct creds_options opt = options(s);
	const char *source = "S3_REGION", *known = s->cfg.region;
	char *found = NULL;

	if (a->has_region)
		return COUNT_OK;
	if (known == NULL && s->endpoint.region[0] != '\0') {
		known = s->endpoint.region;
		source = "S3_ENDPOINT";
	}
	if (known == NULL) {
		found = creds_region(a->finder, &opt, &source);
		known = found;
	}
	if (known == NULL)
		return err_nomem(err);
	if (!reply_region_valid(known)) {
		err_set(err, COUNT_ERR_INVALID, "the region from %s is not one, like eu-central-1: set S3_REGION",
			source);
	} else {
		snprintf(a->region, sizeof(a->region), "%s", known);
		a->has_region = true;
	}
	free(found);
	return a->has_region ? COUNT_OK : COUNT_ERR_INVALID;
}

int s3_auth_ready(struct s3_store *s, struct count_error *err)
{
	int ret = refresh(s, err);

	return ret == COUNT_OK ? find_region(s, err) : ret;
}

int s3_auth_key(struct s3_store *s, const struct sigv4_scope *scope)
{
	struct s3_auth *a = &s->auth;
	int ret;

	if (strncmp(a->key_day, scope->time, 8) == 0)
		return COUNT_OK;
	ret = sigv4_derive(a->creds.secret, scope, &a->key);
	if (ret == COUNT_OK)
		snprintf(a->key_day, sizeof(a->key_day), "%.8s", scope->time);
	return ret;
}

static bool repair_clock(struct s3_store *s, const struct s3_transfer *t, const struct http_reply *r)
{
	struct s3_auth *a = &s->auth;

	if (t->clock_number != a->clock_number)
		return true;		/* another request's reply did it */
	if (r->date_s < 0)
		return false;
	a->clock_offset_s = r->date_s - (int64_t)time(NULL);
	a->clock_number++;
	a->key_day[0] = '\0';
	s3_log(s, 1, "%s: this machine's clock is %lld s off the server's, whose time is taken: set the clock (ntp)",
	       s->url, (long long)-a->clock_offset_s);
	return true;
}

static bool repair_creds(struct s3_store *s, const struct s3_transfer *t)
{
	struct s3_auth *a = &s->auth;
	struct count_error e = { 0 };

	if (t->creds_number != a->creds_number)
		return true;
	if (s3_now_ms() < a->retry_ms)
		return false;
	if (fetch(s, &e) == COUNT_OK)
		return true;
	a->failed = e;
	a->retry_ms = s3_now_ms() + RETRY_MS;
	s3_log(s, 1, "%s: credentials have expired and cannot be renewed: %s", s->url, e.text);
	return false;
}

static bool repair_region(struct s3_store *s, const struct s3_transfer *t, const char *region)
{
	struct s3_auth *a = &s->auth;

	if (t->region_number != a->region_number)
		return true;
	s3_log(s, 2, "%s: the bucket is in the region %s, not %s", s->url, region, a->region);
	snprintf(a->region, sizeof(a->region), "%s", region);
	a->region_number++;
	a->key_day[0] = '\0';
	return true;
}

bool s3_auth_repair(struct s3_store *s, const struct s3_transfer *t, const struct reply_verdict *v,
		    const struct http_reply *r)
{
	switch (v->repair) {
	case REPLY_CLOCK:
		return repair_clock(s, t, r);
	case REPLY_CREDENTIALS:
		return repair_creds(s, t);
	case REPLY_REGION:
		return repair_region(s, t, v->region);
	default:
		return false;
	}
}

void s3_auth_free(struct s3_auth *a)
{
	creds_finder_delete(a->finder);
	creds_free(&a->creds);
	sigv4_forget(&a->key);
	*a = (struct s3_auth){ 0 };
}
