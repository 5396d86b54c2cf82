/*
 * insert_query.c - store points and ask for them again: the shortest way through count.h.
 *
 *	cc insert_query.c $(pkg-config --cflags --libs libcount) -o insert_query
 *	DATA_DIR=./metrics ./insert_query
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <count.h>

#define SERIES	"temperature{room=\"attic\"}"
#define START	INT64_C(1700000000000)	/* milliseconds: 2023-11-14T22:13:20Z */
#define MINUTE	INT64_C(60000)

static int insert(count_db *db, struct count_error *err)
{
	struct count_point first = { START, 18.5 };
	struct count_point more[] = {	/* any order; all of them or none */
		{ START + 3 * MINUTE, 20.25 }, { START + 1 * MINUTE, 19 }, { START + 2 * MINUTE, 19.5 },
	};
	int ret = count_insert(db, SERIES, &first, 1, err);

	if (ret == COUNT_OK)
		ret = count_insert(db, SERIES, more, sizeof(more) / sizeof(more[0]), err);
	return ret;
}

static void print(const char *what, const struct count_points *points)
{
	printf("%s:\n", what);
	for (size_t i = 0; i < points->len; i++) {
		char time[COUNT_STAMP_MAX], value[COUNT_VALUE_MAX];

		count_stamp_format(points->v[i].time, COUNT_UNIT_MS, COUNT_TIME_FORMAT_ISO, time);
		count_value_format(points->v[i].value, value);
		printf("\t%s  %s\n", time, value);
	}
}

/* The points as they are, then the mean of every two minutes. */
static int query(count_db *db, struct count_error *err)
{
	struct count_points points;
	int ret = count_query_range(db, SERIES, START, START + 10 * MINUTE, &points, err);

	if (ret != COUNT_OK)
		return ret;
	print("points", &points);
	count_points_free(&points);

	ret = count_query_aggregated(db, SERIES, START, START + 10 * MINUTE, 2 * MINUTE, COUNT_AGG_AVG,
				     &points, err);
	if (ret != COUNT_OK)
		return ret;
	print("averages of two minutes", &points);
	count_points_free(&points);
	return COUNT_OK;
}

static int run(const struct count_config *config, struct count_error *err)
{
	count_db *db;
	size_t moved;
	int ret = count_open(config, COUNT_OPEN_CREATE, &db, err);

	if (ret != COUNT_OK)
		return ret;
	ret = insert(db, err);
	if (ret == COUNT_OK)
		ret = query(db, err);
	if (ret == COUNT_OK)
		ret = count_flush(db, &moved, err);	/* from the log into compressed blocks */
	if (ret == COUNT_OK) {
		printf("%zu points were flushed; the answers are the same\n", moved);
		ret = query(db, err);
	}
	count_close(db);
	return ret;
}

int main(void)
{
	struct count_config config;
	struct count_error err = { 0 };		/* empty before use: the first error stays in it */
	int ret;

	count_config_init(&config);
	ret = count_config_env(&config, &err);	/* DATA_DIR and the others */
	if (ret == COUNT_OK)
		ret = run(&config, &err);
	if (ret != COUNT_OK)
		fprintf(stderr, "insert_query: %s\n", err.text);
	count_config_free(&config);
	return ret == COUNT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
