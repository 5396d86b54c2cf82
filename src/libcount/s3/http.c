/* http.c - one HTTP/1.1 request and its reply; see http.h. */
#include "s3/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define CONNECT_MAX_S 5
#define SLOWEST 1024		/* bytes a second; below that for timeout_s it ends */
#define EXPECT_MIN (1 << 20)	/* bytes; only such a body waits for "100 Continue", and 1 s at most */

struct http {
	CURL *easy;
	const struct http_settings *settings;
	struct http_request req;
	struct http_reply reply;
	struct curl_slist *headers;
	size_t at;		/* of the request's body */
	size_t head_len;
	bool head_over;		/* the reply's head is there, and it is no interim one */
	bool too_big;
	char error[CURL_ERROR_SIZE];
};

/* ---- The request's body ---- */

static size_t on_read(char *out, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	size_t len = size * n, left = h->req.len - h->at;

	if (len > left)
		len = left;
	if (len > 0)
		memcpy(out, (const uint8_t *)h->req.body + h->at, len);
	h->at += len;
	h->reply.up += len;
	return len;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct http *h = arg;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > h->req.len)
		return CURL_SEEKFUNC_FAIL;
	h->at = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* ---- The reply ---- */

static void forget_head(struct http_reply *r)
{
	r->status = 0;
	r->has_length = r->chunked = false;
	r->length = 0;
	r->date_s = r->retry_after_s = -1;
	r->etag[0] = r->region[0] = r->checksum[0] = r->content_range[0] = r->request_id[0] = '\0';
}

/* A value that is too long, or has a control character, is as good as none. */
static void keep(char *out, size_t size, const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			len = size;
	if (len >= size)
		len = 0;
	memcpy(out, value, len);
	out[len] = '\0';
}

static bool read_number(const char *s, size_t len, uint64_t *v)
{
	uint64_t n = 0;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(s[i] - '0'), &n))
			return false;
	*v = n;
	return true;
}

static int64_t read_date(const char *value, size_t len)
{
	char text[64];

	keep(text, sizeof(text), value, len);
	return text[0] == '\0' ? -1 : (int64_t)curl_getdate(text, NULL);
}

/* Seconds, or a date, which only makes sense against the reply's own. */
static void read_retry_after(struct http_reply *r, const char *value, size_t len)
{
	uint64_t s;
	int64_t date;

	if (read_number(value, len, &s)) {
		r->retry_after_s = s > INT32_MAX ? INT32_MAX : (int64_t)s;
		return;
	}
	date = read_date(value, len);
	if (date >= 0 && r->date_s >= 0)
		r->retry_after_s = date > r->date_s ? date - r->date_s : 0;
}

static void read_etag(struct http_reply *r, const char *value, size_t len)
{
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
		value++;
		len -= 2;
	}
	if (len > 0 && memchr(value, '"', len) == NULL)
		keep(r->etag, sizeof(r->etag), value, len);
}

static void read_header(struct http_reply *r, const char *name, size_t name_len, const char *value, size_t len)
{
	static const struct { const char *name; size_t offset, size; } kept[] = {
		{ "x-amz-bucket-region", offsetof(struct http_reply, region), sizeof(r->region) },
		{ "x-amz-checksum-sha256", offsetof(struct http_reply, checksum), sizeof(r->checksum) },
		{ "content-range", offsetof(struct http_reply, content_range), sizeof(r->content_range) },
		{ "x-amz-request-id", offsetof(struct http_reply, request_id), sizeof(r->request_id) },
	};

#define IS(s) (name_len == sizeof(s) - 1 && strncasecmp(name, s, name_len) == 0)
	if (IS("etag"))
		read_etag(r, value, len);
	else if (IS("content-length"))
		r->has_length = read_number(value, len, &r->length);
	else if (IS("transfer-encoding"))
		r->chunked = true;
	else if (IS("date"))
		r->date_s = read_date(value, len);
	else if (IS("retry-after"))
		read_retry_after(r, value, len);
#undef IS
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (strlen(kept[i].name) == name_len && strncasecmp(name, kept[i].name, name_len) == 0)
			keep((char *)r + kept[i].offset, kept[i].size, value, len);
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	size_t all = size * n, len = all;
	const char *colon, *value;

	h->head_len += all;
	if (h->head_len > HTTP_HEAD_MAX) {
		h->too_big = true;
		return 0;
	}
	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {	/* a new head: after an interim one, too */
		forget_head(&h->reply);
		return all;
	}
	colon = memchr(line, ':', len);
	if (colon == NULL || h->head_over)
		return all;		/* trailers of chunks mean nothing here */
	value = colon + 1;
	while (value < line + len && (*value == ' ' || *value == '\t'))
		value++;
	read_header(&h->reply, line, (size_t)(colon - line), value, (size_t)(line + len - value));
	return all;
}

static void read_status(struct http *h)
{
	long status = 0;

	curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	h->reply.status = (int)status;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	struct http_reply *r = &h->reply;
	size_t len = size * n;

	h->head_over = true;
	read_status(h);
	if (h->req.sink != NULL && (r->status == 200 || r->status == 206) && r->etag[0] != '\0') {
		r->down += len;
		return h->req.sink(h->req.ctx, (const uint8_t *)data, len) ? len : 0;
	}
	h->too_big = len > HTTP_BODY_MAX - r->body.len;
	if (h->too_big)
		return 0;
	buf_put(&r->body, data, len);
	return r->body.failed ? 0 : len;
}

