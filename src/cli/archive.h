/* archive.h - the work of count-archive: one run, and what is said of it. */
#ifndef CLI_ARCHIVE_H
#define CLI_ARCHIVE_H

#include "cli.h"

/* Runs and reports; returns the exit status. */
int archive_run(struct cli *cli, struct count_archive_options *opt);

#endif
