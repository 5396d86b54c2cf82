/*
 * coldindex_body.h - a manifest as the body of a record: what writer and reader share; count-manifest(5), INDEX.
 *
 * Most of a manifest can be foretold: keys follow a pattern, times, counts and statistics resemble those of the
 * block or day before.  So times and counts are differences, hashes are bytes, a key of the usual form takes
 * none, and a double gives only those bytes that its predecessor does not have.  Private to coldindex_body_*.c.
 */
#ifndef COUNT_FORMAT_COLDINDEX_BODY_H
#define COUNT_FORMAT_COLDINDEX_BODY_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "format/coldindex_layout.h"

enum { MANIFEST_HAS_UNIT = 1, MANIFEST_HAS_OTHER = 2 };

/* The flags of a block, u16: four kinds of two bits, then one bit each. */
enum {
	KEY_SHIFT = 0, ETAG_SHIFT = 2, CHECKSUM_SHIFT = 4, WRITER_SHIFT = 6, CODEC_SHIFT = 8,
	BLOCK_HASH = 1 << 10, BLOCK_STATS = 1 << 11, BLOCK_DAYS = 1 << 12, BLOCK_OTHER = 1 << 13,
	BLOCK_FLAGS = (1 << 14) - 1,
};
/* raw: all of it; usual: directory and block_START_END.json; nth: block_START_END_N.json; below: the directory, then
 * what follows. */
enum { KEY_RAW, KEY_USUAL, KEY_NTH, KEY_BELOW };
/* hex: 32 lower-case digits, as 16 bytes; same: as what this kind is compared with. */
enum { TEXT_NONE, TEXT_RAW, TEXT_HEX, TEXT_SAME };

#define CHECKSUM_PREFIX "xxh128:"
#define CHECKSUM_PREFIX_LEN 7
#define HEX_LEN 32
#define SUFFIX_MAX 64		/* block_START_END without what follows */
#define NDOUBLES 6

static inline const char *body_checksum_hex(const char *checksum)
{
	return checksum != NULL && strncmp(checksum, CHECKSUM_PREFIX, CHECKSUM_PREFIX_LEN) == 0 ?
	       checksum + CHECKSUM_PREFIX_LEN : NULL;
}

/* What follows the directory when a key has the usual form, without ".json". */
static inline void body_usual_name(char out[SUFFIX_MAX], int64_t start, int64_t end)
{
	snprintf(out, SUFFIX_MAX, "block_%" PRId64 "_%" PRId64, start, end);
}

static inline void body_doubles(const struct chunk_stats *s, uint64_t v[NDOUBLES])
{
	v[0] = f64_bits(s->min);
	v[1] = f64_bits(s->max);
	v[2] = f64_bits(s->sum.hi);
	v[3] = f64_bits(s->sum.lo);
	v[4] = f64_bits(s->first);
	v[5] = f64_bits(s->last);
}

/* What doubles are compared with: those of the row before, but the first value with its last. */
static inline void body_foretell(const struct chunk_stats *before, uint64_t v[NDOUBLES])
{
	body_doubles(before, v);
	v[4] = v[5];
}

/* Times, as differences that are 0 where one stretch follows another as that did its own predecessor. */
struct body_rhythm { uint64_t last, gap, span, count; };

/* What of a block is told by its difference from the one before. */
struct body_before {
	struct body_rhythm rhythm;
	uint64_t seq;
	const char *writer, *codec;
	struct chunk_stats stats;
};

#endif
