/*
 * manifest.c - how count-manifest prints: a record a line, fields with tabs between; or JSON.
 *
 * Keys and names come from a bucket that others may write to: control bytes have no way to a terminal.
 */
#include "manifest.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void put_safe(struct out *o, const char *s)
{
	for (const unsigned char *p = (const unsigned char *)s; *p != '\0'; p++) {
		if (*p >= 0x20 && *p != 0x7f)
			out_char(o, (char)*p);
		else
			out_fmt(o, "\\x%02x", *p);
	}
}

static void put_time(struct manifest_print *p, int64_t t)
{
	char text[COUNT_STAMP_MAX];
	size_t len = count_stamp_format(t, p->unit, p->time_format, text);
	bool quoted = p->cli->json && p->time_format == COUNT_TIME_FORMAT_ISO;

	if (quoted)
		out_char(p->out, '"');
	out_put(p->out, text, len);
	if (quoted)
		out_char(p->out, '"');
}

/* Wall-clock seconds, as text that a person reads. */
static void put_when(struct out *o, int64_t s)
{
	char text[COUNT_STAMP_MAX];

	if (s <= 0) {
		out_str(o, "never");
		return;
	}
	count_stamp_format(s, COUNT_UNIT_S, COUNT_TIME_FORMAT_ISO, text);
	out_str(o, text);
}

static void json_text(struct out *o, const char *field, const char *text)
{
	out_fmt(o, "\"%s\":", field);
	if (text == NULL) {
		out_str(o, "null");
		return;
	}
	out_char(o, '"');
	out_json(o, text, strlen(text));
	out_char(o, '"');
}

static void json_next(struct manifest_print *p)
{
	out_str(p->out, p->rows++ == 0 ? "\n{" : ",\n{");
}

static void per_point(struct out *o, uint64_t bytes, uint64_t points, const char *none)
{
	if (bytes > 0 && points > 0)
		out_fmt(o, "%.3f", (double)bytes / (double)points);
	else
		out_str(o, none);
}

void manifest_print_begin(struct manifest_print *p, const char *field)
{
	if (!p->cli->json)
		return;
	if (field != NULL)
		out_fmt(p->out, "{\"%s\":", field);
	out_char(p->out, '[');
}

void manifest_print_end(struct manifest_print *p)
{
	if (p->cli->json)
		out_str(p->out, p->rows > 0 ? "\n]" : "]");
}

/* ---- list ---- */

static void json_series(struct manifest_print *p, const struct count_manifest_series *s)
{
	json_next(p);
	json_text(p->out, "series", s->series);
	out_fmt(p->out, ",\"blocks\":%" PRIu64 ",\"points\":%" PRIu64 ",\"bytes\":%" PRIu64, s->blocks, s->points,
		s->bytes);
	out_str(p->out, ",\"first\":");
	if (s->any)
		put_time(p, s->first);
	out_str(p->out, s->any ? ",\"last\":" : "null,\"last\":null");
	if (s->any)
		put_time(p, s->last);
	out_fmt(p->out, ",\"shared\":%s,\"checked\":%" PRId64 "}", s->shared ? "true" : "false", s->checked_s);
}

