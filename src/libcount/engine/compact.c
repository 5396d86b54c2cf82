/*
 * compact.c - which block files are joined, and when it is worth it.
 *
 * Three rules, tried in this order until none applies:
 *
 * Quiet windows.  A window that ended at least a day ago takes in the files inside it while the
 * result stays under 256 MiB; the largest such window first, so that points do not climb
 * level by level.  A large file waits until what would join it is at least a quarter of it.
 *
 * Tiers.  Files of one window, the newest first, as long as each is at most four times what is
 * gathered so far: four or more are joined (universal compaction).  So a point is rewritten
 * about log4(points) times.
 *
 * Pressure.  Above 48 files, plus one per 256 MiB of data, the merge that rewrites the fewest
 * bytes per file removed, inside any window.  Last, since the other two remove files as well, and for
 * less in the long run.
 *
 * Routing.  The first two rules write series that are sparse for the window to wider ones, at most
 * as many files as were joined (route.h).  A large file is never rewritten for their sake alone.
 *
 * How often a point is written.  Once by flush.  In its window log4(bytes of the window or the file
 * limit / bytes of a flush) times by tiers.  A quiet join grows a file by a quarter at least, and
 * brings in small ones, which grow manyfold.  Routing moves it at most twice (two wide levels), by
 * flush or in a join that rewrites it anyway, and in a wide window the tiers are counted anew, in
 * which only sparse points take part.  Pressure packs files of dense points that are not full, which
 * rewrites these once and a third more.  With a flush each five minutes and 200 MB a day that is
 * some 6 times for dense points, 10 for sparse ones, and no more however old the store is.
 *
 * With COUNT_LEVEL_MAX, what is not yet encoded for the fewest bytes is written anew at the end, file by file.
 *
 * Every choice makes files fewer or moves points to wider windows, so the loop ends; a run also stops
 * after a few choices that only moved points.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/blockname.h"
#include "engine/flush.h"
#include "format/block.h"

enum {
	PRESSURE_FILES = 48,
	TIER_FILES = 4,
	TIER_RATIO = 4,
	FILE_COST = 4096,	/* opening and syncing a file is a limit'th of that: 64 KiB rewritten */
	MAX_IDLE = 4,		/* joins in a run that do not make files fewer */
};

struct choice {
	size_t *files;		/* indices in blocks[], the caller's array */
	size_t n;
	unsigned level;
	int64_t window;
	size_t max_windows;
	bool route;
};

struct pick {
	const struct maint *m;
	const struct current_block *b;
	size_t n;
	size_t *order;		/* of files that may be joined, by size */
	size_t norder;
	size_t *files;		/* scratch: the choice */
	size_t *inside;		/* scratch: files of one window, by size */
	int64_t quiet;
	uint64_t limit;		/* size of a file */
	unsigned top;
};

static int64_t window_up(const struct pick *p, const struct current_block *b, unsigned level)
{
	(void)p;
	return level - b->level >= 32 ? (b->window < 0 ? -1 : 0)
				      : b->window >> (2 * (level - b->level));
}

static bool lies_in(const struct pick *p, const struct current_block *b, unsigned level,
		    int64_t window)
{
	return b->level <= level && window_up(p, b, level) == window;
}

static bool is_quiet(const struct pick *p, unsigned level, int64_t window)
{
	int64_t first, last;

	window_bounds(p->m->unit, level, window, &first, &last);
	return last < p->quiet;
}

/* Files of blocks[order[]] inside a window, smallest first, not from far below. */
static size_t find_inside(const struct pick *p, unsigned level, int64_t window, unsigned lowest)
{
	size_t n = 0;

	for (size_t i = 0; i < p->norder; i++)
		if (p->b[p->order[i]].level >= lowest &&
		    lies_in(p, &p->b[p->order[i]], level, window))
			p->inside[n++] = p->order[i];
	return n;
}

/* ---- Pressure ---- */

