/* crc32c.h - CRC-32C (Castagnoli; RFC 3720, appendix B.4): the checksum of all local files. */
#ifndef COUNT_BASE_CRC32C_H
#define COUNT_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of data after what gave crc; 0 to begin.  crc32c(0, "123456789", 9) is 0xe3069283. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

#endif
