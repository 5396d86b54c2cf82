/*
 * coder.h - inside codec/: scratch memory, and what a codec must offer.
 *
 * To add a codec: write its put and get, give it the next free id in registry.c, describe it in
 * count-block(5).  An id that has been released keeps its meaning for ever.
 */
#ifndef COUNT_CODEC_CODER_H
#define COUNT_CODEC_CODER_H

#include "codec/chunk.h"
#include "codec/column.h"
#include "codec/ints.h"
#include "codec/ordered.h"
#include "codec/values.h"

/* Room for a chunk rounded up to whole groups wherever in it they begin (pack_get writes those). */
#define CODER_ROOM (CHUNK_MAX_POINTS + 2 * PACK_GROUP)

struct dict_cache {		/* of dict_cache.c alone */
	struct column_dict dict;
	struct buf bytes;	/* that it was decoded from */
};

struct chunk_coder {
	int64_t ints[CODER_ROOM];	/* a column turned into integers */
	int64_t fixes[CODER_ROOM];	/* corrections to it, or residuals */
	int64_t work[CODER_ROOM];	/* of ints_put() */
	double dict[CODER_ROOM];	/* distinct values; used by value_dict.c alone, as are the next two */
	uint16_t index[CODER_ROOM];
	uint16_t hash[2 * CHUNK_MAX_POINTS];
	struct buf best, trial;		/* of a chunk_encode_* call */
	struct buf inner_best, inner_trial;	/* of the column inside a dictionary */

	struct token_decoder decoders[VALUES_PLACES];
	int64_t page[COLUMN_PAGE];
	struct values_scratch values[VALUES_PLACES];
	struct set_scratch sets;
	struct dict_cache cached;
};

/*
 * put appends the encoding and returns true if it takes fewer than limit bytes; else it returns
 * false, and what it has appended is dropped by its caller.  Out of memory: false, out->failed.
 * get decodes exactly n entries from exactly [p, end); false if the bytes are wrong.
 */
struct time_codec {
	const char *name;
	bool (*put)(struct chunk_coder *c, const int64_t *times, size_t n, size_t limit,
		    struct buf *out);
	bool (*get)(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
		    int64_t *times);
};

struct value_codec {
	const char *name;
	bool (*put)(struct chunk_coder *c, const double *values, size_t n, size_t limit,
		    struct buf *out);
	bool (*get)(struct chunk_coder *c, const uint8_t *p, const uint8_t *end, size_t n,
		    double *values);
};

extern const struct time_codec time_raw, time_regular, time_delta, time_dod, time_grid;
extern const struct value_codec value_raw, value_constant, value_decimal, value_ordered, value_xor,
	value_dict, value_quotient, value_quotient15;

/* The codec of an id, NULL if there is none. */
const struct time_codec *time_codec_find(uint8_t id);
const struct value_codec *value_codec_find(uint8_t id);

/* The smallest of all encodings of a column, those inside a dictionary (which hold no dictionary) apart. */
int value_encode_inner(struct chunk_coder *c, const double *values, size_t n, struct buf **out,
		       uint8_t *id);

#endif
