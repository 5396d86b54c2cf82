/*
 * bench-kernels.c - packed pages to doubles: million points a second of each kernel, width and order.
 *
 *	bench-kernels [MILLISECONDS]		a measurement; 20 by default
 *
 * A chunk of 8 pages of 1024 points is decoded to an array of doubles again and again: decimals of two
 * places, so a division is part of it, or doubles by the integers that order them.  Beside it memcpy of as many
 * doubles in the same run, and the packing of such integers.  The best of several rounds counts, so a busy machine
 * matters less.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/page.h"

#define PAGE 1024
#define PAGES 8
#define ROUNDS 25

#define FACTOR 5
#define MOST_BY_FACTOR 50	/* bits; wider ones go without, for decimals have 53 at most */

static const unsigned widths[] = { 0, 1, 4, 7, 8, 13, 16, 21, 24, 28, 31, 32, 36, 40, 46, 52 };

#define WIDTHS (sizeof(widths) / sizeof(widths[0]))

struct set {
	int64_t left[PAGES][PAGE];
	struct buf pages[PAGES];
	double values[PAGES * PAGE], copy[PAGES * PAGE];
	struct page page;
	unsigned nexceptions;		/* a group */
	const struct kernels *k;
	bool ordered;
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
		double *to = s->values + i * PAGE;
		const uint8_t *p = b->data, *end = p + b->len;

		p = s->ordered ? page_ordered(s->k, &s->page, p, end, PAGE, to) :
				 page_quotients(s->k, &s->page, 100, p, end, PAGE, to);
		if (p == NULL)
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

/* What an order leaves of integers that fit in as many bits less as make fields of that width. */
static void fill(struct set *s, unsigned width)
{
	unsigned order = s->page.order, bits = width > order ? width - order : 0;
	uint64_t seed = width, m, before = 0, step = 0;

	for (size_t i = 0; i < PAGES * PAGE; i++) {
		unsigned more = s->nexceptions != 0 && i % (PACK_GROUP / s->nexceptions) == 0 ? 7 : 0;
		uint64_t left;

		if (i % PAGE == 0)
			before = step = 0;
		m = (uint64_t)unzigzag(next(&seed) & bits_mask(bits + more));
		left = order == 0 ? m : m - before;
		if (order == 2)
			left -= step;
		step = m - before;
		before = m;
		s->left[i / PAGE][i % PAGE] = (int64_t)left;
	}
}

static void decoding(struct set *s, const char *kind, unsigned most)
{
	s->page.narrow = most == 32;
	for (int level = CPU_PLAIN; level <= (int)cpu_level(); level++) {
		s->k = kernels_of((enum cpu_level)level);
		for (s->page.order = 0; s->page.order <= 2; s->page.order++) {
			printf("%-7s %-7s %d   ", s->k->name, kind, s->page.order);
			for (size_t i = 0; i < WIDTHS && widths[i] + (s->nexceptions ? 7 : 0) <= most; i++) {
				s->page.factor = s->ordered || widths[i] > MOST_BY_FACTOR ? 1 : FACTOR;
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
	static struct set s = { .page = { .base = 123456 } };

	s.limit = (argc > 1 ? atof(argv[1]) : 20) * 1e-3;
	printf("M points/s    order");
	for (size_t i = 0; i < WIDTHS; i++)
		printf(" %5u", widths[i]);
	printf("  bits\n");
	decoding(&s, "narrow", 32);
	decoding(&s, "wide", 64);
	s.ordered = true;
	decoding(&s, "ordered", 64);
	s.ordered = false;
	printf("4 exceptions a group\n");
	s.nexceptions = 4;
	decoding(&s, "narrow", 32);
	s.nexceptions = 0;
	encoding(&s);
	s.nexceptions = 4;
	printf("4 exceptions a group\n");
	encoding(&s);
	printf("memcpy of as many doubles: %.0f\n", speed(copy, &s));
	return 0;
}
