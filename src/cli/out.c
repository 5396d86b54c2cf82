/* out.c - a buffer before standard output, or any file: write() in large pieces, errors kept. */
#include "out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void out_init(struct out *o, int fd)
{
	o->fd = fd;
	o->error = 0;
	o->len = 0;
	o->buf = o->own;
	o->full = NULL;
	o->arg = NULL;
}

static void write_all(struct out *o, const char *s, size_t len)
{
	while (len > 0 && o->error == 0) {
		ssize_t n = write(o->fd, s, len);

		if (n > 0) {
			s += n;
			len -= (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			o->error = n == 0 ? EIO : errno;
		}
	}
}

bool out_flush(struct out *o)
{
	if (o->full != NULL)
		o->full(o);
	else
		write_all(o, o->buf, o->len);
	o->len = 0;
	return o->error == 0;
}

void out_long(struct out *o, const char *s, size_t len)
{
	out_flush(o);
	if (o->full == NULL && len > OUT_SIZE / 2) {	/* not worth a copy */
		write_all(o, s, len);
		return;
	}
	for (; len > OUT_SIZE; len -= OUT_SIZE, s += OUT_SIZE) {
		memcpy(o->buf, s, OUT_SIZE);
		o->len = OUT_SIZE;
		out_flush(o);
	}
	memcpy(o->buf, s, len);
	o->len = len;
}

void out_fmt(struct out *o, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0)
		out_put(o, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void out_json(struct out *o, const char *s, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		out_put(o, s + from, i - from);
		if (c < 0x20) {
			out_fmt(o, "\\u%04x", c);
		} else {
			out_char(o, '\\');
			out_char(o, (char)c);
		}
		from = i + 1;
	}
	out_put(o, s + from, len - from);
}
