/* reply.c - what a reply of S3 means; see reply.h. */
#include "s3/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "s3/xml.h"

#define SKEW_S (14 * 60)	/* S3 takes 15 minutes; a HEAD has no body that would say so */
#define TOKEN_BEGINS 16	/* so many of its bytes are not there by accident */

static void say(struct reply_verdict *v, enum objstore_result result, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void say(struct reply_verdict *v, enum objstore_result result, const char *fmt, ...)
{
	va_list ap;

	v->result = result;
	va_start(ap, fmt);
	vsnprintf(v->text, sizeof(v->text), fmt, ap);
	va_end(ap);
}

static bool is(const char *code, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(code, *list) == 0)
			return true;
	return false;
}

bool reply_region_valid(const char *region)
{
	size_t len = strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len < 64 && region[len] == '\0' && region[0] != '-' && region[len - 1] != '-';
}

static const char *permission(enum objstore_op op)
{
	switch (op) {
	case OBJSTORE_PUT:	return "s3:PutObject";
	case OBJSTORE_DELETE:	return "s3:DeleteObject";
	case OBJSTORE_LIST:	return "s3:ListBucket";
	default:		return "s3:GetObject";
	}
}

/* ---- No reply ---- */

static void judge_silence(const struct reply_question *q, const struct http_reply *r,
			  struct reply_verdict *v)
{
	v->retry = true;
	v->maybe_done = r->sent > 0 && (r->status < 300 || r->status >= 500);	/* a refusal, cut short, is one */
	switch (r->end) {
	case HTTP_RESOLVE:
		say(v, OBJSTORE_FAILED, "no address for the host %.80s: check S3_ENDPOINT and the name service",
		    q->host);
		break;
	case HTTP_CONNECT:
		say(v, OBJSTORE_FAILED, "cannot connect to %.60s (%.90s): check S3_ENDPOINT, the server and the "
		    "network", q->host, r->why);
		break;
	case HTTP_PROXY:
		say(v, OBJSTORE_FAILED, "the proxy failed (%.120s): check https_proxy", r->why);
		break;
	case HTTP_CERTIFICATE:
		v->retry = false;
		say(v, OBJSTORE_FAILED, "the certificate of %.60s is refused (%.90s): %s", q->host, r->why,
		    q->own_ca ? "is it from the CA in S3_CA_BUNDLE?" : "for a private CA set S3_CA_BUNDLE");
		break;
	case HTTP_CA_BUNDLE:
		v->retry = false;
		if (q->own_ca)
			say(v, OBJSTORE_FAILED, "the file of S3_CA_BUNDLE cannot be used: %.120s", r->why);
		else
			say(v, OBJSTORE_FAILED, "this machine knows no certificate authorities (%.90s): install "
			    "ca-certificates, or set S3_CA_BUNDLE", r->why);
		break;
	case HTTP_TLS:
		say(v, OBJSTORE_FAILED, "no TLS with %.60s (%.90s): does it speak https, TLS 1.2 or later?",
		    q->host, r->why);
		break;
	case HTTP_TIMEOUT:
		say(v, OBJSTORE_FAILED, "no answer from %.80s for %u s (S3_TIMEOUT): check the network, or raise it",
		    q->host, (unsigned)q->timeout_s);
		break;
	case HTTP_CUT:
		say(v, OBJSTORE_DAMAGED, "the reply was cut short (%.120s)", r->why);
		break;
	case HTTP_BAD:
		say(v, OBJSTORE_DAMAGED, "the reply is not what S3 sends (%.120s): is S3_ENDPOINT an S3 server?",
		    r->why);
		break;
	case HTTP_NOMEM:
		v->retry = false;
		say(v, OBJSTORE_NOMEM, "out of memory");
		break;
	default:
		say(v, OBJSTORE_FAILED, "the connection to %.60s broke (%.90s): check the network, or try later",
		    q->host, r->why);
	}
}

