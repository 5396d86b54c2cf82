/* object_json.h - block objects: bytes to structure and back; json_module.h says what they do. */
#ifndef COUNT_FORMAT_OBJECT_JSON_H
#define COUNT_FORMAT_OBJECT_JSON_H

#include "format/manifest.h"

int object_parse(const uint8_t *bytes, size_t len, struct cold_object *o, struct count_error *err);
int object_print(const struct cold_object *o, bool *gzipped, struct buf *out);

#endif
