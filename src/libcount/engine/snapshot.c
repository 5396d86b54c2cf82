/* snapshot.c - one consistent view of log and blocks, without a lock; see snapshot.h. */
#include "engine/snapshot.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "engine/times_cache.h"

/*
 * A start over needs a publication that fell into the milliseconds of one look, so a few are all that
 * a busy directory costs; this many mean that something is wrong.  A missing file must be missing in
 * some looks under one generation before it counts as damage: a listing may overlook a name that is
 * made while it runs.
 */
#define MAX_LOOKS 2000
#define DAMAGE_LOOKS 3

void snapshot_note(struct snapshot *s, int code, const char *fmt, ...)
{
	char text[sizeof(s->damage.text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(&s->damage, code, "%s", text);
	s->ndamages++;
}

static void block_name(const struct current_block *e, char name[32])
{
	snprintf(name, 32, "%012" PRIu64 ".blk", e->number);
}

void snapshot_note_block(struct snapshot *s, size_t i, uint64_t at)
{
	char name[32];

	block_name(s->blocks[i].entry, name);
	snapshot_note(s, COUNT_ERR_CORRUPT, "%s/%s: damaged at byte %" PRIu64, s->dir->blocks_path, name,
		      at);
}

/* ---- Blocks ---- */

/* What a block that is whole in itself has wrong as a part of this directory; NULL: nothing. */
static const char *misplaced(const struct datadir *d, const struct current_block *e,
			     const struct block_info *info)
{
	if (memcmp(info->id, d->format.id, sizeof(info->id)) != 0)
		return "belongs to another data directory";
	if (info->unit != d->format.unit)
		return "has another time unit than its directory";
	if (info->points != e->points || info->first_time < e->first_time ||
	    info->last_time > e->last_time)
		return "holds other points than CURRENT says";
	return NULL;
}

/* Checks the mapped file; damage is noted and gives COUNT_ERR_CORRUPT. */
static int check_block(struct snapshot *s, size_t i, const char *name, struct count_error *err)
{
	struct snapshot_block *b = &s->blocks[i];
	const char *where = s->dir->blocks_path, *why;
	uint64_t at = 0;
	int ret;

	if (b->map.len != b->entry->size) {
		snapshot_note(s, COUNT_ERR_CORRUPT, "%s/%s: has %zu bytes, CURRENT says %" PRIu64, where,
			      name, b->map.len, b->entry->size);
		return COUNT_ERR_CORRUPT;
	}
	ret = block_open(&b->block, b->map.data, b->map.len, &at);
	if (ret == COUNT_ERR_VERSION)
		return err_set(err, ret, "%s/%s: written by a newer version: upgrade this program", where,
			       name);
	if (ret != COUNT_OK) {
		snapshot_note_block(s, i, at);
		return ret;
	}
	why = misplaced(s->dir, b->entry, &b->block.info);
	if (why == NULL)
		return COUNT_OK;
	snapshot_note(s, COUNT_ERR_CORRUPT, "%s/%s: %s", where, name, why);
	return COUNT_ERR_CORRUPT;
}

int snapshot_open_block(struct snapshot *s, size_t i, struct count_error *err)
{
	struct snapshot_block *b = &s->blocks[i];
	char name[32];
	int ret;

	if (b->open)
		return COUNT_OK;
	block_name(b->entry, name);
	ret = fs_open_map(s->dir->blocks_fd, s->dir->blocks_path, name, &b->map, err);
	if (ret != COUNT_OK)
		return ret;
	ret = check_block(s, i, name, err);
	b->open = ret == COUNT_OK;
	if (!b->open)
		fs_unmap(&b->map);
	return ret;
}

/* *missing counts files that are not there. */
static int open_blocks(struct snapshot *s, int64_t from, int64_t last, size_t *missing,
		       struct count_error *err)
{
	s->nblocks = s->current.nblocks;
	s->blocks = calloc(s->nblocks + 1, sizeof(*s->blocks));
	if (s->blocks == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < s->nblocks; i++)
		s->blocks[i].entry = &s->current.blocks[i];
	for (size_t i = 0; i < s->nblocks; i++) {
		const struct current_block *e = s->blocks[i].entry;
		struct count_error why = { 0 };
		int ret;

		if (e->last_time < from || e->first_time > last)
			continue;
		ret = snapshot_open_block(s, i, &why);
		if (ret == COUNT_ERR_NOTFOUND) {
			++*missing;
			snapshot_note(s, COUNT_ERR_CORRUPT, "%s; CURRENT names it", why.text);
		} else if (ret != COUNT_OK && ret != COUNT_ERR_CORRUPT) {
			return err_set(err, ret, "%s", why.text);
		}
	}
	return COUNT_OK;
}

/* ---- The whole ---- */

static int open_log(struct snapshot *s, size_t *missing, struct count_error *err)
{
	struct count_error why = { 0 };
	int ret = hot_log_open(s->dir->wal_fd, s->dir->wal_path, s->current.first_segment, &s->log,
			       &why);

	if (ret != COUNT_OK && ret != COUNT_ERR_NOTFOUND)
		return err_set(err, ret, "%s", why.text);
	*missing += ret == COUNT_ERR_NOTFOUND;
	if (s->log.damaged)
		snapshot_note(s, s->log.damage.code, "%s", s->log.damage.text);
	return COUNT_OK;
}

static int read_generation(const struct datadir *d, uint64_t *generation, struct count_error *err)
{
	struct current c;
	int ret = datadir_read_current(d, &c, err);

	if (ret == COUNT_OK) {
		*generation = c.generation;
		current_free(&c);
	}
	return ret;
}

/* One look.  *settled: nothing was published meanwhile. */
static int look(const struct datadir *dir, int64_t from, int64_t last, struct snapshot *s,
		bool *settled, size_t *missing, struct count_error *err)
{
	uint64_t generation = 0;
	int ret;

	*s = (struct snapshot){ .dir = dir };
	*missing = 0;
	ret = datadir_read_current(dir, &s->current, err);
	if (ret == COUNT_OK)
		ret = open_log(s, missing, err);
	if (ret == COUNT_OK)
		ret = open_blocks(s, from, last, missing, err);
	if (ret == COUNT_OK)
		ret = read_generation(dir, &generation, err);
	*settled = ret == COUNT_OK && generation == s->current.generation;
	return ret;
}

static void pause_a_little(unsigned looks)
{
	struct timespec ts = { .tv_nsec = 1000 * (looks < 1000 ? 10 + 5L * looks : 5000) };

	nanosleep(&ts, NULL);
}

/* What the log said about stretches that a crash of the machine tore. */
static void pass_on_warnings(struct snapshot *s)
{
	const char *text = (const char *)s->log.warnings.data;	/* NULL when it said nothing */

	for (size_t at = 0, end = s->log.warnings.len; at < end; ) {
		const char *newline = memchr(text + at, '\n', end - at);
		size_t len = newline != NULL ? (size_t)(newline - text) - at : end - at;

		log_msg(&s->dir->log, 1, "%.*s", (int)len, text + at);
		at += len + 1;
	}
}

int snapshot_open(const struct datadir *dir, int64_t from, int64_t last, struct snapshot *s,
		  struct count_error *err)
{
	uint64_t seen = 0;		/* the generation under which files were missing */
	unsigned times = 0;		/* in a row */

	for (unsigned looks = 0; looks < MAX_LOOKS; looks++) {
		bool settled = false;
		size_t missing = 0;
		int ret = look(dir, from, last, s, &settled, &missing, err);

		if (ret != COUNT_OK) {
			snapshot_close(s);
			return ret;
		}
		if (missing > 0 && settled) {
			times = s->current.generation == seen ? times + 1 : 1;
			seen = s->current.generation;
		}
		if (settled && (missing == 0 || times >= DAMAGE_LOOKS)) {
			pass_on_warnings(s);
			return COUNT_OK;
		}
		snapshot_close(s);
		pause_a_little(looks);
	}
	return err_set(err, COUNT_ERR_IO,
		       "%s: CURRENT changed during each of %d looks: is something flushing in a loop?",
		       dir->path, MAX_LOOKS);
}

void snapshot_close(struct snapshot *s)
{
	for (size_t i = 0; s->blocks != NULL && i < s->nblocks; i++)
		fs_unmap(&s->blocks[i].map);
	free(s->blocks);
	times_cache_free(s->times);
	hot_log_close(&s->log);
	current_free(&s->current);
	*s = (struct snapshot){ 0 };
}
