/* flush_out.c - making block files; see flush_out.h. */
#include "engine/flush_out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/blockname.h"

enum {
	WRITE_BYTES = 256 << 10,
	TRIES = 100,		/* numbers that a stopped run may still hold */
};

int out_set_init(struct out_set *o, const struct datadir *dir, const struct plan *plan,
	     uint64_t next_number, uint64_t seg_lo, uint64_t seg_hi, uint64_t file_bytes,
	     enum column_level level, struct chunk_coder *coder)
{
	*o = (struct out_set){ .dir = dir, .plan = plan, .next_number = next_number,
			       .seg_lo = seg_lo, .seg_hi = seg_hi, .file_bytes = file_bytes, .level = level,
			       .coder = coder, .slot = -1, .wide = -1 };
	for (size_t i = 0; i < PLAN_SLOTS; i++)
		o->open[i].fd = -1;
	o->times = calloc(BLOCK_RUN_POINTS, sizeof(*o->times));
	o->values = calloc(BLOCK_RUN_POINTS, sizeof(*o->values));
	return o->times != NULL && o->values != NULL ? COUNT_OK : COUNT_ERR_NOMEM;
}

/* ---- Files ---- */

static int file_error(const struct out_set *o, const struct out_file *f, struct count_error *err)
{
	char name[BLOCK_NAME_MAX];

	block_tmp_name(f->number, name);
	errno = f->failed ? f->sys_errno : errno;
	return err_sys(err, COUNT_ERR_IO, "%s/%s", o->dir->blocks_path, name);
}

static int flush_pending(struct out_file *f)
{
	if (!f->failed && fs_write_all(f->fd, f->pending.data, f->pending.len) != 0) {
		f->failed = true;
		f->sys_errno = errno;
	}
	buf_clear(&f->pending);
	return f->failed ? -1 : 0;
}

static int sink(void *arg, const void *data, size_t len)
{
	struct out_file *f = arg;

	buf_put(&f->pending, data, len);
	if (f->pending.failed) {
		f->failed = true;
		f->sys_errno = ENOMEM;
		return -1;
	}
	return f->pending.len >= WRITE_BYTES ? flush_pending(f) : 0;
}

/*
 * A new file that is locked and linked: between its creation and the lock a sweep may have taken it.
 * A number in use (a stopped run still holds it) is passed over.
 */
