/* piece.c - finding the pieces of a series in log and blocks, reading them; see piece.h. */
#include "engine/piece.h"

#include <inttypes.h>

#include "base/error.h"
#include "engine/times_cache.h"

/* n strictly ascending times within first .. last: what every source promises. */
static bool is_ascending(const int64_t *times, size_t n, int64_t first, int64_t last)
{
	bool ok = n == 0 || (times[0] >= first && times[n - 1] <= last);

	for (size_t i = 1; i < n; i++)
		ok &= times[i - 1] < times[i];
	return ok;
}

/* ---- Runs of the log ---- */

static int hot_read(struct piece *p, struct chunk_coder *coder, int64_t *times, double *values,
		    size_t *n, struct count_error *err)
{
	const struct hot_run *run = &p->u.hot.run;
	int ret = hot_run_next(run, &p->u.hot.cursor, times, values, n);

	(void)coder;
	if (ret == COUNT_OK && !is_ascending(times, *n, p->first, p->last))
		ret = COUNT_ERR_CORRUPT;
	if (ret == COUNT_ERR_CORRUPT)
		piece_note_run(p->snap, run);
	else if (ret != COUNT_OK)
		err_set(err, ret, "cannot read the log");
	return ret;
}

const struct piece_ops piece_hot_ops = { .tier = COUNT_TIER_HOT, .read = hot_read };

void piece_note_run(struct snapshot *s, const struct hot_run *run)
{
	const struct hot_frame *f = run->frame;

	if (f->soft) {		/* a crash of the machine took what was not yet synced */
		log_msg(&s->dir->log, 1, "%s/%012" PRIu64 ".wal: torn run in the frame at byte %"
			PRIu64, s->dir->wal_path, f->segment, f->offset);
		return;
	}
	for (size_t i = 0; i < s->log.nsegments; i++)
		if (s->log.segments[i].number == f->segment)
			__atomic_store_n(&s->log.segments[i].damaged, true, __ATOMIC_RELAXED);	/* helpers share it */
	snapshot_note(s, COUNT_ERR_CORRUPT, "%s/%012" PRIu64 ".wal: damaged run in the frame at "
		      "byte %" PRIu64, s->dir->wal_path, f->segment, f->offset);
}

int piece_add_run(struct piece_list *l, struct snapshot *s, const struct hot_run *run)
{
	struct piece *p = piece_list_add(l);

	if (p == NULL)
		return COUNT_ERR_NOMEM;
	p->first = run->first_time;
	p->last = run->last_time;
	p->count = run->points;
	p->rank = (struct rank){ run->frame->segment, run->frame->offset + 1 };
	p->seg_lo = p->seg_hi = run->frame->segment;
	p->room = 1;
	p->ops = &piece_hot_ops;
	p->snap = s;
	p->u.hot.run = *run;
	return COUNT_OK;
}

static int find_hot(struct snapshot *s, const char *name, size_t len, int64_t from, int64_t last,
		    struct piece_list *out)
{
	uint64_t hash = s->log.nframes > 0 ? hot_hash(name, len) : 0;

	for (size_t i = 0; i < s->log.nframes; i++) {
		const struct hot_frame *f = &s->log.frames[i];
		struct hot_run run = { .frame = f };
		int ret;

		if (f->first_time > last || f->last_time < from)
			continue;
		ret = hot_frame_find(f, name, len, hash, &run);
		if (ret == COUNT_ERR_NOTFOUND)
			continue;
		if (ret == COUNT_ERR_CORRUPT) {
			run.frame = f;
			piece_note_run(s, &run);
			continue;
		}
		if (ret == COUNT_OK && run.points > 0 && run.first_time <= last &&
		    run.last_time >= from)
			ret = piece_add_run(out, s, &run);
		if (ret != COUNT_OK)
			return ret;
	}
	return COUNT_OK;
}

/* ---- Chunks of blocks ---- */

static const struct block *block_of(const struct piece *p)
{
	return &p->snap->blocks[p->u.warm.block].block;
}

