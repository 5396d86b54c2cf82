/* manifest_json.c - manifest.json: text to structure and back; see count-manifest(5). */
#include "format/manifest_json.h"

#include "base/error.h"
#include "base/stamp.h"
#include "format/json_block.h"

static const char *const block_keys[] = {
	"key", "start_time", "end_time", "point_count", "size", "etag", "checksum", "points_hash", "seq", "writer",
	"codec", "nan_count", "min", "max", "sum", "first", "last", "days",
};

static const char *const manifest_keys[] = {
	"series_name", "blocks", "version", "unit", "seq", "writer", "garbage",
};

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* ---- Reading ---- */

static int read_block(const struct json_place *at, const char *dir, const struct manifest *m,
		      struct manifest_block *b)
{
	int ret = json_block_fixed(at, dir, m->version, b);

	if (ret == COUNT_OK)
		ret = json_get_count(at, "size", false, 0, &b->size);
	if (ret == COUNT_OK)
		ret = json_get_text(at, "etag", false, JSON_TEXT_MAX, &b->etag);
	if (ret == COUNT_OK)
		ret = json_get_text(at, "checksum", false, JSON_TEXT_MAX, &b->checksum);
	if (ret == COUNT_OK)
		ret = json_block_claims(at, b);
	if (ret == COUNT_OK)
		ret = json_days_get(at, m->has_unit ? m->unit : COUNT_UNIT_MS, b);
	if (ret == COUNT_OK)
		ret = json_get_other(at, block_keys, COUNT_OF(block_keys), &b->other);
	return ret;
}

static int read_garbage(const struct json_place *at, const char *dir, struct manifest_garbage *g)
{
	int ret = json_get_text(at, "key", true, JSON_KEY_MAX, &g->key);

	if (ret == COUNT_OK)
		ret = json_key_check(at, "key", g->key, dir);
	return ret == COUNT_OK ? json_get_int(at, "since", true, INT64_MIN, &g->since_s) : ret;
}

static int read_blocks(const struct json_place *top, const char *dir, struct manifest *m)
{
	struct json_place at = { .list = "blocks", .err = top->err };
	const json_t *list = NULL;
	int ret = json_get_array(top, "blocks", true, MANIFEST_MAX_BLOCKS, &list);

	for (; ret == COUNT_OK && at.index < json_array_size(list); at.index++) {
		struct manifest_block *b = manifest_add_block(m);

		if (b == NULL)
			return err_nomem(top->err);
		at.object = json_array_get(list, at.index);
		ret = read_block(&at, dir, m, b);
	}
	return ret;
}

static int read_garbages(const struct json_place *top, const char *dir, struct manifest *m)
{
	struct json_place at = { .list = "garbage", .err = top->err };
	const json_t *list = NULL;
	int ret = json_get_array(top, "garbage", false, MANIFEST_MAX_BLOCKS, &list);

	for (; ret == COUNT_OK && at.index < json_array_size(list); at.index++) {
		struct manifest_garbage *g = manifest_add_garbage(m);

		if (g == NULL)
			return err_nomem(top->err);
		at.object = json_array_get(list, at.index);
		ret = read_garbage(&at, dir, g);
	}
	return ret;
}

static int read_manifest(const struct json_place *at, const char *dir, struct manifest *m)
{
	int ret = json_version_get(at, &m->version, &m->has_unit, &m->unit);

	if (ret == COUNT_OK)
		ret = json_series_get(at, &m->series, &m->series_len);
	if (ret == COUNT_OK)
		ret = json_get_count(at, "seq", false, 0, &m->seq);
	if (ret == COUNT_OK)
		ret = json_get_text(at, "writer", false, MANIFEST_WRITER_MAX, &m->writer);
	if (ret == COUNT_OK)
		ret = read_blocks(at, dir, m);
	if (ret == COUNT_OK)
		ret = read_garbages(at, dir, m);
	if (ret == COUNT_OK)
		ret = json_get_other(at, manifest_keys, COUNT_OF(manifest_keys), &m->other);
	return ret;
}

int manifest_parse(const char *text, size_t len, const char *dir, struct manifest *m, struct count_error *err)
{
	struct json_place at = { .err = err };
	json_t *root = NULL;
	int ret;

	if (len > MANIFEST_MAX_BYTES)
		return err_set(err, COUNT_ERR_CORRUPT, "it has more than %u bytes", MANIFEST_MAX_BYTES);
	ret = json_load(text, len, &root, err);
	if (ret != COUNT_OK)
		return ret;
	at.object = root;
	ret = read_manifest(&at, dir, m);
	if (ret != COUNT_OK)
		manifest_free(m);
	json_decref(root);
	return ret;
}

/* ---- Writing ---- */

static void print_block(struct json_writer *w, const struct manifest_block *b)
{
	json_open(w, NULL, '{');
	json_put_block_fixed(w, b);
	if (b->size != 0)
		json_put_int(w, "size", (int64_t)b->size);
	if (b->etag != NULL)
		json_put_text(w, "etag", b->etag);
	if (b->checksum != NULL)
		json_put_text(w, "checksum", b->checksum);
	json_put_block_claims(w, b);
	if (b->ndays > 0)
		json_days_put(w, b);
	json_put_other(w, b->other);
	json_close(w, '}');
}

static void print_garbage(struct json_writer *w, const struct manifest *m)
{
	json_open(w, "garbage", '[');
	for (size_t i = 0; i < m->ngarbage; i++) {
		json_open(w, NULL, '{');
		json_put_text(w, "key", m->garbage[i].key);
		json_put_int(w, "since", m->garbage[i].since_s);
		json_close(w, '}');
	}
	json_close(w, ']');
}

int manifest_print(const struct manifest *m, struct buf *out)
{
	struct json_writer w = { .out = out };
	size_t at = out->len;

	json_open(&w, NULL, '{');
	json_put_text(&w, "series_name", m->series);
	json_open(&w, "blocks", '[');
	for (size_t i = 0; i < m->nblocks; i++) {
		buf_put(out, i == 0 ? "\n" : ",\n", i == 0 ? 1 : 2);
		w.more = false;
		print_block(&w, &m->blocks[i]);
	}
	buf_put(out, "\n", m->nblocks > 0);
	json_close(&w, ']');
	if (m->has_unit) {
		json_put_int(&w, "version", MANIFEST_VERSION);
		json_put_text(&w, "unit", unit_name(m->unit));
	}
	if (m->seq != 0)
		json_put_int(&w, "seq", (int64_t)m->seq);
	if (m->writer != NULL)
		json_put_text(&w, "writer", m->writer);
	if (m->ngarbage > 0)
		print_garbage(&w, m);
	json_put_other(&w, m->other);
	json_close(&w, '}');
	buf_put(out, "\n", 1);
	if (!out->failed && !w.bad && out->len - at <= MANIFEST_MAX_BYTES)
		return COUNT_OK;
	out->len = at;
	return out->failed ? COUNT_ERR_NOMEM : COUNT_ERR_INVALID;
}
