/*
 * s3_integration.c - all three tiers by the library: configure, insert, flush, archive, query.
 *
 *	cc s3_integration.c $(pkg-config --cflags --libs libcount) -o s3_integration
 *	mkdir bucket-dir; S3_ENDPOINT=file://$PWD/bucket-dir S3_BUCKET=metrics DATA_DIR=./data ./s3_integration
 *
 * On Amazon the same program runs with S3_BUCKET alone and whatever gives it credentials.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <count.h>

#define SERIES	"temperature{room=\"attic\"}"
#define MINUTE	INT64_C(60000)
#define DAY	(1440 * MINUTE)
#define START	(INT64_C(19675) * DAY)	/* 2023-11-14T00:00:00Z, in milliseconds */
#define DAYS	40

/* The environment, then what this program insists on.  A setting that makes no sense is named. */
static int configure(struct count_config *config, struct count_error *err)
{
	int ret;

	count_config_init(config);
	ret = count_config_env(config, err);
	if (ret == COUNT_OK)
		ret = count_config_set(config, "S3_ENABLED", "true", "s3_integration", err);
	if (ret == COUNT_OK)
		ret = count_config_set(config, "ARCHIVAL_AGE_DAYS", "14", "s3_integration", err);
	return ret;
}

/* A point a minute for forty days, a day at a time. */
static int insert(count_db *db, struct count_error *err)
{
	static struct count_point points[1440];

	for (int day = 0; day < DAYS; day++) {
		int ret;

		for (int i = 0; i < 1440; i++)
			points[i] = (struct count_point){ START + day * DAY + i * MINUTE, 18 + (day + i) % 50 / 10.0 };
		ret = count_insert(db, SERIES, points, 1440, err);
		if (ret != COUNT_OK)
			return ret;
	}
	return COUNT_OK;
}

/* How many points each tier answers, then all together; a tier is asked alone only to show it. */
static int show_tiers(count_db *db, struct count_error *err)
{
	static const struct { const char *name; unsigned tiers; } rows[] = {
		{ "hot", COUNT_TIER_HOT }, { "warm", COUNT_TIER_WARM }, { "cold", COUNT_TIER_COLD },
		{ "all", COUNT_TIER_ALL },
	};
	static const char *const selectors[] = { SERIES };

	for (size_t i = 0; i < 4; i++) {
		struct count_query query;
		struct count_batch batch;
		count_cursor *cursor;
		size_t points = 0;
		int ret;

		count_query_init(&query);
		query.selectors = selectors;
		query.nselectors = 1;
		query.tiers = rows[i].tiers;
		ret = count_query_open(db, &query, &cursor, err);
		if (ret != COUNT_OK)
			return ret;
		while ((ret = count_cursor_next(cursor, &batch, err)) == 1)
			points += batch.n;
		count_cursor_close(cursor);
		if (ret != 0)
			return ret;
		printf("\t%-5s%zu\n", rows[i].name, points);
	}
	return COUNT_OK;
}

/* The mean of each of the first three days: by now from the bucket's statistics alone. */
static int show_days(count_db *db, struct count_error *err)
{
	struct count_points days;
	int ret = count_query_aggregated(db, SERIES, START, START + 3 * DAY, DAY, COUNT_AGG_AVG, &days, err);

	if (ret != COUNT_OK)
		return ret;
	for (size_t i = 0; i < days.len; i++) {
		char time[COUNT_STAMP_MAX];

		count_stamp_format(days.v[i].time, COUNT_UNIT_MS, COUNT_TIME_FORMAT_ISO, time);
		printf("\t%s  %.6f\n", time, days.v[i].value);
	}
	count_points_free(&days);
	return COUNT_OK;
}

static int step(const char *what, int ret, count_db *db, struct count_error *err)
{
	if (ret != COUNT_OK)
		return ret;
	printf("%s:\n", what);
	return show_tiers(db, err);
}

static int run(const struct count_config *config, struct count_error *err)
{
	size_t moved, objects;
	count_db *db;
	int ret = count_open(config, COUNT_OPEN_CREATE, &db, err);

	if (ret != COUNT_OK)
		return ret;
	ret = step("inserted", insert(db, err), db, err);
	if (ret == COUNT_OK)
		ret = step("flushed", count_flush(db, &moved, err), db, err);
	/* As if it were 14 days after the 30th: what is older goes, whether or not it is worth an object yet. */
	if (ret == COUNT_OK)
		ret = step("archived", count_force_archival(db, START + 44 * DAY, &objects, err), db, err);
	if (ret == COUNT_OK) {
		printf("the means of three days:\n");
		ret = show_days(db, err);
	}
	count_close(db);
	return ret;
}

int main(void)
{
	struct count_error err = { 0 };
	struct count_config config;
	int ret = configure(&config, &err);

	if (ret == COUNT_OK)
		ret = run(&config, &err);
	if (ret != COUNT_OK)
		fprintf(stderr, "s3_integration: %s\n", err.text);
	count_config_free(&config);
	return ret == COUNT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
