/*
 * input_module.h - what count-ingest and the module for compressed input say to each other.
 *
 * The module (src/modules/input.c) links libarchive, which takes as long to load as many an
 * ingest takes to run; so it is opened with dlopen() when a file turns out to need it.
 */
#ifndef CLI_INPUT_MODULE_H
#define CLI_INPUT_MODULE_H

#include <stddef.h>
#include <sys/types.h>

#define INPUT_MODULE_ABI 1

/* Give the next bytes of the file: their number, 0 at its end, -1 for an error (errno). */
typedef ssize_t input_feed_fn(void *arg, const char **bytes);

struct input_module {
	int abi;
	/* NULL: no memory.  feed is called from next() and read(). */
	void *(*open)(input_feed_fn *feed, void *arg);
	/* 1: a member follows, *name is NULL for plain compressed data; 0: the end; -1: error(). */
	int (*next)(void *handle, const char **name);
	/* Bytes of the member; 0: its end; -1: error(). */
	ssize_t (*read)(void *handle, void *buf, size_t len);
	const char *(*error)(void *handle);
	void (*close)(void *handle);
};

/* The one symbol that the module exports. */
#define INPUT_MODULE_SYMBOL "count_input_module"

#endif
