/*
 * steady-points.c - many points of steady series, fast: steady-points FROM TO [PREFIX:STEP:SERIES]...
 *
 * Prints lines for count-ingest, stamps FROM <= t < TO in seconds: for each operand SERIES series PREFIX.0,
 * PREFIX.1 and so on, of a point each STEP seconds.  Values look like those of a sensor: a wave a day, some noise,
 * two decimals.  They depend on series and time alone, so days can be made one by one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400

static uint64_t mix(uint64_t x)		/* Steele et al., SplitMix64 */
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static long value(long series, long t)
{
	long hour = t % DAY, wave = hour < DAY / 2 ? hour : DAY - hour;

	return 5000 + series * 100 + wave / 40 + (long)(mix((uint64_t)t * 1000 + (uint64_t)series) % 21) - 10;
}

static char *put_number(char *p, long v)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	while (n > 0)
		*p++ = digits[--n];
	return p;
}

static void print_series(const char *prefix, long series, long step, long from, long to)
{
	char line[256];
	size_t len = (size_t)snprintf(line, 128, "%.100s.%ld ", prefix, series);

	for (long t = (from + step - 1) / step * step; t < to; t += step) {
		long v = value(series, t);
		char *p = put_number(line + len, v / 100);

		*p++ = '.';
		*p++ = (char)('0' + v / 10 % 10);
		*p++ = (char)('0' + v % 10);
		*p++ = ' ';
		p = put_number(p, t);
		*p++ = '\n';
		fwrite(line, 1, (size_t)(p - line), stdout);
	}
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	for (int i = 3; i < argc; i++) {
		char *step = strchr(argv[i], ':'), *series = step != NULL ? strchr(step + 1, ':') : NULL;

		if (series == NULL || atol(step + 1) <= 0)
			return 2;
		*step++ = '\0';
		for (long s = 0; s < atol(series + 1); s++)
			print_series(argv[i], s, atol(step), atol(argv[1]), atol(argv[2]));
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
