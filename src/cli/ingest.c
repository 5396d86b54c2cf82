/*
 * ingest.c - the work of count-ingest: inputs, lines, points.
 *
 * One buffer holds the input, one loop finds its lines.  Before each read() the process asks
 * whether input waits; while none does it commits and syncs what it has (sink.h), so that a
 * stream is seen within the second although nothing else ever wakes the program.
 */
#include "ingest.h"
#include "input.h"
#include "out.h"
#include "refused.h"
#include "scan.h"
#include "signals.h"
#include "sink.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUFFER (LINE_MAX_BYTES + INPUT_CHUNK)
#define MAINTAIN_BYTES (16u << 20)

struct ingest {
	struct cli *cli;
	const struct ingest_options *opt;
	sigset_t while_waiting;
	struct line line;
	scan_fn *scan;			/* NULL: of a format that has no plain lines */
	struct scan_points points;
	struct sink sink;
	struct refused refused;
	bool opened, stop;
	char *buf;
	size_t have;			/* bytes of an unfinished line at the start of buf */
	bool skipping;			/* inside a line that is too long */
	uint64_t lines, skipped, bytes, next_maintain;
	char where[4400];		/* FILE or FILE(member) */
	uint64_t number;		/* of the line in it */
	int64_t started_ns, shown_ns;	/* for --progress */
};

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static void progress(struct ingest *g, int64_t now_ns, bool last)
{
	double seconds = (double)(now_ns - g->started_ns) / 1e9;

	if (!g->opt->progress || g->cli->quiet || seconds < 1 || (last && g->shown_ns == 0) ||
	    (!last && now_ns - g->shown_ns < 250000000) || !isatty(STDERR_FILENO))
		return;
	g->shown_ns = now_ns;
	if (last)
		fprintf(stderr, "\r\033[K");
	else
		fprintf(stderr, "\r%" PRIu64 " points, %.0f a second, %.1f MB read\033[K", g->sink.points,
			(double)g->sink.points / seconds, (double)g->bytes / 1e6);
}

/* Before each read(): true when input waits.  Commits and syncs meanwhile. */
static bool wait_input(void *arg, int fd)
{
	struct ingest *g = arg;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct timespec ts = { 0 };
	int64_t quiet_since = 0;	/* set by the first look, which does not wait */
	bool ever = false;
	int n;

	for (;;) {
		int64_t now, next;

		n = ppoll(&pfd, 1, ever ? NULL : &ts, &g->while_waiting);
		now = clock_ns(CLOCK_MONOTONIC);
		if (quiet_since == 0 || n > 0)
			quiet_since = now;
		sink_tick(&g->sink, now, quiet_since);
		progress(g, now, false);
		if (signals_stopped() || g->sink.failed || g->stop)
			return false;
		if (n > 0)
			return true;
		next = sink_deadline(&g->sink, quiet_since);
		ever = next == 0;
		next = next > now ? next - now : 0;
		ts = (struct timespec){ next / 1000000000, next % 1000000000 };
	}
}

/* The store is opened when the first input has proved readable. */
static bool open_store(struct ingest *g)
{
	if (g->opened)
		return true;
	if (!sink_open(&g->sink, g->cli, g->opt->sync, g->opt->dry_run,
		       g->opt->has_precision ? g->opt->precision : COUNT_UNIT_MS)) {
		g->stop = true;
		return false;
	}
	g->opened = true;
	g->line.unit = g->sink.unit;
	return true;
}

static void refuse(struct ingest *g, const char *why, const char *s, size_t len)
{
	refused_line(&g->refused, g->where, g->number, why);
	refused_bytes(&g->refused, s, len);
	if (!g->opt->strict)
		return;
	g->stop = true;
}

/* One line, without its newline. */
static void take_line(struct ingest *g, const char *s, size_t len)
{
	enum line_result ret;

	g->lines++;
	g->number++;
	if (len > LINE_MAX_BYTES) {
		refuse(g, "the line is longer than 1 MiB", s, len);
	} else {
		ret = line_read(&g->line, s, len);
		if (ret == LINE_POINTS)
			ret = sink_take(&g->sink, &g->line);
		if (g->sink.failed)
			return;
		g->skipped += ret == LINE_SKIPPED;
		if (ret != LINE_REFUSED)
			return;
		refuse(g, memchr(s, '\0', len) != NULL ? "a NUL byte: this is no text" : g->line.why, s, len);
	}
	refused_bytes(&g->refused, "\n", 1);
}

