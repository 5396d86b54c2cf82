/* input.c - the bytes of one FILE operand, plain or compressed, as one stream or several members. */
#include "input.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAR_HEADER 512

/* How the formats begin that the module reads. */
static const struct { const char *bytes; size_t len; } magics[] = {
	{ "\x1f\x8b\x08", 3 },			/* gzip */
	{ "\x28\xb5\x2f\xfd", 4 },		/* zstd */
	{ "\xfd" "7zXZ\0", 6 },			/* xz */
	{ "\x04\x22\x4d\x18", 4 },		/* lz4 */
	{ "PK\x03\x04", 4 },			/* zip */
	{ "PK\x05\x06", 4 },			/* zip without members */
};

/* BZh, a digit, and the first block's mark or that of the end: all ten bytes, since BZh is text too. */
static bool is_bzip2(const char *s, size_t len)
{
	return len >= 10 && memcmp(s, "BZh", 3) == 0 && s[3] >= '1' && s[3] <= '9' &&
	       (memcmp(s + 4, "1AY&SY", 6) == 0 || memcmp(s + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

/* A tar header, old or new, has a sum of its bytes in octal, its own field taken as blanks. */
static bool is_tar(const char *s, size_t len)
{
	unsigned sum = 0, said = 0;
	int i = 148;

	if (len < TAR_HEADER || s[0] == '\0')
		return false;
	while (i < 156 && s[i] == ' ')
		i++;
	for (; i < 156 && s[i] >= '0' && s[i] <= '7'; i++)
		said = said * 8 + (unsigned)(s[i] - '0');
	for (i = 0; i < TAR_HEADER; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)s[i];
	return sum == said;
}

static bool needs_module(const char *s, size_t len)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (len >= magics[i].len && memcmp(s, magics[i].bytes, magics[i].len) == 0)
			return true;
	return is_bzip2(s, len) || is_tar(s, len);
}

/* Could more bytes still make this one of them?  Only then is it worth waiting for them. */
static bool may_need_module(const char *s, size_t len)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (len < magics[i].len && memcmp(s, magics[i].bytes, len) == 0)
			return true;
	return (len < 10 && memcmp(s, "BZh1AY&SY", len < 3 ? len : 3) == 0) ||
	       (len < TAR_HEADER && memchr(s, '\0', len) != NULL && memchr(s, '\n', len) == NULL);
}

static bool fail(struct input *in, const char *what, int error)
{
	snprintf(in->why, sizeof(in->why), "%s%s%s", what, error != 0 && *what ? ": " : "",
		 error != 0 ? strerror(error) : "");
	return false;
}

/* read(), after asking whether to go on; 0 at the end, -1 with in->why. */
static ssize_t raw_read(struct input *in, char *buf, size_t len)
{
	ssize_t n;

	do {
		if (in->ended || !in->wait(in->wait_arg, in->fd))
			return 0;
		n = read(in->fd, buf, len < INPUT_CHUNK ? len : INPUT_CHUNK);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		fail(in, "", errno);
	if (n == 0)
		in->ended = true;	/* a terminal would go on after its end */
	return n;
}

static ssize_t feed(void *arg, const char **bytes)
{
	struct input *in = arg;
	ssize_t n;

	*bytes = in->ahead + in->ahead_pos;
	if (in->ahead_pos < in->ahead_len) {
		n = (ssize_t)(in->ahead_len - in->ahead_pos);
		in->ahead_pos = in->ahead_len;
		return n;
	}
	*bytes = in->ahead;
	return raw_read(in, in->ahead, INPUT_CHUNK);
}

static bool load_module(struct input *in)
{
	const char *dir = secure_getenv("COUNT_MODULE_DIR");
	char path[4200];

	if (dir == NULL || *dir == '\0')
		dir = COUNT_MODULE_DIR;
	snprintf(path, sizeof(path), "%s/input.so", dir);
	in->module_lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (in->module_lib != NULL)
		in->module = dlsym(in->module_lib, INPUT_MODULE_SYMBOL);
	if (in->module == NULL || in->module->abi != INPUT_MODULE_ABI) {
		in->module = NULL;
		snprintf(in->why, sizeof(in->why),
			 "compressed or an archive, and the module that reads it is not there (%.300s)", path);
		return false;
	}
	in->handle = in->module->open(feed, in);
	return in->handle != NULL || fail(in, "out of memory", 0);
}

/* Look at the first bytes. */
static bool start(struct input *in)
{
	ssize_t n;

	in->ahead = malloc(INPUT_CHUNK);
	if (in->ahead == NULL)
		return fail(in, "out of memory", 0);
	do {
		n = raw_read(in, in->ahead + in->ahead_len, INPUT_CHUNK - in->ahead_len);
		if (n < 0)
			return false;
		in->ahead_len += (size_t)n;
	} while (n > 0 && may_need_module(in->ahead, in->ahead_len));
	return !needs_module(in->ahead, in->ahead_len) || load_module(in);
}

bool input_open(struct input *in, const char *name, input_wait_fn *wait, void *wait_arg)
{
	*in = (struct input){ .name = name, .fd = STDIN_FILENO, .wait = wait, .wait_arg = wait_arg };
	if (strcmp(name, "-") == 0)
		return true;
	in->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return in->fd >= 0 || fail(in, "", errno);
}

int input_next(struct input *in, const char **member)
{
	bool first = !in->started;
	int ret;

	*member = NULL;
	in->started = true;
	if (first && !start(in))
		return -1;
	if (in->module == NULL)
		return first;
	ret = in->module->next(in->handle, member);
	if (ret < 0)
		snprintf(in->why, sizeof(in->why), "%s", in->module->error(in->handle));
	return ret;
}

ssize_t input_read(struct input *in, char *buf, size_t len)
{
	ssize_t n;

	if (in->module != NULL) {
		n = in->module->read(in->handle, buf, len);
		if (n < 0)
			snprintf(in->why, sizeof(in->why), "%s", in->module->error(in->handle));
		return n;
	}
	if (in->ahead_pos == in->ahead_len)
		return raw_read(in, buf, len);
	n = (ssize_t)(in->ahead_len - in->ahead_pos);
	n = (size_t)n < len ? n : (ssize_t)len;
	memcpy(buf, in->ahead + in->ahead_pos, (size_t)n);
	in->ahead_pos += (size_t)n;
	return n;
}

void input_close(struct input *in)
{
	if (in->handle != NULL)
		in->module->close(in->handle);
	if (in->module_lib != NULL)
		dlclose(in->module_lib);
	free(in->ahead);
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	*in = (struct input){ .fd = -1 };
}
