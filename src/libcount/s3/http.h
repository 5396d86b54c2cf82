/*
 * http.h - one HTTP/1.1 request and its reply, on a libcurl easy handle that is used again.
 *
 * libcurl moves the bytes; what they mean is for reply.h.  Nothing here follows a redirect, decodes a
 * body or trusts a length: what a reply may bring is capped (head, error body), TLS is 1.2 or later
 * and always verified, and a server that goes silent ends the request after timeout_s.  A transfer
 * that has begun has no total limit but that it keeps moving (1 KiB a second).
 *
 * Sockets are close-on-exec.  Proxy variables of the environment are obeyed, by libcurl.
 */
#ifndef COUNT_S3_HTTP_H
#define COUNT_S3_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "count.h"
#include "s3/canon.h"

#define HTTP_HEAD_MAX (64 * 1024)	/* bytes of a reply's head; more ends it as BAD */
#define HTTP_BODY_MAX (16 << 20)	/* of a body that is kept in memory: a page of a list has up to 5 MiB */

enum http_end {			/* how a transfer ended */
	HTTP_REPLY,		/* a whole reply is there, with whatever status */
	HTTP_RESOLVE,		/* the name of the host */
	HTTP_CONNECT,		/* nobody there, or no way to it */
	HTTP_PROXY,		/* the proxy */
	HTTP_TLS,		/* no common ground, or an end in the middle of the greeting */
	HTTP_CERTIFICATE,	/* refused by us */
	HTTP_CA_BUNDLE,		/* the file cannot be used */
	HTTP_TIMEOUT,
	HTTP_RESET,		/* the connection ended before the reply did */
	HTTP_CUT,		/* ... in the middle of the body */
	HTTP_BAD,		/* no HTTP, or over a cap */
	HTTP_STOPPED,		/* the sink said so */
	HTTP_NOMEM,
};

/* Takes bytes of the body in order; false stops the transfer. */
typedef bool http_sink(void *ctx, const uint8_t *data, size_t len);

struct http_settings {		/* borrowed while handles use them */
	const char *ca_bundle;	/* NULL: the system's */
	const char *user_agent;	/* NULL: none */
	uint32_t timeout_s;
	bool https;
};

struct http_request {		/* borrowed until the transfer has ended */
	const char *method, *url;
	const struct canon_pair *headers;	/* Host too; Content-Length comes from len */
	size_t nheaders;
	const void *body;		/* PUT */
	size_t len;
	http_sink *sink;		/* of the body of a 200 or 206 reply that has an ETag; NULL: kept like others */
	void *ctx;
};

struct http_reply {
	enum http_end end;
	int status;			/* 0: none came */
	bool has_length, chunked;
	uint64_t length;		/* Content-Length */
	int64_t date_s, retry_after_s;	/* -1: none */
	char etag[128];			/* without quotation marks; "": none, or not to be used */
	char region[64], checksum[64], content_range[96], request_id[64];
	struct buf body;		/* what did not go to the sink */
	uint64_t up, down;		/* bytes of bodies, sent and given to the sink */
	unsigned sent;			/* times it went out: libcurl repeats it when an old connection is dead */
	char why[160];			/* libcurl's words; "" for HTTP_REPLY */
};

struct http;		/* a handle with its request and reply */

struct http *http_new(const struct http_settings *settings);	/* NULL: out of memory */
void http_delete(struct http *h);

/* Ready to be driven; forgets the reply before.  COUNT_ERR_NOMEM. */
int http_begin(struct http *h, const struct http_request *req);
void *http_easy(struct http *h);		/* its CURL *, for the multi handle; http_of() leads back */
struct http *http_of(void *easy);
/* The transfer is out of the multi handle; code is its CURLcode, as the multi handle told it. */
void http_end(struct http *h, int code);
struct http_reply *http_reply(struct http *h);	/* valid until the next http_begin() */

#endif
