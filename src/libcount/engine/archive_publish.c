/*
 * archive_publish.c - the end of an archive run: index, pins and local blocks change in one CURRENT.
 *
 * Everything slow comes first, without `lock`: new block files (archive_rewrite.c) and the file of the index, which
 * nobody changes but who holds archive.lock.  Then, under it: CURRENT is read again, what others published is
 * carried over, one rename.
 *
 * If the rewriting fails, a full disk say, the index is published all the same and no point leaves: they stand in
 * both tiers, and the next run finds their objects proved.  Without the index no point leaves either, since
 * queries would not know where it went.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/archive_rewrite.h"
#include "engine/blockname.h"

enum {
	LOCK_WAIT_MS = 600000,		/* a flush that compacts much may hold it for minutes */
	LOCK_WAIT_STOPPED_MS = 5000,	/* when the run is to end */
	LOCK_STEP_MS = 100,
};

/* `lock`, for a moment; whoever holds it longer than we wait leaves our work to the next run. */
static int take_lock(const struct archive *a, int *fd, struct count_error *err)
{
	struct count_error why = { 0 };
	int ret = COUNT_ERR_LOCKED;

	for (int waited = 0; ret == COUNT_ERR_LOCKED && waited < LOCK_WAIT_MS; waited += LOCK_STEP_MS) {
		why = (struct count_error){ 0 };
		ret = datadir_lock(&a->db->dir, LOCK_STEP_MS, fd, &why);
		if (waited >= LOCK_WAIT_STOPPED_MS && archive_stopped(a))
			break;
	}
	if (ret != COUNT_OK && err != NULL && err->code == COUNT_OK)
		*err = why;
	return ret;
}

static const struct current_block *find_block(const struct current *c, uint64_t number)
{
	for (size_t i = 0; i < c->nblocks; i++)
		if (c->blocks[i].number == number)
			return &c->blocks[i];
	return NULL;
}

/* Pins go by archive.lock: if ours are gone, another run works here, or did. */
static int check_pins(const struct archive *a, const struct current *cur, struct count_error *err)
{
	for (size_t i = 0; i < a->snap.nblocks; i++) {
		uint64_t number = a->snap.current.blocks[i].number;
		const struct current_block *b = a->pinned[i] ? find_block(cur, number) : NULL;

		if (a->pinned[i] && (b == NULL || !b->pinned))
			return err_set(err, COUNT_ERR_LOCKED, "%s/CURRENT: another archive run freed block %" PRIu64
				       ", which this one works on: was %s/archive.lock removed?",
				       a->db->dir.path, number, a->db->dir.path);
	}
	return COUNT_OK;
}

/* Under `lock`, in *cur: CURRENT, with our pins still in it. */
static int read_ours(const struct archive *a, struct current *cur, struct count_error *err)
{
	int ret = datadir_read_current(&a->db->dir, cur, err);

	if (ret != COUNT_OK)
		return ret;
	ret = check_pins(a, cur, err);
	if (ret == COUNT_OK)
		ret = datadir_check_alone(&a->db->dir, cur->generation, err);
	if (ret != COUNT_OK)
		current_free(cur);
	return ret;
}

/* Numbers for block files that are made without `lock`. */
static int reserve(struct archive_rewrite *r, uint64_t n, struct count_error *err)
{
	struct archive *a = r->a;
	struct current cur;
	int fd, ret = take_lock(a, &fd, err);

	if (ret != COUNT_OK)
		return ret;
	ret = read_ours(a, &cur, err);
	if (ret == COUNT_OK) {
		r->next_number = cur.next_number;
		if (__builtin_add_overflow(cur.next_number, n, &cur.next_number))
			ret = err_set(err, COUNT_ERR_CORRUPT, "%s/CURRENT: no block numbers are left",
				      a->db->dir.path);
		r->end_number = cur.next_number;
		if (ret == COUNT_OK)
			ret = datadir_publish(&a->db->dir, &cur, err);
		current_free(&cur);
	}
	close(fd);
	return ret;
}

/* ---- The publication ---- */

static bool is_dropped(const struct archive_rewrite *r, uint64_t number)
{
	const struct current *seen = &r->a->snap.current;

	for (size_t i = 0; i < seen->nblocks; i++)
		if (seen->blocks[i].number == number)
			return r->drop[i];
	return false;
}

static bool same_cold(const struct current *a, const struct current *b)
{
	bool same = a->ncold == b->ncold;

	for (size_t i = 0; same && i < a->ncold; i++)
		same = a->cold[i] == b->cold[i];
	return same;
}

