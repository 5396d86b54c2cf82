/*
 * s3.h - a bucket of Amazon S3, or of a server that speaks its protocol, as an object store.
 *
 * What it tries again and what it never does: doc/HACKING, "How the S3 client behaves".  One libcurl
 * multi handle per store; requests are signed here (sigv4.h).
 */
#ifndef COUNT_S3_S3_H
#define COUNT_S3_S3_H

#include "base/keyname.h"
#include "count.h"
#include "store/objstore.h"

enum s3_style { S3_STYLE_AUTO, S3_STYLE_PATH, S3_STYLE_VIRTUAL };

struct s3_config {		/* everything is borrowed until s3_open() returns, but log */
	const char *bucket;
	const char *endpoint;		/* NULL: AWS; https://host[:port] or http://host[:port], no path */
	const char *region;		/* NULL: environment, profile, IMDS, us-east-1 */
	const char *storage_class;	/* of puts that name none are the bucket's: this is only checked here */
	const char *sse, *sse_kms_key_id, *request_payer, *ca_bundle;
	const char *tags;		/* of puts that are `tagged`: "key=value&key=value" */
	enum s3_style style;
	bool allow_http;
	uint32_t jobs, retries, timeout_s;
	const char *user_agent;		/* NULL: none */
	count_log_fn *log;		/* level 3: each request with status, bytes, milliseconds; never a secret */
	void *log_arg;
};

/* Makes no request; credentials are looked for with the first one.  COUNT_ERR_INVALID names the setting. */
int s3_open(const struct s3_config *cfg, objstore **store, struct count_error *err);

/* For count-manifest doctor and -v: which source of credentials won, when they end; and the region in use
 * (NULL before the first request).  Valid until the next call on the store. */
const char *s3_credentials_source(const objstore *store);
const char *s3_region(const objstore *store);
void s3_set_region(objstore *store, const char *region);	/* learned by an earlier run */

#define S3_MODULE_VERSION 1
#define S3_MODULE_SYMBOL "count_s3_module"

struct s3_module {
	uint32_t version;
	int (*open)(const struct s3_config *cfg, objstore **store, struct count_error *err);
	const char *(*credentials_source)(const objstore *store);
	const char *(*region)(const objstore *store);
	void (*set_region)(objstore *store, const char *region);
	keyname_sha256 *sha256;
};

#endif
