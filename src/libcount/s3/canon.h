/*
 * canon.h - the canonical form of a request, which both sides of AWS Signature Version 4 hash.
 *
 * After "Create a signed AWS API request" in the AWS IAM user guide: method, path, query, headers,
 * the names of the signed headers and the hash of the body, a line each.  The client sends the very
 * path and query made here, so that nothing in between can encode them another way.
 *
 * Pure: no I/O, no clock.  Strings end in NUL and are raw: paths, query names and values are not
 * yet percent-encoded.  Output is appended to a struct buf; functions return COUNT_OK,
 * COUNT_ERR_NOMEM, or COUNT_ERR_INVALID for what HTTP cannot carry.
 */
#ifndef COUNT_S3_CANON_H
#define COUNT_S3_CANON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "count.h"

#define CANON_PAIRS_MAX 64	/* parameters of a query, or headers of a request; more is INVALID */

struct canon_pair {
	const char *name, *value;
};

struct canon_request {
	const char *method;			/* GET */
	const char *path;			/* /key, raw; the empty one is / */
	const struct canon_pair *query;		/* in any order */
	size_t nquery;
	const struct canon_pair *headers;	/* in any order; those that are to be signed */
	size_t nheaders;
	const char *payload_hash;		/* hex SHA-256 of the body, or UNSIGNED-PAYLOAD */
	bool normalise;		/* take . and .. and double slashes out of the path; never for S3 */
};

/* Percent-encode all but A-Za-z0-9-._~, and / unless encode_slash. */
int canon_encode(const char *s, size_t len, bool encode_slash, struct buf *out);

/* The path, encoded once.  A slash is put before one that has none. */
int canon_path(const char *path, bool normalise, struct buf *out);

/* a=1&b=2, encoded, then sorted by name and value; "" for none. */
int canon_query(const struct canon_pair *query, size_t n, struct buf *out);

/*
 * Headers as lines name:value\n with names in lower case, sorted; values trimmed, runs of blanks
 * made one; a repeated header joined by commas in the order given.  names gets a;b;c.
 * COUNT_ERR_INVALID: a name that is no token, a control character in a value (a tab is a blank).
 */
int canon_headers(const struct canon_pair *headers, size_t n, struct buf *out, struct buf *names);

/* All of it, as it is hashed; names as above. */
int canon_request(const struct canon_request *req, struct buf *out, struct buf *names);

#endif
