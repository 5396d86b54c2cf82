/*
 * count.h - public interface of libcount, a tiered store for time series.
 *
 * New points enter the hot tier (a write-ahead log), become blocks in the warm tier on flush
 * and objects in the cold tier on archive.  A query reads all tiers and answers each point once.
 *
 * For every function: time is in the store's unit since 1970-01-01 UTC, milliseconds unless the
 * directory was created otherwise; a range is from <= t < to; int results are COUNT_OK or a
 * negative enum count_status; out parameters are written only on success unless the comment says
 * otherwise; pointers are not NULL unless it says so; strings are UTF-8 and copied if kept.
 *
 * err may be NULL.  It begins empty, struct count_error err = { 0 }, and the first error stays in it
 * until it is emptied again: so one err serves a run of calls, and says what went wrong first.
 *
 * A handle (count_db, with its writers and cursors, which are closed before it) serves one
 * thread at a time; separate handles are independent, also on one directory; none is for a child of fork().
 * The library never prints, exits, or changes signals, locale or environment.
 *
 * What the cold tier holds, and how it is verified and repaired, is in count_manifest.h.
 */
#ifndef COUNT_H
#define COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COUNT_API __attribute__((visibility("default")))

enum count_status {
	COUNT_OK = 0,
	COUNT_ERR_NOMEM = -1,
	COUNT_ERR_INVALID = -2,		/* bad argument or configuration; nothing was done */
	COUNT_ERR_IO = -3,		/* see err->sys_errno */
	COUNT_ERR_CORRUPT = -4,		/* stored bytes break format or checksum */
	COUNT_ERR_LOCKED = -5,		/* another run of the same kind holds the lock */
	COUNT_ERR_NET = -6,		/* still failing after the last retry */
	COUNT_ERR_DENIED = -7,		/* the cold tier refused the credentials */
	COUNT_ERR_VERSION = -8,		/* written by a newer version; nothing was changed */
	COUNT_ERR_NOTFOUND = -9,	/* no data directory, series or file of that name */
	COUNT_ERR_STOPPED = -10,	/* a callback asked to stop */
	COUNT_ERR_COLD = -11,		/* an object or manifest is missing, damaged, foreign or of a newer version */
	COUNT_ERR_COST = -12,		/* over the limit that was set; nothing was done */
};

struct count_error {
	int code;		/* enum count_status */
	int sys_errno;		/* 0 where it does not apply */
	int http_status;	/* 0 where it does not apply */
	char text[512];		/* one printable line, no newline */
};

struct count_point {
	int64_t time;
	double value;
};

enum count_unit { COUNT_UNIT_S, COUNT_UNIT_MS, COUNT_UNIT_US, COUNT_UNIT_NS };

/*
 * ---- Text forms: values, series, stamps, durations ----
 *
 * Pure functions of their arguments: no locale, no clock, no allocation; safe from any thread.
 * Input is bytes and a length and need not end in NUL; it is read whole, so that a stray byte
 * anywhere is COUNT_ERR_INVALID.
 */

#define COUNT_VALUE_MAX 32

/*
 * The shortest decimal that reads back to the same double, spelled as ECMAScript does (1.5,
 * 1e+21, 1.5e-7, 123456789012345680000), and -0, NaN, +Inf, -Inf.  Ends in NUL; returns the length.
 */
COUNT_API size_t count_value_format(double v, char out[COUNT_VALUE_MAX]);

/*
 * Read a decimal (sign, point, exponent; digits on at least one side of the point), or nan, inf,
 * infinity in any case with an optional sign.  Rounds to the nearest double, exactly; NaN is
 * 0x7ff8000000000000 whatever its sign.  Refused: hexadecimal, blanks, nothing at all, and what
 * overflows (1e999); what underflows becomes 0.
 */
COUNT_API int count_value_parse(const char *s, size_t len, double *v);

#define COUNT_SERIES_MAX 4096	/* bytes of a canonical text */
#define COUNT_LABELS_MAX 682	/* the most labels that fit in one: x{a="b",c="d",...} */

struct count_label {		/* not NUL-terminated */
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
};

