/* bytes.c - bytes of a segment, read or mapped; see bytes.h. */
#include "hot/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BYTES_A_READ 16384	/* a read for so many bytes of a segment before the map serves */
#define READS_MIN 8
#define COPY_MAX (64u << 10)	/* a longer run is decoded from the map */

struct hot_copy {
	struct hot_copy *next;
	uint8_t bytes[];
};

void hot_segment_read(struct hot_segment *seg, int fd)
{
	size_t reads = seg->map.len / BYTES_A_READ;

	seg->fd = seg->map.len > 0 ? fd : -1;
	seg->reads = reads < READS_MIN ? READS_MIN : reads > UINT32_MAX ? UINT32_MAX : (uint32_t)reads;
}

void hot_segment_forget(struct hot_segment *seg)
{
	while (seg->copies != NULL) {
		struct hot_copy *c = seg->copies;

		seg->copies = c->next;
		free(c);
	}
	if (seg->fd >= 0)
		close(seg->fd);
	seg->fd = -1;
}

/* All of len bytes, or false. */
static bool read_at(int fd, size_t at, size_t len, uint8_t *to)
{
	ssize_t n;

	do
		n = pread(fd, to, len, (off_t)at);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len;
}

const uint8_t *hot_peek(const struct hot_segment *seg, struct hot_window *w, size_t at, size_t len)
{
	size_t left = seg->map.len - at, take;

	if (seg->fd < 0)
		return seg->map.data + at;
	if (w->len >= len && at >= w->at && at - w->at <= w->len - len)
		return w->bytes + (at - w->at);
	take = w->next;
	if (take < HOT_WINDOW_MIN || at < w->at || at > w->at + w->len)
		take = HOT_WINDOW_MIN;
	w->next = 4 * take < HOT_WINDOW_MAX ? 4 * take : HOT_WINDOW_MAX;
	take = take < left ? take : left;
	w->len = 0;
	if (!read_at(seg->fd, at, take, w->bytes))
		return seg->map.data + at;
	w->at = at;
	w->len = take;
	return w->bytes;
}

/* Whether one more read is in order.  Threads share the number; what they lose of it is no matter. */
static bool may_read(struct hot_segment *seg)
{
	uint32_t left = __atomic_load_n(&seg->reads, __ATOMIC_RELAXED);

	if (seg->fd < 0 || left == 0)
		return false;
	__atomic_store_n(&seg->reads, left - 1, __ATOMIC_RELAXED);
	return true;
}

const uint8_t *hot_bytes(struct hot_segment *seg, size_t at, size_t len, uint8_t *room, size_t room_len)
{
	if (len <= room_len && may_read(seg) && read_at(seg->fd, at, len, room))
		return room;
	return seg->map.data + at;
}

const uint8_t *hot_keep_bytes(struct hot_segment *seg, size_t at, size_t len)
{
	struct hot_copy *c = len <= COPY_MAX && may_read(seg) ? malloc(sizeof(*c) + len) : NULL;

	if (c != NULL && !read_at(seg->fd, at, len, c->bytes)) {
		free(c);
		c = NULL;
	}
	if (c == NULL)
		return seg->map.data + at;
	c->next = __atomic_load_n(&seg->copies, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&seg->copies, &c->next, c, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		continue;
	return c->bytes;
}