/* ---- Errors ---- */

static const char *const throttles[] = {
	"SlowDown", "SlowDownRead", "SlowDownWrite", "RequestLimitExceeded", "Throttling", "ThrottlingException",
	"TooManyRequests", "BandwidthLimitExceeded", "ServiceUnavailable", NULL,
};

/* The server's fault, or that of the way: bytes that changed under it among them. */
static const char *const passing[] = {
	"InternalError", "RequestTimeout", "XAmzContentSHA256Mismatch", "BadDigest", "IncompleteBody",
	"OperationAborted", "InvalidDigest", "BadGateway", "GatewayTimeout", NULL,
};

static void judge_denied(const struct reply_question *q, const struct xml_error *e, const char *code,
			 struct reply_verdict *v)
{
	static const char *const unknown_key[] = { "InvalidAccessKeyId", "InvalidAccessKey", NULL };
	static const char *const expired[] = { "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", NULL };
	static const char *const token[] = { "InvalidToken", "InvalidSecurity", NULL };

	if (strcmp(code, "SignatureDoesNotMatch") == 0) {
		say(v, OBJSTORE_DENIED, "the signature is refused: the secret key does not belong to access key %.40s "
		    "(credentials: %.80s)", q->key_id, q->source);
	} else if (is(code, unknown_key)) {
		say(v, OBJSTORE_DENIED, "the server does not know access key %.40s (credentials: %.80s): check it, "
		    "and S3_ENDPOINT", q->key_id, q->source);
	} else if (is(code, expired)) {
		v->repair = REPLY_CREDENTIALS;
		say(v, OBJSTORE_DENIED, "the credentials have expired (%.100s): renew them", q->source);
	} else if (is(code, token)) {
		say(v, OBJSTORE_DENIED, "the session token is refused (credentials: %.100s)", q->source);
	} else if (strcmp(code, "RequestTimeTooSkewed") == 0) {
		v->repair = REPLY_CLOCK;
		say(v, OBJSTORE_DENIED, "the clock is off: set it (ntp), signatures are good for 15 minutes");
	} else if (strcmp(code, "InvalidObjectState") == 0) {
		say(v, OBJSTORE_ARCHIVED, "moved to an archive class (Glacier): restore it there first, and keep the "
		    "bucket's lifecycle rules off this prefix");
	} else if (q->op == OBJSTORE_GET || q->op == OBJSTORE_HEAD) {
		say(v, OBJSTORE_DENIED, "access denied (credentials: %.80s): needs s3:GetObject; and without "
		    "s3:ListBucket a missing object is denied, too", q->source);
	} else {
		say(v, OBJSTORE_DENIED, "access denied (credentials: %.80s): needs %s%s%s%.60s", q->source,
		    permission(q->op), q->kms && q->op == OBJSTORE_PUT ? ", kms:GenerateDataKey and kms:Decrypt" : "",
		    e->message[0] != '\0' && strcmp(code, "AccessDenied") != 0 ? "; " : "",
		    e->message[0] != '\0' && strcmp(code, "AccessDenied") != 0 ? e->message : "");
	}
}

/* The bucket lives elsewhere.  A host that the reply names is never asked. */
static void judge_region(const struct reply_question *q, const struct http_reply *r, const struct xml_error *e,
			 struct reply_verdict *v)
{
	const char *region = r->region[0] != '\0' ? r->region : e->region;

	if (reply_region_valid(region) && strcmp(region, q->region) != 0) {
		v->repair = REPLY_REGION;
		snprintf(v->region, sizeof(v->region), "%s", region);
		say(v, OBJSTORE_FAILED, "the bucket is in the region %.60s: set S3_REGION", region);
	} else if (r->status == 307) {
		v->retry = true;	/* a new bucket, whose name is not known everywhere yet */
		say(v, OBJSTORE_FAILED, "the server sends us elsewhere (307), in the same region: try later");
	} else {
		say(v, OBJSTORE_FAILED, "the server sends us elsewhere (%d%s%.40s): check S3_REGION, S3_ENDPOINT and "
		    "S3_PATH_STYLE", r->status, v->code[0] != '\0' ? " " : "", v->code);
	}
}

