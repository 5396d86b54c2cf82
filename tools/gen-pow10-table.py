#!/usr/bin/env python3
# gen-pow10-table.py - prints src/libcount/base/pow10_table.h; run by hand should it change.
FIRST, LAST = -342, 324
UP_FIRST, UP_LAST = -27, -1


def top128(q):
    """The first 128 bits of 10**q."""
    if q >= 0:
        power = 5 ** q
        shift = power.bit_length() - 128
        return power << -shift if shift <= 0 else power >> shift
    power = 5 ** -q
    # 2**b / power lies in [2**127, 2**128), and is never whole
    down = (1 << (power.bit_length() + 127)) // power
    return down + 1 if UP_FIRST <= q <= UP_LAST else down


print(f"""/*
 * pow10_table.h - the first 128 bits of each power of ten that a double can meet.
 *
 * Made by tools/gen-pow10-table.py; do not edit.  Entry i is 10^(POW10_FIRST + i) scaled by a
 * power of two so that the top bit is set.  10^0 to 10^55 are exact, 10^{UP_FIRST} to 10^{UP_LAST} rounded
 * up, as num_parse.c wants them, and all others rounded down.
 */
#ifndef COUNT_BASE_POW10_TABLE_H
#define COUNT_BASE_POW10_TABLE_H

#include <stdint.h>

#define POW10_FIRST ({FIRST})
#define POW10_LAST {LAST}
#define POW10_ROUNDED_DOWN(q) ((q) < {UP_FIRST} || (q) > 55)

struct pow10 {{
	uint64_t hi, lo;
}};
extern const struct pow10 pow10_table[POW10_LAST - POW10_FIRST + 1];

#ifdef POW10_TABLE_DEFINE	/* by num_parse.c */
const struct pow10 pow10_table[POW10_LAST - POW10_FIRST + 1] = {{""")
for first in range(FIRST, LAST + 1, 2):
    pair = [top128(q) for q in range(first, min(first + 2, LAST + 1))]
    cells = " ".join(f"{{ 0x{v >> 64:016x}, 0x{v & (2**64 - 1):016x} }}," for v in pair)
    print(f"\t{cells}\t/* {first} */")
print("};\n#endif\n\n#endif")
