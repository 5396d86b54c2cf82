/*
 * take.c - bytes from the bucket to a manifest or an object that may be believed; see tier.h.
 *
 * Others may write to a bucket, so whatever was read is held against what it should be: its place, the series,
 * the unit, the entry of the manifest.  Every message begins with the key and says what to do.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"
#include "cold/tier.h"
#include "format/chunklist.h"

#define SHOWN 240	/* bytes of a key in a message: the cause must fit behind it */
#define MANIFEST_LEAF "manifest.json"

/* A key for a message: the end of a long one says more than its middle. */
static const char *shown(const char *key)
{
	size_t len = strlen(key);

	return len <= SHOWN ? key : key + (len - SHOWN);
}

/* ---- Manifests ---- */

static int refused_get(const struct objstore_req *get, struct count_error *err)
{
	int status = objstore_status(get->result);

	if (get->result == OBJSTORE_UNCHANGED)
		return err_set(err, COUNT_ERR_INVALID, "%s: unchanged, and nobody has it", shown(get->key));
	if (get->result == OBJSTORE_DENIED)
		return err_set(err, status, "%.400s; without s3:ListBucket a missing key is answered by 403 too",
			       get->err.text);
	if (err != NULL && err->code == COUNT_OK)
		*err = get->err;
	return status;
}

static int check_manifest(struct cold_tier *t, const char *key, const char *dir, const char *series, size_t len,
			  const struct manifest *m, struct count_error *err)
{
	enum count_unit unit = m->has_unit ? m->unit : COUNT_UNIT_MS;	/* the prototype knew no other */
	char place[OBJSTORE_KEY_MAX + 1];
	int ret;

	if (unit != t->dir->format.unit)
		return err_set(err, COUNT_ERR_COLD, "%s: its times are in %s, those of %.100s in %s: another S3_PREFIX "
			       "is needed", shown(key), format_unit_name(unit), t->dir->path,
			       format_unit_name(t->dir->format.unit));
	if (series != NULL && (m->series_len != len || memcmp(m->series, series, len) != 0))
		return err_set(err, COUNT_ERR_COLD, "%s: it is the manifest of %.100s, not of %.100s; count-manifest "
			       "rebuild makes the right one of the objects", shown(key), m->series, series);
	if (series != NULL)
		return COUNT_OK;
	ret = cold_dir(t, m->series, m->series_len, place, err);
	if (ret == COUNT_OK && strcmp(place, dir) != 0)
		return err_set(err, COUNT_ERR_COLD, "%s: it is the manifest of %.100s, whose place is %.150s; somebody "
			       "moved or copied it", shown(key), m->series, place);
	return ret;
}

static int parse_manifest(struct cold_tier *t, const struct objstore_req *get, const char *dir,
			  struct manifest *m, struct count_error *err)
{
	const struct buf *body = get->get.body;
	struct count_error why = { 0 };
	int ret = t->json->manifest_parse((const char *)body->data, body->len, dir, m, &why);

	switch (ret) {
	case COUNT_OK:
		return COUNT_OK;
	case COUNT_ERR_NOMEM:
		return err_nomem(err);
	case COUNT_ERR_VERSION:
		return err_set(err, COUNT_ERR_COLD, "%s: " COLD_NEWER ": %.150s; update this one",
			       shown(get->key), why.text);
	default:
		return err_set(err, COUNT_ERR_COLD, "%s: damaged manifest: %.150s; count-manifest rebuild makes it "
			       "anew of the objects", shown(get->key), why.text);
	}
}

int cold_manifest_take(struct cold_tier *t, const struct objstore_req *get, const char *series, size_t len,
		       struct manifest *m, struct count_error *err)
{
	size_t leaf = strlen(MANIFEST_LEAF), n = strlen(get->key);
	char dir[OBJSTORE_KEY_MAX + 1];
	int ret;

	if (get->result == OBJSTORE_NOT_FOUND)
		return 0;
	if (get->result != OBJSTORE_OK)
		return refused_get(get, err);
	if (n > OBJSTORE_KEY_MAX || n <= leaf || strcmp(get->key + n - leaf, MANIFEST_LEAF) != 0)
		return err_set(err, COUNT_ERR_INVALID, "%s: not the key of a manifest", shown(get->key));
	memcpy(dir, get->key, n - leaf);
	dir[n - leaf] = '\0';
	ret = parse_manifest(t, get, dir, m, err);
	if (ret == COUNT_OK)
		ret = check_manifest(t, get->key, dir, series, len, m, err);
	if (ret != COUNT_OK)
		manifest_free(m);
	return ret == COUNT_OK ? 1 : ret;
}

