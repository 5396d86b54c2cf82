/*
 * out.h - a buffer before standard output, or any file: write() in large pieces, errors kept.
 *
 * After the first failed write everything further is dropped; whoever ends the program asks
 * out_flush() once and reports.
 */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define OUT_SIZE 65536

struct out {
	int fd;
	int error;		/* errno of the first failed write, 0: none */
	size_t len;
	char *buf;		/* OUT_SIZE bytes: own, unless full() has put others there */
	void (*full)(struct out *o);	/* instead of writing to fd, takes what is in buf and sets len to 0; or NULL */
	void *arg;			/* for it */
	char own[OUT_SIZE];
};

void out_init(struct out *o, int fd);
bool out_flush(struct out *o);		/* false: o->error tells */
void out_long(struct out *o, const char *s, size_t len);	/* what does not fit */
void out_fmt(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The inside of a JSON string. */
void out_json(struct out *o, const char *s, size_t len);

static inline void out_put(struct out *o, const char *s, size_t len)
{
	if (len > OUT_SIZE - o->len) {
		out_long(o, s, len);
		return;
	}
	memcpy(o->buf + o->len, s, len);
	o->len += len;
}

static inline void out_char(struct out *o, char c)
{
	out_put(o, &c, 1);
}

static inline void out_str(struct out *o, const char *s)
{
	out_put(o, s, strlen(s));
}

/* Room for n <= OUT_SIZE bytes to be formatted in place; the caller then adds to len. */
static inline char *out_room(struct out *o, size_t n)
{
	if (n > OUT_SIZE - o->len)
		out_flush(o);
	return o->buf + o->len;
}

#endif