/*
 * The canonical text of a series: name{key="value",...}, labels sorted by the bytes of their keys,
 * those with an empty value dropped, without braces when none is left.  In a value \ and " are
 * written \\ and \".  A name or key with a byte outside A-Za-z0-9_.:/%- and 0x80-0xff is quoted,
 * such a name inside the braces: {"my cpu","the key"="value"}.
 * Refused: an empty name or key, a key given twice (whatever the values), bytes that are not
 * UTF-8, control characters (U+0000-1F, U+007F-9F), and a text over COUNT_SERIES_MAX bytes.
 * out ends in NUL; out_len may be NULL.
 */
COUNT_API int count_series_build(const char *name, size_t name_len,
				 const struct count_label *labels, size_t nlabels,
				 char out[COUNT_SERIES_MAX + 1], size_t *out_len,
				 struct count_error *err);

/*
 * The canonical text of any accepted spelling: name, name{key="value",...}, {"name",key="value"}
 * with blanks around names, keys, = and commas, labels in any order, a trailing comma.  A name
 * outside braces may hold any character but { } and quotation marks: my cpu is {"my cpu"}.
 * text and out must not overlap.
 */
COUNT_API int count_series_canonical(const char *text, size_t len, char out[COUNT_SERIES_MAX + 1],
				     size_t *out_len, struct count_error *err);

/* A series taken apart; the pointers go into text[], so a copy of the struct is of no use. */
struct count_series_parts {
	const char *name;	/* unescaped, not NUL-terminated */
	size_t name_len;
	size_t nlabels;
	struct count_label labels[COUNT_LABELS_MAX];	/* sorted by key, unescaped */
	char text[COUNT_SERIES_MAX + 1];
};

/* Take a canonical text apart (24 KiB, of which only what is used is touched). */
COUNT_API int count_series_parse(const char *canonical, size_t len, struct count_series_parts *parts);

/* How a number is meant that stands for a time, as in --time-unit. */
enum count_time_unit {
	COUNT_TIME_AUTO,	/* by |t|: below 1e11 s, 1e14 ms, 1e17 us, else ns */
	COUNT_TIME_S, COUNT_TIME_MS, COUNT_TIME_US, COUNT_TIME_NS,
};

/*
 * Read a number as a time in the store's unit.  With AUTO one with a point or an exponent is in
 * seconds; otherwise it is in the unit given.  Decimals are exact (no double in between); what is
 * finer than the store's unit is floored, toward the past, and *floored, unless NULL, tells.
 * What does not fit in 64 bits is refused.
 */
COUNT_API int count_stamp_parse(const char *s, size_t len, enum count_time_unit given,
				enum count_unit store, int64_t *t, bool *floored,
				struct count_error *err);

/* How a time is printed, as in --time-format. */
enum count_time_format {
	COUNT_TIME_FORMAT_UNIT,		/* an integer in the store's unit */
	COUNT_TIME_FORMAT_S, COUNT_TIME_FORMAT_MS, COUNT_TIME_FORMAT_US, COUNT_TIME_FORMAT_NS,
	COUNT_TIME_FORMAT_ISO,		/* 2024-05-01T10:00:00Z, 2024-05-01T10:00:00.123Z */
};

#define COUNT_STAMP_MAX 48

/*
 * Print a time, exactly: in a coarser unit with a point when it is not whole (1700000000.5), in a
 * finer one with zeros appended.  ISO 8601 in UTC, a fraction of 3, 6 or 9 digits only when there
 * is one, and years before 0 or after 9999 as -0001 and +12345.  Ends in NUL; returns the length.
 */
COUNT_API size_t count_stamp_format(int64_t t, enum count_unit store, enum count_time_format format,
				    char out[COUNT_STAMP_MAX]);

enum count_duration_unit {
	COUNT_DURATION_NS, COUNT_DURATION_US, COUNT_DURATION_MS, COUNT_DURATION_SECOND,
	COUNT_DURATION_MINUTE, COUNT_DURATION_HOUR,
	COUNT_DURATION_DAY, COUNT_DURATION_WEEK,	/* from here on of the calendar, in some zone */
	COUNT_DURATION_MONTH, COUNT_DURATION_YEAR,
};

struct count_duration {
	int64_t n;	/* > 0 when it comes from count_duration_parse() */
	enum count_duration_unit unit;
};

/*
 * Read a duration: a whole number and a unit, ns us ms s m (minutes) h d w mo y.  Units up to the
 * hour join, largest first (1h30m is 90 minutes).  Zero and what does not fit are refused.
 */
