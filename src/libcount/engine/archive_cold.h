/*
 * archive_cold.h - an object that was fetched from the bucket, as pieces for a merge.
 *
 * Chunks are decoded one at a time when the merge reaches them; of the prototype's objects, which are not
 * sorted, all points at once.
 */
#ifndef COUNT_ENGINE_ARCHIVE_COLD_H
#define COUNT_ENGINE_ARCHIVE_COLD_H

#include "engine/piece.h"
#include "format/chunklist.h"
#include "format/manifest.h"

struct fetched {		/* must not move while pieces of it are in use */
	struct cold_object object;
	struct chunklist list;
	int64_t *times;		/* of the prototype's: sorted, each time once */
	double *values;
	size_t n;
	int failed;		/* a chunk could not be read after all; merges leave such pieces out silently */
};

/*
 * Takes what *o owns.  Decodes it once: COUNT_ERR_COLD when chunks are damaged, or number, first and last time or hash
 * of the points are not those of its manifest entry b.  err begins with the key.
 */
int fetched_open(struct fetched *f, struct cold_object *o, const struct manifest_block *b,
		 struct chunk_coder *coder, struct count_error *err);
void fetched_close(struct fetched *f);		/* leaves an empty one; empty is fine */
/* Appends the pieces that overlap from <= t <= last, of that rank.  COUNT_ERR_NOMEM. */
int fetched_pieces(struct fetched *f, struct rank rank, int64_t from, int64_t last, struct piece_list *out);

#endif
