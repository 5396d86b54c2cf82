/*
 * segment.h - segments of the log as files: names, listing, and the boot that wrote them.
 *
 * `where` is the path of wal/ and serves messages only.
 */
#ifndef COUNT_HOT_SEGMENT_H
#define COUNT_HOT_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"

#define SEGMENT_NAME_MAX 32

void segment_name(uint64_t number, char out[SEGMENT_NAME_MAX]);
bool segment_parse_name(const char *name, uint64_t *number);	/* exactly what segment_name() makes */

struct segment_list { uint64_t *v; size_t len, cap; };
/* Reads the directory: all numbers from first on, ascending.  The caller frees. */
int segment_list_read(int wal_fd, const char *where, uint64_t first, struct segment_list *l,
		      struct count_error *err);
void segment_list_free(struct segment_list *l);

/* 1: a segment of that number exists, 0: it does not; else a status. */
int segment_exists(int wal_fd, const char *where, uint64_t number, struct count_error *err);
/* Creates it, empty.  That it exists already is success: who made it does not matter. */
int segment_create(int wal_fd, const char *where, uint64_t number, struct count_error *err);

/* The boot id of the running system; zeros when it cannot be told. */
void segment_boot_id(uint8_t id[16]);

/* What the end of a segment says about it; reads at most two small pieces. */
struct segment_end {
	bool good;		/* its header is good and it ends in a whole frame, or it is empty */
	bool ours;		/* its header is good and of the boot given */
	uint32_t salt;
	uint32_t frames;	/* in it, if good */
};
/* size is from fstat.  COUNT_ERR_VERSION for a segment of a newer version. */
int segment_read_end(int fd, const char *where, const char *name, uint64_t size,
		     const uint8_t boot[16], struct segment_end *end, struct count_error *err);

#endif
