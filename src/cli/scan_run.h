/*
 * scan_run.h - the loop over plain lines, compiled once for each kernel; see scan.h.
 *
 * Whoever includes it has defined SCAN_TARGET, the attribute of the functions, and
 *
 *	scan_same(a, b, n)		the n bytes are equal; NAMES_PAD more may be read
 *	scan_name_len(s)		bytes before the first one up to 0x20, or 64 when the next 64 are above
 *	scan_ends(s, &a, &b)		where the first two such bytes are; false: not in the next 64
 *	scan_value(s, len, &v)		a short decimal, as number_value(); false: look closer
 *	scan_digits(s, len, &t)		up to 16 digits and nothing else
 *	scan_same_stamp(a, b, n)	the n <= 16 bytes are equal; 16 may be read
 */
#include <string.h>

#include "number.h"

static inline bool scan_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A name that is not the one that came after the latest the last time. */
SCAN_TARGET static bool scan_other(struct names *names, const char *s, const char *end, size_t *len)
{
	uint64_t hash;
	uint32_t entry;
	size_t n = 0, step;

	do {
		step = scan_name_len(s + n);
		n += step;
	} while (step == 64 && n < (size_t)(end - s));
	*len = n;
	return n < (size_t)(end - s) && scan_blank(s[n]) &&
	       names_seek(names, format_graphite.id, s, n, &hash, &entry);
}

/* The name at s; then names->latest is its entry. */
SCAN_TARGET static inline bool scan_name(struct names *names, const char *s, const char *end, size_t *len)
{
	uint32_t guess = names->entries[names->latest].next;
	const struct name_entry *e = &names->entries[guess];
	size_t n = e->key_len & 0xffffff;

	if (n < (size_t)(end - s) && e->key_len >> 24 == format_graphite.id &&
	    scan_same(s, names->bytes + e->offset, n) && scan_blank(s[n])) {
		names->latest = guess;
		*len = n;
		return true;
	}
	return scan_other(names, s, end, len);
}

SCAN_TARGET static inline bool scan_stamp(struct line *line, const char *s, size_t len, int64_t *time)
{
	int64_t t;

	if (len == line->stamp_len && len - 1 < 16 && scan_same_stamp(s, line->stamp, len)) {
		*time = line->stamp_time;
		return true;
	}
	if (!scan_digits(s, len, &t) || !number_scale(t, line->given, line->unit, time))
		return line_stamp(line, s, len, time);
	memcpy(line->stamp, s, 16);	/* all of it, as scan_digits() took it */
	line->stamp_len = len;
	line->stamp_time = *time;
	return true;
}

SCAN_TARGET static inline size_t scan_run(struct line *line, struct names *names, const char *s, size_t len,
					  struct scan_points *out)
{
	const char *p = s, *end = s + len;
	size_t n = 0;

	while (names->used > 0 && n < out->room && p < end) {
		size_t name_len, value_end, stamp_end;
		const char *value;

		if (!scan_name(names, p, end, &name_len))
			break;
		value = p + name_len + 1;
		if (!scan_ends(value, &value_end, &stamp_end) || stamp_end >= (size_t)(end - value) ||
		    !scan_blank(value[value_end]) || value[stamp_end] != '\n')
			break;
		if (!scan_value(value, value_end, &out->values[n]) &&
		    count_value_parse(value, value_end, &out->values[n]) != COUNT_OK)
			break;
		if (!scan_stamp(line, value + value_end + 1, stamp_end - value_end - 1, &out->times[n]))
			break;
		out->ids[n++] = names->entries[names->latest].id;
		p = value + stamp_end + 1;
	}
	out->n = n;
	return (size_t)(p - s);
}
