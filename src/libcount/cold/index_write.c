/*
 * index_write.c - saving the cold index: a new file, merged with small ones, under a name in CURRENT; see index.h.
 *
 * A run that changed ten series writes ten records.  So that files do not pile up, the new one takes with it the
 * youngest that are smaller than twice what it has by then: sizes grow geometrically, and a record is written again
 * only as often as the index doubles.
 *
 * And if we die?  Before CURRENT names the file it is a leftover, which the sweep takes, for its lock died with us;
 * after that the files that it replaced are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "cold/index_impl.h"

enum {
	WRITE_BYTES = 256 << 10,
	FILE_BYTES = 128,	/* of a file without records, about */
	TRIES = 100,		/* names that a stopped run may still hold */
};

static int file_error(const struct cold_index *x, const char *name, struct count_error *err)
{
	return err_sys(err, COUNT_ERR_IO, "%s/%s", x->dir->path, name);
}

/* ---- What goes into it ---- */

/* How many of the newest files the changes take with them; those without a name always. */
static size_t choose_merged(const struct cold_index *x)
{
	uint64_t size = x->change_bytes + FILE_BYTES;
	size_t n = 0;

	while (n < x->nspilled)
		size += x->files[n++].map.len;
	while (n < x->nfiles && (x->files[n].map.len / 2 < size || x->nfiles - n + 1 > COLD_INDEX_FILES))
		size += x->files[n++].map.len;
	return n;
}

struct output {
	const struct cold_index *x;
	const char *name;
	int fd;
	struct coldindex_writer w;
	struct buf pending;
};

static int flush_pending(struct output *o, struct count_error *err)
{
	if (o->pending.failed)
		return err_nomem(err);
	if (fs_write_all(o->fd, o->pending.data, o->pending.len) != 0)
		return file_error(o->x, o->name, err);
	buf_clear(&o->pending);
	return COUNT_OK;
}

static int put_record(struct output *o, const uint8_t *record, size_t len, struct count_error *err)
{
	int ret = COUNT_OK;

	if (coldindex_record(&o->w, len) != COUNT_OK)
		return err_nomem(err);
	if (o->pending.len + len > WRITE_BYTES)
		ret = flush_pending(o, err);
	if (ret == COUNT_OK && len > WRITE_BYTES)
		return fs_write_all(o->fd, record, len) == 0 ? COUNT_OK : file_error(o->x, o->name, err);
	if (ret == COUNT_OK)
		buf_put(&o->pending, record, len);
	return ret;
}

/* That a series is gone need not be said when nothing older could say otherwise. */
static int put_records(struct output *o, size_t merged, struct count_error *err)
{
	uint64_t at[COLD_INDEX_PLACES] = { 0 };
	struct coldindex_entry e;
	const uint8_t *record;
	size_t len;
	int ret;

	while ((ret = index_step(o->x, at, merged, &e, &record, &len, err)) == 1) {
		if (e.gone && merged == o->x->nfiles)
			continue;
		ret = coldindex_check_body(&e) == COUNT_OK ? put_record(o, record, len, err) :
		      index_body_damaged(o->x, &e, err);
		if (ret != COUNT_OK)
			return ret;
	}
	return ret;
}

static int write_content(struct output *o, size_t merged, bool durable, struct count_error *err)
{
	int ret = coldindex_begin(&o->w, &o->x->facts, &o->pending);

	if (ret == COUNT_ERR_INVALID)
		return err_set(err, ret, "%s/%s: the name of the bucket or region is too long", o->x->dir->path,
			       o->name);
	if (ret != COUNT_OK)
		return err_nomem(err);
	ret = put_records(o, merged, err);
	if (ret == COUNT_OK)
		coldindex_end(&o->w, &o->pending);
	if (ret == COUNT_OK)
		ret = flush_pending(o, err);
	if (ret == COUNT_OK && durable && fsync(o->fd) != 0)
		ret = file_error(o->x, o->name, err);
	return ret;
}

/* ---- The file ---- */

/* One that is locked and linked: between its creation and the lock a sweep may have taken it. */
static int create_tmp(const struct cold_index *x, uint64_t *number, char name[INDEX_NAME_MAX], int *out,
		      struct count_error *err)
{
	uint64_t first = 0;

