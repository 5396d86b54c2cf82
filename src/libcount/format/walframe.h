/*
 * walframe.h - the bytes of the write-ahead log: segment headers, frames and runs; count-wal(5).
 *
 * Pure: bytes in memory.  A frame is built in two steps.  walframe_encode() lays out the points
 * without knowing where they will stand; walframe_seal() fills in the checksums, which are salted by
 * the segment, and walframe_number() the number in it, so that little is done under a lock and
 * a frame can be moved to another segment.
 *
 * Parsers are given at least the bytes they say and trust none of them.  They return COUNT_OK or
 * COUNT_ERR_CORRUPT unless said otherwise, and what they return points into the frame.
 */
#ifndef COUNT_FORMAT_WALFRAME_H
#define COUNT_FORMAT_WALFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define WALSEG_VERSION 1
#define WALSEG_HEADER 40
#define WALFRAME_HEADER 56
#define WALFRAME_TRAILER 4
#define WALFRAME_MIN (WALFRAME_HEADER + 12 + WALRUN_MIN + WALFRAME_TRAILER)
#define WALRUN_MIN 10		/* checksum, enc, length, name, n, start, value: a byte each but the first */
#define WALFRAME_MAX_LEN (UINT32_C(1) << 30)
#define WALFRAME_MAX_POINTS (UINT32_C(1) << 25)

/* ---- Segment header ---- */

struct walseg {
	uint8_t boot[16];
	uint8_t seed[8];
	uint32_t salt;		/* of all checksums in the segment */
};

void walseg_put(uint8_t out[WALSEG_HEADER], const uint8_t boot[16], const uint8_t seed[8]);
uint32_t walseg_salt(const uint8_t seed[8]);
/* Reads WALSEG_HEADER bytes.  COUNT_ERR_VERSION: good, but of a newer version. */
int walseg_get(const uint8_t *p, struct walseg *s);

/* ---- Building ---- */

struct walframe_series {	/* the points of one series, strictly ascending in time */
	const char *name;	/* canonical */
	uint32_t name_len;
	uint32_t n;		/* points, at least 1 */
	uint64_t hash;		/* walframe_hash(name, name_len) */
	const int64_t *times;
	const double *values;
};

uint64_t walframe_hash(const char *name, size_t len);	/* XXH3, 64 bits */
/* The order of a directory: by hash, then name.  0: the same series. */
int walframe_order(const struct walframe_series *a, const struct walframe_series *b);
/* An upper bound of the bytes that this series adds to a frame, directory included. */
size_t walframe_bound(const struct walframe_series *s);

/*
 * Appends a frame to out, not yet sealed.  COUNT_ERR_INVALID: no series, series not strictly in
 * walframe_order(), times not ascending, or too much for one frame.  COUNT_ERR_NOMEM.
 */
int walframe_encode(const struct walframe_series *series, size_t n, struct buf *out);
/* For bytes that walframe_encode() made: all that depends on the salt, the header's checksum last. */
void walframe_seal(uint8_t *frame, uint32_t salt);
void walframe_number(uint8_t *frame, uint32_t number);

/* ---- Reading ---- */

struct walframe {		/* what the header says */
	uint32_t salt, len, number, nruns, npoints;
	int64_t first, last;
	uint64_t names;		/* equal where salt and nruns are: the same series */
};

/* Reads WALFRAME_HEADER bytes; salt NULL takes the frame's own.  f->len may be more than there is. */
int walframe_get(const uint8_t *p, const uint32_t *salt, struct walframe *f);
/* Verifies the directory; p holds the header and nruns * 12 more bytes. */
int walframe_check_dir(const uint8_t *p, const struct walframe *f);
/* The next offset from..len - 1 where a good frame stands: header, and the directory where the
 * whole frame is there.  len when there is none. */
size_t walframe_seek(const uint8_t *p, size_t from, size_t len, const uint32_t *salt);

struct walframe_run {
	const uint8_t *p;	/* the run with its checksum */
	size_t len;
	const char *name;	/* not NUL-terminated */
	size_t name_len;
	uint32_t n;
	int64_t first, last;
	uint64_t step;
	const uint8_t *times, *values;
	int64_t base;		/* of integers */
	double pow10;		/* what they are divided by */
	uint8_t time_width;	/* bytes of each distance: 0, 1, 2, 4, 8 */
	uint8_t value_code;
};

uint64_t walframe_dir_hash(const uint8_t *p, uint32_t i);
/* Where the directory has the first hash not below this one; nruns when all are. */
uint32_t walframe_lower_bound(const uint8_t *p, const struct walframe *f, uint64_t hash);
/* Where run i stands in the frame, from its directory: *len bytes at *at, inside the frame. */
int walframe_run_place(const uint8_t *p, const struct walframe *f, uint32_t i, uint32_t *at, uint32_t *len);
/* Only p, len, name and name_len of the run in these bytes; nothing of it is verified but the bounds. */
int walframe_run_at(const uint8_t *p, size_t len, struct walframe_run *run);
/* Both, where the whole frame is in memory. */
int walframe_run_name(const uint8_t *p, const struct walframe *f, uint32_t i,
		      struct walframe_run *run);
/* After walframe_run_name(): verifies the checksum and reads the rest. */
int walframe_run_parse(const struct walframe *f, struct walframe_run *run);
bool walframe_run_intact(const struct walframe *f, const struct walframe_run *run);

struct walframe_cursor { uint32_t done; int64_t time; };	/* zeroed: at the first point */
/* After walframe_run_parse(): decodes up to *n points and sets *n to how many, 0 at the end.  The
 * times ascend strictly also where the bytes are hostile. */
int walframe_run_next(const struct walframe_run *run, struct walframe_cursor *cur, int64_t *times,
		      double *values, size_t *n);

#endif
