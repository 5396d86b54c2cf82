/* run.c - finding and decoding the runs of one frame; see log.h. */
#include <string.h>

#include "hot/log.h"

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

/* Once for each frame that is used at all: a hop over thousands of frames does not pay for it. */
static int check_directory(const struct hot_frame *f)
{
	if (*f->checked == UNCHECKED) {
		struct walframe h = header_of(f);

		*f->checked = walframe_check_dir(f->data, &h) == COUNT_OK ? GOOD : BAD;
	}
	return *f->checked == GOOD ? COUNT_OK : COUNT_ERR_CORRUPT;
}

static int run_name(const struct hot_frame *f, uint32_t i, struct hot_run *run)
{
	struct walframe h = header_of(f);
	int ret = walframe_run_name(f->data, &h, i, &run->enc);

	if (ret != COUNT_OK)
		return ret;
	run->name = run->enc.name;
	run->name_len = run->enc.name_len;
	run->hash = walframe_dir_hash(f->data, i);
	run->frame = f;
	return COUNT_OK;
}

int hot_frame_run(const struct hot_frame *f, uint32_t i, struct hot_run *run)
{
	int ret = i < f->nruns ? check_directory(f) : COUNT_ERR_INVALID;

	*run = (struct hot_run){ .frame = f };
	if (ret == COUNT_OK)
		ret = run_name(f, i, run);
	if (ret == COUNT_OK && hot_hash(run->name, run->name_len) != run->hash)
		ret = COUNT_ERR_CORRUPT;
	return ret;
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

int hot_frame_find(const struct hot_frame *f, const char *name, size_t len, uint64_t hash,
		   struct hot_run *run)
{
	struct walframe h = header_of(f);
	int ret = check_directory(f);

	*run = (struct hot_run){ .frame = f };
	if (ret != COUNT_OK)
		return ret;
	for (uint32_t i = walframe_lower_bound(f->data, &h, hash);
	     i < f->nruns && walframe_dir_hash(f->data, i) == hash; i++) {
		ret = run_name(f, i, run);
		if (ret != COUNT_OK)
			return ret;
		if (run->name_len == len && memcmp(run->name, name, len) == 0)
			return hot_run_check(run);
		/* Another name of the same hash, or this one with a damaged name. */
		if (hot_hash(run->name, run->name_len) != hash)
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
