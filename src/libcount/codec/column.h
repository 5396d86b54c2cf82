/*
 * column.h - points to bytes and back: the two columns of a chunk, losslessly, in pages.
 *
 * A chunk is a run of 1 to COLUMN_MAX_POINTS points of one series, in two columns: times and values.
 * Each column is encoded by itself, so a block can keep one column of times for several series of the
 * same scrape.  A column is cut into pages of COLUMN_PAGE entries (the last may be shorter), which share
 * tables and can be decoded one by one.  Given the number of points the bytes describe themselves; their
 * length and checksum, the first and last time of the chunk and the dictionary of the series are kept by
 * the caller.  The encodings are described in count-block(5), section CHUNK ENCODING.
 *
 * Every double comes back bit for bit (NaN payloads, -0, subnormals), every int64 too.
 * Hostile bytes give COUNT_ERR_CORRUPT or some wrong points, never an access out of bounds.
 */
#ifndef COUNT_CODEC_COLUMN_H
#define COUNT_CODEC_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "count.h"

#define COLUMN_PAGE 1024		/* entries of a page, a power of two */
#define COLUMN_PAGES 8			/* of a chunk, at most */
#define COLUMN_MAX_POINTS (COLUMN_PAGE * COLUMN_PAGES)
#define COLUMN_MAX_POINT_BYTES 9	/* a column of n entries takes at most n * 9 + 64 bytes */

struct chunk_coder;			/* scratch memory, codec/chunk.h; one thread at a time */

enum column_level {			/* how much time to take for fewer bytes */
	COLUMN_FAST,
	COLUMN_DEFAULT,
	COLUMN_MAX
};

/* Pages of a column of n entries, and the entries of page i of these. */
static inline unsigned column_pages(size_t n) { return (unsigned)((n + COLUMN_PAGE - 1) / COLUMN_PAGE); }

static inline size_t column_page_len(size_t n, unsigned i)
{
	size_t from = (size_t)i * COLUMN_PAGE;

	return n - from < COLUMN_PAGE ? n - from : COLUMN_PAGE;
}

/*
 * The distinct values of a series, ascending in the order of their bits as numbers: kept once for many
 * chunks, which then store ranks.  At most COLUMN_DICT_MAX.  v is owned by whoever filled it.
 */
#define COLUMN_DICT_MAX 65536
struct column_dict {
	double *v;
	uint32_t n;			/* 0: there is none */
	bool all;			/* writing: it was made of all values that are to be encoded with it */
};

/* ---- Writing ---- */

/*
 * Appends the column of n times, strictly ascending, n from 1 to COLUMN_MAX_POINTS (else COUNT_ERR_INVALID).
 * Relative to the first and the last: times at equal distances take no bytes at all.  COUNT_ERR_NOMEM: out is
 * as it was but for its capacity.
 */
int column_encode_times(struct chunk_coder *c, enum column_level level, const int64_t *times, size_t n,
			struct buf *out);

/* The same for values.  dict: NULL, or the series' dictionary, which is used if that is shorter: *used. */
int column_encode_values(struct chunk_coder *c, enum column_level level, const struct column_dict *dict,
			 const double *values, size_t n, struct buf *out, bool *used);

/*
 * Whether a dictionary for these n values (any number of chunks of one series) is likely to save bytes, its own
 * included; if so appends its encoding to out and fills *dict (v by malloc); else dict->n is 0.
 * COUNT_ERR_NOMEM.
 */
int column_dict_make(struct chunk_coder *c, enum column_level level, const double *values, size_t n,
		     struct buf *out, struct column_dict *dict);

/* ---- Reading ---- */

/*
 * Decodes pages from .. from + pages - 1 of a column of n entries from exactly len bytes; their entries go to
 * the front of the array.  COUNT_ERR_CORRUPT if the bytes are not such an encoding (other pages are looked at
 * no more than needed), COUNT_ERR_VERSION if they need a later program; the array's content is then undefined.
 * first, last: the chunk's.  Times are not checked to ascend: the caller does that.
 */
int column_decode_times(struct chunk_coder *c, const uint8_t *p, size_t len, int64_t first, int64_t last,
			size_t n, unsigned from, unsigned pages, int64_t *times);
/* dict: NULL if the chunk has none. */
int column_decode_values(struct chunk_coder *c, const uint8_t *p, size_t len, const struct column_dict *dict,
			 size_t n, unsigned from, unsigned pages, double *values);
/* A dictionary from exactly len bytes; v by malloc.  COUNT_ERR_CORRUPT, _VERSION, _NOMEM. */
int column_dict_decode(struct chunk_coder *c, const uint8_t *p, size_t len, struct column_dict *dict);

/* The step if the times are at equal distances (0 bytes), else 0: such a column need not be decoded. */
static inline int64_t column_regular_step(size_t len, int64_t first, int64_t last, size_t n)
{
	return len != 0 || n < 2 ? 0 : (int64_t)(((uint64_t)last - (uint64_t)first) / (n - 1));
}

/* n times, from first on, at equal distances; sums wrap. */
void column_fill_times(int64_t first, uint64_t step, size_t n, int64_t *times);

/* A short name of the first page's encoding for reports, such as "regular" and "decimal". */
const char *column_times_name(const uint8_t *p, size_t len, size_t n);
const char *column_values_name(const uint8_t *p, size_t len, size_t n);

#endif