/* The rest of a line that is too long: only --rejects takes it.  Returns how much that was. */
static size_t skip_rest(struct ingest *g, size_t len)
{
	const char *nl = memchr(g->buf, '\n', len);
	size_t rest = nl != NULL ? (size_t)(nl - g->buf) + 1 : len;

	refused_bytes(&g->refused, g->buf, rest);
	g->skipping = nl == NULL;
	return rest;
}

/* Take the plain lines at the front of s; returns their bytes. */
static size_t take_plain(struct ingest *g, const char *s, size_t len)
{
	size_t at = 0;

	if (g->scan == NULL)
		return 0;
	do {
		at += g->scan(&g->line, sink_names(&g->sink), s + at, len - at, &g->points);
		if (g->points.n == 0 || !sink_take_points(&g->sink, &g->points))
			break;
		g->lines += g->points.n;
		g->number += g->points.n;
	} while (g->points.n == SCAN_POINTS);
	return at;
}

/* Take the lines in the buffer's first len bytes, of which have are known to hold no newline. */
static void take_lines(struct ingest *g, size_t len)
{
	size_t at = g->skipping ? skip_rest(g, len) : 0, scanned = g->have;
	const char *nl;

	while (!g->stop && !g->sink.failed) {
		size_t from;

		at += take_plain(g, g->buf + at, len - at);
		if (g->sink.failed)
			break;
		from = scanned > at ? scanned : at;
		nl = memchr(g->buf + from, '\n', len - from);
		if (nl == NULL)
			break;
		take_line(g, g->buf + at, (size_t)(nl - g->buf) - at);
		at = (size_t)(nl - g->buf) + 1;
	}
	g->have = len - at;
	if (g->have > LINE_MAX_BYTES && !g->stop) {
		g->lines++;
		g->number++;
		refuse(g, "the line is longer than 1 MiB", g->buf + at, g->have);
		g->skipping = true;
		g->have = 0;
	}
	memmove(g->buf, g->buf + at, g->have);
}

/* The bytes of one FILE or member. */
static void take_bytes(struct ingest *g, struct input *in)
{
	int64_t to_unit[] = { 1000000000, 1000000, 1000, 1 };
	ssize_t n = 0;

	g->have = 0;
	g->number = 0;
	g->skipping = false;
	while (!g->stop && !g->sink.failed &&
	       (n = input_read(in, g->buf + g->have, BUFFER - g->have)) > 0) {
		g->line.now = clock_ns(CLOCK_REALTIME) / to_unit[g->line.unit];
		if (g->bytes == 0 && n >= 3 && memcmp(g->buf, "\xef\xbb\xbf", 3) == 0)
			memset(g->buf, ' ', 3);		/* the mark that some editors put first */
		g->bytes += (uint64_t)n;
		take_lines(g, g->have + (size_t)n);
		if (g->bytes >= g->next_maintain) {
			g->next_maintain = g->bytes + MAINTAIN_BYTES;
			sink_maintain(&g->sink);
		}
	}
	/* A last line without newline is a line, but not one that a signal or an error cut. */
	if (n == 0 && g->have > 0 && !g->stop && !g->sink.failed && !signals_stopped())
		take_line(g, g->buf, g->have);
	if (g->skipping)
		refused_bytes(&g->refused, "\n", 1);
}

static void unreadable(struct ingest *g, const struct input *in)
{
	cli_say(g->cli, CLI_ERROR, "%s: %s", in->name, in->why);
	cli_raise(g->cli, CLI_PARTLY);
	if (g->opt->strict)
		g->stop = true;
}

static void take_file(struct ingest *g, const char *name)
{
	const char *member;
	struct input in;
	int ret;

	if (!input_open(&in, name, wait_input, g)) {
		unreadable(g, &in);
		return;
	}
	while (!g->stop && (ret = input_next(&in, &member)) != 0) {
		if (ret < 0) {
			unreadable(g, &in);
			break;
		}
		if (!open_store(g))
			break;
		snprintf(g->where, sizeof(g->where), "%s%s%s%s", name, member != NULL ? "(" : "",
			 member != NULL ? member : "", member != NULL ? ")" : "");
		in.why[0] = '\0';
		take_bytes(g, &in);
		if (in.why[0] != '\0') {
			unreadable(g, &in);
			break;
		}
	}
	input_close(&in);
}

