/*
 * limits.c - what one core of this machine can do at best, for comparison.
 *
 *	limits [FOLDER]
 *
 * Prints lines of name, tab, figure: GB/s of memcpy() and of summing doubles, in memory (256 MiB) and in cache
 * (256 KiB), each the best of several rounds; milliseconds to write and fsync() 4 KiB in FOLDER, the median.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LARGE ((size_t)256 << 20)
#define SMALL ((size_t)256 << 10)
#define SYNCS 51

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* GB/s of copying LARGE bytes in pieces of len, each from the same place to the same place. */
static double copy_speed(char *to, const char *from, size_t len)
{
	double best = 1e9;

	for (int round = 0; round < 7; round++) {
		double t = now();

		for (size_t done = 0; done < LARGE; done += len) {
			memcpy(to, from, len);
			__asm__ volatile("" : : "r"(to) : "memory");	/* each copy is wanted */
		}
		t = now() - t;
		best = t < best ? t : best;
	}
	return (double)LARGE / best / 1e9;
}

/* 32 sums side by side: the adder's latency is no limit then. */
static double sum_of(const double *v, size_t n)
{
	double sums[32] = { 0 }, sum = 0;

	for (size_t i = 0; i + 32 <= n; i += 32)
		for (size_t k = 0; k < 32; k++)
			sums[k] += v[i + k];
	for (size_t k = 0; k < 32; k++)
		sum += sums[k];
	return sum;
}

static double sum_speed(const char *from, size_t len)
{
	volatile double sink = 0;
	double best = 1e9;

	for (int round = 0; round < 7; round++) {
		double t = now();

		for (size_t done = 0; done < LARGE; done += len)
			sink = sink + sum_of((const double *)(const void *)from, len / sizeof(double));
		t = now() - t;
		best = t < best ? t : best;
	}
	return (double)LARGE / best / 1e9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double sync_ms(const char *folder)
{
	static const char block[4096];
	char path[4096];
	double took[SYNCS];
	int fd, failed = 0;

	snprintf(path, sizeof(path), "%s/limits.XXXXXX", folder);
	fd = mkstemp(path);
	if (fd < 0)
		return 0;
	for (int i = 0; i < SYNCS; i++) {
		double t = now();

		failed |= write(fd, block, sizeof(block)) != (ssize_t)sizeof(block) || fsync(fd) != 0;
		took[i] = now() - t;
	}
	close(fd);
	unlink(path);
	qsort(took, SYNCS, sizeof(*took), by_value);
	return failed ? 0 : took[SYNCS / 2] * 1e3;
}

int main(int argc, char **argv)
{
	char *from = aligned_alloc(64, LARGE), *to = aligned_alloc(64, LARGE);

	if (from == NULL || to == NULL)
		return 1;
	memset(from, 0, LARGE);
	memset(to, 1, LARGE);
	printf("memcpy, memory\t%.1f\n", copy_speed(to, from, LARGE));
	printf("memcpy, cache\t%.1f\n", copy_speed(to, from, SMALL));
	printf("sum of doubles, memory\t%.1f\n", sum_speed(from, LARGE));
	printf("sum of doubles, cache\t%.1f\n", sum_speed(from, SMALL));
	printf("fsync of 4 KiB\t%.3f\n", sync_ms(argc > 1 ? argv[1] : "."));
	free(from);
	free(to);
	return 0;
}
