/* manifest_scan.c - what stands in the bucket, a series at a time; see manifest_scan.h. */
#include "engine/manifest_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cold/endpoint.h"

struct scan {
	struct manifest_run *r;
	scan_fn *fn;
	void *ctx;
	struct scan_group group;	/* dir NULL: none is open */
	char **seen;			/* the dirs that there were, in byte order */
	size_t nseen, cap;
};

static void group_clear(struct scan_group *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->objects[i].key);
	free(g->objects);
	free(g->dir);
	free(g->name);
	*g = (struct scan_group){ 0 };
}

const struct scan_object *scan_find(const struct scan_group *g, const char *key)
{
	size_t lo = 0, hi = g->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(g->objects[mid].key, key);

		if (c == 0)
			return &g->objects[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* ---- Whose folder is it? ---- */

static int add_long(struct manifest_run *r, const struct coldindex_entry *e, size_t *cap, struct count_error *err)
{
	char dir[OBJSTORE_KEY_MAX + 1];
	int ret = cold_dir(&r->tier, e->name, e->name_len, dir, err);

	if (ret != COUNT_OK)
		return ret;
	if (r->nlongs == *cap) {
		size_t more = *cap * 2 + 16;
		struct long_name *v = reallocarray(r->longs, more, sizeof(*v));

		if (v == NULL)
			return err_nomem(err);
		r->longs = v;
		*cap = more;
	}
	r->longs[r->nlongs] = (struct long_name){ strdup(dir), strndup(e->name, e->name_len) };
	r->nlongs++;
	return r->longs[r->nlongs - 1].dir != NULL && r->longs[r->nlongs - 1].name != NULL ? COUNT_OK : err_nomem(err);
}

static int find_longs(struct manifest_run *r, struct count_error *err)
{
	struct cold_index_cursor c = { 0 };
	struct coldindex_entry e;
	size_t cap = 0;
	int ret = COUNT_OK, more;

	if (r->have_longs)
		return COUNT_OK;
	r->have_longs = true;
	while (ret == COUNT_OK && (more = cold_index_next(r->index, &c, &e, err)) != 0)
		ret = more < 0 ? more : keyname_is_long(e.name, e.name_len) ? add_long(r, &e, &cap, err) : COUNT_OK;
	return ret;
}

static int name_group(struct manifest_run *r, struct scan_group *g, const char *part, size_t part_len,
		      struct count_error *err)
{
	char name[KEYNAME_MAX + 1];
	size_t len;
	int ret = keyname_decode(part, part_len, name, &len);

	if (ret == COUNT_OK) {
		g->name = strndup(name, len);
		return g->name != NULL ? COUNT_OK : err_nomem(err);
	}
	if (ret != COUNT_ERR_NOTFOUND)
		return COUNT_OK;	/* a folder that no series has */
	ret = find_longs(r, err);
	for (size_t i = 0; i < r->nlongs && ret == COUNT_OK; i++)
		if (strcmp(r->longs[i].dir, g->dir) == 0 && (g->name = strdup(r->longs[i].name)) == NULL)
			ret = err_nomem(err);
	return ret;
}

/* ---- Groups ---- */

static int remember(struct scan *s, const char *dir, struct count_error *err)
{
	if (s->nseen == s->cap) {
		size_t more = s->cap * 2 + 64;
		char **v = reallocarray(s->seen, more, sizeof(*v));

		if (v == NULL)
			return err_nomem(err);
		s->seen = v;
		s->cap = more;
	}
	s->seen[s->nseen] = strdup(dir);
	return s->seen[s->nseen++] != NULL ? COUNT_OK : err_nomem(err);
}

static int begin_group(struct scan *s, const char *key, const char *part, size_t part_len, struct count_error *err)
{
	s->group.dir = strndup(key, (size_t)(part - key) + part_len + 1);
	if (s->group.dir == NULL || remember(s, s->group.dir, err) != COUNT_OK)
		return err_nomem(err);
	return name_group(s->r, &s->group, part, part_len, err);
}

/* A list without ETags: that of the manifest is asked for. */
static int find_etag(struct manifest_run *r, struct scan_group *g, struct count_error *err)
{
	char key[OBJSTORE_KEY_MAX + 1];
	struct objstore_req head = { .op = OBJSTORE_HEAD, .key = key };
	enum objstore_result result;
	int ret = COUNT_OK;

	if (!g->has_manifest || g->etag[0] != '\0')
		return COUNT_OK;
	snprintf(key, sizeof(key), "%smanifest.json", g->dir);
	result = objstore_run(r->tier.store, &head);
	if (result == OBJSTORE_NOT_FOUND)
		g->has_manifest = false;
	else if (result != OBJSTORE_OK)
		ret = err_set(err, head.err.code, "%s", head.err.text);
	else
		memcpy(g->etag, head.etag, sizeof(g->etag));
	objstore_req_free(&head);
	return ret;
}

static int end_group(struct scan *s, struct count_error *err)
{
	struct scan_group *g = &s->group;
	int ret = COUNT_OK;

	if (g->dir == NULL)
		return COUNT_OK;
	if (g->has_manifest || g->n > 0) {
		ret = g->name != NULL ? manifest_run_match(s->r, g->name, strlen(g->name), err) : 1;
		if (ret == 1 && (ret = find_etag(s->r, g, err)) == COUNT_OK)
			ret = 1;
		if (ret == 1)
			ret = s->fn(s->r, g, s->ctx, err);
	}
	group_clear(g);
	return ret;
}

static int add_object(struct scan_group *g, const struct objstore_entry *e, int64_t start, int64_t end,
		      struct count_error *err)
{
	struct scan_object *o;

	if (g->n == g->cap) {
		size_t more = g->cap * 2 + 16;
		struct scan_object *v = reallocarray(g->objects, more, sizeof(*v));

		if (v == NULL)
			return err_nomem(err);
		g->objects = v;
		g->cap = more;
	}
	o = &g->objects[g->n];
	*o = (struct scan_object){ .key = strdup(e->key), .size = e->size, .start = start, .end = end };
	memcpy(o->etag, e->etag, sizeof(o->etag));
	if (o->key == NULL)
		return err_nomem(err);
	g->n++;
	return COUNT_OK;
}

static int take_key(struct scan *s, const struct objstore_entry *e, struct count_error *err)
{
	struct scan_group *g = &s->group;
	const char *part;
	size_t len;
	int64_t start = 0, end = 0;
	enum cold_key_kind kind = cold_key_parse(&s->r->tier, e->key, &part, &len, &start, &end);
	int ret = COUNT_OK;

	if (len == 0)
		return COUNT_OK;
	if (g->dir == NULL || strncmp(e->key, g->dir, strlen(g->dir)) != 0) {
		ret = end_group(s, err);
		if (ret == COUNT_OK)
			ret = begin_group(s, e->key, part, len, err);
	}
	if (ret != COUNT_OK || kind == COLD_KEY_OTHER)
		return ret;
	if (kind == COLD_KEY_BLOCK)
		return add_object(g, e, start, end, err);
	g->has_manifest = true;
	memcpy(g->etag, e->etag, sizeof(g->etag));
	return COUNT_OK;
}

/* ---- Lists ---- */

static int list_prefix(struct scan *s, const char *prefix, struct count_error *err)
{
	bool remote = endpoint_dir(s->r->db->cold.text[COLD_ENDPOINT]) == NULL;
	char *token = NULL;
	int ret = COUNT_OK;

	do {
		struct objstore_req req = { .op = OBJSTORE_LIST, .key = prefix,
					    .list = { .token = token, .etags = s->r->read_all || remote } };

		if (objstore_run(s->r->tier.store, &req) != OBJSTORE_OK)
			ret = err_set(err, req.err.code == COUNT_ERR_NOTFOUND ? COUNT_ERR_COLD : req.err.code, "%s",
				      req.err.text);
		for (size_t i = 0; i < req.page.len && ret == COUNT_OK; i++)
			ret = take_key(s, &req.page.v[i], err);
		free(token);
		token = req.page.token != NULL ? strdup(req.page.token) : NULL;
		if (req.page.token != NULL && token == NULL)
			ret = err_nomem(err);
		objstore_req_free(&req);
		if (ret == COUNT_OK && manifest_run_stopped(s->r))
			ret = err_set(err, COUNT_ERR_STOPPED, "stopped");
	} while (ret == COUNT_OK && token != NULL);
	free(token);
	return ret == COUNT_OK ? end_group(s, err) : ret;
}

static int list_exact(struct scan *s, struct count_error *err)
{
	int ret = COUNT_OK;

	for (size_t i = 0; i < s->r->selection.nexact && ret == COUNT_OK; i++) {
		const struct selection_item *item = s->r->selection.exact[i];
		char dir[OBJSTORE_KEY_MAX + 1];

		ret = cold_dir(&s->r->tier, item->name, item->name_len, dir, err);
		if (ret == COUNT_OK)
			ret = list_prefix(s, dir, err);
	}
	return ret;
}

static bool was_seen(const struct scan *s, const char *dir)
{
	size_t lo = 0, hi = s->nseen;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(s->seen[mid], dir);

		if (c == 0)
			return true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* An entry of the index is good only until the index changes, which fn may do: so its name is copied. */
static int only_in_index(struct scan *s, struct count_error *err)
{
	struct cold_index_cursor c = { 0 };
	struct coldindex_entry e;
	int ret = COUNT_OK, more;

	if (s->nseen > 1)	/* exact selectors come in another order */
		qsort(s->seen, s->nseen, sizeof(*s->seen), by_text);
	while (ret == COUNT_OK && (more = cold_index_next(s->r->index, &c, &e, err)) != 0) {
		char dir[OBJSTORE_KEY_MAX + 1];
		struct scan_group g = { .dir = dir };

		ret = more < 0 ? more : manifest_run_match(s->r, e.name, e.name_len, err);
		if (ret != 1)
			continue;
		ret = cold_dir(&s->r->tier, e.name, e.name_len, dir, err);
		if (ret != COUNT_OK || was_seen(s, dir))
			continue;
		g.name = strndup(e.name, e.name_len);
		ret = g.name == NULL ? err_nomem(err) : s->fn(s->r, &g, s->ctx, err);
		free(g.name);
	}
	return ret;
}

int manifest_scan(struct manifest_run *r, scan_fn *fn, void *ctx, struct count_error *err)
{
	struct scan s = { .r = r, .fn = fn, .ctx = ctx };
	char prefix[OBJSTORE_KEY_MAX + 1];
	int ret;

	snprintf(prefix, sizeof(prefix), "%s/", r->db->cold.text[COLD_PREFIX]);
	ret = r->selection.scan ? list_prefix(&s, prefix, err) : list_exact(&s, err);
	if (ret == COUNT_OK)
		ret = only_in_index(&s, err);
	group_clear(&s.group);
	for (size_t i = 0; i < s.nseen; i++)
		free(s.seen[i]);
	free(s.seen);
	return ret;
}

/* ---- Manifests ---- */

int scan_manifest(struct manifest_run *r, const struct scan_group *g, struct manifest *m, bool *read,
		  struct count_error *why)
{
	char key[OBJSTORE_KEY_MAX + 1];
	struct coldindex_entry e;
	struct buf body = { 0 };
	struct objstore_req get = { .op = OBJSTORE_GET, .key = key,
				    .get = { .max = MANIFEST_MAX_BYTES, .body = &body } };
	size_t len = g->name != NULL ? strlen(g->name) : 0;
	int ret;

	if (read != NULL)
		*read = false;
	if (!g->has_manifest)
		return 0;
	if (g->name != NULL) {
		ret = cold_index_manifest(r->index, g->name, len, m, &e, why);
		if (ret < 0 || (ret == 1 && e.etag_len == strlen(g->etag) && memcmp(e.etag, g->etag, e.etag_len) == 0))
			return ret;
		manifest_free(m);
	}
	if (read != NULL)
		*read = true;
	snprintf(key, sizeof(key), "%smanifest.json", g->dir);
	objstore_run(r->tier.store, &get);
	ret = cold_manifest_take(&r->tier, &get, g->name, len, m, why);
	objstore_req_free(&get);
	buf_free(&body);
	return ret;
}
