/* count-manifest - what is in the cold tier, and proof that it is right; see count-manifest(1). */
#include "cli.h"
#include "manifest.h"
#include "out.h"
#include "print.h"
#include "secrets.h"
#include "signals.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DEEP = 1, DRY_RUN, FRESH, MAX_COST, RAW, TIME_FORMAT, YES };

static const struct cli_option options[] = {
	{ DEEP, 0, "deep", NULL, "verify: read every object, decode and recount every point" },
	{ DRY_RUN, 0, "dry-run", NULL, "say what would be done, change nothing; verify --deep: what it would cost" },
	{ FRESH, 0, "fresh", NULL, "sync with the bucket first" },
	{ MAX_COST, 0, "max-cost", "USD", "verify --deep: refuse to read for more than this; none: no limit" },
	{ RAW, 0, "raw", NULL, "cat: the object as it is stored, JSON or gzip of it" },
	{ TIME_FORMAT, 0, "time-format", "FORMAT", "print times as unit, s, ms, us, ns or iso" },
	{ YES, 0, "yes", NULL, "repair: take entries out whose objects are gone, and with them their points" },
	{ 0 }
};

struct manifest_options {
	struct count_manifest_options lib;
	enum count_time_format time_format;
	bool raw;
};

static int set_cost(struct cli *cli, struct manifest_options *opt, const char *arg)
{
	double v;

	if (strcmp(arg, "none") == 0) {
		opt->lib.max_cost = -1;
		return 0;
	}
	if (count_value_parse(arg, strlen(arg), &v) != COUNT_OK || !(v >= 0 && v <= 1e9))
		return cli_usage(cli, "bad --max-cost '%s': it is a number of USD, or none", arg);
	opt->lib.max_cost = v;
	return 0;
}

static int set(struct cli *cli, void *state, int id, const char *arg)
{
	static const char *const times[] = { "unit", "s", "ms", "us", "ns", "iso" };
	struct manifest_options *opt = state;
	int value = 0, ret;

	switch (id) {
	case DEEP: opt->lib.deep = true; return 0;
	case DRY_RUN: opt->lib.dry_run = true; return 0;
	case FRESH: opt->lib.fresh = true; return 0;
	case MAX_COST: return set_cost(cli, opt, arg);
	case RAW: opt->raw = true; return 0;
	case YES: opt->lib.confirmed = true; return 0;
	default:
		ret = cli_enum(cli, "--time-format", arg, times, 6, &value);
		opt->time_format = (enum count_time_format)value;
		return ret;
	}
}

static const struct cli_tool tool = {
	.name = "count-manifest", .operands = "COMMAND [ARGUMENT]...",
	.about = "Show what the cold tier holds, prove that it is right, repair it.  COMMAND is list, show, where, "
		"cat, verify, repair, rebuild, sync, diff or stats.",
	.options = options, .set = set, .cold = true,
};

/* ---- The commands ---- */

struct job {			/* what a command works with */
	struct cli *cli;
	struct manifest_options *opt;
	count_db *db;
	struct manifest_print print;
};

static int run_list(struct job *j, struct count_error *err)
{
	int ret;

	manifest_print_begin(&j->print, NULL);
	ret = count_manifest_list(j->db, &j->opt->lib, manifest_print_series, &j->print, err);
	manifest_print_end(&j->print);
	if (j->cli->json)
		out_char(j->print.out, '\n');
	return ret;
}

static int run_show(struct job *j, struct count_error *err)
{
	const char *series = j->cli->operands[1];
	int ret;

	manifest_print_begin(&j->print, NULL);
	j->opt->lib.nselectors = 0;
	ret = count_manifest_show(j->db, &j->opt->lib, series, manifest_print_place, &j->print, err);
	manifest_print_end(&j->print);
	if (j->cli->json)
		out_char(j->print.out, '\n');
	return ret;
}

static int run_where(struct job *j, struct count_error *err)
{
	int64_t from = INT64_MIN, to = INT64_MAX;
	struct timespec now;
	int ret = COUNT_OK;

	clock_gettime(CLOCK_REALTIME, &now);
	if (j->cli->noperands > 2) {
		const char *text = j->cli->operands[2];

		ret = count_when_parse(text, strlen(text), COUNT_TIME_AUTO, count_db_unit(j->db),
				       now.tv_sec * INT64_C(1000000000) + now.tv_nsec, NULL, &from, err);
		to = from == INT64_MAX ? from : from + 1;
	}
	if (ret != COUNT_OK)
		return ret;
	j->print.where = true;
	j->opt->lib.nselectors = 0;
	manifest_print_begin(&j->print, NULL);
	ret = count_manifest_where(j->db, &j->opt->lib, j->cli->operands[1], from, to, manifest_print_place, &j->print,
				   err);
	manifest_print_end(&j->print);
	if (j->cli->json)
		out_char(j->print.out, '\n');
	return ret;
}

