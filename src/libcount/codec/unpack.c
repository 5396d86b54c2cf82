/*
 * unpack.c - fields of one width out of a byte string, a kernel for each width.
 *
 * Eight fields of w bits are exactly w bytes, so each kernel reads eight fields at constant
 * offsets with constant shifts; the loop around them has no data-dependent step.
 */
#include "codec/pack.h"

#include <string.h>

/* Field j of the eight that start at p.  A field may straddle nine bytes when w > 57. */
static inline __attribute__((always_inline)) uint64_t field(const uint8_t *p, unsigned j, unsigned w)
{
	unsigned bit = j * w, shift = bit % 8;
	uint64_t v = get_u64(p + bit / 8) >> shift;

	if (shift + w > 64)
		v |= (uint64_t)p[bit / 8 + 8] << (64 - shift);
	return v & bits_mask(w);
}

static inline __attribute__((always_inline)) void unpack_width(const uint8_t *p, size_t n,
							       unsigned w, uint64_t *out)
{
	for (size_t i = 0; i < n; i += 8, p += w, out += 8) {
		out[0] = field(p, 0, w);
		out[1] = field(p, 1, w);
		out[2] = field(p, 2, w);
		out[3] = field(p, 3, w);
		out[4] = field(p, 4, w);
		out[5] = field(p, 5, w);
		out[6] = field(p, 6, w);
		out[7] = field(p, 7, w);
	}
}

/* n is a multiple of 8; p is readable for n * w / 8 + 8 bytes. */
static void unpack_padded(const uint8_t *p, size_t n, unsigned w, uint64_t *out)
{
	switch (w) {
	case 0: memset(out, 0, n * sizeof(*out)); break;
	case 1: unpack_width(p, n, 1, out); break;
	case 2: unpack_width(p, n, 2, out); break;
	case 3: unpack_width(p, n, 3, out); break;
	case 4: unpack_width(p, n, 4, out); break;
	case 5: unpack_width(p, n, 5, out); break;
	case 6: unpack_width(p, n, 6, out); break;
	case 7: unpack_width(p, n, 7, out); break;
	case 8: unpack_width(p, n, 8, out); break;
	case 9: unpack_width(p, n, 9, out); break;
	case 10: unpack_width(p, n, 10, out); break;
	case 11: unpack_width(p, n, 11, out); break;
	case 12: unpack_width(p, n, 12, out); break;
	case 13: unpack_width(p, n, 13, out); break;
	case 14: unpack_width(p, n, 14, out); break;
	case 15: unpack_width(p, n, 15, out); break;
	case 16: unpack_width(p, n, 16, out); break;
	case 17: unpack_width(p, n, 17, out); break;
	case 18: unpack_width(p, n, 18, out); break;
	case 19: unpack_width(p, n, 19, out); break;
	case 20: unpack_width(p, n, 20, out); break;
	case 21: unpack_width(p, n, 21, out); break;
	case 22: unpack_width(p, n, 22, out); break;
	case 23: unpack_width(p, n, 23, out); break;
	case 24: unpack_width(p, n, 24, out); break;
	case 25: unpack_width(p, n, 25, out); break;
	case 26: unpack_width(p, n, 26, out); break;
	case 27: unpack_width(p, n, 27, out); break;
	case 28: unpack_width(p, n, 28, out); break;
	case 29: unpack_width(p, n, 29, out); break;
	case 30: unpack_width(p, n, 30, out); break;
	case 31: unpack_width(p, n, 31, out); break;
	case 32: unpack_width(p, n, 32, out); break;
	case 33: unpack_width(p, n, 33, out); break;
	case 34: unpack_width(p, n, 34, out); break;
	case 35: unpack_width(p, n, 35, out); break;
	case 36: unpack_width(p, n, 36, out); break;
	case 37: unpack_width(p, n, 37, out); break;
	case 38: unpack_width(p, n, 38, out); break;
	case 39: unpack_width(p, n, 39, out); break;
	case 40: unpack_width(p, n, 40, out); break;
	case 41: unpack_width(p, n, 41, out); break;
	case 42: unpack_width(p, n, 42, out); break;
	case 43: unpack_width(p, n, 43, out); break;
	case 44: unpack_width(p, n, 44, out); break;
	case 45: unpack_width(p, n, 45, out); break;
	case 46: unpack_width(p, n, 46, out); break;
	case 47: unpack_width(p, n, 47, out); break;
	case 48: unpack_width(p, n, 48, out); break;
	case 49: unpack_width(p, n, 49, out); break;
	case 50: unpack_width(p, n, 50, out); break;
	case 51: unpack_width(p, n, 51, out); break;
	case 52: unpack_width(p, n, 52, out); break;
	case 53: unpack_width(p, n, 53, out); break;
	case 54: unpack_width(p, n, 54, out); break;
	case 55: unpack_width(p, n, 55, out); break;
	case 56: unpack_width(p, n, 56, out); break;
	case 57: unpack_width(p, n, 57, out); break;
	case 58: unpack_width(p, n, 58, out); break;
	case 59: unpack_width(p, n, 59, out); break;
	case 60: unpack_width(p, n, 60, out); break;
	case 61: unpack_width(p, n, 61, out); break;
	case 62: unpack_width(p, n, 62, out); break;
	case 63: unpack_width(p, n, 63, out); break;
	case 64: unpack_width(p, n, 64, out); break;
	}
}

const uint8_t *unpack(const uint8_t *p, const uint8_t *end, size_t n, unsigned w, uint64_t *out)
{
	uint8_t padded[PACK_GROUP * 8 + 16];
	size_t len = (n * w + 7) / 8, all = (n + 7) / 8 * 8;

	if (w > 64 || n > PACK_GROUP || (size_t)(end - p) < len)
		return NULL;
	if ((size_t)(end - p) >= all * w / 8 + 8) {
		unpack_padded(p, all, w, out);
	} else {	/* the end is near: the kernels may read past it, so give them a copy */
		memcpy(padded, p, len);
		memset(padded + len, 0, all * w / 8 + 8 - len);
		unpack_padded(padded, all, w, out);
	}
	return p + len;
}
