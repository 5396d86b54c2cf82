/*
 * error.h - fill in a struct count_error.
 *
 * Each function returns the status it was given, so that a failure is one line:
 * return err_set(err, COUNT_ERR_CORRUPT, "%s: bad checksum at byte %zu", name, at);
 * err may be NULL.  The first error wins: one that is already filled is kept.
 */
#ifndef COUNT_BASE_ERROR_H
#define COUNT_BASE_ERROR_H

#include "count.h"

int err_set(struct count_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a failed system call: appends ": " and the text of errno. */
int err_sys(struct count_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

int err_nomem(struct count_error *err);

#endif