static int print_points(void *arg, const struct count_batch *batch)
{
	struct print *p = arg;

	print_batch(p, batch);
	return p->out->error;
}

static int print_bytes(void *arg, const void *data, size_t len)
{
	struct out *o = arg;

	out_put(o, data, len);
	return o->error;
}

static int run_cat(struct job *j, struct count_error *err)
{
	struct print p = { .out = j->print.out, .format = j->cli->json ? PRINT_JSON : PRINT_TEXT,
			   .time_format = j->opt->time_format, .unit = j->print.unit };
	const char *key = j->cli->operands[1];
	int ret;

	j->opt->lib.nselectors = 0;
	if (j->opt->raw)
		return count_manifest_cat(j->db, &j->opt->lib, key, NULL, print_bytes, j->print.out, err);
	print_begin(&p);
	ret = count_manifest_cat(j->db, &j->opt->lib, key, print_points, NULL, &p, err);
	print_end(&p);
	return ret;
}

typedef int finding_call(count_db *db, const struct count_manifest_options *opt, count_finding_fn *fn, void *arg,
			 struct count_manifest_report *report, struct count_error *err);

static int run_findings(struct job *j, finding_call *call, const char *done, struct count_error *err)
{
	struct count_manifest_report report = { 0 };
	int ret;

	manifest_print_begin(&j->print, "findings");
	ret = call(j->db, &j->opt->lib, manifest_print_finding, &j->print, &report, err);
	manifest_print_end(&j->print);
	if (j->cli->json || ret == COUNT_OK || ret == COUNT_ERR_NOTFOUND)
		manifest_print_report(&j->print, done, &report, j->opt->lib.dry_run);
	if (report.problems > 0)
		cli_raise(j->cli, CLI_PARTLY);
	return ret;
}

static int run_verify(struct job *j, struct count_error *err)
{
	return run_findings(j, count_manifest_verify, "verified", err);
}

static int run_repair(struct job *j, struct count_error *err)
{
	return run_findings(j, count_manifest_repair, "repaired", err);
}

static int run_rebuild(struct job *j, struct count_error *err)
{
	return run_findings(j, count_manifest_rebuild, "rebuilt", err);
}

static int run_diff(struct job *j, struct count_error *err)
{
	return run_findings(j, count_manifest_diff, "compared", err);
}

static int run_sync(struct job *j, struct count_error *err)
{
	struct count_manifest_report report = { 0 };
	int ret = count_manifest_sync(j->db, &j->opt->lib, &report, err);

	if (ret != COUNT_OK)
		return ret;
	if (j->cli->json)
		out_str(j->print.out, "{\"findings\":[]");
	manifest_print_report(&j->print, "synced", &report, false);
	return COUNT_OK;
}

static int run_stats(struct job *j, struct count_error *err)
{
	struct count_manifest_stats stats;
	int ret = count_manifest_stats(j->db, &j->opt->lib, &stats, err);

	if (ret == COUNT_OK)
		manifest_print_stats(&j->print, &stats);
	return ret;
}

