/*
 * fuzz-chunklist - hostile chunks of an object into their reader.
 *
 * Input: a list of chunks.  It is read as it stands, then with its checksums put right, so that what lies behind
 * them is reached; what is accepted must keep the reader's promises.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/chunklist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void read_all(const uint8_t *data, size_t size, bool mend, struct chunk_coder *coder)
{
	static int64_t times[COLUMN_MAX_POINTS];
	static double values[COLUMN_MAX_POINTS];
	struct chunklist l;
	uint64_t at = 0;
	int ret = chunklist_open(&l, data, size, &at);

	promise(at <= size);
	for (size_t i = 0; ret == COUNT_OK && i < l.n && i < 64; i++) {
		struct chunklist_entry *e = &l.v[i];

		promise(e->points >= 1 && e->points <= COLUMN_MAX_POINTS && e->first <= e->last);
		promise(i == 0 || e[-1].last < e->first);
		promise(e->off <= size && (uint64_t)e->times_len + e->values_len <= size - e->off);
		promise(e->dict_len == 0 || (e->dict_off < e->off && e->dict_len <= e->off - e->dict_off));
		if (mend)
			e->crc = crc32c(0, data + e->off, (size_t)e->times_len + e->values_len);
		if (mend && e->dict_len > 0)
			e->dict_crc = crc32c(0, data + e->dict_off, e->dict_len);
		if (chunklist_read(&l, i, coder, times, values, &at) != COUNT_OK)
			continue;
		promise(times[0] == e->first && times[e->points - 1] == e->last);
		for (size_t k = 1; k < e->points; k++)
			promise(times[k - 1] < times[k]);
	}
	chunklist_close(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chunk_coder *coder = chunk_coder_new();
	uint8_t *copy = malloc(size != 0 ? size : 1);

	if (coder != NULL && copy != NULL) {
		read_all(data, size, false, coder);
		if (size >= 8) {
			uint32_t len = get_u32(data);

			memcpy(copy, data, size);
			if (len > size - 8)
				put_u32(copy, len = (uint32_t)(size - 8));
			put_u32(copy + 4, crc32c(crc32c(0, copy, 4), copy + 8, len));
			read_all(copy, size, true, coder);
		}
	}
	chunk_coder_delete(coder);
	free(copy);
	return 0;
}
