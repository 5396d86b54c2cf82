/*
 * dict_cache.h - the dictionary of a series, decoded once for the chunks that need it.
 *
 * A coder keeps the dictionary that it decoded last, with the bytes it came from: the same bytes give the same
 * dictionary, wherever they stand.
 */
#ifndef COUNT_CODEC_DICT_CACHE_H
#define COUNT_CODEC_DICT_CACHE_H

#include "codec/column.h"

/* As column_dict_decode(); *dict is the coder's, good until the next call. */
int dict_cache_decode(struct chunk_coder *c, const uint8_t *p, size_t len, const struct column_dict **dict);

#endif
