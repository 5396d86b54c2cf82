/* endpoint.c - scheme, host and style of a bucket's URL; see endpoint.h. */
#include "s3/endpoint.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "s3/reply.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What S3 has allowed at any time. */
static bool bucket_valid(const char *s)
{
	size_t len = strspn(s, LOWER UPPER DIGITS "._-");

	return len >= 3 && len <= 255 && s[len] == '\0' && s[0] != '.' && strstr(s, "..") == NULL;
}

/* A bucket that can be one label of a host name, as certificates for *.s3... want it. */
static bool bucket_is_label(const char *s)
{
	size_t len = strspn(s, LOWER DIGITS "-");

	return len <= 63 && s[len] == '\0' && s[0] != '-' && s[len - 1] != '-';
}

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && strncasecmp(s + len - n, end, n) == 0;
}

static bool loopback(const char *host, size_t len)
{
	if (len >= 4 && strncmp(host, "127.", 4) == 0 && strspn(host, DIGITS ".") >= len)
		return true;
	return (len == 9 && strncasecmp(host, "localhost", 9) == 0) || ends_with(host, len, ".localhost") ||
	       (len == 5 && strncmp(host, "[::1]", 5) == 0);
}

/* A host name, an IPv4 address, or an IPv6 one in brackets; the length of it, 0: none. */
static size_t host_len(const char *s)
{
	size_t len;

	if (*s == '[') {
		len = strspn(s + 1, DIGITS "abcdefABCDEF:.");
		return len > 0 && s[1 + len] == ']' ? len + 2 : 0;
	}
	len = strspn(s, LOWER UPPER DIGITS "._-");
	return *s == '.' || *s == '-' ? 0 : len;
}

static size_t port_len(const char *s)
{
	size_t len = *s == ':' ? strspn(s + 1, DIGITS) : 0;

	return len >= 1 && len <= 5 ? len + 1 : 0;
}

/* Of s3.REGION.amazonaws.com and its relatives: take the pattern apart. */
static void read_aws_host(struct endpoint *e, const char *host, size_t len)
{
	size_t tail = ends_with(host, len, ".amazonaws.com.cn") ? strlen(".amazonaws.com.cn") :
		strlen(".amazonaws.com");
	size_t end = len - tail, start = end;

	e->aws = true;
	while (start > 0 && host[start - 1] != '.')
		start--;
	if (end - start == 2 && strncasecmp(host + start, "s3", 2) == 0) {	/* the old global one */
		snprintf(e->head, sizeof(e->head), "%.*s.", (int)end, host);
	} else if (end - start < sizeof(e->region) && memchr(host + start, '-', end - start) != NULL &&
		   strncmp(host + start, "s3-", 3) != 0) {
		snprintf(e->head, sizeof(e->head), "%.*s", (int)start, host);
		snprintf(e->region, sizeof(e->region), "%.*s", (int)(end - start), host + start);
	} else {		/* a VPC endpoint, or of another shape: it stays as it is */
		return;
	}
	e->has_region = true;
	snprintf(e->tail, sizeof(e->tail), "%s", host + end);
}

static int read_endpoint(struct endpoint *e, const struct s3_config *cfg, struct count_error *err)
{
	const char *url = cfg->endpoint, *s = url, *rest;
	size_t len, port;

	e->https = strncasecmp(url, "https://", 8) == 0;
	if (!e->https && strncasecmp(url, "http://", 7) != 0)
		return err_set(err, COUNT_ERR_INVALID, "S3_ENDPOINT %.100s: begins with https:// (or http://)", url);
	s += e->https ? 8 : 7;
	len = host_len(s);
	port = port_len(s + len);
	rest = s + len + port;
	if (len == 0 || len + port >= sizeof(e->head) - sizeof(e->tail) || !(*rest == '\0' || strcmp(rest, "/") == 0))
		return err_set(err, COUNT_ERR_INVALID,
			       "S3_ENDPOINT is https://HOST or https://HOST:PORT, without a path, user or query");
	if (!e->https && !cfg->allow_http && !loopback(s, len))
		return err_set(err, COUNT_ERR_INVALID, "S3_ENDPOINT %.100s: without TLS anyone on the way can read and "
			       "change data; S3_ALLOW_HTTP=true if that is wanted", url);
	snprintf(e->head, sizeof(e->head), "%.*s", (int)(len + port), s);
	if (ends_with(s, len, ".amazonaws.com") || ends_with(s, len, ".amazonaws.com.cn")) {
		char host[sizeof(e->head)];

		snprintf(host, sizeof(host), "%s", e->head);
		if (port == 0)
			read_aws_host(e, host, len);
		e->aws = true;
	}
	return COUNT_OK;
}

int endpoint_init(struct endpoint *e, const struct s3_config *cfg, struct count_error *err)
{
	bool label;
	int ret = COUNT_OK;

	*e = (struct endpoint){ .https = true, .aws = true, .has_region = true, .head = "s3.",
		.tail = ".amazonaws.com" };
	if (cfg->bucket == NULL || !bucket_valid(cfg->bucket))
		return err_set(err, COUNT_ERR_INVALID, "S3_BUCKET: a bucket is named with 3 to 255 letters, digits, "
			       "'.', '-', '_', not beginning with '.'");
	if (cfg->endpoint != NULL) {
		*e = (struct endpoint){ 0 };
		ret = read_endpoint(e, cfg, err);
	}
	if (ret != COUNT_OK)
		return ret;
	label = bucket_is_label(cfg->bucket);
	e->virtual_host = cfg->style == S3_STYLE_VIRTUAL || (cfg->style == S3_STYLE_AUTO && e->aws && label);
	if (cfg->style == S3_STYLE_VIRTUAL && !label)
		return err_set(err, COUNT_ERR_INVALID, "S3_PATH_STYLE=false: the bucket %.63s cannot be part of a host "
			       "name; set it to true", cfg->bucket);
	return COUNT_OK;
}

void endpoint_host(const struct endpoint *e, const char *bucket, const char *region, struct buf *out)
{
	const char *tail = e->tail;

	/* China is a partition of its own. */
	if (e->has_region && strcmp(tail, ".amazonaws.com") == 0 && strncmp(region, "cn-", 3) == 0)
		tail = ".amazonaws.com.cn";
	buf_printf(out, "%s%s%s%s%s", e->virtual_host ? bucket : "", e->virtual_host ? "." : "", e->head,
		   e->has_region ? region : "", e->has_region ? tail : "");
	buf_put_u8(out, '\0');
}
