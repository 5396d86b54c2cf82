/* chunk.c - see chunk.h. */
#include "codec/chunk.h"

#include <stdlib.h>

#include "codec/coder.h"

struct chunk_coder *chunk_coder_new(void)
{
	return calloc(1, sizeof(struct chunk_coder));	/* pages that nobody touches cost nothing */
}

void chunk_coder_delete(struct chunk_coder *c)
{
	if (c == NULL)
		return;
	for (int i = 0; i < VALUES_PLACES; i++) {
		buf_free(&c->values[i].pages);
		buf_free(&c->values[i].alone);
		buf_free(&c->values[i].set);
	}
	buf_free(&c->cached.bytes);
	free(c->cached.dict.v);
	free(c);
}