static uint64_t outputs_of(const struct pick *p, uint64_t bytes)
{
	return bytes / p->limit + 1;
}

/*
 * The best number of smallest files to join in a window: the least cost per file removed.  Unless
 * there is no other choice (`any`), a large file and crumbs are none, since crumbs will join each
 * other for next to nothing; and neither are files two levels or more below the window, since sparse
 * series that were routed apart would be back beside dense ones.  What is left makes full files of
 * those that are not, which costs more and lasts.
 */
static size_t cheapest_prefix(const struct pick *p, size_t n, bool any, double *cost)
{
	uint64_t bytes = 0;
	size_t best = 0;

	for (size_t k = 0; k < n && bytes < 8 * p->limit; k++) {
		uint64_t largest = p->b[p->inside[k]].size;
		double c;

		bytes += largest;
		if (k + 1 <= outputs_of(p, bytes) || (!any && bytes - largest < largest / 4))
			continue;
		c = ((double)bytes + (double)(p->limit / FILE_COST) * (double)(k + 1)) /
		    (double)(k + 1 - outputs_of(p, bytes));
		if (best == 0 || c < *cost) {
			*cost = c;
			best = k + 1;
		}
	}
	return best;
}

static bool pick_cheapest(const struct pick *p, bool any, struct choice *c)
{
	double least = 0;

	c->n = 0;
	for (unsigned level = 0; level <= p->top; level++) {
		unsigned lowest = any || level == 0 ? 0 : level - 1;

		for (size_t i = 0; i < p->norder; i++) {
			const struct current_block *b = &p->b[p->order[i]];
			double cost;
			size_t k;

			if (b->level > level || b->level < lowest)
				continue;
			k = find_inside(p, level, window_up(p, b, level), lowest);
			k = k < 2 ? 0 : cheapest_prefix(p, k, any, &cost);
			/* A wider window costs queries: it must be cheaper by some. */
			if (k == 0 || (c->n > 0 && cost * (8 + level) >= least))
				continue;
			least = cost * (8 + level);
			memcpy(c->files, p->inside, k * sizeof(*c->files));
			c->n = k;
			c->level = level;
			c->window = window_up(p, b, level);
			c->max_windows = 1;
			c->route = false;	/* the aim is fewer files */
		}
	}
	return c->n > 0;
}

static bool pick_pressure(const struct pick *p, struct choice *c)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < p->n; i++)
		bytes += p->b[i].size;
	return p->n > PRESSURE_FILES + bytes / p->limit &&
	       (pick_cheapest(p, false, c) || pick_cheapest(p, true, c));
}

/* ---- Quiet windows ---- */

/* What of the n files inside is worth joining: all, or the small ones, or none. */
static size_t worth_joining(const struct pick *p, size_t n)
{
	uint64_t bytes = 0, late = 0;

	/* Drop the largest while they do not fit, or the rest is not worth rewriting them. */
	for (size_t i = 0; i < n; i++)
		bytes += p->b[p->inside[i]].size;
	for (; n >= 2; n--) {
		uint64_t largest = p->b[p->inside[n - 1]].size;

		late = bytes - largest;
		if (bytes < p->limit && late >= largest / 4)
			return n;
		bytes -= largest;
	}
	return 0;
}

static bool pick_quiet(const struct pick *p, struct choice *c)
{
	for (unsigned level = p->top + 1; level-- > 1;) {
		for (size_t i = 0; i < p->norder; i++) {
			const struct current_block *b = &p->b[p->order[i]];
			int64_t window;
			size_t n, k;

			if (b->level > level)
				continue;
			window = window_up(p, b, level);
			if (!is_quiet(p, level, window))
				continue;
			n = find_inside(p, level, window, 0);
			k = n < 2 ? 0 : worth_joining(p, n);
			/* Late files alone wait for company. */
			if (k < 2 || (k < n && k < TIER_FILES))
				continue;
			memcpy(c->files, p->inside, k * sizeof(*c->files));
			*c = (struct choice){ .files = c->files, .n = k, .level = level,
					      .window = window, .max_windows = 1, .route = true };
			return true;
		}
	}
	return false;
}

