/* count-query - print points, newest points or names of series; see count-query(1). */
#include "cli.h"
#include "query.h"
#include "secrets.h"
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { FROM = 1, TO, STEP, AGG, BY, FILL, TZ, LAST, LIST, LIMIT, FORMAT, PLOT, TIME_FORMAT, TIME_UNIT, TIER,
       CHECK, MAX_AGE, PARTIAL, MAX_COST, EXPLAIN, FRESH, JOBS };

static const struct cli_option options[] = {
	{ FROM, 0, "from", "TIME", "first time: a number, ISO 8601, -7d, now-1h, yesterday" },
	{ TO, 0, "to", "TIME", "end of the range, itself left out" },
	{ STEP, 0, "step", "DURATION", "aggregate over steps: 30s, 5m, 1h, 1d, 1w, 1mo, 1y" },
	{ AGG, 0, "agg", "LIST", "avg, sum, min, max, count, first, last, p99, rate and more" },
	{ BY, 0, "by", "LABELS", "fold series that agree in these labels ('': all) into one" },
	{ FILL, 0, "fill", "HOW", "empty steps: none (the default), null, zero, previous or linear" },
	{ TZ, 0, "tz", "ZONE", "zone of steps from 1d on, of TIMEs and of --plot (default UTC)" },
	{ LAST, 0, "last", NULL, "only the newest point of each series" },
	{ LIST, 0, "list", NULL, "only the names of the series" },
	{ LIMIT, 0, "limit", "N", "at most N rows" },
	{ FORMAT, 0, "format", "FORMAT", "text (the default), csv, tsv, json or ndjson" },
	{ PLOT, 0, "plot", NULL, "draw lines instead of printing points" },
	{ TIME_FORMAT, 0, "time-format", "FORMAT", "unit (the directory's, the default), s, ms, us, ns or iso" },
	{ TIME_UNIT, 0, "time-unit", "UNIT", "of numbers in --from and --to: auto, s, ms, us or ns" },
	{ TIER, 0, "tier", "LIST", "read only these: hot, warm, cold" },
	{ PARTIAL, 0, "partial", NULL, "answer without what the cold tier cannot give, and exit with 1" },
	{ MAX_COST, 0, "max-cost", "USD", "refuse to read more from the cold tier than this (default 1), or none" },
	{ EXPLAIN, 0, "explain", NULL, "say what would be read from the cold tier, and what it costs, instead" },
	{ FRESH, 0, "fresh", NULL, "look at the bucket again, however lately that was done" },
	{ JOBS, 0, "jobs", "N", "threads that read series, 1 to 64 (else one a processor, up to 4)" },
	{ CHECK, 0, "check", "EXPR", "with --last: complain about values that are not '< 90' (> <= >= == !=)" },
	{ MAX_AGE, 0, "max-age", "DURATION", "with --last: complain about newest points older than this" },
	{ 0 }
};

static int out_of_memory(struct cli *cli)
{
	cli_say(cli, CLI_ERROR, "out of memory");
	return CLI_STORAGE;
}

/* --agg avg,p99 */
static int set_aggs(struct cli *cli, struct query_options *opt, const char *arg)
{
	size_t n = 0;

	for (const char *p = arg, *end; ; p = end + 1) {
		struct count_agg_spec *aggs;

		end = p + strcspn(p, ",");
		aggs = reallocarray(opt->aggs, n + 1, sizeof(*aggs));
		if (aggs == NULL)
			return out_of_memory(cli);
		opt->aggs = aggs;
		if (count_agg_parse(p, (size_t)(end - p), &aggs[n++]) != COUNT_OK)
			return cli_usage(cli, "bad --agg '%.*s': it is avg, sum, min, max, count, first, last, "
					 "stddev, median, pNN, rate, irate, increase or delta",
					 (int)(end - p < 40 ? end - p : 40), p);
		if (*end == '\0')
			break;
	}
	opt->query.aggs = opt->aggs;
	opt->query.naggs = n;
	return 0;
}

