/* json_block.h - the fields that a block has in the manifest as well as in its object; count-manifest(5). */
#ifndef COUNT_FORMAT_JSON_BLOCK_H
#define COUNT_FORMAT_JSON_BLOCK_H

#include "format/json_read.h"
#include "format/json_write.h"
#include "format/manifest.h"

#define JSON_KEY_MAX 1024		/* bytes of an object's key */

/* The four fixed fields.  dir: where the key must lie; NULL: anywhere.  b: zeroed; the caller frees it.  Only
 * the prototype (version 0) may count more points than there are times: it kept equal ones. */
int json_block_fixed(const struct json_place *at, const char *dir, unsigned version, struct manifest_block *b);
/* A key's form, and whether it lies below dir; `name` is its field's. */
int json_key_check(const struct json_place *at, const char *name, const char *key, const char *dir);
/* What may follow: points_hash, seq, writer, codec, the statistics. */
int json_block_claims(const struct json_place *at, struct manifest_block *b);

void json_put_block_fixed(struct json_writer *w, const struct manifest_block *b);
void json_put_block_claims(struct json_writer *w, const struct manifest_block *b);

/* "days": statistics by UTC day, which together are the whole block. */
int json_days_get(const struct json_place *at, enum count_unit unit, struct manifest_block *b);
void json_days_put(struct json_writer *w, const struct manifest_block *b);

/* series_name, in its canonical spelling; needed. */
int json_series_get(const struct json_place *at, char **series, size_t *len);
/* version and unit: a newer version is COUNT_ERR_VERSION; either both are there or neither, *version 0. */
int json_version_get(const struct json_place *at, unsigned *version, bool *has_unit, enum count_unit *unit);

#endif
