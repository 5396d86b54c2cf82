/* object_json.c - block objects: bytes to structure and back; see count-manifest(5). */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "format/object_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/stamp.h"
#include "codec/legacy.h"
#include "format/gzip.h"
#include "format/json_block.h"

#define MAX_REPLACES 100000u
#define WORTH_PACKING 256	/* bytes */

static void hash_of(const struct buf *b, uint8_t hash[16])
{
	XXH128_canonical_t c;

	XXH128_canonicalFromHash(&c, XXH3_128bits(b->len == 0 ? (const void *)"" : b->data, b->len));
	memcpy(hash, c.digest, sizeof(c.digest));
}

/* ---- Reading ---- */

static int read_replaces(const struct json_place *at, struct cold_object *o)
{
	const json_t *list = NULL;
	int ret = json_get_array(at, "replaces", false, MAX_REPLACES, &list);
	size_t n = json_array_size(list);

	if (ret != COUNT_OK || n == 0)
		return ret;
	o->replaces = calloc(n, sizeof(*o->replaces));
	if (o->replaces == NULL)
		return err_nomem(at->err);
	for (size_t i = 0; i < n; i++) {
		const char *key = json_string_value(json_array_get(list, i));

		if (key == NULL || strlen(key) > JSON_KEY_MAX)
			return json_bad(at, "replaces", "is no list of keys");
		ret = json_key_check(at, "replaces", key, NULL);
		if (ret != COUNT_OK)
			return ret;
		o->replaces[i] = strdup(key);
		if (o->replaces[i] == NULL)
			return err_nomem(at->err);
		o->nreplaces++;
	}
	return COUNT_OK;
}

static int read_chunks(const struct json_place *at, const struct json_apart *apart, struct cold_object *o)
{
	const json_t *v = json_find(at, "chunks");
	const char *text = apart->text;
	size_t len = apart->len;
	uint8_t want[16], got[16];
	char *checksum = NULL;
	int ret;

	if (!json_is_string(v))
		return json_bad(at, "chunks", "is no string");
	ret = json_get_text(at, "checksum", true, JSON_TEXT_MAX, &checksum);
	if (ret == COUNT_OK && !json_hash_parse(checksum, want))
		ret = json_bad(at, "checksum", "is not xxh128: and 32 hexadecimal digits");
	free(checksum);
	if (ret != COUNT_OK)
		return ret;
	if (text == NULL) {
		text = json_string_value(v);
		len = json_string_length(v);
	}
	ret = base64_decode(text, len, &o->chunks);
	if (ret != COUNT_OK)
		return ret == COUNT_ERR_NOMEM ? err_nomem(at->err) : json_bad(at, "chunks", "is not base64");
	hash_of(&o->chunks, got);
	return memcmp(want, got, sizeof(got)) == 0 ? COUNT_OK : json_bad(at, "chunks", "differs from \"checksum\"");
}

static int read_object(const struct json_place *at, const struct json_apart *apart, struct cold_object *o)
{
	bool has_unit = false;
	int ret = json_version_get(at, &o->version, &has_unit, &o->unit);

	if (ret == COUNT_OK && !has_unit)
		ret = json_bad(at, "version", "is missing");
	if (ret == COUNT_OK)
		ret = json_series_get(at, &o->series, &o->series_len);
	if (ret == COUNT_OK)
		ret = json_block_fixed(at, NULL, o->version, &o->block);
	if (ret == COUNT_OK)
		ret = json_block_claims(at, &o->block);
	if (ret == COUNT_OK)
		ret = read_replaces(at, o);
	if (ret == COUNT_OK)
		ret = read_chunks(at, apart, o);
	return ret;
}

/* An array of numbers 0 to 255. */
static int read_bytes(const struct json_place *at, const char *key, size_t max, struct buf *out)
{
	const json_t *list;
	int ret = json_get_array(at, key, true, max, &list);
	size_t n;

	if (ret != COUNT_OK)
		return ret;
	n = json_array_size(list);
	if (!buf_reserve(out, n))
		return err_nomem(at->err);
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(list, i);

		if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > 255)
			return json_bad(at, key, "has an element that is no byte");
		buf_put_u8(out, (uint8_t)json_integer_value(v));
	}
	return COUNT_OK;
}

