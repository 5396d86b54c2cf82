/*
 * sync.h - bringing the cold index up to what the bucket holds now.
 *
 * A sync lists the whole prefix and reads those manifests whose ETag is not the one that the index has; a refresh asks
 * for single manifests, each by a conditional GET.  Both change the index in memory; saving is the caller's.
 * Nothing else may be in flight on the tier's store.
 */
#ifndef COUNT_COLD_SYNC_H
#define COUNT_COLD_SYNC_H

#include "cold/index.h"
#include "cold/tier.h"

struct cold_sync_report {
	uint64_t series;		/* manifests that the prefix holds */
	uint64_t changed;		/* of them read: new or changed since they were known */
	uint64_t gone;			/* known ones that are not there any more */
	uint64_t failed;		/* manifests that could not be read */
	uint64_t other;			/* objects that are neither a manifest nor a block, at their place */
	uint64_t requests;		/* over the wire, retries included */
};

/*
 * A whole listing, then facts->synced_s is when it began.  A manifest that cannot be believed (COUNT_ERR_COLD) does
 * not keep the others from being read, but the index is then not synced: err names the first, r->failed how many.
 * Any other failure ends it at once.  What was learned stays in the index.  Of a directory (file://) all manifests
 * are read, for its listings know no ETags.
 */
int cold_sync(struct cold_tier *t, struct cold_index *x, struct cold_sync_report *r, struct count_error *err);

/*
 * The manifests of these n series, by GETs with the ETags that the index has; then checked_s of each is now.  One that
 * the index knows with points and that is not there any more is COUNT_ERR_COLD and stays in the index: an answer
 * without these points would not be whole, and only a sync that somebody asked for accepts that.  Failures as above.
 */
int cold_refresh(struct cold_tier *t, struct cold_index *x, const char *const *names, const size_t *lens, size_t n,
		 struct count_error *err);

#endif
