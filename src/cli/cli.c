/* cli.c - what the tools share: options, configuration, messages, exit status. */
#include "cli.h"
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define MESSAGE_MAX 1200
#define JOBS_DEFAULT 4

/* Write one line to stderr at once, so that lines of several programs do not mix. */
static void to_stderr(const char *prefix, const char *text)
{
	char line[4 * MESSAGE_MAX + 64];
	size_t len = 0;
	ssize_t n;

	for (const char *p = prefix; *p != '\0' && len < 64; p++)
		line[len++] = *p;
	for (const unsigned char *p = (const unsigned char *)text;
	     *p != '\0' && len < sizeof(line) - 6; p++) {
		if (*p >= 0x20 && *p != 0x7f)
			line[len++] = (char)*p;
		else
			len += (size_t)snprintf(line + len, 5, "\\x%02x", *p);
	}
	line[len++] = '\n';
	do {	/* nobody is left to tell when this fails */
		n = write(STDERR_FILENO, line, len);
	} while (n < 0 && errno == EINTR);
}

__attribute__((format(printf, 4, 0)))
static void say(struct cli *cli, enum cli_level level, bool named, const char *fmt, va_list ap)
{
	static const int priority[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
	char text[MESSAGE_MAX], prefix[40] = "";

	if (level > cli->level)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	if (cli->to_syslog) {
		syslog(priority[level], "%s", text);
		return;
	}
	if (named)
		snprintf(prefix, sizeof(prefix), "%s: ", cli->tool->name);
	to_stderr(prefix, text);
}

void cli_say(struct cli *cli, enum cli_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(cli, level, true, fmt, ap);
	va_end(ap);
}

void cli_say_plain(struct cli *cli, enum cli_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(cli, level, false, fmt, ap);
	va_end(ap);
}

void cli_log(void *arg, int level, const char *text)
{
	struct cli *cli = arg;

	if (level < CLI_ERROR || level > CLI_DEBUG)
		level = CLI_DEBUG;
	cli_say(cli, (enum cli_level)level, "%s%s", level == CLI_WARN ? "warning: " : "", text);
}

int cli_usage(struct cli *cli, const char *fmt, ...)
{
	char text[MESSAGE_MAX], prefix[40];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(prefix, sizeof(prefix), "%s: ", cli->tool->name);
	to_stderr(prefix, text);
	snprintf(text, sizeof(text), "try '%s --help'", cli->tool->name);
	to_stderr(prefix, text);
	return CLI_USAGE;
}

int cli_set_jobs(struct cli *cli, const char *arg, unsigned *jobs)
{
	char *end;
	unsigned long n = *arg >= '0' && *arg <= '9' ? strtoul(arg, &end, 10) : 0;

	if (n < 1 || n > CLI_JOBS_MAX || *end != '\0')
		return cli_usage(cli, "bad --jobs '%s': it is a number from 1 to %d", arg, CLI_JOBS_MAX);
	*jobs = (unsigned)n;
	return 0;
}

unsigned cli_jobs(unsigned jobs)
{
	cpu_set_t set;
	int n;

	if (jobs > 0)
		return jobs;
	n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
	return n < JOBS_DEFAULT ? (unsigned)n : JOBS_DEFAULT;
}

int cli_set_level(struct cli *cli, const char *arg, enum count_level *level)
{
	if (strcmp(arg, "fast") == 0)
		*level = COUNT_LEVEL_FAST;
	else if (strcmp(arg, "default") == 0)
		*level = COUNT_LEVEL_DEFAULT;
	else if (strcmp(arg, "max") == 0)
		*level = COUNT_LEVEL_MAX;
	else
		return cli_usage(cli, "bad --level '%s': it is fast, default or max", arg);
	return 0;
}

void cli_raise(struct cli *cli, int status)
{
	if (status > cli->status)
		cli->status = status;
}

int cli_exit_status(int ret)
{
	switch (ret) {
	case COUNT_OK: case COUNT_ERR_STOPPED:
		return CLI_OK;
	case COUNT_ERR_INVALID: case COUNT_ERR_COST:
		return CLI_USAGE;
	case COUNT_ERR_LOCKED:
		return CLI_LOCKED;
	case COUNT_ERR_NET: case COUNT_ERR_DENIED: case COUNT_ERR_COLD:
		return CLI_COLD;
	default:	/* no memory, I/O, damage, a file gone, a newer version: the local store cannot be used */
		return CLI_STORAGE;
	}
}

void cli_fail(struct cli *cli, int ret, const struct count_error *err)
{
	static const char *const plain[] = { "success", "out of memory", "invalid argument", "I/O error",
		"damaged data", "locked", "network error", "access denied", "written by a newer version",
		"not found", "stopped", "damaged data in the cold tier", "over the limit of costs" };
	size_t i = ret <= 0 && ret >= COUNT_ERR_COST ? (size_t)-ret : 3;

	/* That another run is at work is no news for cron: with -q only the exit status says so. */
	cli_say(cli, ret == COUNT_ERR_LOCKED ? CLI_WARN : CLI_ERROR, "%s", err->text[0] != '\0' ? err->text : plain[i]);
	cli_raise(cli, cli_exit_status(ret));
}

int cli_choice(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, words[i]) == 0)
			return (int)i;
	return -1;
}