/* The last word: a report for programs, and a line with -v. */
static void report(struct ingest *g)
{
	double seconds = (double)(clock_ns(CLOCK_MONOTONIC) - g->started_ns) / 1e9;
	struct count_writer_stats stats = { 0 };
	struct out *out;

	if (g->sink.w != NULL)
		count_writer_stats(g->sink.w, &stats);
	cli_say(g->cli, CLI_INFO, "%" PRIu64 " points of %" PRIu64 " series %s in %.3f s, %" PRIu64
		" lines refused", g->sink.points, g->sink.series, g->opt->dry_run ? "read" : "stored",
		seconds, g->refused.count);
	if (g->line.floored > 0)
		cli_say(g->cli, CLI_INFO, "%" PRIu64 " stamps were finer than the directory's unit",
			g->line.floored);
	if (!g->cli->json)
		return;
	out = malloc(sizeof(*out));
	if (out == NULL)
		return;
	out_init(out, STDOUT_FILENO);
	out_fmt(out, "{\"points\":%" PRIu64 ",\"stored\":%" PRIu64 ",\"rejected\":%" PRIu64
		",\"skipped\":%" PRIu64 ",\"lines\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"series\":%" PRIu64
		",\"replaced\":%" PRIu64 ",\"floored\":%" PRIu64 ",\"seconds\":%.6f,\"dry_run\":%s,"
		"\"data_dir\":\"", g->sink.points, stats.committed, g->refused.count, g->skipped, g->lines,
		g->bytes, g->sink.series, stats.replaced, g->line.floored, seconds,
		g->opt->dry_run ? "true" : "false");
	out_json(out, g->cli->config.data_dir, strlen(g->cli->config.data_dir));
	out_str(out, "\"}\n");
	if (!out_flush(out) && out->error == EPIPE) {
		cli_raise(g->cli, CLI_SIGNAL + SIGPIPE);
	} else if (out->error != 0) {
		cli_say(g->cli, CLI_ERROR, "standard output: %s", strerror(out->error));
		cli_raise(g->cli, CLI_STORAGE);
	}
	free(out);
}

static struct ingest *ingest_new(struct cli *cli, const struct ingest_options *opt)
{
	struct ingest *g = calloc(1, sizeof(*g));
	char *buf = malloc(BUFFER + SCAN_PAD);

	if (g == NULL || buf == NULL) {
		free(g);
		free(buf);
		cli_say(cli, CLI_ERROR, "out of memory");
		cli_raise(cli, CLI_STORAGE);
		return NULL;
	}
	g->cli = cli;
	g->opt = opt;
	g->buf = buf;
	g->started_ns = clock_ns(CLOCK_MONOTONIC);
	g->next_maintain = MAINTAIN_BYTES;
	g->line.fixed = opt->format;
	if (opt->format == NULL || opt->format == &format_graphite)
		g->scan = scan_choose();
	g->line.given = opt->time_unit;
	g->line.name = opt->name;
	g->line.prefix = opt->prefix;
	g->line.tags = opt->tags;
	g->line.ntags = opt->ntags;
	return g;
}

int ingest_run(struct cli *cli, const struct ingest_options *opt)
{
	static const char *const only_stdin[] = { "-" };
	const char *const *files = cli->noperands > 0 ? (const char *const *)cli->operands : only_stdin;
	size_t nfiles = cli->noperands > 0 ? cli->noperands : 1;
	struct ingest *g = ingest_new(cli, opt);

	if (g == NULL)
		return cli->status;
	signals_hold(&g->while_waiting);
	g->stop = !refused_open(&g->refused, cli, opt->rejects);
	for (size_t i = 0; i < nfiles && !g->stop && !g->sink.failed && !signals_stopped(); i++)
		take_file(g, files[i]);
	progress(g, clock_ns(CLOCK_MONOTONIC), true);
	sink_finish(&g->sink);
	refused_close(&g->refused);
	if (g->stop && opt->strict && g->refused.count > 0)
		cli_say(cli, CLI_ERROR, "stopped at the first refused line; what came before is stored");
	report(g);
	if (signals_stopped())
		cli_raise(cli, CLI_SIGNAL + signals_stopped());
	else
		signals_release();	/* all is acknowledged: the flush may be cut at any point */
	if (!signals_stopped())
		sink_maintain(&g->sink);
	sink_close(&g->sink);
	line_free(&g->line);
	free(g->buf);
	free(g);
	return cli->status;
}
