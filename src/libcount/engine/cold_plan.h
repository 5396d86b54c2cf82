/*
 * cold_plan.h - which objects a query will read, before it reads any.
 *
 * The rule is the one that merge.c applies: a piece that stands alone, lies inside the range and the bucket, and has
 * statistics, is answered by them; all others are read.  The plan marks the pieces, and reading
 * follows the marks (a marked one gives no statistics), so that a forecast and what is done are one thing.
 */
#ifndef COUNT_ENGINE_COLD_PLAN_H
#define COUNT_ENGINE_COLD_PLAN_H

#include "engine/source_cold.h"

/* l is sorted by first time.  want NULL: all pieces are read.  Marks cold pieces, and the blocks of s they are of. */
void cold_plan_pieces(struct cold_source *s, struct piece_list *l, int64_t from, int64_t last,
		      merge_want_stats *want, void *arg);
/* The same for what sources_newest() and sources_any() read; src has s as its cold source.  Marks blocks alone.
 * Uses l. */
int cold_plan_newest(struct cold_source *s, const struct sources *src, int64_t from, int64_t last,
		     struct piece_list *l, struct count_error *err);
int cold_plan_any(struct cold_source *s, const struct sources *src, int64_t from, int64_t last,
		  struct piece_list *l, struct count_error *err);
/* Takes all marks of the series that s has. */
void cold_plan_clear(struct cold_source *s);
/* Asks the fetcher for the objects that are certain to be read. */
int cold_plan_ask(struct cold_source *s, struct count_error *err);

#endif
