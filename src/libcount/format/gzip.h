/* gzip.h - bytes in memory to gzip (RFC 1952) and back, by zlib. */
#ifndef COUNT_FORMAT_GZIP_H
#define COUNT_FORMAT_GZIP_H

#include "base/buf.h"
#include "count.h"

/* Appends one member, the same for the same bytes: no name, no time.  COUNT_ERR_NOMEM. */
int gzip_pack(const uint8_t *p, size_t len, struct buf *out);

/*
 * Appends what one member holds.  COUNT_ERR_CORRUPT: damaged, cut, followed by anything (a further member
 * included), or unpacked it is more than max bytes, which is found out before it takes more memory.
 */
int gzip_unpack(const uint8_t *p, size_t len, size_t max, struct buf *out, struct count_error *err);

#endif
