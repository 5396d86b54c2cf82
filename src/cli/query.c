/* query.c - the work of count-query: ask, print, and say what is missing. */
#include "query.h"
#include "explain.h"
#include "parts.h"
#include "plot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct run {
	struct cli *cli;
	struct query_options *opt;
	count_db *db;
	count_cursor *cur;
	enum count_unit unit;
	int64_t now_ns, now;		/* the latter in the store's unit */
	struct out out;
	struct print print;
	struct plot *plot;
	uint64_t rows;
};

static bool relative(const char *when)
{
	return when != NULL && (*when == '-' || strncmp(when, "now-", 4) == 0);
}

static bool parse_when(struct run *r, const char *option, const char *text, int64_t *t)
{
	struct count_error err = { 0 };

	if (text == NULL || count_when_parse(text, strlen(text), r->opt->time_unit, r->unit, r->now_ns,
					     r->opt->query.tz, t, &err) == COUNT_OK)
		return true;
	cli_raise(r->cli, cli_usage(r->cli, "bad %s '%s': %s", option, text, err.text));
	return false;
}

/* Times mean something only in the unit of the store, so they are read when it is open. */
static bool parse_times(struct run *r)
{
	static const int64_t to_unit[] = { 1000000000, 1000000, 1000, 1 };
	struct count_query *q = &r->opt->query;
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	r->now_ns = ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
	r->now = r->now_ns / to_unit[r->unit];
	if (!parse_when(r, "--from", r->opt->from, &q->from) || !parse_when(r, "--to", r->opt->to, &q->to))
		return false;
	if (r->opt->from != NULL && r->opt->to != NULL && q->from > q->to) {
		cli_raise(r->cli, cli_usage(r->cli, "--from %s is after --to %s", r->opt->from, r->opt->to));
		return false;
	}
	r->opt->check.now = r->now;
	r->opt->check.unit = r->unit;
	if (r->opt->max_age.n > 0)
		r->opt->check.max_age = count_duration_approx(r->opt->max_age, r->unit);
	return true;
}

static unsigned terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws;
	long n = columns != NULL ? strtol(columns, NULL, 10) : 0;

	if (n > 0 && n < 10000)
		return (unsigned)n;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		return ws.ws_col;
	return 80;
}

/* From the oldest to the newest point there is; by a cursor of its own, since a summary is the end of one. */
static bool extent(struct run *r, struct count_query_summary *s)
{
	struct count_error err = { 0 };
	count_cursor *cur = NULL;
	int ret = count_query_open(r->db, &r->opt->query, &cur, &err);

	if (ret == COUNT_OK)
		ret = count_cursor_summary(cur, s, &err);
	count_cursor_close(cur);
	if (ret == COUNT_OK || ret == COUNT_ERR_CORRUPT)	/* damage the query tells, beside what it has */
		return true;
	cli_fail(r->cli, ret, &err);
	return false;
}

/* The x axis goes over what was asked for; an open end is where the points end. */
static bool start_plot(struct run *r)
{
	struct count_query *q = &r->opt->query;
	struct count_query_summary s = { 0 };
	int64_t from = q->from, to = q->to;

	if ((r->opt->from == NULL || r->opt->to == NULL) && !extent(r, &s))
		return false;
	if (r->opt->from == NULL)
		from = s.have_times ? s.oldest : r->now;
	if (r->opt->to == NULL) {
		to = s.have_times ? s.newest : r->now;
		if (relative(r->opt->from) && to < r->now)
			to = r->now;
	}
	r->plot = plot_new(terminal_width(), from, to > from ? to : from, r->unit, q->tz);
	if (r->plot != NULL)
		return true;
	cli_say(r->cli, CLI_ERROR, "out of memory");
	cli_raise(r->cli, CLI_STORAGE);
	return false;
}

static bool checking(const struct run *r)
{
	return r->opt->check.op != CHECK_NONE || r->opt->check.max_age != 0;
}

/* What several threads can print of the answer; false: that was all. */
static bool print_parts(struct run *r)
{
	unsigned njobs = r->plot != NULL || checking(r) ? 1 : cli_jobs(r->opt->jobs);
	struct count_error err = { 0 };
	int ret = COUNT_OK;

	if (njobs > 1)
		ret = parts_print(r->cur, njobs, r->opt->jobs > 0, &r->print, &r->rows, &err);
	if (ret == COUNT_OK)
		return true;
	out_flush(&r->out);
	cli_fail(r->cli, ret, &err);
	return false;
}

static void print_rows(struct run *r)
{
	struct count_batch batch;
	struct count_error err = { 0 };
	int ret;

	if (!print_parts(r))
		return;
	while (r->out.error == 0 && (ret = count_cursor_next(r->cur, &batch, &err)) != 0) {
		if (ret < 0) {	/* damage is told behind all that can be read */
			out_flush(&r->out);
			cli_fail(r->cli, ret, &err);
			if (ret != COUNT_ERR_CORRUPT)
				return;
			continue;
		}
		r->rows += r->print.list ? 1 : batch.n;
		if (r->plot != NULL)
			plot_batch(r->plot, &batch, &r->out);
		else if (checking(r))
			check_batch(&r->opt->check, &batch, &r->out);
		else
			print_batch(&r->print, &batch);
	}
}

/* "3d ago (2024-05-01T10:00:00Z)" */
static void ago(const struct run *r, int64_t t, char *out, size_t size)
{
	char stamp[COUNT_STAMP_MAX], age[32] = "long";
	int64_t span;
	bool future = t > r->now;

	if (!__builtin_sub_overflow(future ? t : r->now, future ? r->now : t, &span))
		age_text(span, r->unit, age);
	count_stamp_format(t, r->unit, COUNT_TIME_FORMAT_ISO, stamp);
	snprintf(out, size, "%s%s%s (%s)", future ? "in " : "", age, future ? "" : " ago", stamp);
}

