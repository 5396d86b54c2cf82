/*
 * creds_container.c - credentials of a container: ECS tasks, EKS pod identities, and what imitates them.
 *
 * The variables come from whoever started us, the endpoint from them: so plain http goes only to this
 * machine and to the addresses that AWS uses, else a variable could send the token anywhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "s3/creds_impl.h"

#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define ECS "http://169.254.170.2"
#define TIMEOUT_MS 2000
#define TRIES 3

static const char *const addresses[] = { "169.254.170.2", "169.254.170.23", "fd00:ec2::23", NULL };

bool creds_container_configured(void)
{
	return creds_env(RELATIVE) != NULL || creds_env(FULL) != NULL;
}

static int read_token(const char *path, struct buf *token, struct count_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = -1;

	if (fd >= 0 && !buf_reserve(token, CREDS_BODY_MAX + 1)) {
		close(fd);
		return err_nomem(err);
	}
	while (fd >= 0 && token->len <= CREDS_BODY_MAX &&
	       ((n = read(fd, token->data + token->len, CREDS_BODY_MAX + 1 - token->len)) > 0 ||
		(n < 0 && errno == EINTR)))
		token->len += n > 0 ? (size_t)n : 0;
	if (fd < 0 || n < 0)
		err_sys(err, COUNT_ERR_DENIED, "container credentials: %s (" TOKEN_FILE ")", path);
	if (fd >= 0)
		close(fd);
	if (fd < 0 || n < 0)
		return COUNT_ERR_DENIED;
	if (token->len > CREDS_BODY_MAX)
		return err_set(err, COUNT_ERR_DENIED, "container credentials: %s (" TOKEN_FILE ") is longer than "
			       "%zu bytes", path, CREDS_BODY_MAX);
	return COUNT_OK;
}

/* "Authorization: ..." in header, or nothing.  The file is read each time: it is renewed there. */
static int authorization(struct buf *header, struct count_error *err)
{
	const char *path = creds_env(TOKEN_FILE), *plain = creds_env(TOKEN), *from = path != NULL ? TOKEN_FILE : TOKEN;
	struct buf token = { 0 };
	int ret = COUNT_OK;

	if (path == NULL && plain == NULL)
		return COUNT_OK;
	if (path != NULL)
		ret = read_token(path, &token, err);
	else
		buf_put(&token, plain, strlen(plain));
	for (size_t i = 0; i < token.len && ret == COUNT_OK; i++)
		if (token.data[i] < 0x20 || token.data[i] >= 0x7f)
			ret = err_set(err, COUNT_ERR_DENIED, "container credentials: a line break or other control "
				      "byte in the token (%s); write it without one, as printf does", from);
	buf_printf(header, "Authorization: ");
	buf_put(header, token.data, token.len);
	buf_put_u8(header, '\0');
	if (ret == COUNT_OK && (token.failed || header->failed))
		ret = err_nomem(err);
	creds_wipe_buf(&token);
	return ret;
}

static int make_url(struct buf *url, char *origin, size_t size, struct count_error *err)
{
	const char *relative = creds_env(RELATIVE), *full = creds_env(FULL), *why;

	if (relative != NULL && relative[0] != '/')
		return err_set(err, COUNT_ERR_DENIED, "container credentials: " RELATIVE " does not begin with /");
	buf_printf(url, "%s%s", relative != NULL ? ECS : "", relative != NULL ? relative : full);
	buf_put_u8(url, '\0');
	if (url->failed)
		return err_nomem(err);
	why = creds_http_check((const char *)url->data, addresses, true, origin, size);
	if (why != NULL)
		return err_set(err, COUNT_ERR_DENIED, "container credentials: %s (%s) is refused: %s",
			       relative != NULL ? RELATIVE : FULL, origin, why);
	return COUNT_OK;
}

static int fetch(const struct creds_options *opt, const char *origin, const char *url, const char *header,
		 struct creds *c, struct count_error *err)
{
	static const struct creds_form form = { .token = "Token" };
	struct creds_http h = {
		.method = "GET", .url = url, .header = header, .ca_bundle = opt->ca_bundle,
		.timeout_ms = TIMEOUT_MS, .tries = TRIES,
	};
	char who[192], failure[160];
	int ret;

	snprintf(who, sizeof(who), "container credentials (%.128s)", origin);
	if (creds_http_run(&h)) {
		ret = creds_json_parse(who, &form, &h.body, opt->now_s, c, err);
	} else {
		creds_json_failure(&h.body, failure, sizeof(failure));
		ret = err_set(err, COUNT_ERR_DENIED, "%s: %s%s%s", who, h.why, failure,
			      h.status == 401 || h.status == 403 ? "; look at " TOKEN_FILE " or " TOKEN : "");
	}
	creds_http_free(&h);
	snprintf(c->source, sizeof(c->source), "container (%.100s)", origin);
	return ret;
}

int creds_container(struct creds_finder *f, const struct creds_options *opt, struct creds *c,
		    struct count_error *err)
{
	struct buf url = { 0 }, header = { 0 };
	char origin[128];
	int ret;

	(void)f;
	if (!creds_container_configured())
		return COUNT_ERR_NOTFOUND;
	ret = make_url(&url, origin, sizeof(origin), err);
	if (ret == COUNT_OK)
		ret = authorization(&header, err);
	if (ret == COUNT_OK)
		ret = fetch(opt, origin, (const char *)url.data, (const char *)header.data, c, err);
	buf_free(&url);
	creds_wipe_buf(&header);
	return ret;
}
