/*
 * sink.h - where the points of count-ingest go: the writer, its series, and when to commit and sync.
 *
 * A point is seen by queries after a commit and safe after a sync.  A stream that has been quiet for
 * SINK_QUIET_NS is committed; one that never pauses fills its batches, but is committed SINK_COMMIT_NS
 * after its first waiting point at the latest.  A pipe that is empty for a moment is not
 * quiet: a fast reader finds it so all the time, and small batches make a large log.
 */
#ifndef CLI_SINK_H
#define CLI_SINK_H

#include "cli.h"
#include "names.h"

#define SINK_QUIET_NS	INT64_C(50000000)
#define SINK_COMMIT_NS	INT64_C(400000000)
#define SINK_SYNC_NS	INT64_C(500000000)	/* after the commit: durable within the second */

struct sink {
	struct cli *cli;
	bool dry_run;
	enum count_sync sync;
	count_db *db;			/* NULL in a dry run without a directory */
	count_writer *w;		/* NULL in a dry run */
	enum count_unit unit;
	uint32_t epoch;			/* of the ids given out */
	bool count_series;
	struct names counted;		/* canonical texts, when series are counted */
	uint64_t series;
	uint64_t points;
	int64_t pending_since_ns;	/* CLOCK_MONOTONIC; 0: nothing waits for a commit */
	bool failed;			/* storage: said already, nothing more is taken */
};

/* Open the store and its writer; false after a message and cli_raise(). */
bool sink_open(struct sink *s, struct cli *cli, enum count_sync sync, bool dry_run,
	       enum count_unit unit_if_new);
/* All ids given out are void (once for each time). */
bool sink_ids_void(struct sink *s);
/* The id of a canonical text; false with s->failed. */
bool sink_series(struct sink *s, const char *text, size_t len, uint32_t *id);
/* Take n points; the ids stay good until it returns.  False with s->failed. */
bool sink_take(struct sink *s, const uint32_t *ids, const int64_t *times, const double *values, size_t n);
/* To be called when some input has been taken, and whenever the time of sink_deadline() has come;
 * the input has been quiet since quiet_since_ns. */
void sink_tick(struct sink *s, int64_t now_ns, int64_t quiet_since_ns);
/* CLOCK_MONOTONIC of what is to be done next; 0: nothing. */
int64_t sink_deadline(const struct sink *s, int64_t quiet_since_ns);
/* Flush in this process if it is due; a failure is a warning. */
void sink_maintain(struct sink *s);
/* Everything visible and, unless told otherwise, durable. */
void sink_finish(struct sink *s);
void sink_close(struct sink *s);

#endif