static void judge_missing(const struct reply_question *q, const char *code, struct reply_verdict *v)
{
	if (strcmp(code, "NoSuchBucket") == 0)
		say(v, OBJSTORE_NOT_FOUND, "there is no bucket %.63s at %.80s: make it, or correct S3_BUCKET",
		    q->bucket, q->host);
	else if (q->op == OBJSTORE_LIST)
		say(v, OBJSTORE_NOT_FOUND, "nothing to list (404 %.40s): check S3_BUCKET and S3_PATH_STYLE", code);
	else if (q->op == OBJSTORE_DELETE)
		v->result = OBJSTORE_OK;
	else if (q->op == OBJSTORE_PUT && q->condition != OBJSTORE_IF_MATCH)
		say(v, OBJSTORE_NOT_FOUND, "nowhere to put it (404 %.40s): check S3_BUCKET and S3_PATH_STYLE", code);
	else
		say(v, OBJSTORE_NOT_FOUND, "no such object");
}

static void judge_conflict(const struct reply_question *q, struct reply_verdict *v)
{
	say(v, OBJSTORE_CONFLICT, "another writer was in the way at that moment");
	/* With an ETag, the other may well have changed it. */
	v->retry = q->op != OBJSTORE_PUT || q->condition != OBJSTORE_IF_MATCH;
}

static void judge_precondition(const struct reply_question *q, struct reply_verdict *v)
{
	say(v, OBJSTORE_PRECONDITION, q->condition == OBJSTORE_IF_ABSENT ? "exists already" :
	    "changed by another writer");
}

static void judge_other(const struct reply_question *q, const struct http_reply *r, const struct xml_error *e,
			struct reply_verdict *v)
{
	v->retry = is(v->code, passing) || (r->status >= 500 && r->status != 501 && r->status != 507);
	say(v, r->status == 416 ? OBJSTORE_DAMAGED : OBJSTORE_FAILED, "HTTP %d%s%.40s%s%.110s%s", r->status,
	    v->code[0] != '\0' ? " " : "", v->code, e->message[0] != '\0' ? ": " : "", e->message,
	    r->status == 416 ? ": shorter than what is asked for" : "");
	if (r->status == 501 && q->op == OBJSTORE_PUT && q->condition != OBJSTORE_ALWAYS)
		say(v, OBJSTORE_UNSUPPORTED, "the server does not do conditional writes (501): only one host may "
		    "write below this prefix");
}

/* A HEAD has no body: what else it may be is read off the head. */
static void judge_bare_head(const struct reply_question *q, const struct http_reply *r, struct reply_verdict *v)
{
	if (r->status == 403 && r->date_s >= 0 &&
	    (r->date_s - q->now_s > SKEW_S || q->now_s - r->date_s > SKEW_S))
		v->repair = REPLY_CLOCK;
	else if (r->status == 400 && q->token != NULL)
		v->repair = REPLY_CREDENTIALS;
}

/* Some servers say back what they were sent.  The text ends where the token begins, even one that is cut. */
static void cut_token(const char *token, char *text)
{
	char begin[TOKEN_BEGINS + 1];
	char *at;

	if (token == NULL || token[0] == '\0')
		return;
	snprintf(begin, sizeof(begin), "%s", token);
	at = strstr(text, begin);
	if (at != NULL)
		*at = '\0';
}

/* The server's own word for it, which manuals explain. */
static void add_code(struct reply_verdict *v)
{
	size_t len = strlen(v->text);

	if (v->code[0] != '\0' && strstr(v->text, v->code) == NULL && len > 0)
		snprintf(v->text + len, sizeof(v->text) - len, " (%.60s)", v->code);
}