COUNT_API int count_duration_parse(const char *s, size_t len, struct count_duration *dur,
				   struct count_error *err);

/* Its usual length in the store's unit, rounded up: days of 24 h, months of 30 d, years of 365 d.
 * INT64_MAX when it is longer than that. */
COUNT_API int64_t count_duration_approx(struct count_duration dur, enum count_unit unit);

/*
 * Read a point in time as a person writes it:
 *
 *	1700000000		a number, as count_stamp_parse() reads it
 *	2024-05-01T10:00:00.5Z	ISO 8601: T or a blank; seconds, fraction, Z or +hh:mm may be missing
 *	2024-05-01  2024-05	the beginning of that day, of that month
 *	now  now-1h  -7d  +1h	from now; days and longer by the calendar (Mar 31 -1mo is the end of Feb)
 *	today  yesterday  tomorrow  monday	the last such day, today included; with 09:00 or 09:00:30 too
 *
 * What names no offset is in the zone tz (NULL: UTC; see the zones under /usr/share/zoneinfo, and
 * local).  A time that the zone skips is the first one after the gap, one that it repeats
 * is the first of the two.  now_ns is the present in nanoseconds since 1970 UTC.
 */
COUNT_API int count_when_parse(const char *s, size_t len, enum count_time_unit given,
			       enum count_unit store, int64_t now_ns, const char *tz, int64_t *t,
			       struct count_error *err);

/* ---- Configuration ---------------------------------------------------------------------- */

/*
 * Settings come from, later wins: built-in values, /etc/count.conf, $DATA_DIR/count.conf,
 * a file named by the caller, the environment, count_config_set().
 */
struct count_config {		/* strings are the config's own, but those the caller stores himself */
	const char *data_dir;		/* "./count_data" */
	const char *data_dir_source;	/* where that came from, for messages: "default", "DATA_DIR" ... */
	uint64_t memory_buffer_size;	/* 10000 points of a series before an ingest flushes by itself */
	const char *retention;		/* NULL: keep for ever; "90d"; for count_flush_options */
	bool s3_enabled;		/* false: the cold tier is not touched */
	const char *s3_bucket;		/* required when s3_enabled: COUNT_CONFIG_COLD looks */
	const char *s3_region;		/* NULL: the AWS default region */
	const char *s3_prefix;		/* "count-data"; no slash at either end */
	uint32_t archival_age_days;	/* 14 */
	struct count_config_strings *strings;	/* private */
};

enum count_config_flags {
	COUNT_CONFIG_COLD = 1,		/* also check the settings of the cold tier (S3_*, ...) */
};

COUNT_API void count_config_init(struct count_config *cfg);	/* the defaults above */
/*
 * Overlay every file and the environment in the order above.  data_dir, unless NULL, is what an
 * option said and beats all; file, unless NULL, must exist.  COUNT_ERR_INVALID names the
 * setting and its source.
 */
COUNT_API int count_config_load(struct count_config *cfg, int flags, const char *data_dir,
				const char *file, struct count_error *err);
/* Overlay the environment only: DATA_DIR, MEMORY_BUFFER_SIZE, S3_ENABLED, ...; an empty one counts as
 * unset.  COUNT_ERR_INVALID names the variable; those before it are overlaid. */
COUNT_API int count_config_env(struct count_config *cfg, struct count_error *err);
/* One setting by its name, not empty; source is for the message ("--retention").  Those without a field
 * here (S3_ENDPOINT, CACHE_SIZE, ...) are kept by cfg and hold for count_open(); COUNT_LOG and COUNT_LOG_TO,
 * which are the programs', are no error and change nothing. */
COUNT_API int count_config_set(struct count_config *cfg, const char *key, const char *value,
			       const char *source, struct count_error *err);
COUNT_API void count_config_free(struct count_config *cfg);	/* leaves the defaults */

/* ---- Handles ---------------------------------------------------------------------------- */

typedef struct count_db count_db;

enum count_open_flags {
	COUNT_OPEN_EXISTING = 0,	/* a missing directory is COUNT_ERR_NOTFOUND */
	COUNT_OPEN_CREATE = 1,		/* make it if it is missing, with milliseconds */
};

/* Warnings of the library: level is 0 error, 1 warning, 2 info, 3 debug; text is one line. */
typedef void count_log_fn(void *arg, int level, const char *text);

