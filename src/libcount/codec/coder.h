/* coder.h - inside codec/: what a chunk_coder holds. */
#ifndef COUNT_CODEC_CODER_H
#define COUNT_CODEC_CODER_H

#include "codec/chunk.h"
#include "codec/column.h"
#include "codec/ordered.h"
#include "codec/values.h"

struct dict_cache {		/* of dict_cache.c alone */
	struct column_dict dict;
	struct buf bytes;	/* that it was decoded from */
};

struct chunk_coder {
	struct token_decoder decoders[VALUES_PLACES];	/* reading */
	int64_t page[COLUMN_PAGE];
	struct dict_cache cached;

	struct values_scratch values[VALUES_PLACES];	/* writing, but for the sets' values */
	struct set_scratch sets;
};

#endif
