/*
 * piece.h - one sorted run of points of one series, wherever it is stored.
 *
 * A query, a flush and a compaction all see a series as a list of pieces: runs of the log, chunks
 * of blocks, stretches of objects.  Pieces know times, count and recency without being decoded;
 * where statistics are kept they give those too.  merge.h turns pieces into one run of points.
 */
#ifndef COUNT_ENGINE_PIECE_H
#define COUNT_ENGINE_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/chunk.h"
#include "codec/stats.h"
#include "count.h"
#include "engine/snapshot.h"

/* Recency: of two points with one time that of the higher rank wins.  Cold and restored data is
 * segment 0; a chunk of a block has the highest segment it came from and offset 0; a frame of the
 * log has its segment and offset + 1. */
struct rank { uint64_t segment, offset; };
static inline bool rank_less(struct rank a, struct rank b)
{
	return a.segment != b.segment ? a.segment < b.segment : a.offset < b.offset;
}

struct piece;
struct piece_ops {
	enum count_tier tier;
	/* NULL, or before read and view: they may leave out what is not in from <= t <= last. */
	void (*narrow)(struct piece *p, int64_t from, int64_t last);
	/* Decodes up to *n points, strictly ascending, from where the last call ended; 0: end.
	 * A chunk gives its points, all or those of some pages, at once and needs room for piece->room.
	 * COUNT_ERR_CORRUPT and COUNT_ERR_VERSION are noted in the snapshot: leave the piece out. */
	int (*read)(struct piece *p, struct chunk_coder *coder, int64_t *times, double *values,
		    size_t *n, struct count_error *err);
	/*
	 * NULL, or instead of read, once: the same points, the values to a room of p->room, the times in place, valid
	 * until the next call for a piece of this snapshot.  COUNT_ERR_NOTFOUND: they are in no place, read them.
	 */
	int (*view)(struct piece *p, struct chunk_coder *coder, const int64_t **times, double *values, size_t *n,
		    struct count_error *err);
	/* false: none are kept, read the points. */
	bool (*stats)(const struct piece *p, struct chunk_stats *stats);
};

struct piece {
	int64_t first, last;
	uint64_t count;
	struct rank rank;
	uint64_t seg_lo, seg_hi;	/* where its points came from, for compaction */
	size_t room;			/* what read needs at least per call */
	const struct piece_ops *ops;
	struct snapshot *snap;
	union {
		struct { struct hot_run run; struct hot_run_cursor cursor; } hot;
		struct { size_t block; struct block_chunk chunk; int64_t from, last; bool done; } warm;
		struct {
			struct cold_source *source;
			size_t block;		/* of its manifest */
			const struct chunk_stats *stats;	/* of all its points; NULL: unknown */
			bool read;		/* planned to be read: then it gives no statistics */
			bool done;
			size_t next;		/* chunk, or point of an object of the prototype */
		} object;		/* of the cold tier, in a query */
		struct { void *source; uint64_t index; } cold;	/* the same, in an archive run */
	} u;
};

struct piece_list { struct piece *v; size_t len, cap; };
void piece_list_free(struct piece_list *l);
struct piece *piece_list_add(struct piece_list *l);	/* zeroed; NULL: out of memory */
void piece_list_sort(struct piece_list *l);		/* by first time, then rank */

/*
 * Appends the pieces of one series that overlap from <= t <= last, sorted by first time.  Damage is
 * noted in the snapshot and left out.  tiers is a mask of enum count_tier.
 */
int pieces_find(struct snapshot *s, const char *name, size_t len, int64_t from, int64_t last,
		unsigned tiers, struct piece_list *out, struct count_error *err);

/* For flush and compaction, which walk whole files: COUNT_OK or COUNT_ERR_NOMEM, damage is noted. */
int piece_add_run(struct piece_list *l, struct snapshot *s, const struct hot_run *run);
int piece_add_chunk(struct piece_list *l, struct snapshot *s, size_t block,
		    const struct block_chunk *c);
/* The chunks of one series in one block that overlap from <= t <= last. */
int pieces_in_block(struct snapshot *s, size_t block, const struct block_series *series,
		    int64_t from, int64_t last, struct piece_list *out);
void piece_note_run(struct snapshot *s, const struct hot_run *run);

extern const struct piece_ops piece_hot_ops, piece_warm_ops;

#endif