/* The caller owns *db and calls count_close(); cfg is not needed after this. */
COUNT_API int count_open(const struct count_config *cfg, int flags, count_db **db,
			 struct count_error *err);
/* Make an empty directory with that unit; COUNT_ERR_INVALID if a store of another unit is there.  One
 * of that unit is success, and *created, unless NULL, false. */
COUNT_API int count_create(const struct count_config *cfg, enum count_unit unit, bool *created,
			   struct count_error *err);
COUNT_API void count_close(count_db *db);		/* NULL is fine */
/* Where warnings go; fn NULL: nowhere.  What came up before, in the configuration and at opening, is told
 * to the first fn, inside this call. */
COUNT_API void count_set_log(count_db *db, count_log_fn *fn, void *arg);
COUNT_API enum count_unit count_db_unit(const count_db *db);
COUNT_API bool count_db_created(const count_db *db);	/* this open made the directory */
COUNT_API const char *count_version(void);

/* ---- Writing ---------------------------------------------------------------------------- */

enum count_sync {
	COUNT_SYNC_INTERVAL,	/* durable about every second and at close */
	COUNT_SYNC_EXIT,	/* durable at close */
	COUNT_SYNC_ALWAYS,	/* durable at each commit */
	COUNT_SYNC_NONE,	/* visible at once, durable when the kernel writes it back */
};

/* How count_insert() syncs: COUNT_SYNC_ALWAYS (the default) or COUNT_SYNC_NONE. */
COUNT_API int count_set_sync(count_db *db, enum count_sync sync);

#define COUNT_INSERT_MAX 33554432u	/* the most points of one count_insert(): a frame of the log */

/*
 * Add n points in any order, all or none; visible and, unless count_set_sync() said otherwise,
 * durable on return.  Of two values for one time the later of the array wins, and a later call
 * beats an earlier one.  series is any accepted spelling; n 0 only checks it.  After COUNT_ERR_IO
 * none is there, but where the write went through and only the sync failed: then all may be.  To
 * call again is safe.  A program that inserts for ever calls count_flush() now and then.
 */
COUNT_API int count_insert(count_db *db, const char *series, const struct count_point *pts,
			   size_t n, struct count_error *err);

/*
 * A writer batches points of many series into frames of the log.  A point is buffered by
 * add, visible to queries after commit, durable after sync.  add commits by itself when the
 * batch is full.  Several writers, in any number of processes, may be open on one directory.
 */
typedef struct count_writer count_writer;

struct count_writer_stats {
	uint64_t points;		/* accepted by add since the writer was opened */
	uint64_t committed, synced;	/* of these, visible and durable */
	uint64_t replaced;		/* same series and time twice in one batch: the later won */
	uint64_t max_series_points;	/* the most points of one series written since open or flush */
	uint64_t frames, bytes;		/* written to the log */
	int64_t dirty_since_ns;		/* CLOCK_MONOTONIC of the oldest commit not yet synced; 0: none */
};

COUNT_API int count_writer_open(count_db *db, enum count_sync sync, count_writer **w,
				struct count_error *err);
/*
 * The id of a series in this writer; text is canonical (count_series_canonical()).  Ids are
 * dense from 0 and good until the epoch changes, which only add and commit do.
 */
COUNT_API int count_writer_series(count_writer *w, const char *text, size_t len, uint32_t *id,
				  struct count_error *err);
COUNT_API uint32_t count_writer_epoch(const count_writer *w);
/* An error of the commit leaves the batch, most often with this point, for the next try: stats.points says. */
COUNT_API int count_writer_add(count_writer *w, uint32_t id, int64_t time, double value,
			       struct count_error *err);
/* Many in one call, in this order; ids stay good until it returns. */
COUNT_API int count_writer_add_points(count_writer *w, const uint32_t *ids, const int64_t *times,
				      const double *values, size_t n, struct count_error *err);
COUNT_API size_t count_writer_pending(const count_writer *w);	/* points buffered, not committed */
/* An error leaves the batch as it was, to be tried again; a second copy of a point in the log is harmless. */
COUNT_API int count_writer_commit(count_writer *w, struct count_error *err);
/* Makes durable what was committed; with COUNT_SYNC_NONE it does nothing. */
COUNT_API int count_writer_sync(count_writer *w, struct count_error *err);
COUNT_API void count_writer_stats(const count_writer *w, struct count_writer_stats *stats);
/* Flush by itself if a series of this writer (memory_buffer_size) or the log (256 MiB; 32 MiB of small
 * frames) passed the limit; does not wait for a lock.  What fails is a warning: the points are safe. */
