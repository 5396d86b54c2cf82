/*
 * reply.h - what a reply of S3, or the lack of one, means for a request.
 *
 * Pure: status, head and error body in, result and text out.  The text says what happened and what to
 * do about it; objstore_fail() puts the object before it.
 */
#ifndef COUNT_S3_REPLY_H
#define COUNT_S3_REPLY_H

#include <stdbool.h>

#include "s3/http.h"
#include "store/objstore.h"

enum reply_repair {		/* done once, then the request is signed and sent anew */
	REPLY_NO_REPAIR,
	REPLY_CLOCK,		/* take the server's time */
	REPLY_CREDENTIALS,	/* fetch fresh ones */
	REPLY_REGION,		/* sign for verdict.region */
};

struct reply_question {
	enum objstore_op op;
	enum objstore_condition condition;	/* of a PUT */
	const char *bucket, *host, *region;	/* region: signed for */
	const char *source, *key_id;	/* of the credentials */
	int64_t now_s;		/* the time that was signed */
	uint32_t timeout_s;
	const char *token;	/* of the session; NULL: there is none.  No message has it, whatever the server says */
	bool own_ca, kms;
	const void *body;	/* of an error, and of a PUT or DELETE that went well */
	size_t body_len;
};

struct reply_verdict {
	enum objstore_result result;
	bool retry;		/* may go well if tried again */
	bool throttled;
	bool maybe_done;	/* a change may have been made all the same */
	enum reply_repair repair;	/* instead of the result, if it has not been tried yet */
	char region[64];	/* REPLY_REGION */
	char code[64];		/* of S3, for the log; "": none */
	char text[256];		/* "" if all is well */
};

void reply_judge(const struct reply_question *q, const struct http_reply *r, struct reply_verdict *v);

/* A region as AWS and others spell them: letters, digits and hyphens, so that it can stand in a host. */
bool reply_region_valid(const char *region);

#endif
