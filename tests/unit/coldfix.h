/* coldfix.h - makes a bucket in a directory with objects and manifests, for tests of those who read them. */
#ifndef COLDFIX_H
#define COLDFIX_H

#include "cold/tier.h"

struct coldfix_block {
	const int64_t *times;	/* ascending */
	const double *values;
	size_t n;
	bool plain;		/* no statistics, no hashes: as another writer might leave it */
	bool sparse;		/* no rows of days */
	bool loose;		/* chunks reach over the ends of days */
};

/* A tier of a bucket below dir, which is there: settings and d are filled, and must outlive it.  True: done. */
bool coldfix_open(struct cold_tier *t, struct cold_settings *s, struct datadir *d, const char *dir);
/* Stores the objects and a manifest that names them in this order, or replaces it. */
bool coldfix_put(struct cold_tier *t, const char *series, const struct coldfix_block *v, size_t n);

#endif