static int read_legacy(const struct json_place *at, struct cold_object *o)
{
	struct manifest_block *b = &o->block;
	int ret = json_get_int(at, "start_time", true, INT64_MIN, &b->start);

	o->kind = OBJECT_LEGACY;
	o->unit = COUNT_UNIT_MS;
	if (ret == COUNT_OK)
		ret = json_get_int(at, "end_time", true, INT64_MIN, &b->end);
	if (ret == COUNT_OK)
		ret = json_get_count(at, "point_count", true, 1, &b->points);
	if (ret != COUNT_OK)
		return ret;
	if (b->end < b->start)
		return json_bad(at, "end_time", "is before \"start_time\"");
	if (b->points > OBJECT_MAX_BYTES)
		return json_bad(at, "point_count", "is more than an object holds");
	ret = read_bytes(at, "compressed_timestamps", b->points * LEGACY_POINT_MAX + LEGACY_TIMES_EXTRA,
			 &o->legacy_times);
	if (ret == COUNT_OK)
		ret = read_bytes(at, "compressed_values", b->points * LEGACY_POINT_MAX, &o->legacy_values);
	return ret;
}

static int parse_text(const char *text, size_t len, struct cold_object *o, struct count_error *err)
{
	struct json_apart chunks = { .key = "chunks" };
	struct json_place at = { .err = err };
	json_t *root = NULL;
	int ret = json_load(text, len, &chunks, &root, err);

	if (ret != COUNT_OK)
		return ret;
	at.object = root;
	if (json_find(&at, "chunks") == NULL && json_find(&at, "compressed_timestamps") != NULL)
		ret = read_legacy(&at, o);
	else
		ret = read_object(&at, &chunks, o);
	if (ret != COUNT_OK)
		cold_object_free(o);
	json_decref(root);
	return ret;
}

int object_parse(const uint8_t *bytes, size_t len, struct cold_object *o, struct count_error *err)
{
	struct buf text = { 0 };
	int ret;

	if (len > OBJECT_MAX_BYTES)
		return err_set(err, COUNT_ERR_CORRUPT, "it has more than %u bytes", OBJECT_MAX_BYTES);
	if (len < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b)
		return parse_text((const char *)bytes, len, o, err);
	ret = gzip_unpack(bytes, len, OBJECT_MAX_BYTES, &text, err);
	if (ret == COUNT_OK)
		ret = parse_text((const char *)text.data, text.len, o, err);
	buf_free(&text);
	return ret;
}

/* ---- Writing ---- */

static bool print_text(const struct cold_object *o, struct buf *out)
{
	struct json_writer w = { .out = out };
	uint8_t hash[16];

	json_open(&w, NULL, '{');
	json_put_text(&w, "series_name", o->series);
	json_put_block_fixed(&w, &o->block);
	json_put_int(&w, "version", MANIFEST_VERSION);
	json_put_text(&w, "unit", unit_name(o->unit));
	json_put_block_claims(&w, &o->block);
	if (o->nreplaces > 0) {
		json_open(&w, "replaces", '[');
		for (size_t i = 0; i < o->nreplaces; i++)
			json_put_text(&w, NULL, o->replaces[i]);
		json_close(&w, ']');
	}
	hash_of(&o->chunks, hash);
	json_put_hash(&w, "checksum", hash);
	json_open(&w, "chunks", '"');		/* base64 needs no escapes, and may be long */
	base64_encode(o->chunks.data, o->chunks.len, out);
	json_close(&w, '"');
	json_close(&w, '}');
	buf_put(out, "\n", 1);
	return !w.bad && out->len <= OBJECT_MAX_BYTES;
}

int object_print(const struct cold_object *o, bool *gzipped, struct buf *out)
{
	struct buf text = { 0 }, packed = { 0 };
	bool fine = o->kind == OBJECT_COUNT && print_text(o, &text);
	const struct buf *best = &text;
	int ret = text.failed ? COUNT_ERR_NOMEM : fine ? COUNT_OK : COUNT_ERR_INVALID;

	if (ret == COUNT_OK && text.len >= WORTH_PACKING)
		ret = gzip_pack(text.data, text.len, &packed);
	if (ret == COUNT_OK && packed.len > 0 && packed.len < text.len)
		best = &packed;
	if (ret == COUNT_OK) {
		buf_put(out, best->data, best->len);
		ret = out->failed ? COUNT_ERR_NOMEM : COUNT_OK;
		*gzipped = best == &packed;
	}
	buf_free(&text);
	buf_free(&packed);
	return ret;
}
