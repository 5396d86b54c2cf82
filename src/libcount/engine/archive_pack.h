/*
 * archive_pack.h - points of one series to block objects: where they are cut, and what is said of each.
 *
 * Objects are cut greedily from the first point of a stretch, at the last midnight (UTC) before their chunks
 * exceed PACK_OBJECT_BYTES; a day that is larger by itself is cut where it is full.  Chunks are cut as in block
 * files (format/block_cut.h), but end at a midnight where that leaves them half full.  Points are encoded in runs
 * of BLOCK_RUN_POINTS, whose chunks share a dictionary where that saves.  The same points give the same objects, byte
 * for byte, so that a repeated run finds what an earlier one stored.
 *
 * Memory: an object's chunks, those that begin the next, and a run: 4 MiB.
 */
#ifndef COUNT_ENGINE_ARCHIVE_PACK_H
#define COUNT_ENGINE_ARCHIVE_PACK_H

#include "codec/chunk.h"
#include "count.h"
#include "format/chunklist.h"
#include "format/manifest.h"

#define PACK_OBJECT_BYTES (4u << 20)	/* of chunks, before base64 and gzip */
#define PACK_DAY_POINTS 4		/* so many a day on average make rows of statistics worth it */
#define PACK_MAX_ROWS 65536		/* of statistics held for an object: it is cut when there are more */

struct packer;

/* object_bytes 0: PACK_OBJECT_BYTES; tests want less.  coder is borrowed.  NULL: out of memory. */
struct packer *pack_new(enum count_unit unit, size_t object_bytes, enum column_level level,
			struct chunk_coder *coder);
void pack_delete(struct packer *p);		/* NULL is fine */

/* Points after all before, since the last pack_end().  COUNT_ERR_NOMEM. */
int pack_points(struct packer *p, const int64_t *times, const double *values, size_t n);
/* The stretch ends: what is left becomes its last object.  None at all makes none. */
int pack_end(struct packer *p);
/*
 * The next finished object: of `o` (empty before) unit, chunks and in `block` start, end, points, hash, statistics,
 * days and codec are set.  false: there is none yet.
 */
bool pack_take(struct packer *p, struct cold_object *o);
/* Gives back what was just taken; takes what *o owns.  COUNT_ERR_NOMEM. */
int pack_put_back(struct packer *p, struct cold_object *o);
size_t pack_ready(const struct packer *p);	/* how many can be taken */

#endif