/* Nothing was printed: say what there is instead. */
static void explain_empty(struct run *r, const struct count_query_summary *s)
{
	const struct query_options *o = r->opt;
	char where[256] = "", when[128];
	bool all_before = s->have_times && s->newest < o->query.from;

	if (s->series == 0) {
		if (o->query.nselectors == 0)
			cli_say(r->cli, CLI_WARN, "no series in %s", r->cli->config.data_dir);
		return;
	}
	if (relative(o->from) && o->to == NULL)
		snprintf(where, sizeof(where), " in the last %.100s", o->from + (*o->from == '-' ? 1 : 4));
	else if (o->from != NULL && o->to != NULL)
		snprintf(where, sizeof(where), " from %.100s to %.100s", o->from, o->to);
	else if (o->from != NULL)
		snprintf(where, sizeof(where), " from %.100s on", o->from);
	else if (o->to != NULL)
		snprintf(where, sizeof(where), " before %.100s", o->to);
	if (!s->have_times) {
		cli_say(r->cli, CLI_WARN, "no points%s", where);
		return;
	}
	ago(r, all_before || s->oldest < o->query.from ? s->newest : s->oldest, when, sizeof(when));
	cli_say(r->cli, CLI_WARN, "no points%s; %s %s", where,
		all_before || s->oldest < o->query.from ? "newest" : "oldest", when);
}

/* What the answer lacks: selectors that match nothing, series without points. */
static void summarize(struct run *r)
{
	struct count_query_summary s = { 0 };
	struct count_error err = { 0 };
	const char *selector, *meant;
	int ret = count_cursor_summary(r->cur, &s, &err);

	if (ret != COUNT_OK) {
		if (r->cli->status < CLI_STORAGE)	/* damage said above would only be said again */
			cli_fail(r->cli, ret, &err);
		return;
	}
	for (size_t i = 0; i < s.nunmatched; i++) {
		meant = NULL;
		selector = count_cursor_unmatched(r->cur, i, &meant);
		if (meant != NULL)
			cli_say(r->cli, CLI_ERROR, "no series matches '%s'; did you mean '%s'?", selector, meant);
		else
			cli_say(r->cli, CLI_ERROR, "no series matches '%s'", selector);
		cli_raise(r->cli, CLI_PARTLY);
	}
	if (r->rows == 0 && r->cli->status < CLI_USAGE)	/* else the reason was told */
		explain_empty(r, &s);
	if (!checking(r))
		return;
	if (r->rows < s.series) {
		out_fmt(&r->out, "%" PRIu64 " of %" PRIu64 " series have no point to check\n",
			s.series - r->rows, s.series);
		r->opt->check.failed++;
	}
	if (r->opt->check.failed > 0)
		cli_raise(r->cli, CLI_PARTLY);
}

/* --partial left something out: the warnings said what. */
static void tell_left_out(struct run *r)
{
	const char *why;
	uint64_t n = count_cursor_left_out(r->cur, &why);

	if (n == 0)
		return;
	cli_say(r->cli, CLI_WARN, "the answer is not whole: %" PRIu64 " series lack%s archived points", n,
		n == 1 ? "s" : "");
	cli_raise(r->cli, CLI_PARTLY);
}

static void tell_requests(struct run *r)
{
	struct count_requests q;

	count_cursor_requests(r->cur, &q);
	if (q.get + q.probes > 0)
		cli_say(r->cli, CLI_INFO, "cold tier: %" PRIu64 " requests, %" PRIu64 " bytes%s", q.get, q.bytes_down,
			q.probes > 0 ? ", and a look at the bucket" : "");
}

static void answer(struct run *r)
{
	struct count_error err = { 0 };
	int ret = count_query_open(r->db, &r->opt->query, &r->cur, &err);
	bool rows;

	if (ret != COUNT_OK) {
		cli_fail(r->cli, ret, &err);
		return;
	}
	if (!r->opt->plot || start_plot(r)) {
		rows = r->plot == NULL && !checking(r);
		if (rows)
			print_begin(&r->print);
		print_rows(r);
		if (rows)
			print_end(&r->print);
		if (r->plot != NULL)
			plot_end(r->plot, &r->out);
		out_flush(&r->out);	/* the answer first, then what is to be said about it */
		summarize(r);
		tell_left_out(r);
		tell_requests(r);
	}
	count_cursor_close(r->cur);
	r->cur = NULL;
}

int query_run(struct cli *cli, struct query_options *opt)
{
	struct run *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		cli_say(cli, CLI_ERROR, "out of memory");
		return CLI_STORAGE;
	}
	r->cli = cli;
	r->opt = opt;
	r->db = cli_open(cli, COUNT_OPEN_EXISTING);
	if (r->db != NULL) {
		r->unit = count_db_unit(r->db);
		out_init(&r->out, STDOUT_FILENO);
		r->print = (struct print){ .out = &r->out, .format = opt->format, .unit = r->unit,
			.time_format = opt->time_format, .list = opt->query.mode == COUNT_QUERY_LIST };
		if (parse_times(r) && opt->explain)
			explain_print(cli, r->db, &opt->query, &r->out);
		else if (cli->status == 0)
			answer(r);
		if (!out_flush(&r->out)) {
			cli_say(cli, CLI_ERROR, "standard output: %s", strerror(r->out.error));
			cli_raise(cli, CLI_STORAGE);
		}
	}
	count_close(r->db);
	plot_free(r->plot);
	free(r);
	return cli->status;
}
