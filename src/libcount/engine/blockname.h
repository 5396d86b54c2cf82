/* blockname.h - file names in blocks/: NNNNNNNNNNNN.blk, and .tmp while one is being made. */
#ifndef COUNT_ENGINE_BLOCKNAME_H
#define COUNT_ENGINE_BLOCKNAME_H

#include <stdbool.h>
#include <stdint.h>

#define BLOCK_NAME_MAX 32

void block_name(uint64_t number, char out[BLOCK_NAME_MAX]);
void block_tmp_name(uint64_t number, char out[BLOCK_NAME_MAX]);
/* Exactly what the two above make; *tmp tells which. */
bool block_parse_name(const char *name, uint64_t *number, bool *tmp);

#endif
