/*
 * s3_impl.h - what the files of the S3 store share; nobody else includes it.
 *
 *	s3.c		open, settings, the queue: which requests are under way
 *	s3_request.c	one request of the protocol: URL, headers, signature
 *	s3_transfer.c	what becomes of one: tries, repairs, the comparison after a lost reply
 *	s3_auth.c	credentials, region, clock, the signing key
 */
#ifndef COUNT_S3_S3_IMPL_H
#define COUNT_S3_S3_IMPL_H

#include <curl/curl.h>

#include "s3/creds.h"
#include "s3/endpoint.h"
#include "s3/http.h"
#include "s3/reply.h"
#include "s3/retry.h"
#include "s3/s3.h"
#include "s3/sigv4.h"

#define S3_JOBS_MAX 64
#define S3_HEADERS_MAX 24

/* What requests are signed with.  A number goes up with each repair: who was signed with an older one
 * and failed is signed anew, and the repair is not done twice. */
struct s3_auth {
	struct creds_finder *finder;
	struct creds creds;
	struct count_error failed;	/* why there are none, until retry_ms */
	int64_t retry_ms;
	bool warned;			/* of a refresh that failed while the old ones still hold */
	char region[64];
	bool has_region;
	int64_t clock_offset_s;		/* the server's clock minus ours */
	struct sigv4_key key;
	char key_day[9];		/* that the key is good for; "": none */
	unsigned creds_number, region_number, clock_number;
};

struct s3_store {
	struct objstore base;		/* first */
	/* Settings, copied. */
	struct s3_config cfg;
	char *url;			/* s3://BUCKET */
	struct endpoint endpoint;
	struct http_settings http;
	struct retry_policy policy;

	struct s3_auth auth;
	struct retry_window window;
	uint64_t random;

	CURLM *multi;
	struct http *idle[S3_JOBS_MAX];	/* handles not in use */
	size_t nidle, nhandles;
	struct s3_transfer *running, *waiting, **waiting_end;	/* waiting: in the order of submission */
	size_t nrunning;
};

/* A request of the caller, through all its tries. */
struct s3_transfer {
	struct objstore_req *req;
	struct s3_transfer *next;
	int64_t due_ms;			/* waiting: not before */
	int64_t first_ms, begun_ms;	/* the first try, and this one */
	uint32_t tries;
	bool maybe_done;		/* a try that failed may have stored the object all the same */
	bool comparing;			/* a PUT that finds out by a GET whether it did */
	bool differs;			/* ... and found another object */
	unsigned repairs;		/* bits by enum reply_repair: tried for this request */
	unsigned creds_number, region_number, clock_number;	/* signed with */
	int64_t signed_s;		/* the time it was signed for */
	char hash[SIGV4_HEX];		/* of the body */
	char checksum[64];		/* the same in base64, if it is sent along */

	struct http *http;		/* while running */
	struct buf url, host;

	/* Delivering the body of a GET. */
	bool began;			/* the first bytes of this try were looked at */
	enum objstore_result refused;	/* why the sink stopped it; OK: it did not */
	uint64_t skip, left;		/* bytes to pass over, bytes to deliver */
	uint64_t delivered;		/* to the caller's sink, in all tries */
	size_t body_start;		/* of the caller's buffer */
	char etag[OBJSTORE_ETAG_MAX + 1];	/* of the version that was delivered in part */
};

static inline struct s3_store *s3_of(objstore *s) { return (struct s3_store *)s; }
int64_t s3_now_ms(void);		/* monotonic */
uint64_t s3_random(struct s3_store *s);
void s3_log(const struct s3_store *s, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- s3_auth.c ---- */

/* Credentials that hold for five minutes more, and a region; may block.  Fills err. */
int s3_auth_ready(struct s3_store *s, struct count_error *err);
/* After a reply that asks for it: true if the request is worth signing again. */
bool s3_auth_repair(struct s3_store *s, const struct s3_transfer *t, const struct reply_verdict *v,
		    const struct http_reply *r);
/* The key for the day of time (20150830T123600Z). */
int s3_auth_key(struct s3_store *s, const struct sigv4_scope *scope);
void s3_auth_free(struct s3_auth *a);

/* ---- s3_request.c ---- */

/* The settings that go into headers; COUNT_ERR_INVALID names the one. */
int s3_request_check(const struct s3_config *cfg, struct count_error *err);
/* Sign t's next request and hand it to t->http. */
int s3_request_begin(struct s3_store *s, struct s3_transfer *t);

/* ---- s3_transfer.c ---- */

enum objstore_op s3_transfer_op(const struct s3_transfer *t);	/* GET while it compares */
/* The body of a GET, http_sink; ctx is the transfer. */
bool s3_transfer_sink(void *ctx, const uint8_t *data, size_t len);
bool s3_transfer_start(struct s3_store *s, struct s3_transfer *t);	/* false: it was finished at once */
/* Its try has ended: finish the request, or make it wait for the next. */
void s3_transfer_ended(struct s3_store *s, struct s3_transfer *t);
void s3_transfer_finish(struct s3_store *s, struct s3_transfer *t, enum objstore_result result);

/* ---- s3.c ---- */

void s3_wait_until(struct s3_store *s, struct s3_transfer *t, int64_t due_ms);	/* back into the queue */

#endif
