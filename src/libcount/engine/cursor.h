/*
 * cursor.h - an open query, shared by cursor.c (points, last, names), cursor_agg.c (aggregates),
 * cursor_cold.c (what the cold tier adds), cursor_part.c (parts of it, for helpers), explain.c (what it costs) and
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
#include "engine/source_cold.h"

struct view {			/* a snapshot and its sources */
	bool open;
	struct snapshot snap;
	struct sources sources;
	struct cold_view *cold;		/* of the same CURRENT; NULL: not asked for, or off */
	bool own_cold;			/* else another view's */
	struct cold_source main;	/* the cold source in sources */
};

/* Series whose names were taken from the selection before their turn, to ask for their objects. */
struct ahead {
	bool on, ended;
	char **names;			/* [first, n) */
	size_t first, n, cap;
	char *current;			/* given out */
	struct cold_source state;	/* with its own sources, and pieces for the plan */
	struct sources sources;
	struct piece_list pieces;
	bool reached;			/* the first object was waited for */
	char *reached_by;		/* its series */
	size_t reached_len;
};

/* What a cursor gives to helpers; cursor_part.c. */
struct parting {
	bool begun;
	bool refused;			/* it is answered whole */
	bool kept;			/* c->name is the next, and given to nobody yet */
	bool found;			/* and c->pieces are its */
	uint64_t turn;			/* names and cuts so far: the order in which one thread comes to them */
	uint64_t damaged;		/* where the damage noted first was met: twice the turn, one more in a series */
	struct piece_list cut;		/* of c->name, which is given in stretches: [cut_next, cut.len) */
	size_t cut_next;
	int failed;			/* a part before it was given first */
	struct count_error why;
};

struct part;				/* of a helper */

struct count_cursor {
	count_db *db;
	struct count_query q;
	int64_t last;			/* q.to, inclusive */
	bool no_range;			/* from >= to: nothing is in it */
	bool everything;		/* the snapshot has all blocks */
	struct view view;
	struct view wide;		/* of all time, opened when it is asked for */
	enum cold_pieces cold_pieces;	/* of points and aggregates */
	struct ahead ahead;
	struct selection sel;
	struct chunk_coder *coder;
	struct piece_list pieces;
	struct merge *merge;
	bool in_series;			/* points: merge has more of the series */
	bool given;			/* some of the series is answered, to this time: */
	int64_t given_to;
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
	/* several threads */
	struct parting parting;
	struct count_cursor *main;	/* of a helper: whose */
	struct part *part;
	/* summary */
	bool summed;
	struct count_query_summary summary;
	struct unmatched { const char *text; char *suggestion; } *unmatched;
	size_t nunmatched;
};

/* The same for count_query_open(), but the selectors are names: no patterns, no lookups. */
int cursor_open_exact(count_db *db, const struct count_query *q, count_cursor **cur,
		      struct count_error *err);

/* Begins the walk over the series, once. */
int cursor_begin(count_cursor *c, struct count_error *err);
/* The next matched series to name: 1, 0 or a status. */
int cursor_next_series(count_cursor *c, struct count_error *err);
/* The view of all time: the cursor's own if it is that. */
int cursor_wide(count_cursor *c, struct view **view, struct count_error *err);

/* ---- cursor_part.c ---- */

/* The same for a helper, from its part. */
int part_next_series(count_cursor *h);
/* Are the pieces of c->name in c->pieces already? */
bool part_has_pieces(count_cursor *c);
void part_close(count_cursor *h);	/* of a helper: what it met goes to the cursor */

/* ---- cursor_cold.c ---- */

int cursor_view_open(count_cursor *c, struct view *v, int64_t from, int64_t last, struct count_error *err);
void cursor_view_close(struct view *v);
/* Asks the bucket what is in it, if that has to be. */
int cursor_freshen(count_cursor *c, struct count_error *err);
/* Is less than everything meant? */
static inline bool cursor_is_ranged(const count_cursor *c)
{
	return c->q.from != INT64_MIN || c->q.to != INT64_MAX;
}
/* Marks in s what this query will read of a series; src has s as its cold source, l is for its use. */
int cursor_plan(count_cursor *c, struct cold_source *s, const struct sources *src, const char *name, size_t len,
		struct piece_list *l, struct count_error *err);
/* c->pieces, found for times from `from` on, are about to be merged: marks them, asks for their objects. */
int cursor_plan_pieces(count_cursor *c, int64_t from, struct count_error *err);
/* Reading failed.  COUNT_OK: find the pieces anew and go on behind what was given. */
int cursor_cold_failed(count_cursor *c, int ret, const struct count_error *why, struct count_error *err);
/* Begins the merge of c->name behind what was given; at the end of the range: of nothing. */
int cursor_begin_merge(count_cursor *c, struct count_error *err);
void cursor_ahead_begin(count_cursor *c);
void cursor_ahead_free(count_cursor *c);
int cursor_ahead_next(count_cursor *c, const char **name, size_t *len, struct count_error *err);
/* explain.c: COUNT_ERR_COST when the query would cost more than it may. */
int cursor_check_cost(count_cursor *c, struct count_error *err);

int cursor_agg_open(count_cursor *c, struct count_error *err);
int cursor_agg_next(count_cursor *c, struct count_batch *batch, struct count_error *err);
void cursor_agg_close(count_cursor *c);

#endif
