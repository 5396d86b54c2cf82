/*
 * options.c - command lines by table: getopt_long, --help, and what was probably meant.
 *
 * getopt_long() does the parsing, so that abbreviations, --name=value, -dDIR, joined letters and
 * -- work as everywhere; only its messages are ours, since they should say what to do next.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPTIONS 64

static const struct cli_option common[] = {
	{ OPT_DATA_DIR, 'd', "data-dir", "DIR", "the data directory (else $DATA_DIR, else ./count_data)" },
	{ OPT_CONFIG, 0, "config", "FILE", "read settings from FILE too" },
	{ OPT_VERBOSE, 'v', "verbose", NULL, "say what is done; twice: in detail" },
	{ OPT_QUIET, 'q', "quiet", NULL, "say nothing but errors" },
	{ OPT_JSON, 0, "json", NULL, "report as JSON on standard output" },
	{ OPT_HELP, 0, "help", NULL, "show this help" },
	{ OPT_VERSION, 0, "version", NULL, "show the version" },
	{ 0 }
};

/* Option i of the tool's own and then the common ones; NULL past the end. */
static const struct cli_option *option_at(const struct cli_tool *tool, size_t i)
{
	size_t own = 0;

	while (tool->options[own].id != 0)
		own++;
	if (i < own)
		return &tool->options[i];
	return i - own < sizeof(common) / sizeof(common[0]) - 1 ? &common[i - own] : NULL;
}

/* Fill the two forms that getopt_long() wants; letters starts with ':' for its error codes. */
static void build(const struct cli_tool *tool, struct option *longs, char *letters)
{
	const struct cli_option *o;
	size_t i, l = 0;

	letters[l++] = ':';
	for (i = 0; i < MAX_OPTIONS && (o = option_at(tool, i)) != NULL; i++) {
		longs[i] = (struct option){ .name = o->name, .val = o->id,
			.has_arg = o->arg != NULL ? required_argument : no_argument };
		if (o->letter != 0)
			letters[l++] = o->letter;
		if (o->letter != 0 && o->arg != NULL)
			letters[l++] = ':';
	}
	longs[i] = (struct option){ 0 };
	letters[l] = '\0';
}

/* How many edits (insert, delete, replace, swap neighbours count one) turn a into b; bounded. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[3][32];
	size_t la = strlen(a), lb = strlen(b);

	if (la > 30 || lb > 30)
		return 99;
	for (size_t j = 0; j <= lb; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

			best = last[j] + 1 < best ? last[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = before[j - 2] + 1 < best ? before[j - 2] + 1 : best;
			now[j] = best;
		}
	}
	return row[la % 3][lb];
}

/* The option that a misspelt long one was probably meant to be, or NULL. */
static const char *nearest(const struct cli_tool *tool, const char *wrong)
{
	const struct cli_option *o;
	const char *best = NULL;
	unsigned best_distance = strlen(wrong) < 5 ? 2 : 3;

	for (size_t i = 0; (o = option_at(tool, i)) != NULL; i++) {
		unsigned d = distance(wrong, o->name);

		if (d < best_distance) {
			best = o->name;
			best_distance = d;
		}
	}
	return best;
}

/* A long option that getopt_long() did not take: unknown, ambiguous, or given a value it has not. */
static int complain_long(struct cli *cli, const char *text)
{
	const struct cli_option *o;
	char name[64];
	size_t len = strcspn(text, "="), like = 0;
	const char *meant;

	snprintf(name, sizeof(name), "%.*s", (int)(len < 60 ? len : 60), text);
	for (size_t i = 0; (o = option_at(cli->tool, i)) != NULL; i++) {
		if (strcmp(o->name, name) == 0)
			return cli_usage(cli, "option --%s takes no value", name);
		like += len > 0 && strncmp(o->name, name, len) == 0;
	}
	if (like > 1)
		return cli_usage(cli, "option --%s is ambiguous", name);
	meant = nearest(cli->tool, name);
	if (meant != NULL)
		return cli_usage(cli, "unknown option --%s; did you mean --%s?", name, meant);
	return cli_usage(cli, "unknown option --%s", name);
}

static const char *name_of(const struct cli_tool *tool, int id, const char **arg)
{
	const struct cli_option *o;

	for (size_t i = 0; (o = option_at(tool, i)) != NULL; i++) {
		if (o->id == id || (o->letter != 0 && o->letter == id)) {
			*arg = o->arg;
			return o->name;
		}
	}
	return NULL;
}

/* The id of what getopt_long() returned, which for a short option is its letter. */
static int id_of(const struct cli_tool *tool, int c)
{
	const struct cli_option *o;

	for (size_t i = 0; (o = option_at(tool, i)) != NULL; i++)
		if (o->id == c || (o->letter != 0 && o->letter == c))
			return o->id;
	return 0;
}

int options_walk(struct cli *cli, int argc, char **argv,
		 int (*take)(struct cli *cli, void *arg, int id, const char *text), void *arg,
		 int *first)
{
	struct option longs[MAX_OPTIONS + 1];
	char letters[2 * MAX_OPTIONS + 2];
	const char *what = NULL, *name;
	int c, ret = 0;

	build(cli->tool, longs, letters);
	opterr = 0;
	optind = 1;
	while (ret == 0 && (c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (c == ':') {
			name = name_of(cli->tool, optopt, &what);
			ret = cli_usage(cli, "option --%s needs a value: %s", name, what);
		} else if (c == '?' && strncmp(argv[optind - 1], "--", 2) == 0 &&
			   argv[optind - 1][2] != '\0') {
			ret = complain_long(cli, argv[optind - 1] + 2);
		} else if (c == '?') {
			ret = cli_usage(cli, "unknown option -%c", optopt);
		} else {
			ret = take(cli, arg, id_of(cli->tool, c), optarg);
		}
	}
	*first = optind;
	return ret;
}

bool options_help(const struct cli_tool *tool)
{
	const struct cli_option *o;
	char left[64];

	printf("usage: %s [OPTION]... %s\n%s\n\n", tool->name, tool->operands, tool->about);
	for (size_t i = 0; (o = option_at(tool, i)) != NULL; i++) {
		char letter[5] = "    ";

		if (o->letter != 0)
			snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		snprintf(left, sizeof(left), "  %s--%s%s%s", letter, o->name, o->arg ? " " : "",
			 o->arg ? o->arg : "");
		printf("%-30s %s\n", left, o->help);
	}
	printf("\nExit status: 0 done, 1 something was rejected or not found, 2 usage or configuration,\n"
	       "3 local storage, 4 cold tier, 5 locked, 128+n ended by signal n.  See also: man %s\n", tool->name);
	return fflush(stdout) == 0 && ferror(stdout) == 0;
}
