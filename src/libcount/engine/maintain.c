/* maintain.c - count_writer_maintain(): a machine without cron never fills up. */
#include "engine/db.h"
#include "engine/writer.h"
#include "hot/append.h"

#define LOG_BYTES (256u << 20)		/* flush beyond */
#define LOG_BYTES_SMALL (32u << 20)	/* the same when the frames are small on average */
#define SMALL_FRAME 4096

static bool flush_is_due(const count_db *db, const struct count_writer_stats *stats)
{
	uint64_t bytes = 0, frames = 0;
	struct count_error err = { 0 };

	if (stats->max_series_points > db->memory_buffer_size)
		return true;
	if (hot_log_size(db->dir.wal_fd, db->dir.wal_path, &bytes, &frames, &err) != COUNT_OK) {
		log_msg(&db->dir.log, 1, "%s", err.text);
		return false;
	}
	return bytes > LOG_BYTES ||
	       (bytes > LOG_BYTES_SMALL && frames > 0 && bytes / frames < SMALL_FRAME);
}

int count_writer_maintain(count_writer *w, struct count_error *err)
{
	count_db *db = writer_db(w);
	struct count_writer_stats stats;
	struct count_flush_options opt;
	struct count_flush_report report;
	struct count_error why = { 0 };

	(void)err;	/* the points are safe where they are: nothing that fails here fails the caller */
	count_writer_stats(w, &stats);
	if (!flush_is_due(db, &stats))
		return COUNT_OK;
	count_flush_options_init(&opt);
	opt.wait_ms = 0;
	if (count_flush_with(db, &opt, &report, &why) == COUNT_OK)
		writer_was_flushed(w);
	else	/* whoever holds the lock does the same work: that is no warning */
		log_msg(&db->dir.log, why.code == COUNT_ERR_LOCKED ? 2 : 1, "the log was not flushed: %s",
			why.text);
	return COUNT_OK;
}