/* ---- The connection ---- */

static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)arg, (void)purpose;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static int on_sent(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct http *h = arg;

	(void)remote, (void)local, (void)remote_port, (void)local_port;
	h->reply.sent++;
	h->reply.up = 0;
	return CURL_PREREQFUNC_OK;
}

static void set_callbacks(struct http *h)
{
	CURL *c = h->easy;

	curl_easy_setopt(c, CURLOPT_PRIVATE, h);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->error);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_sent);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, h);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, h);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(c, CURLOPT_READDATA, h);
	curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(c, CURLOPT_SEEKDATA, h);
}

static void set_connection(CURL *c, const struct http_settings *s)
{
	long connect_s = s->timeout_s < CONNECT_MAX_S ? (long)s->timeout_s : CONNECT_MAX_S;

	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, connect_s);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)s->timeout_s);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, s->https ? "https" : "http");
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(c, CURLOPT_EXPECT_100_TIMEOUT_MS, 1000L);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 128 * 1024L);
	curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 128 * 1024L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	if (s->user_agent != NULL)
		curl_easy_setopt(c, CURLOPT_USERAGENT, s->user_agent);
	if (s->ca_bundle != NULL) {		/* instead of the system's, not beside them */
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
		curl_easy_setopt(c, CURLOPT_CAINFO, s->ca_bundle);
	}
}

struct http *http_new(const struct http_settings *settings)
{
	struct http *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->settings = settings;
	h->easy = curl_easy_init();
	if (h->easy != NULL)
		return h;
	free(h);
	return NULL;
}

/* A header's line may hold a session token. */
static void free_headers(struct http *h)
{
	for (struct curl_slist *l = h->headers; l != NULL; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(h->headers);
	h->headers = NULL;
}

void http_delete(struct http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->easy);
	free_headers(h);
	buf_free(&h->reply.body);
	free(h);
}

static bool add_header(struct http *h, const char *name, const char *value)
{
	struct curl_slist *l;
	char *line;
	int len;

	/* libcurl's spelling of one without a value */
	len = *value == '\0' ? asprintf(&line, "%s;", name) : asprintf(&line, "%s: %s", name, value);
	if (len < 0)
		return false;
	l = curl_slist_append(h->headers, line);
	explicit_bzero(line, (size_t)len);
	free(line);
	if (l != NULL)
		h->headers = l;
	return l != NULL;
}

int http_begin(struct http *h, const struct http_request *req)
{
	CURL *c = h->easy;
	struct buf body = h->reply.body;

	free_headers(h);
	buf_clear(&body);
	h->req = *req;
	h->reply = (struct http_reply){ .body = body };
	forget_head(&h->reply);
	h->at = h->head_len = 0;
	h->head_over = h->too_big = false;
	h->error[0] = '\0';
	for (size_t i = 0; i < req->nheaders; i++)
		if (!add_header(h, req->headers[i].name, req->headers[i].value))
			return COUNT_ERR_NOMEM;
	if (req->len <= EXPECT_MIN && strcmp(req->method, "PUT") == 0) {
		struct curl_slist *l = curl_slist_append(h->headers, "Expect:");

		if (l == NULL)
			return COUNT_ERR_NOMEM;
		h->headers = l;
	}
	curl_easy_reset(c);
	set_callbacks(h);
	set_connection(c, h->settings);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, h->headers);
	if (strcmp(req->method, "PUT") == 0) {
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)req->len);
	} else if (strcmp(req->method, "HEAD") == 0) {
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	} else if (strcmp(req->method, "GET") != 0) {
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, req->method);
	}
	return curl_easy_setopt(c, CURLOPT_URL, req->url) == CURLE_OK ? COUNT_OK : COUNT_ERR_NOMEM;
}

void *http_easy(struct http *h)
{
	return h->easy;
}

struct http *http_of(void *easy)
{
	char *h = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &h);
	return (struct http *)(void *)h;
}

static enum http_end end_of(const struct http *h, CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return HTTP_REPLY;
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_RESOLVE;
	case CURLE_COULDNT_CONNECT:
		return HTTP_CONNECT;
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_PROXY:
		return HTTP_PROXY;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
		return HTTP_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return HTTP_CERTIFICATE;
	case CURLE_SSL_CACERT_BADFILE:
		return HTTP_CA_BUNDLE;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_TIMEOUT;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
		return h->head_over ? HTTP_CUT : HTTP_RESET;
	case CURLE_PARTIAL_FILE:
		return HTTP_CUT;
	case CURLE_WRITE_ERROR:
		return h->too_big ? HTTP_BAD : h->reply.body.failed ? HTTP_NOMEM : HTTP_STOPPED;
	case CURLE_OUT_OF_MEMORY:
		return HTTP_NOMEM;
	default:
		return HTTP_BAD;
	}
}

void http_end(struct http *h, int code)
{
	struct http_reply *r = &h->reply;

	read_status(h);
	r->end = end_of(h, (CURLcode)code);
	if (r->end == HTTP_REPLY)
		return;
	if (h->too_big)
		snprintf(r->why, sizeof(r->why), "the reply is too large");
	else
		snprintf(r->why, sizeof(r->why), "%.150s",
			 h->error[0] != '\0' ? h->error : curl_easy_strerror((CURLcode)code));
	for (char *s = r->why; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

struct http_reply *http_reply(struct http *h)
{
	return &h->reply;
}
