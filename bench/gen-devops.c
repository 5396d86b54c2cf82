/*
 * gen-devops.c - metric lines as a fleet of hosts sends them, for measuring ingest and query.
 *
 *	gen-devops [-j N] [-J N] [SERIES [POINTS [START]]]	1000 series, 10000 points of each, from 1700000000
 *
 * Lines in time order, every 10 s, stamps in seconds.  Of ten series of a host: five gauges of two
 * decimals in a random walk, three counters, two sizes of memory in bytes.  With -j one scrape of a host in N,
 * drawn at random, is stamped a second late, all ten series alike; with -J one point in N, each by itself.
 * Values are the same with and without.  The same arguments give the same lines.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const names[10] = {
	"cpu.usage", "cpu.load1", "disk.used_percent", "temp.celsius", "net.latency_ms",
	"net.rx_bytes", "net.tx_bytes", "http.requests", "mem.used_bytes", "mem.cached_bytes",
};

struct series {
	char name[64];
	int64_t value;		/* of gauges: hundredths */
};

/* xorshift64* (Marsaglia 2003, Vigna 2016). */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static void step(struct series *s, unsigned kind, uint64_t random)
{
	if (kind < 5) {
		s->value += (int64_t)(random % 101) - 50;
		s->value = s->value < 0 ? 0 : s->value > 10000 ? 10000 : s->value;
	} else if (kind < 8) {
		s->value += (int64_t)(random % 20000);
	} else {
		s->value += ((int64_t)(random % 65) - 32) * 4096;
		s->value = s->value < 0 ? 0 : s->value;
	}
}

struct late {
	uint64_t one_in;	/* 0: never */
	bool each_point;	/* else each host */
	uint64_t state;
	bool now;
};

/* Whether series i is stamped late this time; asked of each series in turn. */
static bool is_late(struct late *l, size_t i)
{
	if (l->one_in != 0 && (l->each_point || i % 10 == 0))
		l->now = (next_random(&l->state) >> 32) % l->one_in == 0;
	return l->now;
}

static void read_options(int argc, char **argv, struct late *late)
{
	int opt;

	while ((opt = getopt(argc, argv, "j:J:")) != -1) {
		if (opt == '?')
			exit(2);
		late->one_in = strtoull(optarg, NULL, 10);
		late->each_point = opt == 'J';
	}
}

int main(int argc, char **argv)
{
	struct late late = { .state = 1181783497276652981u };
	size_t nseries, npoints;
	int64_t start;
	struct series *all;
	uint64_t state = 88172645463325252u;

	read_options(argc, argv, &late);
	argc -= optind - 1;
	argv += optind - 1;
	nseries = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	npoints = argc > 2 ? strtoul(argv[2], NULL, 10) : 10000;
	start = argc > 3 ? strtoll(argv[3], NULL, 10) : 1700000000;
	all = calloc(nseries, sizeof(*all));
	if (all == NULL)
		return 1;
	for (size_t i = 0; i < nseries; i++) {
		snprintf(all[i].name, sizeof(all[i].name), "fleet.web%04zu.%s", i / 10, names[i % 10]);
		all[i].value = i % 10 < 5 ? 5000 : INT64_C(4) << 30;
	}
	for (size_t k = 0; k < npoints; k++) {
		for (size_t i = 0; i < nseries; i++) {
			struct series *s = &all[i];
			int64_t t = start + (int64_t)k * 10 + is_late(&late, i);

			step(s, i % 10, next_random(&state));
			if (i % 10 < 5)
				printf("%s %" PRId64 ".%02d %" PRId64 "\n", s->name, s->value / 100,
				       (int)(s->value % 100), t);
			else
				printf("%s %" PRId64 " %" PRId64 "\n", s->name, s->value, t);
		}
	}
	free(all);
	return fflush(stdout) != 0 || ferror(stdout);
}
