/* rotate.c - what flush does to the log: a new segment, the size, removal; see append.h. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fs.h"
#include "hot/append.h"
#include "hot/log.h"
#include "hot/segment.h"

/* Whether a segment has anything that flush should take, or keep a copy of. */
static int has_frames(int wal_fd, const char *where, uint64_t number, bool *has,
		      struct count_error *err)
{
	struct hot_log log;
	int ret = hot_log_open(wal_fd, where, number, &log, err);

	/* A listing may miss what is made while it runs and see what was made after that. */
	if (ret == COUNT_ERR_NOTFOUND)
		ret = COUNT_OK;
	if (ret == COUNT_OK)
		*has = log.nframes > 0 || log.damaged;
	hot_log_close(&log);
	return ret;
}

int hot_rotate(int wal_fd, const char *wal_path, uint64_t first, uint64_t *first_new,
	       struct count_error *err)
{
	struct segment_list list;
	uint64_t number;
	bool has = true;
	int ret = segment_list_read(wal_fd, wal_path, first, &list, err);

	if (ret != COUNT_OK)
		return ret;
	/* A writer may add a segment behind what was listed; what is in it stays for the next flush. */
	number = list.len > 0 ? list.v[list.len - 1] : first;
	if (list.len > 0)
		ret = has_frames(wal_fd, wal_path, number, &has, err);
	if (ret == COUNT_OK && list.len > 0 && has)
		number++;
	if (ret == COUNT_OK && has)
		ret = segment_create(wal_fd, wal_path, number, err);
	/* Also when nothing was made: a writer may have made it and not have synced it yet. */
	if (ret == COUNT_OK)
		ret = fs_sync_dir(wal_fd, wal_path, err);
	segment_list_free(&list);
	if (ret == COUNT_OK)
		*first_new = number;
	return ret;
}

int hot_remove_below(int wal_fd, const char *wal_path, uint64_t first, uint64_t *removed,
		     struct count_error *err)
{
	struct segment_list list;
	int ret = segment_list_read(wal_fd, wal_path, 1, &list, err);

	*removed = 0;
	if (ret != COUNT_OK)
		return ret;
	/* Ascending, and no further after a failure: writers and readers rely on the order. */
	for (size_t i = 0; i < list.len && list.v[i] < first && ret == COUNT_OK; i++) {
		char name[SEGMENT_NAME_MAX];

		segment_name(list.v[i], name);
		if (unlinkat(wal_fd, name, 0) == 0)
			++*removed;
		else if (errno != ENOENT)
			ret = err_sys(err, COUNT_ERR_IO, "%s/%s", wal_path, name);
	}
	segment_list_free(&list);
	return ret;
}

static int add_size(int wal_fd, const char *where, uint64_t number, uint64_t *bytes,
		    uint64_t *frames, struct count_error *err)
{
	static const uint8_t no_boot[16];
	char name[SEGMENT_NAME_MAX];
	struct segment_end end;
	struct stat st;
	int fd, ret;

	segment_name(number, name);
	ret = fs_open_read(wal_fd, where, name, &fd, err);
	if (ret != COUNT_OK)
		return ret;
	if (fstat(fd, &st) != 0)
		ret = err_sys(err, COUNT_ERR_IO, "%s/%s", where, name);
	else
		ret = segment_read_end(fd, where, name, (uint64_t)st.st_size, no_boot, &end, err);
	close(fd);
	if (ret != COUNT_OK)
		return ret;
	*bytes += (uint64_t)st.st_size;
	/* An end that is torn does not tell; then count it as one frame. */
	*frames += end.good ? end.frames : 1;
	return COUNT_OK;
}

int hot_log_size(int wal_fd, const char *wal_path, uint64_t *bytes, uint64_t *frames,
		 struct count_error *err)
{
	struct segment_list list;
	uint64_t b = 0, f = 0;
	int ret = segment_list_read(wal_fd, wal_path, 1, &list, err);

	if (ret != COUNT_OK)
		return ret;
	for (size_t i = 0; i < list.len && ret == COUNT_OK; i++) {
		struct count_error gone = { 0 };

		ret = add_size(wal_fd, wal_path, list.v[i], &b, &f, &gone);
		if (ret == COUNT_ERR_NOTFOUND)
			ret = COUNT_OK;		/* flushed meanwhile */
		else if (ret != COUNT_OK)
			err_set(err, ret, "%s", gone.text);
	}
	segment_list_free(&list);
	if (ret == COUNT_OK) {
		*bytes = b;
		*frames = f;
	}
	return ret;
}