COUNT_API int count_writer_maintain(count_writer *w, struct count_error *err);
/* Commits and, by the sync mode, syncs; the writer is gone in any case.  NULL is fine. */
COUNT_API int count_writer_close(count_writer *w, struct count_error *err);

/* ---- Reading ---------------------------------------------------------------------------- */

enum count_agg {
	COUNT_AGG_AVG, COUNT_AGG_SUM, COUNT_AGG_MIN, COUNT_AGG_MAX, COUNT_AGG_COUNT,
	COUNT_AGG_FIRST, COUNT_AGG_LAST, COUNT_AGG_STDDEV, COUNT_AGG_MEDIAN,
	COUNT_AGG_QUANTILE,	/* pNN: linear between ranks */
	/* Of a counter: increase sums the steps between neighbours, the one from the last point
	 * before the bucket too; a fall counts the new value.  rate is increase / seconds of the
	 * part of the bucket inside from .. to; without a step and such an end, from the first or to
	 * the last point.  irate is the last step / its seconds.  Nothing where there is no step. */
	COUNT_AGG_RATE, COUNT_AGG_IRATE, COUNT_AGG_INCREASE,
	COUNT_AGG_DELTA,	/* last - first */
};

struct count_agg_spec {
	enum count_agg agg;
	double quantile;	/* 0 .. 1, for COUNT_AGG_QUANTILE */
	char name[16];		/* as written: "avg", "p99.9" */
};

enum count_fill { COUNT_FILL_NONE, COUNT_FILL_NULL, COUNT_FILL_ZERO, COUNT_FILL_PREVIOUS,
		  COUNT_FILL_LINEAR };

enum count_query_mode {
	COUNT_QUERY_POINTS,	/* the points, or aggregates when naggs is not 0 */
	COUNT_QUERY_LAST,	/* the newest point of each series in the range */
	COUNT_QUERY_LIST,	/* names only: batches with n 0 */
};

enum count_tier { COUNT_TIER_HOT = 1, COUNT_TIER_WARM = 2, COUNT_TIER_COLD = 4,
		  COUNT_TIER_ALL = 7 };

struct count_query {		/* everything is borrowed until the cursor is closed */
	const char *const *selectors;
	size_t nselectors;		/* 0: all series */
	int64_t from, to;		/* to INT64_MAX: no end, that time included, as everywhere */
	enum count_query_mode mode;
	const struct count_agg_spec *aggs;
	size_t naggs;
	const struct count_duration *step;	/* NULL: one bucket, stamped from or its first point */
	const char *tz;			/* NULL: UTC; for steps of days and longer */
	bool fold;			/* one answer for each set of values of the labels in by */
	const char *const *by;		/* none: all series into one */
	size_t nby;
	enum count_fill fill;
	uint64_t limit;			/* 0: none; rows (names of a list) over all series */
	unsigned tiers;			/* COUNT_TIER_ALL; without S3_ENABLED the cold one has nothing */
	bool fresh;			/* read the manifests of other writers again, however lately that was done */
	bool partial;			/* leave out what the cold tier cannot give; count_cursor_left_out() tells */
	/* USD; above it COUNT_ERR_COST, before the first object is read; < 0: no limit, as count_query_init() sets */
	double max_cost;
};

/* One run of rows of one output series; valid until the next call on the cursor. */
struct count_batch {
	const char *series;		/* canonical; with aggregates name:agg{labels} */
	size_t series_len;
	const int64_t *times;
	const double *values;
	const uint8_t *empty;		/* NULL, or 1 where COUNT_FILL_NULL has no value */
	size_t n;
};

/* What there is, for messages about empty answers.  Times and all matched series are found only when
 * no row was returned or a selector matched nothing; have_times says so. */
struct count_query_summary {
	uint64_t series;		/* matched */
	uint64_t rows;			/* returned so far */
	bool have_times;
	int64_t oldest, newest;		/* over all points of the matched series, any range */
	size_t nunmatched;		/* selectors that matched nothing */
};

typedef struct count_cursor count_cursor;

