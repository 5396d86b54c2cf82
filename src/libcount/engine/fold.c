/* fold.c - series folded together by labels; see fold.h. */
#include "engine/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"

static void group_free(struct fold_group *g)
{
	for (size_t i = 0; i < g->n; i++)
		agg_acc_free(&g->buckets[i].acc);
	free(g->buckets);
	free(g->map);
	free(g->key);
	free(g->name);
	free(g->canonical);
	free(g);
}

void fold_free(struct fold *f)
{
	for (size_t i = 0; i < f->n; i++)
		group_free(f->groups[i]);
	free(f->groups);
	free(f->table);
	*f = (struct fold){ .by = f->by, .nby = f->nby };
}

/* ---- Groups ---- */

/* FNV-1a */
static uint64_t hash_bytes(const void *p, size_t len)
{
	const unsigned char *s = p;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ s[i]) * 0x100000001b3u;
	return h;
}

static void put_value(struct buf *key, const struct count_series_parts *s, const char *label)
{
	size_t len = strlen(label);

	if (strcmp(label, "__name__") == 0)
		buf_put(key, s->name, s->name_len);
	for (size_t i = 0; i < s->nlabels; i++)
		if (s->labels[i].key_len == len && memcmp(s->labels[i].key, label, len) == 0)
			buf_put(key, s->labels[i].value, s->labels[i].value_len);
	buf_put_u8(key, '\n');	/* no value has one */
}

static struct fold_group *find(const struct fold *f, const uint8_t *key, size_t len)
{
	struct fold_group *g = NULL;

	if (f->table_size > 0)
		g = f->table[hash_bytes(key, len) & (f->table_size - 1)];
	while (g != NULL && (g->key_len != len || (len != 0 && memcmp(g->key, key, len) != 0)))
		g = g->next;
	return g;
}

/* Room for one more group; the table is remade at twice the size when it is full. */
static bool grow(struct fold *f)
{
	size_t size = f->table_size == 0 ? 64 : f->table_size * 2;
	struct fold_group **groups, **table;

	if (f->n < f->table_size)
		return true;
	groups = reallocarray(f->groups, size, sizeof(struct fold_group *));
	if (groups == NULL)
		return false;
	f->groups = groups;
	table = calloc(size, sizeof(struct fold_group *));
	if (table == NULL)
		return false;
	for (size_t i = 0; i < f->n; i++) {
		struct fold_group *g = f->groups[i];
		size_t at = hash_bytes(g->key, g->key_len) & (size - 1);

		g->next = table[at];
		table[at] = g;
	}
	free(f->table);
	f->table = table;
	f->table_size = size;
	return true;
}

static struct fold_group *add_group(struct fold *f, struct buf *key,
				    const struct count_series_parts *s)
{
	struct fold_group *g;
	size_t at;

	if (!grow(f))
		return NULL;
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return NULL;
	g->name = malloc(s->name_len + 1);
	if (g->name == NULL) {
		free(g);
		return NULL;
	}
	memcpy(g->name, s->name, s->name_len);
	g->name_len = s->name_len;
	g->one_name = true;
	g->key = (char *)key->data;
	g->key_len = key->len;
	*key = (struct buf){ 0 };
	at = hash_bytes(g->key, g->key_len) & (f->table_size - 1);
	g->next = f->table[at];
	f->table[at] = g;
	f->groups[f->n++] = g;
	return g;
}

/* Shortens the name to what both begin with, whole characters. */
static void join_name(struct fold_group *g, const char *name, size_t len)
{
	size_t n = 0;

	if (g->one_name && g->name_len == len && memcmp(g->name, name, len) == 0)
		return;
	g->one_name = false;
	while (n < g->name_len && n < len && g->name[n] == name[n])
		n++;
	while (n > 0 && n < g->name_len && ((unsigned char)g->name[n] & 0xc0) == 0x80)
		n--;
	g->name_len = n;
}

int fold_series(struct fold *f, const struct count_series_parts *series, struct count_error *err)
{
	struct buf key = { 0 };

	buf_put_u8(&key, '\n');	/* so that it is never empty */
	for (size_t i = 0; i < f->nby; i++)
		put_value(&key, series, f->by[i]);
	if (key.failed)
		goto nomem;
	f->current = find(f, key.data, key.len);
	if (f->current != NULL)
		join_name(f->current, series->name, series->name_len);
	else
		f->current = add_group(f, &key, series);
	buf_free(&key);
	return f->current != NULL ? COUNT_OK : err_nomem(err);
nomem:
	buf_free(&key);
	return err_nomem(err);
}