/* ---- Tiers ---- */

/* Newest first, files of one window. */
static size_t same_window(const struct pick *p, const struct current_block *b)
{
	size_t n = 0;

	for (size_t i = 0; i < p->norder; i++) {
		const struct current_block *o = &p->b[p->order[i]];
		size_t at = n;

		if (o->level != b->level || o->window != b->window)
			continue;
		for (; at > 0 && p->b[p->inside[at - 1]].seg_hi < o->seg_hi; at--)
			p->inside[at] = p->inside[at - 1];
		p->inside[at] = p->order[i];
		n++;
	}
	return n;
}

static size_t tier_run(const struct pick *p, size_t n)
{
	uint64_t bytes = 0;
	size_t k = 0;

	for (; k < n; k++) {
		uint64_t size = p->b[p->inside[k]].size;

		if (k > 0 && (size > TIER_RATIO * bytes || bytes + size >= p->limit))
			break;
		bytes += size < 4096 ? 4096 : size;	/* all tiny files are alike */
	}
	return k >= TIER_FILES ? k : 0;
}

static bool pick_tier(const struct pick *p, struct choice *c)
{
	for (size_t i = 0; i < p->norder; i++) {
		const struct current_block *b = &p->b[p->order[i]];
		size_t k = tier_run(p, same_window(p, b));

		if (k == 0)
			continue;
		memcpy(c->files, p->inside, k * sizeof(*c->files));
		*c = (struct choice){ .files = c->files, .n = k, .level = b->level,
				      .window = b->window, .route = true };
		/* While points still arrive, those of dense days go to files of their own. */
		c->max_windows = is_quiet(p, b->level, b->window) ? 1 : k - 1;
		return true;
	}
	return false;
}

/* ---- The loop ---- */

/* Pinned files are being archived, restored ones (segment 0) are to be dropped as they are. */
static bool may_join(const struct maint *m, const struct current_block *b)
{
	return !b->pinned && b->seg_hi > 0 && b->level <= window_top(m->unit) &&
	       b->size <= 2 * maint_file_bytes(m) && !maint_is_bad(m, b->number);
}

static void order_by_size(struct pick *p)
{
	p->norder = 0;
	for (size_t i = 0; i < p->n; i++) {
		size_t at = p->norder;

		if (!may_join(p->m, &p->b[i]))
			continue;
		for (; at > 0 && p->b[p->order[at - 1]].size > p->b[i].size; at--)
			p->order[at] = p->order[at - 1];
		p->order[at] = i;
		p->norder++;
	}
}

static int pick_one(const struct maint *m, bool idle, struct choice *c, bool *found,
		    struct count_error *err)
{
	struct pick p = { .m = m, .b = m->cur.blocks, .n = m->cur.nblocks, .quiet = maint_quiet(m),
			  .limit = maint_file_bytes(m), .top = window_top(m->unit) };
	size_t *space = calloc(2 * p.n + 1, sizeof(*space));

	if (space == NULL)
		return err_nomem(err);
	p.order = space;
	p.inside = space + p.n;
	order_by_size(&p);
	*found = (!idle && (pick_quiet(&p, c) || pick_tier(&p, c))) || pick_pressure(&p, c);
	free(space);
	return COUNT_OK;
}

