/*
 * crc32c.c - CRC32C by tables, eight bytes a step, and the choice of the way.
 *
 * "Slicing by 8": M. Kounavis and F. Berry, Novel Table Lookup-Based Algorithms for
 * High-Performance CRC Generation, IEEE Transactions on Computers 57, 2008.
 */
#define CRC32C_TABLE_DEFINE
#include "base/crc32c_table.h"

#include "base/bytes.h"
#include "base/crc32c.h"

uint32_t crc32c_portable(uint32_t crc, const void *p, size_t len)
{
	const uint8_t *b = p;

	crc = ~crc;
	for (; len >= 8; len -= 8, b += 8) {
		uint64_t v = get_u64(b) ^ crc;

		crc = 0;
		for (unsigned i = 0; i < 8; i++)
			crc ^= crc32c_table[7 - i][v >> (8 * i) & 0xff];
	}
	for (; len > 0; len--, b++)
		crc = crc >> 8 ^ crc32c_table[0][(crc ^ *b) & 0xff];
	return ~crc;
}

uint32_t crc32c(uint32_t crc, const void *p, size_t len)
{
	if (crc32c_have_hardware())
		return crc32c_hardware(crc, p, len);
	return crc32c_portable(crc, p, len);
}