/* What reading a chunk came to; damage is noted. */
static int was_read(struct piece *p, int ret, uint64_t at, struct count_error *err)
{
	p->u.warm.done = true;
	if (ret == COUNT_ERR_CORRUPT || ret == COUNT_ERR_VERSION)
		snapshot_note_block(p->snap, p->u.warm.block, at);
	else if (ret != COUNT_OK)
		err_set(err, ret, "cannot read a chunk");
	return ret;
}

static void warm_narrow(struct piece *p, int64_t from, int64_t last)
{
	p->u.warm.from = from;
	p->u.warm.last = last;
}

/* The sweep relies on the directory's times; that they are those of the points is proved where they are decoded. */
static int warm_read(struct piece *p, struct chunk_coder *coder, int64_t *times, double *values,
		     size_t *n, struct count_error *err)
{
	const struct block_chunk *c = &p->u.warm.chunk;
	uint64_t at = c->values_off;

	if (p->u.warm.done) {
		*n = 0;
		return COUNT_OK;
	}
	if (*n < p->count)
		return err_set(err, COUNT_ERR_INVALID, "no room for a chunk");
	return was_read(p, block_read_within(block_of(p), c, coder, p->u.warm.from, p->u.warm.last, times, values, n,
					     &at), at, err);
}

/* All times of the chunk, in the cache; NULL: in none. */
static int shared_times(struct piece *p, struct chunk_coder *coder, const int64_t **times, uint64_t *at)
{
	const struct block_chunk *c = &p->u.warm.chunk;
	struct snapshot *s = p->snap;
	int64_t *room;
	int ret;

	if (s->times == NULL)
		s->times = times_cache_new();
	if (s->times == NULL)
		return COUNT_ERR_NOMEM;
	*times = times_cache_find(s->times, p->u.warm.block, c);
	if (*times != NULL)
		return COUNT_OK;
	*times = room = times_cache_add(s->times, p->u.warm.block, c);
	if (room == NULL)
		return COUNT_OK;
	ret = block_read_chunk(block_of(p), c, coder, room, NULL, at);
	if (ret != COUNT_OK)
		times_cache_drop(s->times);
	return ret;
}

static int warm_view(struct piece *p, struct chunk_coder *coder, const int64_t **times, double *values, size_t *n,
		     struct count_error *err)
{
	const struct block_chunk *c = &p->u.warm.chunk;
	uint64_t at = c->values_off;
	unsigned first, pages;
	size_t begin, end;
	int ret;

	if (p->u.warm.done || c->times_len > 0)		/* times of its own */
		return COUNT_ERR_NOTFOUND;
	ret = shared_times(p, coder, times, &at);
	if (ret != COUNT_OK)
		return was_read(p, ret, at, err);
	if (*times == NULL)
		return COUNT_ERR_NOTFOUND;
	pages = block_pages_within(c, *times, p->u.warm.from, p->u.warm.last, &first);
	begin = (size_t)first * COLUMN_PAGE;
	end = begin + (size_t)pages * COLUMN_PAGE;
	*n = pages == 0 ? 0 : (end < p->count ? end : (size_t)p->count) - begin;
	*times += begin;
	return was_read(p, pages == 0 ? COUNT_OK : block_read_pages(block_of(p), c, coder, first, pages, NULL, values,
								    &at), at, err);
}

static bool warm_stats(const struct piece *p, struct chunk_stats *stats)
{
	if (!p->u.warm.chunk.has_stats)
		return false;
	*stats = p->u.warm.chunk.stats;
	return true;
}

const struct piece_ops piece_warm_ops = {
	.tier = COUNT_TIER_WARM, .narrow = warm_narrow, .read = warm_read, .view = warm_view, .stats = warm_stats,
};

