/*
 * generate.c - metric lines as a fleet of hosts would send them, for benchmarks.
 *
 *	generate SERIES POINTS [jitter]
 *
 * Prints POINTS scrapes, 10 s apart, of SERIES series in Graphite lines "name value stamp_s": gauges of two decimals
 * in a random walk, counters, memory sizes in whole pages.  With jitter one scrape in ten is a
 * second late.  Always the same lines for the same arguments.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next_random(uint64_t *state)	/* xorshift64*, Vigna 2016 */
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

int main(int argc, char **argv)
{
	static const char *const kinds[] = { "cpu.user", "cpu.system", "mem.used", "net.rx_bytes",
					     "disk.io_ms", "load.1m", "temp.celsius", "http.requests",
					     "mem.cached", "fs.used" };
	long series = argc > 1 ? atol(argv[1]) : 0, points = argc > 2 ? atol(argv[2]) : 0;
	int jitter = argc > 3 && strcmp(argv[3], "jitter") == 0;
	uint64_t rnd = 88172645463325252u;
	int64_t *state;

	if (series < 1 || points < 1) {
		fprintf(stderr, "usage: generate SERIES POINTS [jitter]\n");
		return 2;
	}
	state = calloc((size_t)series, sizeof(*state));
	if (state == NULL)
		return 1;
	for (long s = 0; s < series; s++)
		state[s] = (int64_t)(next_random(&rnd) % 5000);
	for (long p = 0; p < points; p++) {
		int64_t t = 1700000000 + p * 10;

		if (jitter && next_random(&rnd) % 10 == 0)
			t++;
		for (long s = 0; s < series; s++) {
			int64_t r = (int64_t)(next_random(&rnd) >> 33), *v = &state[s];

			printf("servers.host%03ld.%s", s / 10, kinds[s % 10]);
			switch (s % 5) {
			case 3:		/* a counter */
				*v += r % 2000;
				printf(" %" PRId64 " %" PRId64 "\n", *v, t);
				break;
			case 2:		/* memory: whole pages */
				*v += r % 65 - 32;
				*v = *v < 0 ? 0 : *v;
				printf(" %" PRId64 " %" PRId64 "\n", *v * 4096, t);
				break;
			default:	/* a gauge of two decimals */
				*v += r % 101 - 50;
				*v = *v < 0 ? -*v : *v > 10000 ? 20000 - *v : *v;
				printf(" %" PRId64 ".%02d %" PRId64 "\n", *v / 100, (int)(*v % 100), t);
			}
		}
	}
	free(state);
	return ferror(stdout) || fflush(stdout) != 0;
}