static void judge_error(const struct reply_question *q, const struct http_reply *r, struct reply_verdict *v)
{
	static const char *const elsewhere[] = { "AuthorizationHeaderMalformed", "PermanentRedirect",
		"TemporaryRedirect", "Redirect", "IllegalLocationConstraintException", NULL };
	static const char *const denied[] = { "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
		"InvalidToken", "InvalidAccessKeyId", "InvalidSecurity", "RequestTimeTooSkewed",
		"SignatureDoesNotMatch", "AccessDenied", NULL };
	struct xml_error e = { "", "", "" };

	xml_read_error(q->body, q->body_len, &e);
	cut_token(q->token, e.code);
	cut_token(q->token, e.message);
	snprintf(v->code, sizeof(v->code), "%s", e.code);
	v->maybe_done = r->status >= 500 || r->status == 200;
	if (r->status == 503 || r->status == 429 || is(e.code, throttles)) {
		v->retry = v->throttled = true;
		say(v, OBJSTORE_THROTTLED, "the server asks to slow down (%d %.40s): lower S3_JOBS, or try later",
		    r->status, e.code[0] != '\0' ? e.code : "Slow Down");
	} else if ((r->status >= 300 && r->status < 400) || is(e.code, elsewhere) ||
		   (r->status == 400 && r->region[0] != '\0' && strcmp(r->region, q->region) != 0)) {
		judge_region(q, r, &e, v);
	} else if (r->status == 401 || r->status == 403 || is(e.code, denied)) {
		judge_denied(q, &e, e.code, v);
	} else if (r->status == 404) {
		judge_missing(q, e.code, v);
	} else if (r->status == 409) {
		judge_conflict(q, v);
	} else if (r->status == 412) {
		judge_precondition(q, v);
	} else {
		judge_other(q, r, &e, v);
	}
	add_code(v);
	if (q->op == OBJSTORE_HEAD && v->repair == REPLY_NO_REPAIR)
		judge_bare_head(q, r, v);
}

/* ---- Good replies ---- */

static void judge_success(const struct reply_question *q, const struct http_reply *r, struct reply_verdict *v)
{
	struct xml_error e;
	bool wants_etag = q->op == OBJSTORE_GET || q->op == OBJSTORE_HEAD || q->op == OBJSTORE_PUT;

	v->result = OBJSTORE_OK;
	/* S3 may have answered 200 before it knew. */
	if (q->op != OBJSTORE_LIST && xml_read_error(q->body, q->body_len, &e)) {
		judge_error(q, r, v);
		return;
	}
	if (wants_etag && r->etag[0] == '\0') {
		v->retry = v->maybe_done = true;
		say(v, OBJSTORE_DAMAGED, "the reply has no ETag: is S3_ENDPOINT an S3 server?");
	} else if (q->op == OBJSTORE_GET && !r->has_length && !r->chunked) {
		v->retry = true;	/* its end cannot be told from a broken connection */
		say(v, OBJSTORE_DAMAGED, "the reply does not say how long it is");
	} else if (q->op == OBJSTORE_HEAD && !r->has_length) {
		v->retry = true;
		say(v, OBJSTORE_DAMAGED, "the reply does not say how long the object is");
	}
}

void reply_judge(const struct reply_question *q, const struct http_reply *r, struct reply_verdict *v)
{
	*v = (struct reply_verdict){ .result = OBJSTORE_FAILED };
	if (r->end != HTTP_REPLY)
		judge_silence(q, r, v);
	else if (r->status == 304 && q->op == OBJSTORE_GET)
		v->result = OBJSTORE_UNCHANGED;
	else if (r->status == 200 || (r->status == 206 && q->op == OBJSTORE_GET) ||
		 ((r->status == 204 || r->status == 202) && q->op == OBJSTORE_DELETE))
		judge_success(q, r, v);
	else
		judge_error(q, r, v);
}
