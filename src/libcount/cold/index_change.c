/* index_change.c - what changed in the cold index since it was saved: records in memory; see index.h. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cold/index_impl.h"

bool index_find_change(const struct cold_index *x, const char *name, size_t len, size_t *at)
{
	size_t lo = 0, hi = x->nchanges;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct coldindex_entry *e = &x->changes[mid]->e;
		int c = coldindex_name_order(e->name, e->name_len, name, len);

		if (c == 0) {
			*at = mid;
			return true;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*at = lo;
	return false;
}

void index_drop_changes(struct cold_index *x)
{
	for (size_t i = 0; i < x->nchanges; i++)
		free(x->changes[i]);
	x->nchanges = 0;
	x->change_bytes = 0;
}

static bool room_for_one(struct cold_index *x)
{
	size_t cap = x->cap * 2 + 64;
	struct index_change **v;

	if (x->nchanges < x->cap)
		return true;
	v = reallocarray(x->changes, cap, sizeof(struct index_change *));
	if (v == NULL)
		return false;
	x->changes = v;
	x->cap = cap;
	return true;
}

/* Takes over a record that was just made. */
static int keep(struct cold_index *x, const struct buf *record, struct count_error *err)
{
	struct index_change *c = record->failed ? NULL : malloc(sizeof(*c) + record->len);
	size_t at;

	if (c == NULL || !room_for_one(x)) {
		free(c);
		return err_nomem(err);
	}
	c->len = record->len;
	memcpy(c->record, record->data, record->len);
	if (coldindex_record_read(c->record, c->len, &c->e) != COUNT_OK) {
		free(c);
		return err_set(err, COUNT_ERR_INVALID, "not the name of a series");
	}
	cold_index_unsave(x, false);
	if (index_find_change(x, c->e.name, c->e.name_len, &at)) {
		x->change_bytes -= x->changes[at]->len;
		free(x->changes[at]);
	} else {
		memmove(&x->changes[at + 1], &x->changes[at], (x->nchanges - at) * sizeof(x->changes[0]));
		x->nchanges++;
	}
	x->changes[at] = c;
	x->change_bytes += c->len;
	x->version++;
	index_spill(x);
	return COUNT_OK;
}

static bool is_ours(const struct datadir *dir, const char *writer)
{
	size_t n = sizeof(dir->format.id);

	if (writer == NULL || strlen(writer) != 2 * n)
		return false;
	for (size_t i = 0; i < 2 * n; i++) {
		uint8_t byte = dir->format.id[i / 2];

		if (writer[i] != "0123456789abcdef"[i % 2 == 0 ? byte >> 4 : byte & 15])
			return false;
	}
	return true;
}

static bool is_foreign(const struct datadir *dir, const struct manifest *m)
{
	bool ours = is_ours(dir, m->writer);

	for (size_t i = 0; i < m->nblocks && ours; i++)
		ours = is_ours(dir, m->blocks[i].writer);
	return !ours;
}

int cold_index_put(struct cold_index *x, const char *name, size_t len, const struct manifest *m, const char *etag,
		   int64_t checked_s, struct count_error *err)
{
	struct buf record = { 0 };
	int ret;

	coldindex_put_record(&record, name, len, m, etag, checked_s, m != NULL && is_foreign(x->dir, m));
	ret = keep(x, &record, err);
	buf_free(&record);
	return ret;
}

int cold_index_touch(struct cold_index *x, const char *name, size_t len, int64_t checked_s, struct count_error *err)
{
	struct buf record = { 0 };
	struct coldindex_entry e;
	int ret = cold_index_find(x, name, len, &e, err);

	if (ret != 1)
		return ret;
	coldindex_put_entry(&record, &e, checked_s);
	ret = keep(x, &record, err);
	buf_free(&record);
	return ret;
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

int cold_index_set_facts(struct cold_index *x, const struct coldindex_facts *facts, struct count_error *err)
{
	struct coldindex_facts now = *facts, own;

	now.scope = x->scope;
	if (now.unit == x->facts.unit && now.synced_s == x->facts.synced_s && now.if_absent == x->facts.if_absent &&
	    now.if_match == x->facts.if_match && now.bare_etag == x->facts.bare_etag &&
	    same_text(now.region, x->facts.region))
		return COUNT_OK;
	if (coldindex_facts_copy(&now, &own) != COUNT_OK)
		return err_nomem(err);
	cold_index_unsave(x, false);
	coldindex_facts_free(&x->facts);
	x->facts = own;
	x->facts_changed = true;
	return COUNT_OK;
}

bool cold_index_changed(const struct cold_index *x)
{
	return x->nchanges > 0 || x->nspilled > 0 || x->facts_changed;
}