int cold_manifest_get(struct cold_tier *t, const char *series, size_t len, struct manifest *m, char *etag,
		      struct count_error *err)
{
	char key[OBJSTORE_KEY_MAX + 1];
	struct buf body = { 0 };
	struct objstore_req get = { .op = OBJSTORE_GET, .key = key,
				    .get = { .max = MANIFEST_MAX_BYTES, .body = &body } };
	int ret = cold_manifest_key(t, series, len, key, err);

	if (ret != COUNT_OK)
		return ret;
	objstore_run(t->store, &get);
	ret = cold_manifest_take(t, &get, series, len, m, err);
	if (ret == 1)
		memcpy(etag, get.etag, sizeof(get.etag));
	objstore_req_free(&get);
	buf_free(&body);
	return ret;
}

/* ---- Objects ---- */

static int damaged(const char *key, struct count_error *err, const char *why)
{
	return err_set(err, COUNT_ERR_COLD, "%s: %s; count-manifest verify says what else is, a copy of the "
		       "bucket or an earlier version of the object is the cure", shown(key), why);
}

static int check_bytes(const struct manifest_block *b, const uint8_t *bytes, size_t n, struct count_error *err)
{
	char hex[48], why[128];
	XXH128_canonical_t canon;

	if (b->size != 0 && b->size != n) {
		snprintf(why, sizeof(why), "%zu bytes, but its manifest says %" PRIu64 ": cut short or replaced", n,
			 b->size);
		return damaged(b->key, err, why);
	}
	if (b->checksum == NULL || strncmp(b->checksum, "xxh128:", 7) != 0)
		return COUNT_OK;	/* of a kind that we cannot check */
	XXH128_canonicalFromHash(&canon, XXH3_128bits(bytes, n));
	for (size_t i = 0; i < sizeof(canon.digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", canon.digest[i]);
	if (strcmp(b->checksum + 7, hex) != 0)
		return damaged(b->key, err, "its bytes do not have the checksum of its manifest: damaged or replaced");
	return COUNT_OK;
}

static int check_chunks(const struct manifest_block *b, const struct cold_object *o, struct count_error *err)
{
	struct chunklist l = { 0 };
	uint64_t at = 0, points = 0;
	int ret = chunklist_open(&l, o->chunks.data, o->chunks.len, &at);
	char why[64];

	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	if (ret != COUNT_OK) {
		snprintf(why, sizeof(why), "damaged chunks at byte %" PRIu64, at);
		return damaged(b->key, err, why);
	}
	for (size_t i = 0; i < l.n; i++)
		points += l.v[i].points;
	if (l.n == 0 || l.v[0].first != b->start || l.v[l.n - 1].last != b->end || points != b->points)
		ret = damaged(b->key, err, "its chunks hold other times than its manifest says");
	chunklist_close(&l);
	return ret;
}

static int check_object(const struct cold_tier *t, const struct manifest_block *b, const char *series, size_t len,
			const struct cold_object *o, struct count_error *err)
{
	const struct manifest_block *own = &o->block;

	if (own->start != b->start || own->end != b->end || own->points != b->points)
		return damaged(b->key, err, "it holds other times or another number of points than its manifest says");
	if (o->kind == OBJECT_LEGACY)
		return COUNT_OK;
	if (o->series_len != len || memcmp(o->series, series, len) != 0)
		return damaged(b->key, err, "it is an object of another series");
	if (o->unit != t->dir->format.unit)
		return damaged(b->key, err, "its times are in another unit than those of this directory");
	if (b->has_hash && own->has_hash && memcmp(b->points_hash, own->points_hash, sizeof(b->points_hash)) != 0)
		return damaged(b->key, err, "it holds other points than its manifest says: replaced");
	return check_chunks(b, o, err);
}

int cold_object_take(struct cold_tier *t, const struct manifest_block *b, const char *series, size_t len,
		     const uint8_t *bytes, size_t n, struct cold_object *o, struct count_error *err)
{
	struct count_error why = { 0 };
	int ret = check_bytes(b, bytes, n, err);

	if (ret != COUNT_OK)
		return ret;
	ret = t->json->object_parse(bytes, n, o, &why);
	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	if (ret == COUNT_ERR_VERSION)
		return err_set(err, COUNT_ERR_COLD, "%s: " COLD_NEWER ": %.150s; update this one",
			       shown(b->key), why.text);
	if (ret != COUNT_OK)
		return damaged(b->key, err, why.text[0] != '\0' ? why.text : "damaged object");
	ret = check_object(t, b, series, len, o, err);
	if (ret != COUNT_OK)
		cold_object_free(o);
	return ret;
}
