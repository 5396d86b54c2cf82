/* endpoint.c - the syntax of S3_ENDPOINT; see endpoint.h. */
#include "cold/endpoint.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static const char *after_scheme(const char *url, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncasecmp(url, scheme, n) == 0 ? url + n : NULL;
}

/* What follows http:// or https://; NULL: another scheme. */
static const char *authority(const char *url)
{
	const char *rest = after_scheme(url, "https://");

	return rest != NULL ? rest : after_scheme(url, "http://");
}

/* The length of a host, brackets included; 0: it is none. */
static size_t host_len(const char *s)
{
	size_t n;

	if (*s == '[') {	/* an IPv6 address */
		n = 1 + strspn(s + 1, "abcdefABCDEF" DIGITS ":.");
		return n > 2 && s[n] == ']' ? n + 1 : 0;
	}
	n = strspn(s, LETTERS DIGITS ".-_");
	return n <= 253 && *s != '.' && *s != '-' ? n : 0;
}

static const char *check_port(const char *s, const char **end)
{
	size_t n = strspn(s, DIGITS);

	if (n == 0 || n > 5 || atoi(s) == 0 || atoi(s) > 65535)
		return "the port is not a number from 1 to 65535";
	*end = s + n;
	return NULL;
}

static const char *check_http(const char *rest)
{
	const char *at = strchr(rest, '@'), *why;
	size_t n = host_len(rest);

	if (at != NULL && at < rest + strcspn(rest, "/"))
		return "no credentials in it: they come from AWS_ACCESS_KEY_ID and the like";
	if (n == 0)
		return "a host is missing after the two slashes";
	rest += n;
	if (*rest == ':' && (why = check_port(rest + 1, &rest)) != NULL)
		return why;
	if (*rest == '/' && rest[1] == '\0')
		rest++;
	return *rest == '\0' ? NULL : "scheme, host and port alone: S3_BUCKET names the bucket, S3_PREFIX a path";
}

static const char *check_file(const char *rest)
{
	if (*rest != '/')
		return "a directory is named with three slashes, file:///mnt/archive";
	return utf8_valid(rest, strlen(rest)) ? NULL : "the directory is not UTF-8";
}

const char *endpoint_check(const char *url)
{
	const char *rest = after_scheme(url, "file://");
	size_t at;

	if (utf8_check_text(url, strlen(url), &at) == UTF8_CONTROL)
		return "control characters";
	if (rest != NULL)
		return check_file(rest);
	rest = authority(url);
	return rest != NULL ? check_http(rest) : "neither https://HOST, http://HOST nor file:///DIR";
}

const char *endpoint_dir(const char *url)
{
	return url != NULL ? after_scheme(url, "file://") : NULL;
}

static bool loopback(const char *host, size_t len)
{
	static const char *const names[] = { "localhost", "[::1]" };

	for (size_t i = 0; i < 2; i++)
		if (strlen(names[i]) == len && strncasecmp(host, names[i], len) == 0)
			return true;
	if (len > 10 && strncasecmp(host + len - 10, ".localhost", 10) == 0)	/* RFC 6761 */
		return true;
	/* Only as an address: 127.0.0.1.example.com is somebody else. */
	return len > 4 && memcmp(host, "127.", 4) == 0 && strspn(host, DIGITS ".") >= len;
}

bool endpoint_insecure(const char *url)
{
	const char *host = url != NULL ? after_scheme(url, "http://") : NULL;

	return host != NULL && !loopback(host, host_len(host));
}