	for (size_t i = 0; i < x->nnamed; i++)
		first = x->named[i] > first ? x->named[i] : first;
	for (*number = first + 1; *number <= first + TRIES; ++*number) {
		struct stat st;
		int fd;

		index_name(*number, true, name);
		fd = openat(x->dir->fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			break;
		if (fs_lock(fd, 0, false) == COUNT_OK && fstat(fd, &st) == 0 && st.st_nlink > 0) {
			*out = fd;
			return COUNT_OK;
		}
		close(fd);
	}
	return file_error(x, name, err);
}

static int map_written(const struct cold_index *x, struct index_ready *r, const char *name, struct count_error *err)
{
	uint64_t at = 0;
	int ret = fs_map_fd(r->fd, x->dir->path, name, &r->file.map, err);

	if (ret != COUNT_OK)
		return ret;
	ret = coldindex_open(&r->file.x, r->file.map.data, r->file.map.len, &at);
	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	return ret == COUNT_OK ? ret : err_set(err, COUNT_ERR_IO, "%s/%s: reads back differently than it was written",
					       x->dir->path, name);
}

static int write_file(struct cold_index *x, size_t merged, bool durable, struct count_error *err)
{
	char name[INDEX_NAME_MAX];
	struct output o = { .x = x, .name = name };
	int ret = create_tmp(x, &x->ready.file.number, name, &x->ready.fd, err);

	if (ret != COUNT_OK)
		return ret;
	x->ready.merged = merged;
	o.fd = x->ready.fd;
	ret = write_content(&o, merged, durable, err);
	if (ret == COUNT_OK)
		ret = map_written(x, &x->ready, name, err);
	coldindex_writer_free(&o.w);
	buf_free(&o.pending);
	if (ret != COUNT_OK)
		cold_index_unsave(x, false);
	return ret;
}

int cold_index_prepare(struct cold_index *x, struct count_error *err)
{
	struct count_error why = { 0 };
	size_t merged;
	int ret;

	if (!cold_index_changed(x) || x->ready.fd >= 0)
		return COUNT_OK;
	merged = choose_merged(x);
	ret = write_file(x, merged, true, &why);
	if (ret == COUNT_ERR_CORRUPT && merged > x->nspilled && x->nfiles - x->nspilled < CURRENT_MAX_COLD) {
		/* What is new must not wait until what is old was repaired. */
		log_msg(&x->dir->log, 1, "%s", why.text);
		return write_file(x, x->nspilled, true, err);
	}
	return ret == COUNT_OK ? ret : err_set(err, ret, "%s", why.text);
}

static void unlink_file(const struct cold_index *x, const char *name)
{
	if (unlinkat(x->dir->fd, name, 0) != 0 && errno != ENOENT)
		log_msg(&x->dir->log, 1, "%s/%s: cannot remove: %s", x->dir->path, name, strerror(errno));
}

/* The file that is ready takes the place of the changes and of the newest files that are in it. */
static void adopt_ready(struct cold_index *x)
{
	size_t merged = x->ready.merged, kept = x->nfiles - merged;

	for (size_t i = 0; i < merged; i++)
		index_file_close(&x->files[i]);
	memmove(&x->files[1], &x->files[merged], kept * sizeof(x->files[0]));
	x->files[0] = x->ready.file;
	x->nfiles = kept + 1;
	index_drop_changes(x);
	x->version++;
	close(x->ready.fd);
	x->ready = (struct index_ready){ .fd = -1 };
}

/* The same rule as for files with a name, among those without. */
void index_spill(struct cold_index *x)
{
	struct count_error why = { 0 };
	uint64_t size = x->change_bytes;
	char name[INDEX_NAME_MAX];
	size_t n = 0;

	if (size <= x->spill_bytes)
		return;
	while (n < x->nspilled && (x->files[n].map.len / 2 < size || x->nspilled - n + 1 > COLD_INDEX_SPILLED))
		size += x->files[n++].map.len;
	if (write_file(x, n, false, &why) != COUNT_OK) {
		log_msg(&x->dir->log, 2, "%s; the changes of the index stay in memory", why.text);
		x->spill_bytes = UINT64_MAX;
		return;
	}
	index_name(x->ready.file.number, true, name);
	unlink_file(x, name);
	adopt_ready(x);
	x->nspilled += 1 - n;
}

/* ---- Its place in CURRENT ---- */

/* The next number that no leftover has; under `lock`. */
static int give_name(struct cold_index *x, struct current *next, struct count_error *err)
{
	struct index_ready *r = &x->ready;
	char tmp[INDEX_NAME_MAX], name[INDEX_NAME_MAX];

	do
		index_name(next->next_number++, false, name);
	while (faccessat(x->dir->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
	index_name(r->file.number, true, tmp);
	if (renameat(x->dir->fd, tmp, x->dir->fd, name) != 0)
		return file_error(x, name, err);
	r->file.number = next->next_number - 1;
	r->named = true;
	return fs_sync_dir(x->dir->fd, x->dir->path, err);
}

/* Oldest first: the files that stay, then the new one. */
static size_t new_list(const struct cold_index *x, uint64_t list[CURRENT_MAX_COLD])
{
	size_t n = 0;

	for (size_t i = x->nfiles; i-- > x->ready.merged; )
		list[n++] = x->files[i].number;
	list[n++] = x->ready.file.number;
	return n;
}

int cold_index_save(struct cold_index *x, struct current *next, struct count_error *err)
{
	int ret;

	if (next->ncold != x->nnamed || memcmp(next->cold, x->named, x->nnamed * sizeof(x->named[0])) != 0)
		return err_set(err, COUNT_ERR_LOCKED, "%s/CURRENT: another run changed the cold index in spite of our "
			       "lock: was %s/archive.lock removed?", x->dir->path, x->dir->path);
	if (!cold_index_changed(x))
		return COUNT_OK;
	ret = cold_index_prepare(x, err);
	if (ret == COUNT_OK)
		ret = give_name(x, next, err);
	if (ret == COUNT_OK)
		next->ncold = new_list(x, next->cold);
	return ret;
}

static bool in_list(const uint64_t *list, size_t n, uint64_t number)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == number)
			return true;
	return false;
}

static void unlink_replaced(const struct cold_index *x, const uint64_t *list, size_t n)
{
	char name[INDEX_NAME_MAX];

	for (size_t i = 0; i < x->nnamed; i++) {
		if (in_list(list, n, x->named[i]))
			continue;
		index_name(x->named[i], false, name);
		unlink_file(x, name);
	}
}

void cold_index_saved(struct cold_index *x)
{
	uint64_t list[CURRENT_MAX_COLD] = { 0 };
	size_t n;

	if (x->ready.fd < 0)
		return;
	n = new_list(x, list);
	unlink_replaced(x, list, n);
	memcpy(x->named, list, sizeof(x->named));
	x->nnamed = n;
	adopt_ready(x);
	x->nspilled = 0;
	x->facts_changed = false;
}

void cold_index_unsave(struct cold_index *x, bool may_be_published)
{
	char name[INDEX_NAME_MAX];

	if (x->ready.fd < 0)
		return;
	index_name(x->ready.file.number, !x->ready.named, name);
	if (!may_be_published)
		unlink_file(x, name);
	index_file_close(&x->ready.file);
	close(x->ready.fd);
	x->ready = (struct index_ready){ .fd = -1 };
}

static int publish_locked(struct cold_index *x, bool *may_be_published, struct count_error *err)
{
	struct current next;
	uint64_t generation;
	int ret = datadir_read_current(x->dir, &next, err);

	if (ret != COUNT_OK)
		return ret;
	generation = next.generation;
	ret = cold_index_save(x, &next, err);
	if (ret == COUNT_OK)
		ret = datadir_check_alone(x->dir, generation, err);
	if (ret == COUNT_OK) {
		*may_be_published = true;
		ret = datadir_publish(x->dir, &next, err);
	}
	current_free(&next);
	return ret;
}

int cold_index_publish(struct cold_index *x, int wait_ms, struct count_error *err)
{
	bool may_be_published = false;
	int lock, ret;

	if (!cold_index_changed(x))
		return COUNT_OK;
	ret = cold_index_prepare(x, err);
	if (ret == COUNT_OK)
		ret = datadir_lock(x->dir, wait_ms, &lock, err);
	if (ret == COUNT_OK) {
		ret = publish_locked(x, &may_be_published, err);
		if (ret == COUNT_OK)
			cold_index_saved(x);
		else
			cold_index_unsave(x, may_be_published);
		close(lock);
	} else {
		cold_index_unsave(x, false);
	}
	return ret;
}
