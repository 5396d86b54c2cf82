#!/usr/bin/env python3
# gen-crc32c-table.py - prints src/libcount/base/crc32c_table.h; run by hand should it change.
POLY = 0x82F63B78	# 0x1EDC6F41 with its bits reversed


def step(crc, bits):
    for _ in range(bits):
        crc = crc >> 1 ^ (POLY if crc & 1 else 0)
    return crc


print("""/*
 * crc32c_table.h - tables and constants of CRC32C; made by tools/gen-crc32c-table.py.
 *
 * crc32c_table[k][b] is the CRC of byte b with k zero bytes after it.  CRC32C_SHIFT_n is x^(8n - 33)
 * modulo the polynomial, bits reversed: times a CRC and reduced, that CRC with n zero bytes after it.
 */
#ifndef COUNT_BASE_CRC32C_TABLE_H
#define COUNT_BASE_CRC32C_TABLE_H

#include <stdint.h>
""")
for n in (256, 512, 4096, 8192):
    # 1 is 0x80000000 in reversed bits
    print(f"#define CRC32C_SHIFT_{n} 0x{step(0x80000000, 8 * n - 33):08x}U")
print("\n#ifdef CRC32C_TABLE_DEFINE\t/* by crc32c.c */\nstatic const uint32_t crc32c_table[8][256] = {")
for k in range(8):
    print("\t{")
    row = [step(b, 8 * (k + 1)) for b in range(256)]
    for i in range(0, 256, 8):
        print("\t\t" + " ".join(f"0x{v:08x}," for v in row[i:i + 8]))
    print("\t},")
print("};\n#endif\n\n#endif")
