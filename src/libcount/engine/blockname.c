/* blockname.c - file names in blocks/; see blockname.h. */
#include "engine/blockname.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void block_name(uint64_t number, char out[BLOCK_NAME_MAX])
{
	snprintf(out, BLOCK_NAME_MAX, "%012" PRIu64 ".blk", number);
}

void block_tmp_name(uint64_t number, char out[BLOCK_NAME_MAX])
{
	snprintf(out, BLOCK_NAME_MAX, "%012" PRIu64 ".tmp", number);
}

bool block_parse_name(const char *name, uint64_t *number, bool *tmp)
{
	char want[BLOCK_NAME_MAX], *end;

	if (name[0] < '0' || name[0] > '9')
		return false;
	errno = 0;
	*number = strtoull(name, &end, 10);
	if (errno != 0)
		return false;
	*tmp = strcmp(end, ".tmp") == 0;
	if (*tmp)
		block_tmp_name(*number, want);
	else
		block_name(*number, want);
	return strcmp(name, want) == 0;
}
