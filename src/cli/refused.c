/* refused.c - lines that were not taken: named on stderr, counted, kept in a file if asked for. */
#include "refused.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

bool refused_open(struct refused *r, struct cli *cli, const char *path)
{
	int fd;

	r->cli = cli;
	r->path = path;
	r->keep = path != NULL;
	if (path == NULL)
		return true;
	/* Appended: a run of cron must not take away what the run before has put aside. */
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	out_init(&r->file, fd);
	if (fd >= 0)
		return true;
	cli_say(cli, CLI_ERROR, "%s: %s", path, strerror(errno));
	cli_raise(cli, CLI_STORAGE);
	r->keep = false;
	return false;
}

void refused_line(struct refused *r, const char *where, uint64_t number, const char *why)
{
	r->count++;
	cli_raise(r->cli, CLI_PARTLY);
	if (r->count <= REFUSED_SHOWN)
		cli_say_plain(r->cli, CLI_ERROR, "%s:%" PRIu64 ": %s", where, number, why);
}

void refused_bytes(struct refused *r, const char *s, size_t len)
{
	if (r->keep)
		out_put(&r->file, s, len);
}

void refused_close(struct refused *r)
{
	if (r->count > REFUSED_SHOWN)
		cli_say(r->cli, CLI_ERROR, "%" PRIu64 " lines refused, the first %d of them shown",
			r->count, REFUSED_SHOWN);
	if (!r->keep)
		return;
	out_flush(&r->file);
	if (close(r->file.fd) != 0 && r->file.error == 0)
		r->file.error = errno;
	if (r->file.error != 0) {
		cli_say(r->cli, CLI_ERROR, "%s: %s", r->path, strerror(r->file.error));
		cli_raise(r->cli, CLI_STORAGE);
	}
	r->keep = false;
}
