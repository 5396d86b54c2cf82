/* check.c - count-query --check and --max-age: newest points against a limit, for alerts by cron. */
#include "check.h"

#include <inttypes.h>
#include <stdio.h>

bool check_parse(struct check *c, const char *expr)
{
	static const struct { const char *text; enum check_op op; } ops[] = {
		{ "<=", CHECK_LE }, { ">=", CHECK_GE }, { "==", CHECK_EQ }, { "!=", CHECK_NE },
		{ "<", CHECK_LT }, { ">", CHECK_GT }, { "=", CHECK_EQ },
	};
	const char *p = expr + strspn(expr, " \t");
	size_t len;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (strncmp(p, ops[i].text, strlen(ops[i].text)) != 0)
			continue;
		p += strlen(ops[i].text);
		p += strspn(p, " \t");
		len = strlen(p);
		while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
			len--;
		c->op = ops[i].op;
		c->expr = expr;
		return count_value_parse(p, len, &c->limit) == COUNT_OK;
	}
	return false;
}

/* NaN holds for nothing but !=, so that a broken sensor raises the alarm. */
static bool holds(const struct check *c, double v)
{
	switch (c->op) {
	case CHECK_LT: return v < c->limit;
	case CHECK_LE: return v <= c->limit;
	case CHECK_GT: return v > c->limit;
	case CHECK_GE: return v >= c->limit;
	case CHECK_EQ: return v == c->limit;
	case CHECK_NE: return v != c->limit;
	default: return true;
	}
}

void age_text(int64_t span, enum count_unit unit, char out[32])
{
	static const int64_t per_second[] = { 1, 1000, 1000000, 1000000000 };
	int64_t s = span / per_second[unit];

	if (s < 60)
		snprintf(out, 32, "%" PRId64 "s", s);
	else if (s < 3600)
		snprintf(out, 32, "%" PRId64 "m", s / 60);
	else if (s < 86400)
		snprintf(out, 32, "%" PRId64 "h", s / 3600);
	else
		snprintf(out, 32, "%" PRId64 "d", s / 86400);
}

void check_batch(struct check *c, const struct count_batch *b, struct out *out)
{
	char value[COUNT_VALUE_MAX], stamp[COUNT_STAMP_MAX], age[32];
	size_t i = b->n - 1;
	int64_t span;
	bool old, bad;

	if (b->n == 0)
		return;
	if (__builtin_sub_overflow(c->now, b->times[i], &span))	/* as old, or as far ahead, as can be */
		span = b->times[i] < 0 ? INT64_MAX : INT64_MIN;
	old = c->max_age != 0 && span > c->max_age;
	bad = !holds(c, b->values[i]);
	if (!old && !bad)
		return;
	c->failed++;
	count_value_format(b->values[i], value);
	count_stamp_format(b->times[i], c->unit, COUNT_TIME_FORMAT_ISO, stamp);
	out_put(out, b->series, b->series_len);
	out_fmt(out, " is %s", value);
	if (bad)
		out_fmt(out, ", wanted %.100s", c->expr);
	age_text(span, c->unit, age);
	if (old)
		out_fmt(out, ", %s old, more than %.40s (%s)\n", age, c->max_age_text, stamp);
	else
		out_fmt(out, " (%s)\n", stamp);
}
