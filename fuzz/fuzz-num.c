/*
 * fuzz-num.c - values and stamps from any bytes: what is accepted agrees with strtod() to the bit and
 * survives being printed and read back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "count.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(const char *s, size_t len)
{
	char out[COUNT_VALUE_MAX], *copy;
	double v, back;
	size_t n;

	if (count_value_parse(s, len, &v) != COUNT_OK)
		return;
	copy = malloc(len + 1);
	if (copy == NULL)
		return;
	memcpy(copy, s, len);
	copy[len] = '\0';
	back = strtod(copy, NULL);
	if (v == v && f64_bits(v) != f64_bits(back))
		abort();
	free(copy);
	n = count_value_format(v, out);
	if (n >= sizeof(out) || out[n] != '\0' || count_value_parse(out, n, &back) != COUNT_OK ||
	    f64_bits(back) != f64_bits(v))
		abort();
}

static void check_bits(const uint8_t *data)
{
	char out[COUNT_VALUE_MAX];
	double v = get_f64(data), back;
	size_t n = count_value_format(v, out);

	if (count_value_parse(out, n, &back) != COUNT_OK ||
	    (v == v ? f64_bits(back) != f64_bits(v) : back == back))
		abort();
}

static void check_stamp(const char *s, size_t len)
{
	char out[COUNT_STAMP_MAX];
	struct count_duration d;
	int64_t t, back;
	bool floored;

	for (int given = COUNT_TIME_AUTO; given <= COUNT_TIME_NS; given++)
		for (int store = COUNT_UNIT_S; store <= COUNT_UNIT_NS; store++) {
			if (count_stamp_parse(s, len, (enum count_time_unit)given,
					      (enum count_unit)store, &t, &floored, NULL) != COUNT_OK)
				continue;
			for (int f = COUNT_TIME_FORMAT_S; f <= COUNT_TIME_FORMAT_NS; f++) {
				size_t n = count_stamp_format(t, (enum count_unit)store,
							      (enum count_time_format)f, out);

				if (count_stamp_parse(out, n, COUNT_TIME_S + (f - COUNT_TIME_FORMAT_S),
						      (enum count_unit)store, &back, &floored, NULL) != COUNT_OK ||
				    back != t || floored)
					abort();
			}
		}
	if (count_duration_parse(s, len, &d, NULL) == COUNT_OK &&
	    (d.n <= 0 || count_duration_approx(d, COUNT_UNIT_MS) <= 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_value((const char *)data, size);
	check_stamp((const char *)data, size);
	if (size >= 8)
		check_bits(data);
	return 0;
}
