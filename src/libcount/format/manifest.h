/*
 * manifest.h - manifest.json of a series, and the objects it names; count-manifest(5).
 *
 * The structures alone are plain C; text to structure and back needs jansson and zlib, which cost a
 * program time at its start, so that code sits in a module (json_module.h) and the index (coldindex.h)
 * keeps the same structures in binary, readable without it.
 *
 * Everything in a manifest comes from a bucket that others may write to: a parsed one has been
 * checked (start <= end, counts that fit, keys below PREFIX/SERIES/, caps on number and length),
 * but its statistics and hashes are claims until an object was read.
 */
#ifndef COUNT_FORMAT_MANIFEST_H
#define COUNT_FORMAT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "codec/stats.h"
#include "count.h"

#define MANIFEST_VERSION 1
#define MANIFEST_MAX_BYTES (64u << 20)		/* of the text */
#define MANIFEST_MAX_BLOCKS 1000000u
#define MANIFEST_WRITER_MAX 64			/* bytes of a writer's id: 32 hex digits if it is ours */
#define OBJECT_MAX_BYTES (64u << 20)		/* of an object, as stored and when unpacked */

struct manifest_block {
	char *key;			/* the whole key of the object */
	int64_t start, end;		/* first and last time in it */
	uint64_t points;
	/* All below are beyond the fixed fields: absent in blocks of other writers (0, NULL, false). */
	uint64_t size;			/* bytes of the object as stored; 0: not said */
	char *etag;			/* without quotation marks; NULL: not said */
	char *checksum;			/* "xxh128:HEX" of the object's bytes as stored; NULL: not said */
	bool has_hash;
	uint8_t points_hash[16];	/* XXH3-128 (canonical, big-endian) of each point's time and the bits
					 * of its value, both 8 bytes little-endian, in time order */
	uint64_t seq;			/* of the manifest that named it first */
	char *writer;			/* directory id, hex; NULL: not said */
	char *codec;			/* "regular+decimal": of its first chunk, for reports; NULL: not said */
	bool has_stats;			/* all of stats, whose times and count repeat start, end, points */
	struct chunk_stats stats;
	/* Statistics of the points of each UTC day, ascending, together all points of the block; none when it is
	 * too sparse to be worth it.  first_time, last_time: of the points of that day. */
	struct chunk_stats *days;
	size_t ndays;
	char *other;			/* fields we do not know, as the text of a JSON object; NULL: none */
};

struct manifest_garbage {
	char *key;
	int64_t since_s;		/* seconds since 1970: when it left `blocks` */
};

struct manifest {
	char *series;			/* canonical name */
	size_t series_len;
	unsigned version;		/* 0: the prototype's, only the fixed fields */
	bool has_unit;
	enum count_unit unit;
	uint64_t seq;			/* + 1 with every change; 0: never written by us */
	char *writer;			/* of the last change; NULL: not said */
	struct manifest_block *blocks;	/* in the order of the text: of equal times the later block wins */
	size_t nblocks, blocks_cap;
	struct manifest_garbage *garbage;
	size_t ngarbage, garbage_cap;
	char *other;			/* as above */
};

void manifest_free(struct manifest *m);			/* leaves an empty one; empty is fine */
int manifest_copy(const struct manifest *from, struct manifest *to);	/* to: empty; COUNT_ERR_NOMEM */
/* Appends a zeroed one; NULL: out of memory. */
struct manifest_block *manifest_add_block(struct manifest *m);
struct manifest_garbage *manifest_add_garbage(struct manifest *m);
void manifest_block_free(struct manifest_block *b);	/* what it owns; leaves it zeroed */
int manifest_block_copy(const struct manifest_block *from, struct manifest_block *to);
void manifest_drop_block(struct manifest *m, size_t i);	/* frees it, keeps the order of the others */
/* Does block i share times with another?  Then its statistics answer nothing. */
bool manifest_overlaps(const struct manifest *m, size_t i);
/* Its extent; false: it names no block. */
bool manifest_extent(const struct manifest *m, int64_t *first, int64_t *last);

/* ---- A block object, without its points' coding (chunklist.h) ---- */

enum object_kind {
	OBJECT_COUNT,		/* chunks */
	OBJECT_LEGACY,		/* the prototype's two arrays; codec/legacy.h decodes them */
};

struct cold_object {
	enum object_kind kind;
	/* OBJECT_COUNT; writer, key, codec, stats, hash, days as in the manifest's entry (size, etag and checksum
	 * are not in it: it cannot hold them). */
	char *series;
	size_t series_len;
	unsigned version;
	enum count_unit unit;
	struct manifest_block block;
	char **replaces;		/* keys of the objects it took the place of */
	size_t nreplaces;
	struct buf chunks;		/* chunklist.h */
	/* OBJECT_LEGACY: block.start, end and points, and: */
	struct buf legacy_times, legacy_values;
};

void cold_object_free(struct cold_object *o);		/* leaves an empty one */

#endif
