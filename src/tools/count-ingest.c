/* count-ingest - store the points of metric lines; see count-ingest(1). */
#include "cli.h"
#include "ingest.h"
#include "signals.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, TIME_UNIT, NAME, TAG, PREFIX, SYNC, REJECTS, STRICT, DRY_RUN, PROGRESS, INIT, PRECISION, JOBS };

static const struct cli_option options[] = {
	{ FORMAT, 0, "format", "FORMAT", "auto (by line, the default), graphite or json" },
	{ TIME_UNIT, 0, "time-unit", "UNIT", "of numeric timestamps: auto (by magnitude), s, ms, us or ns" },
	{ NAME, 'n', "name", "NAME", "lines are bare values, points of the series NAME" },
	{ TAG, 0, "tag", "KEY=VALUE", "add a label; a line's own wins; may be repeated" },
	{ PREFIX, 0, "prefix", "TEXT", "put TEXT before each name" },
	{ SYNC, 0, "sync", "WHEN", "make durable: interval (each second), exit, always or none" },
	{ REJECTS, 0, "rejects", "FILE", "append refused lines to FILE, as they are" },
	{ STRICT, 0, "strict", NULL, "stop at the first refused line" },
	{ DRY_RUN, 0, "dry-run", NULL, "read and check, store nothing" },
	{ JOBS, 0, "jobs", "N", "threads that read a FILE, 1 to 64 (else one a processor, up to 4)" },
	{ PROGRESS, 0, "progress", NULL, "show progress, on a terminal" },
	{ INIT, 0, "init", NULL, "make the data directory; read only the FILEs named" },
	{ PRECISION, 0, "precision", "UNIT", "with --init: its time unit, s, ms (the default), us or ns" },
	{ 0 }
};

static int set_format(struct cli *cli, struct ingest_options *opt, const char *arg)
{
	static const char *const words[] = { "auto", "graphite", "json" };
	static const struct format *const formats[] = { NULL, &format_graphite, &format_json };
	int i = 0, ret = cli_enum(cli, "--format", arg, words, 3, &i);

	opt->format = formats[i];
	return ret;
}

static int add_tag(struct cli *cli, struct ingest_options *opt, const char *arg)
{
	const char *equals = strchr(arg, '=');
	char text[COUNT_SERIES_MAX + 1];
	struct count_label *tags, tag;
	struct count_error err = { 0 };

	if (equals == NULL || equals == arg)
		return cli_usage(cli, "bad --tag '%s': it is KEY=VALUE", arg);
	tag = (struct count_label){ .key = arg, .key_len = (size_t)(equals - arg), .value = equals + 1,
		.value_len = strlen(equals + 1) };
	if (count_series_build("x", 1, &tag, 1, text, NULL, &err) != COUNT_OK)
		return cli_usage(cli, "bad --tag '%s': %s", arg, err.text);
	for (size_t i = 0; i < opt->ntags; i++)
		if (opt->tags[i].key_len == tag.key_len && memcmp(opt->tags[i].key, arg, tag.key_len) == 0)
			return cli_usage(cli, "--tag %.*s is given twice", (int)tag.key_len, arg);
	tags = reallocarray(opt->tags, opt->ntags + 1, sizeof(*tags));
	if (tags == NULL) {
		cli_say(cli, CLI_ERROR, "out of memory");
		return CLI_STORAGE;
	}
	opt->tags = tags;
	opt->tags[opt->ntags++] = tag;
	return 0;
}

static int set(struct cli *cli, void *state, int id, const char *arg)
{
	static const char *const given[] = { "auto", "s", "ms", "us", "ns" };
	static const char *const syncs[] = { "interval", "exit", "always", "none" };
	struct ingest_options *opt = state;
	int value = 0, ret = 0;

	switch (id) {
	case FORMAT: return set_format(cli, opt, arg);
	case TIME_UNIT:
		ret = cli_enum(cli, "--time-unit", arg, given, 5, &value);
		opt->time_unit = (enum count_time_unit)value;
		return ret;
	case SYNC:
		ret = cli_enum(cli, "--sync", arg, syncs, 4, &value);
		opt->sync = (enum count_sync)value;
		return ret;
	case PRECISION:
		ret = cli_enum(cli, "--precision", arg, given + 1, 4, &value);
		opt->precision = (enum count_unit)value;
		opt->has_precision = true;
		return ret;
	case JOBS: return cli_set_jobs(cli, arg, &opt->jobs);
	case TAG: return add_tag(cli, opt, arg);
	case NAME: opt->name = arg; return 0;
	case PREFIX: opt->prefix = arg; return 0;
	case REJECTS: opt->rejects = arg; return 0;
	case STRICT: opt->strict = true; return 0;
	case DRY_RUN: opt->dry_run = true; return 0;
	case PROGRESS: opt->progress = true; return 0;
	default: opt->init = true; return 0;
	}
}

static const struct cli_tool tool = {
	.name = "count-ingest", .operands = "[FILE]...",
	.about = "Store the points of metric lines: 'name value [timestamp]', or JSON, from FILEs or stdin.",
	.options = options, .set = set,
};

/* What options say about each other. */
static int check(struct cli *cli, struct ingest_options *opt)
{
	char text[COUNT_SERIES_MAX + 1];
	struct count_error err = { 0 };

	if (opt->has_precision && !opt->init)
		return cli_usage(cli, "--precision goes with --init");
	if (opt->init && opt->dry_run)
		return cli_usage(cli, "--init and --dry-run exclude each other");
	if (opt->name == NULL)
		return 0;
	if (opt->format != NULL)
		return cli_usage(cli, "--name and --format exclude each other");
	if (strchr(opt->name, ';') == NULL &&
	    count_series_canonical(opt->name, strlen(opt->name), text, NULL, &err) != COUNT_OK)
		return cli_usage(cli, "bad --name: %s", err.text);
	opt->format = &format_value;
	return 0;
}

/* --init: the directory, said with one line when it is new. */
static void make_directory(struct cli *cli, const struct ingest_options *opt)
{
	struct count_error err = { 0 };
	bool created = false;
	count_db *db;
	int ret;

	if (!opt->has_precision) {
		db = cli_open(cli, COUNT_OPEN_CREATE);
		created = db != NULL && count_db_created(db);
		count_close(db);
	} else {
		ret = count_create(&cli->config, opt->precision, &created, &err);
		if (ret != COUNT_OK)
			cli_fail(cli, ret, &err);
	}
	if (created)
		cli_say(cli, CLI_WARN, "made the data directory %s", cli->config.data_dir);
}

int main(int argc, char **argv)
{
	struct ingest_options opt = { 0 };
	struct cli cli;
	int status;

	signal(SIGPIPE, SIG_IGN);	/* whoever reads our messages may go; the points are still stored */
	if (cli_parse(&cli, &tool, &opt, argc, argv, &status)) {
		status = check(&cli, &opt);
		if (status == 0)
			status = cli_config(&cli);
		if (status == 0) {
			signals_bus(tool.name, cli.config.data_dir);
			if (opt.init)
				make_directory(&cli, &opt);
			status = cli.status;
			if (status == 0 && (!opt.init || cli.noperands > 0))
				status = ingest_run(&cli, &opt);
		}
	}
	cli_free(&cli);
	free(opt.tags);
	return status;
}
