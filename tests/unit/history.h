/*
 * history.h - for tests of the engine: a data directory, points written to its log, flushes and
 * random merges of its files, all compared with a table in which the last write wins.
 */
#ifndef COUNT_TESTS_HISTORY_H
#define COUNT_TESTS_HISTORY_H

#include "engine/flush.h"
#include "hot/append.h"

struct history {
	char dir[64];
	count_db *db;
	struct hot_appender *app;
	size_t nseries, nstamps;
	int64_t *stamps;	/* ascending; all times that occur */
	double *value;		/* [series * nstamps + stamp] */
	bool *have;
	double next_value;	/* every point written gets another */
	bool noisy;		/* values that do not compress instead */
	uint64_t seed;
};

/* Seconds added to the wall clock that the library sees in these tests. */
extern int64_t history_clock_offset_s;

uint64_t history_random(struct history *h);
void history_begin(struct history *h, uint64_t seed, size_t nseries, int64_t *stamps, size_t n);
void history_end(struct history *h);		/* removes the directory, frees the stamps */
void history_name(size_t series, char out[64]);
/* Writes points of one series at these stamps (indices, ascending) as one frame. */
void history_put(struct history *h, size_t series, const size_t *at, size_t n);
struct count_flush_report history_flush(struct history *h, bool compact);
/* Merges a random set of files inside a random window, into up to 4 windows. */
void history_merge_some(struct history *h);
/* Everything is there, last write wins; and CURRENT agrees with blocks/. */
void history_check(struct history *h);
size_t history_files(const struct history *h, uint64_t *bytes);

#endif
