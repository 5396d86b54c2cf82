/*
 * creds.h - where credentials come from, in AWS's order; the first source that is configured is the
 * one, and its failure is an error that names it: there is no falling through to the next.
 *
 *	environment	AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *	profile		AWS_PROFILE or default, in ~/.aws/credentials, then ~/.aws/config: keys or credential_process
 *	container	AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
 *	instance	IMDSv2
 *
 * Web identity, role chaining and SSO are refused by name (the message says that credential_process can
 * bridge them); they will be further sources behind this interface.
 */
#ifndef COUNT_S3_CREDS_H
#define COUNT_S3_CREDS_H

#include <stdint.h>

#include "count.h"

struct creds {
	char *access_key, *secret, *token;	/* token NULL: none.  Wiped by creds_free() */
	int64_t expires_s;		/* seconds since 1970; 0: never */
	int64_t refresh_s;		/* when to call creds_get() again: 5 minutes before they end, or after
					 * half of what was left if that was less; 0: never.  Should it fail
					 * then, these are good until expires_s */
	char source[128];		/* "profile work (~/.aws/credentials)", with the path in full */
	char *region;			/* of the profile or the instance; NULL: none */
};
void creds_free(struct creds *c);	/* leaves an empty one */

struct creds_options {
	const char *ca_bundle;		/* for a container endpoint with https; NULL: the system's */
	int64_t now_s;
	count_log_fn *log;		/* NULL: none */
	void *log_arg;
};

/* A finder remembers which source won, and refreshes from that one. */
struct creds_finder;
struct creds_finder *creds_finder_new(void);		/* NULL: out of memory */
void creds_finder_delete(struct creds_finder *f);	/* NULL is fine */

/* Blocks (a process, loopback or link-local HTTP; bounded to seconds).  *c is replaced only on success.
 * COUNT_ERR_DENIED: no source, or the one that is configured fails; err names it and says what to do. */
int creds_get(struct creds_finder *f, const struct creds_options *opt, struct creds *c, struct count_error *err);

/*
 * S3_REGION is not asked here: AWS_REGION, AWS_DEFAULT_REGION, the profile's, the instance's if its
 * credentials are used too, us-east-1.  *source, unless NULL, says which: a literal.  NULL: out of
 * memory.  The caller frees.
 */
char *creds_region(struct creds_finder *f, const struct creds_options *opt, const char **source);

#endif
