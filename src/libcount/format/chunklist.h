/*
 * chunklist.h - the chunks of an object: a directory, then their columns; count-manifest(5), CHUNKS.
 *
 * The bytes stand base64-coded in the object.  Everything has a checksum; any byte may be hostile.
 */
#ifndef COUNT_FORMAT_CHUNKLIST_H
#define COUNT_FORMAT_CHUNKLIST_H

#include "base/buf.h"
#include "codec/chunk.h"
#include "codec/column.h"
#include "codec/stats.h"
#include "count.h"

struct chunklist_entry {
	int64_t first, last;
	uint32_t points;		/* 1 .. COLUMN_MAX_POINTS */
	uint32_t times_len, values_len, crc;
	size_t off;			/* of the times column, in the bytes of the list */
	uint32_t dict_len, dict_crc;	/* of the dictionary that its values need; 0: none */
	size_t dict_off;		/* right before off where it is a new one */
};

/* ---- Reading ---- */

struct chunklist {		/* borrows the bytes; v is its own */
	const uint8_t *data;
	size_t len;
	struct chunklist_entry *v;	/* ascending, not overlapping */
	size_t n;
};
/* COUNT_ERR_CORRUPT with *at, the offset; COUNT_ERR_NOMEM.  Checks the directory, not the columns. */
int chunklist_open(struct chunklist *l, const uint8_t *data, size_t len, uint64_t *at);
void chunklist_close(struct chunklist *l);
/* Verifies the checksum and decodes the points of entry i; times ascend from first to last or it is CORRUPT;
 * COUNT_ERR_VERSION: an encoding of a later program. */
int chunklist_read(const struct chunklist *l, size_t i, struct chunk_coder *coder, int64_t *times,
		   double *values, uint64_t *at);

/* ---- Writing ---- */

struct chunklist_dict {		/* of a run of points that chunks are made of; all zero: none */
	struct column_dict dict;
	struct buf bytes;
};
/* In place of what it was; none if n values are better off without.  COUNT_ERR_NOMEM: none. */
int chunklist_dict_make(struct chunklist_dict *d, struct chunk_coder *coder, enum column_level level,
			const double *values, size_t n);
void chunklist_dict_free(struct chunklist_dict *d);

struct chunklist_writer {	/* all zero: empty */
	struct chunklist_entry *v;
	size_t n, cap;
	struct buf columns;
};
/* 1 .. COLUMN_MAX_POINTS points after all before.  The list takes a copy of the dictionary once a chunk needs it. */
int chunklist_add(struct chunklist_writer *w, struct chunk_coder *coder, enum column_level level,
		  const struct chunklist_dict *dict, const int64_t *times, const double *values, size_t n);
/* Short names of the encodings of its first chunk, for reports; it has one. */
const char *chunklist_times_name(const struct chunklist_writer *w);
const char *chunklist_values_name(const struct chunklist_writer *w);
size_t chunklist_size(const struct chunklist_writer *w);	/* of what finish would give, about */
int chunklist_finish(struct chunklist_writer *w, struct buf *out);	/* appends */
/* Moves the chunks from number at on to rest, which is empty.  COUNT_ERR_NOMEM: nothing has changed. */
int chunklist_split(struct chunklist_writer *w, size_t at, struct chunklist_writer *rest);
void chunklist_writer_free(struct chunklist_writer *w);		/* leaves an empty one */

/* XXH3-128 over points as manifest.h says: begin, add any number of times, end. */
struct points_hash;
struct points_hash *points_hash_new(void);		/* NULL: out of memory */
void points_hash_reset(struct points_hash *h);
void points_hash_add(struct points_hash *h, const int64_t *times, const double *values, size_t n);
void points_hash_end(const struct points_hash *h, uint8_t hash[16]);
void points_hash_delete(struct points_hash *h);

#endif
