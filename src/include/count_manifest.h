/*
 * count_manifest.h - public interface of libcount: what the cold tier holds, and proof of it.
 *
 * The calls behind count-manifest(1); what count.h says of statuses, errors and handles holds here too.  The callbacks
 * get one thing after another, in byte order of series or of keys, and return 0 to go on; else the call ends with
 * COUNT_ERR_STOPPED.  Pointers in what they get are valid until they return.
 */
#ifndef COUNT_MANIFEST_H
#define COUNT_MANIFEST_H

#include "count.h"

#ifdef __cplusplus
extern "C" {
#endif

struct count_manifest_options {		/* everything is borrowed during the call */
	/* As in a query; none: all series.  One that matches nothing is COUNT_ERR_NOTFOUND, after all else was done. */
	const char *const *selectors;
	size_t nselectors;
	bool fresh;			/* sync with the bucket first */
	bool deep;			/* of verify: read and decode every object */
	bool dry_run;			/* change nothing: the findings say what would be done */
	bool confirmed;			/* of repair: what is lost may leave the manifests */
	double max_cost;		/* USD; above it COUNT_ERR_COST before the first object is read; < 0:
		no limit */
	int (*stopped)(void *arg);	/* NULL, or asked between requests: not 0 ends the run */
	void *stopped_arg;
};
COUNT_API void count_manifest_options_init(struct count_manifest_options *opt);

struct count_manifest_series {
	const char *series;
	uint64_t blocks, points, bytes;	/* bytes: of the objects as stored, where the manifest says them */
	bool any;			/* it has blocks: */
	int64_t first, last;
	bool shared;			/* another directory writes to it too */
	int64_t checked_s;		/* when its manifest was last read or written, seconds since 1970 */
};
typedef int count_manifest_series_fn(void *arg, const struct count_manifest_series *s);
/* From the index alone, unless that has never been synced, or fresh. */
COUNT_API int count_manifest_list(count_db *db, const struct count_manifest_options *opt, count_manifest_series_fn *fn,
				  void *arg, struct count_error *err);

struct count_manifest_place {		/* where some points of a series stand */
	enum count_tier tier;
	const char *where;		/* an object's key; a file below the data directory */
	int64_t first, last;
	uint64_t points;
	uint64_t bytes;			/* of these points there, about in a file that other series share; 0:
		not said */
	const char *codec;		/* of times and values, of its first points; NULL: not said */
	/* Of an object: */
	bool proved;			/* its writer has proved it and its manifest has its checksum */
	const char *etag, *checksum, *writer;	/* NULL: not said */
	uint64_t seq;			/* of the manifest that named it first */
	int64_t checked_s;		/* as above */
};
typedef int count_manifest_place_fn(void *arg, const struct count_manifest_place *p);
/* The objects of one series, any spelling, as its manifest has them.  COUNT_ERR_NOTFOUND: no manifest. */
COUNT_API int count_manifest_show(count_db *db, const struct count_manifest_options *opt, const char *series,
				  count_manifest_place_fn *fn, void *arg, struct count_error *err);
/* All places in all tiers that may hold a point of from <= t < to.  COUNT_ERR_NOTFOUND: there is none. */
COUNT_API int count_manifest_where(count_db *db, const struct count_manifest_options *opt, const char *series,
				   int64_t from, int64_t to, count_manifest_place_fn *fn, void *arg,
				   struct count_error *err);

typedef int count_manifest_points_fn(void *arg, const struct count_batch *batch);
typedef int count_manifest_bytes_fn(void *arg, const void *data, size_t len);
/* The points of one object, in any manifest or none, checked as far as it can be; or with raw its bytes as stored
 * (JSON, or gzip of that).  One of the two callbacks is NULL. */
COUNT_API int count_manifest_cat(count_db *db, const struct count_manifest_options *opt, const char *key,
				 count_manifest_points_fn *points, count_manifest_bytes_fn *raw, void *arg,
				 struct count_error *err);

enum count_finding_kind {
	/* What is wrong: */
	COUNT_FOUND_MISSING,		/* an object that a manifest names */
	COUNT_FOUND_DAMAGED,		/* an object, or a manifest */
	COUNT_FOUND_NO_MANIFEST,	/* objects of a series without a manifest */
	COUNT_FOUND_DIFFERS,		/* a manifest is not the one that the index has */
	/* What is to be known: */
	COUNT_FOUND_ORPHAN,		/* an object that its manifest does not name */
	COUNT_FOUND_UNREAD,		/* what could not be looked at: network, permissions */
	/* What was done, or with dry_run would be: */
	COUNT_DID_ADOPT,		/* an orphan is in the manifest: its points are back */
	COUNT_DID_DROP,			/* an entry whose object is gone left the manifest */
	COUNT_DID_GARBAGE,		/* an orphan with nothing of its own is to be deleted in 24 h */
	COUNT_DID_DELETE,		/* an object was deleted */
	COUNT_DID_REBUILD,		/* a manifest was made of the objects */
};

struct count_finding {
	enum count_finding_kind kind;
	const char *series;		/* "" where it cannot be told */
	const char *key;
	const char *text;		/* key, cause, and what to do: one line */
	uint64_t points;		/* lost, adopted, dropped ...; 0: none or unknown */
};
typedef int count_finding_fn(void *arg, const struct count_finding *f);

struct count_manifest_report {
	uint64_t series, objects, points, bytes;	/* looked at */
	uint64_t unproved;		/* objects without checksum or points_hash, as the prototype's; verify only */
	uint64_t problems;		/* findings of the first group that still stand */
	uint64_t orphans, changes;	/* findings of the others */
	struct count_requests requests;	/* done; with deep and dry_run those that it would take */
};
/* Are all objects of all manifests there and right?  By size and ETag from paged lists; deep: each one is read, its
 * checksum compared, every point decoded and counted, hash and statistics made anew.  report may be NULL. */
COUNT_API int count_manifest_verify(count_db *db, const struct count_manifest_options *opt, count_finding_fn *fn,
				    void *arg, struct count_manifest_report *report, struct count_error *err);
/* Adopts orphans with points that their manifest lacks, before its other blocks, so that these win; garbage goes after
 * 24 h.  COUNT_ERR_LOCKED: an archive run is under way. */
COUNT_API int count_manifest_repair(count_db *db, const struct count_manifest_options *opt, count_finding_fn *fn,
				    void *arg, struct count_manifest_report *report, struct count_error *err);
/* Makes manifests of the objects alone: those that are missing or unreadable; of series that are selected, in any
 * case.  What an object says to have replaced is left out. */
COUNT_API int count_manifest_rebuild(count_db *db, const struct count_manifest_options *opt, count_finding_fn *fn,
				     void *arg, struct count_manifest_report *report, struct count_error *err);
/* What the index has against the manifests in the bucket; changes neither. */
COUNT_API int count_manifest_diff(count_db *db, const struct count_manifest_options *opt, count_finding_fn *fn,
				  void *arg, struct count_manifest_report *report, struct count_error *err);
/* Reads the manifests that changed into the index. */
COUNT_API int count_manifest_sync(count_db *db, const struct count_manifest_options *opt,
				  struct count_manifest_report *report, struct count_error *err);

struct count_manifest_stats {
	struct count_manifest_series cold;	/* all series together; series "" */
	uint64_t nseries;
	int64_t synced_s;		/* when the bucket was last listed as a whole; 0: never */
	double usd_month;		/* NaN: the price is not known */
	uint64_t local_blocks, local_bytes, log_bytes, log_points;
	uint64_t damages;		/* unreadable places in the local files, met at opening */
	int64_t last_archive_s, last_flush_s;	/* 0: never */
	char scope[1024];		/* the bucket and prefix */
};
/* No request, but for an index that was never synced with fresh. */
COUNT_API int count_manifest_stats(count_db *db, const struct count_manifest_options *opt,
				   struct count_manifest_stats *stats, struct count_error *err);

#ifdef __cplusplus
}
#endif
#endif
