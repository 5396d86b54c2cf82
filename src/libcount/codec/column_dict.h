/* column_dict.h - inside codec/: ranks in the dictionary of a series. */
#ifndef COUNT_CODEC_COLUMN_DICT_H
#define COUNT_CODEC_COLUMN_DICT_H

#include "codec/column.h"

/* The ranks of values; false if one is not in it.  Fast where column_dict_make() made it. */
bool column_dict_ranks(const struct column_dict *d, const double *values, size_t n, int64_t *ranks);

#endif
