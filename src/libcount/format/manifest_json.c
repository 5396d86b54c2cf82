/* manifest_json.c - manifest.json: text to structure and back; see count-manifest(5). */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "format/manifest_json.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/stamp.h"
#include "format/json_block.h"

static const char *const block_keys[] = {
	"key", "start_time", "end_time", "point_count", "size", "etag", "checksum", "points_hash", "seq", "writer",
	"codec", "nan_count", "min", "max", "sum", "first", "last", "days",
};

static const char *const manifest_keys[] = {
	"series_name", "blocks", "version", "unit", "seq", "writer", "garbage", "checksum",
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

/* ---- The checksum at the end of the text ---- */

#define TAIL_HEAD ",\"checksum\":\"xxh128:"
#define TAIL_END "\"}\n"
#define HEX 32
#define TAIL_LEN (sizeof(TAIL_HEAD) - 1 + HEX + sizeof(TAIL_END) - 1)

static void hash_hex(const void *text, size_t len, char hex[HEX + 1])
{
	XXH128_canonical_t c;

	XXH128_canonicalFromHash(&c, XXH3_128bits(text, len));
	for (size_t i = 0; i < sizeof(c.digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", c.digest[i]);
}

/*
 * It is of the text, so it holds only for a text that is still laid out as we print it, a block a line and the
 * checksum last: a byte that changed on the way or at rest is seen.  A manifest that somebody edited and wrote anew,
 * by jq say, has another layout and is taken as it is.
 */
static int check_text(const char *text, size_t len, struct count_error *err)
{
	static const char blocks[] = "\"blocks\":[\n";
	const char *tail;
	char hex[HEX + 1];

	if (len < TAIL_LEN)
		return COUNT_OK;	/* no manifest is so short; who reads it will say so */
	tail = text + len - TAIL_LEN;
	if (memcmp(tail, TAIL_HEAD, sizeof(TAIL_HEAD) - 1) != 0 ||
	    memcmp(text + len - (sizeof(TAIL_END) - 1), TAIL_END, sizeof(TAIL_END) - 1) != 0 ||
	    memmem(text, len, blocks, sizeof(blocks) - 1) == NULL)
		return COUNT_OK;
	hash_hex(text, len - TAIL_LEN, hex);
	if (memcmp(hex, tail + sizeof(TAIL_HEAD) - 1, HEX) == 0)
		return COUNT_OK;
	return err_set(err, COUNT_ERR_CORRUPT, "it differs from its \"checksum\" (whoever edits one takes that out)");
}

int manifest_parse(const char *text, size_t len, const char *dir, struct manifest *m, struct count_error *err)
{
	struct json_place at = { .err = err };
	json_t *root = NULL;
	int ret;

	if (len > MANIFEST_MAX_BYTES)
		return err_set(err, COUNT_ERR_CORRUPT, "it has more than %u bytes", MANIFEST_MAX_BYTES);
	ret = check_text(text, len, err);
	if (ret == COUNT_OK)
		ret = json_load(text, len, NULL, &root, err);
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

/* Of all that stands in out from `at` on. */
static void print_checksum(struct json_writer *w, const struct buf *out, size_t at)
{
	char text[sizeof("xxh128:") + HEX] = "xxh128:";

	if (out->failed)
		return;
	hash_hex(out->data + at, out->len - at, text + strlen(text));
	json_put_text(w, "checksum", text);
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
	print_checksum(&w, out, at);
	json_close(&w, '}');
	buf_put(out, "\n", 1);
	if (!out->failed && !w.bad && out->len - at <= MANIFEST_MAX_BYTES)
		return COUNT_OK;
	out->len = at;
	return out->failed ? COUNT_ERR_NOMEM : COUNT_ERR_INVALID;
}
