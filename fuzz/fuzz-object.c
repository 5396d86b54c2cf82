/*
 * fuzz-object - hostile objects into the reader of their bytes.
 *
 * Input: an object, gzip or not.  What is accepted must be the same when it was printed and read again; what it
 * carries goes on to its decoder.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/legacy.h"
#include "format/chunklist.h"
#include "format/object_json.h"

#define MAX_POINTS 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void decode_legacy(const struct cold_object *o)
{
	static int64_t times[MAX_POINTS];
	static double values[MAX_POINTS];
	uint64_t at;
	size_t n = o->block.points;

	if (n > MAX_POINTS)
		return;
	if (legacy_decode_times(o->legacy_times.data, o->legacy_times.len, n, times, &at) != COUNT_OK)
		promise(at <= o->legacy_times.len);
	if (legacy_decode_values(o->legacy_values.data, o->legacy_values.len, n, values, &at) != COUNT_OK)
		promise(at <= o->legacy_values.len);
}

static void print_again(const struct cold_object *o)
{
	struct cold_object again = { 0 };
	struct buf out = { 0 };
	struct chunklist l;
	bool gzipped;

	promise(object_print(o, &gzipped, &out) == COUNT_OK);
	promise(object_parse(out.data, out.len, &again, NULL) == COUNT_OK);
	promise(again.chunks.len == o->chunks.len && again.block.points == o->block.points);
	promise(strcmp(again.block.key, o->block.key) == 0 && again.nreplaces == o->nreplaces);
	promise(o->chunks.len == 0 || memcmp(again.chunks.data, o->chunks.data, o->chunks.len) == 0);
	if (chunklist_open(&l, again.chunks.data, again.chunks.len, NULL) == COUNT_OK)
		chunklist_close(&l);
	cold_object_free(&again);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cold_object o = { 0 };
	struct count_error err = { 0 };
	int ret = object_parse(data, size, &o, &err);

	promise(ret == err.code);
	if (ret != COUNT_OK)
		promise(o.series == NULL && o.chunks.data == NULL && o.legacy_times.data == NULL && o.replaces == NULL);
	else if (o.kind == OBJECT_LEGACY)
		decode_legacy(&o);
	else
		print_again(&o);
	cold_object_free(&o);
	return 0;
}
