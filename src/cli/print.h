/* print.h - the forms in which count-query prints points, last points and names. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "count.h"
#include "digits.h"
#include "out.h"

enum print_format { PRINT_TEXT, PRINT_CSV, PRINT_TSV, PRINT_JSON, PRINT_NDJSON };
#define PRINT_FORMATS 5

struct print {
	struct out *out;
	enum print_format format;
	enum count_time_format time_format;
	enum count_unit unit;
	bool list;		/* names only */
	uint64_t rows;		/* printed so far */
	struct digits_stamp stamp;
};

void print_begin(struct print *p);
void print_batch(struct print *p, const struct count_batch *batch);
void print_end(struct print *p);

#endif
