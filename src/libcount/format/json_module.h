/*
 * json_module.h - the table of the module "json": manifests and objects as text (jansson, zlib).
 *
 * All functions are pure: bytes in memory.  What they allocate is released by the functions of
 * manifest.h and buf.h.  Nesting, sizes, counts and numbers are bounded before memory is taken; a
 * repeated key is refused; gzip that unpacks to more than OBJECT_MAX_BYTES is refused.
 */
#ifndef COUNT_FORMAT_JSON_MODULE_H
#define COUNT_FORMAT_JSON_MODULE_H

#include "format/manifest.h"

#define JSON_MODULE_VERSION 1
#define JSON_MODULE_SYMBOL "count_json_module"

struct json_module {
	uint32_t version;
	/*
	 * m: empty; left empty on failure.  dir is "PREFIX/SERIES/": each key must lie below it, or the manifest
	 * is COUNT_ERR_CORRUPT.  COUNT_ERR_VERSION: newer than MANIFEST_VERSION.  err says what and where,
	 * without the manifest's own key, which the caller knows.
	 */
	int (*manifest_parse)(const char *text, size_t len, const char *dir, struct manifest *m,
			      struct count_error *err);
	/* Appends the text, a newline at its end: series_name and blocks first, the four fixed fields of each
	 * block first, one block a line; version and unit if m->has_unit.  COUNT_ERR_NOMEM; COUNT_ERR_INVALID: over
	 * MANIFEST_MAX_BYTES, or a text that is not UTF-8. */
	int (*manifest_print)(const struct manifest *m, struct buf *out);
	/* The object's bytes as stored, gzip or not (told by 1f 8b).  o: empty; left empty on failure. */
	int (*object_parse)(const uint8_t *bytes, size_t len, struct cold_object *o, struct count_error *err);
	/* Appends the bytes to store; *gzipped: they are gzip, since that is smaller.  Not for OBJECT_LEGACY.
	 * COUNT_ERR_NOMEM; COUNT_ERR_INVALID: over OBJECT_MAX_BYTES. */
	int (*object_print)(const struct cold_object *o, bool *gzipped, struct buf *out);
};

#endif