/* A dry run: the list as it would be, sizes added up. */
static int pretend(struct maint *m, const struct choice *c)
{
	struct current_block sum = m->cur.blocks[c->files[0]];
	size_t kept = 0;

	for (size_t i = 1; i < c->n; i++) {
		const struct current_block *b = &m->cur.blocks[c->files[i]];

		sum.size += b->size;
		sum.points += b->points;
		sum.first_time = b->first_time < sum.first_time ? b->first_time : sum.first_time;
		sum.last_time = b->last_time > sum.last_time ? b->last_time : sum.last_time;
		sum.seg_lo = b->seg_lo < sum.seg_lo ? b->seg_lo : sum.seg_lo;
		sum.seg_hi = b->seg_hi > sum.seg_hi ? b->seg_hi : sum.seg_hi;
	}
	sum.level = c->level;
	sum.window = c->window;
	for (size_t i = 0; i < m->cur.nblocks; i++) {
		bool goes = false;

		for (size_t k = 0; k < c->n; k++)
			goes = goes || c->files[k] == i;
		if (!goes)
			m->cur.blocks[kept++] = m->cur.blocks[i];
	}
	m->cur.nblocks = kept;
	m->report->blocks_removed += c->n;
	m->report->blocks_written++;
	return current_add(&m->cur, &sum);
}

static int join(struct maint *m, const struct choice *c, struct count_error *err)
{
	struct compact_job job = { .files = c->files, .nfiles = c->n, .level = c->level,
				   .window = c->window, .max_windows = c->max_windows,
				   .route = c->route, .keep_from = INT64_MIN };

	if (m->opt->dry_run)
		return pretend(m, c) == COUNT_OK ? COUNT_OK : err_nomem(err);
	return compact_merge(m, &job, err);
}

/* ---- Files that are not yet encoded for the fewest bytes ---- */

/* Whether a file is; what cannot be read is left alone. */
static bool is_max(const struct maint *m, const struct current_block *b)
{
	uint8_t header[BLOCK_HEADER_LEN];
	enum column_level coding;
	char name[BLOCK_NAME_MAX];
	bool other;
	int fd;

	block_name(b->number, name);
	fd = openat(m->dir->blocks_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return true;
	other = pread(fd, header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
		block_coding(header, &coding) == COUNT_OK && coding != COLUMN_MAX;
	close(fd);
	return !other;
}

/* Writes each of them anew by itself. */
static int run_max(struct maint *m, struct count_error *err)
{
	uint64_t end = m->cur.next_number;
	size_t i = 0;

	while (i < m->cur.nblocks) {
		const struct current_block *b = &m->cur.blocks[i];
		size_t nblocks = m->cur.nblocks;
		struct choice c = { .files = &i, .n = 1, .level = b->level, .window = b->window, .max_windows = 1 };
		uint64_t number = b->number;
		int ret;

		if (number >= end || !may_join(m, b) || is_max(m, b)) {
			i++;
			continue;
		}
		if (m->opt->dry_run) {
			m->report->blocks_removed++;
			m->report->blocks_written++;
			i++;
			continue;
		}
		ret = join(m, &c, err);
		if (ret != COUNT_OK)
			return ret;
		if (i < m->cur.nblocks && m->cur.nblocks >= nblocks && m->cur.blocks[i].number == number)
			i++;		/* it was found damaged: it stays */
	}
	return COUNT_OK;
}

/* ---- The run ---- */

static int run_rules(struct maint *m, struct count_error *err)
{
	size_t idle = 0;

	for (;;) {
		struct choice c = { .files = calloc(m->cur.nblocks + 1, sizeof(size_t)) };
		size_t before = m->cur.nblocks, nbad = m->nbad;
		bool found = false;
		int ret = c.files == NULL ? err_nomem(err) : pick_one(m, idle >= MAX_IDLE, &c, &found, err);

		if (ret == COUNT_OK && found)
			ret = join(m, &c, err);
		free(c.files);
		if (ret != COUNT_OK || !found)
			return ret;
		if (m->cur.nblocks >= before && m->nbad == nbad && ++idle > MAX_IDLE)
			return COUNT_OK;	/* no gain even under pressure: not again in this run */
	}
}

int compact_run(struct maint *m, struct count_error *err)
{
	int ret = run_rules(m, err);

	return ret == COUNT_OK && m->opt->level == COUNT_LEVEL_MAX ? run_max(m, err) : ret;
}
