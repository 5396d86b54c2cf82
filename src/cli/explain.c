/* explain.c - count-query --explain: what the cold tier would be asked for; see explain.h. */
#include "explain.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct explain {
	struct cli *cli;
	struct out *out;
	uint64_t objects, cached;
};

static void json_text(struct out *out, const char *name, const char *text)
{
	out_fmt(out, "\"%s\":\"", name);
	out_json(out, text, strlen(text));
	out_str(out, "\"");
}

static int object(void *arg, const char *series, const char *key, uint64_t bytes, bool cached)
{
	struct explain *e = arg;

	if (e->cli->verbose > 0 && e->cli->json) {
		out_str(e->out, e->objects == 0 ? "{" : ",\n {");
		json_text(e->out, "series", series);
		out_str(e->out, ",");
		json_text(e->out, "key", key);
		out_fmt(e->out, ",\"bytes\":%" PRIu64 ",\"cached\":%s}", bytes, cached ? "true" : "false");
	} else if (e->cli->verbose > 0) {
		out_fmt(e->out, "%s %s %" PRIu64 "\n", cached ? "cached" : "get", key, bytes);
	}
	e->objects++;
	e->cached += cached;
	return e->out->error != 0;	/* nobody reads on */
}

/* Enough digits for a single request. */
static void usd_text(double usd, char text[32])
{
	if (isnan(usd))
		strcpy(text, "unknown");
	else
		snprintf(text, 32, usd != 0 && usd < 0.01 ? "%.7f" : "%.2f", usd);
}

static void print_total(const struct explain *e, const struct count_requests *t)
{
	char usd[32];

	usd_text(t->usd, usd);
	if (e->cli->json) {
		out_fmt(e->out, "\"objects\":%" PRIu64 ",\"cached\":%" PRIu64 ",", e->objects, e->cached);
		out_fmt(e->out, "\"requests\":%" PRIu64 ",\"bytes\":%" PRIu64 ",", t->get, t->bytes_down);
		out_fmt(e->out, "\"usd\":%s,\"exact\":%s,\"probes\":%" PRIu64 "}\n", isnan(t->usd) ? "null" : usd,
			t->at_most ? "false" : "true", t->probes);
		return;
	}
	out_fmt(e->out, "objects %" PRIu64 "\ncached %" PRIu64 "\n", e->objects, e->cached);
	out_fmt(e->out, "requests %" PRIu64 "\nbytes %" PRIu64 "\n", t->get, t->bytes_down);
	out_fmt(e->out, "usd %s\nexact %s\n", usd, t->at_most ? "no: at most, it depends on the points" : "yes");
	if (t->probes > 0)
		out_fmt(e->out, "probes %" PRIu64 "\n", t->probes);
}

void explain_print(struct cli *cli, count_db *db, const struct count_query *q, struct out *out)
{
	struct explain e = { .cli = cli, .out = out };
	struct count_requests total = { 0 };
	struct count_error err = { 0 };
	bool list = cli->json && cli->verbose > 0;
	int ret;

	if (cli->json)
		out_str(out, list ? "{\"each\":[" : "{");
	ret = count_query_explain(db, q, object, &e, &total, &err);
	if (list)
		out_str(out, "],\n");
	if (ret == COUNT_OK)
		print_total(&e, &total);
	else if (cli->json)
		out_str(out, "\"error\":true}\n");
	if (ret != COUNT_OK && ret != COUNT_ERR_STOPPED)
		cli_fail(cli, ret, &err);
}
