/*
 * count.h - public interface of libcount, a tiered store for time series.
 *
 * New points enter the hot tier (a write-ahead log), become blocks in the warm tier on flush
 * and objects in the cold tier on archive.  A query reads all tiers and answers each point once.
 *
 * For every function: time is in the store's unit since 1970-01-01 UTC, milliseconds unless the
 * directory was created otherwise; a range is from <= t < to; int results are COUNT_OK or a
 * negative enum count_status, and err, unless NULL, then tells more; out parameters are written
 * only on success unless the comment says otherwise; strings are UTF-8 and copied if kept; a
 * handle serves one thread at a time, and separate handles are independent.  The library never
 * prints, exits, or changes signals, locale or environment.
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

#ifdef __cplusplus
}
#endif
#endif
