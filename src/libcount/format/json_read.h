/*
 * json_read.h - hostile JSON text to a tree of jansson, and typed values out of it.
 *
 * Before jansson sees the text it is scanned once: nesting is limited, since jansson recurses, and so
 * is what the tree will take in memory, since "[[],[],..." needs forty times its text.  What a text must
 * not be is told in err with the place, as in: blocks[3]: "end_time" is missing.
 */
#ifndef COUNT_FORMAT_JSON_READ_H
#define COUNT_FORMAT_JSON_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"

#define JSON_DEPTH_MAX 32
#define JSON_WEIGHT_MAX (12u << 20)	/* see json_read.c: of the worst texts 0.5 to 0.7 GB of memory */
#define JSON_TEXT_MAX 1024		/* bytes of a string, unless said otherwise */

/*
 * A long string of the object at the top that needs no copy, since jansson takes 10 ns a character: where it is
 * written without escapes the tree has "" in its place.  What it has in it nobody looked at.
 */
struct json_apart {
	const char *key;		/* the caller's */
	const char *text;		/* in the text; NULL: there is none, or it is in the tree */
	size_t len;
};

/* The object at the top.  apart: NULL, or a string to be left where it is.  COUNT_ERR_CORRUPT, COUNT_ERR_NOMEM; the
 * caller owns *root, json_decref(). */
int json_load(const char *text, size_t len, struct json_apart *apart, json_t **root, struct count_error *err);

/* An object in the tree and its name for messages. */
struct json_place {
	const json_t *object;
	const char *list;		/* "blocks"; NULL: the object at the top */
	size_t index;			/* in it */
	struct count_error *err;
};

/* Fails with "LIST[INDEX]: "KEY" WHY"; returns COUNT_ERR_CORRUPT. */
int json_bad(const struct json_place *at, const char *key, const char *why);

/* The value of a key; NULL if it is absent or null. */
json_t *json_find(const struct json_place *at, const char *key);

/*
 * Each leaves *out alone when the key is absent, and fails if it is `needed`, or of another kind.
 * Text: UTF-8 without control characters, 1 to max bytes, copied; the caller owns it.
 * Integers: from min to INT64_MAX.  Doubles: strings, see json_double_parse().
 */
int json_get_text(const struct json_place *at, const char *key, bool needed, size_t max, char **out);
int json_get_int(const struct json_place *at, const char *key, bool needed, int64_t min, int64_t *out);
int json_get_count(const struct json_place *at, const char *key, bool needed, uint64_t min, uint64_t *out);
int json_get_double(const struct json_place *at, const char *key, double *out);	/* needed */
int json_get_array(const struct json_place *at, const char *key, bool needed, size_t max, const json_t **out);

/* A string of a double, bit for bit: as count_value_format() spells it, and NaN:HEX for other NaN than its. */
bool json_double_parse(const json_t *string, double *v);
/* "xxh128:" and 32 lower-case digits. */
bool json_hash_parse(const char *text, uint8_t hash[16]);

/* The keys that are not in known[], as the compact text of an object; *out stays NULL if there are none. */
int json_get_other(const struct json_place *at, const char *const known[], size_t nknown, char **out);

#endif
