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

/* Series texts are at most this long; an aggregate's name adds a few bytes. */
#define ESCAPED_MAX (6 * (COUNT_SERIES_MAX + 64))

static bool finite_value(double v)
{
	return v - v == 0;
}

static size_t put_value(char *to, double v)
{
	char text[COUNT_VALUE_MAX];
	size_t len = count_value_format(v, text);

	memcpy(to, text, len);
	return len;
}

/* The series as this format writes it, once for each batch; returns its length. */
static size_t escape(enum print_format format, const char *s, size_t len, char out[ESCAPED_MAX])
{
	bool quoted = format == PRINT_CSV && (memchr(s, '"', len) != NULL || memchr(s, ',', len) != NULL ||
					      memchr(s, '\n', len) != NULL || memchr(s, '\r', len) != NULL);
	size_t n = 0;

	if (len > COUNT_SERIES_MAX + 64)
		len = COUNT_SERIES_MAX + 64;
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

/* series value stamp */
static void text_row(struct print *p, const char *series, size_t len, const struct count_batch *b, size_t i)
{
	char *to;
	size_t n = 0;

	out_put(p->out, series, len);
	to = out_room(p->out, COUNT_VALUE_MAX + COUNT_STAMP_MAX + 8);
	to[n++] = ' ';
	if (b->empty != NULL && b->empty[i]) {
		memcpy(to + n, "null", 4);
		n += 4;
	} else {
		n += put_value(to + n, b->values[i]);
	}
	to[n++] = ' ';
	n += count_stamp_format(b->times[i], p->unit, p->time_format, to + n);
	to[n++] = '\n';
	p->out->len += n;
}

static void column_row(struct print *p, const char *series, size_t len, const struct count_batch *b,
		       size_t i)
{
	char between = p->format == PRINT_CSV ? ',' : '\t', *to;
	size_t n = 0;

	out_put(p->out, series, len);
	to = out_room(p->out, COUNT_VALUE_MAX + COUNT_STAMP_MAX + 8);
	to[n++] = between;
	n += count_stamp_format(b->times[i], p->unit, p->time_format, to + n);
	to[n++] = between;
	if (b->empty == NULL || !b->empty[i])
		n += put_value(to + n, b->values[i]);
	to[n++] = '\n';
	p->out->len += n;
}

static void json_row(struct print *p, const char *series, size_t len, const struct count_batch *b, size_t i)
{
	bool iso = p->time_format == COUNT_TIME_FORMAT_ISO;
	char number[COUNT_VALUE_MAX], stamp[COUNT_STAMP_MAX];

	if (p->format == PRINT_JSON)
		out_str(p->out, p->rows == 0 ? "\n" : ",\n");
	out_str(p->out, "{\"series\":\"");
	out_put(p->out, series, len);
	out_str(p->out, iso ? "\",\"timestamp\":\"" : "\",\"timestamp\":");
	out_put(p->out, stamp, count_stamp_format(b->times[i], p->unit, p->time_format, stamp));
	out_str(p->out, iso ? "\",\"value\":" : ",\"value\":");
	if (b->empty != NULL && b->empty[i]) {
		out_str(p->out, "null");
	} else {
		size_t n = count_value_format(b->values[i], number);
		bool quoted = !finite_value(b->values[i]);

		if (quoted)
			out_char(p->out, '"');
		out_put(p->out, number, n);
		if (quoted)
			out_char(p->out, '"');
	}
	out_str(p->out, p->format == PRINT_JSON ? "}" : "}\n");
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
	char series[ESCAPED_MAX];
	size_t len = escape(p->format, b->series, b->series_len, series);

	if (p->list) {
		name_row(p, series, len);
		p->rows++;
		return;
	}
	for (size_t i = 0; i < b->n && p->out->error == 0; i++) {
		if (p->format == PRINT_TEXT)
			text_row(p, series, len, b, i);
		else if (p->format >= PRINT_JSON)
			json_row(p, series, len, b, i);
		else
			column_row(p, series, len, b, i);
		p->rows++;
	}
}

void print_end(struct print *p)
{
	if (p->format == PRINT_JSON)
		out_str(p->out, p->rows == 0 ? "]\n" : "\n]\n");
}
