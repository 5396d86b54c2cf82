/* json_block.c - what a block says of itself, in the manifest and in its object; see json_block.h. */
#include "format/json_block.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/stamp.h"

/* Some segment of the path is empty, "." or "..": as a file name it would lie elsewhere. */
static bool strays(const char *path)
{
	for (const char *p = path; ; p++) {
		size_t len = strcspn(p, "/");

		if (len == 0 || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
			return true;
		p += len;
		if (*p == '\0')
			return false;
	}
}

int json_key_check(const struct json_place *at, const char *name, const char *key, const char *dir)
{
	size_t len = dir == NULL ? 0 : strlen(dir);

	if (dir != NULL && strncmp(key, dir, len) != 0)
		return json_bad(at, name, "does not lie in the folder of its series");
	return strays(key + len) ? json_bad(at, name, "is no key of an object") : COUNT_OK;
}

int json_block_fixed(const struct json_place *at, const char *dir, unsigned version, struct manifest_block *b)
{
	int ret = json_get_text(at, "key", true, JSON_KEY_MAX, &b->key);

	if (ret == COUNT_OK)
		ret = json_key_check(at, "key", b->key, dir);
	if (ret == COUNT_OK)
		ret = json_get_int(at, "start_time", true, INT64_MIN, &b->start);
	if (ret == COUNT_OK)
		ret = json_get_int(at, "end_time", true, INT64_MIN, &b->end);
	if (ret == COUNT_OK)
		ret = json_get_count(at, "point_count", true, 1, &b->points);
	if (ret != COUNT_OK)
		return ret;
	if (b->end < b->start)
		return json_bad(at, "end_time", "is before \"start_time\"");
	if (version > 0 && b->points - 1 > (uint64_t)b->end - (uint64_t)b->start)
		return json_bad(at, "point_count", "is more than there are times");
	return COUNT_OK;
}

void json_put_block_fixed(struct json_writer *w, const struct manifest_block *b)
{
	json_put_text(w, "key", b->key);
	json_put_int(w, "start_time", b->start);
	json_put_int(w, "end_time", b->end);
	json_put_int(w, "point_count", (int64_t)b->points);
}

/* ---- Statistics ---- */

static int get_sum(const struct json_place *at, struct dd *sum)
{
	const json_t *pair;
	int ret = json_get_array(at, "sum", true, 2, &pair);

	if (ret != COUNT_OK)
		return ret;
	if (json_array_size(pair) != 2 || !json_double_parse(json_array_get(pair, 0), &sum->hi) ||
	    !json_double_parse(json_array_get(pair, 1), &sum->lo))
		return json_bad(at, "sum", "is no pair of numbers in strings");
	return COUNT_OK;
}

/* No minimum and maximum among NaN alone, and one of both otherwise. */
static bool plausible(const struct chunk_stats *st)
{
	bool all_nan = st->nan_count == st->count;

	return st->nan_count <= st->count && (st->min != st->min) == all_nan && (st->max != st->max) == all_nan &&
	       (all_nan || st->min <= st->max);
}

/* All six or none. */
static int get_stats(const struct json_place *at, struct manifest_block *b)
{
	struct chunk_stats *st = &b->stats;
	int ret;

	if (json_find(at, "min") == NULL && json_find(at, "max") == NULL && json_find(at, "sum") == NULL &&
	    json_find(at, "first") == NULL && json_find(at, "last") == NULL && json_find(at, "nan_count") == NULL)
		return COUNT_OK;
	*st = (struct chunk_stats){ .first_time = b->start, .last_time = b->end, .count = b->points };
	ret = json_get_count(at, "nan_count", true, 0, &st->nan_count);
	if (ret == COUNT_OK)
		ret = json_get_double(at, "min", &st->min);
	if (ret == COUNT_OK)
		ret = json_get_double(at, "max", &st->max);
	if (ret == COUNT_OK)
		ret = get_sum(at, &st->sum);
	if (ret == COUNT_OK)
		ret = json_get_double(at, "first", &st->first);
	if (ret == COUNT_OK)
		ret = json_get_double(at, "last", &st->last);
	if (ret == COUNT_OK && !plausible(st))
		ret = json_bad(at, "nan_count", "does not agree with \"min\" and \"max\"");
	b->has_stats = ret == COUNT_OK;
	return ret;
}

static void put_stats(struct json_writer *w, const struct chunk_stats *st)
{
	json_put_int(w, "nan_count", (int64_t)st->nan_count);
	json_put_double(w, "min", st->min);
	json_put_double(w, "max", st->max);
	json_open(w, "sum", '[');
	json_put_double(w, NULL, st->sum.hi);
	json_put_double(w, NULL, st->sum.lo);
	json_close(w, ']');
	json_put_double(w, "first", st->first);
	json_put_double(w, "last", st->last);
}

int json_block_claims(const struct json_place *at, struct manifest_block *b)
{
	char *hash = NULL;
	int ret = json_get_text(at, "points_hash", false, JSON_TEXT_MAX, &hash);

	if (ret == COUNT_OK && hash != NULL) {
		b->has_hash = json_hash_parse(hash, b->points_hash);
		if (!b->has_hash)
			ret = json_bad(at, "points_hash", "is not xxh128: and 32 hexadecimal digits");
	}
	free(hash);
	if (ret == COUNT_OK)
		ret = json_get_count(at, "seq", false, 0, &b->seq);
	if (ret == COUNT_OK)
		ret = json_get_text(at, "writer", false, MANIFEST_WRITER_MAX, &b->writer);
	if (ret == COUNT_OK)
		ret = json_get_text(at, "codec", false, JSON_TEXT_MAX, &b->codec);
	return ret == COUNT_OK ? get_stats(at, b) : ret;
}

void json_put_block_claims(struct json_writer *w, const struct manifest_block *b)
{
	if (b->has_hash)
		json_put_hash(w, "points_hash", b->points_hash);
	if (b->seq != 0)
		json_put_int(w, "seq", (int64_t)b->seq);
	if (b->writer != NULL)
		json_put_text(w, "writer", b->writer);
	if (b->codec != NULL)
		json_put_text(w, "codec", b->codec);
	if (b->has_stats)
		put_stats(w, &b->stats);
}

/* ---- Statistics by day: [first time, last time, count, NaN, min, max, sum hi, sum lo, first, last] ---- */

enum { DAY_INTS = 4, DAY_DOUBLES = 6 };

static bool get_day(const json_t *row, struct chunk_stats *st)
{
	double *const doubles[DAY_DOUBLES] = { &st->min, &st->max, &st->sum.hi, &st->sum.lo, &st->first, &st->last };
	int64_t ints[DAY_INTS];

	if (json_array_size(row) != DAY_INTS + DAY_DOUBLES)
		return false;
	for (size_t i = 0; i < DAY_INTS; i++) {
		const json_t *v = json_array_get(row, i);

		if (!json_is_integer(v))
			return false;
		ints[i] = json_integer_value(v);
	}
	for (size_t i = 0; i < DAY_DOUBLES; i++)
		if (!json_double_parse(json_array_get(row, DAY_INTS + i), doubles[i]))
			return false;
	if (ints[1] < ints[0] || ints[2] < 1 || ints[3] < 0)
		return false;
	st->first_time = ints[0];
	st->last_time = ints[1];
	st->count = (uint64_t)ints[2];
	st->nan_count = (uint64_t)ints[3];
	return st->count - 1 <= (uint64_t)ints[1] - (uint64_t)ints[0] && plausible(st);
}

static int64_t day_of(int64_t t, int64_t day)
{
	return t / day - (t % day < 0);
}

/* Each row lies in a day of its own, in order, and together they have the block's times and count. */
static bool days_agree(const struct manifest_block *b, enum count_unit unit)
{
	const struct chunk_stats *d = b->days;
	int64_t day = 86400 * unit_per_second(unit);
	uint64_t points = 0;

	for (size_t i = 0; i < b->ndays; i++) {
		if (day_of(d[i].first_time, day) != day_of(d[i].last_time, day) ||
		    (i > 0 && day_of(d[i].first_time, day) <= day_of(d[i - 1].first_time, day)) ||
		    d[i].count > b->points - points)
			return false;
		points += d[i].count;
	}
	return points == b->points && d[0].first_time == b->start && d[b->ndays - 1].last_time == b->end;
}

int json_days_get(const struct json_place *at, enum count_unit unit, struct manifest_block *b)
{
	const json_t *rows = NULL;
	int ret = json_get_array(at, "days", false, SIZE_MAX, &rows);
	size_t n = json_array_size(rows);

	if (ret != COUNT_OK || n == 0)
		return ret;
	b->days = calloc(n, sizeof(*b->days));
	if (b->days == NULL)
		return err_nomem(at->err);
	for (; b->ndays < n; b->ndays++)
		if (!get_day(json_array_get(rows, b->ndays), &b->days[b->ndays]))
			return json_bad(at, "days", "has a bad row");
	return days_agree(b, unit) ? COUNT_OK : json_bad(at, "days", "do not add up to the block");
}

void json_days_put(struct json_writer *w, const struct manifest_block *b)
{
	json_open(w, "days", '[');
	for (size_t i = 0; i < b->ndays; i++) {
		const struct chunk_stats *st = &b->days[i];

		json_open(w, NULL, '[');
		json_put_int(w, NULL, st->first_time);
		json_put_int(w, NULL, st->last_time);
		json_put_int(w, NULL, (int64_t)st->count);
		json_put_int(w, NULL, (int64_t)st->nan_count);
		json_put_double(w, NULL, st->min);
		json_put_double(w, NULL, st->max);
		json_put_double(w, NULL, st->sum.hi);
		json_put_double(w, NULL, st->sum.lo);
		json_put_double(w, NULL, st->first);
		json_put_double(w, NULL, st->last);
		json_close(w, ']');
	}
	json_close(w, ']');
}

/* ---- What the whole says of itself ---- */

int json_series_get(const struct json_place *at, char **series, size_t *len)
{
	const json_t *v = json_find(at, "series_name");
	char name[COUNT_SERIES_MAX + 1];
	struct count_error why = { 0 };

	if (!json_is_string(v))
		return json_bad(at, "series_name", v == NULL ? "is missing" : "is no string");
	if (count_series_canonical(json_string_value(v), json_string_length(v), name, len, &why) != COUNT_OK)
		return json_bad(at, "series_name", "is no name of a series");
	*series = strdup(name);
	return *series == NULL ? err_nomem(at->err) : COUNT_OK;
}

int json_version_get(const struct json_place *at, unsigned *version, bool *has_unit, enum count_unit *unit)
{
	const json_t *name = json_find(at, "unit");
	int64_t v = 0;
	int ret = json_get_int(at, "version", false, 1, &v);

	if (ret != COUNT_OK)
		return ret;
	if (v > MANIFEST_VERSION)
		return err_set(at->err, COUNT_ERR_VERSION, "it has version %lld, this program knows %d at most",
			       (long long)v, MANIFEST_VERSION);
	if ((name == NULL) != (v == 0))
		return json_bad(at, name == NULL ? "unit" : "version", "is missing");
	*version = (unsigned)v;
	for (int u = COUNT_UNIT_S; name != NULL && u <= COUNT_UNIT_NS; u++) {
		if (json_is_string(name) && strcmp(json_string_value(name), unit_name((enum count_unit)u)) == 0) {
			*unit = (enum count_unit)u;
			*has_unit = true;
		}
	}
	return name == NULL || *has_unit ? COUNT_OK : json_bad(at, "unit", "is not s, ms, us or ns");
}
