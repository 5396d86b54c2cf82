/*
 * archive_job.h - the inside of an upload: one series over the network, and its objects.
 *
 * Private to archive_upload.c, archive_job.c, archive_object.c and archive_forecast.c.  Requests of many series are in
 * flight at once; each carries a struct waiter, which says whose it is.
 */
#ifndef COUNT_ENGINE_ARCHIVE_JOB_H
#define COUNT_ENGINE_ARCHIVE_JOB_H

#include "cold/update.h"
#include "engine/archive.h"
#include "engine/archive_edit.h"

#define PENDING_BYTES (48u << 20)	/* of objects in memory, before no further one is made */

struct upload {			/* a run's */
	struct archive *a;
	struct chunk_coder *coder;
	size_t jobs;		/* requests in flight at most */
	uint64_t pending;	/* bytes of objects that are being stored */
};

enum waiter_kind { WAITER_FETCH, WAITER_OBJECT, WAITER_UPDATE };
struct waiter { enum waiter_kind kind; struct archive_job *job; };

/* ---- One object: archive_object.c ---- */

struct object_put {
	struct waiter waiter;
	struct cold_object object;	/* as the edit gave it; key and writer are added */
	struct buf bytes;		/* as stored */
	bool gzipped;
	unsigned nth;			/* of its name */
	char key[OBJSTORE_KEY_MAX + 1];
	char etag[OBJSTORE_ETAG_MAX + 1];
	/* Private. */
	int state;
	struct objstore_req req;
	size_t seen;			/* bytes compared */
	bool differs;
	unsigned tries, looks;
};

#define OBJECT_MAX_NAMES 1000000u	/* of one range: rewritten for a century of hours */

/*
 * Is this key taken: by the manifest, its garbage, or another object of this run?  Then it is not for a new
 * object, even if that has the same bytes.
 */
typedef bool object_key_taken(void *arg, const char *key);

/* Chooses key and bytes, with the first free name from p->nth + 1 on. */
int object_name(struct upload *up, struct object_put *p, object_key_taken *taken, void *arg,
		struct count_error *err);
/* Submits the first request. */
void object_begin(struct upload *up, struct object_put *p);
/*
 * After a request of it came back.  1: it is stored and proved; 0: another one is under way; 2: another object has its
 * name: object_name() and object_begin() again; a status.
 */
int object_step(struct upload *up, struct object_put *p, struct count_error *err);
/* The entry for the manifest; takes it out of p.  COUNT_ERR_NOMEM. */
int object_entry(struct object_put *p, struct manifest_block *entry);
void object_free(struct object_put *p);		/* leaves an empty one; not while a request is under way */
size_t object_memory(const struct object_put *p);

/* ---- One series: archive_job.c ---- */

enum job_phase { JOB_EDIT, JOB_DRAIN, JOB_REREAD, JOB_CHECK, JOB_UPDATE, JOB_DONE };

struct archive_job {
	struct upload *up;
	struct archive_series *s;
	enum job_phase phase;
	int result;			/* COUNT_OK, or what it failed with: */
	struct count_error err;

	struct manifest base;		/* what the edit was made from */
	bool exists;
	char etag[OBJSTORE_ETAG_MAX + 1];
	struct edit *edit;
	unsigned again;			/* edits made anew */
	bool damaged;			/* a local piece could not be read */
	uint64_t damages;		/* noted in the snapshot when the edit was last entered */

	struct waiter fetch_waiter;	/* an old object */
	struct objstore_req fetch;
	struct buf fetched;
	bool fetching;
	size_t check;			/* of base.blocks: the next that may be relied on; behind them the manifest */

	struct object_put **objects;	/* being stored */
	size_t nobjects, objects_cap;
	char **abandoned;		/* stored for an edit that was given up: garbage */
	size_t nabandoned, abandoned_cap;

	struct waiter update_waiter;
	struct cold_update update;
	struct cold_update_object *standing;
	bool updating;

	uint64_t stored, stored_points, stored_bytes;	/* objects in the manifest that was written */
};

int job_new(struct upload *up, struct archive_series *s, struct archive_job **job, struct count_error *err);
/* Goes on as far as it can without an answer; more requests only while fewer than up->jobs are in flight. */
void job_advance(struct archive_job *j);
/* A request of this waiter came back. */
void job_step(struct archive_job *j, struct waiter *w, struct objstore_req *req);
bool job_finished(const struct archive_job *j);
void job_stop(struct archive_job *j);		/* nothing more is asked for; what is under way must come back */
void job_delete(struct archive_job *j);		/* not while a request is under way; NULL is fine */
/* The edit's view of the job; for forecasts too. */
int job_edit(struct archive_job *j, bool forecast, struct count_error *err);
int job_edit_next(struct archive_job *j, enum edit_want *want, struct count_error *err);
bool job_key_taken(void *job, const char *key);
/* The manifest's text as it would be put, appended, and how many objects would be deleted before. */
int job_update_forecast(struct archive_job *j, struct buf *text, size_t *ndeletes, struct count_error *err);

/* ---- What was there before: archive_check.c ---- */

/* Asks for the next thing that is relied on; false: nothing is left.  With keep_local nothing needs to be. */
bool job_check(struct archive_job *j);
/* Of the answer.  COUNT_ERR_COLD: it is not there, or another one. */
int job_take_check(struct archive_job *j);
/* Asks for the manifest, unless it is the one that we know; j->err, already set, stays if it is. */
int job_reread(struct archive_job *j);
/* 1: it is another one, in j->update, and j->err is empty; 0: it is not, or cannot be had. */
int job_take_reread(struct archive_job *j);
/* How many requests job_check() makes. */
size_t job_checks(const struct archive_job *j);

/* archive_forecast.c */
int archive_forecast(struct archive *a, struct count_error *err);

#endif