int manifest_print_series(void *arg, const struct count_manifest_series *s)
{
	struct manifest_print *p = arg;

	if (p->cli->json) {
		json_series(p, s);
		return p->out->error;
	}
	put_safe(p->out, s->series);
	out_fmt(p->out, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t", s->blocks, s->points, s->bytes);
	if (s->any)
		put_time(p, s->first);
	out_str(p->out, s->any ? "\t" : "-\t-");
	if (s->any)
		put_time(p, s->last);
	out_char(p->out, '\n');
	return p->out->error;
}

/* ---- show, where ---- */

static const char *tier_name(enum count_tier tier)
{
	return tier == COUNT_TIER_HOT ? "hot" : tier == COUNT_TIER_WARM ? "warm" : "cold";
}

static void json_place(struct manifest_print *p, const struct count_manifest_place *l)
{
	struct out *o = p->out;

	json_next(p);
	json_text(o, "tier", tier_name(l->tier));
	out_char(o, ',');
	json_text(o, l->tier == COUNT_TIER_COLD ? "key" : "file", l->where);
	out_str(o, ",\"first\":");
	put_time(p, l->first);
	out_str(o, ",\"last\":");
	put_time(p, l->last);
	out_fmt(o, ",\"points\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"bytes_per_point\":", l->points, l->bytes);
	per_point(o, l->bytes, l->points, "null");
	out_char(o, ',');
	json_text(o, "codec", l->codec);
	if (l->tier == COUNT_TIER_COLD) {
		out_fmt(o, ",\"proved\":%s,", l->proved ? "true" : "false");
		json_text(o, "etag", l->etag);
		out_char(o, ',');
		json_text(o, "checksum", l->checksum);
		out_char(o, ',');
		json_text(o, "writer", l->writer);
		out_fmt(o, ",\"seq\":%" PRIu64 ",\"checked\":%" PRId64, l->seq, l->checked_s);
	}
	out_char(o, '}');
}

int manifest_print_place(void *arg, const struct count_manifest_place *l)
{
	struct manifest_print *p = arg;
	struct out *o = p->out;

	if (p->cli->json) {
		json_place(p, l);
		return o->error;
	}
	if (p->where)
		out_fmt(o, "%s\t", tier_name(l->tier));
	put_safe(o, l->where);
	out_char(o, '\t');
	put_time(p, l->first);
	out_char(o, '\t');
	put_time(p, l->last);
	out_fmt(o, "\t%" PRIu64 "\t", l->points);
	if (l->bytes > 0)
		out_fmt(o, "%" PRIu64, l->bytes);
	else
		out_char(o, '-');
	out_char(o, '\t');
	per_point(o, l->bytes, l->points, "-");
	out_char(o, '\t');
	put_safe(o, l->codec != NULL && *l->codec != '\0' ? l->codec : "-");
	out_fmt(o, "\t%s", l->tier != COUNT_TIER_COLD ? "-" : l->proved ? "proved " : "unproved ");
	if (l->tier == COUNT_TIER_COLD)
		put_when(o, l->checked_s);
	out_char(o, '\n');
	return o->error;
}

/* ---- verify, repair, rebuild, diff ---- */

int manifest_print_finding(void *arg, const struct count_finding *f)
{
	static const char *const words[] = {
		[COUNT_FOUND_MISSING] = "missing", [COUNT_FOUND_DAMAGED] = "damaged",
		[COUNT_FOUND_NO_MANIFEST] = "no-manifest", [COUNT_FOUND_DIFFERS] = "differs",
		[COUNT_FOUND_ORPHAN] = "orphan", [COUNT_FOUND_UNREAD] = "unread",
		[COUNT_DID_ADOPT] = "adopted", [COUNT_DID_DROP] = "dropped", [COUNT_DID_GARBAGE] = "garbage",
		[COUNT_DID_DELETE] = "deleted", [COUNT_DID_REBUILD] = "rebuilt",
	};
	struct manifest_print *p = arg;
	const char *word = (unsigned)f->kind < sizeof(words) / sizeof(words[0]) ? words[f->kind] : "?";

	if (!p->cli->json) {
		out_fmt(p->out, "%s\t", word);
		put_safe(p->out, f->text);
		out_char(p->out, '\n');
		return p->out->error;
	}
	json_next(p);
	json_text(p->out, "what", word);
	out_char(p->out, ',');
	json_text(p->out, "series", f->series);
	out_char(p->out, ',');
	json_text(p->out, "key", f->key);
	out_fmt(p->out, ",\"points\":%" PRIu64 ",", f->points);
	json_text(p->out, "text", f->text);
	out_char(p->out, '}');
	return p->out->error;
}

static void json_number(struct out *o, const char *field, double v)
{
	if (isfinite(v))
		out_fmt(o, ",\"%s\":%.9g", field, v);
	else
		out_fmt(o, ",\"%s\":null", field);
}

void manifest_print_report(struct manifest_print *p, const char *done, const struct count_manifest_report *r,
			   bool dry_run)
{
	const struct count_requests *q = &r->requests;

	if (p->cli->json) {
		out_fmt(p->out,
			",\n\"series\":%" PRIu64 ",\"objects\":%" PRIu64 ",\"points\":%" PRIu64 ",\"bytes\":%" PRIu64
			",\"unproved\":%" PRIu64 ",\"problems\":%" PRIu64 ",\"orphans\":%" PRIu64
			",\"changes\":%" PRIu64 ",\n", r->series, r->objects, r->points, r->bytes, r->unproved,
			r->problems, r->orphans, r->changes);
		out_fmt(p->out,
			"\"requests\":{\"get\":%" PRIu64 ",\"put\":%" PRIu64 ",\"head\":%" PRIu64 ",\"list\":%" PRIu64
			",\"delete\":%" PRIu64 ",\"bytes_up\":%" PRIu64 ",\"bytes_down\":%" PRIu64, q->get, q->put,
			q->head,
			q->list, q->del, q->bytes_up, q->bytes_down);
		json_number(p->out, "usd", q->usd);
		out_fmt(p->out, "},\"dry_run\":%s}\n", dry_run ? "true" : "false");
		return;
	}
	if (p->cli->quiet)
		return;
	out_fmt(p->out, "%s%s\t%" PRIu64 " series", dry_run ? "would be " : "", done, r->series);
	if (r->objects > 0)
		out_fmt(p->out, ", %" PRIu64 " objects", r->objects);
	if (r->points > 0)
		out_fmt(p->out, ", %" PRIu64 " points", r->points);
	if (r->bytes > 0)
		out_fmt(p->out, ", %" PRIu64 " bytes", r->bytes);
	out_fmt(p->out, ": %" PRIu64 " problems", r->problems);
	if (r->unproved > 0)
		out_fmt(p->out, ", %" PRIu64 " unproved", r->unproved);
	if (r->orphans > 0)
		out_fmt(p->out, ", %" PRIu64 " orphans", r->orphans);
	if (r->changes > 0)
		out_fmt(p->out, ", %" PRIu64 " changes", r->changes);
	if (dry_run && q->get > 0 && !isnan(q->usd))
		out_fmt(p->out, ", about USD %.4f", q->usd);
	out_char(p->out, '\n');
}

/* ---- stats ---- */

static void json_stats(struct manifest_print *p, const struct count_manifest_stats *s)
{
	struct out *o = p->out;

	out_char(o, '{');
	json_text(o, "bucket", s->scope);
	out_fmt(o, ",\"series\":%" PRIu64 ",\"objects\":%" PRIu64 ",\"points\":%" PRIu64 ",\"bytes\":%" PRIu64
		",\"shared\":%s,\"synced\":%" PRId64, s->nseries, s->cold.blocks, s->cold.points, s->cold.bytes,
		s->cold.shared ? "true" : "false", s->synced_s);
	json_number(o, "bytes_per_point", s->cold.points > 0 ? (double)s->cold.bytes / (double)s->cold.points : NAN);
	json_number(o, "usd_month", s->usd_month);
	out_fmt(o,
		",\"local_blocks\":%" PRIu64 ",\"local_bytes\":%" PRIu64 ",\"log_bytes\":%" PRIu64 ",\"log_points\":%"
		PRIu64 ",\"damages\":%" PRIu64 ",\"last_archive\":%" PRId64 ",\"last_flush\":%" PRId64 "}\n",
			s->local_blocks,
		s->local_bytes, s->log_bytes, s->log_points, s->damages, s->last_archive_s, s->last_flush_s);
}

void manifest_print_stats(struct manifest_print *p, const struct count_manifest_stats *s)
{
	struct out *o = p->out;

	if (p->cli->json) {
		json_stats(p, s);
		return;
	}
	out_fmt(o, "bucket\t%s\nseries\t%" PRIu64 "\nobjects\t%" PRIu64 "\npoints\t%" PRIu64 "\nbytes\t%" PRIu64 "\n",
		s->scope[0] != '\0' ? s->scope : "off (S3_ENABLED)", s->nseries, s->cold.blocks, s->cold.points,
			s->cold.bytes);
	out_str(o, "bytes a point\t");
	per_point(o, s->cold.bytes, s->cold.points, "-");
	out_str(o, "\nfirst\t");
	if (s->cold.any)
		put_time(p, s->cold.first);
	out_str(o, s->cold.any ? "\nlast\t" : "-\nlast\t-");
	if (s->cold.any)
		put_time(p, s->cold.last);
	if (isnan(s->usd_month))
		out_str(o, "\nUSD a month\tunknown");
	else
		out_fmt(o, "\nUSD a month\t%.4f", s->usd_month);
	out_str(o, "\nlast sync\t");
	put_when(o, s->synced_s);
	out_str(o, "\nlast archive\t");
	put_when(o, s->last_archive_s);
	out_str(o, "\nlast flush\t");
	put_when(o, s->last_flush_s);
	out_fmt(o, "\nlocal blocks\t%" PRIu64 "\nlocal bytes\t%" PRIu64 "\nlog bytes\t%" PRIu64 "\nlog points\t%" PRIu64
		"\nlocal damages\t%" PRIu64 "\n", s->local_blocks, s->local_bytes, s->log_bytes, s->log_points,
		s->damages);
}
