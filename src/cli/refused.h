/* refused.h - lines that were not taken: named on stderr, counted, kept in a file if asked for. */
#ifndef CLI_REFUSED_H
#define CLI_REFUSED_H

#include "cli.h"
#include "out.h"

#define REFUSED_SHOWN 10

struct refused {
	struct cli *cli;
	uint64_t count;
	bool keep;		/* --rejects */
	const char *path;
	struct out file;
};

/* path is NULL without --rejects; the file is appended to.  False after a message. */
bool refused_open(struct refused *r, struct cli *cli, const char *path);
/* where is FILE or FILE(member); why is one line. */
void refused_line(struct refused *r, const char *where, uint64_t number, const char *why);
/* Bytes of a refused line, verbatim, for --rejects. */
void refused_bytes(struct refused *r, const char *s, size_t len);
/* The count, if not all were shown, and the exit status. */
void refused_close(struct refused *r);

#endif
