/*
 * unpack.h - packed integers (pack.h) group by group, for what decodes them its own way.
 *
 * group_get() checks all that can be checked of a group before its fields are looked at, so that what
 * follows has lengths to rely on.
 */
#ifndef COUNT_CODEC_UNPACK_H
#define COUNT_CODEC_UNPACK_H

#include "codec/kernels.h"
#include "codec/pack.h"

struct group {
	const uint8_t *fields, *highs;	/* inside [.., end) */
	const uint8_t *end;		/* of all the bytes, for reading ahead */
	uint32_t fields_len, highs_len;	/* bytes */
	uint32_t n;			/* 1 to PACK_GROUP */
	uint64_t step;			/* to the base from the one before; 0 if the fields hold zigzags */
	uint8_t width;			/* of fields */
	uint8_t exceptions, high;	/* how many, and how wide */
	bool zigzag;
};

/* Reads the head of a group of n integers from [p, end) and returns the byte past the group, NULL if
 * it is cut or broken.  bits: 64, or 32 for narrow ones, with which wider fields are an error. */
const uint8_t *group_get(const uint8_t *p, const uint8_t *end, size_t n, unsigned bits, struct group *g);

/* The fields with their exceptions, as they are: neither zigzag nor base are applied.  u has room for
 * PACK_GROUP, those past n become 0 or padding.  False: an exception outside the group. */
bool group_fields32(const struct kernels *k, const struct group *g, uint32_t *u);
bool group_fields64(const struct kernels *k, const struct group *g, uint64_t *u);

#endif
