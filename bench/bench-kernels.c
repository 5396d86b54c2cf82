/*
 * bench-kernels.c - packed pages to doubles: million points a second of each kernel, width and order.
 *
 *	bench-kernels [MILLISECONDS]		a measurement; 20 by default
 *
 * A chunk of 8 pages of 1024 points is decoded to an array of doubles again and again: decimals of two
 * places, so a division is part of it.  Beside it memcpy of as many doubles in the same run, and the packing
 * of such integers.  The best of several rounds counts, so a busy machine matters less.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/page.h"

#define PAGE 1024
#define PAGES 8
#define ROUNDS 25

static const unsigned widths[] = { 0, 1, 3, 4, 7, 8, 11, 13, 16, 21, 24, 31, 32, 40, 52 };

#define WIDTHS (sizeof(widths) / sizeof(widths[0]))

struct set {
	int64_t left[PAGES][PAGE];
	struct buf pages[PAGES];
	double values[PAGES * PAGE], copy[PAGES * PAGE];
	struct page page;
	unsigned nexceptions;		/* a group */
	const struct kernels *k;
	double limit;			/* seconds a measurement */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t next(uint64_t *state)	/* splitmix64 */
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void die(const char *what)
{
	fprintf(stderr, "bench-kernels: %s\n", what);
	exit(1);
}

static void pack(struct set *s)
{
	for (size_t i = 0; i < PAGES; i++) {
		struct pack_plan plan;

		buf_clear(&s->pages[i]);
		pack_plan(&plan, s->left[i], PAGE, SIZE_MAX);
		if (!pack_put(&s->pages[i], &plan, s->left[i], PAGE))
			die("out of memory");
	}
}

static void plan_only(struct set *s)
{
	for (size_t i = 0; i < PAGES; i++) {
		struct pack_plan plan;

		pack_plan(&plan, s->left[i], PAGE, SIZE_MAX);
		s->copy[i] = (double)plan.bytes;
	}
}

static void decode(struct set *s)
{
	for (size_t i = 0; i < PAGES; i++) {
		const struct buf *b = &s->pages[i];

		if (page_quotients(s->k, &s->page, 100, b->data, b->data + b->len, PAGE,
				   s->values + i * PAGE) == NULL)
			die("a page is broken");
	}
}

static void copy(struct set *s)
{
	memcpy(s->copy, s->values, sizeof(s->copy));
}

/* Million points a second of the fastest round. */
static double speed(void (*pass)(struct set *), struct set *s)
{
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now(), took;
		size_t passes = 0;

		do {
			for (int i = 0; i < 4; i++)
				pass(s);
			passes += 4;
			took = now() - start;
		} while (took < s->limit / ROUNDS);
		if ((double)passes / took > best)
			best = (double)passes / took;
	}
	return best * PAGES * PAGE * 1e-6;
}

static void fill(struct set *s, unsigned width)
{
	uint64_t seed = width;

	for (size_t i = 0; i < PAGES; i++) {
		for (size_t j = 0; j < PAGE; j++)
			s->left[i][j] = unzigzag(next(&seed) & bits_mask(width));
		for (size_t j = 0; j < PAGE && s->nexceptions != 0; j += PACK_GROUP / s->nexceptions)
			s->left[i][j] = unzigzag(next(&seed) & bits_mask(width + 7));
	}
}

static void decoding(struct set *s, bool narrow)
{
	for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
		s->k = kernels_of((enum cpu_level)level);
		for (s->page.order = 0; s->page.order <= 2; s->page.order++) {
			printf("%-7s %-6s %d    ", s->k->name, narrow ? "narrow" : "wide", s->page.order);
			for (size_t i = 0; i < WIDTHS && (!narrow || widths[i] + (s->nexceptions ? 7 : 0) <= 32); i++) {
				s->page.narrow = narrow;
				fill(s, widths[i]);
				pack(s);
				printf(" %5.0f", speed(decode, s));
			}
			printf("\n");
		}
	}
}

static void encoding(struct set *s)
{
	s->page.order = 0;
	printf("plan               ");
	for (size_t i = 0; i < WIDTHS; i++) {
		fill(s, widths[i]);
		printf(" %5.0f", speed(plan_only, s));
	}
	printf("\nplan and pack      ");
	for (size_t i = 0; i < WIDTHS; i++) {
		fill(s, widths[i]);
		printf(" %5.0f", speed(pack, s));
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	static struct set s = { .page = { .base = 123456, .factor = 5 } };

	s.limit = (argc > 1 ? atof(argv[1]) : 20) * 1e-3;
	printf("M points/s    order");
	for (size_t i = 0; i < WIDTHS; i++)
		printf(" %5u", widths[i]);
	printf("  bits\n");
	decoding(&s, true);
	decoding(&s, false);
	printf("4 exceptions a group\n");
	s.nexceptions = 4;
	decoding(&s, true);
	s.nexceptions = 0;
	encoding(&s);
	s.nexceptions = 4;
	printf("4 exceptions a group\n");
	encoding(&s);
	printf("memcpy of as many doubles: %.0f\n", speed(copy, &s));
	return 0;
}
