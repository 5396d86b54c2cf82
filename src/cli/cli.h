/*
 * cli.h - what the tools share: options, configuration, messages, exit status.
 *
 * A tool says who it is in a struct cli_tool, calls cli_parse() first and cli_config() next, and
 * then works.  Messages are one line each, "count-query: text"; where they go and which are shown
 * is decided here (COUNT_LOG, COUNT_LOG_TO, -v, -q).
 */
#ifndef CLI_H
#define CLI_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"

/* Exit statuses, the same in all tools; of several the highest applies. */
enum cli_exit {
	CLI_OK = 0,
	CLI_PARTLY = 1,		/* done, but something was rejected or not found */
	CLI_USAGE = 2,		/* usage or configuration: nothing was done */
	CLI_STORAGE = 3,	/* local storage, and any failed write of ours */
	CLI_COLD = 4,
	CLI_LOCKED = 5,
	CLI_SIGNAL = 128,	/* plus the signal's number */
};

/* One option: the table of a tool drives parsing and --help, and a test holds pages to the latter. */
struct cli_option {
	int id;			/* the tool's own, from 1; 0 ends a table */
	char letter;		/* 0: only the long form */
	const char *name;
	const char *arg;	/* what --help calls its argument; NULL: it takes none */
	const char *help;
};

struct cli;

/* Take one option of the tool's own; returns 0, or cli_usage() with what is wrong. */
typedef int cli_set_fn(struct cli *cli, void *state, int id, const char *arg);

struct cli_tool {
	const char *name;
	const char *operands;	/* "[FILE]...", for the usage line */
	const char *about;	/* one sentence */
	const struct cli_option *options;
	cli_set_fn *set;
	bool cold;		/* it reads the cold tier: wrong settings of that are an error */
};

/* How much is said, most important first; the numbers are those of count_log_fn. */
enum cli_level { CLI_ERROR, CLI_WARN, CLI_INFO, CLI_DEBUG };

struct cli {
	const struct cli_tool *tool;
	const char *data_dir;		/* --data-dir, NULL: not given */
	const char *config_file;	/* --config */
	bool json;
	bool quiet;
	int verbose;			/* how many -v */
	enum cli_level level;		/* what is shown */
	bool to_syslog;
	char **operands;
	size_t noperands;
	struct count_config config;
	int status;			/* the highest so far, see cli_raise() */
};

/*
 * Read the command line; false: the tool ends with *status (--help, --version, bad usage).
 * argv is permuted, and cli keeps pointers into it.
 */
bool cli_parse(struct cli *cli, const struct cli_tool *tool, void *state, int argc, char **argv,
	       int *status);
/* Load the configuration from all its places; 0 or CLI_USAGE, said already. */
int cli_config(struct cli *cli);
/* Open the store with flags of enum count_open_flags; NULL after a message and cli_raise(). */
count_db *cli_open(struct cli *cli, int flags);
void cli_free(struct cli *cli);

/* The argument of --level; 0, or cli_usage(). */
int cli_set_level(struct cli *cli, const char *arg, enum count_level *level);
#define CLI_JOBS_MAX 64
/* The argument of --jobs; 0, or cli_usage(). */
int cli_set_jobs(struct cli *cli, const char *arg, unsigned *jobs);
/* So many, or if that is 0 as many as there are processors for us, though few keep the one busy that writes. */
unsigned cli_jobs(unsigned jobs);
/* Say what is wrong with the usage, and where help is; returns CLI_USAGE. */
int cli_usage(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A message, shown when the level is; control bytes become \xNN. */
void cli_say(struct cli *cli, enum cli_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same without "count-query: " before it, for FILE:LINE: why. */
void cli_say_plain(struct cli *cli, enum cli_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A count_log_fn; arg is the struct cli. */
void cli_log(void *arg, int level, const char *text);

/* Remember an exit status; the highest stays. */
void cli_raise(struct cli *cli, int status);
/* Report a failure of the library and raise the exit status that goes with it. */
void cli_fail(struct cli *cli, int ret, const struct count_error *err);
/* The exit status for a status of the library. */
int cli_exit_status(int ret);

/* The place of text among the n words, or -1. */
int cli_choice(const char *text, const char *const *words, size_t n);
/* The same for an option: a wrong word is bad usage that names all there are. */
int cli_enum(struct cli *cli, const char *option, const char *text, const char *const *words,
	     size_t n, int *value);

#endif
