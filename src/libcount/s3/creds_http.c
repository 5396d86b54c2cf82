/*
 * creds_http.c - one bounded request to an endpoint that gives credentials; see creds_impl.h.
 *
 * No proxy sees these (they are for this machine alone), no redirect is followed, no other protocol is
 * spoken, and the handle lives for one request: credentials are asked for once an hour.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "s3/creds_impl.h"

#define PAUSE_MS 100		/* before the second try; then twice as long, and so on */

static size_t take(char *data, size_t size, size_t n, void *arg)
{
	struct buf *body = arg;

	(void)size;		/* always 1 */
	if (body->len + n > CREDS_BODY_MAX)
		return 0;
	buf_put(body, data, n);
	return body->failed ? 0 : n;
}

/* libcurl 7.88 leaves sockets open across exec. */
static int close_on_exec(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg, (void)purpose;
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

static bool set_options(CURL *curl, struct creds_http *h, struct curl_slist *headers)
{
	return curl_easy_setopt(curl, CURLOPT_URL, h->url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, h->method) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, h->timeout_ms) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, h->timeout_ms) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SOCKOPTFUNCTION, close_on_exec) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, &h->body) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       (h->ca_bundle == NULL || curl_easy_setopt(curl, CURLOPT_CAINFO, h->ca_bundle) == CURLE_OK);
}

static CURLcode perform(CURL *curl, struct creds_http *h)
{
	struct curl_slist *headers = NULL;
	CURLcode rc = CURLE_OUT_OF_MEMORY;

	if (h->header != NULL)
		headers = curl_slist_append(NULL, h->header);
	if ((h->header == NULL || headers != NULL) && set_options(curl, h, headers))
		rc = curl_easy_perform(curl);
	if (rc == CURLE_OK)
		rc = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &h->status);
	if (headers != NULL)	/* it may be a token */
		explicit_bzero(headers->data, strlen(headers->data));
	curl_slist_free_all(headers);
	return rc;
}

static void once(struct creds_http *h)
{
	CURL *curl = curl_easy_init();
	CURLcode rc = CURLE_OUT_OF_MEMORY;

	h->status = 0;
	h->timed_out = false;
	buf_clear(&h->body);
	if (curl != NULL)
		rc = perform(curl, h);
	curl_easy_cleanup(curl);
	if (rc == CURLE_OK) {
		snprintf(h->why, sizeof(h->why), "HTTP %ld", h->status);
		return;
	}
	h->status = 0;
	h->timed_out = rc == CURLE_OPERATION_TIMEDOUT;
	if (h->timed_out)
		snprintf(h->why, sizeof(h->why), "no answer within %g s", (double)h->timeout_ms / 1000);
	else if (rc == CURLE_WRITE_ERROR)
		snprintf(h->why, sizeof(h->why), "an answer of more than %zu bytes", CREDS_BODY_MAX);
	else
		snprintf(h->why, sizeof(h->why), "%s", curl_easy_strerror(rc));
}

bool creds_http_run(struct creds_http *h)
{
	int64_t pause_ms = PAUSE_MS;

	for (unsigned i = 1;; i++, pause_ms *= 2) {
		struct timespec pause = { pause_ms / 1000, pause_ms % 1000 * 1000000 };

		once(h);
		if (h->status == 200)
			return true;
		if (i >= h->tries || (h->status != 0 && h->status != 429 && h->status < 500))
			return false;
		nanosleep(&pause, NULL);
	}
}

void creds_http_free(struct creds_http *h)
{
	creds_wipe_buf(&h->body);
}

/* ---- Which addresses may be asked ---- */

static bool loopback(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcasecmp(host, "localhost") == 0;	/* libcurl asks no resolver about this one */
}

static bool same_address(const char *a, const char *b)
{
	struct in6_addr x, y;

	if (strcmp(a, b) == 0)
		return true;
	return inet_pton(AF_INET6, a, &x) == 1 && inet_pton(AF_INET6, b, &y) == 1 && memcmp(&x, &y, sizeof(x)) == 0;
}

static char *part(CURLU *u, CURLUPart what)
{
	char *s = NULL;

	return curl_url_get(u, what, &s, 0) == CURLUE_OK ? s : NULL;
}

/* [::1] without its brackets, in place. */
static void unbracket(char *host)
{
	size_t len = strlen(host);

	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	}
}

static const char *check_parts(const char *scheme, char *host, const char *user, const char *zone,
			       const char *const *addresses, bool https_ok)
{
	if (user != NULL)
		return "a user name in it";
	if (https_ok && strcmp(scheme, "https") == 0)
		return NULL;
	if (strcmp(scheme, "http") != 0)
		return https_ok ? "neither http nor https" : "not http";
	unbracket(host);
	if (zone == NULL && loopback(host))
		return NULL;
	for (; zone == NULL && *addresses != NULL; addresses++)
		if (same_address(host, *addresses))
			return NULL;
	return https_ok ? "plain http to another host than this machine or a metadata address" :
	       "another host than this machine or a metadata address";
}

const char *creds_http_check(const char *url, const char *const *addresses, bool https_ok, char *origin,
			     size_t size)
{
	CURLU *u = curl_url();
	const char *why = "not a URL";
	char *scheme, *host, *user, *zone, *port;

	snprintf(origin, size, "?");
	if (u == NULL || !creds_printable(url) || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK) {
		curl_url_cleanup(u);
		return why;
	}
	scheme = part(u, CURLUPART_SCHEME);
	host = part(u, CURLUPART_HOST);
	user = part(u, CURLUPART_USER);
	zone = part(u, CURLUPART_ZONEID);
	port = part(u, CURLUPART_PORT);
	if (scheme != NULL && host != NULL) {
		snprintf(origin, size, "%s://%s%s%s", scheme, host, port != NULL ? ":" : "", port != NULL ? port : "");
		why = check_parts(scheme, host, user, zone, addresses, https_ok);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(zone);
	curl_free(port);
	curl_url_cleanup(u);
	return why;
}
