/*
 * sync.c - the whole prefix, listed and compared with the index; see sync.h.
 *
 * Keys are in the order of encoded names, the index in that of names, and a long name's key is a hash.  So what was
 * listed is remembered as 128 bits of each series' directory, and what the index has beyond them is gone.
 */
#include "cold/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"
#include "cold/endpoint.h"
#include "cold/sync_impl.h"

#define WARNINGS 3		/* of manifests at no series' place; the rest are counted */

struct sync {
	struct manifest_reader reader;
	struct cold_sync_report *report;
	XXH128_hash_t *listed;		/* directories with a manifest */
	size_t nlisted, cap;
	/* Long names of the index: their keys do not tell them. */
	struct long_name { XXH128_hash_t dir; char *name; size_t len; } *longs;
	size_t nlongs, longs_cap;
};

static int order(const void *a, const void *b)
{
	return XXH128_cmp(a, b);
}

static int out_of_memory(struct sync *s)
{
	struct count_error why = { 0 };

	err_nomem(&why);
	manifest_reader_fail(&s->reader, &why);
	return COUNT_ERR_NOMEM;
}

/* ---- Names that keys do not tell ---- */

static int add_long(struct sync *s, const struct coldindex_entry *e, struct count_error *err)
{
	char dir[OBJSTORE_KEY_MAX + 1], *name;
	int ret = cold_dir(s->reader.t, e->name, e->name_len, dir, err);

	if (ret != COUNT_OK)
		return ret;
	if (s->nlongs == s->longs_cap) {
		struct long_name *v = reallocarray(s->longs, s->longs_cap * 2 + 16, sizeof(*v));

		if (v == NULL)
			return err_nomem(err);
		s->longs = v;
		s->longs_cap = s->longs_cap * 2 + 16;
	}
	name = malloc(e->name_len);
	if (name == NULL)
		return err_nomem(err);
	memcpy(name, e->name, e->name_len);
	s->longs[s->nlongs++] = (struct long_name){ XXH3_128bits(dir, strlen(dir)), name, e->name_len };
	return COUNT_OK;
}

static int find_longs(struct sync *s, struct count_error *err)
{
	struct cold_index_cursor c = { 0 };
	struct coldindex_entry e;
	int ret;

	while ((ret = cold_index_next(s->reader.x, &c, &e, err)) == 1) {
		ret = keyname_is_long(e.name, e.name_len) ? add_long(s, &e, err) : COUNT_OK;
		if (ret != COUNT_OK)
			return ret;
	}
	if (ret == COUNT_OK && s->nlongs > 0)
		qsort(s->longs, s->nlongs, sizeof(*s->longs), order);
	return ret;
}

/* The series of a listed manifest, if it can be told before it is read: *len > 0.  False: there is none. */
static bool name_of(const struct sync *s, const char *part, size_t part_len, XXH128_hash_t dir, char *out,
		    size_t *len)
{
	int ret = keyname_decode(part, part_len, out, len);
	const struct long_name *l;

	if (ret == COUNT_OK)
		return true;
	*len = 0;
	if (ret != COUNT_ERR_NOTFOUND)
		return false;
	l = s->nlongs == 0 ? NULL : bsearch(&dir, s->longs, s->nlongs, sizeof(*s->longs), order);
	if (l != NULL) {
		memcpy(out, l->name, l->len);
		*len = l->len;
	}
	return true;
}

/* ---- The listing ---- */

static int remember(struct sync *s, XXH128_hash_t dir)
{
	if (s->nlisted == s->cap) {
		XXH128_hash_t *v = reallocarray(s->listed, s->cap * 2 + 1024, sizeof(*v));

		if (v == NULL)
			return out_of_memory(s);
		s->listed = v;
		s->cap = s->cap * 2 + 1024;
	}
	s->listed[s->nlisted++] = dir;
	return COUNT_OK;
}

