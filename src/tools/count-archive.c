/* count-archive - move old points to a bucket, prove them there, remove them here; see count-archive(1). */
#include "archive.h"
#include "cli.h"
#include "secrets.h"
#include "signals.h"

#include <signal.h>
#include <string.h>

enum { FORCE = 1, OLDER_THAN, DRY_RUN, JOBS, LEVEL, KEEP_LOCAL };

enum { MAX_JOBS = 64 };

static const struct cli_option options[] = {
	{ FORCE, 0, "force", NULL, "send all that is old enough now, to the exact cut-off, splitting blocks" },
	{ OLDER_THAN, 0, "older-than", "DURATION", "what is old enough: 30d, 12h (else ARCHIVAL_AGE_DAYS)" },
	{ DRY_RUN, 0, "dry-run", NULL, "say what would be sent, in how many requests, at what price" },
	{ JOBS, 0, "jobs", "N", "requests at once, 1 to 64 (else S3_JOBS)" },
	{ LEVEL, 0, "level", "LEVEL", "how small to make objects: fast, default or max" },
	{ KEEP_LOCAL, 0, "keep-local", NULL, "send and prove, but remove nothing here" },
	{ 0 }
};

static int set_older_than(struct cli *cli, struct count_archive_options *opt, const char *arg)
{
	struct count_duration dur;
	struct count_error err = { 0 };

	opt->older_than = arg;
	if (count_duration_parse(arg, strlen(arg), &dur, &err) == COUNT_OK)
		return 0;
	return cli_usage(cli, "bad --older-than '%s': %s", arg, err.text);
}

static int set_jobs(struct cli *cli, struct count_archive_options *opt, const char *arg)
{
	unsigned long n = 0;

	for (const char *p = arg; *p >= '0' && *p <= '9' && n <= MAX_JOBS; p++)
		n = n * 10 + (unsigned long)(*p - '0');
	if (arg[strspn(arg, "0123456789")] != '\0' || n < 1 || n > MAX_JOBS)
		return cli_usage(cli, "bad --jobs '%s': it is a number from 1 to %d", arg, MAX_JOBS);
	opt->jobs = (uint32_t)n;
	return 0;
}

static int set(struct cli *cli, void *state, int id, const char *arg)
{
	struct count_archive_options *opt = state;

	switch (id) {
	case FORCE: opt->force = true; return 0;
	case OLDER_THAN: return set_older_than(cli, opt, arg);
	case DRY_RUN: opt->dry_run = true; return 0;
	case JOBS: return set_jobs(cli, opt, arg);
	case LEVEL: return cli_set_level(cli, arg, &opt->level);
	default: opt->keep_local = true; return 0;
	}
}

static const struct cli_tool tool = {
	.name = "count-archive", .operands = "",
	.about = "Move old points to a bucket of S3, prove that they are there, then remove them here.",
	.options = options, .set = set, .cold = true,
};

int main(int argc, char **argv)
{
	struct count_archive_options opt;
	struct cli cli;
	int status;

	secrets_guard();
	signal(SIGPIPE, SIG_IGN);	/* a peer that goes is a failed request, and a closed stdout a failed write */
	count_archive_options_init(&opt);
	if (cli_parse(&cli, &tool, &opt, argc, argv, &status)) {
		status = cli.noperands > 0 ? cli_usage(&cli, "unexpected operand '%s'", cli.operands[0]) :
			 cli_config(&cli);
		if (status == 0) {
			signals_bus(tool.name, cli.config.data_dir);
			status = archive_run(&cli, &opt);
		}
	}
	cli_free(&cli);
	return status;
}
