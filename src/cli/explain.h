/* explain.h - count-query --explain: what the cold tier would be asked for, and what that costs. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli.h"
#include "out.h"

/* Prints the forecast for a query; with -v each object before it.  A failure is said, and its status raised. */
void explain_print(struct cli *cli, count_db *db, const struct count_query *q, struct out *out);

#endif
