/* fuzz-series.c - any bytes as a series: a canonical text is its own, and its parts build it again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct count_series_parts parts;
	char out[COUNT_SERIES_MAX + 1], again[COUNT_SERIES_MAX + 1];
	struct count_error err = { 0 };
	size_t len, again_len;

	if (count_series_canonical((const char *)data, size, out, &len, &err) != COUNT_OK) {
		if (err.code != COUNT_ERR_INVALID || err.text[0] == '\0')
			abort();
		count_series_parse((const char *)data, size, &parts);
		return 0;
	}
	if (len > COUNT_SERIES_MAX || out[len] != '\0' ||
	    count_series_canonical(out, len, again, &again_len, NULL) != COUNT_OK ||
	    again_len != len || memcmp(out, again, len) != 0)
		abort();
	if (count_series_parse(out, len, &parts) != COUNT_OK ||
	    count_series_build(parts.name, parts.name_len, parts.labels, parts.nlabels, again,
			       &again_len, NULL) != COUNT_OK ||
	    again_len != len || memcmp(out, again, len) != 0)
		abort();
	return 0;
}
