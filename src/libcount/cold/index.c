/* index.c - opening the cold index and looking things up; see index.h. */
#include "cold/index.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cold/index_impl.h"

#define SPILL_BYTES (32u << 20)
#define REMEDY "count-manifest sync makes it anew of the bucket"

/* ---- Opening ---- */

void index_file_close(struct index_file *f)
{
	coldindex_close(&f->x);
	fs_unmap(&f->map);
	*f = (struct index_file){ 0 };
}

static int open_mapped(const struct datadir *dir, const char *name, struct index_file *f, struct count_error *err)
{
	uint64_t at = 0;
	int fd, ret = fs_open_read(dir->fd, dir->path, name, &fd, err);

	if (ret != COUNT_OK)
		return ret;
	ret = fs_map_fd(fd, dir->path, name, &f->map, err);
	close(fd);
	if (ret != COUNT_OK)
		return ret;
	ret = coldindex_open(&f->x, f->map.data, f->map.len, &at);
	if (ret == COUNT_ERR_CORRUPT)
		err_set(err, ret, "%s/%s: damaged at byte %" PRIu64, dir->path, name, at);
	else if (ret == COUNT_ERR_VERSION)
		err_set(err, ret, "%s/%s: written by a newer program: upgrade this one", dir->path, name);
	else if (ret != COUNT_OK)
		err_nomem(err);
	if (ret != COUNT_OK)
		fs_unmap(&f->map);
	return ret;
}

/* What says nothing of the file itself. */
static bool passing(const struct count_error *why)
{
	return why->code == COUNT_ERR_NOMEM || why->sys_errno == EMFILE || why->sys_errno == ENFILE ||
	       why->sys_errno == ENOMEM;
}

/* A file that CURRENT names is not there: was it replaced meanwhile? */
static int missing(const struct datadir *dir, const struct current *cur, const struct count_error *why,
		   struct count_error *err)
{
	struct count_error now = { 0 };
	int ret = datadir_check_alone(dir, cur->generation, &now);

	if (ret == COUNT_ERR_LOCKED)
		return err_set(err, COUNT_ERR_NOTFOUND, "%s", why->text);
	return ret == COUNT_OK ? ret : err_set(err, ret, "%s", now.text);
}

/* A file that CURRENT names cannot be used.  COUNT_OK: go on without it. */
static int left_out(const struct datadir *dir, const struct current *cur, const struct count_error *why,
		    struct count_error *err)
{
	int ret = why->code == COUNT_ERR_NOTFOUND ? missing(dir, cur, why, err) : COUNT_OK;

	if (ret != COUNT_OK)
		return ret;
	if (passing(why) || why->code == COUNT_ERR_VERSION)
		return err_set(err, why->code, "%s", why->text);
	log_msg(&dir->log, 1, "%s; " REMEDY, why->text);
	return COUNT_OK;
}

static int open_files(struct cold_index *x, const struct current *cur, bool *lost, struct count_error *err)
{
	for (size_t i = cur->ncold; i-- > 0; ) {
		struct index_file f = { .number = cur->cold[i] };
		struct count_error why = { 0 };
		char name[INDEX_NAME_MAX];
		int ret;

		index_name(f.number, false, name);
		ret = open_mapped(x->dir, name, &f, &why);
		if (ret != COUNT_OK) {
			ret = left_out(x->dir, cur, &why, err);
			if (ret != COUNT_OK)
				return ret;
			*lost = true;
		} else if (strcmp(f.x.facts.scope, x->scope) != 0) {
			index_file_close(&f);
		} else {
			x->files[x->nfiles++] = f;
		}
	}
	return COUNT_OK;
}

static int first_facts(struct cold_index *x, bool lost)
{
	struct coldindex_facts none = { .scope = x->scope, .unit = x->dir->format.unit };
	int ret = coldindex_facts_copy(x->nfiles > 0 ? &x->files[0].x.facts : &none, &x->facts);

	if (lost)
		x->facts.synced_s = 0;
	return ret;
}

int cold_index_open(const struct datadir *dir, const struct current *cur, const char *scope,
		    struct cold_index **out, struct count_error *err)
{
	struct cold_index *x = calloc(1, sizeof(*x));
	bool lost = false;
	int ret;

