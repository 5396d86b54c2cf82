/*
 * json.c - the module json.so: manifests and objects as text; see format/json_module.h.
 *
 * jansson and zlib are small, but no tool needs them before it meets the cold tier.
 */
#include "format/json_module.h"

#include "format/manifest_json.h"
#include "format/object_json.h"

extern const struct json_module count_json_module;
__attribute__((visibility("default"))) const struct json_module count_json_module = {
	.version = JSON_MODULE_VERSION,
	.manifest_parse = manifest_parse,
	.manifest_print = manifest_print,
	.object_parse = object_parse,
	.object_print = object_print,
};
