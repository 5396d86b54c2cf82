/*
 * plot.c - count-query --plot: lines of braille dots on a terminal, or in a mail.
 *
 * A braille character holds 2 x 4 dots, so 80 columns are some 140 dots wide.  For each dot column
 * only first, last, lowest and highest value are kept: memory does not grow with the points, and
 * the picture is that of all of them.  Neighbours are joined unless they lie more than three
 * times the usual distance apart: a gap in the data is a gap in the line.
 */
#include "plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROWS 12
#define DOTS_HIGH (4 * ROWS)
#define LABEL 10		/* characters of a y label and the blank after it */
#define MAX_WIDTH 500

struct column {
	bool used;
	double first, last, low, high;
	int64_t first_time, last_time;
};

struct plot {
	unsigned width;			/* characters of the drawing itself */
	int64_t from, to;
	enum count_unit unit;
	const char *tz;
	char series[COUNT_SERIES_MAX + 64];
	size_t series_len;
	bool any, last_known;
	uint64_t points;
	int64_t last_time;
	uint64_t distances[64];		/* how many neighbours are 2^i .. 2^(i+1) apart */
	struct column columns[2 * MAX_WIDTH];
	uint8_t dots[ROWS][MAX_WIDTH];	/* a bit a dot, in Unicode's order */
};

struct plot *plot_new(unsigned width, int64_t from, int64_t to, enum count_unit unit, const char *tz)
{
	struct plot *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	width = width < LABEL + 20 ? LABEL + 20 : width;
	p->width = width - LABEL - 1 < MAX_WIDTH ? width - LABEL - 1 : MAX_WIDTH;
	p->from = from;
	p->to = to;
	p->unit = unit;
	p->tz = tz;
	return p;
}

static void take_point(struct plot *p, int64_t t, double v)
{
	double span = (double)p->to - (double)p->from;
	double x = span > 0 ? ((double)t - (double)p->from) / span * (2.0 * p->width - 1) : 0;
	struct column *c;
	uint64_t distance;

	if (!isfinite(v))
		return;
	x = fmin(fmax(x, 0), 2.0 * p->width - 1);	/* a bucket may start before the first point */
	if (p->last_known && t > p->last_time) {
		distance = (uint64_t)t - (uint64_t)p->last_time;
		p->distances[63 - __builtin_clzll(distance)]++;
	}
	p->last_known = true;
	p->last_time = t;
	p->points++;
	c = &p->columns[(size_t)(x + 0.5)];
	if (!c->used)
		*c = (struct column){ .used = true, .first = v, .low = v, .high = v, .first_time = t };
	c->last = v;
	c->last_time = t;
	c->low = v < c->low ? v : c->low;
	c->high = v > c->high ? v : c->high;
}

/* The longest distance of neighbours that are still joined. */
static double join_limit(const struct plot *p)
{
	uint64_t all = 0, sum = 0;

	for (int i = 0; i < 64; i++)
		all += p->distances[i];
	for (int i = 0; i < 64; i++) {
		sum += p->distances[i];
		if (2 * sum >= all && all > 0)	/* the median's power of two, and half again for its width */
			return 3 * ldexp(1.5, i);
	}
	return 0;
}

static void dot(struct plot *p, long x, long y)
{
	static const uint8_t bit[4][2] = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } };

	if (x >= 0 && y >= 0 && x < 2 * (long)p->width && y < DOTS_HIGH)
		p->dots[y / 4][x / 2] |= bit[y % 4][x % 2];
}

/* A line of dots (Bresenham 1965). */
static void stroke(struct plot *p, long x0, long y0, long x1, long y1)
{
	long dx = labs(x1 - x0), dy = -labs(y1 - y0), sx = x0 < x1 ? 1 : -1, sy = y0 < y1 ? 1 : -1;
	long e = dx + dy;

	for (;;) {
		long twice = 2 * e;

		dot(p, x0, y0);
		if (x0 == x1 && y0 == y1)
			return;
		if (twice >= dy) {
			e += dy;
			x0 += sx;
		}
		if (twice <= dx) {
			e += dx;
			y0 += sy;
		}
	}
}

/* The lowest and highest value; a flat line gets room above and below. */
static void bounds(const struct plot *p, double *low, double *high)
{
	*low = INFINITY;
	*high = -INFINITY;
	for (size_t x = 0; x < 2 * p->width; x++) {
		const struct column *c = &p->columns[x];

		if (c->used && c->low < *low)
			*low = c->low;
		if (c->used && c->high > *high)
			*high = c->high;
	}
	if (*low == *high) {
		double room = *low != 0 ? fabs(*low) * 0.1 : 1;

		*low -= room;
		*high += room;
	}
}

static long row_of(double v, double low, double high)
{
	/* halves first: high - low may overflow */
	return lround((high / 2 - v / 2) / (high / 2 - low / 2) * (DOTS_HIGH - 1));
}

static void draw(struct plot *p, double low, double high)
{
	const struct column *before = NULL;
	double limit = join_limit(p);
	long before_x = 0;

	memset(p->dots, 0, sizeof(p->dots));
	for (long x = 0; x < 2 * (long)p->width; x++) {
		const struct column *c = &p->columns[x];

		if (!c->used)
			continue;
		stroke(p, x, row_of(c->low, low, high), x, row_of(c->high, low, high));
		if (before != NULL && (double)c->first_time - (double)before->last_time <= limit)
			stroke(p, before_x, row_of(before->last, low, high), x, row_of(c->first, low, high));
		before = c;
		before_x = x;
	}
}

