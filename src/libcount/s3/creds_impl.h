/*
 * creds_impl.h - what the sources of credentials share; for creds*.c only.
 *
 * A source is one function: COUNT_OK and *c filled, COUNT_ERR_NOTFOUND (not configured: the next one is
 * asked; err untouched), or the status of a failure, with err filled.
 */
#ifndef COUNT_S3_CREDS_IMPL_H
#define COUNT_S3_CREDS_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "count.h"
#include "s3/creds.h"

#define CREDS_PROCESS_MS 30000
#define CREDS_BODY_MAX ((size_t)65536)	/* of what a process, an endpoint or a token file gives */

typedef int creds_source_fn(struct creds_finder *f, const struct creds_options *opt, struct creds *c,
			    struct count_error *err);

struct creds_finder {
	creds_source_fn *won;		/* NULL: none yet */
	bool warned[2];			/* about the credentials file, the config file */
	char *instance_region;		/* NULL: not known */
};

/* ---- creds.c ---- */

const char *creds_env(const char *name);	/* NULL if unset or empty */
void creds_log(const struct creds_options *opt, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void creds_wipe(char *s);			/* zeroes and frees; NULL is fine */
void creds_wipe_buf(struct buf *b);
bool creds_printable(const char *s);		/* what may stand in a header: no blanks, no control bytes */

/* ---- creds_profile.c ---- */

creds_source_fn creds_profile;
bool creds_profile_configured(void);
char *creds_profile_region(void);		/* NULL: none */
void creds_profile_describe(char *out, size_t size);	/* "profile work", for messages */

/* ---- creds_process.c: argv without a shell ---- */

/* Runs the command line and appends its output to out.  `who` begins each message. */
int creds_process_run(const char *who, const char *command, int limit_ms, struct buf *out,
		      struct count_error *err);
/* Splits at blanks; '...', "..." and \ quote as in sh.  *argv is one allocation; NULL-terminated. */
int creds_process_split(const char *command, char ***argv);	/* COUNT_ERR_INVALID: a quotation mark is open */

/* ---- creds_container.c, creds_instance.c ---- */

creds_source_fn creds_container;
bool creds_container_configured(void);
creds_source_fn creds_instance;
char *creds_instance_region(struct creds_finder *f);	/* NULL: not known */

/* ---- creds_http.c ---- */

struct creds_http {
	const char *method, *url;
	const char *header;		/* "Name: value"; NULL: none */
	const char *ca_bundle;
	long timeout_ms;
	unsigned tries;			/* failures of the network, 429 and 5xx are tried again */

	/* The answer; what creds_http_free() releases. */
	long status;			/* 0: none came */
	bool timed_out;
	char why[160];			/* "no answer within 1 s", "HTTP 500" */
	struct buf body;
};
/* True if the status is 200.  No proxy, no redirect, at most CREDS_BODY_MAX. */
bool creds_http_run(struct creds_http *h);
void creds_http_free(struct creds_http *h);

/* Whether url is https (if https_ok), or plain http to loopback or one of these addresses (NULL-terminated);
 * origin gets "http://host:port".  The text says what is wrong with it; NULL: nothing. */
const char *creds_http_check(const char *url, const char *const *addresses, bool https_ok, char *origin,
			     size_t size);

/* ---- creds_json.c ---- */

struct creds_form {		/* the names of the fields */
	const char *token;
	bool version_1;		/* "Version": 1 is required */
};
int creds_json_parse(const char *who, const struct creds_form *form, const struct buf *body, int64_t now_s,
		     struct creds *c, struct count_error *err);
/* The "Code" and "Message" of a failure as " (code: message)", or "". */
void creds_json_failure(const struct buf *body, char *out, size_t size);
bool creds_time_parse(const char *s, int64_t *t);		/* ISO 8601 with seconds and zone */
void creds_time_format(int64_t t, char out[48]);

#endif
