/* fuzz-tz.c - any bytes as a time zone file: times convert to the first instant, buckets never stand still. */
#include <stdint.h>
#include <stdlib.h>

#include "base/bucket.h"
#include "base/tz.h"
#include "count.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bucket(const struct tz *tz, struct count_duration step, int64_t t)
{
	struct bucket b;
	int64_t start, next;

	if (bucket_init(&b, step, tz, COUNT_UNIT_S, NULL) != COUNT_OK)
		abort();
	start = bucket_start(&b, t);
	next = bucket_next(&b, t);
	if (start > t || next <= t || bucket_start(&b, start) != start || bucket_start(&b, next) != next ||
	    bucket_next(&b, start) != next)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t times[] = { 0, -3000000000, 1000000000, 1711880430, 4000000000, 99999999999 };
	struct tz *tz;

	if (tz_load(data, size, "fuzz", &tz, NULL) != COUNT_OK)
		return 0;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		int64_t until, u = tz_to_utc(tz, times[i]);

		if (tz_to_local(tz, u) < times[i] || tz_to_local(tz, u - 1) >= times[i])
			abort();
		tz_offset(tz, times[i], &until);
		if (until <= times[i])
			abort();
		check_bucket(tz, (struct count_duration){ 1, COUNT_DURATION_DAY }, times[i]);
		check_bucket(tz, (struct count_duration){ 2, COUNT_DURATION_WEEK }, times[i]);
		check_bucket(tz, (struct count_duration){ 1, COUNT_DURATION_MONTH }, times[i]);
	}
	tz_close(tz);
	return 0;
}