int cli_enum(struct cli *cli, const char *option, const char *text, const char *const *words,
	     size_t n, int *value)
{
	char all[256] = "";
	size_t len = 0;
	int i = cli_choice(text, words, n);

	if (i >= 0) {
		*value = i;
		return 0;
	}
	for (size_t k = 0; k < n && len < sizeof(all) - 1; k++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
					k == 0 ? "" : k + 1 < n ? ", " : " or ", words[k]);
	return cli_usage(cli, "bad %s '%s': it is %s", option, text, all);
}

/* How much is said and where, from the environment; -v and -q come later and win. */
static int log_from_environment(struct cli *cli)
{
	static const char *const levels[] = { "error", "warn", "info", "debug" };
	const char *level = getenv("COUNT_LOG"), *to = getenv("COUNT_LOG_TO");
	int i;

	cli->level = CLI_WARN;
	if (level != NULL && *level != '\0') {
		i = cli_choice(level, levels, 4);
		if (i < 0)
			return cli_usage(cli, "bad COUNT_LOG '%s': it is error, warn, info or debug", level);
		cli->level = (enum cli_level)i;
	}
	if (to == NULL || *to == '\0' || strcmp(to, "stderr") == 0)
		return 0;
	if (strcmp(to, "syslog") != 0)
		return cli_usage(cli, "bad COUNT_LOG_TO '%s': it is stderr or syslog", to);
	openlog(cli->tool->name, LOG_PID, LOG_USER);
	cli->to_syslog = true;
	return 0;
}

struct parse_state {
	void *tool_state;
	bool help, version;
};

static int take(struct cli *cli, void *arg, int id, const char *text)
{
	struct parse_state *st = arg;

	switch (id) {
	case OPT_DATA_DIR:
		if (*text == '\0')
			return cli_usage(cli, "--data-dir is empty");
		cli->data_dir = text;
		return 0;
	case OPT_CONFIG: cli->config_file = text; return 0;
	case OPT_VERBOSE: cli->verbose++; cli->quiet = false; return 0;
	case OPT_QUIET: cli->quiet = true; cli->verbose = 0; return 0;
	case OPT_JSON: cli->json = true; return 0;
	case OPT_HELP: st->help = true; return 0;
	case OPT_VERSION: st->version = true; return 0;
	default: return cli->tool->set(cli, st->tool_state, id, text);
	}
}

/* --help and --version are answers: on stdout, and a failed write is a failure. */
static int answer(struct cli *cli, const struct parse_state *st)
{
	bool good;

	if (st->help) {
		good = options_help(cli->tool);
	} else {
		printf("%s (count) %s\n", cli->tool->name, count_version());
		good = fflush(stdout) == 0 && ferror(stdout) == 0;
	}
	if (good)
		return CLI_OK;
	cli_say(cli, CLI_ERROR, "standard output: %s", strerror(errno));
	return CLI_STORAGE;
}

/*
 * A program started with one of 0, 1, 2 closed would get it back from the next open(), and write
 * messages into a data file.  What takes its place fails, as the closed one would have.
 */
static void guard_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
				_exit(CLI_STORAGE);
}

bool cli_parse(struct cli *cli, const struct cli_tool *tool, void *state, int argc, char **argv,
	       int *status)
{
	struct parse_state st = { .tool_state = state };
	int first = 0;

	guard_standard_files();
	signal(SIGXFSZ, SIG_IGN);	/* a limit on file sizes is a disk that is full: a message, status 3 */
	*cli = (struct cli){ .tool = tool };
	count_config_init(&cli->config);
	*status = log_from_environment(cli);
	if (*status == 0)
		*status = options_walk(cli, argc, argv, take, &st, &first);
	if (*status != 0)
		return false;
	if (cli->verbose > 0)
		cli->level = cli->verbose > 1 || cli->level == CLI_DEBUG ? CLI_DEBUG : CLI_INFO;
	if (cli->quiet)
		cli->level = CLI_ERROR;
	if (st.help || st.version) {
		*status = answer(cli, &st);
		return false;
	}
	cli->operands = argv + first;
	cli->noperands = (size_t)(argc - first);
	return true;
}

int cli_config(struct cli *cli)
{
	struct count_error err = { 0 };
	int ret = count_config_load(&cli->config, cli->tool->cold ? COUNT_CONFIG_COLD : 0, cli->data_dir,
				    cli->config_file, &err);

	if (ret == COUNT_OK)
		return 0;
	cli_fail(cli, ret, &err);
	return CLI_USAGE;
}

count_db *cli_open(struct cli *cli, int flags)
{
	struct count_error err = { 0 };
	count_db *db = NULL;
	int ret = count_open(&cli->config, flags, &db, &err);

	if (ret == COUNT_OK) {
		count_set_log(db, cli_log, cli);
		return db;
	}
	if (ret == COUNT_ERR_NOTFOUND) {
		cli_say(cli, CLI_ERROR, "no data directory %s (from %s); count-ingest makes one",
			cli->config.data_dir, cli->config.data_dir_source);
		cli_raise(cli, CLI_USAGE);
	} else {
		cli_fail(cli, ret, &err);
	}
	return NULL;
}

void cli_free(struct cli *cli)
{
	count_config_free(&cli->config);
}
