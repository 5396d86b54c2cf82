/* manifest_json.h - manifest.json: text to structure and back; json_module.h says what they do. */
#ifndef COUNT_FORMAT_MANIFEST_JSON_H
#define COUNT_FORMAT_MANIFEST_JSON_H

#include "format/manifest.h"

int manifest_parse(const char *text, size_t len, const char *dir, struct manifest *m, struct count_error *err);
int manifest_print(const struct manifest *m, struct buf *out);

#endif