int piece_add_chunk(struct piece_list *l, struct snapshot *s, size_t block,
		    const struct block_chunk *c)
{
	struct piece *p;

	if (c->stats.count == 0 || c->stats.count > COLUMN_MAX_POINTS ||
	    c->stats.first_time > c->stats.last_time || c->seg_lo > c->seg_hi) {
		snapshot_note_block(s, block, c->values_off);
		return COUNT_OK;
	}
	p = piece_list_add(l);
	if (p == NULL)
		return COUNT_ERR_NOMEM;
	p->first = c->stats.first_time;
	p->last = c->stats.last_time;
	p->count = c->stats.count;
	p->rank = (struct rank){ c->seg_hi, 0 };
	p->seg_lo = c->seg_lo;
	p->seg_hi = c->seg_hi;
	p->room = (size_t)c->stats.count;
	p->ops = &piece_warm_ops;
	p->snap = s;
	p->u.warm.block = block;
	p->u.warm.chunk = *c;
	warm_narrow(p, INT64_MIN, INT64_MAX);
	return COUNT_OK;
}

int pieces_in_block(struct snapshot *s, size_t block, const struct block_series *series,
		    int64_t from, int64_t last, struct piece_list *out)
{
	struct block_chunk_cursor cur = { 0 };
	struct block_chunk c;
	uint64_t at = 0;

	for (;;) {
		int ret = block_next_chunk(&s->blocks[block].block, series, &cur, &c, &at);

		if (ret == COUNT_ERR_NOTFOUND)
			return COUNT_OK;
		if (ret == COUNT_ERR_CORRUPT || ret == COUNT_ERR_VERSION) {
			snapshot_note_block(s, block, at);
			return COUNT_OK;
		}
		if (ret == COUNT_OK && c.stats.first_time > last)
			return COUNT_OK;	/* they come by first time */
		if (ret == COUNT_OK && c.stats.last_time >= from)
			ret = piece_add_chunk(out, s, block, &c);
		if (ret != COUNT_OK)
			return ret;
	}
}

static int add_series(struct snapshot *s, size_t block, const struct block_series *series, int64_t from, int64_t last,
		      struct piece_list *out)
{
	if (series->first_time > last || series->last_time < from)
		return COUNT_OK;
	return pieces_in_block(s, block, series, from, last, out);
}

static bool block_overlaps(const struct snapshot_block *b, int64_t from, int64_t last)
{
	return b->open && b->entry->first_time <= last && b->entry->last_time >= from;
}

static int find_warm(struct snapshot *s, const char *name, size_t len, int64_t from, int64_t last,
		     struct piece_list *out)
{
	const struct snapshot_walk *walk = snapshot_walking(s, name, len);
	struct block_series series;
	int ret = COUNT_OK;

	for (size_t i = 0; walk != NULL && i < walk->n && ret == COUNT_OK; i++)
		if (block_overlaps(&s->blocks[walk->places[i].block], from, last))
			ret = add_series(s, walk->places[i].block, walk->places[i].series, from, last, out);
	if (walk != NULL)
		return ret;
	for (size_t i = 0; i < s->nblocks && ret == COUNT_OK; i++) {
		uint64_t at = 0;

		if (!block_overlaps(&s->blocks[i], from, last))
			continue;
		ret = block_find(&s->blocks[i].block, name, len, &series, &at);
		if (ret == COUNT_OK) {
			ret = add_series(s, i, &series, from, last, out);
		} else if (ret == COUNT_ERR_CORRUPT || ret == COUNT_ERR_VERSION || ret == COUNT_ERR_NOTFOUND) {
			if (ret != COUNT_ERR_NOTFOUND)
				snapshot_note_block(s, i, at);
			ret = COUNT_OK;
		}
	}
	return ret;
}

/* ---- All of them ---- */

int pieces_find(struct snapshot *s, const char *name, size_t len, int64_t from, int64_t last,
		unsigned tiers, struct piece_list *out, struct count_error *err)
{
	int ret = COUNT_OK;

	if ((tiers & COUNT_TIER_WARM) != 0)
		ret = find_warm(s, name, len, from, last, out);
	if (ret == COUNT_OK && (tiers & COUNT_TIER_HOT) != 0)
		ret = find_hot(s, name, len, from, last, out);
	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	if (ret != COUNT_OK)
		return err_set(err, ret, "cannot find the points of a series");
	piece_list_sort(out);
	return COUNT_OK;
}
