/* buf.c - a growing run of bytes; see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

bool buf_reserve(struct buf *b, size_t more)
{
	size_t need, cap;
	uint8_t *data;

	if (b->failed || __builtin_add_overflow(b->len, more, &need))
		return !(b->failed = true);
	if (need <= b->cap)
		return true;
	cap = b->cap < 64 ? 64 : b->cap + b->cap / 2;
	if (cap < need)
		cap = need;
	data = realloc(b->data, cap);
	if (data == NULL)
		return !(b->failed = true);
	b->data = data;
	b->cap = cap;
	return true;
}

void buf_put(struct buf *b, const void *p, size_t len)
{
	if (len != 0 && buf_reserve(b, len)) {
		memcpy(b->data + b->len, p, len);
		b->len += len;
	}
}

void buf_put_u8(struct buf *b, uint8_t v) { buf_put(b, &v, sizeof(v)); }
void buf_put_u16(struct buf *b, uint16_t v) { buf_put(b, &v, sizeof(v)); }
void buf_put_u32(struct buf *b, uint32_t v) { buf_put(b, &v, sizeof(v)); }
void buf_put_u64(struct buf *b, uint64_t v) { buf_put(b, &v, sizeof(v)); }

void buf_put_varint(struct buf *b, uint64_t v)
{
	if (buf_reserve(b, VARINT_MAX))
		b->len += varint_put(b->data + b->len, v);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0 && buf_reserve(b, (size_t)n + 1)) {
		vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}
