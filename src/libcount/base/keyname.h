/*
 * keyname.h - the part of an object's key that stands for a series: PREFIX/SERIES/manifest.json.
 *
 * Every byte but A-Za-z0-9_- and a dot not in first place is percent-encoded, with capital digits:
 * cpu{host="a/b"} is cpu%7Bhost%3D%22a%2Fb%22%7D.  So no name is . or .., none has a slash, and none
 * begins with ! (kept for keys of other kinds).  When that is over KEYNAME_MAX bytes the part is ~
 * and the hex SHA-256 of the encoded name; the manifest has the true name.
 *
 * Pure.  SHA-256 is libcrypto's, which neither the library nor a tool links: the caller passes the
 * function (sigv4_sha256() of s3), and loads it only if keyname_is_long() asks for it.
 */
#ifndef COUNT_BASE_KEYNAME_H
#define COUNT_BASE_KEYNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"

#define KEYNAME_MAX 200		/* bytes; as file names they fit any file system */

typedef int keyname_sha256(const void *data, size_t len, uint8_t hash[32]);	/* an enum count_status */

/* Whether this series needs the hash. */
bool keyname_is_long(const char *series, size_t len);

/*
 * out ends in NUL.  COUNT_ERR_INVALID: the empty name, one over COUNT_SERIES_MAX bytes, or a long one
 * without a sha256; else what sha256 fails with.
 */
int keyname_encode(const char *series, size_t len, keyname_sha256 *sha256, char out[KEYNAME_MAX + 1]);

/*
 * The series of a key's part, in out, which ends in NUL; *len its bytes.  COUNT_ERR_NOTFOUND: a hash,
 * from which no name can be told.  COUNT_ERR_INVALID: not what keyname_encode() makes.
 */
int keyname_decode(const char *part, size_t part_len, char out[KEYNAME_MAX + 1], size_t *len);

#endif
