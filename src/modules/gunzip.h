/*
 * gunzip.h - the gzip layer under libarchive, by zlib.
 *
 * libarchive's own gzip filter checks neither checksum nor length, and of a cut file it gives
 * nothing of the last 64 KiB.  A metric line with a wrong digit would go unnoticed for years.
 */
#ifndef MODULE_GUNZIP_H
#define MODULE_GUNZIP_H

#include "input_module.h"

struct gunzip;

struct gunzip *gunzip_new(input_feed_fn *feed, void *arg);	/* NULL: no memory */
/* The next bytes, unpacked if the input starts as gzip does, else as they are; 0: the end; -1. */
ssize_t gunzip_read(struct gunzip *g, const char **bytes);
const char *gunzip_error(const struct gunzip *g);	/* NULL: an error of the feed, in errno */
void gunzip_free(struct gunzip *g);

#endif
