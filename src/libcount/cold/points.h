/*
 * points.h - the points of an object that was taken (tier.h), decoded in order of time.
 */
#ifndef COUNT_COLD_POINTS_H
#define COUNT_COLD_POINTS_H

#include "codec/chunk.h"
#include "format/manifest.h"

/* Some points, ascending; 0 goes on, else the walk ends with that. */
typedef int cold_points_fn(void *arg, const int64_t *times, const double *values, size_t n);

/*
 * All points, times strictly ascending over all calls; of equal times in an object of the prototype the last one
 * wins.  COUNT_ERR_COLD: damaged, with what and where in err but not the key.
 */
int cold_object_points(const struct cold_object *o, struct chunk_coder *coder, cold_points_fn *fn, void *arg,
		       struct count_error *err);

#endif
