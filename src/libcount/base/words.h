/* words.h - words that a setting may have. */
#ifndef COUNT_BASE_WORDS_H
#define COUNT_BASE_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* true 1 yes on, false 0 no off, in any case; false: neither. */
bool words_bool(const char *value, bool *v);

/* The digits at the start of value; what follows them, or NULL: none, or more than 64 bits. */
const char *words_whole(const char *value, uint64_t *v);

#endif
