/*
 * endpoint.h - where a bucket is to be found: scheme, host, and how the bucket stands in the URL.
 *
 *	AWS, virtual-host style		https://BUCKET.s3.REGION.amazonaws.com/KEY
 *	AWS, path style			https://s3.REGION.amazonaws.com/BUCKET/KEY
 *	another server			S3_ENDPOINT, path style unless asked otherwise
 *
 * A bucket in another region is found by changing the region in that pattern, never by asking a host
 * that a reply names.  Pure.
 */
#ifndef COUNT_S3_ENDPOINT_H
#define COUNT_S3_ENDPOINT_H

#include <stdbool.h>

#include "base/buf.h"
#include "s3/s3.h"

struct endpoint {
	bool https, aws, virtual_host;
	char head[300], tail[64];	/* host[:port] is head, the region if has_region, tail */
	bool has_region;
	char region[64];		/* that the configured host names; "": none */
};

/* COUNT_ERR_INVALID names the setting. */
int endpoint_init(struct endpoint *e, const struct s3_config *cfg, struct count_error *err);

/* host[:port] as it stands in the URL and in the Host header, with the NUL. */
void endpoint_host(const struct endpoint *e, const char *bucket, const char *region, struct buf *out);

#endif
