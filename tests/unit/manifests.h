/* manifests.h - for tests of the cold tier: manifests to order, and their comparison field by field. */
#ifndef COUNT_TESTS_MANIFESTS_H
#define COUNT_TESTS_MANIFESTS_H

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/manifest.h"

#define DAY_MS INT64_C(86400000)

static inline char *text_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline char *text_of(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	return s;
}

/* A small generator, so that a test is the same everywhere. */
static inline uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 11;
}

/* A row as of a gauge with two decimals, sampled each minute. */
static inline struct chunk_stats day_row(int64_t first, uint64_t count, uint64_t *state)
{
	struct chunk_stats s = { .first_time = first, .last_time = first + (int64_t)(count - 1) * 60000,
				 .count = count };

	s.min = (double)(next_random(state) % 1000) / 100;
	s.max = s.min + (double)(next_random(state) % 1000) / 100;
	s.first = s.min + (s.max - s.min) / 4;
	s.last = s.min + (s.max - s.min) / 3;
	s.sum.hi = (double)count * (s.min + s.max) / 2;
	s.sum.lo = s.sum.hi * 1e-17 * (double)(next_random(state) % 100);
	return s;
}

/* A block of ndays days from day 19000 + day on. */
static inline void add_block(struct manifest *m, const char *dir, int day, size_t ndays, uint64_t *state)
{
	struct manifest_block *b = manifest_add_block(m);
	int64_t start = (19000 + day) * DAY_MS;

	b->days = calloc(ndays, sizeof(*b->days));
	b->ndays = ndays;
	for (size_t i = 0; i < ndays; i++)
		b->days[i] = day_row(start + (int64_t)i * DAY_MS, 1440, state);
	b->stats = b->days[0];
	for (size_t i = 1; i < ndays; i++)
		stats_merge(&b->stats, &b->days[i]);
	b->has_stats = b->has_hash = true;
	b->start = b->stats.first_time;
	b->end = b->stats.last_time;
	b->points = b->stats.count;
	b->size = 1000 + next_random(state) % 1000000;
	b->key = text_of("%sblock_%" PRId64 "_%" PRId64 ".json", dir, b->start, b->end);
	b->etag = text_of("%016" PRIx64 "%016" PRIx64, next_random(state), next_random(state));
	b->checksum = text_of("xxh128:%016" PRIx64 "%016" PRIx64, next_random(state), next_random(state));
	for (size_t i = 0; i < 16; i++)
		b->points_hash[i] = (uint8_t)next_random(state);
	b->seq = m->nblocks;
	b->writer = text_of("%s", m->writer);
	b->codec = text_of("regular+decimal");
}

/* m: empty; nblocks blocks of ndays days each. */
static inline void make_manifest(struct manifest *m, const char *series, const char *writer, size_t nblocks,
				 size_t ndays, uint64_t seed)
{
	char *dir = text_of("count-data/%s/", series);

	m->series = text_of("%s", series);
	m->series_len = strlen(series);
	m->version = MANIFEST_VERSION;
	m->has_unit = true;
	m->unit = COUNT_UNIT_MS;
	m->seq = seed;
	m->writer = text_of("%s", writer);
	for (size_t i = 0; i < nblocks; i++)
		add_block(m, dir, (int)(i * ndays), ndays, &seed);
	free(dir);
}

static inline bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Bit for bit. */
static inline bool same_stats(const struct chunk_stats *a, const struct chunk_stats *b)
{
	return a->first_time == b->first_time && a->last_time == b->last_time && a->count == b->count &&
	       a->nan_count == b->nan_count && memcmp(&a->min, &b->min, 8) == 0 &&
	       memcmp(&a->max, &b->max, 8) == 0 && memcmp(&a->sum, &b->sum, 16) == 0 &&
	       memcmp(&a->first, &b->first, 8) == 0 && memcmp(&a->last, &b->last, 8) == 0;
}

static inline bool same_block(const struct manifest_block *a, const struct manifest_block *b)
{
	if (!same_text(a->key, b->key) || a->start != b->start || a->end != b->end || a->points != b->points ||
	    a->size != b->size || !same_text(a->etag, b->etag) || !same_text(a->checksum, b->checksum) ||
	    a->has_hash != b->has_hash || memcmp(a->points_hash, b->points_hash, 16) != 0 ||
	    a->seq != b->seq || !same_text(a->writer, b->writer) || !same_text(a->codec, b->codec) ||
	    a->has_stats != b->has_stats || a->ndays != b->ndays || !same_text(a->other, b->other) ||
	    (a->has_stats && !same_stats(&a->stats, &b->stats)))
		return false;
	for (size_t i = 0; i < a->ndays; i++)
		if (!same_stats(&a->days[i], &b->days[i]))
			return false;
	return true;
}

static inline bool same_manifest(const struct manifest *a, const struct manifest *b)
{
	if (a->series_len != b->series_len || memcmp(a->series, b->series, a->series_len) != 0 ||
	    a->version != b->version || a->has_unit != b->has_unit || (a->has_unit && a->unit != b->unit) ||
	    a->seq != b->seq || !same_text(a->writer, b->writer) || a->nblocks != b->nblocks ||
	    a->ngarbage != b->ngarbage || !same_text(a->other, b->other))
		return false;
	for (size_t i = 0; i < a->nblocks; i++)
		if (!same_block(&a->blocks[i], &b->blocks[i]))
			return false;
	for (size_t i = 0; i < a->ngarbage; i++)
		if (!same_text(a->garbage[i].key, b->garbage[i].key) || a->garbage[i].since_s != b->garbage[i].since_s)
			return false;
	return true;
}

#endif
