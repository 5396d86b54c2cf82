/* writer.h - what count_insert() and count_writer_maintain() need of a writer beyond count.h. */
#ifndef COUNT_ENGINE_WRITER_H
#define COUNT_ENGINE_WRITER_H

#include "count.h"

/* All points of one series as one frame, and synced if the mode says so; what was added to the
 * writer's batch is not touched.  name is canonical,
 * n at most COUNT_INSERT_MAX. */
int writer_insert(count_writer *w, const char *name, size_t len, const struct count_point *pts,
		  size_t n, struct count_error *err);
void writer_set_sync(count_writer *w, enum count_sync sync);
count_db *writer_db(count_writer *w);
void writer_was_flushed(count_writer *w);	/* max_series_points begins anew */

#endif
