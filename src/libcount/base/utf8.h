/* utf8.h - strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF. */
#ifndef COUNT_BASE_UTF8_H
#define COUNT_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the first code point of s, 1 to 4, and the point in *cp; 0: not UTF-8, or len is 0. */
unsigned utf8_get(const char *s, size_t len, uint32_t *cp);

bool utf8_valid(const char *s, size_t len);

enum utf8_text { UTF8_TEXT, UTF8_CONTROL, UTF8_BAD };

/*
 * UTF8_TEXT when s is UTF-8 without control characters (U+0000-1F and U+007F-9F: those a terminal
 * obeys).  Otherwise *at is the offset of the first byte that is not.
 */
enum utf8_text utf8_check_text(const char *s, size_t len, size_t *at);

#endif
