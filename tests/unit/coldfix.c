/* coldfix.c - a bucket with objects and manifests; see coldfix.h. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coldfix.h"
#include "format/chunklist.h"

#define DAY_MS 86400000

static int64_t day_of(int64_t t)
{
	return t >= 0 ? t / DAY_MS : -((-t - 1) / DAY_MS) - 1;
}

/* Statistics of each day, and of all of them. */
static void add_days(const struct coldfix_block *v, struct manifest_block *b)
{
	for (size_t i = 0, k; i < v->n; i = k) {
		struct chunk_stats st;

		for (k = i + 1; k < v->n && day_of(v->times[k]) == day_of(v->times[i]); k++)
			;
		stats_of(v->times + i, v->values + i, k - i, &st);
		if (i == 0)
			b->stats = st;
		else
			stats_merge(&b->stats, &st);
		if (v->plain || v->sparse)
			continue;
		b->days = reallocarray(b->days, b->ndays + 1, sizeof(*b->days));
		b->days[b->ndays++] = st;
	}
}

static bool add_chunks(const struct coldfix_block *v, struct chunklist_writer *w)
{
	struct chunk_coder *coder = chunk_coder_new();
	bool good = coder != NULL;

	for (size_t i = 0, k; good && i < v->n; i = k) {
		for (k = i + 1; k < v->n && k - i < COLUMN_PAGE &&
		     (v->loose || day_of(v->times[k]) == day_of(v->times[i])); k++)
			;
		good = chunklist_add(w, coder, COLUMN_DEFAULT, NULL, v->times + i, v->values + i, k - i) == COUNT_OK;
	}
	chunk_coder_delete(coder);
	return good;
}

static bool put(struct cold_tier *t, const char *key, const struct buf *bytes, char etag[OBJSTORE_ETAG_MAX + 1])
{
	struct objstore_req req = { .op = OBJSTORE_PUT, .key = key, .put = { .data = bytes->data, .len = bytes->len } };
	bool good = objstore_run(t->store, &req) == OBJSTORE_OK;

	strcpy(etag, req.etag);
	objstore_req_free(&req);
	return good;
}

static bool hash_points(const struct coldfix_block *v, uint8_t hash[16])
{
	struct points_hash *h = points_hash_new();

	if (h == NULL)
		return false;
	points_hash_add(h, v->times, v->values, v->n);
	points_hash_end(h, hash);
	points_hash_delete(h);
	return true;
}

static char *checksum(const struct buf *bytes)
{
	XXH128_canonical_t c;
	char *text = malloc(7 + 32 + 1);

	XXH128_canonicalFromHash(&c, XXH3_128bits(bytes->data, bytes->len));
	strcpy(text, "xxh128:");
	for (size_t i = 0; i < sizeof(c.digest); i++)
		sprintf(text + 7 + 2 * i, "%02x", c.digest[i]);
	return text;
}

static bool put_block(struct cold_tier *t, const char *series, const struct coldfix_block *v, struct manifest *m)
{
	struct manifest_block *b = manifest_add_block(m);
	struct cold_object o = { .kind = OBJECT_COUNT, .version = MANIFEST_VERSION, .unit = t->dir->format.unit };
	struct chunklist_writer w = { 0 };
	char key[OBJSTORE_KEY_MAX + 1], etag[OBJSTORE_ETAG_MAX + 1];
	struct buf bytes = { 0 };
	unsigned nth = 1;
	bool gzipped, good;

	for (size_t i = 0; i + 1 < m->nblocks; i++)
		nth += m->blocks[i].start == v->times[0] && m->blocks[i].end == v->times[v->n - 1];
	good = b != NULL && cold_block_key(t, series, strlen(series), v->times[0], v->times[v->n - 1], nth, key,
					   NULL) == COUNT_OK;
	if (!good)
		return false;
	b->key = strdup(key);
	b->start = v->times[0];
	b->end = v->times[v->n - 1];
	b->points = v->n;
	b->seq = m->seq;
	b->writer = strdup(t->writer);
	b->codec = strdup("test+test");
	add_days(v, b);
	good = add_chunks(v, &w) && chunklist_finish(&w, &o.chunks) == COUNT_OK && hash_points(v, b->points_hash);
	b->has_hash = b->has_stats = !v->plain;
	o.series = strdup(series);
	o.series_len = strlen(series);
	good = good && manifest_block_copy(b, &o.block) == COUNT_OK &&
	       t->json->object_print(&o, &gzipped, &bytes) == COUNT_OK && put(t, key, &bytes, etag);
	if (good && !v->plain) {
		b->size = bytes.len;
		b->etag = strdup(etag);
		b->checksum = checksum(&bytes);
	}
	chunklist_writer_free(&w);
	cold_object_free(&o);
	buf_free(&bytes);
	return good;
}

bool coldfix_put(struct cold_tier *t, const char *series, const struct coldfix_block *v, size_t n)
{
	struct manifest m = { .series = strdup(series), .series_len = strlen(series), .version = MANIFEST_VERSION,
			      .has_unit = true, .unit = t->dir->format.unit, .seq = 1, .writer = strdup(t->writer) };
	char key[OBJSTORE_KEY_MAX + 1], etag[OBJSTORE_ETAG_MAX + 1];
	struct buf text = { 0 };
	bool good = true;

	for (size_t i = 0; i < n && good; i++)
		good = put_block(t, series, &v[i], &m);
	good = good && t->json->manifest_print(&m, &text) == COUNT_OK &&
	       cold_manifest_key(t, series, strlen(series), key, NULL) == COUNT_OK && put(t, key, &text, etag);
	buf_free(&text);
	manifest_free(&m);
	return good;
}

bool coldfix_open(struct cold_tier *t, struct cold_settings *s, struct datadir *d, const char *dir)
{
	struct count_error err = { 0 };
	char url[512];

	snprintf(url, sizeof(url), "file://%s", dir);
	cold_settings_init(s);
	s->enabled = true;
	if (cold_settings_text(s, COLD_BUCKET, "bucket") != COUNT_OK ||
	    cold_settings_text(s, COLD_PREFIX, "count-data") != COUNT_OK ||
	    cold_settings_text(s, COLD_ENDPOINT, url) != COUNT_OK)
		return false;
	d->path = (char *)"test";
	d->format.unit = COUNT_UNIT_MS;
	memset(d->format.id, 0xab, sizeof(d->format.id));
	*t = (struct cold_tier){ 0 };
	if (cold_tier_create(t, s, d, &err) == COUNT_OK)
		return true;
	fprintf(stderr, "%s\n", err.text);
	return false;
}
