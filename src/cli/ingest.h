/* ingest.h - the work of count-ingest: inputs, lines, points. */
#ifndef CLI_INGEST_H
#define CLI_INGEST_H

#include "cli.h"
#include "line.h"

struct ingest_options {
	const struct format *format;	/* NULL: told by each line */
	enum count_time_unit time_unit;
	const char *name, *prefix, *rejects;
	struct count_label *tags;
	size_t ntags;
	enum count_sync sync;
	unsigned jobs;		/* 0: as it seems best */
	bool strict, dry_run, progress;
	bool init, has_precision;
	enum count_unit precision;
};

/* Read all operands and store their points; returns the exit status. */
int ingest_run(struct cli *cli, const struct ingest_options *opt);

#endif
