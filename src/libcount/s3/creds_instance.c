/*
 * creds_instance.c - credentials and region of an EC2 instance: its metadata service, version 2 only.
 *
 *	PUT /latest/api/token					a token, good for 6 hours
 *	GET /latest/meta-data/iam/security-credentials/		the name of the role
 *	GET /latest/meta-data/iam/security-credentials/ROLE	its credentials
 *	GET /latest/meta-data/placement/region
 *
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "s3/creds_impl.h"

#define ENDPOINT "AWS_EC2_METADATA_SERVICE_ENDPOINT"
#define MODE "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
#define TIMEOUT "AWS_METADATA_SERVICE_TIMEOUT"
#define ATTEMPTS "AWS_METADATA_SERVICE_NUM_ATTEMPTS"
#define TTL "X-aws-ec2-metadata-token-ttl-seconds: 21600"
#define TOKEN "X-aws-ec2-metadata-token: "
#define ROLES "/latest/meta-data/iam/security-credentials/"
#define ROLE_MAX 128		/* IAM allows 64 */

static const char *const addresses[] = { "169.254.169.254", "fd00:ec2::254", NULL };

struct service {
	char origin[128];
	long timeout_s;
	long tries;
	struct buf token;		/* as a header; empty: none yet */
};

static bool disabled(void)
{
	const char *value = creds_env("AWS_EC2_METADATA_DISABLED");

	return value != NULL && strcasecmp(value, "true") == 0;
}

static int number(const char *name, long max, long *value, struct count_error *err)
{
	const char *text = creds_env(name);
	char *end;
	long v;

	*value = 1;
	if (text == NULL)
		return COUNT_OK;
	v = strtol(text, &end, 10);
	if (*end != '\0' || v < 1 || v > max)
		return err_set(err, COUNT_ERR_DENIED, "instance metadata: %s=%.40s: expected a number from 1 to %ld",
			       name, text, max);
	*value = v;
	return COUNT_OK;
}

static int configure(struct service *s, struct count_error *err)
{
	const char *url = creds_env(ENDPOINT), *mode = creds_env(MODE), *why;
	int ret = number(TIMEOUT, 30, &s->timeout_s, err);

	if (ret == COUNT_OK)
		ret = number(ATTEMPTS, 10, &s->tries, err);
	if (ret != COUNT_OK)
		return ret;
	if (url == NULL)
		url = mode != NULL && strcasecmp(mode, "IPv6") == 0 ? "http://[fd00:ec2::254]" :
		      "http://169.254.169.254";
	why = creds_http_check(url, addresses, false, s->origin, sizeof(s->origin));
	if (why != NULL)
		return err_set(err, COUNT_ERR_DENIED, "instance metadata: " ENDPOINT " (%s) is refused: %s", s->origin,
			       why);
	return COUNT_OK;
}

/* True: the answer is in h->body.  The caller frees h, also on failure. */
static bool ask(const struct service *s, const char *method, const char *path, struct creds_http *h)
{
	struct buf url = { 0 };
	bool ok = false;

	buf_printf(&url, "%s%s", s->origin, path);
	buf_put_u8(&url, '\0');
	*h = (struct creds_http){
		.method = method, .url = (const char *)url.data, .timeout_ms = s->timeout_s * 1000,
		.tries = (unsigned)s->tries, .header = s->token.len > 0 ? (const char *)s->token.data : TTL,
		.why = "out of memory",
	};
	if (!url.failed)
		ok = creds_http_run(h);
	h->url = NULL;
	buf_free(&url);
	return ok;
}

/* A body of one word, as text in place; NULL: it is none. */
static char *one_word(struct buf *body, size_t max)
{
	char *s;

	while (body->len > 0 && (body->data[body->len - 1] == '\n' || body->data[body->len - 1] == '\r'))
		body->len--;
	if (body->len == 0 || body->len > max || memchr(body->data, '\0', body->len) != NULL)
		return NULL;
	buf_put_u8(body, '\0');
	s = (char *)body->data;
	return !body->failed && creds_printable(s) ? s : NULL;
}

static int token_refused(const struct service *s, const struct creds_http *h, struct count_error *err)
{
	if (h->timed_out)
		return err_set(err, COUNT_ERR_DENIED, "instance metadata at %s: %s: not an EC2 instance, or in a "
			       "container there with the default hop limit of 1 (aws ec2 "
			       "modify-instance-metadata-options --http-put-response-hop-limit 2)", s->origin, h->why);
	return err_set(err, COUNT_ERR_DENIED, "instance metadata at %s: %s for a token%s", s->origin, h->why,
		       h->status == 403 ? ": the service is off" : h->status == 404 || h->status == 405 ?
		       ": version 2 is not spoken there" : "");
}

