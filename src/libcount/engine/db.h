/* db.h - what a count_db is: the open data directory, the settings it was opened with. */
#ifndef COUNT_ENGINE_DB_H
#define COUNT_ENGINE_DB_H

#include "base/buf.h"
#include "cold/settings.h"
#include "count.h"
#include "store/datadir.h"

struct count_db {
	struct datadir dir;
	uint64_t memory_buffer_size;
	bool s3_enabled;
	struct cold_settings cold;	/* the defaults, not enabled, when S3 is off; not yet checked */
	enum count_sync sync;
	uint64_t file_bytes;		/* size limit of block files; 0: the usual.  Tests lower it */
	uint64_t bytes_written;		/* to block files by maintenance with this handle */
	count_writer *inserter;		/* made by the first count_insert(), kept for the next */
	struct buf early_warnings;	/* of configuration and opening, for count_set_log() */
};

#endif
