/*
 * bench-writer.c - how fast points get into the log, beside writing them raw.
 *
 *	bench-writer [DIR]
 *
 * For 1,000 and 100,000 series: processor and wall time a point of add and commit, the bytes a point
 * takes, and the same for write() of bare 16-byte points.  Then the latency of count_insert().
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "count.h"

#define POINTS 10000000u
#define INSERTS 20000u

static double clock_s(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void check(int ret, const struct count_error *err)
{
	if (ret != COUNT_OK) {
		fprintf(stderr, "bench-writer: %s\n", err->text);
		exit(1);
	}
}

static double value_of(unsigned i)
{
	return 20 + (double)(i * 2654435761u >> 20) / 10;	/* one decimal: stored raw */
}

static void ingest(count_db *db, uint32_t nseries)
{
	struct count_error err = { 0 };
	struct count_writer_stats st;
	count_writer *w;
	uint32_t *ids = calloc(nseries, sizeof(*ids));
	struct rusage ru;
	double cpu, wall;

	check(count_writer_open(db, COUNT_SYNC_NONE, &w, &err), &err);
	for (uint32_t i = 0; i < nseries; i++) {
		char name[64];
		int len = snprintf(name, sizeof(name), "cpu_usage{host=\"web%06u\"}", i);

		check(count_writer_series(w, name, (size_t)len, &ids[i], &err), &err);
	}
	cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	wall = clock_s(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < POINTS; i++)
		check(count_writer_add(w, ids[i % nseries],
				       1700000000000 + (int64_t)(i / nseries) * 1000 + i % 7,
				       value_of(i), &err), &err);
	check(count_writer_commit(w, &err), &err);
	cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = clock_s(CLOCK_MONOTONIC) - wall;
	count_writer_stats(w, &st);
	getrusage(RUSAGE_SELF, &ru);
	printf("%6u series: %5.1f ns cpu, %5.1f ns wall a point, %.2f bytes, %llu frames, peak %ld MiB\n",
	       nseries, cpu / POINTS * 1e9, wall / POINTS * 1e9, (double)st.bytes / POINTS,
	       (unsigned long long)st.frames, ru.ru_maxrss / 1024);
	check(count_writer_close(w, &err), &err);
	free(ids);
}

static void raw(const char *dir)
{
	enum { BATCH = 128 << 10 };
	struct count_point *p = malloc(BATCH * sizeof(*p));
	char path[8192];
	double cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID), wall = clock_s(CLOCK_MONOTONIC);
	int fd;

	snprintf(path, sizeof(path), "%s/raw", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (uint32_t i = 0; i < POINTS; i++) {
		p[i % BATCH] = (struct count_point){ 1700000000000 + i, value_of(i) };
		if ((i + 1) % BATCH == 0 && write(fd, p, BATCH * sizeof(*p)) < 0)
			perror(path);
	}
	cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = clock_s(CLOCK_MONOTONIC) - wall;
	printf("   raw write(): %5.1f ns cpu, %5.1f ns wall a point, 16.00 bytes\n",
	       cpu / POINTS * 1e9, wall / POINTS * 1e9);
	close(fd);
	unlink(path);
	free(p);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void inserts(count_db *db)
{
	static double took[INSERTS];
	struct count_error err = { 0 };

	check(count_set_sync(db, COUNT_SYNC_NONE), &err);
	for (uint32_t i = 0; i < INSERTS; i++) {
		struct count_point p = { 1700000000000 + i, value_of(i) };
		double start = clock_s(CLOCK_MONOTONIC);

		check(count_insert(db, "cpu_usage{host=\"web\"}", &p, 1, &err), &err);
		took[i] = clock_s(CLOCK_MONOTONIC) - start;
	}
	qsort(took, INSERTS, sizeof(*took), by_value);
	printf("count_insert, one point, not synced: median %.1f us, p99 %.1f us\n",
	       took[INSERTS / 2] * 1e6, took[INSERTS / 100 * 99] * 1e6);
}

int main(int argc, char **argv)
{
	char dir[4096], cmd[5000];
	struct count_error err = { 0 };
	struct count_config cfg;
	count_db *db;

	snprintf(dir, sizeof(dir), "%s/bench-writer.XXXXXX", argc > 1 ? argv[1] : ".");
	if (mkdtemp(dir) == NULL) {
		perror(dir);
		return 1;
	}
	count_config_init(&cfg);
	check(count_config_set(&cfg, "DATA_DIR", dir, "bench", &err), &err);
	check(count_open(&cfg, COUNT_OPEN_CREATE, &db, &err), &err);
	raw(dir);
	ingest(db, 1000);
	ingest(db, 100000);
	inserts(db);
	count_close(db);
	count_config_free(&cfg);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	return system(cmd);
}
