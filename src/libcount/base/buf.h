/*
 * buf.h - a growing run of bytes.
 *
 * An all-zero struct buf is empty and owns nothing.  A failed allocation is remembered in
 * `failed` and later puts do nothing, so a caller checks once, at the end.
 */
#ifndef COUNT_BASE_BUF_H
#define COUNT_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t len, cap;
	bool failed;
};

void buf_free(struct buf *b);			/* leaves an empty one */
bool buf_reserve(struct buf *b, size_t more);	/* room for more bytes; false: out of memory */
void buf_put(struct buf *b, const void *p, size_t len);
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_u16(struct buf *b, uint16_t v);
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_varint(struct buf *b, uint64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline void buf_clear(struct buf *b) { b->len = 0; b->failed = false; }

#endif
