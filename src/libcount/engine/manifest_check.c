/* manifest_check.c - objects, point by point; see manifest_check.h. */
#include "engine/manifest_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"
#include "cold/points.h"
#include "format/chunklist.h"

/* ---- Made anew from the points ---- */

struct tally {
	struct points_hash *hash;
	struct chunk_stats all;
	uint64_t n;
	int64_t day_len;
	const struct chunk_stats *days;		/* to compare with */
	size_t ndays, day;
	struct chunk_stats now;			/* of the day that the last points lie in */
	uint64_t in_day;
	bool days_differ;
};

static bool same_value(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static bool same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b));
}

/* Sums of the same terms in another order agree to far less than this. */
static bool same_sum(const struct chunk_stats *a, const struct chunk_stats *b)
{
	double x = a->sum.hi, y = b->sum.hi, size = fabs(x) + fabs(a->min) + fabs(a->max);

	return same_value(x, y) || fabs(x - y) <= 1e-12 * size * (double)a->count;
}

static bool same_stats(const struct chunk_stats *a, const struct chunk_stats *b)
{
	return a->first_time == b->first_time && a->last_time == b->last_time && a->count == b->count &&
	       a->nan_count == b->nan_count && same_value(a->min, b->min) && same_value(a->max, b->max) &&
	       same_bits(a->first, b->first) && same_bits(a->last, b->last) && same_sum(a, b);
}

static void end_day(struct tally *t)
{
	if (t->in_day == 0)
		return;
	t->days_differ |= t->day >= t->ndays || !same_stats(&t->now, &t->days[t->day]);
	t->day++;
	t->in_day = 0;
}

static int64_t day_of(const struct tally *t, int64_t time)
{
	int64_t q = time / t->day_len;

	return time % t->day_len < 0 ? q - 1 : q;
}

static void tally_day(struct tally *t, const int64_t *times, const double *values, size_t n)
{
	struct chunk_stats part;

	if (t->in_day > 0 && day_of(t, t->now.first_time) != day_of(t, times[0]))
		end_day(t);
	stats_of(times, values, n, &part);
	if (t->in_day > 0)
		stats_merge(&t->now, &part);
	else
		t->now = part;
	t->in_day += n;
}

static int tally_points(void *arg, const int64_t *times, const double *values, size_t n)
{
	struct tally *t = arg;
	struct chunk_stats part;

	points_hash_add(t->hash, times, values, n);
	stats_of(times, values, n, &part);
	if (t->n > 0)
		stats_merge(&t->all, &part);
	else
		t->all = part;
	t->n += n;
	for (size_t i = 0, from = 0; i < n && t->ndays > 0; i++) {
		if (i + 1 < n && day_of(t, times[i + 1]) == day_of(t, times[from]))
			continue;
		tally_day(t, times + from, values + from, i + 1 - from);
		from = i + 1;
	}
	return COUNT_OK;
}

static int64_t day_length(enum count_unit unit)
{
	static const int64_t per_second[] = {
		[COUNT_UNIT_S] = 1, [COUNT_UNIT_MS] = 1000, [COUNT_UNIT_US] = 1000000, [COUNT_UNIT_NS] = 1000000000,
	};

	return 86400 * per_second[unit];
}

static int tally_object(struct manifest_run *r, const struct cold_object *o, const struct manifest_block *b,
			struct tally *t, struct count_error *err)
{
	struct count_error why = { 0 };
	int ret;

	*t = (struct tally){ .hash = points_hash_new(), .day_len = day_length(r->db->dir.format.unit),
			     .days = b->days, .ndays = b->ndays };
	if (t->hash == NULL)
		return err_nomem(err);
	points_hash_reset(t->hash);
	ret = cold_object_points(o, r->coder, tally_points, t, &why);
	if (t->ndays > 0)
		end_day(t);
	return ret == COUNT_OK ? ret : err_set(err, ret, "%.240s: %.200s", b->key, why.text);
}

/* What is not as the entry says; NULL: nothing. */
static const char *differs(const struct tally *t, const struct manifest_block *b, bool legacy)
{
	uint8_t hash[16];

	points_hash_end(t->hash, hash);
	if (legacy ? t->n > b->points : t->n != b->points)
		return "it holds another number of points than its manifest says";
	if (b->has_hash && memcmp(hash, b->points_hash, sizeof(hash)) != 0)
		return "its points do not have the hash of its manifest";
	if (b->has_stats && !same_stats(&t->all, &b->stats))
		return "its points have other statistics than its manifest says: aggregates over it are wrong";
	if (b->ndays > 0 && (t->days_differ || t->day != b->ndays))
		return "its points have other statistics of days than its manifest says: aggregates over it are wrong";
	return NULL;
}

