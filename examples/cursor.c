/*
 * cursor.c - ask for many series in little memory: averages and maxima of each hour, batch by batch.
 *
 *	cc cursor.c $(pkg-config --cflags --libs libcount) -o cursor
 *	DATA_DIR=./metrics ./cursor 'power{sensor=~"1.*"}' 'temp*'
 *
 * The operands are selectors as count-query takes them.  Exit status: 0, 1 when one matched nothing,
 * 2 when something failed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <count.h>

static int print_rows(count_cursor *cur, struct count_error *err)
{
	struct count_batch b;
	int ret;

	while ((ret = count_cursor_next(cur, &b, err)) == 1) {
		for (size_t i = 0; i < b.n; i++) {	/* the batch is good until the next call */
			char value[COUNT_VALUE_MAX];

			count_value_format(b.values[i], value);
			printf("%.*s %s %" PRId64 "\n", (int)b.series_len, b.series, value, b.times[i]);
		}
	}
	return ret;
}

/* A selector that means nothing is most often a typing error: says so, and *status becomes 1. */
static int tell_unmatched(count_cursor *cur, int *status, struct count_error *err)
{
	struct count_query_summary summary;
	int ret = count_cursor_summary(cur, &summary, err);

	for (size_t i = 0; ret == COUNT_OK && i < summary.nunmatched; i++) {
		const char *nearest, *selector = count_cursor_unmatched(cur, i, &nearest);

		fprintf(stderr, "cursor: no series matches %s", selector);
		if (nearest != NULL)
			fprintf(stderr, "; did you mean %s?", nearest);
		fputc('\n', stderr);
		*status = 1;
	}
	return ret;
}

static int query(count_db *db, const char *const *selectors, size_t n, int *status,
		 struct count_error *err)
{
	static const char *const names[] = { "avg", "max" };
	struct count_duration hour = { 1, COUNT_DURATION_HOUR };
	struct count_agg_spec aggs[2];
	struct count_query q;
	count_cursor *cur;
	int ret;

	for (size_t i = 0; i < 2; i++)
		count_agg_parse(names[i], strlen(names[i]), &aggs[i]);
	count_query_init(&q);		/* everything, then what is wanted */
	q.selectors = selectors;
	q.nselectors = n;
	q.aggs = aggs;
	q.naggs = 2;
	q.step = &hour;

	ret = count_query_open(db, &q, &cur, err);
	if (ret != COUNT_OK)
		return ret;
	ret = print_rows(cur, err);
	if (ret == COUNT_OK)
		ret = tell_unmatched(cur, status, err);
	count_cursor_close(cur);
	return ret;
}

int main(int argc, char **argv)
{
	struct count_config config;
	struct count_error err = { 0 };
	count_db *db = NULL;
	int ret, status = 0;

	count_config_init(&config);
	ret = count_config_env(&config, &err);
	if (ret == COUNT_OK)
		ret = count_open(&config, COUNT_OPEN_EXISTING, &db, &err);
	if (ret == COUNT_OK)
		ret = query(db, (const char *const *)argv + 1, (size_t)argc - 1, &status, &err);
	if (ret != COUNT_OK) {
		fprintf(stderr, "cursor: %s\n", err.text);
		status = 2;
	}
	count_close(db);
	count_config_free(&config);
	return status;
}
