/*
 * fuzz-manifest - hostile manifests into the reader of their text.
 *
 * Input: the text of a manifest.  What is accepted must keep the promises of manifest.h, and be the same
 * when it was printed and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "format/manifest_json.h"

#define DIR "p/s/"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void check_block(const struct manifest *m, const struct manifest_block *b)
{
	uint64_t points = 0;

	promise(strncmp(b->key, DIR, strlen(DIR)) == 0 && strstr(b->key, "/../") == NULL);
	promise(b->start <= b->end && b->points >= 1);
	promise(m->version == 0 || b->points - 1 <= (uint64_t)b->end - (uint64_t)b->start);
	promise(!b->has_stats || b->stats.nan_count <= b->points);
	for (size_t i = 0; i < b->ndays; i++) {
		promise(b->days[i].first_time <= b->days[i].last_time && b->days[i].count >= 1);
		promise(i == 0 || b->days[i - 1].last_time < b->days[i].first_time);
		points += b->days[i].count;
	}
	promise(b->ndays == 0 || points == b->points);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest m = { 0 }, again = { 0 };
	struct buf one = { 0 }, two = { 0 };
	struct count_error err = { 0 };
	int ret = manifest_parse((const char *)data, size, DIR, &m, &err);

	promise(ret == err.code);
	if (ret != COUNT_OK) {
		promise(ret == COUNT_ERR_CORRUPT || ret == COUNT_ERR_VERSION);
		promise(m.series == NULL && m.blocks == NULL && m.garbage == NULL && m.other == NULL);
		return 0;
	}
	for (size_t i = 0; i < m.nblocks; i++)
		check_block(&m, &m.blocks[i]);
	promise(manifest_print(&m, &one) == COUNT_OK);
	promise(manifest_parse((const char *)one.data, one.len, DIR, &again, NULL) == COUNT_OK);
	promise(manifest_print(&again, &two) == COUNT_OK);
	promise(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
	manifest_free(&m);
	manifest_free(&again);
	buf_free(&one);
	buf_free(&two);
	return 0;
}
