/* run.c - finding and decoding the runs of one frame; see log.h. */
#include <string.h>

#include "hot/bytes.h"
#include "hot/log.h"

#define DIRECTORY_ROOM 16384	/* bytes on the stack for a directory that is read: 1,300 series */

enum { UNCHECKED, GOOD, BAD };

uint64_t hot_hash(const char *name, size_t len)
{
	return walframe_hash(name, len);
}

static struct walframe header_of(const struct hot_frame *f)
{
	return (struct walframe){ .salt = f->salt, .len = (uint32_t)f->len, .nruns = f->nruns,
				  .npoints = (uint32_t)f->points, .first = f->first_time,
				  .last = f->last_time };
}

/* Once for each frame that is used at all: a hop over thousands of frames does not pay for it.  Threads that read one
 * log find the same, whichever of them notes it. */
static int check_directory(const struct hot_frame *f)
{
	uint8_t found = __atomic_load_n(f->checked, __ATOMIC_RELAXED);

	if (found == UNCHECKED) {
		struct walframe h = header_of(f);

		found = walframe_check_dir(f->data, &h) == COUNT_OK ? GOOD : BAD;
		__atomic_store_n(f->checked, found, __ATOMIC_RELAXED);
	}
	return found == GOOD ? COUNT_OK : COUNT_ERR_CORRUPT;
}

static void take_name(struct hot_run *run, uint64_t hash)
{
	run->name = run->enc.name;
	run->name_len = run->enc.name_len;
	run->hash = hash;
}

int hot_frame_name(const struct hot_frame *f, uint32_t i, struct hot_run *run)
{
	struct walframe h = header_of(f);
	int ret = i < f->nruns ? check_directory(f) : COUNT_ERR_INVALID;

	*run = (struct hot_run){ .frame = f };
	if (ret == COUNT_OK)
		ret = walframe_run_name(f->data, &h, i, &run->enc);
	if (ret == COUNT_OK)
		take_name(run, walframe_dir_hash(f->data, i));
	return ret;
}

bool hot_run_named(const struct hot_run *run)
{
	return hot_hash(run->name, run->name_len) == run->hash;
}

int hot_frame_run(const struct hot_frame *f, uint32_t i, struct hot_run *run)
{
	int ret = hot_frame_name(f, i, run);

	return ret == COUNT_OK && !hot_run_named(run) ? COUNT_ERR_CORRUPT : ret;
}

int hot_run_check(struct hot_run *run)
{
	struct walframe h = header_of(run->frame);
	int ret = walframe_run_parse(&h, &run->enc);

	if (ret != COUNT_OK)
		return ret;
	run->points = run->enc.n;
	run->first_time = run->enc.first;
	run->last_time = run->enc.last;
	return COUNT_OK;
}

/* The header and a verified directory, in room if they were read; NULL: unreadable. */
static const uint8_t *directory(const struct hot_frame *f, uint8_t *room, size_t room_len)
{
	struct walframe h = header_of(f);
	const uint8_t *dir = hot_bytes(f->in, f->offset, WALFRAME_HEADER + 12 * (size_t)f->nruns, room, room_len);

	if (dir != room)
		return check_directory(f) == COUNT_OK ? f->data : NULL;
	return walframe_check_dir(dir, &h) == COUNT_OK ? dir : NULL;
}

/* Run i of a directory, with its name. */
static int read_run(const struct hot_frame *f, const uint8_t *dir, uint32_t i, struct hot_run *run)
{
	struct walframe h = header_of(f);
	uint32_t at, len;
	int ret = walframe_run_place(dir, &h, i, &at, &len);

	if (ret == COUNT_OK)
		ret = walframe_run_at(hot_keep_bytes(f->in, f->offset + at, len), len, &run->enc);
	if (ret == COUNT_OK)
		take_name(run, walframe_dir_hash(dir, i));
	return ret;
}

int hot_frame_find(const struct hot_frame *f, const char *name, size_t len, uint64_t hash,
		   struct hot_run *run)
{
	struct walframe h = header_of(f);
	uint8_t room[DIRECTORY_ROOM];
	const uint8_t *dir = directory(f, room, sizeof(room));

	*run = (struct hot_run){ .frame = f };
	if (dir == NULL)
		return COUNT_ERR_CORRUPT;
	for (uint32_t i = walframe_lower_bound(dir, &h, hash); i < f->nruns && walframe_dir_hash(dir, i) == hash; i++) {
		int ret = read_run(f, dir, i, run);

		if (ret != COUNT_OK)
			return ret;
		if (run->name_len == len && memcmp(run->name, name, len) == 0)
			return hot_run_check(run);
		/* Another name of the same hash, or this one with a damaged name. */
		if (!hot_run_named(run))
			return COUNT_ERR_CORRUPT;
	}
	return COUNT_ERR_NOTFOUND;
}

int hot_run_next(const struct hot_run *run, struct hot_run_cursor *cur, int64_t *times,
		 double *values, size_t *n)
{
	struct walframe_cursor at = { .done = (uint32_t)cur->done, .time = cur->time };
	int ret = walframe_run_next(&run->enc, &at, times, values, n);

	*cur = (struct hot_run_cursor){ .done = at.done, .time = at.time };
	return ret;
}
