/*
 * cursor.h - an open query, shared by cursor.c (points, last, names), cursor_agg.c (aggregates) and
 * cursor_summary.c (what to say about an empty answer).
 */
#ifndef COUNT_ENGINE_CURSOR_H
#define COUNT_ENGINE_CURSOR_H

#include "engine/aggregate.h"
#include "engine/buckets.h"
#include "engine/column.h"
#include "engine/db.h"
#include "engine/fold.h"
#include "engine/merge.h"
#include "engine/selection.h"
#include "engine/snapshot.h"
#include "engine/source.h"

struct view {			/* a snapshot and its sources */
	bool open;
	struct snapshot snap;
	struct sources sources;
};

struct count_cursor {
	count_db *db;
	struct count_query q;
	int64_t last;			/* q.to, inclusive */
	bool no_range;			/* from >= to: nothing is in it */
	bool everything;		/* the snapshot has all blocks */
	struct view view;
	struct view wide;		/* of all time, opened when it is asked for */
	struct selection sel;
	struct chunk_coder *coder;
	struct piece_list pieces;
	struct merge *merge;
	bool in_series;			/* points: merge has more of the series */
	bool begun, ended, damage_told;
	bool sel_ended;			/* a pass over all names was made: `matched` flags are right */
	int failed;			/* an error ends the cursor */
	uint64_t series, rows;
	char name[COUNT_SERIES_MAX + 1];
	size_t name_len;
	char agg_name[COUNT_SERIES_MAX + 1];	/* name:agg{labels} */
	size_t agg_name_len;
	int64_t last_time;		/* --last: the row */
	double last_value;
	/* aggregates */
	struct buckets buckets;
	struct agg_stream stream;
	struct agg_acc acc;
	struct bucket_span span;	/* of acc */
	bool in_bucket;
	struct extent seen;		/* starts of the buckets of the series */
	struct column *columns;		/* naggs */
	struct column filled;
	size_t next_column;		/* naggs: the next series */
	struct fold fold;
	size_t next_group;
	/* summary */
	bool summed;
	struct count_query_summary summary;
	struct unmatched { const char *text; char *suggestion; } *unmatched;
	size_t nunmatched;
};

/* The same for count_query_open(), but the selectors are names: no patterns, no lookups. */
int cursor_open_exact(count_db *db, const struct count_query *q, count_cursor **cur,
		      struct count_error *err);

/* The next matched series to name: 1, 0 or a status. */
int cursor_next_series(count_cursor *c, struct count_error *err);
/* The view of all time: the cursor's own if it is that. */
int cursor_wide(count_cursor *c, struct view **view, struct count_error *err);

int cursor_agg_open(count_cursor *c, struct count_error *err);
int cursor_agg_next(count_cursor *c, struct count_batch *batch, struct count_error *err);
void cursor_agg_close(count_cursor *c);

#endif
