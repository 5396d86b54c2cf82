/*
 * bench-num.c - speed of values, stamps, series and checksums, each beside the C library in the same run.
 *
 * Prints nanoseconds a call and how many times faster than strtod() or snprintf("%.17g") that is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/num.h"
#include "count.h"

#define N 100000
#define ROUNDS 7

static double values[N];
static char texts[N][COUNT_VALUE_MAX];
static size_t lens[N];

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

typedef uint64_t pass(void);	/* N calls; the sum keeps the compiler from dropping them */

static uint64_t parse_ours(void)
{
	uint64_t sum = 0;
	double v;

	for (int i = 0; i < N; i++) {
		num_parse(texts[i], lens[i], &v);
		sum += f64_bits(v);
	}
	return sum;
}

static uint64_t parse_libc(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < N; i++)
		sum += f64_bits(strtod(texts[i], NULL));
	return sum;
}

static uint64_t format_ours(void)
{
	char out[COUNT_VALUE_MAX];
	uint64_t sum = 0;

	for (int i = 0; i < N; i++)
		sum += count_value_format(values[i], out) + (unsigned char)out[0];
	return sum;
}

static uint64_t format_libc(void)
{
	char out[40];
	uint64_t sum = 0;

	for (int i = 0; i < N; i++)
		sum += (uint64_t)snprintf(out, sizeof(out), "%.17g", values[i]) + (unsigned char)out[0];
	return sum;
}

static uint64_t stamp_ours(void)
{
	uint64_t sum = 0;
	int64_t t;

	for (int i = 0; i < N; i++) {
		count_stamp_parse("1700000000123", 13, COUNT_TIME_AUTO, COUNT_UNIT_MS, &t, NULL, NULL);
		sum += (uint64_t)t;
	}
	return sum;
}

static uint64_t series_ours(void)
{
	static const char text[] = "http_requests_total{method=\"GET\",code=\"200\",host=\"web-12\"}";
	char out[COUNT_SERIES_MAX + 1];
	uint64_t sum = 0;
	size_t len;

	for (int i = 0; i < N; i++) {
		count_series_canonical(text, sizeof(text) - 1, out, &len, NULL);
		sum += len;
	}
	return sum;
}

static double best(pass *p)
{
	static volatile uint64_t sink;
	double least = 1e18;

	for (int i = 0; i < ROUNDS; i++) {
		double from = now_ns(), took;

		sink = p();
		took = now_ns() - from;
		least = took < least ? took : least;
	}
	(void)sink;
	return least / N;
}

static void run(const char *what)
{
	double f = best(format_ours), p, fl, pl;

	for (int i = 0; i < N; i++)
		lens[i] = count_value_format(values[i], texts[i]);
	p = best(parse_ours);
	fl = best(format_libc);
	pl = best(parse_libc);
	printf("%-22s format %6.1f ns (%4.1fx)   parse %6.1f ns (%4.1fx)\n", what, f, fl / f, p, pl / p);
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 11 ^ *state << 40;
}

int main(void)
{
	static uint8_t block[65536];
	uint64_t seed = 1;
	double from;
	uint32_t crc = 0;

	for (int i = 0; i < N; i++)
		values[i] = (double)(next_random(&seed) % 100000);
	run("integers to 99999");
	for (int i = 0; i < N; i++)
		values[i] = (double)(next_random(&seed) % 10000) / 100;
	run("percent, 2 decimals");
	for (int i = 0; i < N; i++)
		values[i] = (double)(next_random(&seed) % 1000000000) / 1e6;
	run("6 decimals");
	for (int i = 0; i < N; i++)
		values[i] = (double)(next_random(&seed) >> 11) / 1e13;
	run("17 digits");
	for (int i = 0; i < N; i++)
		values[i] = f64_from_bits(next_random(&seed) % UINT64_C(0x7ff0000000000000));
	run("random bits");
	printf("%-22s %.1f ns\n", "stamp, 13 digits", best(stamp_ours));
	printf("%-22s %.1f ns\n", "series, 3 labels", best(series_ours));
	from = now_ns();
	for (int i = 0; i < 10000; i++)
		crc = crc32c(crc, block, sizeof(block));
	printf("%-22s %.1f GB/s", "crc32c, 64 KiB", 65536e4 / (now_ns() - from));
	from = now_ns();
	for (int i = 0; i < 1000; i++)
		crc = crc32c_portable(crc, block, sizeof(block));
	printf(" (by tables %.1f) %08x\n", 65536e3 / (now_ns() - from), crc);
	return 0;
}