COUNT_API void count_query_init(struct count_query *q);	/* all points of all series */
/* Everything local is opened here: a reader beside flush and compaction sees each point once. */
COUNT_API int count_query_open(count_db *db, const struct count_query *q, count_cursor **cur,
			       struct count_error *err);
/* 1: *batch is filled; 0: the end, also when asked again; else a status, with *batch empty.  Damaged
 * chunks and frames are passed over, and told by one COUNT_ERR_CORRUPT when all else was answered.
 * After any other error the cursor answers nothing more. */
COUNT_API int count_cursor_next(count_cursor *cur, struct count_batch *batch,
				struct count_error *err);
/* Ask when the rows are read: a cursor gives no more after it. */
COUNT_API int count_cursor_summary(count_cursor *cur, struct count_query_summary *summary,
				   struct count_error *err);
/* Selector i of those that matched nothing, NULL beyond the last; *suggestion, unless NULL, is the nearest
 * name there is, or NULL.  After count_cursor_summary(); valid until the cursor is closed. */
COUNT_API const char *count_cursor_unmatched(count_cursor *cur, size_t i, const char **suggestion);
/* With partial: how many series are not whole, and why the first is not ("" if none).  After the last row. */
COUNT_API uint64_t count_cursor_left_out(const count_cursor *cur, const char **why);
COUNT_API void count_cursor_close(count_cursor *cur);

/*
 * An answer read by several threads.  A helper is a cursor beside another, on the same view of the store.
 * count_cursor_take() gives it the next part of the answer, some series or a stretch of one, and
 * count_cursor_next() then the rows of that part, 0 at its end.  The parts in the order in which they were taken
 * are the answer; damage the cursor itself tells after them.
 *
 * Helpers may be in count_cursor_next() at the same time, one thread each.  All else, taking and closing too, is for
 * one thread at a time, with the cursor and its handle; helpers are closed before it is asked.
 */
/* *helper is NULL where the cursor has to give the answer itself: it is of one series and short, has a limit, folds,
 * reads the cold tier, or was begun. */
COUNT_API int count_cursor_help(count_cursor *cur, count_cursor **helper, struct count_error *err);
/* 1: there is a part; 0: nothing more, and whoever began has to take until then; else a status, which ends the
 * answer behind the parts taken before. */
COUNT_API int count_cursor_take(count_cursor *helper, struct count_error *err);

/* ---- Requests and prices ------------------------------------------------------------------ */

/* Requests to the bucket and bytes of bodies.  As a forecast: what would be done on an unchanged bucket, without
 * retries.  As a report: what was done, with them. */
struct count_requests {
	uint64_t get, put, head, list, del;
	uint64_t bytes_up, bytes_down;
	double usd;			/* by the prices of the settings; NaN: unknown, as on any endpoint but AWS */
	/* The forecast cannot be exact: it depends on the points (a limit, the newest point before an end amid an
	 * object), or an entry of a manifest does not tell the size. */
	bool at_most;
	/* Beside those above: to learn what the server can do, and what is in a bucket that is unknown or too old. */
	uint64_t probes;
};

/* What the cold tier would be asked for by this query; makes no request but for an index that is not there or
 * too old.  each, unless NULL, gets every object: 0 goes on. */
typedef int count_explain_fn(void *arg, const char *series, const char *key, uint64_t bytes, bool cached);
COUNT_API int count_query_explain(count_db *db, const struct count_query *q, count_explain_fn *each, void *arg,
				  struct count_requests *total, struct count_error *err);
/* What this cursor did until now. */
COUNT_API void count_cursor_requests(const count_cursor *cur, struct count_requests *r);
/* Read the name of an aggregate: avg, sum, ..., rate, p99.9; nothing else, no blanks. */
COUNT_API int count_agg_parse(const char *text, size_t len, struct count_agg_spec *spec);

struct count_points {
	struct count_point *v;
	size_t len;
};

/* The points of one series, by any spelling of its name, in the range, by time; none, and no such
 * series, is success with len 0.  The caller owns *out and releases it with count_points_free().
 * Damage is an error, and nothing is answered: a cursor answers the rest. */
COUNT_API int count_query_range(count_db *db, const char *series, int64_t from, int64_t to,
				struct count_points *out, struct count_error *err);
/* One point per bucket [k * step, (k + 1) * step) that holds points of the range, stamped with its start,
 * which may lie before from.  COUNT_ERR_INVALID unless step > 0, and for COUNT_AGG_QUANTILE, which
 * needs count_query_open(). */
