/* datadir_create.h - making a data directory, in steps that a crash may part; private to store/. */
#ifndef COUNT_STORE_DATADIR_CREATE_H
#define COUNT_STORE_DATADIR_CREATE_H

#include "store/datadir.h"

/* Makes the directory (0700) and its missing parents; one that is there by now is fine. */
int datadir_make_top(const char *path, struct count_error *err);

/* Under the lock file: makes what is missing in a directory without FORMAT, FORMAT last. */
int datadir_complete(struct datadir *d, enum count_unit unit, struct count_error *err);

/* The error of a reader that found no FORMAT: COUNT_ERR_NOTFOUND, or COUNT_ERR_CORRUPT if there is data. */
int datadir_unfinished(const struct datadir *d, struct count_error *err);

/* Fills d->format; COUNT_ERR_NOTFOUND, without text, when there is no FORMAT. */
int datadir_read_format(struct datadir *d, struct count_error *err);

#endif