/* *cur becomes what is to be published.  index: the CURRENT that the index was saved into. */
static int change_current(const struct archive_rewrite *r, const struct current *index, struct current *cur,
			  struct count_error *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < cur->nblocks; i++) {
		if (is_dropped(r, cur->blocks[i].number))
			continue;
		cur->blocks[kept] = cur->blocks[i];
		cur->blocks[kept++].pinned = false;
	}
	cur->nblocks = kept;
	for (size_t i = 0; i < r->out.ndone; i++)
		if (current_add(cur, &r->out.done[i].entry) != COUNT_OK)
			return err_nomem(err);
	for (size_t i = 0; i < index->ncold; i++)
		cur->cold[i] = index->cold[i];
	cur->ncold = index->ncold;
	if (index->next_number > cur->next_number)
		cur->next_number = index->next_number;
	cur->last_archive_s = r->a->now_s;
	return COUNT_OK;
}

static void unlink_dropped(const struct archive_rewrite *r)
{
	const struct datadir *dir = &r->a->db->dir;

	for (size_t i = 0; i < r->a->snap.nblocks; i++) {
		char name[BLOCK_NAME_MAX];

		if (!r->drop[i])
			continue;
		block_name(r->a->snap.current.blocks[i].number, name);
		if (unlinkat(dir->blocks_fd, name, 0) != 0 && errno != ENOENT)
			log_msg(&dir->log, 1, "%s/%s: cannot remove: %s", dir->blocks_path, name, strerror(errno));
	}
}

/* Under `lock`.  before: the CURRENT that the index was opened on, index: with the new one.  *tried: something
 * may be on disk. */
static int publish_locked(struct archive_rewrite *r, const struct current *before, const struct current *index,
			  bool *tried, struct count_error *err)
{
	const struct datadir *dir = &r->a->db->dir;
	struct current cur;
	int ret = read_ours(r->a, &cur, err);

	if (ret != COUNT_OK)
		return ret;
	if (!same_cold(&cur, before))
		ret = err_set(err, COUNT_ERR_LOCKED, "%s/CURRENT: another run changed the index of the cold tier: was "
			      "%s/archive.lock removed?", dir->path, dir->path);
	if (ret == COUNT_OK)
		ret = change_current(r, index, &cur, err);
	*tried = ret == COUNT_OK;
	if (ret == COUNT_OK)
		ret = datadir_publish(dir, &cur, err);
	current_free(&cur);
	return ret;
}

/* Index, pins, and what r says.  The files of r are named after it, or gone, or for the next sweep. */
static int publish(struct archive_rewrite *r, struct count_error *err)
{
	struct archive *a = r->a;
	struct current before, index;
	bool saved = false, tried = false;
	int fd = -1, ret = datadir_read_current(&a->db->dir, &before, err);

	if (ret != COUNT_OK)
		return ret;
	current_init(&index);
	if (current_copy(&before, &index) != COUNT_OK)
		ret = err_nomem(err);
	if (ret == COUNT_OK && a->index != NULL && cold_index_changed(a->index)) {
		ret = cold_index_save(a->index, &index, err);
		saved = true;
	}
	if (ret == COUNT_OK)
		ret = take_lock(a, &fd, err);
	if (ret == COUNT_OK)
		ret = publish_locked(r, &before, &index, &tried, err);
	if (saved && ret == COUNT_OK)
		cold_index_saved(a->index);
	else if (saved)
		cold_index_unsave(a->index, tried);
	if (fd >= 0)
		close(fd);
	if (tried)
		out_release(&r->out);	/* also on failure: a CURRENT on disk may name them */
	if (ret == COUNT_OK)
		unlink_dropped(r);
	current_free(&before);
	current_free(&index);
	return ret;
}

int archive_publish(struct archive *a, struct count_error *err)
{
	struct archive_rewrite r;
	struct count_error why = { 0 };
	int ret, published;

	ret = archive_rewrite_begin(&r, a, &why);
	r.reserve = reserve;
	if (ret == COUNT_OK && !a->opt->keep_local)
		ret = archive_rewrite_run(&r, &why);
	published = ret == COUNT_ERR_NOMEM ? ret : publish(&r, &why);
	if (published == COUNT_OK)
		a->report->removed_points += r.removed;
	if (ret == COUNT_OK)
		ret = published;
	if (ret == COUNT_OK && r.damage.code != COUNT_OK) {
		ret = r.damage.code;
		why = r.damage;
	}
	archive_rewrite_end(&r);
	if (ret != COUNT_OK && err != NULL && err->code == COUNT_OK)
		*err = why;
	return ret;
}
