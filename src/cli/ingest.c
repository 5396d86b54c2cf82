/*
 * ingest.c - the work of count-ingest: inputs, lines, points.
 *
 * What one read() brings is cut behind its last line, parsed (parse.h) and stored.  Before each read() the
 * process asks whether input waits; while none does it commits and syncs what it has (sink.h), so
 * that a stream is seen within the second although nothing else ever wakes the program.  Of a file
 * several threads parse such texts at once (jobs.h); this one reads, stores and speaks, in the order of the input.
 */
#include "ingest.h"
#include "input.h"
#include "jobs.h"
#include "out.h"
#include "refused.h"
#include "signals.h"
#include "sink.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFER (LINE_MAX_BYTES + INPUT_CHUNK)
#define MAINTAIN_BYTES (16u << 20)
#define THREADS_FROM (1 << 20)		/* bytes of a file: a smaller one is read before threads are there */

struct ingest {
	struct cli *cli;
	const struct ingest_options *opt;
	sigset_t while_waiting;
	struct jobs *jobs;
	struct sink sink;
	struct refused refused;
	bool opened, stop;
	struct job *job;		/* the next text; in its buffer: */
	size_t have;			/* bytes of an unfinished line at the start */
	bool skipping;			/* inside a line that is too long */
	bool begun;			/* a byte was read */
	uint64_t lines, skipped, floored, bytes, next_maintain;
	char where[4400];		/* FILE or FILE(member) */
	int64_t unit_ns;
	uint64_t number;		/* of the last line in it that is stored */
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
	jobs_set_unit(g->jobs, g->sink.unit);
	return true;
}

/* ---- Storing a text ---- */

static bool no_memory(struct ingest *g)
{
	cli_say(g->cli, CLI_ERROR, "out of memory");
	cli_raise(g->cli, CLI_STORAGE);
	g->sink.failed = true;
	return false;
}

/* The store's ids for the new numbers of a text. */
static bool learn(struct ingest *g, const struct parsed *t, struct parser *p)
{
	if (t->anew)
		p->nids = 0;
	if (p->nids + t->nseries > p->ids_cap) {
		size_t cap = 2 * (p->nids + t->nseries);
		uint32_t *ids = reallocarray(p->ids, cap, sizeof(*ids));

		if (ids == NULL)
			return no_memory(g);
		p->ids = ids;
		p->ids_cap = cap;
	}
	p->same = p->same || p->nids == 0;
	for (size_t i = 0; i < t->nseries; i++, p->nids++) {
		if (!sink_series(&g->sink, t->names + t->series[i].offset, t->series[i].len, &p->ids[p->nids]))
			return false;
		p->same = p->same && p->ids[p->nids] == p->nids;
	}
	return true;
}

/* With --strict only what stands before the first refused line counts. */
static void cut_at_refused(struct parsed *t)
{
	const struct parsed_refusal *r = &t->refused[0];

	t->npoints = r->npoints;
	t->lines = r->line;
	t->skipped = r->skipped;
	t->floored = r->floored;
	t->nrefused = 1;
}

static void store(struct ingest *g, const struct job *job, struct parsed *t)
{
	if (t->failed) {
		no_memory(g);
		return;
	}
	if (g->opt->strict && t->nrefused > 0)
		cut_at_refused(t);
	if (!learn(g, t, job->parser))
		return;
	for (size_t i = 0; i < t->npoints && !job->parser->same; i++)
		t->numbers[i] = job->parser->ids[t->numbers[i]];
	if (!sink_take(&g->sink, t->numbers, t->times, t->values, t->npoints))
		return;
	for (size_t i = 0; i < t->nrefused; i++) {
		const struct parsed_refusal *r = &t->refused[i];

		refused_line(&g->refused, g->where, g->number + r->line, i < REFUSED_SHOWN ? t->why[i] : "");
		refused_bytes(&g->refused, job->buf + job->from + r->offset, r->len);
		refused_bytes(&g->refused, "\n", 1);
		g->stop |= g->opt->strict;
	}
	g->lines += t->lines;
	g->number += t->lines;
	g->skipped += t->skipped;
	g->floored += t->floored;
}

/* false: nothing is in work. */
static bool store_oldest(struct ingest *g)
{
	struct job *job = jobs_oldest(g->jobs);

	if (job == NULL)
		return false;
	if (!g->stop && !g->sink.failed) {
		if (sink_ids_void(&g->sink)) {
			jobs_restart(g->jobs);
			job = jobs_oldest(g->jobs);
		}
		store(g, job, &job->parsed);
		g->bytes += job->nread;
	}
	jobs_give_back(g->jobs, job);
	if (g->bytes >= g->next_maintain && !g->stop) {
		g->next_maintain = g->bytes + MAINTAIN_BYTES;
		sink_maintain(&g->sink);
	}
	return true;
}

