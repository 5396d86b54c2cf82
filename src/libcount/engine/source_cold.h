/*
 * source_cold.h - the cold tier as a source of a query: manifests from the index, points from objects.
 *
 *	cold_view.c	what a query knows and has open of the tier: index, store, cache, requests
 *	cold_fresh.c	when the bucket is asked what is in it
 *	source_cold.c	names, extents and pieces, from the index alone
 *	cold_read.c	pieces to points: objects taken from the fetcher, decoded chunk by chunk
 *	cold_plan.c	which objects a query will read, before it reads any
 *	cold_miss.c	what becomes of a query when an object cannot be had
 *
 * The index answers all but points, and opens nothing.  Store and modules are opened when the first object, or a
 * manifest, is really needed.
 */
#ifndef COUNT_ENGINE_SOURCE_COLD_H
#define COUNT_ENGINE_SOURCE_COLD_H

#include "cold/fetch.h"
#include "cold/index.h"
#include "cold/tier.h"
#include "engine/db.h"
#include "engine/merge.h"
#include "engine/source.h"
#include "format/chunklist.h"

struct cold_view {
	const count_db *db;
	struct cold_index *index;
	char *scope;
	uint64_t cold[CURRENT_MAX_COLD];	/* the files that the index was opened from */
	size_t ncold;
	uint64_t version;		/* of the index in memory: + 1 with each change */
	struct cold_cache *cache;
	bool tier_open;
	struct cold_tier tier;
	struct cold_fetch *fetch;	/* made with the first object */
	struct objstore_counts before;	/* requests up to here were probes */
	bool partial;			/* leave out what cannot be had */
	char **left_keys;		/* objects that are left out */
	size_t nleft_keys;
	uint64_t left_series;
	char why[512];			/* the first reason */
};

/* The index of a CURRENT; no request, no module.  COUNT_ERR_NOTFOUND: read CURRENT again. */
int cold_view_open(const count_db *db, const struct current *cur, struct cold_view **v, struct count_error *err);
void cold_view_close(struct cold_view *v);		/* NULL is fine */
int cold_view_tier(struct cold_view *v, struct count_error *err);	/* opens it, once */
int cold_view_fetch(struct cold_view *v, struct count_error *err);	/* and the fetcher */
/* What was done until now; usd not set. */
void cold_view_requests(const struct cold_view *v, struct count_requests *r);

/* ---- Learning what others did ---- */

struct cold_fresh {
	int64_t from;			/* of the query */
	bool fresh;			/* now, however lately that was done */
	const char *const *selectors;
	size_t nselectors;
};
/* Does the bucket have to be asked before this query?  1 or 0, or a status. */
int cold_view_stale(const struct cold_view *v, const struct cold_fresh *q, struct count_error *err);
/* Are all selectors names of series that the index has?  1 or 0, or a status. */
int cold_view_all_known(const struct cold_view *v, const struct cold_fresh *q, struct count_error *err);
/* Asks it: a sync, or the manifests of the series that are named.  What is learned holds for this query, and is kept
 * for others if archive.lock is free and nobody has published another index since. */
int cold_view_learn(struct cold_view *v, const struct cold_fresh *q, struct count_error *err);
/* The manifest of one series again, in the midst of a query. */
int cold_view_relearn(struct cold_view *v, const char *name, size_t len, bool *changed, struct count_error *err);

/* ---- The source ---- */

struct cold_block {		/* how far the object of a manifest's block is read */
	bool overlaps;			/* another block of the manifest: its statistics answer nothing */
	bool days_good;			/* its rows of days are in order */
	bool left_out;
	bool certain, possible;		/* planned: will be read, may be read */
	size_t pieces;			/* planned to be read and not yet at their end; the object goes with the last */
	bool open;
	struct cold_object object;
	struct chunklist list;
	int64_t *times;			/* of an object of the prototype: all its points */
	double *values;
	size_t n;
	struct points_hash *hash;	/* running, where nothing else proves the object */
};

enum cold_pieces {
	COLD_WHOLE,		/* a piece an object */
	COLD_BY_DAY,		/* a piece a day, where rows of days tell its statistics: for aggregates */
	COLD_ENDS,		/* the same, and where objects overlap too, since what a piece ends with is true
				 * all the same: for the newest point, by rank */
};

struct cold_source {		/* the state of source_cold; one at a time has the pieces of one series */
	struct cold_view *view;
	enum cold_pieces pieces;	/* what find makes of them */
	bool loaded;			/* the series below is that of the last find */
	uint64_t version;
	char name[COUNT_SERIES_MAX + 1];
	size_t len;
	struct manifest manifest;
	struct cold_block *blocks;	/* one for each of the manifest */
	bool refreshed;			/* its manifest was read again because an object was not there */
	bool left;			/* counted among the series that are not whole */
	size_t failed;			/* the block that could not be read */
	bool has_failed;
};

extern const struct source_ops source_cold;
extern const struct piece_ops piece_cold_ops;
void cold_source_unload(struct cold_source *s);		/* leaves one that may be used again */
/* 1: the manifest of the series is in s; 0: there is none; else a status. */
int cold_source_load(struct cold_source *s, const char *name, size_t len, struct count_error *err);
void cold_block_close(struct cold_block *b);		/* the object, and what was decoded of it */

/* ---- Failure ---- */

/*
 * The merge of the series that s has stopped with ret and *why.  COUNT_OK: something changed (the manifest was read
 * again, or with partial the object is left out): find the pieces anew and go on.  Else what to return,
 * err filled.
 */
int cold_source_failed(struct cold_source *s, int ret, const struct count_error *why, struct count_error *err);
/* The same for what concerns all of the tier: with partial noted, and COUNT_OK. */
int cold_view_failed(struct cold_view *v, int ret, const struct count_error *why, struct count_error *err);

#endif
