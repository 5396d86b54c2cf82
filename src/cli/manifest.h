/* manifest.h - how count-manifest prints what the library tells it: lines with tabs, or JSON. */
#ifndef CLI_MANIFEST_H
#define CLI_MANIFEST_H

#include "cli.h"
#include "count.h"
#include "count_manifest.h"
#include "out.h"

struct manifest_print {
	struct cli *cli;
	struct out *out;
	enum count_unit unit;
	enum count_time_format time_format;
	bool where;			/* places of all tiers: the tier comes first */
	uint64_t rows;			/* printed so far, for the commas of JSON */
};

/* The callbacks of count.h; arg is the struct manifest_print. */
int manifest_print_series(void *arg, const struct count_manifest_series *s);
int manifest_print_place(void *arg, const struct count_manifest_place *p);
int manifest_print_finding(void *arg, const struct count_finding *f);

void manifest_print_stats(struct manifest_print *p, const struct count_manifest_stats *s);
/* The last line of verify, repair, rebuild, diff and sync; done: "verified". */
void manifest_print_report(struct manifest_print *p, const char *done, const struct count_manifest_report *r,
			   bool dry_run);
/* Around the records of a JSON array, or of an object whose first field is one. */
void manifest_print_begin(struct manifest_print *p, const char *field);
void manifest_print_end(struct manifest_print *p);

#endif
