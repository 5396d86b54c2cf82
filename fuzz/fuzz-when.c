/* fuzz-when.c - any bytes as a point in time; what is accepted prints and reads back. */
#include <stdint.h>
#include <stdlib.h>

#include "count.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const zones[] = { NULL, "Europe/Berlin", "America/St_Johns" };
	char out[COUNT_STAMP_MAX];
	int64_t t, back;

	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++)
		for (int unit = COUNT_UNIT_S; unit <= COUNT_UNIT_NS; unit++) {
			enum count_unit store = (enum count_unit)unit;
			size_t n;

			if (count_when_parse((const char *)data, size, COUNT_TIME_AUTO, store,
					     1711880430500000000, zones[z], &t, NULL) != COUNT_OK)
				continue;
			n = count_stamp_format(t, store, COUNT_TIME_FORMAT_ISO, out);
			if (count_when_parse(out, n, COUNT_TIME_AUTO, store, 0, NULL, &back, NULL) != COUNT_OK ||
			    back != t)
				abort();
		}
	return 0;
}
