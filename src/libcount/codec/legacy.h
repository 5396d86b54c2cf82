/*
 * legacy.h - the two arrays of bytes in the prototype's block objects; count-manifest(5), LEGACY OBJECTS.
 *
 * They carry neither checksum nor length: what is checked is that the bytes are n whole codes and end
 * there.  Times come in the order of the array, which nothing promises to ascend.
 */
#ifndef COUNT_CODEC_LEGACY_H
#define COUNT_CODEC_LEGACY_H

#include <stddef.h>
#include <stdint.h>

#include "count.h"

#define LEGACY_TIMES_EXTRA 10	/* n times take at most 9 n + 10 bytes, n values at most 9 n */
#define LEGACY_POINT_MAX 9

/* Exactly n entries from exactly len bytes, n >= 1; else COUNT_ERR_CORRUPT with *at, the offset. */
int legacy_decode_times(const uint8_t *p, size_t len, size_t n, int64_t *times, uint64_t *at);
int legacy_decode_values(const uint8_t *p, size_t len, size_t n, double *values, uint64_t *at);

#endif
