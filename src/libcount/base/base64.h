/*
 * base64.h - bytes as text and back: RFC 4648, section 4, with padding, without line breaks.
 */
#ifndef COUNT_BASE_BASE64_H
#define COUNT_BASE_BASE64_H

#include "base/buf.h"

/* Appends (len + 2) / 3 * 4 characters, no NUL; out of memory shows in out->failed. */
void base64_encode(const uint8_t *p, size_t len, struct buf *out);

/*
 * Appends the bytes.  Strict, so that a run of bytes has one spelling: COUNT_ERR_CORRUPT for any character
 * outside the alphabet, padding that is missing or misplaced, and bits left over that are not 0.
 * COUNT_ERR_NOMEM.  out->len is as it was on failure.
 */
int base64_decode(const char *s, size_t len, struct buf *out);

/*
 * A whole number of groups from the front, by vector instructions, where there are such: how many bytes or characters
 * were taken, 0 or more.  Decoding stops before a character outside the alphabet.  `to` has room for all of len.
 */
size_t base64_encode_vector(const uint8_t *p, size_t len, uint8_t *to);
size_t base64_decode_vector(const uint8_t *s, size_t len, uint8_t *to);

/* The two functions without the vector part; for tests. */
void base64_encode_plain(const uint8_t *p, size_t len, struct buf *out);
int base64_decode_plain(const char *s, size_t len, struct buf *out);

#endif
