/*
 * jobs.h - texts parsed by several threads and handed back in their order.
 *
 * A ring of texts: the caller fills one after the other and takes the oldest back when it is parsed.  Threads take
 * the oldest that nobody parses yet; where none has, the caller parses it when it asks for it, so
 * that without threads all is as if there were no ring.  Only the caller's thread calls these functions.
 */
#ifndef CLI_JOBS_H
#define CLI_JOBS_H

#include "cli.h"
#include "parse.h"

enum job_state { JOB_FREE, JOB_WAITS, JOB_TAKEN, JOB_DONE };

struct job {
	char *buf;			/* JOBS_BUFFER + SCAN_PAD bytes */
	size_t from, len;		/* the lines in it */
	size_t nread;			/* for the caller */
	int64_t now;			/* line->now */
	enum job_state state;
	struct parser *parser;		/* that parsed it */
	struct parsed parsed;
};

struct jobs;

/* For up to njobs texts at once, parsed as `how` says; starts no thread.  NULL: out of memory. */
struct jobs *jobs_new(unsigned njobs, size_t buffer, const struct line *how, scan_fn *scan);
/* Whether several texts may be in work at once; for that threads are started, as many as can be had.  Otherwise, as
 * at first, each must be taken back before the next: what was read is stored before more is waited for. */
void jobs_ahead(struct jobs *j, bool ahead);
/* The next to be filled; NULL: all are in work, take the oldest. */
struct job *jobs_free_one(struct jobs *j);
void jobs_put(struct jobs *j, struct job *job);
/* The oldest, parsed; NULL: none is in work.  It stays the oldest until it is given back. */
struct job *jobs_oldest(struct jobs *j);
void jobs_give_back(struct jobs *j, struct job *job);
/* All numbers are void: what is in work will be parsed anew. */
void jobs_restart(struct jobs *j);
/* The store's unit, before the first text. */
void jobs_set_unit(struct jobs *j, enum count_unit unit);
void jobs_end(struct jobs *j);		/* NULL is fine */

#endif
