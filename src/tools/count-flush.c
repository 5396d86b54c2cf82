/* count-flush - move the log into compressed blocks, compact, apply retention; see count-flush(1). */
#include "cli.h"
#include "out.h"
#include "signals.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NO_COMPACT = 1, LEVEL, DRY_RUN, WAIT, RETENTION, YES };

static const struct cli_option options[] = {
	{ NO_COMPACT, 0, "no-compact", NULL, "only flush: leave the blocks that stand as they are" },
	{ LEVEL, 0, "level", "LEVEL", "how small to make blocks: fast, default or max" },
	{ DRY_RUN, 0, "dry-run", NULL, "say what would be done, change nothing" },
	{ WAIT, 0, "wait", NULL, "wait for another run to end, however long it takes" },
	{ RETENTION, 0, "retention", "DURATION", "delete points older than this: 90d, 2y (also RETENTION)" },
	{ YES, 0, "yes", NULL, "a retention under a day is meant" },
	{ 0 }
};

struct flush_options {
	struct count_flush_options flush;
	const char *retention;
	bool yes;
};

static int set(struct cli *cli, void *state, int id, const char *arg)
{
	struct flush_options *opt = state;
	struct count_duration dur;
	struct count_error err = { 0 };

	switch (id) {
	case NO_COMPACT: opt->flush.no_compact = true; return 0;
	case LEVEL: return cli_set_level(cli, arg, &opt->flush.level);
	case DRY_RUN: opt->flush.dry_run = true; return 0;
	case WAIT: opt->flush.wait_ms = -1; return 0;
	case YES: opt->yes = true; return 0;
	default:
		opt->retention = arg;
		if (count_duration_parse(arg, strlen(arg), &dur, &err) == COUNT_OK)
			return 0;
		return cli_usage(cli, "bad --retention '%s': %s", arg, err.text);
	}
}

static const struct cli_tool tool = {
	.name = "count-flush", .operands = "",
	.about = "Move new points from the log into compressed block files, compact, apply retention.",
	.options = options, .set = set,
};

/* Under a day nearly always means a slip (90m for 90mo), and deleting cannot be undone: ask. */
static int confirm(struct cli *cli, struct flush_options *opt)
{
	const char *retention = cli->config.retention;
	struct count_duration dur;
	struct count_error err = { 0 };
	int c, answer;

	opt->flush.retention = retention;
	opt->flush.retention_confirmed = opt->yes || opt->flush.dry_run;
	if (retention == NULL || opt->flush.retention_confirmed)
		return 0;
	if (count_duration_parse(retention, strlen(retention), &dur, &err) != COUNT_OK)
		return cli_usage(cli, "bad RETENTION '%s': %s", retention, err.text);
	if (count_duration_approx(dur, COUNT_UNIT_S) >= 86400)
		return 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return cli_usage(cli, "a retention of %s would delete all but the last hours; "
				 "--yes says that it is meant", retention);
	fprintf(stderr, "%s: delete all points older than %s? [y/N] ", tool.name, retention);
	answer = getchar();
	for (c = answer; c != '\n' && c != EOF; c = getchar())
		;
	opt->flush.retention_confirmed = answer == 'y' || answer == 'Y';
	return opt->flush.retention_confirmed ? 0 : CLI_USAGE;
}

/* The report: JSON on stdout, else words, which --dry-run is asked for and -v shows. */
static void report(struct cli *cli, bool dry_run, const struct count_flush_report *r, double seconds)
{
	struct out *out = malloc(sizeof(*out));

	cli_say(cli, CLI_INFO, "%spoints flushed: %" PRIu64 ", expired: %" PRIu64
		"; blocks written: %" PRIu64 ", removed: %" PRIu64 ", in all: %" PRIu64 " of %" PRIu64
		" bytes; segments removed: %" PRIu64 "; %.3f s", dry_run ? "would be: " : "",
		r->points_flushed, r->points_expired, r->blocks_written, r->blocks_removed, r->blocks,
		r->bytes, r->segments_removed, seconds);
	if (out == NULL || (!cli->json && !dry_run)) {
		free(out);
		return;
	}
	out_init(out, STDOUT_FILENO);
	if (cli->json)
		out_fmt(out, "{\"points_flushed\":%" PRIu64 ",\"segments_removed\":%" PRIu64
			",\"blocks_written\":%" PRIu64 ",\"blocks_removed\":%" PRIu64
			",\"points_expired\":%" PRIu64 ",\"blocks\":%" PRIu64 ",\"bytes\":%" PRIu64
			",\"seconds\":%.6f,\"dry_run\":%s}\n", r->points_flushed, r->segments_removed,
			r->blocks_written, r->blocks_removed, r->points_expired, r->blocks, r->bytes,
			seconds, dry_run ? "true" : "false");
	else
		out_fmt(out, "would flush %" PRIu64 " points and expire %" PRIu64 "\n",
			r->points_flushed, r->points_expired);
	if (!out_flush(out)) {
		cli_say(cli, CLI_ERROR, "standard output: %s", strerror(out->error));
		cli_raise(cli, CLI_STORAGE);
	}
	free(out);
}

static int flush(struct cli *cli, const struct flush_options *opt)
{
	struct count_flush_report r = { 0 };
	struct count_error err = { 0 };
	struct timespec from, to;
	count_db *db;
	int ret;

	db = cli_open(cli, COUNT_OPEN_EXISTING);
	if (db == NULL)
		return cli->status;
	clock_gettime(CLOCK_MONOTONIC, &from);
	ret = count_flush_with(db, &opt->flush, &r, &err);
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (ret == COUNT_OK) {
		report(cli, opt->flush.dry_run, &r, (double)(to.tv_sec - from.tv_sec) +
		       (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	} else if (ret == COUNT_ERR_LOCKED) {
		/* No news for cron: with -q only the exit status says so. */
		cli_say(cli, CLI_WARN, "%s; --wait waits for it", err.text);
		cli_raise(cli, CLI_LOCKED);
	} else {
		cli_fail(cli, ret, &err);
	}
	count_close(db);
	return cli->status;
}

int main(int argc, char **argv)
{
	struct flush_options opt = { 0 };
	struct count_error err = { 0 };
	struct cli cli;
	int status;

	signal(SIGPIPE, SIG_DFL);
	count_flush_options_init(&opt.flush);
	if (cli_parse(&cli, &tool, &opt, argc, argv, &status)) {
		status = cli.noperands > 0 ? cli_usage(&cli, "unexpected operand '%s'", cli.operands[0]) :
			 cli_config(&cli);
		if (status == 0 && opt.retention != NULL &&
		    count_config_set(&cli.config, "RETENTION", opt.retention, "--retention", &err) != COUNT_OK)
			status = cli_usage(&cli, "%s", err.text);
		if (status == 0)
			status = confirm(&cli, &opt);
		if (status == 0) {
			signals_bus(tool.name, cli.config.data_dir);
			status = flush(&cli, &opt);
		}
	}
	cli_free(&cli);
	return status;
}
