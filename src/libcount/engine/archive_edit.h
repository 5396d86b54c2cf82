/*
 * archive_edit.h - one series of an archive run: its local points against its manifest, to new objects.
 *
 * Makes no request: it says which object it wants to see, the caller brings it.
 *
 *	edit_new(&input, &e);			reads the local points where the manifest has blocks
 *	while (edit_next(e, &want) ...)
 *		EDIT_FETCH	edit_supply(e, object), the one of manifest->blocks[e->fetch]
 *		EDIT_OBJECT	edit_take(e, &object): store it, then edit_stored(e, &entry)
 *		EDIT_END	edit_changes(e): the manifest's new text is wanted; edit_apply() makes it
 *
 * Where blocks of the manifest and local points meet:
 *	- the points between a block's first and last time have its count and points_hash, and the block is our own:
 *	  they are already there (what others claim is fetched and looked at first);
 *	- some fall inside, or blocks overlap each other: what is there is merged, local points win, and new objects
 *	  take the place of the old, unless that changed nothing;
 *	- local points between blocks become objects there, which overlap none.
 *
 * Memory: old objects that overlap each other at one time (EDIT_HELD_BYTES at most), and what a packer holds.
 */
#ifndef COUNT_ENGINE_ARCHIVE_EDIT_H
#define COUNT_ENGINE_ARCHIVE_EDIT_H

#include "codec/chunk.h"
#include "engine/piece.h"
#include "format/manifest.h"

#define EDIT_HELD_BYTES (192u << 20)

struct edit_input {		/* all borrowed while the edit lives */
	const char *name;
	size_t name_len;
	const struct manifest *m;	/* as far as known; without blocks: none */
	const char *writer;		/* our id: what its blocks claim was proved by us */
	int64_t cutoff;			/* local points with time < cutoff are to be stored */
	enum count_unit unit;
	struct chunk_coder *coder;
	size_t object_bytes;		/* 0: the usual */
	enum column_level level;
	bool forecast;			/* fetched objects are not there: edit_supply(e, NULL) */
	/* Appends the local pieces that overlap from <= t <= last, sorted by first time. */
	int (*find)(void *arg, int64_t from, int64_t last, struct piece_list *out, struct count_error *err);
	/* COUNT_ERR_CORRUPT: since the last call a local piece could not be read. */
	int (*check)(void *arg, struct count_error *err);
	void *arg;
};

enum edit_want { EDIT_END, EDIT_FETCH, EDIT_OBJECT };

struct edit;
/* COUNT_ERR_CORRUPT: local damage; nothing may be said to be archived. */
int edit_new(const struct edit_input *in, struct edit **e, struct count_error *err);
void edit_delete(struct edit *e);		/* NULL is fine */
int edit_next(struct edit *e, enum edit_want *want, struct count_error *err);
size_t edit_wanted(const struct edit *e);	/* EDIT_FETCH: index in m->blocks */
/* Takes what *o owns, whatever it returns.  COUNT_ERR_COLD: its points are not what the manifest says. */
int edit_supply(struct edit *e, struct cold_object *o, struct count_error *err);
/* EDIT_OBJECT: series, unit, replaces, chunks and the points' side of block are set; the key is the caller's. */
void edit_take(struct edit *e, struct cold_object *o);
/* It is stored and proved; *entry, complete, is for the manifest; what it owns is taken.  COUNT_ERR_NOMEM. */
int edit_stored(struct edit *e, struct manifest_block *entry);
bool edit_changes(const struct edit *e);	/* after EDIT_END: is there anything to write? */
/* The first block of the manifest from i on that has local points already; nblocks: none. */
size_t edit_relied(const struct edit *e, size_t i);
size_t edit_stored_blocks(const struct edit *e, const struct manifest_block **v);
/*
 * Changes m, the manifest the edit was made from or a later one of the same series: drops what was replaced
 * (garbage since now_s), adds what was stored, with m's seq.  EDIT_AGAIN: m does not have any more what the edit was
 * built on, has a new block over what was stored, or our objects are garbage there: make a new edit from m.  Else
 * COUNT_ERR_NOMEM.
 */
#define EDIT_AGAIN 1
int edit_apply(const struct edit *e, int64_t now_s, struct manifest *m);

/* Garbage of a manifest: a key that stands there is never used again. */
bool edit_is_garbage(const struct manifest *m, const char *key);
int edit_add_garbage(struct manifest *m, const char *key, int64_t now_s);	/* COUNT_ERR_NOMEM; once only */

#endif
