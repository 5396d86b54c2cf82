/* check.h - count-query --check and --max-age: newest points against a limit, for alerts by cron. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "count.h"
#include "out.h"

enum check_op { CHECK_NONE, CHECK_LT, CHECK_LE, CHECK_GT, CHECK_GE, CHECK_EQ, CHECK_NE };

struct check {
	enum check_op op;
	double limit;
	const char *expr;		/* as written, for messages */
	int64_t max_age;		/* in the store's unit; 0: any */
	const char *max_age_text;
	int64_t now;			/* in the store's unit */
	enum count_unit unit;
	uint64_t failed;
};

/* '< 90', also <= > >= == (or =) !=; false if it is none. */
bool check_parse(struct check *c, const char *expr);
/* One line on out if the newest point, which is the batch's last, is too old or out of bounds. */
void check_batch(struct check *c, const struct count_batch *b, struct out *out);
/* A span of time as a person says it, rounded down: 45s, 3h, 12d. */
void age_text(int64_t span, enum count_unit unit, char out[32]);

#endif