static void store_all(struct ingest *g)
{
	while (store_oldest(g))
		continue;
}

static void next_job(struct ingest *g)
{
	while ((g->job = jobs_free_one(g->jobs)) == NULL)
		store_oldest(g);
}

/* ---- Cutting the input into texts ---- */

static void refuse_long(struct ingest *g, const char *s, size_t len)
{
	store_all(g);		/* what comes before it is named before it */
	if (g->stop || g->sink.failed)
		return;
	g->lines++;
	g->number++;
	refused_line(&g->refused, g->where, g->number, "the line is longer than 1 MiB");
	refused_bytes(&g->refused, s, len);
	g->stop |= g->opt->strict;
	g->skipping = true;
}

/* The rest of a line that is too long: only --rejects takes it.  Returns how much that was. */
static size_t skip_rest(struct ingest *g, const char *s, size_t len)
{
	const char *nl = memchr(s, '\n', len);
	size_t rest = nl != NULL ? (size_t)(nl - s) + 1 : len;

	refused_bytes(&g->refused, s, rest);
	g->skipping = nl == NULL;
	return rest;
}

/* Gives away the whole lines among the buffer's first len bytes, of which have are known to hold no newline.
 * The rest moves to the front of the next buffer. */
static void take_lines(struct ingest *g, size_t len, size_t nread)
{
	struct job *job = g->job;
	size_t from = g->skipping ? skip_rest(g, job->buf, len) : 0;
	size_t known = g->have > from ? g->have : from;
	const char *nl = memrchr(job->buf + known, '\n', len - known);
	size_t end = nl != NULL ? (size_t)(nl - job->buf) + 1 : from;

	g->have = len - end;
	job->from = from;
	job->len = end - from;
	job->nread = nread;
	job->now = clock_ns(CLOCK_REALTIME) / g->unit_ns;
	jobs_put(g->jobs, job);
	next_job(g);
	if (g->have > LINE_MAX_BYTES) {
		refuse_long(g, job->buf + end, g->have);
		g->have = 0;
	}
	memmove(g->job->buf, job->buf + end, g->have);
}

/* The bytes of one FILE or member. */
static void take_bytes(struct ingest *g, struct input *in)
{
	static const int64_t unit_ns[] = { 1000000000, 1000000, 1000, 1 };
	ssize_t n = 0;

	g->unit_ns = unit_ns[g->sink.unit];
	g->have = 0;
	g->number = 0;
	g->skipping = false;
	next_job(g);
	while (!g->stop && !g->sink.failed &&
	       (n = input_read(in, g->job->buf + g->have, BUFFER - g->have)) > 0) {
		if (!g->begun && n >= 3 && memcmp(g->job->buf, "\xef\xbb\xbf", 3) == 0)
			memset(g->job->buf, ' ', 3);	/* the mark that some editors put first */
		g->begun = true;
		take_lines(g, g->have + (size_t)n, (size_t)n);
	}
	/* A last line without newline is a line, but not one that a signal or an error cut. */
	if (n == 0 && g->have > 0 && !g->stop && !g->sink.failed && !signals_stopped()) {
		g->job->buf[g->have] = '\n';
		take_lines(g, g->have + 1, 0);
	}
	store_all(g);
	if (g->skipping)
		refused_bytes(&g->refused, "\n", 1);
}

/* Threads pay for a large file only; of anything else the lines are stored as they come. */
static bool is_large(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= THREADS_FROM;
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
		jobs_ahead(g->jobs, is_large(in.fd) && g->opt->sync != COUNT_SYNC_ALWAYS);
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
	if (g->floored > 0)
		cli_say(g->cli, CLI_INFO, "%" PRIu64 " stamps were finer than the directory's unit",
			g->floored);
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
		g->bytes, g->sink.series, stats.replaced, g->floored, seconds,
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
	struct line how = { .fixed = opt->format, .given = opt->time_unit, .name = opt->name,
			    .prefix = opt->prefix, .tags = opt->tags, .ntags = opt->ntags };
	bool plain = opt->format == NULL || opt->format == &format_graphite;
	struct ingest *g = calloc(1, sizeof(*g));

	if (g != NULL)
		g->jobs = jobs_new(cli_jobs(opt->jobs), BUFFER, &how, plain ? scan_choose() : NULL);
	if (g == NULL || g->jobs == NULL) {
		free(g);
		cli_say(cli, CLI_ERROR, "out of memory");
		cli_raise(cli, CLI_STORAGE);
		return NULL;
	}
	g->cli = cli;
	g->opt = opt;
	g->started_ns = clock_ns(CLOCK_MONOTONIC);
	g->next_maintain = MAINTAIN_BYTES;
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
	jobs_end(g->jobs);
	free(g);
	return cli->status;
}
