/*
 * fuzz-legacy - hostile arrays of the prototype into their decoder.
 *
 * Input: two bytes, how many points; then the bytes of an array, taken as times and as values.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "codec/legacy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size < 2 ? 0 : get_u16(data);
	/* Of just that size: a sanitizer sees one point too many. */
	int64_t *times = calloc(n + 1, sizeof(*times));
	double *values = calloc(n + 1, sizeof(*values));
	uint64_t at = 0;

	if (size >= 2 && times != NULL && values != NULL) {
		if (legacy_decode_times(data + 2, size - 2, n, times, &at) != COUNT_OK && at > size - 2)
			abort();
		if (legacy_decode_values(data + 2, size - 2, n, values, &at) != COUNT_OK && at > size - 2)
			abort();
	}
	free(times);
	free(values);
	return 0;
}
