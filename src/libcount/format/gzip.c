/* gzip.c - bytes in memory to gzip and back; see gzip.h. */
#include "format/gzip.h"

#include <limits.h>
#include <zlib.h>

#include "base/error.h"

#define GZIP_WINDOW (15 + 16)		/* 32 KiB, with the header and trailer of gzip */
/* Mostly base64 of bytes that are compressed already: short matches are chance, and cost more than they save. */
#define GZIP_LEVEL 9
#define GZIP_MEMORY 9			/* of zlib's scale: the most, 270 KiB */
#define FIRST_GUESS 4			/* times the packed length */

int gzip_pack(const uint8_t *p, size_t len, struct buf *out)
{
	z_stream z = { .next_in = (Bytef *)p, .avail_in = (uInt)len };
	size_t room;
	int ret;

	if (len > UINT_MAX / 2)
		return COUNT_ERR_INVALID;
	if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_FILTERED) != Z_OK)
		return COUNT_ERR_NOMEM;
	room = deflateBound(&z, (uLong)len);
	if (!buf_reserve(out, room)) {
		deflateEnd(&z);
		return COUNT_ERR_NOMEM;
	}
	z.next_out = out->data + out->len;
	z.avail_out = (uInt)room;
	ret = deflate(&z, Z_FINISH);
	out->len += ret == Z_STREAM_END ? z.total_out : 0;
	deflateEnd(&z);
	return ret == Z_STREAM_END ? COUNT_OK : COUNT_ERR_NOMEM;
}

/* More room in out, twice what there is, up to max bytes from at on; false: out of memory. */
static bool more_room(struct buf *out, size_t at, size_t first, size_t max, z_stream *z)
{
	size_t had = out->len - at, room = had == 0 ? first : had;

	if (room > max - had)
		room = max - had;
	if (!buf_reserve(out, room))
		return false;
	z->next_out = out->data + out->len;
	z->avail_out = (uInt)room;
	return true;
}

static int unpack(z_stream *z, size_t at, size_t first, size_t max, struct buf *out, struct count_error *err)
{
	int ret = Z_OK;

	while (ret == Z_OK) {
		size_t room;

		/* One byte more than allowed: what fills it is too much. */
		if (!more_room(out, at, first, max + 1, z))
			return err_nomem(err);
		room = z->avail_out;
		ret = inflate(z, Z_NO_FLUSH);
		out->len += room - z->avail_out;
		if (out->len - at > max)
			return err_set(err, COUNT_ERR_CORRUPT, "unpacked it has more than %zu bytes", max);
	}
	if (ret == Z_MEM_ERROR)
		return err_nomem(err);
	if (ret != Z_STREAM_END)
		return err_set(err, COUNT_ERR_CORRUPT, "the gzip is %s", ret == Z_BUF_ERROR ? "cut short" : "damaged");
	if (z->avail_in != 0)
		return err_set(err, COUNT_ERR_CORRUPT, "something follows the gzip");
	return COUNT_OK;
}

int gzip_unpack(const uint8_t *p, size_t len, size_t max, struct buf *out, struct count_error *err)
{
	z_stream z = { .next_in = (Bytef *)p, .avail_in = (uInt)len };
	size_t at = out->len;
	int ret;

	if (len > UINT_MAX / FIRST_GUESS || max > UINT_MAX - 1)
		return err_set(err, COUNT_ERR_CORRUPT, "the gzip is too long");
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return err_nomem(err);
	ret = unpack(&z, at, len * FIRST_GUESS + 1, max, out, err);
	inflateEnd(&z);
	if (ret != COUNT_OK)
		out->len = at;
	return ret;
}