	if (x == NULL)
		return err_nomem(err);
	x->dir = dir;
	x->spill_bytes = SPILL_BYTES;
	x->ready.fd = -1;
	x->scope = strdup(scope);
	x->nnamed = cur->ncold;
	memcpy(x->named, cur->cold, sizeof(x->named));
	ret = x->scope == NULL ? err_nomem(err) : open_files(x, cur, &lost, err);
	if (ret == COUNT_OK && first_facts(x, lost) != COUNT_OK)
		ret = err_nomem(err);
	if (ret != COUNT_OK)
		cold_index_close(x);
	else
		*out = x;
	return ret;
}

void cold_index_close(struct cold_index *x)
{
	if (x == NULL)
		return;
	cold_index_unsave(x, false);
	for (size_t i = 0; i < x->nfiles; i++)
		index_file_close(&x->files[i]);
	index_drop_changes(x);
	free(x->changes);
	coldindex_facts_free(&x->facts);
	free(x->scope);
	free(x);
}

const struct coldindex_facts *cold_index_facts(const struct cold_index *x)
{
	return &x->facts;
}

/* ---- Damage ---- */

int index_damaged(const struct cold_index *x, const struct index_file *f, uint64_t at, struct count_error *err)
{
	char name[INDEX_NAME_MAX];

	index_name(f->number, false, name);
	return err_set(err, COUNT_ERR_CORRUPT, "%s/%s: damaged at byte %" PRIu64 "; " REMEDY, x->dir->path, name, at);
}

int index_body_damaged(const struct cold_index *x, const struct coldindex_entry *e, struct count_error *err)
{
	for (size_t i = 0; i < x->nfiles; i++) {
		const struct index_file *f = &x->files[i];

		if (e->body >= f->map.data && e->body < f->map.data + f->map.len)
			return index_damaged(x, f, (uint64_t)(e->body - f->map.data), err);
	}
	return err_set(err, COUNT_ERR_CORRUPT, "%s: the index in memory is damaged", x->dir->path);
}

void cold_index_drop_damaged(struct cold_index *x)
{
	size_t kept = 0, spilled = x->nspilled;

	cold_index_unsave(x, false);
	for (size_t i = 0; i < x->nfiles; i++) {
		struct index_file *f = &x->files[i];
		struct count_error why = { 0 };
		uint64_t at = 0;

		if (coldindex_verify(&f->x, &at) == COUNT_OK) {
			x->files[kept++] = *f;
			continue;
		}
		x->nspilled -= i < spilled;
		index_damaged(x, f, at, &why);
		log_msg(&x->dir->log, 1, "%s", why.text);
		index_file_close(f);
		x->facts_changed |= x->facts.synced_s != 0;
		x->facts.synced_s = 0;
	}
	x->nfiles = kept;
	x->version++;
}

/* ---- One series ---- */

/* *i: where it stands, or would. */
static int find_in(const struct cold_index *x, const struct index_file *f, const char *name, size_t len,
		   struct coldindex_entry *e, uint64_t *i, struct count_error *err)
{
	uint64_t at = 0;
	int ret = coldindex_lower_bound(&f->x, name, len, i, &at);

	if (ret == COUNT_OK && *i == f->x.n)
		return 0;
	if (ret == COUNT_OK)
		ret = coldindex_get(&f->x, *i, e, &at);
	if (ret != COUNT_OK)
		return index_damaged(x, f, at, err);
	return e->name_len == len && memcmp(e->name, name, len) == 0;
}

int cold_index_find(const struct cold_index *x, const char *name, size_t len, struct coldindex_entry *e,
		    struct count_error *err)
{
	struct coldindex_entry r;
	uint64_t unused;
	size_t at;

	if (index_find_change(x, name, len, &at)) {
		*e = x->changes[at]->e;
		return !e->gone;
	}
	for (size_t i = 0; i < x->nfiles; i++) {
		int found = find_in(x, &x->files[i], name, len, &r, &unused, err);

		if (found < 0)
			return found;
		if (found > 0) {
			*e = r;
			return !r.gone;
		}
	}
	return 0;
}

int cold_index_manifest(const struct cold_index *x, const char *name, size_t len, struct manifest *m,
			struct coldindex_entry *e, struct count_error *err)
{
	int ret, found = cold_index_find(x, name, len, e, err);

	if (found != 1)
		return found;
	ret = coldindex_manifest(e, m);
	if (ret == COUNT_ERR_CORRUPT)
		return index_body_damaged(x, e, err);
	return ret == COUNT_OK ? 1 : err_nomem(err);
}

bool cold_index_stale(const struct cold_index *x, const struct coldindex_entry *e, int64_t now_s, int64_t max_age_s)
{
	int64_t age, checked = e->checked_s > x->facts.synced_s ? e->checked_s : x->facts.synced_s;

	if (!e->foreign)
		return false;
	/* A check in the future says that the clock was set back: nobody knows how old it is. */
	return __builtin_sub_overflow(now_s, checked, &age) || age < 0 || age >= max_age_s;
}

