/* manifest_cat.c - the points of one object, or its bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cold/points.h"
#include "engine/manifest_check.h"

struct cat {
	count_manifest_points_fn *points;
	void *arg;
	const char *series;
};

static int give(void *arg, const int64_t *times, const double *values, size_t n)
{
	const struct cat *c = arg;
	struct count_batch batch = { .series = c->series, .series_len = strlen(c->series), .times = times,
				     .values = values, .n = n };

	return c->points(c->arg, &batch) == 0 ? COUNT_OK : COUNT_ERR_STOPPED;
}

static int read_object(struct manifest_run *r, const char *key, struct buf *body, char etag[OBJSTORE_ETAG_MAX + 1],
		       struct count_error *err)
{
	struct objstore_req get = { .op = OBJSTORE_GET, .key = key, .get = { .max = OBJECT_MAX_BYTES, .body = body } };
	enum objstore_result result = objstore_run(r->tier.store, &get);
	int ret = COUNT_OK;

	if (result != OBJSTORE_OK)
		ret = err_set(err, get.err.code, "%s", get.err.text);
	memcpy(etag, get.etag, sizeof(get.etag));
	objstore_req_free(&get);
	return ret;
}

/* The series that the key's folder stands for, if that can be told, and its manifest's entry for the key. */
static int find_entry(struct manifest_run *r, const char *key, char **name, struct manifest *m,
		      const struct manifest_block **entry, struct count_error *err)
{
	char text[KEYNAME_MAX + 1];
	struct coldindex_entry e;
	int64_t start, end;
	size_t part_len, len;
	const char *part;
	int ret;

	(void)cold_key_parse(&r->tier, key, &part, &part_len, &start, &end);
	if (part_len == 0 || keyname_decode(part, part_len, text, &len) != COUNT_OK)
		return COUNT_OK;
	*name = strndup(text, len);
	if (*name == NULL)
		return err_nomem(err);
	ret = cold_index_manifest(r->index, text, len, m, &e, err);
	for (size_t i = 0; ret == 1 && i < m->nblocks; i++)
		if (strcmp(m->blocks[i].key, key) == 0)
			*entry = &m->blocks[i];
	return ret < 0 ? ret : COUNT_OK;
}

static int cat_points(struct manifest_run *r, const char *key, count_manifest_points_fn *fn, void *arg,
		      struct count_error *err)
{
	char etag[OBJSTORE_ETAG_MAX + 1], *name = NULL;
	const struct manifest_block *entry = NULL;
	struct manifest_block own = { 0 };
	struct cold_object o = { 0 };
	struct manifest m = { 0 };
	struct buf body = { 0 };
	struct cat c = { .points = fn, .arg = arg };
	struct count_error why = { 0 };
	int ret = read_object(r, key, &body, etag, err);

	if (ret == COUNT_OK)
		ret = find_entry(r, key, &name, &m, &entry, err);
	if (ret == COUNT_OK)
		ret = entry != NULL ? cold_object_take(&r->tier, entry, name, strlen(name), body.data, body.len, &o,
						       err) :
		      check_orphan(r, key, name, &body, etag, &own, &o, err);
	if (ret == COUNT_OK) {
		c.series = o.kind == OBJECT_COUNT ? o.series : name;
		ret = cold_object_points(&o, r->coder, give, &c, &why);
		if (ret != COUNT_OK)
			err_set(err, ret, "%.240s: %.200s", key, why.code != COUNT_OK ? why.text : "stopped");
	}
	cold_object_free(&o);
	manifest_block_free(&own);
	manifest_free(&m);
	buf_free(&body);
	free(name);
	return ret;
}

static int cat_raw(struct manifest_run *r, const char *key, count_manifest_bytes_fn *fn, void *arg,
		   struct count_error *err)
{
	char etag[OBJSTORE_ETAG_MAX + 1];
	struct buf body = { 0 };
	int ret = read_object(r, key, &body, etag, err);

	if (ret == COUNT_OK && fn(arg, body.data, body.len) != 0)
		ret = err_set(err, COUNT_ERR_STOPPED, "stopped");
	buf_free(&body);
	return ret;
}

/* A key may be given without the prefix. */
static int full_key(const struct manifest_run *r, const char *key, char out[OBJSTORE_KEY_MAX + 1],
		    struct count_error *err)
{
	const char *prefix = r->db->cold.text[COLD_PREFIX];
	size_t n = strlen(prefix);
	bool has = strncmp(key, prefix, n) == 0 && key[n] == '/';
	int len = snprintf(out, OBJSTORE_KEY_MAX + 1, "%s%s%s", has ? "" : prefix, has ? "" : "/", key);

	if (len < 0 || len > OBJSTORE_KEY_MAX)
		return err_set(err, COUNT_ERR_INVALID, "%.100s...: no object has so long a key", key);
	return COUNT_OK;
}

int count_manifest_cat(count_db *db, const struct count_manifest_options *opt, const char *key,
		       count_manifest_points_fn *points, count_manifest_bytes_fn *raw, void *arg,
		       struct count_error *err)
{
	char full[OBJSTORE_KEY_MAX + 1];
	struct manifest_run r;
	int ret = manifest_run_begin(&r, db, opt, MANIFEST_TIER, err);

	if (ret != COUNT_OK)
		return ret;
	ret = full_key(&r, key, full, err);
	if (ret == COUNT_OK)
		ret = raw != NULL ? cat_raw(&r, full, raw, arg, err) : cat_points(&r, full, points, arg, err);
	return manifest_run_end(&r, ret, err);
}
