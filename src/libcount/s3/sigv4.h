/*
 * sigv4.h - AWS Signature Version 4: who asks, proved by a key that never travels.
 *
 * After "Create a signed AWS API request" in the AWS IAM user guide.  libcurl could sign too, but
 * its result depends on the version that is installed; this one is the same everywhere and is held
 * to the published test vectors.  SHA-256 and HMAC are libcrypto's.
 *
 * Pure: no I/O, no clock; the caller says when it is.  Safe from several threads.
 */
#ifndef COUNT_S3_SIGV4_H
#define COUNT_S3_SIGV4_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "count.h"
#include "s3/canon.h"

#define SIGV4_HASH 32			/* bytes of a SHA-256 */
#define SIGV4_HEX (2 * SIGV4_HASH + 1)	/* the same in hex, with the NUL */
#define SIGV4_TIME 17			/* 20150830T123600Z, with the NUL */

/* The caller passes all headers in the request: host, x-amz-date with this time, x-amz-content-sha256
 * (which S3 demands), x-amz-security-token where the credentials have one. */
struct sigv4_scope {
	const char *access_key;
	const char *time;		/* 20150830T123600Z */
	const char *region, *service;	/* us-east-1, s3 */
};

/* Good for one secret, day, region and service; wiped by the caller with sigv4_forget(). */
struct sigv4_key {
	uint8_t bytes[SIGV4_HASH];
};

/* Each step, for tests and for a log at the debug level (none of them holds a secret); all zero is empty. */
struct sigv4 {
	struct buf canonical, to_sign, authorization;	/* the last is the value of that header; ends in NUL */
	char signature[SIGV4_HEX];
};

/* COUNT_ERR_NOMEM when libcrypto cannot; it has no other reason. */
int sigv4_sha256(const void *data, size_t len, uint8_t hash[SIGV4_HASH]);
int sigv4_sha256_hex(const void *data, size_t len, char hex[SIGV4_HEX]);

/* Seconds since 1970 as 20150830T123600Z; COUNT_ERR_INVALID outside the years 0 to 9999. */
int sigv4_time(int64_t unix_s, char out[SIGV4_TIME]);

/* COUNT_ERR_INVALID: a time that is not spelled as above. */
int sigv4_derive(const char *secret, const struct sigv4_scope *scope, struct sigv4_key *key);
void sigv4_forget(struct sigv4_key *key);

/*
 * Fill *s, which is emptied first; the caller owns it and calls sigv4_free(), also after failure.
 * COUNT_ERR_INVALID: a header that HTTP cannot carry, a malformed time, or access key, region or
 * service with a byte that could break out of the header.
 */
int sigv4_sign(const struct canon_request *req, const struct sigv4_scope *scope,
	       const struct sigv4_key *key, struct sigv4 *s);
void sigv4_free(struct sigv4 *s);

#endif
