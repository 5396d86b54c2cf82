/*
 * runsort.h - points of one series in order of arrival to a strictly ascending run.
 *
 * Stable merge sort; of points with equal times the one that came last stays.
 */
#ifndef COUNT_ENGINE_RUNSORT_H
#define COUNT_ENGINE_RUNSORT_H

#include <stddef.h>
#include <stdint.h>

struct runsort_pair { int64_t time; double value; };

struct runsort {		/* scratch memory, kept between calls; zeroed is empty */
	struct runsort_pair *pairs;
	size_t cap;
};

/* Sorts in place; *n becomes the number of points left.  COUNT_ERR_NOMEM: nothing was changed.
 * Points that are in order already cost one look. */
int runsort(struct runsort *s, int64_t *times, double *values, uint32_t *n);
void runsort_free(struct runsort *s);

#endif
