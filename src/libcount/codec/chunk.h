/*
 * chunk.h - the memory that encoding and decoding chunks take; what they do is in column.h and dict_cache.h.
 *
 * About 1.5 MiB, of which decoding touches little; one thread at a time.  But for a dictionary that dict_cache.h
 * keeps a coder carries nothing from one call to the next.
 */
#ifndef COUNT_CODEC_CHUNK_H
#define COUNT_CODEC_CHUNK_H

struct chunk_coder;
struct chunk_coder *chunk_coder_new(void);	/* NULL: out of memory */
void chunk_coder_delete(struct chunk_coder *c);	/* NULL is fine */

#endif