static int create(struct out_set *o, struct out_file *f, struct count_error *err)
{
	char tmp[BLOCK_NAME_MAX], name[BLOCK_NAME_MAX];

	for (int i = 0; i < TRIES; i++) {
		struct stat st;

		if (o->end_number != 0 && o->next_number >= o->end_number)
			return err_set(err, COUNT_ERR_IO, "%s: the numbers set aside for new files are used up",
				       o->dir->blocks_path);
		f->number = o->next_number++;
		block_tmp_name(f->number, tmp);
		block_name(f->number, name);
		if (faccessat(o->dir->blocks_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		f->fd = openat(o->dir->blocks_fd, tmp,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (f->fd < 0 && errno == EEXIST)
			continue;
		if (f->fd < 0)
			break;
		if (fs_lock(f->fd, 0, false) == COUNT_OK && fstat(f->fd, &st) == 0 &&
		    st.st_nlink > 0)
			return COUNT_OK;
		close(f->fd);
		f->fd = -1;
	}
	return err_sys(err, COUNT_ERR_IO, "%s/%s", o->dir->blocks_path, tmp);
}

static int open_file(struct out_set *o, size_t slot, struct count_error *err)
{
	const struct plan_window *w = &o->plan->v[slot];
	struct out_file *f = &o->open[slot];
	struct block_info info = {
		.unit = o->dir->format.unit, .seg_lo = o->seg_lo, .seg_hi = o->seg_hi,
		.level = w->level, .coding = o->level, .window = w->window,
	};
	int ret;

	memcpy(info.id, o->dir->format.id, sizeof(info.id));
	*f = (struct out_file){ .fd = -1 };
	ret = create(o, f, err);
	if (ret != COUNT_OK)
		return ret;
	f->entry = (struct current_block){
		.number = f->number, .first_time = INT64_MAX, .last_time = INT64_MIN,
		.seg_lo = UINT64_MAX, .level = w->level, .window = w->window,
	};
	ret = block_writer_new(&info, sink, f, &f->writer);
	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	return ret == COUNT_OK ? ret : file_error(o, f, err);
}

/* One name at a time so that a crash leaves whole files or temporary ones. */
static int close_file(struct out_set *o, struct out_file *f, struct count_error *err)
{
	char tmp[BLOCK_NAME_MAX], name[BLOCK_NAME_MAX];
	struct block_info info;
	struct stat st;
	int ret;

	if (o->ndone == o->done_cap) {
		struct out_file *v = reallocarray(o->done, o->done_cap * 2 + 8, sizeof(*v));

		if (v == NULL)
			return err_nomem(err);
		o->done = v;
		o->done_cap = o->done_cap * 2 + 8;
	}
	ret = block_writer_finish(f->writer, &info);
	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	if (ret != COUNT_OK || flush_pending(f) != 0)
		return file_error(o, f, err);
	block_tmp_name(f->number, tmp);
	block_name(f->number, name);
	if (fsync(f->fd) != 0 || fstat(f->fd, &st) != 0 ||
	    renameat(o->dir->blocks_fd, tmp, o->dir->blocks_fd, name) != 0)
		return file_error(o, f, err);
	f->entry.size = (uint64_t)st.st_size;
	f->entry.points = info.points;
	f->entry.first_time = info.first_time;
	f->entry.last_time = info.last_time;
	block_writer_delete(f->writer);
	f->writer = NULL;
	buf_free(&f->pending);
	o->done[o->ndone++] = *f;
	*f = (struct out_file){ .fd = -1 };
	return COUNT_OK;
}

/* The file of a slot, told of the series; opened when it must be. */
static int file_for(struct out_set *o, size_t slot, struct out_file **out, struct count_error *err)
{
	struct out_file *f = &o->open[slot];
	int ret = COUNT_OK;

	if (f->fd >= 0 && !f->in_series && block_writer_size(f->writer) >= o->file_bytes)
		ret = close_file(o, f, err);
	if (ret == COUNT_OK && f->fd < 0)
		ret = open_file(o, slot, err);
	if (ret == COUNT_OK && !f->in_series) {
		ret = block_writer_series(f->writer, o->name, o->name_len);
		if (ret == COUNT_ERR_NOMEM)
			err_nomem(err);
		else if (ret != COUNT_OK)
			file_error(o, f, err);
		f->in_series = ret == COUNT_OK;
	}
	*out = f;
	return ret;
}

static void widen(struct out_file *f, uint64_t lo, uint64_t hi)
{
	if (lo < f->entry.seg_lo)
		f->entry.seg_lo = lo;
	if (hi > f->entry.seg_hi)
		f->entry.seg_hi = hi;
}

/* ---- Points ---- */

void out_begin_series(struct out_set *o, const char *name, size_t len, int wide)
{
	o->name = name;
	o->name_len = len;
	o->wide = wide;
	for (size_t i = 0; i < PLAN_SLOTS; i++)
		o->open[i].in_series = false;
}

/* Writes points that wait: all, or if more of the run are to come at least some. */
static int emit(struct out_set *o, bool more, struct count_error *err)
{
	struct out_file *f;
	size_t n;
	int ret = file_for(o, (size_t)o->slot, &f, err);

	if (ret != COUNT_OK)
		return ret;
	ret = block_writer_points(f->writer, o->coder, o->times, o->values, o->n, more, o->lo, o->hi, &n);
	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	if (ret != COUNT_OK)
		return f->failed ? file_error(o, f, err)
				 : err_set(err, ret, "cannot write a chunk of %.*s",
					   (int)o->name_len, o->name);
	widen(f, o->lo, o->hi);
	o->points += n;
	o->n -= n;
	memmove(o->times, o->times + n, o->n * sizeof(*o->times));
	memmove(o->values, o->values + n, o->n * sizeof(*o->values));
	return COUNT_OK;
}

int out_end_chunk(struct out_set *o, struct count_error *err)
{
	return o->n > 0 ? emit(o, false, err) : COUNT_OK;
}

int out_end_series(struct out_set *o, struct count_error *err)
{
	return out_end_chunk(o, err);
}

/* The place for a time; a change of place ends the chunk, so that no chunk spans a carved window. */
static int route(struct out_set *o, int64_t time, struct count_error *err)
{
	int64_t until;
	int ret, slot = plan_route_wide(o->plan, o->wide, time, &until);

	if (slot < 0)
		return err_set(err, COUNT_ERR_CORRUPT, "%s: a point of %.*s lies outside its window",
			       o->dir->blocks_path, (int)o->name_len, o->name);
	ret = out_end_chunk(o, err);
	o->slot = slot;
	o->until = until;
	return ret;
}

int out_points(struct out_set *o, const int64_t *times, const double *values, size_t n, uint64_t lo,
	       uint64_t hi, struct count_error *err)
{
	int ret = COUNT_OK;

	if (o->n > 0 && (o->lo != lo || o->hi != hi))
		ret = out_end_chunk(o, err);
	o->lo = lo;
	o->hi = hi;
	while (n > 0 && ret == COUNT_OK) {
		size_t room = BLOCK_RUN_POINTS - o->n, k = 0;

		if (o->n == 0 || times[0] > o->until)
			ret = route(o, times[0], err);
		if (ret != COUNT_OK)
			break;
		room = BLOCK_RUN_POINTS - o->n;
		room = n < room ? n : room;
		while (k < room && times[k] <= o->until)
			k++;
		memcpy(o->times + o->n, times, k * sizeof(*times));
		memcpy(o->values + o->n, values, k * sizeof(*values));
		o->n += k;
		times += k;
		values += k;
		n -= k;
		if (o->n == BLOCK_RUN_POINTS)
			ret = emit(o, true, err);
	}
	return ret;
}

int out_copy(struct out_set *o, const struct block *from, const struct block_chunk *c, uint64_t *at,
	     struct count_error *err)
{
	struct out_file *f;
	int ret = route(o, c->stats.first_time, err);

	if (ret == COUNT_OK && c->stats.last_time > o->until)
		ret = err_set(err, COUNT_ERR_INVALID, "a chunk of %.*s spans two windows",
			      (int)o->name_len, o->name);
	if (ret == COUNT_OK)
		ret = file_for(o, (size_t)o->slot, &f, err);
	if (ret != COUNT_OK)
		return ret;
	ret = block_writer_copy(f->writer, o->coder, from, c, at);
	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	if (ret == COUNT_ERR_IO)
		return file_error(o, f, err);
	if (ret == COUNT_OK) {
		widen(f, c->seg_lo, c->seg_hi);
		o->points += c->stats.count;
	}
	return ret;
}

/* ---- The end ---- */

int out_finish(struct out_set *o, struct count_error *err)
{
	for (size_t i = 0; i < PLAN_SLOTS; i++) {
		int ret = o->open[i].fd < 0 ? COUNT_OK : close_file(o, &o->open[i], err);

		if (ret != COUNT_OK)
			return ret;
	}
	return o->ndone == 0 ? COUNT_OK : fs_sync_dir(o->dir->blocks_fd, o->dir->blocks_path, err);
}

void out_next_plan(struct out_set *o, const struct plan *plan, uint64_t seg_lo, uint64_t seg_hi)
{
	o->plan = plan;
	o->seg_lo = seg_lo;
	o->seg_hi = seg_hi;
}

static void drop(struct out_set *o, struct out_file *f, bool finished)
{
	char name[BLOCK_NAME_MAX];

	if (f->fd < 0)
		return;
	if (finished)
		block_name(f->number, name);
	else
		block_tmp_name(f->number, name);
	unlinkat(o->dir->blocks_fd, name, 0);	/* if it fails, the next sweep takes it */
	close(f->fd);
	f->fd = -1;
	block_writer_delete(f->writer);
	f->writer = NULL;
	buf_free(&f->pending);
}

static void free_memory(struct out_set *o)
{
	free(o->done);
	free(o->times);
	free(o->values);
	o->done = NULL;
	o->times = NULL;
	o->values = NULL;
	o->ndone = 0;
}

void out_release(struct out_set *o)
{
	for (size_t i = 0; i < o->ndone; i++)
		close(o->done[i].fd);
	free_memory(o);
}

void out_abort(struct out_set *o)
{
	for (size_t i = 0; i < PLAN_SLOTS; i++)
		drop(o, &o->open[i], false);
	for (size_t i = 0; i < o->ndone; i++)
		drop(o, &o->done[i], true);
	free_memory(o);
}
