/* bytes.h - little-endian integers and doubles in byte arrays, at any alignment. */
#ifndef COUNT_BASE_BYTES_H
#define COUNT_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "count stores little-endian bytes and has been tested on little-endian machines only"
#endif

static inline uint16_t get_u16(const void *p) { uint16_t v; memcpy(&v, p, sizeof(v)); return v; }
static inline uint32_t get_u32(const void *p) { uint32_t v; memcpy(&v, p, sizeof(v)); return v; }
static inline uint64_t get_u64(const void *p) { uint64_t v; memcpy(&v, p, sizeof(v)); return v; }
static inline int64_t get_i64(const void *p) { int64_t v; memcpy(&v, p, sizeof(v)); return v; }
static inline double get_f64(const void *p) { double v; memcpy(&v, p, sizeof(v)); return v; }

static inline void put_u16(void *p, uint16_t v) { memcpy(p, &v, sizeof(v)); }
static inline void put_u32(void *p, uint32_t v) { memcpy(p, &v, sizeof(v)); }
static inline void put_u64(void *p, uint64_t v) { memcpy(p, &v, sizeof(v)); }
static inline void put_i64(void *p, int64_t v) { memcpy(p, &v, sizeof(v)); }
static inline void put_f64(void *p, double v) { memcpy(p, &v, sizeof(v)); }

static inline uint64_t f64_bits(double v) { return get_u64(&v); }
static inline double f64_from_bits(uint64_t b) { return get_f64(&b); }

/* Zigzag: small magnitudes of either sign become small unsigned numbers. */
static inline uint64_t zigzag(int64_t v) { return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63); }
static inline int64_t unzigzag(uint64_t v) { return (int64_t)((v >> 1) ^ (0 - (v & 1))); }

/* LEB128 varint; at most 10 bytes.  varint_put returns the length. */
#define VARINT_MAX 10
static inline size_t varint_put(uint8_t *p, uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (uint8_t)v;
	return n;
}

/* Reads one varint from [p, end); returns the byte past it, or NULL when cut or over 64 bits. */
static inline const uint8_t *varint_get(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
	uint64_t r = 0;

	for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
		uint8_t b = *p++;

		if (shift == 63 && b > 1)
			return NULL;
		r |= (uint64_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0) {
			*v = r;
			return p;
		}
	}
	return NULL;
}

#endif
