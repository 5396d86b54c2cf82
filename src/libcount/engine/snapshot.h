/*
 * snapshot.h - one consistent view of log and blocks for a reader, taken without a lock.
 *
 * As in count-wal(5), READING, a consistent view: read CURRENT, map the log, open the blocks, read CURRENT again; start
 * over when the generation changed, a file was missing or the log has a gap.  Under an
 * unchanged generation a missing block or a gap is damage: noted, the rest is answered.
 */
#ifndef COUNT_ENGINE_SNAPSHOT_H
#define COUNT_ENGINE_SNAPSHOT_H

#include <string.h>

#include "base/fs.h"
#include "format/block.h"
#include "format/current.h"
#include "hot/log.h"
#include "store/datadir.h"

struct times_cache;

struct snapshot_block {
	const struct current_block *entry;	/* in snapshot.current */
	struct fs_map map;
	struct block block;
	bool open;			/* false: outside the range asked for, or damaged */
};

/*
 * Where a walk over the names of the blocks stands: whoever now asks for the series of that name is told where it
 * is without a search.  Set and cleared by source_local.c.
 */
struct snapshot_walk {
	const char *name;
	size_t len;		/* 0: no walk */
	const struct snapshot_place {
		size_t block;
		const struct block_series *series;
	} *places;		/* all that there are in open blocks, by block */
	size_t n;
};

struct snapshot {
	const struct datadir *dir;
	struct current current;
	struct hot_log log;
	struct snapshot_block *blocks;	/* one for each of current.blocks, same order */
	size_t nblocks;
	struct count_error damage;	/* code COUNT_OK: none; else the first, with file and offset */
	uint64_t ndamages;
	struct snapshot_walk walk;
	struct times_cache *times;	/* NULL until it is needed */
};

/* The walk if it stands at that series, else NULL. */
static inline const struct snapshot_walk *snapshot_walking(const struct snapshot *s, const char *name, size_t len)
{
	const struct snapshot_walk *w = &s->walk;

	return w->len == len && len > 0 && memcmp(w->name, name, len) == 0 ? w : NULL;
}

/* Opens the log and all blocks that overlap from <= t <= last; what lies outside stays closed but is
 * in current.blocks.  snapshot_open_block() opens one of those later (its file may be gone then:
 * COUNT_ERR_NOTFOUND). */
int snapshot_open(const struct datadir *dir, int64_t from, int64_t last, struct snapshot *s,
		  struct count_error *err);
int snapshot_open_block(struct snapshot *s, size_t i, struct count_error *err);
void snapshot_close(struct snapshot *s);
/* Notes damage; keeps the first text. */
void snapshot_note(struct snapshot *s, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Text for damage inside block i at offset at. */
void snapshot_note_block(struct snapshot *s, size_t i, uint64_t at);

#endif
