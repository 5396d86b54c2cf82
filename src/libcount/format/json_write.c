/* json_write.c - JSON text, written piece by piece; see json_write.h. */
#include "format/json_write.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/num.h"
#include "base/utf8.h"
#include "count.h"

static void put_char(struct json_writer *w, char c)
{
	buf_put_u8(w->out, (uint8_t)c);
}

static void put_quoted(struct json_writer *w, const char *s)
{
	size_t len = strlen(s), from = 0;

	if (!utf8_valid(s, len))
		w->bad = true;
	put_char(w, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_put(w->out, s + from, i - from);
		if (c < 0x20)
			buf_printf(w->out, "\\u%04x", c);
		else
			buf_printf(w->out, "\\%c", c);
		from = i + 1;
	}
	buf_put(w->out, s + from, len - from);
	put_char(w, '"');
}

static void begin(struct json_writer *w, const char *key)
{
	if (w->more)
		put_char(w, ',');
	w->more = true;
	if (key != NULL) {
		put_quoted(w, key);
		put_char(w, ':');
	}
}

void json_open(struct json_writer *w, const char *key, char bracket)
{
	begin(w, key);
	put_char(w, bracket);
	w->more = false;
}

void json_close(struct json_writer *w, char bracket)
{
	put_char(w, bracket);
	w->more = true;
}

void json_put_text(struct json_writer *w, const char *key, const char *text)
{
	begin(w, key);
	put_quoted(w, text);
}

void json_put_int(struct json_writer *w, const char *key, int64_t v)
{
	char digits[24], *p = digits;

	begin(w, key);
	if (v < 0)
		*p++ = '-';
	p += num_put_u64(p, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
	buf_put(w->out, digits, (size_t)(p - digits));
}

void json_put_double(struct json_writer *w, const char *key, double v)
{
	char text[COUNT_VALUE_MAX];

	begin(w, key);
	put_char(w, '"');
	if (v != v && f64_bits(v) != NUM_NAN_BITS)
		buf_printf(w->out, "NaN:%016" PRIx64, f64_bits(v));
	else
		buf_put(w->out, text, count_value_format(v, text));
	put_char(w, '"');
}

void json_put_hash(struct json_writer *w, const char *key, const uint8_t hash[16])
{
	begin(w, key);
	buf_put(w->out, "\"xxh128:", 8);
	for (size_t i = 0; i < 16; i++)
		buf_printf(w->out, "%02x", hash[i]);
	put_char(w, '"');
}

void json_put_other(struct json_writer *w, const char *other)
{
	size_t len = other == NULL ? 0 : strlen(other);

	if (len <= 2)
		return;
	begin(w, NULL);
	buf_put(w->out, other + 1, len - 2);
}
