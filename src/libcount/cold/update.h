/*
 * update.h - one change of a series' manifest in the bucket, so that no writer's entry is lost.
 *
 * The manifest as the caller knows it is edited and put on condition that it still is the one that stands (If-Match
 * its ETag, If-None-Match * if there is none).  If another writer was first, theirs is read, the edit made
 * again on it, the objects it names are looked at, and the put is tried anew.  A server that does not hold to
 * conditions gets a HEAD before the put: then one writer at a time is the caller's duty (probe.h warns).
 *
 * Garbage of over a day is deleted first, then left out of the text: if we die between, the next run deletes
 * it again.  Before that a HEAD tells whether the manifest still is the one that stands, for a key that another host
 * deleted may be in use again.  If it is not, what was read just now is gone through instead: hosts that write in turn
 * would else never delete anything.
 *
 *	cold_update_begin(&u, err);		submits the first request, with u.user
 *	... when objstore_wait() gives a request of this user:
 *	ret = cold_update_step(&u, err);	1: done; 0: another one is under way; else a status
 *
 * And if we die?  A put that went through unseen: the next run finds the new manifest (412), and its own entries in it.
 */
#ifndef COUNT_COLD_UPDATE_H
#define COUNT_COLD_UPDATE_H

#include "cold/tier.h"

#define COLD_UPDATE_TRIES 10		/* times that others may be first */
#define COLD_GARBAGE_S 86400		/* a reader may still want a replaced object for so long */

/*
 * Changes m, a copy of the manifest that stands (of a series, with version and unit, perhaps without blocks).
 * COUNT_OK, COLD_UPDATE_AGAIN, which ends the update with that result: m lacks what the edit was made for;
 * else a status.  Called once for each try.
 */
#define COLD_UPDATE_AGAIN 2
typedef int cold_update_edit(void *arg, struct manifest *m, struct count_error *err);

struct cold_update_object { const char *key, *etag; uint64_t size; };

struct cold_update {
	/* Set by the caller, all else zero; borrowed but m. */
	struct cold_tier *tier;
	const char *series;
	size_t len;
	struct manifest m;		/* as known; its own from begin on, and when done the one that stands */
	bool exists;			/* m stands in the bucket */
	char etag[OBJSTORE_ETAG_MAX + 1];	/* of it; "": not known, it is read first.  When done: the new one */
	cold_update_edit *edit;		/* NULL: m is put as it is */
	void *arg;
	bool once;			/* only in the place of m: COUNT_ERR_COLD if another run was first, and nothing
					 * of theirs is touched; etag must be known */
	bool keep_garbage;		/* of any age */
	const struct cold_update_object *objects;	/* that the edit enters: they must stand after a lost race */
	size_t nobjects;
	int64_t now_s;
	void *user;			/* of its requests */

	/* Of m's garbage, the one that was swept, by place: NULL: none was due.  Also after a failure. */
	bool *deleted;

	/* Private. */
	int state;
	struct objstore_req req;
	char key[OBJSTORE_KEY_MAX + 1];
	struct manifest next;		/* the edited one */
	struct buf text, body;		/* of next; what was read */
	unsigned tries;
	unsigned unfounded;		/* refusals although our ETag is the one in force */
	size_t at;			/* garbage or object under way */
	bool swept;			/* once is enough, whoever is first with the put */
	bool another;			/* m is not the one that the caller knew */
};

/*
 * Is entry i of m's garbage to be deleted?  It is of age, its key is that of an object (the parser saw to it that it
 * lies below the series), and no block names it, whatever the list says.
 */
bool cold_garbage_due(const struct cold_tier *t, const struct manifest *m, size_t i, int64_t now_s);

/* 0: under way.  A failure needs cold_update_free() too. */
int cold_update_begin(struct cold_update *u, struct count_error *err);
/* err begins with the key.  COUNT_ERR_COLD: the manifest that stands cannot be read; it is left alone. */
int cold_update_step(struct cold_update *u, struct count_error *err);
/* Both at once, to the end: nothing else may be in flight.  1, COLD_UPDATE_AGAIN, or a status. */
int cold_update_run(struct cold_update *u, struct count_error *err);
void cold_update_free(struct cold_update *u);	/* not while a request is under way */

/*
 * The text of m after the edit, as it would be put now; appended.  For forecasts: nothing is asked for.  *ndeletes:
 * how many objects would be deleted before, after one HEAD.
 */
int cold_update_forecast(struct cold_update *u, struct buf *text, size_t *ndeletes, struct count_error *err);

#endif
