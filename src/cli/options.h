/* options.h - command lines by table: getopt_long, --help, and what was probably meant. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli.h"

/* Options that every tool has; their ids lie above those of any tool. */
enum {
	OPT_DATA_DIR = 1000, OPT_CONFIG, OPT_VERBOSE, OPT_QUIET, OPT_JSON, OPT_HELP, OPT_VERSION,
};

/*
 * Walk argv and call take(cli, arg, id, text) for each option, in order; operands end up behind
 * *first.  Returns 0 or the first status of take() or of bad usage that is not 0.
 */
int options_walk(struct cli *cli, int argc, char **argv,
		 int (*take)(struct cli *cli, void *arg, int id, const char *text), void *arg,
		 int *first);
/* Print --help on stdout; false if that failed. */
bool options_help(const struct cli_tool *tool);

#endif