int check_object(struct manifest_run *r, const struct manifest_block *b, const char *series, const struct buf *bytes,
		 struct count_error *err)
{
	struct cold_object o = { 0 };
	struct tally t = { 0 };
	const char *why;
	int ret = cold_object_take(&r->tier, b, series, strlen(series), bytes->data, bytes->len, &o, err);

	if (ret != COUNT_OK)
		return ret;
	ret = tally_object(r, &o, b, &t, err);
	why = ret == COUNT_OK ? differs(&t, b, o.kind == OBJECT_LEGACY) : NULL;
	if (why != NULL)
		ret = err_set(err, COUNT_ERR_COLD, "%.240s: %s; count-manifest rebuild makes a right entry of the "
			      "object",
			      b->key, why);
	points_hash_delete(t.hash);
	cold_object_free(&o);
	return ret;
}

/* ---- Objects that no entry describes ---- */

static bool set_text(char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
	return *to != NULL;
}

static bool set_checksum(struct manifest_block *b, const struct buf *bytes)
{
	XXH128_canonical_t canon;
	char text[48] = "xxh128:";

	XXH128_canonicalFromHash(&canon, XXH3_128bits(bytes->data, bytes->len));
	for (size_t i = 0; i < sizeof(canon.digest); i++)
		snprintf(text + 7 + 2 * i, 3, "%02x", canon.digest[i]);
	return set_text(&b->checksum, text);
}

/* Statistics are made anew: what an object says of itself is a claim. */
static int describe(struct manifest_run *r, const char *key, const struct cold_object *o, const struct buf *bytes,
		    const char *etag, struct manifest_block *b, struct count_error *err)
{
	struct tally t = { 0 };
	const char *why;
	int ret;

	if (manifest_block_copy(&o->block, b) != COUNT_OK || !set_text(&b->key, key) || !set_text(&b->etag, etag) ||
	    !set_checksum(b, bytes))
		return err_nomem(err);
	b->size = bytes->len;
	ret = tally_object(r, o, b, &t, err);
	why = ret == COUNT_OK ? differs(&t, b, o->kind == OBJECT_LEGACY) : NULL;
	if (why != NULL)
		ret = err_set(err, COUNT_ERR_COLD, "%.240s: its points are not what it says of them", key);
	if (ret == COUNT_OK) {
		points_hash_end(t.hash, b->points_hash);
		/* The prototype's may hold a time twice, and its entry then counts it twice: no claim is made of it. */
		b->has_hash = b->has_stats = t.n == b->points;
		b->stats = t.all;
	}
	points_hash_delete(t.hash);
	return ret;
}

static int check_place(struct manifest_run *r, const char *key, const char *series, const struct cold_object *o,
		       struct count_error *err)
{
	char dir[OBJSTORE_KEY_MAX + 1];
	int64_t start, end;
	const char *part;
	size_t len;
	int ret = COUNT_OK;

	if (cold_key_parse(&r->tier, key, &part, &len, &start, &end) != COLD_KEY_BLOCK || start != o->block.start ||
	    end != o->block.end)
		return err_set(err, COUNT_ERR_COLD, "%.240s: its points have other times than its key says", key);
	if (o->kind == OBJECT_LEGACY)
		return series != NULL ? COUNT_OK : err_set(err, COUNT_ERR_COLD, "%.240s: it does not say its series",
							   key);
	if (o->unit != r->db->dir.format.unit)
		return err_set(err, COUNT_ERR_COLD, "%.240s: its times are in another unit than those of this "
			       "directory",
			       key);
	ret = cold_dir(&r->tier, o->series, o->series_len, dir, err);
	if (ret == COUNT_OK && strncmp(key, dir, strlen(dir)) != 0)
		ret = err_set(err, COUNT_ERR_COLD, "%.240s: it is an object of %.150s", key, o->series);
	return ret;
}

int check_orphan(struct manifest_run *r, const char *key, const char *series, const struct buf *bytes,
		 const char *etag, struct manifest_block *b, struct cold_object *o, struct count_error *err)
{
	struct cold_object own = { 0 };
	struct count_error why = { 0 };
	int ret = r->tier.json->object_parse(bytes->data, bytes->len, &own, &why);

	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	if (ret != COUNT_OK)
		return err_set(err, COUNT_ERR_COLD, "%.240s: %.200s", key, why.text);
	ret = check_place(r, key, series, &own, err);
	if (ret == COUNT_OK)
		ret = describe(r, key, &own, bytes, etag, b, err);
	if (ret != COUNT_OK)
		manifest_block_free(b);
	if (ret == COUNT_OK && o != NULL)
		*o = own;
	else
		cold_object_free(&own);
	return ret;
}