/* ---- Buckets of a group ---- */

/* Where the bucket is, or the free place for it, in a map that is never full. */
static uint32_t *map_slot(const struct fold_group *g, uint32_t *map, size_t size, int64_t start)
{
	size_t i = (size_t)(((uint64_t)start * 0x9e3779b97f4a7c15u) >> 20) & (size - 1);

	while (map[i] != 0 && g->buckets[map[i] - 1].span.start != start)
		i = (i + 1) & (size - 1);
	return &map[i];
}

static bool grow_buckets(struct fold_group *g)
{
	size_t cap = g->cap == 0 ? 16 : g->cap * 2;
	struct fold_bucket *buckets;
	uint32_t *map;

	if (g->n < g->cap)
		return true;
	if (cap > UINT32_MAX / 2)
		return false;
	buckets = reallocarray(g->buckets, cap, sizeof(*buckets));
	if (buckets == NULL)
		return false;
	g->buckets = buckets;
	map = calloc(2 * cap, sizeof(*map));
	if (map == NULL)
		return false;
	for (size_t i = 0; i < g->n; i++)
		*map_slot(g, map, 2 * cap, g->buckets[i].span.start) = (uint32_t)i + 1;
	free(g->map);
	g->map = map;
	g->map_size = 2 * cap;
	g->cap = cap;
	return true;
}

struct agg_acc *fold_enter(void *arg, const struct bucket_span *span)
{
	struct fold_group *g = ((struct fold *)arg)->current;
	uint32_t *slot;

	if (!grow_buckets(g))
		return NULL;
	slot = map_slot(g, g->map, g->map_size, span->start);
	if (*slot == 0) {
		g->buckets[g->n] = (struct fold_bucket){ .span = *span };
		*slot = (uint32_t)++g->n;
	}
	return &g->buckets[*slot - 1].acc;
}

/* ---- Names and order ---- */

int fold_name(const struct fold *f, const struct fold_group *g, const char *agg,
	      char out[COUNT_SERIES_MAX + 1], size_t *len, struct count_error *err)
{
	struct count_label *labels = calloc(f->nby + 1, sizeof(*labels));
	const char *value = g->key + 1;
	struct buf name = { 0 };
	size_t n = 0;
	int ret;

	for (size_t i = 0; labels != NULL && i < f->nby; i++) {
		const char *end = memchr(value, '\n', g->key_len - (size_t)(value - g->key));

		if (f->by[i][0] != '\0' && strcmp(f->by[i], "__name__") != 0)
			labels[n++] = (struct count_label){ f->by[i], strlen(f->by[i]), value,
							    (size_t)(end - value) };
		value = end + 1;
	}
	buf_put(&name, g->name, g->name_len);
	if (!g->one_name)
		buf_put_u8(&name, '*');
	if (agg[0] != '\0') {
		buf_put_u8(&name, ':');
		buf_put(&name, agg, strlen(agg));
	}
	if (labels == NULL || name.failed)
		ret = err_nomem(err);
	else
		ret = count_series_build((const char *)name.data, name.len, labels, n, out, len,
					 err);
	buf_free(&name);
	free(labels);
	return ret;
}

static int by_canonical(const void *a, const void *b)
{
	const struct fold_group *p = *(struct fold_group *const *)a;
	const struct fold_group *q = *(struct fold_group *const *)b;
	size_t len = p->canonical_len < q->canonical_len ? p->canonical_len : q->canonical_len;
	int c = memcmp(p->canonical, q->canonical, len);

	return c != 0 ? c : (p->canonical_len > q->canonical_len) -
			    (p->canonical_len < q->canonical_len);
}

static int by_start(const void *a, const void *b)
{
	const struct fold_bucket *p = a, *q = b;

	return (p->span.start > q->span.start) - (p->span.start < q->span.start);
}

int fold_finish(struct fold *f, struct count_error *err)
{
	char name[COUNT_SERIES_MAX + 1];

	for (size_t i = 0; i < f->n; i++) {
		struct fold_group *g = f->groups[i];
		int ret = fold_name(f, g, "", name, &g->canonical_len, err);

		if (ret != COUNT_OK)
			return ret;
		g->canonical = malloc(g->canonical_len + 1);
		if (g->canonical == NULL)
			return err_nomem(err);
		memcpy(g->canonical, name, g->canonical_len + 1);
		if (g->n > 1)
			qsort(g->buckets, g->n, sizeof(*g->buckets), by_start);
	}
	if (f->n > 1)
		qsort(f->groups, f->n, sizeof(struct fold_group *), by_canonical);
	return COUNT_OK;
}
