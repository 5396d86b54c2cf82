/*
 * input.h - the bytes of one FILE operand, plain or compressed, as one stream or several members.
 *
 * Plain bytes go from read() into the caller's buffer.  A file that starts like gzip, zstd, xz,
 * bzip2, lz4, tar or zip is handed to a module (input_module.h).
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "input_module.h"

#define INPUT_CHUNK (256 * 1024)	/* the most that one read asks for */

/* Called before each read() of the file, which may block: false makes the input end there. */
typedef bool input_wait_fn(void *arg, int fd);

struct input {
	const char *name;		/* as given; - is stdin */
	int fd;
	input_wait_fn *wait;
	void *wait_arg;
	const struct input_module *module;	/* NULL: plain */
	void *module_lib, *handle;
	char *ahead;			/* INPUT_CHUNK: what was read to look at, then what the module gets */
	size_t ahead_len, ahead_pos;
	bool started, ended;		/* a plain file has one member */
	char why[512];			/* after a failure */
};

/* false: in->why tells; nothing is open then. */
bool input_open(struct input *in, const char *name, input_wait_fn *wait, void *wait_arg);
/* 1: a member follows, *member is NULL when it has no name of its own; 0: no more; -1: in->why. */
int input_next(struct input *in, const char **member);
/* Bytes of this member; 0: its end; -1: in->why. */
ssize_t input_read(struct input *in, char *buf, size_t len);
void input_close(struct input *in);

#endif
