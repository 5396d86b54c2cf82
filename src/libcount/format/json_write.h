/*
 * json_write.h - JSON text, written piece by piece; needs no jansson.
 *
 * Each call writes `"key":value` and a comma before it unless it is the first of its object.  With key NULL it
 * writes the value alone, an element of an array.
 */
#ifndef COUNT_FORMAT_JSON_WRITE_H
#define COUNT_FORMAT_JSON_WRITE_H

#include "base/buf.h"

struct json_writer {
	struct buf *out;
	bool more;		/* a comma is due */
	bool bad;		/* a text was not UTF-8: the result is no JSON */
};

void json_open(struct json_writer *w, const char *key, char bracket);	/* { or [, or the " of a string that the caller
							 * writes */
void json_close(struct json_writer *w, char bracket);
void json_put_text(struct json_writer *w, const char *key, const char *text);
void json_put_int(struct json_writer *w, const char *key, int64_t v);
void json_put_double(struct json_writer *w, const char *key, double v);	/* json_double_parse() reads it */
void json_put_hash(struct json_writer *w, const char *key, const uint8_t hash[16]);
/* The fields of an object's text, as json_get_other() made it; NULL: none. */
void json_put_other(struct json_writer *w, const char *other);

#endif