static const struct command {
	const char *name;
	int (*run)(struct job *j, struct count_error *err);
	size_t min, max;	/* operands after its name */
	const char *operands;
	bool create;
	bool local;		/* works with the cold tier off too */
} commands[] = {
	{ "list", run_list, 0, SIZE_MAX, "[SELECTOR]...", false, false },
	{ "show", run_show, 1, 1, "SERIES", false, false },
	{ "where", run_where, 1, 2, "SERIES [TIME]", false, true },
	{ "cat", run_cat, 1, 1, "KEY", false, false },
	{ "verify", run_verify, 0, SIZE_MAX, "[SELECTOR]...", false, false },
	{ "repair", run_repair, 0, SIZE_MAX, "[SELECTOR]...", false, false },
	{ "rebuild", run_rebuild, 0, SIZE_MAX, "[SELECTOR]...", false, false },
	{ "sync", run_sync, 0, 0, "", true, false },
	{ "diff", run_diff, 0, SIZE_MAX, "[SELECTOR]...", false, false },
	{ "stats", run_stats, 0, 0, "", false, true },
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static int find_command(struct cli *cli, const struct command **found)
{
	const char *names[NCOMMANDS];
	const struct command *c;
	int i = 0, ret;

	if (cli->noperands == 0)
		return cli_usage(cli, "a command is missing, such as list or verify");
	for (size_t k = 0; k < NCOMMANDS; k++)
		names[k] = commands[k].name;
	ret = cli_enum(cli, "command", cli->operands[0], names, NCOMMANDS, &i);
	c = &commands[i];
	if (ret == 0 && (cli->noperands - 1 < c->min || cli->noperands - 1 > c->max))
		ret = cli_usage(cli, "usage: count-manifest %s%s%s", c->name, c->operands[0] != '\0' ? " " : "",
				c->operands);
	*found = c;
	return ret;
}

/* What options say about commands. */
static int check(struct cli *cli, const struct manifest_options *opt, const struct command *c)
{
	if (opt->lib.deep && c->run != run_verify)
		return cli_usage(cli, "--deep goes with verify");
	if (opt->raw && c->run != run_cat)
		return cli_usage(cli, "--raw goes with cat");
	if (opt->lib.confirmed && c->run != run_repair)
		return cli_usage(cli, "--yes goes with repair");
	if (opt->lib.dry_run && c->run != run_repair && c->run != run_rebuild &&
	    !(c->run == run_verify && opt->lib.deep))
		return cli_usage(cli, "--dry-run goes with repair, rebuild and verify --deep");
	return 0;
}

static void run(struct job *j, const struct command *c)
{
	struct count_error err = { 0 };
	struct cli *cli = j->cli;
	struct out *out = j->print.out;
	int ret = c->run(j, &err);

	if (!out_flush(out)) {
		cli_say(cli, CLI_ERROR, "standard output: %s", strerror(out->error));
		cli_raise(cli, CLI_STORAGE);
	} else if (ret == COUNT_ERR_NOTFOUND) {
		cli_say(cli, CLI_ERROR, "%s", err.text);
		cli_raise(cli, CLI_PARTLY);
	} else if (ret != COUNT_OK) {
		cli_fail(cli, ret, &err);
	}
}

static int work(struct cli *cli, struct manifest_options *opt, const struct command *c)
{
	struct job j = { .cli = cli, .opt = opt };
	struct out *out = malloc(sizeof(*out));

	if (out == NULL) {
		cli_say(cli, CLI_ERROR, "out of memory");
		return CLI_STORAGE;
	}
	out_init(out, STDOUT_FILENO);
	j.db = cli_open(cli, c->create ? COUNT_OPEN_CREATE : COUNT_OPEN_EXISTING);
	if (j.db != NULL) {
		if (count_db_created(j.db))
			cli_say(cli, CLI_WARN, "made the data directory %s", cli->config.data_dir);
		j.print = (struct manifest_print){ .cli = cli, .out = out, .unit = count_db_unit(j.db),
						   .time_format = opt->time_format };
		opt->lib.selectors = (const char *const *)cli->operands + 1;
		opt->lib.nselectors = cli->noperands - 1;
		run(&j, c);
		count_close(j.db);
	}
	free(out);
	return cli->status;
}

int main(int argc, char **argv)
{
	struct manifest_options opt = { 0 };
	const struct command *c = NULL;
	struct cli cli;
	int status;

	signal(SIGPIPE, SIG_DFL);	/* other signals end us too: what is half done stands as before or as after */
	secrets_guard();
	count_manifest_options_init(&opt.lib);
	opt.lib.max_cost = 1;
	if (cli_parse(&cli, &tool, &opt, argc, argv, &status)) {
		status = find_command(&cli, &c);
		if (status == 0)
			status = check(&cli, &opt, c);
		if (status == 0)
			status = cli_config(&cli);
		if (status == 0 && !cli.config.s3_enabled && !c->local)
			status = cli_usage(&cli, "the cold tier is off: set S3_ENABLED=true and S3_BUCKET");
		if (status == 0) {
			signals_bus(tool.name, cli.config.data_dir);
			status = work(&cli, &opt, c);
		}
	}
	cli_free(&cli);
	return status;
}