COUNT_API int count_query_aggregated(count_db *db, const char *series, int64_t from, int64_t to,
				     int64_t step, enum count_agg agg, struct count_points *out,
				     struct count_error *err);
COUNT_API void count_points_free(struct count_points *pts);	/* leaves it empty; empty is fine */

/* ---- Maintenance ------------------------------------------------------------------------ */

enum count_level {		/* how much time to take for fewer bytes */
	COUNT_LEVEL_DEFAULT,
	COUNT_LEVEL_FAST,
	COUNT_LEVEL_MAX			/* existing blocks too: those that are not are written anew */
};

struct count_flush_options {
	bool no_compact, dry_run;
	enum count_level level;		/* of what is written */
	int wait_ms;			/* for the lock: 2000; -1 waits for ever, 0 not at all */
	const char *retention;		/* NULL: keep, whatever count_config says; else "90d" */
	bool retention_confirmed;	/* under a day is refused without */
};

struct count_flush_report {
	uint64_t points_flushed, segments_removed, blocks_written, blocks_removed;
	uint64_t points_expired;
	uint64_t blocks, bytes;		/* what stands afterwards */
};

COUNT_API void count_flush_options_init(struct count_flush_options *opt);
/* Move the hot tier into blocks, compact, apply retention.  COUNT_ERR_LOCKED: another run has it.
 * report may be NULL; it is written on failure too, with what was done until then.  With
 * dry_run it says what would be done. */
COUNT_API int count_flush_with(count_db *db, const struct count_flush_options *opt,
			       struct count_flush_report *report, struct count_error *err);
/* The plain form, which deletes nothing by age; *npoints, unless npoints is NULL, is how many points moved. */
COUNT_API int count_flush(count_db *db, size_t *npoints, struct count_error *err);

/* ---- The cold tier ------------------------------------------------------------------------ */

struct count_archive_options {
	bool force;			/* up to the exact cut-off, and whether or not it is worth it */
	bool dry_run;
	bool keep_local;		/* upload, prove, enter into the manifest; remove nothing here */
	const char *older_than;		/* NULL: archival_age_days; else "30d", "12h" */
	uint32_t jobs;			/* requests at once; 0: S3_JOBS */
	enum count_level level;		/* of the objects */
	int64_t now;			/* INT64_MIN: the clock; else the present, in the store's unit */
	/* NULL, or asked often, at least every 200 ms while requests are under way: not 0 ends the run in order, what
	 * is done by then is published, and COUNT_ERR_STOPPED.  The report tells how far it is. */
	int (*stopped)(void *arg);
	void *stopped_arg;
};

struct count_archive_report {
	uint64_t objects;		/* stored: the N of the log line */
	uint64_t points, bytes;		/* in them */
	uint64_t series, failed;	/* due; of these not archived: each was told to the log at level 0 */
	uint64_t removed_points;	/* from the local blocks */
	uint64_t waiting_series, waiting_bytes;	/* older than the cut-off, but not yet worth it */
	int64_t waiting_until_s;	/* when the first of them is due, seconds since 1970; 0: none waits */
	uint64_t cutoff_days;		/* the X of the log line: age in days, rounded down */
	bool told;			/* the error that is returned went to the log already */
	struct count_requests requests;
};

COUNT_API void count_archive_options_init(struct count_archive_options *opt);
/*
 * Move what is older than the cut-off to the bucket: flush, upload, prove, manifest, publish, unlink.  A crash or
 * failure anywhere leaves every point in at least one tier, and the next run goes on.  One series that fails does
 * not stop the others: the gravest failure is then the result, after the rest was done: of the bucket before of
 * the local store, of equals the first.  COUNT_ERR_LOCKED: another archive run on this directory.  report may be
 * NULL; it is written on failure too.
 */
COUNT_API int count_archive_with(count_db *db, const struct count_archive_options *opt,
				 struct count_archive_report *report, struct count_error *err);
/* The plain forms; *nblocks, unless NULL, is how many objects were stored, on failure too.  now is in the
 * store's unit. */
COUNT_API int count_archive(count_db *db, int64_t now, size_t *nblocks, struct count_error *err);
COUNT_API int count_force_archival(count_db *db, int64_t now, size_t *nblocks, struct count_error *err);

#ifdef __cplusplus
}
#endif
#endif
