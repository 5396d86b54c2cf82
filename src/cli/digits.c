/* digits.c - numbers of rows that digits.h does not write inline; see digits.h. */
#include "digits.h"

size_t digits_value_slow(char *to, double v, unsigned *scale)
{
	char text[COUNT_VALUE_MAX];
	size_t len = count_value_format(v, text);
	const char *point = memchr(text, '.', len);

	memcpy(to, text, len);
	if (point != NULL && memchr(point, 'e', len - (size_t)(point - text)) == NULL) {
		size_t behind = len - (size_t)(point - text) - 1;

		if (behind > *scale && behind <= DIGITS_MAX_SCALE)
			*scale = (unsigned)behind;
	}
	return len;
}

/* ---- Stamps ---- */

static const int64_t per_second[] = { 1, 1000, 1000000, 1000000000 };

/* Whole ticks, zeros behind them where the format is finer: stamps of 10^8 ticks differ in eight digits. */
static void expect_number(struct digits_stamp *s, int64_t t)
{
	int shift = s->format == COUNT_TIME_FORMAT_UNIT ? 0 :
		    3 * ((int)s->format - COUNT_TIME_FORMAT_S - (int)s->unit);

	if (shift < 0 || t < 100000000 || t > INT64_MAX - 100000000)
		return;
	s->at = s->len - (size_t)shift - 8;
	s->base = t - t % 100000000;
	s->span = 100000000;
}

/* YYYY-MM-DDTHH:MM:SS, perhaps a fraction, Z: stamps of a minute differ behind the second colon. */
static void expect_iso(struct digits_stamp *s, int64_t t)
{
	const char *colon = memrchr(s->text, ':', s->len);
	int64_t minute = 60 * per_second[s->unit];

	if (colon == NULL || t < 0 || t > INT64_MAX - minute)
		return;
	s->at = (size_t)(colon - s->text) + 1;
	s->base = t - t % minute;
	s->span = (uint64_t)minute;
}

size_t digits_stamp_slow(struct digits_stamp *s, int64_t t, char *to)
{
	s->span = 0;
	s->len = count_stamp_format(t, s->unit, s->format, s->text);
	memcpy(to, s->text, s->len);
	if (s->format == COUNT_TIME_FORMAT_ISO)
		expect_iso(s, t);
	else
		expect_number(s, t);
	return s->len;
}

size_t digits_stamp_iso(const struct digits_stamp *s, uint64_t since, char *to)
{
	uint64_t ms, text, rest;

	if (s->unit == COUNT_UNIT_MS) {
		ms = since;
	} else {
		ms = since / (uint64_t)per_second[s->unit] * 1000;
		if (since % (uint64_t)per_second[s->unit] != 0)
			return 0;
	}
	rest = ms % 1000;
	text = digits_of((uint32_t)ms);
	memcpy(to, s->text, sizeof(s->text));
	to += s->at;
	to[0] = (char)(text >> 24);	/* 000SSmmm */
	to[1] = (char)(text >> 32);
	to[2] = rest != 0 ? '.' : 'Z';
	to[3] = (char)(text >> 40);
	to[4] = (char)(text >> 48);
	to[5] = (char)(text >> 56);
	to[6] = 'Z';
	return s->at + (rest != 0 ? 7 : 3);
}
