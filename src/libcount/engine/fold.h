/*
 * fold.h - series folded together by the values of some labels, as --by asks.
 *
 * Memory: an accumulator for each group and bucket, and with median and pNN all values.
 */
#ifndef COUNT_ENGINE_FOLD_H
#define COUNT_ENGINE_FOLD_H

#include "engine/aggregate.h"

struct fold_bucket {
	struct bucket_span span;
	struct agg_acc acc;
};

struct fold_group {
	char *key;			/* \n, then the values of the labels, each followed by \n */
	size_t key_len;
	char *name;			/* the name of all, or the prefix that they share */
	size_t name_len;
	bool one_name;
	struct fold_bucket *buckets;	/* in order of arrival until fold_finish() */
	size_t n, cap;
	uint32_t *map;			/* hash of starts to index + 1 */
	size_t map_size;
	char *canonical;		/* without :agg; by fold_finish() */
	size_t canonical_len;
	struct fold_group *next;	/* of one hash */
};

struct fold {			/* all zero but by and nby */
	const char *const *by;		/* borrowed; __name__ is the name itself */
	size_t nby;
	struct fold_group **groups;	/* sorted by fold_finish() */
	size_t n, cap;
	struct fold_group **table;
	size_t table_size;
	struct fold_group *current;
};

void fold_free(struct fold *f);
/* The series whose points come next: its group becomes the current one. */
int fold_series(struct fold *f, const struct count_series_parts *series, struct count_error *err);
/* An agg_enter: arg is the fold. */
struct agg_acc *fold_enter(void *arg, const struct bucket_span *span);
/* All series are in: groups in order of their names, buckets in order of time. */
int fold_finish(struct fold *f, struct count_error *err);
/* name:agg{labels} of a group. */
int fold_name(const struct fold *f, const struct fold_group *g, const char *agg,
	      char out[COUNT_SERIES_MAX + 1], size_t *len, struct count_error *err);

#endif
