/*
 * chunk.h - points to bytes and back: the columns of a chunk, losslessly.
 *
 * A chunk is a run of points of one series, in two columns: times and values.  Each column is
 * encoded by itself with the codec that makes it smallest, so a block can keep one column of
 * times for several series of the same scrape.  The bytes do not say their own length, number of points
 * or codec, and carry no checksum: the caller stores those.  The encodings are described in
 * count-block(5), section CHUNK ENCODING; an id never changes its meaning.
 *
 * Every double comes back bit for bit (NaN payloads, -0, subnormals), every int64 too.
 * Hostile bytes give COUNT_ERR_CORRUPT or some wrong points, never an access out of bounds.
 */
#ifndef COUNT_CODEC_CHUNK_H
#define COUNT_CODEC_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "count.h"

#define CHUNK_POINTS 1024		/* the nominal size: what a writer should aim at */
#define CHUNK_MAX_POINTS 8192		/* encoder and decoder refuse more */
#define CHUNK_MAX_POINT_BYTES 17	/* an encoded chunk takes at most n * 17 + 64 bytes */

struct chunk_codecs { uint8_t time, value; };

/* Scratch memory of the functions below, about 300 KiB; one thread at a time.  new: NULL when out
 * of memory.  A coder carries nothing from one call to the next. */
struct chunk_coder;
struct chunk_coder *chunk_coder_new(void);
void chunk_coder_delete(struct chunk_coder *c);	/* NULL is fine */

/*
 * One column.  Encoding appends to out and sets *id to the codec chosen.  n is 1 to
 * CHUNK_MAX_POINTS, else COUNT_ERR_INVALID; times may come in any order (the encoding is smallest
 * for ascending ones).  COUNT_ERR_NOMEM: out is as it was but for its capacity.
 */
int chunk_encode_times(struct chunk_coder *c, const int64_t *times, size_t n,
		       struct buf *out, uint8_t *id);
int chunk_encode_values(struct chunk_coder *c, const double *values, size_t n,
			struct buf *out, uint8_t *id);

/* Decodes exactly n entries from exactly len bytes.  COUNT_ERR_CORRUPT if the bytes are not such
 * an encoding, COUNT_ERR_VERSION if the id is unknown; the array's content is then undefined. */
int chunk_decode_times(struct chunk_coder *c, const uint8_t *p, size_t len, uint8_t id,
		       size_t n, int64_t *times);
int chunk_decode_values(struct chunk_coder *c, const uint8_t *p, size_t len, uint8_t id,
			size_t n, double *values);

/*
 * Both columns: a varint with the length of the time column, the time column, the value column.
 * Same errors.  When decoding, times or values may be NULL: that column is skipped, unchecked.
 */
int chunk_encode(struct chunk_coder *c, const int64_t *times, const double *values, size_t n,
		 struct buf *out, struct chunk_codecs *ids);
int chunk_decode(struct chunk_coder *c, const uint8_t *p, size_t len, struct chunk_codecs ids,
		 size_t n, int64_t *times, double *values);

/* Short names for reports, such as "regular" and "decimal"; NULL for an unknown id. */
const char *chunk_time_codec_name(uint8_t id);
const char *chunk_value_codec_name(uint8_t id);

#endif
