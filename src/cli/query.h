/* query.h - the work of count-query: ask, print, and say what is missing. */
#ifndef CLI_QUERY_H
#define CLI_QUERY_H

#include "check.h"
#include "cli.h"
#include "print.h"

struct query_options {
	struct count_query query;
	const char *from, *to;		/* as written; NULL: not given */
	enum count_time_unit time_unit;
	enum count_time_format time_format;
	enum print_format format;
	bool has_format, plot, explain;
	unsigned jobs;			/* --jobs; 0: not given */
	struct count_duration step, max_age;
	struct check check;
	struct count_agg_spec *aggs;
	char **by;			/* words of by_text */
	char *by_text;
};

/* Run the query and print its answer; returns the exit status. */
int query_run(struct cli *cli, struct query_options *opt);

#endif
