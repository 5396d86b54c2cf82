/*
 * crc32c.h - CRC32C, the Castagnoli polynomial (RFC 3720, appendix B.4).
 *
 * Start with 0; crc32c(crc32c(0, a), b) is the CRC of a and b joined.  The inversions at both ends are inside.
 */
#ifndef COUNT_BASE_CRC32C_H
#define COUNT_BASE_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(uint32_t crc, const void *p, size_t len);

/* The two ways, of which crc32c() takes the second where the processor can; for tests. */
uint32_t crc32c_portable(uint32_t crc, const void *p, size_t len);
uint32_t crc32c_hardware(uint32_t crc, const void *p, size_t len);
bool crc32c_have_hardware(void);

#endif