/* ---- All of them ---- */

struct head {			/* where a walk stands in one place */
	struct coldindex_entry e;
	const uint8_t *record;
	size_t len;
};

/* Place 0 is the changes, place i + 1 file i.  1, 0 at its end, COUNT_ERR_CORRUPT: passed over. */
static int look(const struct cold_index *x, uint64_t *pos, size_t place, struct head *h,
		struct count_error *err)
{
	const struct index_file *f;
	uint64_t at = 0, i = pos[place];

	if (place == 0) {
		if (i >= x->nchanges)
			return 0;
		*h = (struct head){ x->changes[i]->e, x->changes[i]->record, x->changes[i]->len };
		return 1;
	}
	f = &x->files[place - 1];
	if (i >= f->x.n)
		return 0;
	if (coldindex_get(&f->x, i, &h->e, &at) != COUNT_OK) {
		pos[place]++;
		return index_damaged(x, f, at, err);
	}
	at = coldindex_offset(&f->x, i);
	h->record = f->x.data + at;
	h->len = (size_t)(coldindex_offset(&f->x, i + 1) - at);
	return 1;
}

int index_step(const struct cold_index *x, uint64_t at[COLD_INDEX_PLACES], size_t nfiles, struct coldindex_entry *e,
	       const uint8_t **record, size_t *len, struct count_error *err)
{
	bool same[COLD_INDEX_PLACES] = { false };
	struct head best = { 0 }, h;

	for (size_t place = 0; place <= nfiles; place++) {
		int order, ret = look(x, at, place, &h, err);

		if (ret < 0)
			return ret;
		if (ret == 0)
			continue;
		order = best.record == NULL ? -1 :
			coldindex_name_order(h.e.name, h.e.name_len, best.e.name, best.e.name_len);
		if (order < 0) {
			memset(same, 0, sizeof(same));
			best = h;
		}
		same[place] = order <= 0;
	}
	if (best.record == NULL)
		return 0;
	for (size_t place = 0; place <= nfiles; place++)
		at[place] += same[place];
	*e = best.e;
	*record = best.record;
	*len = best.len;
	return 1;
}

/* The places of a walk when the index changed under it: behind the name that it gave last. */
static int seek(const struct cold_index *x, struct cold_index_cursor *c, struct count_error *err)
{
	size_t at = 0;
	bool there = index_find_change(x, c->name, c->name_len, &at);

	c->at[0] = at + there;
	for (size_t i = 0; i < x->nfiles; i++) {
		struct coldindex_entry e;
		int found = find_in(x, &x->files[i], c->name, c->name_len, &e, &c->at[i + 1], err);

		if (found < 0)
			return found;
		c->at[i + 1] += (uint64_t)found;
	}
	c->version = x->version;
	return COUNT_OK;
}

int cold_index_next(const struct cold_index *x, struct cold_index_cursor *c, struct coldindex_entry *e,
		    struct count_error *err)
{
	const uint8_t *record;
	size_t len;
	int ret = COUNT_OK;

	if (c->name_len == 0)
		c->version = x->version;
	if (c->version != x->version)
		ret = seek(x, c, err);
	if (ret != COUNT_OK)
		return ret;
	do
		ret = index_step(x, c->at, x->nfiles, e, &record, &len, err);
	while (ret == 1 && e->gone);
	if (ret != 1)
		return ret;
	memcpy(c->name, e->name, e->name_len);
	c->name_len = e->name_len;
	return 1;
}

static uint64_t add_clamped(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

int cold_index_totals(const struct cold_index *x, struct cold_totals *t, struct count_error *err)
{
	struct cold_index_cursor c = { 0 };
	struct cold_totals r = { 0 };
	struct coldindex_entry e;
	int ret;

	while ((ret = cold_index_next(x, &c, &e, err)) == 1) {
		r.series++;
		r.foreign |= e.foreign;
		r.blocks = add_clamped(r.blocks, e.blocks);
		r.points = add_clamped(r.points, e.points);
		r.bytes = add_clamped(r.bytes, e.bytes);
		if (!e.any)
			continue;
		r.first = !r.any || e.first < r.first ? e.first : r.first;
		r.last = !r.any || e.last > r.last ? e.last : r.last;
		r.any = true;
	}
	if (ret == 0)
		*t = r;
	return ret;
}
