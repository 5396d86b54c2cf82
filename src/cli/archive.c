/* archive.c - the work of count-archive: one run, and what is said of it. */
#include "archive.h"
#include "out.h"
#include "signals.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FAILED "Error during S3 archival: "

struct watch {			/* what the callbacks of the library know */
	struct cli *cli;
	const struct count_archive_report *report;	/* as it is now */
	sigset_t while_waiting;
	int64_t started_ns, shown_ns;
	bool terminal;
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* 512 bytes, 1.2 kB, 34 MB. */
static const char *size_text(uint64_t bytes, char out[32])
{
	static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB", "PB", "EB" };
	double v = (double)bytes;
	size_t i = 0;

	for (; v >= 999.5 && i < 6; i++)
		v /= 1000;
	snprintf(out, 32, i > 0 && v < 9.95 ? "%.1f %s" : "%.0f %s", v, units[i]);
	return out;
}

/* ---- While it runs ---- */

static void wipe(struct watch *w)
{
	if (w->shown_ns == 0)
		return;
	fprintf(stderr, "\r\033[K");
	w->shown_ns = 0;
}

static void progress(struct watch *w)
{
	int64_t now = now_ns();
	char size[32];

	if (!w->terminal || now - w->started_ns < 1000000000 || now - w->shown_ns < 250000000)
		return;
	w->shown_ns = now;
	fprintf(stderr, "\r%" PRIu64 " series due, %" PRIu64 " blocks stored, %s\033[K", w->report->series,
		w->report->objects, size_text(w->report->bytes, size));
}

/* Signals are held back, so that no call is cut short; here those that wait get their turn. */
static int stopped(void *arg)
{
	struct watch *w = arg;
	struct timespec none = { 0 };

	ppoll(NULL, 0, &none, &w->while_waiting);
	progress(w);
	return signals_stopped();
}

static void log_line(void *arg, int level, const char *text)
{
	struct watch *w = arg;

	wipe(w);
	cli_log(w->cli, level, text);
}

/* ---- What is said ---- */

static const char *usd_text(const struct count_requests *r, char out[48])
{
	if (isnan(r->usd))
		snprintf(out, 48, "price unknown");
	else
		snprintf(out, 48, "%s%.6f USD", r->at_most ? "at most " : "", r->usd);
	return out;
}

static const char *waiting_text(const struct count_archive_report *r, char out[160])
{
	char size[32], when[COUNT_STAMP_MAX];

	if (r->waiting_series == 0)
		return strcpy(out, "nothing is old enough");
	count_stamp_format(r->waiting_until_s, COUNT_UNIT_S, COUNT_TIME_FORMAT_ISO, when);
	when[strcspn(when, "T")] = '\0';
	snprintf(out, 160, "%" PRIu64 " series, %s wait, first on %s; --force sends now", r->waiting_series,
		 size_text(r->waiting_bytes, size), when);
	return out;
}

static void print_json(struct out *out, const struct count_archive_report *r, bool dry_run, double seconds)
{
	const struct count_requests *q = &r->requests;
	char usd[COUNT_VALUE_MAX] = "null", when[COUNT_STAMP_MAX + 2] = "null";

	if (!isnan(q->usd))
		count_value_format(q->usd, usd);
	if (r->waiting_series > 0) {
		when[0] = '"';
		count_stamp_format(r->waiting_until_s, COUNT_UNIT_S, COUNT_TIME_FORMAT_ISO, when + 1);
		strcat(when, "\"");
	}
	out_fmt(out, "{\"objects\":%" PRIu64 ",\"points\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"series\":%" PRIu64
		",\"failed\":%" PRIu64 ",\"removed_points\":%" PRIu64 ",\"older_than_days\":%" PRIu64
		",\"waiting_series\":%" PRIu64 ",\"waiting_bytes\":%" PRIu64 ",\"waiting_until\":%s",
		r->objects, r->points, r->bytes, r->series, r->failed, r->removed_points, r->cutoff_days,
		r->waiting_series, r->waiting_bytes, when);
	out_fmt(out, ",\"requests\":{\"get\":%" PRIu64 ",\"put\":%" PRIu64 ",\"head\":%" PRIu64 ",\"list\":%" PRIu64
		",\"delete\":%" PRIu64 ",\"probes\":%" PRIu64 ",\"bytes_up\":%" PRIu64 ",\"bytes_down\":%" PRIu64
		",\"usd\":%s,\"at_most\":%s}", q->get, q->put, q->head, q->list, q->del, q->probes, q->bytes_up,
		q->bytes_down, usd, q->at_most ? "true" : "false");
	out_fmt(out, ",\"seconds\":%.6f,\"dry_run\":%s}\n", seconds, dry_run ? "true" : "false");
}

static void print_forecast(struct out *out, const struct count_archive_report *r)
{
	const struct count_requests *q = &r->requests;
	char text[160], usd[48];

	if (r->series == 0) {
		out_fmt(out, "would archive 0 blocks to S3: nothing due: %s\n", waiting_text(r, text));
		return;
	}
	out_fmt(out, "would archive %" PRIu64 " blocks to S3: %" PRIu64 " points of %" PRIu64 " series, %" PRIu64
		" bytes\n", r->objects, r->points, r->series, r->bytes);
	out_fmt(out, "requests: %" PRIu64 " PUT, %" PRIu64 " GET, %" PRIu64 " HEAD, %" PRIu64 " LIST, %" PRIu64
		" DELETE; up to %" PRIu64 " probes; %" PRIu64 " bytes up, %" PRIu64 " bytes down; %s\n", q->put, q->get,
		q->head, q->list, q->del, q->probes, q->bytes_up, q->bytes_down, usd_text(q, usd));
}

/* Standard output. */
static void print(struct cli *cli, bool dry_run, const struct count_archive_report *r, double seconds)
{
	struct out *out = malloc(sizeof(*out));

	if (out == NULL) {
		cli_say(cli, CLI_ERROR, "out of memory");
		cli_raise(cli, CLI_STORAGE);
		return;
	}
	out_init(out, STDOUT_FILENO);
	if (cli->json)
		print_json(out, r, dry_run, seconds);
	else if (dry_run)
		print_forecast(out, r);
	else if (!cli->quiet && (r->objects > 0 || cli->verbose > 0))
		out_fmt(out, "Archived %" PRIu64 " blocks to S3\n", r->objects);
	if (!out_flush(out) && out->error == EPIPE) {	/* whoever read it has gone */
		cli_raise(cli, CLI_SIGNAL + SIGPIPE);
	} else if (out->error != 0) {
		cli_say(cli, CLI_ERROR, "standard output: %s", strerror(out->error));
		cli_raise(cli, CLI_STORAGE);
	}
	free(out);
}

/* With -v. */
static void tell(struct cli *cli, bool dry_run, const struct count_archive_report *r, double seconds)
{
	const struct count_requests *q = &r->requests;
	char text[160], usd[48];

	if (r->series == 0 && !dry_run)
		cli_say(cli, CLI_INFO, "nothing due: %s", waiting_text(r, text));
	if (r->series == 0 || dry_run)
		return;
	cli_say(cli, CLI_INFO, "%" PRIu64 " points of %" PRIu64 " series in %" PRIu64 " bytes; %" PRIu64
		" series failed; %" PRIu64 " points removed here; %.3f s", r->points, r->series, r->bytes, r->failed,
		r->removed_points, seconds);
	cli_say(cli, CLI_INFO, "requests: %" PRIu64 " PUT, %" PRIu64 " GET, %" PRIu64 " HEAD, %" PRIu64 " LIST, %"
		PRIu64 " DELETE, %" PRIu64 " probes; %" PRIu64 " bytes up, %" PRIu64 " bytes down; %s", q->put, q->get,
		q->head, q->list, q->del, q->probes, q->bytes_up, q->bytes_down, usd_text(q, usd));
}

/* This line is for people who read a log: there whatever COUNT_LOG says. */
static void tell_success(const struct cli *cli, const struct count_archive_report *r)
{
	if (!cli->quiet && (r->objects > 0 || cli->verbose > 0))
		fprintf(stderr, "Successfully completed S3 archival for data older than %" PRIu64 " days\n",
			r->cutoff_days);
}

static void tell_failure(struct watch *w, int ret, const struct count_error *err)
{
	struct cli *cli = w->cli;
	int status = cli_exit_status(ret);

	if (signals_stopped() && ret == COUNT_ERR_STOPPED) {
		cli_say(cli, CLI_WARN, "stopped by a signal; what is in the bucket by now is kept, the next run "
			"goes on");
		return;
	}
	if (w->report->told)
		cli_raise(cli, status);
	else if (status == CLI_STORAGE || status == CLI_COLD) {
		cli_say(cli, CLI_ERROR, FAILED "%s", err->text);
		cli_raise(cli, status);
	} else {
		cli_fail(cli, ret, err);
	}
}

int archive_run(struct cli *cli, struct count_archive_options *opt)
{
	struct count_archive_report r = { 0 };
	struct count_error err = { 0 };
	struct watch w = { .cli = cli, .report = &r, .started_ns = now_ns() };
	count_db *db = cli_open(cli, COUNT_OPEN_EXISTING);
	double seconds;
	int ret;

	if (db == NULL)
		return cli->status;
	w.terminal = !cli->quiet && isatty(STDERR_FILENO);
	count_set_log(db, log_line, &w);
	opt->stopped = stopped;
	opt->stopped_arg = &w;
	signals_hold(&w.while_waiting);
	ret = count_archive_with(db, opt, &r, &err);
	wipe(&w);
	seconds = (double)(now_ns() - w.started_ns) / 1e9;
	count_close(db);
	if (ret != COUNT_OK)
		tell_failure(&w, ret, &err);
	if (ret == COUNT_OK || r.objects > 0 || cli->json)
		print(cli, opt->dry_run, &r, seconds);
	tell(cli, opt->dry_run, &r, seconds);
	if (ret == COUNT_OK && !opt->dry_run)
		tell_success(cli, &r);
	if (signals_stopped())
		cli_raise(cli, CLI_SIGNAL + signals_stopped());
	return cli->status;
}