static int get_token(struct service *s, struct count_error *err)
{
	struct creds_http h;
	char *token;
	int ret = COUNT_OK;

	if (!ask(s, "PUT", "/latest/api/token", &h)) {
		ret = token_refused(s, &h, err);
	} else if ((token = one_word(&h.body, 4096)) == NULL) {
		ret = err_set(err, COUNT_ERR_DENIED, "instance metadata at %s: what it gave for a token is none",
			      s->origin);
	} else {
		buf_printf(&s->token, TOKEN "%s", token);
		buf_put_u8(&s->token, '\0');
		if (s->token.failed)
			ret = err_nomem(err);
	}
	creds_http_free(&h);
	return ret;
}

/* A name that is a path of its own would ask for something else. */
static bool is_role(const char *s)
{
	for (; *s != '\0'; s++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=,.@_-", *s) == NULL)
			return false;
	return true;
}

/* path ends in the name of the role. */
static int get_role(const struct service *s, char path[static sizeof(ROLES) + ROLE_MAX],
		    struct count_error *err)
{
	struct creds_http h;
	int ret = COUNT_OK;
	char *role;

	if (ask(s, "GET", ROLES, &h)) {
		role = one_word(&h.body, ROLE_MAX);
		if (role == NULL || !is_role(role))
			ret = err_set(err, COUNT_ERR_DENIED, "instance metadata at %s: %s", s->origin, h.body.len == 0 ?
				      "the instance has no role; attach an instance profile" :
				      "what it gave for the name of a role is none");
		else
			snprintf(path, sizeof(ROLES) + ROLE_MAX, ROLES "%s", role);
	} else {
		ret = err_set(err, COUNT_ERR_DENIED, "instance metadata at %s: %s for the name of the role%s",
			      s->origin, h.why,
			      h.status == 404 ? ": the instance has none; attach an instance profile" : "");
	}
	creds_http_free(&h);
	return ret;
}

static int get_credentials(const struct service *s, const struct creds_options *opt, struct creds *c,
			   struct count_error *err)
{
	static const struct creds_form form = { .token = "Token" };
	char path[sizeof(ROLES) + ROLE_MAX], who[256], failure[160];
	struct creds_http h;
	int ret = get_role(s, path, err);

	if (ret != COUNT_OK)
		return ret;
	snprintf(who, sizeof(who), "instance metadata at %.80s: role %.100s", s->origin, path + strlen(ROLES));
	if (ask(s, "GET", path, &h)) {
		ret = creds_json_parse(who, &form, &h.body, opt->now_s, c, err);
	} else {
		creds_json_failure(&h.body, failure, sizeof(failure));
		ret = err_set(err, COUNT_ERR_DENIED, "%s: %s%s", who, h.why, failure);
	}
	creds_http_free(&h);
	snprintf(c->source, sizeof(c->source), "instance metadata (role %.90s)", path + strlen(ROLES));
	return ret;
}

static char *get_region(const struct service *s)
{
	struct creds_http h;
	char *region = NULL, *word;

	if (ask(s, "GET", "/latest/meta-data/placement/region", &h) && (word = one_word(&h.body, 64)) != NULL &&
	    strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(word))
		region = strdup(word);
	creds_http_free(&h);
	return region;
}

/* The region never changes, and without one there is the default: it is asked for once, and may fail. */
static int remember_region(struct creds_finder *f, const struct service *s, struct creds *c,
			   struct count_error *err)
{
	if (f->instance_region == NULL)
		f->instance_region = get_region(s);
	if (f->instance_region == NULL)
		return COUNT_OK;
	c->region = strdup(f->instance_region);
	return c->region != NULL ? COUNT_OK : err_nomem(err);
}

int creds_instance(struct creds_finder *f, const struct creds_options *opt, struct creds *c,
		   struct count_error *err)
{
	struct service s = { .timeout_s = 1 };
	int ret;

	if (disabled())
		return COUNT_ERR_NOTFOUND;
	ret = configure(&s, err);
	if (ret == COUNT_OK)
		ret = get_token(&s, err);
	if (ret == COUNT_OK)
		ret = get_credentials(&s, opt, c, err);
	if (ret == COUNT_OK)
		ret = remember_region(f, &s, c, err);
	creds_wipe_buf(&s.token);
	return ret;
}

char *creds_instance_region(struct creds_finder *f)
{
	struct service s = { .timeout_s = 1 };

	if (f->instance_region == NULL && !disabled() && configure(&s, NULL) == COUNT_OK &&
	    get_token(&s, NULL) == COUNT_OK)
		f->instance_region = get_region(&s);
	creds_wipe_buf(&s.token);
	return f->instance_region != NULL ? strdup(f->instance_region) : NULL;
}
