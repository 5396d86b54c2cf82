/*
 * print.c - the forms in which count-query prints points, last points and names.
 *
 *	text	series value timestamp			input of count-ingest
 *	csv	series,timestamp,value			RFC 4180 with a header; lines end in LF
 *	tsv	the same columns; \t \n \\ escaped
 *	json	an array of objects, one a line		valid even when empty
 *	ndjson	the objects alone			input of count-ingest
 *
 * A missing value (--fill null) is null, and an empty field in csv and tsv.
 */
#include "print.h"

#include <string.h>

/* Series texts are at most this long; an aggregate's name adds a few bytes. */
#define ESCAPED_MAX (6 * (COUNT_SERIES_MAX + 64))

static bool finite_value(double v)
{
	return v - v == 0;
}

static bool has(const char *s, size_t len, char c)
{
	return memchr(s, c, len) != NULL;
}

/* The series as this format writes it, once for each batch; returns its length. */
static size_t escape(enum print_format format, const char *s, size_t len, char out[ESCAPED_MAX])
{
	bool backslash = format != PRINT_TEXT && format != PRINT_CSV && has(s, len, '\\');
	bool quote = format != PRINT_TEXT && format != PRINT_TSV && has(s, len, '"');
	bool quoted = format == PRINT_CSV && (quote || has(s, len, ',') || has(s, len, '\n') || has(s, len, '\r'));
	size_t n = 0;

	if (len > COUNT_SERIES_MAX + 64)
		len = COUNT_SERIES_MAX + 64;
	if (!backslash && !quote && !quoted) {
		memcpy(out, s, len);
		return len;
	}
	if (quoted)
		out[n++] = '"';
	for (size_t i = 0; i < len; i++) {
		bool json = format >= PRINT_JSON && (s[i] == '"' || s[i] == '\\');

		if (json || (format == PRINT_TSV && s[i] == '\\'))
			out[n++] = '\\';
		if (quoted && s[i] == '"')
			out[n++] = '"';
		out[n++] = s[i];	/* names hold no control characters */
	}
	if (quoted)
		out[n++] = '"';
	return n;
}

enum { SLACK = 32 };	/* bytes that a copy in steps may read and write too much */

/* What the rows of a batch have in common. */
struct row {
	char head[ESCAPED_MAX + 64];	/* up to the first number */
	size_t head_len;
	size_t size;			/* room that a row takes */
	char mid[SLACK], end[SLACK];	/* between the numbers, behind them */
	size_t mid_len, end_len;
	bool value_first;
	bool json;
	bool array;			/* the head begins with the comma of the row before */
	const char *missing;		/* no value */
	unsigned scale;			/* of values so far */
};

static inline size_t put(char *to, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i += SLACK)
		memcpy(to + i, s + i, SLACK);
	return len;
}

static void begin_row(const struct print *p, const struct count_batch *b, struct row *r)
{
	bool iso = p->time_format == COUNT_TIME_FORMAT_ISO;
	size_t n = 0;

	r->json = p->format >= PRINT_JSON;
	r->array = p->format == PRINT_JSON;
	r->value_first = p->format == PRINT_TEXT;
	r->missing = p->format == PRINT_CSV || p->format == PRINT_TSV ? "" : "null";
	r->scale = 0;
	strcpy(r->mid, r->value_first ? " " : p->format == PRINT_CSV ? "," : "\t");
	strcpy(r->end, "\n");
	if (r->json) {
		static const char open[] = ",\n{\"series\":\"";
		size_t skip = r->array ? 0 : 2;

		memcpy(r->head, open + skip, sizeof(open) - 1 - skip);
		n = sizeof(open) - 1 - skip;
		strcpy(r->mid, iso ? "\",\"value\":" : ",\"value\":");
		strcpy(r->end, r->array ? "}" : "}\n");
	}
	n += escape(p->format, b->series, b->series_len, r->head + n);
	if (r->json) {
		static const char stamp[] = "\",\"timestamp\":\"";
		size_t len = sizeof(stamp) - 2 + iso;

		memcpy(r->head + n, stamp, len);
		n += len;
	} else {
		r->head[n++] = r->mid[0];
	}
	memset(r->head + n, 0, SLACK);
	r->head_len = n;
	r->mid_len = strlen(r->mid);
	r->end_len = strlen(r->end);
	r->size = n + COUNT_VALUE_MAX + COUNT_STAMP_MAX + 4 * SLACK;
}

static size_t put_value(struct row *r, char *to, const struct count_batch *b, size_t i)
{
	double v = b->values[i];
	size_t n;

	if (b->empty != NULL && b->empty[i]) {
		n = strlen(r->missing);
		memcpy(to, r->missing, n);
		return n;
	}
	if (!r->json || finite_value(v))
		return digits_value(to, v, &r->scale);
	n = digits_value(to + 1, v, &r->scale);
	to[0] = to[n + 1] = '"';
	return n + 2;
}

static void put_rows(struct print *p, struct row *r, const struct count_batch *b)
{
	for (size_t i = 0; i < b->n && p->out->error == 0; i++) {
		size_t skip = r->array && p->rows == 0;
		char *start = out_room(p->out, r->size), *to = start;

		to += put(to, r->head + skip, r->head_len - skip);
		if (r->value_first) {
			to += put_value(r, to, b, i);
			*to++ = ' ';
			to += digits_stamp(&p->stamp, b->times[i], to);
			*to++ = '\n';
		} else {
			to += digits_stamp(&p->stamp, b->times[i], to);
			to += put(to, r->mid, r->mid_len);
			to += put_value(r, to, b, i);
			to += put(to, r->end, r->end_len);
		}
		p->out->len += (size_t)(to - start);
		p->rows++;
	}
}

static void name_row(struct print *p, const char *series, size_t len)
{
	if (p->format == PRINT_JSON)
		out_str(p->out, p->rows == 0 ? "\n" : ",\n");
	if (p->format >= PRINT_JSON)
		out_str(p->out, "{\"series\":\"");
	out_put(p->out, series, len);
	if (p->format >= PRINT_JSON)
		out_str(p->out, "\"}");
	if (p->format != PRINT_JSON)
		out_char(p->out, '\n');
}

void print_begin(struct print *p)
{
	if (p->format == PRINT_CSV)
		out_str(p->out, p->list ? "series\n" : "series,timestamp,value\n");
	else if (p->format == PRINT_TSV)
		out_str(p->out, p->list ? "series\n" : "series\ttimestamp\tvalue\n");
	else if (p->format == PRINT_JSON)
		out_char(p->out, '[');
}

void print_batch(struct print *p, const struct count_batch *b)
{
	if (p->list) {
		char series[ESCAPED_MAX];

		name_row(p, series, escape(p->format, b->series, b->series_len, series));
		p->rows++;
	} else {
		struct row r;

		p->stamp.unit = p->unit;
		p->stamp.format = p->time_format;
		begin_row(p, b, &r);
		put_rows(p, &r, b);
	}
}

void print_end(struct print *p)
{
	if (p->format == PRINT_JSON)
		out_str(p->out, p->rows == 0 ? "]\n" : "\n]\n");
}