static void not_ours(struct sync *s, const char *key)
{
	const struct datadir *dir = s->reader.t->dir;

	if (s->report->other++ < WARNINGS)
		log_msg(&dir->log, 1, "%.300s: not at the place of any series, left out", key);
}

static void see_manifest(struct sync *s, const struct objstore_entry *o, const char *part, size_t part_len)
{
	XXH128_hash_t dir = XXH3_128bits(o->key, (size_t)(part + part_len + 1 - o->key));
	struct count_error why = { 0 };
	struct coldindex_entry e = { 0 };
	char name[COUNT_SERIES_MAX];
	size_t len;
	int found;

	if (!name_of(s, part, part_len, dir, name, &len)) {
		not_ours(s, o->key);
		return;
	}
	s->report->series++;
	if (remember(s, dir) != COUNT_OK)
		return;
	found = len == 0 ? 0 : cold_index_find(s->reader.x, name, len, &e, &why);
	if (found < 0) {
		manifest_reader_fail(&s->reader, &why);
		return;
	}
	if (found == 0 || e.etag_len == 0 || e.etag_len > OBJSTORE_ETAG_MAX)
		manifest_reader_get(&s->reader, o->key, name, len, "", 0, o->size);
	else if (o->etag[0] == '\0')
		manifest_reader_get(&s->reader, o->key, name, len, e.etag, e.etag_len, o->size);
	else if (strlen(o->etag) != e.etag_len || memcmp(o->etag, e.etag, e.etag_len) != 0)
		manifest_reader_get(&s->reader, o->key, name, len, "", 0, o->size);
}

static void see(struct sync *s, const struct objstore_entry *o)
{
	const char *part;
	size_t part_len;
	int64_t start, end;

	switch (cold_key_parse(s->reader.t, o->key, &part, &part_len, &start, &end)) {
	case COLD_KEY_MANIFEST:
		see_manifest(s, o, part, part_len);
		break;
	case COLD_KEY_BLOCK:
		break;
	case COLD_KEY_OTHER:
		s->report->other++;
	}
}

/* No bucket, or a reply that is none: of the cold tier, not of a local file. */
static void cannot_list(struct manifest_reader *r, struct count_error *why)
{
	bool cold = why->code == COUNT_ERR_NOTFOUND || why->code == COUNT_ERR_CORRUPT;

	manifest_reader_fail(r, why);
	r->stop = true;
	if (cold)
		r->first.code = COUNT_ERR_COLD;
}

/* One page; *token: where the next one begins, NULL after the last. */
static void list_page(struct sync *s, const char *prefix, bool etags, char **token)
{
	struct manifest_reader *r = &s->reader;
	struct objstore_req list = { .op = OBJSTORE_LIST, .key = prefix, .list = { .token = *token, .etags = etags } };

	objstore_submit(r->t->store, &list);
	manifest_reader_wait(r, &list);
	free(*token);
	*token = NULL;
	if (list.result != OBJSTORE_OK && !r->stop)
		cannot_list(r, &list.err);
	for (size_t i = 0; i < list.page.len && !r->stop; i++)
		see(s, &list.page.v[i]);
	if (!r->stop && list.page.token != NULL) {
		*token = strdup(list.page.token);
		if (*token == NULL)
			out_of_memory(s);
	}
	objstore_req_free(&list);
}

static void list_all(struct sync *s)
{
	const struct cold_settings *settings = s->reader.t->settings;
	bool etags = endpoint_dir(settings->text[COLD_ENDPOINT]) == NULL;
	char *token = NULL, *prefix;

	if (asprintf(&prefix, "%s/", settings->text[COLD_PREFIX]) < 0) {
		out_of_memory(s);
		return;
	}
	do
		list_page(s, prefix, etags, &token);
	while (token != NULL && !s->reader.stop);
	free(token);
	free(prefix);
	manifest_reader_wait(&s->reader, NULL);
}

/* ---- What is not there any more ---- */

