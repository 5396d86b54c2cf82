/* insert.c - count_insert(): a few points of one series, through a writer kept in the handle. */
#include "base/error.h"
#include "engine/db.h"
#include "engine/writer.h"

#include <string.h>

int count_set_sync(count_db *db, enum count_sync sync)
{
	if (sync != COUNT_SYNC_ALWAYS && sync != COUNT_SYNC_NONE)
		return COUNT_ERR_INVALID;
	db->sync = sync;
	if (db->inserter != NULL)
		writer_set_sync(db->inserter, sync);
	return COUNT_OK;
}

int count_insert(count_db *db, const char *series, const struct count_point *pts, size_t n,
		 struct count_error *err)
{
	char name[COUNT_SERIES_MAX + 1];
	size_t len;
	int ret;

	if (n > COUNT_INSERT_MAX)
		return err_set(err, COUNT_ERR_INVALID, "more than %u points at once", COUNT_INSERT_MAX);
	ret = count_series_canonical(series, strlen(series), name, &len, err);

	if (ret == COUNT_OK && db->inserter == NULL)
		ret = count_writer_open(db, db->sync == COUNT_SYNC_NONE ? COUNT_SYNC_NONE :
					COUNT_SYNC_ALWAYS, &db->inserter, err);
	if (ret == COUNT_OK && n > 0)
		ret = writer_insert(db->inserter, name, len, pts, n, err);
	return ret;
}
