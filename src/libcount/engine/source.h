/*
 * source.h - the places that series come from: the log, the blocks, and what is added beside them.
 *
 * A query asks each source for names, for the extent of a series and for its pieces; merge.h and
 * aggregate.h then see only pieces.  So a tier is added by one table of functions here.
 */
#ifndef COUNT_ENGINE_SOURCE_H
#define COUNT_ENGINE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"
#include "engine/piece.h"

struct extent {		/* of points in time; both ends are points */
	bool any;
	int64_t first, last;
};

static inline void extent_add(struct extent *e, int64_t first, int64_t last)
{
	if (!e->any || first < e->first)
		e->first = first;
	if (!e->any || last > e->last)
		e->last = last;
	e->any = true;
}

/*
 * The names of a source in strictly ascending byte order.  next gives 1 and a name that is valid
 * until the next call, 0 at the end, or a status; damage is noted and passed over.
 */
struct name_iter;
struct name_iter_ops {
	int (*next)(struct name_iter *it, const char **name, size_t *len, struct count_error *err);
	void (*close)(struct name_iter *it);
};
struct name_iter {		/* what an iterator begins with */
	const struct name_iter_ops *ops;
};

struct source_ops {
	enum count_tier tier;
	/* Is there such a series?  1 or 0, or a status.  Stops at the first place that has it. */
	int (*has)(void *state, const char *name, size_t len, struct count_error *err);
	/* Joins the extent of a series, none if it is not here. */
	int (*extent)(void *state, const char *name, size_t len, struct extent *e,
		      struct count_error *err);
	/* Raises *latest, where *any, to the last time of a series; looks at as little as it can. */
	int (*latest)(void *state, const char *name, size_t len, bool *any, int64_t *latest,
		      struct count_error *err);
	/* The extent of all series together, from entries alone. */
	void (*extent_all)(void *state, struct extent *e);
	/* The caller closes *it. */
	int (*names)(void *state, struct name_iter **it, struct count_error *err);
	/* Appends the pieces that overlap from <= t <= last. */
	int (*find)(void *state, const char *name, size_t len, int64_t from, int64_t last,
		    struct piece_list *out, struct count_error *err);
};

#define SOURCES_MAX 4

struct sources {
	struct {
		const struct source_ops *ops;
		void *state;		/* borrowed */
	} v[SOURCES_MAX];
	size_t n;
};

extern const struct source_ops source_hot, source_warm;	/* the state is a struct snapshot */

/* The local sources among `tiers`. */
void sources_local(struct sources *s, struct snapshot *snap, unsigned tiers);
void sources_add(struct sources *s, const struct source_ops *ops, void *state);
int sources_has(const struct sources *s, const char *name, size_t len, struct count_error *err);
int sources_extent(const struct sources *s, const char *name, size_t len, struct extent *e,
		   struct count_error *err);
void sources_extent_all(const struct sources *s, struct extent *e);
/* The names of all sources, each once, in byte order; streaming. */
int sources_names(const struct sources *s, struct name_iter **it, struct count_error *err);
/* out is emptied first, but keeps its memory; sorted by first time. */
int sources_find(const struct sources *s, const char *name, size_t len, int64_t from, int64_t last,
		 struct piece_list *out, struct count_error *err);
/* The last point in from <= t <= last.  1: *time and *value; 0: there is none; else a status. */
int sources_newest(const struct sources *s, const char *name, size_t len, int64_t from,
		   int64_t last, struct chunk_coder *coder, int64_t *time, double *value,
		   struct count_error *err);
/* Where the search for it begins in its i-th stretch, i < SOURCES_STRETCHES, each longer than the one before. */
#define SOURCES_STRETCHES 3
int64_t sources_stretch(int64_t from, int64_t last, unsigned i);
/* Is there a point in from <= t <= last?  1 or 0, or a status.  Reads only if no end of a piece lies there. */
int sources_any(const struct sources *s, const char *name, size_t len, int64_t from, int64_t last,
		struct chunk_coder *coder, struct count_error *err);
bool sources_certain(const struct piece_list *l, int64_t from, int64_t last);	/* an end does */

/* Byte order of names. */
int name_order(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