/* Appends the name of each series that was not listed, with its length before it. */
static int find_gone(struct sync *s, struct buf *names, struct count_error *err)
{
	char dir[OBJSTORE_KEY_MAX + 1];
	struct cold_index_cursor c = { 0 };
	struct coldindex_entry e;
	int ret;

	while ((ret = cold_index_next(s->reader.x, &c, &e, err)) == 1) {
		XXH128_hash_t hash;

		ret = cold_dir(s->reader.t, e.name, e.name_len, dir, err);
		if (ret != COUNT_OK)
			return ret;
		hash = XXH3_128bits(dir, strlen(dir));
		if (s->nlisted > 0 && bsearch(&hash, s->listed, s->nlisted, sizeof(hash), order) != NULL)
			continue;
		buf_put_u16(names, (uint16_t)e.name_len);
		buf_put(names, e.name, e.name_len);
	}
	return ret != COUNT_OK || !names->failed ? ret : err_nomem(err);
}

static int forget_gone(struct sync *s, struct count_error *err)
{
	struct buf names = { 0 };
	int ret;

	if (s->nlisted > 0)
		qsort(s->listed, s->nlisted, sizeof(*s->listed), order);
	ret = find_gone(s, &names, err);
	for (size_t at = 0; at < names.len && ret == COUNT_OK; ) {
		size_t len = (size_t)names.data[at] | (size_t)names.data[at + 1] << 8;

		ret = cold_index_put(s->reader.x, (const char *)names.data + at + 2, len, NULL, NULL,
				     s->reader.began_s, err);
		s->reader.gone += ret == COUNT_OK;
		log_msg(&s->reader.t->dir->log, 1, "%s: the manifest of %.*s is not there any more, nor are its points",
			s->reader.t->scope, (int)len, (const char *)names.data + at + 2);
		at += 2 + len;
	}
	buf_free(&names);
	return ret;
}

/* ---- All of it ---- */

static uint64_t requests_of(const struct cold_tier *t)
{
	struct objstore_counts c = objstore_counts(t->store);
	uint64_t sum = 0;

	for (size_t i = 0; i <= OBJSTORE_LIST; i++)
		sum += c.requests[i];
	return sum;
}

static int set_synced(struct cold_tier *t, struct cold_index *x, int64_t when_s, struct count_error *err)
{
	struct coldindex_facts facts = { 0 };
	int ret = cold_tier_facts(t, when_s, &facts);

	if (ret != COUNT_OK)
		return err_nomem(err);
	ret = cold_index_set_facts(x, &facts, err);
	coldindex_facts_free(&facts);
	return ret;
}

static void free_sync(struct sync *s)
{
	for (size_t i = 0; i < s->nlongs; i++)
		free(s->longs[i].name);
	free(s->longs);
	free(s->listed);
	manifest_reader_free(&s->reader);
}

int cold_sync(struct cold_tier *t, struct cold_index *x, struct cold_sync_report *report, struct count_error *err)
{
	struct sync s = { .report = report };
	uint64_t before = requests_of(t);
	int ret;

	*report = (struct cold_sync_report){ 0 };
	cold_index_drop_damaged(x);
	ret = manifest_reader_init(&s.reader, t, x, err);
	s.reader.listed = true;
	if (ret == COUNT_OK)
		ret = find_longs(&s, err);
	if (ret == COUNT_OK) {
		list_all(&s);
		if (!s.reader.stop)
			ret = forget_gone(&s, err);
		if (s.reader.first.code != COUNT_OK)
			ret = err_set(err, s.reader.first.code, "%s", s.reader.first.text);
	}
	report->changed = s.reader.changed;
	report->gone = s.reader.gone;
	report->failed = s.reader.failed;
	report->requests = requests_of(t) - before;
	if (ret == COUNT_OK)
		ret = set_synced(t, x, s.reader.began_s, err);
	free_sync(&s);
	return ret;
}
