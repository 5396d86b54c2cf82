/*
 * stream_writer.c - many series at once: one batch for each tick of a thousand sensors.
 *
 *	cc stream_writer.c $(pkg-config --cflags --libs libcount) -o stream_writer
 *	DATA_DIR=./metrics ./stream_writer
 *
 * A writer gathers points of any number of series and writes them to the log together; count_insert()
 * would write, and wait for the disk, once for each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <count.h>

#define SENSORS	1000
#define TICKS	60
#define START	INT64_C(1700000000000)	/* milliseconds */
#define TICK	INT64_C(10000)

struct sensors {
	uint32_t ids[SENSORS];	/* of the writer, good as long as its epoch is this one */
	uint32_t epoch;
};

/* Asks the writer for the id of each series: at the start, and when the epoch has changed. */
static int learn_ids(count_writer *w, struct sensors *s, struct count_error *err)
{
	for (unsigned i = 0; i < SENSORS; i++) {
		char number[16], series[COUNT_SERIES_MAX + 1];
		size_t len = (size_t)snprintf(number, sizeof(number), "%u", i);
		struct count_label label = { "sensor", 6, number, len };
		int ret = count_series_build("power", 5, &label, 1, series, &len, err);

		if (ret == COUNT_OK)
			ret = count_writer_series(w, series, len, &s->ids[i], err);
		if (ret != COUNT_OK)
			return ret;
	}
	s->epoch = count_writer_epoch(w);
	return COUNT_OK;
}

/* What a real program would measure. */
static double measure(unsigned sensor, unsigned tick)
{
	return 100 + sensor % 50 + 0.5 * (tick % 10);
}

static int write_tick(count_writer *w, struct sensors *s, unsigned tick, struct count_error *err)
{
	int ret = COUNT_OK;

	for (unsigned i = 0; i < SENSORS && ret == COUNT_OK; i++) {
		if (s->epoch != count_writer_epoch(w))	/* an add or commit may change it */
			ret = learn_ids(w, s, err);
		if (ret == COUNT_OK)
			ret = count_writer_add(w, s->ids[i], START + tick * TICK, measure(i, tick), err);
	}
	/* From here on every query sees the tick; a second later at most it is durable too. */
	return ret == COUNT_OK ? count_writer_commit(w, err) : ret;
}

static int write_all(count_writer *w, struct count_error *err)
{
	static struct sensors sensors;
	int ret = learn_ids(w, &sensors, err);

	for (unsigned tick = 0; tick < TICKS && ret == COUNT_OK; tick++) {
		ret = write_tick(w, &sensors, tick, err);
		if (ret == COUNT_OK)	/* where no cron job flushes, the log must not grow for ever */
			ret = count_writer_maintain(w, err);
	}
	return ret;
}

static int run(count_db *db, struct count_error *err)
{
	struct count_writer_stats stats;
	count_writer *w;
	int closed, ret = count_writer_open(db, COUNT_SYNC_INTERVAL, &w, err);

	if (ret != COUNT_OK)
		return ret;
	ret = write_all(w, err);
	if (ret == COUNT_OK)
		ret = count_writer_sync(w, err);
	count_writer_stats(w, &stats);
	closed = count_writer_close(w, err);	/* would commit and sync what is left */
	if (ret == COUNT_OK && closed == COUNT_OK)
		printf("%" PRIu64 " points, %" PRIu64 " of them durable\n", stats.points, stats.synced);
	return ret != COUNT_OK ? ret : closed;
}

int main(void)
{
	struct count_config config;
	struct count_error err = { 0 };
	count_db *db = NULL;
	int ret;

	count_config_init(&config);
	ret = count_config_env(&config, &err);
	if (ret == COUNT_OK)
		ret = count_open(&config, COUNT_OPEN_CREATE, &db, &err);
	if (ret == COUNT_OK)
		ret = run(db, &err);
	if (ret != COUNT_OK)
		fprintf(stderr, "stream_writer: %s\n", err.text);
	count_close(db);
	count_config_free(&config);
	return ret == COUNT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