/* 1234567 as 1.235M: nine characters at most. */
static void label(double v, char out[32])
{
	static const char units[] = " kMGTPE";
	double a = fabs(v);
	int u = 0;

	if (a >= 1e21 || (a > 0 && a < 1e-3)) {
		snprintf(out, 32, "%.2e", v);
		return;
	}
	while (a >= 9999.5 && u < 6) {
		a /= 1000;
		v /= 1000;
		u++;
	}
	snprintf(out, 32, "%.4g%.*s", v, u > 0, units + u);
}

/* The time at a fraction below 1 of the axis, which may be longer than an int64_t. */
static int64_t time_at(const struct plot *p, double fraction)
{
	uint64_t span = (uint64_t)p->to - (uint64_t)p->from;

	return (int64_t)((uint64_t)p->from + (uint64_t)((double)span * fraction));
}

/* A time of the axis in its zone; as fine as the span needs. */
static void time_label(const struct plot *p, int64_t t, char out[40])
{
	static const int64_t per_second[] = { 1, 1000, 1000000, 1000000000 };
	int64_t unit = per_second[p->unit];
	double span = ((double)p->to - (double)p->from) / (double)unit;
	time_t s = (time_t)(t / unit - (t % unit < 0));
	struct tm tm;

	out[0] = '\0';
	if (localtime_r(&s, &tm) != NULL)
		strftime(out, 40, span < 300 ? "%H:%M:%S" : span < 86400 ? "%m-%d %H:%M" :
			 span < 40 * 86400 ? "%m-%d %H:%M" : "%Y-%m-%d", &tm);
}

static void put_row(const struct plot *p, unsigned r, struct out *out)
{
	unsigned end = p->width;

	while (end > 0 && p->dots[r][end - 1] == 0)
		end--;
	for (unsigned x = 0; x < end; x++) {
		unsigned c = 0x2800 + p->dots[r][x];
		char utf8[3] = { (char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63)) };

		if (p->dots[r][x] == 0)
			out_char(out, ' ');
		else
			out_put(out, utf8, 3);
	}
	out_char(out, '\n');
}

/* The x axis: a line with marks, and a time under each. */
static void put_axis(const struct plot *p, struct out *out)
{
	char text[40], line[MAX_WIDTH + 64];
	unsigned step = 20, pos = 0;

	out_fmt(out, "%*s\xe2\x94\x94", LABEL, "");
	for (unsigned x = 0; x < p->width; x++)
		out_str(out, x % step == 0 ? "\xe2\x94\xb4" : "\xe2\x94\x80");
	out_char(out, '\n');
	memset(line, ' ', sizeof(line));
	for (unsigned x = 0; x + 10 <= p->width; x += step) {
		int64_t t = time_at(p, (double)x / p->width);
		size_t len;

		time_label(p, t, text);
		len = strlen(text);
		memcpy(line + LABEL + 1 + x, text, len);
		pos = LABEL + 1 + x + (unsigned)len;
	}
	out_put(out, line, pos);
	out_char(out, '\n');
}

static void put_plot(struct plot *p, struct out *out)
{
	double low, high;
	char text[32];

	out_put(out, p->series, p->series_len);
	out_char(out, '\n');
	if (p->points == 0) {
		out_str(out, "(no finite value)\n");
		return;
	}
	bounds(p, &low, &high);
	draw(p, low, high);
	for (unsigned r = 0; r < ROWS; r++) {
		text[0] = '\0';
		if (r % 4 == 0 || r == ROWS - 1)
			label(high * ((double)(ROWS - 1 - r) / (ROWS - 1)) + low * ((double)r / (ROWS - 1)), text);
		out_fmt(out, "%*s%s", LABEL, text, text[0] ? "\xe2\x94\xa4" : "\xe2\x94\x82");
		put_row(p, r, out);
	}
	put_axis(p, out);
}

void plot_batch(struct plot *p, const struct count_batch *b, struct out *out)
{
	if (!p->any || b->series_len != p->series_len || memcmp(b->series, p->series, p->series_len) != 0) {
		plot_end(p, out);
		if (p->any)
			out_char(out, '\n');
		p->any = true;
		p->series_len = b->series_len < sizeof(p->series) ? b->series_len : sizeof(p->series);
		memcpy(p->series, b->series, p->series_len);
		p->last_known = false;
		p->points = 0;
		memset(p->distances, 0, sizeof(p->distances));
		memset(p->columns, 0, sizeof(p->columns));
	}
	for (size_t i = 0; i < b->n; i++)
		if (b->empty == NULL || !b->empty[i])
			take_point(p, b->times[i], b->values[i]);
}

/* The labels are in the zone of --tz, which the query has long read: TZ is ours to set here. */
void plot_end(struct plot *p, struct out *out)
{
	if (!p->any)
		return;
	if (p->tz == NULL || strcmp(p->tz, "local") != 0)
		setenv("TZ", p->tz == NULL ? "UTC0" : p->tz, 1);
	tzset();
	put_plot(p, out);
}

void plot_free(struct plot *p)
{
	free(p);
}
