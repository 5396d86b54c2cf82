/*
 * endpoint.h - the setting S3_ENDPOINT: file:///DIR, https://HOST[:PORT] or http://HOST[:PORT].
 *
 * Pure.  A file URL is taken byte for byte, without percent-decoding: what the shell completes is what is meant.
 */
#ifndef COUNT_COLD_ENDPOINT_H
#define COUNT_COLD_ENDPOINT_H

#include <stdbool.h>

/* NULL: well formed; else what is wrong, for "S3_ENDPOINT='...' (from ...): " before it. */
const char *endpoint_check(const char *url);

/* Of a well-formed one, or NULL (AWS). */
const char *endpoint_dir(const char *url);	/* "/DIR" of a file URL; NULL: another kind */
bool endpoint_insecure(const char *url);	/* plain http to another machine */

#endif