/* --by host,dc; --by '' has no label at all */
static int set_by(struct cli *cli, struct query_options *opt, const char *arg)
{
	size_t n = 0, most = strlen(arg) + 1;
	char *save = NULL;

	free(opt->by_text);
	free(opt->by);
	opt->by_text = strdup(arg);
	opt->by = calloc(most, sizeof(*opt->by));
	if (opt->by_text == NULL || opt->by == NULL)
		return out_of_memory(cli);
	for (char *p = strtok_r(opt->by_text, ",", &save); p != NULL; p = strtok_r(NULL, ",", &save))
		opt->by[n++] = p;
	opt->query.fold = true;
	opt->query.by = (const char *const *)opt->by;
	opt->query.nby = n;
	return 0;
}

static int set_tiers(struct cli *cli, struct query_options *opt, const char *arg)
{
	opt->query.tiers = 0;
	for (const char *p = arg, *end; ; p = end + 1) {
		end = p + strcspn(p, ",");
		if (end - p == 3 && memcmp(p, "hot", 3) == 0)
			opt->query.tiers |= COUNT_TIER_HOT;
		else if (end - p == 4 && memcmp(p, "warm", 4) == 0)
			opt->query.tiers |= COUNT_TIER_WARM;
		else if (end - p == 4 && memcmp(p, "cold", 4) == 0)
			opt->query.tiers |= COUNT_TIER_COLD;
		else
			return cli_usage(cli, "bad --tier '%s': it is hot, warm, cold, or some of them", arg);
		if (*end == '\0')
			return 0;
	}
}

static int set_duration(struct cli *cli, const char *option, const char *arg, struct count_duration *dur)
{
	struct count_error err = { 0 };

	if (count_duration_parse(arg, strlen(arg), dur, &err) == COUNT_OK)
		return 0;
	return cli_usage(cli, "bad %s '%s': %s", option, arg, err.text);
}

static int set_max_cost(struct cli *cli, struct query_options *opt, const char *arg)
{
	double usd;

	if (strcmp(arg, "none") == 0)
		usd = -1;
	else if (count_value_parse(arg, strlen(arg), &usd) != COUNT_OK || !(usd >= 0))
		return cli_usage(cli, "bad --max-cost '%s': it is a price in USD, or none", arg);
	opt->query.max_cost = usd;
	return 0;
}

static int set_limit(struct cli *cli, struct query_options *opt, const char *arg)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(arg, &end, 10);
	if (*arg < '0' || *arg > '9' || *end != '\0' || errno != 0 || n == 0)
		return cli_usage(cli, "bad --limit '%s': it is a whole number from 1", arg);
	opt->query.limit = n;
	return 0;
}

/* The options whose values are one of a few words. */
static int set_word(struct cli *cli, struct query_options *opt, int id, const char *arg)
{
	static const char *const fills[] = { "none", "null", "zero", "previous", "linear" };
	static const char *const formats[] = { "text", "csv", "tsv", "json", "ndjson" };
	static const char *const times[] = { "unit", "s", "ms", "us", "ns", "iso" };
	static const char *const units[] = { "auto", "s", "ms", "us", "ns" };
	int value = 0, ret;

	switch (id) {
	case FILL:
		ret = cli_enum(cli, "--fill", arg, fills, 5, &value);
		opt->query.fill = (enum count_fill)value;
		return ret;
	case FORMAT:
		ret = cli_enum(cli, "--format", arg, formats, PRINT_FORMATS, &value);
		opt->format = (enum print_format)value;
		opt->has_format = true;
		return ret;
	case TIME_FORMAT:
		ret = cli_enum(cli, "--time-format", arg, times, 6, &value);
		opt->time_format = (enum count_time_format)value;
		return ret;
	default:
		ret = cli_enum(cli, "--time-unit", arg, units, 5, &value);
		opt->time_unit = (enum count_time_unit)value;
		return ret;
	}
}

static int set_mode(struct cli *cli, struct query_options *opt, enum count_query_mode mode)
{
	if (opt->query.mode != COUNT_QUERY_POINTS && opt->query.mode != mode)
		return cli_usage(cli, "--last and --list exclude each other");
	opt->query.mode = mode;
	return 0;
}

/* A zone that is not there is an error even where this query has no use for it. */
static int set_tz(struct cli *cli, struct query_options *opt, const char *arg)
{
	struct count_error err = { 0 };
	int64_t t;

	opt->query.tz = arg;
	if (count_when_parse("now", 3, COUNT_TIME_AUTO, COUNT_UNIT_S, 0, arg, &t, &err) == COUNT_OK)
		return 0;
	return cli_usage(cli, "bad --tz '%s': %s", arg, err.text);
}

