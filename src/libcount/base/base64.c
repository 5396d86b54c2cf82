/* base64.c - bytes as text and back; see base64.h. */
#include "base/base64.h"

#include <stdbool.h>

#include "count.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { XX = 0x80 };		/* not in the alphabet; no value of six bits has this bit */
static const uint8_t values[256] = {
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, 62, XX, XX, XX, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, XX, XX, XX, XX, XX, XX,
	XX, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, XX, XX, XX, XX, XX,
	XX, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
};

static void encode(const uint8_t *p, size_t len, bool vector, struct buf *out)
{
	uint8_t *to;
	size_t i;

	if (len == 0)
		return;
	if (len > SIZE_MAX / 4 * 3 - 2 || !buf_reserve(out, (len + 2) / 3 * 4)) {
		out->failed = true;
		return;
	}
	to = out->data + out->len;
	i = vector ? base64_encode_vector(p, len, to) : 0;
	for (to += i / 3 * 4; len - i >= 3; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];

		*to++ = (uint8_t)alphabet[v >> 18];
		*to++ = (uint8_t)alphabet[v >> 12 & 63];
		*to++ = (uint8_t)alphabet[v >> 6 & 63];
		*to++ = (uint8_t)alphabet[v & 63];
	}
	if (i < len) {
		uint32_t v = (uint32_t)p[i] << 16 | (len - i == 2 ? (uint32_t)p[i + 1] << 8 : 0);

		*to++ = (uint8_t)alphabet[v >> 18];
		*to++ = (uint8_t)alphabet[v >> 12 & 63];
		*to++ = len - i == 2 ? (uint8_t)alphabet[v >> 6 & 63] : '=';
		*to++ = '=';
	}
	out->len = (size_t)(to - out->data);
}

void base64_encode(const uint8_t *p, size_t len, struct buf *out)
{
	encode(p, len, true, out);
}

void base64_encode_plain(const uint8_t *p, size_t len, struct buf *out)
{
	encode(p, len, false, out);
}

/* The last group, with one or two = at its end; how many bytes it holds, 0: bad. */
static size_t decode_padded(const uint8_t *s, uint8_t to[2])
{
	uint8_t a = values[s[0]], b = values[s[1]], c = s[2] == '=' ? 0 : values[s[2]];
	size_t n = s[2] == '=' ? 1 : 2;

	if (s[3] != '=' || ((a | b | c) & XX) != 0)
		return 0;
	to[0] = (uint8_t)(a << 2 | b >> 4);
	to[1] = (uint8_t)(b << 4 | c >> 2);
	return (n == 1 ? to[1] : c & 3) == 0 ? n : 0;
}

static int decode(const char *text, size_t len, bool vector, struct buf *out)
{
	const uint8_t *s = (const uint8_t *)text, *end = s + len;
	uint8_t bad = 0, *to;
	size_t n;

	if (len % 4 != 0)
		return COUNT_ERR_CORRUPT;
	if (len == 0)
		return COUNT_OK;
	if (!buf_reserve(out, len / 4 * 3))
		return COUNT_ERR_NOMEM;
	to = out->data + out->len;
	if (end[-1] == '=')
		end -= 4;
	n = vector ? base64_decode_vector(s, (size_t)(end - s), to) : 0;
	to += n / 4 * 3;
	for (s += n; s < end; s += 4, to += 3) {
		uint8_t a = values[s[0]], b = values[s[1]], c = values[s[2]], d = values[s[3]];

		bad |= a | b | c | d;
		to[0] = (uint8_t)(a << 2 | b >> 4);
		to[1] = (uint8_t)(b << 4 | c >> 2);
		to[2] = (uint8_t)(c << 6 | d);
	}
	if ((bad & XX) != 0)
		return COUNT_ERR_CORRUPT;
	if (end != (const uint8_t *)text + len) {
		n = decode_padded(end, to);
		if (n == 0)
			return COUNT_ERR_CORRUPT;
		to += n;
	}
	out->len = (size_t)(to - out->data);
	return COUNT_OK;
}

int base64_decode(const char *s, size_t len, struct buf *out)
{
	return decode(s, len, true, out);
}

int base64_decode_plain(const char *s, size_t len, struct buf *out)
{
	return decode(s, len, false, out);
}
