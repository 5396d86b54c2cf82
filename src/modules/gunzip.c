/* gunzip.c - the gzip layer under libarchive, by zlib (RFC 1952). */
#include "gunzip.h"

#include <stdbool.h>
#include <stdlib.h>
#define ZLIB_CONST	/* next_in is const */
#include <zlib.h>

#define OUT_SIZE (128 * 1024)

struct gunzip {
	input_feed_fn *feed;
	void *arg;
	enum { START, PLAIN, MEMBER, BETWEEN, END } state;
	z_stream z;
	const char *error;
	bool feed_failed;
	unsigned char out[OUT_SIZE];
};

struct gunzip *gunzip_new(input_feed_fn *feed, void *arg)
{
	struct gunzip *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->feed = feed;
	g->arg = arg;
	if (inflateInit2(&g->z, 15 + 16) == Z_OK)	/* 16: gzip's header and trailer, checked */
		return g;
	free(g);
	return NULL;
}

/* Input when there is none: false at its end, or after an error. */
static bool refill(struct gunzip *g)
{
	const char *bytes = NULL;
	ssize_t n;

	if (g->z.avail_in > 0)
		return true;
	n = g->feed(g->arg, &bytes);
	if (n <= 0) {
		g->feed_failed = n < 0;
		return false;
	}
	g->z.next_in = (const unsigned char *)bytes;
	g->z.avail_in = (unsigned)n;
	return true;
}

/* Between members: another one, or what is not gzip (zeros that pad a tape) ends it. */
static void next_member(struct gunzip *g)
{
	if (refill(g) && *g->z.next_in == 0x1f && inflateReset(&g->z) == Z_OK)
		g->state = MEMBER;
	else
		g->state = END;
}

/* Unpack until the buffer is full or the data end; an error shows after what was good. */
static void fill(struct gunzip *g)
{
	while (g->z.avail_out > 0 && g->error == NULL && !g->feed_failed) {
		int ret;

		if (g->state == BETWEEN)
			next_member(g);
		if (g->state == END)
			return;
		if (!refill(g)) {
			g->error = g->feed_failed ? NULL : "the gzip data end too early";
			return;
		}
		ret = inflate(&g->z, Z_NO_FLUSH);
		if (ret == Z_STREAM_END)
			g->state = BETWEEN;
		else if (ret != Z_OK && ret != Z_BUF_ERROR)
			g->error = g->z.msg != NULL ? g->z.msg : "damaged gzip data";
	}
}

ssize_t gunzip_read(struct gunzip *g, const char **bytes)
{
	size_t n;

	if (g->state == START) {
		if (!refill(g))
			return g->feed_failed ? -1 : 0;
		g->state = g->z.avail_in > 2 && g->z.next_in[0] == 0x1f && g->z.next_in[1] == 0x8b ?
			   MEMBER : PLAIN;
	}
	if (g->state == PLAIN) {
		if (!refill(g))
			return g->feed_failed ? -1 : 0;
		*bytes = (const char *)g->z.next_in;
		n = g->z.avail_in;
		g->z.avail_in = 0;
		return (ssize_t)n;
	}
	g->z.next_out = g->out;
	g->z.avail_out = OUT_SIZE;
	fill(g);
	*bytes = (const char *)g->out;
	n = OUT_SIZE - g->z.avail_out;
	if (n == 0 && (g->error != NULL || g->feed_failed))
		return -1;
	return (ssize_t)n;
}

const char *gunzip_error(const struct gunzip *g)
{
	return g->error;
}

void gunzip_free(struct gunzip *g)
{
	if (g == NULL)
		return;
	inflateEnd(&g->z);
	free(g);
}