static int set(struct cli *cli, void *state, int id, const char *arg)
{
	struct query_options *opt = state;

	switch (id) {
	case FROM: opt->from = arg; return 0;
	case TO: opt->to = arg; return 0;
	case STEP:
		opt->query.step = &opt->step;
		return set_duration(cli, "--step", arg, &opt->step);
	case AGG: return set_aggs(cli, opt, arg);
	case BY: return set_by(cli, opt, arg);
	case TZ: return set_tz(cli, opt, arg);
	case LAST: return set_mode(cli, opt, COUNT_QUERY_LAST);
	case LIST: return set_mode(cli, opt, COUNT_QUERY_LIST);
	case LIMIT: return set_limit(cli, opt, arg);
	case PLOT: opt->plot = true; return 0;
	case TIER: return set_tiers(cli, opt, arg);
	case PARTIAL: opt->query.partial = true; return 0;
	case MAX_COST: return set_max_cost(cli, opt, arg);
	case EXPLAIN: opt->explain = true; return 0;
	case FRESH: opt->query.fresh = true; return 0;
	case JOBS: return cli_set_jobs(cli, arg, &opt->jobs);
	case CHECK:
		if (!check_parse(&opt->check, arg))
			return cli_usage(cli, "bad --check '%s': it is a comparison such as '< 90'", arg);
		return 0;
	case MAX_AGE:
		opt->check.max_age_text = arg;
		return set_duration(cli, "--max-age", arg, &opt->max_age);
	default: return set_word(cli, opt, id, arg);
	}
}

static const struct cli_tool tool = {
	.name = "count-query", .operands = "[SELECTOR]...",
	.about = "Print the points of the series that a name, glob or {label=\"value\"} selects; all without one.",
	.options = options, .set = set, .cold = true,
};

/* What options say about each other. */
static int check(struct cli *cli, struct query_options *opt)
{
	struct count_query *q = &opt->query;
	bool checks = opt->check.op != CHECK_NONE || opt->max_age.n > 0;

	if (cli->json && opt->has_format && opt->format != PRINT_JSON)
		return cli_usage(cli, "--json and --format exclude each other");
	if (cli->json)
		opt->format = PRINT_JSON;
	if (q->naggs == 0 && (q->step != NULL || q->fold))
		return cli_usage(cli, "%s needs --agg, such as --agg avg", q->step != NULL ? "--step" : "--by");
	if (q->fill != COUNT_FILL_NONE && q->step == NULL)
		return cli_usage(cli, "--fill needs --step");
	if (q->naggs > 0 && q->mode != COUNT_QUERY_POINTS)
		return cli_usage(cli, "--agg does not go with --last or --list");
	if (checks && q->mode != COUNT_QUERY_LAST)
		return cli_usage(cli, "--check and --max-age go with --last");
	if (opt->explain && (opt->plot || checks || opt->has_format))
		return cli_usage(cli, "--explain prints no points: no --plot, --check, --max-age or --format");
	if (opt->plot && (q->mode != COUNT_QUERY_POINTS || opt->has_format || cli->json))
		return cli_usage(cli, "--plot draws points: no --last, --list, --check, --format or --json");
	q->selectors = (const char *const *)cli->operands;
	q->nselectors = cli->noperands;
	return 0;
}

int main(int argc, char **argv)
{
	struct query_options opt = { 0 };
	struct cli cli;
	int status;

	signal(SIGPIPE, SIG_DFL);	/* | head ends us, whatever our parent ignores */
	count_query_init(&opt.query);
	opt.query.max_cost = 1;
	if (cli_parse(&cli, &tool, &opt, argc, argv, &status)) {
		status = check(&cli, &opt);
		if (status == 0)
			status = cli_config(&cli);
		if (status == 0) {
			if (cli.config.s3_enabled && (opt.query.tiers & COUNT_TIER_COLD) != 0)
				secrets_guard();	/* before credentials are read */
			signals_bus(tool.name, cli.config.data_dir);
			status = query_run(&cli, &opt);
		}
	}
	cli_free(&cli);
	free(opt.aggs);
	free(opt.by);
	free(opt.by_text);
	return status;
}
